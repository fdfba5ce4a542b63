/**
 * What would have turned a decision: the smallest change of a price, of a reliability or of a
 * record that gives another outcome. Found by bisection on the engine itself, so every answer has
 * been decided once before it is given.
 *
 * Weights move with the field, so an outcome may turn more than once along the way; what is given
 * is a point where it turns, found from the decided value outward.
 *
 * @module
 */

import { CANDIDATE_LIMITS, DROP_REASONS } from './candidate-reading.ts';
import { CandidateTable } from './candidate-table.ts';
import { evaluate, newWorkspace } from './evaluation.ts';
import type { Choice, Evaluation, Workspace } from './evaluation.ts';
import { formatFractionPair, formatUsdPair, shortPeerId } from './plain-text.ts';
import type { Candidate, DecisionRequest, OutcomeHistory } from './request.ts';

/** What is changed. */
export type CounterfactualChange = 'PRICE' | 'RELIABILITY' | 'SUCCESSES';

/** One change that turns the decision. */
export interface Counterfactual {
  readonly peerId: string;
  readonly change: CounterfactualChange;
  /** Micro-USD, a probability, or a number of verified successes, as `change` says. */
  readonly from: number;
  readonly to: number;
  /** The decision after the change. */
  readonly choice: Choice;
  readonly contractor: string | null;
  readonly sentence: string;
}

/** Most further successes that are tried. */
const MAX_FURTHER_SUCCESSES = 1_024;

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

  constructor(request: DecisionRequest, base: Outcome) {
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
function findTurn(
  whatIf: WhatIf,
  decideAt: (value: number) => Outcome,
  from: number,
  extreme: number,
  steps: SearchSteps,
): Turn | null {
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

function priceTurn(whatIf: WhatIf, index: number, isDearer: boolean): Turn | null {
  const candidate = whatIf.request.candidates[index]!;
  const decideAt = (priceMicroUsd: number): Outcome =>
    whatIf.with(index, { ...candidate, quote: { ...candidate.quote, priceMicroUsd } });
  const extreme = isDearer ? CANDIDATE_LIMITS.maxMicroUsd : 0;
  return findTurn(whatIf, decideAt, candidate.quote.priceMicroUsd ?? 0, extreme, WHOLE_STEPS);
}

function reliabilityTurn(
  whatIf: WhatIf,
  index: number,
  from: number,
  isWorse: boolean,
): Turn | null {
  const decideAt = (value: number): Outcome => whatIf.withReliability(index, value);
  return findTurn(whatIf, decideAt, from, isWorse ? 0 : 1, RELIABILITY_STEPS);
}

function withSuccesses(history: OutcomeHistory, further: number): OutcomeHistory {
  return { ...history, successes: (history.successes ?? 0) + further, monthsSinceLast: 0 };
}

/** `from` and `to` count successes of this task type that are yet to come: from 0. */
function successesTurn(whatIf: WhatIf, index: number): Turn | null {
  const candidate = whatIf.request.candidates[index]!;
  const { taskType } = whatIf.request.task;
  const { byType, ...all } = candidate.history;
  const isKnown = byType !== undefined && Object.hasOwn(byType, taskType);
  const ofType = isKnown ? byType[taskType]! : { successes: 0, failures: 0, monthsSinceLast: 0 };
  const decideAt = (further: number): Outcome =>
    whatIf.with(index, {
      ...candidate,
      history: {
        ...withSuccesses(all, further),
        byType: Object.fromEntries([[taskType, withSuccesses(ofType, further)]]),
      },
    });
  return findTurn(whatIf, decideAt, 0, MAX_FURTHER_SUCCESSES, WHOLE_STEPS);
}

/** "it would run here" and so on. */
function consequence({ choice, contractor }: Outcome): string {
  if (choice === 'LOCAL') return 'the task would run here';
  if (choice === 'REFUSED') return 'the task would be refused';
  return `the task would go to ${shortPeerId(contractor ?? '')}`;
}

function describe(
  peerId: string,
  change: CounterfactualChange,
  from: number,
  { to, outcome }: Turn,
): Counterfactual {
  const name = shortPeerId(peerId);
  let condition: string;
  if (change === 'PRICE') {
    const [was, would] = formatUsdPair(from, to);
    condition = `had ${name} asked ${would} instead of ${was}`;
  } else if (change === 'RELIABILITY') {
    const [was, would] = formatFractionPair(from, to);
    condition = `had the reliability of ${name} been ${would} instead of ${was}`;
  } else {
    condition = `after ${to} further verified ${to === 1 ? 'success' : 'successes'} of ${name}`;
  }
  const sentence = `${condition}, ${consequence(outcome)}`;
  return {
    peerId,
    change,
    from,
    to,
    choice: outcome.choice,
    contractor: outcome.contractor,
    sentence: sentence[0]!.toUpperCase() + sentence.slice(1),
  };
}

function relativeChange({ from, to }: Counterfactual): number {
  return from === to ? 0 : Math.abs(to - from) / Math.abs(from);
}

/**
 * Candidates whose change is looked for: the considered one, the cheapest, the cheapest refused.
 */
function targetsOf(request: DecisionRequest, { matrix, selection, choice }: Evaluation): number[] {
  const { candidateIndex, columns, dropCodes } = matrix;
  const row = selection.consideredRow;
  const targets = new Set<number>();
  if (row >= 0) targets.add(candidateIndex[row]!);
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
 * The smallest relative change of a price or a reliability that turns the decision; failing both,
 * the smallest number of further successes. `null` if none of these turns it, and for a field
 * beyond {@link MAX_COUNTERFACTUAL_CANDIDATES}.
 */
export function counterfactualOf(
  request: DecisionRequest,
  evaluation: Evaluation,
): Counterfactual | null {
  if (request.candidates.length > MAX_COUNTERFACTUAL_CANDIDATES) return null;
  const whatIf = new WhatIf(request, outcomeOf(request, evaluation));
  const isOutsourced = evaluation.choice === 'OUTSOURCE';
  const { matrix } = evaluation;
  const targets = targetsOf(request, evaluation);
  const found: Counterfactual[] = [];
  for (const index of targets) {
    const { peerId, quote } = request.candidates[index]!;
    const price = priceTurn(whatIf, index, isOutsourced);
    if (price !== null) found.push(describe(peerId, 'PRICE', quote.priceMicroUsd ?? 0, price));
    const row = matrix.candidateIndex.subarray(0, matrix.count).indexOf(index);
    if (row < 0) continue;
    const from = matrix.columns.reliability[row]!;
    const reliability = reliabilityTurn(whatIf, index, from, isOutsourced);
    if (reliability !== null) found.push(describe(peerId, 'RELIABILITY', from, reliability));
  }
  for (const index of found.length === 0 && !isOutsourced ? targets : []) {
    const turn = successesTurn(whatIf, index);
    if (turn !== null)
      found.push(describe(request.candidates[index]!.peerId, 'SUCCESSES', 0, turn));
  }
  let smallest: Counterfactual | null = null;
  for (const one of found) {
    if (smallest === null || relativeChange(one) < relativeChange(smallest)) smallest = one;
  }
  return smallest;
}
