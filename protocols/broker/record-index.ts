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

interface Ranked {
  readonly record: IndexedRecord;
  readonly sharedKeys: number;
  readonly priceMicroUsd: number;
}

function isBefore(a: Ranked, b: Ranked): boolean {
  if (a.sharedKeys !== b.sharedKeys) return a.sharedKeys > b.sharedKeys;
  return a.priceMicroUsd < b.priceMicroUsd;
}

/** Where a peer is whose record names no address, or a local one. */
const NOWHERE = 'nowhere';
/** Peers of one network that are ranked before all others (wire-formats.md 6). */
const MAX_PER_NETWORK = 3;

/** The best so far: a few of each network, and whoever is beyond that. */
class Ranking {
  readonly #limit: number;
  readonly #isLocal: boolean;
  readonly #first: Ranked[] = [];
  readonly #beyond: Ranked[] = [];
  readonly #byNetwork = new Map<string, Ranked[]>();
  found = 0;

  /** @param isLocal - On a local network all addresses are, and none of them says anything. */
  constructor(limit: number, isLocal: boolean) {
    this.#limit = limit;
    this.#isLocal = isLocal;
  }

  add(one: Ranked): void {
    this.found += 1;
    const { network = this.#isLocal ? undefined : NOWHERE } = one.record;
    if (network === undefined) {
      insert(this.#first, one, this.#limit);
      return;
    }
    const ofNetwork = this.#byNetwork.get(network) ?? [];
    this.#byNetwork.set(network, ofNetwork);
    const last = ofNetwork[MAX_PER_NETWORK - 1];
    const beyond = last && isBefore(one, last) ? last : last && one;
    insert(ofNetwork, one, MAX_PER_NETWORK);
    if (beyond) insert(this.#beyond, beyond, this.#limit);
  }

  best(): readonly IndexedRecord[] {
    for (const ofNetwork of this.#byNetwork.values()) {
      for (const one of ofNetwork) insert(this.#first, one, this.#limit);
    }
    this.#byNetwork.clear();
    return [...this.#first, ...this.#beyond].slice(0, this.#limit).map(({ record }) => record);
  }
}

/** Records by key. */
export class RecordIndex {
  readonly #maxRecords: number;
  readonly #isLocalNetwork: boolean;
  readonly #records = new Map<string, IndexedRecord>();
  readonly #byKey = new Map<string, Set<IndexedRecord>>();
  /** Peers that sell exactly this, by term. */
  readonly #sellers = new Map<string, number>();
  readonly #networks = new NetworkGroups<IndexedRecord>();

  constructor(maxRecords: number = MAX_INDEXED_RECORDS, isLocalNetwork = false) {
    this.#maxRecords = maxRecords;
    this.#isLocalNetwork = isLocalNetwork;
  }

  get size(): number {
    return this.#records.size;
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
    const record: IndexedRecord = {
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
    const ranking = new Ranking(limit, this.#isLocalNetwork);
    for (const [record, sharedKeys] of this.#sharing(keys)) {
      if (record.expSeconds < nowSeconds || !isWanted(record)) continue;
      const priceMicroUsd = priceFor(record, terms);
      if (maxPriceMicroUsd !== undefined && priceMicroUsd > maxPriceMicroUsd) continue;
      ranking.add({ record, sharedKeys, priceMicroUsd });
    }
    const records = ranking.best();
    return { records, left: ranking.found - records.length };
  }

  /** Records under any of the keys, and under how many. */
  #sharing(keys: readonly string[]): ReadonlyMap<IndexedRecord, number> {
    const shared = new Map<IndexedRecord, number>();
    for (const key of keys) {
      for (const record of this.#byKey.get(key) ?? []) {
        shared.set(record, (shared.get(record) ?? 0) + 1);
      }
    }
    return shared;
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

  #remove(record: IndexedRecord): void {
    this.#records.delete(record.peerId);
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

/** Puts one in its place among the best, of which there are `limit` at most. */
function insert(best: Ranked[], one: Ranked, limit: number): void {
  if (best.length === limit && !isBefore(one, best[limit - 1]!)) return;
  if (best.length === limit) best.pop();
  let i = best.length;
  while (i > 0 && isBefore(one, best[i - 1]!)) i -= 1;
  best.splice(i, 0, one);
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
