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

/** Where short parts are put together: one call to the native hash costs less than four. */
const scratch = Buffer.alloc(2_048);

/** SHA-256 of the concatenation of `parts`, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return new Uint8Array(sha256Buffer(first));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
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
