/**
 * What a task costs on this machine. Paper Eq. (1)-(5), with the units of equations.md 1.
 *
 * Money is floating micro-USD here and everywhere else in `node/cost` and `node/decision`; time is
 * hours. Differs from the paper: Eq. (2) as printed multiplies seconds by a price per hour, so the
 * execution time is divided by 3600 first; the depreciation that Eq. (1) names has no formula there
 * and is a straight line here.
 *
 * Does not decide whether the task runs here, and does not measure anything.
 *
 * @module
 */

import { requireNonNegative, requirePositive, requirePositiveFraction } from './quantity-checks.ts';

const SECONDS_PER_HOUR = 3600;
const HOURS_PER_YEAR = 8760;

/** Range of utilisation that the paper calls usual (Eq. 4). Values outside are legal. */
export const USUAL_UTILISATION = { min: 0.7, max: 0.95 } as const;

/** The machine, and what each part of it costs its owner. */
export interface HardwareProfile {
  readonly peakFlopsPerSecond: number;
  /** Bytes that a copy reads and writes; left out: not measured, and in no estimate then. */
  readonly memoryBandwidthBytesPerSecond?: number;
  /** Share of the peak that real work reaches, in (0, 1]. Paper symbol U. */
  readonly utilisation: number;
  /** Size of the one pool that must hold the model. */
  readonly memoryGib: number;
  readonly powerWatts: number;
  /** Running cost of the machine without its purchase and without electricity. */
  readonly computeMicroUsdPerHour: number;
  readonly memoryMicroUsdPerHour: number;
  readonly energyMicroUsdPerKwh: number;
  /** 0 for a rented machine: its rent already pays for the capital. */
  readonly purchaseMicroUsd: number;
  readonly lifeYears: number;
}

/** Memory that the task holds while it runs. */
export interface MemoryDemand {
  readonly modelGib: number;
  readonly kvCacheGib: number;
  readonly activationsGib: number;
}

/** Another task that waits for this machine (Eq. 5). */
export interface QueuedTask {
  readonly valueMicroUsd: number;
  readonly hours: number;
}

/** How long the task takes here. A measured time replaces the estimate in all of Eq. (2)-(5). */
export interface ExecutionEstimate {
  /** Operations, not a rate. */
  readonly flops?: number;
  /** Bytes that the operations move between processor and memory; left out: none that count. */
  readonly memoryTrafficBytes?: number;
  readonly measuredSeconds?: number;
  /**
   * Runs that `measuredSeconds` follows from; 0: it is as the executor declares. Shown; nothing is
   * computed from it.
   */
  readonly measuredRuns?: number;
}

/** Share of the pool that a task needs, and the price of holding it. */
export interface MemoryCost {
  readonly share: number;
  /** Whether the task fits at all: share <= 1. */
  readonly isFeasible: boolean;
  readonly costMicroUsd: number;
}

/** Parts of Eq. (1). `totalMicroUsd` is their sum, whether or not the task fits. */
export interface InternalCost {
  readonly executionHours: number;
  readonly memoryShare: number;
  readonly isFeasible: boolean;
  readonly computeMicroUsd: number;
  readonly memoryMicroUsd: number;
  readonly energyMicroUsd: number;
  readonly opportunityMicroUsd: number;
  readonly depreciationMicroUsd: number;
  /** As handed in. */
  readonly servicesMicroUsd?: number;
  readonly totalMicroUsd: number;
}

/** Everything that Eq. (1) needs. */
export interface InternalCostInput {
  readonly execution: ExecutionEstimate;
  readonly hardware: HardwareProfile;
  readonly memory: MemoryDemand;
  /** The other tasks that wait; the task itself is not among them. */
  readonly queue: readonly QueuedTask[];
  /**
   * Paid to others for the work, such as the service of a model. Differs from the paper, whose Eq.
   * (1) knows this machine alone. Left out: nothing.
   */
  readonly servicesMicroUsd?: number;
}

/** Whether `utilisation` lies in the range that the paper calls usual. */
export function isUsualUtilisation(utilisation: number): boolean {
  return utilisation >= USUAL_UTILISATION.min && utilisation <= USUAL_UTILISATION.max;
}

/** Execution time in hours of `flops` operations. Paper Eq. (2), the time part. */
export function executionHours(
  flops: number,
  peakFlopsPerSecond: number,
  utilisation: number,
): number {
  requireNonNegative('flops', flops);
  requirePositive('peakFlopsPerSecond', peakFlopsPerSecond);
  requirePositiveFraction('utilisation', utilisation);
  return flops / (peakFlopsPerSecond * utilisation) / SECONDS_PER_HOUR;
}

/** Price of the processor for `hours`, in micro-USD. Paper Eq. (2). */
export function computeCostMicroUsd(hours: number, computeMicroUsdPerHour: number): number {
  requireNonNegative('hours', hours);
  requireNonNegative('computeMicroUsdPerHour', computeMicroUsdPerHour);
  return hours * computeMicroUsdPerHour;
}

/** Price of the memory for `hours`. Paper Eq. (3). A share of more than 1 does not fit. */
export function memoryCost(
  demand: MemoryDemand,
  memoryGib: number,
  hours: number,
  memoryMicroUsdPerHour: number,
): MemoryCost {
  requireNonNegative('modelGib', demand.modelGib);
  requireNonNegative('kvCacheGib', demand.kvCacheGib);
  requireNonNegative('activationsGib', demand.activationsGib);
  requirePositive('memoryGib', memoryGib);
  requireNonNegative('hours', hours);
  requireNonNegative('memoryMicroUsdPerHour', memoryMicroUsdPerHour);
  const share = (demand.modelGib + demand.kvCacheGib + demand.activationsGib) / memoryGib;
  return { share, isFeasible: share <= 1, costMicroUsd: share * hours * memoryMicroUsdPerHour };
}

/** Price of the electricity for `hours`, in micro-USD. Paper Eq. (4). */
export function energyCostMicroUsd(
  powerWatts: number,
  utilisation: number,
  hours: number,
  energyMicroUsdPerKwh: number,
): number {
  requireNonNegative('powerWatts', powerWatts);
  requirePositiveFraction('utilisation', utilisation);
  requireNonNegative('hours', hours);
  requireNonNegative('energyMicroUsdPerKwh', energyMicroUsdPerKwh);
  return (powerWatts / 1000) * utilisation * hours * energyMicroUsdPerKwh;
}

/**
 * What the machine could earn in `hours` with the best of the waiting tasks, in micro-USD. Paper
 * Eq. (5). It counts in the decision and is no cash cost.
 */
export function opportunityCostMicroUsd(queue: readonly QueuedTask[], hours: number): number {
  requireNonNegative('hours', hours);
  let bestMicroUsdPerHour = 0;
  for (const waiting of queue) {
    requireNonNegative('valueMicroUsd', waiting.valueMicroUsd);
    requirePositive('hours', waiting.hours);
    bestMicroUsdPerHour = Math.max(bestMicroUsdPerHour, waiting.valueMicroUsd / waiting.hours);
  }
  return bestMicroUsdPerHour * hours;
}

/** Straight-line loss of value in `hours`, in micro-USD. The last term of paper Eq. (1). */
export function depreciationMicroUsd(
  purchaseMicroUsd: number,
  lifeYears: number,
  hours: number,
): number {
  requireNonNegative('purchaseMicroUsd', purchaseMicroUsd);
  requirePositive('lifeYears', lifeYears);
  requireNonNegative('hours', hours);
  return (purchaseMicroUsd / (lifeYears * HOURS_PER_YEAR)) * hours;
}

/**
 * Hours by Eq. (2). Differs from the paper, which knows operations alone: where the task names the
 * bytes that it moves, the slower of both holds (the roofline of Williams, Waterman and Patterson
 * 2009). What a probe measured is what real work reaches, so no share of use is taken of it.
 *
 * @throws {@link RangeError} if neither a measured time nor an operation count is known.
 */
function hoursOf(execution: ExecutionEstimate, hardware: HardwareProfile): number {
  if (execution.measuredSeconds !== undefined) {
    requireNonNegative('measuredSeconds', execution.measuredSeconds);
    return execution.measuredSeconds / SECONDS_PER_HOUR;
  }
  if (execution.flops === undefined) {
    throw new RangeError('"execution" expected "flops" or "measuredSeconds", got neither');
  }
  const { flops, memoryTrafficBytes = 0 } = execution;
  requireNonNegative('memoryTrafficBytes', memoryTrafficBytes);
  const computing = executionHours(flops, hardware.peakFlopsPerSecond, hardware.utilisation);
  const { memoryBandwidthBytesPerSecond: bandwidth } = hardware;
  if (memoryTrafficBytes === 0 || bandwidth === undefined) return computing;
  requirePositive('memoryBandwidthBytesPerSecond', bandwidth);
  return Math.max(computing, memoryTrafficBytes / bandwidth / SECONDS_PER_HOUR);
}

/**
 * Cost of running a task here, and where each part comes from. Paper Eq. (1).
 *
 * @throws {@link RangeError} for a quantity that is not finite or out of its range.
 */
export function internalCost(input: InternalCostInput): InternalCost {
  const { hardware, servicesMicroUsd } = input;
  if (servicesMicroUsd !== undefined) requireNonNegative('servicesMicroUsd', servicesMicroUsd);
  const hours = hoursOf(input.execution, hardware);
  const memory = memoryCost(
    input.memory,
    hardware.memoryGib,
    hours,
    hardware.memoryMicroUsdPerHour,
  );
  const compute = computeCostMicroUsd(hours, hardware.computeMicroUsdPerHour);
  const energy = energyCostMicroUsd(
    hardware.powerWatts,
    hardware.utilisation,
    hours,
    hardware.energyMicroUsdPerKwh,
  );
  const opportunity = opportunityCostMicroUsd(input.queue, hours);
  const depreciation = depreciationMicroUsd(hardware.purchaseMicroUsd, hardware.lifeYears, hours);
  return {
    executionHours: hours,
    memoryShare: memory.share,
    isFeasible: memory.isFeasible,
    computeMicroUsd: compute,
    memoryMicroUsd: memory.costMicroUsd,
    energyMicroUsd: energy,
    opportunityMicroUsd: opportunity,
    depreciationMicroUsd: depreciation,
    ...(servicesMicroUsd !== undefined && { servicesMicroUsd }),
    totalMicroUsd:
      compute + memory.costMicroUsd + energy + opportunity + depreciation + (servicesMicroUsd ?? 0),
  };
}
