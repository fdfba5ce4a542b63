/**
 * Signed documents: a schema, a body in restricted JCS, and signatures in the order that the type
 * prescribes (wire-formats.md 0).
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from './bytes.ts';
import { CanonicalJsonError, decodeDocument, encodeDocument } from './canonical-json.ts';
import type { DocumentLimits, DocumentValue } from './canonical-json.ts';
import type { DocumentType } from './domain-tags.ts';
import {
  docId,
  isPeerId,
  verifyDocumentSignature,
  verifyDocumentSignatureAsync,
} from './identity.ts';
import type { Identity } from './identity.ts';

/** Field types that documents share. */
export const fields = {
  peerId: z.string().refine(isPeerId, 'expected the PeerId of an Ed25519 key'),
  /** Whole seconds since 1970, or any other whole number. */
  integer: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** u64 and money: a decimal string. */
  decimal: z.string().regex(/^(?:0|[1-9][0-9]{0,18})$/, 'expected a decimal string'),
  /** base64url text of exactly `length` bytes. */
  bytes: (length: number) =>
    z.string().regex(base64UrlPattern(length), `expected ${length} bytes, base64url`),
  /** base64url text of `min` to `max` bytes. */
  bytesUpTo: (min: number, max: number) =>
    z.string().refine((text) => {
      const length = base64UrlLength(text);
      return length !== undefined && length >= min && length <= max;
    }, `expected ${min} to ${max} bytes, base64url`),
} as const;

function base64UrlLength(text: string): number | undefined {
  try {
    return fromBase64Url(text).length;
  } catch {
    return undefined;
  }
}

/** What `fromBase64Url` reads as `length` bytes: the bits after the last byte are zero. */
function base64UrlPattern(length: number): RegExp {
  const whole = `[A-Za-z0-9_-]{${Math.floor((4 * length) / 3)}}`;
  return new RegExp(`^${whole}${['', '[AQgw]', '[AEIMQUYcgkosw048]'][length % 3]!}$`);
}

const signaturePattern = base64UrlPattern(64);

/**
 * Whether a value is an envelope: the quick answer for what {@link envelopeSchema} takes. What this
 * refuses the schema refuses too, and says why.
 */
function isEnvelope(value: unknown): value is z.infer<typeof envelopeSchema> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false;
  const { b, s } = value as { b?: unknown; s?: unknown };
  return typeof b === 'string' && Array.isArray(s) && s.length <= 4 && s.every(isSignatureEntry);
}

function isSignatureEntry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false;
  const { k, s } = value as { k?: unknown; s?: unknown };
  return typeof k === 'string' && isPeerId(k) && typeof s === 'string' && signaturePattern.test(s);
}

function readParts(envelope: Uint8Array): z.infer<typeof envelopeSchema> {
  const value = decodeDocument(envelope, ENVELOPE_LIMITS);
  return isEnvelope(value) ? value : envelopeSchema.parse(value);
}

/** Largest envelope: a body of 16 KiB in base64url and four signatures. */
export const MAX_ENVELOPE_BYTES = 24_576;
const ENVELOPE_LIMITS: DocumentLimits = {
  maxBytes: MAX_ENVELOPE_BYTES,
  maxDepth: 3,
  maxValues: 16,
};

const envelopeSchema = z.strictObject({
  b: z.string(),
  s: z.array(z.strictObject({ k: fields.peerId, s: fields.bytes(64) })).max(4),
});

/** Why an envelope was refused. */
export type EnvelopeRefusal = 'MALFORMED' | 'WRONG_SIGNERS' | 'BAD_SIGNATURE';

/** A document whose signatures were checked. */
export interface SignedDocument<Body> {
  readonly body: Body;
  /** docId of the received body bytes, 32 bytes. */
  readonly id: Uint8Array;
  /** The envelope, byte for byte as received or made. */
  readonly envelope: Uint8Array;
  readonly signers: readonly string[];
}

/** Outcome of opening an envelope. */
export type OpenedEnvelope<Body> =
  | ({ readonly valid: true } & SignedDocument<Body>)
  | { readonly valid: false; readonly reason: EnvelopeRefusal; readonly detail: string };

/** A kind of document: its name, its schema, and who signs it, in order. */
export interface DocumentDefinition<Body> {
  readonly kind: DocumentType;
  readonly schema: z.ZodType<Body>;
  /** PeerIds in signing order, read from the body. */
  signers(body: Body): readonly string[];
  /** Signatures that suffice: `vrd` stands with one, the contractor's may follow. Default: all. */
  readonly minSignatures?: number;
}

/** Body bytes of a document. @throws on a body that its own schema refuses. */
export function encodeBody<Body>(definition: DocumentDefinition<Body>, body: Body): Uint8Array {
  return encodeDocument(definition.schema.parse(body) as DocumentValue);
}

/**
 * Signs `body` with each identity, in the given order, which must be the order of the definition.
 *
 * @throws {@link TypeError} if an identity is not the signer that the body names at its place.
 */
export function signDocument<Body>(
  definition: DocumentDefinition<Body>,
  body: Body,
  ...identities: readonly Identity[]
): SignedDocument<Body> {
  const bytes = encodeBody(definition, body);
  const id = docId(definition.kind, bytes);
  const signers = definition.signers(body);
  const signatures = identities.map((identity, i) => {
    if (identity.peerId !== signers[i]) {
      throw new TypeError(`signature ${i} of a ${definition.kind} belongs to ${signers[i]}`);
    }
    return { k: identity.peerId, s: toBase64Url(identity.signDocument(id)) };
  });
  return assemble(body, id, bytes, signatures);
}

/** `document` with the signature of the next signer in order added. */
export function countersign<Body>(
  definition: DocumentDefinition<Body>,
  document: SignedDocument<Body>,
  identity: Identity,
): SignedDocument<Body> {
  const place = document.signers.length;
  if (definition.signers(document.body)[place] !== identity.peerId) {
    throw new TypeError(
      `signature ${place} of this ${definition.kind} is not ${identity.peerId}'s`,
    );
  }
  const { b, s } = readParts(document.envelope);
  const signature = toBase64Url(identity.signDocument(document.id));
  return assemble(document.body, document.id, fromBase64Url(b), [
    ...s,
    { k: identity.peerId, s: signature },
  ]);
}

function assemble<Body>(
  body: Body,
  id: Uint8Array,
  bytes: Uint8Array,
  signatures: readonly { k: string; s: string }[],
): SignedDocument<Body> {
  const envelope = encodeDocument(
    { b: toBase64Url(bytes), s: signatures.map(({ k, s }) => ({ k, s })) },
    ENVELOPE_LIMITS,
  );
  return { body, id, envelope, signers: signatures.map(({ k }) => k) };
}

/** A document whose signatures were not checked yet. */
export interface ReadDocument<Body> extends SignedDocument<Body> {
  /** One per signer, in order, 64 bytes each. */
  readonly signatures: readonly Uint8Array[];
}

/** Outcome of reading an envelope. */
export type ReadEnvelope<Body> =
  | ({ readonly valid: true } & ReadDocument<Body>)
  | { readonly valid: false; readonly reason: EnvelopeRefusal; readonly detail: string };

/**
 * Parses an envelope and checks what needs no signature: canonical form, schema, signers in order.
 * For those who must refuse cheaply before they verify; never throws on received bytes.
 *
 * @param signatures - How many signatures there must be; default: all of the definition's.
 */
export function readEnvelope<Body>(
  definition: DocumentDefinition<Body>,
  envelope: Uint8Array,
  signatures?: number,
): ReadEnvelope<Body> {
  let body: Body;
  let bytes: Uint8Array;
  let parsed: z.infer<typeof envelopeSchema>;
  try {
    parsed = readParts(envelope);
    bytes = fromBase64Url(parsed.b);
    body = definition.schema.parse(decodeDocument(bytes));
  } catch (error) {
    return { valid: false, reason: 'MALFORMED', detail: describe(error) };
  }
  const expected = definition.signers(body);
  const got = parsed.s.map(({ k }) => k);
  const least = signatures ?? definition.minSignatures ?? expected.length;
  const most = signatures ?? expected.length;
  const isRepeated = new Set(got).size < got.length;
  if (
    isRepeated ||
    got.length < least ||
    got.length > most ||
    got.some((k, i) => k !== expected[i])
  ) {
    return {
      valid: false,
      reason: 'WRONG_SIGNERS',
      detail: `expected ${least} to ${most} of ${expected.join(', ')}, got ${got.join(', ')}`,
    };
  }
  return {
    valid: true,
    body,
    id: docId(definition.kind, bytes),
    envelope,
    signers: got,
    signatures: parsed.s.map(({ s }) => fromBase64Url(s)),
  };
}

/**
 * Parses an envelope and checks everything that needs no clock and no other document: canonical
 * form, schema, signers in order, and every signature. Never throws on received bytes.
 *
 * @param signatures - How many signatures there must be; default: all of the definition's.
 */
export function openEnvelope<Body>(
  definition: DocumentDefinition<Body>,
  envelope: Uint8Array,
  signatures?: number,
): OpenedEnvelope<Body> {
  const read = readEnvelope(definition, envelope, signatures);
  if (!read.valid) return read;
  const { id, signers } = read;
  const verdicts = signers.map((k, i) => verifyDocumentSignature(k, id, read.signatures[i]!));
  return judgedBy(read, verdicts);
}

/**
 * As {@link openEnvelope}, with the signatures verified on threads beside: of many envelopes at
 * once they are verified at the same time, while the next ones are read. Never rejects.
 */
export async function openEnvelopeAsync<Body>(
  definition: DocumentDefinition<Body>,
  envelope: Uint8Array,
  signatures?: number,
): Promise<OpenedEnvelope<Body>> {
  const read = readEnvelope(definition, envelope, signatures);
  if (!read.valid) return read;
  const { id, signers } = read;
  const verdicts = signers.map((k, i) => verifyDocumentSignatureAsync(k, id, read.signatures[i]!));
  return judgedBy(read, await Promise.all(verdicts));
}

/** @param areValid - Of each signature whether it is valid. */
function judgedBy<Body>(
  { body, id, envelope, signers }: ReadDocument<Body>,
  areValid: readonly boolean[],
): OpenedEnvelope<Body> {
  const forged = signers.find((_, i) => areValid[i] !== true);
  if (forged !== undefined) {
    return { valid: false, reason: 'BAD_SIGNATURE', detail: `not signed by ${forged}` };
  }
  return { valid: true, body, id, envelope, signers };
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  }
  if (error instanceof CanonicalJsonError || error instanceof TypeError) return error.message;
  return 'cannot be read';
}
