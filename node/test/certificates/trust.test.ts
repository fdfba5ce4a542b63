import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { PresentedCertificate } from '../../../crypto/presentation-verifier.ts';
import { statedEvidence } from '../../../protocols/attestation/stated-evidence.ts';
import { UNPROVED, judgeResource, judgeSkill, lackOfResources } from '../../certificates/trust.ts';
import { requiredLevel, TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config, ConfigFile } from '../../config/schema.ts';

const ATTESTOR = Identity.fromSeed(new Uint8Array(32).fill(2)).peerId;
const STRANGER = Identity.fromSeed(new Uint8Array(32).fill(3)).peerId;
const TERM = 'performs:nlp/sentiment';
const OTHERS = [4, 5, 6].map((n) => Identity.fromSeed(new Uint8Array(32).fill(n)).peerId);
const DAY = 86_400;

function trustConfig(trust: ConfigFile['trust']): Config['trust'] {
  return loadConfig([{ origin: 'test', values: { trust } }]).trust;
}

const TRUSTED = new TrustPolicy(trustConfig({ attestors: [ATTESTOR] }));

function certificate(change: Partial<PresentedCertificate> = {}): PresentedCertificate {
  return {
    certId: 'a',
    issuer: ATTESTOR,
    holder: STRANGER,
    statusReason: 'NO_LIST',
    proved: [],
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
  };
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
    ['is an endorsement', { kind: 'endorsement' }, /only where a ledger shows/],
    ['is revoked', { status: 'revoked' }, /is revoked/],
    ['has no current status list', { status: 'unknown' }, /no current status list/],
  ] as const)('gives level 0 and a remark where the certificate %s', (_what, change, remark) => {
    const judged = judgeSkill([certificate(change)], TERM, TRUSTED);
    expect(judged).toMatchObject({ level: 0, issuer: null, certId: null, expiresAtSeconds: null });
    expect(judged.evidence).toBeUndefined();
    expect(judged.remarks).toHaveLength(1);
    expect(judged.remarks[0]).toMatch(remark);
  });

  it('gives level 0 and a remark where the key of the issuer was rotated', () => {
    const rotated = new TrustPolicy(
      trustConfig({ attestors: [ATTESTOR, ...OTHERS] }),
      (peerId) => peerId === ATTESTOR,
    );
    const judged = judgeSkill([certificate()], TERM, rotated);
    expect(judged).toMatchObject({ level: 0, issuer: null });
    expect(judged.remarks[0]).toMatch(/is by an issuer whose key was rotated/);
    const other = certificate({ issuer: OTHERS[0]! });
    expect(judgeSkill([certificate(), other], TERM, rotated).level).toBe(2);
  });

  it('hears what other clients endorse, but not what is revoked or without a score', () => {
    const endorsed = { kind: 'endorsement', issuer: STRANGER } as const;
    const heard = judgeSkill([certificate({ ...endorsed, status: 'unknown' })], TERM, TRUSTED);
    expect(heard).toMatchObject({
      level: 0,
      testimony: [
        {
          rater: STRANGER,
          // As one receipt that cost nothing, 1/64.
          passed: 7 / 8 / 64,
          run: 1 / 64,
          endorsement: { certId: 'a', passed: 7, run: 8 },
        },
      ],
    });
    const silent = [
      certificate({ ...endorsed, status: 'revoked' }),
      certificate({ ...endorsed, leaves: [{ kind: 'skill', name: TERM }] } as never),
      certificate({ kind: 'self' }),
    ];
    expect(judgeSkill(silent, TERM, TRUSTED).testimony).toBeUndefined();
  });

  it('hears the newest endorsement of each client alone, in any order', () => {
    const by = (issuer: string, nbf: number, passed: number) =>
      certificate({
        kind: 'endorsement',
        issuer,
        nbf,
        leaves: [
          { kind: 'skill', name: TERM },
          { kind: 'canaryScore', name: TERM, passed, run: 8 },
        ],
      });
    const endorsements = [by(STRANGER, 1, 5), by(STRANGER, 2, 6), by(OTHERS[0]!, 1, 7)];
    for (const list of [endorsements, endorsements.toReversed()]) {
      const { testimony } = judgeSkill(list, TERM, TRUSTED);
      expect(testimony).toHaveLength(2);
      const heard = testimony!.map(({ rater, endorsement }) => [rater, endorsement!.passed]);
      expect(heard).toContainEqual([STRANGER, 6]);
      expect(heard).toContainEqual([OTHERS[0], 7]);
    }
  });

  it('does not hear an older endorsement in the place of one that was revoked', () => {
    const endorsed = { kind: 'endorsement', issuer: STRANGER } as const;
    const list = [
      certificate({ ...endorsed, nbf: 1 }),
      certificate({ ...endorsed, nbf: 2, status: 'revoked' }),
    ];
    expect(judgeSkill(list, TERM, TRUSTED).testimony).toBeUndefined();
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

describe('scopes', () => {
  const judge = (scopes: string[], term: string) => {
    const trust = new TrustPolicy(trustConfig({ attestors: [ATTESTOR, ...OTHERS], scopes }));
    const leaves = [{ kind: 'skill', name: term }] as const;
    return judgeSkill([certificate({ leaves })], term, trust);
  };

  it.each([
    [['performs:nlp'], 'performs:nlp/sentiment', 2],
    [['performs'], 'performs:nlp/sentiment', 2],
    [['performs:nlp/sentiment'], 'performs:nlp/sentiment', 2],
    [['performs:nlp'], 'performs:nlpx', 0],
    [['performs:finance'], 'performs:nlp/sentiment', 0],
    [['performs:finance', 'performs:nlp'], 'performs:nlp/sentiment', 2],
  ])('let an attestor of %j attest %s: level %i', (terms, term, level) => {
    const scopes = terms.map((scope) => `${ATTESTOR}=${scope}`);
    expect(judge(scopes, term).level).toBe(level);
  });

  it('bind the attestor that they name and nobody else', () => {
    expect(judge([`${OTHERS[0]!}=performs:finance`], TERM).level).toBe(2);
    const remarks = judge([`${ATTESTOR}=performs:finance`], TERM).remarks;
    expect(remarks[0]).toMatch(/counts for other terms/);
  });

  it.each(['x', `${ATTESTOR}`, `${ATTESTOR}=`, `${ATTESTOR}=performs:`, 'a=performs:nlp'])(
    'are refused in another form: %s',
    (scope) => {
      expect(() => trustConfig({ scopes: [scope] })).toThrow();
    },
  );
});

describe('level 3', () => {
  const [first, second, third] = OTHERS as [string, string, string];
  const attestors = [ATTESTOR, ...OTHERS];
  const by = (issuer: string, nbf: number, change: Partial<PresentedCertificate> = {}) =>
    certificate({ certId: `${issuer} ${nbf}`, issuer, nbf, exp: nbf + 10 * DAY, ...change });
  const levelOf = (
    certificates: readonly PresentedCertificate[],
    trust: ConfigFile['trust'] = {},
  ): number => {
    const policy = new TrustPolicy(trustConfig({ attestors, ...trust }));
    return judgeSkill(certificates, TERM, policy).level;
  };

  it('is given for attestations of two operator groups within a day, in any order', () => {
    expect(levelOf([by(first, 0), by(second, DAY)])).toBe(3);
    expect(levelOf([by(second, DAY), by(first, 0)])).toBe(3);
    expect(levelOf([by(first, 0), by(second, DAY + 1)])).toBe(2);
  });

  it('names the attestations that it rests on, beside the one that lasts longest', () => {
    const policy = new TrustPolicy(trustConfig({ attestors }));
    const far = by(third, 9 * DAY);
    const judged = judgeSkill([by(first, 0), by(second, DAY), far], TERM, policy);
    expect(judged).toMatchObject({ level: 3, certId: far.certId, issuer: third });
    expect(judged.joint).toEqual([
      { certId: `${first} 0`, issuer: first },
      { certId: `${second} ${DAY}`, issuer: second },
    ]);
    const two = judgeSkill([by(first, 0), by(second, DAY)], TERM, policy);
    expect(two).toMatchObject({ certId: `${second} ${DAY}` });
    expect(two.joint).toEqual([{ certId: `${first} 0`, issuer: first }]);
    expect(judgeSkill([by(first, 0)], TERM, policy).joint).toBeUndefined();
  });

  it('counts operators of one group once', () => {
    const operators = [`${first}=acme`, `${second}=acme`];
    expect(levelOf([by(first, 0), by(second, 0)], { operators })).toBe(2);
    expect(levelOf([by(first, 0), by(second, 0), by(third, 0)], { operators })).toBe(3);
  });

  it('asks for as many groups as the policy says', () => {
    const three = [by(first, 0), by(second, 0), by(third, 0)];
    expect(levelOf(three.slice(0, 2), { jointGroups: 3 })).toBe(2);
    expect(levelOf(three, { jointGroups: 3 })).toBe(3);
  });

  it('does not count two attestations of one issuer, nor one that is revoked or not trusted', () => {
    expect(levelOf([by(first, 0), by(first, 1)])).toBe(2);
    expect(levelOf([by(first, 0), by(second, 0, { status: 'revoked' })])).toBe(2);
    expect(levelOf([by(first, 0), by(STRANGER, 0)])).toBe(2);
  });
});

describe('judgeResource', () => {
  const GPU = 'hasResource:gpu-memory-gib';
  const [first, second] = OTHERS as [string, string];
  const trust = new TrustPolicy(trustConfig({ attestors: [ATTESTOR, first, second] }));
  const minimum = { name: GPU, min: 40n };
  const clear = (change: Partial<PresentedCertificate> = {}) =>
    certificate({ leaves: [{ kind: 'quantity', name: GPU, value: 48n }], ...change });
  const proof = (change: Partial<PresentedCertificate> = {}) =>
    certificate({ leaves: [], proved: [{ name: GPU, atLeast: 80n }], ...change });

  it('tells a proof from a quantity in clear', () => {
    const shown = (one: PresentedCertificate) => judgeResource([one], minimum, trust);
    expect(shown(proof())).toMatchObject({ atLeast: 80n, isProved: true, level: 2, certId: 'a' });
    expect(shown(clear())).toMatchObject({ atLeast: 48n, isProved: false, level: 2 });
    const little = proof({ proved: [{ name: GPU, atLeast: 24n }] });
    expect(shown(little)).toMatchObject({ atLeast: null, isProved: false, level: 0 });
    for (const one of [proof(), little]) expect(shown(one).joint).toBeUndefined();
  });

  it('tells what an attestor measured over the network from what it states', () => {
    const basisOf = (one: PresentedCertificate) => judgeResource([one], minimum, trust).basis;
    const { issuer, holder } = proof();
    const evidence = (by: string, of: string) => toBase64Url(statedEvidence(by, of));
    expect(basisOf(proof())).toBe('benchmark');
    expect(basisOf(proof({ evidence: evidence(issuer, holder) }))).toBe('stated');
    // Of another pair: a hash like any other.
    expect(basisOf(proof({ evidence: evidence(issuer, first) }))).toBe('benchmark');
    expect(basisOf(proof({ evidence: evidence(first, holder) }))).toBe('benchmark');
    expect(judgeResource([], minimum, trust).basis).toBeNull();
  });

  it('takes what is stated for nothing where the policy wants it measured', () => {
    const strict = new TrustPolicy(trustConfig({ attestors: [ATTESTOR], isMeasuredOnly: true }));
    const evidence = toBase64Url(statedEvidence(ATTESTOR, STRANGER));
    const stated = clear({ certId: 's', evidence });
    expect(judgeResource([stated], minimum, TRUSTED)).toMatchObject({ atLeast: 48n, level: 2 });
    const judged = judgeResource([stated], minimum, strict);
    expect(judged).toMatchObject({ atLeast: null, level: 0 });
    expect(judged.remarks[0]).toContain('certificate s: its attestor states it');
    const measured = clear({ certId: 'm', exp: 500 });
    expect(judgeResource([stated, measured], minimum, strict)).toMatchObject({ certId: 'm' });
  });

  it('says why a quantity did not count whose proof was never looked at', () => {
    const commitment = new Uint8Array(32);
    const leaves = [{ kind: 'committedQuantity', name: GPU, commitment } as const];
    const unproved = (issuer: string) =>
      judgeResource([certificate({ leaves, issuer })], minimum, trust);
    expect(unproved(STRANGER)).toMatchObject({ atLeast: null, level: 0 });
    expect(unproved(STRANGER).remarks).toEqual([
      expect.stringContaining('does not trust'),
      expect.stringContaining('nothing that counts'),
    ]);
    expect(unproved(ATTESTOR)).toMatchObject({ atLeast: null, level: 0 });
    expect(unproved(ATTESTOR).remarks).toHaveLength(1);
  });

  it('takes exactly the minimum, and nothing below it', () => {
    const shown = (atLeast: bigint) =>
      judgeResource([proof({ proved: [{ name: GPU, atLeast }] })], minimum, trust).atLeast;
    expect([39n, 40n, 41n].map(shown)).toEqual([null, 40n, 41n]);
    const stated = (value: bigint) => {
      const leaves = [{ kind: 'quantity', name: GPU, value }] as const;
      return judgeResource([clear({ leaves })], minimum, trust).atLeast;
    };
    expect([39n, 40n].map(stated)).toEqual([null, 40n]);
  });

  it('does not take the proof, or the quantity, of another resource for this one', () => {
    const name = 'hasResource:memory-mib';
    const others = [
      proof({ proved: [{ name, atLeast: 80n }] }),
      clear({ leaves: [{ kind: 'quantity', name, value: 80n }] }),
    ];
    for (const other of others) {
      const judged = judgeResource([other], minimum, trust);
      expect(judged).toMatchObject({ atLeast: null, level: 0, certId: null });
      expect(judged.remarks).toEqual([`nothing that counts shows at least 40 of ${GPU}`]);
    }
  });

  it('takes the proof of the one that is asked for where a certificate proves several', () => {
    const proved = [
      { name: 'hasResource:memory-mib', atLeast: 80n },
      { name: GPU, atLeast: 48n },
    ];
    expect(judgeResource([proof({ proved })], minimum, trust).atLeast).toBe(48n);
  });

  it.each([
    ['by an issuer that is not trusted', { issuer: STRANGER }, 'which this node does not trust'],
    ['that is revoked', { status: 'revoked' }, 'is revoked'],
    ['without a current status list', { status: 'unknown' }, 'no current status list'],
    ['of the holder itself', { kind: 'self' }, 'is by the holder itself'],
    ['that is an endorsement', { kind: 'endorsement' }, 'is an endorsement'],
  ] as const)('does not count a certificate %s, and says why', (_what, change, remark) => {
    for (const one of [proof(change), clear(change)]) {
      const judged = judgeResource([one], minimum, trust);
      expect(judged).toMatchObject({ atLeast: null, level: 0, issuer: null, certId: null });
      expect(judged.remarks).toHaveLength(2);
      expect(judged.remarks[0]).toContain(remark);
    }
  });

  it('does not count an issuer whose scope does not reach to the resource', () => {
    const scopes = [`${ATTESTOR}=performs:nlp`];
    const narrow = new TrustPolicy(trustConfig({ attestors: [ATTESTOR], scopes }));
    expect(judgeResource([proof()], minimum, narrow)).toMatchObject({ atLeast: null, level: 0 });
  });

  it('gives level 3 for two operator groups within a day, and not for one group', () => {
    const levelOf = (nbf: number, operators: string[] = []) => {
      const attestors = [first, second];
      const policy = new TrustPolicy(trustConfig({ attestors, operators }));
      const list = [
        proof({ certId: 'a', issuer: first }),
        proof({ certId: 'b', issuer: second, nbf, exp: nbf + 1_000 }),
      ];
      return judgeResource(list, minimum, policy).level;
    };
    expect(levelOf(0)).toBe(3);
    expect(levelOf(DAY)).toBe(3);
    expect(levelOf(DAY + 1)).toBe(2);
    expect(levelOf(0, [`${first}=acme`, `${second}=acme`])).toBe(2);
    expect(levelOf(0, [`${first}=acme`, `${second}=other`])).toBe(3);
  });

  it('does not count one that shows too little towards level 3', () => {
    const list = [
      proof({ certId: 'a', issuer: first }),
      proof({ certId: 'b', issuer: second, proved: [{ name: GPU, atLeast: 32n }] }),
    ];
    expect(judgeResource(list, minimum, trust)).toMatchObject({ level: 2, issuer: first });
  });

  it('names the attestations that level 3 rests on, and none that does not count', () => {
    const list = [
      proof({ certId: 'long', issuer: first, exp: 2_000 }),
      clear({ certId: 'short', issuer: second }),
      clear({ certId: 'revoked', issuer: ATTESTOR, status: 'revoked' }),
    ];
    const judged = judgeResource(list, minimum, trust);
    expect(judged).toMatchObject({ level: 3, atLeast: 80n, certId: 'long' });
    expect(judged.joint).toEqual([{ certId: 'short', issuer: second, basis: 'benchmark' }]);
  });
});

describe('what keeps a contractor from a task', () => {
  const minimum = { name: 'hasResource:gpu-memory-gib', min: 40n };
  const leaves = [{ kind: 'quantity', name: minimum.name, value: 48n } as const];
  const shown = judgeResource([certificate({ leaves })], minimum, TRUSTED);

  it('is a minimum that is not shown, or not at the level that is asked for', () => {
    const lack = `RESOURCE_NOT_PROVED: ${minimum.name}>=40`;
    expect(lackOfResources([], 3)).toBeUndefined();
    expect(lackOfResources([shown], 2)).toBeUndefined();
    expect(lackOfResources([shown], 3)).toBe(`${lack} at level 3: it is shown at level 2`);
    const nothing = judgeResource([], minimum, TRUSTED);
    expect(lackOfResources([shown, nothing], 0)).toBe(lack);
  });
});

describe('the level that a task asks for', () => {
  const required = (
    task: Partial<Parameters<typeof requiredLevel>[1]>,
    trust: ConfigFile['trust'] = {},
  ) => requiredLevel(trustConfig(trust), { sensitivity: 'low', valueMicroUsd: 1_000, ...task });

  it('is 2 for highly sensitive data unless the configuration says otherwise', () => {
    expect(required({ sensitivity: 'low' })).toBe(0);
    expect(required({ sensitivity: 'high' })).toBe(2);
    expect(required({ sensitivity: 'high' }, { leastLevel: { high: 3 } })).toBe(3);
  });

  it('rises with the worth of the task, and is never below what the task asks for itself', () => {
    const trust = { attestedFromUsd: 1, jointlyAttestedFromUsd: 100 };
    expect(required({ valueMicroUsd: 999_999 }, trust)).toBe(0);
    expect(required({ valueMicroUsd: 1_000_000 }, trust)).toBe(2);
    expect(required({ valueMicroUsd: 100_000_000 }, trust)).toBe(3);
    expect(required({ minLevel: 3 }, trust)).toBe(3);
  });
});
