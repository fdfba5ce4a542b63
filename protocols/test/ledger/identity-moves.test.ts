/** What a rotation moves on a ledger, what it leaves, and what it refuses (wire-formats.md 2.4). */

import { describe, expect, it } from 'vitest';
import { toBase64Url, toHex } from '../../../crypto/bytes.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { LedgerApplication } from '../../ledger/application.ts';
import { MAX_MOVED_ENTRIES, rotate } from '../../ledger/identity-moves.ts';
import { readChecked } from '../../ledger/opened-documents.ts';
import { FEES, formerKey, movedKey, recoveryKey } from '../../ledger/records.ts';
import { StateDraft } from '../../ledger/state.ts';
import type { TransactionCall } from '../../ledger/transactions.ts';
import { raterKey, scoreKey } from '../../reputation/records.ts';
import type { RaterRecord } from '../../reputation/records.ts';
import {
  ALICE,
  ARBITERS,
  BOB,
  DOOR,
  FUNDS,
  MALLORY,
  PRICE,
  REPLICAS,
  TASK_TYPE,
  TREASURY,
  TestLedger,
  brokenConservation,
} from './fixture.ts';
import { MONTH, person, recovery, rotation } from './rotations.ts';

const NEW = person('new');
const OTHER = person('other');
const KEY = person('recovery');
const THIEF = person('thief');
const DISPUTE = 1_000n;

type Rotate = Extract<TransactionCall, { op: 'rotate' }>;

/** A ledger on which nobody but a seed of its own is named by the genesis. */
function world(): TestLedger {
  const seeds = [person('seed').peerId];
  const holders = [ALICE, BOB, MALLORY, DOOR, ...REPLICAS.slice(0, 1), person('seed')];
  return new TestLedger({
    seeds,
    accounts: holders.map(({ peerId }) => ({
      holder: peerId,
      balance: FUNDS.toString(),
      credit: '0',
    })),
  });
}

function transfer(to: Identity, amount = 1n): TransactionCall {
  return { op: 'transfer', args: { to: to.peerId, amount: amount.toString() } };
}

/** What names a peer and is no tombstone. */
function entriesNaming(ledger: TestLedger, { peerId }: Identity): string[] {
  return [...ledger.app.state.entries()]
    .map(([key]) => key)
    .filter((key) => key.includes(peerId) && !key.startsWith('moved/'));
}

/** Alice has paid Bob once. */
function worked(ledger: TestLedger): void {
  const contract = ledger.contract();
  ledger.submit(ALICE, ledger.hold(contract));
  ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
}

/** Why a transaction may not stand in the next block. */
function whyNot(ledger: TestLedger, transaction: Uint8Array): string {
  try {
    return ledger.block([transaction])[0]!;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a recovery key', () => {
  it('is registered once, and leaves the account as it was', () => {
    const ledger = world();
    expect(ledger.submit(BOB, recovery(KEY))).toBe('done');
    expect(ledger.submit(BOB, recovery(OTHER))).toBe('RECOVERY_REGISTERED');
    expect(Object.keys(ledger.account(BOB)).sort()).toEqual(
      Object.keys(ledger.account(ALICE)).sort(),
    );
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('is not registered for a key that the genesis names, which never moves', () => {
    const ledger = world();
    for (const officer of [TREASURY, DOOR, REPLICAS[0]!, person('seed')]) {
      expect(ledger.submit(officer, recovery(KEY))).toBe('NOT_PERMITTED');
    }
  });

  it('is replaced by a rotation alone', () => {
    const ledger = world();
    const next = person('next recovery');
    ledger.submit(BOB, recovery(KEY));
    const change = { recovery: KEY, nextRecovery: next };
    expect(ledger.submit(ALICE, rotation(ledger, BOB, NEW, change))).toBe('done');
    expect(ledger.app.state.get(recoveryKey(BOB.peerId))).toBeUndefined();
    expect(ledger.submit(NEW, recovery(KEY))).toBe('RECOVERY_REGISTERED');
    ledger.pass(MONTH);
    const by = (key: Identity) => rotation(ledger, NEW, OTHER, { seq: 2, recovery: key });
    expect(ledger.submit(ALICE, by(KEY))).toBe('WRONG_RECOVERY');
    expect(ledger.submit(ALICE, by(next))).toBe('done');
  });
});

describe('a rotation', () => {
  it('moves balance, limit and counters, and the numbers begin anew', () => {
    const ledger = world();
    ledger.submit(BOB, transfer(ALICE, 5n));
    ledger.submit(TREASURY, { op: 'credit', args: { account: BOB.peerId, limit: '700' } });
    const before = ledger.account(BOB);
    expect(ledger.submit(ALICE, rotation(ledger, BOB, NEW))).toBe('done');
    expect(ledger.account(NEW)).toEqual({ ...before, seq: 0 });
    expect(ledger.account(BOB)).toBeUndefined();
    expect(ledger.submit(NEW, transfer(ALICE, 5n))).toBe('done');
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('moves scores, pairs and raters of both sides of a pair, one after the other', () => {
    const ledger = world();
    worked(ledger);
    const score = ledger.score(BOB);
    const size = ledger.app.state.size;
    ledger.submit(MALLORY, rotation(ledger, BOB, NEW));
    ledger.submit(MALLORY, rotation(ledger, ALICE, OTHER));
    expect(ledger.score(NEW)).toEqual(score);
    const pair = `pair/${OTHER.peerId}/${NEW.peerId}/contractor/${TASK_TYPE}`;
    expect(ledger.app.state.get(pair)).toBeDefined();
    expect(ledger.app.state.get(`rater/${OTHER.peerId}`)).toBeDefined();
    expect(entriesNaming(ledger, BOB)).toEqual([]);
    expect(entriesNaming(ledger, ALICE)).toEqual([]);
    // Two tombstones, and two records of what came before.
    expect(ledger.app.state.size).toBe(size + 4);
    expect(ledger.app.state.get(movedKey(BOB.peerId))).toMatchObject({ to: NEW.peerId });
    expect(ledger.app.state.get(formerKey(NEW.peerId))).toMatchObject({
      from: BOB.peerId,
      rotations: 1,
    });
  });

  it('moves what the same block has written, also when both keys of a pair move in it', () => {
    const ledger = world();
    const contract = ledger.contract();
    ledger.block([
      ledger.transaction(ALICE, ledger.hold(contract)),
      ledger.transaction(ALICE, ledger.verdict(contract, 'pass'), 2),
      ledger.transaction(MALLORY, rotation(ledger, BOB, NEW)),
      ledger.transaction(MALLORY, rotation(ledger, ALICE, OTHER), 2),
    ]);
    const pair = `pair/${OTHER.peerId}/${NEW.peerId}/contractor/${TASK_TYPE}`;
    expect(ledger.app.state.get(pair)).toBeDefined();
    expect([...entriesNaming(ledger, BOB), ...entriesNaming(ledger, ALICE)]).toEqual([]);
  });

  it('may be sent by the old key, by the new one without an account, and by anybody', () => {
    for (const sender of [BOB, NEW, MALLORY]) {
      const ledger = world();
      expect(ledger.submit(sender, rotation(ledger, BOB, NEW))).toBe('done');
      const paid = sender === MALLORY ? 0n : 10n;
      expect(ledger.available(NEW)).toBe(FUNDS - paid);
      expect(ledger.available(FEES)).toBe(10n);
      expect(ledger.account(NEW).seq).toBe(0);
      expect(brokenConservation(ledger)).toBeUndefined();
    }
  });

  it('takes over an account that somebody opened for the new key, with what it was given', () => {
    const ledger = world();
    ledger.submit(MALLORY, { op: 'open', args: { account: NEW.peerId } });
    expect(ledger.submit(NEW, rotation(ledger, BOB, NEW))).toBe('done');
    expect(ledger.available(NEW)).toBe(FUNDS - 10n + 2_000n);
    expect(brokenConservation(ledger)).toBeUndefined();
  });
});

describe('a rotation is refused', () => {
  const refused = (
    prepare: (ledger: TestLedger) => TransactionCall,
    refusal: string,
    ledger = world(),
  ): void => {
    const call = prepare(ledger);
    const root = () => ledger.app.state.get(movedKey(BOB.peerId));
    const before = root();
    expect(ledger.submit(ALICE, call)).toBe(refusal);
    expect(root()).toEqual(before);
    expect(brokenConservation(ledger)).toBeUndefined();
  };

  it('of a key without an account', () => {
    refused((ledger) => rotation(ledger, OTHER, NEW), 'UNKNOWN_ACCOUNT');
  });

  it.each<[string, Identity]>([
    ['a treasury', TREASURY],
    ['an admission key', DOOR],
    ['a replica', REPLICAS[0]!],
    ['a seed', person('seed')],
  ])('of or to the key of %s, which the genesis names', (_, officer) => {
    refused((ledger) => rotation(ledger, officer, NEW), 'NOT_PERMITTED');
    refused((ledger) => rotation(ledger, BOB, officer), 'NOT_PERMITTED');
  });

  it('to a key that has used its account, or is another identity already', () => {
    refused((ledger) => {
      ledger.submit(MALLORY, transfer(ALICE));
      return rotation(ledger, BOB, MALLORY);
    }, 'ACCOUNT_EXISTS');
    refused((ledger) => {
      ledger.submit(MALLORY, rotation(ledger, MALLORY, NEW));
      return rotation(ledger, BOB, NEW);
    }, 'ACCOUNT_EXISTS');
  });

  it('to a key that has worked and never sent a transaction', () => {
    refused((ledger) => {
      const contract = ledger.contract({ contractor: NEW });
      ledger.submit(ALICE, ledger.hold(contract));
      expect(ledger.submit(ALICE, rotation(ledger, BOB, NEW))).toBe('ACCOUNT_EXISTS');
      ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
      return rotation(ledger, BOB, NEW);
    }, 'ACCOUNT_EXISTS');
  });

  it('of a dead key a second time, and to one: the first in the order of blocks counts', () => {
    const ledger = world();
    expect(
      ledger.block([
        ledger.transaction(ALICE, rotation(ledger, BOB, NEW)),
        ledger.transaction(ALICE, rotation(ledger, BOB, OTHER), 2),
        ledger.transaction(ALICE, rotation(ledger, MALLORY, BOB), 3),
      ]),
    ).toEqual(['done', 'ACCOUNT_MOVED', 'ACCOUNT_MOVED']);
    expect(ledger.available(NEW)).toBe(FUNDS);
  });

  it('within 30 days of block time, whatever date it bears', () => {
    const ledger = world();
    const iat = ledger.nowSeconds - 2 * MONTH;
    ledger.submit(ALICE, rotation(ledger, BOB, NEW, { iat }));
    ledger.pass(MONTH - 2);
    const next = rotation(ledger, NEW, OTHER, { seq: 2 });
    expect(ledger.submit(ALICE, next, 1_000)).toBe('ROTATED_TOO_SOON');
    expect(ledger.submit(ALICE, next, 1_000)).toBe('done');
  });

  it('without a number above the one before', () => {
    const ledger = world();
    ledger.submit(ALICE, rotation(ledger, BOB, NEW, { seq: 4 }));
    ledger.pass(MONTH);
    expect(ledger.submit(ALICE, rotation(ledger, NEW, OTHER, { seq: 4 }))).toBe(
      'ROTATION_NOT_NEXT',
    );
  });

  it('after eight of one identity', () => {
    const ledger = world();
    const keys = [BOB, ...Array.from({ length: 9 }, (_, i) => person(`key ${i}`))];
    for (let i = 0; i < 8; i++) {
      const call = rotation(ledger, keys[i]!, keys[i + 1]!, { seq: i + 1 });
      expect(ledger.submit(ALICE, call)).toBe('done');
      ledger.pass(MONTH);
    }
    const ninth = rotation(ledger, keys[8]!, keys[9]!, { seq: 9 });
    expect(ledger.submit(ALICE, ninth)).toBe('TOO_MANY_ROTATIONS');
    expect(ledger.available(keys[8]!)).toBe(FUNDS);
  });

  it('with a date after the block, a broken signature, or bytes that are none', () => {
    refused(
      (ledger) => rotation(ledger, BOB, NEW, { iat: ledger.nowSeconds + 120 }),
      'NOT_YET_VALID',
    );
    refused((ledger) => {
      const { args } = rotation(ledger, THIEF, NEW) as Rotate;
      return { op: 'rotate', args: { rotation: withOtherOld(args.rotation) } };
    }, 'WRONG_SIGNERS');
    refused(
      () => ({ op: 'rotate', args: { rotation: toBase64Url(Uint8Array.of(1)) } }),
      'MALFORMED',
    );
  });

  it('if the old key consents where a recovery key is registered, and the other way round', () => {
    refused((ledger) => {
      ledger.submit(BOB, recovery(KEY));
      return rotation(ledger, BOB, NEW);
    }, 'RECOVERY_MISSING');
    refused((ledger) => {
      ledger.submit(BOB, recovery(KEY));
      return rotation(ledger, BOB, NEW, { recovery: OTHER });
    }, 'WRONG_RECOVERY');
    refused((ledger) => rotation(ledger, BOB, NEW, { recovery: KEY }), 'WRONG_RECOVERY');
  });
});

/** The same rotation as if it were Bob's: what it is signed for is another. */
function withOtherOld(rotationText: string): string {
  const envelope = JSON.parse(Buffer.from(rotationText, 'base64url').toString()) as {
    b: string;
    s: unknown;
  };
  const body = Buffer.from(envelope.b, 'base64url').toString().replace(THIEF.peerId, BOB.peerId);
  const forged = { b: toBase64Url(Buffer.from(body)), s: envelope.s };
  return toBase64Url(Buffer.from(JSON.stringify(forged)));
}

describe('a dead key', () => {
  it('sends nothing, and nothing new names it', () => {
    const ledger = world();
    const late = ledger.transaction(BOB, transfer(ALICE));
    const early = ledger.contract();
    const asClient = ledger.contract({ client: BOB, contractor: ALICE });
    const asArbiter = ledger.contract({
      contractor: MALLORY,
      agreement: { arbiters: [BOB.peerId] },
    });
    ledger.submit(ALICE, rotation(ledger, BOB, NEW));
    expect(ledger.app.admit(late)).toMatchObject({ admitted: false, reason: 'ACCOUNT_MOVED' });
    expect(whyNot(ledger, late)).toContain('ACCOUNT_MOVED');
    const account = BOB.peerId;
    for (const [who, call] of [
      [ALICE, transfer(BOB)],
      [TREASURY, { op: 'mint', args: { to: account, amount: '1' } }],
      [TREASURY, { op: 'credit', args: { account, limit: '1' } }],
      [DOOR, { op: 'open', args: { account } }],
      [ALICE, { op: 'open', args: { account } }],
      [ALICE, ledger.hold(early)],
      [ALICE, ledger.hold(asClient)],
      [ALICE, ledger.hold(asArbiter)],
    ] as const) {
      expect(ledger.submit(who, call)).toBe('ACCOUNT_MOVED');
    }
    expect(entriesNaming(ledger, BOB)).toEqual([]);
  });

  it('has the highest number, so that what waits of it is dropped', () => {
    const ledger = world();
    ledger.submit(ALICE, rotation(ledger, BOB, NEW));
    expect(ledger.app.lastSeq(BOB.peerId)).toBe(Number.MAX_SAFE_INTEGER);
    expect(ledger.app.lastSeq(NEW.peerId)).toBe(0);
  });

  it('in the hands of a thief rotates nothing where a recovery key is registered', () => {
    const ledger = world();
    ledger.submit(BOB, recovery(KEY));
    // Before the owner has rotated, and after.
    expect(ledger.submit(BOB, rotation(ledger, BOB, THIEF))).toBe('RECOVERY_MISSING');
    expect(whyNot(ledger, ledger.transaction(THIEF, rotation(ledger, BOB, THIEF)))).toContain(
      'RECOVERY_MISSING',
    );
    expect(ledger.submit(BOB, recovery(THIEF))).toBe('RECOVERY_REGISTERED');
    expect(ledger.submit(NEW, rotation(ledger, BOB, NEW, { recovery: KEY }))).toBe('done');
    expect(ledger.submit(ALICE, rotation(ledger, BOB, THIEF))).toBe('ACCOUNT_MOVED');
    expect(ledger.available(NEW)).toBe(FUNDS - 40n);
  });

  it('in the hands of a thief takes everything where none is registered: a stated limit', () => {
    const ledger = world();
    worked(ledger);
    expect(ledger.submit(THIEF, rotation(ledger, BOB, THIEF))).toBe('done');
    expect(ledger.submit(ALICE, rotation(ledger, BOB, NEW))).toBe('ACCOUNT_MOVED');
    expect(ledger.score(THIEF)).toBeDefined();
  });
});

describe('a rotation that its new key sends', () => {
  it('is admitted once for an old key, and stands in a block only if it is carried out', () => {
    const ledger = world();
    const send = (next: Identity, change = {}, seq?: number) =>
      ledger.transaction(next, rotation(ledger, BOB, next, change), seq);
    const first = send(NEW);
    const second = send(OTHER);
    const account = `rotate/${BOB.peerId}`;
    expect(ledger.app.admit(first)).toEqual({ admitted: true, account, seq: 1 });
    expect(ledger.app.admit(second)).toEqual({ admitted: true, account, seq: 1 });
    expect(whyNot(ledger, send(NEW, {}, 2))).toContain('SEQ_NOT_NEXT');
    expect(whyNot(ledger, send(NEW, { recovery: KEY }))).toContain('WRONG_RECOVERY');
    const foreign = new TestLedger().transaction(NEW, rotation(ledger, BOB, NEW), 1);
    expect(ledger.app.admit(foreign)).toMatchObject({ reason: 'WRONG_LEDGER' });
    expect(whyNot(ledger, foreign)).toContain('WRONG_LEDGER');
    const unknown = ledger.transaction(NEW, rotation(ledger, person('nobody'), NEW));
    expect(ledger.app.admit(unknown)).toMatchObject({ reason: 'UNKNOWN_ACCOUNT' });
    expect(whyNot(ledger, unknown)).toContain('UNKNOWN_ACCOUNT');
    expect(ledger.app.isSigned(first)).toBe(true);
    expect(ledger.block([first])).toEqual(['done']);
    expect(ledger.app.lastSeq(account)).toBe(1);
    expect(ledger.app.admit(first)).toMatchObject({ reason: 'EXECUTED', account, seq: 1 });
    expect(ledger.app.admit(second)).toMatchObject({ reason: 'ACCOUNT_MOVED' });
    // Replayed, it may stand nowhere; nor may the other.
    expect(whyNot(ledger, first)).toContain('ACCOUNT_MOVED');
    expect(whyNot(ledger, second)).toContain('ACCOUNT_MOVED');
  });

  it('stands in no block if the account that moves cannot pay the fee', () => {
    const ledger = world();
    ledger.submit(DOOR, { op: 'open', args: { account: OTHER.peerId } });
    const poor = ledger.transaction(NEW, rotation(ledger, OTHER, NEW));
    expect(ledger.app.admit(poor)).toMatchObject({ reason: 'BELOW_FEE' });
    expect(whyNot(ledger, poor)).toContain('BELOW_FEE');
    expect(ledger.submit(ALICE, rotation(ledger, OTHER, NEW))).toBe('done');
  });
});

describe('contracts that are open when a key is rotated', () => {
  const arbiters = ARBITERS.map(({ peerId }) => peerId);

  /** Both sides rotate while Alice's price is held for Bob. */
  function held(agreement = {}) {
    const ledger = world();
    const contract = ledger.contract({ agreement });
    ledger.submit(ALICE, ledger.hold(contract));
    return { ledger, contract };
  }

  function rotateBoth(ledger: TestLedger): void {
    expect(ledger.submit(MALLORY, rotation(ledger, ALICE, OTHER))).toBe('done');
    expect(ledger.submit(MALLORY, rotation(ledger, BOB, NEW))).toBe('done');
    expect(brokenConservation(ledger)).toBeUndefined();
  }

  const spent = PRICE + 100n + 10n;

  it('keep what is held under the old key, and the rest is free at once', () => {
    const { ledger } = held();
    rotateBoth(ledger);
    expect(ledger.account(ALICE)).toMatchObject({ debitsHeld: PRICE + DISPUTE });
    expect(ledger.available(ALICE)).toBe(0n);
    expect(ledger.account(BOB)).toMatchObject({ creditsHeld: PRICE });
    expect(ledger.available(OTHER)).toBe(FUNDS - spent - DISPUTE);
    expect(ledger.submit(OTHER, transfer(MALLORY, FUNDS - spent - DISPUTE - 2_010n))).toBe('done');
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('are ended by the new keys with the documents of the old ones, and nothing is left', () => {
    const { ledger, contract } = held();
    rotateBoth(ledger);
    expect(ledger.submit(NEW, ledger.deliver(contract))).toBe('done');
    expect(ledger.submit(OTHER, ledger.verdict(contract, 'pass'))).toBe('done');
    expect(ledger.available(NEW)).toBe(FUNDS + PRICE - 10n);
    expect(ledger.available(OTHER)).toBe(FUNDS - spent - 10n);
    expect(ledger.score(NEW)).toBeDefined();
    expect(ledger.score(BOB)).toBeUndefined();
    expect([...entriesNaming(ledger, ALICE), ...entriesNaming(ledger, BOB)]).toEqual([]);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('are cancelled by one old side and one new', () => {
    const { ledger, contract } = held();
    ledger.submit(MALLORY, rotation(ledger, ALICE, OTHER));
    expect(ledger.submit(BOB, ledger.cancel(contract))).toBe('done');
    expect(ledger.submit(OTHER, ledger.cancel(contract))).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'CANCELLED' });
    expect(ledger.available(OTHER)).toBe(FUNDS - 120n);
  });

  it('end by themselves, and count for the new keys', () => {
    const { ledger, contract } = held();
    rotateBoth(ledger);
    ledger.pass(601);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'NOT_DELIVERED' });
    expect(ledger.score(NEW)?.total).toBeGreaterThan(0n);
    expect(ledger.available(OTHER)).toBe(FUNDS - 110n);
    expect([...entriesNaming(ledger, ALICE), ...entriesNaming(ledger, BOB)]).toEqual([]);
  });

  it('are contested and ruled on by new keys, one seat each', () => {
    const { ledger, contract } = held({ arbiters });
    ledger.submit(BOB, ledger.deliver(contract));
    ledger.submit(ALICE, ledger.verdict(contract, 'fail'));
    for (const one of ARBITERS) ledger.submit(ALICE, { op: 'open', args: { account: one.peerId } });
    rotateBoth(ledger);
    const judge = person('judge');
    expect(ledger.submit(MALLORY, rotation(ledger, ARBITERS[0]!, judge))).toBe('done');
    expect(ledger.submit(NEW, ledger.contest(contract))).toBe('done');
    expect(ledger.account(BOB)).toMatchObject({ debitsHeld: DISPUTE, creditsHeld: PRICE });
    expect(brokenConservation(ledger)).toBeUndefined();
    const rule = (arbiter: Identity) =>
      ledger.submit(MALLORY, ledger.ruling(contract, arbiter, 0n));
    expect(rule(ARBITERS[0]!)).toBe('NOT_AN_ARBITER');
    expect(rule(judge)).toBe('done');
    expect(rule(judge)).toBe('SECOND_RULING');
    expect(rule(ARBITERS[1]!)).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'RULED', paid: 0n });
    expect([...entriesNaming(ledger, ALICE), ...entriesNaming(ledger, BOB)]).toEqual([]);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('are not ruled on by a side that has taken the key of an arbiter', () => {
    const { ledger, contract } = held({ arbiters });
    ledger.submit(BOB, ledger.deliver(contract));
    ledger.submit(ALICE, ledger.verdict(contract, 'fail'));
    expect(ledger.submit(MALLORY, rotation(ledger, BOB, ARBITERS[0]!))).toBe('done');
    expect(ledger.submit(ARBITERS[0]!, ledger.contest(contract))).toBe('done');
    const ruling = ledger.ruling(contract, ARBITERS[0]!, PRICE);
    expect(ledger.submit(MALLORY, ruling)).toBe('NOT_AN_ARBITER');
  });

  it('leave what remains to the last of several keys', () => {
    const secs = { deliverSecs: 604_800, verifySecs: 86_400, disputeSecs: 1_209_600 };
    const { ledger, contract } = held({ arbiters, ...secs });
    const last = person('last');
    rotateBoth(ledger);
    ledger.pass(604_000);
    ledger.submit(NEW, ledger.deliver(contract));
    ledger.pass(86_000);
    ledger.submit(OTHER, ledger.verdict(contract, 'fail'));
    ledger.pass(1_209_000);
    expect(ledger.submit(NEW, ledger.contest(contract))).toBe('done');
    ledger.pass(800_000);
    expect(ledger.submit(MALLORY, rotation(ledger, OTHER, last, { seq: 2 }))).toBe('done');
    expect(ledger.account(ALICE).debitsHeld).toBe(PRICE + DISPUTE);
    ledger.pass(500_000);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'UNRULED' });
    expect(ledger.available(last)).toBe(FUNDS - 110n - 10n - DISPUTE);
    expect(ledger.account(last).disputes).toBe(1);
    expect([...entriesNaming(ledger, ALICE), ...entriesNaming(ledger, BOB)]).toEqual([]);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('pay nothing by a verdict that a thief of the old key signs for the other side', () => {
    const { ledger, contract } = held();
    ledger.submit(BOB, ledger.deliver(contract));
    ledger.submit(MALLORY, rotation(ledger, ALICE, OTHER));
    expect(ledger.submit(BOB, ledger.verdict(contract, 'pass'))).toBe('ACCOUNT_MOVED');
    expect(ledger.escrow(contract)).toMatchObject({ state: 'DELIVERED', paid: 0n });
    expect(ledger.submit(OTHER, ledger.verdict(contract, 'fail'))).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ state: 'DISPUTE' });
  });

  it('end with no countersignature of a thief of the contractor’s old key', () => {
    const { ledger, contract } = held();
    ledger.submit(BOB, ledger.deliver(contract));
    ledger.submit(MALLORY, rotation(ledger, BOB, NEW));
    const free = ledger.verdict(contract, 'fail', { isCountersigned: true });
    expect(ledger.submit(ALICE, free)).toBe('ACCOUNT_MOVED');
    expect(ledger.submit(NEW, free)).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ state: 'CLOSED', end: 'AGREED' });
  });

  it('prove no equivocation by what a dead key signs afterwards', () => {
    const { ledger, contract } = held();
    ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
    ledger.submit(MALLORY, rotation(ledger, ALICE, OTHER));
    for (const submitter of [BOB, OTHER]) {
      const second = ledger.submit(submitter, ledger.verdict(contract, 'fail'));
      expect(second).toBe('ACCOUNT_MOVED');
      expect(ledger.account(OTHER).equivocations).toBe(0);
      expect(ledger.account(ALICE)).toBeUndefined();
    }
  });

  it('do not let a thief put a rotation off', () => {
    const { ledger } = held();
    expect(ledger.submit(BOB, rotation(ledger, BOB, NEW))).toBe('done');
    expect(whyNot(ledger, ledger.transaction(BOB, transfer(THIEF), 2))).toContain('ACCOUNT_MOVED');
  });
});

describe('the flow of trust, renewed once a day', () => {
  const DAY = 86_400;
  const SEED = person('seed');

  /** What is known in the end of a rater whose key is rotated in a block of the day, or never. */
  function raterAfter(at: number | undefined): unknown {
    const ledger = world();
    for (const [client, contractor] of [
      [SEED, ALICE],
      [ALICE, BOB],
    ] as const) {
      const contract = ledger.contract({ client, contractor });
      ledger.submit(client, ledger.hold(contract));
      ledger.submit(client, ledger.verdict(contract, 'pass'));
    }
    const secondsLeft = DAY - (ledger.nowSeconds % DAY);
    ledger.pass(secondsLeft - 100);
    let key = ALICE;
    // Blocks until 0 are of the day before; from the 64th on the new flow is in force.
    for (let block = -1; block <= 66; block++) {
      const isFirst = block === 1;
      const isNow = block === at;
      const transactions = isNow ? [ledger.transaction(MALLORY, rotation(ledger, ALICE, NEW))] : [];
      expect(ledger.block(transactions, isFirst ? 100_000 : 1_000)).toEqual(isNow ? ['done'] : []);
      if (isNow) key = NEW;
    }
    const contract = ledger.contract({ client: key });
    ledger.submit(key, ledger.hold(contract));
    ledger.submit(key, ledger.verdict(contract, 'pass'));
    ledger.pass(DAY);
    const rater = ledger.app.state.get(raterKey(key.peerId)) as RaterRecord;
    expect(rater.nextFlow > 0n && rater.flow > 0n).toBe(true);
    return { rater, score: ledger.score(BOB) };
  }

  it.each([
    ['before the day', -1],
    ['in the block that renews it', 1],
    ['between that one and the first in which it is in force', 30],
    ['just before that one', 63],
    ['in that one', 64],
    ['after it', 65],
  ])('is what it would have been, if a rater moves %s', (_, at) => {
    expect(raterAfter(at)).toEqual(raterAfter(undefined));
  });
});

describe('rotations of one block', () => {
  it('move a bounded number of records together, and any number alone', () => {
    const ledger = world();
    worked(ledger);
    const { args } = rotation(ledger, BOB, NEW) as Rotate;
    const { rules, state, clock } = ledger.app;
    const context = {
      rules,
      height: clock.height + 1,
      timeMs: clock.timeMs + 1,
      open: readChecked,
    };
    const moved = (count: number) =>
      rotate({ ...context, draft: new StateDraft(state), moved: { count } }, args);
    expect(moved(MAX_MOVED_ENTRIES)).toBe('BUSY');
    expect(moved(MAX_MOVED_ENTRIES - 2)).toBeUndefined();
    expect(moved(0)).toBeUndefined();
  });
});

describe('the state', () => {
  it('is the same after a restart in between, and when a block is taken back', () => {
    const ledger = world();
    worked(ledger);
    const root = toHex(ledger.app.stateRoot);
    const copy = new LedgerApplication(ledger.app.rules);
    expect(copy.restore(ledger.app.snapshot(), ledger.app.stateRoot)).toBe(true);
    const block = {
      height: ledger.app.clock.height + 1,
      timeMs: ledger.app.clock.timeMs + 1,
      transactions: [ledger.transaction(MALLORY, rotation(ledger, BOB, NEW))],
    };
    const moved = copy.apply(block);
    expect(ledger.app.apply(block)).toEqual(moved);
    ledger.app.revert();
    expect(toHex(ledger.app.stateRoot)).toBe(root);
    const subject = { subject: BOB.peerId, role: 'contractor', taskType: TASK_TYPE } as const;
    expect(ledger.app.state.get(scoreKey(subject))).toBeDefined();
    expect(ledger.app.apply(block)).toEqual(moved);
  });
});
