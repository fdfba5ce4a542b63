/**
 * Where the published test vectors are (architecture.md D14). A test that finds none is skipped:
 * `describe.skipIf(vectorsDirectory() === undefined)`.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folder of `COALESCE_VECTORS`, else `../shared/vectors` beside the project, if it exists. */
export function vectorsDirectory(): string | undefined {
  const configured = process.env['COALESCE_VECTORS'];
  const directory = configured ? resolve(configured) : resolve(PROJECT_ROOT, '../shared/vectors');
  return existsSync(directory) ? directory : undefined;
}

/** Parsed JSON file of the vectors. @throws if it cannot be read: ask `vectorsDirectory` first. */
export function readVectors(name: string): unknown {
  const directory = vectorsDirectory();
  if (directory === undefined) throw new Error('no vectors directory');
  return JSON.parse(readFileSync(resolve(directory, name), 'utf8'));
}
