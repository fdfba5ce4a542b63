/**
 * How often peers may ask a contractor, and what a quote request has to show while it is loaded.
 *
 * Three limits stand one behind the other: of each peer, of each network (/24 of IPv4, /48 of IPv6)
 * because identities are free, and of all together, which is what bounds the work. While less than
 * half of the last is left, a request for a quote needs the solution of a puzzle (ask-puzzle.ts),
 * and one without is answered without any of it: a flood of unsolved requests takes nothing from
 * those who solve. The harder the load, the harder the puzzle.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Random } from '../components.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { AskPuzzles } from './ask-puzzle.ts';
import type { Answer, Question } from './messages.ts';

/** Limits of {@link Admission}. */
export interface AdmissionLimits {
  /** Questions of one peer. */
  readonly questionsPerPeer: BucketLimits;
  /** Questions of all peers of one network; local addresses are none. */
  readonly questionsPerNetwork: BucketLimits;
  /** Questions of all peers together. */
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
/** Bits of the hardest, when nothing is left: 262,144 hashes, a quarter of a second. */
const MOST_BITS = 18;
const LOADED_BELOW = 0.5;
const ALL = 'all';

/** Admission of one contractor. */
export class Admission {
  readonly #components: AdmissionComponents;
  readonly #limits: AdmissionLimits;
  readonly #perPeer: TokenBuckets;
  readonly #perNetwork: TokenBuckets;
  readonly #all: TokenBuckets;
  readonly #puzzles: AskPuzzles;

  constructor(components: AdmissionComponents, limits: AdmissionLimits) {
    this.#components = components;
    this.#limits = limits;
    const nowMs = components.clock.monotonicMs();
    this.#perPeer = new TokenBuckets(limits.questionsPerPeer, undefined, nowMs);
    this.#perNetwork = new TokenBuckets(limits.questionsPerNetwork, undefined, nowMs);
    this.#all = new TokenBuckets(limits.questionsOfAll, undefined, nowMs);
    this.#puzzles = new AskPuzzles(components.random.bytes(32));
  }

  /** Whether a peer may send a message now. Asked before the message is read. */
  mayAsk(peerId: string): boolean {
    const nowMs = this.#components.clock.monotonicMs();
    if (!this.#perPeer.take(peerId, nowMs)) return false;
    const network = this.#components.networkOfPeer?.(peerId);
    return network === undefined || this.#perNetwork.take(network, nowMs);
  }

  /** What a question gets instead of work: a puzzle, a refusal, or nothing if it may go on. */
  hurdle(peerId: string, question: Question): Answer | 'RATE_LIMITED' | undefined {
    const { clock } = this.#components;
    const nowMs = clock.monotonicMs();
    if (question.typ === 'ask' && this.#limits.isAskingForWork) {
      const level = this.#all.level(ALL, nowMs);
      if (level < LOADED_BELOW && !this.#hasWorked(peerId, question)) {
        const request = fromBase64Url(question.request);
        const bits = bitsAt(level);
        const cookie = this.#puzzles.cookieFor(peerId, request, bits, nowSeconds(clock));
        return { v: 1, typ: 'puzzle', cookie: toBase64Url(cookie) };
      }
    }
    return this.#all.take(ALL, nowMs) ? undefined : 'RATE_LIMITED';
  }

  #hasWorked(peerId: string, { request, cookie, solution }: Question & { typ: 'ask' }): boolean {
    if (cookie === undefined || solution === undefined) return false;
    const answered = {
      peerId,
      request: fromBase64Url(request),
      cookie: fromBase64Url(cookie),
      solution: fromBase64Url(solution),
    };
    return this.#puzzles.isAnswered(answered, nowSeconds(this.#components.clock));
  }
}

/** @param level - What is left of what all may ask, 0..0.5. */
function bitsAt(level: number): number {
  return LEAST_BITS + Math.round((MOST_BITS - LEAST_BITS) * (1 - level / LOADED_BELOW));
}
