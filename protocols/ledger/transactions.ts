/**
 * Transactions of a ledger: `{ v, typ, ledger, account, seq, op, args }`, signed by the account
 * (wire-formats.md 5.2). Documents inside are base64url; amounts are micro-USD.
 *
 * @module
 */

import { z } from 'zod';
import { MAX_ENVELOPE_BYTES, fields } from '../../crypto/envelope.ts';
import type { DocumentDefinition } from '../../crypto/envelope.ts';

/** Largest transaction, in bytes of its envelope. */
export const MAX_TRANSACTION_BYTES = 16_384;

/** How far ahead of its account's last transaction one may be. */
export const MAX_SEQ_AHEAD = 16;

const hash = fields.bytes(32);
const envelope = fields.bytesUpTo(1, MAX_ENVELOPE_BYTES);
const body = fields.bytesUpTo(1, MAX_TRANSACTION_BYTES);
const amount = fields.decimal.refine((text) => text !== '0', 'expected more than 0');

/** Arguments of each operation. */
const OPERATIONS = {
  /** A treasury owes more. */
  mint: z.strictObject({ to: fields.peerId, amount }),
  /** A treasury lets an account go below zero. */
  credit: z.strictObject({ account: fields.peerId, limit: fields.decimal }),
  /** Opens an account, by an admission key or for the deposit. */
  open: z.strictObject({ account: fields.peerId }),
  transfer: z.strictObject({ to: fields.peerId, amount }),
  /** Gives a claim back to a treasury, which pays by other means; `reference` says where. */
  payOut: z.strictObject({
    treasury: fields.peerId,
    amount,
    reference: z.string().regex(/^[ -~]{0,128}$/, 'expected at most 128 printable characters'),
  }),
  /** Funds held for an agreement. `quote` and `request` are bodies: their ids bind them. */
  hold: z.strictObject({ agreement: envelope, quote: body, request: body }),
  /** Void if both sides ask for it. */
  cancel: z.strictObject({ contract: hash }),
  /** Lodges a delivery; with `ack`, and `key` if it is sealed, the contract is delivered. */
  deliver: z.strictObject({
    contract: hash,
    delivery: envelope,
    ack: envelope.optional(),
    key: hash.optional(),
  }),
  verdict: z.strictObject({ contract: hash, verdict: envelope }),
  contest: z.strictObject({ contract: hash }),
  rule: z.strictObject({ contract: hash, ruling: envelope }),
  /** Registers the hash of the account's recovery key, once. */
  recover: z.strictObject({ hash }),
  /** Passes an account to another key. Of any account, or of the new key, which has none yet. */
  rotate: z.strictObject({ rotation: envelope }),
} as const;

/** Name of an operation. */
export type Operation = keyof typeof OPERATIONS;
/** Arguments of an operation. */
export type OperationArgs<Name extends Operation> = z.infer<(typeof OPERATIONS)[Name]>;

const common = {
  v: z.literal(1),
  typ: z.literal('tx'),
  ledger: hash,
  account: fields.peerId,
  seq: fields.integer.min(1),
};

function operation<Name extends Operation>(op: Name) {
  return z.strictObject({ ...common, op: z.literal(op), args: OPERATIONS[op] });
}

const transactionSchema = z.discriminatedUnion('op', [
  operation('mint'),
  operation('credit'),
  operation('open'),
  operation('transfer'),
  operation('payOut'),
  operation('hold'),
  operation('cancel'),
  operation('deliver'),
  operation('verdict'),
  operation('contest'),
  operation('rule'),
  operation('recover'),
  operation('rotate'),
]);

/** Body of `tx`. */
export type Transaction = z.infer<typeof transactionSchema>;

/** What a transaction does, without who and when. */
export type TransactionCall = {
  [Name in Operation]: { readonly op: Name; readonly args: OperationArgs<Name> };
}[Operation];

/** `tx`, signed by its account. */
export const TRANSACTION: DocumentDefinition<Transaction> = {
  kind: 'tx',
  schema: transactionSchema,
  signers: ({ account }) => [account],
};
