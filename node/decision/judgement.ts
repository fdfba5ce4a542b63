/**
 * The figures of the candidates that were admitted: how reliable, fast and safe each is (paper Eq.
 * 14, 15), how sure that is (Eq. 18), and what it would cost (Eq. 6, 8, 9).
 *
 * The arithmetic stands in two loops over columns, because a node decides over 1,000 candidates in
 * some ten microseconds only if nothing is made on the way. Tests hold every column equal to the
 * functions of `node/cost` and of this folder, one equation each.
 *
 * @module
 */

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
  rows: { readonly start: number; readonly end: number },
  { override, isDetailed = false }: JudgementOptions,
): void {
  const { evidence, riskRule } = query.policy;
  const isPlain = evidence === 'outcomes' && riskRule === 'product' && override === undefined;
  const hasParts = isDetailed || !isPlain;
  judgeEvidence(table, query, facts, matrix, rows, hasParts);
  if (!isPlain) replaceEvidence(table, query, matrix, rows, override);
  price(table, query, facts, matrix, rows, hasParts);
}

interface Rows {
  readonly start: number;
  readonly end: number;
}

function judgeEvidence(
  table: CandidateTable,
  { task, policy }: DecisionQuery,
  { securityFactor }: TaskFacts,
  { columns, details, candidateIndex }: DecisionMatrix,
  { start, end }: Rows,
  hasParts: boolean,
): void {
  const { reliability, successMean, confidence, securityRisk } = columns;
  const { mishap, latencyMinutes } = columns;
  const { breach, poorQuality } = details;
  const { level, incidentRate, latencyMinutes: ownLatency } = table.columns;
  const typedOutcomes = table.historyOf(task.taskType).outcomes;
  const relevant = table.relevantHistory(task.taskType);
  const { successes, outcomes } = relevant;
  const fades = relevant.fade(policy.decayPerMonth);
  const { alpha, beta } = policy.reliabilityPrior;
  const prior = alpha + beta;
  const { breachProbabilities, maxPseudoOutcomes, pseudoOutcomesFromLevel, zQuantile } = policy;
  const { total: pseudoTotal, successes: pseudoSuccesses } = table.pseudoOutcomes(
    maxPseudoOutcomes,
    pseudoOutcomesFromLevel,
  );
  const isLiteral = policy.reliabilityMode === 'literal';
  // With the uniform prior the smoothed success rate is the mean that is there already.
  const isUniform = alpha === 1 && beta === 1;
  for (let row = start; row < end; row++) {
    const index = candidateIndex[row]!;
    const seenGood = successes[index]!;
    const seen = outcomes[index]!;
    const fade = fades[index]!;
    const pseudo = pseudoTotal[index]!;
    const pseudoGood = pseudoSuccesses[index]!;
    const known = seen + pseudo;
    const good = seenGood + pseudoGood;
    const base = (alpha + good) / (prior + known);
    const reliable = isLiteral
      ? base * fade
      : (alpha + seenGood * fade + pseudoGood) / (prior + seen * fade + pseudo);
    const isTyped = typedOutcomes[index]! > 0;
    const poor = isTyped ? 1 - base : 1 - (alpha + pseudoGood) / (prior + pseudo);
    const byLevel = breachProbabilities[level[index]!]!;
    const breached = byLevel + (1 - byLevel) * incidentRate[index]!;
    const mean = isUniform ? base : (good + 1) / (known + 2);
    const sureness = 1 - zQuantile * Math.sqrt((mean * (1 - mean)) / (known + 2));
    reliability[row] = reliable;
    mishap[row] = 1 - reliable + reliable * (breached + (1 - breached) * poor);
    successMean[row] = known === 0 ? NaN : mean;
    confidence[row] = known === 0 ? 0 : Math.max(0, sureness);
    securityRisk[row] = breached * securityFactor;
    latencyMinutes[row] = ownLatency[index]!;
    if (hasParts) {
      breach[row] = breached;
      poorQuality[row] = poor;
    }
  }
}

/** Stated figures and a what-if in the place of what outcomes say, and the mishap of both rules. */
function replaceEvidence(
  { columns: own }: CandidateTable,
  { policy }: DecisionQuery,
  { columns, details, candidateIndex }: DecisionMatrix,
  { start, end }: Rows,
  override: ReliabilityOverride | undefined,
): void {
  const isStated = policy.evidence === 'stated';
  const isSum = policy.riskRule === 'sum';
  for (let row = start; row < end; row++) {
    const index = candidateIndex[row]!;
    if (isStated) {
      columns.reliability[row] = own.statedReliability[index]!;
      columns.securityRisk[row] = own.statedSecurityRisk[index]!;
      details.breach[row] = own.statedSecurityRisk[index]!;
      details.poorQuality[row] = own.statedQualityRisk[index]!;
    }
    if (index === override?.candidateIndex) columns.reliability[row] = override.reliability;
    const reliable = columns.reliability[row]!;
    const breach = details.breach[row]!;
    const poor = details.poorQuality[row]!;
    columns.mishap[row] = isSum
      ? 1 - reliable + breach + poor
      : 1 - reliable + reliable * (breach + (1 - breach) * poor);
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
