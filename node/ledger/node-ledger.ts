/**
 * The ledger as one node uses it: a client of its committee, this node's account, and its escrows.
 * Where the node is a replica, its own is one of those that are asked.
 *
 * @module
 */

import { toBase64Url, toHex } from '../../crypto/bytes.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import { isSpendable } from '../../protocols/ledger/accounts.ts';
import { LedgerRail } from '../../protocols/ledger/ledger-rail.ts';
import { accountKey, contractKey } from '../../protocols/ledger/records.ts';
import type { AccountRecord, ContractRecord } from '../../protocols/ledger/records.ts';
import { askOverLibp2p } from '../../protocols/ledger-service/ask-replica.ts';
import { askWithOwn } from '../../protocols/ledger-service/answers.ts';
import { LedgerClient } from '../../protocols/ledger-service/client.ts';
import type { ProvenState } from '../../protocols/ledger-service/client.ts';
import { LedgerServer } from '../../protocols/ledger-service/server.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import type { EscrowTerms } from '../../protocols/negotiation/checks.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';
import type { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import { keyValueStore } from '../storage/key-value-store.ts';
import type { Store } from '../storage/store.ts';
import type { CommitteeParts } from './committee-parts.ts';
import { CommitteeReach } from './committee-reach.ts';
import { EscrowKeeper, contractIdOf } from './escrow-keeper.ts';
import { IdentityMover } from './identity-mover.ts';
import type { FormerKeys } from './identity-mover.ts';

const SECOND_MS = 1_000;
/** Between two looks for funds that the client says it has set aside. */
const HOLD_POLL_MS = 200;

export interface NodeLedgerInit {
  readonly committee: CommitteeParts;
  readonly identity: Identity;
  /** What led to the identity. */
  readonly former: FormerKeys;
  readonly host: Host;
  readonly store: Store;
  readonly contracts: ContractStore;
  /** Whether nothing that costs money is agreed without the ledger. */
  readonly isRequired: boolean;
  /** How long the committee may take to answer, and to hold a price, in milliseconds. */
  readonly patienceMs: number;
  readonly onNeverHeld: (contractId: string) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Why money cannot be held. */
export interface Unheld {
  readonly ready: false;
  readonly refusal: RefusalCode;
  readonly reason: string;
}

/** Whether a client can promise money now, or has it held. */
export type Solvency = { readonly ready: true } | Unheld;

/** The ledger of one node. */
export class NodeLedger {
  readonly client: LedgerClient;
  readonly rail: LedgerRail;
  readonly escrows: EscrowKeeper;
  readonly reach: CommitteeReach;
  readonly moves: IdentityMover;
  /** What this node's agreements say of the ledger. */
  readonly terms: EscrowTerms;
  readonly #init: NodeLedgerInit;
  readonly #server: LedgerServer | undefined;

  constructor(init: NodeLedgerInit) {
    const { committee, identity, host, store, random, logger, clock } = init;
    const { rules, replica } = committee;
    this.#init = init;
    const ask = askOverLibp2p(host.libp2p);
    this.client = new LedgerClient({
      rules,
      ask: replica ? askWithOwn(ask, identity.peerId, replica) : ask,
      random,
      logger,
    });
    this.reach = new CommitteeReach({
      look: async (signal) => (await this.client.prove([], signal)).head,
      heard: () => committee.headers.latest,
      ...{ clock, logger },
    });
    this.rail = new LedgerRail({
      identity,
      ledgerId: rules.ledgerId,
      access: this.client,
      journal: keyValueStore(store.section('ledger-account')),
    });
    this.moves = new IdentityMover({
      ...{ rules, identity, logger },
      former: init.former,
      ledger: this.client,
      submit: (call) => this.rail.submit(call),
    });
    this.escrows = new EscrowKeeper({
      ledger: this.client,
      submit: this.moves.submit,
      contracts: init.contracts,
      open: store.json('escrows'),
      onNeverHeld: init.onNeverHeld,
      clock,
      logger,
    });
    this.terms = {
      ledger: toBase64Url(rules.ledgerId),
      fee: rules.fees.escrow.toString(),
      isRequired: init.isRequired,
    };
    this.#server =
      replica && new LedgerServer({ host: host.libp2p, source: replica, clock, logger });
  }

  async start(): Promise<void> {
    await this.#server?.start();
    this.escrows.start();
    this.reach.start();
    this.moves.start();
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.moves.stop();
    await this.reach.stop();
    await this.escrows.stop();
    await this.#server?.stop();
  }

  /** What a contract costs beside its price when all goes well, in micro-USD. */
  get feesMicroUsd(): bigint {
    const { escrow, transaction } = this.client.rules.fees;
    // The hold and the verdict are the client's transactions.
    return escrow + 2n * transaction;
  }

  /**
   * Entries of the state, or why the committee does not show them now: known within a few seconds,
   * and at once while it is known not to be reached.
   */
  async lookUp(
    keys: readonly string[],
  ): Promise<
    | { readonly state: ProvenState; readonly problem: null }
    | { readonly state: null; readonly problem: string }
  > {
    let problem = await this.reach.problem();
    if (problem !== undefined) return { state: null, problem };
    try {
      const state = await this.client.prove(keys, this.#patience());
      this.reach.saw(state.head);
      // The replicas that are left may show a head that nothing follows any more.
      problem = await this.reach.problem();
      return problem === undefined ? { state, problem: null } : { state: null, problem };
    } catch (error) {
      return { state: null, problem: this.#failed(error) };
    }
  }

  /**
   * Whether this node's account can hold a price now. Asked before anything is promised; answers
   * within a few seconds, and at once while the committee is known not to be reached.
   */
  async solvency(priceMicroUsd: bigint): Promise<Solvency> {
    const { fees } = this.client.rules;
    const { pending } = this.moves;
    if (pending !== undefined) return { ready: false, refusal: 'BUSY', reason: pending };
    const { state, problem } = await this.lookUp([accountKey(this.#init.identity.peerId)]);
    if (!state) return unreached(problem);
    const account = state.records[0] as AccountRecord | undefined;
    if (!account) {
      const reason = 'this node has no account on the ledger; ask its treasury to open one';
      return { ready: false, refusal: 'UNKNOWN_ACCOUNT', reason };
    }
    const needed = priceMicroUsd + this.feesMicroUsd + fees.dispute + fees.deposit;
    if (isSpendable(account, needed, fees.deposit)) return { ready: true };
    const reason = `the account cannot hold ${needed} micro-USD; see "coalesce ledger show"`;
    return { ready: false, refusal: 'INSUFFICIENT_FUNDS', reason };
  }

  /**
   * Has the price of an agreed contract held, by its client. Waits `committee.patienceMs` for it
   * and no longer: what may be held after all is seen through by the keeper, and given back.
   */
  async hold(contract: Contract): Promise<Solvency> {
    const { agreement, quote, request } = contract;
    const documents = {
      agreement: agreement!.envelope,
      quote: quote!.envelope,
      request: request.envelope,
    };
    const patience = this.#patience();
    let refusal: RefusalCode;
    try {
      await this.escrows.add(contractIdOf(contract));
      const outcome = await this.rail.reserve(documents, patience);
      if (outcome.done) return { ready: true };
      ({ refusal } = outcome);
      // Number or quote used: by this very transaction, before a restart.
      if (refusal !== 'TIMED_OUT' && (await this.rail.isReserved(agreement!.id, patience))) {
        return { ready: true };
      }
    } catch (error) {
      return unreached(this.#failed(error));
    }
    if (refusal !== 'TIMED_OUT') {
      return { ready: false, refusal, reason: `the price is not held: ${refusal}` };
    }
    const reason = `the committee has not held a price within ${this.#init.patienceMs} ms`;
    this.reach.failed(reason);
    return unreached(reason);
  }

  #patience(): AbortSignal {
    return AbortSignal.timeout(this.#init.patienceMs);
  }

  #failed(error: unknown): string {
    const reason = error instanceof Error ? error.message : 'the ledger did not answer';
    this.reach.failed(reason);
    return reason;
  }

  /**
   * Waits until the funds of a contract are proven to be held, as long as they may be. `false`:
   * they are not, and nobody has to work.
   */
  async isHeld(contract: Contract, signal: AbortSignal): Promise<boolean> {
    const { body, id } = contract.agreement!;
    const { clock, logger } = this.#init;
    const lastMs = (body.iat + body.holdSecs + CLOCK_TOLERANCE_SECONDS) * SECOND_MS;
    while (!signal.aborted) {
      try {
        const record = (await this.client.read(contractKey(toHex(id)))) as
          ContractRecord | undefined;
        if (record) return record.state === 'HELD';
      } catch (error) {
        logger.debug({ err: error }, 'The ledger could not be asked for held funds.');
      }
      if (clock.nowMs() > lastMs) return false;
      await new Promise((resolve) => setTimeout(resolve, HOLD_POLL_MS));
    }
    return false;
  }
}

/** The committee does nothing now. @param problem - As {@link CommitteeReach} says it. */
function unreached(problem: string): Unheld {
  return { ready: false, refusal: 'TIMED_OUT', reason: `the ledger is not reached: ${problem}` };
}
