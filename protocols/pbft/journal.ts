/**
 * The log as the replica writes it, and what may be said once it is on the disk. A vote is written
 * and flushed before it is sent (wire-formats.md 5.1): else a replica that forgets it in a crash
 * could give another.
 *
 * @module
 */

import { concatBytes } from '../../crypto/bytes.ts';
import type { Effect } from './effects.ts';
import { LogEncoder } from './log-format.ts';
import type { LogRecord } from './log-format.ts';
import type { Rules } from './rules.ts';

export class Journal {
  readonly #rules: Rules;
  readonly #emit: (effect: Effect) => void;
  #encoder: LogEncoder;
  #flush = 0;
  /** What waits for the next flush that is asked for. */
  #next: (() => void)[] = [];
  /** What waits for flushes that were asked for, by number, ascending. */
  readonly #waiting = new Map<number, readonly (() => void)[]>();

  constructor(rules: Rules, emit: (effect: Effect) => void, encoder: LogEncoder) {
    this.#rules = rules;
    this.#emit = emit;
    this.#encoder = encoder;
  }

  /** Writes a record; nothing is said that rests on it. */
  append(record: LogRecord): void {
    this.#emit({ type: 'append', bytes: this.#encoder.encode(record) });
  }

  /** Writes a record and does `then` once it is flushed. */
  appendThen(record: LogRecord, then: () => void): void {
    this.append(record);
    this.afterFlush(then);
  }

  /** Does `then` once everything written so far is flushed. */
  afterFlush(then: () => void): void {
    if (this.#rules.waitsForFlush()) this.#next.push(then);
    else then();
  }

  /** Begins the log anew with `records`, which hold all that still matters of the old one. */
  replace(records: readonly LogRecord[]): void {
    this.#encoder = new LogEncoder();
    const parts = records.map((record) => this.#encoder.encode(record));
    this.#emit({ type: 'replace', bytes: concatBytes(...parts) });
  }

  /** Asks for one flush for all that was written in this step, if anything waits for it. */
  requestFlush(): void {
    if (this.#next.length === 0) return;
    this.#flush++;
    this.#waiting.set(this.#flush, this.#next);
    this.#next = [];
    this.#emit({ type: 'flush', flush: this.#flush });
  }

  /** Does what waited for this flush and for those before it. */
  onFlushed(flush: number): void {
    for (const [number, actions] of [...this.#waiting]) {
      if (number > flush) break;
      this.#waiting.delete(number);
      for (const action of actions) action();
    }
  }
}
