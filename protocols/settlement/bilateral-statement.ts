/**
 * Bilateral accounts: what two peers owe each other, in statements that both sign, for nodes
 * without a committee (wire-formats.md 6, D9). Each statement names the one before and the receipt
 * or the payment that changes it, so that either side can show how the sums came about.
 *
 * A statement binds the two who signed it and nobody else. That a payment was made is what the
 * payee signs; nothing here moves money.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { countersign, fields, signDocument } from '../../crypto/envelope.ts';
import type { DocumentDefinition, SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { RefusalCode } from '../errors.ts';

const hash = fields.bytes(32);
const amount = fields.decimal.refine((text) => text !== '0', 'expected more than 0');

const statementSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('stmt'),
    /** The two peers, ascending. */
    a: fields.peerId,
    b: fields.peerId,
    seq: fields.integer.min(1),
    /** docId of the statement before, or "". */
    prev: z.union([z.literal(''), hash]),
    /** A receipt makes `payer` owe more, a payment less. */
    cause: z.enum(['receipt', 'payment']),
    /** Receipt id, or a hash that the two know the payment by. */
    reference: hash,
    payer: fields.peerId,
    amount,
    /** What a owes b and b owes a after this statement, in micro-USD. */
    aOwes: fields.decimal,
    bOwes: fields.decimal,
  })
  .refine(({ a, b }) => a < b, 'expected two peers, ascending')
  .refine(({ a, b, payer }) => payer === a || payer === b, 'expected a payer of the two');

/** Body of `stmt`. */
export type Statement = z.infer<typeof statementSchema>;

/** What changes a bilateral account. */
export interface StatementEntry {
  readonly cause: Statement['cause'];
  /** 32 bytes. */
  readonly reference: Uint8Array;
  readonly payer: string;
  readonly payee: string;
  readonly amountMicroUsd: bigint;
}

/** `stmt`: the payee of a receipt or of a payment proposes nothing; the payer signs first. */
export const STATEMENT: DocumentDefinition<Statement> = {
  kind: 'stmt',
  schema: statementSchema,
  signers: ({ a, b, payer }) => (payer === a ? [a, b] : [b, a]),
  minSignatures: 1,
};

/** A statement that both have signed. */
export type AgreedStatement = SignedDocument<Statement>;

/** What `debtor` owes by a statement, in micro-USD; 0 before the first. */
export function owedBy(statement: AgreedStatement | undefined, debtor: string): bigint {
  if (!statement) return 0n;
  const { a, aOwes, bOwes } = statement.body;
  return BigInt(debtor === a ? aOwes : bOwes);
}

/**
 * Body of the statement that follows `previous`.
 *
 * @returns A refusal for a payment of more than is owed.
 */
export function nextStatement(
  previous: AgreedStatement | undefined,
  { cause, reference, payer, payee, amountMicroUsd }: StatementEntry,
): Statement | RefusalCode {
  const [a, b] = payer < payee ? [payer, payee] : [payee, payer];
  const change = cause === 'receipt' ? amountMicroUsd : -amountMicroUsd;
  const owed = (peer: string) => owedBy(previous, peer) + (peer === payer ? change : 0n);
  if (owed(payer) < 0n) return 'PAID_ABOVE_PRICE';
  return {
    v: 1,
    typ: 'stmt',
    a,
    b,
    seq: (previous?.body.seq ?? 0) + 1,
    prev: previous ? toBase64Url(previous.id) : '',
    cause,
    reference: toBase64Url(reference),
    payer,
    amount: amountMicroUsd.toString(),
    aOwes: owed(a).toString(),
    bOwes: owed(b).toString(),
  };
}

/** Signs what this node, the payer, owes or has paid. */
export function proposeStatement(
  previous: AgreedStatement | undefined,
  entry: StatementEntry,
  payer: Identity,
): SignedDocument<Statement> | RefusalCode {
  const body = nextStatement(previous, entry);
  return typeof body === 'string' ? body : signDocument(STATEMENT, body, payer);
}

/** Why a proposed statement does not follow from `previous` and what this node knows. */
export function checkStatement(
  previous: AgreedStatement | undefined,
  proposal: SignedDocument<Statement>,
  entry: StatementEntry,
): RefusalCode | undefined {
  const expected = nextStatement(previous, entry);
  if (typeof expected === 'string') return expected;
  const { body } = proposal;
  if (body.a !== expected.a || body.b !== expected.b) return 'NOT_A_PARTY';
  const isRepeated = previous && body.seq === previous.body.seq;
  if (isRepeated && !equalBytes(proposal.id, previous.id)) return 'SECOND_STATEMENT';
  if (body.seq !== expected.seq || body.prev !== expected.prev) return 'STATEMENT_NOT_NEXT';
  const keys = Object.keys(expected) as (keyof Statement)[];
  return keys.every((key) => body[key] === expected[key]) ? undefined : 'STATEMENT_MISMATCH';
}

/** The statement with the payee's signature. */
export function countersignStatement(
  proposal: SignedDocument<Statement>,
  payee: Identity,
): AgreedStatement {
  return countersign(STATEMENT, proposal, payee);
}

/** Whether a statement is the one that `previous` is to be followed by. */
export function follows(previous: AgreedStatement | undefined, next: AgreedStatement): boolean {
  const { prev, seq } = next.body;
  if (!previous) return prev === '' && seq === 1;
  return (
    seq === previous.body.seq + 1 && prev !== '' && equalBytes(fromBase64Url(prev), previous.id)
  );
}
