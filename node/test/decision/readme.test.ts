/**
 * Holds the page "How it decides" of the README to the engine: the example is decided, every
 * formula is evaluated as it is printed, and no figure stands there that the code does not have.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../config/defaults.ts';
import { EWMA_RATE } from '../../cost/calibration.ts';
import { MAX_RUNS } from '../../cost/execution-time.ts';
import { microUsd } from '../../cost/presets.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { smoothedConfidence } from '../../decision/confidence.ts';
import { correlationMatrix } from '../../decision/correlation.ts';
import { CRITERIA, CRITERION_TYPES, weightVector } from '../../decision/criteria.ts';
import { decide } from '../../decision/decision-record.ts';
import { evaluate, newWorkspace } from '../../decision/evaluation.ts';
import {
  ALARM_P_VALUE,
  BLOCK_DECISIONS,
  stuckAfterDecisions,
} from '../../decision/exploration/exploration-monitor.ts';
import {
  EXPLORATION_DEFAULTS,
  EXPLORATION_STRATEGIES,
} from '../../decision/exploration/exploration-strategy.ts';
import {
  DEFAULT_LOSS_LIMITS,
  explorationLossMicroUsd,
} from '../../decision/exploration/loss-budget.ts';
import { ADAPTIVE_THRESHOLD_LIMITS } from '../../decision/learning/adaptive-thresholds.ts';
import { learnedWeights, realisedUtility } from '../../decision/learning/weight-learning.ts';
import { INITIAL_WEIGHTS, POLICIES, RATIONAL_POLICY } from '../../decision/policy.ts';
import { MARKET_ALARM_LIMITS } from '../../decision/portfolio/market-watch.ts';
import { QUOTE_WINDOW_MS } from '../../decision/portfolio/quote-window.ts';
import {
  SPENDING_ALARM_LIMITS,
  SPENDING_HALF_LIFE_MONTHS,
} from '../../decision/portfolio/spending.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import { SENSITIVITY_FACTORS } from '../../decision/security-risk.ts';
import type { Sensitivity } from '../../decision/security-risk.ts';
import { topsis } from '../../decision/topsis.ts';
import { configSchema } from '../../config/schema.ts';
import { configuredThresholds, nodePolicy } from '../../tasks/node-policy.ts';
import { evaluateFormula } from './formula.ts';
import type { Names, Value } from './formula.ts';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The page, from its title to the next one. */
const PAGE = README.slice(
  README.indexOf('## How it decides'),
  README.indexOf('\n## ', README.indexOf('## How it decides') + 1),
);

/** The facts of the example as the README gives them. */
interface Facts {
  readonly task: {
    readonly worth: number;
    readonly bytes: number;
    readonly deadlineMs: number;
    readonly sensitivity: Sensitivity;
  };
  readonly here: Readonly<Record<string, number>> & {
    readonly waitingWorth: readonly number[];
    readonly waitingHours: readonly number[];
  };
  readonly trade: Readonly<Record<string, number>>;
  readonly contractors: Readonly<Record<string, readonly number[]>>;
}

const FACTS = JSON.parse(/```json\n([^`]*)```/.exec(PAGE)![1]!) as Facts;
const NAMES = ['A', 'B', 'C'] as const;
const TERM = 'performs:finance/risk-assessment';

interface Row {
  readonly name: string;
  readonly formula: string;
  /** As they are printed. */
  readonly figures: readonly string[];
}

/** Rows whose formula defines a name. */
const ROWS: readonly Row[] = PAGE.split('\n').flatMap((line) => {
  const [, name, formula, figures] = /\| `(\w+) = ([^`]+)` \| (.*) \|$/.exec(line) ?? [];
  return name === undefined ? [] : [{ name, formula: formula!, figures: figures!.split(', ') }];
});

function exampleCandidates(): Candidate[] {
  return NAMES.map((peerId, i): Candidate => {
    const fact = (name: string): number => FACTS.contractors[name]![i]!;
    const own = {
      successes: fact('good'),
      failures: fact('all') - fact('good'),
      monthsSinceLast: fact('months'),
    };
    return {
      peerId,
      // The share of terms that the facts state is 1.
      skills: fact('terms') === 1 ? [TERM] : [],
      similarity: fact('cosine'),
      quote: {
        priceMicroUsd: microUsd(fact('price')),
        latencyMs: fact('ms'),
        load: { demand: fact('wanted'), available: fact('free'), total: fact('slots') },
      },
      level: fact('level'),
      evidence: { passed: fact('passed'), run: fact('run') },
      history: { ...own, byType: { [TERM]: own } },
      incidents: {
        disputes: fact('disputes'),
        canaryHits: 0,
        interactions: fact('dealings'),
      },
      calibrationRatio: fact('K'),
    };
  });
}

function example(seed = 1, isForced = false): DecisionRequest {
  const { task, here, trade } = FACTS;
  const own = (name: string): number => here[name] as number;
  const usd = (amount: number | undefined): number => microUsd(amount!);
  return {
    decisionId: 'readme',
    seed,
    policy: RATIONAL_POLICY,
    task: {
      taskType: TERM,
      requiredSkills: [TERM],
      valueMicroUsd: usd(task.worth),
      sensitivity: task.sensitivity,
      criticality: 'normal',
      complexity: 1,
      inputBytes: task.bytes,
      expectedOutputBytes: 0,
      maxLatencyMs: task.deadlineMs,
    },
    local: {
      isAvailable: true,
      execution: { flops: own('flops') },
      hardware: {
        peakFlopsPerSecond: own('peak'),
        utilisation: own('use'),
        memoryGib: own('pool'),
        powerWatts: own('watts'),
        computeMicroUsdPerHour: usd(own('computeHour')),
        memoryMicroUsdPerHour: usd(own('memoryHour')),
        energyMicroUsdPerKwh: usd(own('kWh')),
        purchaseMicroUsd: usd(own('purchase')),
        lifeYears: own('years'),
      },
      memory: { modelGib: own('need'), kvCacheGib: 0, activationsGib: 0 },
      queue: here.waitingWorth.map((worth, i) => ({
        valueMicroUsd: usd(worth),
        hours: here.waitingHours[i]!,
      })),
    },
    candidates: exampleCandidates(),
    context: {
      historicalWeights: INITIAL_WEIGHTS,
      overheads: {
        sessionMicroUsd: usd(trade['session']),
        automaticVerificationMicroUsd: usd(trade['check']),
        manualVerificationMicroUsd: usd(trade['check']),
        integrationMicroUsd: usd(trade['merge']),
      },
      link: { bandwidthMbps: 100, transferMicroUsdPerGb: usd(trade['perGB']) },
      localCalibrationRatio: own('k'),
      exploration: {
        decisionIndex: 0,
        cumulativeLocalMicroUsd: usd(trade['soFar']),
        cumulativeLossMicroUsd: usd(trade['lost']),
        isForced,
        linearModel: null,
      },
    },
  };
}

const { result } = decide(example());
const judged = evaluate(new CandidateTable(exampleCandidates()), example(), newWorkspace(), null, {
  isDetailed: true,
});

/** A column of the engine's matrix; its rows are A, B and C. */
function column(numbers: Float64Array, unit = 1): readonly number[] {
  return NAMES.map((_, row) => numbers[row]! / unit);
}

const USD = 1e6;
const { columns, details } = judged.matrix;
/** The criteria as the README counts them: USD, probability, milliseconds, probability. */
const CRITERION_COLUMNS = [
  column(columns.costMicroUsd, USD),
  column(columns.reliability),
  column(columns.latencyMinutes, 1 / 60_000),
  column(columns.securityRisk),
];

function scoring() {
  const count = NAMES.length;
  const arrays = {
    scores: new Float64Array(count),
    squaresToIdeal: new Float64Array(count),
    squaresToAntiIdeal: new Float64Array(count),
  };
  const input = {
    columns: CRITERION_COLUMNS.map((values) => Float64Array.from(values)),
    count,
    types: CRITERION_TYPES,
    weights: weightVector(result.weights!),
    normalisation: RATIONAL_POLICY.normalisation,
  };
  const { scales } = topsis(input, arrays);
  return { ...arrays, norms: scales.map(({ scale }) => scale) };
}

/** Correlation of each criterion with each of the other three, as the engine has it. */
function correlations(): readonly (readonly number[])[] {
  const size = CRITERIA.length;
  const rho = correlationMatrix(
    CRITERION_COLUMNS.map((values) => Float64Array.from(values)),
    NAMES.length,
  );
  const others = CRITERIA.map((_, i) => CRITERIA.flatMap((__, j) => (i === j ? [] : [j])));
  return [0, 1, 2].map((k) => CRITERIA.map((_, i) => rho[i * size + others[i]![k]!]!));
}

const internal = result.costParts.internal!;
const PAID_USD = 0.2;
const CASH_USD = result.costInternalWithoutOpportunityMicroUsd! / USD;

function counted(): { readonly known: number[]; readonly good: number[] } {
  const table = new CandidateTable(exampleCandidates());
  const own = table.historyOf(TERM);
  const { maxPseudoOutcomes, pseudoOutcomesFromLevel } = RATIONAL_POLICY;
  const others = table.pseudoOutcomes(maxPseudoOutcomes, pseudoOutcomesFromLevel);
  return {
    known: NAMES.map((_, i) => own.outcomes[i]! + others.total[i]!),
    good: NAMES.map((_, i) => own.successes[i]! + others.successes[i]!),
  };
}

/** Price and handling of A, which gets the task without exploration. */
const OTHERWISE_USD = FACTS.contractors['price']![0]! + column(columns.handlingMicroUsd, USD)[0]!;

function losses(): number[] {
  return NAMES.map((_, i) =>
    explorationLossMicroUsd({
      priceMicroUsd: FACTS.contractors['price']![i]!,
      handlingMicroUsd: column(columns.handlingMicroUsd, USD)[i]!,
      latenessMicroUsd: 0,
      greedyCostMicroUsd: OTHERWISE_USD,
    }),
  );
}

const UTILITY = realisedUtility({
  isSuccess: true,
  costInternalMicroUsd: CASH_USD,
  paidMicroUsd: PAID_USD,
});

/** What the engine says of each name that a formula of the README defines. */
const ENGINE: Names = {
  t: internal.executionHours,
  compute: internal.computeMicroUsd / USD,
  memory: internal.memoryMicroUsd / USD,
  energy: internal.energyMicroUsd / USD,
  waiting: internal.opportunityMicroUsd / USD,
  wear: internal.depreciationMicroUsd / USD,
  here: result.costInternalMicroUsd! / USD,
  cash: CASH_USD,
  fit: column(details.compatibility),
  n: counted().known,
  s: counted().good,
  p: column(columns.successMean),
  sure: column(columns.confidence),
  R: column(columns.reliability),
  breach: column(details.breach),
  security: column(columns.securityRisk),
  risk: column(details.riskMicroUsd, USD),
  handling: column(columns.handlingMicroUsd, USD),
  there: column(columns.costMicroUsd, USD),
  signal: weightVector(result.weightParts!.signals),
  mixed: weightVector(result.weightParts!.mixed),
  overlap: CRITERIA.map((_, i) => correlations().reduce((sum, rho) => sum + Math.abs(rho[i]!), 0)),
  w: weightVector(result.weights!),
  norm: scoring().norms,
  D: column(scoring().squaresToIdeal.map(Math.sqrt)),
  E: column(scoring().squaresToAntiIdeal.map(Math.sqrt)),
  score: column(columns.scores),
  budget: result.explorationParts!.budgetMicroUsd! / USD,
  loss: losses(),
  phi: weightVector(result.features!),
  u: UTILITY,
  next: learnedWeights(weightVector(INITIAL_WEIGHTS), weightVector(result.features!), UTILITY),
};

/** Names that a formula uses and none defines: facts, and tables that are named in the text. */
function givenNames(contractor: number): Names {
  const { task, here, trade, contractors } = FACTS;
  const criteriaOf = (row: number): number[] => CRITERION_COLUMNS.map((values) => values[row]!);
  const extreme = (isBest: boolean): number[] =>
    CRITERION_COLUMNS.map((values, i) =>
      (CRITERION_TYPES[i] === 'benefit') === isBest ? Math.max(...values) : Math.min(...values),
    );
  const [rho1, rho2, rho3] = correlations();
  return {
    worth: task.worth,
    bytes: task.bytes,
    deadlineMs: task.deadlineMs,
    sensitive: SENSITIVITY_FACTORS[task.sensitivity],
    ...(here as Names),
    ...trade,
    ...contractors,
    seen: contractors['all']!.map((all) => (all > 0 ? 1 : 0)),
    leak: contractors['level']!.map((level) => RATIONAL_POLICY.breachProbabilities[level]!),
    learned: weightVector(INITIAL_WEIGHTS),
    otherwise: OTHERWISE_USD,
    A: criteriaOf(0),
    B: criteriaOf(1),
    C: criteriaOf(2),
    x: criteriaOf(contractor),
    best: extreme(true),
    worst: extreme(false),
    rho1: rho1!,
    rho2: rho2!,
    rho3: rho3!,
  };
}

/** A formula over the engine's figures; where `x` is any contractor, once for each. */
function byFormula({ formula }: Row): Value {
  if (!/\bx\b/.test(formula)) return evaluateFormula(formula, { ...givenNames(0), ...ENGINE });
  return NAMES.map((_, i) => evaluateFormula(formula, { ...givenNames(i), ...ENGINE }) as number);
}

function flat(value: Value): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}

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

/** The page without its example and its formulas, on one line. */
function prose(): string {
  return PAGE.replace(/```json[^`]*```/, '')
    .split('\n')
    .filter((line) => !/\| `\w+ = /.test(line))
    .join(' ')
    .replace(/\s+/g, ' ');
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
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
    `score is above ${RATIONAL_POLICY.scoreThreshold} (not asked of one alone or among equals)`,
    `confidence above ${RATIONAL_POLICY.confidenceThreshold}`,
    `success rate at least ${RATIONAL_POLICY.successThreshold}`,
    'confidence is 0 without an outcome',
    `outcomes from level ${RATIONAL_POLICY.pseudoOutcomesFromLevel} on`,
    `together at most ${RATIONAL_POLICY.maxPseudoOutcomes}`,
    `explores with probability ${exploration.rate}`,
    `of ${exploration.maxSensitivity} sensitivity`,
    `may lose ${percent(DEFAULT_LOSS_LIMITS.maxShareOfValue)} of its task's worth`,
    `all together ${percent(DEFAULT_LOSS_LIMITS.maxShareOfLocal)} of what`,
    `over the last ${BLOCK_DECISIONS} to ${(2 * BLOCK_DECISIONS).toLocaleString('en')} decisions`,
    `at p below ${ALARM_P_VALUE}`,
    `after ${stuck} equal choices in a row`,
    `from ${exploration.initialRate} by the factor ${exploration.rateDecay} per decision to ${exploration.minRate}`,
    '`seen`: 1 with outcomes, else 0.',
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

describe('a formula', () => {
  const names = { a: 2, list: [1, 2, 3], other: [2, 4, 6] };

  it.each([
    ['1 + 2 * 3 ^ 2 - 4 / 2', 17],
    ['-a ^ 2 + 1e3', 996],
    ['2 ^ -1', 0.5],
    ['sqrt(16) + abs(0 - 3) + exp(0)', 8],
    ['max(list) - min(list)', 2],
    ['mean(list) * sum(list)', 12],
    ['(1 - 2) - 3', -4],
  ])('%s is %d', (text, value) => {
    expect(evaluateFormula(text, names)).toBe(value);
  });

  it('goes through lists place by place', () => {
    expect(evaluateFormula('other / list', names)).toEqual([2, 2, 2]);
    expect(evaluateFormula('max(a, list)', names)).toEqual([2, 2, 3]);
    expect(evaluateFormula('scaled(list)', names)).toEqual([1 / 6, 2 / 6, 3 / 6]);
    expect(evaluateFormula('a; sum(list)', names)).toEqual([2, 6]);
  });

  it.each([
    'a +',
    'b',
    '(a',
    'a)',
    'a a',
    'toString',
    'constructor(a)',
    'list + other2',
    'a $ a',
    '',
  ])('that is none is refused: "%s"', (text) => {
    expect(() => evaluateFormula(text, names)).toThrow(SyntaxError);
  });
});
