/**
 * Limits on what other peers can make this node store for the DHT.
 *
 * `@libp2p/kad-dht` 16 stores any number of provider entries and values: one peer wrote 5,000 over
 * one stream. This wraps the node's datastore and refuses new entries beyond the limits; the
 * module then resets the stream. Entries that exist can always be renewed, and a node's own always
 * written. Where a key or the whole store is full, a new provider entry comes in the place of
 * another, if one has to give way to it (`provider-entries.ts`).
 *
 * @module
 */

import { Key } from 'interface-datastore';
import type { Datastore, Pair, Query } from 'interface-datastore';
import { varint } from 'multiformats';
import { withMembers } from '../with-members.ts';
import { PROVIDER_PREFIX, ProviderEntries, providerOf } from './provider-entries.ts';
import type { IsProven, NetworkOfPeer, ProviderEntriesInit } from './provider-entries.ts';
import { NetworkGroups } from './network-groups.ts';
import { MAX_STORED_RECORDS, peerIdOfStoredKey, storedRecordKey } from './stored-records.ts';

const RECORD_PREFIX = '/dht/record/';

/** Counts of entries. */
export interface DhtStoreLimits {
  /** Provider entries of one peer: 32 offers at depth 8 make 256, and twice that for changes. */
  readonly maxProviderEntriesPerPeer: number;
  /** Other peers under one key: as many as a search looks at. */
  readonly maxProvidersPerKey: number;
  /** Of all peers. 128 peers fill it; beyond it the network that has the most gives way. */
  readonly maxProviderEntries: number;
  /** Values, 8 KiB each at most; beyond it the network that has the most gives way. */
  readonly maxRecords: number;
}

export const DHT_STORE_LIMITS: DhtStoreLimits = {
  maxProviderEntriesPerPeer: 512,
  maxProvidersPerKey: 256,
  maxProviderEntries: 65_536,
  maxRecords: MAX_STORED_RECORDS,
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

/** What {@link limitDhtStore} is handed. */
export interface DhtStoreInit {
  /** Whose entries are never refused. */
  readonly ownPeerId: string;
  readonly limits?: DhtStoreLimits;
  /** Left out: nobody is. */
  readonly isProven?: IsProven;
  /** Left out: of nobody it is known. */
  readonly networkOfPeer?: NetworkOfPeer;
}

/** Knows which entries exist, so that only new ones are counted. */
class EntryIndex {
  readonly #limits: DhtStoreLimits;
  readonly #ownPeerId: string;
  readonly #ownRecordKey: string;
  readonly #networkOfPeer: NetworkOfPeer;
  /** The network of each record, as its peer was connected when it came. */
  readonly #records = new Map<string, string | undefined>();
  readonly #networks = new NetworkGroups<string>();
  readonly #providers: ProviderEntries;

  constructor(init: ProviderEntriesInit, limits: DhtStoreLimits) {
    this.#ownPeerId = init.ownPeerId;
    this.#networkOfPeer = init.networkOfPeer;
    this.#ownRecordKey = storedRecordKey(init.ownPeerId).toString();
    this.#limits = limits;
    this.#providers = new ProviderEntries(init);
  }

  /**
   * @returns key of the entry that has to leave for this one, if one has to.
   * @throws {@link DhtStoreFullError} if `key` is new and beyond a limit.
   */
  add(key: string): string | undefined {
    if (key.startsWith(RECORD_PREFIX)) return this.#addRecord(key);
    if (!key.startsWith(PROVIDER_PREFIX)) return undefined;
    const leaving = this.#providers.has(key) ? undefined : this.#makeRoom(key);
    if (leaving !== undefined) this.#providers.delete(leaving);
    this.#providers.write(key);
    return leaving;
  }

  /** Counts an entry that is in the store already, whatever the limits. */
  load(key: string): void {
    if (key.startsWith(RECORD_PREFIX)) this.#putRecord(key, undefined);
    else this.#providers.write(key);
  }

  networkOf(entry: string): string {
    return this.#providers.networkOf(entry);
  }

  delete(key: string): void {
    this.#dropRecord(key);
    this.#providers.delete(key);
  }

  /**
   * A peer brings its own record, and is connected then. One that another passes on, or that is
   * older than the last start, is of no network: all of those count as one.
   */
  #addRecord(key: string): string | undefined {
    const peerId = peerIdOfStoredKey(key);
    const network = peerId === undefined ? undefined : this.#networkOfPeer(peerId);
    const isNew = !this.#records.has(key) && key !== this.#ownRecordKey;
    let leaving: string | undefined;
    if (isNew && this.#records.size >= this.#limits.maxRecords) {
      leaving = this.#networks.leavingFor(network);
      if (leaving === undefined) {
        throw new DhtStoreFullError('maxRecords', this.#limits.maxRecords);
      }
      this.#dropRecord(leaving);
    }
    this.#putRecord(key, network ?? this.#records.get(key));
    return leaving;
  }

  /** The own record is nobody's to drive out. */
  #putRecord(key: string, network: string | undefined): void {
    this.#dropRecord(key);
    this.#records.set(key, network);
    if (key !== this.#ownRecordKey) this.#networks.add(network, key);
  }

  #dropRecord(key: string): void {
    this.#networks.delete(this.#records.get(key), key);
    this.#records.delete(key);
  }

  #makeRoom(key: string): string | undefined {
    const providers = this.#providers;
    const peerId = providerOf(key);
    if (peerId === this.#ownPeerId) return undefined;
    this.#require('maxProviderEntriesPerPeer', providers.countOf(peerId));
    const { maxProvidersPerKey, maxProviderEntries } = this.#limits;
    if (providers.othersBeside(key) >= maxProvidersPerKey) {
      const leaving = providers.leavingFor(key);
      if (leaving !== undefined) return leaving;
      throw new DhtStoreFullError('maxProvidersPerKey', maxProvidersPerKey);
    }
    if (providers.size < maxProviderEntries) return undefined;
    const leaving = providers.leavingStoreFor(key);
    if (leaving !== undefined) return leaving;
    throw new DhtStoreFullError('maxProviderEntries', maxProviderEntries);
  }

  #require(limit: keyof DhtStoreLimits, count: number): void {
    const max = this.#limits[limit];
    if (count >= max) throw new DhtStoreFullError(limit, max);
  }
}

/** Fills the index from the store: providers in the order in which they were written. */
async function loadIndex(index: EntryIndex, datastore: Datastore): Promise<void> {
  for await (const key of datastore.queryKeys({ prefix: RECORD_PREFIX })) {
    index.load(key.toString());
  }
  const providers: { key: string; writtenMs: number }[] = [];
  for await (const { key, value } of datastore.query({ prefix: PROVIDER_PREFIX })) {
    providers.push({ key: key.toString(), writtenMs: writtenMsOf(value) });
  }
  providers.sort((a, b) => a.writtenMs - b.writtenMs);
  for (const { key } of providers) index.load(key);
}

/** The module stores with a provider when it was heard of, as a varint. */
function writtenMsOf(value: Uint8Array): number {
  try {
    return varint.decode(value)[0];
  } catch {
    return 0; // unreadable, for the module as well
  }
}

/**
 * One peer of each network, then a second of each, and so on; of each network and of each such turn
 * the proven first. A search takes the first few of an answer at once, and the module answers in
 * the order of the store: so a crowd of one network does not stand before everybody else.
 */
async function* inTurns(
  entries: ReturnType<Datastore['query']>,
  isProven: IsProven,
  networkOf: (entry: string) => string,
): AsyncGenerator<Pair, void, undefined> {
  const [proven, others]: [Pair[], Pair[]] = [[], []];
  for await (const entry of entries) {
    (isProven(providerOf(entry.key.toString())) ? proven : others).push(entry);
  }
  const turnOf = new Map<string, number>();
  const placed = [...proven, ...others].map((entry) => {
    const network = networkOf(entry.key.toString());
    const turn = turnOf.get(network) ?? 0;
    turnOf.set(network, turn + 1);
    return { entry, turn };
  });
  placed.sort((a, b) => a.turn - b.turn);
  for (const { entry } of placed) yield entry;
}

/** `datastore` with the limits in force. Reads what is in it first. */
export async function limitDhtStore(datastore: Datastore, init: DhtStoreInit): Promise<Datastore> {
  const isProven = init.isProven ?? (() => false);
  const networkOfPeer = init.networkOfPeer ?? (() => undefined);
  const { ownPeerId, limits = DHT_STORE_LIMITS } = init;
  const index = new EntryIndex({ ownPeerId, isProven, networkOfPeer }, limits);
  await loadIndex(index, datastore);
  const put = async (key: Key, ...rest: [Uint8Array, object?]): Promise<Key> => {
    const leaving = index.add(key.toString());
    // Begun at once: of two records of a peer the later one must be written later.
    const written = datastore.put(key, ...rest);
    const removed = leaving === undefined ? undefined : datastore.delete(new Key(leaving));
    return (await Promise.all([written, removed]))[0];
  };
  const remove = async (key: Key, ...rest: [object?]): Promise<void> => {
    index.delete(key.toString());
    await datastore.delete(key, ...rest);
  };
  const query = (request: Query, ...rest: [object?]): ReturnType<Datastore['query']> => {
    const entries = datastore.query(request, ...rest);
    const isOfOneKey = request.prefix?.startsWith(PROVIDER_PREFIX) === true;
    return isOfOneKey ? inTurns(entries, isProven, (entry) => index.networkOf(entry)) : entries;
  };
  return withMembers(datastore, { put, delete: remove, query });
}
