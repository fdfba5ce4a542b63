/**
 * Thompson sampling (Thompson 1933): each arm as often as it is likely to be the best one.
 *
 * The reward of an arm is taken as Bernoulli with a uniform prior: theta_j ~ Beta(1 + s_j,
 * 1 + n_j - s_j). Utilities between 0 and 1 enter as fractions of a success; they vary less than
 * Bernoulli rewards of the same mean, so this explores rather too much than too little.
 *
 * @module
 */

import type { ExplorationFacts, Proposal } from './arms.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { proposeHighest } from './highest-arm.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Explores where the highest sample is neither LOCAL's known reward nor the greedy arm's. */
export function proposeThompson(
  _parameters: ExplorationParameters,
  facts: ExplorationFacts,
  random: SeededRandom,
): Proposal {
  const { pulls, utility } = facts.arms;
  return proposeHighest(facts, facts.localUtility, (arm) =>
    random.beta(1 + utility[arm]!, 1 + Math.max(0, pulls[arm]! - utility[arm]!)),
  );
}
