/**
 * Simulates many runs, on worker threads or, with none of them, on this one. Results are the same
 * in either case and in any order: a run follows from its settings alone.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';
import type { RunSums } from '../market-simulator/accounts.ts';
import type { RunSettings } from '../market-simulator/settings.ts';
import { simulate } from '../market-simulator/simulator.ts';

/** Tasks and contractors that a batch is about, so that it takes some tens of milliseconds. */
const BATCH_WORK = 400_000;

/** How runs are simulated. */
export interface PoolOptions {
  /** 0: on this thread. */
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onDone: (settings: RunSettings, sums: RunSums) => void;
}

/** Simulates; stops early, without an error, if the signal says so. */
export async function simulateRuns(
  runs: readonly RunSettings[],
  { workers, signal, onDone }: PoolOptions,
): Promise<void> {
  if (workers === 0 || runs.length === 0) {
    for (const settings of runs) {
      if (signal.aborted) return;
      onDone(settings, simulate(settings));
      await setImmediate();
    }
    return;
  }
  const pool = new Tinypool({
    filename: fileURLToPath(new URL('./run-worker.js', import.meta.url)),
    minThreads: workers,
    maxThreads: workers,
    isolateWorkers: false,
  });
  const batches = batchesOf(runs);
  // Each batch that waits listens to the one signal.
  setMaxListeners(batches.length, signal);
  try {
    await Promise.all(
      batches.map(async (batch) => {
        const results = (await pool.run(batch, { signal })) as RunSums[];
        for (const [i, sums] of results.entries()) onDone(batch[i]!, sums);
      }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await pool.destroy();
  }
}

/**
 * The largest runs first, so that no worker is left with one at the end; runs of one seed in a row,
 * which meet the same tasks.
 */
function batchesOf(runs: readonly RunSettings[]): RunSettings[][] {
  const workOf = (run: RunSettings): number =>
    run.days * run.arrivalFactor * (20 + run.contractors) * 80;
  const sorted = [...runs].sort((a, b) => workOf(b) - workOf(a) || a.seed - b.seed);
  const batches: RunSettings[][] = [];
  let batch: RunSettings[] = [];
  let work = 0;
  for (const run of sorted) {
    batch.push(run);
    work += workOf(run);
    if (work < BATCH_WORK) continue;
    batches.push(batch);
    batch = [];
    work = 0;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
