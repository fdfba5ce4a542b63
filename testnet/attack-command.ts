/**
 * `coalesce testnet run attacks`: every attack, simulated or on a network of its own, with the
 * defences on and off, as a table that it writes into `testnet/scenarios/README.md`.
 *
 * @module
 */

import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { attackTable, withAttackTable } from './attack-table/attack-row.ts';
import type { AttackRow } from './attack-table/attack-row.ts';
import { liveAttacks } from './attack-table/live-attacks.ts';
import { simulatedAttacks } from './attack-table/simulated-attacks.ts';
import { scenarioDirectory } from './scenario-runner/built-file.ts';

/** Name in the place of a scenario's. */
export const ALL_ATTACKS = 'attacks';
/** Seeds of each simulation, and runs of each scenario, unless other numbers are asked for. */
const SEEDS = 20;
const RUNS = 3;

export interface AttackOptions {
  /** Seeds of the simulations; runs of the scenarios, at most three of them unless asked for. */
  readonly seeds: number | undefined;
  readonly runs: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** What came out, and where the table stands. */
export interface AttackDocument {
  readonly rows: readonly AttackRow[];
  readonly file: string;
}

/** Runs all of them and writes the table. */
export async function runAttacks(options: AttackOptions): Promise<AttackDocument> {
  const { seeds = SEEDS, runs = RUNS, signal, onProgress } = options;
  const file = join(scenarioDirectory(), 'README.md');
  const before = await readFile(file, 'utf8');
  withAttackTable(before, ''); // before minutes of work: whether there is a place for it
  const live = await liveAttacks({ runs, signal, onProgress });
  const workers = availableParallelism();
  const simulated = await simulatedAttacks({ seeds, workers, signal, onProgress });
  const rows = [...live, ...simulated];
  const text = await readFile(file, 'utf8');
  await writeFile(file, withAttackTable(text, attackTable(rows)));
  return { rows, file };
}
