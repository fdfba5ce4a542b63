/**
 * What a task costs when a contractor runs it, and what a contractor asks for it. Paper Eq.
 * (6)-(9), with the units of equations.md 2: floating micro-USD, minutes of latency, decimal
 * gigabytes.
 *
 * Differs from the paper: Eq. (9) names an impact multiplier that its formula lacks; it is a factor
 * here and 1 by default. Eq. (8) divides data by bandwidth, so its price is per hour of transfer;
 * {@link transferMicroUsdPerHour} turns a price per gigabyte into one.
 *
 * Does not judge whether a contractor may be used: a missed hard limit is an exclusion, not a cost.
 *
 * @module
 */

import { requireFraction, requireNonNegative, requirePositive } from './quantity-checks.ts';

const SECONDS_PER_HOUR = 3600;
/** Decimal gigabytes: 8,000 Mbit each. */
const MEGABITS_PER_GB = 8000;

/** Price factor per unit of complexity above 1 (equations.md, Eq. 7). */
export const COMPLEXITY_PRICE_STEP = 0.3;

/** Reaction of a price to scarcity, in [0, 1]. Paper symbol alpha of Eq. (7). */
export const PRICE_SENSITIVITY = 0.5;

/** Load of a contractor, all three in the same unit: task slots, or shares with a total of 1. */
export interface Load {
  readonly demand: number;
  readonly available: number;
  readonly total: number;
}

/** Parts of Eq. (6). `totalMicroUsd` is their sum. */
export interface ExternalCost {
  readonly priceMicroUsd: number;
  readonly communicationMicroUsd: number;
  readonly verificationMicroUsd: number;
  readonly integrationMicroUsd: number;
  readonly riskMicroUsd: number;
  readonly latencyMicroUsd: number;
  readonly totalMicroUsd: number;
}

/** Factor on a price for a task's complexity: 1 + 0.3 (c - 1). Paper Eq. (7), symbol beta. */
export function complexityMultiplier(complexity: number): number {
  requireNonNegative('complexity', complexity);
  return 1 + COMPLEXITY_PRICE_STEP * (complexity - 1);
}

/**
 * Price that a contractor asks under its present load, in micro-USD. Paper Eq. (7). Never negative:
 * with a sensitivity of at most 1 the bracket is at least 1 - sensitivity.
 *
 * @param multiplier - From {@link complexityMultiplier}.
 * @throws {@link RangeError} unless 0 <= available <= total, total > 0 and demand >= 0.
 */
export function dynamicPriceMicroUsd(
  baseMicroUsd: number,
  load: Load,
  multiplier: number,
  priceSensitivity: number = PRICE_SENSITIVITY,
): number {
  requireNonNegative('baseMicroUsd', baseMicroUsd);
  requireNonNegative('demand', load.demand);
  requirePositive('total', load.total);
  if (!(load.available >= 0 && load.available <= load.total)) {
    throw new RangeError(
      `"available" expected a number from 0 to ${load.total}, got ${load.available}`,
    );
  }
  requireNonNegative('multiplier', multiplier);
  requireFraction('priceSensitivity', priceSensitivity);
  const scarcity = (load.demand - load.available) / load.total;
  return baseMicroUsd * (1 + priceSensitivity * scarcity) * multiplier;
}

/** Hours that `gigabytes` take at `bandwidthMbps`. Paper Eq. (8), the quotient. */
export function transferHours(gigabytes: number, bandwidthMbps: number): number {
  requireNonNegative('gigabytes', gigabytes);
  requirePositive('bandwidthMbps', bandwidthMbps);
  return (gigabytes * MEGABITS_PER_GB) / bandwidthMbps / SECONDS_PER_HOUR;
}

/**
 * Price of an hour of transfer that amounts to `microUsdPerGb`. The bandwidth cancels in Eq. (8).
 */
export function transferMicroUsdPerHour(microUsdPerGb: number, bandwidthMbps: number): number {
  requireNonNegative('microUsdPerGb', microUsdPerGb);
  requirePositive('bandwidthMbps', bandwidthMbps);
  return (microUsdPerGb * bandwidthMbps * SECONDS_PER_HOUR) / MEGABITS_PER_GB;
}

/**
 * Price of moving a task's data, in micro-USD. Paper Eq. (8).
 *
 * @param gigabytes - Input and output together.
 * @param overheadMicroUsd - Cost of the session and of the protocol.
 */
export function communicationCostMicroUsd(
  gigabytes: number,
  bandwidthMbps: number,
  microUsdPerTransferHour: number,
  overheadMicroUsd: number,
): number {
  requireNonNegative('microUsdPerTransferHour', microUsdPerTransferHour);
  requireNonNegative('overheadMicroUsd', overheadMicroUsd);
  return transferHours(gigabytes, bandwidthMbps) * microUsdPerTransferHour + overheadMicroUsd;
}

/**
 * Probability that at least one of three independent mishaps happens. Paper Eq. (9), the bracket.
 *
 * Equal to 1 - (1-f)(1-s)(1-q), written as a sum of terms that are never negative: tiny
 * probabilities keep every digit, which the printed form loses.
 */
export function mishapProbability(failure: number, security: number, quality: number): number {
  return failure + (1 - failure) * (security + (1 - security) * quality);
}

/** Expected loss of a task worth `valueMicroUsd`, in micro-USD. Paper Eq. (9). */
export function riskCostMicroUsd(
  valueMicroUsd: number,
  probabilities: { readonly failure: number; readonly security: number; readonly quality: number },
  impactMultiplier = 1,
): number {
  requireNonNegative('valueMicroUsd', valueMicroUsd);
  requireFraction('failure', probabilities.failure);
  requireFraction('security', probabilities.security);
  requireFraction('quality', probabilities.quality);
  requireNonNegative('impactMultiplier', impactMultiplier);
  const { failure, security, quality } = probabilities;
  return valueMicroUsd * mishapProbability(failure, security, quality) * impactMultiplier;
}

/** Cost of the minutes beyond `maxLatencyMinutes`, in micro-USD. Paper Eq. (6), the last term. */
export function latencyCostMicroUsd(
  latencyMinutes: number,
  maxLatencyMinutes: number,
  microUsdPerMinute: number,
): number {
  requireNonNegative('latencyMinutes', latencyMinutes);
  requireNonNegative('maxLatencyMinutes', maxLatencyMinutes);
  requireNonNegative('microUsdPerMinute', microUsdPerMinute);
  return Math.max(0, latencyMinutes - maxLatencyMinutes) * microUsdPerMinute;
}

/** Sum of the parts, in micro-USD. Paper Eq. (6). */
export function externalCost(parts: Omit<ExternalCost, 'totalMicroUsd'>): ExternalCost {
  requireNonNegative('priceMicroUsd', parts.priceMicroUsd);
  requireNonNegative('communicationMicroUsd', parts.communicationMicroUsd);
  requireNonNegative('verificationMicroUsd', parts.verificationMicroUsd);
  requireNonNegative('integrationMicroUsd', parts.integrationMicroUsd);
  requireNonNegative('riskMicroUsd', parts.riskMicroUsd);
  requireNonNegative('latencyMicroUsd', parts.latencyMicroUsd);
  return {
    ...parts,
    totalMicroUsd:
      parts.priceMicroUsd +
      parts.communicationMicroUsd +
      parts.verificationMicroUsd +
      parts.integrationMicroUsd +
      parts.riskMicroUsd +
      parts.latencyMicroUsd,
  };
}
