/**
 * Holds the page "How it decides" of the README to the engine: the example is decided, every
 * formula is evaluated as it is printed, and no figure stands there that the code does not have.
 */

import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../config/defaults.ts';
import { configSchema } from '../../config/schema.ts';
import { EWMA_RATE } from '../../cost/calibration.ts';
import { MAX_RUNS } from '../../cost/execution-time.ts';
import { microUsd } from '../../cost/presets.ts';
import { smoothedConfidence } from '../../decision/confidence.ts';
import { weightVector } from '../../decision/criteria.ts';
import { decide } from '../../decision/decision-record.ts';
import {
  ALARM_P_VALUE,
  BLOCK_DECISIONS,
  stuckAfterDecisions,
} from '../../decision/exploration/exploration-monitor.ts';
import {
  EXPLORATION_DEFAULTS,
  EXPLORATION_STRATEGIES,
} from '../../decision/exploration/exploration-strategy.ts';
import { DEFAULT_LOSS_LIMITS } from '../../decision/exploration/loss-budget.ts';
import { ADAPTIVE_THRESHOLD_LIMITS } from '../../decision/learning/adaptive-thresholds.ts';
import { BOOTSTRAPPING_LIMITS, countedTestimony } from '../../decision/learning/bootstrapping.ts';
import { ownJudgement, priceWeight } from '../../decision/learning/rater-credibility.ts';
import { INITIAL_WEIGHTS, POLICIES, RATIONAL_POLICY } from '../../decision/policy.ts';
import { MARKET_ALARM_LIMITS } from '../../decision/portfolio/market-watch.ts';
import { QUOTE_WINDOW_MS } from '../../decision/portfolio/quote-window.ts';
import {
  SPENDING_ALARM_LIMITS,
  SPENDING_HALF_LIFE_MONTHS,
} from '../../decision/portfolio/spending.ts';
import { configuredThresholds, nodePolicy } from '../../tasks/node-policy.ts';
import {
  byFormula,
  ENGINE,
  example,
  FACTS,
  flat,
  losses,
  PAGE,
  PAID_USD,
  prose,
  result,
  ROWS,
  USD,
} from './readme-example.ts';

describe('the worked example of the README', () => {
  it('has a formula for each figure of the engine, and no other', () => {
    expect(ROWS.map(({ name }) => name)).toEqual(Object.keys(ENGINE));
  });

  it.each(ROWS)('has a formula for $name that gives what the engine gives', (row) => {
    const byHand = flat(byFormula(row));
    const byEngine = flat(ENGINE[row.name]!);
    expect(byHand).toHaveLength(byEngine.length);
    byHand.forEach((value, i) => {
      expect(Math.abs(value - byEngine[i]!)).toBeLessThanOrEqual(1e-9 * Math.abs(byEngine[i]!));
    });
  });

  it.each(ROWS)('prints $name as the engine has it, rounded', ({ name, figures }) => {
    const rounded = flat(ENGINE[name]!).map((value, i) => {
      const decimals = figures[i]?.split('.')[1]?.length ?? 0;
      return value.toFixed(decimals);
    });
    expect(figures).toEqual(rounded);
  });

  it('ends as the text says', () => {
    expect(result.choice).toBe('OUTSOURCE');
    expect(result.contractor).toBe('A');
    expect(result.candidates.map(({ failedGate }) => failedGate)).toEqual([
      undefined,
      'score',
      'confidence',
    ]);
    expect(prose()).toContain('B scores too low and too little is known of C, so A gets it.');
  });

  it('loses by an exploration what the formula says', () => {
    const lost = [1, 2, 3, 4].map((seed) => {
      const { contractor, explorationParts } = decide(example(seed, true)).result;
      return { contractor, loss: explorationParts!.lossMicroUsd! / USD };
    });
    for (const { contractor, loss } of lost) {
      expect(contractor).toBe('C');
      expect(loss).toBeCloseTo(losses()[2]!, 12);
    }
    expect(losses()[1]).toBeGreaterThan(result.explorationParts!.budgetMicroUsd! / USD);
    expect(prose()).toContain('B could lose too much, and C may be explored');
  });

  it('is paid what the example says that A asks', () => {
    expect(PAID_USD).toBe(FACTS.contractors['price']![0]);
    expect(PAGE).toContain(`paid ${PAID_USD}`);
  });
});

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
}

/** The least price whose receipt counts in full, to a cent. */
function fullPriceMicroUsd(): number {
  let cents = 0;
  while (priceWeight(cents * 10_000) < 1) cents++;
  return cents * 10_000;
}

/** Weight of the newest of these own outcomes, a failure if not all succeeded. */
function weightOf(successes: number, total: number): number {
  return ownJudgement({ successes, total }, successes === total)!.weight;
}

/** Phrases of the page with figures, each made from the constant that it is about. */
function claims(): string[] {
  const { exploration } = RATIONAL_POLICY;
  const { floors, step, reviewEvery, minOutsourcedShare, minSuccessRate } =
    ADAPTIVE_THRESHOLD_LIMITS;
  const { low, medium, high } = RATIONAL_POLICY.sensitivityFactors;
  const perNat = EXPLORATION_DEFAULTS.learningValueMicroUsd / USD;
  const stuck = stuckAfterDecisions(EXPLORATION_DEFAULTS.rate);
  return [
    `by certificate level ${RATIONAL_POLICY.breachProbabilities.join(', ')}.`,
    `low ${low}, medium ${medium}, high ${high}.`,
    `starts at ${weightVector(INITIAL_WEIGHTS).join(', ')}.`,
    `fit is at least ${RATIONAL_POLICY.skillThreshold}`,
    `high sensitivity asks for level ${DEFAULTS.trust.leastLevel.high} (`,
    `score is above ${RATIONAL_POLICY.scoreThreshold} (not asked of one alone or among equals)`,
    `confidence above ${RATIONAL_POLICY.confidenceThreshold}`,
    `success rate at least ${RATIONAL_POLICY.successThreshold}`,
    'confidence is 0 without an outcome',
    `outcomes from level ${RATIONAL_POLICY.pseudoOutcomesFromLevel} on`,
    `together at most ${RATIONAL_POLICY.maxPseudoOutcomes}`,
    `in full from $${fullPriceMicroUsd() / USD} on, at the least ${priceWeight(0).toFixed(4)}`,
    `at most ${BOOTSTRAPPING_LIMITS.maxOutcomesPerRater} outcomes per client`,
    `together count at most ${BOOTSTRAPPING_LIMITS.newcomerShare} of`,
    `a first failure among them ${weightOf(2, 3)} of one`,
    `later outcome, the n-th, ${10 * weightOf(10, 10)}/n, a failure ${10 * weightOf(9, 10)}/n`,
    `explores with probability ${exploration.rate}`,
    `of ${exploration.maxSensitivity} sensitivity`,
    `may lose ${percent(DEFAULT_LOSS_LIMITS.maxShareOfValue)} of its task's worth`,
    `all together ${percent(DEFAULT_LOSS_LIMITS.maxShareOfLocal)} of what`,
    `over the last ${BLOCK_DECISIONS} to ${(2 * BLOCK_DECISIONS).toLocaleString('en')} decisions`,
    `at p below ${ALARM_P_VALUE}`,
    `after ${stuck} equal choices in a row`,
    `from ${exploration.initialRate} by the factor ${exploration.rateDecay} per decision to ${exploration.minRate}`,
    "`seen`: 1 with outcomes of the task's type, else 0.",
    'criterion, 0 with fewer than three contractors',
    'sqrt(2 ln t / n)',
    'Beta(1 + utility, 1 + the rest of the outcomes)',
    `less $${perNat} per nat`,
    'LOCAL, of utility 0.5,',
    `by ${EWMA_RATE})`,
    `the last ${MAX_RUNS} runs of its type`,
    `after every ${reviewEvery} decisions they fall by ${step}`,
    `less than ${minOutsourcedShare} of them was outsourced`,
    `less than ${floors.skillThreshold} (fit), ${floors.scoreThreshold} (score), ${floors.confidenceThreshold} (confidence)`,
    `less than ${minSuccessRate} succeeded`,
    `alarm above ${SPENDING_ALARM_LIMITS.maxIndex} from ${SPENDING_ALARM_LIMITS.minTasks} tasks on`,
    `one contractor; ${DEFAULTS.decision.maxSpendingShare}, the default, is no cap`,
    `or ${MARKET_ALARM_LIMITS.minMovers} contractors move theirs by more than ${MARKET_ALARM_LIMITS.minMove} the same way`,
  ];
}

describe('the page "How it decides"', () => {
  it.each(claims())('has the figures of the code: %s', (claim) => {
    expect(prose()).toContain(claim);
  });

  it('has no figure beside these', () => {
    let rest = prose();
    for (const claim of claims()) rest = rest.replaceAll(claim, '');
    rest = rest
      .replace(/(Eq\.|Listings?) \d+([-,] ?\d+)*( and \d+)?/g, '')
      .replaceAll('SHA-256', '')
      .replaceAll('`ucb1`', '');
    expect(rest.match(/.{0,30}\d.{0,30}/g) ?? []).toEqual([]);
  });

  it('says of the configuration what its defaults are', () => {
    const config = configSchema.parse({});
    const policy = nodePolicy(config, configuredThresholds(config));
    expect(policy).toEqual(RATIONAL_POLICY);
    expect(config.decision.policy).toBe('rational');
    expect(config.decision.isAdaptive).toBe(false);
    expect(QUOTE_WINDOW_MS).toBe(24 * 3_600_000);
    expect(SPENDING_HALF_LIFE_MONTHS).toBe(1);
    expect(MARKET_ALARM_LIMITS.maxIndex).toBe(SPENDING_ALARM_LIMITS.maxIndex);
  });

  it('is right that as many passed tests as count are enough, and one less is not', () => {
    const { maxPseudoOutcomes: most, confidenceThreshold } = RATIONAL_POLICY;
    expect(smoothedConfidence(most, most)).toBeGreaterThan(confidenceThreshold);
    expect(smoothedConfidence(most - 1, most - 1)).toBeLessThan(confidenceThreshold);
  });

  it('is right that words let nobody in, alone or beside too few tests, but one outcome here', () => {
    const { maxPseudoOutcomes: most, confidenceThreshold } = RATIONAL_POLICY;
    for (let tests = 0; tests < most; tests++) {
      const passed = { successes: tests, total: tests };
      const known = tests + countedTestimony(passed, 1_000, RATIONAL_POLICY);
      expect(smoothedConfidence(known, known)).toBeLessThan(confidenceThreshold);
      expect(smoothedConfidence(known + 1, known + 1)).toBeGreaterThan(confidenceThreshold);
    }
  });

  it('names every strategy and every policy, and no other', () => {
    const sentence = /The strategies: .*? never explores\./.exec(prose())![0];
    const strategies = [...sentence.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name);
    expect(strategies.toSorted()).toEqual([...EXPLORATION_STRATEGIES].toSorted());
    const policies = PAGE.split('\n').flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? []);
    expect(policies).toEqual(Object.keys(POLICIES));
  });

  it('is right about what sets the policies apart', () => {
    const { paper, reference } = POLICIES;
    expect(paper).toMatchObject({
      hasEconomicGate: false,
      triesNextAfter: 'economicGate',
      maxPseudoOutcomes: 0,
      exploration: { allowsCritical: true },
    });
    expect(reference).toMatchObject({
      normalisation: 'minmax',
      evidence: 'stated',
      confidenceRule: 'recentScores',
    });
    const config = configSchema.parse({ decision: { policy: 'paper' } });
    const { lossLimits } = nodePolicy(config, configuredThresholds(config)).exploration;
    expect(lossLimits).toEqual(DEFAULT_LOSS_LIMITS);
  });

  it('is right that a handling above the share of the value forbids to explore', () => {
    const base = example(1, true);
    const poor = { ...base, task: { ...base.task, valueMicroUsd: microUsd(0.355) } };
    const rich = { ...base, task: { ...base.task, valueMicroUsd: microUsd(0.356) } };
    expect(decide(poor).result.explorationParts!.bar).toBe('TOO_DEAR');
    expect(decide(rich).result.explorationParts!.bar).toBeNull();
  });
});
