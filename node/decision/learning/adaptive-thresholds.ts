/**
 * Thresholds that give way when next to nothing is outsourced, and come back when what is
 * outsourced fails. Paper VI-E ("Adaptive Decision Algorithms") and VI-G ("Adaptive Threshold
 * Management"), which give the direction; the numbers are ours (equations.md 4).
 *
 * The thresholds in force are the configured ones less a whole number of steps, and never below
 * the floors. So they stay between floor and configured value by construction, and a new
 * configuration holds at once. A configured value at or below its floor never moves.
 *
 * Does not touch what is no threshold of taste: the economic gate and all hard limits stay.
 *
 * @module
 */

/** The three thresholds that adapt; a policy has them. Paper symbols theta, tau, rho_min. */
export interface Thresholds {
  readonly skillThreshold: number;
  readonly scoreThreshold: number;
  readonly confidenceThreshold: number;
}

/** When and how far the thresholds move. */
export interface AdaptiveThresholdLimits {
  /** Decisions between two reviews. */
  readonly reviewEvery: number;
  /** Outsourced share of decisions below which the thresholds give way. */
  readonly minOutsourcedShare: number;
  /** Success rate of outsourced tasks below which they come back. */
  readonly minSuccessRate: number;
  readonly step: number;
  readonly floors: Thresholds;
}

/** equations.md 4. From the paper's thresholds it is ten steps to each floor. */
export const ADAPTIVE_THRESHOLD_LIMITS: AdaptiveThresholdLimits = {
  reviewEvery: 20,
  minOutsourcedShare: 0.15,
  minSuccessRate: 0.8,
  step: 0.02,
  floors: { skillThreshold: 0.5, scoreThreshold: 0.4, confidenceThreshold: 0.6 },
};

/** What has to be remembered: steps down, and counts since the last review. */
export interface AdaptiveThresholdState {
  readonly steps: number;
  readonly decisions: number;
  readonly outsourced: number;
  readonly outcomes: number;
  readonly successes: number;
}

/** The configured thresholds, nothing seen yet. */
export const INITIAL_THRESHOLD_STATE: AdaptiveThresholdState = {
  steps: 0,
  decisions: 0,
  outsourced: 0,
  outcomes: 0,
  successes: 0,
};

const NAMES = ['skillThreshold', 'scoreThreshold', 'confidenceThreshold'] as const;

/** Ten steps of 0.02 from 0.8 end at 0.6, not one rounding above it. */
const ROUNDING = 1e-9;

/** Steps after which every threshold stands at its floor. */
function mostSteps(configured: Thresholds, { floors, step }: AdaptiveThresholdLimits): number {
  let most = 0;
  for (const name of NAMES) {
    most = Math.max(most, Math.ceil((configured[name] - floors[name]) / step - ROUNDING));
  }
  return most;
}

/** The state after a review of what was counted. */
function reviewed(
  state: AdaptiveThresholdState,
  configured: Thresholds,
  limits: AdaptiveThresholdLimits,
): AdaptiveThresholdState {
  const steps = Math.min(state.steps, mostSteps(configured, limits));
  // Failures go first: what fails is no reason to let more through.
  if (state.outcomes > 0 && state.successes / state.outcomes < limits.minSuccessRate) {
    return { ...INITIAL_THRESHOLD_STATE, steps: Math.max(0, steps - 1) };
  }
  if (state.outsourced / state.decisions < limits.minOutsourcedShare) {
    const lowered = Math.min(steps + 1, mostSteps(configured, limits));
    return { ...INITIAL_THRESHOLD_STATE, steps: lowered };
  }
  return { ...INITIAL_THRESHOLD_STATE, steps };
}

/** A decision, as far as the thresholds can learn from it. */
export interface ObservedDecision {
  readonly isOutsourced: boolean;
  /** Whether a contractor was there that no hard limit excluded. */
  readonly hasCandidates: boolean;
}

/**
 * Counts a decision, and reviews the thresholds after every twentieth. Paper VI-G.
 *
 * Without candidates a decision is not counted: in an empty market no threshold was in the way, and
 * they must not stand at their floors when the first contractor comes.
 *
 * @param configured - Thresholds of the policy, not those in force.
 */
export function observeDecision(
  state: AdaptiveThresholdState,
  decision: ObservedDecision,
  configured: Thresholds,
  limits: AdaptiveThresholdLimits = ADAPTIVE_THRESHOLD_LIMITS,
): AdaptiveThresholdState {
  if (!decision.hasCandidates) return state;
  const counted = {
    ...state,
    decisions: state.decisions + 1,
    outsourced: state.outsourced + (decision.isOutsourced ? 1 : 0),
  };
  return counted.decisions < limits.reviewEvery ? counted : reviewed(counted, configured, limits);
}

/**
 * Counts how an outsourced task ended. Nothing moves before the next review.
 *
 * Only outcomes since the last review count: one bad week must not lock a node, which then
 * outsources nothing and so sees no better outcome, into local work for ever.
 */
export function observeOutcome(
  state: AdaptiveThresholdState,
  isSuccess: boolean,
): AdaptiveThresholdState {
  return {
    ...state,
    outcomes: state.outcomes + 1,
    successes: state.successes + (isSuccess ? 1 : 0),
  };
}

/** The thresholds to decide by. Each lies between its floor and its configured value. */
export function thresholdsInForce(
  state: AdaptiveThresholdState,
  configured: Thresholds,
  { floors, step }: AdaptiveThresholdLimits = ADAPTIVE_THRESHOLD_LIMITS,
): Thresholds {
  const lowered = (name: keyof Thresholds): number => {
    if (state.steps === 0 || configured[name] <= floors[name]) return configured[name];
    const value = configured[name] - step * state.steps;
    return value > floors[name] + ROUNDING ? value : floors[name];
  };
  return {
    skillThreshold: lowered('skillThreshold'),
    scoreThreshold: lowered('scoreThreshold'),
    confidenceThreshold: lowered('confidenceThreshold'),
  };
}
