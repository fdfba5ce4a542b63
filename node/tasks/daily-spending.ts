/**
 * What a node may pay for work in a day of UTC, `spending.maxPerDayUsd`. What an attempt may cost
 * is on disk as spent before the attempt begins, and what it did not cost is given back after: a
 * crash in between makes the day's account too high and never too low.
 *
 * Payments that a person orders by hand (`ledger transfer`, `ledger pay-out`) are not counted.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';
import type { Reservation } from './spending-cap.ts';

const DAY_MS = 86_400_000;
const SETTINGS_KEY = 'daily-spending';

/** The account as it is stored. */
export interface StoredDailySpending {
  /** Whole days since 1970. */
  readonly day: number;
  /** Paid, and set aside for attempts that had not ended. */
  readonly spentMicroUsd: number;
}

/** The account as it is shown. */
export interface DailySpendingStatus {
  readonly spentMicroUsd: number;
  /** `null` for no limit. */
  readonly limitMicroUsd: number | null;
}

export interface DailySpendingInit {
  readonly settings: JsonSection<StoredDailySpending>;
  readonly clock: Clock;
  /** Infinity for no limit. */
  readonly limitMicroUsd: number;
}

/** The account of one node. */
export class DailySpending {
  readonly #init: DailySpendingInit;
  #account: StoredDailySpending = { day: 0, spentMicroUsd: 0 };

  constructor(init: DailySpendingInit) {
    this.#init = init;
  }

  /** Reads the account of before the restart. */
  async load(): Promise<void> {
    this.#account = (await this.#init.settings.get(SETTINGS_KEY)) ?? this.#account;
  }

  /** What may still be paid today, micro-USD. */
  get leftMicroUsd(): number {
    return this.#init.limitMicroUsd - this.#today().spentMicroUsd;
  }

  /** Sets so much aside, on disk. @returns `undefined` if there is not so much left today. */
  async reserve(amountMicroUsd: number): Promise<Reservation | undefined> {
    if (amountMicroUsd > this.leftMicroUsd) return undefined;
    const { day } = this.#today();
    await this.#add(amountMicroUsd);
    let isOpen = true;
    return {
      settle: async (paidMicroUsd) => {
        if (!isOpen) return;
        isOpen = false;
        // What was set aside on a day that is over counts in full on that day.
        if (this.#today().day === day) await this.#add(paidMicroUsd - amountMicroUsd);
      },
    };
  }

  status(): DailySpendingStatus {
    const { limitMicroUsd } = this.#init;
    return {
      spentMicroUsd: this.#today().spentMicroUsd,
      limitMicroUsd: Number.isFinite(limitMicroUsd) ? limitMicroUsd : null,
    };
  }

  #add(amountMicroUsd: number): Promise<void> {
    const { day, spentMicroUsd } = this.#today();
    // In the same turn, so that what comes next sees it; on disk a moment later.
    this.#account = { day, spentMicroUsd: spentMicroUsd + amountMicroUsd };
    return this.#init.settings.put(SETTINGS_KEY, this.#account);
  }

  /** Begun anew on a later day; a clock that was set back does not begin a day again. */
  #today(): StoredDailySpending {
    const day = Math.floor(this.#init.clock.nowMs() / DAY_MS);
    if (day > this.#account.day) this.#account = { day, spentMicroUsd: 0 };
    return this.#account;
  }
}
