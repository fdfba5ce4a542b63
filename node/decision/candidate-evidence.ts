/**
 * What is known of each candidate of a table: how reliable and how safe it is (paper Eq. 14, 15),
 * how sure that is (Eq. 18), and the probability that a task goes wrong there (Eq. 9).
 *
 * It depends on the table, the policy and the task type, and on nothing else of a task: so it is
 * found once for all decisions on the same quotes. Tests hold every column equal to the functions
 * of this folder and of `node/cost`, one equation each.
 *
 * @module
 */

import type { CandidateTable, PseudoOutcomes } from './candidate-table.ts';
import type { DecisionPolicy } from './policy.ts';

/** Columns by index in the table. Where a candidate was dropped, the numbers mean nothing. */
export interface CandidateEvidence {
  readonly policy: DecisionPolicy;
  readonly taskType: string;
  readonly pseudoOutcomes: PseudoOutcomes;
  readonly reliability: Float64Array;
  /** Smoothed success rate; NaN without an outcome. */
  readonly successMean: Float64Array;
  readonly confidence: Float64Array;
  readonly breach: Float64Array;
  readonly poorQuality: Float64Array;
  /** The bracket of Eq. (9). */
  readonly mishap: Float64Array;
}

/** Probability of any mishap, by the policy's reading of Eq. (9). */
export function mishapOf(
  { riskRule }: DecisionPolicy,
  reliability: number,
  breach: number,
  poorQuality: number,
): number {
  const failure = 1 - reliability;
  return riskRule === 'sum'
    ? failure + breach + poorQuality
    : failure + reliability * (breach + (1 - breach) * poorQuality);
}

/** Finds the evidence of a table. */
export function candidateEvidence(
  table: CandidateTable,
  policy: DecisionPolicy,
  taskType: string,
): CandidateEvidence {
  const { size } = table;
  const evidence: CandidateEvidence = {
    policy,
    taskType,
    pseudoOutcomes: table.pseudoOutcomes(policy),
    reliability: new Float64Array(size),
    successMean: new Float64Array(size),
    confidence: new Float64Array(size),
    breach: new Float64Array(size),
    poorQuality: new Float64Array(size),
    mishap: new Float64Array(size),
  };
  findEvidence(table, evidence, 0, size);
  return evidence;
}

/** Finds the evidence of the candidates from `start` to `end` anew, from their outcomes. */
export function findEvidence(
  table: CandidateTable,
  evidence: CandidateEvidence,
  start: number,
  end: number,
): void {
  const { columns: own } = table;
  const { policy, pseudoOutcomes } = evidence;
  const typed = table.historyOf(evidence.taskType);
  const { alpha, beta } = policy.reliabilityPrior;
  const { zQuantile } = policy;
  const isLiteral = policy.reliabilityMode === 'literal';
  const isStated = policy.evidence === 'stated';
  for (let index = start; index < end; index++) {
    if (table.dropCodes[index] !== 0) continue;
    const isTyped = typed.outcomes[index]! > 0;
    const history = isTyped ? typed : table.history;
    const seen = history.outcomes[index]!;
    const seenGood = history.successes[index]!;
    const fade = Math.exp(-policy.decayPerMonth * history.monthsSinceLast[index]!);
    const pseudo = pseudoOutcomes.total[index]!;
    const pseudoGood = pseudoOutcomes.successes[index]!;
    const known = seen + pseudo;
    const good = seenGood + pseudoGood;
    const byLevel = policy.breachProbabilities[own.level[index]!]!;
    const mean = (good + 1) / (known + 2);
    const sureness = 1 - zQuantile * Math.sqrt((mean * (1 - mean)) / (known + 2));
    const base = (alpha + good) / (alpha + beta + known);
    let reliability = isLiteral
      ? base * fade
      : (alpha + seenGood * fade + pseudoGood) / (alpha + beta + seen * fade + pseudo);
    let breach = byLevel + (1 - byLevel) * own.incidentRate[index]!;
    let poor = isTyped ? 1 - base : 1 - (alpha + pseudoGood) / (alpha + beta + pseudo);
    if (isStated) {
      reliability = own.statedReliability[index]!;
      breach = own.statedSecurityRisk[index]!;
      poor = own.statedQualityRisk[index]!;
    }
    evidence.reliability[index] = reliability;
    evidence.successMean[index] = known === 0 ? NaN : mean;
    evidence.confidence[index] = known === 0 ? 0 : Math.max(0, sureness);
    evidence.breach[index] = breach;
    evidence.poorQuality[index] = poor;
    evidence.mishap[index] = mishapOf(policy, reliability, breach, poor);
  }
}
