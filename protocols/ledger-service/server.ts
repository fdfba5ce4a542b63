/**
 * Answers `/coalesce/ledger/1.0.0` from a replica: one question a stream, from anybody. How often a
 * peer may ask, how many of its transactions may wait, and what all peers may take together is
 * bounded here; what a transaction is worth, the replica says.
 *
 * @module
 */

import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import type { Clock, Logger } from '../components.ts';
import { frame, unframe } from '../pbft/message-frames.ts';
import { LEDGER_PROTOCOL } from '../protocol-ids.ts';
import { StreamDuplex } from '../secure-channel/stream-duplex.ts';
import { TokenBuckets } from '../token-bucket.ts';
import { answersOf, refused, submitted } from './answers.ts';
import type { LedgerSource } from './answers.ts';
import { MAX_QUESTION_BYTES, decodeLedgerQuestion, encodeLedgerAnswer } from './messages.ts';
import type { LedgerAnswer, LedgerQuestion } from './messages.ts';

/** wire-formats.md 5.2; for each peer, whatever its connections. */
const QUESTIONS_PER_PEER = { burst: 200, perSecond: 50 };
/** An answer of blocks or proofs takes up to some megabytes. */
const ALL_QUESTIONS = { burst: 4_000, perSecond: 2_000 };
/** Tokens of a question for blocks: it is the dearest. */
const BLOCKS_TOKENS = 10;
/** Streams that one connection may have open: each holds one question. */
const MAX_STREAMS_PER_CONNECTION = 64;
/** Transactions of one peer, and of all, that wait to be executed. */
const MAX_WAITING_PER_PEER = 32;
const MAX_WAITING = 4_096;
const QUESTION_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 40_000;

export interface LedgerServerInit {
  readonly host: Pick<Libp2p, 'handle' | 'unhandle'>;
  readonly source: LedgerSource;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The service of one replica. */
export class LedgerServer {
  readonly #init: LedgerServerInit;
  readonly #buckets: TokenBuckets;
  /** Transactions that wait, by peer. */
  readonly #waiting = new Map<string, number>();
  #allWaiting = 0;

  constructor(init: LedgerServerInit) {
    this.#init = init;
    this.#buckets = new TokenBuckets(QUESTIONS_PER_PEER, ALL_QUESTIONS, init.clock.monotonicMs());
  }

  async start(): Promise<void> {
    await this.#init.host.handle(
      LEDGER_PROTOCOL,
      (stream, connection) => void this.#serve(stream, connection),
      { maxInboundStreams: MAX_STREAMS_PER_CONNECTION, runOnLimitedConnection: true },
    );
  }

  async stop(): Promise<void> {
    await this.#init.host.unhandle(LEDGER_PROTOCOL);
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peerId = connection.remotePeer.toString();
    const duplex = new StreamDuplex(stream);
    const late = setTimeout(() => stream.abort(new Error('no question came')), QUESTION_TIMEOUT_MS);
    try {
      const question = await readQuestion(duplex);
      clearTimeout(late);
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      for await (const answer of this.#answers(question, peerId)) {
        await duplex.send([frame(encodeLedgerAnswer(answer))], signal);
      }
      await duplex.close(ANSWER_TIMEOUT_MS);
    } catch (error) {
      this.#init.logger.debug({ peerId, err: error }, 'A question to the ledger failed.');
      stream.abort(error instanceof Error ? error : new Error('bad question'));
    } finally {
      clearTimeout(late);
    }
  }

  async *#answers(question: LedgerQuestion, peerId: string): AsyncGenerator<LedgerAnswer> {
    const { source, clock } = this.#init;
    const tokens = question.type === 'blocks' ? BLOCKS_TOKENS : 1;
    if (!this.#buckets.take(peerId, clock.monotonicMs(), tokens)) {
      yield refused('RATE_LIMITED');
      return;
    }
    if (question.type === 'submit') yield await this.#submit(question.transaction, peerId);
    else yield* answersOf(source, question);
  }

  /** A flood of transactions takes the places of its own peer only. */
  async #submit(transaction: Uint8Array, peerId: string): Promise<LedgerAnswer> {
    const waiting = this.#waiting.get(peerId) ?? 0;
    if (waiting >= MAX_WAITING_PER_PEER) return refused('RATE_LIMITED');
    if (this.#allWaiting >= MAX_WAITING) return refused('BUSY');
    this.#waiting.set(peerId, waiting + 1);
    this.#allWaiting += 1;
    try {
      return await submitted(this.#init.source, transaction);
    } finally {
      this.#allWaiting -= 1;
      const left = this.#waiting.get(peerId)! - 1;
      if (left > 0) this.#waiting.set(peerId, left);
      else this.#waiting.delete(peerId);
    }
  }
}

/** The one question of a stream. @throws for anything else. */
async function readQuestion(duplex: StreamDuplex): Promise<LedgerQuestion> {
  for await (const bytes of unframe(duplex.source(), MAX_QUESTION_BYTES)) {
    return decodeLedgerQuestion(bytes);
  }
  throw new RangeError('the stream ended without a question');
}
