import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import type { RunRecordDocument } from '../../activity-documents.ts';
import type { RunDocument, SubtaskDocument } from '../../api-documents.ts';
import { MAX_POINTS, MAX_RUNS, RunHistory } from '../../tasks/run-history.ts';
import { totalsOf } from '../../tasks/run-totals.ts';
import type { TaskCost } from '../../tasks/run-totals.ts';
import { MemoryJsonSection } from '../memory-section.ts';

let clock: FakeClock;
let logger: FakeLogger;
let section: MemoryJsonSection<RunRecordDocument>;

beforeEach(() => {
  clock = new FakeClock();
  logger = new FakeLogger();
  section = new MemoryJsonSection();
});

async function openHistory(): Promise<RunHistory> {
  const history = new RunHistory({ section, clock, logger });
  await history.load();
  return history;
}

const cost = (paidMicroUsd: number, localCostMicroUsd: number | null): TaskCost => ({
  localCostMicroUsd,
  localCostWithOpportunityMicroUsd: localCostMicroUsd,
  paidMicroUsd,
  handlingMicroUsd: 1,
  isDoneHere: false,
  wallMs: 5,
});

const PLAN = { title: 'Two moods', deadlineMs: 60_000 };

const told = (runId: string, ended: number) => ({
  runId,
  subtask:
    ended === 0
      ? null
      : ({
          id: `s${ended}`,
          source: null,
          status: 'completed',
          where: 'local',
          paidMicroUsd: 0,
          wallMs: 7,
        } as const),
  ended,
  of: 2,
  paidMicroUsd: 0,
});

function runOf(taskId: string, costs: readonly TaskCost[]): RunDocument {
  const subtasks = costs.map(
    (one, i) =>
      ({
        id: `s${i + 1}`,
        source: null,
        status: 'completed',
        decision: { decisionId: `d${i}`, reason: 'cheaper there' },
        attempts: [{ where: '12D3KooWpeer' }],
        paidMicroUsd: one.paidMicroUsd,
        wallMs: one.wallMs,
        phasesMs: { decide: 3 },
        cost: { ...one, workHereSeconds: 0 },
      }) as unknown as SubtaskDocument,
  );
  const totals = totalsOf(costs, 10);
  const title = 'Two moods';
  return { taskId, title, status: 'completed', output: null, subtasks, skipped: [], totals };
}

async function finish(history: RunHistory, runId: string, ...costs: TaskCost[]): Promise<void> {
  const watch = history.progressOf(PLAN, undefined);
  watch.onProgress(told(runId, 0));
  await watch.onEnd(runOf(runId, costs));
}

describe('the history of runs', () => {
  it('tells listeners of a run as it begins, goes on and ends', async () => {
    const history = await openHistory();
    const heard: [string, number][] = [];
    const stop = history.listen(({ status, steps }) => heard.push([status, steps.length]));
    const handedOn: unknown[] = [];
    const watch = history.progressOf(PLAN, (progress) => handedOn.push(progress.ended));
    watch.onProgress(told('a', 0));
    watch.onProgress(told('a', 1));
    expect(history.list(5)).toMatchObject([{ runId: 'a', status: 'working', endedMs: null }]);
    await watch.onEnd(runOf('a', [cost(10, 20), cost(10, 20)]));
    expect(heard).toEqual([
      ['working', 0],
      ['working', 1],
      ['completed', 2],
    ]);
    expect(handedOn).toEqual([0, 1]);
    stop();
    await finish(history, 'b', cost(1, 2));
    expect(heard).toHaveLength(3);
  });

  it('has an ended run with its decisions after a restart', async () => {
    await finish(await openHistory(), 'a', cost(10, 20));
    const [run] = (await openHistory()).list(5);
    expect(run).toMatchObject({
      runId: 'a',
      status: 'completed',
      steps: [{ decisionId: 'd0', where: '12D3KooWpeer', phasesMs: { decide: 3 } }],
    });
  });

  it('says why a run has no answer', async () => {
    const history = await openHistory();
    const watch = history.progressOf(PLAN, undefined);
    watch.onProgress(told('a', 0));
    await watch.onFailure(new Error('The caller hung up'));
    expect(history.list(5)).toMatchObject([{ status: 'ended', problem: 'The caller hung up' }]);
    expect(history.savings()).toEqual({ runs: 0, points: [], totals: null });
  });

  it('keeps at most so many runs, in memory and on disk', async () => {
    const history = await openHistory();
    for (let i = 0; i <= MAX_RUNS; i++) {
      clock.advanceSeconds(1);
      await finish(history, `run-${i}`, cost(1, 2));
    }
    expect(history.list(Infinity)).toHaveLength(MAX_RUNS);
    expect(history.list(1)[0]!.runId).toBe(`run-${MAX_RUNS}`);
    expect(await section.values()).toHaveLength(MAX_RUNS);
    expect(history.savings().points.length).toBeLessThanOrEqual(MAX_POINTS);
  });

  it('does not take the answer of a run away because the disk is full', async () => {
    const full = new MemoryJsonSection<RunRecordDocument>();
    full.put = () => Promise.reject(new Error('ENOSPC'));
    const history = new RunHistory({ section: full, clock, logger });
    await finish(history, 'a', cost(1, 2));
    expect(history.list(1)).toMatchObject([{ runId: 'a' }]);
    expect(logger.lines).toMatchObject([{ level: 'error' }]);
  });
});

describe('a run at work', () => {
  it('has its deadline, and who has which of its steps at which price', async () => {
    const history = await openHistory();
    const startedMs = clock.nowMs();
    const watch = history.progressOf(PLAN, undefined);
    watch.onProgress(told('a', 0));
    clock.advanceSeconds(1);
    watch.onAttempt('s1', { where: '12D3KooWfirst', priceMicroUsd: 30 });
    watch.onAttempt('s2', { where: 'local', priceMicroUsd: null });
    watch.onAttempt('s1', { where: '12D3KooWsecond', priceMicroUsd: 40 });
    const sinceMs = startedMs + 1_000;
    expect(history.find('a')).toMatchObject({
      deadlineMs: startedMs + 60_000,
      atWork: [
        { id: 's2', where: 'local', priceMicroUsd: null, sinceMs },
        { id: 's1', where: '12D3KooWsecond', priceMicroUsd: 40, sinceMs },
      ],
    });
    watch.onProgress(told('a', 1));
    expect(history.find('a')!.atWork.map(({ id }) => id)).toEqual(['s2']);
    await watch.onEnd(runOf('a', [cost(1, 2)]));
    expect(history.find('a')).toMatchObject({ status: 'completed', atWork: [] });
  });

  it('is called off by its id, and no other run is', async () => {
    const history = await openHistory();
    const [one, other] = [history.progressOf(PLAN, undefined), history.progressOf(PLAN, undefined)];
    one.onProgress(told('a', 0));
    other.onProgress(told('b', 0));
    expect(history.cancel('a')).toBe(true);
    expect([one.signal.aborted, other.signal.aborted]).toEqual([true, false]);
    await one.onFailure(one.signal.reason);
    expect(history.find('a')).toMatchObject({
      status: 'cancelled',
      problem: 'The run a was cancelled',
    });
    expect([history.cancel('a'), history.cancel('nobody')]).toEqual([false, false]);
  });

  it('is read as an older version stored it', async () => {
    await finish(await openHistory(), 'a', cost(1, 2));
    const [stored] = await section.values();
    const { deadlineMs: _left, atWork: _out, ...older } = stored!;
    section = new MemoryJsonSection();
    await section.put('k', older as RunRecordDocument);
    expect((await openHistory()).find('a')).toMatchObject({ deadlineMs: null, atWork: [] });
  });
});

describe('savings over time', () => {
  it('are sums over all tasks so far, whatever runs they came in', async () => {
    const amount = fc.integer({ min: 0, max: 1_000 });
    const anyCost = fc.tuple(amount, fc.option(amount)).map((amounts) => cost(...amounts));
    const anyRuns = fc.array(fc.array(anyCost, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(anyRuns, async (runs) => {
        section = new MemoryJsonSection();
        const history = await openHistory();
        for (const [i, costs] of runs.entries()) await finish(history, `r${i}`, ...costs);
        const { points, totals } = history.savings();
        expect(points).toHaveLength(runs.length);
        for (const [i, point] of points.entries()) {
          const soFar = runs.slice(0, i + 1).flat();
          expect(point.totals).toEqual(totalsOf(soFar, 10 * (i + 1)));
        }
        expect(totals).toEqual(points.at(-1)?.totals ?? null);
      }),
      { numRuns: 50 },
    );
  });
});
