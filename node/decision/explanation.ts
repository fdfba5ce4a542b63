/**
 * A decision as a person can follow it and redo it by hand: one line that says why, then what it
 * was made of, each figure from figures above or beneath it. Text of peers is escaped.
 *
 * @module
 */

import type { DecisionRecord, DecisionResult } from './decision-record.ts';
import type { DecidedBy } from './evaluation.ts';
import { localCostLines } from './explanation-costs.ts';
import { evidenceLines } from './explanation-evidence.ts';
import { explorationLines } from './explanation-exploration.ts';
import { MAX_SHOWN_CANDIDATES, scoreLines } from './explanation-scores.ts';
import { dollars, dollarsPair, figure, figurePair, nameOf, table } from './explanation-text.ts';
import { cashOtherwiseMicroUsd, judgedFieldOf } from './judged-field.ts';
import type { JudgedField } from './judged-field.ts';
import { printable } from './plain-text.ts';
import { dropPhrase } from './reason.ts';
import type { DecisionRequest } from './request.ts';
import type { GateResult } from './selection.ts';

const SETTLED_BY: Readonly<Record<DecidedBy, string>> = {
  allGates: 'a contractor passed every gate',
  score: 'the best contractor scored too low',
  confidence: 'too little was known of the best contractor',
  success: 'the best contractor fails too often',
  economic: 'it costs no less elsewhere',
  exploration: 'exploration',
  nobody: 'no contractor could be judged',
};

const GATE_WORDS = {
  score: 'score above',
  confidence: 'confidence above',
  success: 'success rate at least',
  economic: 'cost in all below the cost here',
} as const;

function gateCells(gate: GateResult): string[] {
  const verdict = gate.applies ? (gate.passed ? 'passed' : 'FAILED') : 'not asked';
  if (gate.name === 'economic') {
    const [there, here] =
      gate.threshold === null
        ? [dollars(gate.value ?? 0), 'cannot run here']
        : dollarsPair(gate.value ?? 0, gate.threshold);
    return [GATE_WORDS.economic, `${there} against ${here}`, verdict];
  }
  const least = gate.threshold ?? 0;
  if (gate.value === null) {
    return [`${GATE_WORDS[gate.name]} ${figure(least)}`, 'no outcome yet', verdict];
  }
  const [value, threshold] = figurePair(gate.value, least);
  return [`${GATE_WORDS[gate.name]} ${threshold}`, value, verdict];
}

function gateLines(result: DecisionResult): string[] {
  if (result.considered === null) return [];
  const bypassed = result.exploration ? ', which an exploration bypasses' : '';
  const heading = `Gates of ${nameOf(result.considered)}${bypassed}`;
  return ['', heading, ...table(result.gates.map(gateCells))];
}

function droppedLines({ candidates, exploration, contractor }: DecisionResult): string[] {
  const dropped = candidates.filter((candidate) => candidate.dropped !== undefined);
  if (dropped.length === 0) return [];
  const shown = dropped.slice(0, MAX_SHOWN_CANDIDATES);
  const hidden = dropped.length - shown.length;
  return [
    '',
    'Not judged',
    ...table(
      shown.map(({ peerId, dropped: why = 'NONE' }) => {
        const isExplored = exploration && peerId === contractor && why === 'SKILL_MISMATCH';
        return [nameOf(peerId), `${dropPhrase(why)}${isExplored ? ', explored all the same' : ''}`];
      }),
    ),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ];
}

/** The price that splits the gain, and how it comes about. */
function bargainingLines({ request, result }: DecisionRecord): string[] {
  const { bargainingPriceMicroUsd: price, considered, costParts } = result;
  const { external } = costParts;
  const here = result.costInternalMicroUsd;
  if (price === null || considered === null || external === null || here === null) return [];
  const floor = lowestPriceMicroUsd(request, result);
  const overheads = dollars(external.totalMicroUsd - external.priceMicroUsd);
  return [
    `The gain would be split evenly with ${nameOf(considered)} at ${dollars(price)}: ` +
      `(${dollars(here)} here - ${overheads} beside`,
    `the price + ${dollars(floor)}, the lowest price) / 2, at most the price asked (Nash 1950).`,
  ];
}

/** Of those that were judged and of the considered one. */
function lowestPriceMicroUsd({ candidates }: DecisionRequest, result: DecisionResult): number {
  let lowest = result.costParts.external?.priceMicroUsd ?? Infinity;
  result.candidates.forEach(({ score }, index) => {
    if (score === null) return;
    lowest = Math.min(lowest, candidates[index]?.quote.priceMicroUsd ?? Infinity);
  });
  return lowest;
}

function alternativeLines(record: DecisionRecord): string[] {
  const { runnerUp, counterfactual } = record.result;
  const lines: string[] = [];
  if (runnerUp !== null) {
    const gate = runnerUp.failedGate;
    const standing = gate === null ? 'passes every gate' : `stopped by the ${gate} gate`;
    lines.push(
      `Runner-up: ${nameOf(runnerUp.peerId)}, score ${figure(runnerUp.score)}, ` +
        `${dollars(runnerUp.costExternalMicroUsd)} in all, ${standing}`,
    );
  }
  if (counterfactual !== null) lines.push(`${counterfactual.sentence}.`);
  lines.push(...bargainingLines(record));
  return lines.length === 0 ? [] : ['', ...lines];
}

function closingLines({ request, result, version }: DecisionRecord, field: JudgedField | null) {
  const { task, policy } = request;
  const { maxLatencyMs, maxPriceMicroUsd, minLevel } = task;
  const limits = [
    ...(maxLatencyMs === undefined ? [] : [`within ${maxLatencyMs} ms`]),
    ...(maxPriceMicroUsd === undefined ? [] : [`at most ${dollars(maxPriceMicroUsd)}`]),
    ...(minLevel === undefined ? [] : [`from level ${minLevel} on`]),
  ];
  const bytes = `${figure(task.inputBytes)} bytes in and ${figure(task.expectedOutputBytes)} out`;
  const labels = [`sensitivity ${task.sensitivity}`, `criticality ${task.criticality}`];
  const gate = policy.hasEconomicGate ? 'with' : 'without';
  const next = policy.triesNextAfter === 'anyGate' ? 'any gate' : 'this gate alone';
  return [
    '',
    `Task ${printable(task.taskType)}`,
    `  worth ${[dollars(task.valueMicroUsd), bytes, ...labels, ...limits].join(', ')}`,
    `Decision ${printable(result.decisionId)}, policy ${result.policy}, seed ${result.seed}; ` +
      `${gate} economic gate, another is tried after ${next}`,
    ...(field === null ? [`Decided by engine ${version}; what it does not say is left out`] : []),
  ];
}

/** The decision as text, lines joined by `\n`, without a final one. */
export function formatDecision(record: DecisionRecord): string {
  const { result } = record;
  const field = judgedFieldOf(record);
  return [
    result.reason,
    `Settled by: ${SETTLED_BY[result.decidedBy]}`,
    ...gateLines(result),
    ...localCostLines(record),
    ...(field === null ? [] : evidenceLines(field)),
    ...scoreLines(record, field),
    ...droppedLines(result),
    ...explorationLines(record, field === null ? null : cashOtherwiseMicroUsd(field)),
    ...alternativeLines(record),
    ...closingLines(record, field),
  ].join('\n');
}
