import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toHex, u32 } from '../bytes.ts';
import { sha256 } from '../hash.ts';
import { MerkleTree, leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../merkle.ts';
import { readVectors, vectorsDirectory } from './vectors.ts';

const leavesOf = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => u32(i));

const splitOf = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** MTH of RFC 9162 s.2.1.1, by its recursive definition: an oracle for the levels. */
function recursiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!);
  const split = splitOf(leaves.length);
  const left = recursiveRoot(leaves.slice(0, split));
  return sha256(Uint8Array.of(1), left, recursiveRoot(leaves.slice(split)));
}

/** PATH of RFC 9162 s.2.1.3.1. */
function recursivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return index < split
    ? [...recursivePath(index, left), recursiveRoot(right)]
    : [...recursivePath(index - split, right), recursiveRoot(left)];
}

/** SUBPROOF of RFC 9162 s.2.1.4.1. */
function subproof(first: number, leaves: readonly Uint8Array[], isComplete: boolean): Uint8Array[] {
  if (first === leaves.length) return isComplete ? [] : [recursiveRoot(leaves)];
  const split = splitOf(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return first <= split
    ? [...subproof(first, left, isComplete), recursiveRoot(right)]
    : [...subproof(first - split, right, false), recursiveRoot(left)];
}

interface Rfc6962Vectors {
  leafInputs: string[];
  emptyRoot: string;
  rootHashesBySize: string[];
  nodeHashesByLevel: string[][];
  inclusion: {
    desc: string;
    leafIdx: string;
    treeSize: string;
    root: string;
    leafHash: string;
    proof: string[] | null;
    wantErr: boolean;
  }[];
  consistency: {
    desc: string;
    size1: string;
    size2: string;
    root1: string;
    root2: string;
    proof: string[] | null;
    wantErr: boolean;
  }[];
}

// transparency-dev/merkle 417fb0c, testdata.
describe.skipIf(vectorsDirectory() === undefined)('rfc6962.json', () => {
  const vectors = vectorsDirectory()
    ? (readVectors('rfc6962.json') as Rfc6962Vectors)
    : ({ leafInputs: [], rootHashesBySize: [], inclusion: [], consistency: [] } as never);

  it('gives the root of every size, the empty tree included', () => {
    expect(vectors.rootHashesBySize).toHaveLength(9);
    for (const [size, root] of vectors.rootHashesBySize.entries()) {
      const leaves = vectors.leafInputs.slice(0, size).map(fromHex);
      expect(toHex(new MerkleTree(leaves).root)).toBe(root);
    }
    expect(toHex(new MerkleTree([]).root)).toBe(vectors.emptyRoot);
  });

  it('gives the hash of every node', () => {
    const [leafHashes, ...levels] = vectors.nodeHashesByLevel;
    expect(vectors.leafInputs.map((input) => toHex(leafHash(fromHex(input))))).toEqual(leafHashes);
    let below = leafHashes!;
    for (const level of levels) {
      const above = level.map((_, i) =>
        toHex(nodeHash(fromHex(below[2 * i]!), fromHex(below[2 * i + 1]!))),
      );
      expect(above).toEqual(level);
      below = level;
    }
  });

  it('accepts and refuses every inclusion proof as published', () => {
    const wrong = vectors.inclusion.filter((vector) => {
      const isValid = verifyInclusion({
        index: BigInt(vector.leafIdx),
        size: BigInt(vector.treeSize),
        leafHash: fromHex(vector.leafHash),
        path: (vector.proof ?? []).map(fromHex),
        root: fromHex(vector.root),
      });
      return isValid === vector.wantErr;
    });
    expect(vectors.inclusion.length).toBeGreaterThan(90);
    expect(vectors.inclusion.some(({ wantErr }) => !wantErr)).toBe(true);
    expect(wrong).toEqual([]);
  });

  it('accepts and refuses every consistency proof as published', () => {
    const wrong = vectors.consistency.filter((vector) => {
      const isValid = verifyConsistency({
        size1: BigInt(vector.size1),
        size2: BigInt(vector.size2),
        root1: fromHex(vector.root1),
        root2: fromHex(vector.root2),
        path: (vector.proof ?? []).map(fromHex),
      });
      return isValid === vector.wantErr;
    });
    expect(vectors.consistency.length).toBeGreaterThan(90);
    expect(vectors.consistency.some(({ wantErr }) => !wantErr)).toBe(true);
    expect(wrong).toEqual([]);
  });
});

describe('MerkleTree', () => {
  it('has the root that RFC 9162 defines for every size to 130', () => {
    for (let size = 0; size <= 130; size++) {
      const leaves = leavesOf(size);
      expect(toHex(new MerkleTree(leaves).root)).toBe(toHex(recursiveRoot(leaves)));
    }
  });

  it('has the paths that RFC 9162 defines, and each verifies', () => {
    for (const size of [1, 2, 3, 5, 7, 8, 13, 32, 33]) {
      const leaves = leavesOf(size);
      const tree = new MerkleTree(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const path = tree.inclusionPath(index);
        expect(path.map(toHex)).toEqual(recursivePath(index, leaves).map(toHex));
        const proof = { leafHash: leafHash(leaf), index, size, path, root: tree.root };
        expect(verifyInclusion(proof)).toBe(true);
      }
    }
  });

  it('tells equal leaves apart by their place', () => {
    const leaves = [u32(7), u32(7), u32(7), u32(7), u32(7)];
    const tree = new MerkleTree(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const path = tree.inclusionPath(index);
      expect(path.map(toHex)).toEqual(recursivePath(index, leaves).map(toHex));
      expect(
        verifyInclusion({ leafHash: leafHash(leaf), index, size: 5, path, root: tree.root }),
      ).toBe(true);
    }
  });

  it.each([-1, 5, 1.5, NaN])('throws for the path of leaf %s of five', (index) => {
    expect(() => new MerkleTree(leavesOf(5)).inclusionPath(index)).toThrow(RangeError);
  });

  it('does not repeat the last leaf of an odd tree (CVE-2012-2459)', () => {
    const [a, b, c] = leavesOf(3) as [Uint8Array, Uint8Array, Uint8Array];
    const odd = new MerkleTree([a, b, c]).root;
    expect(toHex(new MerkleTree([a, b, c, c]).root)).not.toBe(toHex(odd));
  });

  it('changes its root when two leaves change places', () => {
    const [a, b] = leavesOf(2) as [Uint8Array, Uint8Array];
    expect(toHex(new MerkleTree([b, a]).root)).not.toBe(toHex(new MerkleTree([a, b]).root));
  });
});

describe('verifyInclusion', () => {
  const leaves = leavesOf(13);
  const tree = new MerkleTree(leaves);
  const proofOf = (index: number) => ({
    leafHash: leafHash(leaves[index]!),
    index: index as number | bigint,
    size: 13 as number | bigint,
    path: tree.inclusionPath(index) as readonly Uint8Array[],
    root: tree.root,
  });

  it('takes index and size as number or bigint', () => {
    expect(verifyInclusion({ ...proofOf(6), index: 6n, size: 13n })).toBe(true);
  });

  it('refuses the second preimage: an inner node given as a leaf', () => {
    const four = leavesOf(4);
    const { root } = new MerkleTree(four);
    const left = concatBytes(leafHash(four[0]!), leafHash(four[1]!));
    const right = nodeHash(leafHash(four[2]!), leafHash(four[3]!));
    const forged = { index: 0, size: 2, path: [right], root };
    // Control: without prefixes 64 bytes of two hashes would pass for a leaf of this tree.
    expect(verifyInclusion({ ...forged, leafHash: sha256(Uint8Array.of(1), left) })).toBe(true);
    expect(verifyInclusion({ ...forged, leafHash: leafHash(left) })).toBe(false);
    // The signed size stops the node itself: a tree of four has paths of two hashes.
    const node = nodeHash(leafHash(four[0]!), leafHash(four[1]!));
    expect(verifyInclusion({ ...forged, size: 4, leafHash: node })).toBe(false);
  });

  it('refuses every other index and every tree size of another shape', () => {
    for (let index = 0; index < 13; index++) {
      for (let other = 0; other < 20; other++) {
        expect(verifyInclusion({ ...proofOf(index), index: other })).toBe(other === index);
      }
    }
    for (const size of [0, 1, 2, 4, 6, 8, 64, 1_000]) {
      expect(verifyInclusion({ ...proofOf(6), size })).toBe(false);
    }
  });

  it.each([
    ['a negative index', { index: -1 }],
    ['an index that is no whole number', { index: 0.5 }],
    ['an index that is not a number', { index: NaN }],
    ['an index above 2^53 as a number', { index: 2 ** 53, size: 2 ** 53 + 2 }],
    ['a size above 2^64', { size: 1n << 64n }],
    ['a leaf hash of 31 bytes', { leafHash: new Uint8Array(31) }],
    ['a root of 33 bytes', { root: concatBytes(tree.root, Uint8Array.of(0)) }],
    ['an empty root', { root: new Uint8Array(0) }],
    ['a path hash of 31 bytes', { path: [new Uint8Array(31), ...tree.inclusionPath(6).slice(1)] }],
    ['no path', { path: [] }],
    ['a path that is too short', { path: tree.inclusionPath(6).slice(0, -1) }],
    ['a path that is too long', { path: [...tree.inclusionPath(6), tree.root] }],
    ['a path of 65 hashes', { path: Array.from({ length: 65 }, () => tree.root), size: 1n << 63n }],
  ])('refuses %s', (_, change) => {
    expect(verifyInclusion({ ...proofOf(6), ...change })).toBe(false);
  });

  it('refuses a leaf hash that took a byte from the hash beside it', () => {
    const proof = proofOf(0);
    const [sibling, ...rest] = proof.path;
    const longer = concatBytes(proof.leafHash, sibling!.slice(0, 1));
    const path = [sibling!.slice(1), ...rest];
    expect(verifyInclusion({ ...proof, leafHash: longer, path })).toBe(false);
  });

  it('accepts an empty path for the only leaf and for no other', () => {
    const only = { leafHash: leafHash(leaves[0]!), index: 0, size: 1, path: [] };
    expect(verifyInclusion({ ...only, root: leafHash(leaves[0]!) })).toBe(true);
    expect(verifyInclusion({ ...only, root: leafHash(leaves[1]!) })).toBe(false);
  });

  it('refuses a proof in which any bit is flipped', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 200 })
          .chain((size) =>
            fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 }), fc.nat()),
          ),
        ([size, index, position]) => {
          const many = leavesOf(size);
          const grown = new MerkleTree(many);
          const parts = [leafHash(many[index]!), grown.root, ...grown.inclusionPath(index)];
          const verify = ([leaf, root, ...path]: Uint8Array[]) =>
            verifyInclusion({ leafHash: leaf!, index, size, path, root: root! });
          expect(verify(parts)).toBe(true);
          const bit = position % (parts.length * 256);
          const flipped = parts.map((part) => part.slice());
          flipped[bit >> 8]![(bit & 255) >> 3]! ^= 1 << (bit & 7);
          expect(verify(flipped)).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('verifyConsistency', () => {
  it('accepts the proof between any two sizes to 24, and no proof for another pair', () => {
    const leaves = leavesOf(24);
    for (let size2 = 1; size2 <= 24; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = {
          size1,
          size2,
          root1: recursiveRoot(leaves.slice(0, size1)),
          root2: recursiveRoot(leaves.slice(0, size2)),
          path: size1 === size2 ? [] : subproof(size1, leaves.slice(0, size2), true),
        };
        expect(verifyConsistency(proof)).toBe(true);
        expect(verifyConsistency({ ...proof, root1: leafHash(u32(99)) })).toBe(false);
        expect(verifyConsistency({ ...proof, root2: leafHash(u32(99)) })).toBe(false);
        expect(verifyConsistency({ ...proof, path: [...proof.path, leafHash(u32(99))] })).toBe(
          false,
        );
        expect(verifyConsistency({ ...proof, path: proof.path.slice(0, -1) })).toBe(
          size1 === size2,
        );
      }
    }
  });

  it('refuses a first root that took a byte from the hash beside it', () => {
    const leaves = leavesOf(8);
    const left = recursiveRoot(leaves.slice(0, 4));
    const right = recursiveRoot(leaves.slice(4));
    const root2 = recursiveRoot(leaves);
    expect(verifyConsistency({ size1: 4, size2: 8, root1: left, root2, path: [right] })).toBe(true);
    // Joined, the two have the same bytes: only the lengths tell them apart.
    const root1 = concatBytes(left, right.slice(0, 1));
    const path = [right.slice(1)];
    expect(verifyConsistency({ size1: 4, size2: 8, root1, root2, path })).toBe(false);
  });

  it('refuses a rewritten beginning', () => {
    const honest = leavesOf(8);
    const rewritten = [u32(100), ...honest.slice(1)];
    const proof = {
      size1: 5,
      size2: 8,
      root1: recursiveRoot(honest.slice(0, 5)),
      root2: recursiveRoot(rewritten),
      path: subproof(5, rewritten, true),
    };
    expect(verifyConsistency(proof)).toBe(false);
    expect(verifyConsistency({ ...proof, root1: recursiveRoot(rewritten.slice(0, 5)) })).toBe(true);
  });

  const root1 = recursiveRoot(leavesOf(3));
  const root2 = recursiveRoot(leavesOf(7));
  const path = subproof(3, leavesOf(7), true);
  it.each([
    ['from size 0', { size1: 0, root1: sha256(), path: [] }],
    ['from size 0 to size 0', { size1: 0, size2: 0, root1: sha256(), root2: sha256(), path: [] }],
    ['to a smaller tree', { size1: 7, size2: 3, root1: root2, root2: root1 }],
    ['with an empty path', { path: [] }],
    ['with a negative size', { size1: -3 }],
    ['with a size that is no whole number', { size2: 7.5 }],
    ['with a hash of 31 bytes', { path: [new Uint8Array(31), ...path.slice(1)] }],
    ['with a root of 31 bytes', { root1: root1.slice(1) }],
    ['with 65 hashes', { path: Array.from({ length: 65 }, () => root1) }],
    ['between equal sizes with different roots', { size1: 7, path: [] }],
    ['between equal sizes with a path', { size1: 7, root1: root2 }],
  ])('refuses a proof %s', (_, change) => {
    const proof = { size1: 3, size2: 7, root1, root2, path };
    expect(verifyConsistency(proof)).toBe(true);
    expect(verifyConsistency({ ...proof, ...change })).toBe(false);
  });
});
