/**
 * How settled this node's decisions are, as a diagnostic. Paper III-F 8, Eq. (17) and Corollary 1.
 *
 * No claim of Theorem 1 is made. The chain of decisions is not homogeneous, since weights and
 * markets change; the empirical matrix of a few hundred decisions is an estimate; and a decision
 * drawn independently of the one before has a second eigenvalue of 0 however bad it is. What can be
 * said is what was measured: the stability, and what the bound of Corollary 1 would be for these
 * figures (equations.md, Eq. 17).
 *
 * A chain is followed per task type: that two kinds of task alternate is no change of mind.
 *
 * @module
 */

import { requirePositive, requirePositiveFraction } from '../../cost/quantity-checks.ts';
import { secondEigenvalueModulus } from './spectral-radius.ts';

/** Decisions remembered; older ones are forgotten. */
export const MAX_REMEMBERED_CHOICES = 256;

/** States of the chain; what is chosen less often is one state. */
export const MAX_CHAIN_STATES = 32;

/** The state of all choices that have none of their own. No PeerId is this word. */
export const OTHER_CHOICE = 'OTHER';

/** `LOCAL`, `REFUSED` or the PeerId of a contractor. */
export type Choice = string;

/** One decision. */
export interface RememberedChoice {
  readonly taskType: string;
  readonly choice: Choice;
}

/** The newest decisions, oldest first. */
export interface ChoiceWindow {
  readonly choices: readonly RememberedChoice[];
}

/** No decision yet. */
export const EMPTY_CHOICE_WINDOW: ChoiceWindow = { choices: [] };

/** The window after one more decision. */
export function observeChoice(window: ChoiceWindow, choice: RememberedChoice): ChoiceWindow {
  const { taskType, choice: label } = choice;
  const kept = window.choices.slice(-(MAX_REMEMBERED_CHOICES - 1));
  return { choices: [...kept, { taskType, choice: label }] };
}

/** Pairs of consecutive decisions on the same task type: [before, after]. */
function transitionsOf(window: ChoiceWindow): [Choice, Choice][] {
  const last = new Map<string, Choice>();
  const transitions: [Choice, Choice][] = [];
  for (const { taskType, choice } of window.choices) {
    const before = last.get(taskType);
    if (before !== undefined) transitions.push([before, choice]);
    last.set(taskType, choice);
  }
  return transitions;
}

/** The states: the most frequent choices first, ties by name; the rest in one state, at the end. */
function statesOf(window: ChoiceWindow, maxStates: number): Choice[] {
  const counts = new Map<Choice, number>();
  for (const { choice } of window.choices) counts.set(choice, (counts.get(choice) ?? 0) + 1);
  const states = [...counts]
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1))
    .map(([choice]) => choice);
  return states.length <= maxStates ? states : [...states.slice(0, maxStates - 1), OTHER_CHOICE];
}

/** An empirical Markov chain. */
export interface EmpiricalChain {
  readonly states: readonly Choice[];
  /** Row-stochastic: `matrix[i][j]` estimates the probability of j after i. */
  readonly matrix: readonly (readonly number[])[];
  /** Number of observed transitions behind the matrix. */
  readonly transitions: number;
}

/**
 * The row-stochastic matrix of the window.
 *
 * A state that was never left, because it is the newest, gets the frequencies of all choices as
 * its row: an independent draw, which claims no memory where none was seen.
 */
export function empiricalChain(
  window: ChoiceWindow,
  maxStates: number = MAX_CHAIN_STATES,
): EmpiricalChain {
  if (!(Number.isInteger(maxStates) && maxStates >= 1)) {
    throw new RangeError(`"maxStates" expected a whole number of 1 or more, got ${maxStates}`);
  }
  const states = statesOf(window, maxStates);
  const indexes = new Map(states.map((state, i) => [state, i]));
  const indexOf = (choice: Choice): number => indexes.get(choice) ?? states.length - 1;
  const frequencies = states.map(() => 0);
  for (const { choice } of window.choices) frequencies[indexOf(choice)]! += 1;
  const counts = states.map(() => states.map(() => 0));
  const transitions = transitionsOf(window);
  for (const [before, after] of transitions) counts[indexOf(before)]![indexOf(after)]! += 1;
  const matrix = counts.map((row) => {
    const left = row.reduce((sum, count) => sum + count, 0);
    return left > 0
      ? row.map((count) => count / left)
      : frequencies.map((count) => count / window.choices.length);
  });
  return { states, matrix, transitions: transitions.length };
}

/** Share of consecutive decisions on the same task type that are equal; `null` without any. */
export function decisionStability(window: ChoiceWindow): number | null {
  const transitions = transitionsOf(window);
  if (transitions.length === 0) return null;
  return transitions.filter(([before, after]) => before === after).length / transitions.length;
}

/**
 * Fewest steps t with constant * modulus^t <= tolerance: log(tolerance / constant) / log(modulus),
 * rounded up. Paper Corollary 1, gamma, C and lambda_2. `null`: never, at a modulus of 1.
 *
 * @throws {@link RangeError} for a modulus outside [0, 1], a tolerance or constant not positive.
 */
export function mixingSteps(modulus: number, tolerance: number, constant: number): number | null {
  requirePositive('tolerance', tolerance);
  requirePositive('constant', constant);
  if (!(modulus >= 0 && modulus <= 1)) {
    throw new RangeError(`"modulus" expected a number from 0 to 1, got ${modulus}`);
  }
  if (tolerance >= constant) return 0;
  if (modulus === 1) return null;
  return Math.max(1, Math.ceil(Math.log(tolerance / constant) / Math.log(modulus)));
}

/** What is measured of a window. */
export interface ConvergenceDiagnostic {
  readonly decisions: number;
  readonly transitions: number;
  readonly states: readonly Choice[];
  /** `null` without a transition, as the next two. */
  readonly stability: number | null;
  readonly secondEigenvalueModulus: number | null;
  /** `null` also if the empirical chain never mixes. */
  readonly mixingSteps: number | null;
}

/**
 * Stability, second eigenvalue and mixing bound of a window. Paper Eq. (17), as a diagnostic only.
 *
 * @param tolerance - Paper symbol gamma, in (0, 1].
 * @param constant - Paper symbol C, which the paper does not give; 1.
 */
export function diagnoseConvergence(
  window: ChoiceWindow,
  tolerance = 0.05,
  constant = 1,
): ConvergenceDiagnostic {
  requirePositiveFraction('tolerance', tolerance);
  const { states, matrix, transitions } = empiricalChain(window);
  const modulus = transitions === 0 ? null : secondEigenvalueModulus(matrix);
  return {
    decisions: window.choices.length,
    transitions,
    states,
    stability: decisionStability(window),
    secondEigenvalueModulus: modulus,
    mixingSteps: modulus === null ? null : mixingSteps(modulus, tolerance, constant),
  };
}
