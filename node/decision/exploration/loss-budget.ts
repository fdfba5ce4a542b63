/**
 * What exploring may lose: at most 1 % of the task's value, and of all explorations together at
 * most 0.4 % of what all tasks would have cost here. Paper IV-D only says that 10 % of decisions
 * "limits exposure"; a rate of decisions bounds no amount of money, so this does.
 *
 * Loss is read as cash beyond what the decision would have cost without exploration, in the worst
 * case. Two things can happen. The contractor delivers: the client spends price, handling and
 * lateness instead of the greedy cost. It fails: the client pays nothing (escrow), has spent the
 * handling, and then does what it would have done anyway. The greater of the two losses is handling
 * plus whatever price and lateness exceed the greedy cost by. Risk terms (Eq. 9) are left out on
 * both sides: they are expectations.
 *
 * The bounds hold for every sequence of outcomes if each exploration's loss is within the budget of
 * its time, and if handling costs what the model says. Handling is an average of what was measured,
 * and so is the share of results that are audited: an audit repeats the work. What it really took
 * in processor time is charged when a result was delivered, so that an overrun is made up for
 * before the next exploration; a contract that breaks off is charged as modelled. Lateness is that
 * of the quoted time. What is done instead of a failed exploration may have become dearer
 * meanwhile; that is not counted. Nor is what bargaining would have saved: the greedy cost has the
 * quoted price, and who is explored is not bargained with. With several explorations under way,
 * count each one's worst case as lost until it ends.
 *
 * @module
 */

import { requireFraction, requireNonNegative } from '../../cost/quantity-checks.ts';

/** What an exploration costs beside what it replaces, in micro-USD. */
export interface ExplorationCosts {
  /** Paid on success only. */
  readonly priceMicroUsd: number;
  /** Communication, verification and integration: spent in any case. */
  readonly handlingMicroUsd: number;
  /** Cost of a soft deadline missed by the quoted time. */
  readonly latenessMicroUsd: number;
  /** Of the decision without exploration, without its risk term; `null` if it is REFUSED. */
  readonly greedyCostMicroUsd: number | null;
}

/** Shares that explorations may lose. */
export interface LossLimits {
  /** One exploration: of its task's value. */
  readonly maxShareOfValue: number;
  /** All of them: of what all tasks would have cost here. */
  readonly maxShareOfLocal: number;
}

export const DEFAULT_LOSS_LIMITS: LossLimits = { maxShareOfValue: 0.01, maxShareOfLocal: 0.004 };

/** Figures that the budget of one decision depends on, in micro-USD. */
export interface LossAccount {
  /** Of the present task. */
  readonly valueMicroUsd: number;
  /** What all tasks so far would have cost here, the present one included. */
  readonly cumulativeLocalMicroUsd: number;
  /** What explorations so far have lost. */
  readonly cumulativeLossMicroUsd: number;
}

/** Excess over the greedy cost on success. A task that is refused otherwise cannot come late. */
function successLossMicroUsd(costs: ExplorationCosts): number {
  const { priceMicroUsd, handlingMicroUsd, latenessMicroUsd, greedyCostMicroUsd } = costs;
  return greedyCostMicroUsd === null
    ? priceMicroUsd + handlingMicroUsd
    : priceMicroUsd + handlingMicroUsd + latenessMicroUsd - greedyCostMicroUsd;
}

/**
 * Most that an exploration can lose: handling + max(0, price + lateness - greedy cost). Not a
 * number if one of the costs is not: no budget covers that.
 */
export function explorationLossMicroUsd(costs: ExplorationCosts): number {
  return Math.max(costs.handlingMicroUsd, successLossMicroUsd(costs));
}

/**
 * What an exploration has lost, once its outcome is known; never above its worst case. A saving
 * counts as 0: it does not pay for losses to come.
 */
export function realisedLossMicroUsd(costs: ExplorationCosts, isSuccess: boolean): number {
  return isSuccess ? Math.max(0, successLossMicroUsd(costs)) : costs.handlingMicroUsd;
}

/**
 * Most that an exploration may lose now: the lesser of the task's share and what is left of the
 * common one; at least 0. An exploration is within it if its loss is not more (<=).
 *
 * @throws {@link RangeError} for an amount that is negative or not finite, or a limit outside
 *   [0, 1].
 */
export function lossBudgetMicroUsd(
  account: LossAccount,
  limits: LossLimits = DEFAULT_LOSS_LIMITS,
): number {
  requireNonNegative('valueMicroUsd', account.valueMicroUsd);
  requireNonNegative('cumulativeLocalMicroUsd', account.cumulativeLocalMicroUsd);
  requireNonNegative('cumulativeLossMicroUsd', account.cumulativeLossMicroUsd);
  requireFraction('maxShareOfValue', limits.maxShareOfValue);
  requireFraction('maxShareOfLocal', limits.maxShareOfLocal);
  const ofValue = limits.maxShareOfValue * account.valueMicroUsd;
  const ofLocal = limits.maxShareOfLocal * account.cumulativeLocalMicroUsd;
  return Math.max(0, Math.min(ofValue, ofLocal - account.cumulativeLossMicroUsd));
}
