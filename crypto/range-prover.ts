/**
 * Making range proofs (Bulletproofs section 4.2, aggregated as in 4.3 by one prover).
 *
 * The names a_L, a_R, s_L, s_R, l, r, t and the Greek letters are those of the paper, spelled out.
 * Not constant time (ristretto.ts says so): whoever times a prover closely may learn about a value.
 *
 * @module
 */

import type { RandomBytes } from './bytes.ts';
import { innerProduct, proveInnerProduct } from './inner-product.ts';
import type { Transcript } from './merlin.ts';
import { interleavedSum } from './multi-scalar.ts';
import { commit } from './pedersen.ts';
import { FixedSum, proofGenerators } from './proof-generators.ts';
import type { FixedElement, ProofShape } from './proof-generators.ts';
import { bitWeights, checkShape, encodeRangeProof } from './range-proof.ts';
import {
  appendBitCommitments,
  appendEvaluations,
  appendPolynomialCommitments,
  appendStatement,
} from './range-transcript.ts';
import { GROUP_ORDER, invertScalars, modOrder, powers, randomScalar } from './ristretto.ts';

/** A value and the blinding of its commitment, 0 to L - 1. */
export interface Opening {
  readonly value: bigint;
  readonly blinding: bigint;
}

/** What a proof is made of. */
export interface RangeProofInit {
  /** Bits of each value: 8, 16, 32 or 64. */
  readonly bitCount: number;
  /** 1, 2, 4 or 8 of them. */
  readonly openings: readonly Opening[];
  /** The commitments to them, 32 bytes each. */
  readonly commitments: readonly Uint8Array[];
}

/** Polynomials of degree one, coefficient by coefficient: l(X) = l0 + l1 X, and the same for r. */
interface VectorPolynomials {
  readonly left0: readonly bigint[];
  readonly left1: readonly bigint[];
  readonly right0: readonly bigint[];
  readonly right1: readonly bigint[];
}

function bitsOf(openings: readonly Opening[], bitCount: number): bigint[] {
  return openings.flatMap(({ value }) =>
    Array.from({ length: bitCount }, (_, bit) => (value >> BigInt(bit)) & 1n),
  );
}

/** `blinding*B~ + <left, G> + <right, H>`, 32 bytes. */
function commitVectors(
  generators: { readonly g: readonly FixedElement[]; readonly h: readonly FixedElement[] },
  left: readonly bigint[],
  right: readonly bigint[],
  blinding: bigint,
): Uint8Array {
  const sum = new FixedSum();
  sum.addBases(0n, blinding);
  for (const [i, g] of generators.g.entries()) {
    sum.add(g, left[i]!);
    sum.add(generators.h[i]!, right[i]!);
  }
  return interleavedSum(sum.terms()).toBytes();
}

function evaluate(constant: readonly bigint[], linear: readonly bigint[], x: bigint): bigint[] {
  return constant.map((value, i) => (value + linear[i]! * x) % GROUP_ORDER);
}

function checkInit({ bitCount, openings, commitments }: RangeProofInit): ProofShape {
  const shape = { bitCount, valueCount: openings.length };
  checkShape(shape);
  if (commitments.length !== openings.length) {
    throw new RangeError(
      `"commitments" expected ${openings.length} commitments, got ${commitments.length}`,
    );
  }
  for (const { value } of openings) {
    if (value < 0n || value >> BigInt(bitCount) !== 0n) {
      throw new RangeError(`"openings" expected values from 0 to 2^${bitCount} - 1`);
    }
  }
  return shape;
}

/**
 * Proves that every value is from 0 to 2^bitCount - 1.
 *
 * @param transcript - Holds the context already. The proof is good for that context only.
 * @throws {@link RangeError} for a value outside, or a number of bits or values that no proof has.
 */
export function proveRange(
  transcript: Transcript,
  init: RangeProofInit,
  random: RandomBytes,
): Uint8Array {
  const { bitCount, openings, commitments } = init;
  const shape = checkInit(init);
  const generators = { g: proofGenerators('G', shape), h: proofGenerators('H', shape) };
  const bits = bitsOf(openings, bitCount);
  appendStatement(transcript, shape, commitments);

  const alpha = randomScalar(random);
  const rho = randomScalar(random);
  const blindLeft = bits.map(() => randomScalar(random));
  const blindRight = bits.map(() => randomScalar(random));
  const bitsLessOne = bits.map((bit) => bit - 1n);
  const a = commitVectors(generators, bits, bitsLessOne, alpha);
  const s = commitVectors(generators, blindLeft, blindRight, rho);
  const { y, z } = appendBitCommitments(transcript, { a, s });

  const powersOfY = powers(y, bits.length);
  const weights = bitWeights(z, shape);
  const polynomials: VectorPolynomials = {
    left0: bits.map((bit) => modOrder(bit - z)),
    left1: blindLeft,
    right0: bits.map((_, i) => modOrder(powersOfY[i]! * (bitsLessOne[i]! + z) + weights[i]!)),
    right1: blindRight.map((value, i) => (powersOfY[i]! * value) % GROUP_ORDER),
  };
  const { left0, left1, right0, right1 } = polynomials;
  const tau1 = randomScalar(random);
  const tau2 = randomScalar(random);
  const linear = (innerProduct(left0, right1) + innerProduct(left1, right0)) % GROUP_ORDER;
  const t1 = commit(linear, tau1).toBytes();
  const t2 = commit(innerProduct(left1, right1), tau2).toBytes();
  const x = appendPolynomialCommitments(transcript, { t1, t2 });

  const left = evaluate(left0, left1, x);
  const right = evaluate(right0, right1, x);
  const blindings = openings.map(({ blinding }, j) => blinding * weights[j * bitCount]!);
  const evaluations = {
    tx: innerProduct(left, right),
    txBlinding: modOrder(blindings.reduce((sum, term) => sum + term, tau1 * x + tau2 * x * x)),
    eBlinding: modOrder(alpha + rho * x),
  };
  const weight = appendEvaluations(transcript, evaluations, shape);
  const [inverseOfY] = invertScalars([y]) as [bigint];
  const argument = proveInnerProduct(transcript, {
    generatorsG: generators.g,
    generatorsH: generators.h,
    factorsH: powers(inverseOfY, bits.length),
    left,
    right,
    weight,
  });
  return encodeRangeProof({ a, s, t1, t2, ...evaluations, ...argument });
}
