/**
 * What a run cost, and what it would have cost without anybody's help. Sums only: means, rates and
 * percentages are made of them in `metrics.ts`, so that runs can be added up.
 *
 * Every money sum stands twice: as cash, and with what Eq. (5) adds, the opportunity that a busy
 * machine misses.
 *
 * @module
 */

import { herfindahlIndex } from '../../node/decision/portfolio/herfindahl.ts';

/** Sums over all tasks of one run. Money in micro-USD. */
export interface RunSums {
  readonly tasks: number;
  /** Tasks that do not fit this machine; no saving is counted for them. */
  readonly infeasible: number;
  readonly refused: number;
  readonly outsourced: number;
  readonly explored: number;
  /** Outsourced tasks whose result did not come, was wrong, or was leaked. */
  readonly lost: number;
  /** Of these, wrong results that nobody noticed. */
  readonly unnoticed: number;
  readonly late: number;
  /** Outsourced tasks that cost more than doing them here, cash. */
  readonly atALoss: number;
  /** Paid for everything that could be done here, and that all of it would have cost here. */
  readonly paid: number;
  readonly paidWithOpportunity: number;
  readonly local: number;
  readonly localWithOpportunity: number;
  /** Paid for what could not be done here. */
  readonly paidForInfeasible: number;
  /** The paper's metric: gains of outsourced tasks, losses cut off, and cost of the local ones. */
  readonly gains: number;
  readonly gainsWithOpportunity: number;
  readonly paidLocally: number;
  readonly paidLocallyWithOpportunity: number;
  /** The same in minutes, and minutes of all tasks as done and as they would take here. */
  readonly minuteGains: number;
  readonly minutesLocally: number;
  readonly minutes: number;
  readonly localMinutes: number;
  /** Of decisions to outsource that were no exploration. */
  readonly exploited: number;
  readonly scoreSum: number;
  readonly confidenceSum: number;
  /** Herfindahl index of what contractors were paid. */
  readonly concentration: number;
  /**
   * Explorations with ten other outsourced tasks on either side, and sums over them of the mean
   * share of the cost here that those ten saved, before and after.
   */
  readonly comparedExplorations: number;
  readonly savedBeforeSum: number;
  readonly savedAfterSum: number;
}

/** One task, done. */
export interface DoneTask {
  readonly isOutsourced: boolean;
  /** Whether it could have been done here. */
  readonly isFeasible: boolean;
  /** Cost here, as estimated and as it is or would have been; cash, and with Eq. (5). */
  readonly estimate: number;
  readonly estimateWithOpportunity: number;
  readonly localFactor: number;
  /** Paid in all for an outsourced task, a repetition here included. */
  readonly paid: number;
  readonly paidWithOpportunity: number;
  readonly minutes: number;
  readonly localMinutes: number;
}

/** Outsourced tasks before and after an exploration that are compared. */
const COMPARED_TASKS = 10;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Adds tasks up. */
export class Accounts {
  readonly #sums: Mutable<RunSums> = zeroSums();
  readonly #spent: Float64Array;
  /** Of outsourced tasks that were no exploration, and how many of them were before each one. */
  readonly #savedShares: number[] = [];
  readonly #exploredAfter: number[] = [];

  constructor(contractors: number) {
    this.#spent = new Float64Array(contractors);
  }

  count(name: 'refused' | 'lost' | 'unnoticed' | 'late'): void {
    this.#sums[name]++;
  }

  addExplored(): void {
    this.#sums.explored++;
    this.#exploredAfter.push(this.#savedShares.length);
  }

  /**
   * A decision to outsource that was no exploration.
   *
   * @param saved - Share of the cost here that it saved; less than 0 for a loss.
   */
  addExploited(score: number, confidence: number, saved: number): void {
    this.#savedShares.push(saved);
    this.#sums.exploited++;
    this.#sums.scoreSum += score;
    this.#sums.confidenceSum += confidence;
  }

  addSpending(contractor: number, microUsd: number): void {
    this.#spent[contractor]! += microUsd;
  }

  add(task: DoneTask): void {
    const sums = this.#sums;
    sums.tasks++;
    if (task.isOutsourced) sums.outsourced++;
    if (!task.isFeasible) {
      sums.infeasible++;
      sums.paidForInfeasible += task.paid;
      return;
    }
    const local = task.estimate * task.localFactor;
    const localWithOpportunity = task.estimateWithOpportunity * task.localFactor;
    sums.local += local;
    sums.localWithOpportunity += localWithOpportunity;
    sums.localMinutes += task.localMinutes;
    if (task.isOutsourced) {
      sums.paid += task.paid;
      sums.paidWithOpportunity += task.paidWithOpportunity;
      sums.minutes += task.minutes;
      sums.gains += Math.max(0, task.estimate - task.paid);
      const gain = task.estimateWithOpportunity - task.paidWithOpportunity;
      sums.gainsWithOpportunity += Math.max(0, gain);
      sums.minuteGains += Math.max(0, task.localMinutes - task.minutes);
      if (task.paid > local) sums.atALoss++;
    } else {
      sums.paid += local;
      sums.paidWithOpportunity += localWithOpportunity;
      sums.minutes += task.localMinutes;
      sums.paidLocally += local;
      sums.paidLocallyWithOpportunity += localWithOpportunity;
      sums.minutesLocally += task.localMinutes;
    }
  }

  sums(): RunSums {
    return {
      ...this.#sums,
      ...this.#choiceQuality(),
      concentration: herfindahlIndex(Array.from(this.#spent)),
    };
  }

  /** Whether choices got better after an exploration. */
  #choiceQuality() {
    const { length } = this.#savedShares;
    let comparedExplorations = 0;
    let savedBeforeSum = 0;
    let savedAfterSum = 0;
    for (const at of this.#exploredAfter) {
      if (at < COMPARED_TASKS || at + COMPARED_TASKS > length) continue;
      comparedExplorations++;
      savedBeforeSum += this.#meanSaved(at - COMPARED_TASKS);
      savedAfterSum += this.#meanSaved(at);
    }
    return { comparedExplorations, savedBeforeSum, savedAfterSum };
  }

  #meanSaved(from: number): number {
    let sum = 0;
    for (let i = from; i < from + COMPARED_TASKS; i++) sum += this.#savedShares[i]!;
    return sum / COMPARED_TASKS;
  }
}

function zeroSums(): RunSums {
  return {
    tasks: 0,
    infeasible: 0,
    refused: 0,
    outsourced: 0,
    explored: 0,
    lost: 0,
    unnoticed: 0,
    late: 0,
    atALoss: 0,
    paid: 0,
    paidWithOpportunity: 0,
    local: 0,
    localWithOpportunity: 0,
    paidForInfeasible: 0,
    gains: 0,
    gainsWithOpportunity: 0,
    paidLocally: 0,
    paidLocallyWithOpportunity: 0,
    minuteGains: 0,
    minutesLocally: 0,
    minutes: 0,
    localMinutes: 0,
    exploited: 0,
    scoreSum: 0,
    confidenceSum: 0,
    concentration: 0,
    comparedExplorations: 0,
    savedBeforeSum: 0,
    savedAfterSum: 0,
  };
}
