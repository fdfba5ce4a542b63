/**
 * Numbers that a seed determines: SHA-256 of seed and counter. Whoever does not know the seed
 * cannot foresee them.
 *
 * @module
 */

import { u32, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';

const NUMBERS_PER_BLOCK = 8;

/** An endless sequence of uniform numbers. */
export class SeededSequence {
  readonly #seed: Uint8Array;
  #block: DataView = new DataView(new ArrayBuffer(0));
  #drawn = 0;

  /** @param seed - Any text; sequences of different seeds are independent. */
  constructor(seed: string) {
    this.#seed = sha256(utf8(seed));
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    const place = this.#drawn % NUMBERS_PER_BLOCK;
    if (place === 0) {
      const digest = sha256(this.#seed, u32(this.#drawn / NUMBERS_PER_BLOCK));
      this.#block = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    }
    this.#drawn += 1;
    return this.#block.getUint32(4 * place) / 2 ** 32;
  }

  /** Whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.uniform() * (max - min + 1));
  }

  /** One of `items`. @throws {@link RangeError} if there is none. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new RangeError('"items" expected at least one');
    return item;
  }
}
