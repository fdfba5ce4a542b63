/**
 * Built-in executor of `performs:finance/risk-assessment`: a price table in, value at risk and
 * expected shortfall of a portfolio out, from the losses of the past and from a Monte Carlo
 * simulation (architecture.md 11). The draws follow from a seed, a hash of the input by default, so
 * whoever has the input gets the same numbers.
 *
 * Input: one price table (CSV, or JSON with `prices`), at most one JSON object of parameters
 * `{ weights?, confidenceLevels?, horizonDays?, draws?, seed?, annualisationDays? }`, and in place
 * of `weights` the result of a portfolio optimization.
 *
 * @module
 */

import { z } from 'zod';
import { ExecutorFailedError } from './errors.ts';
import { PRICE_TABLE_LIMITS } from './price-table.ts';
import { readRiskRequest, RISK_LIMITS } from './risk-assessment-input.ts';
import type { RiskRequest } from './risk-assessment-input.ts';
import type { SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { yieldToEventLoop } from './time-limit.ts';
import { historicalLosses, maximumDrawdown, standardDeviation, tailRisk } from './value-at-risk.ts';
import { fitReturns, simulateRisk } from './value-at-risk-simulation.ts';
import { DEFAULT_MAX_INPUT_BYTES } from './work-input.ts';

/** Skill term of this executor. */
export const RISK_TERM = 'performs:finance/risk-assessment';
/**
 * Two runs give the same bytes. The tolerance is for a peer whose linear algebra adds in another
 * order: that moves the last digits, and no figure that anybody could gain from.
 */
export const RISK_TOLERANCE = 1e-9;

const SECONDS_BASE = 0.02;
const SECONDS_PER_MIB = 0.3;
const MEMORY_BASE_GIB = 0.03;
/** Text, rows and returns of a table, per byte of input. */
const MEMORY_PER_INPUT_BYTE = 20;
const BYTES_PER_MIB = 1024 ** 2;
const BYTES_PER_GIB = 1024 ** 3;

const tailShape = {
  confidence: z.number(),
  /** Share of the value, 0.02 = 2 %; below 0 for a gain. */
  valueAtRisk: z.number(),
  expectedShortfall: z.number(),
} as const;
const perAsset = z.array(z.number()).min(1).max(PRICE_TABLE_LIMITS.maxAssets);

/** The JSON of a result. */
export const riskResultSchema = z.strictObject({
  weights: z
    .array(z.strictObject({ asset: z.string(), weight: z.number() }))
    .min(1)
    .max(PRICE_TABLE_LIMITS.maxAssets),
  horizonDays: z.int(),
  historical: z.strictObject({
    /** Losses that were counted; their periods overlap if the horizon is longer than a day. */
    periods: z.int(),
    levels: z.array(z.strictObject(tailShape)).min(1).max(RISK_LIMITS.maxLevels),
  }),
  monteCarlo: z.strictObject({
    draws: z.int(),
    seed: z.string(),
    levels: z
      .array(
        z.strictObject({
          ...tailShape,
          /** What each asset adds to the expected shortfall, in the order of the weights. */
          contributions: perAsset,
        }),
      )
      .min(1)
      .max(RISK_LIMITS.maxLevels),
  }),
  /** Standard deviation of the portfolio's return, per year. */
  volatility: z.number().min(0),
  maximumDrawdown: z.strictObject({
    loss: z.number().min(0).max(1),
    peakDate: z.string(),
    troughDate: z.string(),
  }),
  statistics: z.strictObject({
    observations: z.int(),
    firstDate: z.string(),
    lastDate: z.string(),
    annualisationDays: z.number(),
    meanReturns: perAsset,
    volatilities: perAsset,
  }),
});

/** A risk assessment as it is returned. */
export type RiskResult = z.infer<typeof riskResultSchema>;

async function assess(request: RiskRequest, signal: AbortSignal): Promise<RiskResult> {
  const { table, weights, horizonDays, draws, seed, annualisationDays, confidenceLevels } = request;
  const daily = await historicalLosses(table, weights, 1, signal);
  const past = await historicalLosses(table, weights, horizonDays, signal);
  await yieldToEventLoop(signal);
  const sorted = past.toSorted();
  const model = await fitReturns(table, signal);
  const levels = await simulateRisk({ ...request, model }, signal);
  return {
    weights: table.assets.map((asset, i) => ({ asset, weight: weights[i] ?? 0 })),
    horizonDays,
    historical: {
      periods: past.length,
      levels: confidenceLevels.map((confidence) => tailRisk(sorted, confidence)),
    },
    monteCarlo: { draws, seed, levels },
    volatility: standardDeviation(daily) * Math.sqrt(annualisationDays),
    maximumDrawdown: maximumDrawdown(daily, table.dates),
    statistics: {
      observations: daily.length,
      firstDate: table.dates[0] ?? '',
      lastDate: table.dates.at(-1) ?? '',
      annualisationDays,
      meanReturns: model.mean.map((mean) => mean * annualisationDays),
      volatilities: model.deviations.map((value) => value * Math.sqrt(annualisationDays)),
    },
  };
}

/** Assesses portfolios in this thread, in slices. */
export class RiskAssessment implements SkillExecutor {
  readonly term = RISK_TERM;
  readonly recomputeTolerance = RISK_TOLERANCE;
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
    await readRiskRequest(parts, signal, this.#maxInputBytes);
  }

  async execute(
    { parts }: Pick<SkillWork, 'parts'>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SkillResult> {
    signal.throwIfAborted();
    const request = await readRiskRequest(parts, signal, this.#maxInputBytes);
    await yieldToEventLoop(signal);
    const result = await assess(request, signal);
    const figures = [
      result.volatility,
      ...result.historical.levels.map(({ expectedShortfall }) => expectedShortfall),
      ...result.monteCarlo.levels.map(({ expectedShortfall }) => expectedShortfall),
    ];
    if (!figures.every(Number.isFinite)) throw new ExecutorFailedError('NUMERICAL');
    return { parts: [{ mediaType: 'application/json', data: result }] };
  }
}
