/**
 * What exploring each row of a decision matrix can lose, from the figures of the decision
 * (`exploration/loss-budget.ts` has the rule).
 *
 * @module
 */

import type { CandidateTable } from './candidate-table.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import { explorationLossMicroUsd, realisedLossMicroUsd } from './exploration/loss-budget.ts';
import type { ExplorationCosts } from './exploration/loss-budget.ts';
import type { TaskFacts } from './task-facts.ts';

const MS_PER_MINUTE = 60_000;

/** The decision without exploration, as far as losses are counted from it. */
interface CashOtherwise {
  /** -1: it stays here, or is refused. */
  readonly greedyRow: number;
  /** Here; `null` if it cannot run here. */
  readonly cashLocalMicroUsd: number | null;
}

/** Who could lose least. */
export interface LeastLoss {
  readonly row: number;
  readonly lossMicroUsd: number;
}

/** What exploring each row can lose. */
export class ExplorationLosses {
  readonly #priceMicroUsd: Float64Array;
  readonly #latencyMs: Float64Array;
  readonly #facts: TaskFacts;
  readonly #matrix: DecisionMatrix;
  /** Of the decision without exploration, its risk left out; `null` if it is refused. */
  readonly #greedyCashMicroUsd: number | null;

  constructor(
    { columns }: CandidateTable,
    facts: TaskFacts,
    matrix: DecisionMatrix,
    { greedyRow, cashLocalMicroUsd }: CashOtherwise,
  ) {
    this.#priceMicroUsd = columns.priceMicroUsd;
    this.#latencyMs = columns.latencyMs;
    this.#facts = facts;
    this.#matrix = matrix;
    this.#greedyCashMicroUsd = cashLocalMicroUsd;
    if (greedyRow >= 0) {
      const { priceMicroUsd, handlingMicroUsd, latenessMicroUsd } = this.#costs(greedyRow);
      this.#greedyCashMicroUsd = priceMicroUsd + handlingMicroUsd + latenessMicroUsd;
    }
  }

  /** The worst case. */
  most(row: number): number {
    return explorationLossMicroUsd(this.#costs(row));
  }

  /** In the worst case, if the contractor delivers, and if it fails; `null` for no row. */
  of(row: number) {
    if (row < 0) {
      return { lossMicroUsd: null, successLossMicroUsd: null, failureLossMicroUsd: null };
    }
    const costs = this.#costs(row);
    return {
      lossMicroUsd: explorationLossMicroUsd(costs),
      successLossMicroUsd: realisedLossMicroUsd(costs, true),
      failureLossMicroUsd: realisedLossMicroUsd(costs, false),
    };
  }

  /** Whether there is a row that the limit allows. */
  isAnyWithin(limitMicroUsd: number): boolean {
    const { count, explorableFrom, capacity } = this.#matrix;
    for (let row = 0; row < count; row++) if (this.most(row) <= limitMicroUsd) return true;
    for (let row = explorableFrom; row < capacity; row++) {
      if (this.most(row) <= limitMicroUsd) return true;
    }
    return false;
  }

  /** The first of those that could lose least; `null` without a row, or where none is a number. */
  least(): LeastLoss | null {
    const { count, explorableFrom, capacity } = this.#matrix;
    let least: LeastLoss | null = null;
    for (let row = 0; row < capacity; row++) {
      if (row >= count && row < explorableFrom) continue;
      const lossMicroUsd = this.most(row);
      if (lossMicroUsd < (least?.lossMicroUsd ?? Infinity)) least = { row, lossMicroUsd };
    }
    return least;
  }

  #costs(row: number): ExplorationCosts {
    const { candidateIndex, columns } = this.#matrix;
    const index = candidateIndex[row]!;
    const { maxLatencyMs, latencyMicroUsdPerMinute } = this.#facts;
    const lateMinutes = Math.max(0, this.#latencyMs[index]! - maxLatencyMs) / MS_PER_MINUTE;
    return {
      priceMicroUsd: this.#priceMicroUsd[index]!,
      handlingMicroUsd: columns.handlingMicroUsd[row]!,
      latenessMicroUsd: lateMinutes === 0 ? 0 : lateMinutes * latencyMicroUsdPerMinute,
      greedyCostMicroUsd: this.#greedyCashMicroUsd,
    };
  }
}
