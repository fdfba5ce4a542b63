/**
 * OPEN, ACCEPT and REJECT on bytes, and the keys that come out of them (wire-formats.md 1.2).
 *
 * @module
 */

import { AES_GCM_TAG_BYTES, counterNonce, openAesGcm, sealAesGcm } from '../../crypto/aes-gcm.ts';
import { concatBytes, equalBytes, u16, u64, utf8 } from '../../crypto/bytes.ts';
import { STREAM_TAGS } from '../../crypto/domain-tags.ts';
import { sha256 } from '../../crypto/hash.ts';
import { expand } from '../../crypto/hkdf.ts';
import { SESSION_ID_BYTES } from './session-keys.ts';
import type { SessionRole } from './session-keys.ts';

const VERSION = 1;
const TYPE_OPEN = 0x01;
const TYPE_ACCEPT = 0x02;
const TYPE_REJECT = 0x03;

const HEADER_BYTES = 2 + SESSION_ID_BYTES + 1 + 8;
const NONCE_BYTES = 32;
/** Length of a stream's context, in bytes: a contract id, or zeros. */
export const CONTEXT_BYTES = 32;
const BODY_BYTES = 1 + CONTEXT_BYTES + NONCE_BYTES;

/** Length of OPEN, in bytes. */
export const OPEN_BYTES = HEADER_BYTES + BODY_BYTES + AES_GCM_TAG_BYTES;
/** Length of ACCEPT, in bytes. */
export const ACCEPT_BYTES = 66;
/** Length of REJECT, in bytes. */
export const REJECT_BYTES = 4;

/** Codes of REJECT. */
export const REJECT_CODES = { unknownSession: 1, busy: 2, other: 3 } as const;

/** A code of REJECT. */
export type RejectCode = (typeof REJECT_CODES)[keyof typeof REJECT_CODES];

/** The part of OPEN that travels in clear. Also the associated data of the rest. */
export interface OpenHeader {
  readonly sessionId: Uint8Array;
  /** Role byte as received; only a session knows which one is right. */
  readonly role: number;
  readonly index: bigint;
}

/** The encrypted part of OPEN. */
export interface OpenBody {
  readonly purpose: number;
  /** Contract id, or 32 zero bytes. */
  readonly context: Uint8Array;
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array;
}

/** Header and body bytes of one OPEN: what the stream's keys depend on. */
export interface OpenTranscript {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

/** Secrets of one stream. */
export interface StreamSecrets {
  readonly confirm: Uint8Array;
  /** s_o2a[0], 32 bytes. */
  readonly openerToAcceptor: Uint8Array;
  /** s_a2o[0], 32 bytes. */
  readonly acceptorToOpener: Uint8Array;
}

/** OPEN of a stream, and the transcript that its keys need. */
export function sealOpen(
  key: Uint8Array,
  sessionId: Uint8Array,
  role: SessionRole,
  index: number,
  body: OpenBody,
): { readonly open: Uint8Array; readonly transcript: OpenTranscript } {
  const header = concatBytes(
    Uint8Array.of(TYPE_OPEN, VERSION),
    sessionId,
    Uint8Array.of(role),
    u64(index),
  );
  const bytes = concatBytes(Uint8Array.of(body.purpose), body.context, body.nonce);
  if (bytes.length !== BODY_BYTES) {
    throw new TypeError('"body" expected a context of 32 bytes and a nonce of 32 bytes');
  }
  const open = concatBytes(header, sealAesGcm(key, counterNonce(index), header, bytes));
  return { open, transcript: { header, body: bytes } };
}

/** Header of a received OPEN, or `undefined` if length, type or version is not OPEN's. */
export function parseOpenHeader(open: Uint8Array): OpenHeader | undefined {
  if (open.length !== OPEN_BYTES || open[0] !== TYPE_OPEN || open[1] !== VERSION) return undefined;
  const view = new DataView(open.buffer, open.byteOffset, open.byteLength);
  return {
    sessionId: open.slice(2, 2 + SESSION_ID_BYTES),
    role: open[2 + SESSION_ID_BYTES]!,
    index: view.getBigUint64(HEADER_BYTES - 8),
  };
}

/** Body of a received OPEN with this index, or `undefined` if it does not verify. */
export function openOpen(
  key: Uint8Array,
  index: number,
  open: Uint8Array,
): { readonly body: OpenBody; readonly transcript: OpenTranscript } | undefined {
  const header = open.slice(0, HEADER_BYTES);
  const bytes = openAesGcm(key, counterNonce(index), header, open.subarray(HEADER_BYTES));
  if (bytes?.length !== BODY_BYTES) return undefined;
  const body: OpenBody = {
    purpose: bytes[0]!,
    context: bytes.slice(1, 1 + CONTEXT_BYTES),
    nonce: bytes.slice(1 + CONTEXT_BYTES),
  };
  return { body, transcript: { header, body: bytes } };
}

/** Secrets of the stream that this OPEN and this acceptor's nonce make. */
export function deriveStreamSecrets(
  exporterSecret: Uint8Array,
  { header, body }: OpenTranscript,
  acceptorNonce: Uint8Array,
): StreamSecrets {
  const empty = new Uint8Array(0);
  const transcriptHash = sha256(
    utf8(STREAM_TAGS.transcript),
    Uint8Array.of(0),
    header,
    body,
    acceptorNonce,
  );
  const secret = expand(exporterSecret, STREAM_TAGS.secret, transcriptHash);
  const secrets: StreamSecrets = {
    confirm: expand(secret, STREAM_TAGS.confirm, empty),
    openerToAcceptor: expand(secret, STREAM_TAGS.openerToAcceptor, empty),
    acceptorToOpener: expand(secret, STREAM_TAGS.acceptorToOpener, empty),
  };
  secret.fill(0);
  return secrets;
}

/** ACCEPT. */
export function encodeAccept(acceptorNonce: Uint8Array, confirm: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(TYPE_ACCEPT, VERSION), acceptorNonce, confirm);
}

/** REJECT: a hint that nobody has signed. */
export function encodeReject(code: RejectCode): Uint8Array {
  return concatBytes(Uint8Array.of(TYPE_REJECT, VERSION), u16(code));
}

/** How many bytes follow the first byte of the answer; `undefined` for an unknown type. */
export function answerBytesAfter(type: number | undefined): number | undefined {
  if (type === TYPE_ACCEPT) return ACCEPT_BYTES - 1;
  return type === TYPE_REJECT ? REJECT_BYTES - 1 : undefined;
}

/** The acceptor's answer, as the opener reads it. */
export type OpenAnswer =
  | { readonly kind: 'accepted'; readonly secrets: StreamSecrets }
  | { readonly kind: 'rejected'; readonly code: number }
  | { readonly kind: 'invalid' };

/** Checks ACCEPT in constant time, or reads the code of REJECT. */
export function readAnswer(
  answer: Uint8Array,
  exporterSecret: Uint8Array,
  transcript: OpenTranscript,
): OpenAnswer {
  if (answer[1] !== VERSION) return { kind: 'invalid' };
  if (answer[0] === TYPE_REJECT && answer.length === REJECT_BYTES) {
    return { kind: 'rejected', code: (answer[2]! << 8) | answer[3]! };
  }
  if (answer[0] !== TYPE_ACCEPT || answer.length !== ACCEPT_BYTES) return { kind: 'invalid' };
  const nonce = answer.subarray(2, 2 + NONCE_BYTES);
  const secrets = deriveStreamSecrets(exporterSecret, transcript, nonce);
  if (equalBytes(answer.subarray(2 + NONCE_BYTES), secrets.confirm)) {
    return { kind: 'accepted', secrets };
  }
  eraseStreamSecrets(secrets);
  return { kind: 'invalid' };
}

/** Overwrites the secrets of a stream that did not come about. */
export function eraseStreamSecrets(secrets: StreamSecrets): void {
  secrets.confirm.fill(0);
  secrets.openerToAcceptor.fill(0);
  secrets.acceptorToOpener.fill(0);
}
