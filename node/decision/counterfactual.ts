/**
 * What would have turned a decision: the smallest change found of one contractor's price,
 * reliability or record that gives another outcome. Found by bisection on the engine itself, so
 * every answer has been decided once before it is given. Price and reliability are looked at in
 * both directions, for scores are relative: that a third asks more may turn the order of two. No
 * two changes at once.
 *
 * Weights move with the field, so an outcome may turn more than once along the way. Tried are steps
 * that double, from the decided value outward: a turn and its return between two of them are
 * missed, so a smaller change may exist.
 *
 * @module
 */

import { appliedAudit, auditOf, auditOutcomes, reaudited } from './audit-rule.ts';
import { CANDIDATE_LIMITS, DROP_REASONS } from './candidate-reading.ts';
import { CandidateTable } from './candidate-table.ts';
import { evaluate, newWorkspace } from './evaluation.ts';
import type { Choice, Evaluation, Workspace } from './evaluation.ts';
import { contractorName } from './contractor-names.ts';
import { figure } from './explanation-text.ts';
import { roundedTurns } from './plain-text.ts';
import type { RoundedTurn } from './plain-text.ts';
import type { Candidate, DecisionRequest, OutcomeHistory } from './request.ts';

/** What is changed. */
export type CounterfactualChange = 'PRICE' | 'RELIABILITY' | 'SUCCESSES';

/** One change that turns the decision. */
export interface Counterfactual {
  readonly peerId: string;
  readonly change: CounterfactualChange;
  /** Micro-USD, a probability, or a number of verified successes, as `change` says. */
  readonly from: number;
  /** Exact; the sentence has it rounded to the side on which the decision is another one. */
  readonly to: number;
  /** The decision after the change. */
  readonly choice: Choice;
  readonly contractor: string | null;
  readonly sentence: string;
}

/** Most further successes that are tried. */
const MAX_FURTHER_SUCCESSES = 1_024;

/** In fields up to this size every contractor is looked at. */
const MAX_WHOLE_SEARCH = 64;

/** Fields larger than this are not searched: each step decides all of it again. */
export const MAX_COUNTERFACTUAL_CANDIDATES = 1_000;

interface Outcome {
  readonly choice: Choice;
  readonly contractor: string | null;
}

/** Exploration is left out: a counterfactual is about the decision, not about the draw. */
function outcomeOf(request: DecisionRequest, { selection, matrix, local }: Evaluation): Outcome {
  const row = selection.chosenRow;
  const index = row < 0 ? -1 : matrix.candidateIndex[row]!;
  const fallback = local.isInfeasible ? 'REFUSED' : 'LOCAL';
  return {
    choice: row < 0 ? fallback : 'OUTSOURCE',
    contractor: index < 0 ? null : request.candidates[index]!.peerId,
  };
}

/** Decides again and again with one candidate changed. */
class WhatIf {
  readonly request: DecisionRequest;
  readonly base: Outcome;
  readonly #table: CandidateTable;
  readonly #workspace: Workspace;
  readonly #candidates: Candidate[];
  readonly #cashHereMicroUsd: number | null;

  constructor(request: DecisionRequest, base: Outcome, cashHereMicroUsd: number | null) {
    this.#cashHereMicroUsd = cashHereMicroUsd;
    this.request = { ...request, context: { ...request.context, exploration: null } };
    this.base = base;
    this.#table = new CandidateTable(request.candidates);
    this.#workspace = newWorkspace(request.candidates.length);
    this.#candidates = [...request.candidates];
  }

  with(index: number, changed: Candidate): Outcome {
    const original = this.#candidates[index]!;
    this.#candidates[index] = changed;
    const table = new CandidateTable(this.#candidates);
    const outcome = outcomeOf(this.request, evaluate(table, this.request, this.#workspace));
    this.#candidates[index] = original;
    return outcome;
  }

  /** With other outcomes, and checked as often as they make it. */
  withOutcomes(index: number, changed: Candidate): Outcome {
    const { context, candidates } = this.request;
    const original = candidates[index]!;
    return this.with(index, reaudited(context.audit, original, changed, this.#cashHereMicroUsd));
  }

  withReliability(candidateIndex: number, reliability: number): Outcome {
    const override = { candidateIndex, reliability };
    const evaluation = evaluate(this.#table, this.request, this.#workspace, null, {
      override,
    });
    return outcomeOf(this.request, evaluation);
  }

  isTurned({ choice, contractor }: Outcome): boolean {
    return choice !== this.base.choice || contractor !== this.base.contractor;
  }
}

/** A changed value and the decision that it leads to. */
interface Turn {
  readonly to: number;
  readonly outcome: Outcome;
}

/** Distances of a search: the first one tried, and the one at which it is exact enough. */
interface SearchSteps {
  readonly first: number;
  readonly last: number;
}

const WHOLE_STEPS: SearchSteps = { first: 1, last: 1 };
const RELIABILITY_STEPS: SearchSteps = { first: 1e-3, last: 1e-6 };

/**
 * The value nearest to `from` found on the way to `extreme` at which the decision turns: in steps
 * that double until it has turned, then by halving the last one.
 */
function findTurn(whatIf: WhatIf, { decideAt, from, extreme, steps }: Change): Turn | null {
  const direction = Math.sign(extreme - from);
  const reach = Math.abs(extreme - from);
  let same = 0;
  let turn: Turn | null = null;
  let turnedAt = 0;
  const isTurnedAt = (distance: number): boolean => {
    const to = distance >= reach ? extreme : from + direction * distance;
    const outcome = decideAt(to);
    if (!whatIf.isTurned(outcome)) return false;
    turn = { to, outcome };
    turnedAt = distance;
    return true;
  };
  for (let distance = steps.first; reach > 0; distance *= 2) {
    if (isTurnedAt(distance)) break;
    if (distance >= reach) return null;
    same = distance;
  }
  while (turnedAt - same > steps.last) {
    // Distances are the first step times a power of two, so halves stay whole until the last step.
    const middle = (same + turnedAt) / 2;
    if (!isTurnedAt(middle)) same = middle;
  }
  return turn;
}

/** One figure of a candidate that might have been another. */
interface Change {
  readonly index: number;
  readonly kind: CounterfactualChange;
  readonly from: number;
  readonly extreme: number;
  readonly steps: SearchSteps;
  readonly decideAt: (value: number) => Outcome;
}

function priceChange(whatIf: WhatIf, index: number, isDearer: boolean): Change {
  const candidate = whatIf.request.candidates[index]!;
  return {
    index,
    kind: 'PRICE',
    from: candidate.quote.priceMicroUsd ?? 0,
    extreme: isDearer ? CANDIDATE_LIMITS.maxMicroUsd : 0,
    steps: WHOLE_STEPS,
    decideAt: (priceMicroUsd) =>
      whatIf.with(index, { ...candidate, quote: { ...candidate.quote, priceMicroUsd } }),
  };
}

function reliabilityChange(whatIf: WhatIf, index: number, from: number, isWorse: boolean): Change {
  return {
    index,
    kind: 'RELIABILITY',
    from,
    extreme: isWorse ? 0 : 1,
    steps: RELIABILITY_STEPS,
    decideAt: (value) => whatIf.withReliability(index, value),
  };
}

function withSuccesses(history: OutcomeHistory, further: number): OutcomeHistory {
  return { ...history, successes: (history.successes ?? 0) + further, monthsSinceLast: 0 };
}

/** `from` and `to` count successes of this task type that are yet to come: from 0. */
function successesChange(whatIf: WhatIf, index: number): Change {
  const candidate = whatIf.request.candidates[index]!;
  const { taskType } = whatIf.request.task;
  const { byType, ...all } = candidate.history;
  const isKnown = byType !== undefined && Object.hasOwn(byType, taskType);
  const ofType = isKnown ? byType[taskType]! : { successes: 0, failures: 0, monthsSinceLast: 0 };
  return {
    index,
    kind: 'SUCCESSES',
    from: 0,
    extreme: MAX_FURTHER_SUCCESSES,
    steps: WHOLE_STEPS,
    decideAt: (further) =>
      whatIf.withOutcomes(index, {
        ...candidate,
        history: {
          ...withSuccesses(all, further),
          byType: Object.fromEntries([[taskType, withSuccesses(ofType, further)]]),
        },
      }),
  };
}

/** "it would run here" and so on. */
function consequence(request: DecisionRequest, { choice, contractor }: Outcome): string {
  if (choice === 'LOCAL') return 'the task would run here';
  if (choice === 'REFUSED') return 'the task would be refused';
  return `the task would go to ${contractorName(request, contractor ?? '')}`;
}

/** The turn with the fewest digits at which the decision is still the same other one. */
function roundedTurn({ kind, from, extreme, decideAt }: Change, { to, outcome }: Turn) {
  let rounded: RoundedTurn | undefined;
  for (rounded of roundedTurns(from, to, kind === 'PRICE' ? 'USD' : 'FRACTION')) {
    const { value } = rounded;
    const isBeyond = to > from ? value > extreme : value < extreme;
    if (isBeyond) continue;
    const { choice, contractor } = decideAt(value);
    if (choice === outcome.choice && contractor === outcome.contractor) break;
  }
  return rounded!;
}

/** What is known of the contractor apart from what is changed. */
const UNCHANGED: Readonly<Record<CounterfactualChange, string>> = {
  PRICE: 'with all other quotes and all records as they are',
  RELIABILITY:
    'with its price, success rate, confidence, other risks and all other contractors as they are',
  SUCCESSES: 'with all quotes and all other records as they are',
};

/** How often it is checked after that many further successes, and whether that is another share. */
function auditPhrase({ candidates, context }: DecisionRequest, change: Change, turn: Turn) {
  if (change.kind !== 'SUCCESSES') return '';
  const candidate = candidates[change.index]!;
  const audit = auditOf(context.audit, candidate);
  if (context.audit === undefined || audit === null) return ', and checked as often as now';
  const { rate } = appliedAudit(context.audit, auditOutcomes(candidate) + turn.to);
  if (rate === audit.rate) return `, and audited at ${figure(rate)} as now`;
  return `, and audited at ${figure(rate)} instead of ${figure(audit.rate)} by then`;
}

function conditionOf(name: string, change: Change, turn: Turn): string {
  if (change.kind === 'SUCCESSES') {
    const successes = turn.to === 1 ? 'success' : 'successes';
    return `after ${turn.to} further verified ${successes} of ${name}`;
  }
  const { from, to } = roundedTurn(change, turn);
  return change.kind === 'PRICE'
    ? `had ${name} asked ${to} instead of ${from}`
    : `had the reliability of ${name} been ${to} instead of ${from}`;
}

/** @param lookedAt - Candidates whose change was looked for. */
function describe(
  request: DecisionRequest,
  change: Change,
  turn: Turn,
  lookedAt: number,
): Counterfactual {
  const { peerId } = request.candidates[change.index]!;
  const condition = conditionOf(contractorName(request, peerId), change, turn);
  const aside = request.context.exploration === null ? '' : ', and without exploring';
  const audited = auditPhrase(request, change, turn);
  const { outcome } = turn;
  const { length } = request.candidates;
  const among = length <= MAX_WHOLE_SEARCH ? '' : ` (looked for at ${lookedAt} of ${length})`;
  const effect = consequence(request, outcome) + among;
  const sentence = `${condition}, ${UNCHANGED[change.kind]}${audited}${aside}, ${effect}`;
  return {
    peerId,
    change: change.kind,
    from: change.from,
    to: turn.to,
    choice: outcome.choice,
    contractor: outcome.contractor,
    sentence: sentence[0]!.toUpperCase() + sentence.slice(1),
  };
}

function relativeChange({ from }: Change, { to }: Turn): number {
  return from === to ? 0 : Math.abs(to - from) / Math.abs(from);
}

/**
 * Candidates whose change is looked for, by index: all that were judged, in a field that is small
 * enough; else the considered one and the cheapest. And the cheapest refused.
 */
export function counterfactualTargets(
  request: DecisionRequest,
  { matrix, selection, choice }: Evaluation,
): number[] {
  const { candidateIndex, columns, dropCodes } = matrix;
  const row = selection.consideredRow;
  const targets = new Set<number>();
  if (row >= 0) targets.add(candidateIndex[row]!);
  if (request.candidates.length <= MAX_WHOLE_SEARCH) {
    for (let other = 0; other < matrix.count; other++) targets.add(candidateIndex[other]!);
  }
  if (choice === 'OUTSOURCE') return [...targets];
  let cheapestRow = -1;
  for (let other = 0; other < matrix.count; other++) {
    const isCheaper =
      columns.costMicroUsd[other]! < (columns.costMicroUsd[cheapestRow] ?? Infinity);
    if (isCheaper) cheapestRow = other;
  }
  if (cheapestRow >= 0) targets.add(candidateIndex[cheapestRow]!);
  let cheapestRefused = -1;
  let leastMicroUsd = Infinity;
  for (let index = 0; index < request.candidates.length; index++) {
    if (DROP_REASONS[dropCodes[index]!] !== 'OVER_BUDGET') continue;
    const priceMicroUsd = request.candidates[index]!.quote.priceMicroUsd ?? Infinity;
    if (priceMicroUsd >= leastMicroUsd) continue;
    leastMicroUsd = priceMicroUsd;
    cheapestRefused = index;
  }
  if (cheapestRefused >= 0) targets.add(cheapestRefused);
  return [...targets];
}

/**
 * The smallest relative change found of a price or a reliability that turns the decision; failing
 * both, the smallest number of further successes. `null` if none of these turns it, and for a field
 * beyond {@link MAX_COUNTERFACTUAL_CANDIDATES}.
 */
export function counterfactualOf(
  request: DecisionRequest,
  evaluation: Evaluation,
): Counterfactual | null {
  if (request.candidates.length > MAX_COUNTERFACTUAL_CANDIDATES) return null;
  const { costWithoutOpportunityMicroUsd } = evaluation.local;
  const whatIf = new WhatIf(
    request,
    outcomeOf(request, evaluation),
    costWithoutOpportunityMicroUsd,
  );
  const isOutsourced = evaluation.choice === 'OUTSOURCE';
  const { matrix } = evaluation;
  const targets = counterfactualTargets(request, evaluation);
  let smallest: readonly [Change, Turn] | null = null;
  const consider = (change: Change): void => {
    const turn = findTurn(whatIf, change);
    if (turn === null) return;
    if (smallest === null || relativeChange(change, turn) < relativeChange(...smallest)) {
      smallest = [change, turn];
    }
  };
  for (const index of targets) {
    const row = matrix.candidateIndex.subarray(0, matrix.count).indexOf(index);
    for (const isWorse of [true, false]) {
      consider(priceChange(whatIf, index, isWorse));
      if (row < 0) continue;
      consider(reliabilityChange(whatIf, index, matrix.columns.reliability[row]!, isWorse));
    }
  }
  if (smallest === null && !isOutsourced) {
    for (const index of targets) consider(successesChange(whatIf, index));
  }
  if (smallest === null) return null;
  return describe(request, ...(smallest as [Change, Turn]), targets.length);
}
