/**
 * Lookups in the DHT that read every answer.
 *
 * `dht.get` gives up when one peer with a stale record refuses the correction, and
 * `dht.findProviders` stops at 20 providers, so one peer among k can hide a record (measured,
 * kad-dht 16.4.5). These lookups run the module's own query (disjoint paths, alpha, k) but judge
 * nothing and stop at nothing: what is valid and what is enough is the caller's decision.
 *
 * @module
 */

import type { KadDHT, QueryEvent } from '@libp2p/kad-dht';
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { CID } from 'multiformats/cid';
import { NO_PATH, partsOf } from './dht-parts.ts';
import type { LookupRequest, QueryContext } from './dht-parts.ts';

/** A peer as an answer names it. */
export interface NamedPeer {
  readonly peerId: string;
  readonly addresses: readonly Multiaddr[];
}

/** What happens during a lookup. */
export type LookupEvent =
  | { readonly type: 'asked'; readonly peerId: string }
  | { readonly type: 'failed'; readonly peerId: string; readonly detail: string }
  | {
      readonly type: 'answered';
      readonly peerId: string;
      readonly value: Uint8Array | undefined;
      readonly providers: readonly NamedPeer[];
    };

function toLookupEvent(event: QueryEvent): LookupEvent | undefined {
  switch (event.name) {
    case 'DIAL_PEER':
      return { type: 'asked', peerId: event.peer.toString() };
    case 'QUERY_ERROR':
      return { type: 'failed', peerId: event.from.toString(), detail: event.error.message };
    case 'PEER_RESPONSE':
      return {
        type: 'answered',
        peerId: event.from.toString(),
        value: event.record?.value,
        providers: event.providers.map(({ id, multiaddrs }) => ({
          peerId: id.toString(),
          addresses: multiaddrs,
        })),
      };
    default:
      return undefined;
  }
}

/**
 * Asks the peers closest to `key`, and those that they name, until no closer one is left.
 *
 * @throws the signal's reason once it aborts. Ends without an event if the node is stopping.
 */
export async function* walkDht(
  dht: KadDHT,
  request: LookupRequest,
  key: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<LookupEvent, void, undefined> {
  const { queryManager, network } = partsOf(dht, 'queryManager.run', 'network.sendRequest');
  const ask = (context: QueryContext): AsyncIterable<QueryEvent> =>
    network.sendRequest(context.peer.id, { type: request, key }, context);
  for await (const event of queryManager.run(key, ask, { signal })) {
    const lookupEvent = toLookupEvent(event);
    if (lookupEvent) yield lookupEvent;
  }
}

/** Sends one request to one peer. Failures are events, never thrown. */
export async function* askPeer(
  dht: KadDHT,
  peer: PeerId,
  request: LookupRequest,
  key: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<LookupEvent, void, undefined> {
  const { network } = partsOf(dht, 'network.sendRequest');
  for await (const event of network.sendRequest(
    peer,
    { type: request, key },
    { signal, path: NO_PATH },
  )) {
    const lookupEvent = toLookupEvent(event);
    if (lookupEvent) yield lookupEvent;
  }
}

/** PeerIds of the providers that this node itself keeps for `cid`. */
export async function storedProviders(dht: KadDHT, cid: CID): Promise<readonly string[]> {
  const { providers } = partsOf(dht, 'providers.getProviders');
  return (await providers.getProviders(cid)).map(String);
}
