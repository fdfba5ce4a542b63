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
import type { PeerId } from '@libp2p/interface';
import { sha256 } from '../../crypto/hash.ts';
import type { Host } from '../libp2p-host.ts';
import { providerCid } from './dht-keys.ts';
import { NO_PATH, partsOf } from './dht-parts.ts';
import type { AddProvider } from './dht-parts.ts';

/** Peers that are told early. In a large network some may not be among the nearest of all. */
const TOLD_EARLY = 4;
/** Whoever takes longer is told by the `provide`. */
const EARLY_TIMEOUT_MS = 2_000;

/** Tells them. Who cannot be told is left out: the `provide` of the key tells all. */
export async function tellNearest(host: Host, key: string, signal: AbortSignal): Promise<void> {
  const { libp2p, dht } = host;
  const { routingTable, network } = partsOf(
    dht,
    'routingTable.closestPeers',
    'network.sendMessage',
  );
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
