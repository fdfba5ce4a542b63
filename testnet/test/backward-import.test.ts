/**
 * Shows with the real compiler that the four project references hold the direction of imports: a
 * small copy of the project, with the real tsconfig files, compiles; with one import that runs
 * backward it does not (architecture.md D1).
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FOLDERS, PROJECT_ROOT } from './source-tree.ts';

const COMPILER = createRequire(import.meta.url).resolve('typescript/lib/tsc.js');

/** A file in each folder; each but the first imports from the folder below. */
const FILES: Readonly<Record<string, string>> = {
  'crypto/hash.ts': 'export const hash = 1;\n',
  'protocols/record.ts': "export { hash as record } from '../crypto/hash.ts';\n",
  'node/agent-node.ts': "export { record as agentNode } from '../protocols/record.ts';\n",
  'testnet/testnet.ts': "export { agentNode as testnet } from '../node/agent-node.ts';\n",
};

const BACKWARD = [
  ['crypto/hash.ts', 'node/agent-node.ts'],
  ['crypto/hash.ts', 'protocols/record.ts'],
  ['protocols/record.ts', 'node/agent-node.ts'],
  ['node/agent-node.ts', 'testnet/testnet.ts'],
] as const;

let root: string;

function write(file: string, text: string): void {
  writeFileSync(path.join(root, file), text);
}

function compile(): { readonly status: number | null; readonly output: string } {
  const run = spawnSync(process.execPath, [COMPILER, '-b', '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'coalesce-backward-import-'));
  const copy = (file: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    copyFileSync(path.join(PROJECT_ROOT, file), path.join(root, file));
  };
  copy('tsconfig.json');
  copy('.config/tsconfig.base.json');
  for (const folder of FOLDERS) copy(`${folder}/tsconfig.json`);
  symlinkSync(path.join(PROJECT_ROOT, 'node_modules'), path.join(root, 'node_modules'), 'junction');
  write('package.json', '{ "type": "module" }\n');
  for (const [file, text] of Object.entries(FILES)) write(file, text);
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('the compiler', () => {
  it('accepts imports that run testnet -> node -> protocols -> crypto', () => {
    expect(compile()).toEqual({ status: 0, output: '' });
  });

  it.each(BACKWARD)('refuses an import from %s into %s', (from, into) => {
    const value = into.endsWith('record.ts') ? 'record' : path.basename(into, '.ts');
    const name = value === 'agent-node' ? 'agentNode' : value;
    try {
      write(from, `${FILES[from]}export { ${name} } from '../${into}';\n`);
      const { status, output } = compile();
      expect(status).not.toBe(0);
      expect(output).toMatch(new RegExp(`TS(6307|6059):.*${path.basename(into)}`));
    } finally {
      write(from, FILES[from]!);
    }
  });

  it('refuses a backward import of types alone', () => {
    try {
      write('crypto/hash.ts', "export type Node = typeof import('../node/agent-node.ts');\n");
      const { status, output } = compile();
      expect(status).not.toBe(0);
      expect(output).toMatch(/TS(6307|6059):.*agent-node\.ts/);
    } finally {
      write('crypto/hash.ts', FILES['crypto/hash.ts']!);
    }
  });
});
