/**
 * Holds the project to its own layout and conventions, after TigerBeetle's `tidy` test. Each rule
 * is a sentence; a failure lists the places. Each rule is also shown a sample that breaks it.
 *
 * @module
 */

import { describe, expect, it } from 'vitest';
import * as rules from './architecture-rules.ts';
import type { Rule } from './architecture-rules.ts';
import { FOLDERS, hasProjectFile, listFiles, parseSource } from './source-tree.ts';
import { readProjectFile, readSources, topLevelNames } from './source-tree.ts';

interface CheckedRule {
  readonly title: string;
  readonly rule: Rule;
  /** What to do about an offender. */
  readonly mend: string;
  /** Files that break the rule: path, then text. */
  readonly broken: Readonly<Record<string, string>>;
  /** Which of them the rule names; all, unless said. */
  readonly named?: readonly string[];
}

const HEADER = '/** What it is.\n *\n * @module\n */\n';

const RULES: readonly CheckedRule[] = [
  {
    title: 'imports between folders run testnet -> node -> protocols -> crypto',
    rule: rules.backwardImports,
    mend: 'Move the file to the folder whose rule it meets (style.md 2), or hand the value in.',
    broken: {
      'crypto/a.ts': "import { b } from '../node/b.ts';",
      'protocols/b.ts': "import { createAgentNode } from 'coalesce';",
      'node/c.ts': "export * from '../dist/testnet/testnet.js';",
      'node/d.ts': "export type Testnet = import('../testnet/testnet.ts').Testnet;",
      'protocols/e.ts': "start('../node/cli/main.js');",
    },
  },
  {
    title: 'no ring of shipped files imports itself',
    rule: rules.importCycles,
    mend: 'Move what both need into a file of its own.',
    broken: { 'node/a.ts': "import './b.ts';", 'node/b.ts': "export * from './a.ts';" },
    named: ['node/a.ts'],
  },
  {
    title: 'only the named adapters of protocols import libp2p values',
    rule: rules.libp2pValues,
    mend: 'Take an interface instead; type imports are fine.',
    broken: { 'protocols/a.ts': "import { createLibp2p } from 'libp2p';" },
  },
  {
    title: 'pure folders import no built-in, no network and no storage',
    rule: rules.impureImports,
    mend: 'crypto may use node:crypto; node/{decision,cost,skills} use nothing of the machine.',
    broken: {
      'crypto/a.ts': "import { connect } from 'node:net';",
      'node/decision/b.ts': "import { createHash } from 'node:crypto';",
    },
  },
  {
    title: 'clocks and chance are handed in, and pure folders have no timers',
    rule: rules.unhandedTimeAndChance,
    mend: 'Use Clock and Random of protocols/components.ts.',
    broken: {
      'protocols/a.ts': 'export const t = Date.now();',
      'protocols/b.ts': 'export const t = new Date();',
      'testnet/c.ts': 'export const r = Math.random();',
      'node/cost/d.ts': 'setTimeout(() => 0, 1); export const d = new Date(0);',
    },
  },
  {
    title: 'built-in modules are imported with the node: prefix',
    rule: rules.bareBuiltIns,
    mend: 'Write node:fs for fs.',
    broken: { 'node/a.ts': "import { readFileSync } from 'fs';" },
  },
  {
    title: 'every file is reached from an entry point or a test',
    rule: rules.deadFiles,
    mend: 'Delete it, or use it. A file that only tests use belongs in test/.',
    broken: {
      'node/cli/main.ts': "import './used.ts';",
      'node/cli/used.ts': `start(new URL('./worker.ts', import.meta.url), \`./job\${ending}\`);`,
      'node/cli/worker.ts': '',
      'node/cli/job.ts': '',
      'node/cli/dead.ts': '',
      'node/test/dead.test.ts': "import '../cli/dead.ts';",
    },
    named: ['node/cli/dead.ts'],
  },
  {
    title: 'no file is longer than one and a half times the limit',
    rule: rules.oversizeFiles,
    mend: 'Split it by idea.',
    broken: { 'node/a.ts': '\n'.repeat(752), 'crypto/b.ts': '\n'.repeat(1052) },
  },
  {
    title: 'no function is longer than one and a half times the limit',
    rule: rules.oversizeFunctions,
    mend: 'Name its steps.',
    broken: { 'node/a.ts': `export const a = () => {${'\n'.repeat(106)}};` },
  },
  {
    title: 'lines have at most 100 columns, tables, addresses and hex left out',
    rule: rules.longLines,
    mend: 'Break the string or the comment; Prettier does the rest.',
    broken: { 'node/a.ts': `// ${'long '.repeat(20)}` },
  },
  {
    title: 'no mark of unfinished work stands in the code',
    rule: rules.unfinishedMarks,
    mend: 'Do it now, or open an issue.',
    broken: { 'node/a.ts': `// ${'TO'}${'DO'}: later` },
  },
  {
    title: 'console is used only by the files that talk to a person',
    rule: rules.strayConsole,
    mend: 'Log through the Logger that is handed in.',
    broken: { 'node/a.ts': 'console.log(1);' },
  },
  {
    title: 'no test is skipped or singled out, but for absent vectors or Chromium, and long runs',
    rule: rules.skippedTests,
    mend: 'Make it pass, or delete it.',
    broken: {
      'node/test/a.test.ts': "it.skip('waits for better days', () => expect(1).toBe(1));",
      'node/test/b.test.ts': "describe.skipIf(isSlow)('is only run on Sundays', () => 0);",
      'node/test/c.test.ts': "describe.only('hides all the others', () => 0);",
    },
  },
  {
    title: 'no directory of one machine is named',
    rule: rules.machinePaths,
    mend: 'Use os.tmpdir(), the data directory, or import.meta.url.',
    broken: {
      'node/a.ts': `export const a = '/${'tmp'}/coalesce';`,
      'node/test/b.test.ts': `expect('/${'work'}/main').toBe(1);`,
    },
  },
  {
    title: 'every test file expects something',
    rule: rules.testsWithoutExpectation,
    mend: 'A test that cannot fail tests nothing.',
    broken: { 'node/test/a.test.ts': "it('runs without an expectation', () => run());" },
  },
  {
    title: 'test titles are sentences that claim a behaviour',
    rule: rules.vagueTitles,
    mend: 'At least three words, and not "should".',
    broken: {
      'node/test/a.test.ts': "it('works', () => expect(1).toBe(1));",
      'node/test/b.test.ts': "it('should refuse a bad key', () => expect(1).toBe(1));",
    },
  },
  {
    title: 'every shipped file begins by saying what it is',
    rule: rules.filesWithoutHeader,
    mend: 'Header comment: what, source, what it does not do, @module.',
    broken: { 'node/a.ts': 'export const a = 1;' },
  },
  {
    title: 'no file gathers what has no home',
    rule: rules.catchAllFiles,
    mend: 'Name the file for what is in it; index.ts only publishes node and a protocol.',
    broken: { 'node/tasks/utils.ts': HEADER, 'node/tasks/index.ts': HEADER },
  },
];

/** Packages that the project is asked to stand on, with shipped code that really uses each (D3). */
const CARD_PACKAGES = [
  'libp2p',
  '@libp2p/kad-dht',
  '@chainsafe/libp2p-noise',
  '@noble/curves',
  '@noble/hashes',
  'merkletreejs',
  'it-pipe',
];

const TOP_LEVEL = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE'],
  ...FOLDERS,
];

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
}

const sources = readSources();
const shipped = sources.filter((file) => !file.isTest && !file.path.endsWith('.bench.ts'));
const others = sources.filter((file) => !shipped.includes(file));
const manifest = JSON.parse(readProjectFile('package.json')) as Manifest;

describe('the architecture', () => {
  for (const { title, rule, mend } of RULES) {
    it(title, () => {
      expect(rule(sources), mend).toEqual([]);
    });
  }

  it('shows the design at the top level and nothing else', () => {
    const names = topLevelNames().filter((name) => !name.startsWith('.'));
    expect(names.toSorted()).toEqual(TOP_LEVEL.toSorted());
  });

  it('names files in kebab case', () => {
    const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
    const isNamedElsewhere = /^(README\.md|Dockerfile)$/;
    const offenders = listFiles(FOLDERS).filter((file) => {
      if (/\/vectors\//.test(file)) return false;
      return !file.split('/').every((part) => kebab.test(part) || isNamedElsewhere.test(part));
    });
    expect(offenders, 'Vectors keep the names of their origin; all else is kebab-case.').toEqual(
      [],
    );
  });

  it('points out long files and functions before they fail', () => {
    const long = rules.longFilesAndFunctions(sources);
    if (long.length > 0) process.stderr.write(`look twice:\n  ${long.join('\n  ')}\n`);
    const sample = { path: 'node/a.ts', text: '\n'.repeat(352) };
    const [finding] = rules.longFilesAndFunctions([parseSource(sample.path, sample.text)]);
    expect(finding).toBe('node/a.ts:1 352 lines');
  });
});

describe('the dependencies', () => {
  const usedByShipped = rules.importedPackages(shipped);
  const usedByOthers = rules.importedPackages(others);

  it.each(CARD_PACKAGES)('shipped code stands on %s', (name) => {
    expect([...usedByShipped]).toContain(name);
  });

  it('tests stand on vitest', () => {
    expect([...usedByOthers]).toContain('vitest');
  });

  it('has no dependency that shipped code does not import', () => {
    const unused = Object.keys(manifest.dependencies).filter((name) => !usedByShipped.has(name));
    expect(unused, 'Remove it from package.json, or use it.').toEqual([]);
  });

  it('declares every package that shipped code imports', () => {
    const undeclared = [...usedByShipped].filter((name) => !(name in manifest.dependencies));
    expect(undeclared.filter((name) => name !== 'coalesce')).toEqual([]);
  });

  it('declares every package that tests and benchmarks import', () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    expect([...usedByOthers].filter((name) => !(name in declared))).toEqual([]);
  });

  it('has no development dependency without a use', () => {
    const scripts = Object.values(manifest.scripts).join(' ');
    const configs = listFiles(['.config']).map(readProjectFile).join('\n');
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    const unused = Object.keys(manifest.devDependencies).filter((name) => {
      const typed = name.replace('@types/', '');
      const hasTypesFor = typed !== name && (typed === 'node' || typed in declared);
      const isNamed = scripts.includes(name) || configs.includes(`'${name}'`);
      return !usedByOthers.has(name) && !hasTypesFor && !isNamed;
    });
    expect(unused, 'Remove it from package.json.').toEqual([]);
  });

  it('locks packages without the address of a registry', () => {
    const lock = JSON.parse(readProjectFile('package-lock.json')) as {
      packages: Record<string, { resolved?: string }>;
    };
    const addressed = Object.entries(lock.packages).filter(([, { resolved }]) => resolved);
    expect(addressed.map(([name]) => name)).toEqual([]);
  });

  it('publishes only files that exist in the source', () => {
    const built = [...JSON.stringify(manifest).matchAll(/dist\/([\w/-]+)(?:\.d\.ts|\.js)\b/g)];
    const bundler = readProjectFile('.config/bundle-programs.js');
    const isBundled = (name: string): boolean =>
      bundler.includes(`${name.replace('bundle/', '')}: \`\${dist}`) ||
      bundler.includes(`'${name.replace('bundle/', '')}': \`\${dist}`);
    const missing = built
      .map(([, name]) => name!)
      .filter((name) =>
        name.startsWith('bundle/') ? !isBundled(name) : !hasProjectFile(`${name}.ts`),
      );
    expect(missing, 'package.json names the build of a file that is not there.').toEqual([]);
  });
});

describe('the rules themselves', () => {
  for (const { title, rule, broken, named } of RULES) {
    it(`notice a project that breaks: ${title}`, () => {
      const files = Object.entries(broken).map(([path, text]) => parseSource(path, text));
      const paths = rule(files).map((offender) => offender.split(/[: ]/)[0]);
      expect([...new Set(paths)]).toEqual(named ?? Object.keys(broken));
    });
  }
});
