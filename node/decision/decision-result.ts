/**
 * From the engine's columns to the result that is shown and kept: names instead of rows, `null`
 * instead of what JSON cannot hold.
 *
 * @module
 */

import { DROP_REASONS } from './candidate-reading.ts';
import type { CandidateTable } from './candidate-table.ts';
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
import { reasonOf } from './reason.ts';
import type { DecisionRequest } from './request.ts';
import { failedGate, gateResults } from './selection.ts';

function peerOf(request: DecisionRequest, table: CandidateTable, row: number): string | null {
  return row < 0 ? null : request.candidates[table.candidateIndex[row]!]!.peerId;
}

function internalParts(request: DecisionRequest, { local }: Evaluation): InternalCostParts | null {
  if (local.cost === null) return null;
  return { ...local.cost, calibrationRatio: request.context.localCalibrationRatio };
}

function externalParts({ columns }: CandidateTable, row: number): ExternalCostParts | null {
  if (row < 0) return null;
  return {
    priceMicroUsd: columns.priceMicroUsd[row]!,
    communicationMicroUsd: columns.communicationMicroUsd[row]!,
    verificationMicroUsd: columns.verificationMicroUsd[row]!,
    integrationMicroUsd: columns.integrationMicroUsd[row]!,
    riskMicroUsd: columns.riskMicroUsd[row]!,
    latencyMicroUsd: columns.latencyMicroUsd[row]!,
    calibrationRatio: columns.calibrationRatio[row]!,
    totalMicroUsd: columns.costMicroUsd[row]!,
  };
}

function criteriaRows(
  request: DecisionRequest,
  { table, topsis }: Evaluation,
  weight: CriterionWeights | null,
): CriteriaRow[] {
  if (topsis === null || weight === null) return [];
  const rows: CriteriaRow[] = [];
  for (let row = 0; row < table.count; row++) {
    const raw = table.criteria.map((column) => column[row]!);
    const normalised = raw.map((value, c) => {
      const { offset, scale } = topsis.scales[c]!;
      return scale === 0 ? 0 : (value - offset) / scale;
    });
    rows.push({
      peerId: peerOf(request, table, row)!,
      raw: namedWeights(raw),
      normalised: namedWeights(normalised),
      weight,
    });
  }
  return rows;
}

function candidateResults(request: DecisionRequest, evaluation: Evaluation): CandidateResult[] {
  const { table, gateFacts } = evaluation;
  const { columns } = table;
  const results: CandidateResult[] = [];
  let row = 0;
  for (let index = 0; index < request.candidates.length; index++) {
    const { peerId } = request.candidates[index]!;
    const code = table.dropCodes[index]!;
    if (code !== 0) {
      results.push({ peerId, score: null, dropped: DROP_REASONS[code]! });
      continue;
    }
    const gate = failedGate(table, gateFacts, row);
    results.push({
      peerId,
      score: columns.scores[row]!,
      ...(gate === null ? {} : { failedGate: gate }),
      confidence: columns.confidence[row]!,
      compatibility: columns.compatibility[row]!,
      costExternalMicroUsd: columns.costMicroUsd[row]!,
    });
    row++;
  }
  return results;
}

function runnerUpOf(request: DecisionRequest, evaluation: Evaluation): RunnerUp | null {
  const { table, gateFacts, selection } = evaluation;
  const row = selection.runnerUpRow;
  const peerId = peerOf(request, table, row);
  if (peerId === null) return null;
  return {
    peerId,
    score: table.columns.scores[row]!,
    costExternalMicroUsd: table.columns.costMicroUsd[row]!,
    failedGate: failedGate(table, gateFacts, row),
  };
}

/** Everything that the record shows of an evaluation, the counterfactual included. */
export function resultOf(request: DecisionRequest, evaluation: Evaluation): DecisionResult {
  const { table, local, selection, gateFacts } = evaluation;
  const row = selection.consideredRow;
  const parts = evaluation.weights;
  const weights = parts === null ? null : namedWeights(parts.adjusted);
  return {
    decisionId: request.decisionId,
    choice: evaluation.choice,
    contractor: peerOf(request, table, selection.chosenRow),
    considered: peerOf(request, table, row),
    score: row < 0 ? null : table.columns.scores[row]!,
    confidence: row < 0 ? null : table.columns.confidence[row]!,
    exploration: false,
    reason: reasonOf(request, evaluation),
    localInfeasible: local.isInfeasible,
    costInternalMicroUsd: local.costMicroUsd,
    costInternalWithoutOpportunityMicroUsd: local.costWithoutOpportunityMicroUsd,
    costExternalMicroUsd: row < 0 ? null : table.columns.costMicroUsd[row]!,
    costParts: {
      internal: internalParts(request, evaluation),
      external: externalParts(table, row),
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
    runnerUp: runnerUpOf(request, evaluation),
    counterfactual: counterfactualOf(request, evaluation),
    gates: row < 0 ? [] : gateResults(table, gateFacts, row),
    policy: request.policy.name,
    seed: request.seed,
  };
}
