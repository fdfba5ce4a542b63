/**
 * Merlin v1.0 transcripts over STROBE-128: the Fiat-Shamir hash of the zero-knowledge proofs
 * (merlin.cool; STROBE v1.0.2, strobe.sourceforge.io/specs).
 *
 * Has the three operations that a public-coin proof needs (a message, a number, a challenge), not
 * the rest of STROBE, and no generator of prover randomness: scalars come from the caller's
 * `RandomBytes`.
 *
 * @module
 */

import { keccakP } from '@noble/hashes/sha3.js';
import { swap32IfBE } from '@noble/hashes/utils.js';
import { utf8 } from './bytes.ts';
import { MERLIN_TAGS } from './domain-tags.ts';

const STATE_BYTES = 200;
/** Bytes of the state that an operation may touch: 200 - 2 * 128 / 8 - 2. */
const RATE = 166;

// Flags of STROBE operations: I inbound, A application, C cipher, M meta.
const FLAG_I = 1;
const FLAG_A = 2;
const FLAG_C = 4;
const FLAG_M = 16;

const AD = FLAG_A;
const META_AD = FLAG_M | FLAG_A;
const PRF = FLAG_I | FLAG_A | FLAG_C;

function littleEndian(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  for (let i = 0; i < width; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

/** A STROBE duplex that absorbs associated data and squeezes pseudorandom bytes. */
class Strobe {
  readonly #state = new Uint8Array(STATE_BYTES);
  readonly #words = new Uint32Array(this.#state.buffer);
  #position = 0;
  #operationStart = 0;

  constructor(protocol: string) {
    this.#state.set([1, RATE + 2, 1, 0, 1, 96]);
    this.#state.set(utf8(MERLIN_TAGS.strobe), 6);
    this.#permute();
    this.operate(META_AD, utf8(protocol));
  }

  /** One operation that absorbs the parts one after the other. */
  operate(flags: number, ...parts: readonly Uint8Array[]): void {
    this.#begin(flags);
    for (const part of parts) this.#absorb(part);
  }

  squeeze(length: number): Uint8Array {
    this.#begin(PRF);
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      bytes[i] = this.#state[this.#position]!;
      this.#state[this.#position] = 0;
      this.#advance();
    }
    return bytes;
  }

  #begin(flags: number): void {
    const previous = this.#operationStart;
    this.#operationStart = this.#position + 1;
    this.#absorb(Uint8Array.of(previous, flags));
    if (flags & FLAG_C && this.#position !== 0) this.#finishBlock();
  }

  #absorb(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#state[this.#position]! ^= byte;
      this.#advance();
    }
  }

  #advance(): void {
    this.#position++;
    if (this.#position === RATE) this.#finishBlock();
  }

  #finishBlock(): void {
    this.#state[this.#position]! ^= this.#operationStart;
    this.#state[this.#position + 1]! ^= 4;
    this.#state[RATE + 1]! ^= 0x80;
    this.#permute();
    this.#position = 0;
    this.#operationStart = 0;
  }

  #permute(): void {
    swap32IfBE(this.#words);
    keccakP(this.#words);
    swap32IfBE(this.#words);
  }
}

/** What prover and verifier have said so far. Both append the same and draw the same challenges. */
export class Transcript {
  readonly #strobe = new Strobe(MERLIN_TAGS.merlin);

  /** @param label - Names the protocol, so that no proof of one passes in another. */
  constructor(label: string) {
    this.append('dom-sep', label);
  }

  /** Appends a message of any length. Text is appended as UTF-8. */
  append(label: string, message: Uint8Array | string): void {
    const bytes = typeof message === 'string' ? utf8(message) : message;
    this.#strobe.operate(META_AD, utf8(label), littleEndian(BigInt(bytes.length), 4));
    this.#strobe.operate(AD, bytes);
  }

  /** Appends a number as 8 bytes, little-endian. @throws {@link RangeError} outside 0..2^64-1. */
  appendU64(label: string, value: number | bigint): void {
    const big = BigInt(value);
    if (big < 0n || big >= 1n << 64n) {
      throw new RangeError(`"value" expected an unsigned integer of 8 bytes, got ${value}`);
    }
    this.append(label, littleEndian(big, 8));
  }

  /** Draws a challenge of `length` bytes that depends on everything appended and drawn before. */
  challenge(label: string, length: number): Uint8Array {
    this.#strobe.operate(META_AD, utf8(label), littleEndian(BigInt(length), 4));
    return this.#strobe.squeeze(length);
  }
}
