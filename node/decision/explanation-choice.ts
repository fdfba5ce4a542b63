/**
 * Why an exploration is of this contractor or of none, in words: the second draw, or the rule that
 * a strategy ranks by. The figures that it ranks stand in `explanation-arms.ts`.
 *
 * @module
 */

import { digitsToTell, dollars, figure } from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import type { ExplorationArm, ExplorationParts } from './exploration-parts.ts';
import { isByChance } from './exploration/exploration-strategy.ts';
import type { DecisionRequest } from './request.ts';

/** Name of the figure that ranks, by strategy. */
const RANKED_BY: Readonly<Record<string, string>> = {
  ucb1: 'index',
  thompson: 'sample',
  contextual: 'bound',
  'information-gain': 'value',
};

/** Why this one, or none. */
export function choiceNote(parts: ExplorationParts, limits: ShownLimits): string {
  const { selection, exploredArm, isForced } = parts;
  if (selection !== null) {
    const { draw, among, isGreedyLeftOut } = selection;
    const place = Math.floor(draw * among);
    const left = isGreedyLeftOut ? ` without number ${parts.otherwiseArm}` : '';
    const number = place === exploredArm ? '' : `, which is number ${exploredArm}`;
    return `second draw ${draw} x ${among} of the list${left}, rounded down: ${place}${number}`;
  }
  const isCost = parts.strategy === 'information-gain';
  const rank = `${isCost ? 'the least' : 'the highest'} ${RANKED_BY[parts.strategy]}`;
  const known = knownWorth(parts, limits);
  const beyond = isForced || known === null ? '' : `, ${isCost ? 'below' : 'above'} ${known}`;
  if (exploredArm !== null) return `number ${exploredArm} has ${rank}${beyond}`;
  if (isForced) return 'there is nobody else to explore';
  return isWonByOtherwise(parts)
    ? `${rank} is that of number ${parts.otherwiseArm}, which gets the task otherwise`
    : `no ${RANKED_BY[parts.strategy]} is ${isCost ? 'below' : 'above'} ${known ?? 'nothing'}`;
}

/** What an arm must beat: LOCAL's worth or the cost otherwise; `null` for nothing. */
function knownWorth(parts: ExplorationParts, limits: ShownLimits): string | null {
  const { strategy, localUtility, otherwiseCostMicroUsd: cost } = parts;
  if (strategy === 'information-gain') {
    if (cost === null) return null;
    return `${dollars(cost, rankingDigits(parts, limits))}, the cost in all otherwise`;
  }
  return localUtility === null ? null : `${figure(localUtility)}, the worth of LOCAL`;
}

/** Whether the arm that gets the task otherwise is itself beyond what an arm must beat. */
function isWonByOtherwise({ arms, otherwiseArm, ...parts }: ExplorationParts): boolean {
  const arm = otherwiseArm === null ? undefined : arms[otherwiseArm];
  if (arm === undefined) return false;
  const { otherwiseCostMicroUsd: cost, localUtility } = parts;
  if (arm.valueMicroUsd !== undefined) return cost === null || arm.valueMicroUsd < cost;
  return localUtility === null || utilityOf(arm) > localUtility;
}

/** Places of the arms that are printed: the first ones, the explored one, and the other one. */
export function shownPlaces(
  { arms, exploredArm, otherwiseArm }: ExplorationParts,
  { listed }: ShownLimits,
): number[] {
  const places = new Set(arms.slice(0, listed).keys());
  for (const place of [exploredArm, otherwiseArm]) if (place !== null) places.add(place);
  return [...places];
}

/** Digits with which the printed order of the printed arms, and of what they must beat, is true. */
export function rankingDigits(parts: ExplorationParts, limits: ShownLimits): number {
  const { arms, localUtility, otherwiseCostMicroUsd } = parts;
  const shown = shownPlaces(parts, limits).map((place) => arms[place]!);
  return digitsToTell([
    ...shown.map((arm) => arm.valueMicroUsd ?? utilityOf(arm)),
    (parts.strategy === 'information-gain' ? otherwiseCostMicroUsd : localUtility) ?? 0,
  ]);
}

/** What ranks an arm where more is better. A bound that is no number never wins. */
function utilityOf({ index, sample, upperBound }: ExplorationArm): number {
  if (index !== undefined) return index ?? Infinity;
  return sample ?? upperBound ?? -Infinity;
}

const SHAPES = [
  'alpha = 1 + utility, beta = 1 + outcomes - utility:',
  'outcomes of this task type, and the sum of their utilities',
].join(' ');

/** The rule by which one of them is explored. */
function rankNote(parts: ExplorationParts, limits: ShownLimits): string {
  const known = knownWorth(parts, limits);
  const isCost = parts.strategy === 'information-gain';
  const best = `explored is ${isCost ? 'the least' : 'the highest'}`;
  const equals = 'the first of equals';
  if (parts.isForced) return `${best} but who gets the task otherwise; ${equals}`;
  const beyond = known === null ? '' : ` if it is ${isCost ? 'below' : 'above'} ${known}, and`;
  return `${best},${beyond} if that is not who gets the task otherwise; ${equals}`;
}

/** How the ranking figures are made and what follows from them; nothing where chance chooses. */
export function ruleNotes(
  { policy }: DecisionRequest,
  parts: ExplorationParts,
  limits: ShownLimits,
): string[] {
  const { learningValueMicroUsd, confidenceWidth } = policy.exploration;
  switch (parts.strategy) {
    case 'ucb1': {
      const total = parts.arms.reduce((sum, arm) => sum + (arm.pulls ?? 0), 0);
      return [
        'outcomes of this task type, and the mean of their utilities',
        `index = mean + root(2 ln t / outcomes), t = ${figure(total)} outcomes of all of them; ` +
          'ln t at least 0',
        rankNote(parts, limits),
      ];
    }
    case 'thompson':
      return [
        SHAPES,
        'sample of Beta(alpha, beta) = x / (x + y), x of Gamma(alpha), then y of Gamma(beta), ' +
          'both by Marsaglia and Tsang (2000)',
        rankNote(parts, limits),
      ];
    case 'contextual':
      return [
        'criteria within the field, 1 the best; x = (1, criteria)',
        'mean = x . A^-1 b, width = root(x . A^-1 x), ' +
          `bound = mean + ${figure(confidenceWidth)} width`,
        rankNote(parts, limits),
      ];
    case 'information-gain':
      return [
        SHAPES,
        'information = h(m) - E h(theta), m = alpha / (alpha + beta), ' +
          'theta of Beta(alpha, beta), h the entropy in nats',
        `value = cost in all - ${dollars(learningValueMicroUsd)} x information (Eq. 20)`,
        rankNote(parts, limits),
      ];
    default:
      return [];
  }
}

/** Where drawn numbers come from. */
export function drawNote(seed: number, { strategy }: ExplorationParts): string {
  return isByChance(strategy) || strategy === 'thompson'
    ? `draws: numbers of xoshiro128** in [0, 1) from seed ${seed}, counted from 1 ` +
        '(node/decision/exploration/seeded-random.ts)'
    : `${strategy} computes whom it explores, and draws nothing`;
}
