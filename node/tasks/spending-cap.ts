/**
 * How much a plan may still pay. What an attempt may cost is set aside before it begins, so that
 * attempts that run at the same time cannot spend the same money.
 *
 * @module
 */

export class SpendingCap {
  /** Micro-USD; Infinity for no limit. */
  readonly #limitMicroUsd: number;
  #reservedMicroUsd = 0;
  #paidMicroUsd: number;

  /** @param paidMicroUsd - Of it, what was paid before. */
  constructor(limitMicroUsd: number, paidMicroUsd = 0) {
    this.#limitMicroUsd = limitMicroUsd;
    this.#paidMicroUsd = paidMicroUsd;
  }

  get paidMicroUsd(): number {
    return this.#paidMicroUsd;
  }

  /** Neither paid nor set aside. */
  get leftMicroUsd(): number {
    return this.#limitMicroUsd - this.#paidMicroUsd - this.#reservedMicroUsd;
  }

  /** Sets `amountMicroUsd` aside. @returns whether there was so much. */
  reserve(amountMicroUsd: number): boolean {
    if (amountMicroUsd > this.leftMicroUsd) return false;
    this.#reservedMicroUsd += amountMicroUsd;
    return true;
  }

  /** Ends a reservation of which so much was paid. */
  settle(reservedMicroUsd: number, paidMicroUsd: number): void {
    this.#reservedMicroUsd -= reservedMicroUsd;
    this.#paidMicroUsd += paidMicroUsd;
  }
}
