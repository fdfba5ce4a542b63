/**
 * Limits on what other peers can make this node store for the DHT.
 *
 * `@libp2p/kad-dht` 16 stores any number of provider entries and values: one peer wrote 5,000 over
 * one stream. This wraps the node's datastore and refuses new entries beyond the limits; the
 * module then resets the stream. Entries that exist can always be renewed, and a node's own always
 * written.
 *
 * @module
 */

import type { Datastore, Key } from 'interface-datastore';
import { storedRecordKey } from './stored-records.ts';

const PROVIDER_PREFIX = '/dht/provider/';
const RECORD_PREFIX = '/dht/record/';

/** Counts of entries. */
export interface DhtStoreLimits {
  /** Provider entries of one peer: 32 offers at depth 8 make 256, and twice that for changes. */
  readonly maxProviderEntriesPerPeer: number;
  readonly maxProviderEntries: number;
  /** Values, 8 KiB each at most, until the next sweep. */
  readonly maxRecords: number;
}

export const DHT_STORE_LIMITS: DhtStoreLimits = {
  maxProviderEntriesPerPeer: 512,
  maxProviderEntries: 65_536,
  maxRecords: 16_384,
};

/** A peer wanted more stored than the limits allow. */
export class DhtStoreFullError extends Error {
  static override readonly name = 'DhtStoreFullError';
  override readonly name = 'DhtStoreFullError';
  readonly code = 'DHT_STORE_FULL';
  readonly details: { readonly limit: keyof DhtStoreLimits; readonly max: number };

  constructor(limit: keyof DhtStoreLimits, max: number) {
    super(`The DHT store refuses a new entry: ${limit} is ${max}; it frees up as entries expire`);
    this.details = { limit, max };
  }
}

/** Knows which entries exist, so that only new ones are counted. */
class EntryIndex {
  readonly #limits: DhtStoreLimits;
  readonly #ownPeerId: string;
  readonly #ownRecordKey: string;
  readonly #records = new Set<string>();
  readonly #providers = new Set<string>();
  readonly #providersOf = new Map<string, number>();

  constructor(ownPeerId: string, limits: DhtStoreLimits) {
    this.#ownPeerId = ownPeerId;
    this.#ownRecordKey = storedRecordKey(ownPeerId).toString();
    this.#limits = limits;
  }

  /** @throws {@link DhtStoreFullError} if `key` is new and beyond a limit. */
  add(key: string): void {
    if (key.startsWith(RECORD_PREFIX)) {
      if (this.#records.has(key)) return;
      if (key !== this.#ownRecordKey) this.#require('maxRecords', this.#records.size);
      this.#records.add(key);
    } else if (key.startsWith(PROVIDER_PREFIX) && !this.#providers.has(key)) {
      const peerId = peerIdOf(key);
      const count = this.#providersOf.get(peerId) ?? 0;
      if (peerId !== this.#ownPeerId) {
        this.#require('maxProviderEntriesPerPeer', count);
        this.#require('maxProviderEntries', this.#providers.size);
      }
      this.#load(key);
    }
  }

  /** Counts an entry that is in the store already, whatever the limits. */
  load(key: string): void {
    if (key.startsWith(RECORD_PREFIX)) this.#records.add(key);
    else if (!this.#providers.has(key)) this.#load(key);
  }

  delete(key: string): void {
    this.#records.delete(key);
    if (!this.#providers.delete(key)) return;
    const peerId = peerIdOf(key);
    const count = (this.#providersOf.get(peerId) ?? 1) - 1;
    if (count === 0) this.#providersOf.delete(peerId);
    else this.#providersOf.set(peerId, count);
  }

  #load(key: string): void {
    const peerId = peerIdOf(key);
    this.#providers.add(key);
    this.#providersOf.set(peerId, (this.#providersOf.get(peerId) ?? 0) + 1);
  }

  #require(limit: keyof DhtStoreLimits, count: number): void {
    const max = this.#limits[limit];
    if (count >= max) throw new DhtStoreFullError(limit, max);
  }
}

/** Provider keys end in the provider: `/dht/provider/<multihash>/<PeerId>`. */
function peerIdOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/**
 * `datastore` with the limits in force. Reads what is in it first.
 *
 * @param ownPeerId - Whose provider entries are never refused.
 */
export async function limitDhtStore(
  datastore: Datastore,
  ownPeerId: string,
  limits: DhtStoreLimits = DHT_STORE_LIMITS,
): Promise<Datastore> {
  const index = new EntryIndex(ownPeerId, limits);
  for (const prefix of [PROVIDER_PREFIX, RECORD_PREFIX]) {
    for await (const key of datastore.queryKeys({ prefix })) index.load(key.toString());
  }
  const put = async (key: Key, ...rest: [Uint8Array, object?]): Promise<Key> => {
    index.add(key.toString());
    return datastore.put(key, ...rest);
  };
  const remove = async (key: Key, ...rest: [object?]): Promise<void> => {
    index.delete(key.toString());
    await datastore.delete(key, ...rest);
  };
  return new Proxy(datastore, {
    get(target, name): unknown {
      if (name === 'put') return put;
      if (name === 'delete') return remove;
      const member: unknown = Reflect.get(target, name);
      // Bound to the store itself: a store with private fields refuses calls on a proxy.
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
