/**
 * The libp2p node that every peer of the network runs: TCP, Noise, Yamux, identify, ping, the
 * Kademlia DHT and gossipsub (architecture.md 4). What is said over it is the business of the
 * protocols.
 *
 * @module
 */

import './polyfills.ts';
import { setMaxListeners } from 'node:events';
import { noise } from '@chainsafe/libp2p-noise'; // the one line that chooses the Noise package
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { gossipsub, StrictNoSign } from '@libp2p/gossipsub';
import type { GossipSub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import type {
  KadDHT,
  KadDHTComponents,
  Selectors,
  SingleKadDHT,
  Validators,
} from '@libp2p/kad-dht';
import type { Connection, Libp2p, ServiceMap } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { MemoryDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { createLibp2p } from 'libp2p';
import type { Libp2pOptions } from 'libp2p';
import { concatBytes } from '../crypto/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import { sha256 } from '../crypto/hash.ts';
import { strangersNetwork } from './address-network.ts';
import { boundAddresses } from './peer-addresses.ts';
import { Bootstrap } from './bootstrap.ts';
import type { Clock, Logger } from './components.ts';
import { KnownPeers, watchPeers } from './known-peers.ts';
import { GOSSIP_TOPICS, KAD_PROTOCOL, MAX_GOSSIP_BYTES } from './protocol-ids.ts';
import { LanPeers, RelayPlaces, explainDial, reachabilityParts } from './reachability.ts';
import type { ReachabilityInit } from './reachability.ts';
import { limitDhtRequests } from './skill-discovery/dht-request-limits.ts';
import { limitDhtStore } from './skill-discovery/dht-store-limits.ts';
import type { DhtStoreLimits } from './skill-discovery/dht-store-limits.ts';
import { hearOnce, thriftyComponents } from './skill-discovery/dht-components.ts';
import type { IsProven } from './skill-discovery/provider-entries.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** k of Kademlia. With 8 some lookups never met the holders of a record; with 20 none missed. */
export const K_BUCKET_SIZE = 20;
/** Address that a node listens on unless told otherwise. */
export const DEFAULT_LISTEN = '/ip4/127.0.0.1/tcp/0';
export const DEFAULT_MAX_CONNECTIONS = 300;
/**
 * libp2p prunes down to `maxConnections` only what no stream uses, and only when another
 * connection opens. Beyond this factor new inbound connections are refused.
 */
const HARD_LIMIT_FACTOR = 1.5;
/**
 * A window that grows to the library's 16 MiB passes the 4 MiB that a stream's reader may hold
 * back, and a reader that pauses then loses the stream.
 */
const MAX_STREAM_WINDOW_BYTES = 1_048_576;
/**
 * On a local network a peer that dies closes its connections, so they need few pings. Of 50 nodes
 * in one process on a busy machine, with libp2p's ping every 10 s, none came to rest: after a
 * minute tables held 7 peers, and 5 s took 2.3 s of processor. Without pings: 14 peers, 0.3 s.
 */
const LOCAL_PINGS = {
  pingInterval: 2 * MINUTE_MS,
  pingTimeout: { minTimeout: 30 * SECOND_MS, maxTimeout: MINUTE_MS },
};
/** How long {@link createHost} waits for a first bootstrap peer. */
export const DEFAULT_BOOTSTRAP_TIMEOUT_MS = 5 * SECOND_MS;
/** A mute peer holds up a lookup for this long, not for the library's 5 to 60 s. */
const DHT_REQUEST_TIMEOUT = { minTimeout: 2 * SECOND_MS, maxTimeout: 10 * SECOND_MS };
/**
 * Provider records live 2 h and not the library's 48 h: skill records live 1 h. It must also stay
 * below the 6 h after which the peer store forgets a silent peer, because from then on a peer that
 * holds its provider record answers no GET_PROVIDERS for that key (kad-dht 16.4.5).
 */
const REPROVIDE = { validity: 2 * HOUR_MS, threshold: HOUR_MS, interval: 10 * MINUTE_MS };
/** How long open streams have when the node stops; the library's own limit. */
const CLOSE_TIMEOUT_MS = 500;
/** Longer than provider records live, so that a provider is never named without an address. */
const MAX_ADDRESS_AGE_MS = 3 * HOUR_MS;

/** Services of the node. */
export interface HostServices extends ServiceMap {
  readonly dht: SingleKadDHT;
  readonly gossip: GossipSub;
}

/** What {@link createHost} is handed. */
export interface HostInit extends ReachabilityInit {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly validators: Validators;
  readonly selectors: Selectors;
  /** Carries connections; default TCP. Another one is for networks that are tortured on purpose. */
  readonly transport?: NonNullable<Libp2pOptions['transports']>[number];
  /** Multiaddrs; default {@link DEFAULT_LISTEN}. */
  readonly listen?: readonly string[];
  /** Multiaddrs told to others in place of the listening ones. */
  readonly announce?: readonly string[];
  /** Open already, and closed by its owner; default: in memory. */
  readonly datastore?: Datastore;
  /** Many nodes behind one address: no limit on new connections per second, and few pings. */
  readonly isLocalNetwork?: boolean;
  /** Multiaddrs with `/p2p/`. */
  readonly bootstrap?: readonly string[];
  readonly bootstrapTimeoutMs?: number;
  readonly maxConnections?: number;
  /** What other peers can have stored here. */
  readonly dhtStoreLimits?: DhtStoreLimits;
  /** Whose provider entries stand before those of others; default: nobody's. */
  readonly isProven?: IsProven;
}

/** A running node. */
export interface Host {
  readonly libp2p: Libp2p<HostServices>;
  readonly dht: KadDHT;
  readonly gossip: GossipSub;
  /** The node's store, with the limits on what other peers have stored in it. */
  readonly datastore: Datastore;
  readonly peerId: string;
  /** Multiaddrs under which others reach this node, with `/p2p/`. */
  addresses(): readonly string[];
  connectedPeers(): readonly string[];
  /** Multiaddrs of the open connections to a peer; none if it is not connected. */
  addressesOf(peerId: string): readonly string[];
  /** Peers in the Kademlia table: those that lookups start from. */
  routingTableSize(): number;
  /**
   * Connects to a multiaddr, or to a PeerId whose address is known or can be found.
   *
   * @throws {@link WrongNetworkError} where the peers cannot read each other, as with different
   *   network keys; else libp2p's error, or the signal's reason.
   */
  dial(target: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Resolves once the table holds `count` peers. @throws the signal's reason. */
  waitForPeers(count: number, signal: AbortSignal): Promise<void>;
  /** Calls `listener` with the table's size whenever a peer entered it. Returns the way to stop. */
  onPeerAdded(listener: (routingTableSize: number) => void): () => void;
  stop(): Promise<void>;
}

function connectionLimits(init: HostInit) {
  const maxConnections = init.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  if (init.isLocalNetwork !== true) return { maxConnections };
  return {
    maxConnections,
    inboundConnectionThreshold: Infinity,
    maxIncomingPendingConnections: 1_000,
  };
}

/**
 * Gossip carries documents that their authors signed, so it signs nothing itself: an identity key
 * signs documents alone (wire-formats.md 0). A message is known by the hash of its bytes.
 */
function createGossip() {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ data }) => sha256(data),
    allowedTopics: Object.values(GOSSIP_TOPICS),
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    maxInboundDataLength: MAX_GOSSIP_BYTES,
    fallbackToFloodsub: false,
  });
}

function createDht({ validators, selectors, clock }: HostInit) {
  const create = kadDHT({
    protocol: KAD_PROTOCOL,
    kBucketSize: K_BUCKET_SIZE,
    // Undefined would mean "client until a public address is seen": for ever, on a LAN.
    clientMode: false,
    // The default mapper drops private addresses, and with them every peer of a LAN.
    peerInfoMapper: passthroughMapper,
    initialQuerySelfInterval: 100,
    networkDialTimeout: DHT_REQUEST_TIMEOUT,
    reprovide: REPROVIDE,
    validators,
    selectors,
  });
  return (components: KadDHTComponents) =>
    create(thriftyComponents(components, KAD_PROTOCOL, clock));
}

async function createNode(
  init: HostInit,
  datastore: Datastore,
  lan: LanPeers,
): Promise<Libp2p<HostServices>> {
  const ways = reachabilityParts(init, lan);
  const { seed, publicKey } = init.identity;
  const limit = Math.ceil((init.maxConnections ?? DEFAULT_MAX_CONNECTIONS) * HARD_LIMIT_FACTOR);
  const isFull = (): boolean => node.getConnections().length >= limit;
  const node: Libp2p<HostServices> = await createLibp2p<HostServices>({
    start: false,
    privateKey: privateKeyFromRaw(concatBytes(seed, publicKey)),
    datastore,
    addresses: {
      listen: [...(init.listen ?? [DEFAULT_LISTEN])],
      announce: [...(init.announce ?? [])],
    },
    transports: [init.transport ?? tcp(), ...ways.transports],
    ...ways.options,
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES } })],
    connectionManager: connectionLimits(init),
    ...(init.isLocalNetwork === true ? { connectionMonitor: LOCAL_PINGS } : {}),
    // Once before the handshake, to save it, and once after: many handshakes run at a time.
    connectionGater: { denyInboundConnection: isFull, denyInboundUpgradedConnection: isFull },
    peerStore: { maxAddressAge: MAX_ADDRESS_AGE_MS },
    services: {
      identify: identify(),
      ping: ping(),
      dht: createDht(init) as never,
      gossip: createGossip(),
      ...ways.services,
    },
  });
  boundAddresses(node.peerStore);
  hearOnce(node.services.dht, init.clock);
  limitDhtRequests(node.services.dht, init.clock, init.logger);
  await node.start();
  return node;
}

interface PeerAddedSource {
  addEventListener(type: 'peer:add', listener: () => void): void;
  removeEventListener(type: 'peer:add', listener: () => void): void;
}

function onPeerAdded(dht: SingleKadDHT, listener: (size: number) => void): () => void {
  const table = dht.routingTable as SingleKadDHT['routingTable'] & PeerAddedSource;
  const handler = (): void => listener(table.size);
  table.addEventListener('peer:add', handler);
  return () => table.removeEventListener('peer:add', handler);
}

async function waitForPeers(dht: SingleKadDHT, count: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (dht.routingTable.size >= count) return;
  await new Promise<void>((resolve, reject) => {
    const finish = (): void => {
      stop();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      finish();
      reject(signal.reason as Error);
    };
    const stop = onPeerAdded(dht, (size) => {
      if (size < count) return;
      finish();
      resolve();
    });
    signal.addEventListener('abort', onAbort);
  });
}

/**
 * Closes what is open. The library does so too when it stops, and lets every stream of a connection
 * listen to one signal, which Node then calls a leak.
 */
async function closeConnections(libp2p: Libp2p): Promise<void> {
  const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS);
  setMaxListeners(0, signal);
  const close = async (connection: Connection): Promise<void> => {
    try {
      await connection.close({ signal });
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error('The node stops'));
    }
  };
  await Promise.all(libp2p.getConnections().map(close));
}

/**
 * Starts a node. A node without bootstrap peers, or whose bootstrap peers are silent, starts all
 * the same, and goes on dialling them and those that it knew before.
 *
 * @throws libp2p's error if an address cannot be listened on, or a bootstrap address is no
 *   multiaddr.
 */
export async function createHost(init: HostInit): Promise<Host> {
  const ownSuffix = `/p2p/${init.identity.peerId}`;
  const addresses = (init.bootstrap ?? []).filter((address) => !address.endsWith(ownSuffix));
  for (const address of addresses) multiaddr(address);
  const store = init.datastore ?? new MemoryDatastore();
  let addressesOf: Host['addressesOf'] = () => [];
  const datastore = await limitDhtStore(store, {
    ownPeerId: init.identity.peerId,
    ...(init.dhtStoreLimits ? { limits: init.dhtStoreLimits } : {}),
    ...(init.isProven ? { isProven: init.isProven } : {}),
    networkOfPeer: (peerId) => strangersNetwork(addressesOf(peerId)),
  });
  const lan = new LanPeers(init.logger);
  const libp2p = await createNode(init, datastore, lan);
  addressesOf = (peerId) =>
    libp2p.getConnections(peerIdFromString(peerId)).map(({ remoteAddr }) => String(remoteAddr));
  lan.start(libp2p);
  const relays = new RelayPlaces(init.relays ?? [], init.logger);
  await relays.start(libp2p);
  const hasKey = init.networkKey !== undefined;
  const { dht, gossip } = libp2p.services;
  const known = new KnownPeers(store);
  await known.load();
  const bootstrap = new Bootstrap({ node: libp2p, addresses, known, hasKey, logger: init.logger });
  const stopWatching = watchPeers(libp2p, known, init.logger);
  await bootstrap.start(init.bootstrapTimeoutMs ?? DEFAULT_BOOTSTRAP_TIMEOUT_MS);
  return {
    libp2p,
    dht,
    gossip,
    datastore,
    peerId: libp2p.peerId.toString(),
    addresses: () => libp2p.getMultiaddrs().map(String),
    connectedPeers: () => libp2p.getPeers().map(String),
    addressesOf,
    routingTableSize: () => dht.routingTable.size,
    async dial(target, options = {}) {
      const to = target.startsWith('/') ? multiaddr(target) : peerIdFromString(target);
      try {
        await libp2p.dial(to, options);
      } catch (error) {
        throw explainDial(error, target, hasKey);
      }
    },
    waitForPeers: (count, signal) => waitForPeers(dht, count, signal),
    onPeerAdded: (listener) => onPeerAdded(dht, listener),
    async stop() {
      bootstrap.stop();
      relays.stop();
      await stopWatching();
      await closeConnections(libp2p);
      await libp2p.stop();
    },
  };
}
