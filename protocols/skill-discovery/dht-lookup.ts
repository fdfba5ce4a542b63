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
import type { PeerId, PeerInfo } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { CID } from 'multiformats/cid';

/** What is asked of a peer. */
export type LookupRequest = 'GET_VALUE' | 'GET_PROVIDERS';

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

interface QueryContext {
  readonly peer: PeerInfo;
  readonly signal: AbortSignal;
  readonly path: object;
}

/** The parts of kad-dht that its type does not show. */
interface DhtParts {
  readonly queryManager: {
    run(
      key: Uint8Array,
      query: (context: QueryContext) => AsyncIterable<QueryEvent>,
      options: { readonly signal: AbortSignal },
    ): AsyncIterable<QueryEvent>;
  };
  readonly network: {
    sendRequest(
      to: PeerId,
      message: { readonly type: LookupRequest; readonly key: Uint8Array },
      options: { readonly signal: AbortSignal; readonly path: object },
    ): AsyncIterable<QueryEvent>;
  };
  readonly providers: { getProviders(cid: CID): Promise<readonly PeerId[]> };
}

/** The path of a message that belongs to no lookup. */
export const NO_PATH = { index: -1, queued: 0, running: 0, total: 0 };

function partsOf(dht: KadDHT): DhtParts {
  const parts = dht as unknown as Partial<DhtParts>;
  if (typeof parts.queryManager?.run !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with queryManager.run, got another version');
  }
  if (typeof parts.network?.sendRequest !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with network.sendRequest, got another version');
  }
  if (typeof parts.providers?.getProviders !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with providers, got another version');
  }
  return parts as DhtParts;
}

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
  const { queryManager, network } = partsOf(dht);
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
  const { network } = partsOf(dht);
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
  return (await partsOf(dht).providers.getProviders(cid)).map(String);
}
