/**
 * Which PeerIds a peer had before, by the rotations that it gives (wire-formats.md 2.4), and what
 * is remembered of them.
 *
 * Identities are free, so a rotation takes room only if a certificate of an issuer that this node
 * knows rests on it: no other certificate counts for anything.
 *
 * @module
 */

import { openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { keyRotationDefinition, verifyRotationChain } from '../../crypto/key-rotation.ts';
import type { KeyRotation } from '../../crypto/key-rotation.ts';
import type { KeyRotationMemory } from '../../crypto/key-rotation-memory.ts';
import type { PresentedCertificate } from '../../crypto/presentation-verifier.ts';

/** Outcome of {@link followRotations}. */
export type FollowedRotations =
  | {
      readonly valid: true;
      readonly formerHolders: ReadonlySet<string>;
      readonly rotations: readonly SignedDocument<KeyRotation>[];
    }
  | { readonly valid: false; readonly detail: string };

/**
 * Checks that a chain of rotations leads to `peerId`. Never throws on received bytes.
 *
 * @param chain - Envelopes, oldest first, at least one.
 */
export function followRotations(
  chain: readonly Uint8Array[],
  peerId: string,
  memory: KeyRotationMemory,
  nowSeconds: number,
): FollowedRotations {
  const opened = openEnvelope(keyRotationDefinition, chain[0] ?? new Uint8Array());
  if (!opened.valid) return { valid: false, detail: `rotation 0: ${opened.reason}` };
  const verified = verifyRotationChain(chain, {
    first: opened.body.old,
    nowSeconds,
    registered: (key) => memory.registered(key),
    isDead: (key) => memory.isDead(key),
  });
  if (!verified.valid) {
    const { at, reason, detail } = verified;
    return { valid: false, detail: `rotation ${at}: ${reason}: ${detail}` };
  }
  const { current, rotations } = verified;
  if (current !== peerId) return { valid: false, detail: `leads to ${current}` };
  return { valid: true, formerHolders: new Set(rotations.map(({ body }) => body.old)), rotations };
}

/**
 * Remembers the rotations that certificates of known issuers rest on.
 *
 * @param certificates - What was shown and verified with these former holders.
 * @param isIssuerKept - Whether this node knows the issuer.
 * @returns why they do not count; `undefined` if all that had to be is remembered.
 */
export function noteRotations(
  rotations: readonly SignedDocument<KeyRotation>[],
  certificates: readonly PresentedCertificate[],
  memory: KeyRotationMemory,
  isIssuerKept: (issuer: string) => boolean,
): 'IDENTITY_DEAD' | 'MEMORY_FULL' | undefined {
  const holders = new Set(
    certificates.filter(({ issuer }) => isIssuerKept(issuer)).map(({ holder }) => holder),
  );
  const first = rotations.findIndex(({ body }) => holders.has(body.old));
  if (first < 0) return undefined;
  for (const rotation of rotations.slice(first)) {
    const note = memory.note(rotation);
    if (note === 'CONFLICT' || note === 'IDENTITY_DEAD') return 'IDENTITY_DEAD';
    if (note === 'MEMORY_FULL') return note;
  }
  return undefined;
}
