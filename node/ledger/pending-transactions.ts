/**
 * Transactions that were handed in here and are not decided yet, and who waits for them.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { refusalOfNumber } from '../../protocols/errors.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import type { SubmitOutcome } from './replica-door.ts';

/** What a wait may last. A transaction that waits longer may still be executed. */
const TIMEOUT_MS = 30_000;
/** The pool holds fewer; the others wait for the block that is under way. */
const MAX_PENDING = 20_000;

interface Pending {
  readonly transaction: Uint8Array;
  readonly account: string;
  readonly seq: number;
  readonly deadlineMs: number;
  readonly resolve: ((outcome: SubmitOutcome) => void)[];
}

function keyOf(account: string, seq: number): string {
  return `${account}/${seq}`;
}

/** Outcome of an executed transaction. @param result - As the ledger's application gives it. */
export function outcomeOf(height: number, result: Uint8Array): SubmitOutcome {
  const number = (result[0]! << 8) | result[1]!;
  return { committed: true, height, result: number === 0 ? 'done' : refusalOfNumber(number) };
}

/** Bounded; oldest first. */
export class PendingTransactions {
  readonly #pending = new Map<string, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Waits for a transaction. `isNew`: nobody waited for it before.
   *
   * @returns what became of it; `ALREADY_HELD` where another one of the same number is waited for.
   */
  wait(
    transaction: Uint8Array,
    { account, seq }: { readonly account: string; readonly seq: number },
    nowMs: number,
  ): { readonly isNew: boolean; readonly outcome: Promise<SubmitOutcome> } {
    const key = keyOf(account, seq);
    const known = this.#pending.get(key);
    if (known && !equalBytes(known.transaction, transaction)) return refused('ALREADY_HELD');
    if (!known && this.#pending.size >= MAX_PENDING) return refused('BUSY');
    const { promise, resolve } = Promise.withResolvers<SubmitOutcome>();
    if (known) known.resolve.push(resolve);
    else {
      const deadlineMs = nowMs + TIMEOUT_MS;
      const pending = { transaction, account, seq, deadlineMs, resolve: [resolve] };
      this.#pending.set(key, pending);
    }
    return { isNew: !known, outcome: promise };
  }

  /** A block holds `transaction` under this account and number. */
  onExecuted(
    account: string,
    seq: number,
    transaction: Uint8Array,
    height: number,
    result: Uint8Array,
  ): void {
    const key = keyOf(account, seq);
    const pending = this.#pending.get(key);
    if (!pending) return;
    const isThis = equalBytes(pending.transaction, transaction);
    this.#settle(
      key,
      pending,
      isThis ? outcomeOf(height, result) : { committed: false, reason: 'EXECUTED' },
    );
  }

  /** What is known of the transaction with this number. */
  settle(account: string, seq: number, outcome: SubmitOutcome): void {
    const key = keyOf(account, seq);
    const pending = this.#pending.get(key);
    if (pending) this.#settle(key, pending, outcome);
  }

  /** Gives up what has waited too long. */
  sweep(nowMs: number): void {
    for (const [key, pending] of this.#pending) {
      if (pending.deadlineMs > nowMs) return;
      this.#settle(key, pending, { committed: false, reason: 'TIMED_OUT' });
    }
  }

  /** The replica takes part no more. */
  refuseAll(reason: RefusalCode): void {
    for (const [key, pending] of this.#pending) {
      this.#settle(key, pending, { committed: false, reason });
    }
  }

  #settle(key: string, { resolve }: Pending, outcome: SubmitOutcome): void {
    this.#pending.delete(key);
    for (const tell of resolve) tell(outcome);
  }
}

function refused(reason: RefusalCode): {
  readonly isNew: boolean;
  readonly outcome: Promise<SubmitOutcome>;
} {
  return { isNew: false, outcome: Promise.resolve({ committed: false, reason }) };
}
