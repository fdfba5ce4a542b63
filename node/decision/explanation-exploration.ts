/**
 * What exploring had to do with a decision: the draw, what forbade it, and what it may lose.
 *
 * @module
 */

import type { DecisionRecord, DecisionResult, ExplorationParts } from './decision-record.ts';
import { dollars, figure, nameOf, table } from './explanation-text.ts';
import type { ExplorationBar } from './exploration-step.ts';
import type { DecisionRequest } from './request.ts';

function barPhrase(bar: ExplorationBar, { policy }: DecisionRequest): string {
  switch (bar) {
    case 'SENSITIVE':
      return `the data is more sensitive than ${policy.exploration.maxSensitivity}`;
    case 'CRITICAL':
      return 'the task is of high criticality';
    case 'NOBODY':
      return 'there is no contractor within the hard limits';
    case 'TOO_DEAR':
      return 'each contractor could lose more than that';
  }
}

function outcome(parts: ExplorationParts, { exploration, score, confidence }: DecisionResult) {
  const figures = `score ${figure(score ?? 0)} and confidence ${figure(confidence ?? 0)}`;
  const verdict = exploration ? `explored, with ${figures} as in Listing 2` : 'not explored';
  if (parts.bar !== null) return verdict;
  if (parts.isForced && parts.rate === 1) return `${verdict}: forced, the node was stuck`;
  if (parts.draw === null) return `${verdict}: ${parts.strategy} draws no number`;
  return `${verdict}: drew ${figure(parts.draw)}, explores below ${figure(parts.rate)}`;
}

/** The budget and how it comes about. */
function budgetRows(
  { request, result }: DecisionRecord,
  { budgetMicroUsd }: ExplorationParts,
): string[][] {
  const { policy, task, context } = request;
  const { lossLimits } = policy.exploration;
  if (lossLimits === null) return [['may lose', 'without a limit']];
  if (budgetMicroUsd === null || context.exploration === null) return [];
  const { cumulativeLocalMicroUsd, cumulativeLossMicroUsd } = context.exploration;
  const here = dollars(result.costInternalWithoutOpportunityMicroUsd ?? 0);
  const value = dollars(task.valueMicroUsd);
  const ofValue = `${figure(lossLimits.maxShareOfValue)} x ${value}, the task's value`;
  const local = `(${dollars(cumulativeLocalMicroUsd)} + ${here})`;
  return [
    ['may lose', `${dollars(budgetMicroUsd)}: the lesser of ${ofValue}, and`],
    [
      '',
      `${figure(lossLimits.maxShareOfLocal)} x ${local}, what all tasks would cost here, ` +
        `- ${dollars(cumulativeLossMicroUsd)} lost`,
    ],
  ];
}

function loss(parts: ExplorationParts): string[][] {
  if (parts.lossMicroUsd === null) return [];
  const [most, good, bad] = [
    parts.lossMicroUsd,
    parts.successLossMicroUsd ?? 0,
    parts.failureLossMicroUsd ?? 0,
  ].map(dollars);
  return [
    ['can lose', `${most} = handling + max(0, price + lateness - cash otherwise)`],
    ['', `${good} if it delivers, ${bad} if it fails`],
  ];
}

/**
 * The lines; none where exploring was not asked for.
 *
 * @param cashOtherwiseMicroUsd - What would have been spent without exploration; `null` for a task
 *   that would have been refused, and where it is not known.
 */
export function explorationLines(
  record: DecisionRecord,
  cashOtherwiseMicroUsd: number | null,
): string[] {
  const { request, result } = record;
  const parts = result.explorationParts;
  if (parts === null) return [];
  const { choice, contractor } = parts.otherwise;
  const cash = cashOtherwiseMicroUsd === null ? '' : `, ${dollars(cashOtherwiseMicroUsd)} in cash`;
  const otherwise = contractor === null ? choice : `${choice} to ${nameOf(contractor)}`;
  const isBarred = parts.bar !== null;
  return [
    '',
    `Exploration by ${parts.strategy}`,
    ...table([
      ['outcome', outcome(parts, result)],
      ['allowed', parts.bar === null ? 'yes' : `no: ${barPhrase(parts.bar, request)}`],
      ...budgetRows(record, parts),
      ...loss(parts),
      ...(isBarred ? [] : [['contractors', countOf(parts)]]),
      ['otherwise', `${otherwise}${cash}`],
    ]),
  ];
}

/** Who might have been explored. A draw that says no leaves nothing to count for. */
function countOf({ contractors }: ExplorationParts): string {
  return contractors === null ? 'not counted' : `${contractors} within that`;
}
