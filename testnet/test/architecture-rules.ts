/**
 * The rules of the project's architecture, each a function from the source to the places that break
 * it (`path:line what`). `architecture.test.ts` applies them to the project, and to a sample that
 * breaks each, so that a rule which sees nothing is noticed.
 *
 * @module
 */

import ts from 'typescript';
import { FOLDERS, functionsOf, lineOf, packageOf, resolveImport } from './source-tree.ts';
import { testTitles, visitNodes } from './source-tree.ts';
import type { SourceFile } from './source-tree.ts';

/** A rule: places that break it, none when it holds. */
export type Rule = (files: readonly SourceFile[]) => string[];

/** Files that people or other programs start or import by name; benchmarks and examples too. */
const ENTRY_POINTS = [
  /^node\/(cli\/main|index)\.ts$/,
  /^testnet\/(testnet|(.+\/)?main)\.ts$/,
  /^testnet\/examples\/.+\.ts$/,
  /^testnet\/adversaries\/(fabricator|prompt-leech|slow-worker)\.ts$/,
  /\.bench\.ts$/,
  /^node\/config\/write-reference\.ts$/,
  /^node\/dashboard\/page\/main\.ts$/,
];

/** Files that may write to the terminal with `console`. */
const PRINTS = /^(node\/cli\/|testnet\/[^/]+\.ts$|testnet\/examples\/)/;

/** Files of `node/` that a decision is computed in. */
const PURE = /^node\/(decision|cost|skills)\//;

/** libp2p and its modules, but for the names of peers and addresses, which are data. */
const LIBP2P = /^(libp2p|@libp2p\/(?!peer-id$)[^/]+|@chainsafe\/libp2p-[^/]+)$/;

/** The only files of `protocols/` that touch a libp2p node, its streams or its store. */
const LIBP2P_FILES = new Set([
  'protocols/libp2p-host.ts',
  'protocols/reachability.ts',
  'protocols/secure-channel/session-manager.ts',
  'protocols/secure-channel/secure-stream.ts',
  'protocols/skill-discovery/stored-records.ts',
]);

const TESTNET_PROGRAMS = new Set(['testnet/main.js', 'testnet/experiments/main.js']);

/** The one file that reads the machine's clock and random source. */
const SYSTEM_CLOCK = 'node/system-clock.ts';

const CLOCK_READS = /^(Date\.now|performance\.now|process\.hrtime(\.bigint)?)$/;
const CHANCE = /^((globalThis\.)?crypto\.(getRandomValues|randomUUID)|Math\.random)$/;

const LONG_FILE_LINES = 350;
const MAX_FILE_LINES = 1.5 * 500;
const LONG_CRYPTO_FILE_LINES = 700;
const MAX_CRYPTO_FILE_LINES = 1.5 * LONG_CRYPTO_FILE_LINES;
const LONG_FUNCTION_LINES = 70;
const MAX_FUNCTION_LINES = 1.5 * LONG_FUNCTION_LINES;
const MAX_COLUMNS = 100;
const MAX_STRING_COLUMNS = 1.5 * MAX_COLUMNS;
const MIN_TITLE_WORDS = 3;

function shipped(files: readonly SourceFile[]): SourceFile[] {
  return files.filter((file) => !file.isTest);
}

function isPure(file: SourceFile): boolean {
  return !file.isTest && (file.folder === 'crypto' || PURE.test(file.path));
}

function at(file: SourceFile, node: ts.Node | number, what: string): string {
  return `${file.path}:${typeof node === 'number' ? node : lineOf(file.tree, node)} ${what}`;
}

/** Lines of `files` that match, as offenders. */
function matchLines(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.lines.flatMap((line, i) => (pattern.test(line) ? [at(file, i + 1, line.trim())] : [])),
  );
}

/** Nodes of `files` that `pick` names. */
function matchNodes(
  files: readonly SourceFile[],
  pick: (node: ts.Node, file: SourceFile) => string | undefined,
): string[] {
  const found: string[] = [];
  for (const file of files) {
    visitNodes(file.tree, (node) => {
      const what = pick(node, file);
      if (what !== undefined) found.push(at(file, node, what));
    });
  }
  return found;
}

function accessMatching(pattern: RegExp): (node: ts.Node) => string | undefined {
  return (node) =>
    ts.isPropertyAccessExpression(node) && pattern.test(node.getText())
      ? node.getText()
      : undefined;
}

/** Imports that run against testnet -> node -> protocols -> crypto, or leave the four folders. */
export const backwardImports: Rule = (files) =>
  files.flatMap((file) =>
    file.imports.flatMap((edge) => {
      if (file.folder !== 'testnet' && packageOf(edge.specifier) === 'coalesce') {
        return [at(file, edge.line, `imports the built package as ${edge.specifier}`)];
      }
      const target = resolveImport(file.path, edge.specifier);
      if (target === undefined) return [];
      const folder = FOLDERS.find((name) => target.startsWith(`${name}/`));
      if (!folder) {
        return edge.isPath ? [] : [at(file, edge.line, `leaves the project: ${edge.specifier}`)];
      }
      // `coalesce testnet` starts the testnet's own programs, as git does with its subcommands.
      const isStarted = edge.isPath && file.path.startsWith('node/cli/');
      if (isStarted && TESTNET_PROGRAMS.has(target)) return [];
      const isBackward = FOLDERS.indexOf(folder) < FOLDERS.indexOf(file.folder);
      return isBackward ? [at(file, edge.line, `imports from ${folder}/`)] : [];
    }),
  );

/** Chains of shipped files that import each other in a ring; type imports do not count. */
export const importCycles: Rule = (files) => {
  const known = new Map(shipped(files).map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, chain: readonly string[]): void => {
    const file = known.get(path);
    if (!file || state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...chain.slice(chain.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    for (const edge of file.imports) {
      const target = resolveImport(path, edge.specifier);
      if (target && !edge.isTypeOnly && !edge.isPath) visit(target, [...chain, path]);
    }
    state.set(path, 'done');
  };
  for (const path of known.keys()) visit(path, []);
  return cycles;
};

/** Values of libp2p imported in `protocols/` by a file that is not a named adapter. */
export const libp2pValues: Rule = (files) =>
  shipped(files)
    .filter((file) => file.folder === 'protocols' && !LIBP2P_FILES.has(file.path))
    .flatMap((file) =>
      file.imports
        .filter((edge) => !edge.isTypeOnly && LIBP2P.test(packageOf(edge.specifier) ?? ''))
        .map((edge) => at(file, edge.line, `imports ${edge.specifier}`)),
    );

/** Imports of a pure folder that reach outside: built-ins (but node:crypto), network, storage. */
export const impureImports: Rule = (files) =>
  shipped(files)
    .filter(isPure)
    .flatMap((file) =>
      file.imports
        .filter(({ specifier, isPath }) => {
          const isAllowed = specifier === 'node:crypto' && file.folder === 'crypto';
          const name = packageOf(specifier) ?? '';
          const isBuiltIn = !specifier.startsWith('.') && name === '';
          const reachesOut = LIBP2P.test(name) || /^(it-|datastore-|express$|pino$)/.test(name);
          return isPath || (isBuiltIn && !isAllowed) || reachesOut;
        })
        .map((edge) => at(file, edge.line, `imports ${edge.specifier}`)),
    );

/** Clocks, timers and chance used where they must be handed in. */
export const unhandedTimeAndChance: Rule = (files) => [
  ...matchNodes(
    shipped(files).filter((file) => file.path !== SYSTEM_CLOCK && !file.path.endsWith('.bench.ts')),
    (node) => {
      const isNow =
        ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length;
      return isNow ? 'new Date()' : accessMatching(CLOCK_READS)(node);
    },
  ),
  ...matchNodes(shipped(files), accessMatching(CHANCE)),
  ...matchNodes(shipped(files).filter(isPure), (node) => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date') return 'new Date(';
    const isTimer = ts.isIdentifier(node) && /^(setTimeout|setInterval|fetch)$/.test(node.text);
    return isTimer ? node.text : undefined;
  }),
];

/** Names of the packages that `files` import, types included. */
export function importedPackages(files: readonly SourceFile[]): Set<string> {
  const names = files.flatMap((file) => file.imports.map((edge) => packageOf(edge.specifier)));
  return new Set(names.filter((name) => name !== undefined));
}

/** Built-in modules imported without `node:`, which a package of that name could replace. */
export const bareBuiltIns: Rule = (files) =>
  files.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => !/^[./]|^node:/.test(specifier) && !packageOf(specifier))
      .map((edge) => at(file, edge.line, `imports ${edge.specifier}`)),
  );

/** Shipped files that no entry point reaches, and test support that no test reaches. */
export const deadFiles: Rule = (files) => {
  const known = new Map(files.map((file) => [file.path, file]));
  const packages = importedPackages(shipped(files));
  const declaresUsedModule = (file: SourceFile): boolean =>
    [...file.text.matchAll(/^declare module '([^']+)'/gm)].some(([, name]) => packages.has(name!));
  const isRoot = (file: SourceFile): boolean =>
    file.path.endsWith('.test.ts') ||
    ENTRY_POINTS.some((entry) => entry.test(file.path)) ||
    declaresUsedModule(file);

  const reach = (roots: readonly SourceFile[]): Set<string> => {
    const seen = new Set(roots.map((file) => file.path));
    for (const path of seen) {
      for (const { specifier } of known.get(path)?.imports ?? []) {
        const target = resolveImport(path, specifier)?.replace(/\.js$/, '.ts');
        if (target && known.has(target)) seen.add(target);
      }
    }
    return seen;
  };
  const fromShipped = reach(files.filter((file) => isRoot(file) && !file.isTest));
  const fromTests = reach(files.filter(isRoot));
  return files
    .filter((file) => !(file.isTest ? fromTests : fromShipped).has(file.path))
    .map((file) => file.path);
};

/** Files longer than the limit. */
export const oversizeFiles: Rule = (files) =>
  files
    .filter(({ folder, lines }) => {
      return lines.length > (folder === 'crypto' ? MAX_CRYPTO_FILE_LINES : MAX_FILE_LINES);
    })
    .map((file) => at(file, 1, `${file.lines.length} lines`));

/** Shipped files and functions that are worth a second look. Not a failure. */
export const longFilesAndFunctions: Rule = (files) =>
  shipped(files).flatMap((file) => [
    ...(file.lines.length > (file.folder === 'crypto' ? LONG_CRYPTO_FILE_LINES : LONG_FILE_LINES)
      ? [at(file, 1, `${file.lines.length} lines`)]
      : []),
    ...functionsOf(file)
      .filter(({ lines }) => lines > LONG_FUNCTION_LINES)
      .map(({ name, line, lines }) => at(file, line, `${name}: ${lines} lines`)),
  ]);

/** Shipped functions longer than the limit. */
export const oversizeFunctions: Rule = (files) =>
  shipped(files).flatMap((file) =>
    functionsOf(file)
      .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
      .map(({ name, line, lines }) => at(file, line, `${name}: ${lines} lines`)),
  );

/**
 * Lines over 100 columns, but for tables, addresses and long runs of hex. A line that is one string
 * or the title of a test may have half as much again: a message in pieces cannot be searched for.
 */
export const longLines: Rule = (files) =>
  files.flatMap((file) =>
    file.lines.flatMap((line, i) => {
      const isString = /^\s*(?:(?:it|describe)\()?(['"`]).*\1[,;)}]*$/.test(line);
      const isTitle = /^\s*(?:it|describe)\((['"`]).*\1, (?:async )?\(.*\) => \{$/.test(line);
      const isExempt = /^\s*\*?\s*\||https?:\/\/|[0-9a-fA-F]{32}/.test(line);
      const isLong = line.length > (isString || isTitle ? MAX_STRING_COLUMNS : MAX_COLUMNS);
      return isLong && !isExempt ? [at(file, i + 1, `${line.length} columns`)] : [];
    }),
  );

/** Marks of unfinished work. Written apart here, or the rule would find itself. */
export const unfinishedMarks: Rule = (files) =>
  matchLines(files, new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`));

/** `console` outside the files that talk to a person. */
export const strayConsole: Rule = (files) =>
  matchNodes(
    files.filter((file) => !PRINTS.test(file.path)),
    accessMatching(/^console\.\w+$/),
  );

/** Tests left out: `.only`, `.skip`, `.todo`, `.fails`, and skips for a reason of their own. */
export const skippedTests: Rule = (files) =>
  matchNodes(
    files.filter((file) => file.isTest),
    (node) => {
      if (!ts.isPropertyAccessExpression(node)) return undefined;
      const isRunner = /^(it|test|describe|bench|context|ctx|task)\b/.test(node.getText());
      if (!isRunner) return undefined;
      if (/^(only|skip|todo|fails)$/.test(node.name.text)) return node.getText();
      if (!/^(skipIf|runIf)$/.test(node.name.text)) return undefined;
      const isAllowed = /vectors|chromium|runIf\(isLongRun\)/i.test(
        node.parent.getText().split('\n')[0] ?? '',
      );
      return isAllowed ? undefined : node.getText();
    },
  );

/** Directories of one machine. A test may make one up, but for the one that we build in. */
export const machinePaths: Rule = (files) => {
  const ofBuild = ['work'];
  const ofAnyone = [...ofBuild, 'tmp', 'home', 'root'];
  const naming = (names: string[]): RegExp => new RegExp(`(?<![\\w.:/*-])/(${names.join('|')})/`);
  return [
    ...matchLines(shipped(files), naming(ofAnyone)),
    ...matchLines(
      files.filter((file) => file.isTest),
      naming(ofBuild),
    ),
  ];
};

/** Test files that check nothing. */
export const testsWithoutExpectation: Rule = (files) =>
  files
    .filter(({ path, text }) => path.endsWith('.test.ts') && !/\bexpect(TypeOf)?[(.]/.test(text))
    .map((file) => file.path);

/** Test titles that do not claim a behaviour in a sentence. Titles from a table are not judged. */
export const vagueTitles: Rule = (files) =>
  files.flatMap((file) =>
    testTitles(file)
      .filter(({ text }) => {
        if (/[$%]\w/.test(text)) return false;
        return text.trim().split(/\s+/).length < MIN_TITLE_WORDS || /^should\b/i.test(text);
      })
      .map(({ line, text }) => at(file, line, text)),
  );

/** Files whose first comment does not say what they are (`@module`). */
export const filesWithoutHeader: Rule = (files) =>
  shipped(files)
    .filter(
      ({ path, text }) =>
        !path.endsWith('.d.ts') && !/^(#!.*\n)?\/\*\*[^]*?@module[^]*?\*\//.test(text),
    )
    .map((file) => file.path);

/** Names that gather what has no home, and `index.ts` where nothing is published. */
export const catchAllFiles: Rule = (files) =>
  shipped(files)
    .map((file) => file.path)
    .filter((path) => {
      const isPublicFace = /^(node|protocols\/[^/]+)\/index\.ts$/.test(path);
      return (
        /\/(utils?|helpers?|misc|common|shared)\.ts$/.test(path) ||
        (path.endsWith('/index.ts') && !isPublicFace)
      );
    });
