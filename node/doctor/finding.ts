/**
 * What a check says: a state, what was found, and where something is wrong the cause and the mend.
 * A check is a function of what was observed, and observes nothing itself.
 *
 * @module
 */

/** `skipped`: what it needs could not be observed, and `found` says why. */
export type FindingState = 'ok' | 'warning' | 'failure' | 'skipped';

/** What one check says. */
export interface Finding {
  /** Stable name, for programs. */
  readonly check: string;
  readonly state: FindingState;
  readonly found: string;
  /** Null where nothing is wrong. */
  readonly cause: string | null;
  readonly mend: string | null;
}

/** Something that was observed, or why it was not. */
export type Observed<Value> = { readonly value: Value } | { readonly missing: string };

/** What is wrong, why, and what to do. */
export interface Trouble {
  readonly found: string;
  readonly cause: string;
  readonly mend: string;
}

export function ok(check: string, found: string): Finding {
  return { check, state: 'ok', found, cause: null, mend: null };
}

export function warning(check: string, { found, cause, mend }: Trouble): Finding {
  return { check, state: 'warning', found, cause, mend };
}

export function failure(check: string, { found, cause, mend }: Trouble): Finding {
  return { check, state: 'failure', found, cause, mend };
}

/** The finding of `judge`, or that the check was skipped. */
export function ifObserved<Value>(
  check: string,
  observed: Observed<Value>,
  judge: (value: Value) => Finding,
): Finding {
  if ('value' in observed) return judge(observed.value);
  return { check, state: 'skipped', found: observed.missing, cause: null, mend: null };
}

/** A number of things in words: `1 skill`, `2 skills`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}
