/**
 * Fuzz runs of the parsers: how many cases, and how long one may take. `COALESCE_LONG=1` makes the
 * long runs. On a failure fast-check prints the seed and the path of the case.
 *
 * @module
 */

import fc from 'fast-check';

/** Whether the run is one of the long tests, which have more cases. */
export const isLongRun: boolean = process.env['COALESCE_LONG'] === '1';

/** Cases of each parser. */
const FUZZ_RUNS = isLongRun ? 1_000_000 : 10_000;

/** Longest time of one case, far above what any takes: it finds what hangs, not what is slow. */
const MAX_CASE_MS = 1_000;

/** For vitest: how long a test of one parser may take, in milliseconds. */
export const FUZZ_TIMEOUT_MS: number = isLongRun ? 3_600_000 : 60_000;

/** Checks a parser with many inputs. @throws if `check` does, or takes longer than a second. */
export function fuzz<Input>(inputs: fc.Arbitrary<Input>, check: (input: Input) => void): void {
  const timed = (input: Input): void => {
    const startMs = performance.now();
    check(input);
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs > MAX_CASE_MS) throw new Error(`a case took ${Math.round(elapsedMs)} ms`);
  };
  fc.assert(fc.property(inputs, timed), { numRuns: FUZZ_RUNS });
}
