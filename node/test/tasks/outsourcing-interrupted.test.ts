/**
 * A whole contract over streams that break at any message, with a contractor that goes on, and with
 * one whose process dies there and comes back over its disk. Client, negotiation, A2A and the
 * contractor's work are the shipped ones; the streams between them are fake.
 */

import { AgentCard } from '@a2a-js/sdk';
import { DefaultRequestHandler } from '@a2a-js/sdk/server';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { LIBP2P_BINDING_URI } from '../../../protocols/a2a/agent-card.ts';
import { guardExecutor } from '../../../protocols/a2a/error-scrubbing.ts';
import { ArtifactReceiver } from '../../../protocols/a2a/artifact-stream.ts';
import { createA2aServer } from '../../../protocols/a2a/server.ts';
import { ContractStore } from '../../../protocols/negotiation/contract-store.ts';
import { FakeSecureStreams } from '../../../protocols/test/negotiation/fake-secure-streams.ts';
import { FakeLogger, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { ALICE, BOB, Market, PRICE } from '../../../protocols/test/negotiation/fixture.ts';
import { systemProcessor } from '../../system-clock.ts';
import { BoundedTaskStore } from '../../tasks/bounded-task-store.ts';
import { ContractWork } from '../../tasks/contract-work.ts';
import type { StoredResult } from '../../tasks/contractor-role.ts';
import type { SkillExecutor } from '../../tasks/executors/skill-executor.ts';
import { isInterruption, untilBack } from '../../tasks/interruption.ts';
import { refusalNumber } from '../../../protocols/errors.ts';
import { encodeAnswer, parseQuestion } from '../../../protocols/negotiation/messages.ts';
import { sendLargeResult } from '../../tasks/large-result.ts';
import { resultSeal } from '../../tasks/sealed-delivery.ts';
import { ContractorFailedError, Outsourcing } from '../../tasks/outsourcing.ts';
import type { Escrow, QuotedTask } from '../../tasks/outsourcing.ts';
import { prepareTask } from '../../tasks/prepared-task.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import type { SkillOnSale, SkillShelf } from '../../tasks/skill-shelf.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import { WorkMeter } from '../../tasks/work-meter.ts';
import { makeAccounts } from '../ledger/made-accounts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const TERM = 'performs:nlp/shouting';

const CARD = AgentCard.fromJSON({
  name: 'bob',
  capabilities: { streaming: true },
  supportedInterfaces: [{ protocolBinding: LIBP2P_BINDING_URI, protocolVersion: '1.0' }],
});

function shoutingTask(): PreparedTask {
  const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
  const specification = taskForSkill({ term: TERM, inputs, valueMicroUsd: 10_000 });
  return prepareTask(specification, new Map([['a.txt', utf8('hello')]]));
}

/** Alice hires Bob, who can be killed. */
class Deal {
  readonly task = shoutingTask();
  readonly results = new MemoryJsonSection<StoredResult>();
  market!: Market;
  outsourcing!: Outsourcing;
  executions = 0;
  deliveredAfter = 0;
  deaths = 0;
  priceMicroUsd = PRICE;
  /** Added to the result. */
  padding = '';
  /** Whether Bob takes tests. */
  hasTestTime = true;
  readonly artifacts = new ArtifactReceiver();
  /** Called in the middle of the work. */
  duringWork = (): void => undefined;
  #revival: Promise<void> = Promise.resolve();

  /** @param isSealed - The work is free then: a price would have to be held on a ledger. */
  static async open({ isSealed = false } = {}): Promise<Deal> {
    const deal = new Deal();
    if (isSealed) deal.priceMicroUsd = 0n;
    deal.market = await Market.open(
      {
        quoteFor: () =>
          Promise.resolve({
            priceMicroUsd: deal.priceMicroUsd,
            latencyMs: 500,
            capacitySecs: 30,
            load: { demand: 1, available: 3, total: 4 },
          }),
        deliveryFor: async (id) => {
          const stored = await deal.results.get(Buffer.from(id).toString('base64url'));
          if (!stored) return undefined;
          const { result, bytes, seal } = stored;
          return { result: fromBase64Url(result), bytes, seal: seal && resultSeal(seal) };
        },
        onContract: ({ phase }) => {
          if (phase === 'DELIVERED') deal.deliveredAfter = deal.executions;
        },
      },
      { questionsPerPeer: { burst: 1_000, perSecond: 100 } },
    );
    deal.serveTasks();
    deal.outsourcing = new Outsourcing({
      streams: new FakeSecureStreams(ALICE.peerId, deal.market.net),
      negotiation: deal.market.client,
      random: new FakeRandom('deal'),
      artifacts: deal.artifacts,
      ...(isSealed && { escrow: FAKE_ESCROW, sealedFromMicroUsd: 0 }),
      accounts: makeAccounts(ALICE),
      logger: new FakeLogger(),
    });
    deal.receiveArtifacts();
    return deal;
  }

  /** Alice's end of the streams that Bob opens. */
  receiveArtifacts(): void {
    const { clock, logger, net } = this.market;
    createA2aServer({
      streams: new FakeSecureStreams(ALICE.peerId, net),
      requestHandler: new DefaultRequestHandler(CARD, new BoundedTaskStore(), {
        execute: () => Promise.resolve(),
        cancelTask: () => Promise.resolve(),
      }),
      isParty: () => Promise.resolve(false),
      receiveArtifact: (stream) => this.artifacts.receive(stream),
      clock,
      logger,
    });
  }

  serveTasks(): void {
    const { contractor, clock, logger, net } = this.market;
    const work = new ContractWork({
      contractor,
      shelf: { find: () => this.#item() } as unknown as SkillShelf,
      results: this.results,
      isFunded: () => Promise.resolve(true),
      sendLargeResult: (address, taskId, bytes, signal) =>
        sendLargeResult(new FakeSecureStreams(BOB.peerId, net), address, taskId, bytes, signal),
      onUndone: () => undefined,
      onWork: () => undefined,
      tests: { begin: () => (this.hasTestTime ? { end: () => undefined } : undefined) },
      meter: new WorkMeter(systemProcessor),
      random: new FakeRandom('work'),
      clock,
      logger,
    });
    const executor = guardExecutor(work, { clock, logger, random: new FakeRandom('guard') });
    createA2aServer({
      streams: new FakeSecureStreams(BOB.peerId, net),
      requestHandler: new DefaultRequestHandler(CARD, new BoundedTaskStore(), executor),
      isParty: async (id) => (await contractor.contract(fromBase64Url(id))) !== undefined,
      clock,
      logger,
    });
  }

  #item(): SkillOnSale {
    const execute: SkillExecutor['execute'] = async ({ parts }) => {
      this.executions += 1;
      const life = this.deaths;
      this.duringWork();
      await Promise.resolve();
      // Of a process that was killed nothing comes any more.
      if (life !== this.deaths) await new Promise(() => undefined);
      const input = Buffer.from(parts[0]!.bytes).toString('utf8');
      const text = `${input} ${this.executions}${this.padding}`;
      return { parts: [{ mediaType: 'text/plain', text }] };
    };
    return {
      term: TERM,
      description: 'x',
      priceMicroUsd: 1_500,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 4,
      executor: { type: 'builtin' },
      accept: { clients: 'any', minPriceMicroUsd: 0, maxInBytes: 10_000, levels: ['low'] },
      runner: { term: TERM, execute, estimate: () => ({ seconds: 1, memoryGib: 0 }) },
    };
  }

  /** The message is lost, and with it the session and Bob's process. */
  killAtNextMessage(): void {
    this.market.net.faultOf = () => {
      this.market.net.faultOf = () => 'none';
      this.kill();
      return 'lost';
    };
  }

  /** Bob's process dies, and comes back a little later with what was on its disk. */
  kill(): void {
    this.deaths += 1;
    this.market.net.kill(BOB.peerId);
    this.#revival = (async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await this.market.restartBob();
      this.serveTasks();
    })();
  }

  /** Bob takes each acknowledgement, and says that he does not. */
  refuseAcknowledgements(): void {
    const { handlers } = this.market.net;
    handlers.forEach((handler, name) =>
      handlers.set(name, (stream) => {
        let isRefused = false;
        const read = stream.readMessage.bind(stream);
        const write = stream.writeMessage.bind(stream);
        stream.readMessage = async (options) => {
          const bytes = await read(options);
          const question = bytes && parseQuestion(bytes);
          isRefused = question?.valid === true && question.message.typ === 'acknowledge';
          return bytes;
        };
        const refusal = { v: 1, typ: 'decline', code: refusalNumber('WRONG_STATE') } as const;
        stream.writeMessage = (message, options) =>
          write(isRefused ? encodeAnswer(refusal) : message, options);
        return handler(stream);
      }),
    );
  }

  /** From the quote to the receipt. */
  async through(quoted: QuotedTask) {
    const signal = AbortSignal.timeout(20_000);
    const delivered = await this.outsourcing.perform(quoted, this.task, signal);
    const verdict = { outcome: 'pass' as const, checks: [], evidence: new Uint8Array(32) };
    const settled = await this.outsourcing.settle(delivered.quoted, verdict, signal);
    await this.#revival;
    return { delivered, settled };
  }

  quote(): Promise<QuotedTask> {
    return this.outsourcing.quote(BOB.peerId, this.task, AbortSignal.timeout(5_000));
  }

  /** Contracts of one side by phase. */
  async phases(disk: 'aliceDisk' | 'bobDisk'): Promise<string[]> {
    const phases = [];
    for await (const { phase } of new ContractStore(this.market[disk]).contracts()) {
      phases.push(phase);
    }
    return phases;
  }
}

/** The client's ledger, of which only the terms are looked at while nothing costs money. */
const FAKE_ESCROW = {
  terms: { ledger: toBase64Url(new Uint8Array(32)), fee: '1', isRequired: true },
} as unknown as Escrow;

/** Messages of a contract from the agreement to the receipt, where nothing goes wrong. */
async function countMessages(): Promise<number> {
  const deal = await Deal.open();
  const quoted = await deal.quote();
  const before = deal.market.net.sent.length;
  await deal.through(quoted);
  return deal.market.net.sent.length - before;
}

describe('a client whose caller hangs up', () => {
  /** The phases of both sides once the work has begun and `end` was called. */
  async function endedBy(end: (caller: AbortController) => AbortSignal): Promise<Deal> {
    const deal = await Deal.open();
    const caller = new AbortController();
    const signal = end(caller);
    const begun = Promise.withResolvers<void>();
    deal.duringWork = () => {
      deal.deaths += 1; // nothing comes of the work
      begun.resolve();
    };
    const performed = deal.outsourcing.perform(await deal.quote(), deal.task, signal);
    const ended = expect(performed).rejects.toThrow();
    await begun.promise;
    caller.abort(new Error('the caller hung up'));
    await ended;
    return deal;
  }

  it('lets go of the contract, so that the slot and the price are free on both sides', async () => {
    const deal = await endedBy(({ signal }) => signal);
    await expect.poll(() => deal.phases('aliceDisk')).toEqual(['VOID']);
    await expect.poll(() => deal.phases('bobDisk')).toEqual(['VOID']);
  });

  it('lets go of none that ran out of time: to stall must not be cheaper than to fail', async () => {
    const deal = await endedBy(() => AbortSignal.timeout(100));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await deal.phases('bobDisk')).toEqual(['WORKING']);
  });
});

describe('a contractor that has no more time for tests once it has agreed', () => {
  async function refused(isTest: boolean): Promise<Deal> {
    const deal = await Deal.open();
    deal.hasTestTime = false;
    const quoted = await deal.quote();
    const signal = AbortSignal.timeout(5_000);
    await expect(
      deal.outsourcing.perform(quoted, deal.task, signal, { isTest }),
    ).rejects.toMatchObject({ details: { isAgreed: true, refusal: 'TESTED_ENOUGH' } });
    return deal;
  }

  it('is let go by the attestor, so that obeying its limit is no failure of its', async () => {
    const deal = await refused(true);
    await expect.poll(() => deal.phases('aliceDisk')).toEqual(['VOID']);
    await expect.poll(() => deal.phases('bobDisk')).toEqual(['VOID']);
  });

  it('has failed any other client, to which that is no excuse', async () => {
    const deal = await refused(false);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await deal.phases('bobDisk')).toEqual(['WORKING']);
  });
});

describe('a contract whose streams break', () => {
  it.each([
    ['at a contractor that goes on', false],
    ['because the contractor dies', true],
  ])(
    'goes on after each message that can be the last one, %s',
    async (_, dies) => {
      const messages = await countMessages();
      // Agreement, task, delivery, acknowledgement, verdict, and the answer to each.
      expect(messages).toBe(10);
      for (let at = 0; at < messages; at++) {
        const deal = await Deal.open();
        const quoted = await deal.quote();
        let sent = 0;
        deal.market.net.faultOf = () => {
          if (sent++ !== at) return 'none';
          if (dies) deal.kill();
          return 'lost';
        };
        const { delivered, settled } = await deal.through(quoted);
        const message = `message ${at}`;
        expect(delivered.parts, message).toEqual([{ mediaType: 'text/plain', text: 'hello 1' }]);
        expect(deal.executions, message).toBe(1);
        expect(settled.receiptId, message).toMatch(/^[\w-]{43}$/);
        expect(await deal.phases('aliceDisk'), message).toEqual(['RECEIPT']);
        expect(await deal.phases('bobDisk'), message).toEqual(['RECEIPT']);
      }
    },
    60_000,
  );

  it.each([
    ['that fits a message', 0],
    ['on a stream of its own', 700_000],
  ])(
    'gets a sealed result %s, after each message that can be the last one of the contractor',
    async (_, padding) => {
      const messages = await countMessages();
      for (let at = 0; at < messages; at++) {
        const deal = await Deal.open({ isSealed: true });
        deal.padding = 'x'.repeat(padding);
        const quoted = await deal.quote();
        expect(quoted.wire.shape.delivery).toBe('sealed');
        let sent = 0;
        deal.market.net.faultOf = () => {
          if (sent++ !== at) return 'none';
          deal.kill();
          return 'lost';
        };
        const { delivered, settled } = await deal.through(quoted);
        const message = `message ${at}`;
        const text = `hello 1${deal.padding}`;
        expect(delivered.parts, message).toEqual([{ mediaType: 'text/plain', text }]);
        expect(deal.executions, message).toBe(1);
        expect(settled.contract.delivery?.body.keyCommit, message).not.toBe('');
        expect(await deal.phases('bobDisk'), message).toEqual(['RECEIPT']);
      }
    },
    120_000,
  );

  it('takes what a sealed result opens to for no result, if that is not what was signed', async () => {
    const deal = await Deal.open({ isSealed: true });
    const quoted = await deal.quote();
    // The contractor signs the manifest of one result, and seals another.
    const { contractor } = deal.market;
    const record = contractor.recordDelivery.bind(contractor);
    contractor.recordDelivery = (id, content) =>
      record(id, { ...content, result: new Uint8Array(32) });
    const signal = AbortSignal.timeout(20_000);
    const { parts } = await deal.outsourcing.perform(quoted, deal.task, signal);
    expect(parts).toEqual([]);
  });

  it('has no result of a contractor that tells the key to nobody but the ledger, and says "fail"', async () => {
    const deal = await Deal.open({ isSealed: true });
    const quoted = await deal.quote();
    deal.refuseAcknowledgements();
    const signal = AbortSignal.timeout(20_000);
    const delivered = await deal.outsourcing.perform(quoted, deal.task, signal);
    expect(delivered.parts).toEqual([]);
    const verdict = { outcome: 'fail' as const, checks: [], evidence: new Uint8Array(32) };
    const { contract } = await deal.outsourcing.settle(delivered.quoted, verdict, signal);
    expect(contract.verdict?.body).toMatchObject({ outcome: 'fail', paid: '0' });
  });

  it('keeps the result that it has, if the contractor refuses the acknowledgement', async () => {
    const deal = await Deal.open();
    const quoted = await deal.quote();
    deal.refuseAcknowledgements();
    const { delivered, settled } = await deal.through(quoted);
    expect(delivered.parts).toEqual([{ mediaType: 'text/plain', text: 'hello 1' }]);
    expect(settled.contract.verdict?.body.outcome).toBe('pass');
  });

  it('does anew what the contractor was at when it died, and delivers that', async () => {
    const deal = await Deal.open();
    deal.duringWork = () => {
      if (deal.executions < 3) deal.kill();
    };
    const { delivered, settled } = await deal.through(await deal.quote());
    expect(delivered.parts).toEqual([{ mediaType: 'text/plain', text: 'hello 3' }]);
    expect(deal.executions).toBe(3);
    expect(deal.deliveredAfter).toBe(3);
    expect(settled.receiptId).toMatch(/^[\w-]{43}$/);
  });

  it('pays no more for the new quote that a restart makes necessary', async () => {
    const deal = await Deal.open();
    const quoted = await deal.quote();
    deal.killAtNextMessage();
    deal.priceMicroUsd = 1_501n;
    const performing = deal.outsourcing.perform(quoted, deal.task, AbortSignal.timeout(1_500));
    await expect(performing).rejects.toThrow('it asks for more for a new quote');
    expect(deal.executions).toBe(0);
    expect(await deal.phases('bobDisk')).toEqual([]);
    expect(deal.market.contractor.openQuotes).toBe(0);
  });

  it('waits for a new quote that is no dearer: prices go with the load', async () => {
    const deal = await Deal.open();
    const quoted = await deal.quote();
    deal.killAtNextMessage();
    deal.priceMicroUsd = 1_501n;
    setTimeout(() => {
      deal.priceMicroUsd = 1_499n;
    }, 700);
    const { delivered, settled } = await deal.through(quoted);
    expect(delivered.quoted.quote.price).toBe('1499');
    expect(settled.contract.verdict!.body.paid).toBe('1499');
  });

  it.each([
    ['at once', Infinity],
    ['where the stream of the result breaks', 3],
    ['where the answer after it is lost', 5],
  ])('gets a result that fits no message, %s', async (_, at) => {
    const deal = await Deal.open();
    deal.padding = 'x'.repeat(950_000);
    const quoted = await deal.quote();
    let fromBob = 0;
    deal.market.net.faultOf = (message, from) => {
      if (from !== BOB.peerId || message.length === 0) return 'none';
      return fromBob++ === at ? 'lost' : 'none';
    };
    const { delivered, settled } = await deal.through(quoted);
    const text = `hello 1${deal.padding}`;
    expect(delivered.parts).toEqual([{ mediaType: 'text/plain', text }]);
    expect(deal.executions).toBe(1);
    expect(settled.receiptId).toMatch(/^[\w-]{43}$/);
  });

  it('ends in time with a contractor that does not come back', async () => {
    const deal = await Deal.open();
    const quoted = await deal.quote();
    deal.duringWork = () => {
      deal.deaths += 1;
      deal.market.net.kill(BOB.peerId);
    };
    const performing = deal.outsourcing.perform(quoted, deal.task, AbortSignal.timeout(700));
    const error: unknown = await performing.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ContractorFailedError);
    expect(error).toMatchObject({ details: { step: 'task', isAgreed: true } });
  });
});

describe('waiting for a peer that is away', () => {
  const never = new AbortController().signal;
  const away = Object.assign(new Error('x'), { code: 'PEER_UNREACHABLE' });

  it('tells what may pass from what a peer means', () => {
    expect(isInterruption(away)).toBe(true);
    expect(isInterruption(new Error('outer', { cause: away }))).toBe(true);
    const refused = (refusal: 'RATE_LIMITED' | 'WRONG_STATE') =>
      new ContractorFailedError({ peerId: 'p', step: 's', isAgreed: true, refusal }, 'r');
    expect(isInterruption(refused('RATE_LIMITED'))).toBe(true);
    expect(isInterruption(refused('WRONG_STATE'))).toBe(false);
    expect(isInterruption(new Error('other'))).toBe(false);
    expect(isInterruption('text')).toBe(false);
  });

  it('tries no more once it is over, and says what was wrong the last time', async () => {
    let attempts = 0;
    const attempt = () => {
      attempts += 1;
      return Promise.reject(away);
    };
    await expect(untilBack(attempt, never, () => Promise.resolve(true))).rejects.toBe(away);
    expect(attempts).toBe(1);
    await expect(untilBack(attempt, AbortSignal.abort())).rejects.toBe(away);
    expect(attempts).toBe(2);
  });
});
