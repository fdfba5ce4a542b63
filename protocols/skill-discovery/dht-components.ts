/**
 * What spares the DHT work that it would do again and again.
 *
 * An answer of `@libp2p/kad-dht` 16 names up to 40 peers. The one that answers reads each from the
 * peer store; the one that asked writes each to it and offers each to its routing table, though
 * most were named by the answer before. In a network of 22 nodes a request took 10 ms of processor
 * time at both ends together, and takes 2 ms with what was read kept until the peer store says that
 * it changed, with peers taken up once a minute under the same addresses, and with kept streams.
 *
 * @module
 */

import type { PeerId, PeerInfo, PeerUpdate } from '@libp2p/interface';
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht';
import type { Clock } from '../components.ts';
import { MAX_TOLD_ADDRESSES } from '../peer-addresses.ts';
import { withMembers } from '../with-members.ts';
import { DhtStreamPool } from './dht-stream-pool.ts';
import type { OpenStream } from './dht-stream-pool.ts';

/** Peers whose entries are kept, and peers of which it is known when they were heard of last. */
const MAX_KEPT = 4_096;
/** Addresses in the peer store run out without an event. */
const MAX_AGE_MS = 60_000;

/**
 * Peers of one answer that are taken up: honest ones name forty at most. Each is offered to the
 * peer store and the routing table, and an answer can name thousands who do not exist.
 */
export const MAX_TAKEN_UP_OF_ANSWER = 64;

/** Values by key for a minute; the one put longest ago goes first. */
class ShortMemory<Value> {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry && entry.untilMs > this.#clock.monotonicMs()) return entry.value;
    return undefined;
  }

  put(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, untilMs: this.#clock.monotonicMs() + MAX_AGE_MS });
    if (this.#entries.size <= MAX_KEPT) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

type PeerStore = KadDHTComponents['peerStore'];
type Peer = Awaited<ReturnType<PeerStore['get']>>;

/** The peer store, which reads a peer once until it changes. */
export function withKeptPeers(
  peerStore: PeerStore,
  events: KadDHTComponents['events'],
  clock: Clock,
): PeerStore {
  const peers = new ShortMemory<Peer>(clock);
  let changes = 0;
  events.addEventListener('peer:update', (event: CustomEvent<PeerUpdate>) => {
    changes += 1;
    peers.delete(event.detail.peer.id.toString());
  });
  const get = async (peerId: PeerId, options?: object): Promise<Peer> => {
    const key = peerId.toString();
    const kept = peers.get(key);
    if (kept) return kept;
    const before = changes;
    const peer = await peerStore.get(peerId, options);
    if (changes === before) peers.put(key, peer); // else it may be what it was before the change
    return peer;
  };
  const getInfo = async (peerId: PeerId, options?: object): Promise<PeerInfo> => {
    const { id, addresses } = await get(peerId, options);
    return { id, multiaddrs: addresses.map(({ multiaddr }) => multiaddr) };
  };
  return withMembers(peerStore, { get, getInfo });
}

/** What `kadDHT` is handed in place of a node's components. */
export function thriftyComponents(
  components: KadDHTComponents,
  protocol: string,
  clock: Clock,
): KadDHTComponents {
  const { connectionManager, events } = components;
  const open: OpenStream = (...asked) => connectionManager.openStream(...asked);
  const pool = new DhtStreamPool(protocol, open, clock);
  return withMembers(components, {
    connectionManager: withMembers(connectionManager, { openStream: pool.openStream }),
    peerStore: withKeptPeers(components.peerStore, events, clock),
  });
}

/** The part of kad-dht that tells of the peers that an answer names. */
interface Telling {
  safeDispatchEvent(type: string, init?: { readonly detail?: PeerInfo }): boolean;
}

/**
 * Tells of a peer that answers name once in a while, and of its addresses when they change; of one
 * answer {@link MAX_TAKEN_UP_OF_ANSWER} at most.
 */
export function hearOnce(dht: KadDHT, clock: Clock): void {
  const network = (dht as unknown as { network?: Partial<Telling> }).network;
  if (typeof network?.safeDispatchEvent !== 'function') {
    throw new TypeError('"dht" expected kad-dht 16 with network.safeDispatchEvent, got another');
  }
  const dispatch: Telling['safeDispatchEvent'] = network.safeDispatchEvent.bind(network);
  const heard = new ShortMemory<string>(clock);
  let ofThisAnswer = 0;
  network.safeDispatchEvent = (type, init) => {
    if (type !== 'peer' || !init?.detail) return dispatch(type, init);
    const { id, multiaddrs } = init.detail;
    const peer = { id, multiaddrs: multiaddrs.slice(0, MAX_TOLD_ADDRESSES) };
    const key = id.toString();
    const addresses = peer.multiaddrs.map(String).sort().join();
    if (heard.get(key) === addresses) return true;
    // The module tells of all peers of an answer at once, before anything else runs.
    if (ofThisAnswer === 0) queueMicrotask(() => (ofThisAnswer = 0));
    if (++ofThisAnswer > MAX_TAKEN_UP_OF_ANSWER) return true;
    heard.put(key, addresses);
    return dispatch(type, { detail: peer });
  };
}
