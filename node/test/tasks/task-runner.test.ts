import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import type { RunDocument } from '../../api-documents.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { NOT_SHOWN } from '../../certificates/trust.ts';
import type { ShownResource } from '../../certificates/trust.ts';
import { RATIONAL_POLICY } from '../../decision/policy.ts';
import { ExecutorInputError } from '../../tasks/executors/errors.ts';
import { DailySpending } from '../../tasks/daily-spending.ts';
import type { StoredDailySpending } from '../../tasks/daily-spending.ts';
import { DecisionLog } from '../../tasks/decision-log.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import type { ProspectFinder } from '../../tasks/prospect-finder.ts';
import { RunLedger } from '../../tasks/run-ledger.ts';
import { TaskRunner } from '../../tasks/task-runner.ts';
import { candidate } from '../decision/requests.ts';
import { MemoryJsonSection, MemorySection } from '../memory-section.ts';
import {
  PRICE_MICRO_USD,
  TERM,
  contractor,
  never,
  openClient,
  peer,
  prospect,
  rightResult,
  task,
} from './client-fakes.ts';
import type { Client, Conduct, FakeSurvey } from './client-fakes.ts';

const PEERS = [1, 2, 3, 4, 5, 6].map(peer);
/** Enough good outcomes to be believed. */
const SUCCESSES = 1_000;

/** A client with a runner that finds whom the test puts there. */
class RunnerUnderTest {
  readonly client: Client;
  readonly survey: FakeSurvey;
  /** Term of each task that was told of, and whether somebody sells it. */
  readonly observed: [string, boolean][] = [];
  readonly decisions = new MemorySection();
  readonly log: DecisionLog;
  readonly prospects: ProspectFinder;
  readonly runner: TaskRunner;

  constructor(client: Client, daily?: DailySpending) {
    const { config, clock, processor, execution, machine, memory } = client;
    this.client = client;
    this.survey = client.survey;
    this.prospects = client.prospects;
    this.log = new DecisionLog(this.decisions, clock, new FakeRandom('log'));
    const { prospects, log } = this;
    this.runner = new TaskRunner({
      prospects,
      execution,
      machine,
      log,
      memory,
      recurring: { observe: (observed, isSold) => this.observed.push([observed.term, isSold]) },
      config,
      clock,
      processor,
      self: 'me',
      daily,
    });
  }

  static async open(config: ConfigFile = {}): Promise<RunnerUnderTest> {
    return new RunnerUnderTest(await openClient(config));
  }

  /** A runner whose node pays no more than so much in a day. */
  static async openWithin(limitMicroUsd: number): Promise<[RunnerUnderTest, DailySpending]> {
    const client = await openClient({ decision: { maxCandidates: 6 } });
    const settings = new MemoryJsonSection<StoredDailySpending>();
    const daily = new DailySpending({ settings, clock: client.clock, limitMicroUsd });
    return [new RunnerUnderTest(client, daily), daily];
  }

  /** Puts contractors there, each with its conduct. */
  find(...conducts: Conduct[]): string[] {
    const peerIds = PEERS.slice(0, conducts.length);
    this.survey.contractors = peerIds.map((peerId) => contractor(peerId, SUCCESSES));
    conducts.forEach((conduct, i) => this.client.outsourcing.conduct.set(PEERS[i]!, conduct));
    return peerIds;
  }

  run(work: PreparedTask = task(), signal = never): Promise<RunDocument> {
    return this.runner.run(work, {}, signal);
  }

  /** Whom each decision so far could choose from, the oldest decision first. */
  async choices(): Promise<string[][]> {
    const decisions = await this.log.list(100);
    return decisions
      .map(({ candidates }) => candidates.map(({ peerId }) => peerId).sort())
      .sort((a, b) => b.length - a.length);
  }
}

let test: RunnerUnderTest;

beforeEach(async () => {
  test = await RunnerUnderTest.open({ decision: { maxCandidates: 6 } });
});

describe('a run of a node with a limit of the day', () => {
  it('buys while the day has so much left, and does the work here after that', async () => {
    const [limited, daily] = await RunnerUnderTest.openWithin(PRICE_MICRO_USD * 2);
    limited.find('good', 'good', 'good');
    const choices: string[] = [];
    for (let i = 0; i < 3; i++) {
      const run = await limited.run();
      expect(run.status).toBe('completed');
      choices.push(run.subtasks[0]!.decision.choice);
    }
    expect(choices).toEqual(['OUTSOURCE', 'OUTSOURCE', 'LOCAL']);
    expect(limited.client.outsourcing.performed).toHaveLength(2);
    expect(daily.leftMicroUsd).toBe(0);
    // The record names the setting, and no price limit that the task does not have.
    const [last] = await limited.log.list(1);
    expect(JSON.stringify(last)).toMatch(/left of the day's limit, spending.maxPerDayUsd/);
  });

  it('gives back what a contractor that failed was not paid', async () => {
    const [limited, daily] = await RunnerUnderTest.openWithin(PRICE_MICRO_USD);
    limited.find('breaks');
    await limited.run();
    expect(limited.client.outsourcing.performed).toHaveLength(1);
    expect(daily.leftMicroUsd).toBe(PRICE_MICRO_USD);
  });
});

describe('the prices that a run sees', () => {
  /** Alarms after tasks of these sizes and complexities; contractors never change their prices. */
  async function alarmsAfter(
    perUnit: string,
    works: readonly { readonly bytes: number; readonly complexity?: number }[],
    factor = 1,
  ): Promise<readonly string[]> {
    const watched = await RunnerUnderTest.open({ decision: { maxCandidates: 6 } });
    watched.find('good', 'good', 'good');
    const { survey, outsourcing, memory } = watched.client;
    survey.contractors = survey.contractors.map((one) => ({
      ...one,
      hit: { ...one.hit, offer: { ...one.hit.offer, perUnit } },
    }));
    for (const [i, { bytes, complexity }] of works.entries()) {
      const unit = perUnit === 'megabyte' ? bytes / 1e6 : 1;
      const price = 20_000 * unit * (i === 0 ? 1 : factor);
      outsourcing.priceMicroUsd = Math.ceil(price);
      const work = task();
      const parts = [{ ...work.parts[0]!, bytes: new Uint8Array(bytes).fill(0x61) }];
      const specification = { ...work.specification, ...(complexity ? { complexity } : {}) };
      await watched.run({ ...work, parts, inputBytes: bytes, specification });
    }
    return memory.status(RATIONAL_POLICY).alarms.map(({ kind }) => kind);
  }

  it('raise no alarm because tasks differ in size or complexity', async () => {
    expect(await alarmsAfter('megabyte', [{ bytes: 20_000 }, { bytes: 200_000 }])).toEqual([]);
    expect(await alarmsAfter('megabyte', [{ bytes: 200_000 }, { bytes: 700 }])).toEqual([]);
    const complex = [
      { bytes: 2_000, complexity: 1 },
      { bytes: 2_000, complexity: 3 },
    ];
    expect(await alarmsAfter('task', complex)).toEqual([]);
    expect(await alarmsAfter('task', [{ bytes: 2_000 }, { bytes: 200_000 }])).toEqual([]);
  });

  it('raise one where three contractors move, for either unit', async () => {
    const sizes = [{ bytes: 20_000 }, { bytes: 200_000 }];
    for (const perUnit of ['task', 'megabyte']) {
      expect(await alarmsAfter(perUnit, sizes, 1.4)).toContain('COORDINATED_MOVE');
    }
  });
});

describe('a run with good contractors', () => {
  it('has one of them do the task, and gives the others their quotes back, not that one', async () => {
    const peerIds = test.find('good', 'good', 'good');
    const { outsourcing } = test.client;
    const run = await test.run();
    expect(run).toMatchObject({ status: 'completed', output: await rightResult(task()) });
    expect(outsourcing.performed).toHaveLength(1);
    const [taken] = outsourcing.performed;
    expect(run.subtasks[0]).toMatchObject({
      decision: { choice: 'OUTSOURCE', contractor: taken },
      paidMicroUsd: PRICE_MICRO_USD,
    });
    expect(run.subtasks[0]!.receiptId).not.toBeNull();
    const others = peerIds.filter((peerId) => peerId !== taken).sort();
    expect([...outsourcing.released].sort()).toEqual(others);
    expect(test.survey.forgotten).toEqual([]);
    expect(await test.log.list(10)).toHaveLength(1);
  });

  it('names those who gave no quote, and why', async () => {
    const [, busy] = test.find('good', 'noQuote');
    test.survey.dropped = [{ peerId: PEERS[5]!, reason: 'NO_RECORD' }];
    const { candidates } = (await test.run()).subtasks[0]!.decision;
    expect(candidates).toContainEqual({ peerId: PEERS[5], dropped: 'NO_RECORD', score: null });
    const refused = candidates.find(({ peerId }) => peerId === busy);
    expect(refused).toMatchObject({ score: null });
    expect(refused!.dropped).toContain('BUSY');
  });
});

describe('a contractor that a task wants resources of', () => {
  const minimum = { name: 'hasResource:gpu-memory-gib', min: 40n };

  it('gives no quote unless it shows each at the level that the task asks for', async () => {
    const peerIds = test.find('good', 'good', 'good');
    const shownAt = (level: 0 | 2 | 3): ShownResource => ({
      ...{ ...minimum, ...NOT_SHOWN, remarks: [] },
      ...(level === 0 ? {} : { atLeast: 40n, level }),
    });
    const levels = [0, 2, 3] as const;
    test.survey.contractors = test.survey.contractors.map((contractor, i) => {
      const proved = { ...contractor.proved, level: 3 } as const;
      return { ...contractor, proved, resources: [shownAt(levels[i]!)] };
    });
    const { constraints } = task().specification;
    const asked = task({
      resources: { flops: 5e9, minimums: { 'gpu-memory-gib': 40 } },
      constraints: { ...constraints, level: 3 },
    });
    const { candidates } = (await test.run(asked)).subtasks[0]!.decision;
    const whyNot = peerIds.map((id) => candidates.find((one) => one.peerId === id)!.dropped);
    const lack = `RESOURCE_NOT_PROVED: ${minimum.name}>=40`;
    expect(whyNot).toEqual([lack, `${lack} at level 3: it is shown at level 2`, undefined]);
  });
});

describe('a task whose input is at fault', () => {
  function faulty() {
    const [part] = task().parts;
    return { ...task(), parts: [{ ...part!, mediaType: 'application/json' }] };
  }
  const FAULT = 'the input is at fault: Part 0 is JSON; give text/plain';

  it('is given to nobody, says why, and no contractor is blamed for it', async () => {
    const [first] = test.find('good', 'good');
    const { outsourcing, outcomes, machine } = test.client;
    const checkInput = () => {
      throw new ExecutorInputError('INVALID_INPUT', 'Part 0 is JSON; give text/plain');
    };
    vi.spyOn(machine, 'executor').mockReturnValue({ ...machine.executor(TERM)!, checkInput });
    const run = await test.run();
    expect(run.status).toBe('failed');
    const { attempts, decision } = run.subtasks[0]!;
    expect(decision.choice).toBe('OUTSOURCE');
    expect(attempts).toMatchObject([{ where: 'local', outcome: 'failed', reason: FAULT }]);
    expect(decision.reason).toBe(`nobody was given it: ${FAULT}`);
    expect(outsourcing.performed).toEqual([]);
    expect(outcomes.entriesOf(first!)).toEqual([]);
    expect(test.observed).toEqual([[TERM, true]]);
  });

  it('is read once: before it is given away, and not before work here, which reads it', async () => {
    const executor = test.client.machine.executor(TERM)!;
    const check = vi.fn(executor.checkInput!.bind(executor));
    vi.spyOn(test.client.machine, 'executor').mockReturnValue({ ...executor, checkInput: check });
    const here = await test.run(faulty());
    expect(here.subtasks[0]!.decision.choice).toBe('LOCAL');
    expect(here.subtasks[0]!.attempts).toMatchObject([{ where: 'local', reason: FAULT }]);
    expect(check).not.toHaveBeenCalled();
    test.find('breaks', 'breaks');
    await test.run();
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('of a skill that this node has no executor for is looked for as any other', async () => {
    test.find('good');
    vi.spyOn(test.client.machine, 'executor').mockReturnValue(undefined);
    const [part] = task().parts;
    await test.run({ ...task(), parts: [{ ...part!, mediaType: 'application/json' }] });
    expect(test.survey.looks).toHaveLength(1);
  });
});

describe('a contractor that fails', () => {
  it.each(['wrong', 'breaks', 'declines'] as const)(
    'is left out of the next decision, and its proofs are forgotten: %s',
    async (conduct) => {
      // That every result is audited costs more than to do the task here.
      test = await RunnerUnderTest.open({ decision: { hasEconomicGate: false } });
      const peerIds = test.find(conduct, conduct);
      const run = await test.run(task({ verification: [{ type: 'recompute', auditRate: 1 }] }));
      const { performed } = test.client.outsourcing;
      expect([...performed].sort()).toEqual([...peerIds].sort());
      expect(test.survey.forgotten).toEqual(performed);
      expect(await test.choices()).toEqual([[...peerIds].sort(), [performed[1]], []]);
      expect(run.status).toBe('completed');
      expect(run.subtasks[0]!.attempts.map(({ where }) => where)).toEqual([...performed, 'local']);
      expect(run.subtasks[0]!.decision.choice).toBe('LOCAL');
    },
  );

  it('that declined what it had quoted for is not asked again for ten minutes', async () => {
    const [first] = test.find('declines');
    await test.run();
    const { decision } = (await test.run()).subtasks[0]!;
    expect(decision.candidates).toMatchObject([{ peerId: first, score: null }]);
    expect(decision.candidates[0]!.dropped).toContain('declined');
    test.client.clock.advanceSeconds(601);
    const [again] = (await test.run()).subtasks[0]!.decision.candidates;
    // It is asked again; the quote of these tests has run out by then.
    expect(again).toMatchObject({ peerId: first, dropped: 'QUOTE_EXPIRED' });
    expect(test.client.outsourcing.performed).toEqual([first]);
  });

  it('and is audited by the task costs that audit: it is done here', async () => {
    test.find('good');
    const audited = task({ verification: [{ type: 'recompute', auditRate: 1 }] });
    expect((await test.run(audited)).subtasks[0]!.decision.choice).toBe('LOCAL');
  });

  it('is named in the record of the next decision, before those that gave no quote', async () => {
    test.find('breaks', 'noQuote');
    await test.run();
    const decisions = await test.log.list(10);
    const records = await Promise.all(decisions.map(({ decisionId }) => test.log.show(decisionId)));
    const leftOut = records.map(({ request: { context } }) =>
      context.leftOut?.map(({ peerId }) => peerId),
    );
    expect(leftOut).toHaveLength(2);
    expect(leftOut).toContainEqual([PEERS[1]]);
    expect(leftOut).toContainEqual([PEERS[0], PEERS[1]]);
  });

  it('gives way to another, whose result is the one returned', async () => {
    test.find('breaks', 'breaks', 'good');
    const run = await test.run();
    expect(run).toMatchObject({ status: 'completed', output: await rightResult(task()) });
    expect(run.subtasks[0]!.attempts.at(-1)).toMatchObject({ where: PEERS[2] });
    expect(test.client.outsourcing.released).toEqual(
      PEERS.slice(0, 3).filter((peerId) => !test.client.outsourcing.performed.includes(peerId)),
    );
  });

  it('is one of four at most: then the task is done here, and the rest are released', async () => {
    const peerIds = test.find('breaks', 'breaks', 'breaks', 'breaks', 'breaks', 'breaks');
    const run = await test.run();
    const { performed, released } = test.client.outsourcing;
    expect(performed).toHaveLength(4);
    expect(run).toMatchObject({ status: 'completed' });
    expect(run.subtasks[0]!.attempts.at(-1)).toMatchObject({ where: 'local' });
    const untried = peerIds.filter((peerId) => !performed.includes(peerId)).sort();
    expect([...released].sort()).toEqual(untried);
  });
});

describe('a task that nobody may do', () => {
  it('is refused where it cannot run here and nobody is found', async () => {
    const run = await test.run(task({ resources: { flops: 5e9, memoryGiB: 3 } }));
    expect(run).toMatchObject({ status: 'refused', output: null });
    expect(run.subtasks[0]).toMatchObject({ attempts: [], decision: { choice: 'REFUSED' } });
    expect(run.totals).toMatchObject({ netSavingPercent: null, localCostMicroUsd: null });
  });

  it('is refused where it cannot run here and the only contractor failed', async () => {
    test.find('breaks');
    const run = await test.run(task({ resources: { flops: 5e9, memoryGiB: 3 } }));
    expect(run).toMatchObject({ status: 'refused', output: null });
    expect(run.subtasks[0]!.attempts).toMatchObject([{ where: PEERS[0], outcome: 'failed' }]);
  });

  it('is refused where those found ask more than it may cost', async () => {
    const peerIds = test.find('good', 'good');
    const constraints = { sensitivity: 'low', maxPriceMicroUsd: PRICE_MICRO_USD - 1 };
    const run = await test.run(task({ resources: { memoryGiB: 3 }, constraints }));
    expect(run.status).toBe('refused');
    expect(test.client.outsourcing.performed).toEqual([]);
    expect([...test.client.outsourcing.released].sort()).toEqual([...peerIds].sort());
  });
});

describe('the sums of a run', () => {
  it('charge all processor time of the run as handling where a contractor does the work', async () => {
    test.find('good');
    const { outsourcing, random } = test.client;
    Object.assign(outsourcing, { performSeconds: 1, settleSeconds: 0.5 });
    random.costSeconds = 0.25;
    const { subtasks, totals } = await test.run();
    const { cost } = subtasks[0]!;
    expect(cost).toMatchObject({ isDoneHere: false, paidMicroUsd: PRICE_MICRO_USD });
    expect(cost.handlingMicroUsd).toBeCloseTo(1_750, 6);
    expect(totals.localCostMicroUsd).toBeCloseTo(10_000, 6);
    expect(totals.spentMicroUsd).toBeCloseTo(3_250, 6);
    expect(totals.netSavingPercent).toBeCloseTo(67.5, 6);
  });

  it('do not charge the work done here twice, and show a loss as a loss', async () => {
    test.find('breaks');
    const { outsourcing, machine } = test.client;
    outsourcing.performSeconds = 2;
    machine.workSeconds = 9;
    // not repeated to be checked: that would be work of its own
    const { subtasks, totals } = await test.run(task({ verification: [] }));
    const { cost } = subtasks[0]!;
    expect(cost).toMatchObject({ isDoneHere: true, paidMicroUsd: 0 });
    expect(cost.handlingMicroUsd).toBeCloseTo(2_000, 6);
    expect(totals.spentMicroUsd).toBeCloseTo(12_000, 6);
    expect(totals.netSavingPercent).toBeCloseTo(-20, 6);
  });

  it('count an audit that repeats the work as handling', async () => {
    test = await RunnerUnderTest.open({ decision: { hasEconomicGate: false } });
    test.find('good');
    test.client.machine.workSeconds = 9;
    const audited = task({ verification: [{ type: 'recompute', auditRate: 1 }] });
    const { subtasks } = await test.run(audited);
    const { cost } = subtasks[0]!;
    expect(cost.isDoneHere).toBe(false);
    expect(cost.handlingMicroUsd).toBeCloseTo(9_000, 6);
  });
});

describe('a run that is broken off', () => {
  it('gives the quotes back that it did not take, and is no longer in work', async () => {
    const peerIds = test.find('stalls', 'stalls', 'stalls');
    const { outsourcing } = test.client;
    outsourcing.quote = (peerId, asked) => Promise.resolve(prospect(peerId, asked).quoted);
    const caller = new AbortController();
    const done = test.run(task(), caller.signal);
    const { performed, released } = outsourcing;
    await vi.waitFor(() => expect(performed).toHaveLength(1));
    expect(test.runner.inWork).toBe(1);
    caller.abort(new Error('hung up'));
    await expect(done).rejects.toThrow('hung up');
    expect(test.runner.inWork).toBe(0);
    const others = peerIds.filter((peerId) => peerId !== performed[0]);
    expect([...released].sort()).toEqual(others.sort());
    expect(test.client.outcomes.all()).toEqual([]);
  });
});

describe('the watch on recurring tasks', () => {
  it('is told of each run once, and whether somebody gave a quote', async () => {
    await test.run();
    test.find('breaks', 'good');
    await test.run();
    expect(test.observed).toEqual([
      [TERM, false],
      [TERM, true],
    ]);
  });

  it('is not told of a decision without a run', async () => {
    test.find('good');
    await test.runner.decide(task(), undefined, {}, never);
    expect(test.observed).toEqual([]);
  });
});

describe('a decision without action', () => {
  it('asks for quotes and gives every one of them back', async () => {
    const peerIds = test.find('good', 'good');
    const record = await test.runner.decide(task(), undefined, {}, never);
    expect(record.result.choice).toBe('OUTSOURCE');
    expect(test.client.outsourcing.performed).toEqual([]);
    expect([...test.client.outsourcing.released].sort()).toEqual([...peerIds].sort());
  });

  it('asks nobody where the caller brings candidates', async () => {
    test.find('good');
    const record = await test.runner.decide(task(), [candidate(PEERS[1]!)], {}, never);
    expect(record.request.candidates.map(({ peerId }) => peerId)).toEqual([PEERS[1]]);
    expect(test.survey.looks).toEqual([]);
    expect(await test.log.list(10)).toHaveLength(1);
  });
});

describe('prospects', () => {
  const find = (signal = never) =>
    test.prospects.find(task({ description: 'Reviews' }), new RunLedger(test.client.clock), signal);

  it('are looked for by skill and description; the best known are asked, up to the limit', async () => {
    test = await RunnerUnderTest.open({ decision: { maxCandidates: 2 } });
    test.find('good', 'noQuote', 'good');
    const { quoted, refused } = await find();
    expect(test.survey.looks).toEqual([[TERM, 'Reviews']]);
    expect(quoted.map(({ quoted: { peerId } }) => peerId)).toEqual([PEERS[0]]);
    expect(refused).toEqual([
      { peerId: PEERS[1], dropped: expect.stringContaining('BUSY') as string },
      { peerId: PEERS[2], dropped: '2 better known ones were asked' },
    ]);
  });

  it('do not include one that lets the time for a quote run out, and do not wait for it', async () => {
    test = await RunnerUnderTest.open({ decision: { quoteTimeoutMs: 100 } });
    test.find('stalls', 'good');
    const { quoted, refused } = await find();
    expect(quoted.map(({ quoted: { peerId } }) => peerId)).toEqual([PEERS[1]]);
    expect(refused).toMatchObject([{ peerId: PEERS[0] }]);
  });

  it('are not looked for any longer once the caller hangs up', async () => {
    test.find('stalls');
    const caller = new AbortController();
    const done = find(caller.signal);
    caller.abort(new Error('hung up'));
    await expect(done).rejects.toThrow('hung up');
  });
});
