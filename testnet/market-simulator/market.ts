/**
 * What a simulated market is made of: contractor types, task types, the client's machine, arrivals
 * and prices. Plain data; the presets fill it in, and one simulator runs them all.
 *
 * Money is micro-USD, latency minutes, data decimal gigabytes, memory GiB.
 *
 * @module
 */

import type { HardwareProfile } from '../../node/cost/internal-cost.ts';
import type { LinkPrice, Overheads } from '../../node/cost/presets.ts';

/** One kind of contractor. Arrays go by task type, in the market's order. */
export interface ContractorType {
  readonly name: string;
  /** Share of the population. All shares add up to 1. */
  readonly share: number;
  /** Price per unit of each of the two kinds that a task is measured in. */
  readonly unitPricesMicroUsd: readonly [number, number];
  readonly latencyMinutes: number;
  /** Probability that a task is delivered. */
  readonly reliability: number;
  readonly securityRisk: number;
  /** Probability that what is delivered is wrong. */
  readonly qualityRisk: number;
  readonly skills: readonly string[];
  /** Cosine of the embeddings of each task type and this contractor's offer. */
  readonly similarities: readonly number[];
  /** What the paper's code states as its record per task type. */
  readonly performance: readonly number[];
}

/** Range of a uniform draw. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** One kind of task. */
export interface TaskType {
  readonly name: string;
  /** All probabilities add up to 1. */
  readonly probability: number;
  readonly requiredSkills: readonly string[];
  readonly maxLatencyMinutes: number;
  /** Minutes that a task of complexity 1 takes here, as far as they are reported. */
  readonly localMinutes: number;
}

/** What one task turned out to be. */
export interface DrawnTask {
  readonly complexity: number;
  readonly valueMicroUsd: number;
  /** Most that the client would like to pay; the paper's code weighs by it. */
  readonly budgetMicroUsd: number;
  readonly inputGb: number;
  readonly outputGb: number;
  /** Seconds on the client's machine. */
  readonly localSeconds: number;
  readonly localMinutes: number;
  readonly memoryGib: number;
  /** Units that a contractor's two prices multiply. */
  readonly units: readonly [number, number];
}

/** Uniform and standard normal draws. */
export interface Draws {
  uniform(): number;
  normal(): number;
}

/** How a contractor's load follows from its work. */
export interface LoadRule {
  /**
   * `reference`: demand drifts with the market's, capacity falls with all tasks ever done, as in
   * the paper's code. `slots`: demand is the tasks under way and waiting, capacity the free slots.
   */
  readonly kind: 'reference' | 'slots';
  /** Tasks that a contractor does at a time. */
  readonly slots: number;
}

/** When tasks arrive. */
export interface Arrivals {
  /** Tasks per hour at a demand of 1, of all clients together. */
  readonly tasksPerHour: number;
  readonly baseDemand: number;
  readonly demandDeviation: number;
  readonly demandLimits: Range;
  /** Factor on demand in business hours: Monday to Friday, these hours of the day included. */
  readonly businessFactor: number;
  readonly businessHours: Range;
  /** Hour of the week, Monday 0:00 is 0, at which a run starts. */
  readonly startHourOfWeek: number;
}

/** A market. */
export interface Market {
  readonly contractors: readonly ContractorType[];
  readonly tasks: readonly TaskType[];
  readonly arrivals: Arrivals;
  readonly load: LoadRule;
  readonly hardware: HardwareProfile;
  readonly overheads: Overheads;
  readonly link: LinkPrice;
  readonly latencyMicroUsdPerMinute: number;
  /** Relative deviations of a contractor's latency and prices from its type. */
  readonly latencyDeviation: number;
  readonly priceDeviation: number;
  /** Least latency in minutes, and least price per unit as a share of its type's. */
  readonly minLatencyMinutes: number;
  readonly minUnitPriceShare: number;
  /** Relative deviations of actual from estimated cost here and there, and of actual latency. */
  readonly localNoise: number;
  readonly externalNoise: number;
  readonly timeNoise: number;
  readonly drawTask: (type: number, draws: Draws) => DrawnTask;
}
