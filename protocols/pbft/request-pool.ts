/**
 * Transactions that wait to be ordered (wire-formats.md 5.2): a bounded number, one per account and
 * sequence number, taken account by account, so that no account crowds out another. Nothing is
 * evicted: a full pool refuses.
 *
 * @module
 */

import { contentKey } from '../../crypto/hash.ts';

/** How far ahead of its last transaction an account may submit. */
export const MAX_SEQ_AHEAD = 16;

/** Bounds of the pool. */
export interface PoolLimits {
  readonly maxTransactions: number;
  readonly maxBytes: number;
}

/** An account whose next transaction is held: what the primary owes it a place for. */
export interface ReadyAccount {
  readonly account: string;
  /** When it became ready. */
  readonly sinceMs: number;
  /** Accounts that were ready before it. */
  readonly ahead: number;
}

interface Held {
  readonly transaction: Uint8Array;
  readonly key: string;
}

export class RequestPool {
  readonly #limits: PoolLimits;
  readonly #accounts = new Map<string, Map<number, Held>>();
  /** By age: the first has waited longest. */
  readonly #ready = new Map<string, ReadyAccount>();
  readonly #keys = new Set<string>();
  #bytes = 0;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Accounts of which something is held. */
  get accounts(): readonly string[] {
    return [...this.#accounts.keys()];
  }

  /** Whether these very bytes are held, and so have been checked. */
  holds(transaction: Uint8Array): boolean {
    return this.#keys.has(contentKey(transaction));
  }

  holdsSeq(account: string, seq: number): boolean {
    return this.#accounts.get(account)?.has(seq) ?? false;
  }

  hasRoomFor(transaction: Uint8Array): boolean {
    return (
      this.#keys.size < this.#limits.maxTransactions &&
      this.#bytes + transaction.length <= this.#limits.maxBytes
    );
  }

  /** Holds a transaction that was admitted and is signed. */
  add(account: string, seq: number, transaction: Uint8Array, lastSeq: number, nowMs: number): void {
    let held = this.#accounts.get(account);
    if (!held) this.#accounts.set(account, (held = new Map<number, Held>()));
    const key = contentKey(transaction);
    held.set(seq, { transaction, key });
    this.#keys.add(key);
    this.#bytes += transaction.length;
    if (seq === lastSeq + 1) this.#setReady(account, nowMs);
  }

  /**
   * An account's transactions up to `lastSeq` are executed: they go, and the account goes to the
   * end of the queue.
   */
  settle(account: string, lastSeq: number, nowMs: number): void {
    const held = this.#accounts.get(account);
    this.#ready.delete(account);
    if (!held) return;
    for (const [seq, entry] of held) if (seq <= lastSeq) this.#drop(held, seq, entry);
    if (held.size === 0) this.#accounts.delete(account);
    else if (held.has(lastSeq + 1)) this.#setReady(account, nowMs);
  }

  /** Removes one transaction that cannot be executed. */
  remove(account: string, seq: number): void {
    const held = this.#accounts.get(account);
    const entry = held?.get(seq);
    if (!held || !entry) return;
    this.#drop(held, seq, entry);
    this.#ready.delete(account);
    if (held.size === 0) this.#accounts.delete(account);
  }

  /** The account that has waited longest for its next transaction. */
  oldestReady(): ReadyAccount | undefined {
    for (const ready of this.#ready.values()) return ready;
    return undefined;
  }

  /** Its next transaction is not held after all, or is executable no more. */
  forgetReady(account: string): void {
    this.#ready.delete(account);
  }

  next(account: string, seq: number): Uint8Array | undefined {
    return this.#accounts.get(account)?.get(seq)?.transaction;
  }

  /**
   * Transactions for a block: one of each ready account in turn, lowest sequence number first.
   *
   * @param lastSeq - Of an account, in the state that the block follows.
   */
  select(maxCount: number, maxBytes: number, lastSeq: (account: string) => number): Uint8Array[] {
    const chosen: Uint8Array[] = [];
    let bytes = 0;
    let queue = [...this.#ready.keys()].map((account) => ({ account, seq: lastSeq(account) + 1 }));
    while (queue.length > 0) {
      const rest: typeof queue = [];
      for (const { account, seq } of queue) {
        const transaction = this.next(account, seq);
        if (!transaction) continue;
        // Every transaction stands behind its length.
        bytes += 4 + transaction.length;
        if (chosen.length === maxCount || bytes > maxBytes) return chosen;
        chosen.push(transaction);
        rest.push({ account, seq: seq + 1 });
      }
      queue = rest;
    }
    return chosen;
  }

  /** The first of what waits, oldest accounts first. */
  waiting(maxCount: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (const account of this.#ready.keys()) {
      for (const { transaction } of this.#accounts.get(account)?.values() ?? []) {
        if (found.length === maxCount) return found;
        found.push(transaction);
      }
    }
    return found;
  }

  #setReady(account: string, nowMs: number): void {
    this.#ready.set(account, { account, sinceMs: nowMs, ahead: this.#ready.size });
  }

  #drop(held: Map<number, Held>, seq: number, { transaction, key }: Held): void {
    held.delete(seq);
    this.#keys.delete(key);
    this.#bytes -= transaction.length;
  }
}
