/**
 * Pedersen commitments `v*B + r*B~` to quantities (wire-formats.md 3): they hide v whatever the
 * other side computes, and open to one v only as long as nobody knows the logarithm of B~.
 *
 * B is the base point of ristretto255, B~ the blinding base of the `bulletproofs` crate.
 *
 * @module
 */

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { sha3_512 } from '@noble/hashes/sha3.js';
import { IDENTITY } from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** A committed quantity is below 2^32. */
export const QUANTITY_BITS = 32;
/** Largest committed quantity and largest threshold. */
export const MAX_QUANTITY: bigint = (1n << 32n) - 1n;

/** B. */
export const BASE: Element = ristretto255.Point.BASE;
/** B~, derived from B so that nobody can know its logarithm. */
export const BLINDING_BASE: Element = ristretto255_hasher.deriveToCurve!(
  sha3_512(BASE.toBytes()),
).precompute();

/** Whether `value` can be committed to, or asked for. */
export function isQuantity(value: bigint): boolean {
  return value >= 0n && value <= MAX_QUANTITY;
}

/**
 * `scalar * element` for a secret scalar, by the one multiplication of the library that does the
 * same work for every scalar.
 *
 * @param scalar - 0 to L - 1.
 */
export function multiplySecret(element: Element, scalar: bigint): Element {
  return scalar === 0n ? IDENTITY : element.multiply(scalar);
}

/** `value*B + blinding*B~`. @param value - 0 to L - 1. @param blinding - 0 to L - 1. */
export function commit(value: bigint, blinding: bigint): Element {
  return multiplySecret(BASE, value).add(multiplySecret(BLINDING_BASE, blinding));
}
