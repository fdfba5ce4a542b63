import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { commit } from '../../../crypto/pedersen.ts';
import { encodeScalar, randomScalar } from '../../../crypto/ristretto.ts';
import { fixedRung } from '../../../crypto/rung-ladder.ts';
import type { HeldCertificate } from '../../../crypto/skill-certificate.ts';
import { StatusListMemory } from '../../../crypto/status-list-memory.ts';
import {
  ISSUED,
  holder,
  issue,
  issuer,
  seededRandom,
  stranger,
  verifier,
} from '../../../crypto/test/certificate-fixtures.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import {
  discloseLeaves,
  proveMinimum,
  verifyDisclosure,
  verifyProof,
} from '../../certificates/portable-proofs.ts';
import type { ProofQuestion } from '../../certificates/portable-proofs.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';
import { NothingFoundError } from '../../errors.ts';

const NOW = ISSUED + 100;
const SKILL = 'performs:nlp/sentiment';
const MEMORY = 'hasResource:memory-mib';
const random = new FakeRandom('portable');

/** 80 MiB committed, and a skill in clear. */
const held: HeldCertificate = (() => {
  const r = randomScalar(seededRandom('r'));
  const commitment = commit(80n, r).toBytes();
  const issued = issue({
    claims: [
      { kind: 'skill', name: SKILL },
      { kind: 'canaryScore', name: SKILL, passed: 7, run: 8 },
      { kind: 'skill', name: 'performs:secret/thing' },
      { kind: 'committedQuantity', name: MEMORY, commitment },
    ],
  });
  const opening = { name: MEMORY, value: 80n, blinding: encodeScalar(r), rung: fixedRung(80n) };
  return { ...issued, openings: [opening] };
})();

const trust = { attestors: [issuer.peerId] };
const nonce = new Uint8Array(32).fill(7);
const means = { holder, certificates: [held], status: [], random, nowSeconds: NOW };
const prove = (min: bigint) =>
  proveMinimum({ name: MEMORY, min, verifier: verifier.peerId, nonce }, means);
const check = (presentation: string, change: Partial<ProofQuestion> = {}) =>
  verifyProof(presentation, {
    holder: holder.peerId,
    verifier: verifier.peerId,
    nonce,
    nowSeconds: NOW,
    statusMemory: new StatusListMemory(),
    name: MEMORY,
    min: 40n,
    trust: new TrustPolicy(loadConfig([{ origin: 'test', values: { trust } }]).trust),
    random,
    ...change,
  });

describe('a disclosure', () => {
  it('shows what was asked for and nothing else of the certificate', () => {
    const file = JSON.parse(JSON.stringify(discloseLeaves(held, [SKILL]))) as unknown;
    const checked = verifyDisclosure(file, NOW);
    if (!checked.valid) throw new Error(checked.reason);
    expect(checked.claims.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      `canaryScore ${SKILL}`,
      `skill ${SKILL}`,
    ]);
    expect(JSON.stringify(file)).not.toContain('secret');
  });

  it('does not open a commitment, or a term that is not there', () => {
    expect(() => discloseLeaves(held, [MEMORY])).toThrow(NothingFoundError);
    expect(() => discloseLeaves(held, [MEMORY])).toThrow('cert prove');
    expect(() => discloseLeaves(held, ['performs:a/b'])).toThrow(NothingFoundError);
  });

  it('is refused if a leaf was changed, or is of another certificate, or it has expired', () => {
    const file = discloseLeaves(held, [SKILL]);
    const [leaf, ...rest] = file.open as Record<string, unknown>[];
    const reason = (open: unknown[], nowSeconds = NOW) => {
      const checked = verifyDisclosure({ ...file, open }, nowSeconds);
      return checked.valid ? undefined : checked.reason;
    };
    expect(reason([{ ...leaf, name: 'performs:nlp/other' }, ...rest])).toMatch(/^BAD_PROOF/);
    expect(reason([{ ...leaf, cert: toBase64Url(new Uint8Array(32)) }])).toMatch(/^OTHER_CERT/);
    expect(reason([...file.open], NOW + 10 * 86_400)).toMatch(/^EXPIRED/);
    expect(verifyDisclosure({ open: [] }, NOW)).toMatchObject({ valid: false });
    expect(verifyDisclosure(null, NOW)).toMatchObject({ valid: false });
  });
});

describe('a proof in a file', () => {
  it('proves the minimum to its verifier, and the value stands nowhere in it', () => {
    const document = prove(40n);
    expect(document.proved).toEqual([{ name: MEMORY, atLeast: 80 }]);
    const verified = check(document.presentation);
    if (!verified.valid) throw new Error(verified.reason);
    expect(verified.certificates[0]!.proved).toEqual([{ name: MEMORY, atLeast: 80n }]);
  });

  it('of an issuer whose word counts for nothing is not even read: it would cost time', () => {
    const { presentation } = prove(40n);
    const trusting = (scopes: string[]) =>
      new TrustPolicy(
        loadConfig([{ origin: 'test', values: { trust: { ...trust, scopes } } }]).trust,
      );
    for (const [policy, expected] of [
      [trusting([]), [{ name: MEMORY, atLeast: 80n }]],
      [trusting([`${issuer.peerId}=performs:nlp`]), []],
    ] as const) {
      const verified = check(presentation, { trust: policy });
      if (!verified.valid) throw new Error(verified.reason);
      expect(verified.certificates.map(({ proved }) => proved)).toEqual([expected]);
    }
  });

  it('is not made above the rung', () => {
    expect(() => prove(81n)).toThrow(NothingFoundError);
  });

  it('is refused by another verifier, for another nonce, of another holder, and later', () => {
    const { presentation } = prove(40n);
    const reason = (change: Partial<ProofQuestion>) => {
      const verified = check(presentation, change);
      return verified.valid ? undefined : verified.reason.split(':')[0];
    };
    expect(reason({ verifier: stranger.peerId })).toBe('WRONG_VERIFIER');
    expect(reason({ nonce: new Uint8Array(32) })).toBe('WRONG_NONCE');
    expect(reason({ holder: stranger.peerId })).toBe('WRONG_HOLDER');
    expect(reason({ nowSeconds: NOW + 121 })).toBe('STALE_PRESENTATION');
    expect(check('garbage').valid).toBe(false);
  });

  it('says how long it was good when it is too old', () => {
    const { presentation } = prove(40n);
    expect(check(presentation, { nowSeconds: NOW + 120 }).valid).toBe(true);
    expect(check(presentation, { nowSeconds: NOW + 121 })).toMatchObject({
      reason: expect.stringContaining(
        'a proof is good for 60 s after it was made, and 60 s more for clocks that differ, ' +
          'so ask for a new one',
      ) as string,
    });
  });
});
