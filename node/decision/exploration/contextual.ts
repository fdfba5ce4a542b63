/**
 * Contextual bandit: LinUCB (Li, Chu, Langford and Schapire 2010) over the decision's criteria.
 *
 * One model is shared by all arms: what a cheap and slow contractor delivered says something about
 * the next cheap and slow one, also if that one was never tried. LOCAL is an arm of known reward.
 *
 * @module
 */

import { FEATURE_COUNT } from './arms.ts';
import type { ExplorationFacts, Proposal } from './arms.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { proposeHighest } from './highest-arm.ts';
import { fitLinearModel, MODEL_SIZE, upperBound } from './linear-model.ts';

/** Explores where the highest bound is neither LOCAL nor the greedy arm. Draws nothing. */
export function proposeContextual(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
): Proposal {
  const { features } = facts.arms;
  const fit = fitLinearModel(facts.linearModel);
  const x = new Float64Array(MODEL_SIZE);
  return proposeHighest(facts, facts.localUtility, (arm) => {
    x[0] = 1;
    for (let i = 0; i < FEATURE_COUNT; i++) x[i + 1] = features[i]![arm]!;
    return upperBound(fit, x, parameters.confidenceWidth);
  });
}
