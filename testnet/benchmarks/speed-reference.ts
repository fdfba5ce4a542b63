/**
 * Processor time at the machine's usual speed. Two virtual processors that share a core slow each
 * other by half, for seconds at a time, and with them everything that is measured in processor
 * time. So a small reference task runs before and after each measured piece of work, whose time is
 * scaled by what the reference took against what it usually takes (architecture.md 9).
 *
 * The reference counts words and goes through JSON, as executors do: hashing, which the other
 * benchmarks scale by, does not slow down with them.
 *
 * @module
 */

import { systemProcessor } from '../../node/system-clock.ts';
import { median } from './measuring.ts';

const WARM_UP_ROUNDS = 60;
const NOMINAL_ROUNDS = 60;
const COUNTS_PER_ROUND = 3;

/** Processor time of a piece of work, as it is and at the usual speed. */
export interface ScaledTime {
  readonly seconds: number;
  readonly scaledSeconds: number;
}

/** The reference, and what it usually takes. */
export class SpeedReference {
  readonly #words: readonly string[];
  readonly #nominalSeconds: number;

  /** @param text - Some 40,000 characters of what executors read. */
  constructor(text: string) {
    this.#words = text.split(' ');
    for (let i = 0; i < WARM_UP_ROUNDS; i++) this.#seconds();
    this.#nominalSeconds = median(Array.from({ length: NOMINAL_ROUNDS }, () => this.#seconds()));
  }

  /** Runs `work` and measures it. */
  async time(work: () => Promise<unknown>): Promise<ScaledTime> {
    const before = this.#seconds();
    const start = systemProcessor.seconds();
    await work();
    const seconds = systemProcessor.seconds() - start;
    const slowness = (before + this.#seconds()) / 2 / this.#nominalSeconds;
    return { seconds, scaledSeconds: seconds / slowness };
  }

  /** Seconds that the reference task takes now. */
  #seconds(): number {
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
