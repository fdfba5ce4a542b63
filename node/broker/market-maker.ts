/**
 * Quotes that a broker holds: of up to four contractors per term, asked for a task of a nominal
 * size and refreshed before they run out, so that a client that knows nobody sees what the market
 * asks. Each is given back at once: it says a price, and takes no contractor's capacity.
 *
 * A contractor that gives no quote is passed over for a while, for twice as long each time, and the
 * next one is asked, within a bound for each term and round. Who gave a quote is asked before those
 * that were never asked, and these before those that gave none: identities that never answer cost
 * time, and keep nobody out. A quote is held until its successor is there, or until it runs out.
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

/** Contractors of one term whose quotes are held: three, and one more in case one is lost. */
export const QUOTES_PER_TERM = 4;
/** Terms with a market, those first that most peers sell; ancestors of these have none. */
const MAX_TERMS = 64;
/** A quote is asked for anew when it has less than this left. */
const RENEW_BEFORE_SECONDS = 30;
const QUOTE_TIMEOUT_MS = 5_000;
/** Contractors asked about one term in a round; those that answered before are among them. */
const MAX_ASKED_PER_TERM = 32;
const TERMS_AT_ONCE = 2;
/** How long a contractor is passed over that gave no quote, the first time. */
const FIRST_REST_MS = 120_000;
const MAX_REST_MS = 3_600_000;
/** Contractors of which it is remembered whether they answered; the one asked longest ago goes. */
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
}

/** How a contractor answered when it was asked last. */
interface Answering {
  /** Failures since the last quote. */
  readonly failures: number;
  readonly restsUntilMs: number;
}

/** A market that lacks quotes. */
interface Shortage {
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
  readonly #answering = new Map<string, Answering>();
  #isAsking = false;

  constructor(components: MarketMakerComponents) {
    this.#components = components;
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
      const shortages = this.#shortages()[Symbol.iterator]();
      const takeTurns = async (): Promise<void> => {
        for (const shortage of shortages) await this.#fill(shortage, signal);
      };
      await Promise.all(Array.from({ length: TERMS_AT_ONCE }, takeTurns));
    } finally {
      this.#isAsking = false;
    }
  }

  #shortages(): readonly Shortage[] {
    const { index, clock } = this.#components;
    const now = nowSeconds(clock);
    const terms = [...index.termsOnOffer()].sort(([, a], [, b]) => b - a).slice(0, MAX_TERMS);
    const kept = new Set(terms.map(([term]) => term));
    for (const term of this.#quotes.keys()) if (!kept.has(term)) this.#quotes.delete(term);
    return terms.flatMap(([term]) => {
      const held = this.#quotes.get(term) ?? new Map<string, HeldQuote>();
      const lasting = new Set<string>();
      for (const [peerId, { expSeconds }] of held) {
        if (expSeconds < now) held.delete(peerId);
        else if (expSeconds - now >= RENEW_BEFORE_SECONDS) lasting.add(peerId);
      }
      const quotes = QUOTES_PER_TERM - lasting.size;
      if (quotes <= 0) return [];
      const peerIds = this.#contractorsOf(term, lasting, now);
      return peerIds.length === 0 ? [] : [{ term, quotes, peerIds }];
    });
  }

  /**
   * Those that answered when they were asked last, then those that were never asked, then the
   * others: so every contractor has its turn, however many do not answer. Of each the cheapest.
   */
  #contractorsOf(term: string, lasting: ReadonlySet<string>, now: number): readonly string[] {
    const { index, self } = this.#components;
    const question = { keys: [term], limit: MAX_ASKED_PER_TERM };
    // Whoever cannot be asked is left out before the cut: it shall not take another's place.
    const isAsked = ({ peerId, offers }: IndexedRecord): boolean =>
      peerId !== self &&
      !lasting.has(peerId) &&
      offers.some((one) => one.term === term && one.capacity > 0) &&
      !this.#isResting(peerId);
    const having = (hasPast: (failures: number | undefined) => boolean) => {
      const isOfThem = (one: IndexedRecord): boolean =>
        hasPast(this.#answering.get(one.peerId)?.failures) && isAsked(one);
      return index.find(question, now, isOfThem).records;
    };
    return [
      ...having((failures) => failures === 0),
      ...having((failures) => failures === undefined),
      ...having((failures) => failures !== undefined && failures > 0),
    ]
      .slice(0, MAX_ASKED_PER_TERM)
      .map(({ peerId }) => peerId);
  }

  /** Asks as many at once as quotes are missing, until there are enough or nobody is left. */
  async #fill({ term, quotes, peerIds }: Shortage, signal: AbortSignal): Promise<void> {
    const left = [...peerIds];
    let missing = quotes;
    while (missing > 0 && left.length > 0 && !signal.aborted) {
      // One of them may have failed for another term meanwhile.
      const asked = left.splice(0, missing).filter((peerId) => !this.#isResting(peerId));
      const given = await Promise.all(asked.map((peerId) => this.#ask(term, peerId, signal)));
      missing -= given.filter(Boolean).length;
    }
  }

  /** Holds a quote; of more than are held of a term, the one goes that runs out first. */
  #hold(term: string, peerId: string, quote: HeldQuote): void {
    const held = this.#quotes.get(term) ?? new Map<string, HeldQuote>();
    this.#quotes.set(term, held);
    held.set(peerId, quote);
    if (held.size <= QUOTES_PER_TERM) return;
    const [first] = [...held].sort(([, a], [, b]) => a.expSeconds - b.expSeconds);
    held.delete(first![0]);
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
      this.#hold(term, peerId, { ...envelopes, expSeconds: quote!.body.exp });
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
    const failures = (this.#answering.get(peerId)?.failures ?? 0) + 1;
    const restMs = Math.min(FIRST_REST_MS * 2 ** (failures - 1), MAX_REST_MS);
    const restsUntilMs = this.#components.clock.monotonicMs() + restMs;
    this.#remember(peerId, { failures, restsUntilMs });
  }

  #remember(peerId: string, answering: Answering): void {
    this.#answering.delete(peerId); // to the end of the map's order: newest last
    this.#answering.set(peerId, answering);
    if (this.#answering.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#answering.keys();
    this.#answering.delete(oldest!);
  }

  #isResting(peerId: string): boolean {
    const { restsUntilMs = 0 } = this.#answering.get(peerId) ?? {};
    return this.#components.clock.monotonicMs() < restsUntilMs;
  }
}
