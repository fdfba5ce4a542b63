/**
 * Ways into the network beside bootstrap peers, each by its own setting: multicast DNS on a LAN,
 * relays for a node behind NAT (circuit relay v2), hole punching through them (DCUtR), and the
 * pre-shared key of a private network.
 *
 * A relayed connection is limited in time and bytes by its relay: sessions run over it, the DHT and
 * gossip do not. Hole punching is the library's; behind real NATs it is untested here.
 *
 * @module
 */

import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { dcutr } from '@libp2p/dcutr';
import type { Libp2p, PeerInfo } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import { preSharedKey } from '@libp2p/pnet';
import { multiaddr } from '@multiformats/multiaddr';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Libp2pOptions } from 'libp2p';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import type { Logger } from './components.ts';
import { processScheduler } from './skill-discovery/scheduler.ts';
import type { Scheduler } from './skill-discovery/scheduler.ts';

/** Name under which nodes look for one another on a LAN. */
const MDNS_SERVICE = '_coalesce._udp.local';
const MDNS_INTERVAL_MS = 20_000;
const LAN_DIAL_TIMEOUT_MS = 5_000;
/** Dials to peers of the LAN at the same time: whoever is on it can announce any number. */
const MAX_LAN_DIALS = 4;
/** With so many connections the node needs no more peers of the LAN. */
const ENOUGH_CONNECTIONS = 32;

/** Between two times that a relay is asked which gave no place. */
const RELAY_PAUSE_MS = 30_000;
/** Of these pauses, most until a peer is asked again that answers and is no relay: a day. */
const MAX_RELAY_PAUSES = 2_880;
const RELAY_TIMEOUT_MS = 10_000;

/** What a relay gives one relayed connection, and how many peers it relays for. */
const RELAY_RESERVATIONS = {
  maxReservations: 64,
  defaultDurationLimit: 5 * 60_000,
  defaultDataLimit: BigInt(16 * 1_048_576),
};

/** Settings of these ways in. All are off by default. */
export interface ReachabilityInit {
  /** Looks for peers by multicast DNS, and answers those that look. */
  readonly hasMdns?: boolean;
  /** Relays connections of others. */
  readonly isRelay?: boolean;
  /** Multiaddrs with `/p2p/`, of relays through which others reach this node. */
  readonly relays?: readonly string[];
  /** Turns relayed connections into direct ones. */
  readonly hasHolePunching?: boolean;
  /** Only peers with the same key can connect; see {@link parseNetworkKey}. */
  readonly networkKey?: NetworkKey;
}

/** A pre-shared key in the encoding that libp2p shares it in. */
export type NetworkKey = Uint8Array & { readonly isNetworkKey: true };

const KEY_FORM = /^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n([0-9a-f]{64})\s*$/;

/**
 * Reads the content of a key file: three lines, `/key/swarm/psk/1.0.0/`, `/base16/` and 64 digits
 * in lower-case hexadecimal, as other libp2p networks write them.
 *
 * @returns `undefined` for any other content.
 */
export function parseNetworkKey(content: Uint8Array): NetworkKey | undefined {
  let text: string;
  try {
    text = fromUtf8(content);
  } catch {
    return undefined;
  }
  const [, digits] = KEY_FORM.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${digits}`) as NetworkKey;
}

/** No connection came about that both peers can read. */
export class WrongNetworkError extends Error {
  static override readonly name = 'WrongNetworkError';
  override readonly name = 'WrongNetworkError';
  readonly code = 'WRONG_NETWORK';
}

/**
 * How a handshake fails between two keys, or a key and none: to each side the other sends noise,
 * whose first bytes say by chance that it is wrong, or that more is to come.
 */
const HANDSHAKE_FAILURES: ReadonlySet<string> = new Set([
  'EncryptionFailedError',
  'InvalidCryptoExchangeError',
  'UnexpectedEOFError',
  'ECONNRESET',
]);

/** What a failed dial means, where the handshake may be what failed; else the error as it is. */
export function explainDial(error: unknown, target: string, hasKey: boolean): unknown {
  if (!(error instanceof Error)) return error;
  const names = [error.name, 'code' in error ? String(error.code) : ''];
  const isReached = names.some((name) => HANDSHAKE_FAILURES.has(name));
  if (!isReached && error.name !== 'TimeoutError') return error;
  const what = isReached
    ? 'answers, and the handshake fails'
    : 'has made no handshake in time: it is not there, or';
  const meaning = hasKey
    ? 'it has another network key or none, and this is a private network'
    : 'it may belong to a private network, whose key this node has not (network.keyFile)';
  const message = `${target} ${what}${isReached ? ':' : ''} ${meaning}`;
  return new WrongNetworkError(message, { cause: error });
}

/** Connects to peers that were heard on the LAN, a few at a time and no more than are needed. */
export class LanPeers {
  readonly #logger: Logger;
  #node: Libp2p | undefined;
  #dials = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Begins to connect: peers that are heard before are heard again. */
  start(node: Libp2p): void {
    this.#node = node;
  }

  /** A peer was heard. Never throws. */
  async heard({ id, multiaddrs }: PeerInfo): Promise<void> {
    const node = this.#node;
    if (node === undefined || multiaddrs.length === 0 || id.equals(node.peerId)) return;
    if (this.#dials >= MAX_LAN_DIALS || node.getPeers().length >= ENOUGH_CONNECTIONS) return;
    if (node.getConnections(id).length > 0) return;
    this.#dials += 1;
    try {
      await node.dial(multiaddrs, { signal: AbortSignal.timeout(LAN_DIAL_TIMEOUT_MS) });
    } catch (error) {
      this.#logger.debug({ error, peerId: id.toString() }, 'A peer of the LAN did not answer.');
    } finally {
      this.#dials -= 1;
    }
  }
}

/** The part of libp2p that listens, which its type does not show. */
interface TransportManager {
  listen(addresses: readonly Multiaddr[]): Promise<void>;
  /** Of all listeners, whatever is announced. */
  getAddrs(): readonly Multiaddr[];
}

/**
 * Asks relays for a place, again and again where one is not there. libp2p asks once, on start, and
 * does not start without it.
 */
export class RelayPlaces {
  readonly #logger: Logger;
  readonly #relays: readonly string[];
  readonly #scheduler: Scheduler;
  #cancelNext: (() => void) | undefined;
  #isStopped = false;
  /** Rounds until a relay is asked again that answered and gave no place, and then how many. */
  readonly #turns = new Map<string, { left: number; pause: number }>();
  /** Relays that the log has told of. */
  readonly #told = new Set<string>();

  constructor(relays: readonly string[], logger: Logger, scheduler: Scheduler = processScheduler) {
    this.#relays = relays;
    this.#logger = logger;
    this.#scheduler = scheduler;
  }

  /** Asks all once, and in the background from then on. Never throws. */
  async start(node: Libp2p): Promise<void> {
    if (this.#relays.length === 0) return;
    const { transportManager } = (node as unknown as { components: Components }).components;
    if (typeof transportManager?.listen !== 'function') {
      throw new TypeError('"node" expected libp2p 3 with components.transportManager, got another');
    }
    await this.#ask(node, transportManager);
  }

  async #ask(node: Libp2p, transports: TransportManager): Promise<void> {
    const held = transports.getAddrs().map(String);
    const missing = this.#relays.filter((relay) => {
      const through = `/p2p/${relay.slice(relay.lastIndexOf('/') + 1)}/p2p-circuit`;
      return !held.some((address) => address.includes(through));
    });
    await Promise.all(missing.map((relay) => this.#listen(relay, node, transports)));
    if (this.#isStopped) return;
    this.#cancelNext = this.#scheduler.after(
      RELAY_PAUSE_MS,
      () => void this.#ask(node, transports),
    );
  }

  async #listen(relay: string, node: Libp2p, transports: TransportManager): Promise<void> {
    const turn = this.#turns.get(relay) ?? { left: 0, pause: 1 };
    if (--turn.left > 0) return;
    try {
      // First: libp2p keeps a listener that failed, and that it closed would end the others.
      await node.dial(multiaddr(relay), { signal: AbortSignal.timeout(RELAY_TIMEOUT_MS) });
      // A peer that answers and is no relay is asked more and more seldom.
      turn.left = turn.pause;
      turn.pause = Math.min(2 * turn.pause, MAX_RELAY_PAUSES);
      this.#turns.set(relay, turn);
      await transports.listen([multiaddr(`${relay}/p2p-circuit`)]);
      this.#told.delete(relay);
      this.#turns.delete(relay);
    } catch (error) {
      if (this.#told.has(relay) || this.#isStopped) return;
      this.#told.add(relay);
      const text = 'A relay of network.relays gives no place; it is asked again.';
      this.#logger.warn({ relay, err: error }, text);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelNext?.();
  }
}

interface Components {
  readonly transportManager?: TransportManager;
}

/** The parts of a libp2p configuration that the settings ask for. */
export function reachabilityParts(
  init: ReachabilityInit,
  lan: LanPeers,
): {
  readonly transports: NonNullable<Libp2pOptions['transports']>;
  readonly options: Pick<Libp2pOptions, 'connectionProtector' | 'peerDiscovery'>;
  readonly services: Record<string, never>;
} {
  const { networkKey } = init;
  return {
    transports: [circuitRelayTransport()],
    options: {
      ...(networkKey && { connectionProtector: preSharedKey({ psk: networkKey }) }),
      ...(init.hasMdns && { peerDiscovery: [lanDiscovery(lan)] }),
    },
    services: {
      ...(init.isRelay && { relay: circuitRelayServer({ reservations: RELAY_RESERVATIONS }) }),
      ...(init.hasHolePunching && { holePunching: dcutr() }),
    } as Record<string, never>,
  };
}

type DiscoveryFactory = NonNullable<Libp2pOptions['peerDiscovery']>[number];

function lanDiscovery(lan: LanPeers): DiscoveryFactory {
  return (components) => {
    const discovery = mdns({ serviceTag: MDNS_SERVICE, interval: MDNS_INTERVAL_MS })(components);
    discovery.addEventListener('peer', ({ detail }) => void lan.heard(detail));
    return discovery;
  };
}
