/**
 * The peers that a node was connected to, kept in its datastore, so that it finds the network again
 * after a restart without a bootstrap list.
 *
 * libp2p's peer store alone does so for a while: it dials the peers of the DHT's table after a
 * start, but each once, and none whose address it learned more than a few hours ago. A node that
 * was off for a night, or that comes up before the others, would stay alone.
 *
 * Peers that this node dialled stand before those that dialled it, whose addresses are hearsay, and
 * those known for longest come first: connecting here in numbers drives none of them out.
 *
 * @module
 */

import type { Libp2p } from '@libp2p/interface';
import { Key } from 'interface-datastore';
import type { Datastore } from 'interface-datastore';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import { isPeerId } from '../crypto/identity.ts';
import type { Logger } from './components.ts';

const STATE_KEY = new Key('/coalesce/known-peers');
export const MAX_KNOWN_PEERS = 32;
/** The rest is for peers that dialled this node: one that others bootstrap from dials nobody. */
export const MAX_DIALLED_PEERS = 24;
const MAX_ADDRESSES_PER_PEER = 4;
const MAX_ADDRESS_LENGTH = 256;
/** From the first news of a peer to the writing: many come at once. */
const WRITE_PAUSE_MS = 5_000;

/** A peer and where it was reached. */
export interface KnownPeer {
  readonly peerId: string;
  /** Multiaddrs with `/p2p/`, the newest first. */
  readonly addresses: readonly string[];
  /** This node has dialled it at least once. */
  readonly isDialled: boolean;
}

/** The memory. */
export class KnownPeers {
  readonly #datastore: Datastore;
  /** The one known for longest first. */
  #peers: readonly KnownPeer[] = [];

  constructor(datastore: Datastore) {
    this.#datastore = datastore;
  }

  all(): readonly KnownPeer[] {
    return this.#peers;
  }

  /** Takes up what was stored. What cannot be read counts as nothing. */
  async load(): Promise<void> {
    if (!(await this.#datastore.has(STATE_KEY))) return;
    this.#peers = parsePeers(await this.#datastore.get(STATE_KEY)).slice(0, MAX_KNOWN_PEERS);
  }

  /** Remembers the peers that are connected now, beside the earlier ones, and stores all. */
  async note(connected: readonly KnownPeer[]): Promise<void> {
    if (connected.length === 0) return;
    const peers = new Map(this.#peers.map((peer) => [peer.peerId, peer]));
    for (const peer of connected) peers.set(peer.peerId, merge(peers.get(peer.peerId), peer));
    const now = new Set(connected.map(({ peerId }) => peerId));
    this.#peers = choose([...peers.values()], now);
    await this.#datastore.put(STATE_KEY, utf8(JSON.stringify(this.#peers)));
  }
}

function merge(before: KnownPeer | undefined, { peerId, addresses, isDialled }: KnownPeer) {
  const all = new Set([...addresses, ...(before?.addresses ?? [])]);
  return {
    peerId,
    addresses: [...all].slice(0, MAX_ADDRESSES_PER_PEER),
    isDialled: isDialled || before?.isDialled === true,
  };
}

/** Those that stay, in the order that they had. */
function choose(peers: readonly KnownPeer[], connected: ReadonlySet<string>): KnownPeer[] {
  const ranked = [...peers].sort(
    (a, b) => Number(connected.has(b.peerId)) - Number(connected.has(a.peerId)),
  );
  const dialled = ranked.filter(({ isDialled }) => isDialled).slice(0, MAX_DIALLED_PEERS);
  const others = ranked.filter(({ isDialled }) => !isDialled);
  const kept = new Set([...dialled, ...others.slice(0, MAX_KNOWN_PEERS - dialled.length)]);
  return peers.filter((peer) => kept.has(peer));
}

function parsePeers(bytes: Uint8Array): readonly KnownPeer[] {
  try {
    const parsed: unknown = JSON.parse(fromUtf8(bytes));
    return Array.isArray(parsed) ? parsed.filter(isKnownPeer) : [];
  } catch {
    return [];
  }
}

function isKnownPeer(value: unknown): value is KnownPeer {
  if (typeof value !== 'object' || value === null) return false;
  const { peerId, addresses, isDialled } = value as Partial<Record<keyof KnownPeer, unknown>>;
  if (typeof peerId !== 'string' || !isPeerId(peerId)) return false;
  return typeof isDialled === 'boolean' && Array.isArray(addresses) && addresses.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_ADDRESS_LENGTH;
}

/** The peers that `node` is connected to, with where they are reached. */
async function connectedPeers(node: Libp2p): Promise<KnownPeer[]> {
  const peers = node.getPeers().map(async (id): Promise<KnownPeer> => {
    const peerId = id.toString();
    const outbound = node.getConnections(id).filter(({ direction }) => direction === 'outbound');
    if (outbound.length > 0) {
      const addresses = outbound.map(({ remoteAddr }) => withPeer(remoteAddr.toString(), peerId));
      return { peerId, addresses, isDialled: true };
    }
    // The port that somebody dials from is not the one that it listens on.
    const { addresses } = await node.peerStore.get(id);
    const told = addresses.map((address) => withPeer(address.multiaddr.toString(), peerId));
    return { peerId, addresses: told.slice(0, MAX_ADDRESSES_PER_PEER), isDialled: false };
  });
  const settled = await Promise.allSettled(peers);
  return settled.flatMap((peer) => (peer.status === 'fulfilled' ? [peer.value] : []));
}

function withPeer(address: string, peerId: string): string {
  return address.endsWith(`/p2p/${peerId}`) ? address : `${address}/p2p/${peerId}`;
}

/**
 * Keeps `known` up to date with the connections of a node.
 *
 * @returns the way to end it, before the node stops: it looks around once more.
 */
export function watchPeers(node: Libp2p, known: KnownPeers, logger: Logger): () => Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (): Promise<void> => {
    timer = undefined;
    try {
      const peers = await connectedPeers(node);
      await known.note(peers.filter(({ addresses }) => addresses.length > 0));
    } catch (error) {
      logger.warn({ error }, 'The known peers could not be stored.');
    }
  };
  const onNews = (): void => {
    timer ??= setTimeout(() => void look(), WRITE_PAUSE_MS).unref();
  };
  node.addEventListener('peer:identify', onNews);
  return async () => {
    node.removeEventListener('peer:identify', onNews);
    clearTimeout(timer);
    await look();
  };
}
