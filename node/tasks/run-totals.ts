/**
 * Sums of a run: what was spent against what it would have cost here (architecture.md D12). Nothing
 * is clipped, nothing left out: work done here, checks and the handling of contractors count as
 * spent, and so does what was spent on tasks that were not done. The cost here is of those alone
 * that were done: where none was, there is nothing to have saved.
 *
 * @module
 */

import type { TotalsDocument } from '../api-documents.ts';

/** What one task cost. Micro-USD. */
export interface TaskCost {
  /** Calibrated C_int when it was decided, Eq. 5 left out; `null` if the task cannot run here. */
  readonly localCostMicroUsd: number | null;
  /** The same with Eq. 5. */
  readonly localCostWithOpportunityMicroUsd: number | null;
  /** To contractors, failed attempts included. */
  readonly paidMicroUsd: number;
  /** Processor time here for sessions and checks, failed attempts included. */
  readonly handlingMicroUsd: number;
  readonly isDoneHere: boolean;
  /** Whether it was completed; left out: it was. */
  readonly isCompleted?: boolean;
  readonly wallMs: number;
}

function share(spent: number, local: number): number | null {
  return local > 0 ? 100 * (1 - spent / local) : null;
}

/**
 * Sums over tasks. A task that cannot run here has no saving and is left out of the percentages.
 *
 * @param paidBeforeMicroUsd - Paid before the run was cut short, for what was not completed then.
 */
export function totalsOf(
  costs: readonly TaskCost[],
  wallMs: number,
  paidBeforeMicroUsd = 0,
): TotalsDocument {
  let paid = paidBeforeMicroUsd;
  let local = 0;
  let localWithOpportunity = 0;
  let spent = paidBeforeMicroUsd;
  let money = paidBeforeMicroUsd;
  let savedClipped = 0;
  let doneHere = 0;
  let comparable = 0;
  let completed = 0;
  for (const cost of costs) {
    paid += cost.paidMicroUsd;
    const { localCostMicroUsd } = cost;
    if (localCostMicroUsd === null) continue;
    comparable++;
    const own = cost.isDoneHere ? localCostMicroUsd : 0;
    const costOfTask = cost.paidMicroUsd + cost.handlingMicroUsd + own;
    spent += costOfTask;
    money += cost.paidMicroUsd + own;
    if (cost.isCompleted === false) continue;
    completed++;
    local += localCostMicroUsd;
    localWithOpportunity += cost.localCostWithOpportunityMicroUsd ?? localCostMicroUsd;
    if (cost.isDoneHere) doneHere += localCostMicroUsd;
    else savedClipped += Math.max(0, localCostMicroUsd - costOfTask);
  }
  const hasAny = completed > 0;
  const hasSpent = comparable > 0 || paidBeforeMicroUsd > 0;
  return {
    paidMicroUsd: paid,
    paidBeforeMicroUsd,
    localCostMicroUsd: hasAny ? local : null,
    localCostWithOpportunityMicroUsd: hasAny ? localWithOpportunity : null,
    spentMicroUsd: hasSpent ? spent : null,
    netSavingPercent: share(spent, local),
    moneySavingPercent: share(money, local),
    netSavingWithOpportunityPercent: share(spent, localWithOpportunity),
    paperMetricPercent: doneHere > 0 ? (100 * savedClipped) / doneHere : null,
    wallMs: Math.round(wallMs),
  };
}
