/**
 * Quotes that a broker holds: of up to four contractors per term, asked for a task of a nominal
 * size and refreshed before they run out, so that a client that knows nobody sees what the market
 * asks. Each is given back at once: it says a price, and takes no contractor's capacity.
 *
 * A round renews what is held, and then looks around for a while: for what is missing, for one
 * contractor that may be cheaper than the dearest held, and for terms without a market. Identities
 * are free, and those that never answer cost five seconds each: so nobody waits behind them for a
 * renewal, and every contractor and every term has its turn before one that gave nothing is tried
 * again, each time after a longer pause. Of more than {@link MAX_LOOKED_AT} terms chance says which
 * are looked at in a round. A market stands until its last quote has run out. With
 * {@link MAX_TERMS} markets there is no place for another: two identities that answer, with 32
 * invented terms each, can take them all.
 *
 * @module
 */

import type { Clock, Logger, Random } from '../../protocols/components.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { QuoteEvidence } from '../../protocols/broker/messages.ts';
import { MAX_FOUND_QUOTES } from '../../protocols/broker/messages.ts';
import type { IndexedRecord, RecordIndex } from '../../protocols/broker/record-index.ts';
import type { NegotiationClient } from '../../protocols/negotiation/client.ts';
import type { TaskShape } from '../../protocols/negotiation/documents.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import { lotOf } from '../tasks/lot.ts';

/** Contractors of one term whose quotes are held: three, and one more in case one is lost. */
export const QUOTES_PER_TERM = 4;
/** Terms with a market; ancestors of these have none. */
export const MAX_TERMS = 64;
/** Terms without a market that are tried in a round. */
const TRIED_PER_ROUND = 16;
/** Of all, how many are looked at for somebody to ask: peers invent terms by the thousand. */
export const MAX_LOOKED_AT = 512;
/** A quote is asked for anew when it has less than this left. */
const RENEW_BEFORE_SECONDS = 30;
const QUOTE_TIMEOUT_MS = 5_000;
/** How long a round looks around: with the pause between two, less than a renewal may wait. */
const LOOK_AROUND_MS = 10_000;
/** Contractors asked about one term in a round. */
const MAX_ASKED_PER_TERM = 32;
const ASKED_AT_ONCE = 8;
const TERMS_AT_ONCE = 4;
/** How long a contractor is passed over that gave no quote, the first time. */
const FIRST_REST_MS = 120_000;
const MAX_REST_MS = 3_600_000;
/** The same of one that answered when it was asked before: its quote still stands for a while. */
const SLIP_REST_MS = 5_000;
/** Contractors of which it is remembered how they answered; the one asked longest ago goes. */
const MAX_REMEMBERED = 4_096;
const NOMINAL_TASK = { inBytes: 10_000, outMaxBytes: 100_000 } as const;

/** What it is handed. */
export interface MarketMakerComponents {
  readonly index: RecordIndex;
  readonly streams: SecureStreams;
  readonly negotiation: NegotiationClient;
  /** PeerId of this node. */
  readonly self: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface HeldQuote extends QuoteEvidence {
  readonly expSeconds: number;
  readonly priceMicroUsd: number;
}

/** How a contractor answered when it was asked last. */
interface Answering {
  /** Failures since the last quote. */
  readonly failures: number;
  readonly restsUntilMs: number;
  /** Number of the question, of all that were asked; from 1. */
  readonly turn: number;
}

/** What a market wants. */
interface Wish {
  readonly term: string;
  readonly quotes: number;
  /** Whom to ask, in turn. */
  readonly peerIds: readonly string[];
}

/** Holds quotes. */
export class MarketMaker {
  readonly #components: MarketMakerComponents;
  /** By term, then by contractor. */
  readonly #quotes = new Map<string, Map<string, HeldQuote>>();
  /** The one asked longest ago first. */
  readonly #answering = new Map<string, Answering>();
  /** How often a term was tried for which nobody gave a quote, in the order of the trials. */
  readonly #fruitless = new Map<string, number>();
  #turns = 0;
  #rounds = 0;
  #isAsking = false;

  constructor(components: MarketMakerComponents) {
    this.#components = components;
  }

  /** Quotes that are held, those included that are about to be dropped. */
  get quoteCount(): number {
    return [...this.#quotes.values()].reduce((sum, held) => sum + held.size, 0);
  }

  /** Quotes that are valid now for terms among `keys`. */
  quotesFor(keys: readonly string[]): readonly QuoteEvidence[] {
    const now = nowSeconds(this.#components.clock);
    const held = keys.flatMap((key) => [...(this.#quotes.get(key)?.values() ?? [])]);
    return held
      .filter(({ expSeconds }) => expSeconds > now)
      .slice(0, MAX_FOUND_QUOTES)
      .map(({ request, quote }) => ({ request, quote }));
  }

  /** Drops what has run out and asks for what is missing or about to. One round at a time. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#renew(signal);
      await this.#lookAround(signal);
    } finally {
      this.#isAsking = false;
    }
  }

  /** Asks for what is about to run out. */
  async #renew(signal: AbortSignal): Promise<void> {
    const now = nowSeconds(this.#components.clock);
    const due: { readonly term: string; readonly peerId: string }[] = [];
    for (const [term, held] of this.#quotes) {
      for (const [peerId, { expSeconds }] of held) {
        if (expSeconds < now) held.delete(peerId);
        else if (expSeconds - now < RENEW_BEFORE_SECONDS) due.push({ term, peerId });
      }
      if (held.size === 0) this.#quotes.delete(term);
    }
    await inTurns(due, ASKED_AT_ONCE, async ({ term, peerId }) => {
      if (!signal.aborted && !this.#isResting(peerId) && this.#sells(peerId, term)) {
        await this.#ask(term, peerId, signal);
      }
    });
  }

  /** Fills markets, then begins new ones, until the time of a round is over. */
  async #lookAround(signal: AbortSignal): Promise<void> {
    const { clock } = this.#components;
    const endMs = clock.monotonicMs() + LOOK_AROUND_MS;
    const isOver = (): boolean => signal.aborted || clock.monotonicMs() >= endMs;
    const fill = (wish: Wish): Promise<void> => this.#fill(wish, isOver, signal);
    const markets = [...this.#quotes.keys()];
    await inTurns(
      markets.flatMap((term) => this.#wishOf(term) ?? []),
      TERMS_AT_ONCE,
      fill,
    );
    const trials = this.#trials(Math.min(TRIED_PER_ROUND, MAX_TERMS - markets.length));
    await inTurns(trials, TERMS_AT_ONCE, async (wish) => {
      if (isOver()) return;
      await fill(wish);
      if (!this.#quotes.has(wish.term)) this.#noteFruitless(wish.term);
    });
  }

  /** What a market lacks, or whom it might hold in place of its dearest. */
  #wishOf(term: string): Wish | undefined {
    const held = this.#quotes.get(term) ?? new Map<string, HeldQuote>();
    const missing = QUOTES_PER_TERM - held.size;
    if (missing > 0) {
      const others = this.#contractorsOf(term, held);
      return others.length === 0 ? undefined : wish(term, missing, others);
    }
    const dearest = Math.max(...[...held.values()].map(({ priceMicroUsd }) => priceMicroUsd));
    const cheaper = this.#find(
      term,
      held,
      MAX_REMEMBERED,
      (one) => one.leastPriceMicroUsd < dearest,
    );
    // One that was never asked, else the one asked longest ago: nobody has every turn.
    const turnOf = ({ peerId }: IndexedRecord): number => this.#answering.get(peerId)?.turn ?? 0;
    const next = cheaper.toSorted((a, b) => turnOf(a) - turnOf(b))[0];
    return next && wish(term, 1, [next]);
  }

  /**
   * Terms without a market that somebody sells who can be asked, those tried least often first; of
   * these the ones with the most sellers. Where more are on offer than are looked at, that counts
   * in every other round only: a second identity puts invented terms before others.
   */
  #trials(count: number): readonly Wish[] {
    const triesOf = (term: string): number => this.#fruitless.get(term) ?? 0;
    const isBySellers = this.#components.index.termCount <= MAX_LOOKED_AT || ++this.#rounds % 2 > 0;
    const terms = this.#termsLookedAt()
      .filter(([term]) => !this.#quotes.has(term))
      .sort(([a, m], [b, n]) => triesOf(a) - triesOf(b) || (isBySellers ? n - m : 0));
    const trials: Wish[] = [];
    for (const [term] of terms) {
      if (trials.length >= count) break;
      const contractors = this.#contractorsOf(term, new Map());
      if (contractors.length > 0) trials.push(wish(term, QUOTES_PER_TERM, contractors));
    }
    return trials;
  }

  /** So many terms from a place that chance says, round and round: each has its turn. */
  #termsLookedAt(): (readonly [term: string, sellers: number])[] {
    const { index, random } = this.#components;
    const size = index.termCount;
    const start = size <= MAX_LOOKED_AT ? 0 : lotOf(random) % size;
    const beforeStart = Math.max(0, start + MAX_LOOKED_AT - size);
    const [first, wrapped]: [(readonly [string, number])[], (readonly [string, number])[]] = [
      [],
      [],
    ];
    let place = 0;
    for (const entry of index.termsOnOffer()) {
      if (place >= start && first.length < MAX_LOOKED_AT) first.push(entry);
      else if (place < beforeStart) wrapped.push(entry);
      place += 1;
    }
    return [...first, ...wrapped];
  }

  /**
   * Who sells a term and can be asked: those that answered when they were asked last, then those
   * that were never asked, then the others; of each the cheapest first.
   */
  #contractorsOf(term: string, held: ReadonlyMap<string, HeldQuote>): readonly IndexedRecord[] {
    const having = (hasPast: (failures: number | undefined) => boolean) =>
      this.#find(term, held, MAX_ASKED_PER_TERM, ({ peerId }) =>
        hasPast(this.#answering.get(peerId)?.failures),
      );
    return [
      ...having((failures) => failures === 0),
      ...having((failures) => failures === undefined),
      ...having((failures) => failures !== undefined && failures > 0),
    ].slice(0, MAX_ASKED_PER_TERM);
  }

  /**
   * Sellers that can be asked, the cheapest first. Whoever cannot be is left out before the cut: it
   * shall not take another's place.
   */
  #find(
    term: string,
    held: ReadonlyMap<string, HeldQuote>,
    limit: number,
    isWanted: (record: IndexedRecord) => boolean,
  ): readonly IndexedRecord[] {
    const { index, self, clock } = this.#components;
    const isAsked = (record: IndexedRecord): boolean =>
      record.peerId !== self &&
      !held.has(record.peerId) &&
      hasToSell(record, term) &&
      !this.#isResting(record.peerId) &&
      isWanted(record);
    return index.find({ keys: [term], limit }, nowSeconds(clock), isAsked).records;
  }

  #sells(peerId: string, term: string): boolean {
    const { index, clock } = this.#components;
    const isIt = (one: IndexedRecord): boolean => one.peerId === peerId && hasToSell(one, term);
    return index.find({ keys: [term], limit: 1 }, nowSeconds(clock), isIt).records.length > 0;
  }

  /** Asks as many at once as quotes are missing, until there are enough or nobody is left. */
  async #fill(
    { term, quotes, peerIds }: Wish,
    isOver: () => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const left = [...peerIds];
    let missing = quotes;
    while (missing > 0 && left.length > 0 && !isOver()) {
      // One of them may have failed for another term meanwhile.
      const asked = left.splice(0, missing).filter((peerId) => !this.#isResting(peerId));
      const given = await Promise.all(asked.map((peerId) => this.#ask(term, peerId, signal)));
      missing -= given.filter(Boolean).length;
    }
  }

  #noteFruitless(term: string): void {
    const tries = (this.#fruitless.get(term) ?? 0) + 1;
    this.#fruitless.delete(term);
    this.#fruitless.set(term, tries);
    if (this.#fruitless.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#fruitless.keys();
    this.#fruitless.delete(oldest!);
  }

  /** Holds a quote; of more than are held of a term the dearest goes. */
  #hold(term: string, peerId: string, quote: HeldQuote): void {
    const held = this.#quotes.get(term) ?? new Map<string, HeldQuote>();
    this.#quotes.set(term, held);
    held.set(peerId, quote);
    this.#fruitless.delete(term);
    if (held.size <= QUOTES_PER_TERM) return;
    const [dearest] = [...held].sort(([, a], [, b]) => b.priceMicroUsd - a.priceMicroUsd);
    held.delete(dearest![0]);
  }

  /** @returns whether it gave a quote. */
  async #ask(term: string, peerId: string, outer: AbortSignal): Promise<boolean> {
    const { streams, negotiation, random, logger } = this.#components;
    const signal = AbortSignal.any([outer, AbortSignal.timeout(QUOTE_TIMEOUT_MS)]);
    const shape: TaskShape = {
      skills: [term],
      ...NOMINAL_TASK,
      maxLatencyMs: 0,
      sensitivity: 'low',
      delivery: 'open',
    };
    try {
      const stream = await streams.open(peerId, SECURE_PROTOCOLS.negotiation, { signal });
      const ask = { taskHash: random.bytes(32), shape };
      const asked = await negotiation.requestQuote(stream, ask, { signal });
      if (!asked.agreed) throw new Error(asked.refusal);
      const { request, quote } = asked.contract;
      await negotiation.release(stream, request.id, { signal });
      await stream.closeWrite({ signal });
      const envelopes = { request: request.envelope, quote: quote!.envelope };
      const { exp: expSeconds, price } = quote!.body;
      this.#hold(term, peerId, { ...envelopes, expSeconds, priceMicroUsd: Number(price) });
      this.#remember(peerId, { failures: 0, restsUntilMs: 0 });
      return true;
    } catch (error) {
      if (outer.aborted) return false;
      logger.debug({ error, peerId, term }, 'A contractor gave no quote to the broker.');
      this.#noteFailure(peerId);
      return false;
    }
  }

  #noteFailure(peerId: string): void {
    const before = this.#answering.get(peerId)?.failures;
    const failures = (before ?? 0) + 1;
    const longRestMs = Math.min(FIRST_REST_MS * 2 ** (failures - 1), MAX_REST_MS);
    const restMs = before === 0 ? SLIP_REST_MS : longRestMs;
    const restsUntilMs = this.#components.clock.monotonicMs() + restMs;
    this.#remember(peerId, { failures, restsUntilMs });
  }

  #remember(peerId: string, answering: Omit<Answering, 'turn'>): void {
    this.#answering.delete(peerId); // to the end of the map's order: newest last
    this.#answering.set(peerId, { ...answering, turn: ++this.#turns });
    if (this.#answering.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#answering.keys();
    this.#answering.delete(oldest!);
  }

  #isResting(peerId: string): boolean {
    const { restsUntilMs = 0 } = this.#answering.get(peerId) ?? {};
    return this.#components.clock.monotonicMs() < restsUntilMs;
  }
}

function wish(term: string, quotes: number, records: readonly IndexedRecord[]): Wish {
  return { term, quotes, peerIds: records.map(({ peerId }) => peerId) };
}

function hasToSell({ offers }: IndexedRecord, term: string): boolean {
  return offers.some((one) => one.term === term && one.capacity > 0);
}

/** Runs `step` for every item, so many at a time. */
async function inTurns<Item>(
  items: readonly Item[],
  atOnce: number,
  step: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const takeTurns = async (): Promise<void> => {
    for (const item of rest) await step(item);
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
}
