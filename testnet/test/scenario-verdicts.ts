/** Runs a scenario of the library once, and says what it asserts and does not hold. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScenario } from '../scenario-runner/run-scenario.ts';
import { loadScenario } from '../scenario-runner/scenario-library.ts';

/** Beside other busy processes (load 10) one took 25 to 98 s. */
export const TIMEOUT_MS = 300_000;

/** What a scenario asserts and does not hold. */
export async function verdictsOf(name: string, hasDefences: boolean) {
  const { scenario } = await loadScenario(name);
  const dir = await mkdtemp(join(tmpdir(), 'coalesce-scenario-'));
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const run = await runScenario(scenario, { hasDefences, dir, signal });
    return run.verdicts.filter(({ holds }) => !holds);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
