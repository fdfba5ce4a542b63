/**
 * A broker's index: skill records by the keys under which the DHT has them, so that a question is
 * answered from memory. Records come verified; the index forgets them as they expire.
 *
 * When it is full a peer that is not in it waits until others have expired: a crowd of new
 * identities drives nobody out, it only keeps new peers out for an hour.
 *
 * @module
 */

import { advertisedKeys } from '../skill-discovery/advertise.ts';
import type { SignedSkillRecord } from '../skill-discovery/skill-record.ts';
import { isAtOrBelow } from '../skill-discovery/terms.ts';
import type { BrokerQuestion } from './messages.ts';

/** Records kept: of 1.5 KiB each they take some 60 MB with their keys. */
export const MAX_INDEXED_RECORDS = 20_000;

/** What is kept of one offer. */
interface IndexedOffer {
  readonly term: string;
  readonly priceMicroUsd: bigint;
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
}

/** What the index has for a question. */
export interface IndexAnswer {
  /** The cheapest first. */
  readonly records: readonly IndexedRecord[];
  /** Records that answer too and are beyond the limit. */
  readonly left: number;
}

/** Records by key. */
export class RecordIndex {
  readonly #maxRecords: number;
  readonly #records = new Map<string, IndexedRecord>();
  readonly #peersByKey = new Map<string, Set<string>>();

  constructor(maxRecords: number = MAX_INDEXED_RECORDS) {
    this.#maxRecords = maxRecords;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Terms on offer, each with the number of peers that sell it. */
  *termsOnOffer(): Generator<readonly [term: string, peers: number]> {
    for (const [key, peers] of this.#peersByKey) {
      if (key.includes(':')) yield [key, peers.size];
    }
  }

  /** Takes a verified record in the place of the peer's last one; a withdrawal removes it. */
  put({ body, envelope }: SignedSkillRecord): void {
    const before = this.#records.get(body.peerId);
    if (before && before.seq >= body.seq) return;
    if (before) this.#remove(before);
    if (body.offers.length === 0) return;
    if (!before && this.#records.size >= this.#maxRecords) return;
    const record: IndexedRecord = {
      peerId: body.peerId,
      envelope,
      seq: body.seq,
      expSeconds: body.exp,
      keys: advertisedKeys(body),
      offers: body.offers.map(({ term, priceMicroUsd, capacity }) => ({
        term,
        priceMicroUsd: BigInt(priceMicroUsd),
        capacity,
      })),
    };
    this.#records.set(body.peerId, record);
    for (const key of record.keys) {
      const peers = this.#peersByKey.get(key);
      if (peers) peers.add(body.peerId);
      else this.#peersByKey.set(key, new Set([body.peerId]));
    }
  }

  /** Forgets what has expired. */
  sweep(nowSeconds: number): void {
    for (const record of this.#records.values()) {
      if (record.expSeconds < nowSeconds) this.#remove(record);
    }
  }

  /** Records under any of the keys that are valid now, the cheapest matching offer first. */
  find({ keys, limit, maxPriceMicroUsd }: BrokerQuestion, nowSeconds: number): IndexAnswer {
    const peers = new Set(keys.flatMap((key) => [...(this.#peersByKey.get(key) ?? [])]));
    const priced: { readonly record: IndexedRecord; readonly price: bigint }[] = [];
    for (const peerId of peers) {
      const record = this.#records.get(peerId)!;
      if (record.expSeconds < nowSeconds) continue;
      const price = priceFor(record, keys);
      if (maxPriceMicroUsd !== undefined && price > maxPriceMicroUsd) continue;
      priced.push({ record, price });
    }
    priced.sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0));
    const records = priced.slice(0, limit).map(({ record }) => record);
    return { records, left: priced.length - records.length };
  }

  #remove({ peerId, keys }: IndexedRecord): void {
    this.#records.delete(peerId);
    for (const key of keys) {
      const peers = this.#peersByKey.get(key);
      peers?.delete(peerId);
      if (peers?.size === 0) this.#peersByKey.delete(key);
    }
  }
}

/** Price of the cheapest offer at or below one of the keys; of a bucket, of any offer. */
function priceFor({ offers }: IndexedRecord, keys: readonly string[]): bigint {
  const named = offers.filter(({ term }) => keys.some((key) => isAtOrBelow(term, key)));
  const prices = (named.length > 0 ? named : offers).map(({ priceMicroUsd }) => priceMicroUsd);
  return prices.reduce((least, price) => (price < least ? price : least));
}
