/**
 * A contractor that is away and comes back: which failures mean that it may, and how to go on with
 * the same contract once it has.
 *
 * A contractor keeps its contracts and results on disk (`protocols/negotiation/contract-store.ts`,
 * `contract-work.ts`), so every step of a contract may be asked for again: what it has signed it
 * sends again, what it has finished it does not do again.
 *
 * @module
 */

import type { RefusalCode } from '../../protocols/errors.ts';

/** Pauses between attempts, in milliseconds: the first, and the longest, each twice the last. */
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 2_000;
/** Longest chain of causes that is looked at. */
const MAX_CAUSES = 4;

/** Errors of a connection that is gone, or of a peer that is not or no longer there. */
const AWAY: ReadonlySet<unknown> = new Set([
  'PEER_UNREACHABLE',
  'HANDSHAKE_FAILED',
  'STREAM_REFUSED',
  'STREAM_ABORTED',
  'STREAM_TRUNCATED',
  'A2A_CONNECTION_LOST',
  'NEGOTIATION_INTERRUPTED',
  'NEGOTIATION_TIMEOUT',
  // It is there and has too much to do at the moment.
  'TOO_MANY_REQUESTS',
  'DEARER_QUOTE',
]);

/** A new quote is dearer than the one in whose place it is. Prices go up and down with the load. */
export class DearerQuoteError extends Error {
  static override readonly name = 'DearerQuoteError';
  override readonly name = 'DearerQuoteError';
  readonly code = 'DEARER_QUOTE';

  constructor() {
    super('it asks for more for a new quote');
  }
}

/** Refusals that say nothing of the contract: the same question may be answered later. */
const PASSING: ReadonlySet<RefusalCode | undefined> = new Set<RefusalCode>([
  'RATE_LIMITED',
  'TIMED_OUT',
  'INTERNAL',
  // Of this client's own tasks at the same time.
  'TOO_MANY_OPEN_QUOTES',
]);

/**
 * Whether `error` says that the other side was not there to answer, or could not at the moment.
 * Looks at the causes of the error too, and at `details.refusal`.
 */
export function isInterruption(error: unknown): boolean {
  let one = error;
  for (let i = 0; i < MAX_CAUSES && one instanceof Error; i++) {
    const { code, details } = one as { readonly code?: unknown; readonly details?: object };
    if (AWAY.has(code)) return true;
    const { refusal } = (details ?? {}) as { readonly refusal?: RefusalCode };
    if (PASSING.has(refusal)) return true;
    one = one.cause;
  }
  return false;
}

/**
 * Makes the same attempt again for as long as it is interrupted.
 *
 * @param isOver - Asked before each repetition: whether there is nothing left to go on with.
 * @throws the error of the last attempt: another one than an interruption, or any once `signal`
 *   is aborted or `isOver`.
 */
export async function untilBack<Result>(
  attempt: () => Promise<Result>,
  signal: AbortSignal,
  isOver: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<Result> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !isInterruption(error)) throw error;
      await pause(pauseMs, signal);
      if (signal.aborted || (await isOver())) throw error;
    }
  }
}

/** Resolves after `ms`, or when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
