/**
 * The attestor's end of a benchmark's stream: numbered questions, each with its answer and the time
 * that it took on the attestor's clock.
 *
 * Knows nothing of what is measured.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { Clock } from '../components.ts';
import { refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { SecureStream } from '../secure-stream.ts';
import { decodeBenchmarkMessage, encodeBenchmarkMessage } from './benchmark-messages.ts';
import type { BenchmarkMessage, BenchmarkMessageOf, BenchmarkTyp } from './benchmark-messages.ts';
import { BenchmarkTranscript } from './benchmark-transcript.ts';

/** Why nothing was measured. */
export type BenchmarkFailureReason =
  /** The holder does not want this attestor, these amounts, or this now. */
  | 'REFUSED'
  /** It ended or broke the stream. */
  | 'NO_ANSWER'
  /** It answered after the deadline, or not at all. */
  | 'LATE'
  /** It sent something else than the answer that was due. */
  | 'BAD_ANSWER'
  /** Its answer is not the result of the work. */
  | 'WRONG_ANSWER';

/** Ends a benchmark from inside; becomes a value before it leaves this folder. */
export class BenchmarkFailure extends Error {
  static override readonly name = 'BenchmarkFailure';
  override readonly name = 'BenchmarkFailure';
  readonly code = 'BENCHMARK_FAILED';
  readonly reason: BenchmarkFailureReason;

  constructor(reason: BenchmarkFailureReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** What an exchange is handed. */
export interface BenchmarkExchangeInit {
  readonly stream: SecureStream;
  /** PeerId of this node. */
  readonly attestor: string;
  /** 32 random bytes that name the benchmark. */
  readonly job: Uint8Array;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type Question = Exclude<BenchmarkMessage, { typ: 'bmask' | 'bmyes' | 'bmno' }>;
type WithoutFrame<Message> = Message extends unknown ? Omit<Message, 'v' | 'job' | 'seq'> : never;

/** Questions and answers of one benchmark. */
export class BenchmarkExchange {
  readonly #init: BenchmarkExchangeInit;
  readonly #transcript: BenchmarkTranscript;
  #questions = 0;

  constructor(init: BenchmarkExchangeInit) {
    this.#init = init;
    const { sessionHash, remotePeer } = init.stream;
    this.#transcript = new BenchmarkTranscript(sessionHash, init.attestor, remotePeer);
  }

  /** Sends the first message. */
  async begin(order: BenchmarkMessageOf<'bmask'>): Promise<void> {
    await this.#send(order);
  }

  /** Sends a question. */
  async ask(question: WithoutFrame<Question>): Promise<void> {
    this.#questions += 1;
    const { job } = this.#init;
    await this.#send({ v: 1, job, seq: this.#questions, ...question });
  }

  /**
   * Reads the answer to the last question.
   *
   * @param timeoutMs - How long this waits at most.
   * @throws {@link BenchmarkFailure} if it is none, or late; the signal's reason.
   */
  async answer<Typ extends BenchmarkTyp>(
    typ: Typ,
    timeoutMs: number,
  ): Promise<BenchmarkMessageOf<Typ>> {
    const message = await this.#read(timeoutMs);
    if (message.typ !== typ) {
      throw new BenchmarkFailure('BAD_ANSWER', `expected ${typ}, got ${message.typ}`);
    }
    if ('seq' in message && message.seq !== this.#questions) {
      const detail = `expected the answer to ${this.#questions}, got that to ${message.seq}`;
      throw new BenchmarkFailure('BAD_ANSWER', detail);
    }
    return message as BenchmarkMessageOf<Typ>;
  }

  /**
   * Asks, reads the answer and takes the time from the one to the other.
   *
   * @param deadlineMs - Later than this is too late, whatever the answer.
   * @throws as {@link answer}.
   */
  async time<Typ extends BenchmarkTyp>(
    question: WithoutFrame<Question>,
    typ: Typ,
    deadlineMs: number,
  ): Promise<{ readonly answer: BenchmarkMessageOf<Typ>; readonly elapsedMs: number }> {
    const { clock } = this.#init;
    const startMs = clock.monotonicMs();
    await this.ask(question);
    const answer = await this.answer(typ, deadlineMs);
    const elapsedMs = clock.monotonicMs() - startMs;
    if (elapsedMs > deadlineMs) {
      const detail = `${typ} after ${tenths(elapsedMs)} of ${tenths(deadlineMs)} ms`;
      throw new BenchmarkFailure('LATE', detail);
    }
    return { answer, elapsedMs };
  }

  /** Reads `bmyes`. @throws {@link BenchmarkFailure} for anything else. */
  async acceptance(timeoutMs: number): Promise<void> {
    const message = await this.#read(timeoutMs);
    if (message.typ === 'bmno') throw new BenchmarkFailure('REFUSED', refusalText(message.code));
    if (message.typ !== 'bmyes') {
      throw new BenchmarkFailure('BAD_ANSWER', `expected bmyes, got ${message.typ}`);
    }
  }

  /** Hash of everything exchanged so far, 32 bytes. */
  transcript(): Uint8Array {
    return this.#transcript.digest();
  }

  async #send(message: BenchmarkMessage): Promise<void> {
    const bytes = encodeBenchmarkMessage(message);
    this.#transcript.add('attestor', bytes);
    const { stream, signal } = this.#init;
    try {
      await stream.writeMessage(bytes, { signal });
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  async #read(timeoutMs: number): Promise<BenchmarkMessage> {
    const { stream, job, signal } = this.#init;
    const late = AbortSignal.timeout(Math.ceil(timeoutMs));
    let bytes: Uint8Array | undefined;
    try {
      bytes = await stream.readMessage({ signal: AbortSignal.any([signal, late]) });
    } catch (error) {
      if (late.aborted) throw new BenchmarkFailure('LATE', `no answer in ${tenths(timeoutMs)} ms`);
      throw this.#failureOf(error);
    }
    if (!bytes) throw new BenchmarkFailure('NO_ANSWER', 'the holder ended the stream');
    this.#transcript.add('holder', bytes);
    const message = decodeBenchmarkMessage(bytes);
    if (!message) throw new BenchmarkFailure('BAD_ANSWER', 'is no message of a benchmark');
    if (!equalBytes(message.job, job))
      throw new BenchmarkFailure('BAD_ANSWER', 'is of another job');
    return message;
  }

  #failureOf(error: unknown): unknown {
    if (this.#init.signal.aborted) return this.#init.signal.reason;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'MESSAGE_TOO_LARGE') return new BenchmarkFailure('BAD_ANSWER', code);
    return code.startsWith('STREAM_') ? new BenchmarkFailure('NO_ANSWER', code) : error;
  }
}

/** Milliseconds to a tenth: less than one decides whether an answer is late. */
function tenths(ms: number): number {
  return Math.round(10 * ms) / 10;
}

/** What a refusal means, and what mends it. */
function refusalText(code: number): string {
  const refusal = refusalOfNumber(code);
  const mends: Partial<Record<RefusalCode, string>> = {
    RATE_LIMITED: 'it was asked too often; try again in some minutes',
    BUSY: 'it is being measured; try again',
    TESTED_ENOUGH:
      'it has no more time for tests now (a minute for first attestations, then 2 % of its work); come back later',
    NOT_SUPPORTED: 'it does not trust this attestor, or does not know the resource',
    INPUT_TOO_LARGE: 'more than it lets anybody measure (accept.maxMeasuredMib there, 256 at most)',
  };
  const mend = mends[refusal];
  return mend === undefined ? refusal : `${refusal}, ${mend}`;
}
