/**
 * How much a run may still pay: by its own budget, and by what the node may pay in a day. What an
 * attempt may cost is set aside before it begins, so that attempts that run at the same time cannot
 * spend the same money.
 *
 * @module
 */

import type { DailySpending } from './daily-spending.ts';

/** Money that was set aside for one attempt. */
export interface Reservation {
  /** Ends it: so much was paid, and the rest is free again. Only the first call counts. */
  settle(paidMicroUsd: number): Promise<void>;
}

/** Which limit leaves too little. */
export type ShortOf = 'the budget' | "the day's limit, spending.maxPerDayUsd";

export interface SpendingCapInit {
  /** Micro-USD; left out: no limit. */
  readonly limitMicroUsd?: number | undefined;
  /** Of it, what was paid before. */
  readonly paidMicroUsd?: number;
  /** Of the node; left out: no limit. */
  readonly daily?: DailySpending | undefined;
  /** Told of every payment, with the sum so far; an attempt ends once it has resolved. */
  readonly onPaid?: ((paidMicroUsd: number) => Promise<void>) | undefined;
}

export class SpendingCap {
  readonly #limitMicroUsd: number;
  readonly #daily: DailySpending | undefined;
  readonly #onPaid: SpendingCapInit['onPaid'];
  #reservedMicroUsd = 0;
  #paidMicroUsd: number;

  constructor({ limitMicroUsd = Infinity, paidMicroUsd = 0, daily, onPaid }: SpendingCapInit = {}) {
    this.#onPaid = onPaid;
    this.#limitMicroUsd = limitMicroUsd;
    this.#paidMicroUsd = paidMicroUsd;
    this.#daily = daily;
  }

  get paidMicroUsd(): number {
    return this.#paidMicroUsd;
  }

  /** Neither paid nor set aside. */
  get leftMicroUsd(): number {
    return Math.min(this.#leftOfBudget, this.#daily?.leftMicroUsd ?? Infinity);
  }

  /** Which of the limits is the narrower one now. */
  get shortOf(): ShortOf {
    const left = this.#daily?.leftMicroUsd ?? Infinity;
    return left < this.#leftOfBudget ? "the day's limit, spending.maxPerDayUsd" : 'the budget';
  }

  /** Sets `amountMicroUsd` aside. @returns `undefined` if there is not so much. */
  async reserve(amountMicroUsd: number): Promise<Reservation | undefined> {
    if (amountMicroUsd > this.#leftOfBudget) return undefined;
    this.#reservedMicroUsd += amountMicroUsd;
    let ofDay: Reservation | undefined;
    try {
      ofDay = await this.#daily?.reserve(amountMicroUsd);
    } catch (error) {
      this.#reservedMicroUsd -= amountMicroUsd;
      throw error;
    }
    if (this.#daily && !ofDay) {
      this.#reservedMicroUsd -= amountMicroUsd;
      return undefined;
    }
    let isOpen = true;
    return {
      settle: async (paidMicroUsd) => {
        if (!isOpen) return;
        isOpen = false;
        this.#reservedMicroUsd -= amountMicroUsd;
        this.#paidMicroUsd += paidMicroUsd;
        await ofDay?.settle(paidMicroUsd);
        if (paidMicroUsd > 0) await this.#onPaid?.(this.#paidMicroUsd);
      },
    };
  }

  get #leftOfBudget(): number {
    return this.#limitMicroUsd - this.#paidMicroUsd - this.#reservedMicroUsd;
  }
}
