/**
 * Explores the escrow machine with sides that do anything they can sign, at any time: every short
 * sequence of moves, and long random ones over several contracts at once. Whatever happens, money
 * is conserved, a contract pays at most its price and once, its end never changes, and when both
 * sides have stopped, time alone closes it.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransactionCall } from '../../ledger/transactions.ts';
import type { ContractRecord } from '../../ledger/records.ts';
import { fadedPair } from '../../reputation/update.ts';
import type { PairRecord } from '../../reputation/records.ts';
import { ALICE, ARBITERS, BOB, MALLORY, PRICE, TestLedger, brokenConservation } from './fixture.ts';
import type { TestContract } from './fixture.ts';

type Move = (ledger: TestLedger, contract: TestContract) => void;

const ARBITER_IDS = ARBITERS.map(({ peerId }) => peerId);

function by(
  who: typeof ALICE,
  call: (ledger: TestLedger, contract: TestContract) => TransactionCall,
): Move {
  return (ledger, contract) => void ledger.submit(who, call(ledger, contract));
}

function wait(seconds: number): Move {
  return (ledger) => ledger.pass(seconds);
}

/** Everything a side or an arbiter can do, honest or not. */
const MOVES: Readonly<Record<string, Move>> = {
  'alice holds': by(ALICE, (ledger, contract) => ledger.hold(contract)),
  'alice cancels': by(ALICE, (ledger, contract) => ledger.cancel(contract)),
  'bob cancels': by(BOB, (ledger, contract) => ledger.cancel(contract)),
  'bob lodges': by(BOB, (ledger, contract) => ledger.deliver(contract, { isAcked: false })),
  'bob delivers': by(BOB, (ledger, contract) => ledger.deliver(contract)),
  'alice passes': by(ALICE, (ledger, contract) => ledger.verdict(contract, 'pass')),
  'alice fails': by(ALICE, (ledger, contract) => ledger.verdict(contract, 'fail')),
  'alice pays part': by(ALICE, (ledger, contract) => ledger.verdict(contract, 'partial')),
  'both fail': by(BOB, (ledger, contract) =>
    ledger.verdict(contract, 'fail', { isCountersigned: true }),
  ),
  'both pass': by(BOB, (ledger, contract) =>
    ledger.verdict(contract, 'pass', { isCountersigned: true }),
  ),
  'bob contests': by(BOB, (ledger, contract) => ledger.contest(contract)),
  'first arbiter for bob': by(MALLORY, (ledger, contract) =>
    ledger.ruling(contract, ARBITERS[0]!, PRICE),
  ),
  'second arbiter for bob': by(MALLORY, (ledger, contract) =>
    ledger.ruling(contract, ARBITERS[1]!, PRICE),
  ),
  'second arbiter for alice': by(MALLORY, (ledger, contract) =>
    ledger.ruling(contract, ARBITERS[1]!, 0n),
  ),
  'third arbiter for alice': by(MALLORY, (ledger, contract) =>
    ledger.ruling(contract, ARBITERS[2]!, 0n),
  ),
  'ten minutes pass': wait(600),
  'an hour passes': wait(3_600),
};
const NAMES = Object.keys(MOVES);

/** Moves that matter in some state; the others are covered at random. */
const SHORT_MOVES = NAMES.filter(
  (name) => !['alice holds', 'both pass', 'third arbiter for alice'].includes(name),
);

/** What may never change once it is so. */
class Watch {
  readonly #ledger: TestLedger;
  readonly #ends = new Map<string, Pick<ContractRecord, 'end' | 'paid'>>();

  constructor(ledger: TestLedger) {
    this.#ledger = ledger;
  }

  check(contracts: readonly TestContract[]): void {
    expect(brokenConservation(this.#ledger)).toBeUndefined();
    let heldForOpen = 0n;
    for (const contract of contracts) {
      const escrow = this.#ledger.escrow(contract);
      if (!escrow) continue;
      if (escrow.state !== 'CLOSED') {
        heldForOpen += escrow.price;
        continue;
      }
      const { end, paid } = escrow;
      expect(paid >= 0n && paid <= escrow.price).toBe(true);
      expect(this.#ends.get(contract.id) ?? { end, paid }).toEqual({ end, paid });
      this.#ends.set(contract.id, { end, paid });
    }
    expect(this.#ledger.account(BOB).creditsHeld).toBe(heldForOpen);
  }

  /** Both sides have stopped: time closes everything, and nothing stays held. */
  finish(contracts: readonly TestContract[]): void {
    for (let round = 0; round < 4; round++) {
      this.#ledger.pass(3_600);
      this.check(contracts);
    }
    for (const contract of contracts) {
      expect(this.#ledger.escrow(contract)?.state ?? 'CLOSED').toBe('CLOSED');
    }
    for (const holder of [ALICE, BOB, 'fees'] as const) {
      expect(this.#ledger.account(holder).debitsHeld).toBe(0n);
      expect(this.#ledger.account(holder).creditsHeld).toBe(0n);
    }
    this.#expectOneOutcomePerContract(contracts);
  }

  /** What the client said of the contractor weighs at most one per contract. */
  #expectOneOutcomePerContract(contracts: readonly TestContract[]): void {
    const closed = contracts.filter((contract) => this.#ledger.escrow(contract));
    const hour = Math.floor(this.#ledger.nowSeconds / 3_600);
    let said = 0n;
    for (const [key, record] of this.#ledger.app.state.entries()) {
      if (!key.startsWith(`pair/${ALICE.peerId}/${BOB.peerId}/contractor/`)) continue;
      said += fadedPair(record as PairRecord, hour).fadedTotal;
    }
    expect(said <= BigInt(closed.length) << 32n).toBe(true);
  }
}

function newContract(ledger: TestLedger, arbiters: readonly string[]): TestContract {
  return ledger.contract({ agreement: { arbiters: [...arbiters] } });
}

/** Plays moves on one contract that is held already. */
function play(names: readonly string[], arbiters: readonly string[]): void {
  const ledger = new TestLedger();
  const watch = new Watch(ledger);
  const contract = newContract(ledger, arbiters);
  ledger.submit(ALICE, ledger.hold(contract));
  for (const name of names) {
    MOVES[name]!(ledger, contract);
    watch.check([contract]);
  }
  watch.finish([contract]);
}

describe('the escrow machine with lying clients and contractors', () => {
  it('loses no money, pays nobody twice and leaves nobody stuck in any two moves', () => {
    for (const first of SHORT_MOVES) {
      for (const second of SHORT_MOVES) play([first, second], ARBITER_IDS);
    }
  }, 240_000);

  it('does the same in any two moves after a delivery, and after a contested one', () => {
    const prefixes = [
      ['bob delivers', 'alice fails'],
      ['bob delivers', 'alice pays part', 'bob contests', 'first arbiter for bob'],
    ];
    for (const prefix of prefixes) {
      for (const first of SHORT_MOVES) {
        for (const second of SHORT_MOVES) play([...prefix, first, second], ARBITER_IDS);
      }
    }
  }, 240_000);

  it('does the same in long random plays over three contracts at once', () => {
    const move = fc.record({
      name: fc.constantFrom(...NAMES),
      which: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), fc.boolean(), (moves, hasArbiters) => {
        const ledger = new TestLedger();
        const watch = new Watch(ledger);
        const contracts = [0, 1, 2].map(() => newContract(ledger, hasArbiters ? ARBITER_IDS : []));
        for (const contract of contracts.slice(0, 2)) ledger.submit(ALICE, ledger.hold(contract));
        for (const { name, which } of moves) {
          MOVES[name]!(ledger, contracts[which]!);
          watch.check(contracts);
        }
        watch.finish(contracts);
      }),
      { numRuns: 60 },
    );
  }, 240_000);
});
