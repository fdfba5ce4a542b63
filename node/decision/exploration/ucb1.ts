/**
 * UCB1 (Auer, Cesa-Bianchi and Fischer 2002): the arm whose mean reward could still be highest.
 *
 * LOCAL is an arm of known reward and gets no bonus. Its executions are not pulls, so the bonus of
 * the arms stands still while LOCAL wins; the monitor's forced exploration moves it on.
 *
 * @module
 */

import { finiteOrNull } from './arms.ts';
import type { ArmRanking, Arms, ExplorationFacts, Proposal } from './arms.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { proposeHighest } from './highest-arm.ts';

/** Factor of the confidence radius. Symbol c. */
const WIDTH = Math.SQRT2;

/**
 * Upper confidence bound of one arm; +Infinity before its first pull.
 *
 * @param totalPulls - Of all arms, before the choice. Below 1, which only fractions give, the
 *   logarithm is taken as 0.
 */
export function ucb1Index(meanUtility: number, pulls: number, totalPulls: number): number {
  if (pulls === 0) return Infinity;
  return meanUtility + WIDTH * Math.sqrt(Math.log(Math.max(1, totalPulls)) / pulls);
}

/** Outcomes of all arms together. Symbol t. */
export function totalPulls({ count, pulls }: Arms): number {
  let total = 0;
  for (let arm = 0; arm < count; arm++) total += pulls[arm]!;
  return total;
}

/** Explores where the highest index is neither LOCAL nor the greedy arm. Draws nothing. */
export function proposeUcb1(_parameters: ExplorationParameters, facts: ExplorationFacts): Proposal {
  const { pulls, utility } = facts.arms;
  const total = totalPulls(facts.arms);
  return proposeHighest(facts, facts.localUtility, (arm) =>
    ucb1Index(utility[arm]! / pulls[arm]!, pulls[arm]!, total),
  );
}

/** What {@link proposeUcb1} ranks the arms by. */
export function ucb1Rankings(_parameters: ExplorationParameters, { arms }: ExplorationFacts) {
  const total = totalPulls(arms);
  return Array.from({ length: arms.count }, (_, arm): ArmRanking => {
    const pulls = arms.pulls[arm]!;
    const meanUtility = arms.utility[arm]! / pulls;
    return {
      pulls,
      meanUtility: finiteOrNull(meanUtility),
      index: finiteOrNull(ucb1Index(meanUtility, pulls, total)),
    };
  });
}
