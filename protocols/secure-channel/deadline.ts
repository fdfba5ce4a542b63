/**
 * Time limits on asynchronous work, together with the caller's own signal.
 *
 * `AbortSignal.any` would do, but keeps every derived signal reachable from a long-lived one in
 * Node.js 20; this lets go when the work is done.
 *
 * @module
 */

/** The work took longer than it may. */
export class DeadlineError extends Error {
  static override readonly name = 'DeadlineError';
  override readonly name = 'DeadlineError';
  readonly code = 'DEADLINE';
  readonly details: { readonly timeoutMs: number };

  constructor(details: { readonly timeoutMs: number }, options?: ErrorOptions) {
    super(`No result within ${details.timeoutMs} ms. Retry, or allow more time.`, options);
    this.details = details;
  }
}

/**
 * Result of `work`, whose signal aborts after `timeoutMs` with a `DeadlineError`, or with the first
 * of `signals`.
 *
 * @throws what `work` throws; it must let go when its signal aborts.
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const links = signals.flatMap((signal) => (signal ? [link(signal, controller)] : []));
  const timer = setTimeout(() => {
    controller.abort(new DeadlineError({ timeoutMs }));
  }, timeoutMs);
  try {
    for (const signal of signals) signal?.throwIfAborted();
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    for (const unlink of links) unlink();
  }
}

function link(signal: AbortSignal, controller: AbortController): () => void {
  const forward = () => {
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', forward, { once: true });
  return () => {
    signal.removeEventListener('abort', forward);
  };
}

/**
 * Result of `promise`, or the signal's reason if that comes first. The promise goes on; its late
 * rejection is not reported.
 */
export async function raceSignal<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (!signal) return promise;
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
