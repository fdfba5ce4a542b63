/**
 * Merkle trees as RFC 9162 section 2.1 defines them: leaf hash SHA-256(00 || data), node hash
 * SHA-256(01 || left || right).
 *
 * `merkletreejs` builds the levels and the paths. Its defaults are not safe (no prefixes, so that
 * an inner node passes as a leaf), hence the settings here: prefixed leaf hashes, a prefixed
 * concatenator, no sorting, no duplication of odd nodes. Its verifier binds neither index nor size
 * and is not used: both verifiers below are this file's own. Consistency proofs are checked, not
 * made.
 *
 * @module
 */

import { MerkleTree as LayeredTree } from 'merkletreejs';
import { concatBytes, equalBytes } from './bytes.ts';
import { sha256, sha256Buffer } from './hash.ts';

/** Length of every hash and root, in bytes. */
export const HASH_BYTES = 32;

const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;

/** Where a prefix and what follows it are put together; reused, because allocating costs more. */
const scratch = Buffer.alloc(32_768);
const nodeBytes = scratch.subarray(0, 1 + 2 * HASH_BYTES);

/** A path through a tree of 2^64 leaves has no more hashes than this. */
const MAX_PATH_HASHES = 64;

function leafHashBuffer(data: Uint8Array): Buffer {
  if (data.length >= scratch.length) {
    return sha256Buffer(concatBytes(Uint8Array.of(LEAF_PREFIX), data));
  }
  scratch[0] = LEAF_PREFIX;
  scratch.set(data, 1);
  return sha256Buffer(scratch.subarray(0, 1 + data.length));
}

/** Hash of a leaf's bytes, 32 bytes. */
export function leafHash(data: Uint8Array): Uint8Array {
  return new Uint8Array(leafHashBuffer(data));
}

/** Bytes of an inner node, to be hashed at once. */
function joinNode(left: Uint8Array, right: Uint8Array): Buffer {
  scratch[0] = NODE_PREFIX;
  scratch.set(left, 1);
  scratch.set(right, 1 + HASH_BYTES);
  return nodeBytes;
}

/** Hash of an inner node, 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(sha256Buffer(joinNode(left, right)));
}

/** A tree over leaves that this process holds. */
export class MerkleTree {
  /** Number of leaves. */
  readonly size: number;
  /** Root hash, 32 bytes. */
  readonly root: Uint8Array;
  readonly #tree: LayeredTree;
  readonly #leafHashes: readonly Buffer[];

  /** @param leaves - The bytes of each leaf, in order. They are hashed here. */
  constructor(leaves: readonly Uint8Array[]) {
    this.#leafHashes = leaves.map(leafHashBuffer);
    this.#tree = new LayeredTree([...this.#leafHashes], sha256Buffer, {
      concatenator: (pair) => joinNode(pair[0]!, pair[1]!),
    });
    this.size = leaves.length;
    // RFC 9162: the root of no leaves is the hash of nothing; merkletreejs gives no bytes at all.
    this.root = leaves.length === 0 ? sha256() : new Uint8Array(this.#tree.getRoot());
  }

  /**
   * Inclusion path of a leaf, from the leaf to the root.
   *
   * @throws {@link RangeError} if there is no leaf at `index`.
   */
  inclusionPath(index: number): Uint8Array[] {
    const hash = this.#leafHashes[index];
    if (!hash) throw new RangeError(`"index" expected 0 to ${this.size - 1}, got ${index}`);
    return this.#tree.getProof(hash, index).map(({ data }) => new Uint8Array(data));
  }
}

/** What shows that a leaf stands at `index` of a tree of `size` leaves. */
export interface InclusionProof {
  /** From {@link leafHash}, of bytes that the verifier hashed itself. */
  readonly leafHash: Uint8Array;
  readonly index: number | bigint;
  readonly size: number | bigint;
  /** From the leaf to the root. */
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Whole number from 0 to 2^64-1, else `undefined`: an index or size may come from a peer. */
function toUint64(value: number | bigint): bigint | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  const big = BigInt(value);
  return big >= 0n && big < 1n << 64n ? big : undefined;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES);
}

/**
 * Whether an inclusion proof holds (RFC 9162 section 2.1.3.2). Never throws.
 *
 * @returns `false` too for an index outside the tree, a path that is too short or too long, and a
 *   hash that does not have 32 bytes.
 */
export function verifyInclusion(proof: InclusionProof): boolean {
  const { path, root } = proof;
  const index = toUint64(proof.index);
  const size = toUint64(proof.size);
  if (index === undefined || size === undefined || index >= size) return false;
  if (path.length > MAX_PATH_HASHES || !areHashes([proof.leafHash, root, ...path])) return false;
  let node = index;
  let last = size - 1n;
  let hash = proof.leafHash;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      hash = nodeHash(sibling, hash);
      while (!(node & 1n) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equalBytes(hash, root);
}

/** What shows that a tree of `size1` leaves is the beginning of one of `size2` leaves. */
export interface ConsistencyProof {
  readonly size1: number | bigint;
  readonly size2: number | bigint;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/**
 * Whether a consistency proof holds (RFC 9162 section 2.1.4.2). Never throws.
 *
 * @returns `false` too for an empty first tree: everything begins with nothing, so a proof of it
 *   would prove nothing.
 */
export function verifyConsistency(proof: ConsistencyProof): boolean {
  const { root1, root2 } = proof;
  const size1 = toUint64(proof.size1);
  const size2 = toUint64(proof.size2);
  if (size1 === undefined || size2 === undefined || size1 === 0n || size1 > size2) return false;
  // Equal sizes compare the roots as they are, whatever they are: so do the published vectors.
  if (size1 === size2) return proof.path.length === 0 && equalBytes(root1, root2);
  if (proof.path.length > MAX_PATH_HASHES || !areHashes([root1, root2, ...proof.path])) {
    return false;
  }
  if (proof.path.length === 0) return false;
  const isPowerOfTwo = (size1 & (size1 - 1n)) === 0n;
  return climb(size1, size2, isPowerOfTwo ? [root1, ...proof.path] : proof.path, root1, root2);
}

/** Steps 3 to 7 of RFC 9162 section 2.1.4.2. */
function climb(
  size1: bigint,
  size2: bigint,
  path: readonly Uint8Array[],
  root1: Uint8Array,
  root2: Uint8Array,
): boolean {
  let node = size1 - 1n;
  let last = size2 - 1n;
  while (node & 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  const [start, ...rest] = path;
  let first = start!;
  let second = start!;
  for (const sibling of rest) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      first = nodeHash(sibling, first);
      second = nodeHash(sibling, second);
      while (!(node & 1n) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      second = nodeHash(second, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equalBytes(first, root1) && equalBytes(second, root2);
}
