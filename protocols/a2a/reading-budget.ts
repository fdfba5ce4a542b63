/**
 * How much a peer may make this node parse. A message is paid for by its size before it is read,
 * whichever stream it comes on; who has spent all waits, so a patient peer loses nothing and a
 * flood fills its own connection.
 *
 * @module
 */

import type { Clock } from '../components.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';

/** One token pays for so many bytes. A hostile MiB of JSON costs about 90 ms of processor. */
export const BYTES_PER_TOKEN = 4_096;
/** 4 MiB at once, then 2 MiB a second: less than a fifth of a core for the worst JSON. */
export const READING_PER_PEER: BucketLimits = { burst: 1_024, perSecond: 512 };
/** Of all peers together: 16 MiB at once, then 6 MiB a second, about half a core. */
export const READING_OF_ALL: BucketLimits = { burst: 4_096, perSecond: 1_536 };

const POLL_MS = 20;

/** Budgets of all peers of one server. */
export class ReadingBudget {
  readonly #buckets: TokenBuckets;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#buckets = new TokenBuckets(READING_PER_PEER, READING_OF_ALL, clock.monotonicMs());
  }

  /**
   * Pays for a message of `peerId`.
   *
   * @param bytes - Size of the message, at most the burst of a peer.
   * @param isWanted - `false` ends the wait.
   * @returns Once it is paid for, or no longer wanted.
   */
  async spend(peerId: string, bytes: number, isWanted: () => boolean): Promise<void> {
    const tokens = Math.ceil(bytes / BYTES_PER_TOKEN);
    while (!this.#buckets.take(peerId, this.#clock.monotonicMs(), tokens) && isWanted()) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
