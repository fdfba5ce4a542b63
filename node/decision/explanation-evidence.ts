/**
 * What is known of each contractor, what that comes to (paper Eq. 12, 14, 15, 18), and what the
 * task costs there (Eq. 6, 8, 9), so that each figure follows from those before it. Beneath each
 * table its formulas, with the parameters of this decision.
 *
 * @module
 */

import { COMPATIBILITY_SLACK } from '../skills/compatibility.ts';
import { Z_QUANTILE } from './confidence.ts';
import { contractorName } from './contractor-names.ts';
import { communicationNotes } from './explanation-communication.ts';
import {
  dollars,
  figure,
  figureBeside,
  figureOrNone,
  hiddenLines,
  NO_FIGURE,
  table,
} from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import type { JudgedContractor, JudgedField } from './judged-field.ts';
import type { DecisionContext, OutcomeHistory } from './request.ts';
import { taskFactsOf } from './task-facts.ts';
import { verificationNotes } from './explanation-verification.ts';

/** Contractors of which all facts are shown. */

/** "27/28", and a dash for nothing. */
function ratio(part: number | null | undefined, whole: number | null | undefined): string {
  const total = whole ?? 0;
  return total === 0 ? NO_FIGURE : `${figure(part ?? 0)}/${figure(total)}`;
}

/** Outcomes that count: those of the task type if there are any, else all. */
function historyOf({ request }: JudgedField, { candidate }: JudgedContractor) {
  const { byType, ...all } = candidate.history;
  const { taskType } = request.task;
  const isKnown = byType !== undefined && Object.hasOwn(byType, taskType);
  const ofType = isKnown ? byType[taskType] : undefined;
  const isTyped = ofType !== undefined && countOf(ofType) > 0;
  const history = isTyped ? ofType : all;
  return { history, isTyped, count: countOf(history) };
}

function countOf({ successes, failures }: OutcomeHistory): number {
  return (successes ?? 0) + (failures ?? 0);
}

function outcomeCells(field: JudgedField, contractor: JudgedContractor): string[] {
  const { history, isTyped, count } = historyOf(field, contractor);
  if (count === 0) return ['none', NO_FIGURE];
  const cell = ratio(history.successes, count);
  return [isTyped ? cell : `${cell} other`, figure(history.monthsSinceLast ?? 0)];
}

/** Within the slack of the test the fit counts as its threshold. */
function fitFigure(fit: number, threshold: number): string {
  const isEqual = Math.abs(fit - threshold) <= COMPATIBILITY_SLACK;
  return isEqual ? figure(threshold) : figureBeside(fit, threshold);
}

/** What others tell, and how much of it counts if that is not all. */
function toldCell({ request, facts }: JudgedField, { index, candidate }: JudgedContractor): string {
  const { successes, total } = candidate.testimony ?? {};
  const counted = facts.pseudoOutcomes(request.policy).told[index]!;
  const cell = ratio(successes, total);
  return counted < (total ?? 0) ? `${cell}, ${figure(counted)} of it` : cell;
}

const STATED = ['performance', 'reliability', 'securityRisk', 'qualityRisk'] as const;

function recordCells(field: JudgedField, contractor: JudgedContractor): string[] {
  const { facts, evaluation, request } = field;
  const { index, row, candidate } = contractor;
  const { quote, evidence, incidents, stated } = candidate;
  const { demand, available, total } = quote.load;
  const known = [
    contractorName(request, candidate.peerId),
    fitFigure(evaluation.matrix.details.compatibility[row]!, request.policy.skillThreshold),
    figure(facts.termFit(request.task.requiredSkills).jaccard[index]!),
    figureOrNone(candidate.similarity),
    `${figure(demand ?? 0)}, ${ratio(available, total)}`,
    ...outcomeCells(field, contractor),
  ];
  if (request.policy.evidence === 'stated') {
    return [...known, ...STATED.map((name) => figureOrNone(stated?.[name]))];
  }
  const { disputes = 0, canaryHits = 0, interactions = 0 } = incidents ?? {};
  return [
    ...known,
    ratio(evidence?.passed, evidence?.run),
    toldCell(field, contractor),
    figure(candidate.level ?? 0),
    interactions === 0 ? NO_FIGURE : `${disputes}+${canaryHits}/${interactions}`,
  ];
}

function recordLines(field: JudgedField, shown: readonly JudgedContractor[]): string[] {
  const { policy } = field.request;
  const { ontology, embedding, performance } = policy.skillWeights;
  const { alpha, beta } = policy.reliabilityPrior;
  const isStated = policy.evidence === 'stated';
  const headings = isStated
    ? ['performance', 'reliability', 'breach', 'poor work']
    : ['tests', 'told', 'level', 'incidents'];
  const done = isStated
    ? 'performance'
    : `(${figure(alpha)} + good) / (${figure(alpha + beta)} + outcomes of this type)`;
  return [
    '',
    'What is known of them',
    ...table([
      ['contractor', 'fit', 'terms', 'cosine', 'load', 'outcomes', 'months', ...headings],
      ...shown.map((contractor) => recordCells(field, contractor)),
    ]),
    `  fit = (${figure(ontology)} terms + ${figure(embedding)} cosine + ${figure(performance)} ` +
      `${done}) / the weights of what is known;`,
    `  at least ${figure(policy.skillThreshold)}; terms: shared / all; load: wanted, free/slots` +
      (isStated ? '' : '; incidents: disputes+canary hits/dealings'),
  ];
}

/** Good ones and all that count: own outcomes, tests, testimony. */
function countedCell({ request, facts }: JudgedField, { index }: JudgedContractor): string {
  const typed = facts.historyOf(request.task.taskType);
  const { successes, outcomes } = typed.outcomes[index]! > 0 ? typed : facts.history;
  const others = facts.pseudoOutcomes(request.policy);
  const known = outcomes[index]! + others.total[index]!;
  return known === 0 ? 'none' : ratio(successes[index]! + others.successes[index]!, known);
}

/** The rule of the paper's own code (`confidence.ts`). */
function referenceConfidenceNote(own: DecisionContext['recentDecisions']): string {
  const { decisions = 0, recent = 0, recentHighScores = 0 } = own ?? {};
  return (
    `confidence = 1 - 2 min(h, 1 - h) / root(${recent}) x ${figure(Z_QUANTILE)}, ` +
    `h = ${recentHighScores}/${recent} high scores; a constant at first: ${decisions} decisions`
  );
}

function chanceNotes({ request }: JudgedField): string[] {
  const { policy, task, context } = request;
  const { alpha, beta } = policy.reliabilityPrior;
  const prior = [figure(alpha), figure(alpha + beta)] as const;
  const decay = `exp(-${figure(policy.decayPerMonth)} months)`;
  const others =
    policy.maxPseudoOutcomes === 0
      ? ['counted = good/known: outcomes']
      : [
          'counted = good/known: outcomes, and tests (from level ' +
            `${policy.pseudoOutcomesFromLevel} on), then told, together at most ` +
            `${figure(policy.maxPseudoOutcomes)};`,
          '  told counts as far as tests and it, were it all good, give no confidence above ' +
            `${figure(policy.confidenceThreshold)}; all of it if tests alone do`,
        ];
  const confidence =
    policy.confidenceRule === 'outcomes'
      ? `confidence = 1 - ${figure(policy.zQuantile)} root(success rate (1 - success rate) / ` +
        '(2 + known)), 0 if nothing is known'
      : referenceConfidenceNote(context.recentDecisions);
  const mishap =
    policy.riskRule === 'product'
      ? 'mishap = 1 - reliability (1 - breach) (1 - poor work)'
      : 'mishap = 1 - reliability + breach + poor work';
  const rate = 'success rate = (1 + good) / (2 + known)';
  if (policy.evidence === 'stated') return [...others, rate, confidence, mishap];
  const reliability =
    policy.reliabilityMode === 'literal'
      ? `(${prior[0]} + good) / (${prior[1]} + known) x ${decay}`
      : `(${prior[0]} + good) / (${prior[1]} + known), own outcomes x ${decay}`;
  const levels = policy.breachProbabilities.map((one) => figure(one)).join(', ');
  return [
    ...others,
    `${rate}; reliability = ${reliability}`,
    confidence,
    'breach = 1 - (1 - p) (1 - disputes / (2 + dealings)) (1 - hits / (2 + dealings)), ' +
      `p by level ${levels}`,
    `security risk = breach x ${figure(policy.sensitivityFactors[task.sensitivity])} for ` +
      `${task.sensitivity} sensitivity x ${figure(policy.channelExposure)} for the channel`,
    `poor work = 1 - (${prior[0]} + good) / (${prior[1]} + known), without outcomes of other types`,
    mishap,
  ];
}

function successCell({ evaluation, request }: JudgedField, { row }: JudgedContractor): string {
  const mean = evaluation.matrix.columns.successMean[row]!;
  return Number.isNaN(mean) ? NO_FIGURE : figureBeside(mean, request.policy.successThreshold);
}

function chanceLines(field: JudgedField, shown: readonly JudgedContractor[]): string[] {
  const { columns, details } = field.evaluation.matrix;
  const { policy } = field.request;
  return [
    '',
    'What that comes to',
    ...table([
      ['contractor', 'counted', 'success rate', 'confidence', 'breach', 'poor work', 'mishap'],
      ...shown.map((contractor) => [
        contractorName(field.request, contractor.candidate.peerId),
        countedCell(field, contractor),
        successCell(field, contractor),
        figureBeside(columns.confidence[contractor.row]!, policy.confidenceThreshold),
        figure(details.breach[contractor.row]!),
        figure(details.poorQuality[contractor.row]!),
        figure(columns.mishap[contractor.row]!),
      ]),
    ]),
    ...chanceNotes(field).map((note) => `  ${note}`),
  ];
}

function costNotes(field: JudgedField, shown: readonly JudgedContractor[]): string[] {
  const { request, evaluation } = field;
  const { policy, task, context } = request;
  const { impactMicroUsd, latencyMicroUsdPerMinute } = taskFactsOf(request);
  const { overheads } = context;
  const automatic = dollars(overheads.automaticVerificationMicroUsd);
  const manual = dollars(overheads.manualVerificationMicroUsd);
  const isLate = evaluation.matrix.details.latencyMicroUsd.some((microUsd) => microUsd > 0);
  return [
    ...communicationNotes(field, shown),
    `verification = ${automatic} above reliability ${figure(policy.automaticVerificationAbove)}, ` +
      `else ${manual}; what was measured with a contractor goes first`,
    ...verificationNotes(field, shown),
    `risk = ${dollars(impactMicroUsd)} x mishap` +
      (isLate
        ? `; lateness = minutes beyond ${task.maxLatencyMs ?? 0} ms x ` +
          dollars(latencyMicroUsdPerMinute)
        : ''),
    'handling = correction x (communication + verification + integration)',
    'in all = price + handling + lateness + risk',
  ];
}

function costLines(field: JudgedField, shown: readonly JudgedContractor[]): string[] {
  const { columns, details } = field.evaluation.matrix;
  const { priceMicroUsd, calibrationRatio } = field.facts.columns;
  return [
    '',
    'Cost at the contractors',
    ...table([
      [
        ...['contractor', 'price', 'correction', 'communication', 'verification', 'integration'],
        ...['lateness', 'risk', 'in all'],
      ],
      ...shown.map(({ index, row, candidate }) => [
        contractorName(field.request, candidate.peerId),
        dollars(priceMicroUsd[index]!),
        figure(calibrationRatio[index]!),
        dollars(details.communicationMicroUsd[row]!),
        dollars(details.verificationMicroUsd[row]!),
        dollars(details.integrationMicroUsd[row]!),
        dollars(details.latencyMicroUsd[row]!),
        dollars(details.riskMicroUsd[row]!),
        dollars(columns.costMicroUsd[row]!),
      ]),
    ]),
    ...costNotes(field, shown).map((note) => `  ${note}`),
  ];
}

/** Facts, chances and costs of the best contractors; none without one that was judged. */
export function evidenceLines(field: JudgedField, { detailed }: ShownLimits): string[] {
  const { chosenRow } = field.evaluation;
  // Who gets the task is shown whatever its place.
  const shown = field.contractors.filter(({ row }, place) => place < detailed || row === chosenRow);
  if (shown.length === 0) return [];
  const hidden = field.contractors.length - shown.length;
  return [
    ...recordLines(field, shown),
    ...chanceLines(field, shown),
    ...costLines(field, shown),
    ...hiddenLines(hidden),
  ];
}
