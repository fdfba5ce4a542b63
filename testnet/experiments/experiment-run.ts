/**
 * Runs an experiment: cells times seeds, without what is known already, on a pool, to a report.
 * After an interrupt it reports what there is and says that it is partial.
 *
 * @module
 */

import type { RunSums } from '../market-simulator/accounts.ts';
import type { RunSettings } from '../market-simulator/settings.ts';
import { CellRuns } from './experiment.ts';
import type { Cell, Experiment, ExperimentOptions, ExperimentReport } from './experiment.ts';
import { simulateRuns } from './run-pool.ts';

/** Where results of single runs are kept meanwhile. */
export interface KnownRuns {
  find(key: string): RunSums | undefined;
  add(key: string, sums: RunSums): void;
}

/** How an experiment is run. */
export interface RunOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly known: KnownRuns;
  readonly onProgress: (done: number, all: number) => void;
}

/** An experiment's report, and whether an interrupt cut it short. */
export interface FinishedExperiment {
  readonly report: ExperimentReport;
  readonly isPartial: boolean;
}

/** Results in memory only. */
export function newKnownRuns(): KnownRuns {
  const runs = new Map<string, RunSums>();
  return { find: (key) => runs.get(key), add: (key, sums) => runs.set(key, sums) };
}

/** Runs it. */
export async function runExperiment(
  experiment: Experiment,
  options: ExperimentOptions,
  run: RunOptions,
): Promise<FinishedExperiment> {
  const report = await experiment.run(options, (cells, seeds) =>
    runCells(cells, options.seed, seeds, run),
  );
  const isPartial = run.signal.aborted;
  if (!isPartial) return { report, isPartial };
  const rows = report.rows.filter(({ runs }) => runs !== 0);
  return { report: { ...report, rows }, isPartial };
}

async function runCells(
  cells: readonly Cell[],
  firstSeed: number,
  seeds: number,
  { workers, signal, known, onProgress }: RunOptions,
): Promise<Map<string, CellRuns>> {
  const runsOf = ({ settings }: Cell): RunSettings[] =>
    Array.from({ length: seeds }, (_, i) => ({ ...settings, seed: firstSeed + i }));
  const wanted = new Map<string, RunSettings>();
  let all = 0;
  for (const cell of cells) {
    for (const settings of runsOf(cell)) {
      const key = JSON.stringify(settings);
      if (known.find(key) === undefined) wanted.set(key, settings);
      all++;
    }
  }
  let done = all - wanted.size;
  onProgress(done, all);
  await simulateRuns([...wanted.values()], {
    workers,
    signal,
    onDone: (settings, sums) => {
      known.add(JSON.stringify(settings), sums);
      onProgress(++done, all);
    },
  });
  return new Map(
    cells.map((cell) => [
      cell.id,
      new CellRuns(runsOf(cell).flatMap((settings) => known.find(JSON.stringify(settings)) ?? [])),
    ]),
  );
}
