/**
 * Key rotation: an identity passes to a new key, and with it to a new PeerId (wire-formats.md 2.4).
 *
 * The recovery key is an Ed25519 key that is kept away from the node; only its hash is registered,
 * in the skill record or the account of the identity. Where none was registered the old key signs
 * instead, and then a thief of the old key can rotate as well as its owner.
 *
 * "Once in 30 days" rests on `iat`, which whoever rotates states: two rotations of one day pass if
 * the first is dated back by 30. What the rule bounds is the length of a chain against its dates,
 * not how fast an owner, or a thief of both keys, goes on. A memory cannot do better by the time at
 * which it saw a rotation: it may see all of an honest chain at once, years later.
 *
 * Does not move certificates or reputation, and does not find the registered hash: the caller
 * knows the record or account that holds it. What must be remembered between rotations is in
 * key-rotation-memory.ts.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url, utf8 } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
import { RECOVERY_TAG } from './domain-tags.ts';
import { fields, openEnvelope, signDocument } from './envelope.ts';
import type { DocumentDefinition, EnvelopeRefusal, SignedDocument } from './envelope.ts';
import { sha256 } from './hash.ts';
import { Identity, peerIdBytesOf, peerIdToText } from './identity.ts';
import { CLOCK_TOLERANCE_SECONDS } from './skill-certificate.ts';
import type { VerificationTime } from './skill-certificate.ts';

/** Most rotations from the first key of an identity to its present one. */
export const MAX_ROTATIONS = 8;
/** Least time from one rotation of an identity to the next, in seconds. */
export const MIN_ROTATION_SECONDS = 2_592_000;

const NONE = '';
const keyOrNone = z.union([z.literal(NONE), fields.bytes(32)]);

const keyRotationSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('rotate'),
    old: fields.peerId,
    new: fields.peerId,
    seq: fields.integer,
    iat: fields.integer,
    recovery: keyOrNone,
    nextRecovery: keyOrNone,
  })
  .refine((body) => body.old !== body.new, { path: ['new'], message: 'is the old key' })
  .refine((body) => (body.recovery === NONE) === (body.nextRecovery === NONE), {
    path: ['nextRecovery'],
    message: 'expected a recovery key and the hash of the next one, or neither',
  })
  // A recovery key that is one of the two others would be no second secret.
  .refine((body) => ![body.old, body.new].includes(secondSigner(body)) || body.recovery === NONE, {
    path: ['recovery'],
    message: 'is the old or the new key',
  });

/** Body of a key rotation. */
export type KeyRotation = z.infer<typeof keyRotationSchema>;

/** PeerId of the key that consents beside the new one: the recovery key, else the old key. */
function secondSigner({ old, recovery }: { old: string; recovery: string }): string {
  return recovery === NONE ? old : peerIdToText(peerIdBytesOf(fromBase64Url(recovery)));
}

/** Definition of the document type `rotate`. */
export const keyRotationDefinition: DocumentDefinition<KeyRotation> = {
  kind: 'rotate',
  schema: keyRotationSchema,
  signers: (body) => [body.new, secondSigner(body)],
};

/** A new recovery key. @param random - Gives the seed; cryptographic outside tests. */
export function generateRecoveryKey(random: RandomBytes): Identity {
  return Identity.fromSeed(random(32));
}

/**
 * The hash under which a recovery key is registered, 32 bytes.
 *
 * @param publicKey - 32 bytes.
 * @throws {@link TypeError} for another length.
 */
export function recoveryHash(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== 32) {
    throw new TypeError(`"publicKey" expected 32 bytes, got ${publicKey.length}`);
  }
  return sha256(utf8(RECOVERY_TAG), Uint8Array.of(0), publicKey);
}

/** What a rotation is made of. */
export interface KeyRotationInit {
  readonly old: Identity;
  readonly new: Identity;
  /** Greater than that of the rotation before. */
  readonly seq: number;
  /** Whole seconds since 1970. */
  readonly iat: number;
  /** The key registered for `old`, and the hash of the next one; left out if there is none. */
  readonly recovery?: { readonly key: Identity; readonly nextHash: Uint8Array };
}

/** Signs a rotation. @throws on keys or numbers that the schema refuses. */
export function signKeyRotation(init: KeyRotationInit): SignedDocument<KeyRotation> {
  const { old, seq, iat, recovery } = init;
  const body: KeyRotation = {
    v: 1,
    typ: 'rotate',
    old: old.peerId,
    new: init.new.peerId,
    seq,
    iat,
    recovery: recovery ? toBase64Url(recovery.key.publicKey) : NONE,
    nextRecovery: recovery ? toBase64Url(recovery.nextHash) : NONE,
  };
  return signDocument(keyRotationDefinition, body, init.new, recovery?.key ?? old);
}

/** Why a rotation, or a chain of them, was refused. */
export type KeyRotationRefusal =
  | EnvelopeRefusal
  | 'NOT_YET_VALID'
  /** Signed by the old key, although a recovery key is registered for it. */
  | 'RECOVERY_MISSING'
  /** A recovery key other than the registered one, or one where none is registered. */
  | 'WRONG_RECOVERY';

/** Outcome of checking one rotation. */
export type VerifiedKeyRotation =
  | ({ readonly valid: true } & SignedDocument<KeyRotation>)
  | { readonly valid: false; readonly reason: KeyRotationRefusal; readonly detail: string };

/** What a verifier knows. */
export interface KeyRotationExpectation extends VerificationTime {
  /** Hash registered for the old key, from {@link recoveryHash}; `undefined`: none is. */
  readonly registered: Uint8Array | undefined;
}

/** Checks form, signatures, time and recovery key of one rotation. Never throws. */
export function verifyKeyRotation(
  envelope: Uint8Array,
  expected: KeyRotationExpectation,
): VerifiedKeyRotation {
  const opened = openEnvelope(keyRotationDefinition, envelope);
  if (!opened.valid) return opened;
  const refuse = (reason: KeyRotationRefusal, detail: string) =>
    ({ valid: false, reason, detail }) as const;
  const { body } = opened;
  const { nowSeconds, toleranceSeconds = CLOCK_TOLERANCE_SECONDS, registered } = expected;
  if (nowSeconds + toleranceSeconds < body.iat) {
    return refuse('NOT_YET_VALID', `iat ${body.iat} at ${nowSeconds}`);
  }
  if (body.recovery === NONE) {
    return registered === undefined
      ? opened
      : refuse('RECOVERY_MISSING', `a recovery key is registered for ${body.old}`);
  }
  const hash = recoveryHash(fromBase64Url(body.recovery));
  return registered !== undefined && equalBytes(hash, registered)
    ? opened
    : refuse('WRONG_RECOVERY', `is not the key registered for ${body.old}`);
}

/** Why a chain was refused. */
export type RotationChainRefusal =
  | KeyRotationRefusal
  | 'TOO_MANY'
  /** A link does not begin at the key where the one before ended. */
  | 'BROKEN_CHAIN'
  /** A key that was rotated away comes back. */
  | 'KEY_RETURNS'
  /** A key of the chain was rotated to two others. */
  | 'IDENTITY_DEAD'
  | 'SEQUENCE_NOT_ASCENDING'
  | 'TOO_SOON';

/** Outcome of checking a chain. */
export type VerifiedRotationChain =
  | {
      readonly valid: true;
      /** PeerId that the identity has now. */
      readonly current: string;
      readonly rotations: readonly SignedDocument<KeyRotation>[];
    }
  | {
      readonly valid: false;
      readonly reason: RotationChainRefusal;
      /** Number of the link, from 0. */
      readonly at: number;
      readonly detail: string;
    };

/** What a verifier knows of an identity whose keys it follows. */
export interface RotationChainExpectation extends VerificationTime {
  /** PeerId that the chain begins at. */
  readonly first: string;
  /**
   * Hash registered for a key in a record or account. Asked for the first key, and for a later one
   * only if the rotation to it named no next recovery key.
   */
  registered(peerId: string): Uint8Array | undefined;
  /** Whether two rotations of this key are known (key-rotation-memory.ts). */
  isDead(peerId: string): boolean;
}

/**
 * Checks the rotations from the first key of an identity to its present one, oldest first. No
 * rotation at all is a valid chain. Never throws on received bytes.
 */
export function verifyRotationChain(
  envelopes: readonly Uint8Array[],
  expected: RotationChainExpectation,
): VerifiedRotationChain {
  const refuse = (at: number, reason: RotationChainRefusal, detail: string) =>
    ({ valid: false, reason, at, detail }) as const;
  if (envelopes.length > MAX_ROTATIONS) {
    return refuse(MAX_ROTATIONS, 'TOO_MANY', `${envelopes.length} rotations`);
  }
  const rotations: SignedDocument<KeyRotation>[] = [];
  const keys = new Set([expected.first]);
  let current = expected.first;
  let registered = expected.registered(current);
  if (expected.isDead(current)) return refuse(0, 'IDENTITY_DEAD', current);
  for (const [at, envelope] of envelopes.entries()) {
    const verified = verifyKeyRotation(envelope, { ...expected, registered });
    if (!verified.valid) return refuse(at, verified.reason, verified.detail);
    const { body } = verified;
    const problem = linkProblem(body, current, rotations.at(-1)?.body);
    if (problem) return refuse(at, problem.reason, problem.detail);
    if (keys.has(body.new)) return refuse(at, 'KEY_RETURNS', body.new);
    if (expected.isDead(body.new)) return refuse(at, 'IDENTITY_DEAD', body.new);
    keys.add(body.new);
    rotations.push(verified);
    current = body.new;
    registered =
      body.nextRecovery === NONE ? expected.registered(current) : fromBase64Url(body.nextRecovery);
  }
  return { valid: true, current, rotations };
}

function linkProblem(
  body: KeyRotation,
  current: string,
  before: KeyRotation | undefined,
): { readonly reason: RotationChainRefusal; readonly detail: string } | undefined {
  if (body.old !== current) {
    return { reason: 'BROKEN_CHAIN', detail: `expected a rotation of ${current}, got ${body.old}` };
  }
  if (!before) return undefined;
  if (body.seq <= before.seq) {
    return { reason: 'SEQUENCE_NOT_ASCENDING', detail: `${body.seq} after ${before.seq}` };
  }
  if (body.iat - before.iat < MIN_ROTATION_SECONDS) {
    return { reason: 'TOO_SOON', detail: `${body.iat - before.iat} s after the one before` };
  }
  return undefined;
}
