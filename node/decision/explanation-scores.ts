/**
 * How the contractors were weighed and scored: criteria, weights on their way from the market to
 * the scores (Listing 1, Eq. 11), normalised values (TOPSIS). Beneath the table its formulas, with
 * the parameters of this decision.
 *
 * @module
 */

import { CRITERIA } from './criteria.ts';
import type { CriterionWeights } from './criteria.ts';
import type { CandidateResult, CriteriaRow, DecisionRecord } from './decision-record.ts';
import { contractorName } from './contractor-names.ts';
import {
  decimals,
  dollars,
  figure,
  figureBeside,
  hiddenLines,
  NO_FIGURE,
  table,
} from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import type { JudgedField } from './judged-field.ts';
import type { DecisionRequest } from './request.ts';

/** Contractors that a table shows; the rest is counted. */

const MS_PER_MINUTE = 60_000;

const HEADINGS = [
  ...['contractor', 'score', 'cost in all', 'reliability', 'latency, ms', 'security risk'],
  'stopped by',
];

function weightCells(name: string, weights: CriterionWeights): string[] {
  return [name, NO_FIGURE, ...CRITERIA.map((criterion) => figure(weights[criterion]))];
}

/** Per criterion, how much it says the same as the other three: the sum in Eq. (11). */
function overlapCells({ evaluation }: JudgedField): string[] {
  const size = CRITERIA.length;
  const { rho } = evaluation.matrix;
  const sums = CRITERIA.map((_, i) =>
    CRITERIA.reduce((sum, __, j) => (i === j ? sum : sum + Math.abs(rho[i * size + j]!)), 0),
  );
  return ['overlap', NO_FIGURE, ...sums.map((one) => figure(one))];
}

function weightRows({ request, result }: DecisionRecord, field: JudgedField | null): string[][] {
  const { weights, weightParts } = result;
  if (weights === null || weightParts === null) return [];
  const learned = weightCells('learned', weightParts.historical);
  const used = weightCells('weight', weights);
  if (request.policy.weightRule !== 'signals') return [learned, used];
  return [
    weightCells('signal', weightParts.signals),
    learned,
    weightCells('mixed', weightParts.mixed),
    ...(field === null ? [] : [overlapCells(field)]),
    used,
  ];
}

function weightNotes({ policy, task }: DecisionRequest): string[] {
  if (policy.weightRule !== 'signals') {
    return ['weight = learned x what the task asks for, scaled to add up to 1'];
  }
  const { signalShare, correlationPenalty, sensitivityFactors } = policy;
  const mixed = `${figure(signalShare)} signal + ${figure(1 - signalShare)} learned`;
  const deadline = task.maxLatencyMs === undefined ? 'no deadline' : `${task.maxLatencyMs} ms`;
  const sensitivity = figure(sensitivityFactors[task.sensitivity]);
  return [
    'signals: mean of 0.5 + 0.5 (wanted - free) / slots, each from 0 to 1; 1 - mean reliability;',
    `fastest / ${deadline}, at most 1; ${sensitivity} for ${task.sensitivity}`,
    `mixed = ${mixed}; weight = mixed x (1 - ${figure(correlationPenalty)} overlap); ` +
      'both scaled to add up to 1',
    'overlap = sum of |correlation| with the other three columns, 0 with fewer than three rows',
  ];
}

function scoreNotes(request: DecisionRequest): string[] {
  const { normalisation } = request.policy;
  const normalised =
    normalisation === 'vector'
      ? 'value / root of the sum of the squares of its column'
      : '(value - least) / (greatest - least) of its column';
  const notes = [
    ...weightNotes(request),
    `normalised = ${normalised}`,
    'score = D- / (D+ + D-), distances of weight x normalised from the worst and from the best',
  ];
  return notes.map((note) => `  ${note}`);
}

/** Criteria and results of the field, best first. Both lists have the order of the request. */
function rankedOf({ candidates, criteria }: DecisionRecord['result']) {
  const judged = candidates.filter(({ score }) => score !== null);
  return criteria
    .map((row, i): readonly [CriteriaRow, CandidateResult | undefined] => [row, judged[i]])
    .sort(([, a], [, b]) => (b?.score ?? 0) - (a?.score ?? 0));
}

/** Scores, criteria and weights; none without a contractor that was judged. */
export function scoreLines(
  record: DecisionRecord,
  field: JudgedField | null,
  { listed }: ShownLimits,
): string[] {
  const { request, result } = record;
  if (result.weights === null) return [];
  const ranked = rankedOf(result);
  const { scoreThreshold, automaticVerificationAbove } = request.policy;
  const rows = ranked
    .filter(([{ peerId }], place) => place < listed || peerId === result.contractor)
    .map(([{ peerId, raw, normalised }, judged]) => {
      const reliability = figureBeside(raw.reliability, automaticVerificationAbove);
      return [
        contractorName(request, peerId),
        figureBeside(judged?.score ?? 0, scoreThreshold),
        `${dollars(raw.cost)} (${decimals(normalised.cost, 5)})`,
        `${reliability} (${decimals(normalised.reliability, 5)})`,
        `${figure(raw.latency * MS_PER_MINUTE)} (${decimals(normalised.latency, 5)})`,
        `${figure(raw.security)} (${decimals(normalised.security, 5)})`,
        judged?.failedGate ?? NO_FIGURE,
      ];
    });
  const hidden = ranked.length - rows.length;
  return [
    '',
    'Contractors by score; in brackets the normalised value',
    ...table([HEADINGS, ...weightRows(record, field), ...rows]),
    ...hiddenLines(hidden),
    ...scoreNotes(request),
  ];
}
