/**
 * What exploring had to do with a decision: the draw, what forbade it, and what it may lose. Whom
 * it might have been, and what ranked them, stands in `explanation-arms.ts`.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import type { DecisionRecord } from './decision-record.ts';
import { armLines } from './explanation-arms.ts';
import { choiceNote } from './explanation-choice.ts';
import { dollars, figure, table } from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import type { ExplorationParts } from './exploration-parts.ts';
import type { ExplorationBar } from './exploration-step.ts';
import { isByChance } from './exploration/exploration-strategy.ts';
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

/** "0.1", or "0.245 = max(0.01, 0.3 x 0.98^10)". */
function rateOf({ policy, context }: DecisionRequest, { strategy, rate }: ExplorationParts) {
  if (strategy !== 'graduated') return String(rate);
  const { minRate, initialRate, rateDecay } = policy.exploration;
  const fallen = `${figure(initialRate)} x ${figure(rateDecay)}^`;
  return `${rate} = max(${figure(minRate)}, ${fallen}${context.exploration?.decisionIndex ?? 0})`;
}

function outcomeRows(
  { request, result }: DecisionRecord,
  parts: ExplorationParts,
  limits: ShownLimits,
): string[][] {
  const { exploration, score, confidence } = result;
  const figures = `score ${figure(score ?? 0)} and confidence ${figure(confidence ?? 0)}`;
  const verdict = exploration ? `explored, with ${figures} as in Listing 2` : 'not explored';
  if (parts.bar !== null) return [['outcome', verdict]];
  const isForced = parts.isForced && parts.rate === 1;
  const forced = isForced ? 'forced, the node was stuck' : '';
  const because = [['because', choiceNote(parts, limits)]];
  if (!isByChance(parts.strategy)) {
    return [['outcome', `${verdict}${isForced ? `: ${forced}` : ''}`], ...because];
  }
  const drawn = isForced
    ? `${forced}; drew ${parts.draw} first, held against nothing`
    : `drew ${parts.draw}, explores below ${rateOf(request, parts)}`;
  return [
    ['outcome', verdict],
    ['first draw', drawn],
    ...(parts.selection === null ? [] : because),
  ];
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
        `- ${dollars(cumulativeLossMicroUsd)} lost, in cash; at least $0`,
    ],
  ];
}

function lossRows(request: DecisionRequest, parts: ExplorationParts): string[][] {
  const { least } = parts;
  const rule = 'in cash = handling + max(0, price + lateness - cash otherwise)';
  if (least !== null) {
    const name = contractorName(request, least.peerId);
    return [['can lose', `${dollars(least.lossMicroUsd)} ${rule}: ${name}, the least`]];
  }
  if (parts.lossMicroUsd === null) return [];
  const [most, good, bad] = [
    parts.lossMicroUsd,
    parts.successLossMicroUsd ?? 0,
    parts.failureLossMicroUsd ?? 0,
  ].map((one) => dollars(one));
  return [
    ['can lose', `${most} ${rule}`],
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
  limits: ShownLimits,
): string[] {
  const { request, result } = record;
  const parts = result.explorationParts;
  if (parts === null) return [];
  const { choice, contractor } = parts.otherwise;
  const cash = cashOtherwiseMicroUsd === null ? '' : `, ${dollars(cashOtherwiseMicroUsd)} in cash`;
  const otherwise =
    contractor === null ? choice : `${choice} to ${contractorName(request, contractor)}`;
  const isBarred = parts.bar !== null;
  return [
    '',
    `Exploration by ${parts.strategy}`,
    ...table([
      ...outcomeRows(record, parts, limits),
      ['allowed', parts.bar === null ? 'yes' : `no: ${barPhrase(parts.bar, request)}`],
      ...budgetRows(record, parts),
      ...lossRows(request, parts),
      ...(isBarred ? [] : [['contractors', `${parts.contractors} within that`]]),
      ['otherwise', `${otherwise}${cash}`],
    ]),
    ...armLines(record, parts, limits),
  ];
}
