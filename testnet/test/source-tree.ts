/**
 * The project's own source as data, for `architecture.test.ts`: which files there are, what each
 * imports, how long its functions are, which tests it declares. Read with the TypeScript parser, so
 * a word in a comment or a string is not taken for code. It resolves no types.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Directory that holds package.json, with a slash at its end. */
export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders in the order of imports: each may import from itself and from those after it. */
export const FOLDERS = ['testnet', 'node', 'protocols', 'crypto'] as const;

/** One of {@link FOLDERS}. */
export type Folder = (typeof FOLDERS)[number];

/** One import, re-export, dynamic import, import type, or path of a script. */
export interface ImportEdge {
  readonly specifier: string;
  readonly line: number;
  /** Gone after compilation. */
  readonly isTypeOnly: boolean;
  /** A string such as `./x.ts` that is not an import: a worker or a child process. */
  readonly isPath: boolean;
}

/** A place in a file, with what was found there. */
export interface Finding {
  readonly line: number;
  readonly text: string;
}

/** One TypeScript file of the four folders. `path` is relative to the root, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly folder: Folder;
  readonly isTest: boolean;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
  readonly imports: readonly ImportEdge[];
}

/** Text of a file of the project. */
export function readProjectFile(relativePath: string): string {
  return readFileSync(path.join(PROJECT_ROOT, relativePath), 'utf8');
}

/** Whether a file or directory of the project exists. */
export function hasProjectFile(relativePath: string): boolean {
  return existsSync(path.join(PROJECT_ROOT, relativePath));
}

/** Tests the names that .gitignore names (`name/` and `*.ending` are all it uses). */
function ignoredNames(): (name: string) => boolean {
  const patterns = readProjectFile('.gitignore').split('\n').filter(Boolean);
  const names = new Set(patterns.map((pattern) => pattern.replace(/\/$/, '')));
  const endings = patterns.filter((p) => p.startsWith('*')).map((p) => p.slice(1));
  return (name) => names.has(name) || endings.some((ending) => name.endsWith(ending));
}

/** Names in the project's root directory, without what .gitignore names. */
export function topLevelNames(): string[] {
  const isIgnored = ignoredNames();
  return readdirSync(PROJECT_ROOT).filter((name) => name !== '.git' && !isIgnored(name));
}

/** Every file below `folders`, relative to the root, without what .gitignore names. */
export function listFiles(folders: readonly string[]): string[] {
  const isIgnored = ignoredNames();
  const found: string[] = [];
  const walk = (directory: string): void => {
    for (const entry of readdirSync(path.join(PROJECT_ROOT, directory), { withFileTypes: true })) {
      if (isIgnored(entry.name)) continue;
      const child = `${directory}/${entry.name}`;
      if (entry.isDirectory()) walk(child);
      else found.push(child);
    }
  };
  for (const folder of folders) if (hasProjectFile(folder)) walk(folder);
  return found.sort();
}

/** Every TypeScript file of the four folders, parsed. */
export function readSources(): SourceFile[] {
  return listFiles(FOLDERS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => parseSource(file, readProjectFile(file)));
}

/** Parses one file. Exported so that the rules can be shown a file that breaks them. */
export function parseSource(file: string, text: string): SourceFile {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);
  const folder = FOLDERS.find((name) => file.startsWith(`${name}/`));
  if (!folder) throw new RangeError(`"file" expected a path in ${FOLDERS.join(', ')}, got ${file}`);
  return {
    path: file,
    folder,
    isTest: file.split('/')[1] === 'test',
    text,
    lines: text.replace(/\n$/, '').split('\n'),
    tree,
    imports: importsOf(tree),
  };
}

/** Calls `visit` on every node below `root`, parents first. */
export function visitNodes(root: ts.Node, visit: (node: ts.Node) => void): void {
  ts.forEachChild(root, (child) => {
    visit(child);
    visitNodes(child, visit);
  });
}

/** Line of a node, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** Text of a string literal, of a template without parts, or `undefined`. */
export function literalText(node: ts.Node | undefined): string | undefined {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function importsOf(tree: ts.SourceFile): ImportEdge[] {
  const edges: ImportEdge[] = [];
  visitNodes(tree, (node) => {
    const edge = importEdge(node);
    if (edge) edges.push({ ...edge, line: lineOf(tree, node) });
  });
  return edges;
}

function importEdge(node: ts.Node): Omit<ImportEdge, 'line'> | undefined {
  const code = { isTypeOnly: false, isPath: false };
  const type = { isTypeOnly: true, isPath: false };
  if (ts.isImportDeclaration(node)) {
    const isTypeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return withSpecifier(node.moduleSpecifier, isTypeOnly ? type : code);
  }
  if (ts.isExportDeclaration(node)) {
    return withSpecifier(node.moduleSpecifier, node.isTypeOnly ? type : code);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return withSpecifier(node.argument.literal, type);
  }
  if (ts.isCallExpression(node)) {
    const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const isRequire = /^(require|require\.resolve|import\.meta\.resolve)$/.test(
      node.expression.getText(),
    );
    if (isImport || isRequire) return withSpecifier(node.arguments[0], code);
  }
  const script = scriptPath(node);
  return script === undefined ? undefined : { specifier: script, isTypeOnly: false, isPath: true };
}

/** The script that a string names; `./worker${ending}` names `./worker.ts`. */
function scriptPath(node: ts.Node): string | undefined {
  if (ts.isTemplateExpression(node)) {
    const isEndingOpen = node.templateSpans.length === 1 && !node.templateSpans[0]?.literal.text;
    return isEndingOpen && /^\.\.?\/\S+$/.test(node.head.text) ? `${node.head.text}.ts` : undefined;
  }
  const isSpecifier =
    ts.isImportDeclaration(node.parent) ||
    ts.isExportDeclaration(node.parent) ||
    ts.isLiteralTypeNode(node.parent);
  const text = isSpecifier ? undefined : literalText(node);
  return text !== undefined && /^\.\.?\/\S+\.[jt]s$/.test(text) ? text : undefined;
}

function withSpecifier(
  node: ts.Node | undefined,
  kind: { readonly isTypeOnly: boolean; readonly isPath: boolean },
): Omit<ImportEdge, 'line'> | undefined {
  const specifier = literalText(node);
  return specifier === undefined ? undefined : { specifier, ...kind };
}

/** Package of a bare specifier (`@scope/a/deep` -> `@scope/a`); none for paths and built-ins. */
export function packageOf(specifier: string): string | undefined {
  if (/^[./]/.test(specifier) || isBuiltin(specifier)) return undefined;
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** File that a relative specifier names, relative to the root; `undefined` for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return path.posix.normalize(`${path.posix.dirname(from)}/${specifier}`);
}

/** Every function with a body: name (or what it stands in), first line and number of lines. */
export function functionsOf(file: SourceFile): { name: string; line: number; lines: number }[] {
  const found: { name: string; line: number; lines: number }[] = [];
  visitNodes(file.tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return;
    const line = lineOf(file.tree, node);
    const last = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    const owner = node.name ?? (node.parent as ts.NamedDeclaration).name;
    found.push({ name: owner?.getText() ?? 'a callback', line, lines: last - line + 1 });
  });
  return found;
}

/** The titles of the tests of a file; `…` stands for each part of a template. */
export function testTitles(file: SourceFile): Finding[] {
  const titles: Finding[] = [];
  visitNodes(file.tree, (node) => {
    if (!ts.isCallExpression(node) || !/^(it|test)\b/.test(node.expression.getText())) return;
    const [title, body] = node.arguments;
    const hasBody = node.arguments.some((argument) => ts.isFunctionLike(argument));
    if (
      !title ||
      !body ||
      !hasBody ||
      /^(it|test)\.(each|for|skipIf|runIf)$/.test(node.expression.getText())
    ) {
      return;
    }
    const text = ts.isTemplateExpression(title)
      ? title.head.text + title.templateSpans.map((span) => `…${span.literal.text}`).join('')
      : literalText(title);
    if (text !== undefined) titles.push({ line: lineOf(file.tree, node), text });
  });
  return titles;
}
