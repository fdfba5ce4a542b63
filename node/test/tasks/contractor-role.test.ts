import { beforeEach, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../crypto/bytes.ts';
import { countersign } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { Contract, Phase } from '../../../protocols/negotiation/contract.ts';
import { AGREEMENT } from '../../../protocols/negotiation/documents.ts';
import type { TaskShape } from '../../../protocols/negotiation/documents.ts';
import {
  FakeClock,
  FakeLogger,
  FakeRandom,
} from '../../../protocols/test/negotiation/fake-world.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  makeDelivery,
  makeProposal,
  makeQuote,
  makeRequest,
  makeVerdict,
} from '../../../protocols/test/negotiation/fixture.ts';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { ContractorRole } from '../../tasks/contractor-role.ts';
import type { Debtor, OpenContract, StoredResult } from '../../tasks/contractor-role.ts';
import { SkillShelf } from '../../tasks/skill-shelf.ts';
import type { StoredSkill } from '../../tasks/skill-shelf.ts';
import { WorkQueue } from '../../tasks/work-queue.ts';
import { makeAccounts } from '../ledger/made-accounts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const TERM = 'performs:nlp/sentiment';
const OTHER_TERM = 'performs:finance/portfolio-optimization';
const SHAPE: TaskShape = {
  skills: [TERM],
  inBytes: 1_000,
  outMaxBytes: 10_000,
  maxLatencyMs: 0,
  sensitivity: 'low',
  delivery: 'open',
};

interface OfferChange {
  readonly skill?: object;
  readonly accept?: object;
}

/** A role with skills on a real shelf. */
class RoleUnderTest {
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  readonly results = new MemoryJsonSection<StoredResult>();
  readonly shelf = new SkillShelf({
    section: new MemoryJsonSection<StoredSkill>(),
    baseDirectory: import.meta.dirname,
    random: new FakeRandom('shelf'),
    logger: this.logger,
  });
  readonly receipts: Contract[] = [];
  /** What is on disk of each contract, where a test says so. */
  readonly contracts = new Map<string, Contract>();
  readonly open = new MemoryJsonSection<OpenContract>();
  readonly debtors = new MemoryJsonSection<Debtor>();
  queue = new WorkQueue();
  /** What a task costs the node. */
  costMicroUsd: number | null = null;
  /** Client and term of tasks that are not taken. */
  notTaken: readonly string[] = [];
  readonly reserved: string[] = [];
  readonly released: string[] = [];
  role: ContractorRole;
  #contracts = 0;

  constructor(config: ConfigFile = {}) {
    this.role = this.#newRole(config);
  }

  /** The node's process ends and starts again over the same store. */
  async restart(config: ConfigFile = {}): Promise<void> {
    this.role = this.#newRole(config);
    await this.role.load();
  }

  #newRole(config: ConfigFile): ContractorRole {
    this.queue = new WorkQueue();
    return new ContractorRole({
      config: loadConfig([{ origin: 'test', values: config }]),
      shelf: this.shelf,
      queue: this.queue,
      costMicroUsd: () => this.costMicroUsd,
      results: this.results,
      open: this.open,
      debtors: this.debtors,
      tests: {
        mayTake: ({ client, term }) => !this.notTaken.includes(`${client} ${term}`),
        reserve: ({ contractId, client, term }) => {
          if (this.notTaken.includes(`${client} ${term}`)) return false;
          this.reserved.push(contractId);
          return true;
        },
        release: (contractId) => void this.released.push(contractId),
      },
      accounts: makeAccounts(BOB),
      contractOf: (id) => Promise.resolve(this.contracts.get(id)),
      onReceipt: (contract) => {
        this.receipts.push(contract);
        return Promise.resolve();
      },
      clock: this.clock,
      logger: this.logger,
    });
  }

  static async open(change: OfferChange = {}, config: ConfigFile = {}): Promise<RoleUnderTest> {
    const test = new RoleUnderTest(config);
    const skill = {
      term: TERM,
      description: 'x',
      priceMicroUsd: 1_000,
      perUnit: 'task',
      latencyMs: 2_000,
      capacity: 4,
      executor: { type: 'builtin' },
      ...change.skill,
    };
    await test.shelf.add({ skills: [skill], accept: { ...change.accept } });
    return test;
  }

  quote(shape: Partial<TaskShape> = {}, client = ALICE.peerId, openQuotes = 1) {
    const taskHash = new Uint8Array(32);
    return this.role.quoteFor({ client, taskHash, shape: { ...SHAPE, ...shape }, openQuotes });
  }

  /** A contract that a client has signed, with real signatures. */
  proposal(client: Identity = ALICE, term = TERM): Contract {
    this.#contracts += 1;
    const nonce = Buffer.alloc(32, this.#contracts).toString('base64url');
    const shape = { ...SHAPE, skills: [term] };
    const request = makeRequest({ client: client.peerId, shape, nonce }, client);
    const quote = makeQuote(request, { nonce });
    const agreement = makeProposal(quote, { client: client.peerId, nonce }, client);
    return {
      role: 'contractor',
      phase: 'NEGOTIATING',
      sinceSeconds: this.clock.seconds,
      request,
      quote,
      agreement,
    };
  }

  accept(contract: Contract) {
    const { request, agreement } = contract;
    return this.role.acceptAgreement({
      client: request.body.client,
      contractId: agreement!.id,
      agreement: agreement!.body,
      shape: request.body.shape,
      priceMicroUsd: BigInt(agreement!.body.price),
    });
  }

  /** Agrees to a contract, and fails the test if the role declines. */
  async agreed(client: Identity = ALICE, term = TERM): Promise<Contract> {
    const contract = this.proposal(client, term);
    expect(await this.accept(contract)).toBe(true);
    this.enter(contract, 'AGREED');
    return contract;
  }

  enter(contract: Contract, phase: Phase): void {
    const agreement = countersign(AGREEMENT, contract.agreement!, BOB);
    this.role.onContract({ ...contract, agreement, phase });
  }

  /** Alice's verdict on a delivered result, and the end of the contract. */
  settle(contract: Contract, outcome: 'pass' | 'fail' | 'partial'): void {
    this.role.onContract(this.settled(contract, outcome));
  }

  settled(contract: Contract, outcome: 'pass' | 'fail' | 'partial'): Contract {
    const agreement = countersign(AGREEMENT, contract.agreement!, BOB);
    const delivery = makeDelivery(agreement);
    const paid = { pass: agreement.body.price, fail: '0', partial: '1' }[outcome];
    const verdict = makeVerdict(agreement, delivery, { outcome, paid });
    return { ...contract, agreement, delivery, verdict, phase: 'RECEIPT' };
  }

  /** Stores a result for a contract, as the work does. @returns the contract's id. */
  async store(contract: Contract): Promise<Uint8Array> {
    const { id } = contract.agreement!;
    const result = Buffer.alloc(32, 6).toString('base64url');
    const stored = { parts: [], result, bytes: 12, finishedAtMs: this.clock.nowMs() };
    await this.results.put(Buffer.from(id).toString('base64url'), stored);
    return id;
  }
}

const declined = (decline: string) => ({ decline });
const known = (...peers: Identity[]): ConfigFile => ({
  trust: { known: peers.map(({ peerId }) => peerId) },
});

describe('quotes that are declined', () => {
  let test: RoleUnderTest;
  beforeEach(async () => {
    test = await RoleUnderTest.open({
      accept: { clients: [ALICE.peerId], maxInBytes: 5_000, levels: ['low'] },
    });
  });

  it('gives a quote where nothing stands against it', async () => {
    expect(await test.quote()).toMatchObject({ latencyMs: 2_000, capacitySecs: 1_200 });
  });

  const declinedShapes: [string, Partial<TaskShape>, string][] = [
    ['a skill that is not offered', { skills: [OTHER_TERM] }, 'SKILL_NOT_OFFERED'],
    ['two skills', { skills: [TERM, OTHER_TERM] }, 'SKILL_NOT_OFFERED'],
    ['too much input', { inBytes: 5_001 }, 'INPUT_TOO_LARGE'],
    ['more latency than allowed', { maxLatencyMs: 1_999 }, 'LATENCY_NOT_POSSIBLE'],
    ['a sensitivity that is not taken', { sensitivity: 'medium' }, 'SENSITIVITY_NOT_ACCEPTED'],
  ];
  it.each(declinedShapes)('names %s', async (_what, shape, code) => {
    expect(await test.quote(shape)).toEqual(declined(code));
  });

  it('takes input and latency at their limits', async () => {
    expect(await test.quote({ inBytes: 5_000, maxLatencyMs: 2_000 })).toHaveProperty('latencyMs');
  });

  it('names a client that is not on the list', async () => {
    expect(await test.quote({}, MALLORY.peerId)).toEqual(declined('CLIENT_NOT_ACCEPTED'));
  });

  it('takes known clients and attestors only, where the offer says so', async () => {
    const config = { trust: { known: [ALICE.peerId], attestors: [BOB.peerId] } };
    const choosy = await RoleUnderTest.open({ accept: { clients: 'known' } }, config);
    expect(await choosy.quote({}, ALICE.peerId)).toHaveProperty('latencyMs');
    expect(await choosy.quote({}, BOB.peerId)).toHaveProperty('latencyMs');
    expect(await choosy.quote({}, MALLORY.peerId)).toEqual(declined('CLIENT_NOT_ACCEPTED'));
  });

  it('holds the limit of the node where the offer allows more', async () => {
    const small = await RoleUnderTest.open({}, { accept: { maxInBytes: 100 } });
    expect(await small.quote({ inBytes: 101 })).toEqual(declined('INPUT_TOO_LARGE'));
    expect(await small.quote({ inBytes: 100 })).toHaveProperty('latencyMs');
  });

  it('declines an attestor whose tests have had their share, no other and no other skill', async () => {
    test.notTaken = [`${ALICE.peerId} ${TERM}`];
    expect(await test.quote()).toEqual(declined('TESTED_ENOUGH'));
    test.notTaken = [`${MALLORY.peerId} ${TERM}`, `${ALICE.peerId} performs:other`];
    expect(await test.quote()).toHaveProperty('latencyMs');
  });

  it('tells of each contract that becomes void, so that its work is stopped', async () => {
    const voided: string[] = [];
    test.role.tellVoid((contractId) => voided.push(contractId));
    const contract = await test.agreed();
    const id = toBase64Url(contract.agreement!.id);
    test.enter(contract, 'WORKING');
    expect(voided).toEqual([]);
    test.enter(contract, 'VOID');
    expect(voided).toEqual([id]);
  });

  it('reserves the time of a test when it is agreed, and gives it back with the slot', async () => {
    const contract = test.proposal();
    test.notTaken = [`${ALICE.peerId} ${TERM}`];
    expect(await test.accept(contract)).toEqual(declined('TESTED_ENOUGH'));
    expect([test.role.openContracts, test.reserved]).toEqual([0, []]);
    test.notTaken = [];
    expect(await test.accept(contract)).toBe(true);
    const [contractId] = test.reserved;
    expect(test.released).toEqual([]);
    test.role.giveUp(contractId!);
    expect(test.released).toEqual([contractId]);
  });

  it('is busy when every slot is taken, and when it drains', async () => {
    const single = await RoleUnderTest.open({ skill: { capacity: 1 } });
    await single.agreed();
    expect(await single.quote()).toEqual(declined('BUSY'));
    test.role.drain();
    expect(await test.quote()).toEqual(declined('BUSY'));
  });
});

describe('price', () => {
  const priceOf = async (test: RoleUnderTest, shape: Partial<TaskShape> = {}, openQuotes = 1) => {
    const terms = await test.quote(shape, ALICE.peerId, openQuotes);
    if ('decline' in terms) throw new Error(terms.decline);
    return terms;
  };

  it('follows Eq. 7 with the slots in work and the quotes of others', async () => {
    const test = await RoleUnderTest.open({}, known(ALICE));
    // base 1000, alpha 0.5, 4 slots: 1000 x (1 + 0.5 (demand - available) / 4)
    expect((await priceOf(test)).priceMicroUsd).toBe(500n);
    expect((await priceOf(test, {}, 3)).priceMicroUsd).toBe(750n);
    await test.agreed();
    await test.agreed();
    const terms = await priceOf(test);
    expect(terms.load).toEqual({ demand: 2, available: 2, total: 4 });
    expect(terms.priceMicroUsd).toBe(1_000n);
    expect((await priceOf(test, {}, 5)).priceMicroUsd).toBe(1_500n);
  });

  it('is never below the least price of the offer', async () => {
    const test = await RoleUnderTest.open({ accept: { minPriceMicroUsd: 900 } });
    expect((await priceOf(test)).priceMicroUsd).toBe(900n);
    expect((await priceOf(test, {}, 5)).priceMicroUsd).toBe(1_000n);
  });

  it('covers what a model is expected to charge for the work', async () => {
    const executor = {
      type: 'openai',
      baseUrl: 'http://127.0.0.1:1/v1',
      model: 'm',
      systemPrompt: 'x'.repeat(4_000),
      maxOutputTokens: 10,
      inputUsdPerMillionTokens: 2,
    };
    const test = await RoleUnderTest.open({ skill: { executor } });
    expect((await priceOf(test, { inBytes: 0 })).priceMicroUsd).toBe(2_000n);
    expect((await priceOf(test, { inBytes: 4_000 })).priceMicroUsd).toBe(4_000n);
  });

  it('is for a megabyte of input where the offer says so, rounded up to a whole micro-USD', async () => {
    const test = await RoleUnderTest.open({
      skill: { perUnit: 'megabyte', priceMicroUsd: 1_000_000 },
      accept: { maxInBytes: 700_000 },
    });
    expect((await priceOf(test, { inBytes: 200_000 })).priceMicroUsd).toBe(100_000n);
    expect((await priceOf(test, { inBytes: 1 })).priceMicroUsd).toBe(1n);
    expect((await priceOf(test, { inBytes: 0 })).priceMicroUsd).toBe(0n);
  });
});

describe('agreements on credit', () => {
  it('lets all unknown clients share the newcomer slots (a crowd of fresh identities)', async () => {
    const test = await RoleUnderTest.open({}, { accept: { newcomerSlots: 2 } });
    await test.agreed(Identity.generate());
    await test.agreed(Identity.generate());
    for (let i = 0; i < 5; i++) {
      const refused = await test.accept(test.proposal(Identity.generate()));
      expect(refused).toEqual(declined('CREDIT_EXHAUSTED'));
    }
    expect(test.role.openContracts).toBe(2);
  });

  it('keeps the rest of the capacity for known clients', async () => {
    const test = await RoleUnderTest.open({}, known(ALICE));
    await test.agreed(MALLORY);
    for (let i = 0; i < 3; i++) await test.agreed(ALICE);
    expect(await test.accept(test.proposal(ALICE))).toEqual(declined('BUSY'));
  });

  it('does not count the work of known clients against the newcomer slots', async () => {
    const test = await RoleUnderTest.open({}, known(ALICE));
    await test.agreed(ALICE);
    await test.agreed(MALLORY);
  });

  it('takes nothing from unknown clients with 0 newcomer slots', async () => {
    const test = await RoleUnderTest.open({}, { accept: { newcomerSlots: 0 } });
    expect(await test.accept(test.proposal())).toEqual(declined('CREDIT_EXHAUSTED'));
  });

  it('counts newcomers over all skills together', async () => {
    const test = await RoleUnderTest.open();
    await test.shelf.add({
      skills: [
        {
          term: OTHER_TERM,
          description: 'x',
          priceMicroUsd: 1,
          perUnit: 'task',
          latencyMs: 1,
          capacity: 1,
          executor: { type: 'builtin' },
        },
      ],
    });
    await test.agreed(ALICE);
    const other = test.proposal(MALLORY, OTHER_TERM);
    expect(await test.accept(other)).toEqual(declined('CREDIT_EXHAUSTED'));
    expect(test.role.inWork(TERM)).toBe(1);
    expect(test.role.inWork(OTHER_TERM)).toBe(0);
  });

  it('gives the same answer when the same agreement comes again, and takes one slot', async () => {
    const test = await RoleUnderTest.open();
    const contract = test.proposal();
    expect(await test.accept(contract)).toBe(true);
    expect(await test.accept(contract)).toBe(true);
    expect(test.role.openContracts).toBe(1);
  });

  it('names no ledger while the account of a former key has still to move to this one', async () => {
    const test = await RoleUnderTest.open();
    let isPaused = true;
    const ignore = () => undefined;
    test.role.tellEscrows(ignore, () => isPaused);
    const { request, agreement } = test.proposal();
    const ask = (ledger: string) =>
      test.role.acceptAgreement({
        client: request.body.client,
        contractId: agreement!.id,
        agreement: { ...agreement!.body, ledger },
        shape: request.body.shape,
        priceMicroUsd: BigInt(agreement!.body.price),
      });
    const ledger = Buffer.alloc(32, 1).toString('base64url');
    expect(await ask(ledger)).toEqual(declined('BUSY'));
    isPaused = false;
    expect(await ask(ledger)).toBe(true);
  });

  it('takes none while it drains, for a skill that was withdrawn, or beyond capacity', async () => {
    const test = await RoleUnderTest.open({ skill: { capacity: 1 } }, known(ALICE));
    await test.agreed();
    expect(await test.accept(test.proposal())).toEqual(declined('BUSY'));
    await test.shelf.remove(TERM);
    expect(await test.accept(test.proposal())).toEqual(declined('SKILL_NOT_OFFERED'));
    test.role.drain();
    expect(await test.accept(test.proposal())).toEqual(declined('BUSY'));
  });
});

describe('slots', () => {
  it.each(['RECEIPT', 'VOID', 'DISPUTED', 'LAPSED', 'VERDICT'] as const)(
    'are freed in the phase %s',
    async (phase) => {
      const test = await RoleUnderTest.open({ skill: { capacity: 1 } });
      const contract = await test.agreed();
      for (const open of ['WORKING', 'DELIVERED', 'ACKNOWLEDGED'] as const) {
        test.enter(contract, open);
        expect(test.role.openContracts).toBe(1);
      }
      test.enter(contract, phase);
      expect(test.role.openContracts).toBe(0);
      expect(test.receipts.map((settled) => settled.phase)).toEqual(
        phase === 'RECEIPT' ? ['RECEIPT'] : [],
      );
      expect(await test.quote()).toHaveProperty('latencyMs');
    },
  );

  it('are not taken by what is only negotiated', async () => {
    const test = await RoleUnderTest.open();
    test.role.onContract(test.proposal());
    expect(test.role.openContracts).toBe(0);
  });

  it('of a client that agrees and goes silent are freed after twenty minutes, not before', async () => {
    const test = await RoleUnderTest.open();
    await test.agreed();
    test.clock.advanceSeconds(1_199);
    test.role.sweep();
    expect(test.role.openContracts).toBe(1);
    expect(await test.accept(test.proposal(MALLORY))).toEqual(declined('CREDIT_EXHAUSTED'));
    test.clock.advanceSeconds(1);
    test.role.sweep();
    expect(test.role.openContracts).toBe(0);
    await test.agreed(MALLORY);
  });

  it('are not held longer by steps of the client', async () => {
    const test = await RoleUnderTest.open();
    const contract = await test.agreed();
    test.clock.advanceSeconds(1_000);
    test.enter(contract, 'WORKING');
    test.clock.advanceSeconds(200);
    test.role.sweep();
    expect(test.role.openContracts).toBe(0);
  });
});

describe('the queue of this machine, Paper Eq. (5)', () => {
  it('has a contract at its price from the agreement until the result is there', async () => {
    const test = await RoleUnderTest.open();
    const contract = test.proposal();
    await test.accept(contract);
    const queued = {
      task: { term: TERM, inputBytes: SHAPE.inBytes, specification: {} },
      valueMicroUsd: Number(contract.agreement!.body.price),
    };
    expect(test.queue.beside('another')).toEqual([queued]);
    test.enter(contract, 'WORKING');
    expect(test.queue.beside('another')).toEqual([queued]);
    test.enter(contract, 'DELIVERED');
    expect(test.queue.size).toBe(0);
  });

  it('is left by a contract that is void, given up here, or has run out', async () => {
    const test = await RoleUnderTest.open();
    test.enter(await test.agreed(), 'VOID');
    expect(test.queue.size).toBe(0);
    const undone = await test.agreed();
    test.role.giveUp(Buffer.from(undone.agreement!.id).toString('base64url'));
    expect(test.queue.size).toBe(0);
    await test.agreed();
    expect(test.queue.size).toBe(1);
    test.clock.advanceSeconds(1_200);
    test.role.sweep();
    expect(test.queue.size).toBe(0);
  });

  it('has what was open before a restart, but no contract of an older version', async () => {
    const test = await RoleUnderTest.open({}, { accept: { newcomerSlots: 2 } });
    await test.agreed();
    const delivered = await test.agreed(MALLORY);
    test.enter(delivered, 'DELIVERED');
    await test.open.put('older', {
      contractId: 'older',
      client: ALICE.peerId,
      term: TERM,
      phase: 'AGREED',
      sinceMs: test.clock.nowMs(),
    });
    await test.restart();
    expect(test.role.openContracts).toBe(3);
    expect(test.queue.size).toBe(1);
  });
});

describe('debtors', () => {
  /** Alice takes a result and says nothing more. */
  async function takesAndGoes(test: RoleUnderTest, phase: Phase): Promise<Contract> {
    const contract = await test.agreed(ALICE);
    test.enter(contract, phase);
    test.clock.advanceSeconds(1_200);
    test.role.sweep();
    return contract;
  }

  it.each(['DELIVERED', 'ACKNOWLEDGED'] as const)(
    'get nothing more on credit (a client that takes results and never pays): %s',
    async (phase) => {
      const test = await RoleUnderTest.open();
      await takesAndGoes(test, phase);
      expect(await test.accept(test.proposal(ALICE))).toEqual(declined('CREDIT_EXHAUSTED'));
      expect(await test.accept(test.proposal(MALLORY))).toBe(true);
    },
  );

  it('are served again once their "pass" is there', async () => {
    const test = await RoleUnderTest.open();
    const contract = await takesAndGoes(test, 'DELIVERED');
    test.settle(contract, 'pass');
    const next = await test.agreed(ALICE);
    test.settle(next, 'pass');
    await test.restart();
    expect(await test.accept(test.proposal(ALICE))).toBe(true);
  });

  it.each(['fail', 'partial'] as const)(
    'are not cleared by a "%s" (a client that calls every result bad)',
    async (outcome) => {
      const test = await RoleUnderTest.open();
      const contract = await takesAndGoes(test, 'DELIVERED');
      test.settle(contract, outcome);
      expect(await test.accept(test.proposal(ALICE))).toEqual(declined('CREDIT_EXHAUSTED'));
    },
  );

  it.each(['fail', 'partial'] as const)(
    'include a stranger who answers a result with "%s", at once and after a restart',
    async (outcome) => {
      const test = await RoleUnderTest.open();
      test.settle(await test.agreed(ALICE), outcome);
      expect(await test.accept(test.proposal(ALICE))).toEqual(declined('CREDIT_EXHAUSTED'));
      await test.restart();
      expect(await test.accept(test.proposal(ALICE))).toEqual(declined('CREDIT_EXHAUSTED'));
    },
  );

  it('keep the slot of all newcomers for twenty minutes (free-riding under new names)', async () => {
    const test = await RoleUnderTest.open();
    test.settle(await test.agreed(ALICE), 'fail');
    expect(await test.accept(test.proposal(MALLORY))).toEqual(declined('CREDIT_EXHAUSTED'));
    await test.restart();
    test.clock.advanceSeconds(1_199);
    expect(await test.accept(test.proposal(MALLORY))).toEqual(declined('CREDIT_EXHAUSTED'));
    test.clock.advanceSeconds(1);
    expect(await test.accept(test.proposal(MALLORY))).toBe(true);
  });

  it('give the slot of all newcomers back when they pay', async () => {
    const test = await RoleUnderTest.open();
    const contract = await test.agreed(ALICE);
    for (const outcome of ['fail', 'pass'] as const) test.settle(contract, outcome);
    expect(await test.accept(test.proposal(MALLORY))).toBe(true);
  });

  it('do not include a stranger who says "pass", nor a known client who says "fail"', async () => {
    const test = await RoleUnderTest.open();
    test.settle(await test.agreed(ALICE), 'pass');
    expect(await test.accept(test.proposal(ALICE))).toBe(true);
    const friendly = await RoleUnderTest.open({}, known(ALICE));
    friendly.settle(await friendly.agreed(ALICE), 'fail');
    expect(await friendly.accept(friendly.proposal(ALICE))).toBe(true);
  });

  it('are not forgiven by a restart', async () => {
    const test = await RoleUnderTest.open();
    await takesAndGoes(test, 'DELIVERED');
    await test.restart();
    expect(await test.accept(test.proposal(ALICE))).toEqual(declined('CREDIT_EXHAUSTED'));
    expect(await test.accept(test.proposal(MALLORY))).toBe(true);
  });

  it('do not include an open contract, which keeps its slot over a restart', async () => {
    const test = await RoleUnderTest.open({ skill: { capacity: 1 } });
    await test.agreed(ALICE);
    await test.restart();
    expect(test.role.inWork(TERM)).toBe(1);
    expect(await test.quote()).toEqual(declined('BUSY'));
  });

  it('are no debtors after a crash just when the receipt was signed, which is kept', async () => {
    const test = await RoleUnderTest.open({ skill: { capacity: 1 } });
    const contract = await test.agreed(ALICE);
    const id = Buffer.from(contract.agreement!.id).toString('base64url');
    const settled = test.settled(contract, 'pass');
    test.contracts.set(id, settled);
    await test.restart();
    expect(test.receipts).toEqual([settled]);
    expect(test.role.inWork(TERM)).toBe(0);
    expect(await test.open.values()).toEqual([]);
    await test.restart();
    expect(test.receipts).toHaveLength(1);
  });

  it('wait for a receipt after a crash between the verdict and its countersignature', async () => {
    const test = await RoleUnderTest.open();
    const contract = await test.agreed(ALICE);
    const id = Buffer.from(contract.agreement!.id).toString('base64url');
    const settled = test.settled(contract, 'pass');
    test.role.onContract({ ...settled, phase: 'VERDICT' });
    test.contracts.set(id, { ...settled, phase: 'VERDICT' });
    await test.restart();
    expect(test.role.openContracts).toBe(0);
    test.contracts.set(id, settled);
    await test.restart();
    expect(test.receipts).toEqual([settled]);
    expect(await test.open.values()).toEqual([]);
  });

  it('do not include a client whose task was given up here, and its slot is free', async () => {
    const test = await RoleUnderTest.open({ skill: { capacity: 1 } });
    const contract = await test.agreed(ALICE);
    test.role.giveUp(Buffer.from(contract.agreement!.id).toString('base64url'));
    expect(await test.accept(test.proposal(ALICE))).toBe(true);
  });

  it('are not those who got no result', async () => {
    const test = await RoleUnderTest.open();
    await takesAndGoes(test, 'WORKING');
    expect(await test.accept(test.proposal(ALICE))).toBe(true);
  });

  it('are not those who are known', async () => {
    const test = await RoleUnderTest.open({}, known(ALICE));
    await takesAndGoes(test, 'DELIVERED');
    expect(await test.accept(test.proposal(ALICE))).toBe(true);
  });
});

describe('delivery and verdict', () => {
  it('delivers what was stored for the contract, and nothing before', async () => {
    const test = await RoleUnderTest.open();
    const id = new Uint8Array(32).fill(5);
    expect(await test.role.deliveryFor(id)).toBeUndefined();
    const key = Buffer.from(id).toString('base64url');
    const result = Buffer.alloc(32, 6).toString('base64url');
    await test.results.put(key, { parts: [], result, bytes: 12, finishedAtMs: 1 });
    expect(await test.role.deliveryFor(id)).toEqual({ result: fromBase64Url(result), bytes: 12 });
  });

  it.each(['fail', 'partial'])(
    'contests the "%s" of a stranger, countersigns that of a known client, and logs both',
    async (outcome) => {
      const test = await RoleUnderTest.open({}, known(BOB));
      const contractId = new Uint8Array(32).fill(5);
      const review = (client: string) => test.role.reviewVerdict({ client, outcome, contractId });
      expect(await review(ALICE.peerId)).toBe('contest');
      expect(await review(BOB.peerId)).toBe('countersign');
      expect(test.logger.lines).toMatchObject([
        { level: 'warn', fields: { client: ALICE.peerId, outcome } },
        { level: 'warn', fields: { client: BOB.peerId, outcome } },
      ]);
    },
  );

  it('keeps a result until the contract is settled, and no longer', async () => {
    const test = await RoleUnderTest.open();
    const contract = await test.agreed();
    const id = await test.store(contract);
    test.enter(contract, 'DELIVERED');
    expect(await test.role.deliveryFor(id)).toBeDefined();
    test.settle(contract, 'pass');
    expect(await test.role.deliveryFor(id)).toBeUndefined();
  });

  it('keeps an unsettled result for twenty minutes (a client that fills the disk)', async () => {
    const test = await RoleUnderTest.open();
    const contract = await test.agreed();
    const id = await test.store(contract);
    test.enter(contract, 'DELIVERED');
    test.clock.advanceSeconds(1_199);
    test.role.sweep();
    expect(await test.role.deliveryFor(id)).toBeDefined();
    test.clock.advanceSeconds(1);
    test.role.sweep();
    expect(await test.role.deliveryFor(id)).toBeUndefined();
  });
});

describe('a counter-offer to a contractor', () => {
  const take = (test: RoleUnderTest, priceMicroUsd: bigint) =>
    test.role.reviewCounter({
      client: ALICE.peerId,
      shape: SHAPE,
      priceMicroUsd,
      quotedMicroUsd: 1_000n,
    });

  it('is taken half way down to what the work costs here, and no further', async () => {
    const test = await RoleUnderTest.open();
    test.costMicroUsd = 300.5;
    expect(await take(test, 651n)).toBe(true);
    expect(await take(test, 650n)).toBe(false);
    // The quote did not cover the work: it is not made worse.
    test.costMicroUsd = 2_000;
    expect(await take(test, 999n)).toBe(false);
  });

  it('is never taken below the least price of the offer, or for work whose cost is unknown', async () => {
    const test = await RoleUnderTest.open({ accept: { minPriceMicroUsd: 700 } });
    test.costMicroUsd = 300;
    expect(await take(test, 700n)).toBe(true);
    expect(await take(test, 699n)).toBe(false);
    test.costMicroUsd = null;
    expect(await take(test, 999n)).toBe(false);
  });
});
