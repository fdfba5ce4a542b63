/**
 * The prices that contractors asked within the last quote window, per task type: all that the
 * alarms of `market-watch.ts` look at, in a bounded amount of plain data.
 *
 * The window slides in quarters: it reaches back at least `windowMs` and at most a quarter more.
 * Of each quarter the lowest and the highest price are kept, so a contractor that quotes often
 * cannot push out what it asked before.
 *
 * @module
 */

import { requireNonNegative, requirePositive } from '../../cost/quantity-checks.ts';

/** Task types watched; the one not quoted for longest goes first. */
export const MAX_WATCHED_TASK_TYPES = 16;

/** Contractors watched per task type; those with the fewest quotes go first. */
export const MAX_WATCHED_CONTRACTORS = 32;

/** Quotes looked at in one survey; the rest is not read. */
export const MAX_QUOTES_PER_SURVEY = 131_072;

/** A price above this is no price. */
const MAX_UNIT_PRICE_MICRO_USD = Number.MAX_SAFE_INTEGER;

const MAX_CONTRACTOR_CHARACTERS = 128;

const QUARTERS = 4;

/** Default length of a window: one day. It must be longer than the usual time between surveys. */
export const QUOTE_WINDOW_MS = 86_400_000;

/** A quote of one contractor, per unit of work, so that tasks of different size compare. */
export interface UnitQuote {
  readonly contractor: string;
  readonly unitPriceMicroUsd: number;
}

/** Prices of one contractor within one quarter of a window. */
export interface PriceQuarter {
  /** Quarters of a window since the epoch. */
  readonly quarter: number;
  readonly lowestMicroUsd: number;
  readonly highestMicroUsd: number;
  readonly quotes: number;
}

/** One contractor within the window. */
export interface WatchedContractor {
  readonly contractor: string;
  readonly lastMicroUsd: number;
  /** Oldest first; at most five. */
  readonly quarters: readonly PriceQuarter[];
}

/** One task type. */
export interface WatchedTaskType {
  readonly taskType: string;
  readonly contractors: readonly WatchedContractor[];
}

/** What the watch remembers; the task type quoted for most recently is last. */
export interface MarketWatchState {
  readonly windowMs: number;
  readonly taskTypes: readonly WatchedTaskType[];
}

/** Nothing seen yet. @throws {@link RangeError} for a window that is not positive. */
export function emptyMarketWatch(windowMs: number = QUOTE_WINDOW_MS): MarketWatchState {
  requirePositive('windowMs', windowMs);
  return { windowMs, taskTypes: [] };
}

/** Usable quotes by contractor; of several by one contractor the last. Garbage is left out. */
export function usableQuotes(quotes: readonly UnitQuote[]): Map<string, number> {
  const prices = new Map<string, number>();
  const count = Math.min(quotes.length, MAX_QUOTES_PER_SURVEY);
  for (let i = 0; i < count; i++) {
    const { contractor, unitPriceMicroUsd: price } = quotes[i]!;
    if (typeof contractor !== 'string' || contractor === '') continue;
    if (contractor.length > MAX_CONTRACTOR_CHARACTERS || typeof price !== 'number') continue;
    if (price >= 0 && price <= MAX_UNIT_PRICE_MICRO_USD) prices.set(contractor, price);
  }
  return prices;
}

/** Number of quotes of a contractor within the window. */
export function quotesOf({ quarters }: WatchedContractor): number {
  return quarters.reduce((sum, { quotes }) => sum + quotes, 0);
}

function withPrice(
  known: WatchedContractor | undefined,
  contractor: string,
  price: number,
  now: number,
): WatchedContractor {
  const quarters = known?.quarters ?? [];
  const newest = quarters.at(-1);
  // A clock that was set back writes into the newest quarter.
  if (!newest || newest.quarter < now) {
    const fresh = { quarter: now, lowestMicroUsd: price, highestMicroUsd: price, quotes: 1 };
    return { contractor, lastMicroUsd: price, quarters: [...quarters, fresh] };
  }
  const merged = {
    quarter: newest.quarter,
    lowestMicroUsd: Math.min(newest.lowestMicroUsd, price),
    highestMicroUsd: Math.max(newest.highestMicroUsd, price),
    quotes: newest.quotes + 1,
  };
  return { contractor, lastMicroUsd: price, quarters: [...quarters.slice(0, -1), merged] };
}

/**
 * All contractors of a task type within the window that ends at `atMs`, with the new prices. Not
 * yet held to {@link MAX_WATCHED_CONTRACTORS}.
 *
 * @throws {@link RangeError} for a time that is negative or not finite.
 */
export function windowWith(
  state: MarketWatchState,
  taskType: string,
  atMs: number,
  prices: ReadonlyMap<string, number>,
): WatchedContractor[] {
  requireNonNegative('atMs', atMs);
  const now = Math.floor(atMs / (state.windowMs / QUARTERS));
  const watched = state.taskTypes.find((entry) => entry.taskType === taskType);
  const contractors = new Map<string, WatchedContractor>();
  for (const entry of watched?.contractors ?? []) {
    const quarters = entry.quarters.filter(({ quarter }) => quarter >= now - QUARTERS);
    if (quarters.length > 0) contractors.set(entry.contractor, { ...entry, quarters });
  }
  for (const [contractor, price] of prices) {
    contractors.set(contractor, withPrice(contractors.get(contractor), contractor, price, now));
  }
  return [...contractors.values()];
}

/**
 * The state with the contractors of one task type replaced, within all bounds.
 *
 * Of too many contractors those with the most quotes stay: any number of names that quote once
 * cannot make the watch forget those that it knows.
 */
export function withWindow(
  state: MarketWatchState,
  taskType: string,
  contractors: readonly WatchedContractor[],
): MarketWatchState {
  const kept =
    contractors.length <= MAX_WATCHED_CONTRACTORS
      ? contractors
      : contractors
          .map((entry) => ({ entry, quotes: quotesOf(entry) }))
          .sort((a, b) => b.quotes - a.quotes)
          .slice(0, MAX_WATCHED_CONTRACTORS)
          .map(({ entry }) => entry);
  const others = state.taskTypes.filter((entry) => entry.taskType !== taskType);
  const taskTypes = [...others, { taskType, contractors: kept }].slice(-MAX_WATCHED_TASK_TYPES);
  return { windowMs: state.windowMs, taskTypes };
}
