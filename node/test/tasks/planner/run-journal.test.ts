import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../protocols/test/negotiation/fake-world.ts';
import { NothingFoundError } from '../../../errors.ts';
import { MAX_KEPT_RUNS, RunJournal } from '../../../tasks/planner/run-journal.ts';
import type {
  StoredPayments,
  StoredRun,
  StoredSubtask,
} from '../../../tasks/planner/run-journal.ts';
import { MemoryJsonSection } from '../../memory-section.ts';
import { FakeRunner, planned, planOf, PRICE_MICRO_USD, runnerOf } from './fake-runner.ts';

const REQUEST = { task: {}, files: {} };

function openJournal(): { journal: RunJournal; clock: FakeClock } {
  const clock = new FakeClock();
  const journal = new RunJournal({
    runs: new MemoryJsonSection<StoredRun>(),
    subtasks: new MemoryJsonSection<StoredSubtask>(),
    payments: new MemoryJsonSection<StoredPayments>(),
    clock,
  });
  return { journal, clock };
}

describe('the journal of a run', () => {
  it('lets a run that was cut short anywhere go on: nothing is done or paid twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: 2, maxLength: 8 }),
        fc.nat({ max: 8 }),
        async (needs, cutAfter) => {
          const tasks = needs.map((n, i) =>
            i === 0 ? planned('t0') : planned(`t${i}`, `t${n % i}`),
          );
          const plan = planOf(tasks, { budgetMicroUsd: tasks.length * PRICE_MICRO_USD });
          const { journal } = openJournal();
          const first = new FakeRunner();
          const cut = new AbortController();
          const begun = await journal.begin('run', REQUEST);
          const stopped = runnerOf(first, 2).run(plan, {
            signal: cut.signal,
            journal: begun,
            onProgress: ({ ended }) => {
              if (ended >= cutAfter) cut.abort();
            },
          });
          await stopped.catch(() => undefined);
          const entry = await journal.resume('run');
          const again = new FakeRunner();
          const run = await runnerOf(again, 2).run(plan, { signal: never, journal: entry });
          expect(run.status).toBe('completed');
          const kept = [...entry.completed.keys()];
          expect(again.started.filter((id) => kept.includes(id))).toEqual([]);
          expect([...kept, ...again.started].sort()).toEqual(tasks.map(({ id }) => id).sort());
          expect(run.totals.paidMicroUsd).toBe(tasks.length * PRICE_MICRO_USD);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('counts what was paid for a subtask that failed before the run went on', async () => {
    const plan = planOf([planned('good'), planned('bad')], { budgetMicroUsd: 3 * PRICE_MICRO_USD });
    const { journal } = openJournal();
    const first = new FakeRunner();
    first.failingWhenPaid.add('bad');
    const begun = await journal.begin('run', REQUEST);
    const failed = await runnerOf(first, 2).run(plan, { signal: never, journal: begun });
    expect(failed.status).toBe('partial');
    expect(failed.totals).toMatchObject({ paidMicroUsd: 200, paidBeforeMicroUsd: 0 });
    const entry = await journal.resume('run');
    expect(entry.paidMicroUsd).toBe(2 * PRICE_MICRO_USD);
    const { status, totals } = await runnerOf(new FakeRunner(), 2).run(plan, {
      signal: never,
      journal: entry,
    });
    expect(status).toBe('completed');
    // Three payments of 100 against 1,000 each for two tasks here.
    expect(totals).toMatchObject({ paidMicroUsd: 300, paidBeforeMicroUsd: 100 });
    expect(totals.moneySavingPercent).toBeCloseTo(85, 9);
    await journal.forget('run');
    await journal.begin('run', REQUEST);
    expect((await journal.resume('run')).paidMicroUsd).toBe(0);
  });

  it('names the runs that it has for one that it has not', async () => {
    const { journal } = openJournal();
    await expect(journal.resume('x')).rejects.toThrow(/no run x to go on with; none is kept/);
    await journal.begin('one', REQUEST);
    await expect(journal.resume('x')).rejects.toThrow(NothingFoundError);
    await expect(journal.resume('x')).rejects.toThrow(/kept are one/);
  });

  it('keeps so many runs, and lets the oldest go with all that it holds', async () => {
    const { journal, clock } = openJournal();
    for (let i = 0; i <= MAX_KEPT_RUNS; i++) {
      const entry = await journal.begin(`run-${i}`, REQUEST);
      await entry.note('a', { output: [] } as never);
      clock.advanceSeconds(1);
    }
    await expect(journal.resume('run-0')).rejects.toThrow(NothingFoundError);
    expect((await journal.resume('run-1')).completed.size).toBe(1);
    await journal.begin('run-0', REQUEST);
    expect((await journal.resume('run-0')).completed.size).toBe(0);
  });
});

const never = new AbortController().signal;
