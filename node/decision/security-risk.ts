/**
 * Risk that handing data to a contractor leaks it. Paper Eq. (15).
 *
 * Differs from the paper: by the precedence as printed the risk would be high without any breach
 * and would fall with the sensitivity of the data. Read here as [1 - prod(1 - p_i)] * sensitivity *
 * channelExposure (equations.md, Eq. 15).
 *
 * @module
 */

import { requireFraction } from '../cost/quantity-checks.ts';

/** Labels of a task's data (paper III-D). */
export type Sensitivity = 'low' | 'medium' | 'high';

/** Factor per label. */
export const SENSITIVITY_FACTORS: Readonly<Record<Sensitivity, number>> = {
  low: 0.2,
  medium: 0.5,
  high: 0.9,
};

/** Exposure over an authenticated ECDH + AES-256-GCM session; 1 means an open channel. */
export const ENCRYPTED_CHANNEL_EXPOSURE = 0.5;

/** Pseudo-interactions without an incident that stand behind an incident rate. */
const INCIDENT_PRIOR = 2;

/** Probability that at least one of several independent breaches happens; 0 for none. */
export function breachProbability(probabilities: readonly number[]): number {
  let breach = 0;
  for (const probability of probabilities) {
    requireFraction('probability', probability);
    // 1 - (1-a)(1-b) as a sum of terms >= 0: tiny probabilities keep their digits.
    breach += (1 - breach) * probability;
  }
  return breach;
}

/** Risk in [0, 1]. Paper Eq. (15). */
export function securityRisk(
  probabilities: readonly number[],
  sensitivityFactor: number,
  channelExposure: number = ENCRYPTED_CHANNEL_EXPOSURE,
): number {
  requireFraction('sensitivityFactor', sensitivityFactor);
  if (!(channelExposure > 0 && channelExposure <= 1)) {
    throw new RangeError(
      `"channelExposure" expected a number of more than 0 and at most 1, got ${channelExposure}`,
    );
  }
  return breachProbability(probabilities) * sensitivityFactor * channelExposure;
}

/** Share of interactions that ended in an incident: Beta(0, 2) mean, so none means 0. */
export function incidentRate(incidents: number, interactions: number): number {
  return incidents / (INCIDENT_PRIOR + interactions);
}
