/**
 * A vector as it stands in a stored JSON document: little-endian Float32, base64url.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeVector, encodeVector } from '../../protocols/card/messages.ts';

/** Most dimensions of a vector that is stored. */
export const MAX_STORED_DIMENSIONS = 2_048;

/** Text of at most {@link MAX_STORED_DIMENSIONS} numbers. */
export const storedVectorSchema = z.string().max(Math.ceil((4 * MAX_STORED_DIMENSIONS * 4) / 3));

/** The form that is stored. */
export function storeVector(vector: Float32Array): string {
  return toBase64Url(encodeVector(vector));
}

/** The inverse of {@link storeVector}; `undefined` for anything else. Never throws. */
export function readVector(text: string): Float32Array | undefined {
  try {
    return decodeVector(fromBase64Url(text));
  } catch {
    return undefined;
  }
}
