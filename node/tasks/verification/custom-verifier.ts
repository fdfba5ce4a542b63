/**
 * Check `custom`: a function of who embeds the node (`openAgentNode`, `verifiers`), for what no
 * check of this node can tell. It is given hostile input. One that throws, answers anything else
 * than it should, or takes too long has not accepted the result.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import type { TaskSpecification } from '../task.ts';
import type { CheckOutcome } from './json-schema-check.ts';

/** What a verifier is given. The result is bounded and well-formed, and no more is known of it. */
export interface VerifiedWork {
  readonly specification: TaskSpecification;
  readonly inputParts: readonly ResolvedPart[];
  readonly resultParts: readonly ResultPart[];
}

/** Whether a result is good, and why. The signal fires when nobody waits any more. */
export type ResultVerifier = (
  work: VerifiedWork,
  options: { readonly signal: AbortSignal },
) => Promise<CheckOutcome> | CheckOutcome;

/** Verifiers by the term of the skill. */
export type ResultVerifiers = ReadonlyMap<string, ResultVerifier>;

/** Time for one result; a settlement waits for it. */
export const VERIFIER_TIMEOUT_MS = 30_000;
const MAX_DETAIL_CHARACTERS = 300;

/**
 * Asks a verifier.
 *
 * @param timeoutMs - For tests.
 * @throws the signal's reason.
 */
export async function checkByVerifier(
  verifier: ResultVerifier,
  {
    specification,
    inputParts,
    resultParts,
    signal,
  }: VerifiedWork & { readonly signal?: AbortSignal },
  timeoutMs = VERIFIER_TIMEOUT_MS,
): Promise<CheckOutcome> {
  const ended = new AbortController();
  const inTime = AbortSignal.any([ended.signal, ...(signal ? [signal] : [])]);
  const late = delay(timeoutMs, undefined, { signal: inTime }).then(() => {
    throw new Error(`took more than ${timeoutMs} ms`);
  });
  try {
    const work = { specification, inputParts, resultParts };
    const asked = (async () => verifier(work, { signal: inTime }))();
    return outcomeOf(await Promise.race([asked, late]));
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : 'no error was given';
    return { passed: false, detail: cut(`the verifier failed: ${reason}`) };
  } finally {
    ended.abort();
    late.catch(() => undefined);
  }
}

/** @throws for anything else than an outcome: a slip must not pass as a yes. */
function outcomeOf(value: unknown): CheckOutcome {
  const { passed, detail } = (value ?? {}) as Partial<Record<keyof CheckOutcome, unknown>>;
  if (typeof passed !== 'boolean' || typeof detail !== 'string') {
    throw new TypeError('expected { passed, detail }, a boolean and a string');
  }
  return { passed, detail: cut(detail) };
}

function cut(detail: string): string {
  return detail.slice(0, MAX_DETAIL_CHARACTERS);
}
