/**
 * Openings, commitments and transcripts that the tests of range and resource proofs share.
 *
 * @module
 */

import { fromHex } from '../bytes.ts';
import type { RandomBytes } from '../bytes.ts';
import { Transcript } from '../merlin.ts';
import { commit } from '../pedersen.ts';
import { proveRange } from '../range-prover.ts';
import type { Opening } from '../range-prover.ts';
import { verifyRange } from '../range-verifier.ts';
import type { VerifiedRange } from '../range-verifier.ts';
import { decodeElement, randomScalar } from '../ristretto.ts';
import type { Element } from '../ristretto.ts';
import { seededRandom } from './certificate-fixtures.ts';
import { readVectors } from './vectors.ts';

/** Label of the transcripts of these tests. */
export const TEST_LABEL = 'range proof test';

/** Openings of the values, blinded from a seed. */
export function openingsOf(values: readonly bigint[], random: RandomBytes): Opening[] {
  return values.map((value) => ({ value, blinding: randomScalar(random) }));
}

/** The element that hexadecimal text stands for. */
export function elementOfHex(hex: string): Element {
  const element = decodeElement(fromHex(hex));
  if (!element) throw new Error(`no element: ${hex}`);
  return element;
}

/** A proof by the prover of this project, and its commitments. */
export function makeRangeProof(bitCount: number, values: readonly bigint[], seed = 'proof') {
  const random = seededRandom(seed);
  const openings = openingsOf(values, random);
  const commitments = openings.map(({ value, blinding }) => commit(value, blinding));
  const proof = proveRange(
    new Transcript(TEST_LABEL),
    { bitCount, openings, commitments: commitments.map((element) => element.toBytes()) },
    random,
  );
  return { bitCount, openings, commitments, proof };
}

/** What the verifier of this project says, under the label of these tests. */
export function checkRange(
  bitCount: number,
  commitments: readonly Element[],
  proof: Uint8Array,
): VerifiedRange {
  const transcript = new Transcript(TEST_LABEL);
  return verifyRange({ transcript, bitCount, commitments, proof }, seededRandom('weights'));
}

/** A published proof of the `bulletproofs` crate. */
export interface PublishedProof {
  readonly bitCount: number;
  readonly valueCount: number;
  readonly proof: Uint8Array;
}

/** The published proofs, what they are about, and the label of their transcripts. */
export function publishedProofs(): {
  readonly label: string;
  readonly commitments: readonly Element[];
  readonly cases: readonly PublishedProof[];
} {
  const file = readVectors('bulletproofs_dalek.json') as {
    readonly transcriptLabel: string;
    readonly commitments: readonly string[];
    readonly cases: readonly { readonly n: number; readonly m: number; readonly proof: string }[];
  };
  return {
    label: file.transcriptLabel,
    commitments: file.commitments.map(elementOfHex),
    cases: file.cases.map(({ n, m, proof }) => ({
      bitCount: n,
      valueCount: m,
      proof: fromHex(proof),
    })),
  };
}

/** 32 bytes of a number that may be too large for a scalar. */
export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
