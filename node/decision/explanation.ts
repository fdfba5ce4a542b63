/**
 * A decision as a person can follow it and redo it by hand: one line that says why, then what it
 * was made of, each figure from figures above or beneath it. Text of peers is escaped.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import type { DecisionRecord } from './decision-record.ts';
import type { DecidedBy } from './evaluation.ts';
import { alternativeLines } from './explanation-alternatives.ts';
import { localCostLines } from './explanation-costs.ts';
import { evidenceLines } from './explanation-evidence.ts';
import { explorationLines } from './explanation-exploration.ts';
import { scoreLines } from './explanation-scores.ts';
import { sourceLines } from './explanation-sources.ts';
import {
  dollars,
  dollarsPair,
  figure,
  figurePair,
  hiddenLines,
  table,
  USUAL_LIMITS,
} from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import { cashOtherwiseMicroUsd, judgedFieldOf } from './judged-field.ts';
import type { JudgedField } from './judged-field.ts';
import { printable } from './plain-text.ts';
import { dropPhrase } from './reason.ts';
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

function gateLines({ request, result }: DecisionRecord): string[] {
  if (result.considered === null) return [];
  const bypassed = result.exploration ? ', which an exploration bypasses' : '';
  const heading = `Gates of ${contractorName(request, result.considered)}${bypassed}`;
  return ['', heading, ...table(result.gates.map(gateCells))];
}

function droppedLines({ request, result }: DecisionRecord, { listed }: ShownLimits): string[] {
  const dropped = result.candidates.filter((candidate) => candidate.dropped !== undefined);
  if (dropped.length === 0) return [];
  // The explored one is the chosen one: it is shown whatever its place.
  const first = dropped.slice(0, listed);
  const rest = dropped.slice(listed).filter(({ explored }) => explored);
  const shown = [...first, ...rest];
  return [
    '',
    'Not judged',
    ...table(
      shown.map(({ peerId, dropped: why = 'NONE', explored }) => [
        contractorName(request, peerId),
        `${dropPhrase(why)}${explored === true ? ', explored all the same' : ''}`,
      ]),
    ),
    ...hiddenLines(dropped.length - shown.length),
  ];
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

/**
 * The decision as text, lines joined by `\n`, without a final one.
 *
 * @param limits - Of how many contractors the figures are shown; left out: of the best.
 */
export function formatDecision(record: DecisionRecord, limits: ShownLimits = USUAL_LIMITS): string {
  const { result } = record;
  const field = judgedFieldOf(record);
  return [
    result.reason,
    `Settled by: ${SETTLED_BY[result.decidedBy]}`,
    ...gateLines(record),
    ...localCostLines(record),
    ...(field === null ? [] : evidenceLines(field, limits)),
    ...sourceLines(record, limits),
    ...scoreLines(record, field, limits),
    ...droppedLines(record, limits),
    ...explorationLines(record, field === null ? null : cashOtherwiseMicroUsd(field), limits),
    ...alternativeLines(record, field, limits),
    ...closingLines(record, field),
  ].join('\n');
}
