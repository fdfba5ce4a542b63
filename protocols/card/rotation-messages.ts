/**
 * The messages with which a peer asks another for the rotations that led to its present key, on a
 * stream of purpose 3: `{v:1, typ:"rotreq"}`, answered by `{v:1, typ:"rotations", chain}`, oldest
 * rotation first, none if there was none (wire-formats.md 2.4).
 *
 * Form only: `former-holders.ts` checks a chain.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { MAX_ROTATIONS } from '../../crypto/key-rotation.ts';
import {
  embedEnvelope,
  embeddedEnvelopeSchema,
  envelopeBytes,
} from '../../crypto/presentation-messages.ts';

/** Size and depth of the answer: a rotation takes some 700 bytes. */
export const ROTATIONS_LIMITS: DocumentLimits = { maxBytes: 16_384, maxDepth: 5, maxValues: 128 };

const REQUEST_BYTES = encodeDocument({ v: 1, typ: 'rotreq' });

const rotationsSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('rotations'),
  chain: z.array(embeddedEnvelopeSchema).max(MAX_ROTATIONS),
});

/** Bytes of the one request for the rotations. */
export function encodeRotationRequest(): Uint8Array {
  return new Uint8Array(REQUEST_BYTES);
}

/** Whether received bytes are a request for the rotations. */
export function isRotationRequest(bytes: Uint8Array): boolean {
  return equalBytes(bytes, REQUEST_BYTES);
}

/** Bytes of an answer. @throws for more than 8 rotations, or bytes that are no envelope. */
export function encodeRotations(envelopes: readonly Uint8Array[]): Uint8Array {
  const message = { v: 1, typ: 'rotations', chain: envelopes.map(embedEnvelope) };
  return encodeDocument(rotationsSchema.parse(message), ROTATIONS_LIMITS);
}

/** Envelopes of an answer, not yet verified; `undefined` if it is none. Never throws. */
export function decodeRotations(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  try {
    const { chain } = rotationsSchema.parse(decodeDocument(bytes, ROTATIONS_LIMITS));
    return chain.map(envelopeBytes);
  } catch {
    return undefined;
  }
}
