/**
 * Forgetting what never became a contract.
 *
 * @module
 */

import { elapse } from './agreement-machine.ts';
import type { ContractStore } from './contract-store.ts';
import { CLOCK_TOLERANCE_SECONDS } from './documents.ts';

/**
 * Deletes requests and quotes that ran out unagreed, in both roles. A record stays until none of
 * its documents could be accepted again: it is what keeps a used quote used.
 *
 * @returns How many were deleted.
 */
export async function sweepOffers(store: ContractStore, nowSeconds: number): Promise<number> {
  let swept = 0;
  for await (const offer of store.offers()) {
    const lastSecond = Math.max(offer.request.body.exp, offer.quote?.body.exp ?? 0);
    const hasRunOut = nowSeconds > lastSecond + CLOCK_TOLERANCE_SECONDS;
    if (!hasRunOut || elapse(offer, nowSeconds).phase !== 'VOID') continue;
    await store.deleteOffer(offer);
    swept += 1;
  }
  return swept;
}
