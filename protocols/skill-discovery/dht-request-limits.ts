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

import type { PeerId } from '@libp2p/interface';
import type { KadDHT } from '@libp2p/kad-dht';
import type { Clock, Logger } from '../components.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';

/**
 * Messages that store. A publisher with 32 offers at depth 8 tells some 270 keys, all to the same
 * peers in a small network, and again whenever that grows by half.
 */
export const STORING_LIMITS: BucketLimits = { burst: 2_048, perSecond: 10 };
/** Messages that ask: a text is looked for under 16 keys, and each of many peers is fetched. */
export const ASKING_LIMITS: BucketLimits = { burst: 4_096, perSecond: 100 };

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

interface Message {
  readonly type?: unknown;
}

interface Serving {
  handleMessage(from: PeerId, message: Message): Promise<unknown>;
}

/** Holds every peer to the limits. @throws {@link TypeError} for an unknown kad-dht. */
export function limitDhtRequests(dht: KadDHT, clock: Clock, logger: Logger): void {
  const rpc = (dht as unknown as { rpc?: Partial<Serving> }).rpc;
  if (typeof rpc?.handleMessage !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with rpc.handleMessage, got another version');
  }
  const handle: Serving['handleMessage'] = rpc.handleMessage.bind(rpc);
  const storing = new TokenBuckets(STORING_LIMITS);
  const asking = new TokenBuckets(ASKING_LIMITS);
  rpc.handleMessage = async (from, message) => {
    const isStoring = STORING.has(message.type);
    const buckets = isStoring ? storing : asking;
    if (buckets.take(from.toString(), clock.monotonicMs())) return handle(from, message);
    const error = new DhtRateLimitError(isStoring ? STORING_LIMITS : ASKING_LIMITS);
    logger.debug({ peer: from.toString(), type: message.type, error }, 'A peer sends too much.');
    throw error;
  };
}
