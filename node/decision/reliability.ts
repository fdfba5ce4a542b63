/**
 * Probability that a contractor delivers, from what it delivered before. Paper Eq. (14).
 *
 * Two readings. `literal` is the paper's: the whole score decays, so after a year of silence a
 * perfect contractor stands below an unknown one. `evidence` lets each outcome fade instead, and
 * the score goes back to the prior (Josang and Ismail 2002, forgetting).
 *
 * @module
 */

import { requireNonNegative, requirePositive } from '../cost/quantity-checks.ts';

/** Decay per month of 30.4375 days. Paper symbol lambda of Eq. (14). */
export const DECAY_PER_MONTH = 0.1;

/** Pseudo-outcomes before any outcome: Beta(1, 1), no opinion. */
export interface BetaPrior {
  readonly alpha: number;
  readonly beta: number;
}

export const UNIFORM_PRIOR: BetaPrior = { alpha: 1, beta: 1 };

/** Which of the two readings. */
export type ReliabilityMode = 'literal' | 'evidence';

/** Mean of a Beta distribution after `successes` of `total` outcomes. Fractions are allowed. */
export function betaMean(
  successes: number,
  total: number,
  prior: BetaPrior = UNIFORM_PRIOR,
): number {
  return (prior.alpha + successes) / (prior.alpha + prior.beta + total);
}

/**
 * Reliability as printed: Beta mean times exp(-decay * months). Paper Eq. (14).
 *
 * @param monthsSinceLast - Since the last outcome; not read while there is none.
 * @throws {@link RangeError} unless 0 <= successes <= total and the rest is not negative.
 */
export function literalReliability(
  successes: number,
  total: number,
  monthsSinceLast: number,
  prior: BetaPrior = UNIFORM_PRIOR,
  decayPerMonth: number = DECAY_PER_MONTH,
): number {
  requireOutcomes(successes, total);
  requirePositive('alpha', prior.alpha);
  requirePositive('beta', prior.beta);
  requireNonNegative('decayPerMonth', decayPerMonth);
  const mean = betaMean(successes, total, prior);
  if (total === 0) return mean;
  requireNonNegative('monthsSinceLast', monthsSinceLast);
  return mean * Math.exp(-decayPerMonth * monthsSinceLast);
}

/** One outcome with its age. */
export interface DatedOutcome {
  readonly isSuccess: boolean;
  readonly monthsAgo: number;
}

/** Outcomes after each has faded by exp(-decay * age). Fractions. */
export interface FadedOutcomes {
  readonly successes: number;
  readonly total: number;
}

/** Sums of faded outcomes. @throws {@link RangeError} for a negative or non-finite age. */
export function fadeOutcomes(
  outcomes: readonly DatedOutcome[],
  decayPerMonth: number = DECAY_PER_MONTH,
): FadedOutcomes {
  requireNonNegative('decayPerMonth', decayPerMonth);
  let successes = 0;
  let total = 0;
  for (const outcome of outcomes) {
    requireNonNegative('monthsAgo', outcome.monthsAgo);
    const weight = Math.exp(-decayPerMonth * outcome.monthsAgo);
    total += weight;
    if (outcome.isSuccess) successes += weight;
  }
  return { successes, total };
}

/** Reliability that fades to the prior: Beta mean of faded outcomes. Variant of paper Eq. (14). */
export function evidenceReliability(
  outcomes: readonly DatedOutcome[],
  prior: BetaPrior = UNIFORM_PRIOR,
  decayPerMonth: number = DECAY_PER_MONTH,
): number {
  const faded = fadeOutcomes(outcomes, decayPerMonth);
  return betaMean(faded.successes, faded.total, prior);
}

/** @throws {@link RangeError} unless 0 <= successes <= total, both finite. */
export function requireOutcomes(successes: number, total: number): void {
  requireNonNegative('total', total);
  if (!(successes >= 0 && successes <= total)) {
    throw new RangeError(`"successes" expected a number from 0 to ${total}, got ${successes}`);
  }
}
