/**
 * How long a block takes at the moment, and how long a view may therefore take to serve.
 *
 * Castro and Liskov (1999, section 4.5.2) double the time-out with each view change and begin anew
 * with a view that serves. Under a load whose blocks take longer than that first time-out, every
 * view would end with its first block: the views thrash, and each change makes the next block later
 * still. So the first time-out follows the block time that this replica measures, up to a bound: a
 * slow primary gains no more than that, and less than the silence after which it is replaced.
 *
 * @module
 */

import type { ReplicaParts } from './replica-parts.ts';

/**
 * A request waits for the block that is under way, then for its own, and is passed on before that.
 */
const BLOCKS_PER_TIMEOUT = 3;
/** A slow block is believed at once and forgotten by this share with each that is faster. */
const FORGOTTEN_SHARE = 1 / 8;

/**
 * Measures the block that is being committed: from the block before it, or from when its view or
 * the oldest request began to wait. Blocks that nobody waited for say nothing.
 *
 * @param lastBlockAtMs - When the block before it was committed here, monotonic.
 */
export function measureBlock({ views, pool, moment }: ReplicaParts, lastBlockAtMs: number): void {
  const oldest = pool.oldestReady();
  if (!oldest) return;
  const sinceMs = Math.max(lastBlockAtMs, views.enteredAtMs, oldest.sinceMs);
  const tookMs = Math.max(0, moment().monotonicMs - sinceMs);
  const fasterMs = Math.max(0, views.blockMs - tookMs);
  views.blockMs = Math.max(tookMs, views.blockMs - fasterMs * FORGOTTEN_SHARE);
}

/** How long to wait for a view to serve before the next one. */
export function viewTimeoutMs({ settings, views }: ReplicaParts): number {
  const { requestTimeoutMs, maxTimeoutMs, maxPaceTimeoutMs } = settings;
  const pacedMs = Math.min(maxPaceTimeoutMs, BLOCKS_PER_TIMEOUT * views.blockMs);
  const firstMs = Math.max(requestTimeoutMs, pacedMs);
  return Math.min(maxTimeoutMs, firstMs * 2 ** Math.min(views.failedViews, 32));
}
