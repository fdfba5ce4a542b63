/**
 * A receipt with the documents that led to it: quote request, quote, agreement, verdict
 * (wire-formats.md 4.1). The agreement and the verdict name neither the skill nor what was quoted;
 * the request and the quote do, and each document holds the hash of the one before. So a stranger
 * can check who judged whose work at which skill, and for how much.
 *
 * A contractor chooses which of its receipts it shows. They say what they say; that there are no
 * others, they do not.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { MAX_ENVELOPE_BYTES, openEnvelope } from '../../crypto/envelope.ts';
import type { RefusalCode } from '../errors.ts';
import { checkAgreementParties } from '../negotiation/checks.ts';
import { CLOCK_TOLERANCE_SECONDS, QUOTE, QUOTE_REQUEST } from '../negotiation/documents.ts';
import type { Contract } from '../negotiation/contract.ts';
import { verifyReceipt } from './receipt.ts';
import type { Receipt } from './receipt.ts';

/** Age beyond which a receipt says nothing of the contractor any more: 90 days, in seconds. */
export const MAX_SHOWN_AGE_SECONDS = 7_776_000;

/** Envelopes of a receipt and of what led to it. */
export interface ReceiptChain {
  readonly request: Uint8Array;
  readonly quote: Uint8Array;
  readonly agreement: Uint8Array;
  readonly verdict: Uint8Array;
}

/** A receipt whose skill is known. */
export interface ShownReceipt extends Receipt {
  /** Terms of the request, at least one. */
  readonly skills: readonly string[];
}

/** Outcome of {@link verifyReceiptChain}. */
export type VerifiedReceiptChain =
  | { readonly valid: true; readonly receipt: ShownReceipt }
  | { readonly valid: false; readonly reason: RefusalCode };

/** The chain of a settled contract; `undefined` in any other phase. */
export function receiptChainOf(contract: Contract): ReceiptChain | undefined {
  const { phase, request, quote, agreement, verdict } = contract;
  if (phase !== 'RECEIPT' || !quote || !agreement || !verdict) return undefined;
  return {
    request: request.envelope,
    quote: quote.envelope,
    agreement: agreement.envelope,
    verdict: verdict.envelope,
  };
}

/**
 * Whether these documents are a receipt of a contract on this quote for this request, and what it
 * says. Never throws on received bytes.
 *
 * @param nowSeconds - A receipt of the future or of long ago is refused.
 */
export function verifyReceiptChain(chain: ReceiptChain, nowSeconds: number): VerifiedReceiptChain {
  const refuse = (reason: RefusalCode) => ({ valid: false, reason }) as const;
  if (Object.values(chain).some(({ length }) => length > MAX_ENVELOPE_BYTES)) {
    return refuse('MALFORMED');
  }
  const verified = verifyReceipt(chain);
  if (!verified.valid) return verified;
  const { receipt } = verified;
  const { agreement } = receipt;
  if (agreement.body.iat > nowSeconds + CLOCK_TOLERANCE_SECONDS) return refuse('NOT_YET_VALID');
  if (agreement.body.iat < nowSeconds - MAX_SHOWN_AGE_SECONDS) return refuse('EXPIRED');
  const request = openEnvelope(QUOTE_REQUEST, chain.request);
  if (!request.valid) return refuse(request.reason);
  const quote = openEnvelope(QUOTE, chain.quote);
  if (!quote.valid) return refuse(quote.reason);
  if (quote.body.req !== toBase64Url(request.id)) return refuse('REQUEST_MISMATCH');
  const reason = checkAgreementParties(agreement, request, quote);
  if (reason) return refuse(reason);
  if (quote.body.contractor !== receipt.contractor) return refuse('WRONG_CONTRACTOR');
  if (agreement.body.task !== request.body.task) return refuse('TASK_MISMATCH');
  if (receipt.priceMicroUsd > BigInt(quote.body.price)) return refuse('PRICE_ABOVE_QUOTE');
  return { valid: true, receipt: { ...receipt, skills: request.body.shape.skills } };
}
