/**
 * Token buckets, one per peer and one for all: how often peers may ask for something that costs.
 *
 * Limits per identity only slow a flood, for identities are free (wire-formats.md 6); the bucket
 * for all is what bounds the work.
 *
 * @module
 */

/** Size and refill of a bucket. */
export interface BucketLimits {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A bucket that is always full. */
const UNLIMITED: BucketLimits = { burst: Infinity, perSecond: Infinity };

/** Most peers with a bucket of their own; the least recently seen is forgotten first. */
export const MAX_BUCKETS = 4_096;

function refill(bucket: Bucket, { burst, perSecond }: BucketLimits, nowMs: number): void {
  if (perSecond === Infinity) {
    bucket.tokens = burst;
    return;
  }
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1000);
  bucket.atMs = nowMs;
}

/** Buckets for all peers of one service. */
export class TokenBuckets {
  readonly #perPeer: BucketLimits;
  readonly #all: BucketLimits;
  readonly #buckets = new Map<string, Bucket>();
  readonly #shared: Bucket;

  /** @param all - Left out: no limit over all peers. */
  constructor(perPeer: BucketLimits, all: BucketLimits = UNLIMITED, nowMs = 0) {
    this.#perPeer = perPeer;
    this.#all = all;
    this.#shared = { tokens: all.burst, atMs: nowMs };
  }

  /** Most tokens that one peer may take at once. */
  get burst(): number {
    return Math.min(this.#perPeer.burst, this.#all.burst);
  }

  /** Takes so many tokens of `peerId` and of all. `false`: too few left, and none was taken. */
  take(peerId: string, nowMs: number, tokens = 1): boolean {
    const bucket = this.#buckets.get(peerId) ?? { tokens: this.#perPeer.burst, atMs: nowMs };
    this.#buckets.delete(peerId);
    this.#buckets.set(peerId, bucket);
    if (this.#buckets.size > MAX_BUCKETS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    refill(bucket, this.#perPeer, nowMs);
    refill(this.#shared, this.#all, nowMs);
    if (bucket.tokens < tokens || this.#shared.tokens < tokens) return false;
    bucket.tokens -= tokens;
    this.#shared.tokens -= tokens;
    return true;
  }

  /** How full the bucket of `peerId` is, 0..1. */
  level(peerId: string, nowMs: number): number {
    const bucket = this.#buckets.get(peerId);
    if (!bucket) return 1;
    refill(bucket, this.#perPeer, nowMs);
    return bucket.tokens / this.#perPeer.burst;
  }

  /** Peers with a bucket. */
  get size(): number {
    return this.#buckets.size;
  }
}
