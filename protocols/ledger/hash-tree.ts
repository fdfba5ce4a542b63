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

/** A tree level by level, from the leaf hashes to the root; no level for no leaves. */
export type HashLevels = readonly (readonly Uint8Array[])[];

/**
 * Levels over leaf hashes. Nodes of `before` over the very same hashes at the same place are taken
 * over: of a tree in which few leaves changed, few nodes are hashed.
 */
export function levelsOver(leafHashes: readonly Uint8Array[], before: HashLevels): HashLevels {
  if (leafHashes.length === 0) return [];
  const levels: (readonly Uint8Array[])[] = [leafHashes];
  let level = leafHashes;
  for (let depth = 0; level.length > 1; depth++) {
    const oldLevel = before[depth];
    const oldAbove = before[depth + 1];
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i]!;
      const right = level[i + 1];
      const isSame = oldAbove && left === oldLevel![i] && right === oldLevel![i + 1];
      above.push(isSame ? oldAbove[i >> 1]! : right ? nodeHash(left, right) : left);
    }
    levels.push(above);
    level = above;
  }
  return levels;
}

/** Inclusion path of the leaf at `index`, from the leaf to the root. */
export function pathInLevels(levels: HashLevels, index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  for (const [depth, level] of levels.entries()) {
    const sibling = level[(index >> depth) ^ 1];
    if (sibling) path.push(sibling);
  }
  return path;
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

/** Nodes of one level that an update replaced. */
interface Overwritten {
  /** Places, ascending. */
  readonly places: readonly number[];
  /** What stood there. */
  readonly hashes: readonly Uint8Array[];
}

/** A tree of 2^depth leaf hashes. */
export class FixedHashTree {
  /** From the leaves, level 0, to the root. */
  readonly #levels: Uint8Array[][];
  /** What the last update overwrote, level by level. */
  #overwritten: Overwritten[] = [];

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
    let places = [...leafHashes.keys()].sort((a, b) => a - b);
    this.#overwritten = [this.#replace(0, places, (place) => leafHashes.get(place)!)];
    for (let depth = 1; depth < this.#levels.length; depth++) {
      const below = this.#levels[depth - 1]!;
      const above: number[] = [];
      for (const place of places) if (above.at(-1) !== place >> 1) above.push(place >> 1);
      places = above;
      this.#overwritten.push(
        this.#replace(depth, places, (place) => nodeHash(below[2 * place]!, below[2 * place + 1]!)),
      );
    }
  }

  #replace(
    depth: number,
    places: readonly number[],
    hashOf: (place: number) => Uint8Array,
  ): Overwritten {
    const level = this.#levels[depth]!;
    const hashes = places.map((place) => level[place]!);
    for (const place of places) level[place] = hashOf(place);
    return { places, hashes };
  }

  /** From the leaf to the root. */
  path(index: number): Uint8Array[] {
    return this.#levels.slice(0, -1).map((level, depth) => level[(index >> depth) ^ 1]!);
  }

  /** The same in the tree before the last update. */
  pathBefore(index: number): Uint8Array[] {
    return this.path(index).map((hash, depth) => {
      const overwritten = this.#overwritten[depth];
      const place = overwritten?.places.indexOf((index >> depth) ^ 1) ?? -1;
      return place < 0 ? hash : overwritten!.hashes[place]!;
    });
  }
}
