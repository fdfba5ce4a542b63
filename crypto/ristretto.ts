/**
 * ristretto255 (RFC 9496): whether received bytes are an element that a committed quantity may
 * have.
 *
 * Commitments and range proofs themselves are not here yet.
 *
 * @module
 */

import { ristretto255 } from '@noble/curves/ed25519.js';

/** Length of an encoded element, in bytes. */
export const ELEMENT_BYTES = 32;

/**
 * Whether `bytes` are the canonical encoding of an element other than the identity (wire-formats.md
 * 3: non-canonical points and the identity are refused for commitments). Never throws.
 */
export function isCommitmentElement(bytes: Uint8Array): boolean {
  if (bytes.length !== ELEMENT_BYTES) return false;
  try {
    return !ristretto255.Point.fromBytes(bytes).is0();
  } catch {
    return false;
  }
}
