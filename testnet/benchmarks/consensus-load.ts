/**
 * Clients of a committee: each piece of work is a hold and, once that stands in a block, the
 * verdict, which makes it a receipt. As many are under way as there are places.
 *
 * @module
 */

import { systemClock } from '../../node/system-clock.ts';
import type { SubmitOutcome } from '../../node/ledger/replica-door.ts';
import type { CommitteeProcesses } from '../committee/committee-process.ts';
import type { LedgerWorld } from './ledger-world.ts';

/** A client hands its transaction to f + 1 replicas (wire-formats.md 5.2). */
const ASKED = 2;
const RETRY_MS = 100;

/** What a committee did in a while. */
export interface LoadResult {
  readonly seconds: number;
  readonly receipts: number;
  readonly transactions: number;
  /** From handing in to the answer of the first replica, for each transaction. */
  readonly latenciesMs: readonly number[];
  /** Answers that were none of "done": what a load of good work must not have. */
  readonly refused: readonly string[];
}

/** Keeps a committee busy until it is told to stop. */
export class ConsensusLoad {
  readonly #committee: CommitteeProcesses;
  readonly #world: LedgerWorld;
  #isStopped = false;
  #receipts = 0;
  #latenciesMs: number[] = [];
  #refused: string[] = [];
  #sinceMs = systemClock.monotonicMs();
  #lastDoneAtMs = -Infinity;
  readonly #workers: readonly Promise<void>[];
  /** Everything that was answered with "done", for good. */
  done = 0;

  constructor(committee: CommitteeProcesses, world: LedgerWorld, places: number) {
    this.#committee = committee;
    this.#world = world;
    this.#workers = Array.from({ length: places }, (_, place) => this.#work(place));
  }

  get lastDoneAtMs(): number {
    return this.#lastDoneAtMs;
  }

  /** What was done since the last call. */
  take(): LoadResult {
    const nowMs = systemClock.monotonicMs();
    const result = {
      seconds: (nowMs - this.#sinceMs) / 1_000,
      receipts: this.#receipts,
      transactions: this.#latenciesMs.length,
      latenciesMs: this.#latenciesMs,
      refused: this.#refused,
    };
    this.#sinceMs = nowMs;
    this.#receipts = 0;
    this.#latenciesMs = [];
    this.#refused = [];
    return result;
  }

  /** Ends when all that was handed in is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
  }

  async #work(place: number): Promise<void> {
    for (let turn = place; !this.#isStopped; turn++) {
      const [hold, verdict] = this.#world.work();
      await this.#execute(hold, turn);
      if (await this.#execute(verdict, turn)) this.#receipts++;
    }
  }

  /** Hands a transaction in until a replica has executed it. @returns whether it did its work. */
  async #execute(transaction: Uint8Array, turn: number): Promise<boolean> {
    const startMs = systemClock.monotonicMs();
    for (let round = turn; ; round++) {
      const outcome = await this.#ask(transaction, round);
      if (outcome.committed) {
        this.#lastDoneAtMs = systemClock.monotonicMs();
        this.#latenciesMs.push(this.#lastDoneAtMs - startMs);
        this.done++;
        if (outcome.result !== 'done') this.#refused.push(outcome.result);
        return outcome.result === 'done';
      }
      if (outcome.reason === 'EXECUTED' && round > turn) {
        // An earlier round did it, and the replica that would have told so is gone.
        this.done++;
        return true;
      }
      if (!['BUSY', 'TIMED_OUT', 'POOL_FULL'].includes(outcome.reason)) {
        this.#refused.push(outcome.reason);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** The first of some replicas that answers, or that none of them can. */
  async #ask(transaction: Uint8Array, turn: number): Promise<SubmitOutcome> {
    const running = this.#committee.replicas.filter(({ isRunning }) => isRunning);
    const asked = Array.from({ length: ASKED }, (_, i) => running[(turn + i) % running.length]!);
    const answers = asked.map(async (replica) => {
      const outcome = await replica.submit([transaction])[0]!;
      if (!outcome.committed) throw new RangeError(outcome.reason);
      return outcome;
    });
    try {
      return await Promise.any(answers);
    } catch (error) {
      const [first] = (error as AggregateError).errors as RangeError[];
      const reason = first!.message as Extract<SubmitOutcome, { committed: false }>['reason'];
      return { committed: false, reason };
    }
  }
}
