/**
 * Everybody who is ever part of a simulated network: identifiers, sessions, adversaries.
 *
 * All nodes of a run, those that join later included, are drawn at once and sorted by identifier,
 * so that "the nodes under this prefix" is a range of indices. Arrays of numbers, one entry per
 * node; a node is its index.
 *
 * Identifiers have 53 random bits in place of 256: XOR distances are then whole numbers that a
 * double holds exactly. Two of 2 x 10^6 nodes share one with a probability of less than 3 x 10^-4,
 * and would then only tie.
 *
 * Sessions are exponential: who has been there for long is as likely to leave as who just came. In
 * the public IPFS network half of the new peers were gone after two hours (ProbeLab, RFM 2), while
 * some stayed for weeks; a real network of the same churn therefore has a steadier core than this
 * one. Nodes leave without notice, and nobody comes back.
 *
 * @module
 */

import type { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';

const HIGH_BITS = 32;
const LOW_BITS = 21;
/** Bits of an identifier. */
export const ID_BITS = HIGH_BITS + LOW_BITS;
const LOW_RANGE = 2 ** LOW_BITS;
const HIGH_RANGE = 2 ** HIGH_BITS;

/** A point of the identifier space, in two words. */
export interface Key {
  readonly high: number;
  readonly low: number;
}

/** What a population is drawn from. */
export interface PopulationInit {
  /** Nodes at the beginning; as many join per hour as are expected to leave. */
  readonly nodes: number;
  /** Expected departures per hour as a share of the nodes. */
  readonly churnPerHour: number;
  /** Simulated time, beginning at 0. */
  readonly hours: number;
  /** Share of the nodes that are adversaries, placed uniformly. */
  readonly adversaryShare: number;
  /** Of the first honest nodes, so many never leave: publishers whose records must be found. */
  readonly publishers: number;
}

/** A uniform key. */
export function randomKey(random: SeededRandom): Key {
  return { high: random.integer(HIGH_RANGE) | 0, low: random.integer(LOW_RANGE) };
}

/** The nodes of a run. */
export class Population {
  /** Nodes that are ever there. */
  readonly size: number;
  /** Identifiers: the upper 32 bits, signed as XOR makes them, and the lower 21. */
  readonly high: Int32Array;
  readonly low: Int32Array;
  readonly isAdversary: Uint8Array;
  /** 1 while a node is there. */
  readonly isLive: Uint8Array;
  readonly publishers: readonly number[];
  readonly #ids: Float64Array;
  readonly #joinOrder: Int32Array;
  readonly #joinsAtHours: Float64Array;
  readonly #leaveOrder: Int32Array;
  readonly #leavesAtHours: Float64Array;
  readonly #random: SeededRandom;
  #joined: number;
  #left = 0;

  /** @param random - Also drawn from by the draws among live nodes, later. */
  constructor(init: PopulationInit, random: SeededRandom) {
    const joiners = Math.round(init.nodes * init.churnPerHour * init.hours);
    this.size = init.nodes + joiners;
    this.#random = random;
    this.#ids = drawIds(this.size, random);
    this.high = Int32Array.from(this.#ids, (id) => Math.floor(id / LOW_RANGE) | 0);
    this.low = Int32Array.from(this.#ids, (id) => id % LOW_RANGE);
    this.#joinOrder = shuffledIndices(this.size, random);
    this.#joined = init.nodes;
    this.#joinsAtHours = Float64Array.from(
      { length: joiners },
      () => random.uniform() * init.hours,
    );
    this.#joinsAtHours.sort();
    this.isLive = new Uint8Array(this.size);
    for (let i = 0; i < init.nodes; i++) this.isLive[this.#joinOrder[i]!] = 1;
    this.isAdversary = Uint8Array.from({ length: this.size }, () =>
      random.uniform() < init.adversaryShare ? 1 : 0,
    );
    this.publishers = this.#choosePublishers(init);
    this.#leavesAtHours = this.#drawDepartures(init);
    this.#leaveOrder = this.#departuresUntil(init.hours);
  }

  #choosePublishers(init: PopulationInit): number[] {
    const chosen: number[] = [];
    for (let i = 0; i < init.nodes && chosen.length < init.publishers; i++) {
      const node = this.#joinOrder[i]!;
      if (this.isAdversary[node] === 0) chosen.push(node);
    }
    return chosen;
  }

  #drawDepartures(init: PopulationInit): Float64Array {
    const leavesAtHours = new Float64Array(this.size).fill(Infinity);
    if (init.churnPerHour === 0) return leavesAtHours;
    // The others leave the more often, so that all together keep the stated rate.
    const leaving = init.nodes - this.publishers.length;
    const leavesPerHour = (init.churnPerHour * init.nodes) / leaving;
    for (let i = 0; i < this.size; i++) {
      const fromHours = i < init.nodes ? 0 : this.#joinsAtHours[i - init.nodes]!;
      const sessionHours = -Math.log(1 - this.#random.uniform()) / leavesPerHour;
      leavesAtHours[this.#joinOrder[i]!] = fromHours + sessionHours;
    }
    for (const node of this.publishers) leavesAtHours[node] = Infinity;
    return leavesAtHours;
  }

  #departuresUntil(hours: number): Int32Array {
    const leaving: number[] = [];
    for (let node = 0; node < this.size; node++) {
      if (this.#leavesAtHours[node]! < hours) leaving.push(node);
    }
    leaving.sort((a, b) => this.#leavesAtHours[a]! - this.#leavesAtHours[b]!);
    return Int32Array.from(leaving);
  }

  /** Takes away the nodes that leave until then. @returns them. */
  leaveUntil(hours: number): Int32Array {
    const from = this.#left;
    while (this.#left < this.#leaveOrder.length) {
      const node = this.#leaveOrder[this.#left]!;
      if (this.#leavesAtHours[node]! > hours) break;
      this.isLive[node] = 0;
      this.#left++;
    }
    return this.#leaveOrder.subarray(from, this.#left);
  }

  /**
   * Nodes that join until then. Each is there once {@link enter} was called for it. One that has
   * left again within the same step is passed over.
   */
  joinersUntil(hours: number): number[] {
    const nodes: number[] = [];
    const initial = this.size - this.#joinsAtHours.length;
    while (this.#joined < this.size) {
      if (this.#joinsAtHours[this.#joined - initial]! > hours) break;
      const node = this.#joinOrder[this.#joined++]!;
      if (this.#leavesAtHours[node]! > hours) nodes.push(node);
    }
    return nodes;
  }

  /** A node is there from now on. */
  enter(node: number): void {
    this.isLive[node] = 1;
  }

  /** XOR distance of a node to a key. */
  distance(node: number, high: number, low: number): number {
    return ((this.high[node]! ^ high) >>> 0) * LOW_RANGE + (this.low[node]! ^ low);
  }

  /** Indices from..to of all nodes, live or not, whose identifier begins with a prefix. */
  range(
    prefix: number,
    bits: number,
    near: number,
  ): { readonly from: number; readonly to: number } {
    const width = 2 ** (ID_BITS - bits);
    const start = Math.floor((prefix >>> 0) / 2 ** (HIGH_BITS - bits)) * width;
    const from = this.#lowerBound(start, near);
    return { from, to: this.#lowerBound(start + width, from) };
  }

  /** A live node of a range, uniform; -1 after so many draws that hit none. */
  drawLive(from: number, to: number, draws: number): number {
    for (let i = 0; i < draws; i++) {
      const node = from + this.#random.integer(to - from);
      if (this.isLive[node] === 1) return node;
    }
    return -1;
  }

  /** Live nodes of a range. */
  countLive(from: number, to: number): number {
    let count = 0;
    for (let node = from; node < to; node++) count += this.isLive[node]!;
    return count;
  }

  /** The live nodes of a range in random order, written to `out`. @returns how many. */
  shuffleLive(from: number, to: number, out: Int32Array): number {
    let count = 0;
    for (let node = from; node < to; node++) {
      if (this.isLive[node] === 0) continue;
      const place = this.#random.integer(count + 1);
      out[count++] = out[place]!;
      out[place] = node;
    }
    return count;
  }

  /** A live honest node, uniform. */
  randomHonest(): number {
    for (;;) {
      const node = this.drawLive(0, this.size, this.size);
      if (this.isAdversary[node] === 0) return node;
    }
  }

  /**
   * The live nodes closest to a key, closest first.
   *
   * @param onlyAdversaries - Leaves the others out.
   */
  closestLive(key: Key, count: number, onlyAdversaries = false): number[] {
    const isWanted = (node: number): boolean =>
      this.isLive[node] === 1 && (!onlyAdversaries || this.isAdversary[node] === 1);
    let found: number[] = [];
    let bits = Math.max(0, Math.floor(Math.log2(this.size / count)));
    for (; bits >= 0; bits--) {
      const { from, to } = this.range(key.high, bits, 0);
      found = [];
      for (let node = from; node < to; node++) if (isWanted(node)) found.push(node);
      if (found.length >= count) break;
    }
    const far = (node: number): number => this.distance(node, key.high, key.low);
    return found.sort((a, b) => far(a) - far(b)).slice(0, count);
  }

  /** First index whose identifier is not below `id`, found by strides from `near`. */
  #lowerBound(id: number, near: number): number {
    const ids = this.#ids;
    let low = Math.min(near, this.size);
    let high = low;
    for (let stride = 1; low > 0 && ids[low - 1]! >= id; stride *= 2) {
      high = low;
      low = Math.max(0, low - stride);
    }
    for (let stride = 1; high < this.size && ids[high]! < id; stride *= 2) {
      low = high + 1;
      high = Math.min(this.size, high + stride);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function drawIds(size: number, random: SeededRandom): Float64Array {
  const ids = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    ids[i] = random.integer(HIGH_RANGE) * LOW_RANGE + random.integer(LOW_RANGE);
  }
  return ids.sort();
}

function shuffledIndices(size: number, random: SeededRandom): Int32Array {
  const indices = Int32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = indices[i]!;
    indices[i] = indices[j]!;
    indices[j] = held;
  }
  return indices;
}
