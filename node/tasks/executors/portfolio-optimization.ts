/**
 * Built-in executor of `performs:finance/portfolio-optimization`: a price table in, the
 * mean-variance portfolio out, with everything that is needed to check it (architecture.md 11).
 *
 * Input: one price table (CSV, or JSON with `prices`) and at most one JSON object of parameters
 * `{ riskAversion?, targetReturn?, maxWeight?, minWeight?, annualisationDays? }`.
 *
 * @module
 */

import { z } from 'zod';
import type { ResolvedPart } from '../task-parts.ts';
import { ExecutorFailedError, ExecutorInputError } from './errors.ts';
import {
  definePortfolioProblem,
  expectedReturn,
  objective,
  portfolioParametersSchema,
  variance,
} from './mean-variance.ts';
import type { PortfolioParameters, PortfolioProblem } from './mean-variance.ts';
import { solvePortfolio } from './portfolio-solver.ts';
import type { PortfolioSolution } from './portfolio-optimality.ts';
import { parseCsvPrices, parseJsonPrices, PRICE_TABLE_LIMITS } from './price-table.ts';
import type { PriceTable } from './price-table.ts';
import type { SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { yieldToEventLoop } from './time-limit.ts';
import {
  assertInputSize,
  DEFAULT_MAX_INPUT_BYTES,
  isJson,
  readJson,
  readText,
} from './work-input.ts';

/** Skill term of this executor. */
export const PORTFOLIO_TERM = 'performs:finance/portfolio-optimization';
/** Two honest results differ by rounding at most. */
export const PORTFOLIO_TOLERANCE = 1e-6;

const SECONDS_BASE = 0.005;
const SECONDS_PER_MIB = 0.5;
const MEMORY_BASE_GIB = 0.02;
/** Text, rows and matrices of a table at their widest, per byte of input. */
const MEMORY_PER_INPUT_BYTE = 12;
const BYTES_PER_MIB = 1024 ** 2;
const BYTES_PER_GIB = 1024 ** 3;

const perAsset = z.array(z.number()).min(1).max(PRICE_TABLE_LIMITS.maxAssets);

/** The JSON of a result. */
export const portfolioResultSchema = z.strictObject({
  weights: z
    .array(z.strictObject({ asset: z.string(), weight: z.number() }))
    .min(1)
    .max(PRICE_TABLE_LIMITS.maxAssets),
  /** Per year, 0.08 = 8 %. */
  expectedReturn: z.number(),
  /** Standard deviation of the return, per year. */
  volatility: z.number().min(0),
  /** What was minimised: riskAversion/2 w'Sw - returnWeight m'w. */
  objective: z.number(),
  multipliers: z.strictObject({
    budget: z.number(),
    lower: perAsset,
    upper: perAsset,
    targetReturn: z.number(),
  }),
  statistics: z.strictObject({
    observations: z.int(),
    firstDate: z.string(),
    lastDate: z.string(),
    annualisationDays: z.number(),
    meanReturns: perAsset,
    volatilities: perAsset,
  }),
  parameters: z.strictObject({
    riskAversion: z.number(),
    returnWeight: z.number(),
    targetReturn: z.number().optional(),
    minWeight: z.number(),
    maxWeight: z.number(),
  }),
});

/** A portfolio as it is returned. */
export type PortfolioResult = z.infer<typeof portfolioResultSchema>;

function refuse(message: string, partIndex?: number): never {
  throw new ExecutorInputError(
    'INVALID_INPUT',
    message,
    partIndex === undefined ? {} : { partIndex },
  );
}

function hasPrices(json: unknown): boolean {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, 'prices');
}

function readParameters(json: unknown, partIndex: number): PortfolioParameters {
  const parsed = portfolioParametersSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  return refuse(`Part ${partIndex} has bad parameters: ${where} ${issue?.message}`, partIndex);
}

/**
 * Price table and parameters of a piece of work.
 *
 * @throws {@link ExecutorInputError} unless there is exactly one table and at most one object of
 *   parameters.
 */
export async function readPortfolioInput(
  parts: readonly ResolvedPart[],
  signal: AbortSignal,
  maxInputBytes: number = DEFAULT_MAX_INPUT_BYTES,
): Promise<{ table: PriceTable; parameters: PortfolioParameters }> {
  assertInputSize(parts, maxInputBytes);
  let table: PriceTable | undefined;
  let parameters: PortfolioParameters | undefined;
  for (const [i, part] of parts.entries()) {
    const json = isJson(part) ? readJson(part, i) : undefined;
    if (json !== undefined && !hasPrices(json)) {
      if (parameters) refuse(`Part ${i} is a second object of parameters; give one`, i);
      parameters = readParameters(json, i);
      continue;
    }
    if (table) refuse(`Part ${i} is a second price table; give one`, i);
    table =
      json === undefined ? await parseCsvPrices(readText(part, i), signal) : parseJsonPrices(json);
  }
  if (!table) return refuse('There is no price table; give a part with media type text/csv');
  return { table, parameters: parameters ?? {} };
}

/** The result that states `solution` of `problem`. */
export function describePortfolio(
  table: PriceTable,
  problem: PortfolioProblem,
  { weights, multipliers }: PortfolioSolution,
): PortfolioResult {
  const { riskAversion, returnWeight, targetReturn, minWeight, maxWeight } = problem;
  return {
    weights: problem.assets.map((asset, i) => ({ asset, weight: weights[i] ?? 0 })),
    expectedReturn: expectedReturn(problem, weights),
    volatility: Math.sqrt(Math.max(variance(problem, weights), 0)),
    objective: objective(problem, weights),
    multipliers: {
      ...multipliers,
      lower: [...multipliers.lower],
      upper: [...multipliers.upper],
    },
    statistics: {
      observations: problem.observations,
      firstDate: table.dates[0] ?? '',
      lastDate: table.dates.at(-1) ?? '',
      annualisationDays: problem.annualisationDays,
      meanReturns: [...problem.meanReturns],
      volatilities: problem.covariance.diagonal().map(Math.sqrt),
    },
    parameters: {
      riskAversion,
      returnWeight,
      ...(targetReturn === undefined ? {} : { targetReturn }),
      minWeight,
      maxWeight,
    },
  };
}

/** Computes portfolios in this thread, in slices. */
export class PortfolioOptimization implements SkillExecutor {
  readonly term = PORTFOLIO_TERM;
  readonly recomputeTolerance = PORTFOLIO_TOLERANCE;
  readonly #maxInputBytes: number;

  constructor(init: { readonly maxInputBytes?: number } = {}) {
    this.#maxInputBytes = init.maxInputBytes ?? DEFAULT_MAX_INPUT_BYTES;
  }

  estimate({ inputBytes }: { readonly inputBytes: number }) {
    return {
      seconds: SECONDS_BASE + (SECONDS_PER_MIB * inputBytes) / BYTES_PER_MIB,
      memoryGib: MEMORY_BASE_GIB + (MEMORY_PER_INPUT_BYTE * inputBytes) / BYTES_PER_GIB,
    };
  }

  async checkInput(
    { parts }: Pick<SkillWork, 'parts'>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    await readPortfolioInput(parts, signal, this.#maxInputBytes);
  }

  async execute(
    { parts }: Pick<SkillWork, 'parts'>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SkillResult> {
    signal.throwIfAborted();
    const { table, parameters } = await readPortfolioInput(parts, signal, this.#maxInputBytes);
    await yieldToEventLoop(signal);
    const problem = await definePortfolioProblem(table, parameters, signal);
    await yieldToEventLoop(signal);
    const solution = solvePortfolio(problem);
    const result = describePortfolio(table, problem, solution);
    if (![result.objective, result.volatility].every(Number.isFinite)) {
      throw new ExecutorFailedError('NUMERICAL');
    }
    return { parts: [{ mediaType: 'application/json', data: result }] };
  }
}
