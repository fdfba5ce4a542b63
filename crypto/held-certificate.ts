/**
 * What a holder does with a certificate it was given: check everything before keeping it
 * (wire-formats.md 3.1, step 4, without the commitments), store it, read it back.
 *
 * The stored form holds every salt. It never leaves the holder.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url, toHex } from './bytes.ts';
import { CanonicalJsonError, decodeDocument, encodeDocument } from './canonical-json.ts';
import type { DocumentLimits } from './canonical-json.ts';
import { MAX_LEAF_BYTES, MIN_LEAF_BYTES, decodeLeaf } from './certificate-leaf.ts';
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
import type { HeldCertificate } from './skill-certificate.ts';

/** Size of a stored certificate: 1,024 leaves of the largest kind. */
export const HELD_CERTIFICATE_LIMITS: DocumentLimits = { maxBytes: 1_048_576, maxDepth: 2 };

const heldSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('held'),
  cert: fields.bytesUpTo(1, MAX_ENVELOPE_BYTES),
  leaves: z.array(fields.bytesUpTo(MIN_LEAF_BYTES, MAX_LEAF_BYTES)).min(MIN_LEAVES).max(MAX_LEAVES),
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
  | 'WRONG_ROOT';

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
 * every leaf, the number of leaves, the tree. Never throws on received bytes. Times are not
 * checked: a holder may be given a certificate for tomorrow.
 *
 * @param holder - PeerId that the certificate must be for.
 */
export function checkHeldCertificate(
  envelope: Uint8Array,
  leaves: readonly Uint8Array[],
  holder: string,
): CheckedHeldCertificate {
  const certificate = openEnvelope(skillCertificateDefinition, envelope);
  if (!certificate.valid) return certificate;
  const { body } = certificate;
  if (body.holder !== holder) return refuse('OTHER_HOLDER', `is for ${body.holder}`);
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
  return { valid: true, held: { certificate, leaves }, claims: [...claims.values()] };
}

/** Bytes to store. */
export function encodeHeldCertificate({ certificate, leaves }: HeldCertificate): Uint8Array {
  return encodeDocument(
    {
      v: 1,
      typ: 'held',
      cert: toBase64Url(certificate.envelope),
      leaves: leaves.map(toBase64Url),
    },
    HELD_CERTIFICATE_LIMITS,
  );
}

/** Reads stored bytes and checks them as {@link checkHeldCertificate} does. Never throws. */
export function decodeHeldCertificate(bytes: Uint8Array, holder: string): CheckedHeldCertificate {
  let stored: z.infer<typeof heldSchema>;
  try {
    stored = heldSchema.parse(decodeDocument(bytes, HELD_CERTIFICATE_LIMITS));
  } catch (error) {
    const isKnown = error instanceof CanonicalJsonError;
    return refuse('MALFORMED', isKnown ? error.message : 'is not a stored certificate');
  }
  return checkHeldCertificate(fromBase64Url(stored.cert), stored.leaves.map(fromBase64Url), holder);
}
