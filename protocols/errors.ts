/**
 * The one table of refusal codes and their numbers on the wire (style.md 3, "Errors"). A peer is
 * told a number of this table and nothing else: no text, no stack, no field name.
 *
 * A number, once given, keeps its meaning. A receiver that meets a number it does not know reads it
 * as `UNKNOWN_CODE`. The session's own codes (REJECT, ABORT) are in `secure-stream.ts`.
 *
 * @module
 */

/** Refusal code to wire number. */
export const REFUSAL_NUMBERS = {
  // Any protocol
  INTERNAL: 1,
  MALFORMED: 2,
  WRONG_SIGNERS: 3,
  BAD_SIGNATURE: 4,
  RATE_LIMITED: 5,
  BUSY: 6,
  TIMED_OUT: 7,
  NOT_SUPPORTED: 8,
  // Who is asking, and for what
  SELF_DEALING: 20,
  WRONG_CLIENT: 21,
  WRONG_CONTRACTOR: 22,
  SKILL_NOT_OFFERED: 23,
  CLIENT_NOT_ACCEPTED: 24,
  SENSITIVITY_NOT_ACCEPTED: 25,
  INPUT_TOO_LARGE: 26,
  LATENCY_NOT_POSSIBLE: 27,
  EXPIRED: 28,
  EXPIRES_TOO_LATE: 29,
  TOO_MANY_OPEN_QUOTES: 30,
  SEALED_NOT_SUPPORTED: 31,
  LEDGER_NOT_SUPPORTED: 32,
  ARBITERS_NOT_SUPPORTED: 33,
  FEE_NOT_SUPPORTED: 34,
  /** A test by an attestor, and more time than may go into tests now. */
  TESTED_ENOUGH: 35,
  // Quote and agreement
  REQUEST_MISMATCH: 40,
  UNKNOWN_QUOTE: 41,
  QUOTE_MISMATCH: 42,
  TASK_MISMATCH: 43,
  PRICE_ABOVE_QUOTE: 44,
  PRICE_BELOW_QUOTE: 45,
  DELIVERY_KIND_MISMATCH: 46,
  SESSION_MISMATCH: 47,
  NOT_YET_VALID: 48,
  AGREEMENT_ALTERED: 49,
  SECOND_QUOTE: 50,
  SECOND_AGREEMENT: 51,
  CREDIT_EXHAUSTED: 52,
  PRICE_TOO_LOW: 53,
  SECOND_COUNTER: 54,
  // Delivery, verdict, receipt
  UNKNOWN_CONTRACT: 60,
  CONTRACT_MISMATCH: 61,
  NOT_READY: 62,
  RESULT_MISMATCH: 63,
  RESULT_TOO_LARGE: 64,
  DELIVERY_MISMATCH: 65,
  SECOND_DELIVERY: 66,
  SECOND_VERDICT: 67,
  PAID_ABOVE_PRICE: 68,
  PAID_NOT_BY_OUTCOME: 69,
  NOT_COUNTERSIGNED: 70,
  WRONG_STATE: 71,
  TOO_LATE: 72,
  // Ledger: why a transaction is not taken into a block
  WRONG_LEDGER: 100,
  UNKNOWN_ACCOUNT: 101,
  /** Its sequence number is used. */
  EXECUTED: 102,
  SEQ_TOO_FAR: 103,
  BELOW_FEE: 104,
  ALREADY_HELD: 105,
  POOL_FULL: 106,
  SEQ_NOT_NEXT: 107,
  // Ledger: why a transaction in a block does nothing but pay its fee
  ACCOUNT_EXISTS: 120,
  NOT_PERMITTED: 121,
  INSUFFICIENT_FUNDS: 122,
  SUPPLY_EXHAUSTED: 123,
  SELF_TRANSFER: 124,
  FEE_MISMATCH: 125,
  QUOTE_USED: 126,
  KEY_MISMATCH: 127,
  NOT_AN_ARBITER: 128,
  SECOND_RULING: 129,
  NOT_A_PARTY: 130,
  ARBITERS_NOT_PERMITTED: 131,
  // Ledger: rotation of an account's key
  /** The account has passed to another key; the one it is named by is dead. */
  ACCOUNT_MOVED: 132,
  RECOVERY_MISSING: 133,
  WRONG_RECOVERY: 134,
  /** A recovery key is registered; a rotation alone replaces it. */
  RECOVERY_REGISTERED: 135,
  ROTATED_TOO_SOON: 136,
  TOO_MANY_ROTATIONS: 137,
  ROTATION_NOT_NEXT: 138,
  // Bilateral accounts
  STATEMENT_NOT_NEXT: 140,
  STATEMENT_MISMATCH: 141,
  SECOND_STATEMENT: 142,
  // What a receiver makes of a number that is not in this table
  UNKNOWN_CODE: 65_535,
} as const satisfies Record<string, number>;

/** Name of a refusal. */
export type RefusalCode = keyof typeof REFUSAL_NUMBERS;

const codesByNumber: ReadonlyMap<number, RefusalCode> = new Map(
  Object.entries(REFUSAL_NUMBERS).map(([code, number]) => [number, code as RefusalCode]),
);

/** Wire number of a refusal, 1..65,535. */
export function refusalNumber(code: RefusalCode): number {
  return REFUSAL_NUMBERS[code];
}

/** Refusal of a wire number; `UNKNOWN_CODE` for a number this version does not have. */
export function refusalOfNumber(number: number): RefusalCode {
  return codesByNumber.get(number) ?? 'UNKNOWN_CODE';
}
