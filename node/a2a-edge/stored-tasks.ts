/**
 * A2A tasks of the HTTP edge, on disk: a client asks for them after a dropped connection and after
 * a restart of the node. Each client sees its own tasks only; those of clients without a name are
 * found by their id, which cannot be guessed, and are never listed.
 *
 * A task that was in work when the node stopped is failed at the next start: it may have been paid
 * for, so it is not begun anew without its owner.
 *
 * @module
 */

import { Task, TaskState } from '@a2a-js/sdk';
import type { ListTasksRequest, ListTasksResponse } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';
import { agentMessage } from './agent-message.ts';

/** Tasks kept over all clients; the one that changed longest ago gives way. */
export const MAX_STORED_TASKS = 10_000;
/** Largest task with its history, as JSON; of a larger one the history is dropped. */
const MAX_TASK_CHARACTERS = 4_194_304;
const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 50;
const RESTARTED = 'The node was stopped before the task ended. Send it again.';

const TERMINAL: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);
/** These wait for their client, and no work is lost by a restart. */
const WAITING: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_INPUT_REQUIRED,
  TaskState.TASK_STATE_AUTH_REQUIRED,
]);

/** One task as it is stored: wire JSON (ProtoJSON of `lf.a2a.v1.Task`). */
export interface StoredTask {
  readonly owner: string;
  /** Milliseconds since 1970 of the last change. */
  readonly changedMs: number;
  readonly task: unknown;
}

/** What lists are made from. */
interface Entry {
  readonly owner: string;
  readonly id: string;
  readonly contextId: string;
  readonly state: TaskState;
  readonly changedMs: number;
}

export interface StoredTasksInit {
  readonly section: JsonSection<StoredTask>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The store of the edge. */
export class StoredTasks implements TaskStore {
  readonly #init: StoredTasksInit;
  /** By key, in the order of their last change. */
  readonly #entries = new Map<string, Entry>();

  constructor(init: StoredTasksInit) {
    this.#init = init;
  }

  /** Takes up the tasks of the time before a restart, and ends those that were in work. */
  async start(): Promise<void> {
    const { section, clock, logger } = this.#init;
    const stored = (await section.values()).map((one) => ({
      ...one,
      task: Task.fromJSON(one.task),
    }));
    for (const { owner, task, changedMs } of stored.sort((a, b) => a.changedMs - b.changedMs)) {
      const key = keyOf(owner, task.id);
      const state = stateOf(task);
      if (TERMINAL.has(state) || WAITING.has(state)) {
        this.#entries.set(key, entryOf(owner, task, changedMs));
        continue;
      }
      const timestamp = new Date(clock.nowMs()).toISOString();
      const message = agentMessage(task, RESTARTED);
      task.status = { state: TaskState.TASK_STATE_FAILED, message, timestamp };
      await this.#put(owner, task);
      logger.warn({ taskId: task.id }, 'An A2A task was in work when the node stopped.');
    }
  }

  save(task: Task, context: ServerCallContext): Promise<void> {
    return this.#put(ownerOf(context), task);
  }

  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const key = keyOf(ownerOf(context), taskId);
    if (!this.#entries.has(key)) return undefined;
    const stored = await this.#init.section.get(key);
    return stored && Task.fromJSON(stored.task);
  }

  async list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    const owner = ownerOf(context);
    const own = owner === '' ? [] : this.#newestFirst(owner).filter(matching(params));
    const first = params.pageToken ? own.findIndex((one) => one.id === params.pageToken) + 1 : 0;
    const pageSize = pageSizeOf(params.pageSize);
    const page = own.slice(first, first + pageSize);
    const loaded = await Promise.all(page.map(({ id }) => this.load(id, context)));
    const tasks = loaded.filter((task) => task !== undefined).map((task) => shaped(task, params));
    const isMore = first + pageSize < own.length;
    const nextPageToken = isMore ? page.at(-1)!.id : '';
    return { tasks, nextPageToken, pageSize, totalSize: own.length };
  }

  #newestFirst(owner: string): Entry[] {
    return [...this.#entries.values()].filter((one) => one.owner === owner).reverse();
  }

  async #put(owner: string, task: Task): Promise<void> {
    const { section, clock } = this.#init;
    const key = keyOf(owner, task.id);
    const changedMs = clock.nowMs();
    let json = Task.toJSON(task);
    if (JSON.stringify(json).length > MAX_TASK_CHARACTERS) {
      json = Task.toJSON({ ...task, history: [] });
    }
    this.#entries.delete(key);
    this.#entries.set(key, entryOf(owner, task, changedMs));
    await section.put(key, { owner, changedMs, task: json });
    if (this.#entries.size <= MAX_STORED_TASKS) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      await section.delete(oldest);
      break;
    }
  }
}

function ownerOf(context: ServerCallContext): string {
  return context.user?.userName ?? '';
}

function keyOf(owner: string, taskId: string): string {
  return `${owner}/${taskId}`;
}

function stateOf(task: Task): TaskState {
  return task.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
}

function entryOf(owner: string, task: Task, changedMs: number): Entry {
  return { owner, id: task.id, contextId: task.contextId, state: stateOf(task), changedMs };
}

/** What is no number protobuf calls 0, and an absent text empty. */
function matching({ contextId, status, statusTimestampAfter }: ListTasksRequest) {
  const afterMs = statusTimestampAfter ? Date.parse(statusTimestampAfter) : NaN;
  return (one: Entry): boolean =>
    (!contextId || one.contextId === contextId) &&
    (!status || one.state === status) &&
    (Number.isNaN(afterMs) || one.changedMs >= afterMs);
}

function pageSizeOf(asked: number | undefined): number {
  return asked === undefined || asked < 1 ? DEFAULT_PAGE_SIZE : Math.min(asked, MAX_PAGE_SIZE);
}

function shaped(task: Task, { historyLength, includeArtifacts }: ListTasksRequest): Task {
  const history = historyLength === undefined ? task.history : lastOf(task.history, historyLength);
  return { ...task, history, artifacts: includeArtifacts === true ? task.artifacts : [] };
}

function lastOf<Item>(items: readonly Item[], count: number): Item[] {
  return count <= 0 ? [] : items.slice(-count);
}
