/** The soak in short, on half as many real nodes: a minute of random faults instead of ten. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScenario } from '../scenario-runner/run-scenario.ts';
import type { Action, Scenario } from '../scenario-runner/scenario-file.ts';
import { loadScenario } from '../scenario-runner/scenario-library.ts';

const TIMEOUT_MS = 600_000;
const CONTRACTORS = 8;

/** What takes ten minutes in one. */
function shortened(action: Action): Action {
  if ('randomFaults' in action) {
    return { randomFaults: { ...action.randomFaults, lasting: 60_000 } };
  }
  if ('tasks' in action) return { tasks: { ...action.tasks, count: 200 } };
  if ('watchMemory' in action) {
    return { watchMemory: { ...action.watchMemory, every: 1_000, warmup: 15_000 } };
  }
  return action;
}

/** Measures whose bars hold for any length. Memory does not settle within a minute. */
const KEPT = new Set(['tasksLost', 'tasksWrong', 'paidTwice', 'ledgerForks', 'ledgerProblems']);
KEPT.add('nodesLost').add('unhandledErrors');

function inShort(scenario: Scenario): Scenario {
  const timeline = scenario.timeline.map((step) => ({ ...step, action: shortened(step.action) }));
  const [contractor] = scenario.network.contractors;
  const network = { ...scenario.network, contractors: [{ ...contractor!, count: CONTRACTORS }] };
  const assert = scenario.assert.filter(({ measure }) => KEPT.has(measure));
  return { ...scenario, network, timeline, assert };
}

describe('the soak', () => {
  it(
    'loses no task, pays none twice and keeps its ledger in a minute of random faults',
    async () => {
      const { scenario } = await loadScenario('soak');
      const dir = await mkdtemp(join(tmpdir(), 'coalesce-soak-'));
      try {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const run = await runScenario(inShort(scenario), { hasDefences: true, dir, signal });
        expect(run.verdicts.filter(({ holds }) => !holds)).toEqual([]);
        expect(run.measurements).toHaveProperty('memoryGrowthPercent');
        expect(run.measurements['faultsInjected']).toBeGreaterThanOrEqual(6);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
    TIMEOUT_MS,
  );
});
