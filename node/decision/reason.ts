/**
 * Why a decision came out as it did, in one plain sentence with its figures.
 *
 * @module
 */

import { DROP_REASONS } from './candidate-reading.ts';
import type { DropReason } from './candidate-reading.ts';
import { consideredFigures } from './evaluation.ts';
import type { Evaluation } from './evaluation.ts';
import { contractorName } from './contractor-names.ts';
import { dollars } from './explanation-text.ts';
import {
  formatFractionBeside,
  formatFractionPair,
  formatUsd,
  formatUsdPair,
  printable,
} from './plain-text.ts';
import type { DecisionRequest, LeftOut } from './request.ts';
import { failedGate } from './selection.ts';

/** Each reason as the end of "2 contractors: ...". */
const DROP_PHRASES: Readonly<Record<DropReason, string>> = {
  NONE: 'usable',
  UNNAMED: 'without a name',
  DUPLICATE: 'named twice',
  TOO_MANY_CANDIDATES: 'beyond the number that is looked at',
  BAD_SKILLS: 'with an unusable skill list',
  BAD_SIMILARITY: 'with an unusable similarity',
  NO_QUOTE: 'without a quote',
  BAD_PRICE: 'with an unusable price',
  BAD_LATENCY: 'with an unusable latency',
  BAD_EXPIRY: 'with an unusable end of the quote',
  BAD_LOAD: 'with an unusable load',
  NO_CAPACITY: 'without capacity',
  BAD_LEVEL: 'with an unusable certificate level',
  NO_HISTORY: 'without a history record',
  BAD_HISTORY: 'with an unusable history',
  BAD_EVIDENCE: 'with unusable test results',
  BAD_INCIDENTS: 'with an unusable incident count',
  BAD_LINK: 'with an unusable link',
  BAD_OVERHEADS: 'with unusable overheads',
  BAD_CALIBRATION: 'with an unusable calibration',
  QUOTE_EXPIRED: 'with an expired quote',
  LEVEL_TOO_LOW: 'below the certificate level asked for',
  TOO_SLOW: 'too slow for the deadline',
  SKILL_MISMATCH: 'without a fitting skill',
  OVER_BUDGET: 'over the price limit',
  BAD_TESTIMONY: 'with unusable testimony',
  BAD_SHARE: 'with an unusable mark of its share',
  BAD_STATED: 'without usable stated figures',
  OVER_SHARE: 'with its share of the spending already',
  BAD_SOURCES: 'with unusable sources of its evidence',
};

/** A reason as words. */
export function dropPhrase(reason: DropReason): string {
  return DROP_PHRASES[reason];
}

/** Why the task cannot run here, as the end of "this machine cannot run the task: ...". */
function infeasibility(request: DecisionRequest, { local }: Evaluation): string {
  if (!request.local.isAvailable) {
    return printable(request.local.unavailableReason ?? 'it is not available');
  }
  const share = local.cost?.memoryShare ?? 0;
  const { memoryGib } = request.local.hardware;
  const gib = (value: number): string => `${Number(value.toPrecision(4))}`;
  return `it needs ${gib(share * memoryGib)} GiB of ${gib(memoryGib)} GiB`;
}

function contractors(count: number): string {
  return count === 1 ? '1 contractor' : `${count} contractors`;
}

/** Of those that were found and could not be judged, the first one's reason. */
function nobodyLeft(leftOut: readonly LeftOut[]): string {
  const [first] = leftOut;
  if (!first) return 'no contractor offered the work';
  const why = printable(first.reason);
  if (leftOut.length === 1) return `the only contractor found is left out (${why})`;
  return `all ${contractors(leftOut.length)} found are left out (of the first: ${why})`;
}

/** "none of 3 contractors qualifies (2 over the price limit, 1 too slow for the deadline)". */
function nobody(request: DecisionRequest, { matrix, gateFacts }: Evaluation): string {
  const total = request.candidates.length;
  if (total === 0) return nobodyLeft(request.context.leftOut ?? []);
  const counts = new Map<string, number>();
  for (let index = 0; index < total; index++) {
    const code = matrix.dropCodes[index]!;
    if (code === 0) continue;
    const phrase = dropPhrase(DROP_REASONS[code]!);
    counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
  }
  for (let row = 0; row < matrix.count; row++) {
    const gate = failedGate(matrix, gateFacts, row);
    const phrase = gate === 'success' ? 'with too many failures' : `stopped by the ${gate} gate`;
    counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
  }
  const list = [...counts].map(([phrase, count]) => `${count} ${phrase}`).join(', ');
  return total === 1
    ? `the only contractor does not qualify (${list.slice(2)})`
    : `none of ${contractors(total)} qualifies (${list})`;
}

function outsourced(request: DecisionRequest, evaluation: Evaluation, name: string): string {
  const { matrix, local, chosenRow: row } = evaluation;
  const { columns } = matrix;
  const costMicroUsd = columns.costMicroUsd[row]!;
  const { scoreThreshold, confidenceThreshold } = request.policy;
  const score = formatFractionBeside(columns.scores[row]!, scoreThreshold);
  const confidence = formatFractionBeside(columns.confidence[row]!, confidenceThreshold);
  const figures = `(score ${score}, confidence ${confidence})`;
  if (local.costMicroUsd === null) {
    const why = infeasibility(request, evaluation);
    return (
      `OUTSOURCE to ${name}: it costs ${formatUsd(costMicroUsd)} in all, and this machine cannot ` +
      `run the task: ${why} ${figures}`
    );
  }
  const [there, here] = formatUsdPair(costMicroUsd, local.costMicroUsd);
  return `OUTSOURCE to ${name}: it costs ${there} in all against ${here} here ${figures}`;
}

function keptHere(request: DecisionRequest, evaluation: Evaluation, name: string): string {
  const { matrix, local, selection, gateFacts } = evaluation;
  const row = selection.consideredRow;
  const hereMicroUsd = local.costMicroUsd ?? 0;
  const cost = formatUsd(hereMicroUsd);
  if (row < 0) return `LOCAL for ${cost}: ${nobody(request, evaluation)}`;
  const { columns } = matrix;
  const { policy } = request;
  switch (failedGate(matrix, gateFacts, row)) {
    case 'score': {
      const [score, least] = formatFractionPair(columns.scores[row]!, policy.scoreThreshold);
      return (
        `LOCAL for ${cost}: the best contractor, ${name}, scores ${score} ` +
        `and needs more than ${least}`
      );
    }
    case 'confidence': {
      const confidence = columns.confidence[row]!;
      const [have, least] = formatFractionPair(confidence, policy.confidenceThreshold);
      return (
        `LOCAL for ${cost}: too little is known about the best contractor, ${name}: ` +
        `confidence ${have}, and more than ${least} is needed`
      );
    }
    case 'success': {
      const mean = columns.successMean[row]!;
      const [have, least] = formatFractionPair(mean, policy.successThreshold);
      return (
        `LOCAL for ${cost}: the best contractor, ${name}, fails too often: ` +
        `success rate ${have}, and at least ${least} is needed`
      );
    }
    default: {
      const costMicroUsd = columns.costMicroUsd[row]!;
      const [there, here] = formatUsdPair(costMicroUsd, hereMicroUsd);
      const compared = costMicroUsd > hereMicroUsd ? `more than ${here} here` : 'as much as here';
      return `LOCAL: the best contractor, ${name}, would cost ${there} in all, ${compared}`;
    }
  }
}

/** "as an exploration (epsilon-greedy): otherwise ...; it costs at most $0.0001 more in cash". */
function explored(request: DecisionRequest, evaluation: Evaluation, name: string): string {
  const { exploration, selection, matrix, local } = evaluation;
  const { strategy } = request.policy.exploration;
  const index = selection.chosenRow < 0 ? -1 : matrix.candidateIndex[selection.chosenRow]!;
  const usual = index >= 0 ? contractorName(request, request.candidates[index]!.peerId) : undefined;
  const otherwise =
    usual !== undefined
      ? usual === name
        ? 'it would have gone there too'
        : `it would have gone to ${usual}`
      : local.isInfeasible
        ? 'it would have been refused'
        : 'it would have stayed here';
  const loss = dollars(exploration?.lossMicroUsd ?? 0);
  const budget = exploration?.budgetMicroUsd ?? null;
  const limit = budget === null ? 'without a limit' : `with ${dollars(budget)} to lose`;
  const how = exploration?.isForced === true ? `${strategy}, forced` : strategy;
  return (
    `OUTSOURCE to ${name} as an exploration (${how}): otherwise ${otherwise}; ` +
    `it costs at most ${loss} more in cash than that, ${limit}`
  );
}

/** The sentence. */
export function reasonOf(request: DecisionRequest, evaluation: Evaluation): string {
  const { choice, matrix } = evaluation;
  const { consideredRow: row, isExploration } = consideredFigures(evaluation);
  const candidate = row < 0 ? undefined : request.candidates[matrix.candidateIndex[row]!];
  const name = candidate === undefined ? '' : contractorName(request, candidate.peerId);
  if (isExploration) return explored(request, evaluation, name);
  if (choice === 'OUTSOURCE') return outsourced(request, evaluation, name);
  if (choice === 'LOCAL') return keptHere(request, evaluation, name);
  const why = infeasibility(request, evaluation);
  return `REFUSED: this machine cannot run the task: ${why}; ${nobody(request, evaluation)}`;
}
