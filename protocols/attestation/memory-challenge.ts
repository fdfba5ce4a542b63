/**
 * The memory challenge: that a holder has an amount of memory at hand (paper III-A 2, "benchmark
 * attestation"). Resource `hasResource:memory-mib`, unit MiB.
 *
 * Fill: 4 KiB blocks, block i = AES-128-CBC over the exclusive or of eight earlier blocks, the
 * cipher running on from block i-1. The key is a hash of the nonce. Which eight is read from block
 * i-1: with u uniform in [0, 1), block i - 1 - floor(u^2 i), so near ones are taken more often.
 * Eight scattered parents, because a chain alone costs nothing: sixteen kept bytes are the whole
 * state of CBC, and any byte after them is a few ciphers away. Near ones more often, because with
 * evenly drawn parents a holder of half the memory that keeps the most used blocks computes only 5
 * units for a read.
 *
 * Questions: rounds of W reads of 16 bytes, each place computed from the bytes just read, so that
 * no pass over the blocks can collect the answers; the answer is SHA-256 over all bytes read.
 *
 * Price of keeping a share q of 64 MiB, in units of 16 bytes computed again per read (counted on a
 * filled memory, 1,000 random reads each; a unit is one AES call and eight reads, 50 ns taken):
 *
 *   | q                     | 0.95 | 0.9  | 0.8  | 0.75 | 0.7 | 0.5   | 0.25  |
 *   | random blocks kept    | 0.07 | 0.42 | 16   | 67   | 129 | 1,073 | 3,382 |
 *   | most used blocks kept | 0.08 | 0.33 | 3.4  | 22   | 44  | 967   | 3,450 |
 *   | the latter, microsec. | 0.00 | 0.02 | 0.17 | 1.1  | 2.2 | 48    | 172   |
 *
 * Deadline: 2 microseconds per read, and the round trip. A holder with all of it needs 0.3,
 * measured in JavaScript on a shared core, and up to 0.7 with six processes on two cores; one with
 * half of it needs 24 times the deadline. So less than 0.7 of the amount is late, and more than 0.8
 * is not told from all of it. Below 16 MiB, where half costs 13 microseconds a read, the
 * differences shrink, for there are fewer blocks to compute again.
 *
 * The attestor fills the same memory itself and lets go of it once it has the answers. Cheaper
 * means would be data that the attestor sends, as many bytes on the wire as are measured, or a
 * proof of the fill, several times the fill for the holder.
 *
 * What it does not show: that the memory is the holder's or stays. A helper with the memory, or
 * enough cores to compute blocks again side by side in time, cannot be told apart. Words are
 * little-endian, as on every machine that this program runs on.
 *
 * @module
 */

import { createCipheriv } from 'node:crypto';
import { utf8 } from '../../crypto/bytes.ts';
import { BENCHMARK_TAGS } from '../../crypto/domain-tags.ts';
import { sha256 } from '../../crypto/hash.ts';

/** Term and unit of what is measured. */
export const MEMORY_RESOURCE = 'hasResource:memory-mib';
export const MEMORY_UNIT = 'MiB';

/** Most that is measured over the network, in MiB: the attestor fills as much to compare. */
export const MAX_MEASURED_MIB = 256;
/** Most reads of a round: their bytes are kept to be hashed, 16 MiB. */
export const MAX_READS = 1_048_576;
/** Time per read beyond which a round is late, in milliseconds. */
export const READ_DEADLINE_MS = 0.002;
/** Blocks that a block is made of. */
const PARENTS = 8;

const BYTES_PER_MIB = 1_048_576;
const BLOCK_BYTES = 4_096;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const UNIT_WORDS = 4;
const ZERO = Uint8Array.of(0);

/** What is to be kept in memory. */
export interface MemoryChallenge {
  /** 32 random bytes of the attestor. */
  readonly nonce: Uint8Array;
  readonly mib: number;
}

/** One round of reads. */
export interface MemoryWalk {
  /** 32 random bytes of the attestor. */
  readonly nonce: Uint8Array;
  readonly reads: number;
}

/** A memory that was filled. */
export class FilledMemory {
  readonly #words: Int32Array;

  /** Fills the memory, which takes some 10 ms per MiB. */
  constructor({ nonce, mib }: MemoryChallenge) {
    const bytes = new Uint8Array(mib * BYTES_PER_MIB);
    this.#words = new Int32Array(bytes.buffer);
    const blocks = bytes.length / BLOCK_BYTES;
    const key = sha256(utf8(BENCHMARK_TAGS.memoryFill), ZERO, nonce);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32));
    const input = new Int32Array(BLOCK_WORDS);
    const inputBytes = new Uint8Array(input.buffer);
    for (let i = 0; i < blocks; i++) {
      input.fill(0);
      for (const parent of this.#parentsOf(i)) {
        const start = parent * BLOCK_WORDS;
        for (let w = 0; w < BLOCK_WORDS; w++) input[w]! ^= this.#words[start + w]!;
      }
      bytes.set(cipher.update(inputBytes), i * BLOCK_BYTES);
    }
  }

  /** Does a round of reads. @returns the answer, 32 bytes. */
  walk({ nonce, reads }: MemoryWalk): Uint8Array {
    const tag = utf8(BENCHMARK_TAGS.memoryWalk);
    const words = this.#words;
    const units = words.length / UNIT_WORDS;
    const read = new Int32Array(reads * UNIT_WORDS);
    const seed = sha256(tag, ZERO, nonce);
    const view = new DataView(seed.buffer, seed.byteOffset);
    let a = view.getInt32(0, true);
    let b = view.getInt32(4, true);
    // The mixing only has to make the next place depend on everything read so far.
    for (let at = 0; at < read.length; at += UNIT_WORDS) {
      a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
      a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35) ^ b;
      b = (Math.imul(b ^ (b >>> 15), 0x2c1b3c6d) + at) | 0;
      const start = ((a >>> 0) % units) * UNIT_WORDS;
      const first = words[start]!;
      const second = words[start + 1]!;
      const third = words[start + 2]!;
      const fourth = words[start + 3]!;
      read[at] = first;
      read[at + 1] = second;
      read[at + 2] = third;
      read[at + 3] = fourth;
      a ^= first ^ third;
      b ^= second ^ fourth;
    }
    return sha256(tag, nonce, new Uint8Array(read.buffer));
  }

  /** Blocks that block `index` is made of, beside the one before it; none for the first. */
  #parentsOf(index: number): number[] {
    if (index === 0) return [];
    const before = (index - 1) * BLOCK_WORDS;
    return Array.from({ length: PARENTS }, (_, k) => {
      const u = (this.#words[before + k]! >>> 0) / 2 ** 32;
      return index - 1 - Math.floor(u * u * index);
    });
  }
}
