/**
 * Double-entry book-keeping on a draft of the state: every amount is debited from one account and
 * credited to another, at once (posted) or first held and then posted or void. So debits and
 * credits, held and posted, have equal sums at any time: that is the conservation of money.
 *
 * Amounts are micro-USD. No function checks whether the payer can pay: see {@link isSpendable}.
 *
 * @module
 */

import { NEW_ACCOUNT } from './genesis.ts';
import { accountKey } from './records.ts';
import type { AccountRecord } from './records.ts';
import type { StateDraft, StateReader } from './state.ts';

/** Account of a holder, if there is one. */
export function accountOf(state: StateReader, holder: string): AccountRecord | undefined {
  return state.get(accountKey(holder)) as AccountRecord | undefined;
}

/** Whether the holder has an account. */
export function hasAccount(state: StateReader, holder: string): boolean {
  return state.get(accountKey(holder)) !== undefined;
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
