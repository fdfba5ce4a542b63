/**
 * The record of a decision: every input, every parameter, the seed, and what came out. Plain JSON:
 * it may go through any store and any canonical form, and {@link replayDecision} still recomputes
 * it to the last bit.
 *
 * The digest binds the inputs, also those that did not matter; it is no signature.
 *
 * @module
 */

import type { InternalCost } from '../cost/internal-cost.ts';
import type { ExternalCost } from '../cost/external-cost.ts';
import type { DropReason } from './candidate-reading.ts';
import type { Counterfactual } from './counterfactual.ts';
import type { CriterionWeights } from './criteria.ts';
import { decide, ENGINE_VERSION } from './engine.ts';
import type { Choice } from './evaluation.ts';
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
  /** The first gate that it did not pass. */
  readonly failedGate?: Gate;
  readonly confidence?: number;
  readonly compatibility?: number;
  readonly costExternalMicroUsd?: number;
}

/** The best contractor that was not chosen. */
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
  readonly contractor: string | null;
  /** The contractor, or the best one that did not get the task. */
  readonly considered: string | null;
  readonly score: number | null;
  readonly confidence: number | null;
  readonly exploration: boolean;
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
  /** Paths that differ, such as `result.score`; at most {@link MAX_DIFFERENCES}. */
  readonly differences: readonly string[];
}

/** Most differences that a replay lists. */
export const MAX_DIFFERENCES = 20;

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function compare(a: unknown, b: unknown, path: string, differences: string[]): void {
  if (differences.length >= MAX_DIFFERENCES) return;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    // === holds 0 and -0 equal, as JSON does; no number here is NaN.
    if (a !== b) differences.push(path);
    return;
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys)
    compare(a[key], b[key], path === '' ? key : `${path}.${key}`, differences);
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
  compare(record.request, again.request, 'request', differences);
  compare(record.result, again.result, 'result', differences);
  return { agrees: differences.length === 0, differences };
}
