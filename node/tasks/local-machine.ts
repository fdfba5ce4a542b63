/**
 * This machine as a place where tasks can run: its executors, its prices, what tasks have really
 * cost here, and what dealing with contractors costs besides their price (equations.md 7).
 *
 * Work here and dealings with contractors are both measured in processor time of this process: what
 * other processes take of the machine, and waiting for an answer, is neither's cost.
 *
 * @module
 */

import type { Config } from '../config/schema.ts';
import { Calibration, LOCAL_PARTY, ewma } from '../cost/calibration.ts';
import type { CalibrationJson } from '../cost/calibration.ts';
import { internalCost } from '../cost/internal-cost.ts';
import type { HardwareProfile } from '../cost/internal-cost.ts';
import { COST_PRESETS, microUsd } from '../cost/presets.ts';
import type { LocalExecution } from '../decision/request.ts';
import type { JsonSection } from '../storage/store.ts';
import type { Processor } from '../system-clock.ts';
import { createBuiltinExecutor } from './executors/executor-registry.ts';
import type { SkillExecutor } from './executors/skill-executor.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { SkillShelf } from './skill-shelf.ts';
import type { ResultPart } from './task-parts.ts';

const SETTINGS_KEY = 'local-machine';
const SECONDS_PER_HOUR = 3_600;
/** Shortest modelled work that is learned from. */
const MIN_MEASURED_SECONDS = 0.02;

/** What tasks have cost besides their price, as running means in micro-USD; null until measured. */
export interface MeasuredOverheads {
  readonly sessionMicroUsd: number | null;
  readonly verificationMicroUsd: number | null;
}

/** Stored form. */
interface StoredMachine {
  readonly calibration: CalibrationJson;
  readonly overheads: MeasuredOverheads;
}

export interface LocalMachineInit {
  readonly config: Config;
  readonly shelf: SkillShelf;
  readonly settings: JsonSection<StoredMachine>;
  readonly processor: Processor;
}

/** One run on this machine. */
export interface LocalRun {
  readonly parts: readonly ResultPart[];
  /** Processor time of the work. */
  readonly seconds: number;
}

/** Machine, prices and experience of one node. */
export class LocalMachine {
  readonly hardware: HardwareProfile;
  readonly #init: LocalMachineInit;
  readonly #builtins = new Map<string, SkillExecutor>();
  /** Task types that have run since the start. */
  readonly #warm = new Set<string>();
  #calibration = new Calibration();
  #overheads: MeasuredOverheads = { sessionMicroUsd: null, verificationMicroUsd: null };

  constructor(init: LocalMachineInit) {
    const { hardware, prices } = init.config;
    this.#init = init;
    this.hardware = {
      peakFlopsPerSecond: hardware.peakFlops,
      utilisation: hardware.utilisation,
      memoryGib: hardware.memoryGib,
      powerWatts: hardware.powerWatts,
      purchaseMicroUsd: microUsd(hardware.purchaseUsd),
      lifeYears: COST_PRESETS.shipped.prices.lifeYears,
      computeMicroUsdPerHour: microUsd(prices.computeUsdPerHour),
      memoryMicroUsdPerHour: microUsd(prices.memoryUsdPerHour),
      energyMicroUsdPerKwh: microUsd(prices.energyUsdPerKwh),
    };
  }

  /** Takes up what was learned before the restart. */
  async load(): Promise<void> {
    const stored = await this.#init.settings.get(SETTINGS_KEY);
    if (!stored) return;
    this.#calibration = Calibration.fromJSON(stored.calibration);
    this.#overheads = stored.overheads;
  }

  /** This node's own executor of a skill: the one it sells, else the built-in one. */
  executor(term: string): SkillExecutor | undefined {
    const sold = this.#init.shelf.find(term);
    if (sold) return sold.runner;
    const known = this.#builtins.get(term) ?? createBuiltinExecutor(term);
    if (known) this.#builtins.set(term, known);
    return known;
  }

  /** Facts for a decision on `task`. */
  execution(task: Pick<PreparedTask, 'term' | 'inputBytes' | 'specification'>): LocalExecution {
    const executor = this.executor(task.term);
    const { flops, memoryGiB } = task.specification.resources ?? {};
    const common = { hardware: this.hardware, queue: [] };
    if (!executor) {
      return {
        ...common,
        isAvailable: false,
        unavailableReason: `no executor for ${task.term}`,
        memory: { modelGib: 0, kvCacheGib: 0, activationsGib: memoryGiB ?? 0 },
      };
    }
    const estimate = executor.estimate({ inputBytes: task.inputBytes });
    return {
      ...common,
      isAvailable: true,
      execution: flops === undefined ? { measuredSeconds: estimate.seconds } : { flops },
      memory: {
        modelGib: 0,
        kvCacheGib: 0,
        activationsGib: Math.max(estimate.memoryGib, memoryGiB ?? 0),
      },
    };
  }

  /** Calibrated cost of the task here, Eq. 1 without Eq. 5, in micro-USD; `null` if infeasible. */
  costMicroUsd(task: Pick<PreparedTask, 'term' | 'inputBytes' | 'specification'>): number | null {
    const { isAvailable, execution, memory, hardware } = this.execution(task);
    if (!isAvailable || execution === undefined) return null;
    const cost = internalCost({ execution, memory, hardware, queue: [] });
    return cost.isFeasible ? cost.totalMicroUsd * this.ratio(LOCAL_PARTY, task.term) : null;
  }

  /** Actual / modelled cost so far (Eq. 10). */
  ratio(party: string, taskType: string): number {
    return this.#calibration.ratio(party, taskType);
  }

  get overheads(): MeasuredOverheads {
    return this.#overheads;
  }

  /** Runs a task here, and learns from the processor time it took. */
  async run(task: PreparedTask, signal: AbortSignal): Promise<LocalRun> {
    const executor = this.executor(task.term);
    if (!executor)
      throw new TypeError(`"task" expected a skill with an executor, got ${task.term}`);
    await executor.prepare?.();
    const { processor } = this.#init;
    const start = processor.seconds();
    const { specification, parts } = task;
    const result = await executor.execute({ specification, parts }, { signal });
    const seconds = processor.seconds() - start;
    await this.observeRun(task, seconds);
    return { parts: result.parts, seconds };
  }

  /** Price of processor time here, in micro-USD: Eq. 2 and Eq. 4. */
  priceOfCpu(seconds: number): number {
    const { computeMicroUsdPerHour, powerWatts, energyMicroUsdPerKwh } = this.hardware;
    const perHour = computeMicroUsdPerHour + (powerWatts / 1_000) * energyMicroUsdPerKwh;
    return (perHour * seconds) / SECONDS_PER_HOUR;
  }

  /** Learns what a deal with a contractor cost besides its price. */
  async observeOverhead(kind: keyof MeasuredOverheads, costMicroUsd: number): Promise<void> {
    this.#overheads = {
      ...this.#overheads,
      [kind]: ewma(this.#overheads[kind], Math.max(0, costMicroUsd)),
    };
    await this.#save();
  }

  /**
   * Learns from one run of a task on this machine (Eq. 10). The first run of a type after a start
   * pays for code that is compiled once: it is no measure.
   */
  async observeRun(task: PreparedTask, seconds: number): Promise<void> {
    if (!this.#warm.has(task.term)) {
      this.#warm.add(task.term);
      return;
    }
    const { execution, memory, hardware } = this.execution(task);
    if (execution === undefined) return;
    const modelled = internalCost({ execution, memory, hardware, queue: [] });
    // A task of a few milliseconds measures what comes with every task, not its work.
    if (modelled.executionHours * SECONDS_PER_HOUR < MIN_MEASURED_SECONDS) return;
    const actual = internalCost({
      execution: { measuredSeconds: seconds },
      memory,
      hardware,
      queue: [],
    });
    this.#calibration.observe({
      party: LOCAL_PARTY,
      taskType: task.term,
      actualMicroUsd: actual.totalMicroUsd,
      modelledMicroUsd: modelled.totalMicroUsd,
    });
    await this.#save();
  }

  async #save(): Promise<void> {
    const stored = { calibration: this.#calibration.toJSON(), overheads: this.#overheads };
    await this.#init.settings.put(SETTINGS_KEY, stored);
  }
}
