/**
 * ristretto255 (RFC 9496) as received bytes see it: elements and scalars that are canonical, or
 * nothing. Scalars are numbers from 0 to L - 1.
 *
 * The arithmetic is that of `@noble/curves`. Numbers of JavaScript are not constant time: whoever
 * can time this process closely may learn about secret scalars.
 *
 * @module
 */

import { FpInvertBatch } from '@noble/curves/abstract/modular.js';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import type { RandomBytes } from './bytes.ts';

/** Length of an encoded element, in bytes. */
export const ELEMENT_BYTES = 32;
/** Length of an encoded scalar, in bytes. */
export const SCALAR_BYTES = 32;
/** Uniform bytes that become one scalar: so many that the bias is below 2^-250. */
export const WIDE_SCALAR_BYTES = 64;

/** An element of the group. */
export type Element = typeof ristretto255.Point.BASE;

/** The element that adds nothing. */
export const IDENTITY: Element = ristretto255.Point.ZERO;
/** L, the prime order of the group. */
export const GROUP_ORDER: bigint = ristretto255.Point.Fn.ORDER;

/** `value` mod L, for any whole number. */
export function modOrder(value: bigint): bigint {
  const rest = value % GROUP_ORDER;
  return rest < 0n ? rest + GROUP_ORDER : rest;
}

/** Inverses of the scalars at the price of one; of 0 it is 0. */
export function invertScalars(scalars: readonly bigint[]): bigint[] {
  return FpInvertBatch(ristretto255.Point.Fn, [...scalars], true);
}

/** 1, `base`, `base`^2, ...: `count` powers mod L. */
export function powers(base: bigint, count: number): bigint[] {
  const list: bigint[] = [];
  let power = 1n;
  for (let i = 0; i < count; i++) {
    list.push(power);
    power = (power * base) % GROUP_ORDER;
  }
  return list;
}

/**
 * The element that `bytes` encode canonically, if it is not the identity (wire-formats.md 3 refuses
 * both for everything that is received). Never throws.
 */
export function decodeElement(bytes: Uint8Array): Element | undefined {
  if (bytes.length !== ELEMENT_BYTES) return undefined;
  try {
    const element = ristretto255.Point.fromBytes(bytes);
    return element.is0() ? undefined : element;
  } catch {
    return undefined;
  }
}

/** Whether `bytes` are an element that a quantity may be committed to as. Never throws. */
export function isCommitmentElement(bytes: Uint8Array): boolean {
  return decodeElement(bytes) !== undefined;
}

/** The scalar that 32 little-endian `bytes` are, if it is below L. Never throws. */
export function decodeScalar(bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== SCALAR_BYTES) return undefined;
  const scalar = bytesToNumberLE(bytes);
  return scalar < GROUP_ORDER ? scalar : undefined;
}

/** 32 bytes, little-endian, of a scalar from 0 to L - 1. */
export function encodeScalar(scalar: bigint): Uint8Array {
  return numberToBytesLE(scalar, SCALAR_BYTES);
}

/** 64 uniform bytes, little-endian, mod L. */
export function reduceWideScalar(bytes: Uint8Array): bigint {
  if (bytes.length !== WIDE_SCALAR_BYTES) {
    throw new RangeError(`"bytes" expected ${WIDE_SCALAR_BYTES} bytes, got ${bytes.length}`);
  }
  return bytesToNumberLE(bytes) % GROUP_ORDER;
}

/** A secret scalar. */
export function randomScalar(random: RandomBytes): bigint {
  return reduceWideScalar(random(WIDE_SCALAR_BYTES));
}
