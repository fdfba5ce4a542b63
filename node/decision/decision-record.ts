/**
 * The record of a decision: every input, every parameter, the seed, and what came out. Plain JSON:
 * it may go through any store and any canonical form, and {@link replayDecision} still recomputes
 * it to the last bit.
 *
 * The digest binds the inputs, also those that did not matter; it is no signature.
 *
 * @module
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { InternalCost } from '../cost/internal-cost.ts';
import type { ExternalCost } from '../cost/external-cost.ts';
import type { DropReason } from './candidate-reading.ts';
import { CandidateTable } from './candidate-table.ts';
import { compareValues } from './compare-values.ts';
import type { Counterfactual } from './counterfactual.ts';
import type { CriterionWeights } from './criteria.ts';
import { resultOf } from './decision-result.ts';
import type { ResultOptions } from './decision-result.ts';
import { ENGINE_VERSION } from './engine.ts';
import type { Decision } from './engine.ts';
import type { Choice, DecidedBy } from './evaluation.ts';
import type { TradeOutcome } from './game.ts';
import type { AppliedAudit } from './audit-rule.ts';
import { evaluate, newWorkspace } from './evaluation.ts';
import type { ExplorationParts } from './exploration-parts.ts';
import { requireValidQuery } from './request-checks.ts';
import { canonicalRequest, snapshotRequest } from './request-snapshot.ts';
import type { DecisionRequest } from './request.ts';
import type { Gate, GateResult } from './selection.ts';

/**
 * A number per criterion: micro-USD, probability, minutes, probability, or their normalised form.
 */
export type CriterionValues = CriterionWeights;

/** One judged contractor in the decision matrix. */
export interface CriteriaRow {
  readonly peerId: string;
  readonly raw: CriterionValues;
  readonly normalised: CriterionValues;
  readonly weight: CriterionWeights;
}

/** One contractor that was looked at. Either it has a score or it was dropped. */
export interface CandidateResult {
  readonly peerId: string;
  readonly score: number | null;
  readonly dropped?: DropReason;
  /** `true` for the one that the decision explores, also if it was dropped for its fit. */
  readonly explored?: true;
  /** The first gate that it did not pass. */
  readonly failedGate?: Gate;
  readonly confidence?: number;
  readonly compatibility?: number;
  readonly costExternalMicroUsd?: number;
  /** Share of its results that are done again, and why; left out where no rule says. */
  readonly audit?: AppliedAudit;
}

/** The best contractor by score apart from the considered one. */
export interface RunnerUp {
  readonly peerId: string;
  readonly score: number;
  readonly costExternalMicroUsd: number;
  readonly failedGate: Gate | null;
}

/** Parts of Eq. (1) before calibration. */
export interface InternalCostParts extends InternalCost {
  readonly calibrationRatio: number;
}

/** Parts of Eq. (6) before calibration; the total is after it. */
export interface ExternalCostParts extends ExternalCost {
  readonly calibrationRatio: number;
}

/** What came out. Score, confidence, external cost and gates are those of `considered`. */
export interface DecisionResult {
  readonly decisionId: string;
  readonly choice: Choice;
  /** What settled it: a gate, an exploration, or that nobody was there. */
  readonly decidedBy: DecidedBy;
  readonly contractor: string | null;
  /** The contractor, or the best one that did not get the task. */
  readonly considered: string | null;
  readonly score: number | null;
  readonly confidence: number | null;
  readonly exploration: boolean;
  readonly explorationParts: ExplorationParts | null;
  readonly reason: string;
  readonly localInfeasible: boolean;
  readonly costInternalMicroUsd: number | null;
  readonly costInternalWithoutOpportunityMicroUsd: number | null;
  readonly costExternalMicroUsd: number | null;
  readonly costParts: {
    readonly internal: InternalCostParts | null;
    readonly external: ExternalCostParts | null;
  };
  readonly weights: CriterionWeights | null;
  readonly weightParts: {
    readonly signals: CriterionWeights;
    readonly historical: CriterionWeights;
    readonly mixed: CriterionWeights;
  } | null;
  readonly criteria: readonly CriteriaRow[];
  readonly candidates: readonly CandidateResult[];
  readonly runnerUp: RunnerUp | null;
  readonly counterfactual: Counterfactual | null;
  readonly gates: readonly GateResult[];
  /** Criteria of the considered one, benefit-oriented, in [0, 1]; weights learn of it (Eq. 13). */
  readonly features: CriterionValues | null;
  /** Pareto-dominant equilibrium of the trade with the considered one (Eq. 16). */
  readonly equilibrium: TradeOutcome | null;
  /** Price that would split the gain with the considered one (Nash 1950), at most what it asks. */
  readonly bargainingPriceMicroUsd: number | null;
  readonly policy: string;
  readonly seed: number;
}

/** A decision with everything that it was made from. */
export interface DecisionRecord {
  /** Of the engine that decided: another one may come to other figures. */
  readonly version: number;
  readonly request: DecisionRequest;
  /** SHA-256 of the canonical JSON of `request`, hexadecimal. */
  readonly inputDigest: string;
  readonly result: DecisionResult;
}

/** Whether a record agrees with itself. */
export interface Replay {
  readonly agrees: boolean;
  /** Paths that differ, such as `result.score`; at most 20. */
  readonly differences: readonly string[];
}

/**
 * Decides where a task runs.
 *
 * @returns The record; it shares nothing with `request` and survives JSON unchanged.
 * @throws {@link RangeError} if the node's own part of the request is out of range; never for a
 *   candidate.
 */
export function decide(request: DecisionRequest): DecisionRecord {
  if (!Array.isArray(request.candidates)) throw new RangeError('"candidates" expected a list');
  requireValidQuery(request);
  return recordOf(snapshotRequest(request));
}

/**
 * A decision of the engine with everything that it was made from, and why.
 *
 * @param options.counterfactual - `false`: it is not looked for, which saves most of the work.
 */
export function explainDecision(
  { table, query, similarities }: Decision,
  options: ResultOptions = {},
): DecisionRecord {
  const candidates = table.candidates as DecisionRequest['candidates'];
  return recordOf(snapshotRequest({ ...query, candidates }, similarities), options);
}

function recordOf(snapshot: DecisionRequest, options: ResultOptions = {}): DecisionRecord {
  const table = new CandidateTable(snapshot.candidates);
  const evaluation = evaluate(table, snapshot, newWorkspace(table.size), null, {
    isDetailed: true,
  });
  return {
    version: ENGINE_VERSION,
    request: snapshot,
    inputDigest: bytesToHex(sha256(utf8ToBytes(canonicalRequest(snapshot)))),
    result: resultOf(snapshot, table, evaluation, options),
  };
}

/**
 * Decides again from the record's own request and compares every figure and every text.
 *
 * @returns The differences; one that starts with `request` if the inputs themselves are unusable.
 */
export function replayDecision(record: DecisionRecord): Replay {
  const differences: string[] = [];
  if (record.version !== ENGINE_VERSION) differences.push('version');
  let again: DecisionRecord;
  try {
    again = decide(record.request);
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'unusable';
    return { agrees: false, differences: [...differences, `request: ${problem}`] };
  }
  if (record.inputDigest !== again.inputDigest) differences.push('inputDigest');
  compareValues(record.request, again.request, 'request', differences);
  compareValues(record.result, again.result, 'result', differences);
  return { agrees: differences.length === 0, differences };
}
