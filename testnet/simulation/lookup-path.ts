/**
 * One of the disjoint paths of a lookup: whom it will ask, whom it waits for, and the closest nodes
 * that have answered it. After kad-dht 16.4.5, query/query-path.ts: a path asks the closest known
 * node first, has `alpha` requests under way at most, and ends when nobody is left that could enter
 * its list of the closest.
 *
 * @module
 */

/** A path. Made once and used for one lookup after the other. */
export class LookupPath {
  readonly #alpha: number;
  readonly #listSize: number;
  /** Known nodes that were not asked yet, farthest first. */
  readonly #queue: number[] = [];
  readonly #queueDistances: number[] = [];
  readonly #queueDepths: number[] = [];
  /** Distances of the closest that answered, closest first. */
  readonly #closest: number[] = [];
  /** Rounds at which requests to dead nodes are given up, in order. */
  readonly #timeOuts: number[] = [];
  #underWay = 0;
  /** Of the node that {@link next} took last. */
  depth = 0;
  distance = 0;

  constructor(alpha: number, listSize: number) {
    this.#alpha = alpha;
    this.#listSize = listSize;
  }

  reset(): void {
    this.#queue.length = 0;
    this.#queueDistances.length = 0;
    this.#queueDepths.length = 0;
    this.#closest.length = 0;
    this.#timeOuts.length = 0;
    this.#underWay = 0;
  }

  /** Whether a node at this distance could enter the list of the closest. */
  canAdd(distance: number): boolean {
    const { length } = this.#closest;
    return length < this.#listSize || distance < this.#closest[length - 1]!;
  }

  /** Puts a node in the queue. */
  enqueue(node: number, distance: number, depth: number): void {
    let i = this.#queue.length;
    this.#queue.push(node);
    this.#queueDistances.push(distance);
    this.#queueDepths.push(depth);
    for (; i > 0 && this.#queueDistances[i - 1]! < distance; i--) {
      this.#queue[i] = this.#queue[i - 1]!;
      this.#queueDistances[i] = this.#queueDistances[i - 1]!;
      this.#queueDepths[i] = this.#queueDepths[i - 1]!;
    }
    this.#queue[i] = node;
    this.#queueDistances[i] = distance;
    this.#queueDepths[i] = depth;
  }

  /** Takes the next node to ask; -1 if there is none, or as many as allowed are under way. */
  next(): number {
    while (this.#underWay < this.#alpha && this.#queue.length > 0) {
      const node = this.#queue.pop()!;
      this.distance = this.#queueDistances.pop()!;
      this.depth = this.#queueDepths.pop()!;
      if (!this.canAdd(this.distance)) continue;
      this.#underWay++;
      return node;
    }
    return -1;
  }

  /** A node has answered. */
  answered(distance: number): void {
    this.#underWay--;
    if (!this.canAdd(distance)) return;
    let i = Math.min(this.#closest.length, this.#listSize - 1);
    for (; i > 0 && this.#closest[i - 1]! > distance; i--) this.#closest[i] = this.#closest[i - 1]!;
    this.#closest[i] = distance;
  }

  /** The node that was asked last will not answer; it is waited for until then. */
  waitUntil(round: number): void {
    this.#timeOuts.push(round);
  }

  /** Ends the waits that are over. @returns when the next one is; Infinity if there is none. */
  endWaits(round: number): number {
    while (this.#timeOuts.length > 0 && this.#timeOuts[0]! <= round) {
      this.#timeOuts.shift();
      this.#underWay--;
    }
    return this.#timeOuts[0] ?? Infinity;
  }
}
