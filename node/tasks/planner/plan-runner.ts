/**
 * Runs a plan: subtasks whose inputs are at hand, a few at a time, within one budget and one
 * deadline. A subtask that fails leaves out those that need its result; the others go on.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { Clock, Logger } from '../../../protocols/components.ts';
import type { PlanProgressDocument, RunDocument, SubtaskDocument } from '../../api-documents.ts';
import type { Processor } from '../../system-clock.ts';
import type { LocalMachine } from '../local-machine.ts';
import type { PolicyChoice } from '../node-policy.ts';
import type { AttemptBegun } from '../run-history.ts';
import { totalsOf } from '../run-totals.ts';
import type { DailySpending } from '../daily-spending.ts';
import { SpendingCap } from '../spending-cap.ts';
import type { ResultPart } from '../task-parts.ts';
import { sized } from '../task-request.ts';
import type { TaskRunner } from '../task-runner.ts';
import type { Span, Tracer } from '../../tracing/tracer.ts';
import { integrate } from './integration.ts';
import type { RunEntry } from './run-journal.ts';
import { withResults } from './plan.ts';
import type { Plan, PlannedTask } from './plan.ts';

export interface PlanRunnerComponents {
  readonly runner: Pick<TaskRunner, 'run'>;
  readonly machine: Pick<LocalMachine, 'attend' | 'priceOfCpu' | 'expectedOutputBytes'>;
  readonly clock: Clock;
  readonly processor: Processor;
  readonly logger: Logger;
  /** Subtasks at work at the same time. */
  readonly maxParallel: number;
  /** What the node pays in a day; left out: no limit. */
  readonly daily?: DailySpending | undefined;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
}

/** How to run a plan. */
export interface PlanOptions extends PolicyChoice {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: PlanProgressDocument) => void) | undefined;
  /** Told of each subtask that somebody begins to work on. */
  readonly onAttempt?: ((subtaskId: string, attempt: AttemptBegun) => void) | undefined;
  /** Where it is kept what was done; none: a run that is cut short is lost. */
  readonly journal?: RunEntry | undefined;
}

/** Runs plans. */
export class PlanRunner {
  readonly #components: PlanRunnerComponents;

  constructor(components: PlanRunnerComponents) {
    this.#components = components;
  }

  /** Runs a plan to its end. What subtasks come to is part of the answer, not an error. */
  run(plan: Plan, options: PlanOptions): Promise<RunDocument> {
    return new PlanRun(this.#components, plan, options).toEnd();
  }
}

/** One run of one plan. */
class PlanRun {
  readonly #components: PlanRunnerComponents;
  readonly #plan: Plan;
  readonly #options: PlanOptions;
  readonly #runId: string;
  readonly #signal: AbortSignal;
  readonly #span: Span | undefined;
  readonly #cap: SpendingCap;
  readonly #startMs: number;
  readonly #results = new Map<string, readonly ResultPart[]>();
  readonly #ended = new Map<string, RunDocument | undefined>();
  /** Completed before this run was cut short. */
  readonly #before: ReadonlyMap<string, RunDocument>;
  /** Paid by then for others, which had failed or were at work. */
  readonly #paidBeforeMicroUsd: number;

  constructor(components: PlanRunnerComponents, plan: Plan, options: PlanOptions) {
    this.#components = components;
    this.#plan = plan;
    this.#options = options;
    this.#runId = options.journal?.runId ?? randomUUID();
    this.#before = options.journal?.completed ?? new Map<string, RunDocument>();
    for (const [id, run] of this.#before) {
      this.#ended.set(id, run);
      this.#results.set(id, run.output ?? []);
    }
    const { journal } = options;
    const paidForCompleted = [...this.#before.values()].reduce(
      (sum, { subtasks }) => sum + subtasks[0]!.paidMicroUsd,
      0,
    );
    const paidBefore = Math.max(paidForCompleted, journal?.paidMicroUsd ?? 0);
    this.#paidBeforeMicroUsd = paidBefore - paidForCompleted;
    this.#cap = new SpendingCap({
      limitMicroUsd: plan.budgetMicroUsd ?? undefined,
      paidMicroUsd: paidBefore,
      daily: components.daily,
      onPaid: (paidMicroUsd) => journal?.notePaid(paidMicroUsd) ?? Promise.resolve(),
    });
    this.#startMs = components.clock.monotonicMs();
    const attributes = { 'coalesce.run': this.#runId };
    this.#span = components.tracer?.start('run', { attributes });
    const { signal } = options;
    const { deadlineMs } = plan;
    this.#signal =
      deadlineMs === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  }

  async toEnd(): Promise<RunDocument> {
    let status: string | undefined;
    try {
      const run = await this.#work();
      ({ status } = run);
      return run;
    } finally {
      this.#span?.set('coalesce.status', status ?? 'ended');
      this.#span?.end(status !== 'completed');
    }
  }

  async #work(): Promise<RunDocument> {
    const { clock, processor } = this.#components;
    const startSeconds = processor.seconds();
    this.#tell(null);
    await this.#dispatch();
    this.#options.signal.throwIfAborted();
    const spentSeconds = processor.seconds() - startSeconds;
    return this.#document(spentSeconds, clock.monotonicMs() - this.#startMs);
  }

  /** Starts what can start, and again whenever something has ended. */
  async #dispatch(): Promise<void> {
    const waiting = new Set(this.#plan.tasks.filter(({ id }) => !this.#ended.has(id)));
    const atWork = new Set<Promise<void>>();
    const startReady = (): void => {
      for (const task of waiting) {
        if (this.#isHopeless(task)) {
          waiting.delete(task);
          this.#end(task, undefined);
        } else if (atWork.size < this.#components.maxParallel && this.#isReady(task)) {
          waiting.delete(task);
          const work = this.#runOne(task).finally(() => atWork.delete(work));
          atWork.add(work);
        }
      }
    };
    for (;;) {
      startReady();
      if (atWork.size === 0) return;
      await Promise.race(atWork);
    }
  }

  #isReady({ dependsOn }: PlannedTask): boolean {
    return dependsOn.every((id) => this.#results.has(id));
  }

  /** Time is up, or something that it needs was not done. */
  #isHopeless({ dependsOn }: PlannedTask): boolean {
    return (
      this.#signal.aborted || dependsOn.some((id) => this.#ended.has(id) && !this.#results.has(id))
    );
  }

  async #runOne(task: PlannedTask): Promise<void> {
    const { runner, machine, logger } = this.#components;
    const ready = sized(withResults(task, this.#results), machine);
    const { policy, explore, onAttempt } = this.#options;
    const options = {
      ...{ policy, explore },
      onAttempt: (attempt: AttemptBegun) => onAttempt?.(task.id, attempt),
      parent: this.#span?.context,
    };
    try {
      const run = await machine.attend(ready, () =>
        runner.run(ready, options, this.#signal, this.#cap),
      );
      if (run.status === 'completed' && run.output) {
        await this.#options.journal?.note(task.id, run);
        this.#results.set(task.id, run.output);
      }
      this.#end(task, run);
    } catch (error) {
      if (!this.#signal.aborted) {
        // A subtask of several must not take the others with it.
        if (this.#plan.tasks.length === 1) throw error;
        logger.warn({ subtask: task.id, err: error }, 'A subtask failed.');
      }
      this.#end(task, undefined);
    }
  }

  #end(task: PlannedTask, run: RunDocument | undefined): void {
    this.#ended.set(task.id, run);
    const { id, source } = task;
    const document = run?.subtasks[0];
    this.#tell({
      id,
      source,
      status: document?.status ?? 'skipped',
      where: document?.attempts.at(-1)?.where ?? null,
      paidMicroUsd: document?.paidMicroUsd ?? 0,
      wallMs: document?.wallMs ?? 0,
    });
  }

  #tell(subtask: PlanProgressDocument['subtask']): void {
    this.#options.onProgress?.({
      runId: this.#runId,
      subtask,
      ended: this.#ended.size,
      of: this.#plan.tasks.length,
      paidMicroUsd: this.#cap.paidMicroUsd,
    });
  }

  /**
   * Handling is what this process spent beside the work itself; each subtask that was tried now
   * bears the same share, for what runs at the same time cannot be told apart.
   */
  #document(spentSeconds: number, wallMs: number): RunDocument {
    const { tasks, title } = this.#plan;
    const tried = [...this.#ended]
      .filter(([id]) => !this.#before.has(id))
      .flatMap(([, run]) => run ?? []);
    const workSeconds = tried.reduce((sum, run) => sum + run.subtasks[0]!.cost.workHereSeconds, 0);
    const handlingSeconds = Math.max(0, spentSeconds - workSeconds) / Math.max(1, tried.length);
    const handlingMicroUsd = this.#components.machine.priceOfCpu(handlingSeconds);
    const subtasks = tasks.flatMap(({ id, source, dependsOn }): SubtaskDocument[] => {
      const document = this.#ended.get(id)?.subtasks[0];
      if (!document) return [];
      const cost = this.#before.has(id) ? document.cost : { ...document.cost, handlingMicroUsd };
      return [{ ...document, id, source, dependsOn, cost }];
    });
    const documents = new Map(subtasks.map((document) => [document.id, document]));
    const output = integrate(this.#plan, this.#results, documents);
    return {
      taskId: this.#runId,
      title,
      status: this.#status(),
      output: tasks.length === 1 ? (tried[0]?.output ?? null) : output,
      subtasks,
      skipped: tasks.filter(({ id }) => !documents.has(id)).map(({ id }) => id),
      totals: totalsOf(
        subtasks.map(({ cost }) => cost),
        wallMs,
        this.#paidBeforeMicroUsd,
      ),
    };
  }

  #status(): RunDocument['status'] {
    const statuses = [...this.#ended.values()].map((run) => run?.status ?? 'failed');
    if (statuses.every((status) => status === 'completed')) return 'completed';
    if (statuses.some((status) => status === 'completed')) return 'partial';
    return statuses.every((status) => status === 'refused') ? 'refused' : 'failed';
  }
}
