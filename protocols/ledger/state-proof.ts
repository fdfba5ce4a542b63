/**
 * Proof that the state under a root has an entry, or has none (wire-formats.md 5.1). An entry is
 * shown with its path; its absence by giving the whole bucket in which it would stand.
 *
 * @module
 */

import { z } from 'zod';
import { concatBytes, fromBase64Url, lp16, u32, utf8 } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { sha256Hex } from '../../crypto/hash.ts';
import { leafHash, verifyInclusion } from '../../crypto/merkle.ts';
import { rootOfHashes } from './hash-tree.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from './records.ts';

/** The state has 2^12 buckets: the first 12 bits of an entry's hashed key say which. */
export const BUCKET_BITS = 12;
export const BUCKETS = 2 ** BUCKET_BITS;

/** Most entries of a bucket that is shown whole. A larger one proves no absence. */
const MAX_SHOWN_ENTRIES = 1_024;
/** A bucket has at most 2^32 entries. */
const MAX_PATH_HASHES = 32;
/** Largest proof, in bytes. */
export const MAX_PROOF_BYTES = 262_144;
const LIMITS: DocumentLimits = { maxBytes: MAX_PROOF_BYTES, maxDepth: 3, maxValues: 4_096 };

/** Bucket in which an entry stands. */
export function bucketOf(key: string): number {
  return Number.parseInt(sha256Hex(key).slice(0, 3), 16);
}

/** Leaf of an entry in its bucket: lp16(key) || u32 length || value. */
export function entryLeaf(key: string, value: Uint8Array): Uint8Array {
  return concatBytes(lp16(utf8(key)), u32(value.length), value);
}

/**
 * Writes {@link entryLeaf} into `target`, where there is room.
 *
 * @param encoding - `latin1` is quicker, for texts of ASCII only.
 * @returns where it ends.
 */
export function writeEntryLeaf(
  target: Buffer,
  offset: number,
  { key, text }: { readonly key: string; readonly text: string },
  encoding: 'utf8' | 'latin1' = 'utf8',
): number {
  const keyStart = offset + 2;
  const keyEnd = keyStart + target.write(key, keyStart, encoding);
  target.writeUInt16BE(keyEnd - keyStart, offset);
  const valueStart = keyEnd + 4;
  const end = valueStart + target.write(text, valueStart, encoding);
  target.writeUInt32BE(end - valueStart, keyEnd);
  return end;
}

const hash = fields.bytes(32);
const key = z
  .string()
  .max(MAX_KEY_BYTES)
  .regex(/^[!-~]+$/, 'expected a key');
const value = fields.bytesUpTo(1, MAX_VALUE_BYTES);
const top = z.array(hash).length(BUCKET_BITS);
const proofSchema = z.union([
  z.strictObject({
    key,
    value,
    index: fields.integer,
    size: fields.integer,
    path: z.array(hash).max(MAX_PATH_HASHES),
    bucketRoot: hash,
    top,
  }),
  z.strictObject({
    key,
    bucket: z.array(z.strictObject({ key, value })).max(MAX_SHOWN_ENTRIES),
    top,
  }),
]);

/** A proof; byte fields are base64url. */
export type StateProof = z.infer<typeof proofSchema>;

/** Outcome of {@link verifyStateProof}. `value` is `undefined` where the entry is proven absent. */
export type ProvenEntry =
  { readonly valid: true; readonly value: Uint8Array | undefined } | { readonly valid: false };

/** Bytes of a proof, in restricted JCS. */
export function encodeStateProof(proof: StateProof): Uint8Array {
  return encodeDocument(proof, LIMITS);
}

/** Proof of received bytes. @throws for anything but a proof. */
export function decodeStateProof(bytes: Uint8Array): StateProof {
  return proofSchema.parse(decodeDocument(bytes, LIMITS));
}

/** Whether `proof` shows what stands under `wanted` in the state with this root. Never throws. */
export function verifyStateProof(
  proof: StateProof,
  wanted: string,
  stateRoot: Uint8Array,
): ProvenEntry {
  if (proof.key !== wanted) return { valid: false };
  return 'bucket' in proof ? verifyAbsence(proof, stateRoot) : verifyPresence(proof, stateRoot);
}

type PresenceProof = Exclude<StateProof, { bucket: unknown }>;
type AbsenceProof = Extract<StateProof, { bucket: unknown }>;

function verifyPresence(proof: PresenceProof, stateRoot: Uint8Array): ProvenEntry {
  const bytes = fromBase64Url(proof.value);
  const root = fromBase64Url(proof.bucketRoot);
  const isInBucket = verifyInclusion({
    leafHash: leafHash(entryLeaf(proof.key, bytes)),
    index: proof.index,
    size: proof.size,
    path: proof.path.map(fromBase64Url),
    root,
  });
  if (!isInBucket || !isBucketRoot(root, proof, stateRoot)) return { valid: false };
  return { valid: true, value: bytes };
}

function verifyAbsence(proof: AbsenceProof, stateRoot: Uint8Array): ProvenEntry {
  const leaves = proof.bucket.map((entry) =>
    leafHash(entryLeaf(entry.key, fromBase64Url(entry.value))),
  );
  const isThere = proof.bucket.some((entry) => entry.key === proof.key);
  if (isThere || !isBucketRoot(rootOfHashes(leaves), proof, stateRoot)) return { valid: false };
  return { valid: true, value: undefined };
}

function isBucketRoot(
  bucketRoot: Uint8Array,
  { key: entryKey, top: topPath }: StateProof,
  stateRoot: Uint8Array,
): boolean {
  return verifyInclusion({
    leafHash: leafHash(bucketRoot),
    index: bucketOf(entryKey),
    size: BUCKETS,
    path: topPath.map(fromBase64Url),
    root: stateRoot,
  });
}
