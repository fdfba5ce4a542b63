/**
 * Mean-variance portfolios (Markowitz 1952) as a convex quadratic program:
 *
 *   minimise  riskAversion/2 w'Sw - returnWeight m'w
 *   subject to  sum w = 1,  minWeight <= w_i <= maxWeight,  m'w >= targetReturn (if given)
 *
 * m and S are the annualised sample mean and covariance of simple daily returns. S gets a ridge of
 * 1e-6 of the mean variance on its diagonal, so that it is positive definite for any table and the
 * optimum is unique. Everything is a fixed sequence of IEEE 754 operations: the same table gives
 * the same numbers on every machine.
 *
 * @module
 */

import { Matrix } from 'ml-matrix';
import { z } from 'zod';
import { ExecutorInputError } from './errors.ts';
import type { PriceTable } from './price-table.ts';
import { yieldToEventLoop } from './time-limit.ts';

/** What a client may choose. Unknown keys are refused. */
export const portfolioParametersSchema = z.strictObject({
  riskAversion: z.number().min(1e-3).max(1e6).optional(),
  /** Least expected return per year, 0.08 = 8 %. */
  targetReturn: z.number().min(-10).max(100).optional(),
  maxWeight: z.number().min(-2).max(2).optional(),
  minWeight: z.number().min(-2).max(2).optional(),
  /** Trading days per year. */
  annualisationDays: z.number().min(1).max(366).optional(),
});

/** Request parameters of a portfolio. */
export type PortfolioParameters = z.infer<typeof portfolioParametersSchema>;

/** Risk aversion where neither it nor a target return is given. */
export const DEFAULT_RISK_AVERSION = 4;
/** Trading days per year. */
export const DEFAULT_ANNUALISATION_DAYS = 252;
const RIDGE = 1e-6;
const COLUMNS_PER_SLICE = 8;
/** Slack of the feasibility checks: 100 weights of 0.01 do not add up to 1 exactly. */
export const SUM_TOLERANCE = 1e-12;

/** A quadratic program with the statistics it was made from. */
export interface PortfolioProblem {
  readonly assets: readonly string[];
  /** m, per year. */
  readonly meanReturns: readonly number[];
  /** S, per year, ridge included. */
  readonly covariance: Matrix;
  readonly observations: number;
  readonly annualisationDays: number;
  readonly riskAversion: number;
  /** 1, or 0 where only a target return is given: then the variance alone is minimised. */
  readonly returnWeight: 0 | 1;
  readonly targetReturn?: number;
  readonly minWeight: number;
  readonly maxWeight: number;
}

/**
 * The program that `table` and `parameters` define.
 *
 * @throws {@link ExecutorInputError} if no portfolio can satisfy the constraints, no price moves or
 *   the table has too few rows for its assets.
 */
export async function definePortfolioProblem(
  table: PriceTable,
  parameters: PortfolioParameters,
  signal: AbortSignal,
): Promise<PortfolioProblem> {
  const needed = table.assets.length + 2;
  if (table.rows.length < needed) {
    throw new ExecutorInputError(
      'INVALID_INPUT',
      `${table.assets.length} assets need at least ${needed} rows of prices, ` +
        `the table has ${table.rows.length}`,
    );
  }
  const annualisationDays = parameters.annualisationDays ?? DEFAULT_ANNUALISATION_DAYS;
  const { mean, covariance } = await estimate(table, annualisationDays, signal);
  const { riskAversion, targetReturn } = parameters;
  const isMinimumVariance = riskAversion === undefined && targetReturn !== undefined;
  const problem: PortfolioProblem = {
    assets: table.assets,
    meanReturns: mean,
    covariance,
    observations: table.rows.length - 1,
    annualisationDays,
    riskAversion: riskAversion ?? (isMinimumVariance ? 1 : DEFAULT_RISK_AVERSION),
    returnWeight: isMinimumVariance ? 0 : 1,
    ...(targetReturn === undefined ? {} : { targetReturn }),
    minWeight: parameters.minWeight ?? 0,
    maxWeight: parameters.maxWeight ?? 1,
  };
  assertFeasible(problem);
  return problem;
}

async function estimate(
  table: PriceTable,
  annualisationDays: number,
  signal: AbortSignal,
): Promise<{ mean: number[]; covariance: Matrix }> {
  const returns = new Matrix(
    table.rows.slice(1).map((row, day) => {
      const before = table.rows[day] ?? [];
      return row.map((price, asset) => price / (before[asset] ?? price) - 1);
    }),
  );
  await yieldToEventLoop(signal);
  const dailyMean = returns.mean('column');
  const centered = returns.subRowVector(dailyMean);
  const assets = table.assets.length;
  const covariance = Matrix.zeros(assets, assets);
  for (let first = 0; first < assets; first += COLUMNS_PER_SLICE) {
    await yieldToEventLoop(signal);
    const last = Math.min(first + COLUMNS_PER_SLICE, assets) - 1;
    const block = centered.subMatrix(0, centered.rows - 1, first, last);
    covariance.setSubMatrix(block.transpose().mmul(centered), first, 0);
  }
  covariance.mul(annualisationDays / (centered.rows - 1));
  symmetrise(covariance);
  const meanVariance = covariance.trace() / assets;
  if (!(meanVariance > 0)) {
    throw new ExecutorInputError('INVALID_INPUT', 'No price moves, so there is no risk to spread');
  }
  covariance.add(Matrix.eye(assets, assets, RIDGE * meanVariance));
  return { mean: dailyMean.map((value) => value * annualisationDays), covariance };
}

/** Blocks of a product may differ from their mirror image in the last bit. */
function symmetrise(matrix: Matrix): void {
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < i; j++) matrix.set(i, j, matrix.get(j, i));
  }
}

function assertFeasible(problem: PortfolioProblem): void {
  const { minWeight, maxWeight, targetReturn } = problem;
  const assets = problem.assets.length;
  const fail = (message: string): never => {
    throw new ExecutorInputError('INFEASIBLE', message);
  };
  if (minWeight > maxWeight) fail(`minWeight ${minWeight} is above maxWeight ${maxWeight}`);
  if (minWeight * assets > 1 + SUM_TOLERANCE) {
    fail(`${assets} assets of at least ${minWeight} add up to more than 1; lower minWeight`);
  }
  if (maxWeight * assets < 1 - SUM_TOLERANCE) {
    fail(`${assets} assets of at most ${maxWeight} add up to less than 1; raise maxWeight`);
  }
  if (targetReturn === undefined) return;
  const highest = highestReturn(problem);
  if (targetReturn > highest) {
    fail(`No portfolio within the limits returns ${targetReturn}; the highest is ${highest}`);
  }
}

/** Largest m'w of a feasible w: all start at the minimum, the best are filled up first. */
function highestReturn({ meanReturns, minWeight, maxWeight }: PortfolioProblem): number {
  let left = 1 - minWeight * meanReturns.length;
  let total = meanReturns.reduce((sum, mean) => sum + mean * minWeight, 0);
  for (const mean of [...meanReturns].sort((a, b) => b - a)) {
    const extra = Math.min(Math.max(left, 0), maxWeight - minWeight);
    total += extra * mean;
    left -= extra;
  }
  return total;
}

/** m'w. */
export function expectedReturn(problem: PortfolioProblem, weights: readonly number[]): number {
  return problem.meanReturns.reduce((sum, mean, i) => sum + mean * (weights[i] ?? 0), 0);
}

/** Sw. */
export function marginalVariance(problem: PortfolioProblem, weights: readonly number[]): number[] {
  return problem.covariance.mmul(Matrix.columnVector([...weights])).to1DArray();
}

/** w'Sw. */
export function variance(problem: PortfolioProblem, weights: readonly number[]): number {
  return marginalVariance(problem, weights).reduce((sum, m, i) => sum + m * (weights[i] ?? 0), 0);
}

/** Value that is minimised. */
export function objective(problem: PortfolioProblem, weights: readonly number[]): number {
  const risk = (problem.riskAversion / 2) * variance(problem, weights);
  return risk - problem.returnWeight * expectedReturn(problem, weights);
}

/** Gradient of the objective. */
export function gradient(problem: PortfolioProblem, weights: readonly number[]): number[] {
  return marginalVariance(problem, weights).map(
    (m, i) => problem.riskAversion * m - problem.returnWeight * (problem.meanReturns[i] ?? 0),
  );
}
