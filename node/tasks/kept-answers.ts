/**
 * Answers of peers, kept for a while, so that not every task asks for them again. An answer that
 * failed is kept for a short time only: it is asked for again after 2 s, and each time that it
 * fails once more the pause doubles.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';

/** How long an answer is believed without asking again, and the longest pause after a failure. */
const LIFETIME_MS = 60_000;
/** How long a first failure is kept. */
const FIRST_RETRY_MS = 2_000;
const MAX_KEPT = 1_024;

interface KeptAnswer<Answer> {
  readonly answer: Answer;
  readonly atMs: number;
  /** Failures in a row, this one included; 0 if nothing failed. */
  readonly failures: number;
}

/** Answers by key; a key begins with the peer's id and a slash. */
export class KeptAnswers<Answer> {
  readonly #clock: Clock;
  readonly #isOver: (answer: Answer) => boolean;
  readonly #kept = new Map<string, KeptAnswer<Answer>>();

  /** @param isOver - Whether an answer has ended by itself before its time. */
  constructor(clock: Clock, isOver: (answer: Answer) => boolean = () => false) {
    this.#clock = clock;
    this.#isOver = isOver;
  }

  /** The answer, if it need not be asked for now. */
  fresh(key: string): Answer | undefined {
    const known = this.#kept.get(key);
    return known && this.#isFresh(known) ? known.answer : undefined;
  }

  /** Keeps an answer, and gives the one that counts. */
  keep(key: string, answer: Answer, hasFailed: boolean): Answer {
    const last = this.#kept.get(key);
    // Of questions at the same time one may fail: it takes nothing from what another was told.
    if (hasFailed && last?.failures === 0 && this.#isFresh(last)) return last.answer;
    const failures = hasFailed ? (last?.failures ?? 0) + 1 : 0;
    this.#kept.delete(key);
    this.#kept.set(key, { answer, atMs: this.#clock.monotonicMs(), failures });
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest!);
    }
    return answer;
  }

  /** Forgets the answers of one peer. */
  forget(peerId: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${peerId}/`)) this.#kept.delete(key);
  }

  /** Forgets all answers. */
  clear(): void {
    this.#kept.clear();
  }

  #isFresh({ answer, atMs, failures }: KeptAnswer<Answer>): boolean {
    const retryMs = failures === 0 ? Infinity : FIRST_RETRY_MS * 2 ** (failures - 1);
    const ageMs = this.#clock.monotonicMs() - atMs;
    return ageMs < Math.min(LIFETIME_MS, retryMs) && !this.#isOver(answer);
  }
}
