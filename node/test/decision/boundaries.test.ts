/** Figures that lie exactly on a limit, and next to it: on which side each limit is open. */

import { describe, expect, it } from 'vitest';
import { bargainingPriceMicroUsd } from '../../decision/game.ts';
import { decide } from '../../decision/decision-record.ts';
import type { DecisionResult } from '../../decision/decision-record.ts';
import { formatDecision } from '../../decision/explanation.ts';
import type { Decision } from '../../decision/engine.ts';
import { RATIONAL_POLICY } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import { isCompatible } from '../../skills/compatibility.ts';
import {
  candidate,
  decisionOf,
  exploring,
  newcomer,
  request,
  TASK_TYPE,
  withoutLocal,
  withPolicy,
  withTask,
} from './requests.ts';

const droppedOf = (input: DecisionRequest): string | undefined =>
  decide(input).result.candidates[0]!.dropped;

describe('a success rate on its threshold', () => {
  const half = withoutLocal(request([candidate('half', { successes: 1, failures: 1 })]));

  it('passes, and the gate says so', () => {
    const { result } = decide(half);
    expect(result.choice).toBe('OUTSOURCE');
    expect(result.gates.find(({ name }) => name === 'success')).toEqual({
      name: 'success',
      applies: true,
      passed: true,
      value: 0.5,
      threshold: 0.5,
    });
  });

  it('fails next to it', () => {
    const { result } = decide(withPolicy(half, { successThreshold: 0.5 + 1e-12 }));
    expect(result.choice).toBe('REFUSED');
    expect(result.candidates[0]!.failedGate).toBe('success');
    expect(result.gates.find(({ name }) => name === 'success')!.passed).toBe(false);
  });
});

describe('a latency at the limit of the task', () => {
  const at = (latencyMs: number): DecisionRequest =>
    withTask(request([candidate('a', { latencyMs })]), { maxLatencyMs: 500 });

  it('is in time, and a millisecond more is not', () => {
    expect(droppedOf(at(500))).toBeUndefined();
    expect(droppedOf(at(501))).toBe('TOO_SLOW');
  });

  it('costs nothing where lateness is charged, and the millisecond more does', () => {
    const latenessOf = (latencyMs: number): number =>
      decide(withPolicy(at(latencyMs), { isLatencyHard: false })).result.costParts.external!
        .latencyMicroUsd;
    expect(latenessOf(500)).toBe(0);
    expect(latenessOf(501)).toBeCloseTo(12_000 / 500, 9);
  });
});

describe('a price at the limit of the task, a quote at its end, a level at the least', () => {
  it.each([
    ['a price', { maxPriceMicroUsd: 1_000 }, { maxPriceMicroUsd: 999 }, 'OVER_BUDGET'],
    ['a level', { minLevel: 2 }, { minLevel: 3 }, 'LEVEL_TOO_LOW'],
  ] as const)('%s on it is within it', (_what, within, beyond, reason) => {
    const base = request([candidate('a')]);
    expect(droppedOf(withTask(base, within))).toBeUndefined();
    expect(droppedOf(withTask(base, beyond))).toBe(reason);
  });

  it('a quote has expired in the second that it names', () => {
    const base = request([candidate('a')]);
    const at = (atSeconds: number): DecisionRequest => ({
      ...base,
      context: { ...base.context, atSeconds },
    });
    expect(droppedOf(at(1_999))).toBeUndefined();
    expect(droppedOf(at(2_000))).toBe('QUOTE_EXPIRED');
  });
});

describe('a fit at its threshold, Paper Eq. (12)', () => {
  /** A newcomer whose fit is `fit`: its term is the one asked for, and its cosine does the rest. */
  const fitting = (fit: number): DecisionRequest => {
    const similarity = (0.8 * fit - 0.3) / 0.5;
    return request([{ ...newcomer('new', 2, 2), similarity }]);
  };

  it('may fall short of it by no more than rounding does', () => {
    expect(droppedOf(fitting(0.7))).toBeUndefined();
    expect(droppedOf(fitting(0.7 - 5e-13))).toBeUndefined();
    expect(droppedOf(fitting(0.7 - 2e-12))).toBe('SKILL_MISMATCH');
  });

  it('is judged alike by whoever asks for the compatibility alone', () => {
    expect([0.7, 0.7 - 5e-13, 0.7 - 2e-12].map((fit) => isCompatible(fit, 0.7))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is printed as its threshold within the slack, and as below it beyond', () => {
    const fitOf = (fit: number): string | undefined =>
      / +new +([\d.]+) +1 +/.exec(formatDecision(decide(fitting(fit))))?.[1];
    expect(fitOf(0.7 - 5e-13)).toBe('0.7');
    expect(Number(fitOf(0.7 + 1e-9))).toBeGreaterThan(0.7);
  });
});

describe('a reliability on the bar of automatic verification', () => {
  it('is verified by hand, and the next better one automatically', () => {
    const checkedAt = (successes: number): number =>
      decide(request([candidate('a', { successes })])).result.costParts.external!
        .verificationMicroUsd;
    // 19 of 20 is 0.95 to the last bit.
    expect(checkedAt(18)).toBe(40);
    expect(checkedAt(19)).toBe(20);
  });
});

/** What comes of exploring with a budget of so many micro-USD. */
function exploredWithin(budgetMicroUsd: number, candidates: readonly Candidate[]): Decision {
  // Shares of a power of two, and a link that costs nothing: no figure is rounded.
  const lossLimits = { maxShareOfValue: 1 / 128, maxShareOfLocal: 1 };
  const exploration = { ...RATIONAL_POLICY.exploration, lossLimits, rate: 1 };
  const base = withTask(request(candidates), { valueMicroUsd: 128 * budgetMicroUsd });
  const input = exploring(base, { ...RATIONAL_POLICY, exploration }, 'epsilon-greedy');
  const { context } = input;
  const link = { ...context.link, transferMicroUsdPerGb: 0 };
  return decisionOf({ ...input, context: { ...context, link } });
}

describe('a loss that is all of the loss budget', () => {
  /** Session, verification by hand, integration. */
  const HANDLING = 10 + 40 + 5;
  const plain = newcomer('new', 0, 0);
  const apprentice: Candidate = {
    ...plain,
    skills: [TASK_TYPE, ...Array.from({ length: 5 }, (_, i) => `performs:other/${i}`)],
    similarity: 0,
  };

  it.each([
    ['of the field', plain],
    ['below the skill threshold', apprentice],
  ])('is within it for a contractor %s, and a thousandth less of a budget is not', (_what, one) => {
    const within = exploredWithin(HANDLING, [one]);
    const loss = { budgetMicroUsd: HANDLING, lossMicroUsd: HANDLING };
    expect(within).toMatchObject({
      isExploration: true,
      exploration: { bar: null, armCount: 1, ...loss },
    });
    const beyond = exploredWithin(HANDLING - 0.001, [one]);
    expect(beyond).toMatchObject({ isExploration: false, exploration: { bar: 'TOO_DEAR' } });
  });

  it('keeps one whose loss is a micro-USD more out of the draw of the others', () => {
    const dearer = { ...plain, peerId: 'dearer', overheads: { sessionMicroUsd: 11 } };
    const armsAt = (budgetMicroUsd: number): number | null =>
      exploredWithin(budgetMicroUsd, [dearer, plain]).exploration!.armCount;
    expect([armsAt(HANDLING), armsAt(HANDLING + 1)]).toEqual([1, 2]);
  });
});

describe('the contextual bandit', () => {
  it.each([1, 2, 3, 65])('has features of every contractor, on a field of %d at first', (size) => {
    const field = Array.from({ length: size }, (_, i) => newcomer(`new-${i}`, 2, 2));
    const base = withTask(request(field), { valueMicroUsd: 30_000 });
    const input = exploring(base, RATIONAL_POLICY, 'contextual');
    expect(decisionOf(input)).toMatchObject({
      isExploration: true,
      exploration: { bar: null, armCount: size },
    });
  });
});

/** A task whose cost here is `costMicroUsd` to the last bit: all of it is paid to a service. */
function costingHere(costMicroUsd: number, field: readonly Candidate[]): DecisionRequest {
  const base = request(field);
  const free = {
    ...base.local.hardware,
    computeMicroUsdPerHour: 0,
    memoryMicroUsdPerHour: 0,
    energyMicroUsdPerKwh: 0,
    purchaseMicroUsd: 0,
  };
  return { ...base, local: { ...base.local, hardware: free, servicesMicroUsd: costMicroUsd } };
}

describe('a contractor that costs what the task costs here', () => {
  const field = [candidate('a', { priceMicroUsd: 9_000 })];
  const there = decide(request(field)).result.costExternalMicroUsd!;
  const resultAt = (costMicroUsd: number): DecisionResult =>
    decide(costingHere(costMicroUsd, field)).result;

  it('does not get it, and the reason calls the costs equal', () => {
    const result = resultAt(there);
    expect(result.costInternalMicroUsd).toBe(result.costExternalMicroUsd);
    expect(result).toMatchObject({ choice: 'LOCAL', equilibrium: 'LOCAL' });
    expect(result.candidates[0]!.failedGate).toBe('economic');
    expect(result.reason).toMatch(/would cost \$[\d.]+ in all, as much as here$/);
    expect(result.gates.find(({ name }) => name === 'economic')!.passed).toBe(false);
  });

  it('gets it where it is cheaper by the last bit, and is called dearer where it is', () => {
    const bit = 2 ** -38;
    expect(resultAt(there + bit)).toMatchObject({ choice: 'OUTSOURCE', equilibrium: 'OUTSOURCE' });
    const dearer = resultAt(there - bit);
    expect(dearer.choice).toBe('LOCAL');
    expect(dearer.reason).toMatch(/in all, more than \$[\d.]+ here$/);
    expect(dearer.reason).not.toContain('as much as');
  });
});

describe('the price that splits the gain', () => {
  const field = [candidate('a', { priceMicroUsd: 9_000 })];
  const there = decide(request(field)).result.costExternalMicroUsd!;
  const bargainAt = (hereMicroUsd: number): number | null =>
    decide(costingHere(hereMicroUsd, field)).result.bargainingPriceMicroUsd;

  it('is none where every price would leave one of them with a loss', () => {
    expect(bargainAt(there - 1)).toBeNull();
    expect(bargainAt(0)).toBeNull();
    const text = formatDecision(decide(costingHere(there - 1, field)));
    expect(text).not.toMatch(/split/);
  });

  it('is the only one that harms nobody where there is no gain, and never above what is asked', () => {
    expect(bargainAt(there)).toBeCloseTo(9_000, 6);
    expect(bargainAt(there + 1_000)).toBe(9_000);
    expect(bargainingPriceMicroUsd(100, 20, 80)).toBe(80);
    expect(bargainingPriceMicroUsd(100, 20, 80.001)).toBeNull();
  });

  it('is none where the task cannot run here', () => {
    expect(decide(withoutLocal(request(field))).result.bargainingPriceMicroUsd).toBeNull();
  });
});
