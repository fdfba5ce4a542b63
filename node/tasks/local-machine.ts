/**
 * This machine as a place where tasks can run: its executors, its prices, what waits for it, what
 * tasks have really cost here, and what dealing with contractors costs besides their price
 * (equations.md 7).
 *
 * Work here and dealings with contractors are both measured in processor time of this process, and
 * of the programs that it starts for the work: what others take of the machine, and waiting for an
 * answer, is neither's cost. What a service is paid for the work is a cost of its own, modelled by
 * the executor and corrected by what was really paid, as in Eq. (10).
 *
 * Two models of a task's time here: from the operations that it names, corrected by the average of
 * Eq. (10); else from the runs of its type (`execution-time.ts`), which need no correction. Work
 * for clients teaches neither: they choose its input, and could make work here look dear.
 *
 * @module
 */

import type { Config } from '../config/schema.ts';
import { Calibration, LOCAL_PARTY } from '../cost/calibration.ts';
import type { CalibrationJson } from '../cost/calibration.ts';
import { ExecutionTimes } from '../cost/execution-time.ts';
import type { ExecutionTimesJson } from '../cost/execution-time.ts';
import { energyCostMicroUsd, internalCost } from '../cost/internal-cost.ts';
import type { HardwareProfile, QueuedTask } from '../cost/internal-cost.ts';
import { RunningMeans } from '../cost/running-means.ts';
import type { RunningMeansJson } from '../cost/running-means.ts';
import type { LocalExecution } from '../decision/request.ts';
import type { StoredHardware } from '../hardware-probe.ts';
import type { JsonSection } from '../storage/store.ts';
import type { Processor } from '../system-clock.ts';
import { createBuiltinExecutor } from './executors/executor-registry.ts';
import type { SkillExecutor } from './executors/skill-executor.ts';
import { SpendingSum } from './executors/spending-sum.ts';
import { hardwareProfile } from './hardware-profile.ts';
import { HandlingCosts, UNMEASURED } from './handling-costs.ts';
import type { Deal, MeasuredOverheads, OverheadKind } from './handling-costs.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { SkillShelf } from './skill-shelf.ts';
import type { ResultPart } from './task-parts.ts';
import type { TaskSpecification } from './task.ts';
import { WorkMeter } from './work-meter.ts';
import type { Measure } from './work-meter.ts';
import { WorkQueue } from './work-queue.ts';
import { workSize } from './work-size.ts';

const SETTINGS_KEY = 'local-machine';
const SECONDS_PER_HOUR = 3_600;
/** Shortest modelled work that the ratio of Eq. (10) is learned from. */
const MIN_MEASURED_SECONDS = 0.02;
/** Waiting tasks that go into a decision, those worth most per hour: the best decides Eq. (5). */
const MAX_QUEUE_IN_DECISION = 16;
/** No result that travels is larger: one odd result of a contractor must not make all look dear. */
const MAX_OUTPUT_BYTES = 1_000_000;

/** What the cost of a task here depends on. */
export interface TaskHere extends Pick<PreparedTask, 'term' | 'inputBytes'> {
  readonly specification: Pick<TaskSpecification, 'resources'>;
  /** Left out where the content is not at hand. */
  readonly parts?: PreparedTask['parts'];
  /** Left out: it is none of the tasks in work. */
  readonly taskId?: string;
}

/** Stored form. What an older version did not store is left out. */
export interface StoredMachine {
  readonly calibration: CalibrationJson;
  readonly overheads: Partial<MeasuredOverheads>;
  readonly times?: ExecutionTimesJson;
  readonly outputRatios?: RunningMeansJson;
  readonly paidRatios?: RunningMeansJson;
}

export interface LocalMachineInit {
  readonly config: Config;
  readonly shelf: SkillShelf;
  readonly settings: JsonSection<StoredMachine>;
  readonly processor: Processor;
  /** What the probe found; `null` or left out if it found nothing. */
  readonly measured?: StoredHardware | null;
  /** Left out: a queue of its own. */
  readonly queue?: WorkQueue;
}

/** One run on this machine. */
export interface LocalRun {
  readonly parts: readonly ResultPart[];
  /** Processor time of this process. */
  readonly seconds: number;
}

/** Machine, prices and experience of one node. */
export class LocalMachine {
  readonly hardware: HardwareProfile;
  readonly queue: WorkQueue;
  /** Every piece of work whose time is learned from. */
  readonly meter: WorkMeter;
  readonly #init: LocalMachineInit;
  readonly #builtins = new Map<string, SkillExecutor>();
  /** Task types that have run since the start. */
  readonly #warm = new Set<string>();
  #calibration = new Calibration();
  #times = new ExecutionTimes();
  #outputRatios = new RunningMeans();
  /** Paid to services / estimated, per task type. */
  #paidRatios = new RunningMeans();
  #handling: HandlingCosts;

  constructor(init: LocalMachineInit) {
    this.#init = init;
    this.hardware = hardwareProfile(init.config, init.measured ?? null);
    this.queue = init.queue ?? new WorkQueue();
    this.meter = new WorkMeter(init.processor);
    this.#handling = this.#newHandling(UNMEASURED);
  }

  /** Takes up what was learned before the restart. */
  async load(): Promise<void> {
    const stored = await this.#init.settings.get(SETTINGS_KEY);
    if (!stored) return;
    const { rate, ratios } = stored.calibration;
    // Before times were learned, the ratios of this machine corrected what executors declare.
    const isOlder = stored.times === undefined;
    const kept = ratios.filter(({ party }) => !(isOlder && party === LOCAL_PARTY));
    this.#calibration = Calibration.fromJSON({ rate, ratios: kept });
    if (stored.times) this.#times = ExecutionTimes.fromJSON(stored.times);
    this.#outputRatios = new RunningMeans(stored.outputRatios);
    this.#paidRatios = new RunningMeans(stored.paidRatios);
    this.#handling = this.#newHandling({ ...UNMEASURED, ...stored.overheads });
  }

  #newHandling(overheads: MeasuredOverheads): HandlingCosts {
    const priceOfCpu = (seconds: number): number => this.priceOfCpu(seconds);
    const { meter } = this;
    return new HandlingCosts({ calibration: this.#calibration, meter, priceOfCpu }, overheads);
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
  execution(task: TaskHere): LocalExecution {
    const waiting = this.queue
      .beside(task.taskId)
      .flatMap((other) => this.#queued(other.task, other.valueMicroUsd))
      .sort((a, b) => b.valueMicroUsd / b.hours - a.valueMicroUsd / a.hours);
    return { ...this.#executionOf(task), queue: waiting.slice(0, MAX_QUEUE_IN_DECISION) };
  }

  /** A waiting task as Eq. (5) takes it; none if it cannot run here, or takes no time. */
  #queued(task: TaskHere, valueMicroUsd: number): QueuedTask[] {
    const { isAvailable, execution, memory, hardware } = this.#executionOf(task);
    if (!isAvailable || execution === undefined) return [];
    const cost = internalCost({ execution, memory, hardware, queue: [] });
    const hours = cost.executionHours * this.localRatio(task);
    return cost.isFeasible && hours > 0 ? [{ valueMicroUsd, hours }] : [];
  }

  #executionOf(task: TaskHere): LocalExecution {
    const executor = this.executor(task.term);
    const { memoryGiB, memoryTrafficBytes } = task.specification.resources ?? {};
    const flops = this.#operationsHere(task);
    const common = { hardware: this.hardware, queue: [] };
    if (!executor) {
      return {
        ...common,
        isAvailable: false,
        unavailableReason: `no executor for ${task.term}`,
        memory: { modelGib: 0, kvCacheGib: 0, activationsGib: memoryGiB ?? 0 },
      };
    }
    const declared = executor.estimate({ inputBytes: task.inputBytes });
    return {
      ...common,
      isAvailable: true,
      execution:
        flops === undefined
          ? {
              measuredSeconds: this.#times.predict(task.term, workSize(task), declared.seconds),
              measuredRuns: this.#times.runsOf(task.term),
            }
          : { flops, ...(memoryTrafficBytes === undefined ? {} : { memoryTrafficBytes }) },
      memory: {
        modelGib: 0,
        kvCacheGib: 0,
        activationsGib: Math.max(declared.memoryGib, memoryGiB ?? 0),
      },
      ...(declared.paidMicroUsd !== undefined && {
        servicesMicroUsd: declared.paidMicroUsd * (this.#paidRatios.mean(task.term) ?? 1),
      }),
    };
  }

  /** Operations that this machine would do; `undefined` if unknown, or if a service does them. */
  #operationsHere({ term, specification }: TaskHere): number | undefined {
    return this.executor(term)?.isRemote === true ? undefined : specification.resources?.flops;
  }

  /** Calibrated cost of the task here, Eq. 1 without Eq. 5, in micro-USD; `null` if infeasible. */
  costMicroUsd(task: TaskHere): number | null {
    const { isAvailable, execution, ...machine } = this.#executionOf(task);
    if (!isAvailable || execution === undefined) return null;
    const cost = internalCost({ ...machine, execution });
    return cost.isFeasible ? cost.totalMicroUsd * this.localRatio(task) : null;
  }

  /** Actual / modelled cost so far (Eq. 10). */
  ratio(party: string, taskType: string): number {
    return this.#calibration.ratio(party, taskType);
  }

  /** The same for a task here: 1 where its time follows from runs and not from its operations. */
  localRatio(task: TaskHere): number {
    return this.#operationsHere(task) === undefined ? 1 : this.ratio(LOCAL_PARTY, task.term);
  }

  get overheads(): MeasuredOverheads {
    return this.#handling.overheads;
  }

  /** Bytes of the result: as specified, else by the results of this type, else as assumed. */
  expectedOutputBytes(task: PreparedTask): number {
    if (task.specification.output.expectedBytes !== undefined) return task.expectedOutputBytes;
    const ratio = this.#outputRatios.mean(task.term);
    if (ratio === undefined) return task.expectedOutputBytes;
    return Math.min(MAX_OUTPUT_BYTES, Math.ceil(ratio * task.inputBytes));
  }

  /** Runs a task here, and learns from the processor time it took. */
  async run(task: PreparedTask, signal: AbortSignal): Promise<LocalRun> {
    const executor = this.executor(task.term);
    if (!executor)
      throw new TypeError(`"task" expected a skill with an executor, got ${task.term}`);
    await executor.prepare?.();
    const { specification, parts } = task;
    const spent = new SpendingSum();
    const { result, seconds, isAlone } = await this.meter.time(
      executor.workKind ?? 'computes',
      () => executor.execute({ specification, parts }, { signal, onSpent: spent.add }),
    );
    if (isAlone) this.#learnRun(task, seconds + spent.processorSeconds);
    this.#learnPaid(task, spent.paidMicroUsd);
    this.#learnOutput(task, result.parts);
    await this.#save();
    return { parts: result.parts, seconds };
  }

  /** Price of processor time here, in micro-USD: Eq. 2 and Eq. 4. */
  priceOfCpu(seconds: number): number {
    const { computeMicroUsdPerHour, powerWatts, utilisation, energyMicroUsdPerKwh } = this.hardware;
    const hours = seconds / SECONDS_PER_HOUR;
    const energy = energyCostMicroUsd(powerWatts, utilisation, hours, energyMicroUsdPerKwh);
    return computeMicroUsdPerHour * hours + energy;
  }

  /**
   * Runs `work` on one of this node's own tasks, which counts as waiting for this machine
   * meanwhile. What its result costs after the checks, until `work` is done, is integration.
   */
  async attend<Result>(task: PreparedTask, work: () => Promise<Result>): Promise<Result> {
    const { taskId, specification } = task;
    this.queue.add(taskId, { task, valueMicroUsd: specification.valueMicroUsd });
    this.#handling.begin(taskId);
    try {
      const result = await work();
      if (this.#handling.integrated(taskId)) await this.#save();
      return result;
    } finally {
      this.#handling.end(taskId);
      this.queue.delete(taskId);
    }
  }

  /** Learns what one kind of handling took. */
  async observeOverhead(kind: OverheadKind, measure: Measure): Promise<void> {
    this.#handling.learn(kind, measure);
    await this.#save();
  }

  /**
   * Learns from a settled contract.
   *
   * @param parts - The result, `null` if it was not accepted.
   */
  async observeDeal(
    task: PreparedTask,
    deal: Omit<Deal, 'taskId' | 'taskType' | 'isAccepted'>,
    parts: readonly ResultPart[] | null,
  ): Promise<void> {
    const { taskId, term: taskType } = task;
    if (parts) this.#learnOutput(task, parts);
    this.#handling.settled({ ...deal, taskId, taskType, isAccepted: parts !== null });
    await this.#save();
  }

  /** Learns from one undisturbed run of a task on this machine. */
  async observeRun(task: TaskHere, seconds: number): Promise<void> {
    this.#learnRun(task, seconds);
    await this.#save();
  }

  /**
   * The first run of a type after a start pays for code that is compiled once: it is no measure.
   */
  #learnRun(task: TaskHere, seconds: number): void {
    if (!this.#warm.has(task.term)) this.#warm.add(task.term);
    else if (this.#operationsHere(task) === undefined) this.#learnTime(task, seconds);
    else this.#learnRatio(task, seconds);
  }

  #learnOutput(task: PreparedTask, parts: readonly ResultPart[]): void {
    if (task.inputBytes === 0) return;
    const bytes = parts.reduce((sum, { text, data }) => {
      return sum + Buffer.byteLength(text ?? JSON.stringify(data ?? null));
    }, 0);
    this.#outputRatios.observe(task.term, bytes / task.inputBytes);
  }

  #learnPaid({ term, inputBytes }: TaskHere, paidMicroUsd: number): void {
    const { paidMicroUsd: estimated = 0 } = this.executor(term)?.estimate({ inputBytes }) ?? {};
    if (estimated > 0) this.#paidRatios.observe(term, paidMicroUsd / estimated);
  }

  #learnTime(task: TaskHere, seconds: number): void {
    const declared = this.executor(task.term)?.estimate({ inputBytes: task.inputBytes });
    if (!declared) return;
    const { bytes, columns = 0 } = workSize(task);
    const run = { bytes, columns, declaredSeconds: declared.seconds, seconds };
    this.#times.observe(task.term, run);
  }

  /** Paper Eq. (10), for a time that follows from operations. */
  #learnRatio(task: TaskHere, seconds: number): void {
    const { execution, memory, hardware } = this.#executionOf(task);
    if (execution === undefined) return;
    const modelled = internalCost({ execution, memory, hardware, queue: [] });
    // A task of a few milliseconds measures what comes with every task, not its operations.
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
  }

  async #save(): Promise<void> {
    await this.#init.settings.put(SETTINGS_KEY, {
      calibration: this.#calibration.toJSON(),
      overheads: this.overheads,
      times: this.#times.toJSON(),
      outputRatios: this.#outputRatios.toJSON(),
      paidRatios: this.#paidRatios.toJSON(),
    });
  }
}
