/**
 * The ledger as the application that a committee agrees on: blocks of transactions in, results and
 * a state root out. The same blocks in the same order give the same bytes everywhere: there is no
 * clock, no chance and no float in here (wire-formats.md 4.3, 5).
 *
 * A transaction that is not in order (ledger, account, number, fee) may stand in no block, and a
 * block with one is refused as a whole. One that is in order and whose operation is refused pays
 * its fee, uses its number and does nothing else. Treasuries pay no fees: they would print them.
 *
 * One transaction needs no account: a rotation that its new key sends. It stands in a block only if
 * it is carried out, and its fee comes out of the account that moves. So that an account has one of
 * them waiting at most, it goes by the old key: `rotate/<old>`, number 1.
 *
 * Signatures of transactions are checked apart, by {@link LedgerApplication.isSigned}; those of the
 * documents inside are checked here.
 *
 * @module
 */

import { toBase64Url, u16 } from '../../crypto/bytes.ts';
import { readEnvelope } from '../../crypto/envelope.ts';
import type { ReadEnvelope } from '../../crypto/envelope.ts';
import { contentKey } from '../../crypto/hash.ts';
import { verifyDocumentSignature } from '../../crypto/identity.ts';
import { refusalNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { AppliedBlock, StateMachine, TransactionResult } from '../pbft/state-machine.ts';
import { accountOf, availableForFees, changeAccount, isMoved, post } from './accounts.ts';
import { clockOf } from './block-context.ts';
import type { BlockContext } from './block-context.ts';
import { beginBlock } from './daily-flow.ts';
import { Deadlines, dueMsOf } from './deadlines.ts';
import { expire } from './escrow.ts';
import { initialState } from './genesis.ts';
import type { LedgerRules } from './genesis.ts';
import { checkRotation, rotate, rotationIn } from './identity-moves.ts';
import { EVIDENCE_REFUSALS, perform } from './operations.ts';
import { OpenedDocuments, readChecked } from './opened-documents.ts';
import { FEES, movedKey } from './records.ts';
import type { ClockRecord, ContractRecord, MovedRecord } from './records.ts';
import { LedgerState, StateDraft } from './state.ts';
import type { IndexedReader, StateReader } from './state.ts';
import type { StateProof } from './state-proof.ts';
import { MAX_SEQ_AHEAD, MAX_TRANSACTION_BYTES, TRANSACTION } from './transactions.ts';
import type { Transaction } from './transactions.ts';

/** Most entries that end by themselves in one block; the others end in the next. */
export const MAX_SWEPT = 2_048;

/** Transactions whose parsed form is remembered: one is admitted, then executed. */
const MAX_REMEMBERED = 8_192;

/** Outcome of {@link LedgerApplication.apply}. */
export type LedgerOutcome =
  | {
      readonly applied: true;
      /** State after the block, 32 bytes. */
      readonly stateRoot: Uint8Array;
      /** One per transaction, in order. A result is u16: 0 for done, else a refusal's number. */
      readonly results: readonly TransactionResult[];
    }
  | {
      /** The transaction at `index` may not stand there; the state is as before. */
      readonly applied: false;
      readonly index: number;
      readonly reason: RefusalCode;
    };

/** Outcome of {@link LedgerApplication.admit}. */
export type LedgerAdmission =
  | { readonly admitted: true; readonly account: string; readonly seq: number }
  | {
      readonly admitted: false;
      readonly reason: RefusalCode;
      readonly account?: string;
      readonly seq?: number;
    };

/** Accounts, escrows, receipts and reputation of one ledger. */
export class LedgerApplication implements StateMachine {
  readonly rules: LedgerRules;
  /** Its id as transactions name it: base64url, in which equal bytes have one text. */
  readonly #ledger: string;
  #state: LedgerState;
  #deadlines: Deadlines;
  readonly #read = new Map<string, ReadEnvelope<Transaction>>();
  readonly #documents = new OpenedDocuments();
  /** Keys that the last block changed. */
  #lastChanged: readonly string[] = [];

  constructor(rules: LedgerRules) {
    this.rules = rules;
    this.#ledger = toBase64Url(rules.ledgerId);
    this.#state = initialState(rules);
    this.#deadlines = deadlinesOf(this.#state);
  }

  /** Root of the current state, 32 bytes. */
  get stateRoot(): Uint8Array {
    return this.#state.root;
  }

  /** Height and time of the last block, and what was minted. */
  get clock(): ClockRecord {
    return clockOf(this.#state);
  }

  /** The current state, to be read. */
  get state(): IndexedReader & Pick<LedgerState, 'entries' | 'size'> {
    return this.#state;
  }

  /**
   * Proof of the entry under `key`, or of its absence, in the state after the block of `height`:
   * the last one, or the one before it, for the last may not be final yet.
   *
   * @throws {@link RangeError} for another height.
   */
  prove(key: string, height = this.clock.height): StateProof {
    if (height === this.clock.height) return this.#state.prove(key);
    if (height === this.clock.height - 1) return this.#state.proveBefore(key);
    throw new RangeError(`"height" expected ${this.clock.height} or one less, got ${height}`);
  }

  /**
   * Every check of a transaction but its signature, against the current state, cheap ones first
   * (wire-formats.md 5.2). Rates and the pool are not the application's.
   */
  admit(transaction: Uint8Array): LedgerAdmission {
    if (transaction.length > MAX_TRANSACTION_BYTES) {
      return { admitted: false, reason: 'INPUT_TOO_LARGE' };
    }
    const read = this.#readTransaction(transaction);
    if (!read.valid) return { admitted: false, reason: read.reason };
    if (isSentByNewKey(read.body)) return this.#admitRotation(read.body);
    const { account, seq } = read.body;
    const last = this.lastSeq(account);
    const reason =
      this.#checkLedger(read.body) ??
      (isMoved(this.#state, account) ? 'ACCOUNT_MOVED' : undefined) ??
      (accountOf(this.#state, account) ? undefined : 'UNKNOWN_ACCOUNT') ??
      (seq <= last ? 'EXECUTED' : undefined) ??
      (seq > last + MAX_SEQ_AHEAD ? 'SEQ_TOO_FAR' : undefined) ??
      this.#checkFee(this.#state, account);
    return reason ? { admitted: false, reason, account, seq } : { admitted: true, account, seq };
  }

  /** {@link admit} of a rotation that the new key sends: only one that would be carried out. */
  #admitRotation(transaction: RotationByNewKey): LedgerAdmission {
    const { account: next, seq, args } = transaction;
    const { old } = rotationIn(transaction)!;
    const account = rotationAccount(old);
    const moved = this.#state.get(movedKey(old)) as MovedRecord | undefined;
    let reason: RefusalCode | undefined =
      this.#checkLedger(transaction) ??
      (moved?.to === next ? 'EXECUTED' : undefined) ??
      (seq === 1 ? undefined : 'SEQ_NOT_NEXT');
    if (!reason) {
      const context = { rules: this.rules, draft: this.#state, timeMs: this.clock.timeMs };
      const checked = checkRotation(context, args.rotation);
      if (!checked.valid) reason = checked.reason;
      else if (this.#payableBy(old, next) < this.rules.fees.transaction) reason = 'BELOW_FEE';
    }
    return reason
      ? { admitted: false, reason, account, seq: 1 }
      : { admitted: true, account, seq: 1 };
  }

  /** What an account could pay fees with once it has moved. */
  #payableBy(old: string, next: string): bigint {
    const gift = accountOf(this.#state, next);
    return availableForFees(accountOf(this.#state, old)!) + (gift ? availableForFees(gift) : 0n);
  }

  /** Whether its account signed a transaction. */
  isSigned(transaction: Uint8Array): boolean {
    const read = this.#readTransaction(transaction);
    if (!read.valid) return false;
    return verifyDocumentSignature(read.body.account, read.id, read.signatures[0]!);
  }

  /** Number of an account's last transaction; 0 for none, the highest for a key that is dead. */
  lastSeq(account: string): number {
    const rotated = rotatedKeyOf(account);
    if (rotated !== undefined) return isMoved(this.#state, rotated) ? 1 : 0;
    if (isMoved(this.#state, account)) return Number.MAX_SAFE_INTEGER;
    return accountOf(this.#state, account)?.seq ?? 0;
  }

  /**
   * Applies the next block. Signatures of its transactions were checked.
   *
   * @throws {@link RangeError} for a block that does not follow the last one.
   */
  apply(block: AppliedBlock, isChecked = false): LedgerOutcome {
    const before = this.clock;
    if (block.height !== before.height + 1 || block.timeMs <= before.timeMs) {
      throw new RangeError(
        `"block" expected height ${before.height + 1} after ${before.timeMs} ms, ` +
          `got ${block.height} at ${block.timeMs} ms`,
      );
    }
    const { height, timeMs } = block;
    const draft = new StateDraft(this.#state);
    const open = isChecked ? readChecked : this.#documents.open;
    const moved = { count: 0 };
    const context: BlockContext = { rules: this.rules, draft, height, timeMs, open, moved };
    beginBlock(context, this.#state);
    const waiting = this.#sweep(context);
    const results: TransactionResult[] = [];
    for (const [index, transaction] of block.transactions.entries()) {
      const read = this.#readTransaction(transaction);
      if (!read.valid) return { applied: false, index, reason: read.reason };
      const result = this.#execute(context, read.body);
      if (typeof result === 'string') return { applied: false, index, reason: result };
      results.push(result);
    }
    this.#commit(draft, timeMs, waiting);
    return { applied: true, stateRoot: this.#state.root, results };
  }

  /** Takes the last block back. At most one. @throws {@link TypeError} if there is none. */
  revert(): void {
    this.#state.revert();
    this.#addDeadlines(this.#lastChanged);
    this.#lastChanged = [];
  }

  /** The whole state, the same bytes on every replica. */
  snapshot(): Uint8Array {
    return this.#state.snapshot();
  }

  /** Takes over a state if its root is `stateRoot`. `false`: it is not, and nothing changed. */
  restore(snapshot: Uint8Array, stateRoot: Uint8Array): boolean {
    const state = LedgerState.restore(snapshot, stateRoot);
    if (!state) return false;
    this.#state = state;
    this.#deadlines = deadlinesOf(state);
    this.#lastChanged = [];
    return true;
  }

  #readTransaction(transaction: Uint8Array): ReadEnvelope<Transaction> {
    const key = contentKey(transaction);
    const known = this.#read.get(key);
    if (known) return known;
    const read = readEnvelope(TRANSACTION, transaction);
    if (this.#read.size >= MAX_REMEMBERED) {
      for (const oldest of this.#read.keys()) {
        this.#read.delete(oldest);
        break;
      }
    }
    this.#read.set(key, read);
    return read;
  }

  #checkLedger({ ledger }: Transaction): RefusalCode | undefined {
    return ledger === this.#ledger ? undefined : 'WRONG_LEDGER';
  }

  #checkFee(state: StateReader, account: string): RefusalCode | undefined {
    return availableForFees(accountOf(state, account)!) < this.#feeOf(account)
      ? 'BELOW_FEE'
      : undefined;
  }

  #feeOf(account: string): bigint {
    return this.rules.treasuries.has(account) ? 0n : this.rules.fees.transaction;
  }

  /** Whether a transaction may stand where it stands. */
  #checkOrder(draft: StateDraft, transaction: Transaction): RefusalCode | undefined {
    const { account, seq } = transaction;
    const wrongLedger = this.#checkLedger(transaction);
    if (wrongLedger) return wrongLedger;
    if (isMoved(draft, account)) return 'ACCOUNT_MOVED';
    const holder = accountOf(draft, account);
    if (!holder) return 'UNKNOWN_ACCOUNT';
    return seq === holder.seq + 1 ? this.#checkFee(draft, account) : 'SEQ_NOT_NEXT';
  }

  /** @returns the refusal of a transaction that may not stand where it stands. */
  #execute(context: BlockContext, transaction: Transaction): TransactionResult | RefusalCode {
    const { draft } = context;
    if (isSentByNewKey(transaction)) return this.#executeRotation(context, transaction);
    const reason = this.#checkOrder(draft, transaction);
    if (reason) return reason;
    const { account, seq } = transaction;
    changeAccount(draft, account, () => ({ seq }));
    post(draft, account, FEES, this.#feeOf(account));
    const own = new StateDraft(draft);
    const refusal = perform({ ...context, draft: own }, transaction);
    if (!refusal || EVIDENCE_REFUSALS.has(refusal)) draft.absorb(own);
    const result = u16(refusal ? refusalNumber(refusal) : 0);
    const rotated = refusal ? undefined : rotationIn(transaction);
    return { account, seq, result, ...(rotated && { retired: rotated.old }) };
  }

  /** A rotation that the new key sends, or why it may not stand there. */
  #executeRotation(
    context: BlockContext,
    transaction: RotationByNewKey,
  ): TransactionResult | RefusalCode {
    const wrong =
      this.#checkLedger(transaction) ?? (transaction.seq === 1 ? undefined : 'SEQ_NOT_NEXT');
    if (wrong) return wrong;
    const { account: next, args } = transaction;
    const { old } = rotationIn(transaction)!;
    const own = new StateDraft(context.draft);
    const refusal = rotate({ ...context, draft: own }, args) ?? this.#checkFee(own, next);
    if (refusal) return refusal;
    post(own, next, FEES, this.rules.fees.transaction);
    context.draft.absorb(own);
    return { account: rotationAccount(old), seq: 1, result: u16(0), retired: old };
  }

  /** Ends what is due, keys ascending. Returns the keys that have to wait for the next block. */
  #sweep(context: BlockContext): readonly string[] {
    const { draft, timeMs } = context;
    const due = this.#deadlines.dueBy(timeMs).filter((key) => {
      const record = draft.get(key);
      return record !== undefined && (dueMsOf(record) ?? Infinity) <= timeMs;
    });
    for (const key of due.slice(0, MAX_SWEPT)) {
      const [kind, id] = key.split('/', 2);
      if (kind === 'quote') draft.remove(key);
      else expire(context, id!, draft.get(key) as ContractRecord);
    }
    return due.slice(MAX_SWEPT);
  }

  #commit(draft: StateDraft, timeMs: number, waiting: readonly string[]): void {
    this.#state.commit(draft.changes);
    this.#deadlines.dropUntil(timeMs);
    this.#lastChanged = [...draft.changes.keys()];
    this.#addDeadlines([...this.#lastChanged, ...waiting]);
  }

  #addDeadlines(keys: readonly string[]): void {
    for (const key of keys) {
      const record = this.#state.get(key);
      const dueMs = record && dueMsOf(record);
      if (dueMs !== undefined) this.#deadlines.add(key, dueMs);
    }
  }
}

type RotationByNewKey = Extract<Transaction, { op: 'rotate' }>;

function isSentByNewKey(transaction: Transaction): transaction is RotationByNewKey {
  return rotationIn(transaction)?.new === transaction.account;
}

const ROTATION_PREFIX = 'rotate/';

/** What a rotation that its new key sends goes by among transactions of accounts. */
function rotationAccount(old: string): string {
  return `${ROTATION_PREFIX}${old}`;
}

function rotatedKeyOf(account: string): string | undefined {
  return account.startsWith(ROTATION_PREFIX) ? account.slice(ROTATION_PREFIX.length) : undefined;
}

function deadlinesOf(state: LedgerState): Deadlines {
  const deadlines = new Deadlines();
  for (const [key, record] of state.entries()) {
    const dueMs = dueMsOf(record);
    if (dueMs !== undefined) deadlines.add(key, dueMs);
  }
  return deadlines;
}
