/**
 * Solves the portfolio program with the dual method of Goldfarb and Idnani (1983, package
 * `quadprog`) and returns the Lagrange multipliers with which anyone can check the answer.
 *
 * @module
 */

import { solveQP } from 'quadprog';
import { ExecutorFailedError } from './errors.ts';
import { gradient, SUM_TOLERANCE } from './mean-variance.ts';
import type { PortfolioProblem } from './mean-variance.ts';
import { checkOptimality } from './portfolio-optimality.ts';
import type { PortfolioMultipliers, PortfolioSolution } from './portfolio-optimality.ts';
import { MAX_SLICE_MS, runWithin } from './time-limit.ts';

/**
 * The optimal portfolio. It has passed {@link checkOptimality} when it is returned.
 *
 * @throws {@link ExecutorFailedError} if there is no solution to working precision.
 */
export function solvePortfolio(problem: PortfolioProblem): PortfolioSolution {
  const solution = onlyFeasible(problem) ?? solveProgram(problem);
  const outcome = checkOptimality(problem, solution);
  if (outcome.optimal) return solution;
  throw new ExecutorFailedError('NUMERICAL', {
    cause: new Error(`${outcome.reason}: ${outcome.detail}`),
  });
}

/** Where the bounds leave one portfolio, all weights are equal; the solver finds no way to it. */
function onlyFeasible(problem: PortfolioProblem): PortfolioSolution | undefined {
  const { minWeight, maxWeight, assets } = problem;
  const isAtUpper = maxWeight * assets.length <= 1 + SUM_TOLERANCE;
  const isAtLower = minWeight * assets.length >= 1 - SUM_TOLERANCE;
  if (!isAtUpper && !isAtLower) return undefined;
  const weights = assets.map(() => (isAtUpper ? maxWeight : minWeight));
  const slopes = gradient(problem, weights);
  const budget = isAtUpper ? Math.max(...slopes) : Math.min(...slopes);
  const lower = slopes.map((slope) => (isAtUpper ? 0 : slope - budget));
  const upper = slopes.map((slope) => (isAtUpper ? budget - slope : 0));
  return { weights, multipliers: { budget, lower, upper, targetReturn: 0 } };
}

function solveProgram(problem: PortfolioProblem): PortfolioSolution {
  const assets = problem.assets.length;
  const { minWeight, maxWeight, meanReturns, returnWeight, targetReturn } = problem;
  // The solver compares with absolute thresholds, so its matrix is scaled to a mean diagonal of 1.
  const scale = (problem.riskAversion * problem.covariance.trace()) / assets;
  const returnScale = Math.max(...meanReturns.map(Math.abs)) || 1;
  const target = targetReturn === undefined ? [] : [targetReturn / returnScale];
  const D = problem.covariance
    .to2DArray()
    .map((row) => oneBased(row.map((value) => (value * problem.riskAversion) / scale)));
  const d = meanReturns.map((mean) => (returnWeight * mean) / scale);
  // Order of the constraints: budget, lower bounds, upper bounds, target.
  const A = meanReturns.map((mean, i) => {
    const unit = (sign: number) => meanReturns.map((_, j) => (i === j ? sign : 0));
    return oneBased([1, ...unit(1), ...unit(-1), ...target.map(() => mean / returnScale)]);
  });
  const lowest = meanReturns.map(() => minWeight);
  const highest = meanReturns.map(() => -maxWeight);
  const b = oneBased([1, ...lowest, ...highest, ...target]);
  const solved = runWithin(MAX_SLICE_MS, () =>
    solveQP(oneBased(D), oneBased(d), oneBased(A), b, 1),
  );
  const weights = solved.solution.slice(1);
  if (solved.message !== '' || !weights.every(Number.isFinite)) {
    throw new ExecutorFailedError('NUMERICAL', { cause: new Error(solved.message) });
  }
  const bounded = weights.map((weight) => Math.min(Math.max(weight, minWeight), maxWeight));
  const duals = solved.Lagrangian.slice(2).map((value) => value * scale);
  return {
    weights: bounded,
    multipliers: completeMultipliers(problem, bounded, {
      lower: duals.slice(0, assets),
      upper: duals.slice(assets, 2 * assets),
      targetReturn: (duals[2 * assets] ?? 0) / returnScale,
    }),
  };
}

/** The solver leaves the sign of an equality's multiplier open; stationarity gives its value. */
function completeMultipliers(
  problem: PortfolioProblem,
  weights: readonly number[],
  duals: Omit<PortfolioMultipliers, 'budget'>,
): PortfolioMultipliers {
  const residuals = gradient(problem, weights).map(
    (slope, i) =>
      slope -
      (duals.lower[i] ?? 0) +
      (duals.upper[i] ?? 0) -
      duals.targetReturn * (problem.meanReturns[i] ?? 0),
  );
  const budget = residuals.reduce((sum, value) => sum + value, 0) / residuals.length;
  return { budget, ...duals };
}

function oneBased<Value>(values: readonly Value[]): Value[] {
  const padded = new Array<Value>(values.length + 1);
  values.forEach((value, i) => {
    padded[i + 1] = value;
  });
  return padded;
}
