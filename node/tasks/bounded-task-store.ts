/**
 * A2A tasks that this node worked on, the newest ones, in memory. A client may ask for its own
 * tasks only. Inputs are not kept: a task's history is dropped once it is stored.
 *
 * Results outlive a restart in the node's own store, by contract; this is A2A's view of them.
 *
 * @module
 */

import { TaskState } from '@a2a-js/sdk';
import type { ListTasksRequest, ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';

/** Tasks kept, over all clients. */
export const MAX_KEPT_TASKS = 2_048;
const MAX_PAGE_SIZE = 100;

function keyOf(taskId: string, context: ServerCallContext): string {
  return JSON.stringify([context.user?.userName ?? '', taskId]);
}

const ENDED: ReadonlySet<TaskState | undefined> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

/** A task store whose oldest ended task gives way, or its oldest where none has ended. */
export class BoundedTaskStore implements TaskStore {
  readonly #tasks = new Map<string, { readonly owner: string; readonly task: Task }>();

  save(task: Task, context: ServerCallContext): Promise<void> {
    const key = keyOf(task.id, context);
    const owner = context.user?.userName ?? '';
    this.#tasks.delete(key);
    this.#tasks.set(key, { owner, task: structuredClone({ ...task, history: [] }) });
    if (this.#tasks.size > MAX_KEPT_TASKS) this.#tasks.delete(this.#leastNeeded());
    return Promise.resolve();
  }

  #leastNeeded(): string {
    const keys = [...this.#tasks.keys()];
    const hasEnded = (one: string) => ENDED.has(this.#tasks.get(one)?.task.status?.state);
    return keys.find(hasEnded) ?? keys[0]!;
  }

  load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const found = this.#tasks.get(keyOf(taskId, context));
    return Promise.resolve(found && structuredClone(found.task));
  }

  list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    const owner = context.user?.userName ?? '';
    const own = [...this.#tasks.values()].filter((entry) => entry.owner === owner);
    // 0 is what protobuf makes of an absent size.
    const asked = params.pageSize ?? 0;
    const pageSize = asked >= 1 ? Math.min(Math.floor(asked), MAX_PAGE_SIZE) : MAX_PAGE_SIZE;
    const tasks = own.slice(-pageSize).map(({ task }) => structuredClone(task));
    return Promise.resolve({ tasks, nextPageToken: '', pageSize, totalSize: own.length });
  }
}
