/**
 * Moving averages by key, at most so many of them: such as the size of a result beside that of its
 * input, per task type (S_out of paper Eq. 8). The average is that of Eq. (10).
 *
 * @module
 */

import { ewma } from './calibration.ts';
import { requireNonNegative } from './quantity-checks.ts';

/** Keys that are kept; the one used longest ago goes first. */
export const MAX_MEANS = 256;

/** Serial form, least recently updated first. */
export type RunningMeansJson = readonly (readonly [string, number])[];

/** Averages of quantities of 0 or more. */
export class RunningMeans {
  readonly #means: Map<string, number>;

  /** @throws {@link RangeError} for a mean out of range. */
  constructor(json: RunningMeansJson = []) {
    for (const [, mean] of json) requireNonNegative('mean', mean);
    this.#means = new Map(json.slice(-MAX_MEANS));
  }

  /** `undefined` before the first observation. */
  mean(key: string): number | undefined {
    return this.#means.get(key);
  }

  observe(key: string, value: number): void {
    requireNonNegative('value', value);
    const mean = ewma(this.#means.get(key) ?? null, value);
    this.#means.delete(key);
    this.#means.set(key, mean);
    if (this.#means.size <= MAX_MEANS) return;
    for (const oldest of this.#means.keys()) {
      this.#means.delete(oldest);
      break;
    }
  }

  toJSON(): RunningMeansJson {
    return [...this.#means];
  }
}
