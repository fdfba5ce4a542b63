/**
 * Sum of what one run spent besides the processor time of this process.
 *
 * @module
 */

import type { Spending } from './skill-executor.ts';

/** Adds up what an executor reports. */
export class SpendingSum {
  paidMicroUsd = 0;
  processorSeconds = 0;

  readonly add = ({ paidMicroUsd = 0, processorSeconds = 0 }: Spending): void => {
    this.paidMicroUsd += paidMicroUsd;
    this.processorSeconds += processorSeconds;
  };
}
