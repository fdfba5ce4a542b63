/**
 * Contextual bandit: LinUCB (Li, Chu, Langford and Schapire 2010) over the decision's criteria.
 *
 * One model is shared by all arms: what a cheap and slow contractor delivered says something about
 * the next cheap and slow one, also if that one was never tried. LOCAL is an arm of known reward.
 *
 * @module
 */

import { FEATURE_COUNT, finiteOrNull } from './arms.ts';
import type { ArmRanking, Arms, ExplorationFacts, Proposal } from './arms.ts';
import type { ExplorationParameters } from './exploration-strategy.ts';
import { proposeHighest } from './highest-arm.ts';
import {
  deviation,
  expectedUtility,
  fitLinearModel,
  MODEL_SIZE,
  upperBound,
} from './linear-model.ts';

/** Sets `x` to the constant 1 and the criteria of an arm. */
function setFeatures(x: Float64Array, { features }: Arms, arm: number): void {
  x[0] = 1;
  for (let i = 0; i < FEATURE_COUNT; i++) x[i + 1] = features[i]![arm]!;
}

/** Explores where the highest bound is neither LOCAL nor the greedy arm. Draws nothing. */
export function proposeContextual(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
): Proposal {
  const fit = fitLinearModel(facts.linearModel);
  const x = new Float64Array(MODEL_SIZE);
  return proposeHighest(facts, facts.localUtility, (arm) => {
    setFeatures(x, facts.arms, arm);
    return upperBound(fit, x, parameters.confidenceWidth);
  });
}

/** What {@link proposeContextual} ranks the arms by. */
export function contextualRankings(
  { confidenceWidth }: ExplorationParameters,
  { arms, linearModel }: ExplorationFacts,
) {
  const fit = fitLinearModel(linearModel);
  const x = new Float64Array(MODEL_SIZE);
  return Array.from({ length: arms.count }, (_, arm): ArmRanking => {
    setFeatures(x, arms, arm);
    const expected = expectedUtility(fit, x);
    const unsure = deviation(fit, x);
    setFeatures(x, arms, arm);
    return {
      features: arms.features.map((feature) => feature[arm]!),
      expectedUtility: finiteOrNull(expected),
      deviation: finiteOrNull(unsure),
      upperBound: finiteOrNull(upperBound(fit, x, confidenceWidth)),
    };
  });
}
