/**
 * What a holder does with a certificate it was given: check everything before keeping it
 * (wire-formats.md 3.1, step 4), store it, read it back.
 *
 * The stored form holds every salt and what opens the commitments. It never leaves the holder.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url, toHex } from './bytes.ts';
import { CanonicalJsonError, decodeDocument, encodeDocument } from './canonical-json.ts';
import type { DocumentLimits } from './canonical-json.ts';
import { opensCommitment } from './blind-issuance.ts';
import {
  MAX_LEAF_BYTES,
  MAX_LEAF_NAME_BYTES,
  MIN_LEAF_BYTES,
  decodeLeaf,
} from './certificate-leaf.ts';
import type { CertificateClaim } from './certificate-leaf.ts';
import { MAX_ENVELOPE_BYTES, fields, openEnvelope } from './envelope.ts';
import type { EnvelopeRefusal } from './envelope.ts';
import { MerkleTree } from './merkle.ts';
import {
  MAX_LEAVES,
  MIN_LEAVES,
  claimKey,
  isWithinClaimLifetime,
  leafCount,
  skillCertificateDefinition,
} from './skill-certificate.ts';
import type { CommitmentOpening, HeldCertificate } from './skill-certificate.ts';

/** Size of a stored certificate: 1,024 leaves of the largest kind. */
export const HELD_CERTIFICATE_LIMITS: DocumentLimits = {
  maxBytes: 1_310_720,
  maxDepth: 3,
  maxValues: 8_192,
};

const heldSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('held'),
  cert: fields.bytesUpTo(1, MAX_ENVELOPE_BYTES),
  leaves: z.array(fields.bytesUpTo(MIN_LEAF_BYTES, MAX_LEAF_BYTES)).min(MIN_LEAVES).max(MAX_LEAVES),
  openings: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(MAX_LEAF_NAME_BYTES),
        value: fields.decimal,
        blinding: fields.bytes(32),
        /** "" for none. */
        rung: z.union([z.literal(''), fields.decimal]),
      }),
    )
    .max(MAX_LEAVES)
    .optional(),
});

/** Why a certificate that was handed over was refused. */
export type HeldCertificateRefusal =
  | EnvelopeRefusal
  | 'OTHER_HOLDER'
  | 'WRONG_LEAF_COUNT'
  | 'BAD_LEAF'
  | 'REPEATED_SALT'
  | 'DUPLICATE_CLAIM'
  | 'QUANTITY_TOO_LONG_LIVED'
  | 'WRONG_ROOT'
  /** What a commitment is said to hide is not what it hides, or nothing is said of it. */
  | 'COMMITMENT_NOT_OPENED';

/** Outcome of a check by the holder. `claims` are in the order of the leaves, without padding. */
export type CheckedHeldCertificate =
  | {
      readonly valid: true;
      readonly held: HeldCertificate;
      readonly claims: readonly CertificateClaim[];
    }
  | {
      readonly valid: false;
      readonly reason: HeldCertificateRefusal;
      readonly detail: string;
    };

function refuse(
  reason: HeldCertificateRefusal,
  detail: string,
): { valid: false; reason: HeldCertificateRefusal; detail: string } {
  return { valid: false, reason, detail };
}

/**
 * Checks a certificate and its leaves as the issuer handed them over: header, signature, holder,
 * every leaf, the number of leaves, the tree, the commitments. Never throws on received bytes.
 * Times are not checked: a holder may be given a certificate for tomorrow.
 *
 * @param holder - PeerId that the certificate must be for, or all that the holder has had.
 * @param openings - One for each committed quantity: nothing could be proved about any other.
 */
export function checkHeldCertificate(
  envelope: Uint8Array,
  leaves: readonly Uint8Array[],
  holder: string | ReadonlySet<string>,
  openings: readonly CommitmentOpening[] = [],
): CheckedHeldCertificate {
  const certificate = openEnvelope(skillCertificateDefinition, envelope);
  if (!certificate.valid) return certificate;
  const { body } = certificate;
  const isOwn = typeof holder === 'string' ? body.holder === holder : holder.has(body.holder);
  if (!isOwn) return refuse('OTHER_HOLDER', `is for ${body.holder}`);
  if (leaves.length !== body.size) {
    return refuse('WRONG_LEAF_COUNT', `expected ${body.size} leaves, got ${leaves.length}`);
  }
  const salts = new Set<string>();
  const claims = new Map<string, CertificateClaim>();
  for (const [i, bytes] of leaves.entries()) {
    const leaf = decodeLeaf(bytes);
    if (!leaf.valid) return refuse('BAD_LEAF', `leaf ${i}: ${leaf.reason}`);
    const salt = toHex(leaf.parts.salt);
    if (salts.has(salt)) return refuse('REPEATED_SALT', `leaf ${i}`);
    salts.add(salt);
    if (!leaf.claim) continue;
    const key = claimKey(leaf.claim);
    if (claims.has(key)) return refuse('DUPLICATE_CLAIM', key);
    if (!isWithinClaimLifetime(leaf.claim, body)) return refuse('QUANTITY_TOO_LONG_LIVED', key);
    claims.set(key, leaf.claim);
  }
  if (leafCount(claims.size) !== body.size) {
    return refuse('WRONG_LEAF_COUNT', `${claims.size} claims do not make ${body.size} leaves`);
  }
  if (!equalBytes(new MerkleTree(leaves).root, fromBase64Url(body.root))) {
    return refuse('WRONG_ROOT', 'the leaves are not those of the header');
  }
  const unopened = unopenedCommitment([...claims.values()], openings);
  if (unopened !== undefined) return refuse('COMMITMENT_NOT_OPENED', unopened);
  return { valid: true, held: { certificate, leaves, openings }, claims: [...claims.values()] };
}

/** Name of a commitment without its opening, or of an opening without its commitment. */
function unopenedCommitment(
  claims: readonly CertificateClaim[],
  openings: readonly CommitmentOpening[],
): string | undefined {
  const byName = new Map(openings.map((opening) => [opening.name, opening]));
  for (const claim of claims) {
    if (claim.kind !== 'committedQuantity') continue;
    const opening = byName.get(claim.name);
    byName.delete(claim.name);
    if (!opening || !opensCommitment(claim.commitment, opening.value, opening.blinding)) {
      return claim.name;
    }
  }
  return byName.keys().next().value;
}

/** Bytes to store. */
export function encodeHeldCertificate(held: HeldCertificate): Uint8Array {
  const openings = held.openings.map(({ name, value, blinding, rung }) => ({
    name,
    value: value.toString(),
    blinding: toBase64Url(blinding),
    rung: rung === undefined ? '' : rung.toString(),
  }));
  return encodeDocument(
    {
      v: 1,
      typ: 'held',
      cert: toBase64Url(held.certificate.envelope),
      leaves: held.leaves.map(toBase64Url),
      ...(openings.length === 0 ? {} : { openings }),
    },
    HELD_CERTIFICATE_LIMITS,
  );
}

/** Reads stored bytes and checks them as {@link checkHeldCertificate} does. Never throws. */
export function decodeHeldCertificate(
  bytes: Uint8Array,
  holder: string | ReadonlySet<string>,
): CheckedHeldCertificate {
  let stored: z.infer<typeof heldSchema>;
  try {
    stored = heldSchema.parse(decodeDocument(bytes, HELD_CERTIFICATE_LIMITS));
  } catch (error) {
    const isKnown = error instanceof CanonicalJsonError;
    return refuse('MALFORMED', isKnown ? error.message : 'is not a stored certificate');
  }
  const openings = (stored.openings ?? []).map(({ name, value, blinding, rung }) => ({
    name,
    value: BigInt(value),
    blinding: fromBase64Url(blinding),
    rung: rung === '' ? undefined : BigInt(rung),
  }));
  const leaves = stored.leaves.map(fromBase64Url);
  return checkHeldCertificate(fromBase64Url(stored.cert), leaves, holder, openings);
}
