/**
 * Double-entry book-keeping on a draft of the state: every amount is debited from one account and
 * credited to another, at once (posted) or first held and then posted or void. So debits and
 * credits, held and posted, have equal sums at any time: that is the conservation of money.
 *
 * Amounts are micro-USD. No function checks whether the payer can pay: see {@link isSpendable}.
 *
 * @module
 */

import { clockOf } from './block-context.ts';
import { NEW_ACCOUNT } from './genesis.ts';
import { accountKey, movedKey } from './records.ts';
import type { AccountRecord, MovedRecord } from './records.ts';
import type { StateDraft, StateReader } from './state.ts';

/** Account of a holder, if there is one. */
export function accountOf(state: StateReader, holder: string): AccountRecord | undefined {
  return state.get(accountKey(holder)) as AccountRecord | undefined;
}

/** Whether the holder has an account. */
export function hasAccount(state: StateReader, holder: string): boolean {
  return state.get(accountKey(holder)) !== undefined;
}

/** Whether a key was rotated away, and may be named by nothing new. */
export function isMoved(state: StateReader, holder: string): boolean {
  return state.get(movedKey(holder)) !== undefined;
}

/** The key that a holder has now: its own, or where its rotations led, which are at most eight. */
export function successorOf(state: StateReader, holder: string): string {
  let current = holder;
  for (;;) {
    const moved = state.get(movedKey(current)) as MovedRecord | undefined;
    if (!moved) return current;
    current = moved.to;
  }
}

/** Opens an account with nothing in it. */
export function openAccount(draft: StateDraft, holder: string): void {
  draft.put(accountKey(holder), NEW_ACCOUNT);
}

/** What is posted to an account and not taken from it; below zero on credit. */
export function balanceOf({ creditsPosted, debitsPosted }: AccountRecord): bigint {
  return creditsPosted - debitsPosted;
}

/** What an account can pay fees with: its balance and credit without what is held. */
export function availableForFees(account: AccountRecord): bigint {
  return balanceOf(account) - account.debitsHeld + account.creditLimit;
}

/** Whether an account can pay `amount` and keep its deposit. */
export function isSpendable(account: AccountRecord, amount: bigint, deposit: bigint): boolean {
  return availableForFees(account) - deposit >= amount;
}

/** Replaces fields of an account. */
export function changeAccount(
  draft: StateDraft,
  holder: string,
  change: (account: AccountRecord) => Partial<AccountRecord>,
): void {
  const account = accountOf(draft, holder);
  if (!account) throw new TypeError(`"holder" expected an account, got ${holder}`);
  draft.put(accountKey(holder), { ...account, ...change(account) });
}

/** Moves an amount. */
export function post(draft: StateDraft, from: string, to: string, amount: bigint): void {
  if (amount === 0n) return;
  changeAccount(draft, from, ({ debitsPosted }) => ({ debitsPosted: debitsPosted + amount }));
  changeAccount(draft, to, ({ creditsPosted }) => ({ creditsPosted: creditsPosted + amount }));
}

/** Holds an amount for a later {@link release}. */
export function hold(draft: StateDraft, from: string, to: string, amount: bigint): void {
  if (amount === 0n) return;
  changeAccount(draft, from, ({ debitsHeld }) => ({ debitsHeld: debitsHeld + amount }));
  changeAccount(draft, to, ({ creditsHeld }) => ({ creditsHeld: creditsHeld + amount }));
}

/** Ends a hold: `posted` of it moves, the rest is void. */
export function release(
  draft: StateDraft,
  from: string,
  to: string,
  { held, posted }: { readonly held: bigint; readonly posted: bigint },
): void {
  if (posted > held) throw new RangeError(`"posted" expected at most ${held}, got ${posted}`);
  if (held > 0n) {
    changeAccount(draft, from, ({ debitsHeld }) => ({ debitsHeld: debitsHeld - held }));
    changeAccount(draft, to, ({ creditsHeld }) => ({ creditsHeld: creditsHeld - held }));
  }
  post(draft, from, to, posted);
}

/**
 * What is wrong with the money of a ledger; `undefined` while debits and credits have equal sums,
 * held and posted, nobody holds less than nothing, and the claims are no more than was minted.
 */
export function conservationProblem(
  state: StateReader & { entries(): Iterable<readonly [string, unknown]> },
  treasuries: ReadonlySet<string>,
): string | undefined {
  let posted = 0n;
  let held = 0n;
  let claims = 0n;
  for (const [key, record] of state.entries()) {
    if (!key.startsWith('account/')) continue;
    const account = record as AccountRecord;
    posted += balanceOf(account);
    held += account.creditsHeld - account.debitsHeld;
    if (account.debitsHeld < 0n || account.creditsHeld < 0n) {
      return `${key} holds less than nothing`;
    }
    if (!treasuries.has(key.slice('account/'.length))) claims += balanceOf(account);
  }
  if (posted !== 0n) return `${posted} micro-USD were lost or made`;
  if (held !== 0n) return `${held} micro-USD are held on one side only`;
  const { minted } = clockOf(state);
  return claims > minted ? `there are claims on ${claims} of ${minted} minted` : undefined;
}
