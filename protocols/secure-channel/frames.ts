/**
 * Frames of an encrypted stream on bytes: DATA, FINAL, REKEY, ABORT, one AES-256-GCM seal each,
 * with counters that both sides count for themselves (wire-formats.md 1.3).
 *
 * Any failure ends a direction for good and releases nothing. Not here: messages, streams,
 * back-pressure.
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CipherGCM, DecipherGCM } from 'node:crypto';
import { AES_GCM_TAG_BYTES } from '../../crypto/aes-gcm.ts';
import { concatBytes, u16, u64 } from '../../crypto/bytes.ts';
import type { FrameRefusal } from './errors.ts';
import { FRAME_LIMITS } from './limits.ts';
import type { FrameLimits } from './limits.ts';
import { StreamKeyChain } from './stream-keys.ts';

/** Type byte of each frame. */
export const FRAME_TYPES = { data: 0x10, final: 0x11, rekey: 0x12, abort: 0x13 } as const;

type FrameType = (typeof FRAME_TYPES)[keyof typeof FRAME_TYPES];

/** Length of the field that starts a frame, in bytes. */
export const FRAME_LENGTH_BYTES = 4;
/** What a frame adds to its plaintext after the length field, in bytes. */
const OVERHEAD_BYTES = 1 + AES_GCM_TAG_BYTES;
/** Largest value of the length field. */
export const MAX_FRAME_BYTES = 65_536;
/** Largest plaintext of a frame that a receiver takes, in bytes. */
export const MAX_FRAME_DATA_BYTES = MAX_FRAME_BYTES - OVERHEAD_BYTES;

const FRAME_TYPE_BYTES: ReadonlySet<number> = new Set(Object.values(FRAME_TYPES));
const CIPHER_OPTIONS = { authTagLength: AES_GCM_TAG_BYTES } as const;
const EMPTY = new Uint8Array(0);
/** Head and body of up to so many bytes are put together before they are enciphered. */
const SMALL_BYTES = 4_096;

/**
 * Value of the length field, or `undefined` if it is not one of a frame. Checked before anything is
 * allocated for the frame.
 */
export function readFrameLength(field: Uint8Array): number | undefined {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  const length = view.getUint32(0);
  return length >= OVERHEAD_BYTES && length <= MAX_FRAME_BYTES ? length : undefined;
}

/** Keys, counters and amounts of one direction; the associated data and nonce of its next frame. */
class FrameDirection {
  readonly limits: FrameLimits;
  readonly #keys: StreamKeyChain;
  /** u32 0 || u64 counter. */
  readonly #nonce = new Uint8Array(12);
  readonly #nonceView = new DataView(this.#nonce.buffer);
  /** "f" || type || u32 epoch || u64 counter || u32 length. */
  readonly #associatedData = new Uint8Array(18);
  readonly #associatedView = new DataView(this.#associatedData.buffer);
  counter = 0;
  epochBytes = 0;
  totalBytes = 0;
  isEnded = false;

  constructor(secret: Uint8Array, limits: FrameLimits) {
    this.limits = limits;
    this.#keys = new StreamKeyChain(secret);
    this.#associatedData[0] = 0x66;
  }

  get key(): Uint8Array {
    return this.#keys.key;
  }

  get epoch(): number {
    return this.#keys.epoch;
  }

  /** Nonce of the next frame; valid until the next call. */
  nonce(): Uint8Array {
    this.#nonceView.setUint32(4, Math.floor(this.counter / 2 ** 32));
    this.#nonceView.setUint32(8, this.counter >>> 0);
    return this.#nonce;
  }

  /** Associated data of the next frame; valid until the next call. */
  associatedData(type: number, length: number): Uint8Array {
    this.#associatedView.setUint8(1, type);
    this.#associatedView.setUint32(2, this.#keys.epoch);
    this.#associatedView.setUint32(6, Math.floor(this.counter / 2 ** 32));
    this.#associatedView.setUint32(10, this.counter >>> 0);
    this.#associatedView.setUint32(14, length);
    return this.#associatedData;
  }

  advanceEpoch(): void {
    this.#keys.advance();
    this.counter = 0;
    this.epochBytes = 0;
  }

  end(): void {
    this.isEnded = true;
    this.#keys.erase();
  }
}

/** Memory whose every byte the caller writes; not set to zero first. */
function uninitialised(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}

/**
 * The sending side of one direction. Frames must be sent in the order in which they were sealed.
 */
export class FrameSealer {
  readonly #direction: FrameDirection;
  #epochStartMs: number;
  /** Cipher of the next frame: its key and counter are known before its content. */
  #prepared: CipherGCM | undefined;

  /**
   * @param secret - s_d[0], 32 bytes; it is overwritten.
   * @param nowMs - Monotonic time, for the age of the epoch.
   */
  constructor(secret: Uint8Array, nowMs: number, limits: FrameLimits = FRAME_LIMITS) {
    this.#direction = new FrameDirection(secret, limits);
    this.#epochStartMs = nowMs;
  }

  /** Whether FINAL or ABORT was sealed, or `erase` called. */
  get isEnded(): boolean {
    return this.#direction.isEnded;
  }

  /**
   * Frame that ends the epoch, if it must end before `dataBytes` more bytes; else `undefined`. Call
   * it before each frame.
   *
   * @throws {@link RangeError} in the last epoch: the stream has no counters left.
   */
  rekeyIfDue(dataBytes: number, nowMs: number): Uint8Array | undefined {
    const direction = this.#direction;
    const { maxEpochFrames, maxEpochBytes, maxEpochMs, maxEpoch } = direction.limits;
    const isDue =
      direction.counter >= maxEpochFrames - 1 ||
      direction.epochBytes + dataBytes > maxEpochBytes ||
      nowMs - this.#epochStartMs >= maxEpochMs;
    if (!isDue) return undefined;
    if (direction.epoch >= maxEpoch) throw new RangeError('the stream has used its last epoch');
    const frame = this.#seal(FRAME_TYPES.rekey, EMPTY, EMPTY);
    direction.advanceEpoch();
    this.#epochStartMs = nowMs;
    return frame;
  }

  /** DATA frame of `head` followed by `body`: together 1 to 65,519 bytes. */
  sealData(head: Uint8Array, body: Uint8Array): Uint8Array {
    const length = head.length + body.length;
    if (length < 1 || length > MAX_FRAME_DATA_BYTES) {
      throw new RangeError(`"body" expected 1 to ${MAX_FRAME_DATA_BYTES} bytes, got ${length}`);
    }
    const frame = this.#seal(FRAME_TYPES.data, head, body);
    this.#direction.epochBytes += length;
    this.#direction.totalBytes += length;
    return frame;
  }

  /** FINAL frame: the direction is complete. */
  sealFinal(): Uint8Array {
    const frame = this.#seal(FRAME_TYPES.final, u64(this.#direction.totalBytes), EMPTY);
    this.#direction.end();
    return frame;
  }

  /** ABORT frame with a code of `ABORT_CODES`. */
  sealAbort(code: number): Uint8Array {
    const frame = this.#seal(FRAME_TYPES.abort, u16(code), EMPTY);
    this.#direction.end();
    return frame;
  }

  /** Overwrites the keys; nothing can be sealed any more. */
  erase(): void {
    this.#direction.end();
    this.#prepared = undefined;
  }

  /** Does half the work of the next frame now: called when there is nothing else to do. */
  prepare(): void {
    if (!this.isEnded) this.#prepared ??= this.#createCipher();
  }

  #createCipher(): CipherGCM {
    const { key } = this.#direction;
    return createCipheriv('aes-256-gcm', key, this.#direction.nonce(), CIPHER_OPTIONS);
  }

  #seal(type: FrameType, head: Uint8Array, body: Uint8Array): Uint8Array {
    const direction = this.#direction;
    if (direction.isEnded) throw new TypeError('nothing follows FINAL or ABORT');
    const dataBytes = head.length + body.length;
    const length = dataBytes + OVERHEAD_BYTES;
    const cipher = this.#prepared ?? this.#createCipher();
    this.#prepared = undefined;
    cipher.setAAD(direction.associatedData(type, length));
    const frame = uninitialised(FRAME_LENGTH_BYTES + length);
    new DataView(frame.buffer, frame.byteOffset).setUint32(0, length);
    frame[FRAME_LENGTH_BYTES] = type;
    const bodyAt = FRAME_LENGTH_BYTES + 1 + head.length;
    if (dataBytes <= SMALL_BYTES) {
      // A copy of the plaintext costs less than a second call of the cipher.
      const plaintext = concatBytes(head, body);
      if (dataBytes > 0) frame.set(cipher.update(plaintext), FRAME_LENGTH_BYTES + 1);
    } else {
      if (head.length > 0) frame.set(cipher.update(head), FRAME_LENGTH_BYTES + 1);
      frame.set(cipher.update(body), bodyAt);
    }
    cipher.final();
    frame.set(cipher.getAuthTag(), bodyAt + body.length);
    direction.counter++;
    return frame;
  }
}

/** One received frame, or why it was refused: then the direction has ended. */
export type OpenedFrame =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'final' | 'rekey' }
  | { readonly kind: 'abort'; readonly code: number }
  | { readonly kind: 'refused'; readonly reason: FrameRefusal };

/** The receiving side of one direction. Never throws for what a peer sent. */
export class FrameOpener {
  readonly #direction: FrameDirection;
  #prepared: DecipherGCM | undefined;

  /** @param secret - s_d[0], 32 bytes; it is overwritten. */
  constructor(secret: Uint8Array, limits: FrameLimits = FRAME_LIMITS) {
    this.#direction = new FrameDirection(secret, limits);
  }

  /** Whether FINAL or ABORT came, or a frame was refused. */
  get isEnded(): boolean {
    return this.#direction.isEnded;
  }

  /** Opens a frame without its length field: type, ciphertext, tag. */
  open(frame: Uint8Array): OpenedFrame {
    const direction = this.#direction;
    if (direction.isEnded) return { kind: 'refused', reason: 'AFTER_END' };
    const type = frame[0] ?? 0;
    if (frame.length < OVERHEAD_BYTES || frame.length > MAX_FRAME_BYTES) {
      return this.refuse('LENGTH');
    }
    if (!FRAME_TYPE_BYTES.has(type)) return this.refuse('TYPE');
    if (direction.counter >= direction.limits.maxEpochFrames) return this.refuse('COUNTER_LIMIT');
    const plaintext = this.#decrypt(type, frame);
    if (!plaintext) return this.refuse('TAG');
    direction.counter++;
    return this.#interpret(type, plaintext);
  }

  /** Ends the direction, overwrites its keys and gives the reason back as an outcome. */
  refuse(reason: FrameRefusal): OpenedFrame & { readonly kind: 'refused' } {
    this.erase();
    return { kind: 'refused', reason };
  }

  /** Overwrites the keys; every later frame is refused. */
  erase(): void {
    this.#direction.end();
    this.#prepared = undefined;
  }

  /** Does half the work of the next frame now: called when there is nothing else to do. */
  prepare(): void {
    if (!this.isEnded) this.#prepared ??= this.#createDecipher();
  }

  #createDecipher(): DecipherGCM {
    const { key } = this.#direction;
    return createDecipheriv('aes-256-gcm', key, this.#direction.nonce(), CIPHER_OPTIONS);
  }

  #decrypt(type: number, frame: Uint8Array): Uint8Array | undefined {
    const direction = this.#direction;
    const decipher = this.#prepared ?? this.#createDecipher();
    this.#prepared = undefined;
    const tagAt = frame.length - AES_GCM_TAG_BYTES;
    decipher.setAAD(direction.associatedData(type, frame.length));
    decipher.setAuthTag(frame.subarray(tagAt));
    const plaintext = decipher.update(frame.subarray(1, tagAt));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  }

  #interpret(type: number, plaintext: Uint8Array): OpenedFrame {
    const direction = this.#direction;
    const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
    switch (type) {
      case FRAME_TYPES.data:
        if (plaintext.length === 0) return this.refuse('CONTENT');
        direction.epochBytes += plaintext.length;
        direction.totalBytes += plaintext.length;
        if (direction.epochBytes > direction.limits.maxEpochBytes) {
          return this.refuse('BYTE_LIMIT');
        }
        return { kind: 'data', bytes: plaintext };
      case FRAME_TYPES.final:
        if (plaintext.length !== 8) return this.refuse('CONTENT');
        if (view.getBigUint64(0) !== BigInt(direction.totalBytes)) return this.refuse('TOTAL');
        direction.end();
        return { kind: 'final' };
      case FRAME_TYPES.abort:
        if (plaintext.length !== 2) return this.refuse('CONTENT');
        direction.end();
        return { kind: 'abort', code: view.getUint16(0) };
      default:
        if (plaintext.length !== 0) return this.refuse('CONTENT');
        if (direction.epoch >= direction.limits.maxEpoch) return this.refuse('EPOCH_LIMIT');
        direction.advanceEpoch();
        return { kind: 'rekey' };
    }
  }
}
