/**
 * Epsilon-greedy exploration. Paper Eq. (19) and Listing 2, lines 5 to 10.
 *
 * As in Listing 2, the choice is uniform over all arms, and what it hits is marked as exploration,
 * also the arm that the decision takes anyway. A forced exploration leaves that one out: to repeat
 * the choice that the node is stuck with would not help.
 *
 * @module
 */

import { NO_EXPLORATION } from './arms.ts';
import type { ExplorationFacts, Proposal } from './arms.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { SeededRandom } from './seeded-random.ts';

/** Explores with probability `rate`, and surely when forced; then every arm is as likely. */
export function proposeAtRate(
  rate: number,
  facts: ExplorationFacts,
  random: SeededRandom,
): Proposal {
  const { arms, greedyArm } = facts;
  if (arms.count === 0) return NO_EXPLORATION;
  const draw = random.uniform();
  const others = greedyArm < 0 ? arms.count : arms.count - 1;
  if (facts.isForced && others > 0) {
    const other = random.integer(others);
    return { arm: greedyArm >= 0 && other >= greedyArm ? other + 1 : other, rate: 1, draw };
  }
  return { arm: draw < rate ? random.integer(arms.count) : -1, rate, draw };
}

/** The second draw, and the arm that it takes. */
export interface UniformSelection {
  /** In [0, 1). */
  readonly draw: number;
  /** Arms that it chooses from: floor(draw * among) is the place among them. */
  readonly among: number;
  /** Whether the greedy arm is none of them. */
  readonly isGreedyLeftOut: boolean;
}

/** The choice of {@link proposeAtRate} where it explores from the start of this seed. */
export function uniformSelection(
  { arms, greedyArm, isForced }: ExplorationFacts,
  seed: number,
): UniformSelection {
  const random = new SeededRandom(seed);
  random.uniform();
  const isGreedyLeftOut = isForced && greedyArm >= 0 && arms.count > 1;
  const among = isGreedyLeftOut ? arms.count - 1 : arms.count;
  return { draw: random.uniform(), among, isGreedyLeftOut };
}

/** Explores at a fixed rate. Paper Eq. (19). */
export function proposeEpsilonGreedy(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
  random: SeededRandom,
): Proposal {
  return proposeAtRate(parameters.rate, facts, random);
}
