/**
 * This node's bilateral accounts: the last statement that both signed with each peer, and the one
 * that waits for the other's signature. A signature is flushed before it is given away, so that a
 * node that restarts never signs a second statement in the place of one that it signed.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { KeyValueStore } from '../negotiation/contract-store.ts';
import { KeyedLock } from '../negotiation/keyed-lock.ts';
import type { RefusalCode } from '../errors.ts';
import {
  STATEMENT,
  checkStatement,
  countersignStatement,
  owedBy,
  proposeStatement,
} from './bilateral-statement.ts';
import type { AgreedStatement, Statement, StatementEntry } from './bilateral-statement.ts';

const PREFIX = 'settlement/statement/';

/** Outcome of a step: a statement to send or keep, or why there is none. */
export type StatementOutcome =
  | { readonly done: true; readonly statement: SignedDocument<Statement> }
  | { readonly done: false; readonly refusal: RefusalCode };

function refuse(refusal: RefusalCode): StatementOutcome {
  return { done: false, refusal };
}

/** A stored statement does not verify any more. */
export class StatementRecordError extends Error {
  static override readonly name = 'StatementRecordError';
  override readonly name = 'StatementRecordError';
  readonly code = 'STATEMENT_RECORD_CORRUPT';
  readonly details: { readonly key: string };

  constructor(details: { readonly key: string }) {
    super(
      `Stored statement ${details.key} does not verify; restore the data directory from a backup`,
    );
    this.details = details;
  }
}

/** Statements of one node. */
export class BilateralBook {
  readonly #identity: Identity;
  readonly #store: KeyValueStore;
  readonly #lock = new KeyedLock();

  constructor(identity: Identity, store: KeyValueStore) {
    this.#identity = identity;
    this.#store = store;
  }

  /** What a peer owes this node, in micro-USD; below zero what this node owes it. */
  async owedMicroUsd(peer: string): Promise<bigint> {
    const statement = await this.statement(peer);
    return owedBy(statement, peer) - owedBy(statement, this.#identity.peerId);
  }

  /** Last statement with each peer. @throws {@link StatementRecordError} on a damaged one. */
  async *statements(): AsyncIterable<readonly [peer: string, AgreedStatement]> {
    for await (const [key] of this.#store.entries(PREFIX)) {
      const [peer, kind] = key.slice(PREFIX.length).split('/');
      if (peer === undefined || kind !== 'agreed') continue;
      const statement = await this.statement(peer);
      if (statement) yield [peer, statement];
    }
  }

  /** Last statement that both signed. */
  statement(peer: string): Promise<AgreedStatement | undefined> {
    return this.#load(`${PREFIX}${peer}/agreed`, 2);
  }

  /**
   * Signs the next statement of what this node owes or has paid. While one waits for the other's
   * signature, only the same one is given out again.
   */
  propose(entry: StatementEntry): Promise<StatementOutcome> {
    return this.#lock.run(entry.payee, async () => {
      const previous = await this.statement(entry.payee);
      const proposal = proposeStatement(previous, entry, this.#identity);
      if (typeof proposal === 'string') return refuse(proposal);
      const key = `${PREFIX}${entry.payee}/proposed`;
      const waiting = await this.#load(key, 1);
      if (waiting && waiting.body.seq === proposal.body.seq) {
        return equalBytes(waiting.id, proposal.id)
          ? { done: true, statement: waiting }
          : refuse('SECOND_STATEMENT');
      }
      await this.#save(key, proposal);
      return { done: true, statement: proposal };
    });
  }

  /**
   * Countersigns what a peer owes this node or has paid to it, if it is what `entry` says. Of two
   * proposals that cross, that of the first peer in order stands; the other is made anew after it.
   */
  accept(envelope: Uint8Array, entry: StatementEntry): Promise<StatementOutcome> {
    return this.#lock.run(entry.payer, async () => {
      const proposal = openEnvelope(STATEMENT, envelope, 1);
      if (!proposal.valid) return refuse(proposal.reason);
      const previous = await this.statement(entry.payer);
      if (previous && equalBytes(previous.id, proposal.id)) {
        return { done: true, statement: previous };
      }
      const refusal = checkStatement(previous, proposal, entry);
      if (refusal) return refuse(refusal);
      const own = await this.#load(`${PREFIX}${entry.payer}/proposed`, 1);
      const isCrossed = own?.body.seq === proposal.body.seq;
      if (isCrossed && this.#identity.peerId === proposal.body.a) return refuse('BUSY');
      const statement = countersignStatement(proposal, this.#identity);
      await this.#save(`${PREFIX}${entry.payer}/agreed`, statement);
      return { done: true, statement };
    });
  }

  /** Keeps the statement that this node proposed, now that the other has signed it too. */
  conclude(peer: string, envelope: Uint8Array): Promise<StatementOutcome> {
    return this.#lock.run(peer, async () => {
      const agreed = openEnvelope(STATEMENT, envelope, 2);
      if (!agreed.valid) return refuse(agreed.reason);
      const waiting = await this.#load(`${PREFIX}${peer}/proposed`, 1);
      if (!waiting || !equalBytes(waiting.id, agreed.id)) return refuse('STATEMENT_MISMATCH');
      await this.#save(`${PREFIX}${peer}/agreed`, agreed);
      return { done: true, statement: agreed };
    });
  }

  async #save(key: string, { envelope }: SignedDocument<Statement>): Promise<void> {
    await this.#store.put(key, envelope);
    await this.#store.flush();
  }

  async #load(key: string, signatures: number): Promise<SignedDocument<Statement> | undefined> {
    const bytes = await this.#store.get(key);
    if (!bytes) return undefined;
    const statement = openEnvelope(STATEMENT, bytes, signatures);
    if (!statement.valid) throw new StatementRecordError({ key });
    return statement;
  }
}
