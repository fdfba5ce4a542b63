/**
 * How often peers may ask a contractor, and what a quote request has to show while it is loaded.
 *
 * Three limits stand one behind the other: of each peer, of each network (/24 of IPv4, /48 of IPv6)
 * because identities are free, and of all together, which is what bounds the work. Requests for
 * quotes have a limit of their own there, apart from the questions about contracts.
 *
 * While less than half of that is left, or more than half of all quotes that may be open are, a
 * request for a quote needs the solution of a puzzle (ask-puzzle.ts), and one without is answered
 * without any of it: a flood of unsolved requests takes nothing from those who solve. The harder
 * the load, the harder the puzzle. A solution is good once.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Random } from '../components.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { AskPuzzles, MAX_PUZZLE_BITS, PUZZLE_SECONDS } from './ask-puzzle.ts';
import type { Answer, Question } from './messages.ts';

/** Limits of {@link Admission}. */
export interface AdmissionLimits {
  /** Questions of one peer. */
  readonly questionsPerPeer: BucketLimits;
  /** Questions of all peers of one network; local addresses are none. */
  readonly questionsPerNetwork: BucketLimits;
  /** Requests for quotes of all peers together, and as many other questions. */
  readonly questionsOfAll: BucketLimits;
  /** Whether a loaded contractor asks for puzzles. */
  readonly isAskingForWork: boolean;
}

export interface AdmissionComponents {
  readonly clock: Clock;
  readonly random: Random;
  /** The network that a connected peer is in; `undefined`: none that counts. Left out: none is. */
  readonly networkOfPeer?: ((peerId: string) => string | undefined) | undefined;
}

/** Bits of the easiest puzzle, when half of what all may ask is used: 4,096 hashes, some 4 ms. */
const LEAST_BITS = 12;
/** Bits of the hardest, when nothing is left: 262,144 hashes. */
const MOST_BITS = MAX_PUZZLE_BITS;
const LOADED_BELOW = 0.5;
/** Solutions that are remembered. */
const MAX_ANSWERED = 16_384;
/** Keys of the buckets of all. */
const ASKS = 'asks';
const OTHERS = 'others';

/** Admission of one contractor. */
export class Admission {
  readonly #components: AdmissionComponents;
  readonly #limits: AdmissionLimits;
  readonly #perPeer: TokenBuckets;
  readonly #perNetwork: TokenBuckets;
  readonly #all: TokenBuckets;
  readonly #puzzles: AskPuzzles;
  /** Cookies that were answered, with the second they end; oldest first. */
  readonly #answered = new Map<string, number>();

  constructor(components: AdmissionComponents, limits: AdmissionLimits) {
    this.#components = components;
    this.#limits = limits;
    const nowMs = components.clock.monotonicMs();
    this.#perPeer = new TokenBuckets(limits.questionsPerPeer, undefined, nowMs);
    this.#perNetwork = new TokenBuckets(limits.questionsPerNetwork, undefined, nowMs);
    this.#all = new TokenBuckets(limits.questionsOfAll, undefined, nowMs);
    this.#puzzles = new AskPuzzles(components.random.bytes(32));
  }

  /** Whether a message that has come is looked at. */
  mayAsk(peerId: string): boolean {
    const nowMs = this.#components.clock.monotonicMs();
    if (!this.#perPeer.take(peerId, nowMs)) return false;
    const network = this.#components.networkOfPeer?.(peerId);
    return network === undefined || this.#perNetwork.take(network, nowMs);
  }

  /**
   * What a question gets instead of work: a puzzle, a refusal, or nothing if it may go on.
   *
   * @param openShare - Of the quotes that may be open, how many are, 0..1; asked of an `ask` only.
   */
  hurdle(
    peerId: string,
    question: Question,
    openShare: () => number,
  ): Answer | 'RATE_LIMITED' | undefined {
    const { clock } = this.#components;
    const nowMs = clock.monotonicMs();
    if (question.typ !== 'ask') return this.#all.take(OTHERS, nowMs) ? undefined : 'RATE_LIMITED';
    if (this.#limits.isAskingForWork) {
      const level = Math.min(this.#all.level(ASKS, nowMs), 1 - openShare());
      if (level < LOADED_BELOW && !this.#hasWorked(peerId, question)) {
        const request = fromBase64Url(question.request);
        const bits = bitsAt(level);
        const cookie = this.#puzzles.cookieFor(peerId, request, bits, nowSeconds(clock));
        return { v: 1, typ: 'puzzle', cookie: toBase64Url(cookie) };
      }
    }
    return this.#all.take(ASKS, nowMs) ? undefined : 'RATE_LIMITED';
  }

  #hasWorked(peerId: string, { request, cookie, solution }: Question & { typ: 'ask' }): boolean {
    if (cookie === undefined || solution === undefined) return false;
    const answered = {
      peerId,
      request: fromBase64Url(request),
      cookie: fromBase64Url(cookie),
      solution: fromBase64Url(solution),
    };
    const now = nowSeconds(this.#components.clock);
    for (const [used, endsAt] of this.#answered) {
      if (endsAt >= now) break;
      this.#answered.delete(used);
    }
    if (this.#answered.has(cookie) || !this.#puzzles.isAnswered(answered, now)) return false;
    this.#answered.set(cookie, now + PUZZLE_SECONDS);
    for (const [oldest] of this.#answered) {
      if (this.#answered.size <= MAX_ANSWERED) break;
      this.#answered.delete(oldest);
    }
    return true;
  }
}

/** @param level - What is left of what all may ask, 0..0.5. */
function bitsAt(level: number): number {
  return LEAST_BITS + Math.round((MOST_BITS - LEAST_BITS) * (1 - level / LOADED_BELOW));
}
