/**
 * Key chain of one direction of a stream: a key per epoch, from a secret that only moves forward
 * (wire-formats.md 1.2). A secret is overwritten as soon as its key and its successor exist.
 *
 * @module
 */

import { u32 } from '../../crypto/bytes.ts';
import { STREAM_TAGS } from '../../crypto/domain-tags.ts';
import { expand } from '../../crypto/hkdf.ts';

const EMPTY = new Uint8Array(0);

/** k_d[e] and s_d[e+1] of one direction d. */
export class StreamKeyChain {
  #epoch = -1;
  #key: Uint8Array;
  #next: Uint8Array;

  /** @param secret - s_d[0], 32 bytes; it is overwritten. */
  constructor(secret: Uint8Array) {
    this.#key = EMPTY;
    this.#next = secret;
    this.advance();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** k_d[e], 32 bytes. The caller must not change or keep it. */
  get key(): Uint8Array {
    return this.#key;
  }

  /** Goes to the next epoch; the key of the last one is gone. */
  advance(): void {
    const secret = this.#next;
    this.#key.fill(0);
    this.#epoch++;
    this.#key = expand(secret, STREAM_TAGS.key, EMPTY);
    this.#next = expand(secret, STREAM_TAGS.next, u32(this.#epoch + 1));
    secret.fill(0);
  }

  /** Overwrites what is left. */
  erase(): void {
    this.#key.fill(0);
    this.#next.fill(0);
  }
}
