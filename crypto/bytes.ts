/**
 * Byte helpers: fixed-width big-endian integers, `lp16`, base64url and hex as the wire formats
 * use them (wire-formats.md 0).
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';

/** Cryptographic random bytes: as many as are asked for. */
export type RandomBytes = (length: number) => Uint8Array;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/**
 * Text of UTF-8 `bytes`.
 *
 * @throws {@link TypeError} if the bytes are not well-formed UTF-8.
 */
export function fromUtf8(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}

/** The parts one after the other (`||` in the specification). */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Whether both have the same bytes, in time that depends on the length only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function unsigned(value: number | bigint, width: number): Uint8Array {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    // Without big integers, which cost ten times as much.
    const bytes = new Uint8Array(width);
    let left = value;
    for (let i = width - 1; i >= 0; i--) {
      bytes[i] = left % 256;
      left = Math.floor(left / 256);
    }
    if (left === 0) return bytes;
  }
  const big = BigInt(value);
  if (big < 0n || big >= 1n << BigInt(8 * width)) {
    throw new RangeError(`"value" expected an unsigned integer of ${width} bytes, got ${value}`);
  }
  const bytes = new Uint8Array(width);
  let rest = big;
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** One byte. @throws {@link RangeError} outside 0..2^8-1. */
export function u8(value: number): Uint8Array {
  return unsigned(value, 1);
}

/** Two bytes, big-endian. @throws {@link RangeError} outside 0..2^16-1. */
export function u16(value: number): Uint8Array {
  return unsigned(value, 2);
}

/** Four bytes, big-endian. @throws {@link RangeError} outside 0..2^32-1. */
export function u32(value: number): Uint8Array {
  return unsigned(value, 4);
}

/** Eight bytes, big-endian. @throws {@link RangeError} outside 0..2^64-1. */
export function u64(value: number | bigint): Uint8Array {
  return unsigned(value, 8);
}

/** u16 length, then the bytes. @throws {@link RangeError} above 65,535 bytes. */
export function lp16(bytes: Uint8Array): Uint8Array {
  return concatBytes(u16(bytes.length), bytes);
}

/** base64url without padding (RFC 4648 s.5). */
export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * Bytes of base64url `text`: no padding, no other characters, no non-zero trailing bits.
 *
 * @throws {@link TypeError} for any text that `toBase64Url` would not produce.
 */
export function fromBase64Url(text: string): Uint8Array {
  const decoded = Buffer.from(text, 'base64url');
  if (decoded.toString('base64url') !== text) {
    throw new TypeError('"text" expected base64url without padding');
  }
  return new Uint8Array(decoded);
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Bytes of hexadecimal `text`. @throws {@link TypeError} for anything else. */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new TypeError('"text" expected hexadecimal');
  return new Uint8Array(Buffer.from(text, 'hex'));
}
