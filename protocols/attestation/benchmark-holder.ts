/**
 * The holder's side of a benchmark: decides whether an attestor may measure this node, does the
 * work that it asks for within what was announced, and accounts for the time that it took.
 *
 * Everything is refused before any work: unwanted attestors, amounts beyond the node's own limits,
 * a second benchmark at a time, of any peer, and more time than the node may spend on being
 * measured. What was announced is held against every question after it.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { Clock, Logger } from '../components.ts';
import { refusalNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { AbortReason, SecureStream } from '../secure-stream.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { AttestorBuckets } from './attestor-buckets.ts';
import {
  MAX_QUESTION_BYTES,
  decodeBenchmarkMessage,
  encodeBenchmarkMessage,
} from './benchmark-messages.ts';
import type { BenchmarkMessage, BenchmarkMessageOf } from './benchmark-messages.ts';
import { BenchmarkTranscript } from './benchmark-transcript.ts';
import type { BenchmarkWorker } from './benchmark-work.ts';
import { COMPUTE_RESOURCE, MAX_STEPS } from './compute-challenge.ts';
import { MAX_ORDER, MIN_ORDER } from './matrix-chain.ts';
import { MAX_READS } from './memory-challenge.ts';

/** What a holder agrees to. */
export interface BenchmarkLimits {
  readonly perPeer: BucketLimits;
  readonly all: BucketLimits;
  /** Most memory, in MiB. */
  readonly maxMib: number;
  /** Most timed rounds of reads, and reads of each. */
  readonly maxRounds: number;
  readonly maxReads: number;
  /** Most steps of a chain. */
  readonly maxSteps: number;
  /** Most time of the worker, in milliseconds. */
  readonly maxBusyMs: number;
  /** Longest wait for a question, or for the attestor to take an answer. */
  readonly idleTimeoutMs: number;
  /** Longest benchmark, waits included: for as long no other attestor is served. */
  readonly maxSessionMs: number;
}

/** Default limits. */
export const BENCHMARK_LIMITS: BenchmarkLimits = {
  perPeer: { burst: 4, perSecond: 1 / 300 },
  all: { burst: 8, perSecond: 1 / 60 },
  maxMib: 128,
  maxRounds: 8,
  maxReads: MAX_READS,
  maxSteps: MAX_STEPS,
  maxBusyMs: 30_000,
  idleTimeoutMs: 10_000,
  maxSessionMs: 60_000,
};

/** Questions of each kind in one benchmark; `bmwalk` is bounded by the announced rounds. */
const MAX_ECHOES = 8;
const MAX_CHAINS = 8;
const MAX_OPENINGS = 1;
const MAX_FILLS = 1;

/** A benchmark that came to its end. */
export interface BenchmarkReport {
  readonly attestor: string;
  readonly resource: BenchmarkMessageOf<'bmask'>['resource'];
  /** What the attestor says it measured. */
  readonly value: number;
  /** Hash of everything exchanged, 32 bytes, as the certificate's evidence is to have it. */
  readonly transcript: Uint8Array;
}

/** What is measured, and by whom. */
export interface MeasuredTerm {
  /** PeerId. */
  readonly attestor: string;
  /** Term of the resource. */
  readonly term: string;
}

/** Time that was reserved for one benchmark. */
export interface ReservedTime {
  /** Told once of the worker's time that was spent, whatever became of the benchmark. */
  settle(busyMs: number): Promise<void>;
}

/** What the holder's side is handed. */
export interface BenchmarkHolderInit {
  /** PeerId of this node. */
  readonly holder: string;
  readonly worker: BenchmarkWorker;
  /** Whether this attestor may measure this node at all. Asked of every stranger: a look-up. */
  isWanted(attestor: string): Promise<boolean>;
  /** Reserves so much time for being measured, in milliseconds, if the node can spare it now. */
  reserve(tested: MeasuredTerm, durationMs: number): ReservedTime | undefined;
  onMeasured(report: BenchmarkReport): void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<BenchmarkLimits>;
}

/** Ends a benchmark from inside; the stream is aborted with the reason. */
class BenchmarkEnd extends Error {
  readonly code: AbortReason;

  constructor(code: AbortReason, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Serves attestors. */
export class BenchmarkHolder {
  readonly #init: BenchmarkHolderInit;
  readonly #limits: BenchmarkLimits;
  readonly #buckets: AttestorBuckets;
  readonly #stopping = new AbortController();
  #isBusy = false;
  /** The benchmark that is being served. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(init: BenchmarkHolderInit) {
    this.#init = init;
    this.#limits = { ...BENCHMARK_LIMITS, ...init.limits };
    this.#buckets = new AttestorBuckets(this.#limits, init.clock.monotonicMs());
  }

  /**
   * Serves a stream whose first message was `first`, read by the caller.
   *
   * @returns what was reported; `undefined` for a benchmark that was refused or came to no end.
   */
  async serve(stream: SecureStream, first: Uint8Array): Promise<BenchmarkReport | undefined> {
    const order = decodeBenchmarkMessage(first, MAX_QUESTION_BYTES);
    if (order?.typ !== 'bmask') {
      stream.abort('badMessage');
      return undefined;
    }
    const attestor = stream.remotePeer;
    const { clock, holder, worker } = this.#init;
    const transcript = new BenchmarkTranscript(stream.sessionHash, attestor, holder);
    transcript.add('attestor', first);
    const admission = await this.#admit(attestor, order);
    const { idleTimeoutMs, maxSessionMs } = this.#limits;
    if (typeof admission === 'string') {
      const signal = AbortSignal.timeout(idleTimeoutMs);
      const { job } = order;
      const answer = { v: 1, typ: 'bmno', job, code: refusalNumber(admission) } as const;
      await stream.writeMessage(encodeBenchmarkMessage(answer), { signal });
      await stream.closeWrite({ signal });
      return undefined;
    }
    const session = AbortSignal.any([AbortSignal.timeout(maxSessionMs), this.#stopping.signal]);
    const init = { stream, order, transcript, worker, clock, session, idleTimeoutMs };
    const served = this.#measure(init, admission);
    this.#running = served;
    return served;
  }

  /** Ends the benchmark in work, and resolves once its time is counted. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node stops'));
    await this.#running;
  }

  async #measure(init: BenchmarkRunInit, time: ReservedTime): Promise<BenchmarkReport | undefined> {
    const { stream, order, transcript, worker, session } = init;
    const attestor = stream.remotePeer;
    const run = new BenchmarkRun(init);
    try {
      const value = await run.serve();
      const digest = transcript.digest();
      const { resource } = order;
      const report = { attestor, resource, value, transcript: digest };
      this.#init.onMeasured(report);
      return report;
    } catch (error) {
      const reason = error instanceof BenchmarkEnd ? error.code : 'internal';
      stream.abort(session.aborted ? 'deadline' : reason);
      this.#init.logger.warn({ attestor, err: error }, 'A benchmark came to no end.');
      return undefined;
    } finally {
      worker.release();
      this.#isBusy = false;
      await time.settle(Math.ceil(run.busyMs));
    }
  }

  /** Why an attestor is sent away; or the place is taken, and the time. */
  async #admit(
    attestor: string,
    order: BenchmarkMessageOf<'bmask'>,
  ): Promise<RefusalCode | ReservedTime> {
    const isWanted = await this.#init.isWanted(attestor);
    const refusal = this.#buckets.refusalOf(attestor, isWanted, this.#init.clock.monotonicMs());
    if (refusal) return refusal;
    if (!this.#isWithin(order)) return 'INPUT_TOO_LARGE';
    if (this.#isBusy || this.#stopping.signal.aborted) return 'BUSY';
    const tested = { attestor, term: order.resource };
    const time = this.#init.reserve(tested, order.budgetMs);
    if (!time) return 'TESTED_ENOUGH';
    this.#isBusy = true;
    return time;
  }

  #isWithin(order: BenchmarkMessageOf<'bmask'>): boolean {
    const { maxBusyMs, maxMib, maxReads, maxRounds, maxSteps } = this.#limits;
    if (order.budgetMs > maxBusyMs) return false;
    if (order.resource === COMPUTE_RESOURCE) {
      const isOrder = order.order >= MIN_ORDER && order.order <= MAX_ORDER && order.order % 2 === 0;
      return isOrder && order.steps <= maxSteps;
    }
    return order.mib <= maxMib && order.rounds <= maxRounds && order.reads <= maxReads;
  }
}

interface BenchmarkRunInit {
  readonly stream: SecureStream;
  readonly order: BenchmarkMessageOf<'bmask'>;
  readonly transcript: BenchmarkTranscript;
  readonly worker: BenchmarkWorker;
  readonly clock: Clock;
  readonly session: AbortSignal;
  readonly idleTimeoutMs: number;
}

type Counted = 'bmecho' | 'bmrun' | 'bmopen' | 'bmfill' | 'bmwalk';
type Frame = { readonly v: 1; readonly job: Uint8Array; readonly seq: number };

/** One benchmark that was accepted. */
class BenchmarkRun {
  /** Time of the worker so far, in milliseconds. */
  busyMs = 0;
  readonly #init: BenchmarkRunInit;
  readonly #left: Record<Counted, number>;
  #questions = 0;
  /** Steps of the chain that can be opened. */
  #steps = 0;

  constructor(init: BenchmarkRunInit) {
    this.#init = init;
    const { order } = init;
    const isCompute = order.resource === COMPUTE_RESOURCE;
    this.#left = {
      bmecho: MAX_ECHOES,
      bmrun: isCompute ? MAX_CHAINS : 0,
      bmopen: isCompute ? MAX_OPENINGS : 0,
      bmfill: isCompute ? 0 : MAX_FILLS,
      bmwalk: isCompute ? 0 : order.rounds,
    };
  }

  /** Accepts, answers until `bmend`, and gives its value. */
  async serve(): Promise<number> {
    const { order, session, stream } = this.#init;
    await this.#send({ v: 1, typ: 'bmyes', job: order.job });
    for (;;) {
      const question = await this.#question();
      const frame: Frame = { v: 1, job: order.job, seq: question.seq };
      if (question.typ === 'bmend') {
        await this.#send({ ...frame, typ: 'bmbusy', busyMs: Math.ceil(this.busyMs) });
        await stream.closeWrite({ signal: session });
        return question.value;
      }
      await this.#answer(question, frame);
    }
  }

  async #question() {
    const { order, stream, transcript } = this.#init;
    const bytes = await stream.readMessage({ signal: this.#patience() });
    const message = bytes && decodeBenchmarkMessage(bytes, MAX_QUESTION_BYTES);
    if (!message) throw new BenchmarkEnd('badMessage', 'no question');
    transcript.add('attestor', bytes);
    this.#questions += 1;
    if (
      !('seq' in message) ||
      message.seq !== this.#questions ||
      !equalBytes(message.job, order.job)
    ) {
      throw new BenchmarkEnd('badMessage', `${message.typ} is not the next question`);
    }
    return message;
  }

  async #answer(question: BenchmarkMessage, frame: Frame): Promise<void> {
    switch (question.typ) {
      case 'bmecho': {
        this.#count('bmecho');
        return this.#send({ ...frame, typ: 'bmecho', nonce: question.nonce });
      }
      case 'bmrun':
        return this.#run(question, frame);
      case 'bmopen':
        return this.#open(question, frame);
      case 'bmfill':
        return this.#fill(question, frame);
      case 'bmwalk':
        return this.#walk(question, frame);
      default:
        throw new BenchmarkEnd('badMessage', `${question.typ} is no question`);
    }
  }

  async #run({ nonce, steps }: BenchmarkMessageOf<'bmrun'>, frame: Frame): Promise<void> {
    const { order, worker } = this.#init;
    this.#count('bmrun');
    if (order.resource !== COMPUTE_RESOURCE || steps > order.steps) {
      throw new BenchmarkEnd('tooLarge', `${steps} steps were not announced`);
    }
    const challenge = { nonce, steps, order: order.order };
    const root = await this.#work((signal) => worker.runChain(challenge, signal));
    this.#steps = steps;
    await this.#send({ ...frame, typ: 'bmroot', root });
  }

  async #open({ steps }: BenchmarkMessageOf<'bmopen'>, frame: Frame): Promise<void> {
    this.#count('bmopen');
    if (steps.some((step) => step >= this.#steps)) {
      throw new BenchmarkEnd('badMessage', 'the chain has no such step');
    }
    const openings = await this.#work((signal) => this.#init.worker.openSteps(steps, signal));
    for (const { step, from, to, fromPath, toPath } of openings) {
      const paths = { fromPath: [...fromPath], toPath: [...toPath] };
      await this.#send({ ...frame, typ: 'bmstep', step, from, to, ...paths });
    }
  }

  async #fill({ nonce }: BenchmarkMessageOf<'bmfill'>, frame: Frame): Promise<void> {
    const { order, worker } = this.#init;
    this.#count('bmfill');
    const mib = 'mib' in order ? order.mib : 0;
    await this.#work((signal) => worker.fillMemory({ nonce, mib }, signal));
    await this.#send({ ...frame, typ: 'bmfull' });
  }

  async #walk({ nonce, reads }: BenchmarkMessageOf<'bmwalk'>, frame: Frame): Promise<void> {
    const { order, worker } = this.#init;
    this.#count('bmwalk');
    if (!('reads' in order) || reads > order.reads || this.#left.bmfill > 0) {
      throw new BenchmarkEnd('tooLarge', `${reads} reads were not announced`);
    }
    const digest = await this.#work((signal) => worker.walkMemory({ nonce, reads }, signal));
    await this.#send({ ...frame, typ: 'bmwalked', digest });
  }

  #count(typ: Counted): void {
    this.#left[typ] -= 1;
    if (this.#left[typ] < 0) throw new BenchmarkEnd('badMessage', `one ${typ} too many`);
  }

  /** Lets the worker work for as long as the announced time reaches, and counts its time. */
  async #work<Result>(call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock, order, session } = this.#init;
    const leftMs = order.budgetMs - this.busyMs;
    if (leftMs <= 0) throw new BenchmarkEnd('deadline', 'the announced time is used up');
    const startMs = clock.monotonicMs();
    const late = AbortSignal.timeout(Math.ceil(leftMs));
    try {
      return await call(AbortSignal.any([late, session]));
    } catch (error) {
      if (late.aborted) throw new BenchmarkEnd('deadline', 'took longer than announced');
      throw error;
    } finally {
      this.busyMs += clock.monotonicMs() - startMs;
    }
  }

  async #send(message: BenchmarkMessage): Promise<void> {
    const { stream, transcript } = this.#init;
    const bytes = encodeBenchmarkMessage(message);
    transcript.add('holder', bytes);
    await stream.writeMessage(bytes, { signal: this.#patience() });
  }

  #patience(): AbortSignal {
    const { idleTimeoutMs, session } = this.#init;
    return AbortSignal.any([AbortSignal.timeout(idleTimeoutMs), session]);
  }
}
