/**
 * Whom an exploration might have been, in the order of the draw, with the figure that ranked each,
 * so that the choice can be redone: by arithmetic, or with the generator and the seed.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import { CRITERIA } from './criteria.ts';
import type { DecisionRecord } from './decision-record.ts';
import { MAX_SHOWN_CANDIDATES } from './explanation-scores.ts';
import { dollars, figure, figureBeside, hiddenLines, table, wrapped } from './explanation-text.ts';
import type { ExplorationArm, ExplorationParts } from './exploration-parts.ts';
import { isByChance } from './exploration/exploration-strategy.ts';
import { usableLinearModel } from './exploration/linear-model.ts';
import type { DecisionRequest } from './request.ts';

/** Digits of what a small difference is made from. */
const MODEL_DIGITS = 12;

/** Name of the figure that ranks, by strategy. */
const RANKED_BY: Readonly<Record<string, string>> = {
  ucb1: 'index',
  thompson: 'sample',
  contextual: 'bound',
  'information-gain': 'value',
};

/** Why this one, or none. */
export function choiceNote(parts: ExplorationParts): string {
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
  const known = knownWorth(parts);
  const beyond = isForced || known === null ? '' : `, ${isCost ? 'below' : 'above'} ${known}`;
  if (exploredArm !== null) return `number ${exploredArm} has ${rank}${beyond}`;
  if (isForced) return 'there is nobody else to explore';
  return isWonByOtherwise(parts)
    ? `${rank} is that of number ${parts.otherwiseArm}, which gets the task otherwise`
    : `no ${RANKED_BY[parts.strategy]} is ${isCost ? 'below' : 'above'} ${known ?? 'nothing'}`;
}

/** What an arm must beat: LOCAL's worth or the cost otherwise; `null` for nothing. */
function knownWorth(parts: ExplorationParts): string | null {
  const { strategy, localUtility, otherwiseCostMicroUsd: cost } = parts;
  if (strategy === 'information-gain') {
    return cost === null ? null : `${dollars(cost)}, the cost in all otherwise`;
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

/** What ranks an arm where more is better. A bound that is no number never wins. */
function utilityOf({ index, sample, upperBound }: ExplorationArm): number {
  if (index !== undefined) return index ?? Infinity;
  return sample ?? upperBound ?? -Infinity;
}

function rankingHeadings(strategy: string): string[] {
  switch (strategy) {
    case 'ucb1':
      return ['outcomes', 'mean', 'index'];
    case 'thompson':
      return ['alpha', 'beta', 'draws', 'sample'];
    case 'contextual':
      return [...CRITERIA, 'mean', 'width', 'bound'];
    case 'information-gain':
      return ['alpha', 'beta', 'information', 'cost in all', 'value'];
    default:
      return [];
  }
}

function orNone(value: number | null | undefined, none: string): string {
  return value === null || value === undefined ? none : figure(value);
}

function rankingCells(arm: ExplorationArm, parts: ExplorationParts): string[] {
  const { localUtility, otherwiseCostMicroUsd } = parts;
  const beside = (value: number): string => figureBeside(value, localUtility ?? 0);
  if (arm.index !== undefined) {
    const index = arm.index === null ? 'infinite' : beside(arm.index);
    return [figure(arm.pulls ?? 0), orNone(arm.meanUtility, 'none'), index];
  }
  const shapes = [figure(arm.alpha ?? 0), figure(arm.beta ?? 0)];
  if (arm.sample !== undefined) {
    return [...shapes, `${arm.firstDraw}-${arm.lastDraw}`, beside(arm.sample)];
  }
  if (arm.features !== undefined) {
    const bound = arm.upperBound ?? null;
    return [
      ...arm.features.map(figure),
      orNone(arm.expectedUtility, 'no number'),
      orNone(arm.deviation, 'no number'),
      bound === null ? 'no number' : beside(bound),
    ];
  }
  if (arm.valueMicroUsd === undefined) return [];
  const value = dollarsBeside(arm.valueMicroUsd, otherwiseCostMicroUsd ?? 0);
  return [...shapes, figure(arm.informationNats ?? 0), dollars(arm.costMicroUsd ?? 0), value];
}

function dollarsBeside(microUsd: number, limitMicroUsd: number): string {
  const isHidden = microUsd !== limitMicroUsd && dollars(microUsd) === dollars(limitMicroUsd);
  return isHidden ? `$${microUsd / 1e6}` : dollars(microUsd);
}

function markOf(place: number, { exploredArm, otherwiseArm }: ExplorationParts): string {
  if (place === exploredArm) return 'explored';
  return place === otherwiseArm ? 'otherwise' : '';
}

/** The first ones, who was explored, and who gets the task otherwise. */
function tableLines(request: DecisionRequest, parts: ExplorationParts): string[] {
  const { arms, exploredArm, otherwiseArm } = parts;
  const places = new Set(arms.slice(0, MAX_SHOWN_CANDIDATES).keys());
  for (const place of [exploredArm, otherwiseArm]) if (place !== null) places.add(place);
  const rows = [...places].map((place) => {
    const arm = arms[place]!;
    const name = contractorName(request, arm.peerId);
    const cells = [String(place), name, dollars(arm.lossMicroUsd), ...rankingCells(arm, parts)];
    return [...cells, markOf(place, parts)];
  });
  const ranking = rankingHeadings(parts.strategy);
  const headings = ['number', 'contractor', 'can lose', ...ranking, 'is'];
  return [...table([headings, ...rows]), ...hiddenLines(arms.length - places.size)];
}

/** A, b and theta of LinUCB, so that means and widths follow. */
function modelLines({ context }: DecisionRequest): string[] {
  const { a, b } = usableLinearModel(context.exploration?.linearModel ?? null);
  const exact = (value: number): string => String(Number(value.toPrecision(MODEL_DIGITS)));
  const rows = b.map((sum, i) => [
    ...a.slice(i * b.length, (i + 1) * b.length).map(exact),
    exact(sum),
  ]);
  return [
    '  the model, one row each for the constant 1 and the criteria: A, then b',
    ...table([['1', ...CRITERIA, 'b'], ...rows]),
  ];
}

const SHAPES =
  'alpha = 1 + utility, beta = 1 + outcomes - utility: outcomes of this task type, and the sum of ' +
  'their utilities';

function ruleNotes({ request }: DecisionRecord, parts: ExplorationParts): string[] {
  const { learningValueMicroUsd, confidenceWidth } = request.policy.exploration;
  const known = knownWorth(parts);
  const isCost = parts.strategy === 'information-gain';
  const beyond = known === null ? '' : ` if ${isCost ? 'below' : 'above'} ${known}, and`;
  const rule = parts.isForced
    ? `explored is ${isCost ? 'the least' : 'the highest'} but who gets the task otherwise`
    : `explored is ${isCost ? 'the least' : 'the highest'},${beyond} if not who gets the task otherwise`;
  const ranked = `${rule}; the first of equals`;
  switch (parts.strategy) {
    case 'ucb1': {
      const total = parts.arms.reduce((sum, arm) => sum + (arm.pulls ?? 0), 0);
      return [
        `outcomes of this task type and the mean of their utilities; index = mean + root(2 ln t / outcomes), t = ` +
          `${figure(total)} outcomes of all within the budget`,
        ranked,
      ];
    }
    case 'thompson':
      return [
        SHAPES,
        'sample of Beta(alpha, beta) = x / (x + y), x of Gamma(alpha) and then y of Gamma(beta) by ' +
          'Marsaglia and Tsang',
        ranked,
      ];
    case 'contextual':
      return [
        'criteria within the field, 1 the best; x = (1, criteria)',
        `mean = x . A^-1 b, width = root(x . A^-1 x), bound = mean + ${figure(confidenceWidth)} width`,
        ranked,
      ];
    case 'information-gain':
      return [
        SHAPES,
        'information = h(m) - E h(theta), m = alpha / (alpha + beta), theta of Beta(alpha, beta), ' +
          'h the entropy in nats',
        `value = cost in all - ${dollars(learningValueMicroUsd)} x information (Eq. 20)`,
        ranked,
      ];
    default:
      return [];
  }
}

/** Where drawn numbers come from; nothing where a strategy draws none. */
function drawNotes({ request }: DecisionRecord, { strategy }: ExplorationParts): string[] {
  if (!isByChance(strategy) && strategy !== 'thompson') {
    return [`${strategy} computes what it explores, and draws nothing`];
  }
  return [
    `draws: numbers of xoshiro128** in [0, 1) from seed ${request.seed}, counted from 1 ` +
      '(node/decision/exploration/seeded-random.ts)',
  ];
}

/** The lines; none where nobody might have been explored. */
export function armLines(record: DecisionRecord, parts: ExplorationParts): string[] {
  if (parts.arms.length === 0) return [];
  const { request } = record;
  const notes = [...ruleNotes(record, parts), ...drawNotes(record, parts)];
  return [
    '',
    'Whom it might have been, in the order of the draw',
    ...tableLines(request, parts),
    ...(parts.strategy === 'contextual' ? modelLines(request) : []),
    ...notes.flatMap((note) => wrapped(note).map((line) => `  ${line}`)),
  ];
}
