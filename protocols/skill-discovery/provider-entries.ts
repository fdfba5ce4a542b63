/**
 * Which provider entries a node keeps for the DHT, and which of them gives way to a new one.
 *
 * Identifiers cost nothing, so whoever makes many fills every place of a key. A peer whose skill
 * record was seen here therefore stands before one that nobody has heard of. A record costs a
 * signature and no more: against many peers with a record each this does not help.
 *
 * @module
 */

/** Keys of provider entries: `/dht/provider/<multihash>/<PeerId>`. */
export const PROVIDER_PREFIX = '/dht/provider/';

/** Whether a valid skill record of a peer was seen. */
export type IsProven = (peerId: string) => boolean;

/** The provider that an entry names. */
export function providerOf(entry: string): string {
  return entry.slice(entry.lastIndexOf('/') + 1);
}

/** What an entry stands under, without the provider. */
function placeOf(entry: string): string {
  return entry.slice(0, entry.lastIndexOf('/'));
}

/** Provider entries by key and by peer. The node's own are counted for the peer alone. */
export class ProviderEntries {
  readonly #ownPeerId: string;
  readonly #isProven: IsProven;
  /** Entries of others under each key, the one written longest ago first. */
  readonly #byPlace = new Map<string, Set<string>>();
  readonly #countOf = new Map<string, number>();
  readonly #own = new Set<string>();
  #size = 0;

  constructor(ownPeerId: string, isProven: IsProven) {
    this.#ownPeerId = ownPeerId;
    this.#isProven = isProven;
  }

  get size(): number {
    return this.#size;
  }

  has(entry: string): boolean {
    return this.#own.has(entry) || this.#byPlace.get(placeOf(entry))?.has(entry) === true;
  }

  /** Number of entries of a peer. */
  countOf(peerId: string): number {
    return this.#countOf.get(peerId) ?? 0;
  }

  /** Number of other peers under the key of `entry`. */
  othersBeside(entry: string): number {
    return this.#byPlace.get(placeOf(entry))?.size ?? 0;
  }

  /**
   * The entry that leaves so that `entry` can come: of a peer that is not proven, the oldest; else
   * the oldest of all, for a peer that is proven itself; else none.
   */
  leavingFor(entry: string): string | undefined {
    const others = this.#byPlace.get(placeOf(entry)) ?? [];
    let oldest: string | undefined;
    for (const other of others) {
      if (!this.#isProven(providerOf(other))) return other;
      oldest ??= other;
    }
    return this.#isProven(providerOf(entry)) ? oldest : undefined;
  }

  /** Counts an entry; one that is there becomes the newest. */
  write(entry: string): void {
    this.delete(entry);
    const peerId = providerOf(entry);
    this.#size += 1;
    this.#countOf.set(peerId, this.countOf(peerId) + 1);
    if (peerId === this.#ownPeerId) {
      this.#own.add(entry);
      return;
    }
    const place = placeOf(entry);
    const others = this.#byPlace.get(place);
    if (others) others.add(entry);
    else this.#byPlace.set(place, new Set([entry]));
  }

  delete(entry: string): void {
    if (!this.has(entry)) return;
    const peerId = providerOf(entry);
    this.#size -= 1;
    this.#own.delete(entry);
    const count = this.countOf(peerId) - 1;
    if (count === 0) this.#countOf.delete(peerId);
    else this.#countOf.set(peerId, count);
    const place = placeOf(entry);
    const others = this.#byPlace.get(place);
    others?.delete(entry);
    if (others?.size === 0) this.#byPlace.delete(place);
  }
}
