/**
 * Where clients' transactions come in: admission, answers to what was executed before, passing on
 * to the primary, and the watch for requests that a primary leaves out (wire-formats.md 5.2).
 *
 * How often one connection may ask is the host's to limit: it knows the connections.
 *
 * @module
 */

import { MAX_TRANSACTION_BYTES } from './block.ts';
import { primaryOf } from './committee.ts';
import { viewTimeoutMs } from './pace.ts';
import type { ReplicaParts } from './replica-parts.ts';
import type { ReplyCache } from './reply-cache.ts';
import { MAX_SEQ_AHEAD } from './request-pool.ts';
import type { TransactionResult } from './state-machine.ts';

/** Transactions passed on at a time. */
const MAX_FORWARDED = 64;

export class RequestDesk {
  readonly #parts: ReplicaParts;
  readonly #replies: ReplyCache;
  /** When requests were spread last, and how long to wait before the next time. */
  #spreadAtMs = -Infinity;
  #spreadDelayMs = 0;

  constructor(parts: ReplicaParts, replies: ReplyCache) {
    this.#parts = parts;
    this.#replies = replies;
  }

  get #primary(): number {
    const { views, committee } = this.#parts;
    return primaryOf(views.view, committee.replicas.length);
  }

  /** A client's transaction. @returns whether it is new here. */
  submit(transaction: Uint8Array): boolean {
    const { emit, index, views } = this.#parts;
    const refusal = this.#take(transaction);
    if (refusal === undefined) {
      if (views.isActive && this.#primary !== index) this.#send(transaction);
      return true;
    }
    if (refusal === 'EXECUTED' && this.#answer(transaction)) return false;
    emit({ type: 'refuse', transaction, reason: refusal });
    return false;
  }

  /** A transaction that another replica passed on. @returns whether it is new here. */
  onForwarded(transaction: Uint8Array): boolean {
    return this.#take(transaction) === undefined;
  }

  /** Holds a transaction, cheap checks first. @returns why not. */
  #take(transaction: Uint8Array): string | undefined {
    const { app, pool, rules, moment } = this.#parts;
    if (transaction.length > MAX_TRANSACTION_BYTES) return 'TOO_LARGE';
    const admission = app.admit(transaction);
    if (!admission.admitted) return admission.reason;
    const { account, seq } = admission;
    const lastSeq = app.lastSeq(account);
    if (seq > lastSeq + MAX_SEQ_AHEAD) return 'SEQ_TOO_FAR_AHEAD';
    if (pool.holdsSeq(account, seq)) return 'HELD';
    if (!pool.hasRoomFor(transaction)) return 'POOL_FULL';
    if (rules.isSignatureNeeded() && !app.isSigned(transaction)) return 'BAD_SIGNATURE';
    pool.add(account, seq, transaction, lastSeq, moment().monotonicMs);
    return undefined;
  }

  #answer(transaction: Uint8Array): boolean {
    const { account, seq } = this.#parts.app.admit(transaction);
    if (account === undefined || seq === undefined) return false;
    const reply = this.#replies.find(account, seq);
    if (reply) this.#parts.emit({ type: 'reply', ...reply });
    return reply !== undefined;
  }

  #send(transaction: Uint8Array): void {
    const message = { type: 'request', transaction } as const;
    this.#parts.emit({ type: 'send', to: this.#primary, message });
  }

  /** There is a new primary: what waits goes there, the oldest first. */
  forward(): void {
    const { index, pool } = this.#parts;
    if (this.#primary === index) return;
    for (const transaction of pool.waiting(MAX_FORWARDED)) this.#send(transaction);
  }

  /** When requests have waited so long that the others should know of them. */
  get spreadAtMs(): number {
    const { pool, settings } = this.#parts;
    const oldest = pool.oldestReady();
    if (!oldest) return Infinity;
    const firstMs = oldest.sinceMs + settings.spreadAfterMs;
    return Math.max(firstMs, this.#spreadAtMs + this.#spreadDelayMs);
  }

  /**
   * One replica that waits changes nothing, f + 1 make a view change: requests that are not served
   * go to everybody.
   */
  spread(): void {
    const { pool, emit, moment, settings } = this.#parts;
    this.#spreadAtMs = moment().monotonicMs;
    const doubledMs = Math.max(settings.spreadAfterMs, 2 * this.#spreadDelayMs);
    this.#spreadDelayMs = Math.min(settings.maxResendMs, doubledMs);
    for (const transaction of pool.waiting(MAX_FORWARDED)) {
      emit({ type: 'send', to: 'others', message: { type: 'request', transaction } });
    }
  }

  /** A block was executed. */
  settle(height: number, results: readonly TransactionResult[]): void {
    const { pool, moment, app, settings } = this.#parts;
    if (results.length > 0) this.#spreadDelayMs = settings.spreadAfterMs;
    const accounts = new Set<string>();
    for (const result of results) {
      this.#replies.add(height, result);
      accounts.add(result.account);
      // What waits of it would wait for ever.
      if (result.retired !== undefined) accounts.add(result.retired);
    }
    const { monotonicMs } = moment();
    for (const account of accounts) pool.settle(account, app.lastSeq(account), monotonicMs);
  }

  /** The state was taken over: which requests wait is seen anew. */
  onRestored(): void {
    const { pool, moment, app } = this.#parts;
    for (const account of pool.accounts) {
      pool.settle(account, app.lastSeq(account), moment().monotonicMs);
    }
  }

  /**
   * When the request that waits longest is overdue. It may wait one time-out for each full block's
   * worth of accounts before it, so that a long queue is not taken for censorship.
   */
  get overdueAtMs(): number {
    const { pool, views, settings } = this.#parts;
    const oldest = pool.oldestReady();
    if (!oldest) return Infinity;
    const sinceMs = Math.max(oldest.sinceMs, views.enteredAtMs);
    const turns = 1 + Math.floor(oldest.ahead / settings.maxBatch);
    return sinceMs + turns * viewTimeoutMs(this.#parts);
  }

  /** Whether the oldest request could have been executed; one that never can is dropped. */
  isOverdue(): boolean {
    const { pool, app, chain } = this.#parts;
    const oldest = pool.oldestReady();
    if (!oldest) return false;
    chain.takeBack();
    const { account } = oldest;
    const seq = app.lastSeq(account) + 1;
    const transaction = pool.next(account, seq);
    if (!transaction) {
      pool.forgetReady(account);
      return false;
    }
    if (app.admit(transaction).admitted) return true;
    pool.remove(account, seq);
    return false;
  }
}
