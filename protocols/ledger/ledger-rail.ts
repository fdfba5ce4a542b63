/**
 * The ledger as a payment rail: reservations are escrows, settlements are verdicts. Signs this
 * node's transactions and numbers them.
 *
 * A transaction is on disk before it is sent, until it is known what became of it. So a node that
 * restarts sends the same again, and never two of one number.
 *
 * @module
 */

import { toBase64Url, toHex } from '../../crypto/bytes.ts';
import { encodeBody, readEnvelope, signDocument } from '../../crypto/envelope.ts';
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
import { TRANSACTION } from './transactions.ts';
import type { Transaction, TransactionCall } from './transactions.ts';

/** A committee, as its client sees it. */
export interface LedgerAccess {
  /** Resolves once the transaction stands in a certified block, with what became of it. */
  submit(transaction: Uint8Array): Promise<'done' | RefusalCode>;
  /** Record of a state entry that was proven, or `undefined` where its absence was. */
  read(key: string): Promise<StateRecord | undefined>;
}

/** Payments over a ledger. */
export class LedgerRail implements PaymentRail {
  readonly name = 'ledger';
  readonly #identity: Identity;
  readonly #ledgerId: Uint8Array;
  readonly #access: LedgerAccess;
  readonly #journal: KeyValueStore;
  readonly #lock = new KeyedLock();

  constructor(init: {
    readonly identity: Identity;
    readonly ledgerId: Uint8Array;
    readonly access: LedgerAccess;
    /** Keeps the one transaction that is under way. */
    readonly journal: KeyValueStore;
  }) {
    this.#journal = init.journal;
    this.#identity = init.identity;
    this.#ledgerId = init.ledgerId;
    this.#access = init.access;
  }

  /**
   * Signs and submits one operation of this node's account. One at a time: they are numbered.
   * `TIMED_OUT`: it may still be executed; the next call finds out first.
   *
   * @throws what the access throws where no replica is reached.
   */
  submit(call: TransactionCall): Promise<RailOutcome> {
    return this.#lock.run(this.#identity.peerId, async (): Promise<RailOutcome> => {
      if (!(await this.#finishPending())) return { done: false, refusal: 'TIMED_OUT' };
      const account = await this.#account();
      if (!account) return { done: false, refusal: 'UNKNOWN_ACCOUNT' };
      const body = {
        v: 1,
        typ: 'tx',
        ledger: toBase64Url(this.#ledgerId),
        account: this.#identity.peerId,
        seq: account.seq + 1,
        ...call,
      } as Transaction;
      const { envelope } = signDocument(TRANSACTION, body, this.#identity);
      await this.#journal.put(this.#pendingKey, envelope);
      await this.#journal.flush();
      const result = await this.#send(envelope);
      return result === 'done' ? { done: true } : { done: false, refusal: result };
    });
  }

  get #pendingKey(): string {
    return `pending/${toHex(this.#ledgerId)}`;
  }

  /** Sends the transaction that is on disk, and forgets it once its end is known. */
  async #send(envelope: Uint8Array): Promise<'done' | RefusalCode> {
    const result = await this.#access.submit(envelope);
    if (result === 'TIMED_OUT') return result;
    await this.#journal.delete(this.#pendingKey);
    await this.#journal.flush();
    return result;
  }

  /** Whether no transaction of before is open any more. */
  async #finishPending(): Promise<boolean> {
    const pending = await this.#journal.get(this.#pendingKey);
    return !pending || (await this.#send(pending)) !== 'TIMED_OUT';
  }

  async reserve({ agreement, quote, request }: ReservationAsk): Promise<RailOutcome> {
    const quoteBody = bodyText(QUOTE, quote);
    const requestBody = bodyText(QUOTE_REQUEST, request);
    if (quoteBody === undefined || requestBody === undefined) {
      return { done: false, refusal: 'MALFORMED' };
    }
    const args = { agreement: toBase64Url(agreement), quote: quoteBody, request: requestBody };
    return this.submit({ op: 'hold', args });
  }

  async isReserved(contractId: Uint8Array): Promise<boolean> {
    const record = await this.#access.read(contractKey(toHex(contractId)));
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
