/**
 * Correction of the cost model by what tasks really cost. Paper Eq. (10).
 *
 * Differs from the paper in what is averaged: dollars of tasks of different size say little about
 * each other, so the running average is of the ratio actual / modelled, one per (party, task type),
 * and the model is multiplied by it (equations.md, Eq. 10). A ratio starts at 1: the model itself.
 * An observed ratio is bounded beside the average, so that one odd bill moves it by 60 % at most.
 *
 * Two models are corrected by it: the time of a task that names its operations (party `local`), and
 * what handling a contractor costs. A task without operations is timed by `execution-time.ts`.
 *
 * Does not store itself; {@link Calibration.toJSON} is what a store keeps.
 *
 * @module
 */

import { requireNonNegative, requirePositive } from './quantity-checks.ts';

/** Weight of the newest observation. The paper allows 0.1 to 0.3. */
export const EWMA_RATE = 0.2;

/** The party of a task that ran on this machine. A PeerId is never this word. */
export const LOCAL_PARTY = 'local';

/** Keys kept. A peer makes one by being hired, so the number has a bound; oldest use goes first. */
export const MAX_CALIBRATION_KEYS = 4_096;

/** Bounds of one observed ratio: a single odd bill must not blind the model for weeks. */
export const OBSERVED_RATIO_LIMITS = { min: 0.01, max: 100 } as const;

/** Largest observed ratio / average, and average / observed, that counts as such. */
export const MAX_OBSERVED_STEP = 4;

/** Serial form of a {@link Calibration}, least recently updated first. */
export interface CalibrationJson {
  readonly rate: number;
  readonly ratios: readonly {
    readonly party: string;
    readonly taskType: string;
    readonly ratio: number;
  }[];
}

/**
 * Next value of an exponentially weighted moving average. Paper Eq. (10).
 *
 * @param previous - `null` before the first observation, which then is the average.
 * @param rate - In (0, 1]. Paper symbol lambda.
 */
export function ewma(previous: number | null, actual: number, rate: number = EWMA_RATE): number {
  if (!(rate > 0 && rate <= 1)) {
    throw new RangeError(`"rate" expected a number of more than 0 and at most 1, got ${rate}`);
  }
  if (!Number.isFinite(actual)) {
    throw new RangeError(`"actual" expected a finite number, got ${actual}`);
  }
  return previous === null ? actual : rate * actual + (1 - rate) * previous;
}

function keyOf(party: string, taskType: string): string {
  return JSON.stringify([party, taskType]);
}

/** Running ratios actual / modelled, per party and task type. */
export class Calibration {
  readonly rate: number;
  readonly #ratios = new Map<string, number>();

  constructor(rate: number = EWMA_RATE) {
    ewma(null, 0, rate);
    this.rate = rate;
  }

  /** @throws {@link RangeError} for a rate or a ratio out of range. */
  static fromJSON(json: CalibrationJson): Calibration {
    const calibration = new Calibration(json.rate);
    for (const { party, taskType, ratio } of json.ratios) {
      requirePositive('ratio', ratio);
      calibration.#set(keyOf(party, taskType), ratio);
    }
    return calibration;
  }

  /** Factor on the modelled cost; 1 for a pair never observed. */
  ratio(party: string, taskType: string): number {
    return this.#ratios.get(keyOf(party, taskType)) ?? 1;
  }

  /** Learns from one finished task. A task that the model held to be free teaches nothing. */
  observe(outcome: {
    readonly party: string;
    readonly taskType: string;
    readonly actualMicroUsd: number;
    readonly modelledMicroUsd: number;
  }): void {
    requireNonNegative('actualMicroUsd', outcome.actualMicroUsd);
    requireNonNegative('modelledMicroUsd', outcome.modelledMicroUsd);
    if (outcome.modelledMicroUsd === 0) return;
    const previous = this.ratio(outcome.party, outcome.taskType);
    const min = Math.max(OBSERVED_RATIO_LIMITS.min, previous / MAX_OBSERVED_STEP);
    const max = Math.min(OBSERVED_RATIO_LIMITS.max, previous * MAX_OBSERVED_STEP);
    const observed = outcome.actualMicroUsd / outcome.modelledMicroUsd;
    const bounded = Math.min(max, Math.max(min, observed));
    this.#set(keyOf(outcome.party, outcome.taskType), ewma(previous, bounded, this.rate));
  }

  toJSON(): CalibrationJson {
    const ratios = [...this.#ratios].map(([key, ratio]) => {
      const [party, taskType] = JSON.parse(key) as [string, string];
      return { party, taskType, ratio };
    });
    return { rate: this.rate, ratios };
  }

  #set(key: string, ratio: number): void {
    this.#ratios.delete(key);
    this.#ratios.set(key, ratio);
    if (this.#ratios.size <= MAX_CALIBRATION_KEYS) return;
    for (const oldest of this.#ratios.keys()) {
      this.#ratios.delete(oldest);
      break;
    }
  }
}
