/**
 * Graduated exploration: epsilon-greedy at a rate that falls with experience (paper VI-G).
 *
 * The paper gives no schedule. Ours is geometric with a floor, eps_t = max(0.01, 0.3 * 0.98^t),
 * where t counts the decisions in which exploring was allowed (equations.md 4).
 *
 * @module
 */

import type { ExplorationFacts, Proposal } from './arms.ts';
import { proposeAtRate } from './epsilon-greedy.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Rate of the decision number `decisionIndex`, from 0. */
export function graduatedRate(parameters: ExplorationParameters, decisionIndex: number): number {
  const { initialRate, rateDecay, minRate } = parameters;
  return Math.max(minRate, initialRate * rateDecay ** decisionIndex);
}

/** Explores at the rate that experience has left. */
export function proposeGraduated(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
  random: SeededRandom,
): Proposal {
  return proposeAtRate(graduatedRate(parameters, facts.decisionIndex), facts, random);
}
