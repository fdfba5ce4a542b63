/**
 * What a range proof hashes, and in which order: the transcript of the `bulletproofs` crate
 * (wire-formats.md 3.2), which prover and verifier walk through alike.
 *
 * Commitments are part of it. A transcript without them (the "Frozen Heart" of 2022) lets the
 * prover choose a commitment to fit its proof.
 *
 * @module
 */

import { RANGE_PROOF_TAGS } from './domain-tags.ts';
import type { Transcript } from './merlin.ts';
import type { ProofShape } from './proof-generators.ts';
import type { ArgumentRound, RangeProofParts } from './range-proof.ts';
import { WIDE_SCALAR_BYTES, encodeScalar, reduceWideScalar } from './ristretto.ts';

/** Draws a challenge: 64 bytes mod L. */
function challengeScalar(transcript: Transcript, label: string): bigint {
  return reduceWideScalar(transcript.challenge(label, WIDE_SCALAR_BYTES));
}

/** The challenges of a proof before its inner-product argument. */
export interface RangeChallenges {
  readonly y: bigint;
  readonly z: bigint;
}

/** Appends what the proof is about: shape and commitments. */
export function appendStatement(
  transcript: Transcript,
  shape: ProofShape,
  commitments: readonly Uint8Array[],
): void {
  transcript.append('dom-sep', RANGE_PROOF_TAGS.rangeProof);
  transcript.appendU64('n', shape.bitCount);
  transcript.appendU64('m', shape.valueCount);
  for (const commitment of commitments) transcript.append('V', commitment);
}

/** Appends the commitments to the bits and draws y and z. */
export function appendBitCommitments(
  transcript: Transcript,
  { a, s }: Pick<RangeProofParts, 'a' | 's'>,
): RangeChallenges {
  transcript.append('A', a);
  transcript.append('S', s);
  const y = challengeScalar(transcript, 'y');
  return { y, z: challengeScalar(transcript, 'z') };
}

/** Appends the commitments to the polynomial and draws x. */
export function appendPolynomialCommitments(
  transcript: Transcript,
  { t1, t2 }: Pick<RangeProofParts, 't1' | 't2'>,
): bigint {
  transcript.append('T_1', t1);
  transcript.append('T_2', t2);
  return challengeScalar(transcript, 'x');
}

/** Appends the values at x, draws w and begins the inner-product argument. */
export function appendEvaluations(
  transcript: Transcript,
  { tx, txBlinding, eBlinding }: Pick<RangeProofParts, 'tx' | 'txBlinding' | 'eBlinding'>,
  shape: ProofShape,
): bigint {
  transcript.append('t_x', encodeScalar(tx));
  transcript.append('t_x_blinding', encodeScalar(txBlinding));
  transcript.append('e_blinding', encodeScalar(eBlinding));
  const w = challengeScalar(transcript, 'w');
  transcript.append('dom-sep', RANGE_PROOF_TAGS.innerProduct);
  transcript.appendU64('n', shape.bitCount * shape.valueCount);
  return w;
}

/** Appends one round of the argument and draws its challenge. */
export function appendRound(transcript: Transcript, { left, right }: ArgumentRound): bigint {
  transcript.append('L', left);
  transcript.append('R', right);
  return challengeScalar(transcript, 'u');
}
