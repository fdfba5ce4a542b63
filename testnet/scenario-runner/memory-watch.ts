/**
 * How the memory of nodes grows over a long run. A process is measured from the end of its warm-up
 * to its end; a node that is started anew is another process, with a warm-up of its own.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { StatusDocument } from '../../node/api-documents.ts';
import { systemClock } from '../../node/system-clock.ts';
import type { NodeProcess } from '../node-process.ts';
import { quantile } from './measurements.ts';

/** A process with fewer samples after its warm-up says nothing. */
const LEAST_SAMPLES = 12;
const ANSWER_TIMEOUT_MS = 5_000;

/** How often is looked, and what is left out. */
export interface MemoryWatchInit {
  readonly everyMs: number;
  /** Of each process, since it is first seen. */
  readonly warmupMs: number;
}

/**
 * Growth in percent: the median of the last third of the samples, above that of the first third.
 *
 * @returns `undefined` for fewer than {@link LEAST_SAMPLES} samples.
 */
export function growthPercent(megabytes: readonly number[]): number | undefined {
  if (megabytes.length < LEAST_SAMPLES) return undefined;
  const third = Math.floor(megabytes.length / 3);
  const medianOf = (part: readonly number[]): number =>
    quantile(
      [...part].sort((a, b) => a - b),
      0.5,
    );
  const first = medianOf(megabytes.slice(0, third));
  return (100 * (medianOf(megabytes.slice(-third)) - first)) / first;
}

/** One process. */
interface Watched {
  readonly sinceMs: number;
  readonly megabytes: number[];
}

/** The samples of one run. */
export class MemoryWatch {
  readonly #init: MemoryWatchInit;
  /** By node and process id. */
  readonly #watched = new Map<string, Watched>();

  constructor(init: MemoryWatchInit) {
    this.#init = init;
  }

  /** Looks until the signal. @param nodes - Those that answer now; others are left out. */
  async run(nodes: () => readonly NodeProcess[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(nodes().map((node) => this.#look(node)));
      await delay(this.#init.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look({ name, pid, api }: NodeProcess): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const status = await api.get<StatusDocument>('/v1/status', { signal }).catch(() => undefined);
    if (status) this.note(`${name}/${pid}`, status.memoryRssMegabytes, systemClock.monotonicMs());
  }

  /** A sample of one process. */
  note(process: string, megabytes: number, nowMs: number): void {
    const watched = this.#watched.get(process) ?? { sinceMs: nowMs, megabytes: [] };
    this.#watched.set(process, watched);
    if (nowMs - watched.sinceMs >= this.#init.warmupMs) watched.megabytes.push(megabytes);
  }

  /** Of the processes that lived long enough: how many, and how much the worst of them grew. */
  figures(): Readonly<Record<string, number>> {
    const growths = [...this.#watched.values()].flatMap(
      ({ megabytes }) => growthPercent(megabytes) ?? [],
    );
    if (growths.length === 0) return { memoryWatched: 0 };
    return {
      memoryWatched: growths.length,
      memoryGrowthPercent: Math.round(100 * Math.max(...growths)) / 100,
    };
  }
}
