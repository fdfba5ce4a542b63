/**
 * Answers streams of purpose 5: one question and one answer each.
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

/** An answer takes a few milliseconds and 700 KiB at most. */
const PER_PEER: BucketLimits = { burst: 32, perSecond: 4 };
const ALL: BucketLimits = { burst: 128, perSecond: 32 };
const IDLE_TIMEOUT_MS = 10_000;

/** What the server is handed. */
export interface BrokerServerInit {
  readonly streams: SecureStreams;
  readonly answer: (question: BrokerQuestion) => BrokerAnswer;
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
  { answer, clock, logger }: BrokerServerInit,
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
  if (question === undefined) return stream.abort('badMessage');
  await stream.writeMessage(encodeFound(answer(question)), deadline());
  await stream.closeWrite(deadline());
}
