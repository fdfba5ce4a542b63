/**
 * Messages inside a stream's DATA bytes: u32 length, then the bytes, cut into frames freely
 * (wire-formats.md 1.6). On the stream of an artifact what follows the first message is bytes
 * without a length, to the end of the stream.
 *
 * A length above the protocol's limit is refused when its four bytes are there. Memory grows with
 * the bytes that came, not with the length that was announced.
 *
 * @module
 */

import { concatBytes, u32 } from '../../crypto/bytes.ts';
import type { FrameSealer } from './frames.ts';

/**
 * Plaintext of a full DATA frame: the whole frame then fits one 64 KiB frame of the multiplexer.
 */
export const MESSAGE_CHUNK_BYTES = 61_440;

const LENGTH_BYTES = 4;
const NO_BYTES = new Uint8Array(0);

/**
 * Frames of one message, sealed one by one as they are asked for.
 *
 * @param progress - `isWhole` becomes true with the last frame: before it, nothing else may follow.
 */
export function* sealMessage(
  sealer: FrameSealer,
  message: Uint8Array,
  nowMs: number,
  progress: { isWhole: boolean } = { isWhole: false },
): Generator<Uint8Array, void, undefined> {
  yield* sealPlaintext(sealer, u32(message.length), message, nowMs, progress);
}

/** Frames of several messages: those that fit one together are in one. */
export function* sealMessages(
  sealer: FrameSealer,
  messages: readonly Uint8Array[],
  nowMs: number,
  progress: { isWhole: boolean } = { isWhole: false },
): Generator<Uint8Array, void, undefined> {
  const parts = messages.flatMap((message) => [u32(message.length), message]);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (messages.length > 1 && length <= MESSAGE_CHUNK_BYTES) {
    yield* sealPlaintext(sealer, NO_BYTES, concatBytes(...parts), nowMs, progress);
    return;
  }
  for (const message of messages) yield* sealMessage(sealer, message, nowMs, progress);
}

/** Frames of bytes that are no message and have no length before them. */
export function sealBytes(
  sealer: FrameSealer,
  bytes: Uint8Array,
  nowMs: number,
  progress: { isWhole: boolean } = { isWhole: false },
): Generator<Uint8Array, void, undefined> {
  return sealPlaintext(sealer, NO_BYTES, bytes, nowMs, progress);
}

function* sealPlaintext(
  sealer: FrameSealer,
  firstHead: Uint8Array,
  body: Uint8Array,
  nowMs: number,
  progress: { isWhole: boolean },
): Generator<Uint8Array, void, undefined> {
  let head = firstHead;
  let offset = 0;
  do {
    const end = Math.min(body.length, offset + MESSAGE_CHUNK_BYTES - head.length);
    const rekey = sealer.rekeyIfDue(head.length + end - offset, nowMs);
    if (rekey) yield rekey;
    progress.isWhole = end === body.length;
    yield sealer.sealData(head, body.subarray(offset, end));
    head = NO_BYTES;
    offset = end;
  } while (offset < body.length);
}

/** What came of some more bytes. */
export type AssembledMessages =
  | { readonly valid: true; readonly messages: readonly Uint8Array[] }
  | { readonly valid: false; readonly messageBytes: number };

/** Puts the messages of one direction together. */
export class MessageAssembler {
  readonly #maxMessageBytes: number;
  readonly #hasBytesAfterFirst: boolean;
  #isFirstWhole = false;
  #parts: Uint8Array[] = [];
  #have = 0;
  #want: number | undefined;

  /** @param hasBytesAfterFirst - What comes after the first message is given on as it comes. */
  constructor(maxMessageBytes: number, hasBytesAfterFirst = false) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#hasBytesAfterFirst = hasBytesAfterFirst;
  }

  /** Whether every byte so far belongs to a whole message. */
  get isBetweenMessages(): boolean {
    return this.#have === 0 && this.#want === undefined;
  }

  /** Whole messages that `bytes` complete, or the length that is above the limit. */
  push(bytes: Uint8Array): AssembledMessages {
    const messages: Uint8Array[] = [];
    let rest = bytes;
    for (;;) {
      if (this.#hasBytesAfterFirst && this.#isFirstWhole) {
        if (rest.length > 0) messages.push(rest);
        return { valid: true, messages };
      }
      const taken = rest.subarray(0, (this.#want ?? LENGTH_BYTES) - this.#have);
      if (taken.length > 0) this.#parts.push(taken);
      this.#have += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#have < (this.#want ?? LENGTH_BYTES)) return { valid: true, messages };
      const whole = this.#parts.length === 1 ? this.#parts[0]! : concatBytes(...this.#parts);
      this.#parts = [];
      this.#have = 0;
      if (this.#want === undefined) {
        const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
        const messageBytes = view.getUint32(0);
        if (messageBytes > this.#maxMessageBytes) return { valid: false, messageBytes };
        this.#want = messageBytes;
      } else {
        this.#want = undefined;
        this.#isFirstWhole = true;
        messages.push(whole);
      }
    }
  }
}
