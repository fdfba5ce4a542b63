/**
 * One question to one replica over libp2p. What it answers is read within limits and not believed.
 *
 * @module
 */

import type { Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { frame, unframe } from '../pbft/message-frames.ts';
import { LEDGER_PROTOCOL } from '../protocol-ids.ts';
import { StreamDuplex } from '../secure-channel/stream-duplex.ts';
import { MAX_BLOCKS_ASKED, decodeLedgerAnswer, encodeLedgerQuestion } from './messages.ts';
import type { LedgerAnswer, LedgerQuestion } from './messages.ts';

/** Streams to one replica at a time. */
const MAX_STREAMS_PER_CONNECTION = 64;
/** Messages of one answer: more than any question brings. */
const MAX_MESSAGES = MAX_BLOCKS_ASKED;

/** Asks a replica; messages come as they are read. */
export type AskReplica = (
  peerId: string,
  question: LedgerQuestion,
  signal: AbortSignal,
) => AsyncIterable<LedgerAnswer>;

/**
 * Asks over this host. The answer throws for bytes that are no answer, for more messages than any
 * question brings, for a stream that breaks, or with the signal's reason.
 */
export function askOverLibp2p(host: Pick<Libp2p, 'dialProtocol'>): AskReplica {
  return async function* ask(peerId, question, signal) {
    const stream = await host.dialProtocol(peerIdFromString(peerId), LEDGER_PROTOCOL, {
      signal,
      maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
      runOnLimitedConnection: true,
    });
    const duplex = new StreamDuplex(stream);
    const onAbort = (): void => stream.abort(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    try {
      await duplex.send([frame(encodeLedgerQuestion(question))], signal);
      await stream.close({ signal });
      let count = 0;
      for await (const bytes of unframe(duplex.source())) {
        if (count++ === MAX_MESSAGES) throw new RangeError('the answer has too many messages');
        yield decodeLedgerAnswer(bytes);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      stream.abort(new Error('the question is over'));
    }
  };
}
