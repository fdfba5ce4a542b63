/**
 * The market simulator: all of Table I as a user gets it, a fresh process with its report, and one
 * large run.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock, systemProcessor } from '../../node/system-clock.ts';
import { PLAIN_WORLD } from '../market-simulator/settings.ts';
import { simulate } from '../market-simulator/simulator.ts';
import { measureReferenceUs, median, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const RUNS = 3;
const TABLE_BAR_MS = 3_000;
const SCALE_BAR_MS = 15_000;
const CLIENTS = 1_000;
const CLIENTS_OF_PAPER = 15;

async function timeTable(args: readonly string[]): Promise<number> {
  const program = fileURLToPath(new URL('../experiments/main.js', import.meta.url));
  const directory = await mkdtemp(join(tmpdir(), 'coalesce-bench-market-'));
  try {
    const startMs = systemClock.monotonicMs();
    await promisify(execFile)(process.execPath, [program, 'table-1', ...args, '--out', directory]);
    return systemClock.monotonicMs() - startMs;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function tableRow(name: string, args: readonly string[]): Promise<BenchRow> {
  const valuesMs: number[] = [];
  const referencesUs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    valuesMs.push(await timeTable(args));
    referencesUs.push(measureReferenceUs());
  }
  const row = { bench: 'market', case: name, unit: 'ms', bar: TABLE_BAR_MS };
  return rowOf({ ...row, value: median(valuesMs) }, median(referencesUs));
}

/** Processor time: one run has one thread, and whatever else runs here does not count. */
function scaleRow(): BenchRow {
  const startSeconds = systemProcessor.seconds();
  const { tasks } = simulate({
    preset: 'paper',
    days: 7,
    clients: CLIENTS,
    contractors: 2 * CLIENTS,
    arrivalFactor: CLIENTS / CLIENTS_OF_PAPER,
    seed: 1,
    decider: 'rational',
    changes: {},
    history: 'shared',
    hasCertificates: true,
    hasOpportunityCost: true,
    failures: 'premium',
    world: PLAIN_WORLD,
  });
  const value = (systemProcessor.seconds() - startSeconds) * 1_000;
  const name = `${CLIENTS} clients, ${2 * CLIENTS} contractors, 7 days, ${tasks} tasks, processor`;
  const row = { bench: 'market', case: name, value, unit: 'ms', bar: SCALE_BAR_MS };
  return rowOf(row, measureReferenceUs());
}

export const benchMarket: Bench = async (onProgress) => {
  onProgress('market: table-1, one policy');
  const one = await tableRow('table-1, policy reference and the oracle, report included', [
    '--policy',
    'reference',
  ]);
  onProgress('market: table-1, all policies');
  const all = await tableRow('table-1, three policies and the oracle, report included', []);
  onProgress('market: scale');
  return [one, all, scaleRow()];
};
