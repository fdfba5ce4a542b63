import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import { openEnvelope, signDocument } from '../../../crypto/envelope.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { BilateralBook, StatementRecordError } from '../../settlement/bilateral-book.ts';
import { STATEMENT, follows, nextStatement } from '../../settlement/bilateral-statement.ts';
import type { Statement, StatementEntry } from '../../settlement/bilateral-statement.ts';
import { CreditLines } from '../../settlement/credit-lines.ts';
import { ALICE, BOB, MALLORY } from '../negotiation/fixture.ts';
import { FakeKeyValueStore } from '../negotiation/fake-world.ts';

function entry(number: number, change: Partial<StatementEntry> = {}): StatementEntry {
  return {
    cause: 'receipt',
    reference: sha256(Uint8Array.of(number)),
    payer: ALICE.peerId,
    payee: BOB.peerId,
    amountMicroUsd: 1_000n,
    ...change,
  };
}

function books() {
  const stores = { alice: new FakeKeyValueStore(), bob: new FakeKeyValueStore() };
  const alice = new BilateralBook(ALICE, stores.alice);
  const bob = new BilateralBook(BOB, stores.bob);
  return { stores, alice, bob };
}

type Books = ReturnType<typeof books>;

/** One statement through both books. Returns the refusal, or `done`. */
async function settle({ alice, bob }: Books, what: StatementEntry): Promise<string> {
  const [payer, payee] = what.payer === ALICE.peerId ? [alice, bob] : [bob, alice];
  const proposed = await payer.propose(what);
  if (!proposed.done) return proposed.refusal;
  const accepted = await payee.accept(proposed.statement.envelope, what);
  if (!accepted.done) return accepted.refusal;
  const concluded = await payer.conclude(what.payee, accepted.statement.envelope);
  return concluded.done ? 'done' : concluded.refusal;
}

describe('a bilateral account', () => {
  it('adds up what both have signed, in both directions', async () => {
    const both = books();
    expect(await both.bob.owedMicroUsd(ALICE.peerId)).toBe(0n);
    expect(await settle(both, entry(1))).toBe('done');
    expect(await settle(both, entry(2, { amountMicroUsd: 500n }))).toBe('done');
    const back = entry(3, { payer: BOB.peerId, payee: ALICE.peerId, amountMicroUsd: 300n });
    expect(await settle(both, back)).toBe('done');
    expect(await settle(both, entry(4, { cause: 'payment', amountMicroUsd: 700n }))).toBe('done');
    expect(await both.bob.owedMicroUsd(ALICE.peerId)).toBe(500n);
    expect(await both.alice.owedMicroUsd(BOB.peerId)).toBe(-500n);
  });

  it('takes no payment of more than is owed', async () => {
    const both = books();
    await settle(both, entry(1));
    const tooMuch = entry(2, { cause: 'payment', amountMicroUsd: 1_001n });
    expect(await settle(both, tooMuch)).toBe('PAID_ABOVE_PRICE');
  });

  it('repeats a statement after a crash, and signs no second one in its place', async () => {
    const { stores, alice, bob } = books();
    const first = await alice.propose(entry(1));
    const again = await new BilateralBook(ALICE, stores.alice).propose(entry(1));
    expect(again.done && toHex(again.statement.envelope)).toBe(
      first.done && toHex(first.statement.envelope),
    );
    expect(await alice.propose(entry(2))).toEqual({ done: false, refusal: 'SECOND_STATEMENT' });
    const envelope = first.done ? first.statement.envelope : new Uint8Array();
    const accepted = await bob.accept(envelope, entry(1));
    const repeated = await bob.accept(envelope, entry(1));
    expect(repeated.done && toHex(repeated.statement.envelope)).toBe(
      accepted.done && toHex(accepted.statement.envelope),
    );
  });

  it('lets one of two proposals that cross stand, the same one for both', async () => {
    const both = books();
    const { alice, bob } = both;
    const back = entry(2, { payer: BOB.peerId, payee: ALICE.peerId });
    const [mine, yours] = [await alice.propose(entry(1)), await bob.propose(back)];
    if (!mine.done || !yours.done) throw new Error('expected both to be signed');
    // Bob's name is the first of the two.
    const refused = await bob.accept(mine.statement.envelope, entry(1));
    expect(refused).toEqual({ done: false, refusal: 'BUSY' });
    const accepted = await alice.accept(yours.statement.envelope, back);
    if (!accepted.done) throw new Error(accepted.refusal);
    await bob.conclude(ALICE.peerId, accepted.statement.envelope);
    expect(await settle(both, entry(1))).toBe('done');
    expect(await bob.owedMicroUsd(ALICE.peerId)).toBe(0n);
  });

  it('keeps a signature on disk before it is given away', async () => {
    const { stores, alice, bob } = books();
    const proposed = await alice.propose(entry(1));
    expect(stores.alice.disk.size).toBe(1);
    if (proposed.done) await bob.accept(proposed.statement.envelope, entry(1));
    expect(stores.bob.disk.size).toBe(1);
    stores.bob.failsToFlush = true;
    const { stores: full, alice: other } = books();
    full.alice.failsToFlush = true;
    await expect(other.propose(entry(1))).rejects.toThrow();
  });

  it('that was damaged on disk is refused, with the mend', async () => {
    const both = books();
    await settle(both, entry(1));
    for (const key of both.stores.bob.values.keys()) {
      both.stores.bob.values.set(key, new Uint8Array(10));
    }
    await expect(both.bob.owedMicroUsd(ALICE.peerId)).rejects.toThrow(StatementRecordError);
  });

  it('refuses forged, stale, altered and foreign statements', async () => {
    const both = books();
    await settle(both, entry(1));
    const previous = await both.bob.statement(ALICE.peerId);
    const body = nextStatement(previous, entry(2)) as Statement;
    const offer = async (change: Partial<Statement>, signer = ALICE) => {
      const definition = { ...STATEMENT, signers: () => [signer.peerId] };
      const { envelope } = signDocument(definition, { ...body, ...change }, signer);
      const accepted = await both.bob.accept(envelope, entry(2));
      return accepted.done ? 'done' : accepted.refusal;
    };
    expect(await offer({}, MALLORY)).toBe('WRONG_SIGNERS');
    expect(await offer({ amount: '1' })).toBe('STATEMENT_MISMATCH');
    expect(await offer({ seq: 3 })).toBe('STATEMENT_NOT_NEXT');
    expect(await offer({ seq: 1, prev: '' })).toBe('SECOND_STATEMENT');
    expect(await offer({ prev: '' })).toBe('STATEMENT_NOT_NEXT');
    expect(await offer({})).toBe('done');
    const malformed = await both.bob.accept(new Uint8Array(9), entry(3));
    expect(malformed).toEqual({ done: false, refusal: 'MALFORMED' });
  });

  it('is a chain whose last statement holds the sums of all, whatever is settled', async () => {
    const step = fc.record({
      isBack: fc.boolean(),
      isPayment: fc.boolean(),
      amountMicroUsd: fc.bigInt({ min: 1n, max: 5_000n }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const both = books();
        let owed = { alice: 0n, bob: 0n };
        let previous = await both.bob.statement(ALICE.peerId);
        for (const [number, { isBack, isPayment, amountMicroUsd }] of steps.entries()) {
          const [payer, payee] = isBack ? [BOB, ALICE] : [ALICE, BOB];
          const name = isBack ? 'bob' : 'alice';
          const result = await settle(
            both,
            entry(number, {
              cause: isPayment ? 'payment' : 'receipt',
              payer: payer.peerId,
              payee: payee.peerId,
              amountMicroUsd,
            }),
          );
          const next = owed[name] + (isPayment ? -amountMicroUsd : amountMicroUsd);
          expect(result).toBe(next < 0n ? 'PAID_ABOVE_PRICE' : 'done');
          if (next < 0n) continue;
          owed = { ...owed, [name]: next };
          const last = (await both.bob.statement(ALICE.peerId))!;
          expect(follows(previous, last)).toBe(true);
          expect(openEnvelope(STATEMENT, last.envelope, 2).valid).toBe(true);
          previous = last;
        }
        expect(await both.bob.owedMicroUsd(ALICE.peerId)).toBe(owed.alice - owed.bob);
        expect(await both.alice.owedMicroUsd(BOB.peerId)).toBe(owed.bob - owed.alice);
      }),
      { numRuns: 15 },
    );
  });
});

describe('credit without a ledger', () => {
  const limits = { perPeerMicroUsd: 10_000n, newcomersMicroUsd: 3_000n };
  const ask = (contract: string, change = {}) => ({
    contract,
    client: ALICE.peerId,
    isKnown: true,
    amountMicroUsd: 4_000n,
    owedMicroUsd: 0n,
    ...change,
  });

  it('of a known peer has a cap that counts what it owes and what is open', () => {
    const lines = new CreditLines(limits);
    expect(lines.grant(ask('1'))).toBe(true);
    expect(lines.grant(ask('1'))).toBe(true);
    expect(lines.grant(ask('2', { owedMicroUsd: 2_001n }))).toBe(false);
    expect(lines.grant(ask('2', { owedMicroUsd: 2_000n }))).toBe(true);
    lines.end('1', 0n);
    expect(lines.grant(ask('3'))).toBe(true);
  });

  it('of newcomers is one task at a time, and one budget for all their names', () => {
    const lines = new CreditLines(limits);
    const newcomer = (number: number) =>
      ask(`task ${number}`, { client: `sybil ${number}`, isKnown: false, amountMicroUsd: 1_000n });
    expect(lines.grant(newcomer(1))).toBe(true);
    expect(lines.grant(newcomer(2))).toBe(false);
    for (let number = 1; number <= 3; number++) {
      expect(lines.grant(newcomer(number))).toBe(true);
      lines.end(`task ${number}`, 1_000n);
    }
    // Three took and did not pay: a fourth name gets nothing until one of them does.
    expect(lines.grant(newcomer(4))).toBe(false);
    lines.setNewcomerDebt('sybil 2', 0n);
    expect(lines.grant(newcomer(4))).toBe(true);
  });

  it('that was never granted ends without effect', () => {
    const lines = new CreditLines(limits);
    lines.end('unknown', 9_000n);
    expect(lines.grant(ask('1'))).toBe(true);
  });
});
