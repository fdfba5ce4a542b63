/**
 * Messages of a certificate's delivery from attestor to holder (streams of purpose 4,
 * wire-formats.md 1.6 and 3.1): `iss1`, the holder's `iss2` if a resource was announced, `iss3`,
 * and the holder's `iss4` or `issno`. Not signed: the session authenticates.
 *
 * The keys `R` and `P` of `iss2` begin with a capital, which the restricted form does not allow, so
 * that message alone is written in full JCS. What is in it is checked as strictly.
 *
 * @module
 */

import { z } from 'zod';
import type { BlindingRequest } from '../../crypto/blind-issuance.ts';
import { equalBytes, fromBase64Url, fromUtf8, toBase64Url } from '../../crypto/bytes.ts';
import {
  decodeDocument,
  encodeCanonicalJson,
  encodeDocument,
} from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { MAX_LEAF_BYTES, MIN_LEAF_BYTES } from '../../crypto/certificate-leaf.ts';
import { MAX_ENVELOPE_BYTES, fields } from '../../crypto/envelope.ts';
import { MAX_QUANTITY } from '../../crypto/pedersen.ts';
import { embedEnvelope, envelopeBytes } from '../../crypto/presentation-messages.ts';
import { MAX_LEAVES, MIN_LEAVES } from '../../crypto/skill-certificate.ts';
import { refusalNumber, refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { MAX_TERM_LENGTH } from '../skill-discovery/terms.ts';

/**
 * Largest message that a stream of purpose 4 may begin with, in bytes: an announcement with a term
 * of 128 and a unit of 32 characters, or the order of a benchmark; each has less than 400.
 */
export const MAX_FIRST_MESSAGE_BYTES = 1_024;

/** Size and depth of an `iss3`, the largest message. */
export const ISSUANCE_LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.attest.maxMessageBytes,
  maxDepth: 4,
};

/** Size and depth of all messages but `iss2` and `iss3`: few and short values. */
const SHORT_LIMITS: DocumentLimits = {
  maxBytes: MAX_FIRST_MESSAGE_BYTES,
  maxDepth: 1,
  maxValues: 8,
};

/** Size and depth of an `iss2`: four values of 32 bytes. */
const BLINDING_LIMITS: DocumentLimits = { maxBytes: 512, maxDepth: 1 };

/** Longest name of a unit, in characters. */
const MAX_UNIT_LENGTH = 32;

const bytes32 = fields.bytes(32);
const job = bytes32;

const offerSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('iss1'),
    job,
    resource: z.string().max(MAX_TERM_LENGTH),
    unit: z.string().max(MAX_UNIT_LENGTH),
  })
  .refine(({ resource, unit }) => (resource === '') === (unit === ''), 'a unit for each resource');

const blindingSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('iss2'),
  job,
  R: bytes32,
  P: bytes32,
  s: bytes32,
});

const issuanceSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('iss3'),
  job,
  value: fields.decimal.refine((text) => Number(text) <= MAX_QUANTITY, 'expected below 2^32'),
  leaves: z.array(fields.bytesUpTo(MIN_LEAF_BYTES, MAX_LEAF_BYTES)).min(MIN_LEAVES).max(MAX_LEAVES),
  cert: z.strictObject({
    b: z.string().max(MAX_ENVELOPE_BYTES),
    s: z.array(z.strictObject({ k: z.string().max(60), s: z.string().max(88) })).max(4),
  }),
});

const acceptedSchema = z.strictObject({ v: z.literal(1), typ: z.literal('iss4'), job });
const refusedSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('issno'),
  job,
  /** Number of a refusal (`protocols/errors.ts`). */
  code: z.number().int().min(1).max(65_535),
});
const answerSchema = z.discriminatedUnion('typ', [acceptedSchema, refusedSchema]);

/** What an attestor announces. */
export interface IssuanceOffer {
  /** 32 random bytes, used once. */
  readonly job: Uint8Array;
  /** Term of the committed quantity; "" for a certificate without one. */
  readonly resource: string;
  /** Its unit; "" for none. */
  readonly unit: string;
}

/** Bytes of `iss1`: an attestor announces a certificate. @throws for a unit without a resource. */
export function encodeIssuanceOffer({ job: jobId, resource, unit }: IssuanceOffer): Uint8Array {
  const message = { v: 1, typ: 'iss1', job: toBase64Url(jobId), resource, unit };
  return encodeDocument(offerSchema.parse(message), SHORT_LIMITS);
}

/** Reads an `iss1`; `undefined` for anything else. Never throws. */
export function decodeIssuanceOffer(bytes: Uint8Array): IssuanceOffer | undefined {
  const message = read(offerSchema, bytes, SHORT_LIMITS);
  if (message === undefined) return undefined;
  const { resource, unit } = message;
  return { job: fromBase64Url(message.job), resource, unit };
}

/** The holder's blinding, of 32 bytes each. */
export interface Blinding extends BlindingRequest {
  /** 32 bytes, as announced. */
  readonly job: Uint8Array;
}

/** Bytes of `iss2`. */
export function encodeBlinding({ job: jobId, R, P, s }: Blinding): Uint8Array {
  const message = {
    v: 1,
    typ: 'iss2',
    job: toBase64Url(jobId),
    R: toBase64Url(R),
    P: toBase64Url(P),
    s: toBase64Url(s),
  };
  return encodeCanonicalJson(blindingSchema.parse(message), BLINDING_LIMITS);
}

/** Reads an `iss2`; `undefined` if it is none. Says nothing of the proof in it. Never throws. */
export function decodeBlinding(bytes: Uint8Array): Blinding | undefined {
  if (bytes.length > BLINDING_LIMITS.maxBytes) return undefined;
  try {
    const message = blindingSchema.parse(JSON.parse(fromUtf8(bytes)));
    if (!equalBytes(encodeCanonicalJson(message, BLINDING_LIMITS), bytes)) return undefined;
    const { R, P, s } = message;
    return {
      job: fromBase64Url(message.job),
      R: fromBase64Url(R),
      P: fromBase64Url(P),
      s: fromBase64Url(s),
    };
  } catch {
    return undefined;
  }
}

/** A certificate with all its leaves, on its way to the holder. */
export interface Issuance {
  /** 32 bytes, as announced. */
  readonly job: Uint8Array;
  /** What is committed to, 0 <= value < 2^32; 0 where nothing is. */
  readonly value: bigint;
  readonly leaves: readonly Uint8Array[];
  /** Envelope of the certificate. */
  readonly certificate: Uint8Array;
}

/** Bytes of `iss3`. @throws for a value or leaves beyond {@link ISSUANCE_LIMITS}. */
export function encodeIssuance({ job: jobId, value, leaves, certificate }: Issuance): Uint8Array {
  const message = {
    v: 1,
    typ: 'iss3',
    job: toBase64Url(jobId),
    value: value.toString(),
    leaves: leaves.map(toBase64Url),
    cert: embedEnvelope(certificate),
  };
  return encodeDocument(issuanceSchema.parse(message), ISSUANCE_LIMITS);
}

/** Reads an `iss3`; `undefined` if it is none. Never throws. */
export function decodeIssuance(bytes: Uint8Array): Issuance | undefined {
  const message = read(issuanceSchema, bytes, ISSUANCE_LIMITS);
  if (message === undefined) return undefined;
  return {
    job: fromBase64Url(message.job),
    value: BigInt(message.value),
    leaves: message.leaves.map(fromBase64Url),
    certificate: envelopeBytes(message.cert),
  };
}

/** What the holder says: nothing for `iss4`, or why it refused. */
export interface IssuanceAnswer {
  readonly job: Uint8Array;
  readonly refusal: RefusalCode | undefined;
}

/** Bytes of `iss4` or `issno`. */
export function encodeIssuanceAnswer({ job: jobId, refusal }: IssuanceAnswer): Uint8Array {
  const common = { v: 1, job: toBase64Url(jobId) };
  const message =
    refusal === undefined
      ? { ...common, typ: 'iss4' }
      : { ...common, typ: 'issno', code: refusalNumber(refusal) };
  return encodeDocument(answerSchema.parse(message), SHORT_LIMITS);
}

/** Reads an `iss4` or `issno`; `undefined` if it is neither. Never throws. */
export function decodeIssuanceAnswer(bytes: Uint8Array): IssuanceAnswer | undefined {
  const message = read(answerSchema, bytes, SHORT_LIMITS);
  if (message === undefined) return undefined;
  const refusal = message.typ === 'iss4' ? undefined : refusalOfNumber(message.code);
  return { job: fromBase64Url(message.job), refusal };
}

function read<Message>(
  schema: z.ZodType<Message>,
  bytes: Uint8Array,
  limits: DocumentLimits,
): Message | undefined {
  try {
    return schema.parse(decodeDocument(bytes, limits));
  } catch {
    return undefined;
  }
}
