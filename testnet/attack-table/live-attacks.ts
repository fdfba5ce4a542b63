/**
 * Attacks on a network of real nodes: the scenarios that run twice, with defences and without.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScenario } from '../scenario-runner/run-scenario.ts';
import { loadScenario, scenarioNames } from '../scenario-runner/scenario-library.ts';
import type { Assertion, Scenario } from '../scenario-runner/scenario-file.ts';
import { attackRow } from './attack-row.ts';
import type { AttackRow } from './attack-row.ts';

/** How the scenarios are run. */
export interface LiveOptions {
  /** Runs of each attack, with defences and without. */
  readonly runs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * Of an attack: the first measure that its run without defences must get wrong; where its defences
 * cannot be taken away, the first that it asserts.
 */
interface JudgedMeasure {
  readonly measure: string;
  readonly bar: AttackRow['bar'];
}

/** @throws {@link RangeError} if the scenario sets no bar to that measure. */
function judgedMeasure({ name, assert, withoutDefences }: Scenario): JudgedMeasure {
  const { measure } = (withoutDefences?.assert ?? assert)[0]!;
  const limit: Assertion | undefined = assert.find((one) => one.measure === measure);
  const least = limit?.atLeast;
  const value = least ?? limit?.atMost;
  if (value === undefined) {
    throw new RangeError(`${name}: "assert" expected a bar for ${measure}, as withoutDefences has`);
  }
  const is = least === undefined ? 'at most' : 'at least';
  return { measure, bar: { is, median: value, worst: value } };
}

async function measured(
  scenario: Scenario,
  measure: string,
  hasDefences: boolean,
  { runs, signal, onProgress }: LiveOptions,
): Promise<number[]> {
  const figures: number[] = [];
  for (let run = 0; run < runs; run++) {
    const dir = await mkdtemp(join(tmpdir(), 'coalesce-attack-'));
    try {
      const seeded = { ...scenario, seed: scenario.seed + run };
      const { measurements } = await runScenario(seeded, { hasDefences, dir, signal });
      const figure = measurements[measure];
      if (figure === undefined)
        throw new RangeError(`${scenario.name}: ${measure} is not measured`);
      figures.push(figure);
      onProgress(
        `${scenario.name}, defences ${hasDefences ? 'on' : 'off'}, run ${run + 1}: ` +
          `${measure} ${figure}`,
      );
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  return figures;
}

/** Every attack among the scenarios. */
export async function liveAttacks(options: LiveOptions): Promise<AttackRow[]> {
  const rows: AttackRow[] = [];
  for (const name of await scenarioNames()) {
    const { scenario } = await loadScenario(name);
    if (scenario.defence === undefined) continue;
    const { measure, bar } = judgedMeasure(scenario);
    rows.push(
      attackRow({
        ...{ attack: name, defence: scenario.defence, by: 'scenario', measure, bar },
        on: await measured(scenario, measure, true, options),
        off: scenario.withoutDefences ? await measured(scenario, measure, false, options) : [],
      }),
    );
  }
  return rows;
}
