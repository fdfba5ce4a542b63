/**
 * SHA-256, natively (FIPS 180-4).
 *
 * @module
 */

import { hash as oneShotHash, createHash } from 'node:crypto';

/**
 * SHA-256 for those who hash thousands of times.
 *
 * A digest that crosses into JavaScript as a buffer costs an allocation outside the heap, 1.3 us;
 * as a string of bytes and into Node's pool it costs 0.4 us.
 */
export function sha256Buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(oneShotHash('sha256', bytes, 'binary'), 'latin1');
}

/**
 * Where parts are put together, an envelope at most: one call to the native hash costs less than a
 * hash that is fed part by part.
 */
const scratch = Buffer.alloc(32_768);

/** SHA-256 of the concatenation of `parts`, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return new Uint8Array(sha256Buffer(first));
  let length = 0;
  for (const part of parts) length += part.length;
  if (length <= scratch.length) {
    let offset = 0;
    for (const part of parts) {
      scratch.set(part, offset);
      offset += part.length;
    }
    return new Uint8Array(sha256Buffer(scratch.subarray(0, length)));
  }
  const state = createHash('sha256');
  for (const part of parts) state.update(part);
  return new Uint8Array(state.digest());
}

/** SHA-256 of the UTF-8 bytes of `text`, hexadecimal: without a copy of the text. */
export function sha256Hex(text: string): string {
  return oneShotHash('sha256', text, 'hex');
}

/** Names that were made, as long as their bytes are held somewhere. */
const contentKeys = new WeakMap<Uint8Array, string>();

/**
 * Name of bytes inside the process: their SHA-256 as a string of 32 bytes. Remembered for each
 * array, so that those who ask again pay nothing: the bytes must not change any more.
 */
export function contentKey(bytes: Uint8Array): string {
  const known = contentKeys.get(bytes);
  if (known !== undefined) return known;
  const key = oneShotHash('sha256', bytes, 'binary');
  contentKeys.set(bytes, key);
  return key;
}
