/**
 * Risk measures of a portfolio whose weights are known: value at risk and expected shortfall of any
 * sample of losses, the losses of the past, volatility and drawdown. A loss is a share of today's
 * value, 0.02 = 2 %; a gain is a negative loss.
 *
 * Value at risk is the quantile of the sample (the smallest loss that is not exceeded with the
 * probability asked for); expected shortfall is the mean of all quantiles beyond it (Acerbi and
 * Tasche 2002), which counts the loss at the border by the share that belongs to the tail. No
 * distribution is assumed here.
 *
 * @module
 */

import type { PriceTable } from './price-table.ts';
import { yieldToEventLoop } from './time-limit.ts';

/** Risk at one level of confidence. */
export interface TailRisk {
  /** Probability that the loss is not larger than `valueAtRisk`. */
  readonly confidence: number;
  readonly valueAtRisk: number;
  /** Mean loss in the worst 1 - confidence of all cases. */
  readonly expectedShortfall: number;
}

/** The largest loss of value between a day and a later one. */
export interface Drawdown {
  /** Share of the value at the peak, 0 to 1. */
  readonly loss: number;
  readonly peakDate: string;
  readonly troughDate: string;
}

/** 0.55 * 100 is 55.00000000000001: products of counts and levels are rounded by this much. */
const COUNT_TOLERANCE = 1e-9;
const PRICES_PER_SLICE = 200_000;

/** How many of `count` losses lie beyond the level, a fraction of one included. */
export function tailSize(count: number, confidence: number): number {
  return count * (1 - confidence);
}

/**
 * Value at risk and expected shortfall of a sample.
 *
 * @param losses - In ascending order, at least one.
 * @param confidence - Above 0 and below 1.
 */
export function tailRisk(losses: Float64Array, confidence: number): TailRisk {
  const count = losses.length;
  const rank = Math.max(1, Math.ceil(count * confidence - COUNT_TOLERANCE));
  const valueAtRisk = losses[rank - 1] ?? 0;
  let excess = 0;
  for (let i = rank; i < count; i++) excess += (losses[i] ?? 0) - valueAtRisk;
  const expectedShortfall = valueAtRisk + excess / tailSize(count, confidence);
  return { confidence, valueAtRisk, expectedShortfall };
}

/**
 * What a portfolio of today's weights would have lost over each period of `horizonDays` rows of
 * the table, periods that overlap included, in the order of the table.
 *
 * @throws the signal's reason.
 */
export async function historicalLosses(
  { rows }: PriceTable,
  weights: readonly number[],
  horizonDays: number,
  signal: AbortSignal,
): Promise<Float64Array> {
  const losses = new Float64Array(Math.max(0, rows.length - horizonDays));
  const rowsPerSlice = Math.ceil(PRICES_PER_SLICE / weights.length);
  for (let day = 0; day < losses.length; day++) {
    if (day % rowsPerSlice === 0) await yieldToEventLoop(signal);
    const before = rows[day] ?? [];
    const after = rows[day + horizonDays] ?? [];
    let gain = 0;
    for (let asset = 0; asset < weights.length; asset++) {
      gain += (weights[asset] ?? 0) * ((after[asset] ?? 0) / (before[asset] ?? 1) - 1);
    }
    losses[day] = 0 - gain;
  }
  return losses;
}

/** Sample standard deviation. */
export function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * The largest drawdown of a portfolio that is brought back to its weights every day. Once nothing
 * is left, which only short positions and borrowed money can bring about, nothing comes back.
 *
 * @param dailyLosses - One for each date but the first.
 */
export function maximumDrawdown(dailyLosses: Float64Array, dates: readonly string[]): Drawdown {
  let value = 1;
  let peak = { value, date: dates[0] ?? '' };
  let worst: Drawdown = { loss: 0, peakDate: peak.date, troughDate: peak.date };
  for (const [day, loss] of dailyLosses.entries()) {
    const date = dates[day + 1] ?? '';
    value = Math.max(0, value * (1 - loss));
    if (value > peak.value) peak = { value, date };
    const drawdown = 1 - value / peak.value;
    if (drawdown > worst.loss) {
      worst = { loss: drawdown, peakDate: peak.date, troughDate: date };
    }
  }
  return worst;
}
