/**
 * Token buckets by peer: how often a peer may start something (wire-formats.md 1.4).
 *
 * Bounded: of 4,096 peers the one that was heard of longest ago is forgotten first. Identities are
 * free, so this slows one peer down; it is no defence against many.
 *
 * @module
 */

/** Peers whose buckets are remembered. */
export const MAX_BUCKETS = 4_096;

interface Bucket {
  tokens: number;
  updatedAtMs: number;
}

/** A bucket for each key, all of one size and one rate. */
export class TokenBuckets {
  readonly #perMinute: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perMinute - Tokens that come back in a minute; `Infinity` for no limit.
   * @param burst - Tokens of a full bucket.
   */
  constructor(perMinute: number, burst: number) {
    this.#perMinute = perMinute;
    this.#burst = burst;
  }

  /** Takes a token of `key`; `false` if there is none at monotonic time `nowMs`. */
  take(key: string, nowMs: number): boolean {
    if (this.#perMinute === Infinity) return true;
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, updatedAtMs: nowMs };
    const earned = ((nowMs - bucket.updatedAtMs) / 60_000) * this.#perMinute;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + earned);
    bucket.updatedAtMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= MAX_BUCKETS) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
