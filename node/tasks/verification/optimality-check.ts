/**
 * Check `optimality`: a returned portfolio is feasible and optimal for the prices that were sent.
 * Mean and covariance are computed again from the prices; the program is not solved.
 *
 * @module
 */

import { ExecutorInputError } from '../executors/errors.ts';
import { definePortfolioProblem } from '../executors/mean-variance.ts';
import {
  describePortfolio,
  PORTFOLIO_TOLERANCE,
  portfolioResultSchema,
  readPortfolioInput,
} from '../executors/portfolio-optimization.ts';
import { checkOptimality } from '../executors/portfolio-optimality.ts';
import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import { findDifference } from './compare-json.ts';
import type { CheckOutcome } from './json-schema-check.ts';

/**
 * Checks the one JSON part of a result. Never throws on its content.
 *
 * @throws the signal's reason.
 */
export async function checkPortfolio(
  inputParts: readonly ResolvedPart[],
  resultParts: readonly ResultPart[],
  tolerance: number | undefined,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const [part, ...others] = resultParts;
  const parsed = portfolioResultSchema.safeParse(part?.data);
  if (!parsed.success || others.length > 0) {
    const issue = parsed.error?.issues[0];
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'more than one part';
    return { passed: false, detail: `not a portfolio: ${where.slice(0, 200)}` };
  }
  try {
    const { table, parameters } = await readPortfolioInput(inputParts, signal);
    const problem = await definePortfolioProblem(table, parameters, signal);
    const { weights, multipliers } = parsed.data;
    const isComplete =
      weights.length === problem.assets.length &&
      multipliers.lower.length === problem.assets.length &&
      multipliers.upper.length === problem.assets.length &&
      weights.every(({ asset }, i) => asset === problem.assets[i]);
    if (!isComplete) return { passed: false, detail: 'the assets are not those of the prices' };
    const solution = { weights: weights.map(({ weight }) => weight), multipliers };
    const outcome = checkOptimality(problem, solution, tolerance);
    if (!outcome.optimal) {
      return { passed: false, detail: `${outcome.reason}: ${outcome.detail}` };
    }
    const stated = describePortfolio(table, problem, solution);
    const difference = findDifference(stated, parsed.data, PORTFOLIO_TOLERANCE);
    if (difference !== undefined) {
      return {
        passed: false,
        detail: `the figure at ${difference} does not follow from the prices`,
      };
    }
    return { passed: true, detail: `optimal to within ${outcome.gapBound}` };
  } catch (error) {
    if (!(error instanceof ExecutorInputError)) throw error;
    return { passed: false, detail: `there is a result, yet the input has none: ${error.message}` };
  }
}
