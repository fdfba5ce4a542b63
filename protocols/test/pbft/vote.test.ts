import { describe, expect, it } from 'vitest';
import { checkCommittee } from '../../pbft/committee.ts';
import { isCertificateGood, isEvidenceGood } from '../../pbft/vote.ts';
import type { Certificate } from '../../pbft/vote.ts';
import { certificateOf, committee, verifier, voteOf } from './fixtures.ts';

const digest = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);

function isGood(certificate: Certificate, { phase = 'commit' as const, height = 1 } = {}): boolean {
  return isCertificateGood(committee, verifier, certificate, { phase, height, digest }, 3);
}

describe('a certificate', () => {
  const good = certificateOf('commit', digest);

  it('holds with exactly 2f + 1 good votes of different replicas', () => {
    expect(isGood(good)).toBe(true);
  });

  it('does not hold with 2f votes, nor with one more than a quorum', () => {
    expect(isGood(certificateOf('commit', digest, { replicas: [0, 1] }))).toBe(false);
    expect(isGood(certificateOf('commit', digest, { replicas: [0, 1, 2, 3] }))).toBe(false);
  });

  it('does not count a replica twice, nor votes out of order', () => {
    expect(isGood(certificateOf('commit', digest, { replicas: [0, 1, 1] }))).toBe(false);
    expect(isGood(certificateOf('commit', digest, { replicas: [0, 3, 1] }))).toBe(false);
  });

  it('does not hold for another block, height, view, phase or ledger', () => {
    expect(isGood(certificateOf('commit', other))).toBe(false);
    expect(isGood(good, { height: 2 })).toBe(false);
    expect(isGood({ ...good, view: 1 })).toBe(false);
    expect(isGood(certificateOf('prepare', digest))).toBe(false);
    const elsewhere = { ...committee, ledger: new Uint8Array(32).fill(8) };
    const ballot = { phase: 'commit', height: 1, digest } as const;
    expect(isCertificateGood(elsewhere, verifier, good, ballot, 3)).toBe(false);
  });

  it('does not hold with a clock that its voter did not sign', () => {
    const votes = good.votes.map((vote) => ({ ...vote, ts: vote.ts + 1 }));
    expect(isGood({ ...good, votes })).toBe(false);
  });

  it('does not hold with the vote of a replica that the committee does not have', () => {
    const votes = [...good.votes.slice(0, 2), { ...good.votes[2]!, replica: 4 }];
    expect(isGood({ ...good, votes })).toBe(false);
  });
});

describe('evidence of equivocation', () => {
  const first = voteOf(2, 'prepare', digest);

  it('convinces anyone who knows the committee', () => {
    expect(
      isEvidenceGood(committee, verifier, { first, second: voteOf(2, 'prepare', other) }),
    ).toBe(true);
  });

  it('cannot be made of votes for one block, of two views, or of two replicas', () => {
    for (const second of [
      voteOf(2, 'prepare', digest),
      voteOf(2, 'prepare', other, { view: 1 }),
      voteOf(2, 'prepare', other, { height: 2 }),
      voteOf(2, 'commit', other),
      voteOf(1, 'prepare', other),
    ]) {
      expect(isEvidenceGood(committee, verifier, { first, second })).toBe(false);
    }
  });

  it('cannot be forged against a replica that signed one vote only', () => {
    const second = { ...voteOf(1, 'prepare', other), replica: 2 };
    expect(isEvidenceGood(committee, verifier, { first, second })).toBe(false);
  });
});

describe('a committee', () => {
  it('has 3f + 1 replicas with keys of their own', () => {
    expect(() => checkCommittee({ ...committee, replicas: ['a', 'b', 'c'] })).toThrow(
      /4, 7, 10, 13/,
    );
    expect(() => checkCommittee({ ...committee, replicas: ['a', 'b', 'c', 'a'] })).toThrow(
      /a key has one vote/,
    );
  });
});
