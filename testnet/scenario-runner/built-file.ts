/**
 * Files of the project by their place in it, from the sources and from the built files alike.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RefusedError } from '../../node/errors.ts';

function firstOf(candidates: readonly string[]): string {
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new RefusedError('The project is not built; run "npm run build"');
  return found;
}

/** A built module of the testnet, such as `adversaries/fabricator.js`. */
export function builtModule(path: string): string {
  return firstOf([`../../dist/testnet/${path}`, `../${path}`]);
}

/** The directory of the scenarios that come with the project. */
export function scenarioDirectory(): string {
  return firstOf(['../../../testnet/scenarios/', '../scenarios/']);
}
