import { describe, expect, it } from 'vitest';
import { ATTACKS } from '../../market-simulator/adversaries.ts';
import type { Attack } from '../../market-simulator/adversaries.ts';
import { runExperiment, newKnownRuns } from '../../experiments/experiment-run.ts';
import { adversaries } from '../../experiments/adversaries-experiment.ts';
import type { Experiment, ReportRow } from '../../experiments/experiment.ts';
import { experimentOptions } from '../experiments/options-for-tests.ts';

/** The experiment on a third of the tasks, so that a test can wait for it. */
const small: Experiment = {
  ...adversaries,
  run: (options, runCells) =>
    adversaries.run(options, (cells, seeds) =>
      runCells(
        cells.map(({ id, settings }) => ({
          id,
          settings: {
            ...settings,
            clients: 20,
            contractors: 60,
            arrivalFactor: 5,
            world: { ...settings.world, maxTasks: 2_000 },
          },
        })),
        seeds,
      ),
    ),
};

async function rowsOf(seeds: number): Promise<ReadonlyMap<Attack, ReportRow>> {
  const { report } = await runExperiment(small, experimentOptions({ seeds }), {
    workers: 0,
    signal: new AbortController().signal,
    known: newKnownRuns(),
    onProgress: () => undefined,
  });
  return new Map(report.rows.map((row) => [row['attack'] as Attack, row]));
}

const TITLES: Readonly<Record<Attack, string>> = {
  fabrication: 'result fabrication',
  'on-off': 'on-off behaviour',
  whitewashing: 'whitewashing',
  collusion: 'collusion with bad-mouthing',
  'bait-and-switch': 'bait and switch',
  'exploration-abuse': 'abuse of exploration',
};

describe('30 % malicious contractors', () => {
  const rows = rowsOf(3);

  it.each(ATTACKS.map((attack) => [TITLES[attack], attack] as const))(
    'cost by %s less than half of what they cost without the defences, above the honest floor',
    async (_, attack) => {
      const row = (await rows).get(attack)!;
      const floor = row['floorPercent'] as number;
      const above = (row['lostMedianPercent'] as number) - floor;
      const aboveWithout = (row['defencesOffMedianPercent'] as number) - floor;
      expect(aboveWithout).toBeGreaterThan(1);
      expect(above).toBeLessThan(aboveWithout / 2);
    },
    240_000,
  );
});
