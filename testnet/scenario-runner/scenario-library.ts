/**
 * Scenarios by name, of those that come with the project, or by file.
 *
 * @module
 */

import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { NothingFoundError } from '../../node/errors.ts';
import { scenarioDirectory } from './built-file.ts';
import { parseScenario } from './scenario-file.ts';
import type { Scenario } from './scenario-file.ts';

const EXTENSION = '.yaml';
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** A scenario with its text. */
export interface ScenarioSource {
  readonly scenario: Scenario;
  readonly text: string;
}

/** Names of the scenarios that come with the project. */
export async function scenarioNames(): Promise<string[]> {
  const files = await readdir(scenarioDirectory());
  return files
    .filter((file) => extname(file) === EXTENSION)
    .map((file) => basename(file, EXTENSION))
    .sort();
}

/**
 * The scenario of that name, or in that file.
 *
 * @throws {@link NothingFoundError} with the names there are; {@link BadInputError} for a wrong
 *   file.
 */
export async function loadScenario(nameOrFile: string): Promise<ScenarioSource> {
  const isFile = !NAME.test(nameOrFile);
  const path = isFile ? nameOrFile : join(scenarioDirectory(), `${nameOrFile}${EXTENSION}`);
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere) {
    const names = (await scenarioNames()).join(', ');
    throw new NothingFoundError(
      `${nameOrFile}: no such scenario; expected a file, or one of ${names}`,
    );
  }
  const text = await readFile(path, 'utf8');
  return { scenario: parseScenario(basename(path, extname(path)), path, text), text };
}
