/**
 * The runs of this node as a client: those at work, in memory, and those that have ended, on disk.
 * Listeners are told of every change, so that a page can show a run while it goes on.
 *
 * Of a run that a crash cut short nothing stands here; the run journal has it.
 *
 * @module
 */

import type { Clock, Logger } from '../../protocols/components.ts';
import type {
  RunRecordDocument,
  RunStepDocument,
  SavingsDocument,
  SavingsPointDocument,
} from '../activity-documents.ts';
import type { PlanProgressDocument, RunDocument } from '../api-documents.ts';
import { CancelledError } from '../errors.ts';
import type { JsonSection } from '../storage/store.ts';
import type { Plan } from './planner/plan.ts';
import { totalsOf } from './run-totals.ts';

/** Runs that are kept; the oldest gives way. */
export const MAX_RUNS = 1_000;
/** Steps that are kept of one run. */
export const MAX_STEPS = 256;
/** Points of savings over time. */
export const MAX_POINTS = 200;
/** Characters of a time as key: it sorts by it. */
const TIME_CHARACTERS = 9;
const MAX_TITLE_CHARACTERS = 200;
const MAX_PROBLEM_CHARACTERS = 500;

/** A run as it is stored: an older version left out what is optional here. */
type StoredRun = Omit<RunRecordDocument, 'atWork' | 'deadlineMs'> &
  Partial<Pick<RunRecordDocument, 'atWork' | 'deadlineMs'>>;

export interface RunHistoryInit {
  readonly section: JsonSection<RunRecordDocument>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Told of a run that has begun, gone on or ended. */
export type RunListener = (run: RunRecordDocument) => void;

/** The history of one node. */
export class RunHistory {
  readonly #init: RunHistoryInit;
  readonly #working = new Map<string, RunRecordDocument>();
  readonly #listeners = new Set<RunListener>();
  /** What ends a run at work, by its id. */
  readonly #controllers = new Map<string, AbortController>();
  /** Ended, oldest first. */
  #ended: RunRecordDocument[] = [];

  constructor(init: RunHistoryInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    const stored: readonly StoredRun[] = await this.#init.section.values();
    this.#ended = stored.map((run) => ({ deadlineMs: null, atWork: [], ...run }));
  }

  /** Runs at work first, then the newest. */
  list(limit: number): readonly RunRecordDocument[] {
    return [...[...this.#working.values()].reverse(), ...this.#ended.toReversed()].slice(0, limit);
  }

  /** The run with this id; `undefined` if there is none, or it has given way. */
  find(runId: string): RunRecordDocument | undefined {
    return this.#working.get(runId) ?? this.#ended.findLast((run) => run.runId === runId);
  }

  /** Calls a run off that is at work. It ends a little later. @returns whether there was one. */
  cancel(runId: string): boolean {
    const controller = this.#controllers.get(runId);
    controller?.abort(new CancelledError(`The run ${runId} was cancelled`));
    return controller !== undefined;
  }

  /** @returns a function that ends it. */
  listen(listener: RunListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Notes how far a run is, and hands on what it is told. */
  progressOf(
    plan: PlanBegun,
    onProgress: ((progress: PlanProgressDocument) => void) | undefined,
  ): RunWatch {
    let runId: string | undefined;
    const controller = new AbortController();
    return {
      signal: controller.signal,
      onProgress: (progress) => {
        runId = progress.runId;
        this.#controllers.set(runId, controller);
        this.#onProgress(plan, progress);
        onProgress?.(progress);
      },
      onAttempt: (id, attempt) => {
        if (runId !== undefined) this.#onAttempt(runId, id, attempt);
      },
      onEnd: (run) => this.#onEnd(run, plan),
      onFailure: (error) =>
        runId === undefined ? Promise.resolve() : this.#onFailure(runId, error),
    };
  }

  /** Net and paper's metric over time, from the costs of every run that is kept. */
  savings(): SavingsDocument {
    const costs: RunRecordDocument['costs'][number][] = [];
    const points: SavingsPointDocument[] = [];
    const counted = this.#ended.filter((run) => run.costs.length > 0);
    const step = Math.max(1, Math.ceil(counted.length / MAX_POINTS));
    let wallMs = 0;
    for (const [i, run] of counted.entries()) {
      costs.push(...run.costs);
      wallMs += run.totals?.wallMs ?? 0;
      // The last one always, the others evenly.
      if ((counted.length - 1 - i) % step !== 0) continue;
      const { runId, title, endedMs, startedMs } = run;
      points.push({ atMs: endedMs ?? startedMs, runId, title, totals: totalsOf(costs, wallMs) });
    }
    return { runs: counted.length, points, totals: points.at(-1)?.totals ?? null };
  }

  #onProgress(plan: PlanBegun, progress: PlanProgressDocument): void {
    const { runId, subtask } = progress;
    const nowMs = this.#init.clock.nowMs();
    const before = this.#working.get(runId) ?? begun(runId, plan, nowMs);
    const atWork = before.atWork.filter(({ id }) => id !== subtask?.id);
    const steps = subtask ? [...before.steps, stepOf(subtask, nowMs)] : before.steps;
    this.#tell({
      ...before,
      subtasks: progress.of,
      steps: steps.slice(-MAX_STEPS),
      atWork,
      paidMicroUsd: progress.paidMicroUsd,
    });
  }

  #onAttempt(runId: string, id: string, { where, priceMicroUsd }: AttemptBegun): void {
    const before = this.#working.get(runId);
    if (!before) return;
    const others = before.atWork.filter((one) => one.id !== id);
    const step = { id, where, priceMicroUsd, sinceMs: this.#init.clock.nowMs() };
    this.#tell({ ...before, atWork: [...others, step].slice(-MAX_STEPS) });
  }

  #onEnd(
    { taskId, title, status, subtasks, totals }: RunDocument,
    { deadlineMs }: PlanBegun,
  ): Promise<void> {
    const nowMs = this.#init.clock.nowMs();
    const before = this.#working.get(taskId) ?? begun(taskId, { title, deadlineMs }, nowMs);
    const ends = new Map(before.steps.map((step) => [step.id, step.endedMs]));
    return this.#keep({
      ...before,
      title: cut(title, MAX_TITLE_CHARACTERS),
      status,
      endedMs: nowMs,
      subtasks: Math.max(before.subtasks, subtasks.length),
      steps: subtasks.slice(0, MAX_STEPS).map((subtask): RunStepDocument => {
        const { id, source, decision, attempts, paidMicroUsd, wallMs, phasesMs } = subtask;
        return {
          ...{ id, source, status: subtask.status, paidMicroUsd, wallMs, phasesMs },
          where: attempts.at(-1)?.where ?? null,
          decisionId: decision.decisionId,
          reason: decision.reason,
          endedMs: ends.get(id) ?? nowMs,
        };
      }),
      paidMicroUsd: totals.paidMicroUsd,
      totals,
      costs: subtasks.slice(0, MAX_STEPS).map(({ cost }) => ({
        localCostMicroUsd: cost.localCostMicroUsd,
        localCostWithOpportunityMicroUsd: cost.localCostWithOpportunityMicroUsd,
        paidMicroUsd: cost.paidMicroUsd,
        handlingMicroUsd: cost.handlingMicroUsd,
        isDoneHere: cost.isDoneHere,
        wallMs: cost.wallMs,
      })),
    });
  }

  #onFailure(runId: string, error: unknown): Promise<void> {
    const before = this.#working.get(runId);
    if (!before) return Promise.resolve();
    const problem = error instanceof Error ? error.message : 'ended without an answer';
    return this.#keep({
      ...before,
      status: error instanceof CancelledError ? 'cancelled' : 'ended',
      endedMs: this.#init.clock.nowMs(),
      problem: cut(problem, MAX_PROBLEM_CHARACTERS),
    });
  }

  async #keep(ended: RunRecordDocument): Promise<void> {
    const { section, logger } = this.#init;
    const run = { ...ended, atWork: [] };
    this.#working.delete(run.runId);
    this.#controllers.delete(run.runId);
    this.#ended.push(run);
    const gone = this.#ended.splice(0, Math.max(0, this.#ended.length - MAX_RUNS));
    this.#listeners.forEach((listener) => listener(run));
    try {
      await section.put(keyOf(run), run);
      for (const old of gone) await section.delete(keyOf(old));
    } catch (error) {
      // The run itself has its answer: a full disk must not take it away.
      logger.error({ err: error, runId: run.runId }, 'A run could not be kept in the history.');
    }
  }

  #tell(run: RunRecordDocument): void {
    this.#working.set(run.runId, run);
    this.#listeners.forEach((listener) => listener(run));
  }
}

/** What the history has to know of a plan. */
type PlanBegun = Pick<Plan, 'title' | 'deadlineMs'>;

/** A subtask that somebody begins to work on. */
export interface AttemptBegun {
  /** PeerId, or `local`. */
  readonly where: string;
  /** Null for work here. */
  readonly priceMicroUsd: number | null;
}

/** What a run tells its history, and the signal by which it is called off. */
export interface RunWatch {
  readonly signal: AbortSignal;
  readonly onAttempt: (subtaskId: string, attempt: AttemptBegun) => void;
  readonly onProgress: (progress: PlanProgressDocument) => void;
  readonly onEnd: (run: RunDocument) => Promise<void>;
  readonly onFailure: (error: unknown) => Promise<void>;
}

function keyOf({ startedMs, runId }: RunRecordDocument): string {
  return `${startedMs.toString(36).padStart(TIME_CHARACTERS, '0')}-${runId}`;
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

function begun(runId: string, { title, deadlineMs }: PlanBegun, nowMs: number): RunRecordDocument {
  return {
    runId,
    title: cut(title, MAX_TITLE_CHARACTERS),
    status: 'working',
    startedMs: nowMs,
    deadlineMs: deadlineMs === null ? null : nowMs + deadlineMs,
    endedMs: null,
    subtasks: 0,
    steps: [],
    atWork: [],
    paidMicroUsd: 0,
    totals: null,
    costs: [],
    problem: null,
  };
}

function stepOf(
  { id, source, status, where, paidMicroUsd, wallMs }: NonNullable<PlanProgressDocument['subtask']>,
  nowMs: number,
): RunStepDocument {
  const unknown = { decisionId: null, reason: null, phasesMs: {} };
  return { id, source, status, where, paidMicroUsd, wallMs, endedMs: nowMs, ...unknown };
}
