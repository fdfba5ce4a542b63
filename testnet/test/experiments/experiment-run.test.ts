import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKnownRuns, runExperiment } from '../../experiments/experiment-run.ts';
import type { FinishedExperiment, KnownRuns } from '../../experiments/experiment-run.ts';
import { oracle } from '../../experiments/oracle.ts';
import { RunStore } from '../../experiments/run-store.ts';
import { experimentOptions } from './options-for-tests.ts';

const OPTIONS = experimentOptions({ seeds: 2, failures: 'premium', days: 1 });

function run(
  known: KnownRuns,
  signal: AbortSignal = new AbortController().signal,
  onProgress: (done: number) => void = () => undefined,
): Promise<FinishedExperiment> {
  return runExperiment(oracle, OPTIONS, { workers: 0, signal, known, onProgress });
}

/** Ends the experiment after so many runs. */
async function interruptedAfter(runs: number, known: KnownRuns): Promise<FinishedExperiment> {
  const interrupt = new AbortController();
  return run(known, interrupt.signal, (done) => {
    if (done === runs) interrupt.abort();
  });
}

describe('an experiment', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalesce-experiment-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('is partial after an interrupt, with the rows that have runs', async () => {
    const { report, isPartial } = await interruptedAfter(3, newKnownRuns());
    expect(isPartial).toBe(true);
    expect(report.rows.map((row) => row['runs'])).toEqual([2, 1]);
  });

  it('goes on after an interrupt and ends where it would have ended without', async () => {
    const whole = await run(newKnownRuns());
    const first = await RunStore.open(directory, false);
    await interruptedAfter(3, first);
    await first.flush();
    // What a kill in the middle of a line leaves.
    await appendFile(join(directory, 'runs.jsonl'), '{"version":"');
    const second = await RunStore.open(directory, true);
    expect(second.size).toBe(3);
    const counts: number[] = [];
    const resumed = await run(second, undefined, (done) => counts.push(done));
    expect(counts[0]).toBe(3);
    expect(resumed).toEqual(whole);
  });

  it('begins anew unless it is asked to go on, and leaves nothing behind when complete', async () => {
    const first = await RunStore.open(directory, false);
    await interruptedAfter(3, first);
    await first.flush();
    expect((await RunStore.open(directory, false)).size).toBe(0);
    const store = await RunStore.open(directory, false);
    await run(store);
    await store.remove();
    expect((await RunStore.open(directory, true)).size).toBe(0);
  });
});
