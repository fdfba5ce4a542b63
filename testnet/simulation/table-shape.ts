/**
 * How a routing table divides the identifiers of others into buckets of k = 20.
 *
 * `kademlia` is the table of the paper (Maymounkov and Mazières 2002, 2.2 and 2.4) once all splits
 * are done, and of go-libp2p: one bucket per length of the prefix shared with the owner, so that
 * the nearer a region is the better it is known.
 *
 * `kad-dht` is the table of @libp2p/kad-dht 16.4.5 (routing-table/k-bucket.ts): a trie that splits
 * every full bucket down to `prefixLength` bits, 6 unless configured, and no further. All regions
 * are known equally well, the owner's own included: beyond 64 x 20 = 1,280 nodes a peer does not
 * know its own neighbours any more.
 *
 * They also differ in what ends a dead entry. In the paper's table a request that times out does.
 * kad-dht 16.4.5 never removes an entry for that: when a newcomer meets a full bucket, the three
 * entries that were added first are pinged, and because a ping that is answered leaves no mark,
 * they are the same three until one of them is gone. Left out of this model: entries younger than
 * ten minutes are not pinged, and the peer store forgets addresses after hours, so that entries
 * dead for longer are not named to others any more.
 *
 * @module
 */

/** k of Kademlia: entries of a bucket, and nodes that a record is stored on. */
export const K = 20;

export type TableName = 'kademlia' | 'kad-dht';
export const TABLE_NAMES: readonly TableName[] = ['kademlia', 'kad-dht'];

/** What the owner of a table does about entries that do not answer. */
export type EvictionRule = 'on-time-out' | 'three-oldest';

/** A way to divide the identifiers. Identifiers are given by their upper 32 bits. */
export interface TableShape {
  readonly name: TableName;
  readonly buckets: number;
  readonly eviction: EvictionRule;
  /** Bucket of `owner` that `other` belongs in. */
  bucketOf(owner: number, other: number): number;
  /** A prefix of so many bits that all of a bucket's identifiers begin with. */
  prefixBits(bucket: number): number;
  prefixOf(owner: number, bucket: number): number;
  /** The bucket that is read as number `turn` when those closest to `key` are wanted. */
  bucketInTurn(owner: number, key: number, turn: number): number;
  /** Whether all that was read up to this turn is closer to `key` than all that was not. */
  isTurnFinal(owner: number, key: number, turn: number): boolean;
}

/** Default of kad-dht. */
export const KAD_DHT_PREFIX_BITS = 6;
/** The deepest region of a table has 20 nodes on average; a few more bits reach the fullest one. */
const SPARE_BUCKETS = 5;

class DistanceBuckets implements TableShape {
  readonly name = 'kademlia';
  readonly eviction = 'on-time-out';
  readonly buckets: number;

  constructor(nodes: number) {
    this.buckets = Math.max(1, Math.ceil(Math.log2(nodes / K))) + SPARE_BUCKETS;
  }

  bucketOf(owner: number, other: number): number {
    return Math.min(Math.clz32(owner ^ other), this.buckets - 1);
  }

  prefixBits(bucket: number): number {
    return Math.min(bucket + 1, this.buckets - 1);
  }

  prefixOf(owner: number, bucket: number): number {
    // The last bucket holds all that share its prefix; in the others the next bit differs.
    return bucket === this.buckets - 1 ? owner : owner ^ (0x8000_0000 >>> bucket);
  }

  bucketInTurn(owner: number, key: number, turn: number): number {
    // The bucket of the key; then the deeper ones, which mix; then outwards, one after the other.
    const first = this.bucketOf(owner, key);
    const deeper = this.buckets - 1 - first;
    return turn <= deeper ? first + turn : first - (turn - deeper);
  }

  isTurnFinal(owner: number, key: number, turn: number): boolean {
    return turn === 0 || turn >= this.buckets - 1 - this.bucketOf(owner, key);
  }
}

class PrefixTrie implements TableShape {
  readonly name = 'kad-dht';
  readonly eviction = 'three-oldest';
  readonly buckets: number;
  readonly #bits: number;

  constructor(bits: number) {
    this.#bits = bits;
    this.buckets = 2 ** bits;
  }

  bucketOf(_owner: number, other: number): number {
    return other >>> (32 - this.#bits);
  }

  prefixBits(): number {
    return this.#bits;
  }

  prefixOf(_owner: number, bucket: number): number {
    return bucket << (32 - this.#bits);
  }

  bucketInTurn(_owner: number, key: number, turn: number): number {
    return (key >>> (32 - this.#bits)) ^ turn;
  }

  isTurnFinal(): boolean {
    return true;
  }
}

/** The shape of that name for a network of so many nodes. */
export function tableShape(name: TableName, nodes: number): TableShape {
  return name === 'kademlia' ? new DistanceBuckets(nodes) : new PrefixTrie(KAD_DHT_PREFIX_BITS);
}
