/**
 * One short run of each family of scenarios, on real nodes: what the scenario asserts must hold,
 * and each attack must look bad with the defences off.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScenario } from '../scenario-runner/run-scenario.ts';
import { loadScenario } from '../scenario-runner/scenario-library.ts';

/** Beside other busy processes (load 10) one took 25 to 98 s. */
const TIMEOUT_MS = 300_000;

async function verdictsOf(name: string, hasDefences: boolean) {
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

describe('the scenario', () => {
  it.each(['first-task', 'churn', 'partition-heals', 'contractor-crash-mid-task'])(
    '%s holds what it asserts',
    async (name) => {
      expect(await verdictsOf(name, true)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each(['fabrication', 'record-poisoning'])(
    '%s holds with the defences on, and looks bad with them off',
    async (name) => {
      expect(await verdictsOf(name, true)).toEqual([]);
      expect(await verdictsOf(name, false)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
