/**
 * The decision itself, in numbers: cost here, candidates, weights, scores, gates (paper Listing 1),
 * and the exploration that may take their place (Listing 2). Pure; makes next to nothing per
 * candidate, so a simulation can call it a million times.
 *
 * Differs from Listing 2 in order, not in outcome: it draws before it scores; here the score comes
 * first, because what an exploration may lose is counted from what would have been done without it.
 *
 * Does not explain and does not record: `engine.ts` does.
 *
 * @module
 */

import { internalCost } from '../cost/internal-cost.ts';
import type { InternalCost } from '../cost/internal-cost.ts';
import { Admission } from './admission.ts';
import type { CandidateTable } from './candidate-table.ts';
import { summarise } from './column-summary.ts';
import { referenceConfidence } from './confidence.ts';
import { correlationMatrix } from './correlation.ts';
import { benefitShare, CRITERIA, CRITERION_TYPES, weightVector } from './criteria.ts';
import { DecisionMatrix } from './decision-matrix.ts';
import { Exploration, EXPLORATION_CONFIDENCE, EXPLORATION_SCORE } from './exploration-step.ts';
import type { ExplorationOutcome } from './exploration-step.ts';
import { judge } from './judgement.ts';
import type { JudgementOptions } from './judgement.ts';
import { multipliedWeights } from './learning/reference-weights.ts';
import type { DecisionQuery, LocalExecution } from './request.ts';
import { failedGate, select } from './selection.ts';
import type { Gate, GateFacts, Selection } from './selection.ts';
import { taskFactsOf } from './task-facts.ts';
import type { TaskFacts } from './task-facts.ts';
import { topsis } from './topsis.ts';
import type { TopsisResult } from './topsis.ts';
import { correlationAdjusted, mixWeights, normaliseWeights } from './weights.ts';

const MS_PER_MINUTE = 60_000;

/** Where a task goes. */
export type Choice = 'LOCAL' | 'OUTSOURCE' | 'REFUSED';

/** The task on this machine. */
export interface LocalEvaluation {
  /** `null` while nothing is known about the task here. */
  readonly cost: InternalCost | null;
  readonly isInfeasible: boolean;
  /** Calibrated; `null` if infeasible. What the decision compares. */
  readonly costMicroUsd: number | null;
  /** The same without Eq. (5): what savings are measured against. */
  readonly costWithoutOpportunityMicroUsd: number | null;
}

/** Weights on their way from the market to the scores, in the order of `CRITERIA`. */
export interface WeightEvaluation {
  readonly signals: readonly number[];
  readonly historical: readonly number[];
  /** Signals and history mixed, adding up to 1. */
  readonly mixed: readonly number[];
  /** After the correction for correlation (Eq. 11): what the scores use. */
  readonly adjusted: readonly number[];
}

/** A decision in numbers. It lives in the matrix handed in, until that is loaded again. */
export interface Evaluation {
  readonly choice: Choice;
  /** Row of the contractor that gets the task; -1 for none. */
  readonly chosenRow: number;
  readonly local: LocalEvaluation;
  readonly matrix: DecisionMatrix;
  readonly gateFacts: GateFacts;
  /** What would have been done without exploration. */
  readonly selection: Selection;
  /** `null` without a candidate that could be judged. */
  readonly weights: WeightEvaluation | null;
  readonly topsis: TopsisResult | null;
  /** `null` where exploring was not asked for. */
  readonly exploration: ExplorationOutcome | null;
}

function evaluateLocal(local: LocalExecution, calibrationRatio: number): LocalEvaluation {
  const cost =
    local.execution === undefined
      ? null
      : internalCost({
          execution: local.execution,
          hardware: local.hardware,
          memory: local.memory,
          queue: local.queue,
          ...(local.servicesMicroUsd !== undefined && {
            servicesMicroUsd: local.servicesMicroUsd,
          }),
        });
  if (!local.isAvailable || cost?.isFeasible !== true) {
    return {
      cost,
      isInfeasible: true,
      costMicroUsd: null,
      costWithoutOpportunityMicroUsd: null,
    };
  }
  const cashMicroUsd =
    cost.computeMicroUsd +
    cost.memoryMicroUsd +
    cost.energyMicroUsd +
    cost.depreciationMicroUsd +
    (cost.servicesMicroUsd ?? 0);
  return {
    cost,
    isInfeasible: false,
    costMicroUsd: cost.totalMicroUsd * calibrationRatio,
    costWithoutOpportunityMicroUsd: cashMicroUsd * calibrationRatio,
  };
}

/**
 * Market signals in [0, 1], one per criterion (Listing 1, lines 15-18). Scarcity is the mean of
 * each contractor's own, so that one that claims an endless queue moves it by its share and no
 * more.
 */
function signalsOf({ task, policy }: DecisionQuery, matrix: DecisionMatrix): number[] {
  const [, reliability, latency] = matrix.summaries;
  const deadlineMinutes = (task.maxLatencyMs ?? 0) / MS_PER_MINUTE;
  const urgency = deadlineMinutes > 0 ? Math.min(1, latency!.min / deadlineMinutes) : 0;
  return [
    Math.min(1, matrix.marketPressure / matrix.count),
    Math.max(0, 1 - reliability!.sum / matrix.count),
    urgency,
    policy.sensitivityFactors[task.sensitivity],
  ];
}

function weighCriteria(query: DecisionQuery, matrix: DecisionMatrix): WeightEvaluation {
  const { task, policy, context } = query;
  const signals = signalsOf(query, matrix);
  const historical = weightVector(context.historicalWeights);
  if (policy.weightRule === 'multipliers') {
    const mixed = multipliedWeights(historical, task);
    return { signals, historical, mixed, adjusted: mixed };
  }
  const mixed = normaliseWeights(mixWeights(signals, historical, policy.signalShare));
  const rho = correlationMatrix(matrix.criteria, matrix.count, matrix.summaries, matrix.rho);
  const adjusted = correlationAdjusted(rho, mixed, policy.correlationPenalty).weights;
  return { signals, historical, mixed, adjusted };
}

/** One confidence for all rows: the rule of the paper's own code does not look at contractors. */
function setReferenceConfidence({ context }: DecisionQuery, matrix: DecisionMatrix): void {
  const { decisions, recent, recentHighScores } = context.recentDecisions ?? {
    decisions: 0,
    recent: 0,
    recentHighScores: 0,
  };
  matrix.columns.confidence.fill(referenceConfidence(decisions, recent, recentHighScores));
}

/** What an evaluation works with and leaves its figures in. */
export interface Workspace {
  readonly matrix: DecisionMatrix;
  readonly admission: Admission;
  readonly exploration: Exploration;
}

/** Memory for evaluations, to be used again and again. */
export function newWorkspace(capacity?: number): Workspace {
  return {
    matrix: new DecisionMatrix(capacity),
    admission: new Admission(),
    exploration: new Exploration(),
  };
}

/** Admits, judges and summarises. */
function fillMatrix(
  table: CandidateTable,
  query: DecisionQuery,
  facts: TaskFacts,
  { matrix, admission }: Workspace,
  similarities: Float64Array | null,
  options: JudgementOptions,
): void {
  matrix.clear(table.size);
  const known = similarities ?? table.columns.similarity;
  admission.admit(table, query, facts, known, matrix, options.isDetailed ?? false);
  const { count, explorableFrom, capacity } = matrix;
  judge(table, query, facts, matrix, { start: 0, end: count }, options);
  if (explorableFrom < capacity) {
    judge(table, query, facts, matrix, { start: explorableFrom, end: capacity }, options);
  }
  for (let c = 0; c < matrix.criteria.length; c++) {
    summarise(matrix.criteria[c]!, count, matrix.summaries[c]);
  }
}

/**
 * Decides. The query must be valid (`requireValidQuery`); the table may hold anything.
 *
 * @param workspace - What stood in it is gone.
 */
export function evaluate(
  table: CandidateTable,
  query: DecisionQuery,
  workspace: Workspace,
  similarities: Float64Array | null = null,
  options: JudgementOptions = {},
): Evaluation {
  const { matrix, exploration } = workspace;
  const { policy, context } = query;
  const local = evaluateLocal(query.local, context.localCalibrationRatio);
  const facts = taskFactsOf(query);
  fillMatrix(table, query, facts, workspace, similarities, options);
  if (policy.confidenceRule === 'recentScores') setReferenceConfidence(query, matrix);
  const weights = matrix.count === 0 ? null : weighCriteria(query, matrix);
  const scored =
    weights === null
      ? null
      : topsis(
          {
            columns: matrix.criteria,
            count: matrix.count,
            types: CRITERION_TYPES,
            weights: weights.adjusted,
            normalisation: policy.normalisation,
            summaries: matrix.summaries,
          },
          matrix.columns,
        );
  const gateFacts: GateFacts = {
    policy,
    costInternalMicroUsd: local.costMicroUsd,
    isDegenerate: scored?.isDegenerate ?? true,
  };
  const selection = select(table, matrix, gateFacts);
  const greedy = {
    greedyRow: selection.chosenRow,
    costLocalMicroUsd: local.costMicroUsd,
    cashLocalMicroUsd: local.costWithoutOpportunityMicroUsd,
  };
  const isDetailed = options.isDetailed ?? false;
  const explored = exploration.explore(table, query, facts, matrix, greedy, isDetailed);
  const chosenRow = explored !== null && explored.row >= 0 ? explored.row : selection.chosenRow;
  const fallback = local.isInfeasible ? 'REFUSED' : 'LOCAL';
  return {
    choice: chosenRow >= 0 ? 'OUTSOURCE' : fallback,
    chosenRow,
    local,
    matrix,
    gateFacts,
    selection,
    weights,
    topsis: scored,
    exploration: explored,
  };
}

/** The row whose figures explain the decision, and these figures. */
export interface ConsideredFigures {
  readonly isExploration: boolean;
  /** The chosen one, else the best by score; -1 for none. */
  readonly consideredRow: number;
  /** The best by score apart from that one; -1 for none. */
  readonly runnerUpRow: number;
  /** `null` where there is no such row. */
  readonly score: number | null;
  readonly confidence: number | null;
  /** Its criteria, benefit-oriented min-max within the field, in [0, 1] (Eq. 13). */
  readonly features: readonly number[] | null;
}

/** What settled a decision: the gate that the best contractor failed, or one of the others. */
export type DecidedBy = Gate | 'allGates' | 'exploration' | 'nobody';

/** `allGates`: a contractor passed them. `nobody`: there was no contractor to judge. */
export function decidedBy(evaluation: Evaluation): DecidedBy {
  const { exploration, chosenRow, selection, matrix, gateFacts } = evaluation;
  if (exploration !== null && exploration.row >= 0) return 'exploration';
  if (chosenRow >= 0) return 'allGates';
  const row = selection.consideredRow;
  return row < 0 ? 'nobody' : (failedGate(matrix, gateFacts, row) ?? 'score');
}

/** What a decision shows of the contractor that it is about. */
export function consideredFigures(evaluation: Evaluation): ConsideredFigures {
  const { exploration, selection, matrix, chosenRow } = evaluation;
  const isExploration = exploration !== null && exploration.row >= 0;
  const row = isExploration ? chosenRow : selection.consideredRow;
  const isOther = isExploration && selection.consideredRow !== row;
  const { scores, confidence } = matrix.columns;
  return {
    isExploration,
    consideredRow: row,
    runnerUpRow: isOther ? selection.consideredRow : selection.runnerUpRow,
    score: row < 0 ? null : isExploration ? EXPLORATION_SCORE : scores[row]!,
    confidence: row < 0 ? null : isExploration ? EXPLORATION_CONFIDENCE : confidence[row]!,
    features: row < 0 ? null : featuresOf(evaluation, row),
  };
}

function featuresOf({ matrix, topsis: scored }: Evaluation, row: number): number[] {
  const features: number[] = [];
  for (let c = 0; c < CRITERIA.length; c++) {
    const scale = scored?.scales[c];
    const x = matrix.criteria[c]![row]!;
    const type = CRITERION_TYPES[c]!;
    features.push(scale === undefined ? 0 : benefitShare(x, scale.min, scale.max, type));
  }
  return features;
}
