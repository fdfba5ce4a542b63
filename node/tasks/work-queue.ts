/**
 * The tasks that this node has taken on and not finished, and that need this machine: the queue Q
 * of paper Eq. (5). Contracts with clients are worth their price, own tasks what their user says.
 *
 * An own task that is with a contractor does not wait for this machine, and does not count while it
 * is there. Knows no times: what a task takes is asked of the machine when it is decided on.
 *
 * @module
 */

import type { TaskHere } from './local-machine.ts';

/**
 * Tasks that are remembered. Contracts are bounded by the offers' capacity and own tasks by what
 * their user starts at once; a task beyond is not counted, and Eq. (5) is then too low.
 */
export const MAX_QUEUED_TASKS = 1_024;

/** One task, and what finishing it is worth. */
export interface QueuedWork {
  readonly task: TaskHere;
  readonly valueMicroUsd: number;
}

interface Entry extends QueuedWork {
  readonly isElsewhere: boolean;
}

/** The queue. An id is a task id, or a contract id of a client's task. */
export class WorkQueue {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /** Adds a task; a second time changes nothing. */
  add(id: string, { task, valueMicroUsd }: QueuedWork): void {
    if (this.#entries.has(id) || this.#entries.size >= MAX_QUEUED_TASKS) return;
    this.#entries.set(id, { task, valueMicroUsd, isElsewhere: false });
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  /** Runs `work`, during which the task is with somebody else. */
  async whileElsewhere<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    this.#setElsewhere(id, true);
    try {
      return await work();
    } finally {
      this.#setElsewhere(id, false);
    }
  }

  /** The tasks that need this machine beside the task `id`. */
  beside(id: string | undefined): readonly QueuedWork[] {
    return [...this.#entries]
      .filter(([own, { isElsewhere }]) => own !== id && !isElsewhere)
      .map(([, { task, valueMicroUsd }]) => ({ task, valueMicroUsd }));
  }

  #setElsewhere(id: string, isElsewhere: boolean): void {
    const entry = this.#entries.get(id);
    if (entry) this.#entries.set(id, { ...entry, isElsewhere });
  }
}
