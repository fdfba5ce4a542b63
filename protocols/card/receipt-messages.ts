/**
 * The messages with which a peer asks a contractor for receipts of one skill, on a stream of
 * purpose 3: `{v:1, typ:"rcptreq", skill}`, answered by `{v:1, typ:"rcpts", receipts}`, the newest
 * first. A receipt is `{request, quote, agreement, verdict}`, each an envelope's bytes, base64url.
 *
 * Form only: `settlement/shown-receipt.ts` verifies a receipt.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { MAX_SKILL_TERM_LENGTH } from '../negotiation/documents.ts';
import type { TaskShape } from '../negotiation/documents.ts';
import type { ReceiptChain } from '../settlement/shown-receipt.ts';
import { CARD_MESSAGE_LIMITS } from './messages.ts';

/** Receipts of one answer: so many outcomes of others count at most (Eq. 18). */
export const MAX_SHOWN_RECEIPTS = 8;

/** Largest envelope of a receipt that is shown, in bytes; an ordinary one takes 600 to 1,100. */
export const MAX_SHOWN_ENVELOPE_BYTES = 2_048;

/** Size and depth of the answer. */
export const RECEIPTS_LIMITS: DocumentLimits = {
  maxBytes: CARD_MESSAGE_LIMITS.maxBytes,
  maxDepth: 3,
  maxValues: 64,
};
/** A term that is written in escapes takes six bytes a character. */
const REQUEST_LIMITS: DocumentLimits = { maxBytes: 1_024, maxDepth: 1, maxValues: 3 };

const requestSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('rcptreq'),
  skill: z.string().min(1).max(MAX_SKILL_TERM_LENGTH),
});

const envelope = fields.bytesUpTo(1, MAX_SHOWN_ENVELOPE_BYTES);
const receiptsSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('rcpts'),
  receipts: z
    .array(
      z.strictObject({
        request: envelope,
        quote: envelope,
        agreement: envelope,
        verdict: envelope,
      }),
    )
    .max(MAX_SHOWN_RECEIPTS),
});

/** Bytes of a request. @throws for a term that is too long. */
export function encodeReceiptsRequest(skill: string): Uint8Array {
  const message = requestSchema.parse({ v: 1, typ: 'rcptreq', skill });
  return encodeDocument(message, REQUEST_LIMITS);
}

/** Skill of a request; `undefined` if the bytes are none. Never throws. */
export function decodeReceiptsRequest(bytes: Uint8Array): string | undefined {
  try {
    return requestSchema.parse(decodeDocument(bytes, REQUEST_LIMITS)).skill;
  } catch {
    return undefined;
  }
}

/**
 * Whether a receipt may be shown: it is small enough, and its client called the task of low
 * sensitivity. Of any other task strangers learn nothing, not even that it was done.
 */
export function isShowable(
  chain: ReceiptChain,
  { sensitivity }: Pick<TaskShape, 'sensitivity'>,
): boolean {
  const isSmall = Object.values(chain).every(({ length }) => length <= MAX_SHOWN_ENVELOPE_BYTES);
  return isSmall && sensitivity === 'low';
}

/** Bytes of an answer. @throws for more than 8 receipts, or one that is too large. */
export function encodeReceipts(receipts: readonly ReceiptChain[]): Uint8Array {
  const message = {
    v: 1,
    typ: 'rcpts',
    receipts: receipts.map(({ request, quote, agreement, verdict }) => ({
      request: toBase64Url(request),
      quote: toBase64Url(quote),
      agreement: toBase64Url(agreement),
      verdict: toBase64Url(verdict),
    })),
  };
  return encodeDocument(receiptsSchema.parse(message), RECEIPTS_LIMITS);
}

/** Receipts of an answer, not yet verified; `undefined` if it is none. Never throws. */
export function decodeReceipts(bytes: Uint8Array): readonly ReceiptChain[] | undefined {
  try {
    const { receipts } = receiptsSchema.parse(decodeDocument(bytes, RECEIPTS_LIMITS));
    return receipts.map(({ request, quote, agreement, verdict }) => ({
      request: fromBase64Url(request),
      quote: fromBase64Url(quote),
      agreement: fromBase64Url(agreement),
      verdict: fromBase64Url(verdict),
    }));
  } catch {
    return undefined;
  }
}
