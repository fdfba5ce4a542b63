/**
 * Input of a risk assessment: one price table, what of it is held, and how it is looked at. All of
 * it comes from a client, so what is wrong is named with its place and its mend.
 *
 * @module
 */

import { z } from 'zod';
import { toHex } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { ResolvedPart } from '../task-parts.ts';
import { ExecutorInputError } from './errors.ts';
import { DEFAULT_ANNUALISATION_DAYS } from './mean-variance.ts';
import { portfolioResultSchema } from './portfolio-optimization.ts';
import { parseCsvPrices, parseJsonPrices, PRICE_TABLE_LIMITS } from './price-table.ts';
import type { PriceTable } from './price-table.ts';
import { assertInputSize, isJson, readJson, readText } from './work-input.ts';

/** Limits of the parameters, inclusive. Losses of the past are at least `minPeriods` many. */
export const RISK_LIMITS = {
  minConfidence: 0.5,
  maxConfidence: 0.999,
  maxLevels: 5,
  maxHorizonDays: 60,
  minPeriods: 10,
  minDraws: 1_000,
  maxDraws: 100_000,
  maxSeedCharacters: 128,
  maxWeight: 10,
} as const;

/** Levels that regulators ask for. */
export const DEFAULT_CONFIDENCE_LEVELS: readonly number[] = [0.95, 0.99];
/** Draws where no number is given: the value at risk at 99 % is then within some 3 %. */
export const DEFAULT_DRAWS = 10_000;

const weightsSchema = z
  .array(
    z.strictObject({
      asset: z.string().max(PRICE_TABLE_LIMITS.maxNameCharacters),
      weight: z.number().min(-RISK_LIMITS.maxWeight).max(RISK_LIMITS.maxWeight),
    }),
  )
  .min(1)
  .max(PRICE_TABLE_LIMITS.maxAssets);

/** What a client may choose. Unknown keys are refused. */
export const riskParametersSchema = z.strictObject({
  /** Shares of the value held in each asset, as a portfolio lists them; what is left is cash. */
  weights: weightsSchema.optional(),
  confidenceLevels: z
    .array(z.number().min(RISK_LIMITS.minConfidence).max(RISK_LIMITS.maxConfidence))
    .min(1)
    .max(RISK_LIMITS.maxLevels)
    .refine((levels) => levels.every((level, i) => level > (levels[i - 1] ?? 0)), {
      error: 'expected ascending levels',
    })
    .optional(),
  /** Rows of the table over which a loss is counted. */
  horizonDays: z.int().min(1).max(RISK_LIMITS.maxHorizonDays).optional(),
  /** Monte Carlo draws. */
  draws: z.int().min(RISK_LIMITS.minDraws).max(RISK_LIMITS.maxDraws).optional(),
  /** Determines the draws; a hash of the input if there is none. */
  seed: z.union([z.int().min(0), z.string().min(1).max(RISK_LIMITS.maxSeedCharacters)]).optional(),
  /** Trading days per year. */
  annualisationDays: z.number().min(1).max(366).optional(),
});

/** Request parameters of a risk assessment. */
export type RiskParameters = z.infer<typeof riskParametersSchema>;
type Weights = z.infer<typeof weightsSchema>;

/** A risk assessment with everything filled in. */
export interface RiskRequest {
  readonly table: PriceTable;
  /** In the order of the assets. */
  readonly weights: readonly number[];
  readonly confidenceLevels: readonly number[];
  readonly horizonDays: number;
  readonly draws: number;
  readonly seed: string;
  readonly annualisationDays: number;
}

function refuse(message: string, partIndex?: number): never {
  throw new ExecutorInputError(
    'INVALID_INPUT',
    message,
    partIndex === undefined ? {} : { partIndex },
  );
}

function hasKey(json: unknown, key: string): boolean {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, key);
}

function parse<Value>(schema: z.ZodType<Value>, json: unknown, what: string, part: number): Value {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return refuse(`Part ${part} has ${what}: ${issue?.path.join('.')} ${issue?.message}`, part);
}

interface Collected {
  table?: PriceTable;
  parameters?: RiskParameters;
  portfolio?: Weights;
}

async function readPart(
  part: ResolvedPart,
  index: number,
  collected: Collected,
  signal: AbortSignal,
): Promise<void> {
  const json = isJson(part) ? readJson(part, index) : undefined;
  if (json === undefined || hasKey(json, 'prices')) {
    if (collected.table) refuse(`Part ${index} is a second price table; give one`, index);
    collected.table =
      json === undefined
        ? await parseCsvPrices(readText(part, index), signal)
        : parseJsonPrices(json);
  } else if (hasKey(json, 'multipliers')) {
    if (collected.portfolio) refuse(`Part ${index} is a second portfolio; give one`, index);
    const portfolio = parse(portfolioResultSchema, json, 'a bad portfolio', index);
    collected.portfolio = parse(weightsSchema, portfolio.weights, 'bad weights', index);
  } else {
    if (collected.parameters) {
      refuse(`Part ${index} is a second object of parameters; give one`, index);
    }
    collected.parameters = parse(riskParametersSchema, json, 'bad parameters', index);
  }
}

/** Weights in the order of the assets; equal ones if none are given. */
function arrangeWeights({ assets }: PriceTable, given: Weights | undefined): number[] {
  if (!given) return assets.map(() => 1 / assets.length);
  const weights = new Map<string, number>();
  for (const { asset, weight } of given) {
    if (weights.has(asset)) refuse(`The weights name ${JSON.stringify(asset)} twice`);
    if (!assets.includes(asset)) {
      const known = `${assets.slice(0, 10).join(', ')}${assets.length > 10 ? ', ...' : ''}`;
      refuse(`The weights name ${JSON.stringify(asset)}, the price table has only ${known}`);
    }
    weights.set(asset, weight);
  }
  if (given.every(({ weight }) => weight === 0)) {
    refuse('All weights are 0, so there is nothing to lose; leave them out for equal ones');
  }
  return assets.map((asset) => weights.get(asset) ?? 0);
}

/**
 * The request that the parts of a piece of work make: one price table, and at most one object of
 * parameters and one portfolio, as {@link portfolioResultSchema} describes it, whose weights are
 * assessed.
 *
 * @throws {@link ExecutorInputError} naming the first thing that is wrong; the signal's reason.
 */
export async function readRiskRequest(
  parts: readonly ResolvedPart[],
  signal: AbortSignal,
  maxInputBytes: number,
): Promise<RiskRequest> {
  assertInputSize(parts, maxInputBytes);
  const collected: Collected = {};
  for (const [i, part] of parts.entries()) await readPart(part, i, collected, signal);
  const { table, parameters = {}, portfolio } = collected;
  if (!table) return refuse('There is no price table; give a part with media type text/csv');
  if (portfolio && parameters.weights) {
    refuse('There are weights in the parameters and in a portfolio; give one of them');
  }
  const { horizonDays = 1 } = parameters;
  const needed = horizonDays + RISK_LIMITS.minPeriods;
  if (table.rows.length < needed) {
    refuse(
      `A horizon of ${horizonDays} days needs at least ${needed} rows of prices, ` +
        `the table has ${table.rows.length}; shorten it or give more rows`,
    );
  }
  return {
    table,
    weights: arrangeWeights(table, portfolio ?? parameters.weights),
    confidenceLevels: parameters.confidenceLevels ?? DEFAULT_CONFIDENCE_LEVELS,
    horizonDays,
    draws: parameters.draws ?? DEFAULT_DRAWS,
    seed: parameters.seed === undefined ? hashInput(parts) : String(parameters.seed),
    annualisationDays: parameters.annualisationDays ?? DEFAULT_ANNUALISATION_DAYS,
  };
}

function hashInput(parts: readonly ResolvedPart[]): string {
  return toHex(sha256(...parts.map(({ bytes }) => sha256(bytes))));
}
