/**
 * The routing tables of all nodes that are there: buckets of 20 entries in one array.
 *
 * A table is either filled by real joins ({@link RoutingTables.add}) or drawn: each bucket gets
 * nodes that are live, uniform under the bucket's prefix, which is what many lookups leave behind
 * in a network at rest. Filling 10^5 tables by joins alone would take most of the run. The
 * refresh of a table is drawn in the same way: entries found dead go, live ones are drawn in their
 * place. What a refresh costs in messages is not counted.
 *
 * @module
 */

import type { Population } from './population.ts';
import { K } from './table-shape.ts';
import type { TableShape } from './table-shape.ts';

const NO_ROW = -1;
/** Ranges of up to so many nodes are gone through in place of drawing from them. */
const SMALL_RANGE = 4 * K;
/** Draws per missing entry before a bucket is left with a gap until the next refresh. */
const DRAWS_PER_ENTRY = 16;
/** Entries that kad-dht pings when a newcomer meets a full bucket, and newcomers per refresh. */
const PINGED_ENTRIES = 3;
const NEWCOMERS_PER_REFRESH = 4;
/** Entries, their count and the range. */
const BYTES_PER_BUCKET = 4 * K + 1 + 8;

/** Bytes that the tables of so many nodes take. */
export function tableBytes(shape: TableShape, nodes: number): number {
  return nodes * shape.buckets * BYTES_PER_BUCKET;
}

/** All tables. */
export class RoutingTables {
  readonly shape: TableShape;
  readonly #population: Population;
  /** Row of each node's table; rows of nodes that left go to those that join. */
  readonly #rowOf: Int32Array;
  readonly #freeRows: number[] = [];
  #usedRows = 0;
  readonly #rows: number;
  /** Entries in the order they were added, oldest first. */
  readonly #entries: Int32Array;
  readonly #counts: Uint8Array;
  /** The nodes that each bucket could hold: a range of indices. */
  readonly #rangeFrom: Int32Array;
  readonly #rangeTo: Int32Array;
  readonly #gathered = new Int32Array(64 * K);
  readonly #distances = new Float64Array(64 * K);

  /** @param rows - Tables that can be there at a time. */
  constructor(population: Population, shape: TableShape, rows: number) {
    this.#population = population;
    this.shape = shape;
    this.#rows = rows;
    this.#rowOf = new Int32Array(population.size).fill(NO_ROW);
    this.#entries = new Int32Array(rows * shape.buckets * K);
    this.#counts = new Uint8Array(rows * shape.buckets);
    this.#rangeFrom = new Int32Array(rows * shape.buckets);
    this.#rangeTo = new Int32Array(rows * shape.buckets);
  }

  /** An empty table for a node. @throws {@link RangeError} when all rows are taken. */
  open(node: number): void {
    const row = this.#freeRows.pop() ?? this.#usedRows++;
    if (row >= this.#rows) throw new RangeError(`"rows" expected more than ${this.#rows}`);
    this.#rowOf[node] = row;
    const { shape } = this;
    const ownerHigh = this.#population.high[node]!;
    for (let number = 0; number < shape.buckets; number++) {
      const bucket = row * shape.buckets + number;
      const prefix = shape.prefixOf(ownerHigh, number);
      const { from, to } = this.#population.range(prefix, shape.prefixBits(number), node);
      this.#counts[bucket] = 0;
      this.#rangeFrom[bucket] = from;
      this.#rangeTo[bucket] = to;
    }
  }

  /** The node is gone. Nothing happens if it has no table. */
  close(node: number): void {
    const row = this.#rowOf[node]!;
    if (row === NO_ROW) return;
    this.#freeRows.push(row);
    this.#rowOf[node] = NO_ROW;
  }

  /**
   * Offers `other` to the table of `owner`, who has just heard from it. A full bucket takes it only
   * if one of its oldest entries is dead.
   */
  add(owner: number, other: number): void {
    if (owner === other || this.#rowOf[owner] === NO_ROW) return;
    const { high } = this.#population;
    const bucket = this.#bucketIndex(owner, this.shape.bucketOf(high[owner]!, high[other]!));
    if (this.#holds(bucket, other)) return;
    if (this.#counts[bucket] === K) {
      this.#dropDead(bucket, this.shape.eviction === 'on-time-out' ? 1 : PINGED_ENTRIES);
    }
    if (this.#counts[bucket]! < K) this.#push(bucket, other);
  }

  /** `owner` asked `other` in vain. */
  timedOut(owner: number, other: number): void {
    if (this.shape.eviction !== 'on-time-out' || this.#rowOf[owner] === NO_ROW) return;
    const { high } = this.#population;
    const bucket = this.#bucketIndex(owner, this.shape.bucketOf(high[owner]!, high[other]!));
    const from = bucket * K;
    for (let i = from; i < from + this.#counts[bucket]!; i++) {
      if (this.#entries[i] !== other) continue;
      this.#entries.copyWithin(i, i + 1, from + this.#counts[bucket]!);
      this.#counts[bucket]!--;
      return;
    }
  }

  /** Tests entries as the shape's rule says, and fills the gaps with live nodes. */
  refresh(owner: number): void {
    const isPinging = this.shape.eviction === 'three-oldest';
    for (let number = 0; number < this.shape.buckets; number++) {
      const bucket = this.#bucketIndex(owner, number);
      if (!isPinging) {
        this.#dropDead(bucket, K);
      } else if (this.#counts[bucket] === K) {
        let dropped = PINGED_ENTRIES;
        for (let i = 0; i < NEWCOMERS_PER_REFRESH && dropped > 0; i++) {
          dropped = this.#dropDead(bucket, PINGED_ENTRIES);
        }
      }
      if (this.#counts[bucket]! < K) this.#fill(owner, bucket);
    }
  }

  /**
   * The k entries of `owner` closest to a key, in no order, without `asker`.
   *
   * @param out - Gets them. @returns how many.
   */
  closest(owner: number, high: number, low: number, asker: number, out: Int32Array): number {
    const ownerHigh = this.#population.high[owner]!;
    const gathered = this.#gathered;
    let count = 0;
    for (let turn = 0; turn < this.shape.buckets; turn++) {
      const bucket = this.#bucketIndex(owner, this.shape.bucketInTurn(ownerHigh, high, turn));
      const from = bucket * K;
      for (let i = from; i < from + this.#counts[bucket]!; i++) {
        const entry = this.#entries[i]!;
        if (entry !== asker) gathered[count++] = entry;
      }
      if (count >= K && this.shape.isTurnFinal(ownerHigh, high, turn)) break;
    }
    if (count > K) this.#moveClosestToFront(count, high, low);
    const kept = Math.min(count, K);
    for (let i = 0; i < kept; i++) out[i] = gathered[i]!;
    return kept;
  }

  /** Buckets of a node, as copies. */
  buckets(owner: number): number[][] {
    return Array.from({ length: this.shape.buckets }, (_, number) => {
      const bucket = this.#bucketIndex(owner, number);
      return [...this.#entries.subarray(bucket * K, bucket * K + this.#counts[bucket]!)];
    });
  }

  #bucketIndex(owner: number, number: number): number {
    return this.#rowOf[owner]! * this.shape.buckets + number;
  }

  #holds(bucket: number, node: number): boolean {
    const from = bucket * K;
    for (let i = from; i < from + this.#counts[bucket]!; i++) {
      if (this.#entries[i] === node) return true;
    }
    return false;
  }

  #push(bucket: number, node: number): void {
    this.#entries[bucket * K + this.#counts[bucket]!++] = node;
  }

  /** Drops the dead among the first `tested` entries. @returns how many it dropped. */
  #dropDead(bucket: number, tested: number): number {
    const entries = this.#entries;
    const { isLive } = this.#population;
    const from = bucket * K;
    const end = from + this.#counts[bucket]!;
    const testedEnd = Math.min(end, from + tested);
    let kept = from;
    // Mostly nobody is dead: nothing is written then.
    while (kept < testedEnd && isLive[entries[kept]!] === 1) kept++;
    if (kept === testedEnd) return 0;
    for (let i = kept; i < end; i++) {
      const entry = entries[i]!;
      if (i >= testedEnd || isLive[entry] === 1) entries[kept++] = entry;
    }
    this.#counts[bucket] = kept - from;
    return end - kept;
  }

  #fill(owner: number, bucket: number): void {
    const population = this.#population;
    const from = this.#rangeFrom[bucket]!;
    const to = this.#rangeTo[bucket]!;
    if (to - from <= SMALL_RANGE) {
      const isOwnerIn = owner >= from && owner < to;
      const others = population.countLive(from, to) - (isOwnerIn ? 1 : 0);
      if (others > this.#counts[bucket]!) this.#fillFromSmall(owner, bucket, from, to);
      return;
    }
    for (let draws = DRAWS_PER_ENTRY * K; draws > 0 && this.#counts[bucket]! < K; draws--) {
      const node = population.drawLive(from, to, 1);
      if (node >= 0 && node !== owner && !this.#holds(bucket, node)) this.#push(bucket, node);
    }
  }

  #fillFromSmall(owner: number, bucket: number, from: number, to: number): void {
    const count = this.#population.shuffleLive(from, to, this.#gathered);
    for (let i = 0; i < count && this.#counts[bucket]! < K; i++) {
      const node = this.#gathered[i]!;
      if (node !== owner && !this.#holds(bucket, node)) this.#push(bucket, node);
    }
  }

  /** Insertion sort: what is gathered is seldom more than two buckets. */
  #moveClosestToFront(count: number, high: number, low: number): void {
    const gathered = this.#gathered;
    const distances = this.#distances;
    for (let i = 0; i < count; i++) {
      const node = gathered[i]!;
      const distance = this.#population.distance(node, high, low);
      let j = Math.min(i, K);
      // Of what lies behind the first k nothing is kept.
      if (j === K && distance >= distances[K - 1]!) continue;
      if (j === K) j = K - 1;
      for (; j > 0 && distances[j - 1]! > distance; j--) {
        distances[j] = distances[j - 1]!;
        gathered[j] = gathered[j - 1]!;
      }
      distances[j] = distance;
      gathered[j] = node;
    }
  }
}
