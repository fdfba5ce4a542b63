/**
 * HKDF-SHA256, natively (RFC 5869), in the two steps that the key schedules name
 * (wire-formats.md 0).
 *
 * @module
 */

import { createHmac } from 'node:crypto';
import { concatBytes, utf8 } from './bytes.ts';

const HASH_BYTES = 32;
/** Largest output of HKDF-Expand, in bytes (RFC 5869 s.2.3). */
export const MAX_HKDF_BYTES = 255 * HASH_BYTES;

/** HMAC-SHA256 of the concatenation of `parts`, 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHmac('sha256', key);
  for (const part of parts) state.update(part);
  return new Uint8Array(state.digest());
}

/** HKDF-Extract: a pseudorandom key of 32 bytes. An empty salt counts as 32 zero bytes. */
export function extract(salt: Uint8Array, inputKey: Uint8Array): Uint8Array {
  return hmacSha256(salt, inputKey);
}

/**
 * HKDF-Expand.
 *
 * @throws {@link RangeError} unless `length` is 1 to 8,160.
 */
export function hkdfExpand(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > MAX_HKDF_BYTES) {
    throw new RangeError(`"length" expected 1 to ${MAX_HKDF_BYTES}, got ${length}`);
  }
  const output = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let offset = 0, count = 1; offset < length; offset += HASH_BYTES, count++) {
    block = new Uint8Array(hmacSha256(key, block, info, Uint8Array.of(count)));
    output.set(block.subarray(0, Math.min(HASH_BYTES, length - offset)), offset);
  }
  return output;
}

/**
 * `expand(prk, label, ctx, n)` of wire-formats.md 0: info = label || 0x00 || context.
 *
 * @param label - One of the domain tags.
 * @param length - Bytes wanted, 32 unless given.
 */
export function expand(
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number = HASH_BYTES,
): Uint8Array {
  return hkdfExpand(key, concatBytes(utf8(label), Uint8Array.of(0), context), length);
}
