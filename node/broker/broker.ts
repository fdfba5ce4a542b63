/**
 * The role of a broker: an index of the records that the node hears, agents outside the network,
 * and quotes of the market (paper III-A, III-C, VI-G). It answers `/coalesce/query/1.0.0`.
 *
 * A node hears the records that others store on it and those that its own searches fetch. So a
 * broker also searches, one root of the vocabulary after the other.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { BrokerAnswer, BrokerQuestion } from '../../protocols/broker/messages.ts';
import type { RecordIndex } from '../../protocols/broker/record-index.ts';
import { questionAbout } from '../../protocols/skill-discovery/find-contractors.ts';
import type { Search } from '../../protocols/skill-discovery/search-cache.ts';
import { ancestorsOf } from '../../protocols/skill-discovery/terms.ts';
import { CONCEPTS } from '../skills/vocabulary.ts';
import type { MarketMaker } from './market-maker.ts';
import type { OutsideAgents } from './outside-agents.ts';

/**
 * Between two searches: all some fifty roots are asked for within ten minutes; the first time, when
 * the index is empty, within one.
 */
const SEARCH_PAUSE_MS = 10_000;
const FIRST_SEARCH_PAUSE_MS = 500;
const MARKET_PAUSE_MS = 10_000;
const OUTSIDE_PAUSE_MS = 3_600_000;

/** What a broker is handed. */
export interface BrokerComponents {
  readonly index: RecordIndex;
  readonly market: MarketMaker;
  readonly outside: OutsideAgents;
  /** Looks in the DHT; what it finds comes into the index by the record guard. */
  readonly search: Search;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** First segments of the vocabulary, under which everything below them is found. */
export function vocabularyRoots(): readonly string[] {
  return [...new Set(CONCEPTS.map(({ term }) => ancestorsOf(term).at(-1) ?? term))];
}

/** A broker. */
export class Broker {
  readonly #components: BrokerComponents;
  readonly #stopped = new AbortController();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #roots = vocabularyRoots();
  /** Searches so far in which somebody could be asked, or that failed. */
  #searched = 0;

  constructor(components: BrokerComponents) {
    this.#components = components;
  }

  /** What it has for a question: from memory alone. */
  readonly answer = (question: BrokerQuestion): BrokerAnswer => {
    const { index, market, outside, clock } = this.#components;
    const { records, left } = index.find(question, nowSeconds(clock));
    const { keys } = question;
    return { records, left, outside: outside.find(keys), quotes: market.quotesFor(keys) };
  };

  /** Begins to search, and to ask for quotes and cards. */
  start(): void {
    const { index, market, outside, clock } = this.#components;
    const { signal } = this.#stopped;
    const every = (pauseMs: number, step: () => Promise<void>): void => {
      this.#timers.push(setInterval(() => void this.#quietly(step), pauseMs).unref());
    };
    void outside.refresh(signal);
    every(OUTSIDE_PAUSE_MS, () => outside.refresh(signal));
    every(MARKET_PAUSE_MS, async () => {
      index.sweep(nowSeconds(clock));
      await market.refresh(signal);
    });
    void this.#searchOn(signal);
  }

  stop(): void {
    this.#stopped.abort();
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Searches for one root after the other until the broker stops. */
  async #searchOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#quietly(() => this.#searchNext(signal));
      const isFirstRound = this.#searched < this.#roots.length;
      const pauseMs = isFirstRound ? FIRST_SEARCH_PAUSE_MS : SEARCH_PAUSE_MS;
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #searchNext(signal: AbortSignal): Promise<void> {
    const root = this.#roots[this.#searched++ % this.#roots.length]!;
    const { asked } = await this.#components.search(questionAbout(root), { signal });
    if (asked === 0) this.#searched -= 1; // nobody could be asked yet
  }

  async #quietly(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#components.logger.warn({ err: error }, 'A round of the broker failed.');
    }
  }
}
