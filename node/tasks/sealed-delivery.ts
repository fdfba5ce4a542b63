/**
 * Sealed results of contracts (wire-formats.md 4.1): the client gets the ciphertext as one artifact
 * of bytes, signs that it holds it, and only then gets the key. So a client that keeps back its
 * acknowledgement has nothing that it can use. A contractor that keeps back the key, or tells it to
 * the ledger alone, gets a verdict of "fail" before silence would pay it.
 *
 * What is sealed is the JSON of the parts, as a large result is sent (large-result.ts).
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { openSealedResult, sealResult } from '../../crypto/sealed-result.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { ResultSeal } from '../../protocols/negotiation/contractor-policy.ts';
import { decodeParts, encodeParts } from './large-result.ts';
import type { ResultPart } from './task-parts.ts';
import { manifestOf } from './wire-task.ts';

/** How a stored result is sealed, base64url. */
export interface StoredSeal {
  readonly key: string;
  readonly cipher: string;
}

/** Media type of the ciphertext. */
export const SEALED_MEDIA_TYPE = 'application/vnd.coalesce.sealed-result';

/** Seals a result with a new key of 32 bytes. */
export function newSeal(
  parts: readonly ResultPart[],
  contractId: Uint8Array,
  key: Uint8Array,
): StoredSeal {
  const cipher = sha256(sealResult(key, contractId, encodeParts(parts)));
  return { key: toBase64Url(key), cipher: toBase64Url(cipher) };
}

/** A stored seal as the negotiation is told of it. */
export function resultSeal({ key, cipher }: StoredSeal): ResultSeal {
  return { key: fromBase64Url(key), cipher: fromBase64Url(cipher) };
}

/** The ciphertext of a stored result: the same again each time. */
export function sealedBytes(
  parts: readonly ResultPart[],
  contractId: Uint8Array,
  { key }: StoredSeal,
): Uint8Array {
  return sealResult(fromBase64Url(key), contractId, encodeParts(parts));
}

/**
 * The parts of a sealed result whose key has come; `undefined` if it does not open, or opens to
 * something else than the contractor has signed. Never throws on what the contractor has made.
 */
export function openDelivery(
  ciphertext: Uint8Array,
  { agreement, delivery, sealKey }: Contract,
): readonly ResultPart[] | undefined {
  if (!agreement || !delivery || !sealKey) return undefined;
  const plaintext = openSealedResult(sealKey, agreement.id, ciphertext);
  const parts = plaintext && decodeParts(plaintext);
  if (!parts) return undefined;
  try {
    const { result, bytes } = manifestOf(parts);
    const isSigned = toBase64Url(result) === delivery.body.result && bytes === delivery.body.bytes;
    return isSigned ? parts : undefined;
  } catch {
    return undefined;
  }
}
