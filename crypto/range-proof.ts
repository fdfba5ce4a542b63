/**
 * Range proofs as bytes: each of m committed values is at least 0 and below 2^n (Bulletproofs:
 * Buenz, Bootle, Boneh, Poelstra, Wuille, Maxwell, S&P 2018, eprint 2017/1066), in the wire format
 * of the `bulletproofs` crate of dalek-cryptography.
 *
 * Form only: range-prover.ts makes them, range-verifier.ts checks what they say.
 *
 * @module
 */

import { concatBytes } from './bytes.ts';
import type { ProofShape } from './proof-generators.ts';
import {
  ELEMENT_BYTES,
  GROUP_ORDER,
  decodeElement,
  decodeScalar,
  encodeScalar,
  powers,
} from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** Bits that a value may have. */
const RANGE_BIT_COUNTS: readonly number[] = [8, 16, 32, 64];
/** Values that one proof may speak of. */
export const RANGE_VALUE_COUNTS: readonly number[] = [1, 2, 4, 8];

/** One halving of the inner-product argument. */
export interface ArgumentRound {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

/** The parts of a proof that the prover makes. The names are those of the paper. */
export interface RangeProofParts {
  readonly a: Uint8Array;
  readonly s: Uint8Array;
  readonly t1: Uint8Array;
  readonly t2: Uint8Array;
  readonly tx: bigint;
  readonly txBlinding: bigint;
  readonly eBlinding: bigint;
  readonly rounds: readonly ArgumentRound[];
  readonly finalLeft: bigint;
  readonly finalRight: bigint;
}

/** A received proof whose elements and scalars were decoded. */
export interface DecodedRangeProof extends RangeProofParts {
  /** A, S, T_1, T_2, then L and R of each round. */
  readonly elements: readonly Element[];
}

/** Why the bytes of a proof were refused. */
export type RangeProofFormRefusal = 'BAD_LENGTH' | 'BAD_ELEMENT' | 'BAD_SCALAR';

/** Outcome of reading a proof. */
export type ReadRangeProof =
  | { readonly valid: true; readonly proof: DecodedRangeProof }
  | { readonly valid: false; readonly reason: RangeProofFormRefusal; readonly detail: string };

/** Halvings until one number is left: log2(n m). */
export function roundCount({ bitCount, valueCount }: ProofShape): number {
  return Math.log2(bitCount * valueCount);
}

/** Exact length of a proof, in bytes: 32 * (9 + 2 log2(n m)). */
export function rangeProofBytes(shape: ProofShape): number {
  return ELEMENT_BYTES * (9 + 2 * roundCount(shape));
}

/** @throws {@link RangeError} for a shape that no proof has. It never comes from a peer. */
export function checkShape({ bitCount, valueCount }: ProofShape): void {
  if (!RANGE_BIT_COUNTS.includes(bitCount)) {
    throw new RangeError(`"bitCount" expected ${RANGE_BIT_COUNTS.join(', ')}, got ${bitCount}`);
  }
  if (!RANGE_VALUE_COUNTS.includes(valueCount)) {
    throw new RangeError(
      `"valueCount" expected ${RANGE_VALUE_COUNTS.join(', ')}, got ${valueCount}`,
    );
  }
}

/** z^(2+j) 2^k for bit k of value j. */
export function bitWeights(z: bigint, { bitCount, valueCount }: ProofShape): bigint[] {
  return powers(z, valueCount).flatMap((power) => {
    const weight = (((power * z) % GROUP_ORDER) * z) % GROUP_ORDER;
    return Array.from({ length: bitCount }, (_, bit) => (weight << BigInt(bit)) % GROUP_ORDER);
  });
}

/** Bytes of a proof. */
export function encodeRangeProof(parts: RangeProofParts): Uint8Array {
  return concatBytes(
    ...[parts.a, parts.s, parts.t1, parts.t2],
    ...[parts.tx, parts.txBlinding, parts.eBlinding].map(encodeScalar),
    ...parts.rounds.flatMap(({ left, right }) => [left, right]),
    ...[parts.finalLeft, parts.finalRight].map(encodeScalar),
  );
}

const NAMES_BEFORE = ['A', 'S', 'T_1', 'T_2', 't_x', 't_x_blinding', 'e_blinding'];

function nameOf(index: number, count: number): string {
  const name = NAMES_BEFORE[index];
  if (name !== undefined) return name;
  if (index >= count - 2) return index === count - 2 ? 'a' : 'b';
  const pair = index - NAMES_BEFORE.length;
  return `${pair % 2 === 0 ? 'L' : 'R'}_${Math.floor(pair / 2)}`;
}

/**
 * Reads the bytes of a proof: exact length, then every scalar below L, then every element canonical
 * and not the identity. Never throws on received bytes.
 */
export function decodeRangeProof(bytes: Uint8Array, shape: ProofShape): ReadRangeProof {
  const expected = rangeProofBytes(shape);
  if (bytes.length !== expected) {
    const detail = `expected ${expected} bytes, got ${bytes.length}`;
    return { valid: false, reason: 'BAD_LENGTH', detail };
  }
  const count = expected / ELEMENT_BYTES;
  const parts = Array.from({ length: count }, (_, i) =>
    bytes.slice(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES),
  );
  const scalars: bigint[] = [];
  const scalarIndexes = [4, 5, 6, count - 2, count - 1];
  for (const index of scalarIndexes) {
    const scalar = decodeScalar(parts[index]!);
    if (scalar === undefined) {
      const detail = `${nameOf(index, count)} is not below the group order`;
      return { valid: false, reason: 'BAD_SCALAR', detail };
    }
    scalars.push(scalar);
  }
  const elements: Element[] = [];
  for (const [index, part] of parts.entries()) {
    if (scalarIndexes.includes(index)) continue;
    const element = decodeElement(part);
    if (!element) {
      const detail = `${nameOf(index, count)} is not canonical, or the identity`;
      return { valid: false, reason: 'BAD_ELEMENT', detail };
    }
    elements.push(element);
  }
  const rounds = Array.from({ length: roundCount(shape) }, (_, i) => ({
    left: parts[7 + 2 * i]!,
    right: parts[8 + 2 * i]!,
  }));
  const [a, s, t1, t2] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const [tx, txBlinding, eBlinding, finalLeft, finalRight] = scalars as [
    ...[bigint, bigint, bigint],
    ...[bigint, bigint],
  ];
  const numbers = { tx, txBlinding, eBlinding, finalLeft, finalRight };
  return { valid: true, proof: { a, s, t1, t2, rounds, elements, ...numbers } };
}
