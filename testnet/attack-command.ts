/**
 * `coalesce testnet run attacks`: every attack, simulated or on a network of its own, with the
 * defences on and off, as a table that it writes into `testnet/scenarios/README.md`, or beside the
 * evidence of other runs where the project's own files are not at hand.
 *
 * @module
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
  /** Seeds of the simulations; runs of the scenarios. */
  readonly seeds: number | undefined;
  readonly runs: number | undefined;
  /** Where the table goes if the scenarios come without their README, as in a package. */
  readonly outDir: string;
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
  const { seeds = SEEDS, runs = RUNS, outDir, signal, onProgress } = options;
  const readme = join(scenarioDirectory(), 'README.md');
  const before = await textOf(readme);
  if (before !== undefined) withAttackTable(before, ''); // is there a place? Minutes of work follow
  const live = await liveAttacks({ runs, signal, onProgress });
  const workers = availableParallelism();
  const simulated = await simulatedAttacks({ seeds, workers, signal, onProgress });
  const rows = [...live, ...simulated];
  const table = attackTable(rows);
  const text = await textOf(readme);
  if (text !== undefined) {
    await writeFile(readme, withAttackTable(text, table));
    return { rows, file: readme };
  }
  await mkdir(outDir, { recursive: true });
  const file = join(outDir, 'attacks.md');
  await writeFile(file, `${table}\n`);
  return { rows, file };
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
