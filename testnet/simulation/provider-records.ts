/**
 * Provider records: who stores which key, since when. A record is stored on the k closest nodes
 * that a lookup found, is published anew at an interval, and is dropped by its holders after its
 * validity; a holder that leaves takes it along. The holders of earlier rounds keep theirs until
 * then, so a key has more than k holders for most of the time, as with kad-dht.
 *
 * @module
 */

import type { Lookups } from './lookup.ts';
import type { Key, Population } from './population.ts';
import { randomKey } from './population.ts';
import type { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';

interface Publication {
  readonly atHours: number;
  readonly holders: readonly number[];
}

/** One key, its publisher and where its records are. */
export interface PublishedKey {
  readonly key: Key;
  readonly publisher: number;
  /** Still valid, oldest first. */
  publications: Publication[];
  nextHours: number;
}

/** How long records live. */
export interface RecordTimes {
  readonly validityHours: number;
  /** Infinity: published once and never again. */
  readonly republishHours: number;
}

/** As the node configures kad-dht: 2 h, anew once less than one is left, looked at every 10 min. */
export const NODE_RECORD_TIMES: RecordTimes = { validityHours: 2, republishHours: 7 / 6 };

/** The records of all keys. */
export class ProviderRecords {
  readonly keys: readonly PublishedKey[];
  readonly #population: Population;
  readonly #times: RecordTimes;

  /** One key per publisher, each published for the first time within `spreadHours`. */
  constructor(
    population: Population,
    random: SeededRandom,
    times: RecordTimes,
    spreadHours: number,
  ) {
    this.#population = population;
    this.#times = times;
    this.keys = population.publishers.map((publisher) => ({
      key: randomKey(random),
      publisher,
      publications: [],
      nextHours: random.uniform() * spreadHours,
    }));
  }

  /** Publishes the keys that are due. */
  publishUntil(hours: number, lookups: Lookups): void {
    for (const entry of this.keys) {
      if (entry.nextHours > hours) continue;
      const { closest } = lookups.run(entry.publisher, entry.key);
      entry.publications = entry.publications.filter((one) => this.#isValid(one, hours));
      entry.publications.push({ atHours: hours, holders: closest });
      entry.nextHours = hours + this.#times.republishHours;
    }
  }

  /** The honest nodes that hold a key then, whether they are still there or not. */
  holders(entry: PublishedKey, hours: number): Set<number> {
    const valid = entry.publications.filter((one) => this.#isValid(one, hours));
    const nodes = valid.flatMap(({ holders }) => holders);
    return new Set(nodes.filter((node) => this.#population.isAdversary[node] === 0));
  }

  #isValid(publication: Publication, hours: number): boolean {
    return hours - publication.atHours < this.#times.validityHours;
  }
}
