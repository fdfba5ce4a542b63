/**
 * The decision itself, in numbers: cost here, candidates, weights, scores, gates (paper Listing 1).
 * Pure; makes next to nothing per candidate, so a simulation can call it a million times.
 *
 * Does not explain and does not record: `engine.ts` does.
 *
 * @module
 */

import { internalCost } from '../cost/internal-cost.ts';
import type { InternalCost } from '../cost/internal-cost.ts';
import { CandidateTable } from './candidate-table.ts';
import type { ReliabilityOverride } from './candidate-table.ts';
import { CRITERION_TYPES, weightVector } from './criteria.ts';
import type { DecisionRequest, LocalExecution } from './request.ts';
import { select } from './selection.ts';
import type { GateFacts, Selection } from './selection.ts';
import { topsis } from './topsis.ts';
import type { TopsisResult } from './topsis.ts';
import { correlationAdjusted, correlationMatrix, mixWeights, normaliseWeights } from './weights.ts';

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

/** A decision in numbers. It lives in the table handed in, until that is loaded again. */
export interface Evaluation {
  readonly choice: Choice;
  readonly local: LocalEvaluation;
  readonly table: CandidateTable;
  readonly gateFacts: GateFacts;
  readonly selection: Selection;
  /** `null` without a candidate that could be judged. */
  readonly weights: WeightEvaluation | null;
  readonly topsis: TopsisResult | null;
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
    cost.computeMicroUsd + cost.memoryMicroUsd + cost.energyMicroUsd + cost.depreciationMicroUsd;
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
function signalsOf(request: DecisionRequest, table: CandidateTable): number[] {
  const { marketPressure, reliability, latencyMinutes } = table.columns;
  let pressure = 0;
  let reliabilitySum = 0;
  let fastestMinutes = Infinity;
  for (let row = 0; row < table.count; row++) {
    pressure += marketPressure[row]!;
    reliabilitySum += reliability[row]!;
    fastestMinutes = Math.min(fastestMinutes, latencyMinutes[row]!);
  }
  const { task, policy } = request;
  const deadlineMinutes = (task.maxLatencyMs ?? 0) / MS_PER_MINUTE;
  const urgency = deadlineMinutes > 0 ? Math.min(1, fastestMinutes / deadlineMinutes) : 0;
  return [
    Math.min(1, pressure / table.count),
    Math.max(0, 1 - reliabilitySum / table.count),
    urgency,
    policy.sensitivityFactors[task.sensitivity],
  ];
}

function weighCriteria(request: DecisionRequest, table: CandidateTable): WeightEvaluation {
  const { policy, context } = request;
  const signals = signalsOf(request, table);
  const historical = weightVector(context.historicalWeights);
  const mixed = normaliseWeights(mixWeights(signals, historical, policy.signalShare));
  const rho = correlationMatrix(table.criteria, table.count);
  const adjusted = correlationAdjusted(rho, mixed, policy.correlationPenalty).weights;
  return { signals, historical, mixed, adjusted };
}

/**
 * Decides. The request's own parts must be valid (`requireValidRequest`); its candidates may be
 * anything.
 *
 * @param table - Memory to work in; what stood in it is gone.
 */
export function evaluate(
  request: DecisionRequest,
  table: CandidateTable = new CandidateTable(request.candidates.length),
  override?: ReliabilityOverride,
): Evaluation {
  const local = evaluateLocal(request.local, request.context.localCalibrationRatio);
  table.load(request, override);
  const weights = table.count === 0 ? null : weighCriteria(request, table);
  const scored =
    weights === null
      ? null
      : topsis(
          {
            columns: table.criteria,
            count: table.count,
            types: CRITERION_TYPES,
            weights: weights.adjusted,
            normalisation: request.policy.normalisation,
          },
          table.columns,
        );
  const gateFacts: GateFacts = {
    policy: request.policy,
    costInternalMicroUsd: local.costMicroUsd,
    isDegenerate: scored?.isDegenerate ?? true,
  };
  const selection = select(request, table, gateFacts);
  const fallback = local.isInfeasible ? 'REFUSED' : 'LOCAL';
  const choice = selection.chosenRow >= 0 ? 'OUTSOURCE' : fallback;
  return { choice, local, table, gateFacts, selection, weights, topsis: scored };
}
