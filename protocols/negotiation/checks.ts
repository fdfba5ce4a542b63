/**
 * What one document must say given the documents before it (wire-formats.md 4.1 and 4.2): parties,
 * hashes, price, times. Signatures and schemas were checked before; see `crypto/envelope.ts`.
 *
 * Each function returns the first thing that is wrong, by name, or `undefined`.
 *
 * @module
 */

import { equalBytes, fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { RefusalCode } from '../errors.ts';
import { AGREEMENT_PERIODS, CLOCK_TOLERANCE_SECONDS, MAX_OFFER_SECONDS } from './documents.ts';
import type {
  Acknowledgement,
  Agreement,
  Delivery,
  Quote,
  QuoteRequest,
  Verdict,
} from './documents.ts';

type Check = RefusalCode | undefined;

/** Whether `text`, base64url in a document, is this id. */
function isIdOf(text: string, { id }: { readonly id: Uint8Array }): boolean {
  return text === toBase64Url(id);
}

/** No agreement gives a contractor more time than this. */
const MAX_LATENCY_MS = AGREEMENT_PERIODS.deliverSecs.max * 1_000;

function checkExpiry(exp: number, nowSeconds: number, toleranceSeconds: number): Check {
  if (nowSeconds > exp + toleranceSeconds) return 'EXPIRED';
  if (exp > nowSeconds + MAX_OFFER_SECONDS + CLOCK_TOLERANCE_SECONDS) return 'EXPIRES_TOO_LATE';
  return undefined;
}

/** Contractor: a quote request from the peer at the other end of the stream. */
export function checkRequest(
  { body }: SignedDocument<QuoteRequest>,
  at: { readonly self: string; readonly remotePeer: string; readonly nowSeconds: number },
): Check {
  if (body.client === body.contractor) return 'SELF_DEALING';
  if (body.client !== at.remotePeer) return 'WRONG_CLIENT';
  if (body.contractor !== at.self) return 'WRONG_CONTRACTOR';
  return checkExpiry(body.exp, at.nowSeconds, CLOCK_TOLERANCE_SECONDS);
}

/** Client: a quote for its own request. */
export function checkQuote(
  { body }: SignedDocument<Quote>,
  request: SignedDocument<QuoteRequest>,
  nowSeconds: number,
): Check {
  if (!isIdOf(body.req, request)) return 'REQUEST_MISMATCH';
  if (body.contractor !== request.body.contractor) return 'WRONG_CONTRACTOR';
  const { maxLatencyMs } = request.body.shape;
  const limitMs = maxLatencyMs > 0 ? maxLatencyMs : MAX_LATENCY_MS;
  if (body.latencyMs > limitMs) return 'LATENCY_NOT_POSSIBLE';
  return checkExpiry(body.exp, nowSeconds, CLOCK_TOLERANCE_SECONDS);
}

/** Where the money of this side's contracts is held. */
export interface EscrowTerms {
  /** Hash of the genesis, base64url. */
  readonly ledger: string;
  /** What the ledger takes for an escrow, micro-USD. */
  readonly fee: string;
  /** Whether nothing that costs money is agreed without it. */
  readonly isRequired: boolean;
}

/** What this version does not do yet, each by its name. */
function checkSupported(body: Agreement): Check {
  return body.arbiters.length > 0 ? 'ARBITERS_NOT_SUPPORTED' : undefined;
}

/** An agreement names this side's ledger and its fee, or no ledger where that is allowed. */
function checkEscrow({ ledger, fee, price }: Agreement, escrow: EscrowTerms | undefined): Check {
  if (ledger === '') {
    // Where there is no money there is nothing to hold.
    if (escrow?.isRequired === true && price !== '0') return 'WRONG_LEDGER';
    // Without a ledger nobody collects a fee.
    return fee === '0' ? undefined : 'FEE_NOT_SUPPORTED';
  }
  if (!escrow) return 'LEDGER_NOT_SUPPORTED';
  if (ledger !== escrow.ledger) return 'WRONG_LEDGER';
  return fee === escrow.fee ? undefined : 'FEE_MISMATCH';
}

/** Either: an agreement between the parties of this quote, on this quote, and not with oneself. */
export function checkAgreementParties(
  { body }: SignedDocument<Agreement>,
  request: SignedDocument<QuoteRequest>,
  quote: SignedDocument<Quote>,
): Check {
  if (body.client === body.contractor) return 'SELF_DEALING';
  if (body.client !== request.body.client) return 'WRONG_CLIENT';
  if (body.contractor !== request.body.contractor) return 'WRONG_CONTRACTOR';
  return isIdOf(body.quote, quote) ? undefined : 'QUOTE_MISMATCH';
}

/**
 * Either: the terms of an agreement on this quote, in the session it was negotiated in.
 *
 * The price is the quoted one, or the one that both have come down to in their round of bargaining.
 */
export function checkAgreementTerms(
  { body }: SignedDocument<Agreement>,
  given: {
    readonly request: SignedDocument<QuoteRequest>;
    readonly quote: SignedDocument<Quote>;
    /** Micro-USD. */
    readonly bargainedPrice?: string | undefined;
    readonly sessionHash: Uint8Array;
    readonly nowSeconds: number;
    /** Left out: this side has no ledger. */
    readonly escrow?: EscrowTerms | undefined;
  },
): Check {
  const { request, quote, nowSeconds } = given;
  const unsupported = checkSupported(body) ?? checkEscrow(body, given.escrow);
  if (unsupported) return unsupported;
  if (body.task !== request.body.task) return 'TASK_MISMATCH';
  if (body.delivery !== request.body.shape.delivery) return 'DELIVERY_KIND_MISMATCH';
  const price = BigInt(body.price);
  if (price > BigInt(quote.body.price)) return 'PRICE_ABOVE_QUOTE';
  const isBargained = body.price === given.bargainedPrice;
  if (price < BigInt(quote.body.price) && !isBargained) return 'PRICE_BELOW_QUOTE';
  if (!equalBytes(fromBase64Url(body.sh), given.sessionHash)) return 'SESSION_MISMATCH';
  if (body.iat > nowSeconds + CLOCK_TOLERANCE_SECONDS) return 'NOT_YET_VALID';
  if (nowSeconds > countersignBySeconds(body)) return 'EXPIRED';
  return undefined;
}

/** Last second in which a countersignature counts: iat + holdSecs, with the clock tolerance. */
export function countersignBySeconds({ iat, holdSecs }: Agreement): number {
  return iat + holdSecs + CLOCK_TOLERANCE_SECONDS;
}

/** Either: a delivery of this contract. */
export function checkDelivery(
  { body }: SignedDocument<Delivery>,
  agreement: SignedDocument<Agreement>,
  request: SignedDocument<QuoteRequest>,
): Check {
  if (!isIdOf(body.contract, agreement)) return 'CONTRACT_MISMATCH';
  const isSealed = agreement.body.delivery === 'sealed';
  if (isSealed !== (body.cipher !== '') || isSealed !== (body.keyCommit !== '')) {
    return 'DELIVERY_KIND_MISMATCH';
  }
  if (body.bytes > request.body.shape.outMaxBytes) return 'RESULT_TOO_LARGE';
  return undefined;
}

/** Either: an acknowledgement of this delivery. */
export function checkAcknowledgement(
  { body }: SignedDocument<Acknowledgement>,
  delivery: SignedDocument<Delivery>,
): Check {
  return isIdOf(body.delivery, delivery) ? undefined : 'DELIVERY_MISMATCH';
}

/** Either: whether `paid` follows from outcome and price. */
export function checkPaid({ outcome, paid }: Verdict, { price }: Pick<Agreement, 'price'>): Check {
  const paidMicroUsd = BigInt(paid);
  const priceMicroUsd = BigInt(price);
  if (paidMicroUsd > priceMicroUsd) return 'PAID_ABOVE_PRICE';
  const isConsistent = {
    pass: paidMicroUsd === priceMicroUsd,
    partial: paidMicroUsd > 0n && paidMicroUsd < priceMicroUsd,
    fail: paidMicroUsd === 0n,
  }[outcome];
  return isConsistent ? undefined : 'PAID_NOT_BY_OUTCOME';
}

/** Either: a verdict on this delivery of this contract. */
export function checkVerdict(
  { body }: SignedDocument<Verdict>,
  agreement: SignedDocument<Agreement>,
  delivery: SignedDocument<Delivery>,
): Check {
  if (!isIdOf(body.contract, agreement)) return 'CONTRACT_MISMATCH';
  if (!isIdOf(body.delivery, delivery)) return 'DELIVERY_MISMATCH';
  return checkPaid(body, agreement.body);
}
