/**
 * The machine's clock, its random source and the processor time of this process, for everything
 * that is handed one of them.
 *
 * @module
 */

import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Clock, Random } from '../protocols/components.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Random bytes drawn at once, since each draw costs some microseconds; and who takes of them. */
const POOL_BYTES = 4_096;
const MAX_POOLED_BYTES = 64;
const pool = new Uint8Array(POOL_BYTES);
let poolUsed = POOL_BYTES;

/** The system's random source. */
export const systemRandom: Random = {
  bytes: (length) => {
    if (length > MAX_POOLED_BYTES) return randomFillSync(new Uint8Array(length));
    if (poolUsed + length > POOL_BYTES) {
      randomFillSync(pool);
      poolUsed = 0;
    }
    const bytes = pool.slice(poolUsed, poolUsed + length);
    // Handed out once: no copy of a key stays behind.
    pool.fill(0, poolUsed, poolUsed + length);
    poolUsed += length;
    return bytes;
  },
};

/** Processor time of this process. */
export interface Processor {
  /** Seconds since the start of the process, of all its threads. */
  seconds(): number;
}

export const systemProcessor: Processor = {
  seconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
};
