/**
 * A limit on the time of one step. The timer is cleared whatever happens.
 *
 * @module
 */

import { NegotiationTimeoutError } from './errors.ts';

/**
 * Runs `work` with a signal that fires after `timeoutMs` or with `outer`, and stops waiting then
 * even if `work` does not listen.
 *
 * @param step - Named in the error.
 * @throws {@link NegotiationTimeoutError} after `timeoutMs`; the reason of `outer` if that fires.
 */
export async function withDeadline<T>(
  step: string,
  timeoutMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const stop = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    stop.reject(reason);
    controller.abort(reason);
  };
  const onOuter = (): void => end(outer?.reason);
  const timer = setTimeout(() => end(new NegotiationTimeoutError({ step, timeoutMs })), timeoutMs);
  outer?.addEventListener('abort', onOuter, { once: true });
  try {
    return await Promise.race([work(controller.signal), stop.promise]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onOuter);
  }
}
