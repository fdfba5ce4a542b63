/** Golden vectors of the equations, computed by independent numpy code. @module */

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** One case of a vector file. Its fields are the file's own. */
export interface VectorCase<Inputs, Expected> {
  readonly id: string;
  readonly inputs: Inputs;
  readonly expected: Expected;
}

/** Cases of `<name>.json` and the relative tolerance that the file states. */
export function readVectors<Inputs, Expected>(
  name: string,
): { readonly tolerance: number; readonly cases: readonly VectorCase<Inputs, Expected>[] } {
  const url = new URL(`./${name}.json`, import.meta.url);
  const file = JSON.parse(readFileSync(url, 'utf8')) as {
    readonly tolerance: { readonly relative: number };
    readonly cases: readonly VectorCase<Inputs, Expected>[];
  };
  return { tolerance: file.tolerance.relative, cases: file.cases };
}

/** Asserts |actual - expected| <= tolerance * |expected|; absolute 1e-12 where 0 is expected. */
export function expectClose(actual: number, expected: number, tolerance: number): void {
  const allowed = expected === 0 ? 1e-12 : tolerance * Math.abs(expected);
  const distance = Math.abs(actual - expected);
  expect(distance, `${actual} against ${expected}`).toBeLessThanOrEqual(allowed);
}

/** The same for lists. */
export function expectAllClose(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expectClose(actual[i]!, value, tolerance);
  });
}
