/**
 * How often attestors may come: those that the node wants and strangers have budgets apart.
 * Identities are free, so a budget for both would be used up by strangers, and the node could no
 * longer be measured by anybody.
 *
 * It does not protect wanted attestors from one another: with the defaults several of them must
 * agree to use up what all of them have.
 *
 * @module
 */

import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';

/** Limits of those that are wanted; strangers have as much, all of them together. */
export interface AttestorBucketLimits {
  readonly perPeer: BucketLimits;
  readonly all: BucketLimits;
}

/** Budgets of one service for attestors. */
export class AttestorBuckets {
  readonly #wanted: TokenBuckets;
  readonly #strangers: TokenBuckets;

  constructor({ perPeer, all }: AttestorBucketLimits, nowMs: number) {
    this.#wanted = new TokenBuckets(perPeer, all, nowMs);
    this.#strangers = new TokenBuckets(perPeer, all, nowMs);
  }

  /** Takes a token, and tells why the attestor is sent away; `undefined`: it may go on. */
  refusalOf(
    attestor: string,
    isWanted: boolean,
    nowMs: number,
  ): 'RATE_LIMITED' | 'NOT_SUPPORTED' | undefined {
    const buckets = isWanted ? this.#wanted : this.#strangers;
    if (!buckets.take(attestor, nowMs)) return 'RATE_LIMITED';
    return isWanted ? undefined : 'NOT_SUPPORTED';
  }
}
