/**
 * Fuzz runs of the parsers: how many cases, and how much of the processor one may take.
 * `COALESCE_LONG=1` makes the long runs. A run ends with the first case that fails, which is not
 * made smaller: its seed and its input are printed at once. `COALESCE_FUZZ_SEED=N` runs with that
 * seed again.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import fc from 'fast-check';

/** Whether the run is one of the long tests, which have more cases. */
export const isLongRun: boolean = process.env['COALESCE_LONG'] === '1';

/** Seed of what is drawn: another in each run, unless one is given. */
export const runSeed: number = Number(
  process.env['COALESCE_FUZZ_SEED'] ?? randomInt(-(2 ** 31), 2 ** 31),
);

/** Cases of one parser. */
const FUZZ_RUNS: number = isLongRun ? 1_000_000 : 10_000;

/**
 * Most processor time of one case, in milliseconds: three times what the costliest takes, 256 KiB
 * of JSON with 26,000 keys. Of the processor, for a machine that stands still for a second says
 * nothing of the parser.
 */
export const MAX_CASE_CPU_MS = 150;

/** A slow case is tried so many times in all: collecting garbage is on no single case's account. */
const TRIES = 3;

/** For vitest: how long a test of one parser may take, in milliseconds. */
export const FUZZ_TIMEOUT_MS: number = isLongRun ? 3_600_000 : 60_000;

/**
 * Processor time of a call, in milliseconds: the least of up to three tries, and of the first one
 * alone if that was within {@link MAX_CASE_CPU_MS}.
 */
export function leastCpuMs(run: () => void): number {
  let leastMs = Infinity;
  for (let tries = 0; tries < TRIES && leastMs > MAX_CASE_CPU_MS; tries++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    leastMs = Math.min(leastMs, (user + system) / 1_000);
  }
  return leastMs;
}

/**
 * Checks a parser with many inputs.
 *
 * @throws if `check` does, or takes longer than {@link MAX_CASE_CPU_MS} each time.
 */
export function fuzz<Input>(inputs: fc.Arbitrary<Input>, check: (input: Input) => void): void {
  const timed = (input: Input): void => {
    const cpuMs = leastCpuMs(() => check(input));
    if (cpuMs > MAX_CASE_CPU_MS) throw new Error(`a case took ${cpuMs} ms of the processor`);
  };
  fc.assert(fc.property(inputs, timed), { numRuns: FUZZ_RUNS, seed: runSeed, endOnFailure: true });
}
