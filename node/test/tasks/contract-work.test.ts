import { Message, TaskState } from '@a2a-js/sdk';
import { DefaultExecutionEventBus } from '@a2a-js/sdk/server';
import type { AgentExecutionEvent, AgentExecutor, RequestContext } from '@a2a-js/sdk/server';
import { afterEach, describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { EXECUTION_FAILED_TEXT, guardExecutor } from '../../../protocols/a2a/error-scrubbing.ts';
import { resultManifest } from '../../../protocols/negotiation/task-hash.ts';
import type { ContractorPolicy } from '../../../protocols/negotiation/contractor-policy.ts';
import type { TaskShape } from '../../../protocols/negotiation/documents.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { ALICE, BOB, Market, contractOf } from '../../../protocols/test/negotiation/fixture.ts';
import { loadConfig } from '../../config/load.ts';
import type { WorkedTask } from '../../tasks/attestor-tasks.ts';
import { ContractWork } from '../../tasks/contract-work.ts';
import { ContractorRole } from '../../tasks/contractor-role.ts';
import type { StoredResult } from '../../tasks/contractor-role.ts';
import { MAX_WAITING_PER_CLIENT } from '../../tasks/fair-slots.ts';
import { ExecutorInputError } from '../../tasks/executors/errors.ts';
import type { SkillExecutor } from '../../tasks/executors/skill-executor.ts';
import { prepareTask, wireTask } from '../../tasks/prepared-task.ts';
import type { SkillOnSale, SkillShelf } from '../../tasks/skill-shelf.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import { taskMessage } from '../../tasks/wire-task.ts';
import type { ReceivedTask } from '../../tasks/wire-task.ts';
import { WorkMeter } from '../../tasks/work-meter.ts';
import { WorkQueue } from '../../tasks/work-queue.ts';
import { systemProcessor } from '../../system-clock.ts';
import { makeAccounts } from '../ledger/made-accounts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const TERM = 'performs:nlp/shouting';
const DEAR_TERM = 'performs:nlp/shouting-dear';

type Execute = SkillExecutor['execute'];

/** Capitals of each part. */
const shout: Execute = ({ parts }) =>
  Promise.resolve({
    parts: parts.map(({ bytes }) => ({
      mediaType: 'text/plain',
      text: Buffer.from(bytes).toString('utf8').toUpperCase(),
    })),
  });

/** Sells two skills, whose executor the test chooses. */
class FakeShelf {
  execute: Execute = shout;
  calls = 0;
  capacity = 4;
  readonly terms = new Set([TERM, DEAR_TERM]);

  find(term: string): SkillOnSale | undefined {
    if (!this.terms.has(term)) return undefined;
    const execute: Execute = (work, options) => {
      this.calls += 1;
      return this.execute(work, options);
    };
    return {
      term,
      description: 'x',
      priceMicroUsd: term === DEAR_TERM ? 1_000_000 : 1_000,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: this.capacity,
      executor: { type: 'builtin' },
      accept: { clients: 'any', minPriceMicroUsd: 0, maxInBytes: 10_000, levels: ['low'] },
      runner: { term, execute, estimate: () => ({ seconds: 1, memoryGib: 0 }) },
    };
  }

  asSkillShelf(): SkillShelf {
    return this as unknown as SkillShelf;
  }
}

interface Outcome {
  readonly state: TaskState | undefined;
  readonly texts: readonly string[];
  readonly message: string | undefined;
  readonly isFinished: boolean;
}

interface Agreed {
  readonly id: Uint8Array;
  readonly task: ReceivedTask;
}

/** Bob's half of a node around a real contractor; Alice negotiates with it over real documents. */
class WorkUnderTest {
  readonly shelf = new FakeShelf();
  readonly results = new MemoryJsonSection<StoredResult>();
  readonly random = new FakeRandom('work');
  readonly meter = new WorkMeter(systemProcessor);
  /** Contract and title of each task whose work was begun. */
  readonly begun: [string, string][] = [];
  /** Wall time of each task. */
  readonly worked: (readonly [number, WorkedTask])[] = [];
  /** Whether the price is held. */
  isFunded = true;
  /** Whether tests by attestors have time left. */
  hasTestTime = true;
  /** Ends a task in work because it has not. */
  stop: () => void = () => undefined;
  market!: Market;
  role!: ContractorRole;
  work!: ContractWork;
  readonly known: readonly string[];
  #tasks = 0;
  #open: Awaited<ReturnType<Market['stream']>> | undefined;
  #agreements = 0;

  constructor(known: readonly string[]) {
    this.known = known;
  }

  static async open(known: readonly string[] = []): Promise<WorkUnderTest> {
    const test = new WorkUnderTest(known);
    // The policy is asked only after the role is there.
    const policy: Partial<ContractorPolicy> = {
      quoteFor: (question) => test.role.quoteFor(question),
      acceptAgreement: (question) => test.role.acceptAgreement(question),
      deliveryFor: (id) => test.role.deliveryFor(id),
      onContract: (contract) => test.role.onContract(contract),
    };
    test.market = await Market.open(policy);
    const { clock, logger } = test.market;
    test.role = new ContractorRole({
      config: loadConfig([{ origin: 'test', values: { trust: { known: test.known } } }]),
      shelf: test.shelf.asSkillShelf(),
      queue: new WorkQueue(),
      costMicroUsd: () => null,
      results: test.results,
      open: new MemoryJsonSection(),
      debtors: new MemoryJsonSection(),
      accounts: makeAccounts(BOB),
      contractOf: () => Promise.resolve(undefined),
      onReceipt: () => Promise.resolve(),
      clock,
      logger,
    });
    test.#newWork();
    return test;
  }

  #newWork(): void {
    this.work = new ContractWork({
      contractor: this.market.contractor,
      shelf: this.shelf.asSkillShelf(),
      results: this.results,
      sendLargeResult: () => Promise.reject(new Error('nobody takes it')),
      onUndone: (contractId) => this.role.giveUp(contractId),
      isFunded: () => Promise.resolve(this.isFunded),
      onWork: (contractId, { title }) => this.begun.push([contractId, title]),
      tests: {
        begin: ({ client, term }, stop) => {
          this.stop = stop;
          if (this.hasTestTime) {
            return { end: (durationMs) => this.worked.push([durationMs, { client, term }]) };
          }
          return undefined;
        },
      },
      meter: this.meter,
      random: this.random,
      clock: this.market.clock,
      logger: this.market.logger,
    });
  }

  /** Bob's process dies and comes back over the same disk. */
  async restart(): Promise<void> {
    await this.market.restartBob();
    this.#open = undefined;
    this.#newWork();
  }

  /** A peer may open so many streams, and say so much on each: eight agreements share one. */
  async #stream() {
    if (this.#agreements++ % 8 === 0) this.#open = undefined;
    this.#open ??= await this.market.stream();
    return this.#open;
  }

  /** Alice gets a quote for a task and agrees. `shape` is what she says of the task beforehand. */
  async agree(
    text = 'hello',
    change: { shape?: Partial<TaskShape>; specification?: object } = {},
  ): Promise<Agreed> {
    const specification = taskForSkill({
      term: TERM,
      inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
      valueMicroUsd: 1_000,
    });
    const files = new Map([['a.txt', utf8(text)]]);
    const prepared = prepareTask({ ...specification, ...change.specification }, files);
    const wire = wireTask(prepared, this.random);
    const stream = await this.#stream();
    const shape = { ...wire.shape, ...change.shape };
    const quoted = contractOf(
      await this.market.client.requestQuote(stream, { taskHash: wire.hash, shape }),
    );
    const agreed = contractOf(await this.market.client.agree(stream, quoted.request.id));
    const { salt, specification: bytes } = wire;
    const task = { salt, specification: bytes, parts: prepared.parts };
    return { id: agreed.agreement!.id, task };
  }

  async send(
    agreed: Agreed | undefined,
    task: ReceivedTask,
    executor: AgentExecutor = this.work,
  ): Promise<Outcome> {
    this.#tasks += 1;
    const messageId = `m${this.#tasks}`;
    const json: unknown = JSON.parse(JSON.stringify(taskMessage({ ...task, messageId })));
    return this.sendMessage(agreed, Message.fromJSON(json), executor);
  }

  async sendMessage(
    agreed: Agreed | undefined,
    userMessage: Message,
    executor: AgentExecutor = this.work,
  ): Promise<Outcome> {
    const state = new Map<string, unknown>();
    if (agreed) state.set('coalesce.contract', toBase64Url(agreed.id));
    const context = {
      taskId: `task-${this.#tasks}`,
      contextId: 'c',
      userMessage,
      context: { state },
    } as unknown as RequestContext;
    const bus = new DefaultExecutionEventBus();
    const events: AgentExecutionEvent[] = [];
    let isFinished = false;
    bus.on('event', (event) => events.push(event));
    bus.on('finished', () => {
      isFinished = true;
    });
    await executor.execute(context, bus);
    return { ...outcomeOf(events), isFinished };
  }

  async phaseOf({ id }: Agreed): Promise<string | undefined> {
    return (await this.market.contractor.contract(id))?.phase;
  }
}

function outcomeOf(events: readonly AgentExecutionEvent[]): Omit<Outcome, 'isFinished'> {
  let state: TaskState | undefined;
  let message: string | undefined;
  const texts: string[] = [];
  for (const event of events) {
    if (event.kind === 'artifactUpdate') {
      for (const { content } of event.data.artifact!.parts) texts.push(String(content!.value));
    } else if (event.kind === 'statusUpdate') {
      state = event.data.status!.state;
      const content = event.data.status!.message?.parts[0]?.content;
      message = content === undefined ? undefined : String(content.value);
    }
  }
  return { state, texts, message };
}

const rejected = (message: RegExp) => ({
  state: TaskState.TASK_STATE_REJECTED,
  texts: [],
  message: expect.stringMatching(message) as string,
  isFinished: true,
});

const canceled = {
  state: TaskState.TASK_STATE_CANCELED,
  texts: [],
  message: undefined,
  isFinished: true,
};

let open: WorkUnderTest[] = [];
async function newWork(known: readonly string[] = []): Promise<WorkUnderTest> {
  const test = await WorkUnderTest.open(known);
  open.push(test);
  return test;
}

afterEach(() => {
  for (const test of open) void test.work.abort();
  open = [];
});

describe('work under a contract', () => {
  it('is done, stored, and its delivery signed', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    expect(await test.send(agreed, agreed.task)).toEqual({
      state: TaskState.TASK_STATE_COMPLETED,
      texts: ['HELLO'],
      message: undefined,
      isFinished: true,
    });
    expect(await test.phaseOf(agreed)).toBe('DELIVERED');
    const contract = await test.market.contractor.contract(agreed.id);
    const manifest = resultManifest([{ text: 'HELLO' }]);
    expect(contract!.delivery!.body).toMatchObject({
      result: toBase64Url(manifest.result),
      bytes: 5,
    });
    expect(test.work.inWork).toBe(0);
  });

  it('spoils what is measured at the same time, and nothing once it is done', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const beside = test.meter.begin('computes');
    await test.send(agreed, agreed.task);
    expect(beside.end().isAlone).toBe(false);
    expect(test.meter.begin('computes').end().isAlone).toBe(true);
  });

  it('counts as time worked for its client, also where it failed', async () => {
    const test = await newWork();
    const { clock } = test.market;
    test.shelf.execute = () => {
      clock.advanceSeconds(1.5);
      return Promise.reject(new ExecutorInputError('INVALID_INPUT', 'no'));
    };
    const agreed = await test.agree();
    await test.send(agreed, agreed.task);
    expect(test.worked).toEqual([[1_500, { client: ALICE.peerId, term: TERM }]]);
  });

  it('is refused to an attestor for which there is no time, and stopped when it runs out', async () => {
    const test = await newWork();
    test.hasTestTime = false;
    const first = await test.agree();
    const refused = await test.send(first, first.task);
    expect(refused.message).toMatch(/^TESTED_ENOUGH: no more time for tests/);
    expect(test.shelf.calls).toBe(0);
    test.hasTestTime = true;
    test.shelf.execute = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        test.stop();
      });
    const second = await test.agree();
    expect((await test.send(second, second.task)).message).toMatch(/^TESTED_ENOUGH: /);
    expect(test.worked).toHaveLength(1);
  });

  it('is stopped when its contract becomes void, and not when another one does', async () => {
    const test = await newWork();
    const begun = Promise.withResolvers<void>();
    test.shelf.execute = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        begun.resolve();
      });
    const agreed = await test.agree();
    const sent = test.send(agreed, agreed.task);
    await begun.promise;
    test.work.stop(toBase64Url(new Uint8Array(32)));
    await new Promise(setImmediate);
    expect(test.worked).toEqual([]);
    test.work.stop(toBase64Url(agreed.id));
    expect((await sent).state).toBe(TaskState.TASK_STATE_CANCELED);
    expect(test.worked).toHaveLength(1);
  });

  it('is over when the node has stopped, and its time is counted', async () => {
    const test = await newWork();
    const begun = Promise.withResolvers<void>();
    test.shelf.execute = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => setTimeout(() => reject(new Error('late')), 20));
        begun.resolve();
      });
    const agreed = await test.agree();
    const sent = test.send(agreed, agreed.task).catch(() => undefined);
    await begun.promise;
    await test.work.abort();
    expect(test.worked).toHaveLength(1);
    await sent;
    // What comes after that is begun by nobody.
    const calls = test.shelf.calls;
    await expect(test.send(agreed, agreed.task)).rejects.toThrow('The node stops');
    expect(test.shelf.calls).toBe(calls);
  });

  it('is not begun before its price is held', async () => {
    const test = await newWork();
    test.isFunded = false;
    const agreed = await test.agree();
    expect(await test.send(agreed, agreed.task)).toEqual(rejected(/price is not held/));
    expect(test.shelf.calls).toBe(0);
  });

  it('tells what it is about before it begins, and nothing of work that is refused', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    await test.send(agreed, { ...agreed.task, specification: utf8('{}') });
    expect(test.begun).toEqual([]);
    await test.send(agreed, agreed.task);
    await test.send(agreed, agreed.task);
    expect(test.begun).toEqual([[toBase64Url(agreed.id), 'Shouting']]);
  });

  it('is done once when the same task comes again', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const first = await test.send(agreed, agreed.task);
    expect(await test.send(agreed, agreed.task)).toEqual(first);
    expect(test.shelf.calls).toBe(1);
  });

  it('is done once when the same task comes twice at a time', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const both = await Promise.all([
      test.send(agreed, agreed.task),
      test.send(agreed, agreed.task),
    ]);
    expect(both.map(({ texts }) => texts)).toEqual([['HELLO'], ['HELLO']]);
    expect(test.shelf.calls).toBe(1);
  });

  it('is answered from the store after a restart, and not done again', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    await test.send(agreed, agreed.task);
    test.shelf.execute = () => Promise.reject(new Error('done twice'));
    await test.restart();
    const again = await test.send(agreed, agreed.task);
    expect(again).toMatchObject({ state: TaskState.TASK_STATE_COMPLETED, texts: ['HELLO'] });
    expect(test.shelf.calls).toBe(1);
  });

  it('is done after a restart that interrupted it', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    test.shelf.execute = () => Promise.reject(new ExecutorInputError('INVALID_INPUT', 'cut off'));
    await test.send(agreed, agreed.task);
    await test.restart();
    test.shelf.execute = shout;
    expect((await test.send(agreed, agreed.task)).texts).toEqual(['HELLO']);
  });
});

describe('work that is refused', () => {
  it('has no contract', async () => {
    const test = await newWork();
    const { task } = await test.agree();
    expect(await test.send(undefined, task)).toEqual(rejected(/under a contract only/));
    expect(test.shelf.calls).toBe(0);
  });

  it('is under a contract that nobody knows', async () => {
    const test = await newWork();
    const { task } = await test.agree();
    const unknown = { id: new Uint8Array(32).fill(9), task };
    expect(await test.send(unknown, task)).toEqual(rejected(/UNKNOWN_CONTRACT/));
  });

  it('is a message that is no task', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const message = Message.fromJSON({
      messageId: 'm',
      role: 'ROLE_USER',
      parts: [{ text: 'hi' }],
    });
    expect(await test.sendMessage(agreed, message)).toEqual(rejected(/not a coalesce task/));
  });

  it('is another task than the agreed one (its hash differs)', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const other = await test
      .agree('hello', { specification: { valueMicroUsd: 2_000 } })
      .catch(() => undefined);
    expect(other).toBeUndefined(); // the one newcomer slot is taken
    const specification = utf8(
      Buffer.from(agreed.task.specification).toString('utf8').replace('1000', '2000'),
    );
    const changed = { ...agreed.task, specification };
    expect(await test.send(agreed, changed)).toEqual(rejected(/TASK_MISMATCH/));
    const salt = new Uint8Array(16).fill(1);
    expect(await test.send(agreed, { ...agreed.task, salt })).toEqual(rejected(/TASK_MISMATCH/));
    const short = { ...agreed.task, salt: new Uint8Array(15) };
    expect(await test.send(agreed, short)).toEqual(rejected(/TASK_MISMATCH/));
    expect(test.shelf.calls).toBe(0);
    expect(await test.phaseOf(agreed)).toBe('AGREED');
  });

  it.each([
    ['other bytes', [{ mediaType: 'text/plain', bytes: utf8('jello') }]],
    ['another media type', [{ mediaType: 'text/csv', bytes: utf8('hello') }]],
    ['more parts', Array(2).fill({ mediaType: 'text/plain', bytes: utf8('hello') })],
    ['no parts', []],
  ])('has other input than its specification names: %s', async (_what, parts) => {
    const test = await newWork();
    const agreed = await test.agree();
    const sent = await test.send(agreed, { ...agreed.task, parts });
    expect(sent).toEqual(rejected(/not the one that the specification names/));
    expect(test.shelf.calls).toBe(0);
  });

  it('has a result that is too large to send', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const text = 'x'.repeat(8 * 1024 * 1024 + 1);
    test.shelf.execute = () => Promise.resolve({ parts: [{ mediaType: 'text/plain', text }] });
    expect(await test.send(agreed, agreed.task)).toEqual(rejected(/too large to send/));
    expect(test.results.bytes.values.size).toBe(0);
    expect(await test.phaseOf(agreed)).not.toBe('DELIVERED');
  });

  it('has a skill that was withdrawn meanwhile', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    test.shelf.terms.delete(TERM);
    expect(await test.send(agreed, agreed.task)).toEqual(rejected(/not offered any more/));
  });

  it('comes too late to be delivered', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    test.market.clock.advanceSeconds(7 * 86_400);
    expect((await test.send(agreed, agreed.task)).state).toBe(TaskState.TASK_STATE_REJECTED);
    expect(test.shelf.calls).toBe(0);
  });

  it('takes longer than its specification allows', async () => {
    const test = await newWork();
    const constraints = { sensitivity: 'low', maxLatencyMs: 1_000 };
    const agreed = await test.agree('hello', {
      specification: { constraints },
    });
    test.shelf.execute = (_work, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    expect(await test.send(agreed, agreed.task)).toEqual(rejected(/more than 1000 ms/));
  });

  it('is cancelled by its client', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const started = Promise.withResolvers<undefined>();
    test.shelf.execute = (_work, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        started.resolve(undefined);
      });
    const sent = test.send(agreed, agreed.task);
    await started.promise;
    expect(test.work.inWork).toBe(1);
    await test.work.cancelTask('task-1');
    expect(await sent).toEqual(canceled);
    expect(test.work.inWork).toBe(0);
  });

  it('is called off by this node, and begun no more when its client sends it', async () => {
    const test = await newWork([ALICE.peerId]);
    const begun = Promise.withResolvers<AbortSignal>();
    test.shelf.execute = (_task, { signal }) => {
      begun.resolve(signal);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    };
    const [first, unsent] = [await test.agree(), await test.agree('later')];
    const sent = test.send(first, first.task);
    await begun.promise;
    for (const agreed of [first, unsent]) {
      const id = toBase64Url(agreed.id);
      expect(test.work.isExecuting(id)).toBe(agreed === first);
      test.work.callOff(id);
      if (agreed === first) expect(await sent).toEqual(canceled);
      expect(test.work.isExecuting(id)).toBe(false);
      expect(await test.send(agreed, agreed.task)).toEqual(canceled);
    }
    expect([test.role.openContracts, test.begun.length]).toEqual([0, 1]);
  });

  it('is cancelled also where the executor ends with words of its own', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const started = Promise.withResolvers<undefined>();
    test.shelf.execute = (_work, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('killed')), { once: true });
        started.resolve(undefined);
      });
    const sent = test.send(agreed, agreed.task);
    await started.promise;
    await test.work.cancelTask('task-1');
    expect(await sent).toEqual(canceled);
  });

  it('keeps its slot when the node stops, since its client may ask again', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const started = Promise.withResolvers<undefined>();
    test.shelf.execute = (_work, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        started.resolve(undefined);
      });
    const sent = test.send(agreed, agreed.task);
    await started.promise;
    void test.work.abort();
    await expect(sent).rejects.toThrow('The node stops');
    expect(test.role.openContracts).toBe(1);
    await test.restart();
    test.shelf.execute = shout;
    expect((await test.send(agreed, agreed.task)).texts).toEqual(['HELLO']);
  });
});

describe('work that waits for a slot of its skill', () => {
  /** Contracts of a known client, made while there was room; then the operator lowers it to one. */
  async function crowded(count: number, change: (i: number) => object = () => ({})) {
    const test = await newWork([ALICE.peerId]);
    test.shelf.capacity = count;
    const agreed: Agreed[] = [];
    for (let i = 0; i < count; i++) {
      agreed.push(await test.agree(`task ${i}`, { specification: change(i) }));
    }
    test.shelf.capacity = 1;
    return { test, agreed };
  }

  /** Does nothing until the signal fires, or the gate is opened. */
  function gated(test: WorkUnderTest) {
    const started = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    test.shelf.execute = async (work, options) => {
      started.resolve(undefined);
      await Promise.race([
        gate.promise,
        new Promise((_resolve, reject) => {
          const { signal } = options;
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
      ]);
      return shout(work, options);
    };
    return { started: started.promise, release: () => gate.resolve(undefined) };
  }

  it('is done one at a time, in the order of its coming, and begun only then', async () => {
    const { test, agreed } = await crowded(3);
    const { started, release } = gated(test);
    const sent = agreed.map((one) => test.send(one, one.task));
    await started;
    expect(test.shelf.calls).toBe(1);
    expect(test.begun).toHaveLength(1);
    expect(test.work.inWork).toBe(3);
    release();
    const outcomes = await Promise.all(sent);
    expect(outcomes.map(({ texts }) => texts[0])).toEqual(['TASK 0', 'TASK 1', 'TASK 2']);
    expect(test.begun).toHaveLength(3);
  });

  it('loses its time while it waits: a deadline counts from acceptance', async () => {
    const short = { constraints: { sensitivity: 'low', maxLatencyMs: 1_000 } };
    const { test, agreed } = await crowded(2, (i) => (i === 1 ? short : {}));
    const { started, release } = gated(test);
    const [first, second] = agreed.map((one) => test.send(one, one.task));
    await started;
    expect(await second).toEqual(rejected(/more than 1000 ms/));
    release();
    expect((await first)!.texts).toEqual(['TASK 0']);
    expect(test.shelf.calls).toBe(1);
  });

  it('leaves the queue when its client cancels it, and when the node stops', async () => {
    const { test, agreed } = await crowded(3);
    const { started } = gated(test);
    const [first, second, third] = agreed.map((one) => test.send(one, one.task));
    await started;
    while (test.work.inWork < 3) await new Promise(setImmediate);
    await test.work.cancelTask('task-2');
    expect(await second).toEqual(canceled);
    void test.work.abort();
    await expect(first).rejects.toThrow('The node stops');
    await expect(third).rejects.toThrow('The node stops');
    expect(test.shelf.calls).toBe(1);
  });

  it('is refused as BUSY where its client has too much waiting', async () => {
    const { test, agreed } = await crowded(MAX_WAITING_PER_CLIENT + 2);
    const { started, release } = gated(test);
    const sent = agreed.map((one) => test.send(one, one.task));
    await started;
    const busy = await Promise.race(sent);
    expect(busy).toEqual(rejected(/^BUSY: too many tasks wait here/));
    release();
    const states = (await Promise.all(sent)).map(({ state }) => state);
    const done = states.filter((state) => state === TaskState.TASK_STATE_COMPLETED);
    expect(done).toHaveLength(MAX_WAITING_PER_CLIENT + 1);
  });
});

describe('words of an executor', () => {
  it('never reach the client when it fails', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    test.shelf.execute = () => Promise.reject(new Error('password=hunter2 at /home/bob/x.ts'));
    const { clock, logger } = test.market;
    const guarded = guardExecutor(test.work, { clock, random: test.random, logger });
    await expect(test.send(agreed, agreed.task)).rejects.toThrow('hunter2');
    const outcome = await test.send(agreed, agreed.task, guarded);
    expect(outcome.state).toBe(TaskState.TASK_STATE_FAILED);
    expect(outcome.message).toBe(EXECUTION_FAILED_TEXT);
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('reach the client where they are about its own input', async () => {
    const test = await newWork();
    const agreed = await test.agree();
    const error = new ExecutorInputError('INVALID_INPUT', 'part 0: line 3 is not a number');
    test.shelf.execute = () => Promise.reject(error);
    expect(await test.send(agreed, agreed.task)).toEqual(rejected(/line 3 is not a number/));
  });
});

describe('a task that is not of the quoted shape', () => {
  const high = { constraints: { sensitivity: 'high' } };
  const rows: [string, object, Partial<TaskShape>][] = [
    ['another skill, which is dearer', { skills: [DEAR_TERM] }, { skills: [TERM] }],
    ['more input than was paid for', {}, { inBytes: 4 }],
    ['a sensitivity that is not taken', high, { sensitivity: 'low' }],
  ];
  it.each(rows)('is refused (a cheap quote for dear work): %s', async (...row) => {
    const [, specification, shape] = row;
    const test = await newWork();
    const agreed = await test.agree('hello', { specification, shape });
    expect(await test.send(agreed, agreed.task)).toEqual(rejected(/not of the agreed shape/));
    expect(test.shelf.calls).toBe(0);
  });

  it('is done where the shape asked for more than the task needs', async () => {
    const test = await newWork();
    const agreed = await test.agree('hello', { shape: { inBytes: 6, sensitivity: 'low' } });
    expect((await test.send(agreed, agreed.task)).texts).toEqual(['HELLO']);
  });
});
