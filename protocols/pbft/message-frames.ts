/**
 * Messages on a byte stream: u32 length, then the message (`/coalesce/pbft/1.0.0`,
 * `/coalesce/ledger/1.0.0`).
 *
 * @module
 */

import { concatBytes, u32 } from '../../crypto/bytes.ts';
import { MalformedBytesError } from './byte-reader.ts';
import { MAX_MESSAGE_BYTES } from './messages.ts';

const LENGTH_BYTES = 4;

/** A message behind its length. */
export function frame(message: Uint8Array): Uint8Array {
  return concatBytes(u32(message.length), message);
}

/**
 * Whole messages of a stream, as they come.
 *
 * @throws {@link MalformedBytesError} for a length of zero or above the limit, before anything is
 *   allocated, and for a stream that ends inside a message; whatever `chunks` throws.
 */
export async function* unframe(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = MAX_MESSAGE_BYTES,
): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let wanted = LENGTH_BYTES;
  let isLength = true;
  for await (const chunk of chunks) {
    parts.push(chunk);
    held += chunk.length;
    if (held < wanted) continue;
    let bytes = parts.length === 1 ? chunk : concatBytes(...parts);
    while (bytes.length >= wanted) {
      const whole = bytes.subarray(0, wanted);
      bytes = bytes.subarray(wanted);
      if (isLength) wanted = lengthOf(whole, maxBytes);
      else {
        yield whole;
        wanted = LENGTH_BYTES;
      }
      isLength = !isLength;
    }
    parts = bytes.length > 0 ? [bytes] : [];
    held = bytes.length;
  }
  if (held > 0 || !isLength) throw new MalformedBytesError('the stream ended inside a message');
}

function lengthOf(bytes: Uint8Array, maxBytes: number): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length === 0 || length > maxBytes) {
    throw new MalformedBytesError(`"length" expected 1 to ${maxBytes} bytes, got ${length}`);
  }
  return length;
}
