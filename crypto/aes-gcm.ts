/**
 * AES-256-GCM, natively (NIST SP 800-38D), with 96-bit nonces and 128-bit tags only.
 *
 * Nonces are counters, never random: whoever holds a key counts its own messages. This file does
 * not count and does not limit the use of a key.
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Length of a key, in bytes. */
export const AES_GCM_KEY_BYTES = 32;
/** Length of a nonce, in bytes. */
export const AES_GCM_NONCE_BYTES = 12;
/** Length of the tag that follows the ciphertext, in bytes. */
export const AES_GCM_TAG_BYTES = 16;

const OPTIONS = { authTagLength: AES_GCM_TAG_BYTES } as const;

function assertKeyAndNonce(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== AES_GCM_KEY_BYTES) {
    throw new TypeError(`"key" expected ${AES_GCM_KEY_BYTES} bytes, got ${key.length}`);
  }
  if (nonce.length !== AES_GCM_NONCE_BYTES) {
    throw new TypeError(`"nonce" expected ${AES_GCM_NONCE_BYTES} bytes, got ${nonce.length}`);
  }
}

/**
 * Nonce of a counter: u32 0, then u64 big-endian (wire-formats.md 1.2 and 1.3, Noise s.12.3).
 *
 * @throws {@link RangeError} unless `counter` is an integer of 0 to 2^53 - 1.
 */
export function counterNonce(counter: number): Uint8Array {
  if (!Number.isSafeInteger(counter) || counter < 0) {
    throw new RangeError(`"counter" expected an integer of 0 to 2^53 - 1, got ${counter}`);
  }
  const nonce = new Uint8Array(AES_GCM_NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint32(4, Math.floor(counter / 2 ** 32));
  view.setUint32(8, counter >>> 0);
  return nonce;
}

/**
 * Ciphertext of `plaintext`, then the tag.
 *
 * @throws {@link TypeError} unless the key has 32 bytes and the nonce 12.
 */
export function sealAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  assertKeyAndNonce(key, nonce);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, OPTIONS);
  cipher.setAAD(associatedData);
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  const sealed = new Uint8Array(ciphertext.length + AES_GCM_TAG_BYTES);
  sealed.set(ciphertext);
  sealed.set(cipher.getAuthTag(), ciphertext.length);
  return sealed;
}

/**
 * Plaintext of ciphertext and tag, or `undefined` if the tag does not verify: then nothing of the
 * plaintext is released.
 *
 * @throws {@link TypeError} unless the key has 32 bytes and the nonce 12.
 */
export function openAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  assertKeyAndNonce(key, nonce);
  if (sealed.length < AES_GCM_TAG_BYTES) return undefined;
  const tagAt = sealed.length - AES_GCM_TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, OPTIONS);
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(0, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
}
