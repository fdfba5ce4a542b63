/**
 * How sure a contractor's success rate is, from the number of its outcomes. Paper Eq. (18).
 *
 * Differs from the paper: as printed, one outcome or a row of failures gives full confidence. The
 * smoothed form adds one success and one failure (Laplace; Agresti and Coull 1998), gives 0 without
 * outcomes, and is clamped to [0, 1]. n counts outcomes of this contractor, never resamples.
 *
 * @module
 */

import { requireNonNegative } from '../cost/quantity-checks.ts';
import { requireOutcomes } from './reliability.ts';

/** Quantile of 95 %. */
export const Z_QUANTILE = 1.96;

/** Most outcomes that attested tests can stand for: what a perfect newcomer needs for 0.8. */
export const MAX_PSEUDO_OUTCOMES = 8;

/** Successes and number of outcomes. Fractions are allowed. */
export interface Outcomes {
  readonly successes: number;
  readonly total: number;
}

/** Confidence as printed; `null` without outcomes. Paper Eq. (18). */
export function literalConfidence(
  successes: number,
  total: number,
  zQuantile: number = Z_QUANTILE,
): number | null {
  requireOutcomes(successes, total);
  requireNonNegative('zQuantile', zQuantile);
  if (total === 0) return null;
  const mean = successes / total;
  return 1 - (zQuantile * Math.sqrt(mean * (1 - mean))) / Math.sqrt(total);
}

/** Smoothed success rate (s + 1) / (n + 2). */
export function smoothedMean(successes: number, total: number): number {
  return (successes + 1) / (total + 2);
}

/** Confidence in [0, 1]; 0 without outcomes. Paper Eq. (18), smoothed. */
export function smoothedConfidence(
  successes: number,
  total: number,
  zQuantile: number = Z_QUANTILE,
): number {
  if (total === 0) return 0;
  const mean = smoothedMean(successes, total);
  const confidence = 1 - zQuantile * Math.sqrt((mean * (1 - mean)) / (total + 2));
  return Math.max(0, Math.min(1, confidence));
}

/**
 * Outcomes that attested known-answer tests stand for: the same success rate, and never more than
 * `maxPseudoOutcomes` of them, so that real work soon outweighs them.
 */
export function pseudoOutcomes(
  passed: number,
  run: number,
  maxPseudoOutcomes: number = MAX_PSEUDO_OUTCOMES,
): Outcomes {
  requireOutcomes(passed, run);
  requireNonNegative('maxPseudoOutcomes', maxPseudoOutcomes);
  if (run === 0) return { successes: 0, total: 0 };
  const total = Math.min(run, maxPseudoOutcomes);
  return { successes: (passed / run) * total, total };
}

/** What the paper's own code gives before it has decided ten times. */
const REFERENCE_START_CONFIDENCE = 0.8;
const REFERENCE_MIN_DECISIONS = 10;

/**
 * Confidence as the paper's own code has it (reference-results.md a): no matter who the contractor
 * is, from how many of the last decisions ended with a high score.
 *
 * @param decisions - Decisions so far that were no exploration.
 * @param recent - How many of them are looked at, and `highScores` of those.
 */
export function referenceConfidence(decisions: number, recent: number, highScores: number): number {
  requireOutcomes(highScores, recent);
  if (decisions < REFERENCE_MIN_DECISIONS || recent === 0) return REFERENCE_START_CONFIDENCE;
  const share = highScores / recent;
  return 1 - ((2 * Math.min(share, 1 - share)) / Math.sqrt(recent)) * Z_QUANTILE;
}
