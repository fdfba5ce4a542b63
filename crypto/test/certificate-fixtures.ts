/**
 * Identities, times and certificates that the tests of certificates and presentations share.
 *
 * @module
 */

import { concatBytes, u32, utf8 } from '../bytes.ts';
import type { RandomBytes } from '../bytes.ts';
import { encodeClaim, encodePadding } from '../certificate-leaf.ts';
import type { CertificateClaim } from '../certificate-leaf.ts';
import { sha256 } from '../hash.ts';
import { Identity } from '../identity.ts';
import { issueSkillCertificate } from '../skill-certificate.ts';
import type { HeldCertificate, SkillCertificateInit } from '../skill-certificate.ts';
import { emptyStatusBits, revokeSlot, signStatusList } from '../status-list.ts';
import type { StatusListInit } from '../status-list.ts';

/** Identity I of the worked examples: holder. */
export const holder = Identity.fromSeed(new Uint8Array(32).fill(1));
/** Identity R of the worked examples: issuer. */
export const issuer = Identity.fromSeed(new Uint8Array(32).fill(2));
export const verifier = Identity.fromSeed(new Uint8Array(32).fill(3));
export const stranger = Identity.fromSeed(new Uint8Array(32).fill(4));

/** Issuing time of every fixture. */
export const ISSUED = 1_800_000_000;
export const DAY = 86_400;

/** Reproducible bytes: a hash chain. For tests only. */
export function seededRandom(seed: string): RandomBytes {
  let block = 0;
  return (length) => {
    const parts: Uint8Array[] = [];
    for (let made = 0; made < length; made += 32) {
      parts.push(sha256(utf8(seed), u32(block++)));
    }
    return concatBytes(...parts).slice(0, length);
  };
}

/** Claims of the worked example B. */
export const exampleClaims: readonly CertificateClaim[] = [
  { kind: 'skill', name: 'performs:nlp/sentiment' },
  { kind: 'quantity', name: 'hasResource:gpu-memory-gib', value: 80n },
];

/** A day's attestation of `issuer` for `holder`. */
export function issue(change: Partial<SkillCertificateInit> = {}): HeldCertificate {
  const issued = issueSkillCertificate({
    issuer,
    holder: holder.peerId,
    kind: 'attestation',
    claims: exampleClaims,
    iat: ISSUED,
    nbf: ISSUED,
    exp: ISSUED + DAY,
    list: 0,
    slot: 7,
    evidence: new Uint8Array(32).fill(0xee),
    random: seededRandom('issue'),
    ...change,
  });
  return { ...issued, openings: [] };
}

/** An hour's status list of `issuer`, with the given slots revoked. */
export function statusList(revoked: readonly number[] = [], change: Partial<StatusListInit> = {}) {
  const bits = revoked.reduce(revokeSlot, emptyStatusBits(1_024));
  return signStatusList({
    issuer,
    list: 0,
    seq: 1,
    iat: ISSUED,
    next: ISSUED + 3_600,
    bits,
    ...change,
  });
}

/** The leaves of the worked example B: its salts and places, no shuffle. */
export function exampleLeaves(): Uint8Array[] {
  return Array.from({ length: 32 }, (_, i) => {
    const salt = sha256(utf8(`salt${i}`)).slice(0, 16);
    if (i === 5) return encodeClaim(exampleClaims[0]!, salt);
    if (i === 9) return encodeClaim(exampleClaims[1]!, salt);
    return encodePadding(salt);
  });
}
