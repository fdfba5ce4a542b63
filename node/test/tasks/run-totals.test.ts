import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalsOf } from '../../tasks/run-totals.ts';
import type { TaskCost } from '../../tasks/run-totals.ts';

function cost(change: Partial<TaskCost> = {}): TaskCost {
  return {
    localCostMicroUsd: 100,
    localCostWithOpportunityMicroUsd: 120,
    paidMicroUsd: 60,
    handlingMicroUsd: 10,
    isDoneHere: false,
    wallMs: 5,
    ...change,
  };
}

describe('totalsOf', () => {
  it('computes the net saving of an outsourced task: price and handling against local cost', () => {
    expect(totalsOf([cost()], 5.4)).toEqual({
      paidMicroUsd: 60,
      paidBeforeMicroUsd: 0,
      localCostMicroUsd: 100,
      localCostWithOpportunityMicroUsd: 120,
      spentMicroUsd: 70,
      netSavingPercent: 100 * (1 - 70 / 100),
      moneySavingPercent: 100 * (1 - 60 / 100),
      netSavingWithOpportunityPercent: 100 * (1 - 70 / 120),
      paperMetricPercent: null,
      wallMs: 5,
    });
  });

  it('counts a loss as a loss', () => {
    const totals = totalsOf([cost({ paidMicroUsd: 190 })], 0);
    expect(totals.netSavingPercent).toBeCloseTo(-100, 12);
  });

  it('counts a failed attempt and then the work here: both are spent', () => {
    const totals = totalsOf(
      [cost({ isDoneHere: true, paidMicroUsd: 40, handlingMicroUsd: 10 })],
      0,
    );
    expect(totals.spentMicroUsd).toBe(150);
    expect(totals.netSavingPercent).toBeCloseTo(-50, 12);
  });

  it('has spent on a task that failed, and saved nothing by it', () => {
    const failed = cost({ isCompleted: false, paidMicroUsd: 40 });
    expect(totalsOf([failed], 0)).toMatchObject({
      paidMicroUsd: 40,
      spentMicroUsd: 50,
      localCostMicroUsd: null,
      localCostWithOpportunityMicroUsd: null,
      netSavingPercent: null,
      moneySavingPercent: null,
      netSavingWithOpportunityPercent: null,
      paperMetricPercent: null,
    });
    const both = totalsOf([cost({ paidMicroUsd: 10 }), failed], 0);
    expect(both).toMatchObject({ localCostMicroUsd: 100, spentMicroUsd: 70 });
    expect(both.netSavingPercent).toBeCloseTo(30, 12);
    const here = cost({ isCompleted: false, isDoneHere: true, paidMicroUsd: 0 });
    expect(totalsOf([here, cost()], 0)).toMatchObject({
      spentMicroUsd: 180,
      paperMetricPercent: null,
    });
  });

  it('counts what was paid before the run was cut short as paid and spent', () => {
    const totals = totalsOf([cost()], 0, 25);
    expect(totals).toMatchObject({ paidMicroUsd: 85, paidBeforeMicroUsd: 25, spentMicroUsd: 95 });
    expect(totals.netSavingPercent).toBeCloseTo(5, 12);
    expect(totals.moneySavingPercent).toBeCloseTo(15, 12);
    expect(totalsOf([], 0, 25)).toMatchObject({ spentMicroUsd: 25, netSavingPercent: null });
  });

  it('saves nothing by work done here without an attempt', () => {
    const here = cost({ isDoneHere: true, paidMicroUsd: 0, handlingMicroUsd: 0 });
    expect(totalsOf([here], 0).netSavingPercent).toBe(0);
  });

  it.each([[[]], [[cost({ localCostMicroUsd: null, localCostWithOpportunityMicroUsd: null })]]])(
    'has no saving where nothing can be compared, and still says what was paid',
    (costs) => {
      expect(totalsOf(costs, 0)).toEqual({
        paidMicroUsd: costs.length * 60,
        paidBeforeMicroUsd: 0,
        localCostMicroUsd: null,
        localCostWithOpportunityMicroUsd: null,
        spentMicroUsd: null,
        netSavingPercent: null,
        moneySavingPercent: null,
        netSavingWithOpportunityPercent: null,
        paperMetricPercent: null,
        wallMs: 0,
      });
    },
  );

  it('leaves a task that cannot run here out of the percentages, not out of what was paid', () => {
    const totals = totalsOf([cost(), cost({ localCostMicroUsd: null, paidMicroUsd: 1_000 })], 0);
    expect(totals.paidMicroUsd).toBe(1_060);
    expect(totals.spentMicroUsd).toBe(70);
    expect(totals.netSavingPercent).toBeCloseTo(30, 12);
  });

  it('has no percentage of a local cost of 0', () => {
    const totals = totalsOf(
      [cost({ localCostMicroUsd: 0, localCostWithOpportunityMicroUsd: 0 })],
      0,
    );
    expect(totals.netSavingPercent).toBeNull();
    expect(totals.localCostMicroUsd).toBe(0);
  });

  it('clips losses in the metric of the paper, and divides by what was done here', () => {
    const here = cost({ isDoneHere: true, localCostMicroUsd: 200, paidMicroUsd: 0 });
    const gain = cost({ paidMicroUsd: 60 });
    const loss = cost({ paidMicroUsd: 5_000 });
    expect(totalsOf([here, gain, loss], 0).paperMetricPercent).toBeCloseTo((100 * 30) / 200, 12);
  });

  it('takes Eq. 5 for 0 where it is not known', () => {
    const totals = totalsOf([cost({ localCostWithOpportunityMicroUsd: null })], 0);
    expect(totals.localCostWithOpportunityMicroUsd).toBe(100);
  });

  it('spends the sum of its parts, never more than 100 % saved, in any order', () => {
    const amount = fc.integer({ min: 0, max: 1_000_000_000 });
    const any = fc.record({
      localCostMicroUsd: fc.option(amount),
      localCostWithOpportunityMicroUsd: fc.option(amount),
      paidMicroUsd: amount,
      handlingMicroUsd: amount,
      isDoneHere: fc.boolean(),
      isCompleted: fc.boolean(),
      wallMs: amount,
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 10 }), (costs) => {
        const totals = totalsOf(costs, 0);
        expect(totalsOf([...costs].reverse(), 0)).toEqual(totals);
        const comparable = costs.filter((one) => one.localCostMicroUsd !== null);
        const spent = comparable.reduce(
          (sum, one) =>
            sum +
            one.paidMicroUsd +
            one.handlingMicroUsd +
            (one.isDoneHere ? one.localCostMicroUsd! : 0),
          0,
        );
        expect(totals.spentMicroUsd).toBe(comparable.length === 0 ? null : spent);
        const isAnyDone = comparable.some(({ isCompleted }) => isCompleted);
        if (!isAnyDone) expect(totals.netSavingPercent).toBeNull();
        expect(totals.netSavingPercent ?? 0).toBeLessThanOrEqual(100);
        expect(totals.paperMetricPercent ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});
