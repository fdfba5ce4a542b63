/**
 * Skill certificates: an issuer signs the root of a tree of salted leaves (wire-formats.md 2.1
 * and 2.2), the holder opens the leaves it chooses (disclosed-leaf.ts).
 *
 * A certificate says who issued it, not how far to trust that: the level is the verifier's own
 * computation and no part of this file.
 *
 * @module
 */

import { z } from 'zod';
import { toBase64Url } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
import { SALT_BYTES, encodeClaim, encodePadding, isResourceClaim } from './certificate-leaf.ts';
import type { CertificateClaim } from './certificate-leaf.ts';
import { fields, openEnvelope, signDocument } from './envelope.ts';
import type { DocumentDefinition, EnvelopeRefusal, SignedDocument } from './envelope.ts';
import type { Identity } from './identity.ts';
import { HASH_BYTES, MerkleTree } from './merkle.ts';

/** Smallest number of leaves; fewer claims are filled up with padding. */
export const MIN_LEAVES = 32;
/** Largest number of leaves. */
export const MAX_LEAVES = 1_024;
/** Longest life of a certificate, in seconds. */
export const MAX_CERTIFICATE_SECONDS = 2_592_000;
/** Longest life of a certificate in which a quantity counts, in seconds. */
export const MAX_RESOURCE_SECONDS = 86_400;
/** Largest number of a slot in a status list. */
export const MAX_SLOT = 65_535;
/** Clock difference that a verifier forgives, in seconds (wire-formats.md 0). */
export const CLOCK_TOLERANCE_SECONDS = 60;

const NO_EVIDENCE = toBase64Url(new Uint8Array(HASH_BYTES));

/** Who stands behind a certificate. */
export type CertificateKind = 'self' | 'endorsement' | 'attestation';

const isTreeSize = (size: number): boolean => (size & (size - 1)) === 0;

const certificateSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('cert'),
    suite: z.literal(1),
    kind: z.enum(['self', 'endorsement', 'attestation']),
    issuer: fields.peerId,
    holder: fields.peerId,
    list: fields.integer,
    slot: z.number().int().min(0).max(MAX_SLOT),
    iat: fields.integer,
    nbf: fields.integer,
    exp: fields.integer,
    size: z.number().int().min(MIN_LEAVES).max(MAX_LEAVES).refine(isTreeSize, 'not a power of two'),
    root: fields.bytes(HASH_BYTES),
    evidence: fields.bytes(32),
  })
  .refine((body) => (body.kind === 'self') === (body.issuer === body.holder), {
    path: ['kind'],
    message: 'self means that the issuer is the holder, and only that',
  })
  .refine((body) => body.kind !== 'self' || body.evidence === NO_EVIDENCE, {
    path: ['evidence'],
    message: 'expected zeros in a certificate of oneself',
  })
  .refine((body) => body.nbf < body.exp && body.exp - body.nbf <= MAX_CERTIFICATE_SECONDS, {
    path: ['exp'],
    message: `expected 1 to ${MAX_CERTIFICATE_SECONDS} s after nbf`,
  });

/** Header of a certificate: the body that the issuer signs. */
export type SkillCertificate = z.infer<typeof certificateSchema>;

/** Definition of the document type `cert`. */
export const skillCertificateDefinition: DocumentDefinition<SkillCertificate> = {
  kind: 'cert',
  schema: certificateSchema,
  signers: (body) => [body.issuer],
};

/** What only the holder knows of a committed quantity. */
export interface CommitmentOpening {
  /** Term of the leaf. */
  readonly name: string;
  /** As the attestor measured it, 0 <= value < 2^32. */
  readonly value: bigint;
  /** r, 32 bytes. */
  readonly blinding: Uint8Array;
  /** The one threshold that is ever proved, fixed when the certificate came; undefined for 0. */
  readonly rung: bigint | undefined;
}

/** A certificate with all its leaves, as its issuer hands it over. */
export interface IssuedCertificate {
  readonly certificate: SignedDocument<SkillCertificate>;
  /** The bytes of every leaf, in the order of the tree. Secret until opened. */
  readonly leaves: readonly Uint8Array[];
}

/** The same as the holder keeps it. */
export interface HeldCertificate extends IssuedCertificate {
  /** One for each committed quantity. Secret for ever. */
  readonly openings: readonly CommitmentOpening[];
}

/** What a certificate is made of. Times are whole seconds since 1970. */
export interface SkillCertificateInit {
  readonly issuer: Identity;
  /** PeerId. */
  readonly holder: string;
  readonly kind: CertificateKind;
  readonly claims: readonly CertificateClaim[];
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  /** Number of the issuer's status list. */
  readonly list: number;
  /** Bit in that list; never used twice. */
  readonly slot: number;
  /** 32 bytes: transcript hash, receipt id, or zeros. */
  readonly evidence: Uint8Array;
  readonly random: RandomBytes;
}

/** Key of a leaf that may stand in a certificate once only. */
export function claimKey(claim: CertificateClaim): string {
  return `${claim.kind} ${claim.name}`;
}

/** Number of leaves of a certificate with this many claims. */
export function leafCount(claims: number): number {
  return Math.max(MIN_LEAVES, 2 ** Math.ceil(Math.log2(claims)));
}

/** Whether a leaf of this claim counts in a certificate with these times. */
export function isWithinClaimLifetime(
  claim: CertificateClaim,
  { nbf, exp }: Pick<SkillCertificate, 'nbf' | 'exp'>,
): boolean {
  return !isResourceClaim(claim) || exp - nbf <= MAX_RESOURCE_SECONDS;
}

/** Whole number from 0 to `bound` - 1. Of 2^48 draws the bias is below 2^-37. */
function randomBelow(bound: number, random: RandomBytes): number {
  let drawn = 0;
  for (const byte of random(6)) drawn = drawn * 256 + byte;
  return drawn % bound;
}

/** Fisher-Yates: the place of a leaf must not tell the rank of its claim. */
function shuffle<Item>(items: Item[], random: RandomBytes): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomBelow(i + 1, random);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
}

function buildLeaves(claims: readonly CertificateClaim[], random: RandomBytes): Uint8Array[] {
  const leaves = claims.map((claim) => encodeClaim(claim, random(SALT_BYTES)));
  const count = leafCount(claims.length);
  while (leaves.length < count) leaves.push(encodePadding(random(SALT_BYTES)));
  shuffle(leaves, random);
  return leaves;
}

/**
 * Issues a certificate: salts, pads and shuffles the leaves, signs the header.
 *
 * @throws {@link RangeError} for no claim, more than 1,024, a claim made twice, a claim that no
 *   leaf can hold, or a quantity in a certificate of more than a day.
 */
export function issueSkillCertificate(init: SkillCertificateInit): IssuedCertificate {
  const { issuer, holder, kind, claims, iat, nbf, exp, list, slot, evidence, random } = init;
  if (claims.length < 1 || claims.length > MAX_LEAVES) {
    throw new RangeError(`"claims" expected 1 to ${MAX_LEAVES}, got ${claims.length}`);
  }
  const seen = new Set<string>();
  for (const claim of claims) {
    const key = claimKey(claim);
    if (seen.has(key)) throw new RangeError(`"claims" has ${key} twice`);
    seen.add(key);
    if (!isWithinClaimLifetime(claim, { nbf, exp })) {
      throw new RangeError(`"exp" expected <= ${MAX_RESOURCE_SECONDS} s after "nbf" for ${key}`);
    }
  }
  const leaves = buildLeaves(claims, random);
  const body: SkillCertificate = {
    v: 1,
    typ: 'cert',
    suite: 1,
    kind,
    issuer: issuer.peerId,
    holder,
    list,
    slot,
    iat,
    nbf,
    exp,
    size: leaves.length,
    root: toBase64Url(new MerkleTree(leaves).root),
    evidence: toBase64Url(evidence),
  };
  return { certificate: signDocument(skillCertificateDefinition, body, issuer), leaves };
}

/** When a certificate is read. */
export interface VerificationTime {
  /** Seconds since 1970. */
  readonly nowSeconds: number;
  /** Default: {@link CLOCK_TOLERANCE_SECONDS}. */
  readonly toleranceSeconds?: number;
}

/** Why a time was refused. */
export type TimeRefusal = 'NOT_YET_VALID' | 'EXPIRED';

/** The refusal that the certificate's times call for, if any. */
export function checkCertificateTimes(
  { iat, nbf, exp }: Pick<SkillCertificate, 'iat' | 'nbf' | 'exp'>,
  { nowSeconds, toleranceSeconds = CLOCK_TOLERANCE_SECONDS }: VerificationTime,
): TimeRefusal | undefined {
  if (nowSeconds + toleranceSeconds < Math.max(iat, nbf)) return 'NOT_YET_VALID';
  if (nowSeconds - toleranceSeconds >= exp) return 'EXPIRED';
  return undefined;
}

/** Outcome of checking a certificate by itself. */
export type VerifiedCertificateHeader =
  | ({ readonly valid: true } & SignedDocument<SkillCertificate>)
  | {
      readonly valid: false;
      readonly reason: EnvelopeRefusal | TimeRefusal;
      readonly detail: string;
    };

/**
 * Checks form, signature and times of a certificate. Never throws on received bytes. Says nothing
 * on revocation (status-list.ts) or on trust in the issuer.
 */
export function verifySkillCertificate(
  envelope: Uint8Array,
  time: VerificationTime,
): VerifiedCertificateHeader {
  const opened = openEnvelope(skillCertificateDefinition, envelope);
  if (!opened.valid) return opened;
  const reason = checkCertificateTimes(opened.body, time);
  if (!reason) return opened;
  const { iat, nbf, exp } = opened.body;
  const detail = `at ${time.nowSeconds}: iat ${iat}, nbf ${nbf}, exp ${exp}`;
  return { valid: false, reason, detail };
}
