/**
 * Messages of a negotiation stream: restricted JCS with `v` and `typ`, envelopes inside as
 * base64url (wire-formats.md 0, 1.6 and 4.2). The client asks, the contractor answers each
 * question once, in order. `README.md` beside this file lists them.
 *
 * Signatures and contents of the envelopes are not looked at here.
 *
 * @module
 */

import { z } from 'zod';
import { MAX_ENVELOPE_BYTES, fields } from '../../crypto/envelope.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { COOKIE_BYTES, SOLUTION_BYTES } from './ask-puzzle.ts';

/** Size and depth of one message. */
export const MESSAGE_LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.negotiation.maxMessageBytes,
  maxDepth: 1,
};

/** Most questions of one stream. */
export const MAX_QUESTIONS_PER_STREAM = 32;

/** How long each side waits, in milliseconds. */
export const STEP_TIMEOUTS_MS = {
  /** Client: from sending a question to its answer. */
  answer: 20_000,
  /**
   * Contractor: a decision of its own policy; shorter than `answer`, so that it can still refuse.
   */
  policy: 10_000,
  /** Contractor: the next question of an open stream. */
  nextQuestion: 60_000,
  /** Either: one message handed to the transport. */
  write: 10_000,
  /** Contractor: the end of a stream that it has ended itself. */
  drain: 5_000,
} as const;

const envelope = fields.bytesUpTo(1, MAX_ENVELOPE_BYTES);
const contract = fields.bytes(32);

function message<Typ extends string, Shape extends z.core.$ZodLooseShape>(typ: Typ, shape: Shape) {
  return z.strictObject({ v: z.literal(1), typ: z.literal(typ), ...shape });
}

const questionSchema = z.discriminatedUnion('typ', [
  message('ask', {
    request: envelope,
    cookie: fields.bytes(COOKIE_BYTES).optional(),
    solution: fields.bytes(SOLUTION_BYTES).optional(),
  }),
  message('accept', { agreement: envelope }),
  message('collect', { contract }),
  message('acknowledge', { contract, acknowledgement: envelope }),
  message('verdict', { contract, verdict: envelope }),
  message('cancel', { contract }),
  message('release', { quote: fields.bytes(32) }),
  message('counter', { quote: fields.bytes(32), price: fields.decimal }),
  message('state', { statement: envelope }),
]);

const answerSchema = z.discriminatedUnion('typ', [
  message('offer', { quote: envelope }),
  message('puzzle', { cookie: fields.bytes(COOKIE_BYTES) }),
  message('agreed', { agreement: envelope }),
  message('delivery', { delivery: envelope }),
  message('acknowledged', { contract, key: fields.bytes(32).optional() }),
  message('receipt', { receipt: envelope }),
  message('disputed', { contract }),
  message('cancelled', { contract }),
  message('released', { quote: fields.bytes(32) }),
  message('countered', { quote: fields.bytes(32), price: fields.decimal }),
  message('stated', { statement: envelope }),
  message('decline', { code: z.number().int().min(1).max(65_535) }),
]);

/** What a client sends. */
export type Question = z.infer<typeof questionSchema>;
/** What a contractor sends. */
export type Answer = z.infer<typeof answerSchema>;

/** A message that was read, or why it could not be. */
export type ParsedMessage<Message> =
  | { readonly valid: true; readonly message: Message }
  | { readonly valid: false; readonly reason: 'MALFORMED' };

function parse<Message>(schema: z.ZodType<Message>, bytes: Uint8Array): ParsedMessage<Message> {
  try {
    return { valid: true, message: schema.parse(decodeDocument(bytes, MESSAGE_LIMITS)) };
  } catch {
    return { valid: false, reason: 'MALFORMED' };
  }
}

/** Reads a question. Never throws. */
export function parseQuestion(bytes: Uint8Array): ParsedMessage<Question> {
  return parse(questionSchema, bytes);
}

/** Reads an answer. Never throws. */
export function parseAnswer(bytes: Uint8Array): ParsedMessage<Answer> {
  return parse(answerSchema, bytes);
}

/** Bytes of a question. @throws on a message that its own schema refuses. */
export function encodeQuestion(question: Question): Uint8Array {
  return encodeDocument(questionSchema.parse(question), MESSAGE_LIMITS);
}

/** Bytes of an answer. @throws on a message that its own schema refuses. */
export function encodeAnswer(answer: Answer): Uint8Array {
  return encodeDocument(answerSchema.parse(answer), MESSAGE_LIMITS);
}
