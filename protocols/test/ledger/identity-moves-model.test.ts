/**
 * Random histories of a ledger with rotations in them. Money is conserved, nothing but tombstones
 * and open contracts names a dead key, the blocks lead to the same roots when they are applied
 * again, on a replica too that took the state over in between, and to reputation a rotation is a
 * change of name and nothing else, also where the flow of trust is renewed around it.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { LedgerApplication } from '../../ledger/application.ts';
import { accountOf } from '../../ledger/accounts.ts';
import type { ContractRecord, FormerRecord, MovedRecord } from '../../ledger/records.ts';
import { MALLORY, TestLedger, brokenConservation } from './fixture.ts';
import type { TestContract } from './fixture.ts';
import { MONTH, person, recovery, rotation } from './rotations.ts';

const PEOPLE = 4;
const SEED = person('seed');
const FIRST_KEYS = Array.from({ length: PEOPLE }, (_, i) => person(`${i}, key 0`));

type Action =
  | {
      readonly type: 'work';
      readonly client: number;
      readonly contractor: number;
      readonly end: End;
    }
  | { readonly type: 'finish'; readonly which: number; readonly end: End }
  | { readonly type: 'pay'; readonly from: number; readonly to: number }
  | { readonly type: 'recover'; readonly who: number }
  | { readonly type: 'rotate'; readonly who: number; readonly by: 'new' | 'old' | 'anybody' }
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'blocks' };

type End = 'open' | 'pass' | 'fail' | 'contest' | 'second';

/** The last of the people is the seed. */
const who = fc.integer({ min: 0, max: PEOPLE - 1 });
const anybody = fc.integer({ min: 0, max: PEOPLE });
const end = fc.constantFrom<End>('open', 'pass', 'fail', 'contest', 'second');
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('work'), client: anybody, contractor: who, end }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('finish'), which: fc.nat(7), end }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pay'), from: who, to: who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('recover'), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('rotate'),
      who,
      by: fc.constantFrom('new', 'old', 'anybody'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('wait'),
      seconds: fc.constantFrom(60, 3_700, 40_000, 90_000, MONTH),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('blocks') }) },
);

/** The seed is content with everybody, and what flows from it is in force: it can be lost. */
const TRUSTED: readonly Action[] = [
  ...FIRST_KEYS.map(
    (_, contractor) => ({ type: 'work', client: PEOPLE, contractor, end: 'pass' }) as const,
  ),
  { type: 'wait', seconds: 90_000 },
  { type: 'blocks' },
  { type: 'wait', seconds: 90_000 },
];

/** Who does it all. With `isRotating` unset everybody keeps the first key, at the same times. */
class Play {
  readonly ledger = new TestLedger({
    seeds: [SEED.peerId],
    accounts: [...FIRST_KEYS, SEED, MALLORY].map(({ peerId }) => ({
      holder: peerId,
      balance: '1000000000',
      credit: '0',
    })),
  });
  readonly #isRotating: boolean;
  readonly #keys = [...FIRST_KEYS, SEED];
  readonly #recovery = new Map<number, Identity>();
  readonly #rotations = new Map<number, number>();
  readonly #open: { contract: TestContract; client: number; contractor: number }[] = [];
  rotations = 0;

  constructor(isRotating: boolean) {
    this.#isRotating = isRotating;
  }

  /** First key of each present one. */
  get origins(): ReadonlyMap<string, string> {
    return new Map(this.#keys.map(({ peerId }, i) => [peerId, [...FIRST_KEYS, SEED][i]!.peerId]));
  }

  act(action: Action): void {
    const { ledger } = this;
    const keys = this.#keys;
    switch (action.type) {
      case 'work': {
        const { client, contractor } = action;
        if (client === contractor) return;
        const contract = ledger.contract({ client: keys[client]!, contractor: keys[contractor]! });
        ledger.submit(keys[client]!, ledger.hold(contract));
        this.#open.push({ contract, client, contractor });
        return this.#end(this.#open.length - 1, action.end);
      }
      case 'finish':
        if (action.which < this.#open.length) this.#end(action.which, action.end);
        return;
      case 'pay': {
        const args = { to: keys[action.to]!.peerId, amount: '7' };
        ledger.submit(keys[action.from]!, { op: 'transfer', args });
        return;
      }
      case 'recover': {
        const key = person(`recovery of ${action.who}`);
        const done = ledger.submit(keys[action.who]!, recovery(key)) === 'done';
        if (done) this.#recovery.set(action.who, key);
        return;
      }
      case 'rotate':
        return this.#rotate(action.who, action.by);
      case 'wait':
        return ledger.pass(action.seconds);
      case 'blocks':
        for (let i = 0; i < 64; i++) ledger.pass(1);
    }
  }

  #end(index: number, end: End): void {
    const { ledger } = this;
    const { contract, client, contractor } = this.#open[index]!;
    const [buyer, seller] = [this.#keys[client]!, this.#keys[contractor]!];
    if (end === 'open') return;
    ledger.submit(seller, ledger.deliver(contract));
    ledger.submit(buyer, ledger.verdict(contract, end === 'pass' ? 'pass' : 'fail'));
    if (end === 'contest') ledger.submit(seller, ledger.contest(contract));
    if (end === 'second') ledger.submit(seller, ledger.verdict(contract, 'partial'));
  }

  #rotate(who: number, by: 'new' | 'old' | 'anybody'): void {
    const { ledger } = this;
    if (!this.#isRotating) return ledger.pass(1);
    const seq = (this.#rotations.get(who) ?? 0) + 1;
    const old = this.#keys[who]!;
    const next = person(`${who}, key ${seq}`);
    const key = this.#recovery.get(who);
    const call = rotation(ledger, old, next, { seq, ...(key && { recovery: key }) });
    const sender = { new: next, old, anybody: MALLORY }[by];
    const transaction = ledger.transaction(sender, call);
    const admitted = ledger.app.admit(transaction);
    if (!admitted.admitted) return ledger.pass(1);
    if (ledger.block([transaction])[0] !== 'done') return;
    this.#keys[who] = next;
    this.#rotations.set(who, seq);
    this.rotations += 1;
  }

  /** Everything of reputation, under the first keys. */
  reputation(): ReadonlyMap<string, unknown> {
    const found = new Map<string, unknown>();
    for (const [key, record] of this.ledger.app.state.entries()) {
      const [kind] = key.split('/', 1);
      if (!['score', 'pair', 'rater'].includes(kind!)) continue;
      found.set(this.#named(key), record);
    }
    return found;
  }

  /** Disputes of everybody. A dead key proves no second signature, so those may differ. */
  disputes(): number[] {
    return this.#keys.map(({ peerId }) => accountOf(this.ledger.app.state, peerId)!.disputes);
  }

  #named(key: string): string {
    let named = key;
    for (const [now, first] of this.origins) named = named.replaceAll(now, first);
    return named;
  }
}

/** What is wrong with what a state says of dead keys. */
function problemOfDead({ app }: TestLedger): string | undefined {
  const dead = new Map<string, string>();
  for (const [key, record] of app.state.entries()) {
    if (key.startsWith('moved/')) dead.set(key.slice(6), (record as MovedRecord).to);
  }
  for (const [key, record] of app.state.entries()) {
    const [kind, ...named] = key.split('/');
    if (kind === 'moved') continue;
    if (kind === 'former' && dead.get((record as FormerRecord).from) !== named[0]) {
      return `${key} and the tombstone differ`;
    }
    for (const peer of named) {
      if (!dead.has(peer)) continue;
      const account = kind === 'account' ? accountOf(app.state, peer) : undefined;
      if (!account) return `${key} names a dead key`;
      if (account.creditsHeld === 0n && account.debitsHeld === 0n) return `${key} holds nothing`;
      if (account.seq !== 0) return `${key} has sent something`;
    }
    const { state, client } = record as ContractRecord;
    if (kind === 'contract' && state !== 'CLOSED' && !accountOf(app.state, client)) {
      return `${key} is open, and its client has nothing held`;
    }
  }
  return undefined;
}

describe('a ledger with rotations', () => {
  it('conserves money, names no dead key, and is the same when its blocks are applied again', () => {
    let rotations = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 5, maxLength: 40 }), fc.nat(), (actions, cut) => {
        const play = new Play(true);
        const { ledger } = play;
        for (const one of actions) {
          play.act(one);
          expect(brokenConservation(ledger)).toBeUndefined();
          expect(problemOfDead(ledger)).toBeUndefined();
        }
        rotations += play.rotations;
        const again = new LedgerApplication(ledger.app.rules);
        let late: LedgerApplication | undefined;
        for (const [i, block] of ledger.blocks.entries()) {
          const outcome = again.apply(block);
          // Another replica takes the state over somewhere, and takes every block back once.
          const other = late?.apply(block);
          if (late && other) {
            late.revert();
            expect(late.apply(block)).toEqual(outcome);
          }
          if (i === cut % ledger.blocks.length) {
            late = new LedgerApplication(ledger.app.rules);
            expect(late.restore(again.snapshot(), again.stateRoot)).toBe(true);
          }
        }
        expect(toHex(again.stateRoot)).toBe(toHex(ledger.app.stateRoot));
        if (late) expect(toHex(late.stateRoot)).toBe(toHex(ledger.app.stateRoot));
      }),
      { numRuns: 60 },
    );
    expect(rotations).toBeGreaterThan(60);
  }, 120_000);

  it('has the reputation that it would have had without them, under other names', () => {
    let rotations = 0;
    let flows = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 10, maxLength: 40 }), (actions) => {
        const play = new Play(true);
        const plain = new Play(false);
        for (const one of [...TRUSTED, ...actions]) {
          play.act(one);
          plain.act(one);
        }
        rotations += play.rotations;
        const found = play.reputation();
        for (const record of found.values()) {
          if ('flow' in (record as object) && (record as { flow: bigint }).flow > 0n) flows += 1;
        }
        expect(play.ledger.app.clock.timeMs).toBe(plain.ledger.app.clock.timeMs);
        expect(found).toEqual(plain.reputation());
        expect(play.disputes()).toEqual(plain.disputes());
      }),
      { numRuns: 60 },
    );
    expect(rotations).toBeGreaterThan(60);
    expect(flows).toBeGreaterThan(60);
  }, 120_000);
});
