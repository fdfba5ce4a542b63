/**
 * One direction of a faulty link: bytes come out in their order, later, slower, or not before a cut
 * is healed.
 *
 * @module
 */

import type { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { Clock } from '../../protocols/components.ts';
import type { LinkState } from './fault-rules.ts';

/** A bit per millisecond is a kilobit per second. */
const BITS_PER_BYTE = 8;

export interface DelayLineInit {
  /** Asked anew for each piece. */
  readonly state: () => LinkState;
  readonly deliver: (piece: Uint8Array) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: SeededRandom;
}

interface Piece {
  readonly bytes: Uint8Array;
  dueMs: number;
}

/** A queue with times. */
export class DelayLine {
  readonly #init: DelayLineInit;
  #queue: Piece[] = [];
  #bytes = 0;
  /** When the last piece has passed the narrowest place. */
  #sentMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void)[] = [];

  constructor(init: DelayLineInit) {
    this.#init = init;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#bytes;
  }

  /** Takes a piece; without a fault it is delivered before this returns. */
  push(bytes: Uint8Array): void {
    const state = this.#init.state();
    const nowMs = this.#init.clock.monotonicMs();
    const transferMs = (bytes.length * BITS_PER_BYTE) / state.kilobitsPerSecond;
    this.#sentMs = Math.max(nowMs, this.#sentMs) + transferMs;
    const jitterMs = state.jitterMs * (2 * this.#init.random.uniform() - 1);
    const dueMs = this.#sentMs + Math.max(0, state.latencyMs + jitterMs);
    const last = this.#queue.at(-1)?.dueMs ?? 0;
    this.#queue.push({ bytes, dueMs: Math.max(dueMs, last) });
    this.#bytes += bytes.length;
    this.#pump();
  }

  /** The link's state has changed: what waits is due no later than if it were sent now. */
  update(): void {
    const { latencyMs, jitterMs, kilobitsPerSecond } = this.#init.state();
    let sentMs = this.#init.clock.monotonicMs();
    for (const piece of this.#queue) {
      sentMs += (piece.bytes.length * BITS_PER_BYTE) / kilobitsPerSecond;
      piece.dueMs = Math.min(piece.dueMs, sentMs + latencyMs + jitterMs);
    }
    this.#sentMs = Math.min(this.#sentMs, sentMs);
    this.#pump();
  }

  /** Resolves once nothing waits. */
  empty(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Drops what waits. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#bytes = 0;
    this.#tellEmpty();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#init.state().isCut) return;
    const nowMs = this.#init.clock.monotonicMs();
    for (let head = this.#queue[0]; head && head.dueMs <= nowMs; head = this.#queue[0]) {
      this.#queue.shift();
      this.#bytes -= head.bytes.length;
      this.#init.deliver(head.bytes);
    }
    const next = this.#queue[0];
    if (next === undefined) this.#tellEmpty();
    else this.#timer = setTimeout(() => this.#pump(), Math.ceil(next.dueMs - nowMs)).unref();
  }

  #tellEmpty(): void {
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}
