/**
 * From the engine's columns to the result that is shown and kept: names instead of rows, `null`
 * instead of what JSON cannot hold.
 *
 * @module
 */

import { auditOf } from './audit-rule.ts';
import { DROP_REASONS } from './candidate-reading.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import { bargainingPriceMicroUsd, tradeEquilibrium } from './game.ts';
import type { TradeOutcome } from './game.ts';
import { consideredFigures, decidedBy } from './evaluation.ts';
import { counterfactualOf } from './counterfactual.ts';
import { namedWeights } from './criteria.ts';
import type { CriterionWeights } from './criteria.ts';
import type {
  CandidateResult,
  CriteriaRow,
  DecisionResult,
  ExternalCostParts,
  InternalCostParts,
  RunnerUp,
} from './decision-record.ts';
import type { Evaluation } from './evaluation.ts';
import { explorationPartsOf } from './exploration-parts.ts';
import { reasonOf } from './reason.ts';
import type { DecisionRequest } from './request.ts';
import { failedGate, gateResults } from './selection.ts';

function peerOf(request: DecisionRequest, matrix: DecisionMatrix, row: number): string | null {
  return row < 0 ? null : request.candidates[matrix.candidateIndex[row]!]!.peerId;
}

function internalParts(request: DecisionRequest, { local }: Evaluation): InternalCostParts | null {
  if (local.cost === null) return null;
  return { ...local.cost, calibrationRatio: request.context.localCalibrationRatio };
}

function externalParts(
  { columns: own }: CandidateTable,
  { columns, details, candidateIndex }: DecisionMatrix,
  row: number,
): ExternalCostParts | null {
  if (row < 0) return null;
  const index = candidateIndex[row]!;
  return {
    priceMicroUsd: own.priceMicroUsd[index]!,
    communicationMicroUsd: details.communicationMicroUsd[row]!,
    verificationMicroUsd: details.verificationMicroUsd[row]!,
    integrationMicroUsd: details.integrationMicroUsd[row]!,
    riskMicroUsd: details.riskMicroUsd[row]!,
    latencyMicroUsd: details.latencyMicroUsd[row]!,
    calibrationRatio: own.calibrationRatio[index]!,
    totalMicroUsd: columns.costMicroUsd[row]!,
  };
}

function criteriaRows(
  request: DecisionRequest,
  { matrix, topsis }: Evaluation,
  weight: CriterionWeights | null,
): CriteriaRow[] {
  if (topsis === null || weight === null) return [];
  const rows: CriteriaRow[] = [];
  for (let row = 0; row < matrix.count; row++) {
    const raw = matrix.criteria.map((column) => column[row]!);
    const normalised = raw.map((value, c) => {
      const { offset, scale } = topsis.scales[c]!;
      return scale === 0 ? 0 : (value - offset) / scale;
    });
    rows.push({
      peerId: peerOf(request, matrix, row)!,
      raw: namedWeights(raw),
      normalised: namedWeights(normalised),
      weight,
    });
  }
  return rows;
}

function candidateResults(request: DecisionRequest, evaluation: Evaluation): CandidateResult[] {
  const { matrix, gateFacts, exploration } = evaluation;
  const { columns } = matrix;
  const exploredRow = exploration?.row ?? -1;
  const exploredIndex = exploredRow < 0 ? -1 : matrix.candidateIndex[exploredRow]!;
  const results: CandidateResult[] = [];
  let row = 0;
  for (let index = 0; index < request.candidates.length; index++) {
    const { peerId } = request.candidates[index]!;
    const code = matrix.dropCodes[index]!;
    const explored = index === exploredIndex ? { explored: true as const } : {};
    if (code !== 0) {
      results.push({ peerId, score: null, dropped: DROP_REASONS[code]!, ...explored });
      continue;
    }
    const gate = failedGate(matrix, gateFacts, row);
    const audit = auditOf(request.context.audit, request.candidates[index]!);
    results.push({
      peerId,
      score: columns.scores[row]!,
      ...(gate === null ? {} : { failedGate: gate }),
      ...explored,
      confidence: columns.confidence[row]!,
      compatibility: matrix.details.compatibility[row]!,
      costExternalMicroUsd: columns.costMicroUsd[row]!,
      ...(audit === null ? {} : { audit }),
    });
    row++;
  }
  return results;
}

function runnerUpOf(
  request: DecisionRequest,
  { matrix, gateFacts }: Evaluation,
  row: number,
): RunnerUp | null {
  const peerId = peerOf(request, matrix, row);
  if (peerId === null) return null;
  return {
    peerId,
    score: matrix.columns.scores[row]!,
    costExternalMicroUsd: matrix.columns.costMicroUsd[row]!,
    failedGate: failedGate(matrix, gateFacts, row),
  };
}

/** The game with the considered contractor. Its quote says that the work costs it no more. */
function equilibriumOf(
  { columns: own }: CandidateTable,
  { matrix, local }: Evaluation,
  row: number,
): TradeOutcome | null {
  if (row < 0) return null;
  const priceMicroUsd = own.priceMicroUsd[matrix.candidateIndex[row]!]!;
  return tradeEquilibrium({
    costInternalMicroUsd: local.costMicroUsd,
    costExternalMicroUsd: matrix.columns.costMicroUsd[row]!,
    priceMicroUsd,
    contractorCostMicroUsd: priceMicroUsd,
  });
}

/**
 * Price that would split the gain evenly between the client and the considered contractor. What the
 * work costs the contractor is its secret; the lowest price of those that pass every gate stands
 * for it. Others may ask what they like: nobody would hire them, so their price says nothing.
 */
function bargainingPrice(
  { columns: own }: CandidateTable,
  { matrix, local, gateFacts }: Evaluation,
  row: number,
): number | null {
  if (row < 0 || local.costMicroUsd === null) return null;
  const { candidateIndex, columns, count } = matrix;
  const priceAt = (one: number): number => own.priceMicroUsd[candidateIndex[one]!]!;
  const price = priceAt(row);
  let floor = price;
  for (let other = 0; other < count; other++) {
    const asked = priceAt(other);
    if (asked < floor && failedGate(matrix, gateFacts, other) === null) floor = asked;
  }
  const overheads = Math.max(0, columns.costMicroUsd[row]! - price);
  const split = bargainingPriceMicroUsd(local.costMicroUsd, overheads, floor);
  return split === null ? null : Math.min(price, split);
}

/** What of a result is made. */
export interface ResultOptions {
  readonly counterfactual?: boolean;
}

/** Everything that the record shows of an evaluation. An exploration has no counterfactual. */
export function resultOf(
  request: DecisionRequest,
  table: CandidateTable,
  evaluation: Evaluation,
  { counterfactual: isAsked = true }: ResultOptions = {},
): DecisionResult {
  const { matrix, local, gateFacts } = evaluation;
  const figures = consideredFigures(evaluation);
  const row = figures.consideredRow;
  const parts = evaluation.weights;
  const weights = parts === null ? null : namedWeights(parts.adjusted);
  return {
    decisionId: request.decisionId,
    choice: evaluation.choice,
    decidedBy: decidedBy(evaluation),
    contractor: peerOf(request, matrix, evaluation.chosenRow),
    considered: peerOf(request, matrix, row),
    score: figures.score,
    confidence: figures.confidence,
    exploration: figures.isExploration,
    explorationParts: explorationPartsOf(request, evaluation),
    reason: reasonOf(request, evaluation),
    localInfeasible: local.isInfeasible,
    costInternalMicroUsd: local.costMicroUsd,
    costInternalWithoutOpportunityMicroUsd: local.costWithoutOpportunityMicroUsd,
    costExternalMicroUsd: row < 0 ? null : matrix.columns.costMicroUsd[row]!,
    costParts: {
      internal: internalParts(request, evaluation),
      external: externalParts(table, matrix, row),
    },
    weights,
    weightParts:
      parts === null
        ? null
        : {
            signals: namedWeights(parts.signals),
            historical: namedWeights(parts.historical),
            mixed: namedWeights(parts.mixed),
          },
    criteria: criteriaRows(request, evaluation, weights),
    candidates: candidateResults(request, evaluation),
    runnerUp: runnerUpOf(request, evaluation, figures.runnerUpRow),
    counterfactual:
      isAsked && !figures.isExploration ? counterfactualOf(request, evaluation) : null,
    gates: row < 0 ? [] : gateResults(matrix, gateFacts, row),
    features: figures.features === null ? null : namedWeights(figures.features),
    equilibrium: equilibriumOf(table, evaluation, row),
    bargainingPriceMicroUsd: bargainingPrice(table, evaluation, row),
    policy: request.policy.name,
    seed: request.seed,
  };
}
