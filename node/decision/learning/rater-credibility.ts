/**
 * How far another peer's receipts are believed: by how often it agreed with what this node saw
 * itself. The credibility of the ledger (wire-formats.md 5.3, A and c0), in floating point and from
 * this node's own point of view.
 *
 * A peer that never agreed and one that always disagrees both stand at the newcomer's credibility:
 * lower would be no punishment, a new name is free.
 *
 * Differs from the ledger: forgetting is by count, not by time; a word goes on being compared after
 * the third outcome, so that it costs who praised a contractor that cheats later; and there is no
 * flow of trust from seeds, which needs everybody's receipts. So agreement can be farmed: the owner
 * of a contractor that serves this node well can have any number of raters praise that contractor
 * truthfully. What such raters gain is bounded where testimony counts (`bootstrapping.ts`), not
 * here. And a contractor that stops showing a rater's receipts before it cheats spares that rater.
 *
 * @module
 */

import { requireNonNegative, requirePositiveFraction } from '../../cost/quantity-checks.ts';
import { requireOutcomes } from '../reliability.ts';

/** Least credibility, that of a stranger. wire-formats.md 5.3, c0 = U / 16. */
export const NEWCOMER_CREDIBILITY = 1 / 16;

/** Raters remembered. The one with the least evidence goes first. */
export const MAX_RATERS = 1_024;

/** Comparisons that count per rater; beyond, older ones fade, so that a turncoat is found out. */
export const MAX_COMPARISONS = 32;

/** Own outcomes below which this node has no opinion to compare with. wire-formats.md 5.3, 3U. */
const MIN_OWN_OUTCOMES = 3;

/** What a first failure counts up to then: a good contractor fails now and then. */
const EARLY_FAILURE_WEIGHT = 0.25;

/** Successes that a later failure outweighs. */
const FAILURE_FACTOR = 2;

/** Price from which a receipt counts in full, and the least it counts. wire-formats.md 5.3, pw. */
const FULL_PRICE_MICRO_USD = 100_000;
const MIN_PRICE_WEIGHT = 1 / 64;

/** Agreement of one rater with this node. Fractions. */
export interface RaterAgreement {
  readonly rater: string;
  readonly agreements: number;
  readonly total: number;
}

/** All raters compared with so far, the one compared longest ago first. */
export interface RaterBook {
  readonly raters: readonly RaterAgreement[];
}

/** Nobody compared with yet. */
export const EMPTY_RATER_BOOK: RaterBook = { raters: [] };

/**
 * Credibility in [1/16, 1): k agreements of k give k / (k + 2); half of them or fewer the least.
 *
 * @throws {@link RangeError} unless 0 <= agreements <= total.
 */
export function credibilityOf(agreements: number, total: number): number {
  requireOutcomes(agreements, total);
  // 2 (a + 1) / (t + 2) - 1, as one quotient.
  return Math.max(NEWCOMER_CREDIBILITY, (2 * agreements - total) / (total + 2));
}

/** Credibility of a rater; that of a newcomer if the book does not have it. */
export function credibilityIn(book: RaterBook, rater: string): number {
  const known = book.raters.find((entry) => entry.rater === rater);
  return known ? credibilityOf(known.agreements, known.total) : NEWCOMER_CREDIBILITY;
}

/** Weight of a receipt by its price, in [1/64, 1]: praise must not be had for dust. */
export function priceWeight(priceMicroUsd: number): number {
  requireNonNegative('priceMicroUsd', priceMicroUsd);
  return Math.min(1, Math.max(MIN_PRICE_WEIGHT, priceMicroUsd / FULL_PRICE_MICRO_USD));
}

/** What an own outcome says of a contractor, and so of those who had told of it. */
export interface OwnJudgement {
  readonly isGood: boolean;
  /** Of one comparison, in (0, 1]. */
  readonly weight: number;
}

/**
 * What the newest own outcome with a contractor says of what others had told of it; `null` for
 * nothing.
 *
 * Three good outcomes are one comparison, and a first failure among them is a quarter of one: the
 * contractor may never be hired again. Later each outcome weighs the share of all that it is, and a
 * failure twice that. So whoever praises contractors that fail once in four tasks is believed 1/3
 * at most, and whoever praises honest ones that fail once in ten about 2/3.
 *
 * @param own - This node's outcomes with the contractor, the newest among them.
 * @throws {@link RangeError} unless 0 <= successes <= total.
 */
export function ownJudgement(
  own: { readonly successes: number; readonly total: number },
  isSuccess: boolean,
): OwnJudgement | null {
  const { successes, total } = own;
  requireOutcomes(successes, total);
  if (total > MIN_OWN_OUTCOMES) {
    return { isGood: isSuccess, weight: (isSuccess ? 1 : FAILURE_FACTOR) / total };
  }
  if (successes === MIN_OWN_OUTCOMES) return { isGood: true, weight: 1 };
  const isFirstFailure = !isSuccess && total - successes === 1;
  return isFirstFailure ? { isGood: false, weight: EARLY_FAILURE_WEIGHT } : null;
}

/**
 * The book after one more comparison.
 *
 * A full book loses the rater with the smallest total, but not the one just compared: strangers
 * push out strangers and never a rater with a record.
 *
 * @param weight - In (0, 1], for example {@link priceWeight}.
 */
export function observeAgreement(
  book: RaterBook,
  comparison: { readonly rater: string; readonly isAgreement: boolean; readonly weight?: number },
): RaterBook {
  const { rater, isAgreement, weight = 1 } = comparison;
  requirePositiveFraction('weight', weight);
  const before = book.raters.find((entry) => entry.rater === rater);
  const kept = Math.min(1, (MAX_COMPARISONS - weight) / (before?.total ?? 1));
  const total = (before?.total ?? 0) * kept + weight;
  const agreements = (before?.agreements ?? 0) * kept + (isAgreement ? weight : 0);
  const others = book.raters.filter((entry) => entry !== before);
  if (others.length >= MAX_RATERS) dropLightest(others);
  return { raters: [...others, { rater, agreements, total }] };
}

function dropLightest(raters: RaterAgreement[]): void {
  let lightest = 0;
  for (let i = 1; i < raters.length; i++) {
    if (raters[i]!.total < raters[lightest]!.total) lightest = i;
  }
  raters.splice(lightest, 1);
}
