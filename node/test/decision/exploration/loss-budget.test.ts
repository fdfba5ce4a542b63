import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  explorationLossMicroUsd,
  lossBudgetMicroUsd,
  realisedLossMicroUsd,
} from '../../../decision/exploration/loss-budget.ts';
import type { ExplorationCosts } from '../../../decision/exploration/loss-budget.ts';

const COSTS: ExplorationCosts = {
  priceMicroUsd: 900,
  handlingMicroUsd: 20,
  latenessMicroUsd: 0,
  greedyCostMicroUsd: 1_000,
};

/** One decision with an exploration on offer, and how that would end. */
interface Round {
  readonly valueMicroUsd: number;
  readonly localMicroUsd: number | null;
  readonly costs: ExplorationCosts;
  readonly isSuccess: boolean;
  /** Decisions until the outcome is known. */
  readonly delay: number;
}

const rounds: fc.Arbitrary<readonly Round[]> = fc.array(
  fc
    .record({
      valueMicroUsd: fc.integer({ min: 0, max: 200_000 }),
      local: fc.option(fc.integer({ min: 0, max: 50_000 })),
      greedyShare: fc.double({ min: 0, max: 1, noNaN: true }),
      isRefused: fc.boolean(),
      priceShare: fc.double({ min: 0, max: 1.02, noNaN: true }),
      handlingMicroUsd: fc.integer({ min: 0, max: 150 }),
      latenessMicroUsd: fc.integer({ min: 0, max: 500 }),
      isSuccess: fc.boolean(),
      delay: fc.nat(10),
    })
    .map(({ local, greedyShare, isRefused, priceShare, ...rest }): Round => {
      const greedyMicroUsd = (local ?? 20_000) * greedyShare;
      const costs: ExplorationCosts = {
        priceMicroUsd: greedyMicroUsd * priceShare,
        handlingMicroUsd: rest.handlingMicroUsd,
        latenessMicroUsd: rest.latenessMicroUsd,
        greedyCostMicroUsd: local === null && isRefused ? null : greedyMicroUsd,
      };
      return { ...rest, localMicroUsd: local, costs };
    }),
  { minLength: 20, maxLength: 80 },
);

interface Counts {
  explored: number;
  declined: number;
}

/** What left the purse beyond the decision without exploration, counted from the payments. */
function lossInCash({ costs, isSuccess }: Round): number {
  const { priceMicroUsd, handlingMicroUsd, latenessMicroUsd, greedyCostMicroUsd } = costs;
  let spent = handlingMicroUsd;
  if (isSuccess) spent += priceMicroUsd;
  if (isSuccess && greedyCostMicroUsd !== null) spent += latenessMicroUsd;
  if (!isSuccess) spent += greedyCostMicroUsd ?? 0;
  return Math.max(0, spent - (greedyCostMicroUsd ?? 0));
}

describe('the loss of an exploration', () => {
  it('is the handling where the price saves, because a failed task is not paid', () => {
    expect(explorationLossMicroUsd(COSTS)).toBe(20);
  });

  it('is the handling and what price and lateness exceed the greedy cost by', () => {
    expect(explorationLossMicroUsd({ ...COSTS, priceMicroUsd: 1_100 })).toBe(120);
    expect(explorationLossMicroUsd({ ...COSTS, latenessMicroUsd: 150 })).toBe(70);
  });

  it('is all that is spent where the task would be refused', () => {
    expect(explorationLossMicroUsd({ ...COSTS, greedyCostMicroUsd: null })).toBe(920);
  });

  it('is the greater of the two ways that it can end', () => {
    fc.assert(
      fc.property(rounds, (list) => {
        for (const round of list) {
          const worst = explorationLossMicroUsd(round.costs);
          const success = lossInCash({ ...round, isSuccess: true });
          const failure = lossInCash({ ...round, isSuccess: false });
          expect(Math.abs(worst - Math.max(success, failure))).toBeLessThan(1e-6);
          expect(Math.abs(realisedLossMicroUsd(round.costs, true) - success)).toBeLessThan(1e-6);
          expect(Math.abs(realisedLossMicroUsd(round.costs, false) - failure)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('is within no budget if one of its parts is not a number', () => {
    for (const field of Object.keys(COSTS)) {
      const loss = explorationLossMicroUsd({ ...COSTS, [field]: Number.NaN });
      expect(loss <= Infinity, field).toBe(false);
    }
  });
});

describe('the loss budget', () => {
  const account = {
    valueMicroUsd: 10_000,
    cumulativeLocalMicroUsd: 1e9,
    cumulativeLossMicroUsd: 0,
  };

  it('is 1 % of the value, or what is left of 0.4 % of all local costs', () => {
    expect(lossBudgetMicroUsd(account)).toBe(100);
    expect(lossBudgetMicroUsd({ ...account, cumulativeLocalMicroUsd: 20_000 })).toBe(80);
    const spent = { ...account, cumulativeLocalMicroUsd: 20_000, cumulativeLossMicroUsd: 50 };
    expect(lossBudgetMicroUsd(spent)).toBe(30);
  });

  it('is never negative, and follows other limits', () => {
    expect(lossBudgetMicroUsd({ ...account, cumulativeLossMicroUsd: 1e9 })).toBe(0);
    const limits = { maxShareOfValue: 0.5, maxShareOfLocal: 1 };
    expect(lossBudgetMicroUsd(account, limits)).toBe(5_000);
  });

  it('refuses amounts and limits out of range', () => {
    expect(() => lossBudgetMicroUsd({ ...account, valueMicroUsd: -1 })).toThrow(/valueMicroUsd/);
    expect(() => lossBudgetMicroUsd({ ...account, cumulativeLossMicroUsd: NaN })).toThrow(/Loss/);
    const limits = { maxShareOfValue: 1.5, maxShareOfLocal: 0.1 };
    expect(() => lossBudgetMicroUsd(account, limits)).toThrow(/maxShareOfValue/);
  });

  /** Plays the rounds; explorations end after their delay. Counts what was and was not explored. */
  function play(list: readonly Round[], hasDelay: boolean, counts: Counts): void {
    const underWay: { readonly endsAt: number; readonly round: Round }[] = [];
    let localMicroUsd = 0;
    let lostMicroUsd = 0;
    list.forEach((round, at) => {
      for (let i = underWay.length - 1; i >= 0; i--) {
        if (underWay[i]!.endsAt > at) continue;
        lostMicroUsd += lossInCash(underWay.splice(i, 1)[0]!.round);
      }
      localMicroUsd += round.localMicroUsd ?? 0;
      const worstCases = underWay.map((one) => explorationLossMicroUsd(one.round.costs));
      const budgetMicroUsd = lossBudgetMicroUsd({
        valueMicroUsd: round.valueMicroUsd,
        cumulativeLocalMicroUsd: localMicroUsd,
        cumulativeLossMicroUsd: worstCases.reduce((sum, loss) => sum + loss, lostMicroUsd),
      });
      if (explorationLossMicroUsd(round.costs) > budgetMicroUsd) {
        counts.declined += 1;
        return;
      }
      counts.explored += 1;
      const slack = 1e-9 * (1 + localMicroUsd);
      expect(lossInCash(round)).toBeLessThanOrEqual(0.01 * round.valueMicroUsd + slack);
      underWay.push({ endsAt: hasDelay ? at + 1 + round.delay : at + 1, round });
      const lostAtMost = underWay.reduce((sum, one) => sum + lossInCash(one.round), lostMicroUsd);
      expect(lostAtMost).toBeLessThanOrEqual(0.004 * localMicroUsd + slack);
    });
  }

  it.each([
    ['each ends before the next decision', false],
    ['several are under way', true],
  ])('holds 1 %% of each value and 0.4 %% of all local costs where %s', (_, hasDelay) => {
    const counts: Counts = { explored: 0, declined: 0 };
    fc.assert(
      fc.property(rounds, (list) => {
        play(list, hasDelay, counts);
      }),
    );
    expect(counts.explored).toBeGreaterThan(200);
    expect(counts.declined).toBeGreaterThan(200);
  });
});
