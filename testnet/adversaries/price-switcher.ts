/**
 * A contractor that lures with one price and wants another (security.md 6, price bait and switch).
 * It does the work well, and deals honestly with attestors, whose tasks it recognises.
 *
 * - `bait`: its record states a price, and its quotes ask for a multiple of it.
 * - `switch`: its quote is as its record says. When the client agrees, it refuses as one does whose
 *   session has ended, and asks the multiple for a new quote.
 *
 * Neither can change what a client has signed: the price stands in the client's own agreement and
 * verdict.
 *
 * @module
 */

import type { ContractorPolicy } from '../../protocols/negotiation/contractor-policy.ts';

/** How it wants to be paid more. */
export const PRICE_SWITCHES = ['bait', 'switch'] as const;

/** One of them. */
export type PriceSwitch = (typeof PRICE_SWITCHES)[number];

/** What it asks, of what it has said before. */
const FACTOR = 50n;
/** Clients whose broken agreements are remembered. */
const MAX_CLIENTS = 1_024;

/**
 * The policy of a contractor, as such a one has it.
 *
 * @param attestors - PeerIds that it does not cheat.
 */
export function switchingPolicy(
  policy: ContractorPolicy,
  kind: PriceSwitch,
  attestors: readonly string[],
): ContractorPolicy {
  /** Clients that agreed on a quote, and are asked for more from then on. */
  const lured = new Set<string>();
  const isAskedMore = (client: string): boolean =>
    !attestors.includes(client) && (kind === 'bait' || lured.has(client));
  return {
    quoteFor: async (question, signal) => {
      const terms = await policy.quoteFor(question, signal);
      if ('decline' in terms || !isAskedMore(question.client)) return terms;
      return { ...terms, priceMicroUsd: terms.priceMicroUsd * FACTOR };
    },
    reviewCounter: () => Promise.resolve(false),
    acceptAgreement: (question, signal) => {
      const { client } = question;
      if (kind === 'bait' || attestors.includes(client) || lured.has(client)) {
        return policy.acceptAgreement(question, signal);
      }
      if (lured.size < MAX_CLIENTS) lured.add(client);
      return Promise.resolve({ decline: 'SESSION_MISMATCH' });
    },
    deliveryFor: (id, signal) => policy.deliveryFor(id, signal),
    reviewVerdict: (question, signal) => policy.reviewVerdict(question, signal),
    reviewStatement: async (client, envelope, signal) =>
      (await policy.reviewStatement?.(client, envelope, signal)) ?? { decline: 'NOT_SUPPORTED' },
    onContract: (contract) => policy.onContract?.(contract),
    onEvidence: (evidence) => policy.onEvidence?.(evidence),
  };
}
