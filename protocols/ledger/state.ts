/**
 * The state of a ledger: records by key, and the root that commits to all of them (wire-formats.md
 * 5.1). A block's changes come in at once, and the last ones can be taken back.
 *
 * @module
 */

import { equalBytes, fromUtf8, toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { leafHash } from '../../crypto/merkle.ts';
import { FixedHashTree, levelsOver, pathInLevels, rootOfHashes } from './hash-tree.ts';
import type { HashLevels } from './hash-tree.ts';
import { PeerIndex } from './peer-index.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES, decodeRecord, textOfRecord } from './records.ts';
import type { StateRecord } from './records.ts';
import { BUCKETS, BUCKET_BITS, bucketOf, writeEntryLeaf } from './state-proof.ts';
import type { StateProof } from './state-proof.ts';

/** Records as they are to become; `undefined` removes one. */
export type StateChanges = ReadonlyMap<string, StateRecord | undefined>;

/** Records by key, to be read. */
export interface StateReader {
  get(key: string): StateRecord | undefined;
}

/** Records by key and, those of reputation, by the peers that their keys name. */
export interface IndexedReader extends StateReader {
  /** Keys of scores, pairs and raters that name a peer, in no particular order. */
  keysNaming(peerId: string): ReadonlySet<string>;
}

interface Leaf {
  readonly key: string;
  /** The value: kept, because it is wanted again for each snapshot and proof. */
  readonly text: string;
  /** Of the leaf, in bytes. */
  readonly length: number;
  readonly hash: Uint8Array;
}

/** A bucket never changes; another takes its place. */
interface Bucket {
  /** Ascending by key. */
  readonly leaves: readonly Leaf[];
  readonly levels: HashLevels;
  readonly root: Uint8Array;
}

const EMPTY_BUCKET: Bucket = { leaves: [], levels: [], root: rootOfHashes([]) };

/** Where a leaf is put together to be hashed; reused, because allocating costs more. */
const scratch = Buffer.alloc(2 + MAX_KEY_BYTES + 4 + MAX_VALUE_BYTES);

function leafOf(key: string, record: StateRecord): Leaf {
  const text = textOfRecord(record);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new RangeError(`"key" expected at most ${MAX_KEY_BYTES} bytes`);
  }
  const length = writeEntryLeaf(scratch, 0, { key, text });
  return { key, text, length, hash: leafHash(scratch.subarray(0, length)) };
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

function bucketWith(bucket: Bucket, changes: StateChanges): Bucket {
  const changed: Leaf[] = [];
  for (const [key, record] of changes) if (record) changed.push(leafOf(key, record));
  if (changed.length > 1) changed.sort(byKey);
  const leaves: Leaf[] = [];
  let next = 0;
  for (const leaf of bucket.leaves) {
    while (next < changed.length && changed[next]!.key < leaf.key) leaves.push(changed[next++]!);
    if (!changes.has(leaf.key)) leaves.push(leaf);
  }
  while (next < changed.length) leaves.push(changed[next++]!);
  if (leaves.length === 0) return EMPTY_BUCKET;
  const hashes = leaves.map(({ hash }) => hash);
  const levels = levelsOver(hashes, bucket.levels);
  return { leaves, levels, root: levels.at(-1)![0]! };
}

function proofIn(key: string, bucket: Bucket, path: readonly Uint8Array[]): StateProof {
  const { leaves, levels, root } = bucket;
  const valueOf = ({ text }: Leaf): string => toBase64Url(utf8(text));
  const top = path.map(toBase64Url);
  const place = leaves.findIndex((leaf) => leaf.key === key);
  if (place < 0) {
    return { key, bucket: leaves.map((leaf) => ({ key: leaf.key, value: valueOf(leaf) })), top };
  }
  return {
    key,
    value: valueOf(leaves[place]!),
    index: place,
    size: leaves.length,
    path: pathInLevels(levels, place).map(toBase64Url),
    bucketRoot: toBase64Url(root),
    top,
  };
}

/** Every record of a ledger. */
export class LedgerState implements IndexedReader {
  readonly #records = new Map<string, StateRecord>();
  readonly #peers = new PeerIndex();
  readonly #buckets = new Array<Bucket>(BUCKETS).fill(EMPTY_BUCKET);
  readonly #top = new FixedHashTree(BUCKET_BITS, leafHash(EMPTY_BUCKET.root));
  /** What stood where the last changes are. */
  #before: { records: StateChanges; buckets: ReadonlyMap<number, Bucket> } | undefined;

  /** 32 bytes. */
  get root(): Uint8Array {
    return this.#top.root;
  }

  /** Number of entries. */
  get size(): number {
    return this.#records.size;
  }

  get(key: string): StateRecord | undefined {
    return this.#records.get(key);
  }

  keysNaming(peerId: string): ReadonlySet<string> {
    return this.#peers.keysNaming(peerId);
  }

  /** Every entry, in no particular order. */
  entries(): IterableIterator<[string, StateRecord]> {
    return this.#records.entries();
  }

  /** Takes changes over. */
  commit(changes: StateChanges): void {
    const perBucket = new Map<number, Map<string, StateRecord | undefined>>();
    const records = new Map<string, StateRecord | undefined>();
    for (const [key, record] of changes) {
      records.set(key, this.#records.get(key));
      const index = bucketOf(key);
      const inBucket = perBucket.get(index) ?? new Map<string, StateRecord | undefined>();
      perBucket.set(index, inBucket.set(key, record));
    }
    const buckets = new Map<number, Bucket>();
    for (const index of perBucket.keys()) buckets.set(index, this.#buckets[index]!);
    this.#putRecords(changes);
    this.#putBuckets(
      new Map(
        [...perBucket].map(([index, inBucket]) => [
          index,
          bucketWith(this.#buckets[index]!, inBucket),
        ]),
      ),
    );
    this.#before = { records, buckets };
  }

  /**
   * Takes the last changes back.
   *
   * @throws {@link TypeError} if there are none, or they were taken back already.
   */
  revert(): void {
    if (!this.#before) throw new TypeError('"revert" expected a commit before it');
    const { records, buckets } = this.#before;
    this.#before = undefined;
    this.#putRecords(records);
    this.#putBuckets(buckets);
  }

  /** Proof of the entry under `key`, or of its absence. */
  prove(key: string): StateProof {
    const index = bucketOf(key);
    return proofIn(key, this.#buckets[index]!, this.#top.path(index));
  }

  /**
   * The same in the state before the last changes.
   *
   * @throws {@link TypeError} if there are none, or they were taken back.
   */
  proveBefore(key: string): StateProof {
    if (!this.#before) throw new TypeError('"proveBefore" expected a commit before it');
    const index = bucketOf(key);
    const bucket = this.#before.buckets.get(index) ?? this.#buckets[index]!;
    return proofIn(key, bucket, this.#top.pathBefore(index));
  }

  /** The whole state: the leaf of each entry, bucket after bucket, keys ascending. */
  snapshot(): Uint8Array {
    let total = 0;
    for (const { leaves } of this.#buckets) for (const { length } of leaves) total += length;
    const bytes = Buffer.allocUnsafeSlow(total);
    let offset = 0;
    for (const { leaves } of this.#buckets) {
      for (const leaf of leaves) {
        const isAscii = leaf.length === 2 + leaf.key.length + 4 + leaf.text.length;
        offset = writeEntryLeaf(bytes, offset, leaf, isAscii ? 'latin1' : 'utf8');
      }
    }
    return new Uint8Array(bytes.buffer);
  }

  /**
   * The state of a snapshot, if `stateRoot` is its root and every entry can be read; else
   * `undefined`. Bytes in another order than {@link LedgerState.snapshot} gives are refused.
   */
  static restore(snapshot: Uint8Array, stateRoot: Uint8Array): LedgerState | undefined {
    const state = new LedgerState();
    try {
      state.commit(readSnapshot(snapshot));
    } catch {
      return undefined;
    }
    state.#before = undefined;
    const isSame = equalBytes(state.root, stateRoot) && equalBytes(state.snapshot(), snapshot);
    return isSame ? state : undefined;
  }

  #putRecords(changes: StateChanges): void {
    for (const [key, record] of changes) {
      if (record) {
        if (!this.#records.has(key)) this.#peers.add(key);
        this.#records.set(key, record);
      } else if (this.#records.delete(key)) this.#peers.remove(key);
    }
  }

  #putBuckets(buckets: ReadonlyMap<number, Bucket>): void {
    for (const [index, bucket] of buckets) this.#buckets[index] = bucket;
    this.#top.update(new Map([...buckets].map(([index, { root }]) => [index, leafHash(root)])));
  }
}

/** Entries of a snapshot. @throws for bytes that are not one. */
function readSnapshot(bytes: Uint8Array): StateChanges {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const changes = new Map<string, StateRecord>();
  for (let offset = 0; offset < bytes.length;) {
    const keyEnd = offset + 2 + view.getUint16(offset);
    const valueEnd = keyEnd + 4 + view.getUint32(keyEnd);
    const isWithin = keyEnd - offset <= 2 + MAX_KEY_BYTES && valueEnd <= bytes.length;
    if (!isWithin || valueEnd - keyEnd > 4 + MAX_VALUE_BYTES) {
      throw new RangeError(`"snapshot" expected an entry at byte ${offset}`);
    }
    const key = fromUtf8(bytes.subarray(offset + 2, keyEnd));
    changes.set(key, decodeRecord(key, bytes.subarray(keyEnd + 4, valueEnd)));
    offset = valueEnd;
  }
  return changes;
}

/** Changes on top of a state, which stays as it is. Drafts can stand on drafts. */
export class StateDraft implements IndexedReader {
  readonly #base: IndexedReader;
  readonly #changes = new Map<string, StateRecord | undefined>();
  /** Keys that were changed, whatever they hold now. */
  readonly #peers = new PeerIndex();
  /** Those that are not in the index yet: hardly a draft is ever asked. */
  #unindexed: string[] = [];

  constructor(base: IndexedReader) {
    this.#base = base;
  }

  get changes(): StateChanges {
    return this.#changes;
  }

  get(key: string): StateRecord | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key);
  }

  keysNaming(peerId: string): ReadonlySet<string> {
    for (const key of this.#unindexed) this.#peers.add(key);
    this.#unindexed = [];
    const keys = new Set(this.#base.keysNaming(peerId));
    for (const key of this.#peers.keysNaming(peerId)) {
      if (this.#changes.get(key)) keys.add(key);
      else keys.delete(key);
    }
    return keys;
  }

  put(key: string, record: StateRecord): void {
    this.#change(key, record);
  }

  remove(key: string): void {
    this.#change(key, undefined);
  }

  /** Takes over what another draft changed. */
  absorb({ changes }: StateDraft): void {
    for (const [key, record] of changes) this.#change(key, record);
  }

  #change(key: string, record: StateRecord | undefined): void {
    if (!this.#changes.has(key)) this.#unindexed.push(key);
    this.#changes.set(key, record);
  }
}
