/**
 * Tells the peers of the own routing table that are nearest to a key that this node provides it,
 * before the lookup for the nearest of all has ended. That lookup takes nearly all the time of a
 * `provide`, and whoever looks for the key meanwhile asks those nearest peers too. The `provide`
 * follows, and that alone counts: the idea of kubo's optimistic provide, without its estimate of
 * the network's size, which so few messages do not need.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import type { KadDHT, QueryEvent } from '@libp2p/kad-dht';
import type { PeerId } from '@libp2p/interface';
import { sha256 } from '../../crypto/hash.ts';
import type { Host } from '../libp2p-host.ts';
import { providerCid } from './dht-keys.ts';
import { NO_PATH } from './dht-lookup.ts';

/** Peers that are told early. In a large network some may not be among the nearest of all. */
const TOLD_EARLY = 4;
/** Whoever takes longer is told by the `provide`. */
const EARLY_TIMEOUT_MS = 2_000;

/** The message, as kad-dht hands it to its encoder. */
interface AddProvider {
  readonly type: 'ADD_PROVIDER';
  readonly key: Uint8Array;
  readonly providers: readonly {
    readonly id: Uint8Array;
    readonly multiaddrs: readonly Uint8Array[];
  }[];
}

/** The parts of kad-dht that its type does not show. */
interface DhtParts {
  readonly routingTable: {
    closestPeers(kadId: Uint8Array, options: { readonly count: number }): readonly PeerId[];
  };
  readonly network: {
    sendMessage(
      to: PeerId,
      message: AddProvider,
      options: { readonly signal: AbortSignal; readonly path: object },
    ): AsyncIterable<QueryEvent>;
  };
}

function partsOf(dht: KadDHT): DhtParts {
  const parts = dht as unknown as Partial<DhtParts>;
  if (typeof parts.routingTable?.closestPeers !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with closestPeers, got another version');
  }
  if (typeof parts.network?.sendMessage !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with network.sendMessage, got another version');
  }
  return parts as DhtParts;
}

/** Tells them. Who cannot be told is left out: the `provide` of the key tells all. */
export async function tellNearest(host: Host, key: string, signal: AbortSignal): Promise<void> {
  const { libp2p, dht } = host;
  const { routingTable, network } = partsOf(dht);
  const { bytes } = providerCid(key).multihash;
  const multiaddrs = libp2p.getMultiaddrs().map((address) => address.bytes);
  const providers = [{ id: libp2p.peerId.toMultihash().bytes, multiaddrs }];
  const message: AddProvider = { type: 'ADD_PROVIDER', key: bytes, providers };
  const options = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(EARLY_TIMEOUT_MS)]),
    path: NO_PATH,
  };
  setMaxListeners(0, options.signal);
  const tell = async (to: PeerId): Promise<void> => {
    // Failures are events, never thrown.
    for await (const _ of network.sendMessage(to, message, options));
  };
  const nearest = routingTable.closestPeers(sha256(bytes), { count: TOLD_EARLY });
  await Promise.all(nearest.map(tell));
}
