/**
 * What a worker thread of the pool does: simulate the runs that it is handed.
 *
 * @module
 */

import type { RunSums } from '../market-simulator/accounts.ts';
import type { RunSettings } from '../market-simulator/settings.ts';
import { simulate } from '../market-simulator/simulator.ts';

/** Simulates some runs, in order. */
export default function simulateAll(runs: readonly RunSettings[]): RunSums[] {
  return runs.map(simulate);
}
