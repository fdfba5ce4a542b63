/**
 * The configuration of a data directory: its file, then the environment, then flags.
 *
 * @module
 */

import { NothingFoundError } from '../errors.ts';
import { readJsonFile } from '../storage/data-directory.ts';
import { environmentSource, flagSource, loadConfig } from './load.ts';
import type { ConfigSource } from './load.ts';
import type { Config } from './schema.ts';

/**
 * Reads it; without a file the defaults hold.
 *
 * @param flags - `key=value` settings that win over file and environment.
 * @throws {@link BadInputError} that lists every problem with its source.
 */
export async function readConfig(
  configFile: string,
  environment: NodeJS.ProcessEnv,
  flags: readonly string[],
): Promise<Config> {
  const sources: ConfigSource[] = [];
  try {
    const values = await readJsonFile(configFile);
    sources.push({ origin: configFile, values: values as Record<string, unknown> });
  } catch (error) {
    if (!(error instanceof NothingFoundError)) throw error;
  }
  sources.push(environmentSource(environment), flagSource(flags));
  return loadConfig(sources);
}
