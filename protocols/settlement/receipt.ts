/**
 * Receipts: a verdict with both signatures, on an agreement with both signatures (wire-formats.md
 * 4.1). Anybody who has the two envelopes can verify one; nothing else is needed.
 *
 * A receipt says what both sides agree was done and paid. It does not show that money moved. A
 * client that is its own contractor cannot make one: no envelope has two signatures of one key.
 *
 * @module
 */

import { equalBytes, fromBase64Url } from '../../crypto/bytes.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import type { OpenedEnvelope, SignedDocument } from '../../crypto/envelope.ts';
import { checkPaid } from '../negotiation/checks.ts';
import { AGREEMENT, deliveryDefinition, verdictDefinition } from '../negotiation/documents.ts';
import type { Agreement, Parties, Verdict } from '../negotiation/documents.ts';
import type { RefusalCode } from '../errors.ts';

/** The envelopes of a receipt. */
export interface ReceiptDocuments {
  readonly agreement: Uint8Array;
  readonly verdict: Uint8Array;
  /** The delivery that the verdict names; checked if it is given. */
  readonly delivery?: Uint8Array;
}

/** A receipt that was verified. */
export interface Receipt extends Parties {
  /** 32 bytes. */
  readonly contractId: Uint8Array;
  /** docId of the verdict, 32 bytes. */
  readonly receiptId: Uint8Array;
  readonly outcome: Verdict['outcome'];
  readonly priceMicroUsd: bigint;
  readonly paidMicroUsd: bigint;
  readonly agreement: SignedDocument<Agreement>;
  readonly verdict: SignedDocument<Verdict>;
}

/** Outcome of {@link verifyReceipt}. */
export type VerifiedReceipt =
  | { readonly valid: true; readonly receipt: Receipt }
  | { readonly valid: false; readonly reason: RefusalCode };

function refuse(reason: RefusalCode): VerifiedReceipt {
  return { valid: false, reason };
}

/** A document with one of two signatures lacks the countersignature, whatever else is right. */
function reasonOf<Body>(
  opened: OpenedEnvelope<Body> & { readonly valid: false },
  hasOneSignature: boolean,
): RefusalCode {
  return hasOneSignature ? 'NOT_COUNTERSIGNED' : opened.reason;
}

/** Whether these documents are a receipt, and what it says. Never throws on received bytes. */
export function verifyReceipt(documents: ReceiptDocuments): VerifiedReceipt {
  const agreement = openEnvelope(AGREEMENT, documents.agreement, 2);
  if (!agreement.valid) {
    return refuse(reasonOf(agreement, openEnvelope(AGREEMENT, documents.agreement, 1).valid));
  }
  const { client, contractor, price } = agreement.body;
  const definition = verdictDefinition({ client, contractor });
  const verdict = openEnvelope(definition, documents.verdict, 2);
  if (!verdict.valid) {
    return refuse(reasonOf(verdict, openEnvelope(definition, documents.verdict, 1).valid));
  }
  if (!equalBytes(fromBase64Url(verdict.body.contract), agreement.id)) {
    return refuse('CONTRACT_MISMATCH');
  }
  const reason =
    checkPaid(verdict.body, agreement.body) ??
    (documents.delivery && checkDeliveryOf(documents.delivery, verdict, agreement));
  if (reason) return refuse(reason);
  const receipt: Receipt = {
    client,
    contractor,
    contractId: agreement.id,
    receiptId: verdict.id,
    outcome: verdict.body.outcome,
    priceMicroUsd: BigInt(price),
    paidMicroUsd: BigInt(verdict.body.paid),
    agreement,
    verdict,
  };
  return { valid: true, receipt };
}

function checkDeliveryOf(
  envelope: Uint8Array,
  verdict: SignedDocument<Verdict>,
  agreement: SignedDocument<Agreement>,
): RefusalCode | undefined {
  const delivery = openEnvelope(deliveryDefinition(agreement.body), envelope);
  if (!delivery.valid) return delivery.reason;
  if (!equalBytes(fromBase64Url(delivery.body.contract), agreement.id)) return 'CONTRACT_MISMATCH';
  const isNamed = equalBytes(fromBase64Url(verdict.body.delivery), delivery.id);
  return isNamed ? undefined : 'DELIVERY_MISMATCH';
}
