/**
 * The memory challenge written down a second time, plainly, and what a holder that kept only some
 * of the blocks has to compute again. For tests: keeps parents and every read.
 *
 * @module
 */

import { createCipheriv } from 'node:crypto';
import { concatBytes, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';

const BLOCK = 4_096;
const MIB = 1_048_576;

/** Blocks of a filled memory, and the parents of each. */
export interface ReferenceMemory {
  readonly blocks: readonly Buffer[];
  readonly parents: readonly (readonly number[])[];
}

export function referenceFill(nonce: Uint8Array, mib: number): ReferenceMemory {
  const key = sha256(utf8('coalesce/benchmark/memory-fill/v1\0'), nonce);
  let iv: Uint8Array = key.subarray(16);
  const blocks: Buffer[] = [];
  const parents: number[][] = [];
  for (let i = 0; i < (mib * MIB) / BLOCK; i++) {
    const input = new Uint32Array(BLOCK / 4);
    const before = blocks[i - 1];
    const chosen: number[] = [];
    for (let k = 0; before && k < 8; k++) {
      const u = before.readUInt32LE(4 * k) / 4_294_967_296;
      chosen.push(i - 1 - Math.floor(u * u * i));
    }
    for (const parent of chosen) {
      const { buffer, byteOffset } = blocks[parent]!;
      const words = new Uint32Array(buffer, byteOffset, BLOCK / 4);
      for (let w = 0; w < words.length; w++) input[w]! ^= words[w]!;
    }
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), iv).setAutoPadding(false);
    const block = Buffer.alloc(BLOCK, cipher.update(new Uint8Array(input.buffer)));
    iv = block.subarray(BLOCK - 16);
    blocks.push(block);
    parents.push(chosen);
  }
  return { blocks, parents };
}

/** The units of 16 bytes that a walk reads, in order, and its answer. */
export function referenceWalk({ blocks }: ReferenceMemory, nonce: Uint8Array, reads: number) {
  const tag = utf8('coalesce/benchmark/memory-walk/v1');
  const seed = Buffer.from(sha256(tag, Uint8Array.of(0), nonce));
  let a = seed.readInt32LE(0);
  let b = seed.readInt32LE(4);
  const units: number[] = [];
  const bytes: Buffer[] = [];
  for (let i = 0; i < reads; i++) {
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
    a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35) ^ b;
    b = (Math.imul(b ^ (b >>> 15), 0x2c1b3c6d) + 4 * i) | 0;
    const unit = (a >>> 0) % (blocks.length * 256);
    const block = blocks[Math.floor(unit / 256)]!;
    const read = block.subarray((unit % 256) * 16, (unit % 256) * 16 + 16);
    a ^= read.readInt32LE(0) ^ read.readInt32LE(8);
    b ^= read.readInt32LE(4) ^ read.readInt32LE(12);
    units.push(unit);
    bytes.push(read);
  }
  return { units, answer: sha256(tag, nonce, concatBytes(...bytes)) };
}

/**
 * Units to compute again to have one unit of `block`: itself and every dropped block above it. In
 * the holder's favour the unit before, which CBC needs too, counts as kept.
 */
export function unitsToRecompute(
  { parents }: ReferenceMemory,
  isKept: readonly boolean[],
  block: number,
): number {
  if (isKept[block]) return 0;
  const seen = new Set([block]);
  const open = [block];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const parent of parents[next]!) {
      if (isKept[parent] || seen.has(parent)) continue;
      seen.add(parent);
      open.push(parent);
    }
  }
  return seen.size;
}

/** Keeps the share of the blocks that most others are made of. */
export function keepMostUsed({ parents }: ReferenceMemory, share: number): boolean[] {
  const uses = parents.map(() => 0);
  for (const parent of parents.flat()) uses[parent]! += 1;
  const byUse = uses.map((_, block) => block).sort((a, b) => uses[b]! - uses[a]!);
  const isKept = parents.map(() => false);
  for (const block of byUse.slice(0, Math.round(share * parents.length))) isKept[block] = true;
  return isKept;
}
