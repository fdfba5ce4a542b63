/**
 * Runs a replica: gives it the network, the disk and the clock, and opens its door to the rest of
 * the node. Consensus itself is `protocols/pbft/`, which knows nothing of them.
 *
 * Two processes with one identity are two replicas with one key. The lock of the data directory
 * keeps a second process off this log. With a copy of the directory elsewhere, both give votes:
 * where these contradict each other, every replica that sees both reports the evidence, and the key
 * is one of the f that may be faulty.
 *
 * @module
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../crypto/bytes.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import { LedgerApplication } from '../../protocols/ledger/application.ts';
import { committeeOf } from '../../protocols/ledger/committee-chain.ts';
import type { LedgerRules } from '../../protocols/ledger/genesis.ts';
import { StateDivergedError } from '../../protocols/pbft/chain.ts';
import { IdentityVerifier, identitySigner } from '../../protocols/pbft/committee.ts';
import type { Effect, Input, Moment } from '../../protocols/pbft/effects.ts';
import type { CommittedBlock, CommittedHeader } from '../../protocols/pbft/messages.ts';
import { LogRefusedError, Replica } from '../../protocols/pbft/replica.ts';
import { ReplicaLinks } from '../../protocols/pbft/replica-links.ts';
import type { LinkHost } from '../../protocols/pbft/replica-links.ts';
import type { ReplicaSettings } from '../../protocols/pbft/settings.ts';
import { BadInputError } from '../errors.ts';
import type { Section } from '../storage/store.ts';
import { BlockExchange } from './block-exchange.ts';
import { BlockStore } from './block-store.ts';
import { LogFile } from './log-file.ts';
import { PendingTransactions, outcomeOf } from './pending-transactions.ts';
import type { ProvenEntries, ReplicaDoor, StoredBlock, SubmitOutcome } from './replica-door.ts';

const SWEEP_INTERVAL_MS = 1_000;
const DONE = Uint8Array.of(1);

export interface ReplicaHostInit {
  readonly rules: LedgerRules;
  readonly identity: Identity;
  /** Log and blocks lie here. */
  readonly directory: string;
  /** Remembers, away from the log, that this replica may have voted. */
  readonly memory: Section;
  readonly host: LinkHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings?: Partial<ReplicaSettings>;
}

/** Where a replica stands. */
export interface ReplicaStatus {
  /** Its number in the committee. */
  readonly replica: number;
  readonly view: number;
  readonly primary: number;
  /** `false`: it asks for another view. */
  readonly isActive: boolean;
  /** Its log is lost: it follows and never votes. */
  readonly isObserver: boolean;
  readonly height: number;
  /** Blocks that others seem to have and it has not. */
  readonly lagBlocks: number;
  /** Since a block was last committed here; null if none was since the start. */
  readonly lastBlockAgeMs: number | null;
  /** Every block up to here is stored. */
  readonly storedHeight: number;
  readonly replicasConnected: number;
  readonly transactionsWaiting: number;
  /** Why it has stopped, and the mend. */
  readonly halted: string | null;
}

/** A replica that runs. */
export class ReplicaHost implements ReplicaDoor {
  readonly rules: LedgerRules;
  readonly #init: ReplicaHostInit;
  readonly #index: number;
  readonly #app: LedgerApplication;
  readonly #blocks: BlockStore;
  readonly #links: ReplicaLinks;
  readonly #exchange: BlockExchange;
  readonly #pending = new PendingTransactions();
  /** Transactions whose number is taken in a block that is not final yet. */
  #unsure: Uint8Array[] = [];
  readonly #listeners = new Set<(committed: CommittedBlock) => void>();
  #log!: LogFile;
  #replica!: Replica;
  #halted: string | undefined;
  #lastBlockAtMs: number | undefined;
  readonly #inputs: Input[] = [];
  #isStepping = false;
  #wakeAtMs = Infinity;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;

  private constructor(init: ReplicaHostInit, blocks: BlockStore) {
    const { rules, identity, host, clock, logger } = init;
    const committee = committeeOf(rules);
    const index = committee.replicas.indexOf(identity.peerId);
    this.rules = rules;
    this.#init = init;
    this.#index = index;
    this.#blocks = blocks;
    this.#app = new LedgerApplication(rules);
    this.#links = new ReplicaLinks({
      ...{ host, committee, index, logger },
      onMessage: (from, message) => this.#step({ type: 'message', from, message }),
    });
    this.#exchange = new BlockExchange({ host, committee, index, store: blocks, clock, logger });
  }

  /**
   * Starts the replica that `identity` is in the committee.
   *
   * @throws {@link BadInputError} with the mend, if its log is damaged or another ledger's.
   */
  static async start(init: ReplicaHostInit): Promise<ReplicaHost> {
    const { directory, logger } = init;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const blocks = await BlockStore.open(join(directory, 'blocks'), (error) => {
      logger.error({ err: error }, 'Blocks cannot be stored; they are tried again.');
    });
    const host = new ReplicaHost(init, blocks);
    try {
      await host.#start();
      return host;
    } catch (error) {
      await blocks.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { rules, identity, directory, memory, settings, logger } = this.#init;
    const path = join(directory, 'replica.log');
    const committee = committeeOf(rules);
    const { log, content } = await LogFile.open(path, {
      flushed: (flush) => this.#step({ type: 'flushed', flush }),
      failed: (reason) => this.#step({ type: 'disk-failed', reason }),
      beforeReplace: () => this.#blocks.sync(),
    });
    this.#log = log;
    const mayHaveVoted = (await memory.get(memoryKey(rules))) !== undefined;
    try {
      this.#replica = new Replica({
        ...{ committee, index: this.#index, app: this.#app, log: content },
        signer: identitySigner(identity),
        verifier: new IdentityVerifier(committee.replicas),
        isFirstStart: !mayHaveVoted,
        moment: this.#moment(),
        ...(settings && { settings }),
      });
    } catch (error) {
      await log.close();
      if (!(error instanceof LogRefusedError) && !(error instanceof StateDivergedError))
        throw error;
      throw new BadInputError(`${path}: ${error.message}`, { cause: error });
    }
    for (const committed of this.#replica.retained) this.#blocks.put(committed);
    this.#carryOut(this.#replica.start());
    // Whose log it is stands in the log before it is remembered elsewhere, and both before a vote.
    await log.sync();
    if (!mayHaveVoted) await memory.put(memoryKey(rules), DONE);
    if (this.#replica.isObserver) {
      logger.error(
        { replica: this.#index },
        'The log of this replica is lost. It may have voted, so it votes no more: it follows the ' +
          'others. Put the log back from a copy made after the last vote.',
      );
    }
    await this.#links.start();
    await this.#exchange.start();
    this.#exchange.fillUpTo(this.#replica.height);
    this.#sweepTimer = setInterval(() => {
      this.#pending.sweep(this.#init.clock.monotonicMs());
    }, SWEEP_INTERVAL_MS).unref();
    this.#step({ type: 'tick' });
  }

  async stop(): Promise<void> {
    this.#halted ??= 'The node stops.';
    clearTimeout(this.#wakeTimer);
    clearInterval(this.#sweepTimer);
    this.#pending.refuseAll('BUSY');
    await this.#links.stop();
    await this.#exchange.stop();
    await this.#log.close();
    await this.#blocks.close();
  }

  submit(transaction: Uint8Array): Promise<SubmitOutcome> {
    if (this.#halted !== undefined) return Promise.resolve({ committed: false, reason: 'BUSY' });
    const { reason, account, seq } = { reason: undefined, ...this.#app.admit(transaction) };
    const isWorthATry = reason === undefined || reason === 'EXECUTED';
    if (!isWorthATry || account === undefined || seq === undefined) {
      return Promise.resolve({ committed: false, reason: reason ?? 'MALFORMED' });
    }
    const nowMs = this.#init.clock.monotonicMs();
    const { isNew, outcome } = this.#pending.wait(transaction, { account, seq }, nowMs);
    const isUnderWay = reason === 'EXECUTED' && this.#app.clock.height > this.#replica.height;
    if (isNew && isUnderWay) this.#unsure.push(transaction);
    else if (isNew) this.#step({ type: 'request', transaction });
    return outcome;
  }

  head(): CommittedHeader | undefined {
    return this.#replica.head;
  }

  prove(keys: readonly string[]): ProvenEntries | undefined {
    const { head } = this.#replica;
    if (!head) return undefined;
    return { head, proofs: keys.map((key) => this.#app.prove(key, head.header.height)) };
  }

  blocks(fromHeight: number, max: number): AsyncIterable<StoredBlock> {
    return this.#blocks.blocks(fromHeight, max);
  }

  onCommit(listener: (committed: CommittedBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): ReplicaStatus {
    const { view, primary, isActive, isObserver, height, lag, waiting } = this.#replica;
    const nowMs = this.#init.clock.monotonicMs();
    return {
      replica: this.#index,
      ...{ view, primary, isActive, isObserver, height },
      lagBlocks: lag,
      lastBlockAgeMs: this.#lastBlockAtMs === undefined ? null : nowMs - this.#lastBlockAtMs,
      storedHeight: this.#blocks.whole,
      replicasConnected: this.#links.connected,
      transactionsWaiting: waiting,
      halted: this.#halted ?? null,
    };
  }

  #moment(): Moment {
    const { clock } = this.#init;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
  }

  /** One input at a time: what a listener asks for meanwhile comes after its effects. */
  #step(input: Input): void {
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      if (this.#halted === undefined) this.#carryOut(this.#replica.step(next, this.#moment()));
    }
    this.#isStepping = false;
    if (this.#halted === undefined) this.#scheduleWake();
  }

  #scheduleWake(): void {
    const { nextWakeMs } = this.#replica;
    if (nextWakeMs >= this.#wakeAtMs || nextWakeMs === Infinity) return;
    clearTimeout(this.#wakeTimer);
    this.#wakeAtMs = nextWakeMs;
    const delayMs = Math.max(0, nextWakeMs - this.#init.clock.monotonicMs());
    this.#wakeTimer = setTimeout(() => {
      this.#wakeAtMs = Infinity;
      this.#step({ type: 'tick' });
    }, Math.ceil(delayMs));
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#links.send(effect.to, effect.message);
          break;
        case 'truncate':
          this.#log.truncate(effect.length);
          break;
        case 'append':
          this.#log.append(effect.bytes);
          break;
        case 'replace':
          this.#log.replace(effect.bytes);
          break;
        case 'flush':
          this.#log.flush(effect.flush);
          break;
        case 'commit':
          this.#onCommitted(effect);
          break;
        case 'restored':
          this.#init.logger.info({ height: effect.height }, 'The state was taken over.');
          this.#exchange.fillUpTo(effect.height);
          break;
        case 'reply': {
          const { account, seq, height, result } = effect;
          this.#pending.settle(account, seq, outcomeOf(height, result));
          break;
        }
        case 'refuse':
          this.#onRefused(effect.transaction, effect.reason);
          break;
        case 'evidence':
          this.#init.logger.error(
            { replica: effect.evidence.first.replica, evidence: effect.evidence },
            'A replica voted twice: its key is broken, or two processes use it.',
          );
          break;
        case 'halted':
          this.#halt(effect.reason);
          break;
      }
    }
  }

  #onCommitted({ committed, results }: Extract<Effect, { type: 'commit' }>): void {
    const { block } = committed;
    this.#lastBlockAtMs = this.#init.clock.monotonicMs();
    this.#blocks.put(committed);
    this.#exchange.fillUpTo(block.height - 1);
    for (const [place, { account, seq, result }] of results.entries()) {
      const transaction = block.transactions[place]!;
      this.#pending.onExecuted(account, seq, transaction, block.height, result);
    }
    for (const listener of this.#listeners) listener(committed);
    if (this.#unsure.length > 0) this.#askAgain();
  }

  /** A block is final: transactions that were not in it may be tried now. */
  #askAgain(): void {
    const transactions = this.#unsure;
    this.#unsure = [];
    for (const transaction of transactions) {
      this.#step({ type: 'request', transaction });
    }
  }

  #onRefused(transaction: Uint8Array, reason: string): void {
    const code = REFUSALS[reason] ?? (reason as RefusalCode);
    // Another replica has passed it on before: its block will tell.
    if (code === 'ALREADY_HELD' && this.#replica.holds(transaction)) return;
    const { account, seq } = { account: '', seq: 0, ...this.#app.admit(transaction) };
    this.#pending.settle(account, seq, { committed: false, reason: code });
  }

  #halt(reason: string): void {
    this.#halted = reason;
    this.#init.logger.error({ replica: this.#index }, `The replica has stopped. ${reason}`);
    this.#pending.refuseAll('BUSY');
    void this.#links.stop().catch((error: unknown) => {
      this.#init.logger.debug({ err: error }, 'A stream of a replica was not closed.');
    });
  }
}

/** Consensus' words for a refusal, where they are not those of the table. */
const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  TOO_LARGE: 'INPUT_TOO_LARGE',
  SEQ_TOO_FAR_AHEAD: 'SEQ_TOO_FAR',
  HELD: 'ALREADY_HELD',
};

function memoryKey({ ledgerId }: LedgerRules): string {
  return `may-have-voted/${toHex(ledgerId)}`;
}
