/**
 * What an exploration strategy looks at and what it answers. A bandit's words: an arm is a
 * contractor that may be explored, its pulls are its verified outcomes here, its reward is a
 * utility in [0, 1] (equations.md 4).
 *
 * Which contractors may be explored is not decided here: that is the engine's part.
 *
 * @module
 */

import type { LinearModel } from './linear-model.ts';

/** Number of decision criteria, each a feature of an arm. */
export const FEATURE_COUNT = 4;

/** Contractors that may be explored, as columns. Arrays may be longer than `count`. */
export interface Arms {
  readonly count: number;
  /** Verified outcomes of each; fractions are allowed. Symbol n_j. */
  readonly pulls: Float64Array;
  /** Sum of the realised utilities of each, in [0, n_j]. */
  readonly utility: Float64Array;
  /** C_ext of each (Eq. 6). */
  readonly costMicroUsd: Float64Array;
  /** One array per criterion, in [0, 1], more is better. */
  readonly features: readonly Float64Array[];
}

/** First shape of what is believed of an arm: Beta(1 + s, 1 + n - s), uniform at first. */
export function successShape({ utility }: Arms, arm: number): number {
  return 1 + utility[arm]!;
}

/** Its second shape. */
export function failureShape({ pulls, utility }: Arms, arm: number): number {
  return 1 + Math.max(0, pulls[arm]! - utility[arm]!);
}

/** One decision, as far as exploring depends on it. */
export interface ExplorationFacts {
  readonly arms: Arms;
  /** Arm of the decision without exploration; -1 if it is LOCAL, REFUSED or none of the arms. */
  readonly greedyArm: number;
  /** Cost of the decision without exploration; `null` if the task would be refused. */
  readonly greedyCostMicroUsd: number | null;
  /** Utility of doing the task here, 0.5 by definition; `null` if it cannot run here. */
  readonly localUtility: number | null;
  /** Decisions so far in which exploring was allowed. */
  readonly decisionIndex: number;
  /** Of the contextual strategy; `null` before the first outcome. */
  readonly linearModel: LinearModel | null;
  /** Whether this decision explores whatever the draw, because the node is stuck. */
  readonly isForced: boolean;
}

/** What a strategy proposes. */
export interface Proposal {
  /** Arm to explore; -1: no exploration. */
  readonly arm: number;
  /**
   * Probability with which the strategy would have explored here: what the monitor expects. A
   * strategy without a rate of its own says 1 where it explores and 0 where it does not, so that
   * expected and actual only differ where a proposal got lost.
   */
  readonly rate: number;
  /** The number in [0, 1) that was held against the rate; `null` if none was drawn. */
  readonly draw: number | null;
}

/** The proposal of whoever does not explore and would not have. */
export const NO_EXPLORATION: Proposal = Object.freeze({ arm: -1, rate: 0, draw: null });

/**
 * What a strategy ranked an arm by, for whoever redoes it; each strategy has its own fields. `null`
 * stands for what is not finite.
 */
export interface ArmRanking {
  /** UCB1: outcomes, the mean of their utility, `null` without one, and the index. */
  readonly pulls?: number;
  readonly meanUtility?: number | null;
  /** `null`: infinite, because it was never tried. */
  readonly index?: number | null;
  /** Thompson sampling and information gain: shapes of the Beta distribution. */
  readonly alpha?: number;
  readonly beta?: number;
  /** Thompson sampling: the sample, and which of the generator's numbers it took, from 1. */
  readonly sample?: number;
  readonly firstDraw?: number;
  readonly lastDraw?: number;
  /** LinUCB: the four criteria, theta . x, sqrt(x' A^-1 x), and the upper bound of both. */
  readonly features?: readonly number[];
  readonly expectedUtility?: number | null;
  readonly deviation?: number | null;
  readonly upperBound?: number | null;
  /** Information gain: C_ext, I, and C_ext - lambda * I (Eq. 20). */
  readonly costMicroUsd?: number;
  readonly informationNats?: number;
  readonly valueMicroUsd?: number;
}

/** A number that JSON can hold. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
