/**
 * The choice of the strategies that score every arm: the highest score wins, and LOCAL is an arm
 * whose reward is known. They explore where the winner is not what the decision takes anyway.
 *
 * @module
 */

import { NO_EXPLORATION } from './arms.ts';
import type { ExplorationFacts, Proposal } from './arms.ts';

/**
 * Proposes the arm of the highest score, the first of equals. No exploration if `knownScore` is as
 * high, or if that arm is the greedy one. When forced, the best arm but the greedy one.
 *
 * The rate is 1 or 0: the strategy is sure of what it does once its scores are drawn.
 *
 * @param knownScore - Of what the node has without any of the arms; `null` if it has nothing.
 * @param scoreOf - Called once per arm, in order. An arm whose score is not a number never wins.
 */
export function proposeHighest(
  facts: ExplorationFacts,
  knownScore: number | null,
  scoreOf: (arm: number) => number,
): Proposal {
  const { arms, greedyArm, isForced } = facts;
  let best = -1;
  let bestScore = isForced ? -Infinity : (knownScore ?? -Infinity);
  for (let arm = 0; arm < arms.count; arm++) {
    const score = scoreOf(arm);
    if (!(score > bestScore) || (isForced && arm === greedyArm)) continue;
    best = arm;
    bestScore = score;
  }
  return best < 0 || best === greedyArm ? NO_EXPLORATION : { arm: best, rate: 1, draw: null };
}
