/**
 * A result that its client can hold before it can read it (wire-formats.md 4.1): the contractor
 * hands the ciphertext over first, and the key once the client has signed that it holds that.
 *
 * Chunks of 65,536 bytes of plaintext, the last one shorter, each under AES-256-GCM with its number
 * as nonce and `"s" || contract id || u8 last || u64 number` as associated data, so that chunks
 * cannot be left out, added, exchanged, or taken from another contract. A key is used for one
 * result only. GCM commits to no key; the hash of {@link sealKeyCommitment} does, and stands in the
 * signed delivery.
 *
 * @module
 */

import { AES_GCM_TAG_BYTES, counterNonce, openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { concatBytes, u64, utf8 } from './bytes.ts';
import { SEAL_KEY_TAG } from './domain-tags.ts';
import { sha256 } from './hash.ts';

/** Bytes of plaintext in a chunk. */
export const SEALED_CHUNK_BYTES = 65_536;

/** Commitment to the key of a sealed result, 32 bytes. */
export function sealKeyCommitment(key: Uint8Array): Uint8Array {
  return sha256(utf8(SEAL_KEY_TAG), Uint8Array.of(0), key);
}

/**
 * Ciphertext of a result.
 *
 * @param key - 32 random bytes, never used before.
 * @param contractId - 32 bytes.
 * @throws {@link TypeError} unless the key has 32 bytes.
 */
export function sealResult(
  key: Uint8Array,
  contractId: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const count = Math.max(1, Math.ceil(plaintext.length / SEALED_CHUNK_BYTES));
  const chunks = Array.from({ length: count }, (_, i) => {
    const chunk = plaintext.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
    const associated = associatedData(contractId, i, i === count - 1);
    return sealAesGcm(key, counterNonce(i), associated, chunk);
  });
  return concatBytes(...chunks);
}

/**
 * The result, or `undefined` if the ciphertext is not one of this key and contract.
 *
 * @throws {@link TypeError} unless the key has 32 bytes.
 */
export function openSealedResult(
  key: Uint8Array,
  contractId: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const size = SEALED_CHUNK_BYTES + AES_GCM_TAG_BYTES;
  const count = Math.max(1, Math.ceil(ciphertext.length / size));
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const chunk = ciphertext.subarray(i * size, (i + 1) * size);
    const associated = associatedData(contractId, i, i === count - 1);
    const plaintext = openAesGcm(key, counterNonce(i), associated, chunk);
    if (!plaintext) return undefined;
    chunks.push(plaintext);
  }
  return concatBytes(...chunks);
}

function associatedData(contractId: Uint8Array, number: number, isLast: boolean): Uint8Array {
  return concatBytes(utf8('s'), contractId, Uint8Array.of(isLast ? 1 : 0), u64(number));
}
