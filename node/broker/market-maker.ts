/**
 * Quotes that a broker holds: of up to four contractors per term, asked for a task of a nominal
 * size and refreshed before they run out, so that a client that knows nobody sees what the market
 * asks. Each is given back at once: it says a price, and takes no contractor's capacity.
 *
 * A contractor that gives no quote is passed over for a while, and the next cheapest one is asked.
 * A quote is held until its successor is there, or until it runs out.
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
const QUOTE_CONCURRENCY = 4;
/** How long a contractor without a quote is passed over. */
const REST_MS = 120_000;
const MAX_RESTING = 4_096;
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

interface Wanted {
  readonly term: string;
  readonly peerId: string;
}

/** Holds quotes. */
export class MarketMaker {
  readonly #components: MarketMakerComponents;
  /** By term, then by contractor. */
  readonly #quotes = new Map<string, Map<string, HeldQuote>>();
  readonly #restingUntilMs = new Map<string, number>();
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
      const wanted = this.#wanted();
      let next = 0;
      const takeTurns = async (): Promise<void> => {
        while (next < wanted.length && !signal.aborted) await this.#ask(wanted[next++]!, signal);
      };
      await Promise.all(Array.from({ length: QUOTE_CONCURRENCY }, takeTurns));
    } finally {
      this.#isAsking = false;
    }
  }

  #wanted(): readonly Wanted[] {
    const { index, clock, self } = this.#components;
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
      const limit = QUOTES_PER_TERM - lasting.size;
      if (limit <= 0) return [];
      // Whoever cannot be asked is left out before the cut: it shall not take another's place.
      const isAsked = ({ peerId, offers }: IndexedRecord): boolean =>
        peerId !== self &&
        !lasting.has(peerId) &&
        offers.some((one) => one.term === term && one.capacity > 0) &&
        !this.#isResting(peerId);
      const { records } = index.find({ keys: [term], limit }, now, isAsked);
      return records.map(({ peerId }) => ({ term, peerId }));
    });
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

  async #ask({ term, peerId }: Wanted, outer: AbortSignal): Promise<void> {
    const { streams, negotiation, random, clock, logger } = this.#components;
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
    } catch (error) {
      if (outer.aborted) return;
      logger.debug({ error, peerId, term }, 'A contractor gave no quote to the broker.');
      this.#restingUntilMs.set(peerId, clock.monotonicMs() + REST_MS);
      if (this.#restingUntilMs.size > MAX_RESTING) this.#restingUntilMs.clear();
    }
  }

  #isResting(peerId: string): boolean {
    const untilMs = this.#restingUntilMs.get(peerId);
    if (untilMs === undefined) return false;
    if (this.#components.clock.monotonicMs() < untilMs) return true;
    this.#restingUntilMs.delete(peerId);
    return false;
  }
}
