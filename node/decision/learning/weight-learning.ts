/**
 * Weights of the criteria, learned from how tasks ended. Paper Eq. (13).
 *
 * The paper leaves Q undefined. Here the predicted utility of a choice is w . phi, linear in the
 * weights, and Q is minus half the squared error of that prediction (Sutton and Barto,
 * Reinforcement Learning, linear value functions; equations.md, Eq. 13). So a step is
 * w += rate * (utility - w . phi) * phi. Without chance.
 *
 * Does not keep a state beside the weights: what was learned are the weights.
 *
 * @module
 */

import { requireFraction, requirePositive } from '../../cost/quantity-checks.ts';
import { normaliseWeights } from '../weights.ts';

/** Step size. Paper symbol eta. */
export const LEARNING_RATE = 0.01;

/** Least weight before the weights are scaled to add up to 1: no criterion is ever forgotten. */
export const WEIGHT_FLOOR = 0.01;

/** Options of {@link learnedWeights}. */
export interface LearningOptions {
  readonly rate?: number;
  readonly floor?: number;
}

/**
 * Weights after one more outcome. They are positive and add up to 1. Paper Eq. (13).
 *
 * @param weights - Before; finite and not negative. They need not add up to 1.
 * @param features - Of the chosen contractor, each in [0, 1], 1 is best: `benefitShare`.
 * @param utility - What the outcome was worth, in [0, 1]: {@link realisedUtility}.
 * @throws {@link RangeError} for a number out of range, {@link TypeError} if the lists differ.
 */
export function learnedWeights(
  weights: ArrayLike<number>,
  features: ArrayLike<number>,
  utility: number,
  { rate = LEARNING_RATE, floor = WEIGHT_FLOOR }: LearningOptions = {},
): number[] {
  if (features.length !== weights.length) {
    throw new TypeError(`"features" expected ${weights.length} entries, got ${features.length}`);
  }
  requireFraction('utility', utility);
  requireFraction('rate', rate);
  requirePositive('floor', floor);
  let predicted = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`"weights" expected finite numbers of 0 or more, got ${weight}`);
    }
    requireFraction('features', features[i]!);
    predicted += weight * features[i]!;
  }
  const step = rate * (utility - predicted);
  const learned: number[] = [];
  for (let i = 0; i < weights.length; i++) {
    learned.push(Math.max(floor, weights[i]! + step * features[i]!));
  }
  return normaliseWeights(learned);
}

/** How an outsourced task ended. */
export interface FinishedTrade {
  /** Whether the result passed verification. */
  readonly isSuccess: boolean;
  /** What the task would have cost here; `null` if it could not run here. */
  readonly costInternalMicroUsd: number | null;
  readonly paidMicroUsd: number;
}

/**
 * Worth of an outcome in [0, 1]: 0 for a failure, else 1/2 and half of the share saved, so that a
 * success that cost as much as at home is 1/2 (equations.md, Eq. 13). 1 if home was no choice.
 *
 * @throws {@link RangeError} for a cost that is negative or not finite.
 */
export function realisedUtility(trade: FinishedTrade): number {
  const { costInternalMicroUsd: internal, paidMicroUsd: paid } = trade;
  for (const cost of internal === null ? [paid] : [internal, paid]) {
    if (!(cost >= 0 && cost < Infinity)) {
      throw new RangeError(`"trade" expected finite costs of 0 or more, got ${cost}`);
    }
  }
  if (!trade.isSuccess) return 0;
  if (internal === null) return 1;
  if (internal === 0) return paid === 0 ? 0.5 : 0;
  return Math.max(0, Math.min(1, 0.5 + (0.5 * (internal - paid)) / internal));
}
