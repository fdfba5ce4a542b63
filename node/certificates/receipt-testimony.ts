/**
 * What receipts say of a contractor, as testimony of the clients that signed them: each counts by
 * its price (wire-formats.md 5.3, pw), since praise must not be had for dust, and each client's are
 * one voice.
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
function successOf({ outcome, paidMicroUsd, priceMicroUsd }: ShownReceipt): number {
  if (outcome === 'partial') return Number(paidMicroUsd) / Number(priceMicroUsd);
  return outcome === 'pass' ? 1 : 0;
}

/** Testimony of verified receipts, one entry per client, in the order of its first receipt. */
export function testimonyOfReceipts(receipts: readonly ShownReceipt[]): SkillTestimony[] {
  const byRater = new Map<string, { passed: number; run: number; receipts: HeardReceipt[] }>();
  for (const receipt of receipts) {
    const weight = priceWeight(Number(receipt.priceMicroUsd));
    const said = byRater.get(receipt.client) ?? { passed: 0, run: 0, receipts: [] };
    said.passed += weight * successOf(receipt);
    said.run += weight;
    said.receipts.push({ id: toBase64Url(receipt.receiptId), outcome: receipt.outcome, weight });
    byRater.set(receipt.client, said);
  }
  return [...byRater].map(([rater, said]) => ({ rater, ...said }));
}
