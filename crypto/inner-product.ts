/**
 * The inner-product argument (Bulletproofs section 3): that the prover knows vectors a and b whose
 * commitment and inner product are the ones stated, in 2 log2 of their length elements.
 *
 * The generators are never folded. Each L and R is a sum over the original ones, with the factors
 * that folding would have given them as scalars: sums over fixed elements are much the cheaper.
 *
 * @module
 */

import type { Transcript } from './merlin.ts';
import { interleavedSum } from './multi-scalar.ts';
import { FixedSum } from './proof-generators.ts';
import type { FixedElement } from './proof-generators.ts';
import type { ArgumentRound } from './range-proof.ts';
import { appendRound } from './range-transcript.ts';
import { GROUP_ORDER, invertScalars, modOrder } from './ristretto.ts';

/** What the argument is about. All vectors have the same length, a power of two. */
export interface InnerProductInit {
  readonly generatorsG: readonly FixedElement[];
  readonly generatorsH: readonly FixedElement[];
  /** Factors of the generators H: generator i stands for `factorsH[i] * H_i`. */
  readonly factorsH: readonly bigint[];
  readonly left: readonly bigint[];
  readonly right: readonly bigint[];
  /** The inner product is committed to as a multiple of `weight * B`. */
  readonly weight: bigint;
}

/** What the prover makes. */
export interface InnerProductArgument {
  readonly rounds: readonly ArgumentRound[];
  readonly finalLeft: bigint;
  readonly finalRight: bigint;
}

/** Inner product of two vectors of the same length, mod L. */
export function innerProduct(left: readonly bigint[], right: readonly bigint[]): bigint {
  let sum = 0n;
  for (const [i, value] of left.entries()) sum += value * right[i]!;
  return sum % GROUP_ORDER;
}

/** `x*first + y*second`, element by element. */
function combine(
  [x, first]: readonly [bigint, readonly bigint[]],
  [y, second]: readonly [bigint, readonly bigint[]],
): bigint[] {
  return first.map((value, i) => (x * value + y * second[i]!) % GROUP_ORDER);
}

/** Runs the argument to its end. The transcript must be where {@link appendRound} comes next. */
export function proveInnerProduct(
  transcript: Transcript,
  init: InnerProductInit,
): InnerProductArgument {
  const { generatorsG, generatorsH, weight } = init;
  let left = init.left;
  let right = init.right;
  let factorsG: readonly bigint[] = left.map(() => 1n);
  let factorsH = init.factorsH;
  const rounds: ArgumentRound[] = [];
  while (left.length > 1) {
    const half = left.length / 2;
    const parts = {
      lowLeft: left.slice(0, half),
      highLeft: left.slice(half),
      lowRight: right.slice(0, half),
      highRight: right.slice(half),
    };
    const sumL = new FixedSum();
    const sumR = new FixedSum();
    sumL.addBases(weight * innerProduct(parts.lowLeft, parts.highRight), 0n);
    sumR.addBases(weight * innerProduct(parts.highLeft, parts.lowRight), 0n);
    // An original generator i is part of the folded one at i mod the present length.
    const isLow = (i: number) => i % left.length < half;
    for (const [i, g] of generatorsG.entries()) {
      const h = generatorsH[i]!;
      const at = i % half;
      if (isLow(i)) {
        sumL.add(h, parts.highRight[at]! * factorsH[i]!);
        sumR.add(g, parts.highLeft[at]! * factorsG[i]!);
      } else {
        sumL.add(g, parts.lowLeft[at]! * factorsG[i]!);
        sumR.add(h, parts.lowRight[at]! * factorsH[i]!);
      }
    }
    const round = {
      left: interleavedSum(sumL.terms()).toBytes(),
      right: interleavedSum(sumR.terms()).toBytes(),
    };
    rounds.push(round);
    const u = appendRound(transcript, round);
    const [inverse] = invertScalars([u]) as [bigint];
    factorsG = factorsG.map((factor, i) => modOrder(factor * (isLow(i) ? inverse : u)));
    factorsH = factorsH.map((factor, i) => modOrder(factor * (isLow(i) ? u : inverse)));
    left = combine([u, parts.lowLeft], [inverse, parts.highLeft]);
    right = combine([inverse, parts.lowRight], [u, parts.highRight]);
  }
  return { rounds, finalLeft: left[0]!, finalRight: right[0]! };
}

/**
 * Factor of each generator G after all foldings, from the challenges of the rounds: for generator
 * i, the product of u_k or its inverse, by the bits of i from the highest. Those of H are the same
 * in reverse order.
 *
 * @param inverses - Of the challenges, in their order.
 */
export function foldedFactors(
  challenges: readonly bigint[],
  inverses: readonly bigint[],
): bigint[] {
  let factors = [1n];
  for (const [k, challenge] of challenges.entries()) {
    const inverse = inverses[k]!;
    factors = factors.flatMap((factor) => [
      (factor * inverse) % GROUP_ORDER,
      (factor * challenge) % GROUP_ORDER,
    ]);
  }
  return factors;
}
