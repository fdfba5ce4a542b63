/**
 * Thompson sampling (Thompson 1933): each arm as often as it is likely to be the best one.
 *
 * The reward of an arm is taken as Bernoulli with a uniform prior: theta_j ~ Beta(1 + s_j,
 * 1 + n_j - s_j). Utilities between 0 and 1 enter as fractions of a success; they vary less than
 * Bernoulli rewards of the same mean, so this explores rather too much than too little.
 *
 * @module
 */

import { failureShape, successShape } from './arms.ts';
import type { ArmRanking, ExplorationFacts, Proposal } from './arms.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { proposeHighest } from './highest-arm.ts';
import { CountingRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Explores where the highest sample is neither LOCAL's known reward nor the greedy arm's. */
export function proposeThompson(
  _parameters: ExplorationParameters,
  facts: ExplorationFacts,
  random: SeededRandom,
): Proposal {
  const { arms } = facts;
  return proposeHighest(facts, facts.localUtility, (arm) =>
    random.beta(successShape(arms, arm), failureShape(arms, arm)),
  );
}

/** What {@link proposeThompson} ranks the arms by, where it draws from this seed. */
export function thompsonRankings(
  _parameters: ExplorationParameters,
  { arms }: ExplorationFacts,
  seed: number,
) {
  const random = new CountingRandom(seed);
  return Array.from({ length: arms.count }, (_, arm): ArmRanking => {
    const [alpha, beta] = [successShape(arms, arm), failureShape(arms, arm)];
    const firstDraw = random.drawn + 1;
    const sample = random.beta(alpha, beta);
    return { alpha, beta, sample, firstDraw, lastDraw: random.drawn };
  });
}
