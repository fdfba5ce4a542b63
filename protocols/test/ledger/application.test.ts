import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64Url, toHex } from '../../../crypto/bytes.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import { LedgerApplication, MAX_SWEPT } from '../../ledger/application.ts';
import { Deadlines } from '../../ledger/deadlines.ts';
import { encodeGenesis, ledgerRules } from '../../ledger/genesis.ts';
import { FEES } from '../../ledger/records.ts';
import { TRANSACTION } from '../../ledger/transactions.ts';
import type { Transaction, TransactionCall } from '../../ledger/transactions.ts';
import {
  ALICE,
  BOB,
  DOOR,
  FUNDS,
  MALLORY,
  TREASURY,
  TestLedger,
  brokenConservation,
  makeGenesis,
} from './fixture.ts';

function transfer(to: Identity, amount: string): TransactionCall {
  return { op: 'transfer', args: { to: to.peerId, amount } };
}

describe('a genesis', () => {
  it('gives the ledger its id and its first state, the same everywhere', () => {
    const first = new TestLedger();
    const second = new TestLedger();
    expect(first.ledgerId).toBe(second.ledgerId);
    expect(toHex(first.app.stateRoot)).toBe(toHex(second.app.stateRoot));
    expect(new TestLedger({ seeds: [] }).ledgerId).not.toBe(first.ledgerId);
    expect(first.app.clock.minted).toBe(4n * FUNDS);
    expect(brokenConservation(first)).toBeUndefined();
  });

  it.each<[string, object]>([
    [
      'a committee of five',
      { replicas: Array.from({ length: 5 }, () => Identity.generate().peerId) },
    ],
    ['a replica named twice', { replicas: Array.from({ length: 4 }, () => ALICE.peerId) }],
    ['no treasury', { treasuries: [] }],
    ['an unknown key', { quorum: 3 }],
    [
      'a price of nothing for a full weight',
      {
        reputation: { ...makeGenesis().reputation, fullPrice: '0' },
      },
    ],
  ])('with %s is refused', (_, change) => {
    expect(() => encodeGenesis({ ...makeGenesis(), ...change })).toThrow();
  });

  it('that mints more than there may be is refused', () => {
    const balance = '9999999999999999999';
    const accounts = [ALICE, BOB].map(({ peerId }) => ({ holder: peerId, balance, credit: '0' }));
    expect(() => ledgerRules(encodeGenesis(makeGenesis({ accounts })))).toThrow(RangeError);
  });
});

describe('money operations', () => {
  it('move amounts between accounts, and pay a fee', () => {
    const ledger = new TestLedger();
    expect(ledger.submit(ALICE, transfer(BOB, '500'))).toBe('done');
    expect(ledger.available(ALICE)).toBe(FUNDS - 510n);
    expect(ledger.available(BOB)).toBe(FUNDS + 500n);
    expect(ledger.available(FEES)).toBe(10n);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it.each<[string, Identity, TransactionCall, string]>([
    ['to oneself', ALICE, transfer(ALICE, '1'), 'SELF_TRANSFER'],
    ['to nobody', ALICE, transfer(Identity.generate(), '1'), 'UNKNOWN_ACCOUNT'],
    ['of more than there is', ALICE, transfer(BOB, FUNDS.toString()), 'INSUFFICIENT_FUNDS'],
    ['of what a treasury never minted', TREASURY, transfer(BOB, '1'), 'NOT_PERMITTED'],
  ])('refuse a transfer %s', (_, from, call, refusal) => {
    const ledger = new TestLedger();
    expect(ledger.submit(from, call)).toBe(refusal);
    expect(ledger.available(BOB)).toBe(FUNDS);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('let only a treasury mint and set credit, within the supply', () => {
    const ledger = new TestLedger();
    const mint: TransactionCall = { op: 'mint', args: { to: BOB.peerId, amount: '7' } };
    expect(ledger.submit(MALLORY, mint)).toBe('NOT_PERMITTED');
    expect(ledger.submit(TREASURY, mint)).toBe('done');
    expect(ledger.available(BOB)).toBe(FUNDS + 7n);
    expect(ledger.app.clock.minted).toBe(4n * FUNDS + 7n);
    const tooMuch: TransactionCall = {
      op: 'mint',
      args: { to: BOB.peerId, amount: '9999999999999999999' },
    };
    expect(ledger.submit(TREASURY, tooMuch)).toBe('SUPPLY_EXHAUSTED');
    const credit: TransactionCall = { op: 'credit', args: { account: BOB.peerId, limit: '50' } };
    expect(ledger.submit(BOB, credit)).toBe('NOT_PERMITTED');
    expect(ledger.submit(TREASURY, credit)).toBe('done');
    expect(ledger.account(BOB).creditLimit).toBe(50n);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('pay claims out to a treasury only', () => {
    const ledger = new TestLedger();
    const payOut = (treasury: Identity): TransactionCall => ({
      op: 'payOut',
      args: { treasury: treasury.peerId, amount: '1000', reference: 'invoice 7' },
    });
    expect(ledger.submit(ALICE, payOut(BOB))).toBe('NOT_PERMITTED');
    expect(ledger.submit(ALICE, payOut(TREASURY))).toBe('done');
    expect(ledger.account(TREASURY).creditsPosted).toBe(1_000n);
    expect(brokenConservation(ledger)).toBeUndefined();
  });

  it('open accounts by an admission key for nothing, by anybody else for the deposit', () => {
    const ledger = new TestLedger();
    const open = (account: Identity): TransactionCall => ({
      op: 'open',
      args: { account: account.peerId },
    });
    const [first, second] = [Identity.generate(), Identity.generate()];
    expect(ledger.submit(DOOR, open(first))).toBe('done');
    expect(ledger.available(first)).toBe(0n);
    expect(ledger.submit(ALICE, open(second))).toBe('done');
    expect(ledger.available(second)).toBe(2_000n);
    expect(ledger.submit(ALICE, open(second))).toBe('ACCOUNT_EXISTS');
    // A thousand free names have no credit to spend.
    expect(ledger.account(first).creditLimit).toBe(0n);
  });

  it('conserve money whatever is submitted', () => {
    const people = [ALICE, BOB, MALLORY, TREASURY, DOOR];
    const who = fc.constantFrom(...people);
    const amount = fc.bigInt({ min: 1n, max: 2n * FUNDS }).map(String);
    const call: fc.Arbitrary<TransactionCall> = fc.oneof(
      fc.tuple(who, amount).map(([to, text]) => transfer(to, text)),
      fc.record({
        op: fc.constant('mint' as const),
        args: fc.record({ to: who.map(({ peerId }) => peerId), amount }),
      }),
      fc.record({
        op: fc.constant('credit' as const),
        args: fc.record({ account: who.map(({ peerId }) => peerId), limit: amount }),
      }),
      fc.record({
        op: fc.constant('payOut' as const),
        args: fc.record({
          treasury: who.map(({ peerId }) => peerId),
          amount,
          reference: fc.constant(''),
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(who, call), { maxLength: 25 }), (steps) => {
        const ledger = new TestLedger();
        let creditSet = false;
        for (const [from, step] of steps) {
          const transaction = ledger.transaction(from, step);
          if (!ledger.app.admit(transaction).admitted) continue;
          const [result] = ledger.block([transaction]);
          creditSet ||= step.op === 'credit' && result === 'done';
          // A treasury may lower a limit below what is owed; nobody gets there alone.
          const broken = brokenConservation(ledger);
          if (!creditSet) expect(broken).toBeUndefined();
          else expect(broken ?? 'overdrawn').toMatch(/overdrawn|claims/);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('admission of a transaction', () => {
  const ledger = new TestLedger();
  const call = transfer(BOB, '1');
  const reasonOf = (transaction: Uint8Array) => {
    const admission = ledger.app.admit(transaction);
    return admission.admitted ? 'admitted' : admission.reason;
  };

  it('takes up to sixteen numbers ahead and no used one', () => {
    expect(reasonOf(ledger.transaction(ALICE, call, 1))).toBe('admitted');
    expect(reasonOf(ledger.transaction(ALICE, call, 16))).toBe('admitted');
    expect(reasonOf(ledger.transaction(ALICE, call, 17))).toBe('SEQ_TOO_FAR');
    ledger.submit(ALICE, call);
    expect(reasonOf(ledger.transaction(ALICE, call, 1))).toBe('EXECUTED');
  });

  it('refuses what is oversize, of another ledger, of nobody, or cannot pay its fee', () => {
    expect(reasonOf(new Uint8Array(16_385))).toBe('INPUT_TOO_LARGE');
    expect(reasonOf(new Uint8Array(100))).toBe('MALFORMED');
    const elsewhere = new TestLedger({ seeds: [] });
    expect(reasonOf(elsewhere.transaction(ALICE, call))).toBe('WRONG_LEDGER');
    expect(reasonOf(ledger.transaction(Identity.generate(), call))).toBe('UNKNOWN_ACCOUNT');
    const poor = Identity.generate();
    ledger.submit(DOOR, { op: 'open', args: { account: poor.peerId } });
    expect(reasonOf(ledger.transaction(poor, call))).toBe('BELOW_FEE');
  });

  it('asks for a signature apart, and finds a forged one', () => {
    const own = ledger.transaction(ALICE, call);
    expect(ledger.app.isSigned(own)).toBe(true);
    const asMallory = { ...TRANSACTION, signers: () => [MALLORY.peerId] };
    const body = {
      v: 1,
      typ: 'tx',
      ledger: ledger.ledgerId,
      account: ALICE.peerId,
      seq: 2,
      ...call,
    } as Transaction;
    const forged = signDocument(asMallory, body, MALLORY).envelope;
    expect(ledger.app.isSigned(forged)).toBe(false);
    const text = new TextDecoder().decode(forged).replace(MALLORY.peerId, ALICE.peerId);
    const renamed = new TextEncoder().encode(text);
    expect(reasonOf(renamed)).toBe('admitted');
    expect(ledger.app.isSigned(renamed)).toBe(false);
    expect(ledger.app.isSigned(new Uint8Array(10))).toBe(false);
  });
});

describe('a block', () => {
  it('with a transaction out of order is refused as a whole', () => {
    const ledger = new TestLedger();
    const root = toHex(ledger.app.stateRoot);
    const good = ledger.transaction(ALICE, transfer(BOB, '1'));
    const skipped = ledger.transaction(ALICE, transfer(BOB, '1'), 3);
    const { height, timeMs } = ledger.app.clock;
    const at = { height: height + 1, timeMs: timeMs + 1 };
    const outcomes = [
      [good, skipped],
      [good, good],
      [good, new Uint8Array(3)],
    ].map((transactions) => ledger.app.apply({ ...at, transactions }));
    expect(outcomes).toEqual([
      { applied: false, index: 1, reason: 'SEQ_NOT_NEXT' },
      { applied: false, index: 1, reason: 'SEQ_NOT_NEXT' },
      { applied: false, index: 1, reason: 'MALFORMED' },
    ]);
    expect(toHex(ledger.app.stateRoot)).toBe(root);
    expect(ledger.app.apply({ ...at, transactions: [good] })).toMatchObject({ applied: true });
  });

  it('of another height or an earlier time is a mistake of the caller', () => {
    const { app } = new TestLedger();
    const { timeMs } = app.clock;
    expect(() => app.apply({ height: 2, timeMs: timeMs + 1, transactions: [] })).toThrow(
      RangeError,
    );
    expect(() => app.apply({ height: 1, timeMs, transactions: [] })).toThrow(RangeError);
  });

  it('takes several transactions of one account in order', () => {
    const ledger = new TestLedger();
    const transactions = [1, 2, 3].map((seq) => ledger.transaction(ALICE, transfer(BOB, '1'), seq));
    expect(ledger.block(transactions)).toEqual(['done', 'done', 'done']);
    expect(ledger.app.lastSeq(ALICE.peerId)).toBe(3);
  });

  it('that is taken back leaves no trace, deadlines included', () => {
    const ledger = new TestLedger();
    const contract = ledger.contract();
    ledger.submit(ALICE, ledger.hold(contract));
    const root = toHex(ledger.app.stateRoot);
    const { height, timeMs } = ledger.app.clock;
    const late = { height: height + 1, timeMs: timeMs + 600_000, transactions: [] };
    const first = ledger.app.apply(late);
    expect(ledger.escrow(contract)!.end).toBe('NOT_DELIVERED');
    ledger.app.revert();
    expect(toHex(ledger.app.stateRoot)).toBe(root);
    expect(ledger.escrow(contract)!.state).toBe('HELD');
    expect(() => ledger.app.revert()).toThrow(TypeError);
    expect(ledger.app.apply(late)).toEqual(first);
  });

  it('ends a bounded number of escrows, and the next one goes on', () => {
    const deadlines = new Deadlines();
    for (let i = 0; i < MAX_SWEPT + 5; i++) deadlines.add(`contract/${i}`, 10 + (i % 7));
    expect(deadlines.dueBy(9)).toEqual([]);
    expect(deadlines.dueBy(16)).toHaveLength(MAX_SWEPT + 5);
    deadlines.dropUntil(12);
    expect(deadlines.dueBy(16).length).toBeLessThan(MAX_SWEPT);
    deadlines.dropUntil(16);
    expect(deadlines.dueBy(99)).toEqual([]);
  });
});

describe('a replica', () => {
  it('that restores a snapshot goes on as the others do', () => {
    const ledger = new TestLedger();
    const contract = ledger.contract();
    ledger.submit(ALICE, ledger.hold(contract));
    const other = new LedgerApplication(ledger.app.rules);
    expect(other.restore(ledger.app.snapshot(), new Uint8Array(32))).toBe(false);
    expect(other.clock.height).toBe(0);
    expect(other.restore(ledger.app.snapshot(), ledger.app.stateRoot)).toBe(true);
    ledger.pass(600);
    const outcome = other.apply(ledger.blocks.at(-1)!);
    expect(outcome).toMatchObject({ applied: true });
    expect(toHex(other.stateRoot)).toBe(toHex(ledger.app.stateRoot));
  });

  it('gets the same root for the same blocks, whatever happened in them', () => {
    const ledger = new TestLedger();
    for (let round = 0; round < 12; round++) {
      const contract = ledger.contract();
      ledger.submit(ALICE, ledger.hold(contract));
      ledger.submit(BOB, ledger.deliver(contract));
      if (round % 3 > 0) ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
      ledger.pass(20_000);
    }
    const other = new LedgerApplication(ledger.app.rules);
    for (const block of ledger.blocks) other.apply(block);
    expect(toHex(other.stateRoot)).toBe(toHex(ledger.app.stateRoot));
    expect(toBase64Url(other.snapshot())).toBe(toBase64Url(ledger.app.snapshot()));
  });
});

describe('the flow of trust', () => {
  it('is renewed with the day and in force from its 64th block', () => {
    const ledger = new TestLedger();
    const contract = ledger.contract();
    ledger.submit(ALICE, ledger.hold(contract));
    ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
    ledger.pass(86_400);
    const rater = () =>
      ledger.app.state.get(`rater/${ALICE.peerId}`) as { flow: bigint; nextFlow: bigint };
    expect(rater()).toMatchObject({ flow: 0n });
    expect(rater().nextFlow).toBeGreaterThan(0n);
    const { nextFlow } = rater();
    for (let block = 1; block < 64; block++) ledger.pass(1);
    ledger.pass(86_400);
    expect(rater().flow).toBe(nextFlow);
  });

  it('of a day with fewer blocks than 64 never comes into force', () => {
    const ledger = new TestLedger();
    const contract = ledger.contract();
    ledger.submit(ALICE, ledger.hold(contract));
    ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
    ledger.pass(86_400);
    ledger.pass(86_400);
    const rater = ledger.app.state.get(`rater/${ALICE.peerId}`);
    expect(rater).toMatchObject({ flow: 0n });
  });
});
