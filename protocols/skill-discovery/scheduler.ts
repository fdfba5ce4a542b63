/**
 * Timers as they are handed in, so that a test can run an hour in no time.
 *
 * @module
 */

/** Runs something later. */
export interface Scheduler {
  /** Calls `task` once after `delayMs`. Returns the way to call it off. */
  after(delayMs: number, task: () => void): () => void;
}

/** The timers of the process. They do not keep it alive. */
export const processScheduler: Scheduler = {
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
