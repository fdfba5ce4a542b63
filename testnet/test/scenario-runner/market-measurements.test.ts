/** What a run measures of money. */
import { describe, expect, it } from 'vitest';
import { measureMarket } from '../../scenario-runner/market-measurements.ts';
import type { PricedTask } from '../../scenario-runner/market-measurements.ts';
import type { TaskOutcome } from '../../scenario-runner/measurements.ts';

const QUIET = { moveAlarms: 0, explorations: 0, explorationLossMicroUsd: 0 };
const NOBODY: ReadonlySet<string> = new Set();

function priced(
  change: Partial<TaskOutcome>,
  figures: Partial<Omit<PricedTask, 'task'>> = {},
): PricedTask {
  const task: TaskOutcome = {
    ...{ workload: 'calm', name: 'task-1', status: 'completed', isOutsourced: true },
    ...{ isWrong: false, sensitivity: 'low', valueMicroUsd: 1_000, decisionId: null },
    attempts: [{ where: 'honest', outcome: 'verified' }],
    ...{ paidMicroUsd: 10, payees: 1, wallMs: 1, quoteMs: 1, reason: '', problem: null },
    ...change,
  };
  return { task, quotedMicroUsd: 10, referenceMicroUsd: 10, ...figures };
}

describe('what is paid', () => {
  it('is above the quote by the difference, and in full where no quote is known', () => {
    const tasks = [
      priced({ paidMicroUsd: 8 }),
      priced({ paidMicroUsd: 13 }),
      priced({ paidMicroUsd: 5, workload: 'attacked' }, { quotedMicroUsd: null }),
    ];
    const figures = measureMarket(tasks, NOBODY, QUIET);
    expect(figures).toMatchObject({ paidAboveQuoteMicroUsd: 8, paidPerTaskMicroUsd: 9 });
    expect(figures['calm.paidAboveQuoteMicroUsd']).toBe(3);
  });

  it('is nothing a task where all was done at home', () => {
    const tasks = [priced({ isOutsourced: false, paidMicroUsd: 0 })];
    expect(measureMarket(tasks, NOBODY, QUIET)['paidPerTaskMicroUsd']).toBe(0);
  });
});

describe('the price that a client reckons with', () => {
  it('shifts from the calm median to the attacked one, up or down', () => {
    const tasks = [
      priced({}, { referenceMicroUsd: 90 }),
      priced({}, { referenceMicroUsd: 100 }),
      priced({}, { referenceMicroUsd: 400 }),
      priced({ workload: 'attacked' }, { referenceMicroUsd: 80 }),
      priced({ workload: 'attacked' }, { referenceMicroUsd: null }),
    ];
    expect(measureMarket(tasks, NOBODY, QUIET)['referenceShiftPercent']).toBe(20);
  });

  it('has no shift where one side reckoned with none, so that no bar can hold by chance', () => {
    const tasks = [priced({}), priced({ workload: 'attacked' }, { referenceMicroUsd: null })];
    expect(measureMarket(tasks, NOBODY, QUIET)).not.toHaveProperty('referenceShiftPercent');
  });
});

describe('the loss by explorations', () => {
  it('counts the value of wrong results that were taken, beside the own books', () => {
    const tasks = [priced({}), priced({ isWrong: true }), priced({}), priced({})];
    const books = { ...QUIET, explorationLossMicroUsd: 200 };
    expect(measureMarket(tasks, NOBODY, books)['lossPercent']).toBe(30);
  });

  it('counts a task as sent to strangers if any attempt was there, whoever did it in the end', () => {
    const attempts = [
      { where: 'stranger', outcome: 'failed-verification' },
      { where: 'honest', outcome: 'verified' },
    ];
    const tasks = [priced({ attempts, workload: 'restricted' }), priced({})];
    const figures = measureMarket(tasks, new Set(['stranger']), QUIET);
    expect(figures).toMatchObject({ tasksToStrangers: 1 });
    expect(figures['restricted.tasksToStrangers']).toBe(1);
    expect(figures['calm.tasksToStrangers']).toBe(0);
  });
});
