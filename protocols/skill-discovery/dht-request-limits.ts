/**
 * How often one peer may ask something of this node's DHT, and have something stored.
 *
 * Limits on what is stored (`dht-store-limits.ts`, `validator.ts`) bound what a flood leaves; these
 * bound its work: a stored record costs a signature check, whoever signed it. The stream of a peer
 * that goes beyond is reset. Identities are free, connections are not: each peer with a bucket of
 * its own has one open.
 *
 * @module
 */

import type { Connection, PeerId, Stream } from '@libp2p/interface';
import type { KadDHT } from '@libp2p/kad-dht';
import type { Clock, Logger } from '../components.ts';
import { MAX_PEER_ADDRESSES } from '../peer-addresses.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';

/**
 * Messages that store. A publisher with 32 offers at depth 8 tells some 270 keys, all to the same
 * peers in a small network, and again whenever that grows by half.
 */
export const STORING_LIMITS: BucketLimits = { burst: 2_048, perSecond: 10 };
/** Messages that ask: a text is looked for under 16 keys, and each of many peers is fetched. */
export const ASKING_LIMITS: BucketLimits = { burst: 4_096, perSecond: 100 };

/**
 * Bytes of a stream between two answers: a record has 8 KiB at most, kad-dht reads 4 MiB.
 */
export const MAX_REQUEST_BYTES = 65_536;
/** A peer provides for itself alone; other implementations may name others, who are ignored. */
const MAX_PROVIDERS = 4;
/** As many as are kept of a peer that is told of; honest ones have a handful. */
const MAX_PROVIDER_ADDRESSES = 2 * MAX_PEER_ADDRESSES;

const STORING: ReadonlySet<unknown> = new Set(['ADD_PROVIDER', 'PUT_VALUE']);

/** A peer sends more than its share. */
export class DhtRateLimitError extends Error {
  static override readonly name = 'DhtRateLimitError';
  override readonly name = 'DhtRateLimitError';
  readonly code = 'DHT_RATE_LIMIT';

  constructor({ burst, perSecond }: BucketLimits) {
    super(`A peer sent more than ${burst} messages at once, or ${perSecond} a second after that`);
  }
}

/** A message says more than it may. */
export class DhtMessageTooLargeError extends Error {
  static override readonly name = 'DhtMessageTooLargeError';
  override readonly name = 'DhtMessageTooLargeError';
  readonly code = 'DHT_MESSAGE_TOO_LARGE';
}

interface Message {
  readonly type?: unknown;
  readonly providers?: readonly { readonly multiaddrs: readonly unknown[] }[];
}

interface Serving {
  handleMessage(from: PeerId, message: Message): Promise<unknown>;
  onIncomingStream(stream: Stream, connection: Connection): Promise<void>;
}

/** kad-dht makes an object of each address before it looks at any. */
function isTooLong({ providers = [] }: Message): boolean {
  return (
    providers.length > MAX_PROVIDERS ||
    providers.some(({ multiaddrs }) => multiaddrs.length > MAX_PROVIDER_ADDRESSES)
  );
}

/**
 * Holds every peer to the limits, from the next start on.
 *
 * @throws {@link TypeError} for an unknown kad-dht.
 */
export function limitDhtRequests(dht: KadDHT, clock: Clock, logger: Logger): void {
  const rpc = (dht as unknown as { rpc?: Partial<Serving> }).rpc;
  if (typeof rpc?.handleMessage !== 'function' || typeof rpc.onIncomingStream !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with rpc.handleMessage, got another version');
  }
  const handle: Serving['handleMessage'] = rpc.handleMessage.bind(rpc);
  const serve: Serving['onIncomingStream'] = rpc.onIncomingStream.bind(rpc);
  const storing = new TokenBuckets(STORING_LIMITS);
  const asking = new TokenBuckets(ASKING_LIMITS);
  rpc.handleMessage = async (from, message) => {
    const isStoring = STORING.has(message.type);
    const buckets = isStoring ? storing : asking;
    const isTaken = buckets.take(from.toString(), clock.monotonicMs());
    if (isTaken && !isTooLong(message)) return handle(from, message);
    const error = isTaken
      ? new DhtMessageTooLargeError('A peer named more providers or addresses than it may')
      : new DhtRateLimitError(isStoring ? STORING_LIMITS : ASKING_LIMITS);
    logger.debug({ peer: from.toString(), type: message.type, error }, 'A peer sends too much.');
    throw error;
  };
  rpc.onIncomingStream = (stream, connection) => {
    boundMessages(stream);
    return serve(stream, connection);
  };
}

/** Resets a stream on which more bytes come than a message may have. Answers begin a new count. */
function boundMessages(stream: Stream): void {
  let bytes = 0;
  const send = stream.send.bind(stream);
  stream.send = (data) => {
    bytes = 0;
    return send(data);
  };
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
    if (bytes > MAX_REQUEST_BYTES) {
      stream.abort(
        new DhtMessageTooLargeError(`A message of more than ${MAX_REQUEST_BYTES} bytes`),
      );
    }
  });
}
