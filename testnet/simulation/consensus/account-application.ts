/**
 * The application of the simulation: accounts that send each other money. Small, so that what is
 * simulated is consensus; with a sum that must not change, so that a block executed twice or not at
 * all is seen.
 *
 * Transaction: u16 account, u32 sequence number, u16 receiver, u32 amount, u64 signature.
 *
 * @module
 */

import { equalBytes } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { Admission, AppliedBlock } from '../../../protocols/pbft/state-machine.ts';
import type { BlockOutcome, StateMachine } from '../../../protocols/pbft/state-machine.ts';
import type { TransactionResult } from '../../../protocols/pbft/state-machine.ts';

export const ACCOUNTS = 6;
export const START_BALANCE = 1_000;
const TRANSACTION_BYTES = 20;
/** Bytes of an account in the snapshot: sequence number, balance. */
const ENTRY_BYTES = 8;

export interface Transfer {
  readonly account: number;
  readonly seq: number;
  readonly to: number;
  readonly amount: number;
}

function signatureOf({ account, seq, to, amount }: Transfer): number {
  let hash = 0x811c9dc5;
  for (const word of [account, seq, to, amount, 0x5eed]) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

/** A transfer as its account signs it. */
export function encodeTransfer(transfer: Transfer, signature = signatureOf(transfer)): Uint8Array {
  const bytes = new Uint8Array(TRANSACTION_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, transfer.account);
  view.setUint32(2, transfer.seq);
  view.setUint16(6, transfer.to);
  view.setUint32(8, transfer.amount);
  view.setUint32(12, signature);
  return bytes;
}

/** A transfer that its account did not sign. */
export function forgeTransfer(transfer: Transfer): Uint8Array {
  return encodeTransfer(transfer, signatureOf(transfer) ^ 1);
}

export function decodeTransfer(bytes: Uint8Array): (Transfer & { signature: number }) | undefined {
  if (bytes.length !== TRANSACTION_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const account = view.getUint16(0);
  const to = view.getUint16(6);
  if (account >= ACCOUNTS || to >= ACCOUNTS) return undefined;
  const [seq, amount, signature] = [view.getUint32(2), view.getUint32(8), view.getUint32(12)];
  return { account, seq, to, amount, signature };
}

/** Whether a transfer is one that its account signed. */
export function isTransferSigned(bytes: Uint8Array): boolean {
  const read = decodeTransfer(bytes);
  return read !== undefined && read.signature === signatureOf(read);
}

/** `checksSeq` off is a broken application, for a mutant. */
export class AccountApplication implements StateMachine {
  readonly #checksSeq: boolean;
  #seqs: number[] = Array.from({ length: ACCOUNTS }, () => 0);
  #balances: number[] = Array.from({ length: ACCOUNTS }, () => START_BALANCE);
  /** Root of the state that was taken over last. */
  restoredRoot: Uint8Array | undefined;
  /** State root by height, of the block applied last there. */
  readonly #roots = new Map<number, Uint8Array>();
  #before = { seqs: this.#seqs, balances: this.#balances };

  constructor(checksSeq = true) {
    this.#checksSeq = checksSeq;
  }

  get total(): number {
    return this.#balances.reduce((sum, balance) => sum + balance, 0);
  }

  admit(transaction: Uint8Array): Admission {
    const read = decodeTransfer(transaction);
    if (!read) return { admitted: false, reason: 'MALFORMED' };
    const { seq } = read;
    const account = String(read.account);
    if (this.#checksSeq && seq <= this.lastSeq(account)) {
      return { admitted: false, reason: 'EXECUTED', account, seq };
    }
    return { admitted: true, account, seq };
  }

  isSigned(transaction: Uint8Array): boolean {
    return isTransferSigned(transaction);
  }

  lastSeq(account: string): number {
    return this.#seqs[Number(account)] ?? 0;
  }

  /** Root of the state that the block at this height led to. */
  rootAt(height: number): Uint8Array | undefined {
    return this.#roots.get(height);
  }

  apply({ height, transactions }: AppliedBlock): BlockOutcome {
    const seqs = [...this.#seqs];
    const balances = [...this.#balances];
    const results: TransactionResult[] = [];
    for (const [index, bytes] of transactions.entries()) {
      const read = decodeTransfer(bytes);
      if (!read) return { applied: false, index, reason: 'malformed' };
      const { account, seq, to, amount } = read;
      if (this.#checksSeq && seq !== seqs[account]! + 1) {
        return { applied: false, index, reason: 'wrong sequence number' };
      }
      seqs[account] = seq;
      const isCovered = balances[account]! >= amount;
      if (isCovered) {
        balances[account]! -= amount;
        balances[to]! += amount;
      }
      const result = Uint8Array.of(isCovered ? 1 : 0);
      results.push({ account: String(account), seq, result });
    }
    this.#before = { seqs: this.#seqs, balances: this.#balances };
    this.#seqs = seqs;
    this.#balances = balances;
    const { stateRoot } = this;
    this.#roots.set(height, stateRoot);
    return { applied: true, stateRoot, results };
  }

  revert(): void {
    this.#seqs = this.#before.seqs;
    this.#balances = this.#before.balances;
  }

  get stateRoot(): Uint8Array {
    return sha256(this.snapshot());
  }

  snapshot(): Uint8Array {
    const bytes = new Uint8Array(ACCOUNTS * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < ACCOUNTS; i++) {
      view.setUint32(i * ENTRY_BYTES, this.#seqs[i]!);
      view.setUint32(i * ENTRY_BYTES + 4, this.#balances[i]!);
    }
    return bytes;
  }

  restore(snapshot: Uint8Array, stateRoot: Uint8Array): boolean {
    if (snapshot.length !== ACCOUNTS * ENTRY_BYTES) return false;
    if (!equalBytes(sha256(snapshot), stateRoot)) return false;
    const view = new DataView(snapshot.buffer, snapshot.byteOffset);
    const field = (offset: number): number[] =>
      Array.from({ length: ACCOUNTS }, (_, i) => view.getUint32(i * ENTRY_BYTES + offset));
    this.#seqs = field(0);
    this.#balances = field(4);
    this.#before = { seqs: this.#seqs, balances: this.#balances };
    this.restoredRoot = stateRoot;
    return true;
  }
}
