/**
 * Messages of a presentation: the verifier's challenge `chal` and the holder's answer `show`
 * (wire-formats.md 2.5). Form only; presentation.ts says what they mean.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, fromUtf8, toBase64Url } from './bytes.ts';
import { CanonicalJsonError, decodeDocument, encodeDocument } from './canonical-json.ts';
import type { DocumentLimits } from './canonical-json.ts';
import { MAX_LEAF_NAME_BYTES } from './certificate-leaf.ts';
import { disclosedLeafSchema } from './disclosed-leaf.ts';
import { fields } from './envelope.ts';
import type { DocumentDefinition } from './envelope.ts';
import { MAX_STATEMENTS, resourceProofBytes } from './resource-proof.ts';

/** Size and depth of a `chal` message. */
export const CHALLENGE_LIMITS: DocumentLimits = { maxBytes: 16_384, maxDepth: 5, maxValues: 128 };
/** Size and depth of a `show` message. */
export const SHOW_LIMITS: DocumentLimits = { maxBytes: 98_304, maxDepth: 7 };
/** Size and depth of the disclosure in it. */
export const DISCLOSURE_LIMITS: DocumentLimits = { maxBytes: 65_536, maxDepth: 6 };
/** No message of any protocol is larger than this, so no envelope in one is. */
const EMBEDDED_LIMITS: DocumentLimits = { maxBytes: 1_048_576, maxDepth: 3 };
/** Terms that one challenge may ask for. */
export const MAX_WANTED_TERMS = 32;
/** Certificates in one presentation. */
export const MAX_CERTIFICATES = 8;
/** Status lists in one presentation. */
export const MAX_STAPLED_LISTS = 8;
/** Opened leaves in one presentation. */
export const MAX_OPENED_LEAVES = 32;
/** Range proofs in one presentation. */
export const MAX_PROOFS = 4;

const wantedTermSchema = z.strictObject({
  term: z.string().min(1).max(MAX_LEAF_NAME_BYTES),
  /** Least quantity, a decimal string, or "" for the bare term. */
  min: z.union([z.literal(''), fields.decimal]),
});

const challengeSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('chal'),
  nonce: fields.bytes(32),
  want: z.array(wantedTermSchema).max(MAX_WANTED_TERMS),
});

/** A term that a verifier asks for. */
export type WantedTerm = z.infer<typeof wantedTermSchema>;

/** What a verifier asks for. */
export interface Challenge {
  /** 32 random bytes, for this stream only, good for 60 s. */
  readonly nonce: Uint8Array;
  readonly want: readonly WantedTerm[];
}

/** Bytes of a `chal` message. @throws for a nonce or terms that the schema refuses. */
export function encodeChallenge({ nonce, want }: Challenge): Uint8Array {
  const message = { v: 1, typ: 'chal', nonce: toBase64Url(nonce), want };
  return encodeDocument(challengeSchema.parse(message), CHALLENGE_LIMITS);
}

/** Outcome of reading a `chal` message. */
export type ReadChallenge =
  | { readonly valid: true; readonly challenge: Challenge }
  | { readonly valid: false; readonly reason: MessageRefusal; readonly detail: string };

/** Why a message was refused for its form. */
export type MessageRefusal = 'TOO_LARGE' | 'LIMIT_EXCEEDED' | 'MALFORMED';

interface RefusedMessage {
  readonly valid: false;
  readonly reason: MessageRefusal;
  readonly detail: string;
}

function readMessage<Message>(
  bytes: Uint8Array,
  schema: z.ZodType<Message>,
  limits: DocumentLimits,
): { readonly valid: true; readonly message: Message } | RefusedMessage {
  if (bytes.length > limits.maxBytes) {
    const detail = `expected <= ${limits.maxBytes} bytes, got ${bytes.length}`;
    return { valid: false, reason: 'TOO_LARGE', detail };
  }
  let value: unknown;
  try {
    value = decodeDocument(bytes, limits);
  } catch (error) {
    const detail = error instanceof CanonicalJsonError ? error.message : 'cannot be read';
    return { valid: false, reason: 'MALFORMED', detail };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { valid: true, message: parsed.data };
  const { issues } = parsed.error;
  const isOverLimit = issues.every(({ code }) => code === 'too_big');
  const detail = issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return { valid: false, reason: isOverLimit ? 'LIMIT_EXCEEDED' : 'MALFORMED', detail };
}

/** Reads a `chal` message. Never throws. */
export function decodeChallenge(bytes: Uint8Array): ReadChallenge {
  const read = readMessage(bytes, challengeSchema, CHALLENGE_LIMITS);
  if (!read.valid) return read;
  const { nonce, want } = read.message;
  return { valid: true, challenge: { nonce: fromBase64Url(nonce), want } };
}

/** Form of {@link EmbeddedEnvelope}. */
export const embeddedEnvelopeSchema = z.strictObject({
  b: z.string(),
  s: z.array(z.strictObject({ k: z.string(), s: z.string() })).max(4),
});

/** An envelope inside another message: the object that its bytes are the canonical form of. */
export type EmbeddedEnvelope = z.infer<typeof embeddedEnvelopeSchema>;

const disclosureSchema = z.strictObject({
  open: z.array(disclosedLeafSchema).max(MAX_OPENED_LEAVES),
  proofs: z
    .array(
      z.strictObject({
        at: z
          .array(z.tuple([fields.bytes(32), fields.integer]))
          .min(1)
          .max(MAX_STATEMENTS),
        rung: z.array(fields.decimal).min(1).max(MAX_STATEMENTS),
        proof: fields.bytesUpTo(1, resourceProofBytes(MAX_STATEMENTS)),
      }),
    )
    .max(MAX_PROOFS),
});

/** Opened leaves and range proofs. */
export type Disclosure = z.infer<typeof disclosureSchema>;

const showSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('show'),
  certs: z.array(embeddedEnvelopeSchema).max(MAX_CERTIFICATES),
  status: z.array(embeddedEnvelopeSchema).max(MAX_STAPLED_LISTS),
  disclosure: disclosureSchema,
  pres: embeddedEnvelopeSchema,
});

/** A `show` message. */
export type ShowMessage = z.infer<typeof showSchema>;

/** Outcome of reading a `show` message. */
export type ReadShow =
  | { readonly valid: true; readonly message: ShowMessage; readonly disclosureBytes: Uint8Array }
  | RefusedMessage;

/** Canonical bytes of a disclosure, which the holder's signature covers. */
export function encodeDisclosure(disclosure: Disclosure): Uint8Array {
  return encodeDocument(disclosure, DISCLOSURE_LIMITS);
}

/** Bytes of a `show` message. */
export function encodeShow(message: ShowMessage): Uint8Array {
  return encodeDocument(message, SHOW_LIMITS);
}

/** Reads a `show` message. Never throws. */
export function decodeShow(bytes: Uint8Array): ReadShow {
  const read = readMessage(bytes, showSchema, SHOW_LIMITS);
  if (!read.valid) return read;
  try {
    return { ...read, disclosureBytes: encodeDisclosure(read.message.disclosure) };
  } catch {
    const detail = `disclosure: expected <= ${DISCLOSURE_LIMITS.maxBytes} bytes`;
    return { valid: false, reason: 'TOO_LARGE', detail };
  }
}

/** An envelope as it stands inside a message. @param envelope - Bytes that were made or checked. */
export function embedEnvelope(envelope: Uint8Array): EmbeddedEnvelope {
  return embeddedEnvelopeSchema.parse(JSON.parse(fromUtf8(envelope)));
}

/** Bytes of an envelope that stood inside a message. Its size is for `openEnvelope` to refuse. */
export function envelopeBytes(envelope: EmbeddedEnvelope): Uint8Array {
  return encodeDocument(envelope, EMBEDDED_LIMITS);
}

/** The body of an envelope before its signatures are checked: for the cheap refusals only. */
export function unverifiedBody<Body>(
  definition: DocumentDefinition<Body>,
  envelope: EmbeddedEnvelope,
): Body | undefined {
  try {
    return definition.schema.parse(decodeDocument(fromBase64Url(envelope.b)));
  } catch {
    return undefined;
  }
}

const presentationSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('pres'),
  holder: fields.peerId,
  verifier: fields.peerId,
  nonce: fields.bytes(32),
  /** Public hash of the session. */
  sh: fields.bytes(32),
  iat: fields.integer,
  /** docId of the disclosure. */
  disc: fields.bytes(32),
});

/** Body that the holder signs. */
export type PresentationBody = z.infer<typeof presentationSchema>;

/** Definition of the document type `pres`. */
export const presentationDefinition: DocumentDefinition<PresentationBody> = {
  kind: 'pres',
  schema: presentationSchema,
  signers: (body) => [body.holder],
};
