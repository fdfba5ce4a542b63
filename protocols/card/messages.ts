/**
 * Messages of the card exchange (streams of purpose 3): the request for the card and its answer.
 * The challenge and the presentation that share the stream are in `crypto/presentation-messages.ts`
 * (wire-formats.md 2.5).
 *
 * Form only: `card-check.ts` compares an answer with the skill record.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { AGENT_CARD_LIMITS } from '../a2a/agent-card.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';

/** Largest embedding vector, in bytes: 2,048 dimensions of Float32. */
export const MAX_VECTOR_BYTES = 8_192;

/** Size and depth of the messages in this file. */
export const CARD_MESSAGE_LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.card.maxMessageBytes,
  maxDepth: 1,
  maxValues: 4,
};

const REQUEST_BYTES = encodeDocument({ v: 1, typ: 'cardreq' });

const cardSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('card'),
  card: fields.bytesUpTo(1, AGENT_CARD_LIMITS.maxBytes),
  vector: fields.bytesUpTo(0, MAX_VECTOR_BYTES),
});

/** Bytes of the one request for a card. */
export function encodeCardRequest(): Uint8Array {
  return new Uint8Array(REQUEST_BYTES);
}

/** Whether received bytes are a request for the card. */
export function isCardRequest(bytes: Uint8Array): boolean {
  return equalBytes(bytes, REQUEST_BYTES);
}

/** Answer to a request for the card. */
export interface CardMessage {
  /** Canonical bytes of the agent card. */
  readonly card: Uint8Array;
  /** Embedding as little-endian Float32, empty if the peer publishes none. */
  readonly vector: Uint8Array;
}

/** Bytes of an answer. @throws for a card or vector beyond its limit. */
export function encodeCardMessage({ card, vector }: CardMessage): Uint8Array {
  const message = { v: 1, typ: 'card', card: toBase64Url(card), vector: toBase64Url(vector) };
  return encodeDocument(cardSchema.parse(message), CARD_MESSAGE_LIMITS);
}

/** Reads an answer; `undefined` if it is none. Never throws. */
export function decodeCardMessage(bytes: Uint8Array): CardMessage | undefined {
  try {
    const { card, vector } = cardSchema.parse(decodeDocument(bytes, CARD_MESSAGE_LIMITS));
    return { card: fromBase64Url(card), vector: fromBase64Url(vector) };
  } catch {
    return undefined;
  }
}

/** Little-endian Float32 bytes of an embedding. */
export function encodeVector(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * vector.length);
  const view = new DataView(bytes.buffer);
  vector.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytes;
}

/** Embedding of little-endian Float32 bytes; `undefined` if a number is missing or not finite. */
export function decodeVector(bytes: Uint8Array): Float32Array | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vector = new Float32Array(bytes.length / 4);
  for (let i = 0; i < vector.length; i++) vector[i] = view.getFloat32(4 * i, true);
  return vector.every(Number.isFinite) ? vector : undefined;
}
