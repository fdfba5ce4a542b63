/**
 * Where this node's own money went: shares per contractor, and an alarm if few have nearly all of
 * it. Paper VI-E ("portfolio management approaches that maintain contractor relationship
 * diversity").
 *
 * Amounts fade with a half-life instead of falling out of a window: shares then do not jump on the
 * day an old bill is forgotten, and one number per contractor is enough. All fade alike, so time
 * alone changes no share; it takes other spending to.
 *
 * Stops nothing; see `share-cap.ts`.
 *
 * @module
 */

import { requireNonNegative, requirePositive } from '../../cost/quantity-checks.ts';
import { shortPeerId } from '../plain-text.ts';
import { herfindahlIndex, HIGHLY_CONCENTRATED, normalisedHerfindahlIndex } from './herfindahl.ts';

const MS_PER_MONTH = 30.4375 * 24 * 3_600_000;

/** After this long an amount counts half. */
export const SPENDING_HALF_LIFE_MONTHS = 1;

/** Contractors with an entry of their own; the smallest goes into the rest. */
export const MAX_SPENDING_ENTRIES = 256;

/** Faded spending on one contractor. */
export interface SpendingEntry {
  readonly contractor: string;
  readonly microUsd: number;
  readonly tasks: number;
}

/** The book, as it stood at `atMs`. Entries least recently used first. */
export interface SpendingBook {
  readonly atMs: number;
  readonly entries: readonly SpendingEntry[];
  /** Contractors that no longer have an entry, together. */
  readonly rest: { readonly microUsd: number; readonly tasks: number };
}

/** Nothing spent. */
export const EMPTY_SPENDING_BOOK: SpendingBook = {
  atMs: 0,
  entries: [],
  rest: { microUsd: 0, tasks: 0 },
};

/**
 * The book as it stands at `nowMs`. A clock that was set back fades nothing.
 *
 * @throws {@link RangeError} for a time that is negative or not finite.
 */
export function fadedSpending(
  book: SpendingBook,
  nowMs: number,
  halfLifeMonths: number = SPENDING_HALF_LIFE_MONTHS,
): SpendingBook {
  requireNonNegative('nowMs', nowMs);
  requirePositive('halfLifeMonths', halfLifeMonths);
  const months = (nowMs - book.atMs) / MS_PER_MONTH;
  if (months <= 0) return book;
  const factor = 2 ** (-months / halfLifeMonths);
  const fade = ({ microUsd, tasks }: { microUsd: number; tasks: number }) => ({
    microUsd: microUsd * factor,
    tasks: tasks * factor,
  });
  return {
    atMs: nowMs,
    entries: book.entries.map((entry) => ({ contractor: entry.contractor, ...fade(entry) })),
    rest: fade(book.rest),
  };
}

/**
 * The book after one more paid task, faded to its time.
 *
 * A full book puts its smallest entry, other than the new one, into the rest; a contractor that
 * comes back after that starts anew.
 *
 * @throws {@link RangeError} for an amount or a time that is negative or not finite.
 */
export function recordSpending(
  book: SpendingBook,
  payment: { readonly contractor: string; readonly microUsd: number; readonly atMs: number },
  halfLifeMonths: number = SPENDING_HALF_LIFE_MONTHS,
): SpendingBook {
  requireNonNegative('microUsd', payment.microUsd);
  const { atMs, entries, rest } = fadedSpending(book, payment.atMs, halfLifeMonths);
  const before = entries.find(({ contractor }) => contractor === payment.contractor);
  const others = entries.filter((entry) => entry !== before);
  const entry = {
    contractor: payment.contractor,
    microUsd: (before?.microUsd ?? 0) + payment.microUsd,
    tasks: (before?.tasks ?? 0) + 1,
  };
  if (others.length < MAX_SPENDING_ENTRIES) return { atMs, entries: [...others, entry], rest };
  const smallest = others.reduce((a, b) => (b.microUsd < a.microUsd ? b : a));
  return {
    atMs,
    entries: [...others.filter((other) => other !== smallest), entry],
    rest: { microUsd: rest.microUsd + smallest.microUsd, tasks: rest.tasks + smallest.tasks },
  };
}

/** Sums over the whole book, faded. */
export function spendingTotals(book: SpendingBook): { microUsd: number; tasks: number } {
  let { microUsd, tasks } = book.rest;
  for (const entry of book.entries) {
    microUsd += entry.microUsd;
    tasks += entry.tasks;
  }
  return { microUsd, tasks };
}

/** Faded micro-USD that went to `contractor`. */
export function spentOn(book: SpendingBook, contractor: string): number {
  return book.entries.find((entry) => entry.contractor === contractor)?.microUsd ?? 0;
}

/** Share of the spending that went to `contractor`, in [0, 1]; 0 while nothing was spent. */
export function shareOf(book: SpendingBook, contractor: string): number {
  const total = spendingTotals(book).microUsd;
  return total === 0 ? 0 : Math.min(1, spentOn(book, contractor) / total);
}

/** Shares that all contractors of the book have. */
export interface SpendingConcentration {
  /** Herfindahl-Hirschman index in [0, 1]. */
  readonly index: number;
  /** The same, freed of the number of contractors. */
  readonly normalisedIndex: number;
  /** Contractors with an entry. */
  readonly contractors: number;
}

/** Concentration of the spending. The rest counts as spread: each part of it was the smallest. */
export function spendingConcentration(book: SpendingBook): SpendingConcentration {
  const amounts = book.entries.map(({ microUsd }) => microUsd);
  const index = herfindahlIndex(amounts, book.rest.microUsd);
  const normalisedIndex = normalisedHerfindahlIndex(index, amounts.length);
  return { index, normalisedIndex, contractors: amounts.length };
}

/** The spending depends on few contractors. */
export interface SpendingAlarm extends SpendingConcentration {
  readonly kind: 'SPENDING_CONCENTRATED';
  readonly largest: { readonly contractor: string; readonly share: number };
  readonly sentence: string;
}

/** When {@link spendingAlarm} speaks. */
export interface SpendingAlarmLimits {
  readonly maxIndex: number;
  /** Outsourced tasks, faded, below which concentration says nothing. */
  readonly minTasks: number;
}

/** 0.25 and 20 tasks: of a steady node, more than 14 a month. */
export const SPENDING_ALARM_LIMITS: SpendingAlarmLimits = {
  maxIndex: HIGHLY_CONCENTRATED,
  minTasks: 20,
};

/** An alarm if the spending is highly concentrated, else `null`. It stops nothing. */
export function spendingAlarm(
  book: SpendingBook,
  { maxIndex, minTasks }: SpendingAlarmLimits = SPENDING_ALARM_LIMITS,
): SpendingAlarm | null {
  const concentration = spendingConcentration(book);
  if (spendingTotals(book).tasks < minTasks || concentration.index <= maxIndex) return null;
  const { contractor } = book.entries.reduce((a, b) => (b.microUsd > a.microUsd ? b : a));
  const share = shareOf(book, contractor);
  const { index, contractors } = concentration;
  const names = contractors === 1 ? '1 contractor' : `${contractors} contractors`;
  const sentence =
    `${(share * 100).toFixed(0)} % of the spending goes to ${shortPeerId(contractor)}; ` +
    `concentration (HHI) ${index.toFixed(2)} over ${names}, alarm above ${maxIndex.toFixed(2)}.`;
  return {
    kind: 'SPENDING_CONCENTRATED',
    ...concentration,
    largest: { contractor, share },
    sentence,
  };
}
