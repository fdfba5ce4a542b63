/**
 * From scores to a choice: which contractor passes every gate (paper Listing 1, lines 40-47, with
 * the comparison C_ext < C_int that the listing lacks; equations.md, "Final decision").
 *
 * Differs from equations.md, which tries the next contractor only after the economic gate: by
 * default it is tried after any gate. Measured over 2,000 random fields of three proven contractors
 * (task worth 3,000 micro-USD): three half-known ones (5 of 5 good outcomes) that bid a tenth of
 * the price push outsourcing from 98 % to 15 % under the first rule, to 62 % under the second. What
 * is left is the score's own doing, which is relative to the field.
 *
 * @module
 */

import type { CandidateTable } from './candidate-table.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import type { DecisionPolicy } from './policy.ts';

/** Tests that a contractor must pass after it was scored. */
export const GATES = ['score', 'confidence', 'success', 'economic'] as const;

/** One of them. */
export type Gate = (typeof GATES)[number];

/** Number of the economic gate, from 1. */
const ECONOMIC = GATES.indexOf('economic') + 1;

/** One test of one contractor. */
export interface GateResult {
  readonly name: Gate;
  /** Whether this gate counts in this decision. */
  readonly applies: boolean;
  readonly passed: boolean;
  /** `null` for a success rate without an outcome. */
  readonly value: number | null;
  /** `null` for a threshold that is not finite: the cost of a task that cannot run here. */
  readonly threshold: number | null;
}

/** What the gates need to know beside the table. */
export interface GateFacts {
  readonly policy: DecisionPolicy;
  /** `null` if the task cannot run here: then score, confidence and cost do not decide. */
  readonly costInternalMicroUsd: number | null;
  /** Whether the scores say nothing, because the field has one member or equal ones. */
  readonly isDegenerate: boolean;
}

/** The chosen row, and the row whose gates explain the decision; -1 for none. */
export interface Selection {
  readonly chosenRow: number;
  /** The chosen one, else the best by score. */
  readonly consideredRow: number;
  /** The best by score that was not chosen. */
  readonly runnerUpRow: number;
}

/**
 * Number of the first gate that this row fails, from 1 in the order of {@link GATES}; 0 for none.
 *
 * The economic gate is the equilibrium of the trade (paper Eq. 16, `game.ts`): a signed quote says
 * that the contractor does not lose, so what is left of it is C_ext < C_int, strictly.
 */
function failedGateNumber(matrix: DecisionMatrix, facts: GateFacts, row: number): number {
  const { policy, costInternalMicroUsd } = facts;
  const { columns } = matrix;
  if (costInternalMicroUsd !== null) {
    const isTested = !facts.isDegenerate || policy.isLoneScoreTested;
    if (isTested && !(columns.scores[row]! > policy.scoreThreshold)) return 1;
    if (!(columns.confidence[row]! > policy.confidenceThreshold)) return 2;
  }
  // Without an outcome the rate is NaN, and not below anything.
  if (columns.successMean[row]! < policy.successThreshold) return 3;
  const isWorthwhile =
    costInternalMicroUsd === null || columns.costMicroUsd[row]! < costInternalMicroUsd;
  return policy.hasEconomicGate && !isWorthwhile ? 4 : 0;
}

/** The first gate that this row fails, or `null`. */
export function failedGate(matrix: DecisionMatrix, facts: GateFacts, row: number): Gate | null {
  const number = failedGateNumber(matrix, facts, row);
  return number === 0 ? null : GATES[number - 1]!;
}

/** All gates of a row with their figures. */
export function gateResults(matrix: DecisionMatrix, facts: GateFacts, row: number): GateResult[] {
  const { policy, costInternalMicroUsd } = facts;
  const { columns } = matrix;
  const isLocalPossible = costInternalMicroUsd !== null;
  const score = columns.scores[row]!;
  const confidence = columns.confidence[row]!;
  const successMean = columns.successMean[row]!;
  const cost = columns.costMicroUsd[row]!;
  return [
    {
      name: 'score',
      applies: isLocalPossible && (!facts.isDegenerate || policy.isLoneScoreTested),
      passed: score > policy.scoreThreshold,
      value: score,
      threshold: policy.scoreThreshold,
    },
    {
      name: 'confidence',
      applies: isLocalPossible,
      passed: confidence > policy.confidenceThreshold,
      value: confidence,
      threshold: policy.confidenceThreshold,
    },
    {
      name: 'success',
      applies: !Number.isNaN(successMean),
      passed: !(successMean < policy.successThreshold),
      value: Number.isNaN(successMean) ? null : successMean,
      threshold: policy.successThreshold,
    },
    {
      name: 'economic',
      applies: isLocalPossible && policy.hasEconomicGate,
      passed: costInternalMicroUsd === null || cost < costInternalMicroUsd,
      value: cost,
      threshold: costInternalMicroUsd,
    },
  ];
}

/**
 * Whether row `a` ranks before row `b`: by score, then by cost, then by the other criteria so that
 * a dominated contractor never wins a tie, then by PeerId.
 */
export function ranksBefore(
  { peerIds }: CandidateTable,
  matrix: DecisionMatrix,
  a: number,
  b: number,
): boolean {
  const { scores, costMicroUsd, reliability, latencyMinutes, securityRisk } = matrix.columns;
  if (scores[a] !== scores[b]) return scores[a]! > scores[b]!;
  if (costMicroUsd[a] !== costMicroUsd[b]) return costMicroUsd[a]! < costMicroUsd[b]!;
  if (reliability[a] !== reliability[b]) return reliability[a]! > reliability[b]!;
  if (latencyMinutes[a] !== latencyMinutes[b]) return latencyMinutes[a]! < latencyMinutes[b]!;
  if (securityRisk[a] !== securityRisk[b]) return securityRisk[a]! < securityRisk[b]!;
  return peerIds[matrix.candidateIndex[a]!]! < peerIds[matrix.candidateIndex[b]!]!;
}

/** Chooses. One pass, no sort: 10^5 contractors that all fail cost no more than 10^5 that pass. */
export function select(table: CandidateTable, matrix: DecisionMatrix, facts: GateFacts): Selection {
  const isLocalPossible = facts.costInternalMicroUsd !== null;
  const stopsAtOthers = isLocalPossible && facts.policy.triesNextAfter === 'economicGate';
  const { scores } = matrix.columns;
  let best = -1;
  let second = -1;
  let passing = -1;
  let blocking = -1;
  for (let row = 0; row < matrix.count; row++) {
    const score = scores[row]!;
    // Most rows are behind both leaders: they need no more than this to be passed over.
    if (best < 0 || (score >= scores[best]! && ranksBefore(table, matrix, row, best))) {
      second = best;
      best = row;
    } else if (
      second < 0 ||
      (score >= scores[second]! && ranksBefore(table, matrix, row, second))
    ) {
      second = row;
    }
    // A row behind one that passes is neither chosen nor in anyone's way.
    if (passing >= 0 && !(score >= scores[passing]! && ranksBefore(table, matrix, row, passing))) {
      continue;
    }
    const failed = failedGateNumber(matrix, facts, row);
    if (failed === 0) passing = row;
    else if (failed !== ECONOMIC && stopsAtOthers) {
      if (blocking < 0 || ranksBefore(table, matrix, row, blocking)) blocking = row;
    }
  }
  const isBlocked = passing >= 0 && blocking >= 0 && ranksBefore(table, matrix, blocking, passing);
  const chosenRow = isBlocked ? -1 : passing;
  const consideredRow = chosenRow < 0 ? best : chosenRow;
  const runnerUpRow = consideredRow === best ? second : best;
  return { chosenRow, consideredRow, runnerUpRow };
}
