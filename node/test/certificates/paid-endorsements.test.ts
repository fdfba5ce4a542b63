import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { PresentedCertificate } from '../../../crypto/presentation-verifier.ts';
import type { PairRecord } from '../../../protocols/reputation/records.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  TASK_TYPE,
  TestLedger,
} from '../../../protocols/test/ledger/fixture.ts';
import { person, rotation } from '../../../protocols/test/ledger/rotations.ts';
import { withPaidEndorsement } from '../../certificates/paid-endorsements.ts';
import type { ReadPairs } from '../../certificates/paid-endorsements.ts';
import { UNPROVED } from '../../certificates/trust.ts';

const peer = (n: number) => Identity.fromSeed(new Uint8Array(32).fill(n)).peerId;
const [HOLDER, CLIENT, OTHER] = [peer(1), peer(2), peer(3)];
const TERM = 'performs:nlp/sentiment';
const KEY = `pair/${CLIENT}/${HOLDER}/contractor/${TERM}`;

function endorsement(change: Partial<PresentedCertificate> = {}): PresentedCertificate {
  return {
    certId: 'endorsement',
    issuer: CLIENT,
    holder: HOLDER,
    kind: 'endorsement',
    nbf: 0,
    exp: 1_000,
    evidence: '',
    status: 'good',
    statusReason: 'NO_LIST',
    proved: [],
    leaves: [
      { kind: 'skill', name: TERM },
      { kind: 'canaryScore', name: TERM, passed: 3, run: 3 },
    ],
    ...change,
  };
}

/** A ledger on which the sums of these pairs are greater than zero, and what it was asked. */
function ledgerWith(sums: Readonly<Record<string, bigint>>, rotated?: string) {
  const asked: string[] = [];
  const readPairs: ReadPairs = (keys) => {
    asked.push(...keys);
    const entry = (key: string) => {
      const fadedSuccesses = sums[key];
      return fadedSuccesses === undefined ? undefined : { fadedSuccesses };
    };
    return Promise.resolve(keys.map(entry));
  };
  const isRotated = (peerId: string) => peerId === rotated;
  return { asked, sources: { readPairs, holder: HOLDER, isRotated } };
}

describe('an endorsement, where there is a ledger', () => {
  it('gives level 1 if the ledger shows that its client paid for work of the skill', async () => {
    const { sources } = ledgerWith({ [KEY]: 1n });
    const remark = 'certificate endorsement: is an endorsement, and no ledger shows it paid';
    const before = { ...UNPROVED, remarks: [remark, 'another'] };
    expect(await withPaidEndorsement(before, [endorsement()], TERM, sources)).toEqual({
      ...UNPROVED,
      level: 1,
      issuer: CLIENT,
      certId: 'endorsement',
      expiresAtSeconds: 1_000,
      remarks: ['another'],
    });
  });

  it.each<[string, Partial<PresentedCertificate>, Readonly<Record<string, bigint>>]>([
    ['no work was ever settled', {}, {}],
    ['work was settled and none of it passed', {}, { [KEY]: 0n }],
    ['another client paid', { issuer: OTHER }, { [KEY]: 1n }],
    ['it was taken back', { status: 'revoked' }, { [KEY]: 1n }],
    ['its status is not known', { status: 'unknown' }, { [KEY]: 1n }],
    ['it is by the holder itself', { kind: 'self', issuer: HOLDER }, { [KEY]: 1n }],
    [
      'it is of another skill',
      { leaves: [{ kind: 'skill', name: 'performs:nlp/translation' }] },
      { [KEY]: 1n },
    ],
  ])('gives none if %s', async (_why, change, sums) => {
    const { sources } = ledgerWith(sums);
    const judged = await withPaidEndorsement(UNPROVED, [endorsement(change)], TERM, sources);
    expect(judged).toBe(UNPROVED);
  });

  it('gives none if its client has a new key: who stole the old one could have signed', async () => {
    const { asked, sources } = ledgerWith({ [KEY]: 1n }, CLIENT);
    expect(await withPaidEndorsement(UNPROVED, [endorsement()], TERM, sources)).toBe(UNPROVED);
    expect(asked).toEqual([]);
  });

  it('of a former key gives none for what was paid to that key: its thief could show it', async () => {
    const { asked, sources } = ledgerWith({ [`pair/${CLIENT}/${OTHER}/contractor/${TERM}`]: 1n });
    const former = endorsement({ holder: OTHER });
    expect(await withPaidEndorsement(UNPROVED, [former], TERM, sources)).toBe(UNPROVED);
    expect(asked).toEqual([KEY]);
    // The ledger has moved the sum to the new key.
    const moved = ledgerWith({ [KEY]: 1n });
    const judged = await withPaidEndorsement(UNPROVED, [former], TERM, moved.sources);
    expect(judged.level).toBe(1);
  });

  it('is not looked up for a skill that has a level, nor where there is none', async () => {
    const { asked, sources } = ledgerWith({ [KEY]: 1n });
    const attested = { ...UNPROVED, level: 2, issuer: OTHER, certId: 'attestation' } as const;
    expect(await withPaidEndorsement(attested, [endorsement()], TERM, sources)).toBe(attested);
    expect(await withPaidEndorsement(UNPROVED, [], TERM, sources)).toBe(UNPROVED);
    expect(asked).toEqual([]);
  });

  it('is one of eight that are looked up, however many a holder shows', async () => {
    const { asked, sources } = ledgerWith({});
    const many = Array.from({ length: 20 }, (_, i) => endorsement({ certId: `c${i}`, exp: i }));
    await withPaidEndorsement(UNPROVED, many, TERM, sources);
    expect(asked).toHaveLength(8);
  });

  it('follows its holder to a new key once the ledger has moved its sums, its client never', async () => {
    const ledger = new TestLedger({ seeds: [] });
    const contract = ledger.contract();
    ledger.submit(ALICE, ledger.hold(contract));
    ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
    const readPairs: ReadPairs = (keys) =>
      Promise.resolve(keys.map((key) => ledger.app.state.get(key) as PairRecord | undefined));
    const [seller, buyer] = [person('new seller'), person('new buyer')];
    const levelOf = async (issuer: Identity, presentedBy: Identity): Promise<number> => {
      const shown = [endorsement({ issuer: issuer.peerId, holder: BOB.peerId })];
      const sources = { holder: presentedBy.peerId, readPairs, isRotated: () => false };
      return (await withPaidEndorsement(UNPROVED, shown, TASK_TYPE, sources)).level;
    };
    expect(await levelOf(ALICE, BOB)).toBe(1);
    expect(await levelOf(ALICE, seller)).toBe(0);
    expect(ledger.submit(MALLORY, rotation(ledger, BOB, seller))).toBe('done');
    expect(await levelOf(ALICE, seller)).toBe(1);
    expect(await levelOf(ALICE, BOB)).toBe(0);
    expect(ledger.submit(MALLORY, rotation(ledger, ALICE, buyer))).toBe('done');
    expect(await levelOf(ALICE, seller)).toBe(0);
    expect(await levelOf(buyer, seller)).toBe(1);
  });
});
