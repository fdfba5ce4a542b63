/**
 * Status lists: an issuer's signed bitmap of revoked certificates, short-lived so that silence
 * cannot pass for "not revoked" (wire-formats.md 2.3). Never compressed.
 *
 * What must be remembered from one list to the next is in status-list-memory.ts.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from './bytes.ts';
import { fields, openEnvelope, signDocument } from './envelope.ts';
import type { DocumentDefinition, EnvelopeRefusal, SignedDocument } from './envelope.ts';
import type { Identity } from './identity.ts';
import { CLOCK_TOLERANCE_SECONDS, MAX_SLOT } from './skill-certificate.ts';
import type { TimeRefusal, VerificationTime } from './skill-certificate.ts';

/** Largest bitmap, in bytes: one bit for each of 65,536 slots. */
export const MAX_STATUS_BYTES = 8_192;
/** Longest life of a list for skills, in seconds. */
export const MAX_STATUS_SECONDS = 86_400;
/** Longest life of a list that vouches for a quantity, in seconds. */
export const MAX_RESOURCE_STATUS_SECONDS = 3_600;

const statusListSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('status'),
    issuer: fields.peerId,
    list: fields.integer,
    seq: fields.integer,
    iat: fields.integer,
    next: fields.integer,
    bits: fields.bytesUpTo(1, MAX_STATUS_BYTES),
  })
  .refine(({ iat, next }) => iat < next && next - iat <= MAX_STATUS_SECONDS, {
    path: ['next'],
    message: `expected 1 to ${MAX_STATUS_SECONDS} s after iat`,
  });

/** Body of a status list. */
export type StatusList = z.infer<typeof statusListSchema>;

/** Definition of the document type `status`. */
export const statusListDefinition: DocumentDefinition<StatusList> = {
  kind: 'status',
  schema: statusListSchema,
  signers: (body) => [body.issuer],
};

/** What a status list is made of. Times are whole seconds since 1970. */
export interface StatusListInit {
  readonly issuer: Identity;
  readonly list: number;
  /** Raised with every list of this number. */
  readonly seq: number;
  readonly iat: number;
  /** When the next list is due and this one says nothing any more. */
  readonly next: number;
  /** From {@link emptyStatusBits}, with the revoked slots set. */
  readonly bits: Uint8Array;
}

/** Bitmap with no slot revoked. @throws {@link RangeError} unless it holds 1 to 65,536 slots. */
export function emptyStatusBits(slots: number = MAX_SLOT + 1): Uint8Array {
  if (!Number.isInteger(slots) || slots < 1 || slots > MAX_SLOT + 1) {
    throw new RangeError(`"slots" expected 1 to ${MAX_SLOT + 1}, got ${slots}`);
  }
  return new Uint8Array(Math.ceil(slots / 8));
}

/** Copy of `bits` with `slot` revoked. @throws {@link RangeError} for a slot beyond the end. */
export function revokeSlot(bits: Uint8Array, slot: number): Uint8Array {
  if (!Number.isInteger(slot) || slot < 0 || slot >= bits.length * 8) {
    throw new RangeError(`"slot" expected 0 to ${bits.length * 8 - 1}, got ${slot}`);
  }
  const revoked = bits.slice();
  revoked[slot >> 3]! |= 1 << (slot & 7);
  return revoked;
}

/** Signs a status list. @throws on times or sizes that the schema refuses. */
export function signStatusList(init: StatusListInit): SignedDocument<StatusList> {
  const { issuer, list, seq, iat, next, bits } = init;
  const body: StatusList = {
    v: 1,
    typ: 'status',
    issuer: issuer.peerId,
    list,
    seq,
    iat,
    next,
    bits: toBase64Url(bits),
  };
  return signDocument(statusListDefinition, body, issuer);
}

/** Outcome of checking a status list by itself. */
export type VerifiedStatusList =
  | ({ readonly valid: true } & SignedDocument<StatusList>)
  | {
      readonly valid: false;
      readonly reason: EnvelopeRefusal | TimeRefusal;
      readonly detail: string;
    };

/** The refusal that the list's times call for, if any. Past `next` its word counts no more. */
export function checkStatusListTimes(
  { iat, next }: Pick<StatusList, 'iat' | 'next'>,
  { nowSeconds, toleranceSeconds = CLOCK_TOLERANCE_SECONDS }: VerificationTime,
): TimeRefusal | undefined {
  if (nowSeconds + toleranceSeconds < iat) return 'NOT_YET_VALID';
  if (nowSeconds - toleranceSeconds >= next) return 'EXPIRED';
  return undefined;
}

/** Checks form, signature and times of a status list. Never throws on received bytes. */
export function verifyStatusList(envelope: Uint8Array, time: VerificationTime): VerifiedStatusList {
  const opened = openEnvelope(statusListDefinition, envelope);
  if (!opened.valid) return opened;
  const reason = checkStatusListTimes(opened.body, time);
  if (!reason) return opened;
  const { iat, next } = opened.body;
  return { valid: false, reason, detail: `at ${time.nowSeconds}: iat ${iat}, next ${next}` };
}

/** Bitmap of a list. */
export function statusBits(list: StatusList): Uint8Array {
  return fromBase64Url(list.bits);
}

/** Whether `slot` is revoked; `undefined` for a slot beyond the end of the list. */
export function isRevoked(list: StatusList, slot: number): boolean | undefined {
  const byte = statusBits(list)[Math.floor(slot / 8)];
  return byte === undefined ? undefined : ((byte >> (slot & 7)) & 1) === 1;
}
