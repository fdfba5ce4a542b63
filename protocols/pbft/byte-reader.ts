/**
 * Bounded reading and sized writing of the binary formats of this folder (wire-formats.md 0:
 * unsigned big-endian integers).
 *
 * u64 values above 2^53 - 1 are refused: no view, height or time comes near, and a number that
 * JavaScript cannot hold must not be rounded by one replica and kept by another.
 *
 * @module
 */

/** Bytes that are not what the format says. The message names the field and the mend. */
export class MalformedBytesError extends Error {
  static override readonly name = 'MalformedBytesError';
  override readonly name = 'MalformedBytesError';
  readonly code = 'MALFORMED';
}

const TWO_TO_32 = 2 ** 32;

/** Reads fields one after the other; every field names itself for the error. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #take(length: number, field: string): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      const left = this.#bytes.length - start;
      throw new MalformedBytesError(`"${field}" expected ${length} bytes, ${left} are left`);
    }
    this.#offset = start + length;
    return start;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  u64(field: string): number {
    const start = this.#take(8, field);
    const high = this.#view.getUint32(start);
    if (high >= 2 ** 21) throw new MalformedBytesError(`"${field}" expected at most 2^53 - 1`);
    return high * TWO_TO_32 + this.#view.getUint32(start + 4);
  }

  /** A view on the next bytes, not a copy. */
  bytes(length: number, field: string): Uint8Array {
    const start = this.#take(length, field);
    return this.#bytes.subarray(start, start + length);
  }

  /** A u16 that counts what follows. */
  count(max: number, field: string): number {
    const count = this.u16(field);
    if (count > max) throw new MalformedBytesError(`"${field}" expected at most ${max}`);
    return count;
  }

  /** u32 length, then the bytes. */
  block(max: number, field: string): Uint8Array {
    const length = this.u32(field);
    if (length > max) throw new MalformedBytesError(`"${field}" expected at most ${max} bytes`);
    return this.bytes(length, field);
  }

  /** A byte that is 0 or 1. */
  flag(field: string): boolean {
    const value = this.u8(field);
    if (value > 1) throw new MalformedBytesError(`"${field}" expected 0 or 1, got ${value}`);
    return value === 1;
  }

  /** Refuses bytes after the last field. */
  end(): void {
    if (this.remaining > 0) {
      throw new MalformedBytesError(`${this.remaining} bytes after the end of the message`);
    }
  }
}

/** Writes fields into a buffer that grows. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param capacity - In bytes; a good guess saves copies. */
  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  #reserve(length: number): number {
    const start = this.#length;
    this.#length = start + length;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    return start;
  }

  u8(value: number): this {
    const start = this.#reserve(1);
    this.#bytes.writeUInt8(value, start);
    return this;
  }

  u16(value: number): this {
    const start = this.#reserve(2);
    this.#bytes.writeUInt16BE(value, start);
    return this;
  }

  u32(value: number): this {
    const start = this.#reserve(4);
    this.#bytes.writeUInt32BE(value, start);
    return this;
  }

  u64(value: number): this {
    const start = this.#reserve(8);
    this.#bytes.writeUInt32BE(Math.floor(value / TWO_TO_32), start);
    this.#bytes.writeUInt32BE(value % TWO_TO_32, start + 4);
    return this;
  }

  bytes(value: Uint8Array): this {
    const start = this.#reserve(value.length);
    this.#bytes.set(value, start);
    return this;
  }

  /** u32 length, then the bytes. */
  block(value: Uint8Array): this {
    return this.u32(value.length).bytes(value);
  }

  /** What was written. The writer is done with. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#length);
  }
}
