/**
 * Opening a libp2p stream to a peer: what can go wrong, in the words of the session layer.
 *
 * @module
 */

import type { Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { withDeadline } from './deadline.ts';
import { PeerUnreachableError } from './errors.ts';
import { StreamDuplex } from './stream-duplex.ts';

/** The part of libp2p that sessions use. */
export type SessionHost = Pick<Libp2p, 'handle' | 'unhandle' | 'dialProtocol'>;

/** Streams of one protocol on one connection, each way; a session's own limit comes first. */
export const MAX_PROTOCOL_STREAMS = 320;

/** Why a reached peer gave no stream. */
export type DialRefusal = 'UNSUPPORTED' | 'BUSY';

const REFUSALS: Readonly<Record<string, DialRefusal>> = {
  UnsupportedProtocolError: 'UNSUPPORTED',
  TooManyOutboundProtocolStreamsError: 'BUSY',
};

/**
 * A new stream to `peerId`, connecting first where there is no connection.
 *
 * @throws {@link PeerUnreachableError} if no connection comes about; or the reason of an aborted
 *   signal.
 */
export async function dialStream(
  host: SessionHost,
  peerId: string,
  protocolId: string,
  dialMs: number,
  signals: readonly (AbortSignal | undefined)[],
): Promise<StreamDuplex | DialRefusal> {
  try {
    return await withDeadline(dialMs, signals, async (signal) => {
      const stream = await host.dialProtocol(peerIdFromString(peerId), protocolId, {
        signal,
        maxOutboundStreams: MAX_PROTOCOL_STREAMS,
        runOnLimitedConnection: true,
      });
      return new StreamDuplex(stream);
    });
  } catch (error) {
    for (const signal of signals) signal?.throwIfAborted();
    const refusal = error instanceof Error ? REFUSALS[error.name] : undefined;
    if (refusal) return refusal;
    throw new PeerUnreachableError({ peerId }, { cause: error });
  }
}
