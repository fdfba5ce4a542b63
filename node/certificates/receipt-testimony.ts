/**
 * What receipts say of a contractor, as testimony of the clients that signed them: each counts by
 * its price (wire-formats.md 5.3, pw), since praise must not be had for dust, and each client's are
 * one voice. Its endorsement is no second one.
 *
 * Who is believed is decided where testimony is weighed (`decision/learning/bootstrapping.ts`).
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import type { ShownReceipt } from '../../protocols/settlement/shown-receipt.ts';
import { priceWeight } from '../decision/learning/rater-credibility.ts';
import type { HeardReceipt, SkillTestimony } from './trust.ts';

/** Share of the price that was paid: 1 for a pass, 0 for a fail, between them for a partial. */
function paidShareOf({ outcome, paidMicroUsd, priceMicroUsd }: ShownReceipt): number {
  if (outcome === 'partial') return Number(paidMicroUsd) / Number(priceMicroUsd);
  return outcome === 'pass' ? 1 : 0;
}

/**
 * What clients say of a contractor by endorsements and by receipts. A client that is heard by its
 * receipts is not heard by its endorsement too, which counts the same outcomes.
 *
 * @param isHeard - Whether what that client says is new here: not this node's own experience, and
 *   not that of an attestor whose certificate counts already.
 */
export function joinedTestimony(
  endorsed: readonly SkillTestimony[],
  ofReceipts: readonly SkillTestimony[],
  isHeard: (rater: string) => boolean,
): SkillTestimony[] {
  const raters = new Set(ofReceipts.map(({ rater }) => rater));
  const others = endorsed.filter(({ rater }) => !raters.has(rater));
  return [...others, ...ofReceipts].filter(({ rater }) => isHeard(rater));
}

/** Testimony of verified receipts, one entry per client, in the order of its first receipt. */
export function testimonyOfReceipts(receipts: readonly ShownReceipt[]): SkillTestimony[] {
  const byRater = new Map<string, { passed: number; run: number; receipts: HeardReceipt[] }>();
  for (const receipt of receipts) {
    const weight = priceWeight(Number(receipt.priceMicroUsd));
    const said = byRater.get(receipt.client) ?? { passed: 0, run: 0, receipts: [] };
    const { outcome } = receipt;
    const paidShare = paidShareOf(receipt);
    said.passed += weight * paidShare;
    said.run += weight;
    said.receipts.push({ id: toBase64Url(receipt.receiptId), outcome, paidShare, weight });
    byRater.set(receipt.client, said);
  }
  return [...byRater].map(([rater, said]) => ({ rater, ...said }));
}
