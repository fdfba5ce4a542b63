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
import { MAX_RECORD_LIFETIME_SECONDS } from '../skill-discovery/skill-record.ts';
import type { SignedSkillRecord, SkillRecord } from '../skill-discovery/skill-record.ts';
import { ancestorsOf } from '../skill-discovery/terms.ts';
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
  /** Under each key its records, each with the price of its cheapest offer there. */
  readonly #byKey = new Map<string, Map<StoredRecord, number>>();
  readonly #freeSlots: number[] = [];
  /** Under how many of the asked keys each record stands; zeros between two questions. */
  readonly #sharedKeys: Uint8Array;
  /** The least price of each under those of them that are terms; as above, infinite between. */
  readonly #prices: Float64Array;
  /** Peers that have withdrawn: until then no older record of theirs can be valid. */
  readonly #withdrawn = new Map<string, { readonly seq: number; readonly untilSeconds: number }>();
  /** Peers that sell exactly this, by term. */
  readonly #sellers = new Map<string, number>();
  readonly #networks = new NetworkGroups<StoredRecord>();

  constructor(maxRecords: number = MAX_INDEXED_RECORDS, isLocalNetwork = false) {
    this.#maxRecords = maxRecords;
    this.#isLocalNetwork = isLocalNetwork;
    this.#sharedKeys = new Uint8Array(maxRecords);
    this.#prices = new Float64Array(maxRecords).fill(Infinity);
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
    if (Math.max(before?.seq ?? 0, this.#withdrawn.get(body.peerId)?.seq ?? 0) >= body.seq) return;
    if (before) this.#remove(before);
    this.#withdrawn.delete(body.peerId);
    if (body.offers.length === 0) return this.#noteWithdrawn(body);
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
    const prices = pricesByKey(offers);
    for (const key of record.keys) {
      const priceMicroUsd = prices.get(key) ?? Infinity;
      const records = this.#byKey.get(key);
      if (records) records.set(record, priceMicroUsd);
      else this.#byKey.set(key, new Map([[record, priceMicroUsd]]));
    }
  }

  #noteWithdrawn({ peerId, seq, iat }: SkillRecord): void {
    this.#withdrawn.set(peerId, { seq, untilSeconds: iat + MAX_RECORD_LIFETIME_SECONDS });
    if (this.#withdrawn.size <= this.#maxRecords) return;
    const [oldest] = this.#withdrawn.keys();
    this.#withdrawn.delete(oldest!);
  }

  /** Forgets what has expired. */
  sweep(nowSeconds: number): void {
    for (const record of this.#records.values()) {
      if (record.expSeconds < nowSeconds) this.#remove(record);
    }
    for (const [peerId, { untilSeconds }] of this.#withdrawn) {
      if (untilSeconds < nowSeconds) this.#withdrawn.delete(peerId);
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
    const groups = this.#bySharedKeys(keys);
    const ranking = new Ranking(limit, this.#isLocalNetwork);
    let found = 0;
    for (const records of groups.toReversed()) {
      const answering = (records ?? []).filter(
        ({ record, priceMicroUsd }) =>
          record.expSeconds >= nowSeconds &&
          (maxPriceMicroUsd === undefined || priceMicroUsd <= maxPriceMicroUsd) &&
          isWanted(record),
      );
      found += answering.length;
      if (ranking.isFull) continue;
      answering.sort((a, b) => a.priceMicroUsd - b.priceMicroUsd);
      for (const { record } of answering) ranking.add(record);
    }
    const records = ranking.best();
    return { records, left: found - records.length };
  }

  /**
   * Records under any of the keys, each with the price of its cheapest offer at or below one of
   * them, and of any of its offers where it stands under buckets alone; at each place those that
   * stand under so many.
   */
  #bySharedKeys(keys: readonly string[]): readonly (readonly Ranked[] | undefined)[] {
    const counts = this.#sharedKeys;
    const prices = this.#prices;
    const sharing: StoredRecord[] = [];
    for (const key of new Set(keys)) {
      for (const [record, priceMicroUsd] of this.#byKey.get(key) ?? []) {
        const { slot } = record;
        if (counts[slot] === 0) sharing.push(record);
        counts[slot]! += 1;
        if (priceMicroUsd < prices[slot]!) prices[slot] = priceMicroUsd;
      }
    }
    const groups: Ranked[][] = [];
    for (const record of sharing) {
      const { slot, leastPriceMicroUsd } = record;
      const priceMicroUsd = prices[slot] === Infinity ? leastPriceMicroUsd : prices[slot]!;
      (groups[counts[slot]!] ??= []).push({ record, priceMicroUsd });
      counts[slot] = 0;
      prices[slot] = Infinity;
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

/** Price of the cheapest offer at or below each term; buckets have none. */
function pricesByKey(offers: readonly IndexedOffer[]): ReadonlyMap<string, number> {
  const prices = new Map<string, number>();
  for (const { term, priceMicroUsd } of offers) {
    for (const key of [term, ...ancestorsOf(term)]) {
      prices.set(key, Math.min(prices.get(key) ?? Infinity, priceMicroUsd));
    }
  }
  return prices;
}
