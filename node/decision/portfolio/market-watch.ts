/**
 * Signs of a manipulated market in the quotes that this node gets. Paper VI-C ("market monitoring
 * and manipulation detection"); security.md 6, price manipulation.
 *
 * Three alarms: few contractors give nearly all quotes; a price lies far from the others; three or
 * more contractors move their prices the same way within one quote window.
 *
 * An alarm is a reason to look, never a proof, and stops nothing. A rise in demand moves honest
 * prices together too (Eq. 7). A slow drift, less per window than the threshold, raises no alarm
 * however far it gets; nor do new names that start high. What limits the damage of both is the
 * comparison of each offer with the own cost. Where most quotes collude, the honest one lies far
 * from the others.
 *
 * Alarms are reported at each survey for as long as they hold.
 *
 * @module
 */

import { shortPeerId, printable } from '../plain-text.ts';
import { herfindahlIndex, HIGHLY_CONCENTRATED } from './herfindahl.ts';
import { quotesOf, usableQuotes, windowWith, withWindow } from './quote-window.ts';
import type { MarketWatchState, UnitQuote, WatchedContractor } from './quote-window.ts';

/** From when on something is worth an alarm. */
export interface MarketAlarmLimits {
  /** Contractors that move together. */
  readonly minMovers: number;
  /** Relative change of a price that is a move, if exceeded. */
  readonly minMove: number;
  /** Contractors with a price, below which none of them is an outlier. */
  readonly minPrices: number;
  /** Distance from the median, in median absolute deviations, that is an outlier, if exceeded. */
  readonly maxDeviations: number;
  /** Least spread that the deviation is taken to be, as a relative difference. */
  readonly minSpread: number;
  /** Herfindahl-Hirschman index of the quotes, if exceeded. */
  readonly maxIndex: number;
  /** Quotes in the window, below which their concentration says nothing. */
  readonly minQuotes: number;
}

/**
 * Three contractors, 30 %; the outlier rule of Iglewicz and Hoaglin (1993): a modified z-score,
 * 0.6745 deviations, above 3.5. With a spread of at least 5 %, no price between 0.78 and 1.28 times
 * the median is an outlier, however equal the others are.
 */
export const MARKET_ALARM_LIMITS: MarketAlarmLimits = {
  minMovers: 3,
  minMove: 0.3,
  minPrices: 4,
  maxDeviations: 3.5 / 0.6745,
  minSpread: 0.05,
  maxIndex: HIGHLY_CONCENTRATED,
  minQuotes: 20,
};

/** Contractors that one alarm names, and outliers that one survey reports. */
export const MAX_NAMED_CONTRACTORS = 16;

/** Prices are compared as ratios; a free offer counts as this price, not as infinitely cheap. */
const LEAST_PRICE_MICRO_USD = 1e-6;

/** Few contractors give nearly all quotes for a task type. */
export interface QuoteConcentrationAlarm {
  readonly kind: 'QUOTES_CONCENTRATED';
  readonly taskType: string;
  readonly index: number;
  readonly contractors: number;
  readonly quotes: number;
  readonly sentence: string;
}

/** A price far from the others: too dear, or so cheap that it may be bait. */
export interface PriceOutlierAlarm {
  readonly kind: 'PRICE_OUTLIER';
  readonly taskType: string;
  readonly contractor: string;
  readonly direction: 'high' | 'low';
  readonly unitPriceMicroUsd: number;
  readonly medianMicroUsd: number;
  readonly sentence: string;
}

/** Several contractors moved their prices the same way within one window. */
export interface CoordinatedMoveAlarm {
  readonly kind: 'COORDINATED_MOVE';
  readonly taskType: string;
  readonly direction: 'up' | 'down';
  /** How many moved, and the first of them by name. */
  readonly movers: number;
  readonly contractors: readonly string[];
  readonly sentence: string;
}

/** Plain data, with a sentence for a person. */
export type MarketAlarm = QuoteConcentrationAlarm | PriceOutlierAlarm | CoordinatedMoveAlarm;

/** The quotes that answered one survey. */
export interface QuoteSurvey {
  readonly taskType: string;
  readonly atMs: number;
  readonly quotes: readonly UnitQuote[];
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function ascending(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}

function logPrice(microUsd: number): number {
  return Math.log(Math.max(LEAST_PRICE_MICRO_USD, microUsd));
}

function concentrationAlarm(
  taskType: string,
  window: readonly WatchedContractor[],
  { maxIndex, minQuotes }: MarketAlarmLimits,
): QuoteConcentrationAlarm[] {
  const counts = window.map(quotesOf);
  const quotes = counts.reduce((a, b) => a + b, 0);
  const index = herfindahlIndex(counts);
  if (quotes < minQuotes || index <= maxIndex) return [];
  const contractors = counts.length;
  const givers = contractors === 1 ? '1 contractor gives' : `${contractors} contractors give`;
  const sentence =
    `${givers} all ${quotes} quotes for ${printable(taskType)}; ` +
    `concentration (HHI) ${index.toFixed(2)}, alarm above ${maxIndex.toFixed(2)}.`;
  return [{ kind: 'QUOTES_CONCENTRATED', taskType, index, contractors, quotes, sentence }];
}

/** Outliers among the new prices, measured against all last prices of the window. */
function outlierAlarms(
  taskType: string,
  window: readonly WatchedContractor[],
  prices: ReadonlyMap<string, number>,
  limits: MarketAlarmLimits,
): PriceOutlierAlarm[] {
  if (window.length < limits.minPrices) return [];
  const logs = ascending(window.map(({ lastMicroUsd }) => logPrice(lastMicroUsd)));
  const centre = median(logs);
  const deviation = median(ascending(logs.map((log) => Math.abs(log - centre))));
  const most = limits.maxDeviations * Math.max(deviation, Math.log1p(limits.minSpread));
  const medianMicroUsd = Math.exp(centre);
  return [...prices]
    .map(([contractor, price]) => ({ contractor, price, distance: logPrice(price) - centre }))
    .filter(({ distance }) => Math.abs(distance) > most)
    .sort((a, b) => Math.abs(b.distance) - Math.abs(a.distance))
    .slice(0, MAX_NAMED_CONTRACTORS)
    .map(({ contractor, price, distance }) => {
      const direction = distance > 0 ? 'high' : 'low';
      const sentence =
        `${shortPeerId(contractor)} asks ${(price / medianMicroUsd).toPrecision(3)} times the ` +
        `median of ${window.length} prices for ${printable(taskType)}.`;
      return {
        kind: 'PRICE_OUTLIER',
        taskType,
        contractor,
        direction,
        unitPriceMicroUsd: price,
        medianMicroUsd,
        sentence,
      };
    });
}

/**
 * Whether the last price lies further from the opposite extreme of the window than a move. So a dip
 * before the rise hides nothing, and one that only just appeared has not moved.
 */
function hasMoved(
  { lastMicroUsd, quarters }: WatchedContractor,
  direction: 'up' | 'down',
  minMove: number,
): boolean {
  if (direction === 'up') {
    const lowest = Math.min(...quarters.map(({ lowestMicroUsd }) => lowestMicroUsd));
    return lastMicroUsd > lowest * (1 + minMove);
  }
  const highest = Math.max(...quarters.map(({ highestMicroUsd }) => highestMicroUsd));
  return lastMicroUsd < highest * (1 - minMove);
}

function moveAlarms(
  taskType: string,
  window: readonly WatchedContractor[],
  { minMovers, minMove }: MarketAlarmLimits,
): CoordinatedMoveAlarm[] {
  const directions = ['up', 'down'] as const;
  return directions.flatMap((direction) => {
    const moved = window.filter((entry) => hasMoved(entry, direction, minMove));
    if (moved.length < minMovers) return [];
    const contractors = moved.map(({ contractor }) => contractor).sort();
    const sentence =
      `${moved.length} contractors moved their price for ${printable(taskType)} ${direction} ` +
      `by more than ${(minMove * 100).toFixed(0)} % within one quote window.`;
    return {
      kind: 'COORDINATED_MOVE',
      taskType,
      direction,
      movers: moved.length,
      contractors: contractors.slice(0, MAX_NAMED_CONTRACTORS),
      sentence,
    };
  });
}

/**
 * The watch after one more survey, and what is suspicious now. Quotes that make no sense are
 * ignored; of several quotes of one contractor the last counts.
 *
 * @param survey - `atMs` is this node's own clock.
 * @throws {@link RangeError} for a time that is negative or not finite.
 */
export function observeQuotes(
  state: MarketWatchState,
  survey: QuoteSurvey,
  limits: MarketAlarmLimits = MARKET_ALARM_LIMITS,
): { readonly state: MarketWatchState; readonly alarms: readonly MarketAlarm[] } {
  const { taskType } = survey;
  const prices = usableQuotes(survey.quotes);
  const window = windowWith(state, taskType, survey.atMs, prices);
  const alarms = [
    ...concentrationAlarm(taskType, window, limits),
    ...outlierAlarms(taskType, window, prices, limits),
    ...moveAlarms(taskType, window, limits),
  ];
  return { state: withWindow(state, taskType, window), alarms };
}
