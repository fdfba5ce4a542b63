/**
 * Links that lose, delay, duplicate and reorder, and that can be cut in one direction only. Once it
 * is healed a link still delays and reorders, within a bound, and loses nothing.
 *
 * @module
 */

import type { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';

/** What a network does to messages until it is healed. */
export interface NetworkFaults {
  readonly lossShare: number;
  readonly duplicateShare: number;
  /** Share of messages that take far longer than the others. */
  readonly lateShare: number;
  readonly maxLateMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** How often a set of links is cut, and for how long at most. */
  readonly cutIntervalMs: number;
  readonly maxCutMs: number;
  /**
   * How often votes and blocks are lost while everything else passes, and for how long at most: one
   * replica commits, or prepares, what the others do not. 0: never.
   */
  readonly hushIntervalMs: number;
  readonly maxHushMs: number;
}

/** Share of links that carry no messages of a kind in a hush: one of these, drawn each time. */
const HUSHED = {
  prepare: [0.2, 0.4],
  commit: [0.75],
  blocks: [0.9],
  proposal: [0.2],
  view: [0, 0.2],
  other: [0],
} as const;
/** What a hush tells apart. */
export type TrafficKind = keyof typeof HUSHED;

const HEALED_MIN_DELAY_MS = 1;
const HEALED_MAX_DELAY_MS = 20;

export class SimulatedNetwork {
  readonly #size: number;
  readonly #faults: NetworkFaults;
  readonly #random: SeededRandom;
  /** Until when a link is cut, by sender * size + receiver. */
  readonly #cutUntilMs: number[];
  #hushUntilMs = 0;
  /** Links that are mute in the hush, by kind, as above. */
  readonly #muted: Record<TrafficKind, boolean[]>;
  #isHealed = false;

  constructor(size: number, faults: NetworkFaults, random: SeededRandom) {
    this.#size = size;
    this.#faults = faults;
    this.#random = random;
    this.#cutUntilMs = Array.from({ length: size * size }, () => 0);
    this.#muted = { prepare: [], commit: [], blocks: [], proposal: [], view: [], other: [] };
  }

  heal(): void {
    this.#isHealed = true;
    this.#cutUntilMs.fill(0);
  }

  /** When copies of a message arrive: none, one, or two. Milliseconds from now. */
  arrivals(from: number, to: number, kind: TrafficKind, nowMs: number): readonly number[] {
    const random = this.#random;
    if (this.#isHealed) return [this.#delay(HEALED_MIN_DELAY_MS, HEALED_MAX_DELAY_MS)];
    const faults = this.#faults;
    if (nowMs < this.#cutUntilMs[from * this.#size + to]!) return [];
    if (random.uniform() < faults.lossShare) return [];
    if (nowMs < this.#hushUntilMs && this.#muted[kind][from * this.#size + to]!) return [];
    const delays = [this.#faultyDelay()];
    if (random.uniform() < faults.duplicateShare) delays.push(this.#faultyDelay());
    return delays;
  }

  #faultyDelay(): number {
    const { lateShare, maxLateMs, minDelayMs, maxDelayMs } = this.#faults;
    const isLate = this.#random.uniform() < lateShare;
    return this.#delay(minDelayMs, isLate ? maxLateMs : maxDelayMs);
  }

  #delay(minMs: number, maxMs: number): number {
    return minMs + this.#random.integer(maxMs - minMs + 1);
  }

  /** Begins a hush. */
  hush(nowMs: number): void {
    const random = this.#random;
    this.#hushUntilMs = nowMs + 1 + random.integer(this.#faults.maxHushMs);
    const links = this.#size * this.#size;
    for (const kind of Object.keys(HUSHED) as TrafficKind[]) {
      const shares = HUSHED[kind];
      const share = shares[random.integer(shares.length)]!;
      this.#muted[kind] = Array.from({ length: links }, () => random.uniform() < share);
    }
  }

  /** Cuts a random set of links, of a split in two or link by link, in one or both directions. */
  cut(nowMs: number): void {
    if (this.#isHealed) return;
    const random = this.#random;
    const untilMs = nowMs + 1 + random.integer(this.#faults.maxCutMs);
    const isSplit = random.uniform() < 0.6;
    const isOneWay = random.uniform() < 0.4;
    const side = Array.from({ length: this.#size }, () => random.uniform() < 0.5);
    for (let from = 0; from < this.#size; from++) {
      for (let to = 0; to < this.#size; to++) {
        const isCut = isSplit
          ? side[from] !== side[to] && !(isOneWay && side[to])
          : random.uniform() < 0.3;
        if (isCut) this.#cutUntilMs[from * this.#size + to] = untilMs;
      }
    }
  }
}
