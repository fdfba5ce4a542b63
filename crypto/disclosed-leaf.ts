/**
 * Opened leaves: one claim of a certificate, its salt, and the path that shows where it stands in
 * the tree (wire-formats.md 2.5). All other leaves stay closed.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url } from './bytes.ts';
import {
  MAX_LEAF_NAME_BYTES,
  MAX_LEAF_TEXT_BYTES,
  SALT_BYTES,
  checkLeafParts,
  decodeLeaf,
  encodeLeafParts,
} from './certificate-leaf.ts';
import type { CertificateClaim, LeafRefusal } from './certificate-leaf.ts';
import { fields } from './envelope.ts';
import type { SignedDocument } from './envelope.ts';
import { HASH_BYTES, MerkleTree, leafHash, verifyInclusion } from './merkle.ts';
import { MAX_LEAVES, isWithinClaimLifetime } from './skill-certificate.ts';
import type { IssuedCertificate, SkillCertificate } from './skill-certificate.ts';

/** Longest path, in hashes: log2 of the largest number of leaves. */
export const MAX_PATH_HASHES = 10;

/** Schema of an opened leaf, as it travels in a disclosure (wire-formats.md 2.5). */
export const disclosedLeafSchema = z.strictObject({
  /** certId. */
  cert: fields.bytes(32),
  i: z
    .number()
    .int()
    .min(0)
    .max(MAX_LEAVES - 1),
  salt: fields.bytes(SALT_BYTES),
  kind: z.number().int().min(0).max(255),
  name: z.string().max(MAX_LEAF_NAME_BYTES),
  value: fields.bytesUpTo(0, MAX_LEAF_TEXT_BYTES),
  path: z.array(fields.bytes(HASH_BYTES)).max(MAX_PATH_HASHES),
});

/** A leaf that the holder opened. */
export type DisclosedLeaf = z.infer<typeof disclosedLeafSchema>;

/** Several leaves of a certificate opened; the tree is built once. @throws as {@link openLeaf}. */
export function openLeaves(held: IssuedCertificate, indexes: readonly number[]): DisclosedLeaf[] {
  if (indexes.length === 0) return [];
  const tree = new MerkleTree(held.leaves);
  return indexes.map((index) => {
    const path = tree.inclusionPath(index);
    const leaf = decodeLeaf(held.leaves[index]!);
    if (!leaf.valid) throw new TypeError(`"held" has no leaf at ${index}: ${leaf.reason}`);
    const { salt, kind, name, value } = leaf.parts;
    return {
      cert: toBase64Url(held.certificate.id),
      i: index,
      salt: toBase64Url(salt),
      kind,
      name,
      value: toBase64Url(value),
      path: path.map(toBase64Url),
    };
  });
}

/** The leaf at `index`, opened. @throws {@link RangeError} if there is none. */
export function openLeaf(held: IssuedCertificate, index: number): DisclosedLeaf {
  return openLeaves(held, [index])[0]!;
}

/** Why an opened leaf was refused. */
export type DisclosedLeafRefusal =
  | 'MALFORMED'
  | 'OTHER_CERTIFICATE'
  | 'INDEX_OUT_OF_RANGE'
  | 'BAD_PATH_LENGTH'
  | 'BAD_PROOF'
  | 'PADDING'
  | 'QUANTITY_TOO_LONG_LIVED'
  | LeafRefusal;

/** Outcome of checking an opened leaf. */
export type VerifiedLeaf =
  | { readonly valid: true; readonly claim: CertificateClaim }
  | { readonly valid: false; readonly reason: DisclosedLeafRefusal };

/**
 * Checks that an opened leaf stands in the tree of `certificate`, whose signature and times the
 * caller has checked. Never throws on received values.
 *
 * @param opening - Any value; its schema is checked here.
 */
export function verifyDisclosedLeaf(
  certificate: SignedDocument<SkillCertificate>,
  opening: unknown,
): VerifiedLeaf {
  const parsed = disclosedLeafSchema.safeParse(opening);
  if (!parsed.success) return { valid: false, reason: 'MALFORMED' };
  const { cert, i, salt, kind, name, value, path } = parsed.data;
  const { size, root } = certificate.body;
  if (!equalBytes(fromBase64Url(cert), certificate.id)) {
    return { valid: false, reason: 'OTHER_CERTIFICATE' };
  }
  if (i >= size) return { valid: false, reason: 'INDEX_OUT_OF_RANGE' };
  if (path.length !== Math.log2(size)) return { valid: false, reason: 'BAD_PATH_LENGTH' };
  const parts = { salt: fromBase64Url(salt), kind, name, value: fromBase64Url(value) };
  const leaf = checkLeafParts(parts);
  if (!leaf.valid) return leaf;
  const isIncluded = verifyInclusion({
    leafHash: leafHash(encodeLeafParts(parts)),
    index: i,
    size,
    path: path.map(fromBase64Url),
    root: fromBase64Url(root),
  });
  if (!isIncluded) return { valid: false, reason: 'BAD_PROOF' };
  if (!leaf.claim) return { valid: false, reason: 'PADDING' };
  if (!isWithinClaimLifetime(leaf.claim, certificate.body)) {
    return { valid: false, reason: 'QUANTITY_TOO_LONG_LIVED' };
  }
  return { valid: true, claim: leaf.claim };
}
