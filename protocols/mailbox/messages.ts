/**
 * The messages of `/coalesce/mailbox/1.0.0` (purpose 6), restricted JCS: the peer that opened the
 * stream asks, the other answers each question once and in order. `README.md` beside this file
 * lists them.
 *
 * @module
 */

import { z } from 'zod';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { letterSchema } from './letter.ts';

/** Most letters of one answer: so many fit whatever their size. */
export const MAX_LETTERS_PER_ANSWER = 8;
/** Most questions of one stream. */
export const MAX_QUESTIONS_PER_STREAM = 32;

const LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.mailbox.maxMessageBytes,
  maxDepth: 3,
  maxValues: 128,
};

const nameSchema = letterSchema.pick({ from: true, contract: true, number: true });

function message<Typ extends string, Shape extends z.core.$ZodLooseShape>(typ: Typ, shape: Shape) {
  return z.strictObject({ v: z.literal(1), typ: z.literal(typ), ...shape });
}

const questionSchema = z.discriminatedUnion('typ', [
  /** Keep this letter for its recipient. */
  message('leave', { letter: letterSchema }),
  /** What is there for me? `key`: what may be sealed for me now. */
  message('collect', { key: fields.bytes(32) }),
  /** These I have: forget them. */
  message('taken', { letters: z.array(nameSchema).min(1).max(MAX_LETTERS_PER_ANSWER) }),
]);

const answerSchema = z.discriminatedUnion('typ', [
  message('left', {}),
  message('mail', {
    letters: z.array(letterSchema).max(MAX_LETTERS_PER_ANSWER),
    /** How many are left for the next question. */
    more: fields.integer,
  }),
  message('forgotten', {}),
  message('decline', { code: z.number().int().min(1).max(65_535) }),
]);

/** What is asked of whoever keeps letters. */
export type MailQuestion = z.infer<typeof questionSchema>;
/** What it answers. */
export type MailAnswer = z.infer<typeof answerSchema>;
/** Names a letter for its recipient. */
export type LetterName = z.infer<typeof nameSchema>;

function decode<Message>(schema: z.ZodType<Message>, bytes: Uint8Array): Message | undefined {
  try {
    return schema.parse(decodeDocument(bytes, LIMITS));
  } catch {
    return undefined;
  }
}

/** A question; `undefined` if the bytes are none. Never throws. */
export function decodeMailQuestion(bytes: Uint8Array): MailQuestion | undefined {
  return decode(questionSchema, bytes);
}

/** An answer; `undefined` if the bytes are none. Never throws. */
export function decodeMailAnswer(bytes: Uint8Array): MailAnswer | undefined {
  return decode(answerSchema, bytes);
}

/** Bytes of a question. @throws for one out of its limits. */
export function encodeMailQuestion(question: MailQuestion): Uint8Array {
  return encodeDocument(questionSchema.parse(question), LIMITS);
}

/** Bytes of an answer. @throws for one out of its limits. */
export function encodeMailAnswer(answer: MailAnswer): Uint8Array {
  return encodeDocument(answerSchema.parse(answer), LIMITS);
}
