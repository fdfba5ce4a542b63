/**
 * A small application for tests of consensus: each account keeps the sum of what it submitted. A
 * transaction is JSON, signed by a hash of a word: consensus does not look inside.
 */
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { equalBytes } from '../../../crypto/bytes.ts';
import { sha256, sha256Hex } from '../../../crypto/hash.ts';
import type { Admission, AppliedBlock, BlockOutcome } from '../../pbft/state-machine.ts';
import type { StateMachine, TransactionResult } from '../../pbft/state-machine.ts';

interface Transaction {
  readonly account: string;
  readonly seq: number;
  readonly add: number;
  readonly signature: string;
}

function signatureOf(account: string, seq: number, add: number): string {
  return sha256Hex(`secret of ${account} ${seq} ${add}`).slice(0, 16);
}

/** A transaction signed by its account. */
export function tally(account: string, seq: number, add = 1): Uint8Array {
  return utf8(JSON.stringify({ account, seq, add, signature: signatureOf(account, seq, add) }));
}

/** The same with a signature that is not the account's. */
export function forgedTally(account: string, seq: number, add = 1): Uint8Array {
  return utf8(JSON.stringify({ account, seq, add, signature: 'forged' }));
}

/** Of these accounts one alone can ever do anything. */
const isRival = (account: string): boolean => account.startsWith('rival');

interface Account {
  readonly seq: number;
  readonly sum: number;
}

export class TallyApplication implements StateMachine {
  #accounts: ReadonlyMap<string, Account> = new Map();
  #before: ReadonlyMap<string, Account> = this.#accounts;

  admit(transaction: Uint8Array): Admission {
    const read = parse(transaction);
    if (!read) return { admitted: false, reason: 'MALFORMED' };
    const { account, seq } = read;
    if (seq <= this.lastSeq(account)) return { admitted: false, reason: 'EXECUTED', account, seq };
    if (isRival(account) && [...this.#accounts.keys()].some(isRival)) {
      return { admitted: false, reason: 'BUSY', account, seq };
    }
    return { admitted: true, account, seq };
  }

  isSigned(transaction: Uint8Array): boolean {
    const read = parse(transaction);
    return read !== undefined && read.signature === signatureOf(read.account, read.seq, read.add);
  }

  lastSeq(account: string): number {
    return this.#accounts.get(account)?.seq ?? 0;
  }

  sum(account: string): number {
    return this.#accounts.get(account)?.sum ?? 0;
  }

  apply({ transactions }: AppliedBlock): BlockOutcome {
    const accounts = new Map(this.#accounts);
    const results: TransactionResult[] = [];
    for (const [index, bytes] of transactions.entries()) {
      const read = parse(bytes);
      if (!read) return { applied: false, index, reason: 'malformed' };
      const { account, seq, add } = read;
      const { seq: last, sum } = accounts.get(account) ?? { seq: 0, sum: 0 };
      if (seq !== last + 1) return { applied: false, index, reason: 'wrong sequence number' };
      if (isRival(account) && [...accounts.keys()].some(isRival)) {
        return { applied: false, index, reason: 'a rival was first' };
      }
      accounts.set(account, { seq, sum: sum + add });
      results.push({ account, seq, result: utf8(String(sum + add)) });
    }
    this.#before = this.#accounts;
    this.#accounts = accounts;
    return { applied: true, stateRoot: sha256(this.snapshot()), results };
  }

  revert(): void {
    this.#accounts = this.#before;
  }

  snapshot(): Uint8Array {
    const entries = [...this.#accounts].sort(([a], [b]) => (a < b ? -1 : 1));
    return utf8(JSON.stringify(entries.map(([name, { seq, sum }]) => [name, seq, sum])));
  }

  restore(snapshot: Uint8Array, stateRoot: Uint8Array): boolean {
    if (!equalBytes(sha256(snapshot), stateRoot)) return false;
    const entries = JSON.parse(fromUtf8(snapshot)) as [string, number, number][];
    this.#accounts = new Map(entries.map(([name, seq, sum]) => [name, { seq, sum }]));
    this.#before = this.#accounts;
    return true;
  }
}

function parse(bytes: Uint8Array): Transaction | undefined {
  try {
    return JSON.parse(fromUtf8(bytes)) as Transaction;
  } catch {
    return undefined;
  }
}
