/**
 * A broker's index: skill records by the keys under which the DHT has them, so that a question is
 * answered from memory. Records come verified; the index forgets them as they expire.
 *
 * When it is full and a new peer comes, the network with the most records makes room: of its peers
 * the one heard of longest ago leaves. So a crowd of a few networks keeps nobody of another out,
 * however often it renews its records, and drives out none but itself. A network is the one that
 * the record names; local addresses count as one, and so do records without any. Whoever names a
 * network for each of its identities is not bounded here. Certificates are not looked at: a record
 * can name any. Of one network three are ranked, and the others after everybody else.
 *
 * @module
 */

import { strangersNetwork } from '../address-network.ts';
import { advertisedKeys } from '../skill-discovery/advertise.ts';
import { NetworkGroups } from '../skill-discovery/network-groups.ts';
import type { SignedSkillRecord } from '../skill-discovery/skill-record.ts';
import { isAtOrBelow } from '../skill-discovery/terms.ts';
import type { BrokerQuestion } from './messages.ts';

/** Records kept: they take some 4 KB each with their keys. */
export const MAX_INDEXED_RECORDS = 20_000;

/** What is kept of one offer. */
interface IndexedOffer {
  readonly term: string;
  readonly priceMicroUsd: number;
  readonly capacity: number;
}

/** One record in the index. */
export interface IndexedRecord {
  readonly peerId: string;
  readonly envelope: Uint8Array;
  readonly seq: number;
  readonly expSeconds: number;
  readonly keys: readonly string[];
  readonly offers: readonly IndexedOffer[];
  /** The /24 or /48 of the first address that it names; `undefined` for a local one. */
  readonly network: string | undefined;
  /** Of its cheapest offer. */
  readonly leastPriceMicroUsd: number;
}

/** What the index has for a question. */
export interface IndexAnswer {
  /** Those that stand under most of the keys first, of these the cheapest; three of a network. */
  readonly records: readonly IndexedRecord[];
  /** Records that answer too and are beyond the limit. */
  readonly left: number;
}

/** A record in the index. */
interface StoredRecord extends IndexedRecord {
  /** Its place in arrays with one entry for each record. */
  readonly slot: number;
}

interface Ranked {
  readonly record: IndexedRecord;
  readonly priceMicroUsd: number;
}

/** Where a peer is whose record names no address, or a local one. */
const NOWHERE = 'nowhere';
/** Peers of one network that are ranked before all others (wire-formats.md 6). */
const MAX_PER_NETWORK = 3;

/** The best so far: a few of each network, and whoever is beyond that. */
class Ranking {
  readonly #limit: number;
  readonly #isLocal: boolean;
  readonly #first: IndexedRecord[] = [];
  readonly #beyond: IndexedRecord[] = [];
  readonly #byNetwork = new Map<string, number>();

  /** @param isLocal - On a local network all addresses are, and none of them says anything. */
  constructor(limit: number, isLocal: boolean) {
    this.#limit = limit;
    this.#isLocal = isLocal;
  }

  get isFull(): boolean {
    return this.#first.length >= this.#limit;
  }

  /** Each one that is added is behind those before it. */
  add(record: IndexedRecord): void {
    const { network = this.#isLocal ? undefined : NOWHERE } = record;
    if (network === undefined) {
      this.#first.push(record);
      return;
    }
    const ofNetwork = this.#byNetwork.get(network) ?? 0;
    this.#byNetwork.set(network, ofNetwork + 1);
    (ofNetwork < MAX_PER_NETWORK ? this.#first : this.#beyond).push(record);
  }

  best(): readonly IndexedRecord[] {
    return [...this.#first, ...this.#beyond].slice(0, this.#limit);
  }
}

/** Records by key. */
export class RecordIndex {
  readonly #maxRecords: number;
  readonly #isLocalNetwork: boolean;
  readonly #records = new Map<string, StoredRecord>();
  readonly #byKey = new Map<string, Set<StoredRecord>>();
  readonly #freeSlots: number[] = [];
  /** Under how many of the asked keys each record stands; zeros between two questions. */
  readonly #sharedKeys: Uint8Array;
  /** Peers that sell exactly this, by term. */
  readonly #sellers = new Map<string, number>();
  readonly #networks = new NetworkGroups<StoredRecord>();

  constructor(maxRecords: number = MAX_INDEXED_RECORDS, isLocalNetwork = false) {
    this.#maxRecords = maxRecords;
    this.#isLocalNetwork = isLocalNetwork;
    this.#sharedKeys = new Uint8Array(maxRecords);
  }

  get size(): number {
    return this.#records.size;
  }

  /** How many terms are on offer. */
  get termCount(): number {
    return this.#sellers.size;
  }

  /** Terms on offer, each with the number of peers that sell exactly it. */
  termsOnOffer(): IterableIterator<[term: string, peers: number]> {
    return this.#sellers.entries();
  }

  /** Takes a verified record in the place of the peer's last one; a withdrawal removes it. */
  put({ body, envelope }: SignedSkillRecord): void {
    const before = this.#records.get(body.peerId);
    if (before && before.seq >= body.seq) return;
    if (before) this.#remove(before);
    if (body.offers.length === 0) return;
    const network = strangersNetwork(body.addresses);
    if (!before && this.#records.size >= this.#maxRecords && !this.#makeRoom(network)) return;
    const offers = body.offers.map(({ term, priceMicroUsd, capacity }) => ({
      term,
      priceMicroUsd: Number(priceMicroUsd),
      capacity,
    }));
    const record: StoredRecord = {
      slot: this.#freeSlots.pop() ?? this.#records.size,
      peerId: body.peerId,
      envelope,
      seq: body.seq,
      expSeconds: body.exp,
      keys: advertisedKeys(body),
      offers,
      network,
      leastPriceMicroUsd: Math.min(...offers.map(({ priceMicroUsd }) => priceMicroUsd)),
    };
    for (const { term } of offers) this.#countSeller(term, 1);
    this.#records.set(body.peerId, record);
    this.#networks.add(network, record);
    for (const key of record.keys) {
      const records = this.#byKey.get(key);
      if (records) records.add(record);
      else this.#byKey.set(key, new Set([record]));
    }
  }

  /** Forgets what has expired. */
  sweep(nowSeconds: number): void {
    for (const record of this.#records.values()) {
      if (record.expSeconds < nowSeconds) this.#remove(record);
    }
  }

  /**
   * Records under any of the keys that are valid now.
   *
   * @param isWanted - Which of them count; left out: all.
   */
  find(
    { keys, limit, maxPriceMicroUsd }: BrokerQuestion,
    nowSeconds: number,
    isWanted: (record: IndexedRecord) => boolean = () => true,
  ): IndexAnswer {
    const terms = keys.filter(isTermKey);
    const groups = this.#bySharedKeys(keys);
    const ranking = new Ranking(limit, this.#isLocalNetwork);
    let found = 0;
    for (const records of groups.toReversed()) {
      const answering: Ranked[] = [];
      for (const record of records ?? []) {
        if (record.expSeconds < nowSeconds || !isWanted(record)) continue;
        const priceMicroUsd = priceFor(record, terms);
        if (maxPriceMicroUsd !== undefined && priceMicroUsd > maxPriceMicroUsd) continue;
        answering.push({ record, priceMicroUsd });
      }
      found += answering.length;
      if (ranking.isFull) continue;
      answering.sort((a, b) => a.priceMicroUsd - b.priceMicroUsd);
      for (const { record } of answering) ranking.add(record);
    }
    const records = ranking.best();
    return { records, left: found - records.length };
  }

  /** Records under any of the keys; at each place those that stand under so many. */
  #bySharedKeys(keys: readonly string[]): readonly (readonly StoredRecord[] | undefined)[] {
    const counts = this.#sharedKeys;
    const sharing: StoredRecord[] = [];
    for (const key of new Set(keys)) {
      for (const record of this.#byKey.get(key) ?? []) {
        if (counts[record.slot] === 0) sharing.push(record);
        counts[record.slot]! += 1;
      }
    }
    const groups: StoredRecord[][] = [];
    for (const record of sharing) {
      (groups[counts[record.slot]!] ??= []).push(record);
      counts[record.slot] = 0;
    }
    return groups;
  }

  /** @returns whether a record of another network, which has more, made room for one of this. */
  #makeRoom(network: string | undefined): boolean {
    const leaving = this.#networks.leavingFor(network);
    if (leaving) this.#remove(leaving);
    return leaving !== undefined;
  }

  #countSeller(term: string, by: 1 | -1): void {
    const count = (this.#sellers.get(term) ?? 0) + by;
    if (count === 0) this.#sellers.delete(term);
    else this.#sellers.set(term, count);
  }

  #remove(record: StoredRecord): void {
    this.#records.delete(record.peerId);
    this.#freeSlots.push(record.slot);
    this.#networks.delete(record.network, record);
    for (const { term } of record.offers) this.#countSeller(term, -1);
    for (const key of record.keys) {
      const records = this.#byKey.get(key);
      records?.delete(record);
      if (records?.size === 0) this.#byKey.delete(key);
    }
  }
}

/** A term has a predicate; a bucket has none. */
function isTermKey(key: string): boolean {
  return key.includes(':');
}

/** Price of the cheapest offer at or below one of the terms; of any offer where none is asked. */
function priceFor({ offers, leastPriceMicroUsd }: IndexedRecord, terms: readonly string[]): number {
  if (terms.length === 0) return leastPriceMicroUsd;
  let least = Infinity;
  for (const { term, priceMicroUsd } of offers) {
    if (priceMicroUsd >= least) continue;
    if (terms.some((asked) => isAtOrBelow(term, asked))) least = priceMicroUsd;
  }
  return least === Infinity ? leastPriceMicroUsd : least;
}
