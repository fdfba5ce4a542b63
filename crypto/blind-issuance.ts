/**
 * How a quantity gets into a certificate without the attestor learning how to open it
 * (wire-formats.md 3.1): the holder sends R = r*B~ and proves that it knows r, the attestor commits
 * to what it measured as C = v*B + R.
 *
 * Without that proof the holder could send r*B~ + 72*B and make 80 of a measured 8. The attestor
 * knows v, and nobody but the holder r. Messages and their form are not here.
 *
 * @module
 */

import { equalBytes } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
import { TRANSCRIPT_TAGS } from './domain-tags.ts';
import { peerIdToBytes } from './identity.ts';
import { Transcript } from './merlin.ts';
import {
  BASE,
  BLINDING_BASE,
  MAX_QUANTITY,
  commit,
  isQuantity,
  multiplySecret,
} from './pedersen.ts';
import {
  WIDE_SCALAR_BYTES,
  decodeElement,
  decodeScalar,
  encodeScalar,
  modOrder,
  randomScalar,
  reduceWideScalar,
} from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** What a blinding is made for; both sides know it. */
export interface IssuanceContext {
  /** Public hash of the session, 32 bytes. */
  readonly sessionHash: Uint8Array;
  /** PeerId. */
  readonly attestor: string;
  /** PeerId. */
  readonly holder: string;
  /** 32 random bytes of the attestor, used once. */
  readonly job: Uint8Array;
  /** Term of the leaf. */
  readonly resource: string;
  readonly unit: string;
}

/** What the holder sends. The names are those of the message `iss2`. */
export interface BlindingRequest {
  /** R, 32 bytes. */
  readonly R: Uint8Array;
  /** P, 32 bytes. */
  readonly P: Uint8Array;
  /** s, 32 bytes. */
  readonly s: Uint8Array;
}

/** Why a blinding was refused. */
export type BlindingRefusal = 'BAD_ELEMENT' | 'BAD_SCALAR' | 'BAD_PROOF';

/** Outcome of the attestor's check. */
export type VerifiedBlinding =
  | { readonly valid: true; readonly element: Element }
  | { readonly valid: false; readonly reason: BlindingRefusal; readonly detail: string };

const CONTEXT_BYTES = 32;

function challengeOf(context: IssuanceContext, R: Uint8Array, P: Uint8Array): bigint {
  for (const name of ['sessionHash', 'job'] as const) {
    const { length } = context[name];
    if (length !== CONTEXT_BYTES) {
      throw new RangeError(`"${name}" expected ${CONTEXT_BYTES} bytes, got ${length}`);
    }
  }
  const transcript = new Transcript(TRANSCRIPT_TAGS.blindingProof);
  transcript.append('sh', context.sessionHash);
  transcript.append('attestor', peerIdToBytes(context.attestor));
  transcript.append('holder', peerIdToBytes(context.holder));
  transcript.append('job', context.job);
  transcript.append('resource', context.resource);
  transcript.append('unit', context.unit);
  transcript.append('R', R);
  transcript.append('P', P);
  return reduceWideScalar(transcript.challenge('c', WIDE_SCALAR_BYTES));
}

/**
 * The holder's step: a fresh blinding and the proof that it knows it (Schnorr).
 *
 * @returns `blinding` is r, 32 bytes: secret, and never used for a second commitment, or the
 *   difference of the two values would be known.
 * @throws {@link RangeError} or {@link TypeError} for a context of the wrong form.
 */
export function makeBlinding(
  context: IssuanceContext,
  random: RandomBytes,
): { readonly blinding: Uint8Array; readonly request: BlindingRequest } {
  const r = randomScalar(random);
  const k = randomScalar(random);
  const R = multiplySecret(BLINDING_BASE, r).toBytes();
  const P = multiplySecret(BLINDING_BASE, k).toBytes();
  const s = encodeScalar(modOrder(k + challengeOf(context, R, P) * r));
  return { blinding: encodeScalar(r), request: { R, P, s } };
}

/**
 * The attestor's check that s*B~ = P + c*R, before it measures anything. Never throws on what was
 * received.
 *
 * @throws {@link RangeError} or {@link TypeError} for a context of the wrong form.
 */
export function verifyBlinding(
  context: IssuanceContext,
  { R, P, s }: BlindingRequest,
): VerifiedBlinding {
  const response = decodeScalar(s);
  if (response === undefined) {
    return { valid: false, reason: 'BAD_SCALAR', detail: 's is not below the group order' };
  }
  const blinded = decodeElement(R);
  // A P that is the identity is refused as well: it would tell r to everybody who sees s.
  const proof = decodeElement(P);
  if (!blinded || !proof) {
    const detail = `${blinded ? 'P' : 'R'} is not canonical, or the identity`;
    return { valid: false, reason: 'BAD_ELEMENT', detail };
  }
  const challenge = challengeOf(context, R, P);
  const expected = proof.add(blinded.multiplyUnsafe(challenge));
  if (!BLINDING_BASE.multiplyUnsafe(response).equals(expected)) {
    return { valid: false, reason: 'BAD_PROOF', detail: 'the sender does not know the blinding' };
  }
  return { valid: true, element: blinded };
}

/**
 * The attestor's commitment C = v*B + R to what it measured, 32 bytes for a leaf.
 *
 * @param blinding - Accepted by {@link verifyBlinding}.
 * @throws {@link RangeError} for a value that is no quantity.
 */
export function commitQuantity(
  blinding: VerifiedBlinding & { readonly valid: true },
  value: bigint,
): Uint8Array {
  if (!isQuantity(value)) {
    throw new RangeError(`"value" expected 0 to ${MAX_QUANTITY}, got ${value}`);
  }
  return multiplySecret(BASE, value).add(blinding.element).toBytes();
}

/**
 * The holder's check that C = v*B + r*B~, without which it keeps no certificate: nothing could be
 * proved about another C. Never throws on what was received.
 *
 * @param blinding - r, as {@link makeBlinding} gave it.
 */
export function opensCommitment(
  commitment: Uint8Array,
  value: bigint,
  blinding: Uint8Array,
): boolean {
  const r = decodeScalar(blinding);
  if (r === undefined || !isQuantity(value)) return false;
  return equalBytes(commit(value, r).toBytes(), commitment);
}
