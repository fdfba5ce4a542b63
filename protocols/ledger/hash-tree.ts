/**
 * Merkle trees over hashes that are kept anyway (RFC 9162 section 2.1): the root and the paths
 * without hashing the leaves again, and a tree of fixed size whose leaves change.
 *
 * Pairs are joined level by level, and an odd last node goes up as it is: the same tree as the one
 * that RFC 9162 splits at powers of two.
 *
 * @module
 */

import { sha256 } from '../../crypto/hash.ts';
import { nodeHash } from '../../crypto/merkle.ts';

function levelAbove(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i]!;
    const right = level[i + 1];
    above.push(right ? nodeHash(left, right) : left);
  }
  return above;
}

/** Root over leaf hashes; the hash of nothing for none. */
export function rootOfHashes(leafHashes: readonly Uint8Array[]): Uint8Array {
  if (leafHashes.length === 0) return sha256();
  let level = leafHashes;
  while (level.length > 1) level = levelAbove(level);
  return level[0]!;
}

/** Inclusion path of the leaf at `index`, from the leaf to the root. */
export function pathOfHashes(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!(index >= 0 && index < leafHashes.length)) {
    throw new RangeError(`"index" expected 0 to ${leafHashes.length - 1}, got ${index}`);
  }
  const path: Uint8Array[] = [];
  let level = leafHashes;
  for (let node = index; level.length > 1; node >>= 1) {
    const sibling = level[node ^ 1];
    if (sibling) path.push(sibling);
    level = levelAbove(level);
  }
  return path;
}

/** A tree of 2^depth leaf hashes. */
export class FixedHashTree {
  /** From the leaves, level 0, to the root. */
  readonly #levels: Uint8Array[][];
  /** What the last update overwrote, level by level. */
  #overwritten: Map<number, Uint8Array>[] = [];

  constructor(depth: number, leafHash: Uint8Array) {
    this.#levels = [new Array<Uint8Array>(2 ** depth).fill(leafHash)];
    for (let level = 0; level < depth; level++) {
      const { length } = this.#levels[level]!;
      const same = this.#levels[level]![0]!;
      this.#levels.push(new Array<Uint8Array>(length / 2).fill(nodeHash(same, same)));
    }
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)![0]!;
  }

  /** Replaces leaf hashes, and every node above them once. */
  update(leafHashes: ReadonlyMap<number, Uint8Array>): void {
    this.#overwritten = this.#levels.map(() => new Map<number, Uint8Array>());
    for (const [index, hash] of leafHashes) this.#put(0, index, hash);
    let changed = new Set(leafHashes.keys());
    for (let depth = 1; depth < this.#levels.length; depth++) {
      const below = this.#levels[depth - 1]!;
      changed = new Set([...changed].map((index) => index >> 1));
      for (const index of changed) {
        this.#put(depth, index, nodeHash(below[2 * index]!, below[2 * index + 1]!));
      }
    }
  }

  #put(depth: number, index: number, hash: Uint8Array): void {
    const level = this.#levels[depth]!;
    this.#overwritten[depth]!.set(index, level[index]!);
    level[index] = hash;
  }

  /** From the leaf to the root. */
  path(index: number): Uint8Array[] {
    return this.#levels.slice(0, -1).map((level, depth) => level[(index >> depth) ^ 1]!);
  }

  /** The same in the tree before the last update. */
  pathBefore(index: number): Uint8Array[] {
    return this.path(index).map(
      (hash, depth) => this.#overwritten[depth]?.get((index >> depth) ^ 1) ?? hash,
    );
  }
}
