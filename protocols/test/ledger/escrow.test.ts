import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { ONE_Q32 } from '../../reputation/decay.ts';
import {
  ALICE,
  ARBITERS,
  BOB,
  FUNDS,
  MALLORY,
  PRICE,
  TREASURY,
  TestLedger,
  brokenConservation,
  sealKey,
} from './fixture.ts';
import { Identity } from '../../../crypto/identity.ts';
import { FEES } from '../../ledger/records.ts';

const U = ONE_Q32;
const FEE = 10n;
const ESCROW_FEE = 100n;
const DISPUTE_FEE = 1_000n;
const DEPOSIT = 2_000n;
const ARBITER_IDS = ARBITERS.map(({ peerId }) => peerId);

/** A ledger with a contract that holds funds. */
function held(agreement = {}, ledger = new TestLedger()) {
  const contract = ledger.contract({ agreement });
  expect(ledger.submit(ALICE, ledger.hold(contract))).toBe('done');
  return { ledger, contract };
}

/** The same, delivered and acknowledged. */
function delivered(agreement = {}) {
  const { ledger, contract } = held(agreement);
  expect(ledger.submit(BOB, ledger.deliver(contract))).toBe('done');
  return { ledger, contract };
}

/** The same, judged a failure by the client alone. */
function disputed(agreement = {}) {
  const { ledger, contract } = delivered(agreement);
  expect(ledger.submit(ALICE, ledger.verdict(contract, 'fail'))).toBe('done');
  return { ledger, contract };
}

/** The same, contested. */
function contested(agreement = { arbiters: ARBITER_IDS }) {
  const { ledger, contract } = disputed(agreement);
  expect(ledger.submit(BOB, ledger.contest(contract))).toBe('done');
  return { ledger, contract };
}

/** What each side has less or more than at the start, the fees of `calls` left out. */
function gains(ledger: TestLedger, calls: { alice: number; bob: number }) {
  expect(brokenConservation(ledger)).toBeUndefined();
  return {
    alice: ledger.available(ALICE) - FUNDS + FEE * BigInt(calls.alice),
    bob: ledger.available(BOB) - FUNDS + FEE * BigInt(calls.bob),
  };
}

describe('an escrow', () => {
  it('holds the price and what a lost dispute would cost', () => {
    const { ledger, contract } = held();
    expect(ledger.escrow(contract)).toMatchObject({ state: 'HELD', price: PRICE });
    expect(ledger.account(ALICE).debitsHeld).toBe(PRICE + DISPUTE_FEE);
    expect(ledger.account(BOB).creditsHeld).toBe(PRICE);
    expect(gains(ledger, { alice: 1, bob: 0 }).alice).toBe(-PRICE - DISPUTE_FEE - ESCROW_FEE);
  });

  it('can be taken out by the contractor as well', () => {
    const ledger = new TestLedger();
    expect(ledger.submit(BOB, ledger.hold(ledger.contract()))).toBe('done');
  });

  it('opens the account of a contractor that has none, at the cost of the client', () => {
    const ledger = new TestLedger();
    const newcomer = Identity.generate();
    const contract = ledger.contract({ contractor: newcomer });
    expect(ledger.submit(ALICE, ledger.hold(contract))).toBe('done');
    expect(ledger.available(newcomer)).toBe(DEPOSIT);
    // The deposit pays fees, and goes nowhere else.
    const away = { op: 'transfer', args: { to: ALICE.peerId, amount: '1' } } as const;
    expect(ledger.submit(newcomer, away)).toBe('INSUFFICIENT_FUNDS');
    expect(ledger.submit(newcomer, ledger.deliver(contract))).toBe('done');
  });

  it('posts the price on a "pass" of the client, whose word suffices', () => {
    const { ledger, contract } = held();
    expect(ledger.submit(ALICE, ledger.verdict(contract, 'pass'))).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ state: 'CLOSED', end: 'PASSED', paid: PRICE });
    expect(gains(ledger, { alice: 2, bob: 0 })).toEqual({ alice: -PRICE - ESCROW_FEE, bob: PRICE });
    expect(ledger.score(BOB)).toMatchObject({ successes: U, total: U });
  });

  it('posts what both have signed and voids the rest', () => {
    const { ledger, contract } = held();
    const partial = ledger.verdict(contract, 'partial', { isCountersigned: true });
    expect(ledger.submit(BOB, partial)).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'AGREED', paid: PRICE / 4n });
    expect(gains(ledger, { alice: 1, bob: 1 })).toEqual({
      alice: -PRICE / 4n - ESCROW_FEE,
      bob: PRICE / 4n,
    });
    expect(ledger.score(BOB)).toMatchObject({ successes: U / 4n, total: U });
  });

  it('is void without a word on anybody if both cancel', () => {
    const { ledger, contract } = held();
    expect(ledger.submit(BOB, ledger.cancel(contract))).toBe('done');
    expect(ledger.submit(BOB, ledger.cancel(contract))).toBe('done');
    expect(ledger.escrow(contract)!.state).toBe('HELD');
    expect(ledger.submit(ALICE, ledger.cancel(contract))).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'CANCELLED', paid: 0n });
    expect(gains(ledger, { alice: 2, bob: 2 })).toEqual({ alice: -ESCROW_FEE, bob: 0n });
    expect(ledger.score(BOB)).toBeUndefined();
  });

  it('counts a failure that the one who failed never signed: nothing was delivered', () => {
    const { ledger, contract } = held();
    ledger.pass(600);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'NOT_DELIVERED', paid: 0n });
    expect(ledger.score(BOB)).toMatchObject({ successes: 0n, total: U });
    expect(gains(ledger, { alice: 1, bob: 0 })).toEqual({ alice: -ESCROW_FEE, bob: 0n });
  });

  it('counts half a failure of each side when a delivery was lodged and never confirmed', () => {
    const { ledger, contract } = held();
    expect(ledger.submit(BOB, ledger.deliver(contract, { isAcked: false }))).toBe('done');
    expect(ledger.escrow(contract)!.state).toBe('HELD');
    ledger.pass(600);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'UNCONFIRMED', paid: 0n });
    expect(ledger.score(BOB)).toMatchObject({ successes: 0n, total: U / 2n });
    // Bob is a stranger: his word counts a sixteenth.
    expect(ledger.score(ALICE, 'client')).toMatchObject({ successes: 0n, total: U / 32n });
    expect([ledger.account(ALICE).disputes, ledger.account(BOB).disputes]).toEqual([1, 1]);
  });

  it('pays the price to a contractor whose client falls silent', () => {
    const { ledger, contract } = delivered();
    ledger.pass(3_600);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'LAPSED', paid: PRICE });
    expect(ledger.score(BOB)).toMatchObject({ successes: U / 4n, total: U / 4n });
    expect(gains(ledger, { alice: 1, bob: 1 }).bob).toBe(PRICE);
  });

  it('does as the client says when the contractor falls silent in a dispute', () => {
    const { ledger, contract } = disputed();
    ledger.pass(3_600);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'UNDISPUTED', paid: 0n });
    expect(ledger.score(BOB)).toMatchObject({ successes: 0n, total: U });
    expect(gains(ledger, { alice: 2, bob: 1 })).toEqual({ alice: -ESCROW_FEE, bob: 0n });
  });

  it('ends a dispute when the contractor countersigns after all', () => {
    const { ledger, contract } = disputed();
    const agreed = ledger.verdict(contract, 'fail', { isCountersigned: true });
    expect(ledger.submit(BOB, agreed)).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'AGREED', paid: 0n });
  });

  it('contested without arbiters is void at once, and both pay for the dispute', () => {
    const { ledger, contract } = contested({ arbiters: [] });
    expect(ledger.escrow(contract)).toMatchObject({ end: 'UNRULED', paid: 0n });
    expect(gains(ledger, { alice: 2, bob: 2 })).toEqual({
      alice: -ESCROW_FEE - DISPUTE_FEE,
      bob: -DISPUTE_FEE,
    });
    expect(ledger.account(FEES).creditsPosted).toBe(ESCROW_FEE + 2n * DISPUTE_FEE + 4n * FEE);
  });

  it('contested and not ruled in time is void, and both pay for the dispute', () => {
    const { ledger, contract } = contested();
    ledger.submit(MALLORY, ledger.ruling(contract, ARBITERS[0]!, PRICE));
    ledger.pass(3_600);
    expect(ledger.escrow(contract)).toMatchObject({ end: 'UNRULED', paid: 0n });
    expect(gains(ledger, { alice: 2, bob: 2 })).toEqual({
      alice: -ESCROW_FEE - DISPUTE_FEE,
      bob: -DISPUTE_FEE,
    });
  });

  it('contested is paid as a majority of the arbiters rules, and the loser pays the fee', () => {
    const { ledger, contract } = contested();
    expect(ledger.submit(MALLORY, ledger.ruling(contract, ARBITERS[0]!, PRICE))).toBe('done');
    expect(ledger.submit(MALLORY, ledger.ruling(contract, ARBITERS[1]!, 0n))).toBe('done');
    expect(ledger.escrow(contract)!.state).toBe('CONTESTED');
    expect(ledger.submit(MALLORY, ledger.ruling(contract, ARBITERS[2]!, PRICE))).toBe('done');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'RULED', paid: PRICE });
    expect(gains(ledger, { alice: 2, bob: 2 })).toEqual({
      alice: -ESCROW_FEE - PRICE - DISPUTE_FEE,
      bob: PRICE,
    });
    expect(ledger.score(BOB)).toMatchObject({ successes: U, total: U });
  });

  it('contested in vain costs the contractor the fee and the failure', () => {
    const { ledger, contract } = contested();
    for (const arbiter of ARBITERS.slice(0, 2)) {
      expect(ledger.submit(MALLORY, ledger.ruling(contract, arbiter, 0n))).toBe('done');
    }
    expect(ledger.escrow(contract)).toMatchObject({ end: 'RULED', paid: 0n });
    expect(gains(ledger, { alice: 2, bob: 2 })).toEqual({ alice: -ESCROW_FEE, bob: -DISPUTE_FEE });
    expect(ledger.score(BOB)).toMatchObject({ successes: 0n, total: U });
  });

  it('is forgotten some time after it closed, and so is its quote', () => {
    const ledger = new TestLedger({ keepClosedSecs: 3_600 });
    const { contract } = held({}, ledger);
    ledger.submit(ALICE, ledger.verdict(contract, 'pass'));
    const entries = ledger.app.state.size;
    ledger.pass(3_600);
    expect(ledger.escrow(contract)).toBeUndefined();
    expect(ledger.app.state.size).toBe(entries - 2);
  });
});

describe('a sealed delivery', () => {
  const { key, commitment } = sealKey(1);
  const cipher = toBase64Url(new Uint8Array(32).fill(5));
  const sealed = { cipher, keyCommit: commitment };

  function sealedContract() {
    const ledger = new TestLedger();
    const shape = { ...ledger.contract().request.body.shape, delivery: 'sealed' as const };
    const contract = ledger.contract({ request: { shape } });
    expect(ledger.submit(ALICE, ledger.hold(contract))).toBe('done');
    return { ledger, contract };
  }

  it('counts once its key is published', () => {
    const { ledger, contract } = sealedContract();
    expect(ledger.submit(BOB, ledger.deliver(contract, { ...sealed }))).toBe('KEY_MISMATCH');
    expect(ledger.submit(BOB, ledger.deliver(contract, { ...sealed, key }))).toBe('done');
    expect(ledger.escrow(contract)!.state).toBe('DELIVERED');
  });

  it('with another key than the one it commits to is refused', () => {
    const { ledger, contract } = sealedContract();
    const other = { ...sealed, key: sealKey(2).key };
    expect(ledger.submit(BOB, ledger.deliver(contract, other))).toBe('KEY_MISMATCH');
  });

  it('cannot be passed off as an open one, nor an open one as sealed', () => {
    const { ledger, contract } = sealedContract();
    expect(ledger.submit(BOB, ledger.deliver(contract))).toBe('DELIVERY_KIND_MISMATCH');
    const { ledger: open, contract: plain } = held();
    const asSealed = open.deliver(plain, { ...sealed, key });
    expect(open.submit(BOB, asSealed)).toBe('DELIVERY_KIND_MISMATCH');
  });
});

describe('attacks on an escrow', () => {
  it('a receipt that is replayed pays once and counts once', () => {
    const { ledger, contract } = held();
    const receipt = ledger.verdict(contract, 'pass', { isCountersigned: true });
    expect(ledger.submit(BOB, receipt)).toBe('done');
    expect(ledger.submit(BOB, receipt)).toBe('TOO_LATE');
    expect(ledger.submit(ALICE, receipt)).toBe('TOO_LATE');
    expect(ledger.score(BOB)).toMatchObject({ total: U });
    expect(gains(ledger, { alice: 2, bob: 2 }).bob).toBe(PRICE);
  });

  it('an agreement that is held twice is refused, and so is a quote that is used twice', () => {
    const { ledger, contract } = held();
    expect(ledger.submit(BOB, ledger.hold(contract))).toBe('QUOTE_USED');
    const { quote, request } = contract;
    const again = { ...ledger.contract({ agreement: { quote: contract.agreement.body.quote } }) };
    const call = ledger.hold({ ...again, quote, request });
    expect(ledger.submit(ALICE, call)).toBe('TASK_MISMATCH');
    const sameTask = { quote: contract.agreement.body.quote, task: request.body.task };
    const twin = ledger.contract({ agreement: sameTask });
    expect(ledger.submit(ALICE, ledger.hold({ ...twin, quote, request }))).toBe('QUOTE_USED');
  });

  it('a stale or future agreement is refused', () => {
    const ledger = new TestLedger();
    const contract = ledger.contract();
    ledger.pass(31);
    expect(ledger.submit(ALICE, ledger.hold(contract))).toBe('EXPIRED');
    const early = ledger.contract({ agreement: { iat: ledger.nowSeconds + 70 } });
    expect(ledger.submit(ALICE, ledger.hold(early))).toBe('NOT_YET_VALID');
    const lateQuote = ledger.contract({ quote: { exp: ledger.nowSeconds - 1 } });
    expect(ledger.submit(ALICE, ledger.hold(lateQuote))).toBe('EXPIRED');
  });

  it('a half-signed agreement holds nothing', () => {
    const ledger = new TestLedger();
    const contract = ledger.contract({ contractor: MALLORY });
    const call = ledger.hold({ ...contract, agreement: ledger.contract().agreement });
    expect(ledger.submit(ALICE, call)).toBe('QUOTE_MISMATCH');
    const half = JSON.parse(new TextDecoder().decode(contract.agreement.envelope)) as {
      b: string;
      s: object[];
    };
    const text = JSON.stringify({ b: half.b, s: half.s.slice(0, 1) });
    const envelope = new TextEncoder().encode(text);
    const alone = ledger.hold({ ...contract, agreement: { ...contract.agreement, envelope } });
    expect(ledger.submit(ALICE, alone)).toBe('WRONG_SIGNERS');
  });

  it('an agreement of another ledger, or of none, holds nothing', () => {
    const ledger = new TestLedger();
    for (const id of ['', toBase64Url(new Uint8Array(32))]) {
      const contract = ledger.contract({ agreement: { ledger: id } });
      expect(ledger.submit(ALICE, ledger.hold(contract))).toBe('WRONG_LEDGER');
    }
  });

  it('a price above the quote, a wrong fee and a price of nothing are refused', () => {
    const ledger = new TestLedger();
    const refusal = (agreement: object, quote = {}) =>
      ledger.submit(ALICE, ledger.hold(ledger.contract({ agreement, quote })));
    expect(refusal({ price: '100001' })).toBe('PRICE_ABOVE_QUOTE');
    expect(refusal({ fee: '99' })).toBe('FEE_MISMATCH');
    expect(refusal({}, { price: '0' })).toBe('NOT_PERMITTED');
  });

  it('a client without the funds holds nothing, a treasury prints nothing', () => {
    const ledger = new TestLedger();
    const dear = ledger.contract({ quote: { price: FUNDS.toString() } });
    expect(ledger.submit(ALICE, ledger.hold(dear))).toBe('INSUFFICIENT_FUNDS');
    const printed = ledger.contract({ client: TREASURY });
    expect(ledger.submit(TREASURY, ledger.hold(printed))).toBe('NOT_PERMITTED');
  });

  it('an arbiter that is a party, or sees a secret task, is refused', () => {
    const ledger = new TestLedger();
    const asParty = ledger.contract({ agreement: { arbiters: [BOB.peerId] } });
    expect(ledger.submit(ALICE, ledger.hold(asParty))).toBe('ARBITERS_NOT_PERMITTED');
    const shape = { ...asParty.request.body.shape, sensitivity: 'high' as const };
    const secret = ledger.contract({
      request: { shape },
      agreement: { arbiters: ARBITER_IDS },
    });
    expect(ledger.submit(ALICE, ledger.hold(secret))).toBe('ARBITERS_NOT_PERMITTED');
  });

  it('a stranger moves no contract of others', () => {
    const { ledger, contract } = delivered();
    const calls = [
      ledger.verdict(contract, 'pass', { isCountersigned: true }),
      ledger.cancel(contract),
      ledger.contest(contract),
      ledger.deliver(contract),
      ledger.hold(ledger.contract()),
    ];
    for (const call of calls) expect(ledger.submit(MALLORY, call)).toBe('NOT_A_PARTY');
  });

  it('a client cannot fail a contractor whose delivery it never confirmed', () => {
    const { ledger, contract } = held();
    expect(ledger.submit(ALICE, ledger.verdict(contract, 'fail'))).toBe('WRONG_STATE');
  });

  it('a client that signs two verdicts is counted once, and only the first stands', () => {
    const { ledger, contract } = disputed();
    const second = ledger.verdict(contract, 'partial', { isCountersigned: true });
    expect(ledger.submit(BOB, second)).toBe('SECOND_VERDICT');
    expect(ledger.submit(BOB, second)).toBe('SECOND_VERDICT');
    expect(ledger.account(ALICE).equivocations).toBe(1);
    expect(ledger.escrow(contract)).toMatchObject({ state: 'DISPUTE', outcome: 'fail', paid: 0n });
  });

  it('forged verdicts, deliveries and rulings do nothing', () => {
    const { ledger, contract } = delivered();
    const forger = { ...contract, client: MALLORY, contractor: MALLORY };
    expect(ledger.submit(BOB, ledger.verdict(forger, 'pass'))).toBe('WRONG_SIGNERS');
    const { ledger: other, contract: fresh } = held();
    const forged = other.deliver({ ...fresh, contractor: MALLORY });
    expect(other.submit(BOB, forged)).toBe('WRONG_SIGNERS');
    const { ledger: court, contract: case1 } = contested();
    expect(court.submit(BOB, court.ruling(case1, MALLORY, PRICE))).toBe('NOT_AN_ARBITER');
    expect(court.submit(BOB, court.ruling(case1, ARBITERS[0]!, PRICE + 1n))).toBe(
      'PAID_ABOVE_PRICE',
    );
    expect(court.submit(BOB, court.ruling(case1, ARBITERS[0]!, PRICE))).toBe('done');
    expect(court.submit(BOB, court.ruling(case1, ARBITERS[0]!, PRICE))).toBe('SECOND_RULING');
  });

  it('a verdict that comes too late is refused: the deadline was swept before it', () => {
    const { ledger, contract } = delivered();
    expect(ledger.submit(ALICE, ledger.verdict(contract, 'fail'), 3_600_000)).toBe('TOO_LATE');
    expect(ledger.escrow(contract)).toMatchObject({ end: 'LAPSED', paid: PRICE });
  });
});
