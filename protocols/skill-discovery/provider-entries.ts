/**
 * Which provider entries a node keeps for the DHT, and which of them gives way to a new one.
 *
 * Identifiers cost nothing, and a record costs a signature and no more: whoever makes many fills
 * every place. Addresses cost more. So where something has to leave, it leaves the network (a /24
 * or /48) that has the most, and of that the peer that has the most: a crowd of a few networks
 * drives out itself. Among equals a peer whose skill record was seen here stands before one that
 * nobody has heard of.
 *
 * Networks are those that peers are connected from, and not what they say. Of a peer whose network
 * is not known (its entries are older than the last start), or that is local, itself counts.
 *
 * @module
 */

import { EntryTally } from './entry-tally.ts';

/** Keys of provider entries: `/dht/provider/<multihash>/<PeerId>`. */
export const PROVIDER_PREFIX = '/dht/provider/';
/** Peers that are looked through for one that is not proven, of those with the most entries. */
const MAX_EQUALS_LOOKED_AT = 64;

/** Whether a valid skill record of a peer was seen. */
export type IsProven = (peerId: string) => boolean;

/** The network that a peer is connected from; `undefined` where that says nothing. */
export type NetworkOfPeer = (peerId: string) => string | undefined;

/** What {@link ProviderEntries} is handed. */
export interface ProviderEntriesInit {
  readonly ownPeerId: string;
  readonly isProven: IsProven;
  readonly networkOfPeer: NetworkOfPeer;
}

/** The provider that an entry names. */
export function providerOf(entry: string): string {
  return entry.slice(entry.lastIndexOf('/') + 1);
}

/** What an entry stands under, without the provider. */
function placeOf(entry: string): string {
  return entry.slice(0, entry.lastIndexOf('/'));
}

/** Entries of one peer, the one written longest ago first. */
interface EntriesOfPeer {
  network: string;
  readonly entries: Set<string>;
}

/** Provider entries by key, by peer and by network. The node's own are in no one's way. */
export class ProviderEntries {
  readonly #init: ProviderEntriesInit;
  /** Entries of others under each key, the one written longest ago first. */
  readonly #byPlace = new Map<string, Set<string>>();
  readonly #byPeer = new Map<string, EntriesOfPeer>();
  readonly #networks = new EntryTally();
  /** Of each network: how many entries each of its peers has. */
  readonly #peersOf = new Map<string, EntryTally>();
  readonly #own = new Set<string>();
  #size = 0;

  constructor(init: ProviderEntriesInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#size;
  }

  has(entry: string): boolean {
    return this.#own.has(entry) || this.#byPlace.get(placeOf(entry))?.has(entry) === true;
  }

  /** Number of entries of a peer. */
  countOf(peerId: string): number {
    if (peerId === this.#init.ownPeerId) return this.#own.size;
    return this.#byPeer.get(peerId)?.entries.size ?? 0;
  }

  /** The network of an entry's peer as it was counted; the peer itself where none is known. */
  networkOf(entry: string): string {
    const peerId = providerOf(entry);
    return this.#byPeer.get(peerId)?.network ?? peerId;
  }

  /** Number of other peers under the key of `entry`. */
  othersBeside(entry: string): number {
    return this.#byPlace.get(placeOf(entry))?.size ?? 0;
  }

  /**
   * The entry that leaves its key so that `entry` can come: of the networks with the most under it,
   * the oldest of a peer that is not proven, else the oldest. If the newcomer's network is one of
   * those, only its own. None, if all of these are proven and the newcomer is not, unless its
   * network has two less than they have.
   */
  leavingFor(entry: string): string | undefined {
    const others = [...(this.#byPlace.get(placeOf(entry)) ?? [])];
    const counts = new Map<string, number>();
    const networkAt = (other: string) => this.networkOf(other);
    for (const other of others) {
      counts.set(networkAt(other), (counts.get(networkAt(other)) ?? 0) + 1);
    }
    const most = Math.max(0, ...counts.values());
    const own = this.#networkNowOf(providerOf(entry));
    const ofOwn = counts.get(own) ?? 0;
    const isLeaving = (other: string): boolean =>
      ofOwn === most ? networkAt(other) === own : counts.get(networkAt(other)) === most;
    const leaving = others.filter(isLeaving);
    const unproven = leaving.find((other) => !this.#init.isProven(providerOf(other)));
    if (unproven !== undefined) return unproven;
    const isDue = ofOwn < most - 1 || this.#init.isProven(providerOf(entry));
    return isDue ? leaving[0] : undefined;
  }

  /**
   * The entry that leaves the store so that `entry` can come: from the network with the most
   * entries, of its peer with the most, the oldest. None, if that would only turn the tables:
   * where the newcomer's network, and in it the newcomer, has as many.
   */
  leavingStoreFor(entry: string): string | undefined {
    const { isProven } = this.#init;
    const peerId = providerOf(entry);
    const own = this.#networkNowOf(peerId);
    const [largest] = this.#networks.largest();
    if (largest === undefined) return undefined;
    const isOther = this.#networks.countOf(largest) > this.#networks.countOf(own) + 1;
    const peer = this.#leavingPeer(isOther ? largest : own);
    if (peer === undefined) return undefined;
    if (!isOther) {
      const lead = isProven(peerId) && !isProven(peer) ? 0 : 1;
      if (this.countOf(peer) <= this.countOf(peerId) + lead) return undefined;
    }
    const [oldest] = this.#byPeer.get(peer)!.entries;
    return oldest;
  }

  /** Counts an entry; one that is there becomes the newest. */
  write(entry: string): void {
    this.delete(entry);
    const peerId = providerOf(entry);
    this.#size += 1;
    if (peerId === this.#init.ownPeerId) {
      this.#own.add(entry);
      return;
    }
    this.#countOfPeer(peerId, entry);
    const place = placeOf(entry);
    const others = this.#byPlace.get(place);
    if (others) others.add(entry);
    else this.#byPlace.set(place, new Set([entry]));
  }

  delete(entry: string): void {
    if (!this.has(entry)) return;
    const peerId = providerOf(entry);
    this.#size -= 1;
    if (this.#own.delete(entry)) return;
    const ofPeer = this.#byPeer.get(peerId)!;
    ofPeer.entries.delete(entry);
    this.#tally(ofPeer.network, peerId, -1);
    if (ofPeer.entries.size === 0) this.#byPeer.delete(peerId);
    const place = placeOf(entry);
    const others = this.#byPlace.get(place);
    others?.delete(entry);
    if (others?.size === 0) this.#byPlace.delete(place);
  }

  /** As it is connected now, else as it was, else itself. */
  #networkNowOf(peerId: string): string {
    return this.#init.networkOfPeer(peerId) ?? this.#byPeer.get(peerId)?.network ?? peerId;
  }

  #countOfPeer(peerId: string, entry: string): void {
    const network = this.#networkNowOf(peerId);
    const ofPeer = this.#byPeer.get(peerId) ?? { network, entries: new Set<string>() };
    this.#byPeer.set(peerId, ofPeer);
    if (ofPeer.network !== network) {
      // Whoever moves takes along what it has: a flood cannot leave its entries with others.
      this.#tally(ofPeer.network, peerId, -ofPeer.entries.size);
      this.#tally(network, peerId, ofPeer.entries.size);
      ofPeer.network = network;
    }
    ofPeer.entries.add(entry);
    this.#tally(network, peerId, 1);
  }

  #tally(network: string, peerId: string, by: number): void {
    if (by === 0) return;
    this.#networks.add(network, by);
    const peers = this.#peersOf.get(network) ?? new EntryTally();
    this.#peersOf.set(network, peers);
    peers.add(peerId, by);
    if (peers.isEmpty) this.#peersOf.delete(network);
  }

  /** Of the peers of a network with the most entries one that is not proven, if there is one. */
  #leavingPeer(network: string): string | undefined {
    let first: string | undefined;
    let left = MAX_EQUALS_LOOKED_AT;
    for (const peer of this.#peersOf.get(network)?.largest() ?? []) {
      if (!this.#init.isProven(peer)) return peer;
      first ??= peer;
      if (--left === 0) break;
    }
    return first;
  }
}
