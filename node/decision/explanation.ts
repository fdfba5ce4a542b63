/**
 * A decision as a person can follow it: one line that says why, then what it was made of. Text of
 * peers is escaped.
 *
 * @module
 */

import { CRITERIA } from './criteria.ts';
import type { DecisionRecord, DecisionResult } from './decision-record.ts';
import { formatUsd, printable, shortPeerId } from './plain-text.ts';
import { dropPhrase } from './reason.ts';
import type { GateResult } from './selection.ts';

/** Contractors that the tables show; the rest is counted. */
const MAX_SHOWN_CANDIDATES = 20;

const CRITERION_HEADINGS = {
  cost: 'cost in all',
  reliability: 'reliability',
  latency: 'latency',
  security: 'security risk',
} as const;

const GATE_WORDS = {
  score: 'score above',
  confidence: 'confidence above',
  success: 'success rate at least',
  economic: 'cost in all below the cost here',
} as const;

/** Lines of cells, each column as wide as its widest cell, indented by two. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]!));
    return `  ${cells.join('  ').trimEnd()}`;
  });
}

function minutes(value: number): string {
  const ms = value * 60_000;
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function costLines({ costParts, localInfeasible }: DecisionResult): string[] {
  const lines: string[] = [];
  const { internal, external } = costParts;
  if (internal !== null) {
    const heading = localInfeasible ? 'Cost here, if it could run here' : 'Cost here';
    lines.push(
      '',
      heading,
      ...table([
        ['compute', formatUsd(internal.computeMicroUsd)],
        ['memory', formatUsd(internal.memoryMicroUsd), `${percent(internal.memoryShare)} of it`],
        ['energy', formatUsd(internal.energyMicroUsd)],
        ['waiting tasks', formatUsd(internal.opportunityMicroUsd)],
        ['wear', formatUsd(internal.depreciationMicroUsd)],
        ['correction', `x ${internal.calibrationRatio.toFixed(3)}`],
        ['in all', formatUsd(internal.totalMicroUsd * internal.calibrationRatio)],
      ]),
    );
  }
  if (external !== null) {
    lines.push(
      '',
      'Cost at the contractor',
      ...table([
        ['price', formatUsd(external.priceMicroUsd)],
        ['communication', formatUsd(external.communicationMicroUsd)],
        ['verification', formatUsd(external.verificationMicroUsd)],
        ['integration', formatUsd(external.integrationMicroUsd)],
        ['risk', formatUsd(external.riskMicroUsd)],
        ['lateness', formatUsd(external.latencyMicroUsd)],
        ['correction', `x ${external.calibrationRatio.toFixed(3)}`, 'of all but the price'],
        ['in all', formatUsd(external.totalMicroUsd)],
      ]),
    );
  }
  return lines;
}

function gateCells(gate: GateResult): string[] {
  const verdict = gate.applies ? (gate.passed ? 'passed' : 'FAILED') : 'not asked';
  if (gate.name === 'economic') {
    const here = gate.threshold === null ? 'cannot run here' : formatUsd(gate.threshold);
    return [GATE_WORDS.economic, `${formatUsd(gate.value)} against ${here}`, verdict];
  }
  const threshold = (gate.threshold ?? 0).toFixed(2);
  return [`${GATE_WORDS[gate.name]} ${threshold}`, gate.value.toFixed(4), verdict];
}

function gateLines(result: DecisionResult): string[] {
  if (result.considered === null) return [];
  return ['', `Gates of ${shortPeerId(result.considered)}`, ...table(result.gates.map(gateCells))];
}

function criteriaLines(result: DecisionResult): string[] {
  const { weights } = result;
  if (weights === null) return [];
  const headings = CRITERIA.map((criterion) => CRITERION_HEADINGS[criterion]);
  const scores = new Map(result.candidates.map(({ peerId, score }) => [peerId, score]));
  const ranked = [...result.criteria].sort(
    (a, b) => (scores.get(b.peerId) ?? 0) - (scores.get(a.peerId) ?? 0),
  );
  const rows = ranked
    .slice(0, MAX_SHOWN_CANDIDATES)
    .map((row) => [
      shortPeerId(row.peerId),
      (scores.get(row.peerId) ?? 0).toFixed(4),
      `${formatUsd(row.raw.cost)} (${row.normalised.cost.toFixed(3)})`,
      `${row.raw.reliability.toFixed(3)} (${row.normalised.reliability.toFixed(3)})`,
      `${minutes(row.raw.latency)} (${row.normalised.latency.toFixed(3)})`,
      `${row.raw.security.toFixed(4)} (${row.normalised.security.toFixed(3)})`,
    ]);
  const weightCells = CRITERIA.map((criterion) => weights[criterion].toFixed(3));
  const hidden = ranked.length - rows.length;
  return [
    '',
    'Contractors by score; in brackets the normalised value',
    ...table([['', 'score', ...headings], ['weight', '', ...weightCells], ...rows]),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ];
}

function droppedLines(result: DecisionResult): string[] {
  const dropped = result.candidates.filter((candidate) => candidate.dropped !== undefined);
  if (dropped.length === 0) return [];
  const shown = dropped.slice(0, MAX_SHOWN_CANDIDATES);
  const hidden = dropped.length - shown.length;
  return [
    '',
    'Not judged',
    ...table(shown.map(({ peerId, dropped: why }) => [nameOf(peerId), dropPhrase(why ?? 'NONE')])),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ];
}

function nameOf(peerId: string): string {
  return peerId === '' ? '(no name)' : shortPeerId(peerId);
}

function alternativeLines({ runnerUp, counterfactual }: DecisionResult): string[] {
  const lines: string[] = [];
  if (runnerUp !== null) {
    const gate = runnerUp.failedGate;
    const standing = gate === null ? 'passes every gate' : `stopped by the ${gate} gate`;
    lines.push(
      `Runner-up: ${nameOf(runnerUp.peerId)}, score ${runnerUp.score.toFixed(4)}, ` +
        `${formatUsd(runnerUp.costExternalMicroUsd)} in all, ${standing}`,
    );
  }
  if (counterfactual !== null) lines.push(`${counterfactual.sentence}.`);
  return lines.length === 0 ? [] : ['', ...lines];
}

/** The decision as text, lines joined by `\n`, without a final one. */
export function formatDecision(record: DecisionRecord): string {
  const { result, request } = record;
  return [
    result.reason,
    ...gateLines(result),
    ...costLines(result),
    ...criteriaLines(result),
    ...droppedLines(result),
    ...alternativeLines(result),
    '',
    `Task ${printable(request.task.taskType)}, decision ${printable(result.decisionId)}, ` +
      `policy ${result.policy}, seed ${result.seed}`,
  ].join('\n');
}
