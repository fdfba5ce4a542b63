/**
 * The iterative lookup as kad-dht 16.4.5 does it (query/manager.ts and query/query-path.ts): the k
 * closest nodes of the asker's own table are dealt out at random to disjoint paths; no node is
 * asked by two paths; a path follows only nodes that are closer to the key than the one that named
 * them; it ends when nobody is left that could enter its list of the k closest. So each path has a
 * list of its own, and ten paths ask several times as many nodes as one.
 *
 * Time goes in rounds: who is there answers within one, who is gone holds up a place of its path
 * for a time-out. Nothing is lost, nobody is slow or overloaded, and a connection costs nothing.
 *
 * Adversaries know each other. What they do with a question is {@link AdversaryBehaviour}. They
 * store nothing, but are in everybody's tables as others are. They have the identifiers that they
 * were given: such as were ground to lie next to a key are not simulated.
 *
 * @module
 */

import type { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { LookupPath } from './lookup-path.ts';
import type { Key, Population } from './population.ts';
import type { RoutingTables } from './routing-tables.ts';
import { K } from './table-shape.ts';

/**
 * `collude`: name the adversaries closest to the key. `silent`: name nobody. `flood`: collude, and
 * claim twenty providers that are none.
 */
export type AdversaryBehaviour = 'collude' | 'silent' | 'flood';

/** How a node looks up. */
export interface LookupRule {
  /** Requests under way per path. */
  readonly alpha: number;
  readonly paths: number;
  /** Nodes that must have answered before a path can end. k in kad-dht; 1 is a greedy walk. */
  readonly listSize: number;
  /** Ends with twenty named providers, true or not, as the library's `findProviders` does. */
  readonly stopsAtTwentyProviders: boolean;
  /** Rounds after which a request to a dead node is given up. */
  readonly timeOutRounds: number;
  readonly behaviour: AdversaryBehaviour;
}

/**
 * The latency model: an answer takes one round, and this long in a network across the world. The
 * node gives up on a silent peer after 2 s.
 */
export const ROUND_MS = 100;
const TIME_OUT_MS = 2_000;

/** The rule that kad-dht ships. */
export const KAD_DHT_RULE: LookupRule = {
  alpha: 10,
  paths: 10,
  listSize: K,
  stopsAtTwentyProviders: false,
  timeOutRounds: TIME_OUT_MS / ROUND_MS,
  behaviour: 'collude',
};

/** What a lookup found and what it cost. */
export interface LookupOutcome {
  /** The closest nodes that answered, closest first; k at most. */
  readonly closest: readonly number[];
  /** Requests sent, answered or not. */
  readonly requests: number;
  readonly timeOuts: number;
  /** Longest chain of referrals to one of the closest; those that the asker knew have 1. */
  readonly depth: number;
  readonly rounds: number;
  /** The first live holder that answered; undefined if none did. */
  readonly hit: LookupHit | undefined;
}

/** What a lookup had cost when the first holder answered. */
export interface LookupHit {
  readonly depth: number;
  readonly requests: number;
  readonly rounds: number;
}

/** A request under way. */
interface Asked {
  path: LookupPath;
  node: number;
  distance: number;
  depth: number;
}

/** What a lookup may be told. */
export interface LookupOptions {
  /** Whether a node that is asked has the record. */
  readonly isHolder?: (node: number) => boolean;
  /** Nodes to begin with, in place of those in the asker's table. */
  readonly start?: readonly number[];
  /** Both ends of each answered request offer each other to their tables, as kad-dht does. */
  readonly isLearning?: boolean;
}

/** Runs lookups. One at a time: its memory is used again. */
export class Lookups {
  readonly #population: Population;
  readonly #tables: RoutingTables;
  readonly #random: SeededRandom;
  readonly rule: LookupRule;
  readonly #paths: readonly LookupPath[];
  /** Requests of the present round, used again in the next. */
  readonly #asked: readonly Asked[];
  /** Number of the lookup that last saw each node. */
  readonly #seenBy: Int32Array;
  readonly #named = new Int32Array(K);
  #number = 0;

  constructor(
    population: Population,
    tables: RoutingTables,
    random: SeededRandom,
    rule: LookupRule = KAD_DHT_RULE,
  ) {
    this.#population = population;
    this.#tables = tables;
    this.#random = random;
    this.rule = rule;
    this.#paths = Array.from(
      { length: rule.paths },
      () => new LookupPath(rule.alpha, rule.listSize),
    );
    this.#asked = this.#paths.flatMap((path) =>
      Array.from({ length: rule.alpha }, () => ({ path, node: 0, distance: 0, depth: 0 })),
    );
    this.#seenBy = new Int32Array(population.size);
  }

  /** Looks for the nodes closest to a key. */
  run(asker: number, key: Key, options: LookupOptions = {}): LookupOutcome {
    this.#begin(asker, key, options.start);
    const progress = new Progress();
    for (;;) {
      const answers = this.#ask(asker, progress);
      if (answers === 0) {
        const nextRound = this.#nextTimeOut(progress.round);
        if (nextRound === Infinity) break;
        progress.round = nextRound;
        continue;
      }
      progress.round++;
      for (let i = 0; i < answers; i++) this.#hear(asker, key, this.#asked[i]!, progress, options);
      if (progress.isEnded) break;
    }
    return progress.outcome();
  }

  /** Deals out the nodes to begin with. */
  #begin(asker: number, key: Key, start: readonly number[] | undefined): void {
    this.#number++;
    this.#seenBy[asker] = this.#number;
    const count =
      start?.length ?? this.#tables.closest(asker, key.high, key.low, asker, this.#named);
    const nodes = start ? [...start] : Array.from(this.#named.subarray(0, count));
    for (const path of this.#paths) path.reset();
    for (let i = 0; i < count; i++) {
      const j = i + this.#random.integer(count - i);
      const node = nodes[j]!;
      nodes[j] = nodes[i]!;
      this.#seenBy[node] = this.#number;
      const distance = this.#population.distance(node, key.high, key.low);
      this.#paths[i % this.#paths.length]!.enqueue(node, distance, 1);
    }
  }

  /** Each path asks whom it may, the paths taking turns. @returns how many will answer. */
  #ask(asker: number, progress: Progress): number {
    for (const path of this.#paths) path.endWaits(progress.round);
    let answers = 0;
    for (let isAnyAsked = true; isAnyAsked;) {
      isAnyAsked = false;
      for (const path of this.#paths) {
        const node = path.next();
        if (node < 0) continue;
        isAnyAsked = true;
        progress.requests++;
        if (this.#population.isLive[node] === 1) {
          const one = this.#asked[answers++]!;
          one.path = path;
          one.node = node;
          one.distance = path.distance;
          one.depth = path.depth;
        } else {
          progress.timeOuts++;
          path.waitUntil(progress.round + this.rule.timeOutRounds);
          this.#tables.timedOut(asker, node);
        }
      }
    }
    return answers;
  }

  #nextTimeOut(round: number): number {
    return Math.min(...this.#paths.map((path) => path.endWaits(round)));
  }

  /** An answer: who was named joins the path's queue if it is new, and closer than who named it. */
  #hear(asker: number, key: Key, one: Asked, progress: Progress, options: LookupOptions): void {
    const { path, node, distance, depth } = one;
    const isAdversary = this.#population.isAdversary[node] === 1;
    path.answered(distance);
    progress.answered(node, distance, depth);
    if (isAdversary) {
      progress.isEnded ||= this.rule.behaviour === 'flood' && this.rule.stopsAtTwentyProviders;
      if (this.rule.behaviour !== 'silent') {
        progress.colluders ??= this.#population.closestLive(key, K, true);
        for (const named of progress.colluders) this.#consider(key, named, one, depth);
      }
    } else {
      if (options.isHolder?.(node)) progress.hit ??= progress.now(depth);
      const count = this.#tables.closest(node, key.high, key.low, asker, this.#named);
      for (let i = 0; i < count; i++) this.#consider(key, this.#named[i]!, one, depth);
    }
    if (options.isLearning) {
      this.#tables.add(asker, node);
      this.#tables.add(node, asker);
    }
  }

  #consider(key: Key, named: number, by: Asked, depth: number): void {
    if (this.#seenBy[named] === this.#number) return;
    const distance = this.#population.distance(named, key.high, key.low);
    if (distance >= by.distance || !by.path.canAdd(distance)) return;
    this.#seenBy[named] = this.#number;
    by.path.enqueue(named, distance, depth + 1);
  }
}

/** A lookup under way. */
class Progress {
  round = 0;
  requests = 0;
  timeOuts = 0;
  isEnded = false;
  hit: LookupHit | undefined;
  /** The adversaries closest to the key, once somebody asked one. */
  colluders: readonly number[] | undefined;
  /** The closest that answered, closest first, k at most. */
  readonly #closest: number[] = [];
  readonly #distances: number[] = [];
  readonly #depths: number[] = [];

  answered(node: number, distance: number, depth: number): void {
    const { length } = this.#closest;
    if (length === K && distance >= this.#distances[K - 1]!) return;
    let i = Math.min(length, K - 1);
    for (; i > 0 && this.#distances[i - 1]! > distance; i--) {
      this.#closest[i] = this.#closest[i - 1]!;
      this.#distances[i] = this.#distances[i - 1]!;
      this.#depths[i] = this.#depths[i - 1]!;
    }
    this.#closest[i] = node;
    this.#distances[i] = distance;
    this.#depths[i] = depth;
  }

  now(depth: number): LookupHit {
    return { depth, requests: this.requests, rounds: this.round };
  }

  outcome(): LookupOutcome {
    return {
      closest: this.#closest,
      requests: this.requests,
      timeOuts: this.timeOuts,
      depth: Math.max(0, ...this.#depths),
      rounds: this.round,
      hit: this.hit,
    };
  }
}
