/**
 * Keeps the event loop of a daemon free while it computes. The built-in executors run in this
 * thread, in slices of some ten milliseconds that yield to the event loop and look at the signal,
 * so the same source runs from TypeScript and from the build. A slice that a hostile input makes
 * endless (a regular expression that backtracks, a solver that cycles) is terminated.
 *
 * @module
 */

import { createContext, Script } from 'node:vm';
import { ComputationTimeoutError, ExecutorFailedError } from './errors.ts';

/** Longest time that one slice may hold the event loop. Ordinary slices take some 10 ms. */
export const MAX_SLICE_MS = 2_000;

const callWork = new Script('work()');
/** One context for all calls: a context costs half a megabyte, and calls cannot overlap. */
const globals: { work?: () => unknown } = {};
const context = createContext(globals);

/**
 * Lets other work run, then goes on unless the signal has fired.
 *
 * @throws the signal's reason.
 */
export async function yieldToEventLoop(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

/**
 * Result of the synchronous `work`, which is terminated after `limitMs`. Objects that it was
 * changing at that moment must be thrown away.
 *
 * @throws {@link ComputationTimeoutError} after `limitMs`; else what `work` throws.
 */
export function runWithin<Result>(limitMs: number, work: () => Result): Result {
  const outer = globals.work;
  globals.work = work;
  try {
    return callWork.runInContext(context, { timeout: limitMs }) as Result;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new ComputationTimeoutError({ limitMs });
    }
    throw error;
  } finally {
    if (outer) globals.work = outer;
    else delete globals.work;
  }
}

/**
 * Runs `work` with a signal that also fires after `limitMs`.
 *
 * @throws {@link ExecutorFailedError} TIMED_OUT if the time ran out; the reason of `signal` once it
 *   has fired; else what `work` throws.
 */
export async function withTimeout<Result>(
  limitMs: number,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = AbortSignal.timeout(limitMs);
  try {
    return await work(AbortSignal.any([signal, timeout]));
  } catch (cause) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new ExecutorFailedError('TIMED_OUT', { cause });
    throw cause;
  }
}
