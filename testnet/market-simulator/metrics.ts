/**
 * Figures of a run, made of its sums. Both metrics stand side by side everywhere (architecture.md
 * D12); each is a percentage of money, never an amount printed as one.
 *
 * @module
 */

import type { RunSums } from './accounts.ts';

const PERCENT = 100;

/** Figures of one run. `null`: the figure is not defined, because what it divides by is 0. */
export interface Figures {
  /** 1 - paid / cost of doing everything here, over all tasks that could be done here. */
  readonly netSavingPercent: number | null;
  readonly netSavingWithOpportunityPercent: number | null;
  /** The paper's: gains, losses cut off, over the cost of the tasks that were done here. */
  readonly paperMetricPercent: number | null;
  readonly paperMetricWithoutOpportunityPercent: number | null;
  readonly outsourcingRatePercent: number;
  readonly explorationRatePercent: number;
  /** 1 - minutes / minutes of doing everything here, one after the other. */
  readonly netTimeSavingPercent: number | null;
  /** The paper's: minutes gained over the minutes of the tasks that were done here. */
  readonly timeSavingPercent: number | null;
  readonly lostPercent: number;
  readonly unnoticedPercent: number;
  /** Of the outsourced tasks: those that cost more than at home. */
  readonly atALossPercent: number | null;
  readonly score: number | null;
  readonly confidence: number | null;
  readonly concentration: number;
  /** Saved on the ten outsourced tasks before an exploration, and on the ten after it. */
  readonly savedBeforePercent: number | null;
  readonly savedAfterPercent: number | null;
  /** Paid for a task that could not be done here, in micro-USD. */
  readonly paidPerInfeasibleMicroUsd: number | null;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : (PERCENT * part) / whole;
}

/** The figures of a run. */
export function figuresOf(sums: RunSums): Figures {
  return {
    netSavingPercent: share(sums.local - sums.paid, sums.local),
    netSavingWithOpportunityPercent: share(
      sums.localWithOpportunity - sums.paidWithOpportunity,
      sums.localWithOpportunity,
    ),
    paperMetricPercent: share(sums.gainsWithOpportunity, sums.paidLocallyWithOpportunity),
    paperMetricWithoutOpportunityPercent: share(sums.gains, sums.paidLocally),
    outsourcingRatePercent: share(sums.outsourced, sums.tasks) ?? 0,
    explorationRatePercent: share(sums.explored, sums.tasks) ?? 0,
    netTimeSavingPercent: share(sums.localMinutes - sums.minutes, sums.localMinutes),
    timeSavingPercent: share(sums.minuteGains, sums.minutesLocally),
    lostPercent: share(sums.lost, sums.tasks) ?? 0,
    unnoticedPercent: share(sums.unnoticed, sums.tasks) ?? 0,
    atALossPercent: share(sums.atALoss, sums.outsourced),
    score: sums.exploited === 0 ? null : sums.scoreSum / sums.exploited,
    confidence: sums.exploited === 0 ? null : sums.confidenceSum / sums.exploited,
    concentration: sums.concentration,
    savedBeforePercent: share(sums.savedBeforeSum, sums.comparedExplorations),
    savedAfterPercent: share(sums.savedAfterSum, sums.comparedExplorations),
    paidPerInfeasibleMicroUsd:
      sums.infeasible === sums.refused
        ? null
        : sums.paidForInfeasible / (sums.infeasible - sums.refused),
  };
}
