/**
 * Processor time at the machine's usual speed. Two virtual processors that share a core slow each
 * other by half, for seconds at a time, and with them everything that is measured in processor
 * time. So each reading also times a small reference task, and the time between two readings is
 * scaled by what the reference took then against what it usually takes (architecture.md 9).
 *
 * The reference counts words and goes through JSON, as executors do: hashing, which the other
 * benchmarks scale by, does not slow down with them.
 *
 * @module
 */

import { systemProcessor } from '../../node/system-clock.ts';
import type { Processor } from '../../node/system-clock.ts';
import { median } from './measuring.ts';

const WARM_UP_ROUNDS = 60;
const NOMINAL_ROUNDS = 60;
const COUNTS_PER_ROUND = 3;

/** Seconds between two readings, as they are and scaled. */
export interface ScaledInterval {
  readonly rawSeconds: number;
  readonly scaledSeconds: number;
}

/** A processor for whoever measures by it; the reference's own time is left out. */
export class ScaledProcessor implements Processor {
  readonly #words: readonly string[];
  readonly #nominalSeconds: number;
  #scaledSeconds = 0;
  #lastSeconds: number;
  #lastReference: number;
  #lastInterval: ScaledInterval = { rawSeconds: 0, scaledSeconds: 0 };

  /** @param text - Some 40,000 characters of what executors read. */
  constructor(text: string) {
    this.#words = text.split(' ');
    for (let i = 0; i < WARM_UP_ROUNDS; i++) this.#reference();
    this.#nominalSeconds = median(Array.from({ length: NOMINAL_ROUNDS }, () => this.#reference()));
    this.#lastReference = this.#reference();
    this.#lastSeconds = systemProcessor.seconds();
  }

  /** Between the two readings before now. */
  get lastInterval(): ScaledInterval {
    return this.#lastInterval;
  }

  seconds(): number {
    const rawSeconds = systemProcessor.seconds() - this.#lastSeconds;
    const reference = this.#reference();
    const slowness = (this.#lastReference + reference) / 2 / this.#nominalSeconds;
    this.#lastInterval = { rawSeconds, scaledSeconds: rawSeconds / slowness };
    this.#scaledSeconds += rawSeconds / slowness;
    this.#lastReference = reference;
    this.#lastSeconds = systemProcessor.seconds();
    return this.#scaledSeconds;
  }

  /** Seconds that the reference task takes now. */
  #reference(): number {
    const start = systemProcessor.seconds();
    let size = 0;
    for (let i = 0; i < COUNTS_PER_ROUND; i++) {
      const counts = new Map<string, number>();
      for (const word of this.#words) counts.set(word, (counts.get(word) ?? 0) + 1);
      size += (JSON.parse(JSON.stringify([...counts])) as unknown[]).length;
    }
    if (size === 0) throw new RangeError('"text" expected words');
    return systemProcessor.seconds() - start;
  }
}
