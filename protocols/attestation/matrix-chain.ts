/**
 * The arithmetic of the compute challenge: a chain of square matrices over a prime field in which
 * each state is the square of the one before plus a matrix that depends on it.
 *
 *   X(0)   = expand(SHA-256(start tag || nonce || order))
 *   X(i+1) = X(i)^2 + D(i) mod p,  D(i) = expand(SHA-256(step tag || nonce || i || SHA-256(X(i))))
 *
 * p = 2^23 - 15, so that a sum of 128 products and a summand stays below 2^53 and is exact in
 * doubles. D(i) keeps the powers of X(0) from being computed in its algebra, where a squaring costs
 * n^2 and not n^3; it names the nonce and the place, so that no step of another chain can be used
 * again. expand takes 3 bytes per entry from AES-128-CTR; the bias is below 2^-19.
 *
 * @module
 */

import { createCipheriv } from 'node:crypto';
import { u32, utf8 } from '../../crypto/bytes.ts';
import { BENCHMARK_TAGS } from '../../crypto/domain-tags.ts';
import { sha256 } from '../../crypto/hash.ts';

/** Smallest and largest number of rows. The largest is what sums of doubles allow. */
export const MIN_ORDER = 8;
export const MAX_ORDER = 128;

const PRIME = 8_388_593;
const INVERSE = 1 / PRIME;
/** Bytes of an entry, big-endian. */
const ENTRY_BYTES = 3;
const ZERO = Uint8Array.of(0);

/** Bytes of a state of `order` rows. */
export function stateBytes(order: number): number {
  return ENTRY_BYTES * order * order;
}

/** Computes states of one chain, with memory of its own: three matrices of doubles. */
export class MatrixChain {
  readonly #nonce: Uint8Array;
  readonly #order: number;
  readonly #state: Float64Array;
  readonly #transposed: Float64Array;
  readonly #product: Float64Array;
  readonly #zeros: Uint8Array;
  readonly #summand: Float64Array;

  /**
   * @param nonce - 32 bytes.
   * @param order - Rows; even, {@link MIN_ORDER} to {@link MAX_ORDER}.
   * @throws {@link RangeError} for another order.
   */
  constructor(nonce: Uint8Array, order: number) {
    if (!(order >= MIN_ORDER && order <= MAX_ORDER && order % 2 === 0)) {
      throw new RangeError(
        `"order" expected an even number from ${MIN_ORDER} to ${MAX_ORDER}, got ${order}`,
      );
    }
    this.#nonce = nonce;
    this.#order = order;
    this.#state = new Float64Array(order * order);
    this.#transposed = new Float64Array(order * order);
    this.#product = new Float64Array(order * order);
    this.#summand = new Float64Array(order * order);
    this.#zeros = new Uint8Array(stateBytes(order));
  }

  /** X(0), as bytes. */
  start(): Uint8Array {
    const tag = utf8(BENCHMARK_TAGS.computeStart);
    this.#expand(sha256(tag, ZERO, this.#nonce, u32(this.#order)), this.#state);
    return this.#pack(this.#state);
  }

  /**
   * X(i+1) as bytes.
   *
   * @param index - i.
   * @param state - Bytes of X(i), as {@link start} or {@link next} gave them or {@link isState}
   *   accepted them.
   */
  next(index: number, state: Uint8Array): Uint8Array {
    const tag = utf8(BENCHMARK_TAGS.computeStep);
    this.#expand(sha256(tag, ZERO, this.#nonce, u32(index), sha256(state)), this.#summand);
    this.#unpack(state);
    this.#square();
    const { length } = this.#product;
    for (let k = 0; k < length; k++) {
      const sum = this.#product[k]! + this.#summand[k]!;
      // The quotient is off by one at most, for the inverse is rounded.
      let rest = sum - Math.floor(sum * INVERSE) * PRIME;
      if (rest < 0) rest += PRIME;
      else if (rest >= PRIME) rest -= PRIME;
      this.#product[k] = rest;
    }
    return this.#pack(this.#product);
  }

  /** Two rows by two columns at a time: each number that is loaded is used twice. */
  #square(): void {
    const order = this.#order;
    const [state, transposed, product] = [this.#state, this.#transposed, this.#product];
    for (let i = 0; i < order; i++) {
      for (let j = 0; j < order; j++) transposed[j * order + i] = state[i * order + j]!;
    }
    for (let row = 0; row < order * order; row += 2 * order) {
      for (let column = 0; column < order; column += 2) {
        const [left, right] = [column * order, (column + 1) * order];
        let [a, b, c, d] = [0, 0, 0, 0];
        for (let k = 0; k < order; k++) {
          const upper = state[row + k]!;
          const lower = state[row + order + k]!;
          const first = transposed[left + k]!;
          const second = transposed[right + k]!;
          a += upper * first;
          b += upper * second;
          c += lower * first;
          d += lower * second;
        }
        product[row + column] = a;
        product[row + column + 1] = b;
        product[row + order + column] = c;
        product[row + order + column + 1] = d;
      }
    }
  }

  #expand(seed: Uint8Array, target: Float64Array): void {
    const cipher = createCipheriv('aes-128-ctr', seed.subarray(0, 16), seed.subarray(16, 32));
    const stream = cipher.update(this.#zeros);
    for (let k = 0, at = 0; k < target.length; k++, at += ENTRY_BYTES) {
      const entry = ((stream[at]! & 0x7f) << 16) | (stream[at + 1]! << 8) | stream[at + 2]!;
      target[k] = entry >= PRIME ? entry - PRIME : entry;
    }
  }

  #pack(matrix: Float64Array): Uint8Array {
    const bytes = new Uint8Array(stateBytes(this.#order));
    for (let k = 0, at = 0; k < matrix.length; k++, at += ENTRY_BYTES) {
      const entry = matrix[k]!;
      bytes[at] = entry >>> 16;
      bytes[at + 1] = entry >>> 8;
      bytes[at + 2] = entry;
    }
    return bytes;
  }

  #unpack(bytes: Uint8Array): void {
    for (let k = 0; k < this.#state.length; k++) this.#state[k] = entryAt(bytes, k);
  }
}

function entryAt(bytes: Uint8Array, k: number): number {
  const at = k * ENTRY_BYTES;
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

/** Whether these are the bytes of a state: right length, every entry below p. */
export function isState(bytes: Uint8Array, order: number): boolean {
  if (bytes.length !== stateBytes(order)) return false;
  for (let k = 0; k < order * order; k++) if (entryAt(bytes, k) >= PRIME) return false;
  return true;
}
