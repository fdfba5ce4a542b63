import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { PresentedCertificate } from '../../../crypto/presentation-verifier.ts';
import { UNPROVED, judgeSkill } from '../../certificates/trust.ts';

const ATTESTOR = Identity.fromSeed(new Uint8Array(32).fill(2)).peerId;
const STRANGER = Identity.fromSeed(new Uint8Array(32).fill(3)).peerId;
const TERM = 'performs:nlp/sentiment';
const TRUSTED = new Set([ATTESTOR]);

function certificate(change: Partial<PresentedCertificate> = {}): PresentedCertificate {
  return {
    certId: 'a',
    issuer: ATTESTOR,
    kind: 'attestation',
    nbf: 0,
    exp: 1_000,
    evidence: '',
    status: 'good',
    leaves: [
      { kind: 'skill', name: TERM },
      { kind: 'canaryScore', name: TERM, passed: 7, run: 8 },
    ],
    ...change,
  } as PresentedCertificate;
}

describe('judgeSkill', () => {
  it('gives level 2 and the evidence of an attestation by a trusted attestor', () => {
    expect(judgeSkill([certificate()], TERM, TRUSTED)).toEqual({
      level: 2,
      issuer: ATTESTOR,
      certId: 'a',
      expiresAtSeconds: 1_000,
      evidence: { passed: 7, run: 8 },
      remarks: [],
    });
  });

  it.each([
    ['is by an attestor that this node does not trust', { issuer: STRANGER }, /does not trust/],
    ['is by the holder itself', { kind: 'self' }, /by the holder itself/],
    ['is an endorsement', { kind: 'endorsement' }, /level only with a ledger/],
    ['is revoked', { status: 'revoked' }, /is revoked/],
    ['has no current status list', { status: 'unknown' }, /no current status list/],
  ] as const)('gives level 0 and a remark where the certificate %s', (_what, change, remark) => {
    const judged = judgeSkill([certificate(change)], TERM, TRUSTED);
    expect(judged).toMatchObject({ level: 0, issuer: null, certId: null, expiresAtSeconds: null });
    expect(judged.evidence).toBeUndefined();
    expect(judged.remarks).toHaveLength(1);
    expect(judged.remarks[0]).toMatch(remark);
  });

  it('hears what other clients endorse, but not what is revoked or without a score', () => {
    const endorsed = { kind: 'endorsement', issuer: STRANGER } as const;
    const heard = judgeSkill([certificate({ ...endorsed, status: 'unknown' })], TERM, TRUSTED);
    expect(heard).toMatchObject({ level: 0, testimony: [{ rater: STRANGER, passed: 7, run: 8 }] });
    const silent = [
      certificate({ ...endorsed, status: 'revoked' }),
      certificate({ ...endorsed, leaves: [{ kind: 'skill', name: TERM }] } as never),
      certificate({ kind: 'self' }),
    ];
    expect(judgeSkill(silent, TERM, TRUSTED).testimony).toBeUndefined();
  });

  it('gives no level for oneself even if the holder is a trusted attestor', () => {
    expect(judgeSkill([certificate({ kind: 'self' })], TERM, TRUSTED).level).toBe(0);
  });

  it('gives level 0 for another term than the certificate names, without a remark', () => {
    expect(judgeSkill([certificate()], 'performs:nlp/summary', TRUSTED)).toEqual(UNPROVED);
    expect(judgeSkill([], TERM, TRUSTED)).toEqual(UNPROVED);
  });

  it('does not take the score of another term for evidence', () => {
    const leaves = [
      { kind: 'skill', name: TERM },
      { kind: 'canaryScore', name: 'performs:nlp/summary', passed: 8, run: 8 },
    ] as const;
    const judged = judgeSkill([certificate({ leaves })], TERM, TRUSTED);
    expect(judged.level).toBe(2);
    expect(judged.evidence).toBeUndefined();
  });

  it('rests on the certificate that lasts longest, in any order, and remarks on the bad ones', () => {
    const short = certificate({ certId: 'short', exp: 10 });
    const long = certificate({ certId: 'long', exp: 20 });
    const revoked = certificate({ certId: 'revoked', exp: 30, status: 'revoked' });
    for (const list of [
      [short, long, revoked],
      [revoked, long, short],
    ]) {
      const judged = judgeSkill(list, TERM, TRUSTED);
      expect(judged).toMatchObject({ level: 2, certId: 'long' });
      expect(judged.remarks).toEqual(['certificate revoked: is revoked']);
    }
  });
});
