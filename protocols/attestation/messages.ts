/**
 * Messages of a certificate's delivery from attestor to holder (streams of purpose 4,
 * wire-formats.md 1.6 and 3.1), for certificates without a committed quantity: `iss1` with empty
 * resource and unit, `iss3`, and the holder's answer `iss4` or `issno`.
 *
 * Not signed: the session authenticates. `iss2`, the blinding of a committed quantity, is not here.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { MAX_LEAF_BYTES, MIN_LEAF_BYTES } from '../../crypto/certificate-leaf.ts';
import { MAX_ENVELOPE_BYTES, fields } from '../../crypto/envelope.ts';
import { embedEnvelope, envelopeBytes } from '../../crypto/presentation-messages.ts';
import { MAX_LEAVES, MIN_LEAVES } from '../../crypto/skill-certificate.ts';
import { refusalNumber, refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';

/** Size and depth of an `iss3`, the largest message. */
export const ISSUANCE_LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.attest.maxMessageBytes,
  maxDepth: 4,
};

const job = fields.bytes(32);

const offerSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('iss1'),
  job,
  resource: z.literal(''),
  unit: z.literal(''),
});

const issuanceSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('iss3'),
  job,
  value: z.literal('0'),
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
const answerSchema = z.union([acceptedSchema, refusedSchema]);

/** Bytes of `iss1`: an attestor announces a certificate. @param jobId - 32 random bytes. */
export function encodeIssuanceOffer(jobId: Uint8Array): Uint8Array {
  const message = { v: 1, typ: 'iss1', job: toBase64Url(jobId), resource: '', unit: '' };
  return encodeDocument(offerSchema.parse(message));
}

/** The job of an `iss1`, 32 bytes; `undefined` for anything else. Never throws. */
export function decodeIssuanceOffer(bytes: Uint8Array): Uint8Array | undefined {
  const message = read(offerSchema, bytes);
  return message && fromBase64Url(message.job);
}

/** A certificate with all its leaves, on its way to the holder. */
export interface Issuance {
  /** 32 bytes, as announced. */
  readonly job: Uint8Array;
  readonly leaves: readonly Uint8Array[];
  /** Envelope of the certificate. */
  readonly certificate: Uint8Array;
}

/** Bytes of `iss3`. @throws for leaves that do not fit {@link ISSUANCE_LIMITS}. */
export function encodeIssuance({ job: jobId, leaves, certificate }: Issuance): Uint8Array {
  const message = {
    v: 1,
    typ: 'iss3',
    job: toBase64Url(jobId),
    value: '0',
    leaves: leaves.map(toBase64Url),
    cert: embedEnvelope(certificate),
  };
  return encodeDocument(issuanceSchema.parse(message), ISSUANCE_LIMITS);
}

/** Reads an `iss3`; `undefined` if it is none. Never throws. */
export function decodeIssuance(bytes: Uint8Array): Issuance | undefined {
  const message = read(issuanceSchema, bytes);
  if (message === undefined) return undefined;
  return {
    job: fromBase64Url(message.job),
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
  return encodeDocument(answerSchema.parse(message));
}

/** Reads an `iss4` or `issno`; `undefined` if it is neither. Never throws. */
export function decodeIssuanceAnswer(bytes: Uint8Array): IssuanceAnswer | undefined {
  const message = read(answerSchema, bytes);
  if (message === undefined) return undefined;
  const refusal = message.typ === 'iss4' ? undefined : refusalOfNumber(message.code);
  return { job: fromBase64Url(message.job), refusal };
}

function read<Message>(schema: z.ZodType<Message>, bytes: Uint8Array): Message | undefined {
  try {
    return schema.parse(decodeDocument(bytes, ISSUANCE_LIMITS));
  } catch {
    return undefined;
  }
}
