/**
 * Sums of multiples of elements, `s_1 P_1 + s_2 P_2 + ...`, faster than one by one.
 *
 * Elements that come back in every proof have a table of odd multiples, and all terms share one
 * chain of doublings (Straus 1964; Moeller, "Algorithms for multi-exponentiation", SAC 2001). Many
 * elements that come once go to Pippenger's algorithm of `@noble/curves`. Not constant time.
 *
 * @module
 */

import { pippenger } from '@noble/curves/abstract/curve.js';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { IDENTITY } from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** P, 3P, 5P, ..., (2^(width-1) - 1) P. */
export interface OddMultiples {
  /** Width of the signed digits that the table serves, in bits. */
  readonly width: number;
  readonly multiples: readonly Element[];
}

/** One term of a sum. */
export interface SumTerm {
  readonly table: OddMultiples;
  /** 0 to L - 1. */
  readonly scalar: bigint;
}

/** An element that comes once, and its scalar. */
export interface VariableTerm {
  readonly element: Element;
  /** 0 to L - 1. */
  readonly scalar: bigint;
}

/** A scalar below 2^253 has no digit above this bit. */
const MAX_DIGITS = 254;
/** Best for a table that serves one sum. */
const VARIABLE_WIDTH = 5;
/** From so many elements on, buckets are faster than a table for each. */
const PIPPENGER_TERMS = 64;

/** The table of an element. @param width - 2 to 16 bits; 2^(width - 2) elements are kept. */
export function oddMultiples(element: Element, width: number): OddMultiples {
  const double = element.double();
  const multiples = [element];
  for (let i = 1; i < 2 ** (width - 2); i++) multiples.push(multiples[i - 1]!.add(double));
  return { width, multiples };
}

/** Four zero bytes past the end, so that a digit can be read at any bit. */
function littleEndianBytes(scalar: bigint): Uint8Array {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  let rest = scalar;
  for (let offset = 0; offset < 32; offset += 8) {
    view.setBigUint64(offset, BigInt.asUintN(64, rest), true);
    rest >>= 64n;
  }
  return bytes;
}

/**
 * Width-w non-adjacent form: `place` is called for each digit that is not zero, from the lowest bit
 * up. Digits are odd and between -2^(width-1) and 2^(width-1).
 */
function placeDigits(
  scalar: bigint,
  width: number,
  place: (bit: number, digit: number) => void,
): void {
  const bytes = littleEndianBytes(scalar);
  const size = 1 << width;
  let carry = 0;
  let bit = 0;
  while (bit < MAX_DIGITS) {
    const at = bit >> 3;
    const three = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const digit = ((three >> (bit & 7)) & (size - 1)) + carry;
    if ((digit & 1) === 0) {
      bit++;
      continue;
    }
    carry = digit > size >> 1 ? 1 : 0;
    place(bit, digit - carry * size);
    bit += width;
  }
}

/** Sum of terms whose tables exist. */
export function interleavedSum(terms: readonly SumTerm[]): Element {
  const placed: Element[][] = Array.from({ length: MAX_DIGITS }, () => []);
  for (const { table, scalar } of terms) {
    placeDigits(scalar, table.width, (bit, digit) => {
      const multiple = table.multiples[Math.abs(digit) >> 1]!;
      placed[bit]!.push(digit < 0 ? multiple.negate() : multiple);
    });
  }
  let sum = IDENTITY;
  let isStarted = false;
  for (let bit = MAX_DIGITS - 1; bit >= 0; bit--) {
    if (isStarted) sum = sum.double();
    for (const multiple of placed[bit]!) sum = sum.add(multiple);
    isStarted ||= placed[bit]!.length > 0;
  }
  return sum;
}

/** Sum of terms with tables and of terms that come once. */
export function mixedSum(fixed: readonly SumTerm[], variable: readonly VariableTerm[]): Element {
  if (variable.length < PIPPENGER_TERMS) {
    const once = variable.map(({ element, scalar }) => ({
      table: oddMultiples(element, VARIABLE_WIDTH),
      scalar,
    }));
    return interleavedSum([...fixed, ...once]);
  }
  const elements = variable.map(({ element }) => element);
  const scalars = variable.map(({ scalar }) => scalar);
  return interleavedSum(fixed).add(pippenger(ristretto255.Point, elements, scalars));
}
