/**
 * Karush-Kuhn-Tucker conditions of a portfolio: weights and multipliers that a peer sent are
 * checked against the program, without solving it. The program is convex, so weights that satisfy
 * them are optimal; to tolerance, the value is within twice the tolerance of the best.
 *
 * @module
 */

import { expectedReturn, gradient, objective, variance } from './mean-variance.ts';
import type { PortfolioProblem } from './mean-variance.ts';

/**
 * Multipliers of the Lagrangian
 * f - budget (sum w - 1) - lower (w - min) - upper (max - w) - target (m'w - t).
 */
export interface PortfolioMultipliers {
  readonly budget: number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly targetReturn: number;
}

/** Weights in the order of the assets, and their multipliers. */
export interface PortfolioSolution {
  readonly weights: readonly number[];
  readonly multipliers: PortfolioMultipliers;
}

/** Relative tolerance of the objective. */
export const DEFAULT_OPTIMALITY_TOLERANCE = 1e-6;
/** Weights may miss a bound or the budget by this much. */
export const FEASIBILITY_TOLERANCE = 1e-8;
/**
 * Largest multiplier, relative to the scale of the program. Beyond it rounding would hide a
 * gradient that does not vanish.
 */
const MAX_MULTIPLIER_RATIO = 1e6;
/** Rounding noise of the solver, relative to the scale of the program. */
const NOISE = 1e-10;

/** Which condition fails. */
export type OptimalityViolation =
  'BUDGET' | 'BOUNDS' | 'TARGET_RETURN' | 'DUAL_SIGN' | 'STATIONARITY' | 'COMPLEMENTARY_SLACKNESS';

/** Outcome of the check. */
export type OptimalityOutcome =
  | { readonly optimal: true; readonly objective: number; readonly gapBound: number }
  | { readonly optimal: false; readonly reason: OptimalityViolation; readonly detail: string };

function violation(reason: OptimalityViolation, detail: string): OptimalityOutcome {
  return { optimal: false, reason, detail };
}

function largest(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
}

function checkFeasibility(
  problem: PortfolioProblem,
  weights: readonly number[],
): OptimalityOutcome | undefined {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(Math.abs(sum - 1) <= FEASIBILITY_TOLERANCE)) {
    return violation('BUDGET', `the weights add up to ${sum}, not to 1`);
  }
  const { minWeight, maxWeight, targetReturn } = problem;
  const outside = weights.findIndex(
    (weight) =>
      !(weight >= minWeight - FEASIBILITY_TOLERANCE && weight <= maxWeight + FEASIBILITY_TOLERANCE),
  );
  if (outside !== -1) {
    return violation('BOUNDS', `weight ${outside} is ${weights[outside]}`);
  }
  if (targetReturn === undefined) return undefined;
  const reached = expectedReturn(problem, weights);
  const slack = FEASIBILITY_TOLERANCE * largest(problem.meanReturns.map(Math.abs));
  if (reached >= targetReturn - slack) return undefined;
  return violation('TARGET_RETURN', `the return is ${reached}, below ${targetReturn}`);
}

function checkDualSigns(
  problem: PortfolioProblem,
  { multipliers }: PortfolioSolution,
  scale: number,
): OptimalityOutcome | undefined {
  const { budget, lower, upper, targetReturn } = multipliers;
  const returns = largest(problem.meanReturns.map(Math.abs));
  const inequalities = [...lower, ...upper, targetReturn * returns];
  const limit = MAX_MULTIPLIER_RATIO * scale;
  if (!inequalities.every((value) => value >= -NOISE * scale && value <= limit)) {
    return violation('DUAL_SIGN', `a multiplier of an inequality is not within 0 and ${limit}`);
  }
  if (!(Math.abs(budget) <= limit)) return violation('DUAL_SIGN', `budget is beyond ${limit}`);
  if (problem.targetReturn === undefined && targetReturn !== 0) {
    return violation('DUAL_SIGN', 'there is no target return, yet it has a multiplier');
  }
  return undefined;
}

/**
 * Checks feasibility, the signs of the multipliers, stationarity and complementary slackness.
 * Lengths of the arrays must be those of the program. Never throws on the numbers.
 *
 * @param tolerance - Relative to the size of the two terms of the objective.
 */
export function checkOptimality(
  problem: PortfolioProblem,
  solution: PortfolioSolution,
  tolerance = DEFAULT_OPTIMALITY_TOLERANCE,
): OptimalityOutcome {
  const { weights, multipliers } = solution;
  const infeasible = checkFeasibility(problem, weights);
  if (infeasible) return infeasible;

  const risk = (problem.riskAversion / 2) * variance(problem, weights);
  const reward = problem.returnWeight * Math.abs(expectedReturn(problem, weights));
  const largestVariance = largest(problem.covariance.diagonal());
  const largestReturn = largest(problem.meanReturns.map(Math.abs));
  const scale = problem.riskAversion * largestVariance + problem.returnWeight * largestReturn;
  const allowed = tolerance * (risk + reward) + NOISE * scale;

  const badSign = checkDualSigns(problem, solution, scale);
  if (badSign) return badSign;

  const { minWeight, maxWeight } = problem;
  // A residual r can lower the objective by at most |r| times how far the weight may still move.
  const residuals = gradient(problem, weights).map((slope, i) => {
    const forces = (multipliers.lower[i] ?? 0) - (multipliers.upper[i] ?? 0);
    const target = multipliers.targetReturn * (problem.meanReturns[i] ?? 0);
    return Math.abs(slope - multipliers.budget - forces - target) * (maxWeight - minWeight);
  });
  const stationarity = residuals.reduce((sum, value) => sum + value, 0);
  if (!(stationarity <= allowed)) {
    return violation('STATIONARITY', `the residual is ${stationarity}, allowed is ${allowed}`);
  }
  const slackness = complementarity(problem, solution);
  if (!(slackness <= allowed)) {
    return violation('COMPLEMENTARY_SLACKNESS', `the gap is ${slackness}, allowed is ${allowed}`);
  }
  return {
    optimal: true,
    objective: objective(problem, weights),
    gapBound: stationarity + slackness,
  };
}

/** Sum of multiplier times slack: how far the value may be from the best (weak duality). */
function complementarity(
  problem: PortfolioProblem,
  { weights, multipliers }: PortfolioSolution,
): number {
  const { minWeight, maxWeight, targetReturn } = problem;
  let gap = 0;
  weights.forEach((weight, i) => {
    gap += Math.max(multipliers.lower[i] ?? 0, 0) * Math.max(weight - minWeight, 0);
    gap += Math.max(multipliers.upper[i] ?? 0, 0) * Math.max(maxWeight - weight, 0);
  });
  if (targetReturn !== undefined) {
    const excess = Math.max(expectedReturn(problem, weights) - targetReturn, 0);
    gap += Math.max(multipliers.targetReturn, 0) * excess;
  }
  return gap;
}
