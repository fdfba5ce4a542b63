import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialPValue } from '../../../decision/exploration/binomial-test.ts';
import {
  ALARM_P_VALUE,
  BLOCK_DECISIONS,
  monitorReport,
  newMonitorState,
  observeDecision,
  stuckAfterDecisions,
} from '../../../decision/exploration/exploration-monitor.ts';
import type {
  MonitorState,
  ObservedDecision,
} from '../../../decision/exploration/exploration-monitor.ts';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';

const QUIET: ObservedDecision = {
  isAllowed: true,
  rate: 0.1,
  isExploration: false,
  choice: 'LOCAL',
};

/** The state after `count` decisions, each made by `decide`. */
function observed(
  state: MonitorState,
  count: number,
  decide: (index: number) => Partial<ObservedDecision>,
): MonitorState {
  let next = state;
  for (let i = 0; i < count; i++) next = observeDecision(next, { ...QUIET, ...decide(i) });
  return next;
}

/** Decisions that explore with probability `actual` where `expected` is claimed. */
function drawn(seed: number, actual: number, expected = actual): () => Partial<ObservedDecision> {
  const random = new SeededRandom(seed);
  return () => ({ rate: expected, isExploration: random.uniform() < actual });
}

/** Decisions until the first alarm; `limit` if there is none. */
function alarmAfter(
  start: MonitorState,
  limit: number,
  decide: () => Partial<ObservedDecision>,
): number {
  let state = start;
  for (let i = 1; i <= limit; i++) {
    state = observeDecision(state, { ...QUIET, ...decide() });
    if (monitorReport(state, 0.1).isAlarm) return i;
  }
  return limit;
}

describe('the count of explorations', () => {
  it('covers only decisions in which exploring was allowed', () => {
    const state = observed(newMonitorState(), 100, (i) => ({ isAllowed: i % 2 === 0 }));
    expect(state.allowed).toBe(50);
    expect(state.sinceExplored).toBe(50);
    const { allowed, explored, expectedRate, actualRate } = monitorReport(state, 0.1);
    expect([allowed, explored, actualRate]).toEqual([50, 0, 0]);
    expect(expectedRate).toBeCloseTo(0.1, 12);
  });

  it('gives rates of 0 and no alarm before the first decision', () => {
    expect(monitorReport(newMonitorState(), 0.1)).toMatchObject({
      allowed: 0,
      explored: 0,
      expectedRate: 0,
      actualRate: 0,
      pValue: null,
      byChance: 0,
      isAlarm: false,
      isStuck: false,
    });
  });

  it('is tested by the binomial distribution where the rate is constant', () => {
    const state = observed(newMonitorState(), 200, (i) => ({ isExploration: i % 20 === 0 }));
    const { explored, pValue, isAlarm, message } = monitorReport(state, 0.1);
    expect(explored).toBe(10);
    expect(Math.abs(pValue! - binomialPValue(10, 200, 0.1))).toBeLessThan(1e-9);
    expect(isAlarm).toBe(false);
    expect(message).toBe('10 of 200 decisions explored (5.0 %), 10.0 % expected, p = 0.016');
  });

  it('keeps its totals while the window moves, and its state stays as small as it was', () => {
    const state = observed(newMonitorState(), 10_250, drawn(1, 0.1));
    expect(state.allowed).toBe(10_250);
    expect(state.expected).toBeCloseTo(1_025, 6);
    expect(monitorReport(state, 0.1).allowed).toBe(BLOCK_DECISIONS + 250);
    expect(JSON.stringify(state).length).toBeLessThan(600);
  });

  it('goes on where it was after it has been stored as JSON', () => {
    const state = observed(newMonitorState(), 700, drawn(1, 0.1));
    const restored = JSON.parse(JSON.stringify(state)) as MonitorState;
    const after = observed(state, 100, drawn(2, 0.1));
    expect(observed(restored, 100, drawn(2, 0.1))).toEqual(after);
  });

  it('refuses a rate that is none', () => {
    expect(() => observeDecision(newMonitorState(), { ...QUIET, rate: 1.5 })).toThrow(/rate/);
    expect(() => monitorReport(newMonitorState(), Number.NaN)).toThrow(/rate/);
  });
});

describe('the alarm', () => {
  it('is rare on a healthy node: less than a thousandth of the time and a half more', () => {
    let alarms = 0;
    for (let seed = 0; seed < 20; seed++) {
      let state = newMonitorState();
      const decide = drawn(seed, 0.1);
      for (let i = 0; i < 2_000; i++) {
        state = observeDecision(state, { ...QUIET, ...decide() });
        if (monitorReport(state, 0.1).isAlarm) alarms += 1;
      }
    }
    expect(alarms / 40_000).toBeLessThan(1.5 * ALARM_P_VALUE);
  });

  it('is given when exploration stops, also after a long and healthy past', () => {
    const dead = (): Partial<ObservedDecision> => ({ isExploration: false });
    expect(alarmAfter(newMonitorState(), 1_000, dead)).toBe(73);
    for (let seed = 0; seed < 10; seed++) {
      const past = observed(newMonitorState(), 20_000 + 37 * seed, drawn(seed, 0.1));
      expect(alarmAfter(past, 1_000, dead)).toBeLessThanOrEqual(500);
    }
  });

  it('is given when the node explores twice as often as it says', () => {
    for (let seed = 0; seed < 10; seed++) {
      const past = observed(newMonitorState(), 20_000 + 37 * seed, drawn(seed, 0.1));
      expect(alarmAfter(past, 2_000, drawn(seed + 100, 0.2, 0.1))).toBeLessThanOrEqual(700);
    }
  });

  it('is not given for fewer than 30 decisions', () => {
    const always = (): Partial<ObservedDecision> => ({ isExploration: true });
    expect(alarmAfter(newMonitorState(), 100, always)).toBe(30);
  });

  it('ends when the fault has left the window', () => {
    const broken = observed(newMonitorState(), 300, () => ({ isExploration: false }));
    expect(monitorReport(broken, 0.1).isAlarm).toBe(true);
    const mended = observed(broken, 2 * BLOCK_DECISIONS, drawn(3, 0.1));
    expect(monitorReport(mended, 0.1).isAlarm).toBe(false);
  });

  it('follows rates that differ from decision to decision', () => {
    const rateOf = (i: number): number => Math.max(0.01, 0.3 * 0.98 ** i);
    const random = new SeededRandom(1);
    const healthy = observed(newMonitorState(), 400, (i) => ({
      rate: rateOf(i),
      isExploration: random.uniform() < rateOf(i),
    }));
    expect(monitorReport(healthy, 0.01).isAlarm).toBe(false);
    const dead = observed(newMonitorState(), 400, (i) => ({ rate: rateOf(i) }));
    expect(monitorReport(dead, 0.01).isAlarm).toBe(true);
  });

  it('errs to the side of silence where rates differ (Hoeffding 1956)', () => {
    const rates = fc.array(fc.double({ min: 0.001, max: 0.999, noNaN: true }), {
      minLength: 2,
      maxLength: 40,
    });
    fc.assert(
      fc.property(rates, fc.nat(1_000), (list, place) => {
        const explored = Math.round((place / 1_000) * list.length);
        const mean = list.reduce((sum, rate) => sum + rate, 0);
        fc.pre(Math.abs(explored - mean) >= 1);
        let exact = [1];
        for (const rate of list) {
          exact = [...exact, 0].map(
            (chance, k) => chance * (1 - rate) + (exact[k - 1] ?? 0) * rate,
          );
        }
        const tail = exact.filter((_, k) => (explored <= mean ? k <= explored : k >= explored));
        const exactPValue = Math.min(1, 2 * tail.reduce((sum, chance) => sum + chance, 0));
        const state = observed(newMonitorState(), list.length, (i) => ({
          rate: list[i]!,
          isExploration: i < explored,
        }));
        expect(monitorReport(state, 0.1).pValue).toBeGreaterThanOrEqual(exactPValue - 1e-9);
      }),
    );
  });

  it('takes strategies at their word that say 0 or 1', () => {
    const said = (i: number): number => (i % 7 === 0 ? 1 : 0);
    const kept = observed(newMonitorState(), 300, (i) => ({
      rate: said(i),
      isExploration: said(i) === 1,
    }));
    const fine = monitorReport(kept, 0.1);
    expect(fine).toMatchObject({ pValue: null, byChance: 0, isAlarm: false });
    expect(fine.message).not.toMatch(/p = /);
    expect(fine.message).toContain('none of them by chance');
    const lost = observeDecision(kept, { ...QUIET, rate: 1, isExploration: false });
    expect(monitorReport(lost, 0.1)).toMatchObject({ pValue: null, isAlarm: true });
    expect(monitorReport(lost, 0.1).message).toContain('1 went against');
    const uncalled = observeDecision(kept, { ...QUIET, rate: 0, isExploration: true });
    expect(monitorReport(uncalled, 0.1).isAlarm).toBe(true);
  });

  it('tests what was left to chance apart from what was forced', () => {
    const state = observed(newMonitorState(), 120, (i) => ({
      rate: i < 20 ? 1 : 0.1,
      isExploration: i < 24,
    }));
    const { explored, expectedRate, pValue, byChance, message } = monitorReport(state, 0.1);
    expect(explored).toBe(24);
    expect(expectedRate).toBeCloseTo(0.25, 12);
    expect(Math.abs(pValue! - binomialPValue(4, 100, 0.1))).toBeLessThan(1e-9);
    expect(byChance).toBe(100);
    expect(message).toMatch(/, p = 0\.\d+ \(of the 100 left to chance\)/);
  });

  it('is given for an exploration that was not allowed', () => {
    const state = observeDecision(newMonitorState(), {
      ...QUIET,
      isAllowed: false,
      isExploration: true,
    });
    expect(monitorReport(state, 0.1).isAlarm).toBe(true);
    expect(state.allowed).toBe(0);
  });
});

describe('a node that is stuck', () => {
  it('is one that a healthy node becomes with one chance in a thousand', () => {
    for (const rate of [0.01, 0.1, 0.3, 0.9]) {
      const decisions = stuckAfterDecisions(rate);
      expect((1 - rate) ** decisions).toBeLessThanOrEqual(0.001 + 1e-15);
      expect((1 - rate) ** (decisions - 1)).toBeGreaterThan(0.001);
    }
    expect(stuckAfterDecisions(0.1)).toBe(66);
    expect(stuckAfterDecisions(1)).toBe(1);
    expect(stuckAfterDecisions(0)).toBe(Infinity);
  });

  it('is noticed after 66 equal decisions without exploration, and forced to explore', () => {
    const before = observed(newMonitorState(), 65, () => ({}));
    expect(monitorReport(before, 0.1).isStuck).toBe(false);
    const stuck = observeDecision(before, QUIET);
    expect(monitorReport(stuck, 0.1).isStuck).toBe(true);
    expect(monitorReport(stuck, 0.1).message).toContain('the next decision is to explore');
    const forced = { ...QUIET, rate: 1, isExploration: true, choice: 'peer' };
    const report = monitorReport(observeDecision(stuck, forced), 0.1);
    expect(report.isStuck).toBe(false);
    expect(report.explored).toBe(1);
  });

  it('is not one that changes its choice, and not one that must not explore', () => {
    const changing = observed(newMonitorState(), 300, (i) => ({
      choice: i % 60 === 0 ? 'LOCAL' : 'peer',
    }));
    expect(monitorReport(changing, 0.1).isStuck).toBe(false);
    const barred = observed(newMonitorState(), 300, () => ({ isAllowed: false }));
    expect(monitorReport(barred, 0.1).isStuck).toBe(false);
    const unwilling = observed(newMonitorState(), 300, () => ({ rate: 0 }));
    expect(monitorReport(unwilling, 0).isStuck).toBe(false);
  });

  it('is also a strategy without chance that never explores', () => {
    const settled = observed(newMonitorState(), 66, () => ({ rate: 0 }));
    expect(monitorReport(settled, 0.1)).toMatchObject({ isStuck: true, isAlarm: false });
  });
});
