/**
 * The four criteria by which contractors are compared (paper Listing 1, line 11), in one fixed
 * order.
 *
 * @module
 */

import type { CriterionType } from './topsis.ts';

/** Names, in the order of every matrix and every weight vector here. */
export const CRITERIA = ['cost', 'reliability', 'latency', 'security'] as const;

/** One of the four. */
export type Criterion = (typeof CRITERIA)[number];

/** Cost in micro-USD, reliability in [0, 1], latency in minutes, security risk in [0, 1]. */
export const CRITERION_TYPES: readonly CriterionType[] = ['cost', 'benefit', 'cost', 'cost'];

/** A number per criterion. */
export interface CriterionWeights {
  readonly cost: number;
  readonly reliability: number;
  readonly latency: number;
  readonly security: number;
}

/** Values in the order of {@link CRITERIA}. */
export function weightVector(weights: CriterionWeights): number[] {
  return [weights.cost, weights.reliability, weights.latency, weights.security];
}

/** The inverse of {@link weightVector}. */
export function namedWeights(vector: ArrayLike<number>): CriterionWeights {
  return { cost: vector[0]!, reliability: vector[1]!, latency: vector[2]!, security: vector[3]! };
}

/**
 * Value of a criterion within its field, in [0, 1], more is better (min-max; equations.md, Eq. 13).
 * 0 where all of the field are equal: then the criterion had no part in the choice, and its weight
 * must not move with the outcome. A value outside of the field counts as its nearest end.
 */
export function benefitShare(x: number, min: number, max: number, type: CriterionType): number {
  if (max === min) return 0;
  const share = Math.max(0, Math.min(1, (x - min) / (max - min)));
  return type === 'benefit' ? share : 1 - share;
}
