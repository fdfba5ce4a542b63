/**
 * Answers streams of purpose 5: one question, about skills or about reputation, and one answer
 * each.
 *
 * @module
 */

import type { Clock, Logger } from '../components.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { decodeFind, encodeFound } from './messages.ts';
import type { BrokerAnswer, BrokerQuestion } from './messages.ts';
import { decodeScoreQuestion, encodeScoreAnswer } from './score-messages.ts';
import type { ScoreQuestion } from './score-messages.ts';

/** An answer takes a few milliseconds and 700 KiB at most. */
const PER_PEER: BucketLimits = { burst: 32, perSecond: 4 };
const ALL: BucketLimits = { burst: 128, perSecond: 32 };
const IDLE_TIMEOUT_MS = 10_000;

/** What the server is handed. */
export interface BrokerServerInit {
  readonly streams: SecureStreams;
  readonly answer: (question: BrokerQuestion) => BrokerAnswer;
  /** Parts of an answer about reputation; none where no such ledger is followed. */
  readonly scores: (question: ScoreQuestion) => Promise<readonly Uint8Array[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Registers the server with the session layer and serves from then on. */
export function serveQueries(init: BrokerServerInit): void {
  const buckets = new TokenBuckets(PER_PEER, ALL, init.clock.monotonicMs());
  init.streams.handle(SECURE_PROTOCOLS.query, (stream) => serve(stream, init, buckets));
}

async function serve(
  stream: SecureStream,
  { answer, scores, clock, logger }: BrokerServerInit,
  buckets: TokenBuckets,
): Promise<void> {
  const deadline = () => ({ signal: AbortSignal.timeout(IDLE_TIMEOUT_MS) });
  const bytes = await stream.readMessage(deadline());
  if (bytes === undefined) return stream.abort('badMessage');
  if (!buckets.take(stream.remotePeer, clock.monotonicMs())) {
    logger.debug({ remotePeer: stream.remotePeer }, 'Too many queries.');
    return stream.abort('cancelled');
  }
  const question = decodeFind(bytes);
  const scoreQuestion = question ? undefined : decodeScoreQuestion(bytes);
  if (question) await stream.writeMessage(encodeFound(answer(question)), deadline());
  else if (scoreQuestion) {
    await stream.writeMessage(encodeScoreAnswer(await scores(scoreQuestion)), deadline());
  } else return stream.abort('badMessage');
  await stream.closeWrite(deadline());
}
