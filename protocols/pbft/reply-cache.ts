/**
 * Answers of the last transactions of each account, for clients that ask again.
 *
 * @module
 */

import type { TransactionResult } from './state-machine.ts';

const MAX_ACCOUNTS = 10_000;
const MAX_PER_ACCOUNT = 16;

/** An answer and the block it stands in. */
export interface CachedReply extends TransactionResult {
  readonly height: number;
}

/** Bounded; the account that was served longest ago is forgotten first. */
export class ReplyCache {
  readonly #replies = new Map<string, CachedReply[]>();

  add(height: number, result: TransactionResult): void {
    const replies = this.#replies.get(result.account) ?? [];
    replies.push({ ...result, height });
    if (replies.length > MAX_PER_ACCOUNT) replies.shift();
    this.#replies.delete(result.account);
    this.#replies.set(result.account, replies);
    if (this.#replies.size <= MAX_ACCOUNTS) return;
    for (const oldest of this.#replies.keys()) {
      this.#replies.delete(oldest);
      break;
    }
  }

  find(account: string, seq: number): CachedReply | undefined {
    return this.#replies.get(account)?.find((reply) => reply.seq === seq);
  }
}
