/**
 * The machine's clock, its random source and the processor time of this process, for everything
 * that is handed one of them.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Clock, Random } from '../protocols/components.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
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
