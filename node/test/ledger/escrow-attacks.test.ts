/**
 * Escrows on a real committee of four, through the parts that a node uses: rail, client, keeper.
 * What the two sides do to each other is in what each has signed and keeps.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { countersign, signDocument } from '../../../crypto/envelope.ts';
import { toBase64Url } from '../../../crypto/bytes.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { balanceOf } from '../../../protocols/ledger/accounts.ts';
import { LedgerRail } from '../../../protocols/ledger/ledger-rail.ts';
import { FEES, accountKey, contractKey } from '../../../protocols/ledger/records.ts';
import type { AccountRecord, ContractRecord } from '../../../protocols/ledger/records.ts';
import { askWithOwn } from '../../../protocols/ledger-service/answers.ts';
import type { AskReplica } from '../../../protocols/ledger-service/ask-replica.ts';
import { LedgerClient } from '../../../protocols/ledger-service/client.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import { ContractStore } from '../../../protocols/negotiation/contract-store.ts';
import {
  acknowledgementDefinition,
  verdictDefinition,
} from '../../../protocols/negotiation/documents.ts';
import { scoreKey } from '../../../protocols/reputation/records.ts';
import type { ScoreRecord } from '../../../protocols/reputation/records.ts';
import {
  ALICE,
  BOB,
  FUNDS,
  PRICE,
  TASK_TYPE,
  TestLedger,
} from '../../../protocols/test/ledger/fixture.ts';
import type { TestContract } from '../../../protocols/test/ledger/fixture.ts';
import { FakeKeyValueStore } from '../../../protocols/test/negotiation/fake-world.ts';
import { EscrowKeeper } from '../../ledger/escrow-keeper.ts';
import type { OpenEscrow } from '../../ledger/escrow-keeper.ts';
import { silentLogger } from '../../logger.ts';
import { MemoryJsonSection } from '../memory-section.ts';
import { RealCommittee } from './real-committee.ts';

const PARTIES = { client: ALICE.peerId, contractor: BOB.peerId };
const POLL = { timeout: 30_000, interval: 100 };

let committee: RealCommittee;
let paper: TestLedger;
let alice: Side;
let bob: Side;

/** Nobody outside this process is a replica. */
const nobody: AskReplica = () => {
  throw new Error('no such replica');
};

function askAll(): AskReplica {
  const { replicas } = committee.rules.genesis;
  return committee.members.reduce(
    (ask, { replica }, i) => askWithOwn(ask, replicas[i]!, replica),
    nobody,
  );
}

/** One side of a contract; what is on its disk outlives its process. */
class Side {
  readonly #identity: Identity;
  readonly #contracts = new FakeKeyValueStore();
  readonly #journal = new FakeKeyValueStore();
  readonly #open = new MemoryJsonSection<OpenEscrow>();
  store!: ContractStore;
  rail!: LedgerRail;
  keeper!: EscrowKeeper;
  client!: LedgerClient;

  constructor(identity: Identity) {
    this.#identity = identity;
    this.restart();
  }

  /** The process ends and starts again. @param ask - How it reaches the committee from then on. */
  restart(ask: AskReplica = askAll()): void {
    const { rules, clock } = committee;
    const random = { bytes: (length: number) => randomBytes(length) };
    this.client = new LedgerClient({ rules, ask, random, logger: silentLogger });
    this.rail = new LedgerRail({
      identity: this.#identity,
      ledgerId: rules.ledgerId,
      access: this.client,
      journal: this.#journal,
    });
    this.store = new ContractStore(this.#contracts);
    this.keeper = new EscrowKeeper({
      ledger: this.client,
      submit: (call) => this.rail.submit(call),
      contracts: this.store,
      open: this.#open,
      onNeverHeld: () => undefined,
      clock,
      logger: silentLogger,
    });
  }

  async keep(contract: TestContract, phase: Contract['phase'], parts: Partial<Contract> = {}) {
    const { request, quote, agreement, client } = contract;
    await this.store.save({
      role: client === this.#identity ? 'client' : 'contractor',
      sinceSeconds: nowSeconds(),
      ...{ phase, request, quote, agreement },
      ...parts,
    });
    await this.keeper.add(toBase64Url(agreement.id));
  }

  hold({ agreement, quote, request }: TestContract, signal?: AbortSignal) {
    const { envelope } = agreement;
    const documents = { agreement: envelope, quote: quote.envelope, request: request.envelope };
    return this.rail.reserve(documents, signal);
  }
}

function nowSeconds(): number {
  return Math.floor(committee.clock.nowMs() / 1_000);
}

beforeEach(async () => {
  committee = await RealCommittee.create();
  await committee.startAll();
  paper = new TestLedger({ time: committee.rules.genesis.time });
  alice = new Side(ALICE);
  bob = new Side(BOB);
});

afterEach(async () => {
  await committee.destroy();
});

/** A contract that both have signed now. */
function agreed(): TestContract {
  const now = nowSeconds();
  return paper.contract({
    request: { exp: now + 120 },
    quote: { exp: now + 60 },
    agreement: { iat: now, verifySecs: 600 },
  });
}

/** The same, with its price held. */
async function held(): Promise<TestContract> {
  const contract = agreed();
  await alice.keep(contract, 'AGREED');
  await bob.keep(contract, 'AGREED');
  expect(await alice.hold(contract)).toEqual({ done: true });
  return contract;
}

/** What the two have signed of the work by the end of it. */
function documents(contract: TestContract, outcome: 'pass' | 'fail' = 'pass') {
  const delivery = paper.delivery(contract);
  const acknowledgement = signDocument(
    acknowledgementDefinition(PARTIES),
    { v: 1, typ: 'ack', delivery: toBase64Url(delivery.id) } as const,
    ALICE,
  );
  const definition = verdictDefinition(PARTIES);
  const verdict = signDocument(
    definition,
    {
      v: 1,
      typ: 'vrd',
      contract: toBase64Url(contract.agreement.id),
      delivery: toBase64Url(delivery.id),
      outcome,
      paid: outcome === 'pass' ? PRICE.toString() : '0',
      checks: [{ type: 'json-schema', passed: outcome === 'pass' ? 1 : 0 }],
      evidence: '',
    },
    ALICE,
  );
  const receipt = countersign(definition, verdict, BOB);
  return { delivery, acknowledgement, verdict, receipt };
}

async function escrow(contract: TestContract): Promise<ContractRecord | undefined> {
  const record = await alice.client.read(contractKey(contract.id));
  return record as ContractRecord | undefined;
}

async function ended(contract: TestContract, end: ContractRecord['end']): Promise<void> {
  await expect.poll(async () => (await escrow(contract))?.end, POLL).toBe(end);
}

/** A side does what it can, again and again as a node does, until the escrow stands so. */
async function reaches(
  contract: TestContract,
  state: ContractRecord['state'],
  side: Side,
): Promise<void> {
  await expect
    .poll(async () => {
      await side.keeper.sweep();
      return (await escrow(contract))?.state;
    }, POLL)
    .toBe(state);
}

async function account(holder: string): Promise<AccountRecord> {
  return (await alice.client.read(accountKey(holder))) as AccountRecord;
}

/** Balances of the two in micro-USD; nothing is held any more, and no money came or went. */
async function balances(): Promise<{ client: bigint; contractor: bigint }> {
  const [client, contractor, fees] = await Promise.all(
    [ALICE.peerId, BOB.peerId, FEES].map(account),
  );
  for (const { debitsHeld, creditsHeld } of [client!, contractor!]) {
    expect([debitsHeld, creditsHeld]).toEqual([0n, 0n]);
  }
  const sum = balanceOf(client!) + balanceOf(contractor!) + balanceOf(fees!);
  expect(sum).toBe(2n * FUNDS);
  return { client: balanceOf(client!), contractor: balanceOf(contractor!) };
}

async function scoreOfBob(): Promise<ScoreRecord | undefined> {
  const key = scoreKey({ subject: BOB.peerId, role: 'contractor', taskType: TASK_TYPE });
  return (await alice.client.read(key)) as ScoreRecord | undefined;
}

/** What the client pays beside the price for so many transactions. */
function fees(transactions: number): bigint {
  const { escrow: fee, transaction } = committee.rules.fees;
  return fee + BigInt(transactions) * transaction;
}

describe('an escrow on a real committee', () => {
  it('that both let go of before the work gives the client its money back', async () => {
    const contract = await held();
    await alice.keep(contract, 'VOID', { voidReason: 'CANCELLED' });
    await bob.keep(contract, 'VOID', { voidReason: 'CANCELLED' });
    await alice.keeper.sweep();
    expect((await escrow(contract))!.state).toBe('HELD');
    await reaches(contract, 'CLOSED', bob);
    await ended(contract, 'CANCELLED');
    const { transaction } = committee.rules.fees;
    const after = await balances();
    expect(after.contractor).toBe(FUNDS - transaction);
    expect(after.client).toBeGreaterThanOrEqual(FUNDS - fees(2));
    expect(await scoreOfBob()).toBeUndefined();
  }, 60_000);

  it('against a client that cancels alone while the work is done: stays held', async () => {
    const contract = await held();
    await alice.keep(contract, 'VOID', { voidReason: 'CANCELLED' });
    await bob.keep(contract, 'WORKING');
    await expect
      .poll(async () => {
        await alice.keeper.sweep();
        return (await escrow(contract))?.cancelledBy;
      }, POLL)
      .toBe('client');
    await bob.keeper.sweep();
    expect(await escrow(contract)).toMatchObject({ state: 'HELD', cancelledBy: 'client' });
  }, 60_000);

  it('against a contractor that never delivers: the money is back without its signature', async () => {
    const contract = await held();
    committee.clock.forwardSeconds(700);
    await ended(contract, 'NOT_DELIVERED');
    const after = await balances();
    expect(after.contractor).toBe(FUNDS);
    expect(after.client).toBeGreaterThanOrEqual(FUNDS - fees(1));
    const score = await scoreOfBob();
    expect([score!.total > 0n, score!.successes]).toEqual([true, 0n]);
  }, 60_000);

  it('against a client that takes the result and says nothing: the contractor is paid', async () => {
    const contract = await held();
    const { delivery, acknowledgement } = documents(contract);
    await bob.keep(contract, 'ACKNOWLEDGED', { delivery, acknowledgement });
    await bob.keeper.sweep();
    expect((await escrow(contract))!.state).toBe('HELD');
    committee.clock.forwardSeconds(30);
    await reaches(contract, 'DELIVERED', bob);
    committee.clock.forwardSeconds(700);
    await ended(contract, 'LAPSED');
    const after = await balances();
    expect(after.contractor).toBe(FUNDS + PRICE - committee.rules.fees.transaction);
    expect(after.client).toBe(FUNDS - PRICE - fees(1));
  }, 60_000);

  it('against a client that calls good work bad: contested, it costs both the dispute fee', async () => {
    const contract = await held();
    const { delivery, acknowledgement, verdict } = documents(contract, 'fail');
    const parts = { delivery, acknowledgement };
    await bob.keep(contract, 'ACKNOWLEDGED', parts);
    committee.clock.forwardSeconds(30);
    await reaches(contract, 'DELIVERED', bob);
    await alice.keep(contract, 'VERDICT', { ...parts, verdict });
    await reaches(contract, 'DISPUTE', alice);
    await bob.keep(contract, 'DISPUTED', { ...parts, verdict });
    await reaches(contract, 'CLOSED', bob);
    // No arbiter can rule: word stands against word, and nobody is paid.
    await ended(contract, 'UNRULED');
    const { dispute, transaction } = committee.rules.fees;
    const after = await balances();
    expect(after.client).toBeGreaterThanOrEqual(FUNDS - fees(2) - dispute);
    expect(after.client).toBeLessThanOrEqual(FUNDS - dispute);
    expect(after.contractor).toBe(FUNDS - dispute - 2n * transaction);
    expect((await account(ALICE.peerId)).disputes).toBe(1);
    expect((await account(BOB.peerId)).disputes).toBe(1);
  }, 60_000);

  it('against a contractor that delivers junk and says nothing to the verdict: unpaid', async () => {
    const contract = await held();
    const { delivery, acknowledgement, verdict } = documents(contract, 'fail');
    const parts = { delivery, acknowledgement };
    await bob.keep(contract, 'ACKNOWLEDGED', parts);
    committee.clock.forwardSeconds(30);
    await reaches(contract, 'DELIVERED', bob);
    await alice.keep(contract, 'VERDICT', { ...parts, verdict });
    await reaches(contract, 'DISPUTE', alice);
    committee.clock.forwardSeconds(4_000);
    await ended(contract, 'UNDISPUTED');
    const after = await balances();
    expect(after.contractor).toBe(FUNDS - committee.rules.fees.transaction);
    expect((await scoreOfBob())!.successes).toBe(0n);
  }, 60_000);
});

describe('a restart in the middle of an escrow', () => {
  it('of the client, whose hold was sent and not answered, holds the price once', async () => {
    const contract = agreed();
    await alice.keep(contract, 'AGREED');
    const isSent = Promise.withResolvers<void>();
    const ask = askAll();
    alice.restart(async function* deaf(peerId, question, signal) {
      if (question.type !== 'submit') return yield* ask(peerId, question, signal);
      const asked = ask(peerId, question, signal)[Symbol.asyncIterator]().next();
      void asked.then(() => isSent.resolve());
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('no answer')));
      });
    });
    const patience = new AbortController();
    const given = alice.hold(contract, patience.signal);
    await isSent.promise;
    patience.abort();
    expect(await given).toEqual({ done: false, refusal: 'TIMED_OUT' });
    alice.restart();
    await alice.hold(contract);
    expect(await alice.rail.isReserved(contract.agreement.id)).toBe(true);
    const { debitsHeld } = await account(ALICE.peerId);
    expect(debitsHeld).toBe(PRICE + committee.rules.fees.dispute);
  }, 60_000);

  it('of the client, with its verdict on disk, pays', async () => {
    const contract = await held();
    const { delivery, acknowledgement, receipt } = documents(contract);
    await alice.keep(contract, 'RECEIPT', { delivery, acknowledgement, verdict: receipt });
    alice.restart();
    await reaches(contract, 'CLOSED', alice);
    await ended(contract, 'AGREED');
    const after = await balances();
    expect(after.contractor).toBe(FUNDS + PRICE);
    expect(after.client).toBe(FUNDS - PRICE - fees(2));
    await alice.keeper.sweep();
    expect(await alice.keeper.list()).toEqual([]);
  }, 60_000);

  it('of the contractor, with the acknowledgement on disk, still gets it paid', async () => {
    const contract = await held();
    const { delivery, acknowledgement } = documents(contract);
    await bob.keep(contract, 'ACKNOWLEDGED', { delivery, acknowledgement });
    bob.restart();
    committee.clock.forwardSeconds(30);
    await reaches(contract, 'DELIVERED', bob);
    bob.restart();
    committee.clock.forwardSeconds(700);
    await ended(contract, 'LAPSED');
    expect((await balances()).contractor).toBe(FUNDS + PRICE - committee.rules.fees.transaction);
  }, 60_000);
});
