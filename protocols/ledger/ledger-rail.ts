/**
 * The ledger as a payment rail: reservations are escrows, settlements are verdicts. Signs this
 * node's transactions and numbers them.
 *
 * A transaction is on disk before it is sent, until it is known what became of it. So a node that
 * restarts sends the same again, and never two of one number.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { encodeBody, fields, readEnvelope, signDocument } from '../../crypto/envelope.ts';
import type { DocumentDefinition } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { RefusalCode } from '../errors.ts';
import { QUOTE, QUOTE_REQUEST } from '../negotiation/documents.ts';
import type { KeyValueStore } from '../negotiation/contract-store.ts';
import { KeyedLock } from '../negotiation/keyed-lock.ts';
import type {
  PaymentRail,
  RailBalance,
  RailOutcome,
  ReservationAsk,
  SettlementAsk,
} from '../settlement/payment-rail.ts';
import { balanceOf } from './accounts.ts';
import { accountKey, contractKey } from './records.ts';
import type { AccountRecord, ContractRecord, StateRecord } from './records.ts';
import { MAX_SEQ_AHEAD, MAX_TRANSACTION_BYTES, TRANSACTION } from './transactions.ts';
import type { Transaction, TransactionCall } from './transactions.ts';

/** A committee, as its client sees it. */
export interface LedgerAccess {
  /** Resolves once the transaction stands in a certified block, with what became of it. */
  submit(transaction: Uint8Array): Promise<'done' | RefusalCode>;
  /** Record of a state entry that was proven, or `undefined` where its absence was. */
  read(key: string, signal?: AbortSignal): Promise<StateRecord | undefined>;
}

const TIMED_OUT: RailOutcome = { done: false, refusal: 'TIMED_OUT' };

/** An operation that is not sent yet. */
interface Waiting {
  readonly call: TransactionCall;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcome: RailOutcome) => void;
  readonly reject: (error: unknown) => void;
}

const pendingSchema = z.strictObject({
  v: z.literal(1),
  transactions: z.array(fields.bytesUpTo(1, MAX_TRANSACTION_BYTES)).max(MAX_SEQ_AHEAD),
});
const PENDING_LIMITS: DocumentLimits = { maxBytes: 524_288, maxDepth: 2 };

/** Payments over a ledger. */
export class LedgerRail implements PaymentRail {
  readonly name = 'ledger';
  readonly #identity: Identity;
  readonly #ledgerId: Uint8Array;
  readonly #access: LedgerAccess;
  readonly #journal: KeyValueStore;
  readonly #lock = new KeyedLock();
  readonly #waiting: Waiting[] = [];

  constructor(init: {
    readonly identity: Identity;
    readonly ledgerId: Uint8Array;
    readonly access: LedgerAccess;
    /** Keeps the transactions that are under way. */
    readonly journal: KeyValueStore;
  }) {
    this.#journal = init.journal;
    this.#identity = init.identity;
    this.#ledgerId = init.ledgerId;
    this.#access = init.access;
  }

  /**
   * Signs and submits one operation of this node's account. Those asked for at the same time go
   * together, numbered in turn. `TIMED_OUT`: it may still be executed; the next call finds out
   * first.
   *
   * @param signal - Ends the wait, with `TIMED_OUT`. What is not signed by then never will be.
   * @throws what the access throws where no replica is reached.
   */
  submit(call: TransactionCall, signal?: AbortSignal): Promise<RailOutcome> {
    if (signal?.aborted) return Promise.resolve(TIMED_OUT);
    const { promise, resolve, reject } = Promise.withResolvers<RailOutcome>();
    const waiting: Waiting = { call, signal, resolve, reject };
    this.#waiting.push(waiting);
    const onAbort = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place >= 0) this.#waiting.splice(place, 1);
      resolve(TIMED_OUT);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    void this.#lock.run(this.#identity.peerId, async () => {
      const batch = this.#waiting.splice(0, MAX_SEQ_AHEAD);
      if (batch.length === 0) return;
      try {
        await this.#submitAll(batch);
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    });
    return promise.finally(() => signal?.removeEventListener('abort', onAbort));
  }

  async #submitAll(asked: readonly Waiting[]): Promise<void> {
    const settle = (refusal: RefusalCode): void => {
      for (const { resolve } of asked) resolve({ done: false, refusal });
    };
    if (!(await this.#finishPending())) return settle('TIMED_OUT');
    const account = await this.#account();
    if (!account) return settle('UNKNOWN_ACCOUNT');
    // Who has given up meanwhile may have done something else instead.
    const batch = asked.filter(({ signal }) => signal?.aborted !== true);
    if (batch.length === 0) return;
    const envelopes = batch.map(({ call }, i) => this.#sign(call, account.seq + 1 + i));
    const pending = { v: 1, transactions: envelopes.map(toBase64Url) };
    await this.#journal.put(this.#pendingKey, encodeDocument(pending, PENDING_LIMITS));
    await this.#journal.flush();
    const results = await this.#send(envelopes);
    for (const [i, { resolve }] of batch.entries()) {
      const result = results[i]!;
      resolve(result === 'done' ? { done: true } : { done: false, refusal: result });
    }
  }

  #sign(call: TransactionCall, seq: number): Uint8Array {
    const body = {
      v: 1,
      typ: 'tx',
      ledger: toBase64Url(this.#ledgerId),
      account: this.#identity.peerId,
      seq,
      ...call,
    } as Transaction;
    return signDocument(TRANSACTION, body, this.#identity).envelope;
  }

  get #pendingKey(): string {
    return `pending/${toHex(this.#ledgerId)}`;
  }

  /** Sends the transactions that are on disk, and forgets them once the end of each is known. */
  async #send(envelopes: readonly Uint8Array[]): Promise<readonly ('done' | RefusalCode)[]> {
    const results = await Promise.all(envelopes.map((one) => this.#access.submit(one)));
    if (!results.includes('TIMED_OUT')) {
      await this.#journal.delete(this.#pendingKey);
      await this.#journal.flush();
    }
    return results;
  }

  /** Whether no transaction of before is open any more. */
  async #finishPending(): Promise<boolean> {
    const bytes = await this.#journal.get(this.#pendingKey);
    if (!bytes) return true;
    const { transactions } = pendingSchema.parse(decodeDocument(bytes, PENDING_LIMITS));
    return !(await this.#send(transactions.map(fromBase64Url))).includes('TIMED_OUT');
  }

  async reserve(
    { agreement, quote, request }: ReservationAsk,
    signal?: AbortSignal,
  ): Promise<RailOutcome> {
    const quoteBody = bodyText(QUOTE, quote);
    const requestBody = bodyText(QUOTE_REQUEST, request);
    if (quoteBody === undefined || requestBody === undefined) {
      return { done: false, refusal: 'MALFORMED' };
    }
    const args = { agreement: toBase64Url(agreement), quote: quoteBody, request: requestBody };
    return this.submit({ op: 'hold', args }, signal);
  }

  async isReserved(contractId: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const record = await this.#access.read(contractKey(toHex(contractId)), signal);
    return (record as ContractRecord | undefined)?.state === 'HELD';
  }

  settle({ contractId, verdict }: SettlementAsk): Promise<RailOutcome> {
    const args = { contract: toBase64Url(contractId), verdict: toBase64Url(verdict) };
    return this.submit({ op: 'verdict', args });
  }

  async balance(): Promise<RailBalance> {
    const account = await this.#account();
    return account
      ? { postedMicroUsd: balanceOf(account), heldMicroUsd: account.debitsHeld }
      : { postedMicroUsd: 0n, heldMicroUsd: 0n };
  }

  async #account(): Promise<AccountRecord | undefined> {
    const record = await this.#access.read(accountKey(this.#identity.peerId));
    return record as AccountRecord | undefined;
  }
}

/** Body of an envelope, base64url; `undefined` for bytes that are not such an envelope. */
function bodyText<Body>(
  definition: DocumentDefinition<Body>,
  envelope: Uint8Array,
): string | undefined {
  const read = readEnvelope(definition, envelope);
  return read.valid ? toBase64Url(encodeBody(definition, read.body)) : undefined;
}
