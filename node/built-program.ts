/**
 * The programs that this project starts as processes of their own: bundled ones, because they are
 * there in a third of the time. After a build of the code alone the bundle is older than the code,
 * and the code itself is started.
 *
 * @module
 */

import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RefusedError } from './errors.ts';

/** The programs by the names of their bundles, and the files that these are made of. */
const PROGRAMS = {
  coalesce: 'node/cli/main.js',
  'coalesce-testnet': 'testnet/main.js',
  'testnet-node': 'testnet/faults/main.js',
} as const;

/** Written by the compiler at each build; a package has none of them. */
const BUILD_MARKS = ['crypto', 'protocols', 'node', 'testnet'].map(
  (folder) => `${folder}/.tsbuildinfo`,
);

/** The built files, seen from a built file and from a source. */
function builtDirectory(): URL {
  const built = new URL('../', import.meta.url);
  return existsSync(new URL('node/built-program.js', built)) ? built : new URL('dist/', built);
}

function modifiedMs(url: URL): number {
  return statSync(url, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/**
 * Path of a program's file, for `node`.
 *
 * @throws {@link RefusedError} if the project is not built.
 */
export function builtProgram(name: keyof typeof PROGRAMS): string {
  const directory = builtDirectory();
  const bundle = new URL(`bundle/${name}.js`, directory);
  const builtMs = Math.max(...BUILD_MARKS.map((mark) => modifiedMs(new URL(mark, directory))));
  if (modifiedMs(bundle) > builtMs) return fileURLToPath(bundle);
  const file = new URL(PROGRAMS[name], directory);
  if (existsSync(file)) return fileURLToPath(file);
  throw new RefusedError('The project is not built; run "npm run build"');
}
