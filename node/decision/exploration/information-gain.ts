/**
 * Exploration by what an outcome would teach. Paper Eq. (20).
 *
 * Differs from the paper: as printed, information adds to a cost that is minimised, so that the
 * node would avoid learning. Here it is taken off: V = C_ext - lambda * I (equations.md, Eq. 20).
 * I is the mutual information, in nats, between the next outcome and the success rate.
 *
 * @module
 */

import { failureShape, successShape } from './arms.ts';
import type { ArmRanking, ExplorationFacts, Proposal } from './arms.ts';
import { digammaLessLog } from './digamma.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { proposeHighest } from './highest-arm.ts';

/**
 * Mutual information in nats between the next Bernoulli outcome and its rate theta ~ Beta(a, b).
 * Beta(1, 1): ln 2 - 1/2. Falls as 1 / (2 (a + b)).
 *
 * Equal to h(m) - E[h(theta)] of equations.md, in a form whose logarithms have cancelled already.
 *
 * @throws {@link RangeError} unless both shapes are finite and more than 0.
 */
export function informationGainNats(alpha: number, beta: number): number {
  const sum = alpha + beta;
  const gain =
    (alpha / sum) * digammaLessLog(alpha) +
    (beta / sum) * digammaLessLog(beta) -
    digammaLessLog(sum) +
    1 / sum;
  return Math.max(0, gain);
}

/**
 * Cost of an exploration less the worth of what it teaches; may be negative. Paper Eq. (20).
 *
 * @param learningValueMicroUsd - Worth of one nat. Paper symbol lambda of Eq. (20).
 */
export function explorationValueMicroUsd(
  costExternalMicroUsd: number,
  learningValueMicroUsd: number,
  informationNats: number,
): number {
  return costExternalMicroUsd - learningValueMicroUsd * informationNats;
}

/**
 * Explores where the least cost, after what is learned, lies below that of the greedy decision and
 * is not the greedy arm's. Draws nothing.
 */
export function proposeInformationGain(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
): Proposal {
  const { arms, greedyCostMicroUsd } = facts;
  const known = greedyCostMicroUsd === null ? null : -greedyCostMicroUsd;
  return proposeHighest(facts, known, (arm) => {
    const nats = informationGainNats(successShape(arms, arm), failureShape(arms, arm));
    const costMicroUsd = arms.costMicroUsd[arm]!;
    return -explorationValueMicroUsd(costMicroUsd, parameters.learningValueMicroUsd, nats);
  });
}

/** What {@link proposeInformationGain} ranks the arms by: the least value first. */
export function informationGainRankings(
  { learningValueMicroUsd }: ExplorationParameters,
  { arms }: ExplorationFacts,
) {
  return Array.from({ length: arms.count }, (_, arm): ArmRanking => {
    const [alpha, beta] = [successShape(arms, arm), failureShape(arms, arm)];
    const informationNats = informationGainNats(alpha, beta);
    const costMicroUsd = arms.costMicroUsd[arm]!;
    const valueMicroUsd = explorationValueMicroUsd(
      costMicroUsd,
      learningValueMicroUsd,
      informationNats,
    );
    return { alpha, beta, informationNats, costMicroUsd, valueMicroUsd };
  });
}
