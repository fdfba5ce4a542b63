/**
 * The example of the README's page "How it decides": its facts as a request, what the engine makes
 * of it under the names of the page's formulas, and what else these names stand for.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { microUsd } from '../../cost/presets.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { correlationMatrix } from '../../decision/correlation.ts';
import { CRITERIA, CRITERION_TYPES, weightVector } from '../../decision/criteria.ts';
import { decide } from '../../decision/decision-record.ts';
import { evaluate, newWorkspace } from '../../decision/evaluation.ts';
import { explorationLossMicroUsd } from '../../decision/exploration/loss-budget.ts';
import { learnedWeights, realisedUtility } from '../../decision/learning/weight-learning.ts';
import { INITIAL_WEIGHTS, RATIONAL_POLICY } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import { SENSITIVITY_FACTORS } from '../../decision/security-risk.ts';
import type { Sensitivity } from '../../decision/security-risk.ts';
import { topsis } from '../../decision/topsis.ts';
import { evaluateFormula } from './formula.ts';
import type { Names, Value } from './formula.ts';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The page, from its title to the next one. */
export const PAGE = README.slice(
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

export const FACTS = JSON.parse(/```json\n([^`]*)```/.exec(PAGE)![1]!) as Facts;
/** The contractors. */
export const NAMES = ['A', 'B', 'C'] as const;
const TERM = 'performs:finance/risk-assessment';

interface Row {
  readonly name: string;
  readonly formula: string;
  /** As they are printed. */
  readonly figures: readonly string[];
}

/** Rows whose formula defines a name. */
export const ROWS: readonly Row[] = PAGE.split('\n').flatMap((line) => {
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

/** The example as a request. */
export function example(seed = 1, isForced = false): DecisionRequest {
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

/** The decision on it. */
export const { result } = decide(example());
const judged = evaluate(new CandidateTable(exampleCandidates()), example(), newWorkspace(), null, {
  isDetailed: true,
});

/** A column of the engine's matrix; its rows are A, B and C. */
function column(numbers: Float64Array, unit = 1): readonly number[] {
  return NAMES.map((_, row) => numbers[row]! / unit);
}

/** Micro-USD. */
export const USD = 1e6;
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
/** What A asks. */
export const PAID_USD = 0.2;
const CASH_USD = result.costInternalWithoutOpportunityMicroUsd! / USD;

function counted(): { readonly known: number[]; readonly good: number[] } {
  const table = new CandidateTable(exampleCandidates());
  const own = table.historyOf(TERM);
  const others = table.pseudoOutcomes(RATIONAL_POLICY);
  return {
    known: NAMES.map((_, i) => own.outcomes[i]! + others.total[i]!),
    good: NAMES.map((_, i) => own.successes[i]! + others.successes[i]!),
  };
}

/** Price and handling of A, which gets the task without exploration. */
const OTHERWISE_USD = FACTS.contractors['price']![0]! + column(columns.handlingMicroUsd, USD)[0]!;

/** What an exploration of each could lose, in USD. */
export function losses(): number[] {
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
export const ENGINE: Names = {
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
export function byFormula({ formula }: Row): Value {
  if (!/\bx\b/.test(formula)) return evaluateFormula(formula, { ...givenNames(0), ...ENGINE });
  return NAMES.map((_, i) => evaluateFormula(formula, { ...givenNames(i), ...ENGINE }) as number);
}

/** A value as a list. */
export function flat(value: Value): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}

/** The page without its example and its formulas, on one line. */
export function prose(): string {
  return PAGE.replace(/```json[^`]*```/, '')
    .split('\n')
    .filter((line) => !/\| `\w+ = /.test(line))
    .join(' ')
    .replace(/\s+/g, ' ');
}
