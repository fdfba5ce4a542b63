/**
 * Received bytes in the order of arrival, cut anew: chunks in, exact lengths out.
 *
 * @module
 */

/** A queue of bytes. Does not copy what lies in one chunk. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next `length` bytes, or `undefined` while there are fewer. */
  take(length: number): Uint8Array | undefined {
    if (this.#length < length) return undefined;
    this.#length -= length;
    const first = this.#chunks[0];
    if (!first || length === 0) return new Uint8Array(0);
    if (first.length >= length) {
      if (first.length === length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    return this.#gather(length);
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  #gather(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let offset = 0;
    let used = 0;
    while (offset < length) {
      const chunk = this.#chunks[used]!;
      const part = chunk.subarray(0, length - offset);
      bytes.set(part, offset);
      offset += part.length;
      if (part.length < chunk.length) this.#chunks[used] = chunk.subarray(part.length);
      else used++;
    }
    this.#chunks.splice(0, used);
    return bytes;
  }
}
