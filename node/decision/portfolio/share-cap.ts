/**
 * A cap on the share of one contractor in this node's own spending. Paper VI-E (portfolio
 * management). Off by default.
 *
 * A cap that is on is a wish for diversity, not a budget: it says whom to prefer among those that
 * are there. So it does not apply while there is little to share out, and never leaves nobody: if
 * all that could do a task are over it, those with the least so far are not. With one contractor on
 * the market a cap therefore changes nothing, and the alarm of `spending.ts` says so instead.
 *
 * Does not say who could do a task; the caller does.
 *
 * @module
 */

import { requirePositiveFraction } from '../../cost/quantity-checks.ts';
import { spendingTotals, spentOn } from './spending.ts';
import type { SpendingBook } from './spending.ts';

/** Cap on the share of one contractor, and from when on it applies. */
export interface ShareCap {
  /** In (0, 1]; 1 is no cap. */
  readonly maxShare: number;
  /** The cap applies once so many tasks were outsourced, or so much was spent; both faded. */
  readonly minTasks: number;
  readonly minTotalMicroUsd: number;
}

/** No cap. One that is set applies from 20 tasks or 10 USD on. */
export const DEFAULT_SHARE_CAP: ShareCap = {
  maxShare: 1,
  minTasks: 20,
  minTotalMicroUsd: 10_000_000,
};

function isAmount(microUsd: number): boolean {
  return Number.isFinite(microUsd) && microUsd >= 0;
}

/**
 * Whether `contractor` would have more than its share if it also got `addedMicroUsd`. An amount
 * that is no amount, from a quote that makes no sense, is over any cap.
 *
 * This looks at one contractor alone. To choose among several use {@link contractorsOverCap}, which
 * never excludes all of them.
 *
 * @throws {@link RangeError} for a cap out of range.
 */
export function isOverCap(
  book: SpendingBook,
  contractor: string,
  addedMicroUsd: number,
  cap: ShareCap = DEFAULT_SHARE_CAP,
): boolean {
  requirePositiveFraction('maxShare', cap.maxShare);
  if (cap.maxShare === 1) return false;
  const { microUsd, tasks } = spendingTotals(book);
  if (tasks < cap.minTasks && microUsd < cap.minTotalMicroUsd) return false;
  if (!isAmount(addedMicroUsd)) return true;
  const total = microUsd + addedMicroUsd;
  return total > 0 && (spentOn(book, contractor) + addedMicroUsd) / total > cap.maxShare;
}

/** A contractor that could do a task, and what it asks. */
export interface SpendingOffer {
  readonly contractor: string;
  readonly addedMicroUsd: number;
}

/**
 * Contractors that the cap excludes from a task. If that would be all of them, those that this node
 * has spent the least on so far stay in, whatever their share.
 *
 * @param offers - Of contractors that could really do the task: one that cannot must not be the one
 *   that stays in.
 */
export function contractorsOverCap(
  book: SpendingBook,
  offers: readonly SpendingOffer[],
  cap: ShareCap = DEFAULT_SHARE_CAP,
): string[] {
  const over = offers.filter(({ contractor, addedMicroUsd }) =>
    isOverCap(book, contractor, addedMicroUsd, cap),
  );
  if (over.length < offers.length) return over.map(({ contractor }) => contractor);
  let least = Infinity;
  for (const { contractor, addedMicroUsd } of over) {
    if (isAmount(addedMicroUsd)) least = Math.min(least, spentOn(book, contractor));
  }
  return over
    .filter((offer) => !isAmount(offer.addedMicroUsd) || spentOn(book, offer.contractor) > least)
    .map(({ contractor }) => contractor);
}
