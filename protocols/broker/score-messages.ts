/**
 * A question about reputation on `/coalesce/query/1.0.0` (purpose 5) and its answer:
 * `{v:1, typ:"scores", ledger, subjects}` and `{v:1, typ:"scored", answer}`.
 *
 * `answer` is what a replica of that ledger would say to the same question (`read` of
 * `protocols/ledger-service/messages.ts`): a head with the votes of its committee, then one proof
 * for each subject, in their order. So a broker can be old, and cannot invent. Empty: the broker
 * follows no such ledger, or cannot reach it. Form only: `LedgerClient.proveFrom` verifies.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { ScoreSubject } from '../reputation/records.ts';
import { MAX_TERM_LENGTH } from '../skill-discovery/terms.ts';

/** Most subjects of a question. */
export const MAX_SCORE_SUBJECTS = 16;
/** Largest part of an answer, in bytes: so many of them fit. */
const MAX_PART_BYTES = 32_768;

const QUESTION_LIMITS: DocumentLimits = { maxBytes: 8_192, maxDepth: 3, maxValues: 128 };
const ANSWER_LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.query.maxMessageBytes,
  maxDepth: 2,
  maxValues: 32,
};

const subject = z.strictObject({
  subject: fields.peerId,
  role: z.enum(['client', 'contractor']),
  taskType: z.string().max(MAX_TERM_LENGTH),
});
const questionSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('scores'),
  ledger: fields.bytes(32),
  subjects: z.array(subject).min(1).max(MAX_SCORE_SUBJECTS),
});
const answerSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('scored'),
  answer: z.array(fields.bytesUpTo(1, MAX_PART_BYTES)).max(MAX_SCORE_SUBJECTS + 1),
});

/** Whose scores are asked for, and on which ledger. */
export interface ScoreQuestion {
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  readonly subjects: readonly ScoreSubject[];
}

/** Bytes of a question. @throws for one out of its limits. */
export function encodeScoreQuestion({ ledgerId, subjects }: ScoreQuestion): Uint8Array {
  const message = { v: 1, typ: 'scores', ledger: toBase64Url(ledgerId), subjects: [...subjects] };
  return encodeDocument(questionSchema.parse(message), QUESTION_LIMITS);
}

/** A question; `undefined` if the bytes are none. Never throws. */
export function decodeScoreQuestion(bytes: Uint8Array): ScoreQuestion | undefined {
  try {
    const { ledger, subjects } = questionSchema.parse(decodeDocument(bytes, QUESTION_LIMITS));
    return { ledgerId: fromBase64Url(ledger), subjects };
  } catch {
    return undefined;
  }
}

/** Bytes of an answer. @throws for one out of its limits. */
export function encodeScoreAnswer(answer: readonly Uint8Array[]): Uint8Array {
  const message = { v: 1, typ: 'scored', answer: answer.map((part) => toBase64Url(part)) };
  return encodeDocument(answerSchema.parse(message), ANSWER_LIMITS);
}

/** An answer, not yet verified; `undefined` if it is none. Never throws. */
export function decodeScoreAnswer(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  try {
    const { answer } = answerSchema.parse(decodeDocument(bytes, ANSWER_LIMITS));
    return answer.map((part) => fromBase64Url(part));
  } catch {
    return undefined;
  }
}
