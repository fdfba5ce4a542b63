/**
 * The entries of the ledger's state: one key and one record each. A value on the wire is the
 * record in restricted JCS, whole numbers of any size as decimal strings.
 *
 * | key                                | record                                   |
 * | ---------------------------------- | ---------------------------------------- |
 * | `account/<PeerId>`, `account/fees` | {@link AccountRecord}                    |
 * | `contract/<contract id, hex>`      | {@link ContractRecord}                   |
 * | `quote/<quote id, hex>`            | {@link QuoteRecord}                      |
 * | `score/`, `pair/`, `rater/`        | `protocols/reputation/records.ts`        |
 * | `clock`                            | {@link ClockRecord}                      |
 * | `recovery/<PeerId>`                | {@link RecoveryRecord}                   |
 * | `moved/<PeerId>`                   | {@link MovedRecord}                      |
 * | `former/<PeerId>`                  | {@link FormerRecord}                     |
 *
 * The last three stand beside the account and not in it: an account without them has the bytes that
 * it had before there were rotations.
 *
 * @module
 */

import { z } from 'zod';
import { utf8 } from '../../crypto/bytes.ts';
import { decodeDocument, recordText } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import type { PairRecord, RaterRecord, ScoreRecord } from '../reputation/records.ts';

/** Largest value of an entry, in bytes. */
export const MAX_VALUE_BYTES = 8_192;
/** Longest key, in bytes: a pair's two PeerIds, a role and a skill term. */
export const MAX_KEY_BYTES = 512;
const VALUE_LIMITS: DocumentLimits = { maxBytes: MAX_VALUE_BYTES, maxDepth: 4 };

const whole = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,79})$/, 'expected a whole number')
  .transform(BigInt);
const count = z.number().int().min(0);
const text = z.string().max(256);

/** Double-entry account, in micro-USD. A debit takes from it, a credit gives to it. */
const accountSchema = z.strictObject({
  /** How far below zero the balance may go. */
  creditLimit: whole,
  creditsHeld: whole,
  creditsPosted: whole,
  debitsHeld: whole,
  debitsPosted: whole,
  /** Contested contracts, in either role. */
  disputes: count,
  /** Proven second signatures where one was allowed. */
  equivocations: count,
  /** Number of the last transaction. */
  seq: count,
});

/** States of an escrow. `CLOSED` ones are kept for a while, so that the end can be proven. */
export const ESCROW_STATES = ['HELD', 'DELIVERED', 'DISPUTE', 'CONTESTED', 'CLOSED'] as const;

/** How a contract ended, by the table of wire-formats.md 4.3. */
export const ESCROW_ENDS = [
  'CANCELLED',
  'NOT_DELIVERED',
  'UNCONFIRMED',
  'PASSED',
  'AGREED',
  'LAPSED',
  'UNDISPUTED',
  'RULED',
  'UNRULED',
] as const;

/** An escrow. Money in micro-USD, times in milliseconds of block time, hashes in base64url. */
const contractSchema = z.strictObject({
  client: text,
  contractor: text,
  price: whole,
  taskType: text,
  delivery: z.enum(['sealed', 'open']),
  verifySecs: count,
  disputeSecs: count,
  arbiters: z.array(text).max(7),
  state: z.enum(ESCROW_STATES),
  /** When the state ends by itself. */
  dueMs: count,
  /** Which side has asked to cancel, or "". */
  cancelledBy: z.enum(['', 'client', 'contractor']),
  /** docId of the delivery that was lodged, or "". */
  deliveryId: text,
  /** docId of the verdict, or "". */
  verdictId: text,
  /** 1 once the client was seen to have signed another verdict too. */
  hasSecondVerdict: z.union([z.literal(0), z.literal(1)]),
  /** What the client's verdict says, and when closed what was paid. */
  outcome: z.enum(['', 'pass', 'partial', 'fail']),
  paid: whole,
  rulings: z.array(z.strictObject({ arbiter: text, paid: whole })).max(7),
  end: z.enum(['', ...ESCROW_ENDS]),
});

/** A quote that was used; kept until no agreement on it can be held any more. */
const quoteSchema = z.strictObject({ dueMs: count });

/** The last block, and the first block of its day. */
const clockSchema = z.strictObject({
  height: count,
  timeMs: count,
  day: count,
  firstHeight: count,
  /** All that was ever minted, in micro-USD. */
  minted: whole,
});

/** Hash of the recovery key without which nobody rotates the account's key. */
const recoverySchema = z.strictObject({ hash: text });

/** Tombstone of a key that was rotated away: never changed, never removed. */
const movedSchema = z.strictObject({
  /** The key that took its place then; it may have a tombstone of its own. */
  to: text,
  /** Of the block. */
  timeMs: count,
});

/** What led to an account's key. */
const formerSchema = z.strictObject({
  /** The key before. */
  from: text,
  /** Rotations from the first key to this one. */
  rotations: count,
  /** Number of the last rotation. */
  seq: count,
  /** Block time of the last rotation. */
  timeMs: count,
});

const scoreSchema = z.strictObject({
  fadedNewcomers: whole,
  fadedSuccesses: whole,
  fadedTotal: whole,
  hour: count,
  successes: whole,
  total: whole,
}) satisfies z.ZodType<ScoreRecord>;

const pairSchema = z.strictObject({
  fadedSuccesses: whole,
  fadedTotal: whole,
  hour: count,
}) satisfies z.ZodType<PairRecord>;

const raterSchema = z.strictObject({
  agreements: whole,
  comparisons: whole,
  flow: whole,
  hour: count,
  nextFlow: whole,
}) satisfies z.ZodType<RaterRecord>;

/** Account of a peer or of the fees. */
export type AccountRecord = Readonly<z.infer<typeof accountSchema>>;
/** An escrow. */
export type ContractRecord = Readonly<z.infer<typeof contractSchema>>;
/** A quote that was used. */
export type QuoteRecord = Readonly<z.infer<typeof quoteSchema>>;
/** A registered recovery key. */
export type RecoveryRecord = Readonly<z.infer<typeof recoverySchema>>;
/** A key that is dead. */
export type MovedRecord = Readonly<z.infer<typeof movedSchema>>;
/** A key that took the place of another. */
export type FormerRecord = Readonly<z.infer<typeof formerSchema>>;
/** The last block. */
export type ClockRecord = Readonly<z.infer<typeof clockSchema>>;
/** How a contract ended. */
export type EscrowEnd = (typeof ESCROW_ENDS)[number];

/** Any record of the state. */
export type StateRecord =
  | AccountRecord
  | ContractRecord
  | QuoteRecord
  | ClockRecord
  | RecoveryRecord
  | MovedRecord
  | FormerRecord
  | ScoreRecord
  | PairRecord
  | RaterRecord;

const SCHEMAS: Readonly<Record<string, z.ZodType<StateRecord>>> = {
  account: accountSchema,
  contract: contractSchema,
  quote: quoteSchema,
  clock: clockSchema,
  recovery: recoverySchema,
  moved: movedSchema,
  former: formerSchema,
  score: scoreSchema,
  pair: pairSchema,
  rater: raterSchema,
};

/** Key of the one account that collects fees. */
export const FEES = 'fees';
/** Key of the clock. */
export const CLOCK_KEY = 'clock';

/** Key of an account. */
export function accountKey(holder: string): string {
  return `account/${holder}`;
}

/** Key of a contract. @param id - Hexadecimal. */
export function contractKey(id: string): string {
  return `contract/${id}`;
}

/** Key of a used quote. @param id - Hexadecimal. */
export function quoteKey(id: string): string {
  return `quote/${id}`;
}

/** Key of an account's registered recovery key. */
export function recoveryKey(peerId: string): string {
  return `recovery/${peerId}`;
}

/** Key of the tombstone of a key that was rotated away. */
export function movedKey(peerId: string): string {
  return `moved/${peerId}`;
}

/** Key of what led to an account's key. */
export function formerKey(peerId: string): string {
  return `former/${peerId}`;
}

/** Value of an entry, as the text that it is. */
export function textOfRecord(record: StateRecord): string {
  return recordText(record, VALUE_LIMITS);
}

/** Value of an entry. */
export function encodeRecord(record: StateRecord): Uint8Array {
  return utf8(textOfRecord(record));
}

/**
 * Record of an entry.
 *
 * @throws for a key of no kind, or bytes that are not a value of that kind.
 */
export function decodeRecord(key: string, value: Uint8Array): StateRecord {
  const kind = key.split('/', 1)[0]!;
  const schema = Object.hasOwn(SCHEMAS, kind) ? SCHEMAS[kind] : undefined;
  if (!schema) throw new TypeError(`"key" expected a kind of entry, got ${JSON.stringify(key)}`);
  return schema.parse(decodeDocument(value, VALUE_LIMITS));
}
