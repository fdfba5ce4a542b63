import { describe, expect, it } from 'vitest';
import { signDocument } from '../../../crypto/envelope.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import { STATEMENT, nextStatement } from '../../../protocols/settlement/bilateral-statement.ts';
import type { Statement } from '../../../protocols/settlement/bilateral-statement.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  bytes32,
  makeChain,
} from '../../../protocols/test/negotiation/fixture.ts';
import type { BilateralAccounts, StatementTalk } from '../../ledger/bilateral-accounts.ts';
import { accountsMemory, makeAccounts } from './made-accounts.ts';

const LIMITS = { perPeerMicroUsd: 5_000n, newcomersMicroUsd: 2_000n };

/** Bob's work for Alice, settled: as each of them keeps it. */
function settled(number: number, paid?: string): Record<Contract['role'], Contract> {
  const outcome = paid === '0' ? ({ outcome: 'fail', paid } as const) : {};
  const chain = makeChain({ nonce: bytes32(number) }, outcome);
  const { request, quote, agreement, delivery, receipt: verdict } = chain;
  const parts = { sinceSeconds: 0, request, quote, agreement, delivery, verdict };
  const phase = 'RECEIPT' as const;
  return {
    client: { role: 'client', phase, ...parts },
    contractor: { role: 'contractor', phase, ...parts },
  };
}

const PRICE = Number(makeChain().agreement.body.price);

async function pair() {
  const memory = { alice: accountsMemory(), bob: accountsMemory() };
  const open = async () => {
    const alice = makeAccounts(ALICE, LIMITS, [BOB.peerId], memory.alice);
    const bob = makeAccounts(BOB, LIMITS, [ALICE.peerId], memory.bob);
    await alice.load();
    await bob.load();
    return { alice, bob };
  };
  return { memory, open, ...(await open()) };
}

/** Alice's statements go to Bob. */
function to(bob: BilateralAccounts): StatementTalk {
  return async (envelope) => {
    const answer = await bob.review(ALICE.peerId, envelope);
    return answer instanceof Uint8Array ? answer : { refusal: answer.decline };
  };
}

async function note({ alice, bob }: Awaited<ReturnType<typeof pair>>, number: number) {
  const { client, contractor } = settled(number);
  await alice.noteReceipt(client);
  await bob.noteReceipt(contractor);
}

describe('work on credit', () => {
  it('is owed by the client once both have signed that it is, and shown to both', async () => {
    const both = await pair();
    await note(both, 1);
    await note(both, 2);
    expect(both.bob.accounts()).toMatchObject([
      { peerId: ALICE.peerId, owedByPeerMicroUsd: 0, unsignedByPeerMicroUsd: 2 * PRICE },
    ]);
    await both.alice.state(BOB.peerId, to(both.bob));
    expect(both.bob.accounts()).toEqual([
      {
        peerId: ALICE.peerId,
        owedByPeerMicroUsd: 2 * PRICE,
        owedToPeerMicroUsd: 0,
        statements: 2,
        unsignedByPeerMicroUsd: 0,
        unsignedToPeerMicroUsd: 0,
      },
    ]);
    expect(both.alice.accounts()).toMatchObject([
      { peerId: BOB.peerId, owedToPeerMicroUsd: 2 * PRICE, statements: 2 },
    ]);
  });

  it('attack: a receipt that comes again once it was stated is owed once, after a restart too', async () => {
    const both = await pair();
    await note(both, 1);
    await both.alice.state(BOB.peerId, to(both.bob));
    const isOwedOnce = ({ alice, bob }: { alice: BilateralAccounts; bob: BilateralAccounts }) => {
      const account = { owedToPeerMicroUsd: PRICE, statements: 1, unsignedToPeerMicroUsd: 0 };
      expect(alice.accounts()).toMatchObject([account]);
      expect(bob.accounts()).toMatchObject([
        { owedByPeerMicroUsd: PRICE, unsignedByPeerMicroUsd: 0 },
      ]);
      expect(alice.creditors).toEqual([]);
    };
    await Promise.all([note(both, 1), note(both, 1)]);
    isOwedOnce(both);
    const later = { ...both, ...(await both.open()) };
    await note(later, 1);
    isOwedOnce(later);
    // What is owed after it is stated as before.
    await note(later, 2);
    await later.alice.state(BOB.peerId, to(later.bob));
    expect(later.alice.accounts()).toMatchObject([
      { owedToPeerMicroUsd: 2 * PRICE, statements: 2, unsignedToPeerMicroUsd: 0 },
    ]);
  });

  it('counts before it is known whether it was stated, and is told to nobody until then', async () => {
    const both = await pair();
    const { client, contractor } = settled(1);
    const noted = both.bob.noteReceipt(contractor);
    expect(both.bob.accounts()).toMatchObject([{ unsignedByPeerMicroUsd: PRICE }]);
    const noting = both.alice.noteReceipt(client);
    const talked: unknown[] = [];
    await both.alice.state(BOB.peerId, (envelope) => {
      talked.push(envelope);
      return Promise.resolve({ refusal: 'NOT_READY' });
    });
    expect(talked).toEqual([]);
    await Promise.all([noted, noting]);
    await both.alice.state(BOB.peerId, to(both.bob));
    expect(both.alice.accounts()).toMatchObject([{ owedToPeerMicroUsd: PRICE }]);
  });

  it('that was held on a ledger, or paid nothing, is owed by nobody', async () => {
    const { bob } = await pair();
    const { contractor } = settled(1);
    const { agreement } = contractor;
    const body = { ...agreement!.body, ledger: bytes32(7) };
    await bob.noteReceipt({ ...contractor, agreement: { ...agreement!, body } });
    await bob.noteReceipt(settled(2, '0').contractor);
    expect(bob.accounts()).toEqual([]);
  });

  it('stops at the cap of a known client that signs no statement', async () => {
    const { bob } = await pair();
    let taken = 0;
    for (let number = 1; number <= 20; number++) {
      if (!bob.grant(`${number}`, ALICE.peerId, BigInt(PRICE))) break;
      await bob.noteReceipt(settled(number).contractor);
      bob.end(`${number}`);
      taken += PRICE;
    }
    expect(taken).toBe(Math.floor(5_000 / PRICE) * PRICE);
  });

  it('for a crowd of new names stops at one cap for all of them', async () => {
    const accounts = makeAccounts(BOB, LIMITS);
    let taken = 0;
    for (let number = 1; number <= 50; number++) {
      const name = `sybil ${number}`;
      if (!accounts.grant(`${number}`, name, 400n)) continue;
      await accounts.noteReceipt(settledFor(name, 400));
      accounts.end(`${number}`);
      taken += 400;
    }
    expect(taken).toBe(2_000);
  });

  it('is not forgiven by a restart', async () => {
    const both = await pair();
    await note(both, 1);
    await both.alice.state(BOB.peerId, to(both.bob));
    await note(both, 2);
    const { bob } = await both.open();
    expect(bob.accounts()).toMatchObject([
      { owedByPeerMicroUsd: PRICE, unsignedByPeerMicroUsd: PRICE },
    ]);
    expect(bob.grant('x', ALICE.peerId, 5_000n - 2n * BigInt(PRICE))).toBe(true);
    expect(bob.grant('y', ALICE.peerId, 1n)).toBe(false);
  });
});

/** A settled contract of a client that is nothing but a name. */
function settledFor(client: string, paid: number): Contract {
  const { contractor } = settled(1);
  const { agreement, verdict } = contractor;
  return {
    ...contractor,
    agreement: { ...agreement!, body: { ...agreement!.body, client } },
    verdict: { ...verdict!, body: { ...verdict!.body, paid: `${paid}` } },
  };
}

describe('a statement', () => {
  it('of a receipt that the contractor does not hold is not signed', async () => {
    const { alice, bob } = await pair();
    await alice.noteReceipt(settled(1).client);
    await alice.state(BOB.peerId, to(bob));
    expect(alice.accounts()).toMatchObject([{ statements: 0, unsignedToPeerMicroUsd: PRICE }]);
  });

  it('that a client made smaller, or for somebody else, is not signed', async () => {
    const both = await pair();
    await note(both, 1);
    const { client } = settled(1);
    const entry = {
      cause: 'receipt' as const,
      reference: client.verdict!.id,
      payer: ALICE.peerId,
      payee: BOB.peerId,
      amountMicroUsd: 1n,
    };
    const less = signDocument(STATEMENT, nextStatement(undefined, entry) as Statement, ALICE);
    expect(await both.bob.review(ALICE.peerId, less.envelope)).toEqual({
      decline: 'STATEMENT_MISMATCH',
    });
    expect(await both.bob.review(MALLORY.peerId, less.envelope)).toEqual({
      decline: 'NOT_A_PARTY',
    });
  });

  it('that was signed and got lost on its way back is given out again, and counts once', async () => {
    const both = await pair();
    await note(both, 1);
    const lost: StatementTalk = async (envelope) => {
      await both.bob.review(ALICE.peerId, envelope);
      throw new Error('the stream broke');
    };
    await expect(both.alice.state(BOB.peerId, lost)).rejects.toThrow('the stream broke');
    const { alice, bob } = await both.open();
    await alice.state(BOB.peerId, to(bob));
    expect(alice.accounts()).toMatchObject([{ owedToPeerMicroUsd: PRICE, statements: 1 }]);
    expect(bob.accounts()).toMatchObject([{ owedByPeerMicroUsd: PRICE, statements: 1 }]);
  });

  it('that was kept just before the process ended is not proposed a second time', async () => {
    const both = await pair();
    await note(both, 1);
    const [due] = await both.memory.alice.due.values();
    await both.alice.state(BOB.peerId, to(both.bob));
    await both.memory.alice.due.put(`${due!.peerId}/${due!.reference}`, due!);
    const { alice, bob } = await both.open();
    await alice.state(BOB.peerId, to(bob));
    expect(alice.accounts()).toMatchObject([{ owedToPeerMicroUsd: PRICE, statements: 1 }]);
  });

  it('of a payment is signed once the payee has noted it, and gives credit back', async () => {
    const both = await pair();
    for (let number = 1; number * PRICE <= 5_000; number++) await note(both, number);
    await both.alice.state(BOB.peerId, to(both.bob));
    expect(both.bob.grant('more', ALICE.peerId, BigInt(PRICE))).toBe(false);
    await both.alice.notePayment(BOB.peerId, PRICE, 'bank transfer 17', true);
    await both.alice.state(BOB.peerId, to(both.bob));
    expect(both.bob.grant('more', ALICE.peerId, BigInt(PRICE))).toBe(false);
    await both.bob.notePayment(ALICE.peerId, PRICE, 'bank transfer 17', false);
    await both.alice.state(BOB.peerId, to(both.bob));
    const [account] = both.bob.accounts();
    expect(account).toMatchObject({ unsignedByPeerMicroUsd: 0 });
    expect(account!.owedByPeerMicroUsd).toBe(Math.floor(5_000 / PRICE) * PRICE - PRICE);
    expect(both.bob.grant('more', ALICE.peerId, BigInt(PRICE))).toBe(true);
  });
});
