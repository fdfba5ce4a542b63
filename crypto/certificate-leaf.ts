/**
 * Leaves of a skill certificate: claims, each salted on its own so that a leaf that stays closed
 * cannot be guessed (wire-formats.md 2.1).
 *
 * What a committed quantity commits to is a question for the range proof; here it is an element of
 * the group or it is refused.
 *
 * @module
 */

import { concatBytes, equalBytes, fromUtf8, lp16, u32, u64, u8, utf8 } from './bytes.ts';
import { LEAF_TAG } from './domain-tags.ts';
import { isCommitmentElement } from './ristretto.ts';

/** One thing that an issuer says about a holder. `name` is a skill term, or an attribute. */
export type CertificateClaim =
  | { readonly kind: 'skill'; readonly name: string }
  | { readonly kind: 'quantity'; readonly name: string; readonly value: bigint }
  | { readonly kind: 'committedQuantity'; readonly name: string; readonly commitment: Uint8Array }
  | {
      readonly kind: 'canaryScore';
      readonly name: string;
      readonly passed: number;
      readonly run: number;
    }
  | { readonly kind: 'text'; readonly name: string; readonly text: string };

/** Kind bytes on the wire. */
export const LEAF_KINDS = {
  padding: 0,
  skill: 1,
  quantity: 2,
  committedQuantity: 3,
  canaryScore: 4,
  text: 5,
} as const;

/** Salt of a leaf, in bytes. */
export const SALT_BYTES = 16;
/** Longest name of a leaf, in bytes of UTF-8. */
export const MAX_LEAF_NAME_BYTES = 256;
/** Longest text of a leaf, in bytes of UTF-8. */
export const MAX_LEAF_TEXT_BYTES = 256;

const TAG = concatBytes(utf8(LEAF_TAG), Uint8Array.of(0));
const KIND_OFFSET = TAG.length + SALT_BYTES;
const NAME_OFFSET = KIND_OFFSET + 3;

/** Smallest and largest leaf, in bytes. */
export const MIN_LEAF_BYTES: number = NAME_OFFSET + 4;
export const MAX_LEAF_BYTES: number = MIN_LEAF_BYTES + MAX_LEAF_NAME_BYTES + MAX_LEAF_TEXT_BYTES;

/** The parts of a leaf as they stand on the wire. */
export interface LeafParts {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** One of {@link LEAF_KINDS}. */
  readonly kind: number;
  readonly name: string;
  readonly value: Uint8Array;
}

/** Why the parts or bytes of a leaf were refused. */
export type LeafRefusal =
  'BAD_LENGTH' | 'BAD_TAG' | 'BAD_SALT' | 'UNKNOWN_KIND' | 'BAD_NAME' | 'BAD_VALUE';

/** A leaf whose parts were checked. A padding leaf claims nothing. */
export interface CertificateLeaf {
  readonly parts: LeafParts;
  readonly claim: CertificateClaim | undefined;
}

/** Outcome of reading a leaf. */
export type ReadLeaf =
  | ({ readonly valid: true } & CertificateLeaf)
  | { readonly valid: false; readonly reason: LeafRefusal };

/** Whether verifiers count the claim only in a certificate of a day or less. */
export function isResourceClaim(claim: CertificateClaim): boolean {
  return claim.kind === 'quantity' || claim.kind === 'committedQuantity';
}

function valueOf(claim: CertificateClaim): Uint8Array {
  switch (claim.kind) {
    case 'skill':
      return new Uint8Array(0);
    case 'quantity':
      return u64(claim.value);
    case 'committedQuantity':
      return claim.commitment;
    case 'canaryScore':
      return concatBytes(u32(claim.passed), u32(claim.run));
    case 'text':
      if (!claim.text.isWellFormed()) throw new TypeError('"text" has a lone surrogate');
      return utf8(claim.text);
  }
}

/**
 * Bytes of the leaf of a claim.
 *
 * @param salt - 16 fresh random bytes.
 * @throws {@link RangeError} for a claim that no leaf can hold.
 */
export function encodeClaim(claim: CertificateClaim, salt: Uint8Array): Uint8Array {
  const parts = { salt, kind: LEAF_KINDS[claim.kind], name: claim.name, value: valueOf(claim) };
  const checked = checkLeafParts(parts);
  if (!checked.valid) {
    throw new RangeError(`"claim" ${claim.kind} ${JSON.stringify(claim.name)}: ${checked.reason}`);
  }
  return encodeLeafParts(parts);
}

/** Bytes of a padding leaf. @param salt - 16 fresh random bytes. */
export function encodePadding(salt: Uint8Array): Uint8Array {
  const parts = { salt, kind: LEAF_KINDS.padding, name: '', value: new Uint8Array(0) };
  const checked = checkLeafParts(parts);
  if (!checked.valid) throw new RangeError(`"salt" expected 16 bytes, got ${salt.length}`);
  return encodeLeafParts(parts);
}

/** Leaf bytes `d` of parts that {@link checkLeafParts} accepted. */
export function encodeLeafParts({ salt, kind, name, value }: LeafParts): Uint8Array {
  return concatBytes(TAG, salt, u8(kind), lp16(utf8(name)), u32(value.length), value);
}

function u32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes);
  } catch {
    return undefined;
  }
}

function readClaim(parts: LeafParts): CertificateClaim | undefined {
  const { kind, name, value } = parts;
  switch (kind) {
    case LEAF_KINDS.skill:
      return value.length === 0 ? { kind: 'skill', name } : undefined;
    case LEAF_KINDS.quantity: {
      if (value.length !== 8) return undefined;
      const high = BigInt(u32At(value, 0));
      return { kind: 'quantity', name, value: (high << 32n) | BigInt(u32At(value, 4)) };
    }
    case LEAF_KINDS.committedQuantity:
      return isCommitmentElement(value)
        ? { kind: 'committedQuantity', name, commitment: value }
        : undefined;
    case LEAF_KINDS.canaryScore: {
      if (value.length !== 8) return undefined;
      const passed = u32At(value, 0);
      const run = u32At(value, 4);
      return passed <= run ? { kind: 'canaryScore', name, passed, run } : undefined;
    }
    case LEAF_KINDS.text: {
      const text = value.length <= MAX_LEAF_TEXT_BYTES ? textOf(value) : undefined;
      return text === undefined ? undefined : { kind: 'text', name, text };
    }
    default:
      return undefined;
  }
}

/** Checks the parts of a leaf, received or made. Never throws. */
export function checkLeafParts(parts: LeafParts): ReadLeaf {
  const { salt, kind, name, value } = parts;
  if (salt.length !== SALT_BYTES) return { valid: false, reason: 'BAD_SALT' };
  if (!Number.isInteger(kind) || kind < LEAF_KINDS.padding || kind > LEAF_KINDS.text) {
    return { valid: false, reason: 'UNKNOWN_KIND' };
  }
  if (!name.isWellFormed() || utf8(name).length > MAX_LEAF_NAME_BYTES) {
    return { valid: false, reason: 'BAD_NAME' };
  }
  if (kind === LEAF_KINDS.padding) {
    if (name !== '') return { valid: false, reason: 'BAD_NAME' };
    if (value.length !== 0) return { valid: false, reason: 'BAD_VALUE' };
    return { valid: true, parts, claim: undefined };
  }
  if (name === '') return { valid: false, reason: 'BAD_NAME' };
  const claim = readClaim(parts);
  if (!claim) return { valid: false, reason: 'BAD_VALUE' };
  return { valid: true, parts, claim };
}

/** Reads leaf bytes: every length exact, nothing before or after. Never throws. */
export function decodeLeaf(bytes: Uint8Array): ReadLeaf {
  if (bytes.length < MIN_LEAF_BYTES || bytes.length > MAX_LEAF_BYTES) {
    return { valid: false, reason: 'BAD_LENGTH' };
  }
  if (!equalBytes(bytes.subarray(0, TAG.length), TAG)) return { valid: false, reason: 'BAD_TAG' };
  const nameLength = (bytes[KIND_OFFSET + 1]! << 8) | bytes[KIND_OFFSET + 2]!;
  const valueOffset = NAME_OFFSET + nameLength + 4;
  if (valueOffset > bytes.length) return { valid: false, reason: 'BAD_LENGTH' };
  if (u32At(bytes, valueOffset - 4) !== bytes.length - valueOffset) {
    return { valid: false, reason: 'BAD_LENGTH' };
  }
  const name = textOf(bytes.subarray(NAME_OFFSET, NAME_OFFSET + nameLength));
  if (name === undefined) return { valid: false, reason: 'BAD_NAME' };
  return checkLeafParts({
    salt: bytes.slice(TAG.length, KIND_OFFSET),
    kind: bytes[KIND_OFFSET]!,
    name,
    value: bytes.slice(valueOffset),
  });
}
