/**
 * Checking range proofs, many at a time: every proof gives two equations that hold exactly if a sum
 * of multiples of elements is the identity (Bulletproofs sections 4.2 and 6), and a random
 * combination of all equations is checked in one multi-scalar multiplication.
 *
 * @module
 */

import { bytesToNumberLE } from '@noble/curves/utils.js';
import type { RandomBytes } from './bytes.ts';
import { foldedFactors } from './inner-product.ts';
import type { Transcript } from './merlin.ts';
import { mixedSum } from './multi-scalar.ts';
import type { VariableTerm } from './multi-scalar.ts';
import { FixedSum, proofGenerators } from './proof-generators.ts';
import type { ProofShape } from './proof-generators.ts';
import { bitWeights, checkShape, decodeRangeProof } from './range-proof.ts';
import type { DecodedRangeProof, RangeProofFormRefusal } from './range-proof.ts';
import {
  appendBitCommitments,
  appendEvaluations,
  appendPolynomialCommitments,
  appendRound,
  appendStatement,
} from './range-transcript.ts';
import { GROUP_ORDER, invertScalars, modOrder, powers } from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** A proof and what it is said to prove. */
export interface RangeStatement {
  /** Holds the context already; used up. */
  readonly transcript: Transcript;
  /** 8, 16, 32 or 64: fixed by what is proved, never read from the peer. */
  readonly bitCount: number;
  /** 1, 2, 4 or 8 commitments, computed or decoded by the verifier. */
  readonly commitments: readonly Element[];
  /** As received. */
  readonly proof: Uint8Array;
}

/** Why a range proof was refused. */
export type RangeRefusal = RangeProofFormRefusal | 'BAD_PROOF';

/** Outcome of checking a range proof. */
export type VerifiedRange =
  | { readonly valid: true }
  | { readonly valid: false; readonly reason: RangeRefusal; readonly detail: string };

/** Everything that the equations of one proof are made of. */
interface ProofEquations {
  readonly shape: ProofShape;
  readonly commitments: readonly Element[];
  readonly proof: DecodedRangeProof;
  readonly y: bigint;
  readonly z: bigint;
  readonly x: bigint;
  readonly w: bigint;
  readonly rounds: readonly bigint[];
  readonly inverseOfY: bigint;
  readonly inverseRounds: readonly bigint[];
}

/** Bytes of a random weight: a false equation escapes with probability 2^-128. */
const WEIGHT_BYTES = 16;

function equationsOf(
  { transcript, commitments }: RangeStatement,
  shape: ProofShape,
  proof: DecodedRangeProof,
): ProofEquations {
  appendStatement(
    transcript,
    shape,
    commitments.map((commitment) => commitment.toBytes()),
  );
  const { y, z } = appendBitCommitments(transcript, proof);
  const x = appendPolynomialCommitments(transcript, proof);
  const w = appendEvaluations(transcript, proof, shape);
  const rounds = proof.rounds.map((round) => appendRound(transcript, round));
  const [inverseOfY, ...inverseRounds] = invertScalars([y, ...rounds]) as [bigint, ...bigint[]];
  return { shape, commitments, proof, y, z, x, w, rounds, inverseOfY, inverseRounds };
}

/** delta(y, z) of the paper: what t_0 is apart from the values. */
function delta({ y, z, shape }: ProofEquations): bigint {
  const sumOfYs = powers(y, shape.bitCount * shape.valueCount).reduce((sum, term) => sum + term);
  const sumOfZs = powers(z, shape.valueCount).reduce((sum, term) => sum + term);
  const ones = (1n << BigInt(shape.bitCount)) - 1n;
  return modOrder((z - z * z) * sumOfYs - ((z * z * z) % GROUP_ORDER) * ones * sumOfZs);
}

/**
 * Adds both equations of a proof, each times its weight: `vectors` for the one that binds the
 * vectors to A and S, `polynomial` for the one that binds t(x) to the values.
 */
function addEquations(
  equations: ProofEquations,
  { vectors, polynomial }: { readonly vectors: bigint; readonly polynomial: bigint },
  fixed: FixedSum,
  variable: VariableTerm[],
): void {
  const { shape, commitments, proof, z, x, w, rounds, inverseRounds } = equations;
  const { tx, txBlinding, eBlinding, finalLeft, finalRight } = proof;
  fixed.addBases(
    vectors * w * modOrder(tx - finalLeft * finalRight) + polynomial * (delta(equations) - tx),
    -vectors * eBlinding - polynomial * txBlinding,
  );
  const factors = foldedFactors(rounds, inverseRounds);
  const generatorsH = proofGenerators('H', shape);
  const weights = bitWeights(z, shape);
  let inversePower = 1n;
  for (const [i, g] of proofGenerators('G', shape).entries()) {
    fixed.add(g, vectors * modOrder(-z - finalLeft * factors[i]!));
    const opposite = factors[factors.length - 1 - i]!;
    const bracket = modOrder(weights[i]! - finalRight * opposite);
    fixed.add(generatorsH[i]!, vectors * modOrder(z + inversePower * bracket));
    inversePower = (inversePower * equations.inverseOfY) % GROUP_ORDER;
  }
  const scalars = [vectors, vectors * x, polynomial * x, polynomial * modOrder(x * x)];
  for (const [k, challenge] of rounds.entries()) {
    const inverse = inverseRounds[k]!;
    scalars.push(vectors * modOrder(challenge * challenge), vectors * modOrder(inverse * inverse));
  }
  for (const [i, element] of proof.elements.entries()) {
    variable.push({ element, scalar: modOrder(scalars[i]!) });
  }
  for (const [j, element] of commitments.entries()) {
    variable.push({ element, scalar: modOrder(polynomial * weights[j * shape.bitCount]!) });
  }
}

/** Whether all equations hold, but for a chance of 2^-128. */
function hold(all: readonly ProofEquations[], random: RandomBytes): boolean {
  const fixed = new FixedSum();
  const variable: VariableTerm[] = [];
  for (const equations of all) {
    const vectors = bytesToNumberLE(random(WEIGHT_BYTES));
    const polynomial = bytesToNumberLE(random(WEIGHT_BYTES));
    addEquations(equations, { vectors, polynomial }, fixed, variable);
  }
  return mixedSum(fixed.terms(), variable).is0();
}

/**
 * Checks many proofs in one multi-scalar multiplication, and one by one only if that fails, so that
 * the bad ones can be named. Never throws on received bytes.
 *
 * @param random - Must be cryptographic: a prover that knows the weights can make false proofs that
 *   cancel each other out.
 * @returns One outcome for each statement, in their order.
 * @throws {@link RangeError} for a number of bits or of commitments that no proof has.
 */
export function verifyRanges(
  statements: readonly RangeStatement[],
  random: RandomBytes,
): VerifiedRange[] {
  const outcomes: VerifiedRange[] = statements.map(() => ({ valid: true }));
  const read: { readonly index: number; readonly equations: ProofEquations }[] = [];
  for (const [index, statement] of statements.entries()) {
    const { bitCount, commitments, proof } = statement;
    const shape = { bitCount, valueCount: commitments.length };
    checkShape(shape);
    const decoded = decodeRangeProof(proof, shape);
    if (decoded.valid) {
      read.push({ index, equations: equationsOf(statement, shape, decoded.proof) });
    } else {
      outcomes[index] = decoded;
    }
  }
  if (read.length === 0) return outcomes;
  const isAllValid = hold(
    read.map(({ equations }) => equations),
    random,
  );
  if (isAllValid) return outcomes;
  for (const { index, equations } of read) {
    if (read.length > 1 && hold([equations], random)) continue;
    const detail = 'the equations of the proof do not hold';
    outcomes[index] = { valid: false, reason: 'BAD_PROOF', detail };
  }
  return outcomes;
}

/** Checks one proof. @throws as {@link verifyRanges}. */
export function verifyRange(statement: RangeStatement, random: RandomBytes): VerifiedRange {
  return verifyRanges([statement], random)[0]!;
}
