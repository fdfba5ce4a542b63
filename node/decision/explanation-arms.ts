/**
 * Whom an exploration might have been, in the order of the draw, with the figure that ranked each,
 * so that the choice can be redone: by arithmetic, or with the generator and the seed.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import { CRITERIA } from './criteria.ts';
import type { DecisionRecord } from './decision-record.ts';
import { drawNote, rankingDigits, ruleNotes, shownPlaces } from './explanation-choice.ts';
import { dollars, figure, hiddenLines, table, wrapped } from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import type { ExplorationArm, ExplorationParts } from './exploration-parts.ts';
import { usableLinearModel } from './exploration/linear-model.ts';
import type { DecisionRequest } from './request.ts';

/** Digits of what a small difference is made from. */
const MODEL_DIGITS = 12;

function rankingHeadings(strategy: string): string[] {
  switch (strategy) {
    case 'ucb1':
      return ['outcomes', 'mean', 'index'];
    case 'thompson':
      return ['alpha', 'beta', 'draws', 'sample'];
    case 'contextual':
      return ['mean', 'width', 'bound'];
    case 'information-gain':
      return ['alpha', 'beta', 'information', 'cost in all', 'value'];
    default:
      return [];
  }
}

function orNone(value: number | null | undefined, none: string): string {
  return value === null || value === undefined ? none : figure(value);
}

function rankingCells(arm: ExplorationArm, digits: number): string[] {
  if (arm.index !== undefined) {
    const index = arm.index === null ? 'infinite' : figure(arm.index, digits);
    return [figure(arm.pulls ?? 0), orNone(arm.meanUtility, 'none'), index];
  }
  const shapes = [figure(arm.alpha ?? 0), figure(arm.beta ?? 0)];
  if (arm.sample !== undefined) {
    return [...shapes, `${arm.firstDraw}-${arm.lastDraw}`, figure(arm.sample, digits)];
  }
  if (arm.features !== undefined) {
    const parts = [arm.expectedUtility, arm.deviation].map((part) => orNone(part, 'no number'));
    const bound = arm.upperBound ?? null;
    const last = bound === null ? 'no number' : figure(bound, digits);
    return [...parts, last];
  }
  if (arm.valueMicroUsd === undefined) return [];
  const [cost, value] = [arm.costMicroUsd ?? 0, arm.valueMicroUsd];
  return [...shapes, figure(arm.informationNats ?? 0), dollars(cost), dollars(value, digits)];
}

function markOf(place: number, { exploredArm, otherwiseArm }: ExplorationParts): string {
  if (place === exploredArm) return 'explored';
  return place === otherwiseArm ? 'otherwise' : '';
}

function tableLines(
  request: DecisionRequest,
  parts: ExplorationParts,
  limits: ShownLimits,
): string[] {
  const digits = rankingDigits(parts, limits);
  const places = shownPlaces(parts, limits);
  const rows = places.map((place) => {
    const arm = parts.arms[place]!;
    const name = contractorName(request, arm.peerId);
    const cells = [String(place), name, dollars(arm.lossMicroUsd), ...rankingCells(arm, digits)];
    return [...cells, markOf(place, parts)];
  });
  const ranking = rankingHeadings(parts.strategy);
  const headings = ['number', 'contractor', 'can lose', ...ranking, 'is'];
  return [...table([headings, ...rows]), ...hiddenLines(parts.arms.length - places.length)];
}

/**
 * The criteria of each, and A and b of LinUCB: from them means and widths follow. They stand apart,
 * since bounds are printed with as many digits as tell them apart.
 */
function modelLines(
  request: DecisionRequest,
  parts: ExplorationParts,
  limits: ShownLimits,
): string[] {
  const { a, b } = usableLinearModel(request.context.exploration?.linearModel ?? null);
  const arms = shownPlaces(parts, limits).map((place) => {
    const { peerId, features = [] } = parts.arms[place]!;
    const name = contractorName(request, peerId);
    return [String(place), name, ...features.map((feature) => figure(feature))];
  });
  const exact = (value: number): string => String(Number(value.toPrecision(MODEL_DIGITS)));
  const rows = b.map((sum, i) => [
    ...a.slice(i * b.length, (i + 1) * b.length).map(exact),
    exact(sum),
  ]);
  return [
    '',
    'What the model knows of them',
    ...table([['number', 'contractor', ...CRITERIA], ...arms]),
    '',
    'The model, one row each for the constant 1 and the criteria: A, then b',
    ...table([['1', ...CRITERIA, 'b'], ...rows]),
  ];
}

/** The lines; none where nobody might have been explored. */
export function armLines(
  record: DecisionRecord,
  parts: ExplorationParts,
  limits: ShownLimits,
): string[] {
  if (parts.arms.length === 0) return [];
  const { request } = record;
  const notes = [...ruleNotes(request, parts, limits), drawNote(request.seed, parts)];
  return [
    '',
    'Whom it might have been, in the order of the draw',
    ...tableLines(request, parts, limits),
    ...notes.flatMap((note) => wrapped(note).map((line) => `  ${line}`)),
    ...(parts.strategy === 'contextual' ? modelLines(request, parts, limits) : []),
  ];
}
