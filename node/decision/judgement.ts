/**
 * The figures of the candidates that were admitted: what is known of each
 * (`candidate-evidence.ts`), and what it would cost (paper Eq. 6, 8, 9).
 *
 * The arithmetic stands in two loops over columns, because a node decides over 1,000 candidates in
 * some ten microseconds only if nothing is made on the way. Tests hold every column equal to the
 * functions of `node/cost` and of this folder, one equation each.
 *
 * @module
 */

import { mishapOf } from './candidate-evidence.ts';
import type { CandidateEvidence } from './candidate-evidence.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import type { DecisionQuery } from './request.ts';
import type { TaskFacts } from './task-facts.ts';

const MS_PER_MINUTE = 60_000;

/** A what-if: one candidate's reliability (Eq. 14) taken as given. For counterfactuals. */
export interface ReliabilityOverride {
  readonly candidateIndex: number;
  readonly reliability: number;
}

/** How a matrix is filled. */
export interface JudgementOptions {
  readonly override?: ReliabilityOverride | undefined;
  /** Whether the columns that only an explanation reads are filled too. */
  readonly isDetailed?: boolean;
}

/** Fills the rows from `start` to `end`, which have their candidates already. */
export function judge(
  table: CandidateTable,
  query: DecisionQuery,
  facts: TaskFacts,
  matrix: DecisionMatrix,
  rows: Rows,
  { override, isDetailed = false }: JudgementOptions,
): void {
  const evidence = table.evidence(query.policy, query.task.taskType);
  takeEvidence(table, query, evidence, facts, matrix, rows);
  if (override !== undefined) takeOverride(query, evidence, matrix, rows, override);
  price(table, query, facts, matrix, rows, isDetailed);
  if (isDetailed) takeDetails(evidence, matrix, rows);
}

interface Rows {
  readonly start: number;
  readonly end: number;
}

function takeEvidence(
  table: CandidateTable,
  { policy }: DecisionQuery,
  evidence: CandidateEvidence,
  facts: TaskFacts,
  { columns, candidateIndex }: DecisionMatrix,
  { start, end }: Rows,
): void {
  const { reliability, successMean, confidence, securityRisk, mishap, latencyMinutes } = columns;
  const { latencyMinutes: ownLatency } = table.columns;
  // A stated security risk is the criterion itself; Eq. (15) is for the other kind.
  const securityFactor = policy.evidence === 'stated' ? 1 : facts.securityFactor;
  for (let row = start; row < end; row++) {
    const index = candidateIndex[row]!;
    reliability[row] = evidence.reliability[index]!;
    successMean[row] = evidence.successMean[index]!;
    confidence[row] = evidence.confidence[index]!;
    securityRisk[row] = evidence.breach[index]! * securityFactor;
    mishap[row] = evidence.mishap[index]!;
    latencyMinutes[row] = ownLatency[index]!;
  }
}

function takeOverride(
  { policy }: DecisionQuery,
  { breach, poorQuality }: CandidateEvidence,
  { columns, candidateIndex }: DecisionMatrix,
  { start, end }: Rows,
  { candidateIndex: overridden, reliability }: ReliabilityOverride,
): void {
  for (let row = start; row < end; row++) {
    const index = candidateIndex[row]!;
    if (index !== overridden) continue;
    columns.reliability[row] = reliability;
    columns.mishap[row] = mishapOf(policy, reliability, breach[index]!, poorQuality[index]!);
  }
}

function takeDetails(
  { breach, poorQuality }: CandidateEvidence,
  { details, candidateIndex }: DecisionMatrix,
  { start, end }: Rows,
): void {
  for (let row = start; row < end; row++) {
    const index = candidateIndex[row]!;
    details.breach[row] = breach[index]!;
    details.poorQuality[row] = poorQuality[index]!;
  }
}

function price(
  { columns: own }: CandidateTable,
  { policy, context }: DecisionQuery,
  { gigabytes, impactMicroUsd, maxLatencyMs, latencyMicroUsdPerMinute }: TaskFacts,
  matrix: DecisionMatrix,
  { start, end }: Rows,
  hasParts: boolean,
): void {
  const { candidateIndex, details } = matrix;
  const { reliability, mishap, handlingMicroUsd, costMicroUsd } = matrix.columns;
  const { transferMicroUsdPerGb, sessionMicroUsd, verificationMicroUsd } = own;
  const { integrationMicroUsd, latencyMs, calibrationRatio, priceMicroUsd } = own;
  const { marketPressure } = own;
  const { overheads, link } = context;
  const { automaticVerificationMicroUsd, manualVerificationMicroUsd } = overheads;
  const { automaticVerificationAbove } = policy;
  let pressure = 0;
  for (let row = start; row < end; row++) {
    const index = candidateIndex[row]!;
    // Eq. (8): data / bandwidth * price of an hour; for a price per GB the bandwidth cancels.
    const communication =
      gigabytes * either(transferMicroUsdPerGb[index]!, link.transferMicroUsdPerGb) +
      either(sessionMicroUsd[index]!, overheads.sessionMicroUsd);
    const isAutomatic = reliability[row]! > automaticVerificationAbove;
    const verification = either(
      verificationMicroUsd[index]!,
      isAutomatic ? automaticVerificationMicroUsd : manualVerificationMicroUsd,
    );
    const integration = either(integrationMicroUsd[index]!, overheads.integrationMicroUsd);
    const risk = impactMicroUsd * mishap[row]!;
    const lateMs = latencyMs[index]! - maxLatencyMs;
    const lateness = lateMs > 0 ? (lateMs / MS_PER_MINUTE) * latencyMicroUsdPerMinute : 0;
    // The price is what will be invoiced, risk is corrected by outcomes: handling is calibrated.
    const handling = calibrationRatio[index]! * (communication + verification + integration);
    handlingMicroUsd[row] = handling;
    costMicroUsd[row] = priceMicroUsd[index]! + handling + risk + lateness;
    pressure += marketPressure[index]!;
    if (hasParts) {
      details.communicationMicroUsd[row] = communication;
      details.verificationMicroUsd[row] = verification;
      details.integrationMicroUsd[row] = integration;
      details.riskMicroUsd[row] = risk;
      details.latencyMicroUsd[row] = lateness;
    }
  }
  if (start === 0) matrix.marketPressure = pressure;
}

/** `own`, or `common` where a candidate says nothing. */
function either(own: number, common: number): number {
  return Number.isNaN(own) ? common : own;
}
