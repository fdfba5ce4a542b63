/**
 * What the paper's own code does to the weights in place of Listing 1 and Eq. (13): multipliers by
 * task, and a random walk (reference-results.md a). For the policy that reproduces Table I, only.
 *
 * The walk learns nothing: no outcome enters it, and every local decision takes a step. For
 * learning see `weight-learning.ts`. Chance is handed in.
 *
 * @module
 */

import { requireNonNegative } from '../../cost/quantity-checks.ts';
import { CRITERIA } from '../criteria.ts';
import type { Sensitivity } from '../security-risk.ts';
import { normaliseWeights } from '../weights.ts';

/** Below this share of the task's value a budget is tight, and cost weighs more. */
const TIGHT_BUDGET_SHARE = 0.3;
const COST_MULTIPLIER = 1.2;

/** Below this a task is urgent, and latency weighs more. Half an hour. */
const URGENT_LATENCY_MS = 1_800_000;
const LATENCY_MULTIPLIER = 1.3;

/** Of tasks with highly sensitive data. */
const SECURITY_MULTIPLIER = 1.4;

/** A score above this is a good decision there, and leaves the weights alone. */
const GOOD_SCORE = 0.8;

/** Learning rate times the standard deviation of the noise: 0.01 and 0.1. */
const STEP_DEVIATION = 0.001;

/** What the multipliers depend on. A decision's task has it. */
export interface WeighedTask {
  readonly valueMicroUsd: number;
  readonly sensitivity: Sensitivity;
  /** Left out: no limit, so not tight. */
  readonly maxPriceMicroUsd?: number;
  /** Left out: no limit, so not urgent. */
  readonly maxLatencyMs?: number;
}

function requireFourWeights(weights: ArrayLike<number>): void {
  if (weights.length === CRITERIA.length) return;
  throw new TypeError(`"weights" expected ${CRITERIA.length} entries, got ${weights.length}`);
}

/**
 * Weights of one decision: `weights` times 1.2 for cost if the budget is tight, 1.3 for latency if
 * the task is urgent, 1.4 for security if the data is sensitive; then scaled to add up to 1.
 *
 * @param weights - In the order of {@link CRITERIA}.
 * @throws {@link TypeError} unless there are four, {@link RangeError} for one out of range.
 */
export function multipliedWeights(weights: ArrayLike<number>, task: WeighedTask): number[] {
  requireFourWeights(weights);
  requireNonNegative('valueMicroUsd', task.valueMicroUsd);
  const { valueMicroUsd, maxPriceMicroUsd = Infinity, maxLatencyMs = Infinity } = task;
  const isTight = maxPriceMicroUsd < valueMicroUsd * TIGHT_BUDGET_SHARE;
  const isUrgent = maxLatencyMs < URGENT_LATENCY_MS;
  return normaliseWeights([
    weights[0]! * (isTight ? COST_MULTIPLIER : 1),
    weights[1]!,
    weights[2]! * (isUrgent ? LATENCY_MULTIPLIER : 1),
    weights[3]! * (task.sensitivity === 'high' ? SECURITY_MULTIPLIER : 1),
  ]);
}

/**
 * Weights after a decision: as they were if its score was above 0.8, else one random step of each,
 * its absolute value, scaled to add up to 1.
 *
 * The paper's code takes no step after its very first decision; that count is the caller's. All
 * four at exactly 0 become equal shares here, the initial weights there; no draw that is a number
 * of a continuous distribution gets there.
 *
 * @param normals - Four independent draws of the standard normal distribution.
 * @throws {@link TypeError} unless there are four of each, {@link RangeError} for a draw or a score
 *   that is not finite.
 */
export function randomWalkStep(
  weights: ArrayLike<number>,
  score: number,
  normals: ArrayLike<number>,
): number[] {
  requireFourWeights(weights);
  if (normals.length !== CRITERIA.length) {
    throw new TypeError(`"normals" expected ${CRITERIA.length} entries, got ${normals.length}`);
  }
  if (!Number.isFinite(score)) {
    throw new RangeError(`"score" expected a finite number, got ${score}`);
  }
  if (score > GOOD_SCORE) return Array.from(weights);
  const walked: number[] = [];
  for (let i = 0; i < CRITERIA.length; i++) {
    walked.push(Math.abs(weights[i]! + STEP_DEVIATION * normals[i]!));
  }
  return normaliseWeights(walked);
}
