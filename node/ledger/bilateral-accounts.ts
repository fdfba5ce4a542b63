/**
 * What this node and its peers owe each other without a ledger (wire-formats.md 6), and the credit
 * that it gives. Receipts of work on credit, and payments by other means, wait here until both
 * sides have signed the statement that follows from them; until then this node counts them by
 * itself, so that a client which signs no statement has no more credit for it.
 *
 * A statement binds the two who signed it. Nothing here is agreed with anybody else, and nothing
 * moves money.
 *
 * @module
 */

import { equalBytes, fromBase64Url, toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { Declined } from '../../protocols/negotiation/contractor-policy.ts';
import type { BilateralBook } from '../../protocols/settlement/bilateral-book.ts';
import { STATEMENT, owedBy } from '../../protocols/settlement/bilateral-statement.ts';
import type {
  AgreedStatement,
  StatementEntry,
} from '../../protocols/settlement/bilateral-statement.ts';
import { CreditLines } from '../../protocols/settlement/credit-lines.ts';
import type { CreditLimits } from '../../protocols/settlement/credit-lines.ts';
import type { JsonSection } from '../storage/store.ts';

/** Receipts and payments that wait for a statement; then no more credit is given. */
const MAX_DUE = 10_000;

/** A receipt or a payment that no statement names yet, as it is stored. */
export interface DueEntry {
  readonly peerId: string;
  readonly cause: StatementEntry['cause'];
  /** Receipt id, or the hash of a payment's reference; base64url. */
  readonly reference: string;
  /** Whether this node is the payer. */
  readonly isPayer: boolean;
  /** Decimal. */
  readonly amountMicroUsd: string;
  readonly sinceMs: number;
}

/** A receipt or a payment that a statement has named, as it is stored. */
export type StatedEntry = Pick<DueEntry, 'peerId' | 'reference'>;

/** Account with one peer, in micro-USD. */
export interface BilateralAccount {
  readonly peerId: string;
  /** By the last statement that both signed. */
  readonly owedByPeerMicroUsd: number;
  readonly owedToPeerMicroUsd: number;
  /** Statements so far. */
  readonly statements: number;
  /** What this node counts beside it, and the peer has not signed yet; payments below zero. */
  readonly unsignedByPeerMicroUsd: number;
  readonly unsignedToPeerMicroUsd: number;
}

/** Sends a proposed statement to its payee. @returns it with both signatures, or the refusal. */
export type StatementTalk = (
  envelope: Uint8Array,
) => Promise<Uint8Array | { readonly refusal: RefusalCode }>;

export interface BilateralAccountsInit {
  readonly self: string;
  readonly book: BilateralBook;
  readonly due: JsonSection<DueEntry>;
  /** What statements have named: none of it is owed or paid a second time. */
  readonly stated: JsonSection<StatedEntry>;
  readonly limits: CreditLimits;
  /** Known by the rule of wire-formats.md 6; everybody else is a newcomer. */
  readonly isKnown: (peerId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Accounts of one node. */
export class BilateralAccounts {
  readonly #init: BilateralAccountsInit;
  readonly #credit: CreditLines;
  /** Last statement with each peer. */
  readonly #statements = new Map<string, AgreedStatement>();
  readonly #due = new Map<string, DueEntry>();
  /** Of these, those that may have been stated before: they count, and nobody is told of them. */
  readonly #unsure = new Set<string>();
  /** Peers that statements are being sent to. */
  readonly #busy = new Map<string, Promise<void>>();

  constructor(init: BilateralAccountsInit) {
    this.#init = init;
    this.#credit = new CreditLines(init.limits);
  }

  /** Takes up what was owed before a restart: it forgives nobody. */
  async load(): Promise<void> {
    const { book, due, stated } = this.#init;
    for await (const [peerId, statement] of book.statements()) {
      this.#statements.set(peerId, statement);
    }
    for (const entry of await due.values({ limit: MAX_DUE })) {
      const last = this.#statements.get(entry.peerId);
      // The statement was signed, and the process ended before it was noted here.
      if (last?.body.reference === entry.reference) {
        await stated.put(keyOf(entry), { peerId: entry.peerId, reference: entry.reference });
        await due.delete(keyOf(entry));
      } else this.#due.set(keyOf(entry), entry);
    }
    const peers = [...this.#statements.keys(), ...[...this.#due.values()].map((e) => e.peerId)];
    for (const peerId of new Set(peers)) this.#setDebt(peerId);
  }

  /** Whether a contract may be worked on before it is paid. Counts until {@link end}. */
  grant(contract: string, client: string, amountMicroUsd: bigint): boolean {
    if (this.#due.size >= MAX_DUE) return false;
    return this.#credit.grant({
      ...{ contract, client, amountMicroUsd },
      isKnown: this.#init.isKnown(client),
      owedMicroUsd: this.#owedMicroUsd(client),
    });
  }

  /** Work on a contract is over: from here on what came of it counts. */
  end(contract: string): void {
    this.#credit.end(contract);
  }

  /** Takes note of a contract on credit that both have settled. Other contracts change nothing. */
  async noteReceipt(contract: Contract): Promise<void> {
    const { agreement, verdict, phase, role } = contract;
    if (phase !== 'RECEIPT' || agreement?.body.ledger !== '' || !verdict) return;
    const { paid } = verdict.body;
    if (paid === '0') return;
    const { client, contractor } = agreement.body;
    await this.#add({
      peerId: role === 'client' ? contractor : client,
      cause: 'receipt',
      reference: toBase64Url(verdict.id),
      isPayer: role === 'client',
      amountMicroUsd: paid,
      sinceMs: this.#init.clock.nowMs(),
    });
  }

  /**
   * Takes note that a debt was paid by other means: by the payer, who then has it stated, or by the
   * payee, who then signs it.
   *
   * @param reference - What both know the payment by, any text.
   */
  async notePayment(
    peerId: string,
    amountMicroUsd: number,
    reference: string,
    isPayer: boolean,
  ): Promise<void> {
    await this.#add({
      ...{ peerId, isPayer },
      cause: 'payment',
      reference: toBase64Url(sha256(utf8(reference))),
      amountMicroUsd: amountMicroUsd.toString(),
      sinceMs: this.#init.clock.nowMs(),
    });
  }

  /** Peers that this node has something to state to. */
  get creditors(): readonly string[] {
    const entries = [...this.#due.values()].filter(({ isPayer }) => isPayer);
    return [...new Set(entries.map(({ peerId }) => peerId))];
  }

  /**
   * Proposes what this node owes or has paid to a peer and does not stand in a statement yet,
   * oldest first, and keeps what the peer signs. What it does not sign waits.
   *
   * @throws what `talk` throws.
   */
  state(peerId: string, talk: StatementTalk): Promise<void> {
    const under = this.#busy.get(peerId);
    if (under) return under;
    const work = this.#state(peerId, talk).finally(() => this.#busy.delete(peerId));
    this.#busy.set(peerId, work);
    return work;
  }

  async #state(peerId: string, talk: StatementTalk): Promise<void> {
    const { book, logger } = this.#init;
    const due = [...this.#due.values()]
      .filter((entry) => entry.isPayer && entry.peerId === peerId)
      .filter((entry) => !this.#unsure.has(keyOf(entry)))
      .sort((a, b) => a.sinceMs - b.sinceMs || (a.reference < b.reference ? -1 : 1));
    for (const entry of due) {
      const proposed = await book.propose(this.#statementEntry(entry));
      if (!proposed.done) {
        logger.warn({ peerId, refusal: proposed.refusal }, 'A statement was not proposed.');
        continue;
      }
      const answer = await talk(proposed.statement.envelope);
      if (!(answer instanceof Uint8Array)) {
        logger.info({ peerId, refusal: answer.refusal }, 'A statement is not signed yet.');
        return;
      }
      const concluded = await book.conclude(peerId, answer);
      if (!concluded.done) {
        logger.warn({ peerId, refusal: concluded.refusal }, 'A signed statement is not good.');
        return;
      }
      await this.#stated(entry, concluded.statement);
    }
  }

  /**
   * Countersigns what a peer says that it owes this node, or has paid to it, if this node knows the
   * receipt or the payment by itself.
   */
  async review(payer: string, envelope: Uint8Array): Promise<Uint8Array | Declined> {
    const { book, self } = this.#init;
    const proposal = openEnvelope(STATEMENT, envelope, 1);
    if (!proposal.valid) return { decline: proposal.reason };
    const { body } = proposal;
    if (body.payer !== payer || ![body.a, body.b].includes(self)) return { decline: 'NOT_A_PARTY' };
    const last = this.#statements.get(payer);
    if (last && equalBytes(last.id, proposal.id)) return last.envelope;
    const entry = this.#due.get(keyOf({ peerId: payer, reference: body.reference }));
    if (!entry || entry.isPayer || entry.cause !== body.cause) return { decline: 'NOT_READY' };
    if (this.#unsure.has(keyOf(entry))) return { decline: 'NOT_READY' };
    const accepted = await book.accept(envelope, this.#statementEntry(entry));
    if (!accepted.done) return { decline: accepted.refusal };
    await this.#stated(entry, accepted.statement);
    return accepted.statement.envelope;
  }

  /** Accounts that are not empty. */
  accounts(): readonly BilateralAccount[] {
    const { self } = this.#init;
    const due = [...this.#due.values()];
    const peers = new Set([...this.#statements.keys(), ...due.map(({ peerId }) => peerId)]);
    return [...peers].map((peerId) => {
      const statement = this.#statements.get(peerId);
      return {
        peerId,
        owedByPeerMicroUsd: Number(owedBy(statement, peerId)),
        owedToPeerMicroUsd: Number(owedBy(statement, self)),
        statements: statement?.body.seq ?? 0,
        unsignedByPeerMicroUsd: Number(this.#unsigned(peerId, false)),
        unsignedToPeerMicroUsd: Number(this.#unsigned(peerId, true)),
      };
    });
  }

  async #add(entry: DueEntry): Promise<void> {
    const key = keyOf(entry);
    if (this.#due.has(key)) return;
    // It counts at once, before anything is awaited, and no more if it was stated before: receipts
    // come again, by letter and after a crash.
    this.#due.set(key, entry);
    this.#unsure.add(key);
    this.#setDebt(entry.peerId);
    const { due, stated } = this.#init;
    try {
      if (await stated.get(key)) {
        this.#due.delete(key);
        this.#setDebt(entry.peerId);
        return;
      }
    } finally {
      this.#unsure.delete(key);
    }
    await due.put(key, entry);
  }

  async #stated(entry: DueEntry, statement: AgreedStatement): Promise<void> {
    const { peerId } = entry;
    this.#statements.set(peerId, statement);
    this.#due.delete(keyOf(entry));
    this.#setDebt(peerId);
    const { due, stated } = this.#init;
    await stated.put(keyOf(entry), { peerId, reference: entry.reference });
    await due.delete(keyOf(entry));
    const { seq, cause, amount } = statement.body;
    this.#init.logger.info({ peerId, seq, cause, amount }, 'A statement was signed by both.');
  }

  #statementEntry({ peerId, cause, reference, isPayer, amountMicroUsd }: DueEntry): StatementEntry {
    const { self } = this.#init;
    return {
      cause,
      reference: fromBase64Url(reference),
      payer: isPayer ? self : peerId,
      payee: isPayer ? peerId : self,
      amountMicroUsd: BigInt(amountMicroUsd),
    };
  }

  /** What this node counts beside the last statement: receipts, less payments. */
  #unsigned(peerId: string, isPayer: boolean): bigint {
    let sum = 0n;
    for (const entry of this.#due.values()) {
      if (entry.peerId !== peerId || entry.isPayer !== isPayer) continue;
      sum += BigInt(entry.amountMicroUsd) * (entry.cause === 'receipt' ? 1n : -1n);
    }
    return sum;
  }

  /** What a peer owes this node, all in all; what this node owes it is set against it. */
  #owedMicroUsd(peerId: string): bigint {
    const statement = this.#statements.get(peerId);
    const stated = owedBy(statement, peerId) - owedBy(statement, this.#init.self);
    return stated + this.#unsigned(peerId, false);
  }

  #setDebt(peerId: string): void {
    if (this.#init.isKnown(peerId)) return;
    this.#credit.setNewcomerDebt(peerId, this.#owedMicroUsd(peerId));
  }
}

function keyOf({ peerId, reference }: Pick<DueEntry, 'peerId' | 'reference'>): string {
  return `${peerId}/${reference}`;
}
