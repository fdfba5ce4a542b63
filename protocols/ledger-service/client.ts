/**
 * A ledger as its clients see it: the replicas are asked, and none is believed.
 *
 * An entry of the state is taken with its proof, against a header that 2f + 1 replicas signed, from
 * f + 1 replicas: the highest of their heads, so that a liar can at most be left out. What became
 * of a transaction is what f + 1 replicas say with one voice. A replica that lies, lags or is
 * silent costs the time until the next is asked.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { Logger, Random } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { committeeOf } from '../ledger/committee-chain.ts';
import type { LedgerRules } from '../ledger/genesis.ts';
import type { LedgerAccess } from '../ledger/ledger-rail.ts';
import { decodeRecord } from '../ledger/records.ts';
import type { StateRecord } from '../ledger/records.ts';
import { verifyStateProof } from '../ledger/state-proof.ts';
import type { StateProof } from '../ledger/state-proof.ts';
import { NO_HASH, decodeBlock } from '../pbft/block.ts';
import { ByteReader } from '../pbft/byte-reader.ts';
import { faultyAtMost } from '../pbft/committee.ts';
import type { Committee } from '../pbft/committee.ts';
import type { CommittedBlock, CommittedHeader } from '../pbft/messages.ts';
import { readCertificate } from '../pbft/vote.ts';
import type { AskReplica } from './ask-replica.ts';
import { HostileAnswerError, LedgerForkError, LedgerUnreachableError } from './errors.ts';
import { HeadWatch } from './head-watch.ts';
import { MAX_BLOCKS_ASKED, MAX_READ_KEYS } from './messages.ts';
import type { LedgerAnswer, LedgerQuestion, LedgerResult } from './messages.ts';

/** Times of a client, in milliseconds. */
export interface LedgerClientTimes {
  /** One more replica is asked when the answer takes longer. */
  readonly patienceMs: number;
  /** Nothing is waited for longer. */
  readonly timeoutMs: number;
  /** Between two questions to a replica that is behind. */
  readonly lagPauseMs: number;
}

const TIMES: LedgerClientTimes = { patienceMs: 2_500, timeoutMs: 20_000, lagPauseMs: 250 };
/** How often a replica that is behind, or has no block yet, is asked again. */
const MAX_LAG_QUESTIONS = 40;

export interface LedgerClientInit {
  readonly rules: LedgerRules;
  readonly ask: AskReplica;
  readonly random: Random;
  readonly logger: Logger;
  readonly times?: Partial<LedgerClientTimes>;
}

/** Entries of the state, each proven against the head. */
export interface ProvenState {
  readonly head: CommittedHeader;
  /** In the order of the keys; `undefined` where an entry is proven absent. */
  readonly records: readonly (StateRecord | undefined)[];
  readonly proofs: readonly StateProof[];
}

/** What one replica says became of a transaction. */
interface Executed {
  readonly result: LedgerResult;
  /** Block in which it stands; 0 for one that was refused. */
  readonly height: number;
}

/** The committee of one ledger. */
export class LedgerClient implements LedgerAccess {
  readonly rules: LedgerRules;
  readonly #init: LedgerClientInit;
  readonly #committee: Committee;
  readonly #watch: HeadWatch;
  readonly #times: LedgerClientTimes;
  readonly #stop = new AbortController();
  /** Block of the last transaction of which f + 1 replicas said what became of it. */
  #executedHeight = 0;

  constructor(init: LedgerClientInit) {
    this.rules = init.rules;
    this.#init = init;
    this.#committee = committeeOf(init.rules);
    this.#watch = new HeadWatch(this.#committee);
    this.#times = { ...TIMES, ...init.times };
  }

  /** Ends every question. */
  stop(): void {
    this.#stop.abort(new Error('the node stops'));
  }

  async read(key: string, signal?: AbortSignal): Promise<StateRecord | undefined> {
    return (await this.prove([key], signal)).records[0];
  }

  /**
   * Entries of the state, at most {@link MAX_READ_KEYS}; with no key the head alone. Never of an
   * earlier state than any answer before, what became of a transaction included.
   *
   * @param signal - Ends the wait sooner than the client's own time-out; it then throws the first.
   * @throws {@link LedgerUnreachableError}, {@link LedgerForkError}.
   */
  async prove(keys: readonly string[], signal?: AbortSignal): Promise<ProvenState> {
    if (keys.length > MAX_READ_KEYS) {
      throw new RangeError(`"keys" expected at most ${MAX_READ_KEYS}, got ${keys.length}`);
    }
    const floor = Math.max(this.#watch.highest?.header.height ?? 0, this.#executedHeight);
    const { answers, failures } = await this.#gather(
      (peerId, until) => this.#readFrom(peerId, keys, floor, until),
      (states) => states.length >= this.#needed,
      signal,
    );
    if (answers.length < this.#needed) {
      throw new LedgerUnreachableError({
        answered: answers.length,
        needed: this.#needed,
        failures,
      });
    }
    return answers.reduce((best, state) =>
      state.head.header.height > best.head.header.height ? state : best,
    );
  }

  /**
   * Resolves once f + 1 replicas say what became of the transaction. `TIMED_OUT`: it is not known,
   * and the same bytes may be sent again.
   *
   * @param signal - As of {@link LedgerClient.prove}.
   * @throws {@link LedgerUnreachableError} if no replica takes it.
   */
  async submit(transaction: Uint8Array, signal?: AbortSignal): Promise<LedgerResult> {
    const { answers, failures } = await this.#gather(
      (peerId, until) => this.#submitTo(peerId, transaction, until),
      (said) => this.#agreed(said) !== undefined,
      signal,
    );
    if (answers.length === 0) {
      throw new LedgerUnreachableError({ answered: 0, needed: this.#needed, failures });
    }
    const agreed = this.#agreed(answers);
    if (!agreed) return 'TIMED_OUT';
    this.#executedHeight = Math.max(this.#executedHeight, agreed.height);
    return agreed.result;
  }

  /**
   * Blocks from `fromHeight` to the head, ascending, each certified and naming the one before. One
   * replica is enough for that; where it ends too early the next goes on.
   *
   * @throws {@link LedgerUnreachableError} where no replica has the next block.
   */
  async *blocks(fromHeight = 1): AsyncGenerator<CommittedBlock, void, undefined> {
    const { head } = await this.prove([]);
    const last = head.header.height;
    let prev = fromHeight === 1 ? NO_HASH : undefined;
    let height = fromHeight;
    const failures = new Map<string, string>();
    const replicas = this.#order();
    while (height <= last) {
      const peerId = replicas[0];
      if (peerId === undefined) {
        throw new LedgerUnreachableError({ answered: 0, needed: 1, failures });
      }
      const before = height;
      try {
        for await (const committed of this.#blocksFrom(peerId, height, prev)) {
          yield committed;
          prev = committed.block.digest;
          height += 1;
          if (height > last) return;
        }
      } catch (error) {
        if (error instanceof LedgerForkError) throw error;
        failures.set(peerId, reasonOf(error));
      }
      if (height === before) replicas.shift();
    }
  }

  /** f + 1: at least one of so many is honest. */
  get #needed(): number {
    return faultyAtMost(this.#committee.replicas.length) + 1;
  }

  /** Replicas from a place drawn by chance. */
  #order(): string[] {
    const { replicas } = this.#committee;
    const start = this.#init.random.bytes(1)[0]! % replicas.length;
    return [...replicas.slice(start), ...replicas.slice(0, start)];
  }

  /** What f + 1 replicas say. */
  #agreed(said: readonly Executed[]): Executed | undefined {
    return said.find(
      ({ result, height }) =>
        said.filter((other) => other.result === result && other.height === height).length >=
        this.#needed,
    );
  }

  /**
   * Asks f + 1 replicas, and one more for each that fails or is late, until it is enough or the
   * time is over: whoever has not answered by then, as a replica of this process that waits for a
   * block, is waited for no more.
   */
  #gather<Answer>(
    ask: (peerId: string, signal: AbortSignal) => Promise<Answer>,
    isEnough: (answers: readonly Answer[]) => boolean,
    until?: AbortSignal,
  ): Promise<{
    readonly answers: readonly Answer[];
    readonly failures: ReadonlyMap<string, string>;
  }> {
    const { patienceMs, timeoutMs } = this.#times;
    const left = this.#order();
    const answers: Answer[] = [];
    const failures = new Map<string, string>();
    const over = new AbortController();
    const ends = [this.#stop.signal, AbortSignal.timeout(timeoutMs), ...(until ? [until] : [])];
    const late = AbortSignal.any(ends);
    const signal = AbortSignal.any([over.signal, late]);
    return new Promise((resolve, reject) => {
      const open = new Set<string>();
      const finish = (): void => {
        clearInterval(impatience);
        late.removeEventListener('abort', giveUp);
        resolve({ answers, failures });
        over.abort(new Error('enough replicas have answered'));
      };
      const giveUp = (): void => {
        left.length = 0;
        for (const peerId of open) failures.set(peerId, 'no answer in time');
        finish();
      };
      const askNext = (): void => {
        const peerId = left.shift();
        if (peerId === undefined) {
          if (open.size === 0) finish();
          return;
        }
        open.add(peerId);
        ask(peerId, signal).then(
          (answer) => {
            open.delete(peerId);
            if (signal.aborted) return;
            answers.push(answer);
            if (isEnough(answers)) finish();
            else if (open.size === 0) askNext();
          },
          (error: unknown) => {
            open.delete(peerId);
            if (error instanceof LedgerForkError) {
              clearInterval(impatience);
              over.abort(error);
              reject(error);
              return;
            }
            if (signal.aborted) return;
            failures.set(peerId, reasonOf(error));
            this.#init.logger.debug({ peerId, err: error }, 'A replica gave no good answer.');
            askNext();
          },
        );
      };
      const impatience = setInterval(() => {
        if (left.length > 0) askNext();
      }, patienceMs);
      late.addEventListener('abort', giveUp);
      for (let i = 0; i < this.#needed; i++) askNext();
      if (late.aborted) giveUp();
    });
  }

  async #readFrom(
    peerId: string,
    keys: readonly string[],
    floor: number,
    signal: AbortSignal,
  ): Promise<ProvenState> {
    for (let asked = 1; ; asked++) {
      const state = await this.#readOnce(peerId, keys, signal);
      const height = state?.head.header.height ?? 0;
      if (state && height >= floor) return state;
      if (asked === MAX_LAG_QUESTIONS) {
        throw new HostileAnswerError(`it is at height ${height}, others were at ${floor}`);
      }
      await pause(this.#times.lagPauseMs, signal);
    }
  }

  async #readOnce(
    peerId: string,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<ProvenState | undefined> {
    return this.#verified(this.#init.ask(peerId, { type: 'read', keys }, signal), keys);
  }

  /**
   * Entries of the state from somebody who is no replica and may be behind: certified and proven
   * like any other, and perhaps older than what was read before. The block time tells how old.
   *
   * @param answers - As a replica would give them for these keys.
   * @throws {@link HostileAnswerError}, {@link LedgerForkError}, and what `answers` throws.
   */
  async proveFrom(
    answers: AsyncIterable<LedgerAnswer>,
    keys: readonly string[],
  ): Promise<ProvenState> {
    const state = await this.#verified(answers, keys);
    if (!state) throw new HostileAnswerError('NOT_READY');
    return state;
  }

  /** The state in an answer, checked; `undefined` for a ledger that has no block yet. */
  async #verified(
    answers: AsyncIterable<LedgerAnswer>,
    keys: readonly string[],
  ): Promise<ProvenState | undefined> {
    let head: CommittedHeader | undefined;
    const proofs: StateProof[] = [];
    const records: (StateRecord | undefined)[] = [];
    for await (const answer of answers) {
      // A ledger that has just begun has its first block soon.
      if (answer.type === 'refused' && answer.reason === 'NOT_READY') return undefined;
      if (answer.type === 'refused') throw new HostileAnswerError(answer.reason);
      if (answer.type === 'head' && !head) {
        this.#watch.note(answer.head);
        ({ head } = answer);
      } else if (answer.type === 'proof' && head && proofs.length < keys.length) {
        const key = keys[proofs.length]!;
        const proven = verifyStateProof(answer.proof, key, head.header.stateRoot);
        if (!proven.valid) throw new HostileAnswerError(`the proof of ${key} does not hold`);
        proofs.push(answer.proof);
        records.push(proven.value && decodeRecord(key, proven.value));
      } else throw new HostileAnswerError(`${answer.type} is no answer to this question`);
    }
    if (!head || proofs.length < keys.length) {
      throw new HostileAnswerError('the answer is not whole');
    }
    return { head, proofs, records };
  }

  async #submitTo(peerId: string, transaction: Uint8Array, signal: AbortSignal): Promise<Executed> {
    const question: LedgerQuestion = { type: 'submit', transaction };
    for await (const answer of this.#init.ask(peerId, question, signal)) {
      if (answer.type === 'executed') return answer;
      if (answer.type === 'refused') {
        if (isOfReplica(answer.reason)) throw new HostileAnswerError(answer.reason);
        return { result: answer.reason, height: 0 };
      }
      throw new HostileAnswerError(`${answer.type} is no answer to this question`);
    }
    throw new HostileAnswerError('the answer is empty');
  }

  async *#blocksFrom(
    peerId: string,
    fromHeight: number,
    prev: Uint8Array | undefined,
  ): AsyncGenerator<CommittedBlock, void, undefined> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#times.timeoutMs)]);
    const question: LedgerQuestion = { type: 'blocks', fromHeight, max: MAX_BLOCKS_ASKED };
    let expected = fromHeight;
    let before = prev;
    for await (const answer of this.#ask(peerId, question, signal)) {
      if (answer.type !== 'block') {
        throw new HostileAnswerError(`${answer.type} is no answer to this question`);
      }
      const block = decodeBlock(answer.block);
      const reader = new ByteReader(answer.commit);
      const commit = readCertificate(reader);
      reader.end();
      const follows =
        block.height === expected && (before === undefined || equalBytes(block.prev, before));
      if (!follows) throw new HostileAnswerError(`block ${expected} does not follow`);
      this.#watch.note({ header: block, commit });
      expected += 1;
      before = block.digest;
      yield { block, commit };
    }
  }

  /** Messages of an answer. @throws for a refusal. */
  async *#ask(peerId: string, question: LedgerQuestion, signal: AbortSignal) {
    for await (const answer of this.#init.ask(peerId, question, signal)) {
      if (answer.type === 'refused') throw new HostileAnswerError(answer.reason);
      yield answer;
    }
  }
}

/** Refusals that say something of the replica and nothing of the transaction. */
function isOfReplica(reason: RefusalCode): boolean {
  return ['RATE_LIMITED', 'BUSY', 'NOT_READY', 'POOL_FULL', 'INTERNAL', 'TIMED_OUT'].includes(
    reason,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it did not answer';
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
}
