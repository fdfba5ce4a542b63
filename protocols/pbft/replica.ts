/**
 * One replica as a pure state machine: `step(input)` gives the effects for the host to carry out.
 * No network, disk, clock or chance in here; replaying the same inputs gives the same effects.
 *
 * The protocol is that of Castro and Liskov (Practical Byzantine Fault Tolerance, OSDI 1999), in
 * the form of wire-formats.md 5. Where it departs, and why:
 * - One block is under way at a time (pipeline depth 1). A block names the state after it and takes
 *   its time from the certificate before it, so it cannot be proposed earlier. Batches of up to 512
 *   transactions make up for it, and a view change has one block to carry over, not a window.
 * - Votes are signed, where the paper has MAC vectors: a certificate convinces anyone, and two
 *   votes that contradict each other are evidence.
 * - The primary votes too, by its signature on the pre-prepare: 2f + 1 prepare votes make a block
 *   prepared, where the paper counts the pre-prepare and 2f prepares.
 * - A VIEW-CHANGE carries the certificate of the highest committed block in the place of the last
 *   stable checkpoint and everything after it. The block it prepared goes along to the new primary,
 *   so that what must be proposed again can be.
 * - No null requests: a height without a prepared block is free for the new primary.
 * - A certificate of a later block is taken at any time and in any view: it is proof by itself.
 * - Checkpoints let the log be cut and lagging replicas catch up; that a state is right is already
 *   shown by the commit certificate of its block.
 * - The reply cache is bounded, not part of the state, and empty after a state transfer: a client
 *   then learns from the ledger what became of its transaction.
 * - A view's first time-out is not fixed but follows the block time that each replica measures,
 *   between bounds (`pace.ts`): with blocks slower than a fixed one, every view would end with its
 *   first block.
 * - An idle primary proposes empty blocks, so that block time goes on and silence is noticed.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { Agreement } from './agreement.ts';
import { CatchUp } from './catch-up.ts';
import { Chain, StateDivergedError } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';
import { checkCommittee, primaryOf } from './committee.ts';
import type { Committee, ReplicaSigner, ReplicaVerifier } from './committee.ts';
import type { Effect, Input, Moment } from './effects.ts';
import { Journal } from './journal.ts';
import { LogEncoder, decodeLog } from './log-format.ts';
import type { LogRecord } from './log-format.ts';
import type { CommittedBlock, CommittedHeader, Message } from './messages.ts';
import { recall } from './recall.ts';
import { ReplyCache } from './reply-cache.ts';
import { viewTimeoutMs } from './pace.ts';
import type { ReplicaParts, ViewState } from './replica-parts.ts';
import { RequestPool } from './request-pool.ts';
import { RequestDesk } from './request-desk.ts';
import { RULES } from './rules.ts';
import type { Rules } from './rules.ts';
import { DEFAULT_REPLICA_SETTINGS } from './settings.ts';
import type { ReplicaSettings } from './settings.ts';
import type { StateMachine, TransactionResult } from './state-machine.ts';
import { ViewChanger } from './view-changer.ts';

/** What a replica is made of. */
export interface ReplicaInit {
  readonly committee: Committee;
  /** This replica's number. */
  readonly index: number;
  readonly signer: ReplicaSigner;
  readonly verifier: ReplicaVerifier;
  /** In the state of the genesis. */
  readonly app: StateMachine;
  /** The log as it is on the disk; the host flushes it after reading. */
  readonly log: Uint8Array;
  /**
   * Whether no flush of this replica has ever been done: only then may the log be empty. A replica
   * that lost its log may have voted and must not vote again under its key; it follows the others
   * as an observer.
   */
  readonly isFirstStart: boolean;
  readonly moment: Moment;
  readonly settings?: Partial<ReplicaSettings>;
  readonly rules?: Rules;
}

/** Why a replica cannot start. The message names the mend. */
export class LogRefusedError extends Error {
  static override readonly name = 'LogRefusedError';
  override readonly name = 'LogRefusedError';
  readonly code = 'LOG_REFUSED';
}

export class Replica {
  readonly #parts: ReplicaParts;
  readonly #agreement: Agreement;
  readonly #checkpoints: Checkpoints;
  readonly #views: ViewChanger;
  readonly #catchUp: CatchUp;
  readonly #desk: RequestDesk;
  readonly #helpedAtMs: number[];
  #effects: Effect[] = [];
  #moment: Moment;
  #resendDelayMs: number;
  #resendAtMs: number;
  #halted = false;

  /** @throws {@link LogRefusedError} if the log is damaged or another replica's. */
  constructor(init: ReplicaInit) {
    const { committee, index, log, isFirstStart, rules = RULES, app } = init;
    checkCommittee(committee);
    const settings = { ...DEFAULT_REPLICA_SETTINGS, ...init.settings };
    const decoded = decodeLog(log);
    if (!decoded.usable) throw new LogRefusedError(decoded.reason);
    this.#moment = init.moment;
    const moment = (): Moment => this.#moment;
    const emit = (effect: Effect): void => void this.#effects.push(effect);
    const pool = new RequestPool({
      maxTransactions: settings.maxPoolTransactions,
      maxBytes: settings.maxPoolBytes,
    });
    const { signer, verifier } = init;
    const chain = new Chain({ committee, verifier, rules, settings, app, pool });
    const journal = new Journal(rules, emit, new LogEncoder(decoded.check));
    const views: ViewState = {
      view: 0,
      isActive: true,
      requirement: undefined,
      hasProgressed: true,
      enteredAtMs: init.moment.monotonicMs,
      failedViews: 0,
      blockMs: 0,
    };
    const [owner] = decoded.records;
    const isLost = owner ? owner.kind === 'owner' && owner.isObserver : !isFirstStart;
    this.#parts = {
      ...{ committee, index, signer, verifier, rules, settings, app, pool, chain, journal, views },
      ...{ emit, moment, isObserver: isLost && !rules.mayVoteWithoutLog() },
    };
    this.#desk = new RequestDesk(this.#parts, new ReplyCache());
    this.#agreement = new Agreement(this.#parts, {
      suspect: () => this.#views.suspect(),
      committed: (committed, results) => this.#onCommitted(committed, results),
      behind: (from, height) => this.#catchUp.note(from, height),
    });
    this.#checkpoints = new Checkpoints(this.#parts, () => this.#compact());
    this.#views = new ViewChanger(this.#parts, this.#agreement, {
      behind: (from, height) => this.#catchUp.note(from, height),
      changed: () => this.#onViewChanged(),
    });
    this.#catchUp = new CatchUp(this.#parts, this.#agreement, {
      restored: () => this.#desk.onRestored(),
      stable: () => {
        this.#checkpoints.forget();
        this.#compact();
      },
    });
    this.#helpedAtMs = committee.replicas.map(() => -Infinity);
    this.#resendDelayMs = settings.resendMs;
    this.#resendAtMs = init.moment.monotonicMs;
    if (decoded.length < log.length) emit({ type: 'truncate', length: decoded.length });
    this.#open(decoded.records);
  }

  /** Height of the last committed block. */
  get height(): number {
    return this.#parts.chain.height;
  }

  /** The last committed block, as others can check it; none before the first. */
  get head(): CommittedHeader | undefined {
    const { header, commit } = this.#parts.chain;
    return header && commit && { header, commit };
  }

  /** Blocks that others seem to have and this replica has not: a claim, not a proof. */
  get lag(): number {
    return this.#catchUp.lag;
  }

  /** Whether these very bytes wait here for their block. */
  holds(transaction: Uint8Array): boolean {
    return this.#parts.pool.holds(transaction);
  }

  get view(): number {
    return this.#parts.views.view;
  }

  /** Whether the replica takes part in its view, or asks for it. */
  get isActive(): boolean {
    return this.#parts.views.isActive;
  }

  get stableHeight(): number {
    return this.#parts.chain.stableHeight;
  }

  /** Transactions that wait here. */
  get waiting(): number {
    return this.#parts.pool.size;
  }

  get primary(): number {
    return primaryOf(this.view, this.#parts.committee.replicas.length);
  }

  get isObserver(): boolean {
    return this.#parts.isObserver;
  }

  /** Blocks kept to help others. */
  get retained(): readonly CommittedBlock[] {
    return this.#parts.chain.retained;
  }

  /** Takes one input. @returns what the host must do, in order. Never throws on a peer's input. */
  step(input: Input, moment: Moment): readonly Effect[] {
    this.#moment = moment;
    if (this.#halted) return [];
    try {
      this.#handle(input);
      this.#onTick();
      this.#parts.journal.requestFlush();
    } catch (error) {
      if (!(error instanceof StateDivergedError)) throw error;
      this.#halt(error.message);
    }
    return this.#take();
  }

  /** What the constructor left to do; the host carries it out before the first input. */
  start(): readonly Effect[] {
    this.#parts.journal.requestFlush();
    return this.#take();
  }

  #take(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #halt(reason: string): void {
    this.#halted = true;
    this.#parts.emit({ type: 'halted', reason });
  }

  #handle(input: Input): void {
    switch (input.type) {
      case 'message':
        this.#onMessage(input.from, input.message);
        break;
      case 'request':
        if (this.#desk.submit(input.transaction)) this.#agreement.advance();
        break;
      case 'flushed':
        this.#parts.journal.onFlushed(input.flush);
        break;
      case 'tick':
        break;
      case 'disk-failed':
        this.#halt(
          `The log cannot be written (${input.reason}). No vote is given that is not on disk: ` +
            'make room or replace the disk, then start again.',
        );
        break;
    }
  }

  #onMessage(from: number, message: Message): void {
    switch (message.type) {
      case 'pre-prepare':
        this.#agreement.onPrePrepare(from, message);
        break;
      case 'vote':
        if (message.vote.phase === 'checkpoint') this.#checkpoints.onVote(from, message.vote);
        else this.#agreement.onVote(from, message.vote);
        break;
      case 'view-change':
        this.#views.onViewChange(from, message.viewChange);
        break;
      case 'new-view':
        this.#views.onNewView(from, message.newView);
        break;
      case 'status':
        this.#catchUp.note(from, message.height);
        if (this.#mayHelp(from)) {
          this.#views.help(from, message.view, message.isActive);
          this.#catchUp.help(from, message.stableHeight);
        }
        break;
      case 'fetch':
        this.#catchUp.onFetch(from, message);
        break;
      case 'blocks':
        this.#catchUp.onBlocks(from, message);
        break;
      case 'fetch-snapshot':
        this.#catchUp.onFetchSnapshot(from, message.height, message.offset);
        break;
      case 'checkpoint':
        this.#catchUp.onCheckpoint(from, message);
        break;
      case 'snapshot':
        this.#catchUp.onSnapshot(from, message);
        break;
      case 'request':
        if (this.#desk.onForwarded(message.transaction)) this.#agreement.advance();
        break;
    }
  }

  /** One answer per replica and interval: help must not become a way to make us shout. */
  #mayHelp(from: number): boolean {
    const { monotonicMs } = this.#moment;
    if (monotonicMs < this.#helpedAtMs[from]! + this.#parts.settings.helpIntervalMs) return false;
    this.#helpedAtMs[from] = monotonicMs;
    return true;
  }

  #onCommitted(committed: CommittedBlock, results: readonly TransactionResult[]): void {
    const { emit, views, pool } = this.#parts;
    this.#desk.settle(committed.block.height, results);
    emit({ type: 'commit', committed, results });
    const oldest = pool.oldestReady();
    if (views.isActive && (!oldest || oldest.sinceMs >= views.enteredAtMs)) views.failedViews = 0;
    this.#quicken();
    this.#checkpoints.onCommitted(committed.block);
  }

  #onViewChanged(): void {
    this.#quicken();
    if (this.#parts.views.isActive) this.#desk.forward();
  }

  /** Something happened: what is sent from now on is sent again soon. */
  #quicken(): void {
    this.#resendDelayMs = this.#parts.settings.resendMs;
    this.#resendAtMs = this.#moment.monotonicMs + this.#resendDelayMs;
  }

  /** When the host should send a tick, if nothing else happens before. Monotonic. */
  get nextWakeMs(): number {
    if (this.#halted) return Infinity;
    return Math.min(
      this.#resendAtMs,
      this.#catchUp.wakeAtMs,
      this.#views.deadlineMs,
      this.#agreement.heartbeatAtMs,
      this.#silenceAtMs,
      this.#censoredAtMs,
      this.#desk.spreadAtMs,
    );
  }

  get #silenceAtMs(): number {
    const { views, settings, rules, isObserver } = this.#parts;
    if (!views.isActive || isObserver || !rules.suspectsSilence()) return Infinity;
    const sinceMs = Math.max(this.#agreement.lastBlockAtMs, views.enteredAtMs);
    return sinceMs + Math.max(settings.silenceMs, viewTimeoutMs(this.#parts));
  }

  get #censoredAtMs(): number {
    const { views, rules, isObserver } = this.#parts;
    if (!views.isActive || isObserver || !rules.suspectsCensorship()) return Infinity;
    return this.#desk.overdueAtMs;
  }

  #onTick(): void {
    const { monotonicMs } = this.#moment;
    this.#catchUp.onTick(monotonicMs);
    if (monotonicMs >= this.#views.deadlineMs) this.#views.onDeadline();
    if (monotonicMs >= this.#silenceAtMs) this.#views.suspect();
    if (monotonicMs >= this.#censoredAtMs && this.#desk.isOverdue()) this.#views.suspect();
    if (monotonicMs >= this.#desk.spreadAtMs) this.#desk.spread();
    if (monotonicMs >= this.#agreement.heartbeatAtMs) this.#agreement.advance();
    if (monotonicMs >= this.#resendAtMs) this.#resend();
  }

  #resend(): void {
    const { settings, views, chain, emit, rules } = this.#parts;
    this.#resendAtMs = this.#moment.monotonicMs + this.#resendDelayMs;
    this.#resendDelayMs = Math.min(settings.maxResendMs, 2 * this.#resendDelayMs);
    if (!rules.resends()) return;
    const { view, isActive } = views;
    const { height, stableHeight } = chain;
    const message = { type: 'status', view, isActive, height, stableHeight } as const;
    emit({ type: 'send', to: 'others', message });
    if (isActive) {
      this.#agreement.resend();
    } else this.#views.resend();
    this.#checkpoints.resend();
  }

  /** The log begins anew at the last stable checkpoint. */
  #compact(): void {
    const { chain, views, journal } = this.#parts;
    const { stable } = chain;
    if (!stable) return;
    const records: LogRecord[] = [this.#owner(), { kind: 'stable', ...stable }];
    for (const committed of chain.retained) records.push({ kind: 'committed', ...committed });
    const { own, newView } = this.#views;
    if (newView && views.view > 0) records.push({ kind: 'new-view', newView });
    if (own) records.push({ kind: 'view-change', viewChange: own });
    records.push(...this.#agreement.records);
    journal.replace(records);
  }

  #owner(): LogRecord {
    const { committee, index, isObserver } = this.#parts;
    const { ledger, epoch } = committee;
    return { kind: 'owner', ledger, epoch, replica: index, isObserver };
  }

  /** Takes up what the log says. */
  #open(records: readonly LogRecord[]): void {
    const { committee, index, journal, rules } = this.#parts;
    const [owner] = records;
    if (!owner) {
      journal.append(this.#owner());
      return;
    }
    if (
      owner.kind !== 'owner' ||
      !equalBytes(owner.ledger, committee.ledger) ||
      owner.epoch !== committee.epoch ||
      owner.replica !== index
    ) {
      throw new LogRefusedError(
        'The log belongs to another ledger or replica: start with the data directory of this one.',
      );
    }
    const memory = recall(this.#parts, records, (committed, results) => {
      this.#desk.settle(committed.block.height, results);
    });
    const isRemembered = rules.remembersVotes();
    this.#agreement.recall(isRemembered ? memory.written : []);
    if (isRemembered) this.#views.recall(memory.viewChange, memory.newView);
    for (const { block } of this.#parts.chain.retained) this.#checkpoints.onCommitted(block);
    this.#agreement.advance();
  }
}
