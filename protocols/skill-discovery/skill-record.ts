/**
 * Skill record: what a peer offers, signed by it, kept in the DHT under its PeerId
 * (architecture.md 4, wire-formats.md 0 and 1.6).
 *
 * This file checks one record by itself. That an older one never replaces a newer one is the
 * business of `validator.ts`.
 *
 * @module
 */

import { multiaddr } from '@multiformats/multiaddr';
import { z } from 'zod';
import { fields, openEnvelopeAsync, signDocument } from '../../crypto/envelope.ts';
import type { DocumentDefinition, EnvelopeRefusal, SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import { isTerm } from './terms.ts';

/** Largest record in the DHT: the whole envelope, in bytes. */
export const MAX_RECORD_BYTES = 8_192;
/** Longest life of a record, `exp - iat`, in seconds. */
export const MAX_RECORD_LIFETIME_SECONDS = 3_600;
/** Clock tolerance when verifying, in seconds (wire-formats.md 0). */
export const CLOCK_TOLERANCE_SECONDS = 60;
export const MAX_OFFERS = 32;
export const MAX_ADDRESSES = 8;
export const MAX_RECORD_CERTIFICATES = 8;
const MAX_WINDOWS = 8;
const MAX_BUCKETS = 16;
const MAX_ADDRESS_LENGTH = 256;

/** A multiaddr in its own canonical text. */
function isMultiaddr(text: string): boolean {
  if (text.length > MAX_ADDRESS_LENGTH) return false;
  try {
    return multiaddr(text).toString() === text;
  } catch {
    return false;
  }
}

function hasNoDuplicates(items: readonly string[]): boolean {
  return new Set(items).size === items.length;
}

const name = (maxLength: number) =>
  z
    .string()
    .regex(/^[\x21-\x7e]*$/)
    .max(maxLength);

/** A stretch of time in which the offer can be taken, in seconds since 1970. */
const windowSchema = z
  .strictObject({ from: fields.integer, to: fields.integer })
  .refine(({ from, to }) => from < to, 'expected from < to');

const offerSchema = z.strictObject({
  term: z.string().refine(isTerm, 'expected a skill term'),
  /** How much of a resource, in `unit`; a u64. */
  quantity: fields.decimal.optional(),
  unit: name(32).min(1).optional(),
  /** Price of one `perUnit`. */
  priceMicroUsd: fields.decimal,
  /** What the price buys, for instance `task` or `kilotoken`. */
  perUnit: name(32).min(1),
  /** Expected time from agreement to delivery, in milliseconds. */
  latencyMs: fields.integer,
  /** Tasks at the same time. */
  capacity: fields.integer,
  windows: z.array(windowSchema).max(MAX_WINDOWS).optional(),
});

const embeddingsSchema = z.strictObject({
  /** Model that made the vector; "" when the peer publishes none. */
  model: name(64),
  dim: z.number().int().min(0).max(4_096),
  /** Of the vector's little-endian bytes. */
  sha256: fields.bytes(32),
  /** Locality-sensitive hash buckets of the vector. */
  buckets: z
    .array(z.string().regex(/^[a-z0-9]{1,32}$/))
    .max(MAX_BUCKETS)
    .refine(hasNoDuplicates, 'expected no bucket twice'),
});

const certificateSchema = z.strictObject({
  certId: fields.bytes(32),
  kind: z.enum(['self', 'endorsement', 'attestation']),
  issuer: fields.peerId,
  exp: fields.integer,
});

const recordSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('record'),
    peerId: fields.peerId,
    /** Raised with every change, never lowered. */
    seq: fields.integer.min(1),
    iat: fields.integer,
    exp: fields.integer,
    addresses: z
      .array(z.string().refine(isMultiaddr, 'expected a multiaddr'))
      .max(MAX_ADDRESSES)
      .refine(hasNoDuplicates, 'expected no address twice'),
    /** Empty: the peer has withdrawn. */
    offers: z
      .array(offerSchema)
      .max(MAX_OFFERS)
      .refine(
        (offers) => hasNoDuplicates(offers.map(({ term }) => term)),
        'expected no term twice',
      ),
    embeddings: embeddingsSchema,
    certificates: z.array(certificateSchema).max(MAX_RECORD_CERTIFICATES),
    /** X25519 public key of the mailbox (wire-formats.md 1.5). */
    sealingKey: fields.bytes(32),
    /** Hash of the recovery key (wire-formats.md 2.4). */
    recovery: fields.bytes(32).optional(),
    /** Hash of the agent card. */
    card: fields.bytes(32),
  })
  .refine(
    ({ iat, exp }) => exp > iat && exp - iat <= MAX_RECORD_LIFETIME_SECONDS,
    `expected exp within ${MAX_RECORD_LIFETIME_SECONDS} s after iat`,
  );

/** Body of a skill record. */
export type SkillRecord = z.infer<typeof recordSchema>;
/** One thing that a peer sells. */
export type SkillOffer = SkillRecord['offers'][number];
/** A skill record whose signature was checked, or that was made here. */
export type SignedSkillRecord = SignedDocument<SkillRecord>;

/** A record: signed by its own peer. */
export const skillRecordDefinition: DocumentDefinition<SkillRecord> = {
  kind: 'record',
  schema: recordSchema,
  signers: (body) => [body.peerId],
};

/** Why one record, by itself, was refused. */
export type RecordRefusal =
  | 'OVERSIZE'
  | EnvelopeRefusal
  /** Rightly signed, but by another peer than the one that was asked for. */
  | 'WRONG_KEY'
  | 'NOT_YET_VALID'
  | 'EXPIRED';

/** Outcome of {@link openSkillRecord}. */
export type OpenedSkillRecord =
  | { readonly valid: true; readonly record: SignedSkillRecord }
  | { readonly valid: false; readonly reason: RecordRefusal; readonly detail: string };

/** A record that its own publisher made larger than the DHT takes. */
export class RecordTooLargeError extends Error {
  static override readonly name = 'RecordTooLargeError';
  override readonly name = 'RecordTooLargeError';
  readonly code = 'RECORD_TOO_LARGE';
  readonly details: { readonly bytes: number; readonly maxBytes: number };

  constructor(bytes: number) {
    super(
      `The signed skill record has ${bytes} bytes and the network takes ${MAX_RECORD_BYTES}: ` +
        'offer fewer terms, or list fewer certificates, addresses or windows',
    );
    this.details = { bytes, maxBytes: MAX_RECORD_BYTES };
  }
}

/**
 * Signs a record.
 *
 * @throws {@link RecordTooLargeError} above {@link MAX_RECORD_BYTES}; zod's error for a body that
 *   the schema refuses; {@link TypeError} if `identity` is not the peer of the body.
 */
export function signSkillRecord(body: SkillRecord, identity: Identity): SignedSkillRecord {
  const record = signDocument(skillRecordDefinition, body, identity);
  if (record.envelope.length > MAX_RECORD_BYTES) {
    throw new RecordTooLargeError(record.envelope.length);
  }
  return record;
}

/**
 * Checks a received record: size, form, signature, whose it is, and time. Never rejects.
 *
 * @param peerId - The peer whose record was asked for.
 * @param nowSeconds - Seconds since 1970.
 */
export async function openSkillRecord(
  bytes: Uint8Array,
  peerId: string,
  nowSeconds: number,
): Promise<OpenedSkillRecord> {
  if (bytes.length > MAX_RECORD_BYTES) {
    const detail = `${bytes.length} bytes, at most ${MAX_RECORD_BYTES}`;
    return { valid: false, reason: 'OVERSIZE', detail };
  }
  // A copy: the bytes may be a view of a network buffer that is many times as large, or used again
  // while the signature is verified.
  const opened = await openEnvelopeAsync(skillRecordDefinition, new Uint8Array(bytes));
  if (!opened.valid) return opened;
  const { body, id, envelope, signers } = opened;
  if (body.peerId !== peerId) {
    const detail = `the record of ${body.peerId} under the key of ${peerId}`;
    return { valid: false, reason: 'WRONG_KEY', detail };
  }
  if (body.iat > nowSeconds + CLOCK_TOLERANCE_SECONDS) {
    return { valid: false, reason: 'NOT_YET_VALID', detail: `valid from ${body.iat}` };
  }
  if (body.exp + CLOCK_TOLERANCE_SECONDS < nowSeconds) {
    return { valid: false, reason: 'EXPIRED', detail: `expired at ${body.exp}` };
  }
  return { valid: true, record: { body, id, envelope, signers } };
}
