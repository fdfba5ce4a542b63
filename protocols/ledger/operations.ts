/**
 * What each operation of a transaction does. A refused operation changes nothing; its transaction
 * has paid its fee and used its number all the same.
 *
 * @module
 */

import type { RefusalCode } from '../errors.ts';
import {
  accountOf,
  changeAccount,
  hasAccount,
  isMoved,
  isSpendable,
  openAccount,
  post,
} from './accounts.ts';
import { clockOf } from './block-context.ts';
import type { BlockContext } from './block-context.ts';
import { cancel, contest, deliver, judge, rule } from './escrow.ts';
import { holdFunds } from './escrow-hold.ts';
import { MAX_SUPPLY_MICRO_USD } from './genesis.ts';
import { recover, rotate } from './identity-moves.ts';
import { CLOCK_KEY } from './records.ts';
import type { OperationArgs, Transaction } from './transactions.ts';

type Refusal = RefusalCode | undefined;

/** Refusals that leave something behind all the same: what was counted as evidence. */
export const EVIDENCE_REFUSALS: ReadonlySet<RefusalCode> = new Set(['SECOND_VERDICT']);

function mint(context: BlockContext, account: string, args: OperationArgs<'mint'>): Refusal {
  const { draft, rules } = context;
  if (!rules.treasuries.has(account)) return 'NOT_PERMITTED';
  if (args.to === account) return 'SELF_TRANSFER';
  if (isMoved(draft, args.to)) return 'ACCOUNT_MOVED';
  if (!hasAccount(draft, args.to)) return 'UNKNOWN_ACCOUNT';
  const clock = clockOf(draft);
  const minted = clock.minted + BigInt(args.amount);
  if (minted > MAX_SUPPLY_MICRO_USD) return 'SUPPLY_EXHAUSTED';
  draft.put(CLOCK_KEY, { ...clock, minted });
  post(draft, account, args.to, BigInt(args.amount));
  return undefined;
}

function setCredit(context: BlockContext, account: string, args: OperationArgs<'credit'>): Refusal {
  const { draft, rules } = context;
  const isTreasury = rules.treasuries.has(account);
  if (!isTreasury || rules.treasuries.has(args.account)) return 'NOT_PERMITTED';
  if (isMoved(draft, args.account)) return 'ACCOUNT_MOVED';
  if (!hasAccount(draft, args.account)) return 'UNKNOWN_ACCOUNT';
  changeAccount(draft, args.account, () => ({ creditLimit: BigInt(args.limit) }));
  return undefined;
}

function open(context: BlockContext, account: string, args: OperationArgs<'open'>): Refusal {
  const { draft, rules } = context;
  if (isMoved(draft, args.account)) return 'ACCOUNT_MOVED';
  if (hasAccount(draft, args.account)) return 'ACCOUNT_EXISTS';
  if (rules.admission.has(account)) {
    openAccount(draft, args.account);
    return undefined;
  }
  if (rules.treasuries.has(account)) return 'NOT_PERMITTED';
  const { deposit } = rules.fees;
  if (!isSpendable(accountOf(draft, account)!, deposit, deposit)) return 'INSUFFICIENT_FUNDS';
  openAccount(draft, args.account);
  post(draft, account, args.account, deposit);
  return undefined;
}

function transfer(
  context: BlockContext,
  account: string,
  args: { readonly to: string; readonly amount: string },
): Refusal {
  const { draft, rules } = context;
  // A treasury owes; what it gives out is minted and counted.
  if (rules.treasuries.has(account)) return 'NOT_PERMITTED';
  if (args.to === account) return 'SELF_TRANSFER';
  if (isMoved(draft, args.to)) return 'ACCOUNT_MOVED';
  if (!hasAccount(draft, args.to)) return 'UNKNOWN_ACCOUNT';
  const amount = BigInt(args.amount);
  if (!isSpendable(accountOf(draft, account)!, amount, rules.fees.deposit)) {
    return 'INSUFFICIENT_FUNDS';
  }
  post(draft, account, args.to, amount);
  return undefined;
}

function payOut(context: BlockContext, account: string, args: OperationArgs<'payOut'>): Refusal {
  if (!context.rules.treasuries.has(args.treasury)) return 'NOT_PERMITTED';
  return transfer(context, account, { to: args.treasury, amount: args.amount });
}

/** Executes the operation of a transaction that is in order. */
export function perform(context: BlockContext, transaction: Transaction): Refusal {
  const { account, op, args } = transaction;
  switch (op) {
    case 'mint':
      return mint(context, account, args);
    case 'credit':
      return setCredit(context, account, args);
    case 'open':
      return open(context, account, args);
    case 'transfer':
      return transfer(context, account, args);
    case 'payOut':
      return payOut(context, account, args);
    case 'hold':
      return holdFunds(context, account, args);
    case 'cancel':
      return cancel(context, account, args);
    case 'deliver':
      return deliver(context, account, args);
    case 'verdict':
      return judge(context, account, args);
    case 'contest':
      return contest(context, account, args);
    case 'rule':
      return rule(context, account, args);
    case 'recover':
      return recover(context, account, args);
    case 'rotate':
      return rotate(context, args);
  }
}
