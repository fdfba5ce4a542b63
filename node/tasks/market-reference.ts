/**
 * The market that a client starts from when it has asked nobody yet: quotes that brokers hold,
 * signed by their contractors. A broker can leave out and cannot invent, and a quote for its own
 * nominal task binds nobody here: whoever is chosen is asked for a quote of its own, as always.
 *
 * They stand in the decision's record and are what the first quotes are compared with by the market
 * watch. No figure of a decision is computed from them: a broker that picks its contractors could
 * move it.
 *
 * @module
 */

import type { MarketQuote } from '../../protocols/broker/client.ts';
import type { MarketReference } from '../decision/request.ts';

/** Quotes that a record has room for: four of each of several brokers. */
export const MAX_MARKET_REFERENCES = 16;

/** What of a market quote is for this task. */
export interface MarketFilter {
  readonly term: string;
  readonly nowSeconds: number;
  /** PeerId of this node, whose own quotes are no market to it. */
  readonly self: string;
  /** What a contractor's record sells by; `undefined` for one whose record was not found. */
  readonly perUnitOf: (peerId: string) => string | undefined;
}

/** Quotes for this very term that are valid now: of each contractor the one that lasts longest. */
export function marketReferences(
  quotes: readonly MarketQuote[],
  { term, nowSeconds, self, perUnitOf }: MarketFilter,
): readonly MarketReference[] {
  const newest = new Map<string, MarketQuote>();
  for (const quote of quotes) {
    const isForTask = quote.terms.length === 1 && quote.terms[0] === term;
    if (!isForTask || quote.expSeconds <= nowSeconds || quote.contractor === self) continue;
    const other = newest.get(quote.contractor);
    if (!other || other.expSeconds < quote.expSeconds) newest.set(quote.contractor, quote);
  }
  return [...newest.values()].slice(0, MAX_MARKET_REFERENCES).map((quote) => {
    const perUnit = perUnitOf(quote.contractor);
    return {
      peerId: quote.contractor,
      priceMicroUsd: Number(quote.priceMicroUsd),
      inputBytes: quote.inBytes,
      latencyMs: quote.latencyMs,
      expiresAtSeconds: quote.expSeconds,
      ...(perUnit === undefined ? {} : { perUnit }),
    };
  });
}
