/**
 * What a run of several subtasks has done so far, on disk: a run that was cut short goes on with
 * what is left. A subtask counts as done once its document is flushed; what needs its result starts
 * after that. One that was at work when the process ended is done anew: what it had agreed with a
 * contractor by then stands in the store of contracts, and may be owed.
 *
 * @module
 */

import type { Clock } from '../../../protocols/components.ts';
import type { RunDocument } from '../../api-documents.ts';
import { NothingFoundError } from '../../errors.ts';
import type { TaskRequest } from '../../http-api/routes/requests.ts';
import type { JsonSection } from '../../storage/store.ts';

/** Runs that are kept until they are completed; the oldest gives way. */
export const MAX_KEPT_RUNS = 8;

/** A run as it was begun. */
export interface StoredRun {
  readonly runId: string;
  /** With the content of its input. */
  readonly request: TaskRequest;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
}

/** A subtask that was completed. */
export interface StoredSubtask {
  readonly id: string;
  readonly document: RunDocument;
}

/** What a run has paid so far, failed attempts included. */
export interface StoredPayments {
  readonly paidMicroUsd: number;
}

export interface RunJournalInit {
  readonly runs: JsonSection<StoredRun>;
  /** Under the id of the run and of the subtask. */
  readonly subtasks: JsonSection<StoredSubtask>;
  /** Under the id of the run. */
  readonly payments: JsonSection<StoredPayments>;
  readonly clock: Clock;
}

/** The part of a journal that is about one run. */
export interface RunEntry {
  readonly runId: string;
  /** Subtasks that were completed before, by id. */
  readonly completed: ReadonlyMap<string, RunDocument>;
  /** What was paid before, failed attempts included. */
  readonly paidMicroUsd: number;
  /** Keeps the sum of what was paid so far. Resolves once it is on disk. */
  notePaid(paidMicroUsd: number): Promise<void>;
  /** Resolves once it is on disk. */
  note(id: string, document: RunDocument): Promise<void>;
}

/** Keeps runs until they are completed. */
export class RunJournal {
  readonly #init: RunJournalInit;

  constructor(init: RunJournalInit) {
    this.#init = init;
  }

  /** Begins a run. Resolves once it is on disk. */
  async begin(runId: string, request: TaskRequest): Promise<RunEntry> {
    const { runs, clock } = this.#init;
    const kept = (await runs.values()).sort((a, b) => a.startedMs - b.startedMs);
    for (const { runId: oldest } of kept.slice(0, Math.max(0, kept.length - MAX_KEPT_RUNS + 1))) {
      await this.forget(oldest);
    }
    await runs.put(runId, { runId, request, startedMs: clock.nowMs() });
    return this.#entry(runId, new Map(), 0);
  }

  /**
   * Takes up a run that was cut short, or ended in part.
   *
   * @throws {@link NothingFoundError} that names the runs that are kept.
   */
  async resume(runId: string): Promise<RunEntry & { readonly request: TaskRequest }> {
    const { runs, subtasks, payments } = this.#init;
    const stored = await runs.get(runId);
    if (!stored) {
      const ids = (await runs.values()).map((run) => run.runId);
      const kept = ids.length === 0 ? 'none is kept' : `kept are ${ids.join(', ')}`;
      throw new NothingFoundError(`There is no run ${runId} to go on with; ${kept}`);
    }
    const done = await subtasks.values({ prefix: `${runId}/` });
    const completed = new Map(done.map(({ id, document }) => [id, document]));
    const paidMicroUsd = (await payments.get(runId))?.paidMicroUsd ?? 0;
    return { ...this.#entry(runId, completed, paidMicroUsd), request: stored.request };
  }

  /** Lets go of a run. */
  async forget(runId: string): Promise<void> {
    const { runs, subtasks, payments } = this.#init;
    await runs.delete(runId);
    await payments.delete(runId);
    for (const { id } of await subtasks.values({ prefix: `${runId}/` })) {
      await subtasks.delete(`${runId}/${id}`);
    }
  }

  #entry(
    runId: string,
    completed: ReadonlyMap<string, RunDocument>,
    paidMicroUsd: number,
  ): RunEntry {
    const note = (id: string, document: RunDocument): Promise<void> =>
      this.#init.subtasks.put(`${runId}/${id}`, { id, document });
    const notePaid = (sumMicroUsd: number): Promise<void> =>
      this.#init.payments.put(runId, { paidMicroUsd: sumMicroUsd });
    return { runId, completed, paidMicroUsd, note, notePaid };
  }
}
