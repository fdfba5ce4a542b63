import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, u32 } from '../../../crypto/bytes.ts';
import { frame, unframe } from '../../pbft/message-frames.ts';
import { MAX_MESSAGE_BYTES } from '../../pbft/messages.ts';

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let i = 0; offset < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(offset, offset + size);
    offset += size;
    await Promise.resolve();
  }
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for await (const message of unframe(chunks)) messages.push(message);
  return messages;
}

describe('messages on a stream', () => {
  it('come out as they went in, however the stream is cut into pieces', async () => {
    const message = fc.uint8Array({ minLength: 1, maxLength: 200 });
    const sizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 12 }), sizes, async (messages, pieces) => {
        const bytes = concatBytes(...messages.map(frame));
        expect(await read(inPieces(bytes, pieces))).toEqual(messages);
      }),
    );
  });

  it('are refused by their length alone, before anything is kept', async () => {
    for (const length of [0, MAX_MESSAGE_BYTES + 1, 2 ** 32 - 1]) {
      await expect(read(inPieces(u32(length), [4]))).rejects.toThrow(/"length" expected 1 to/);
    }
  });

  it('are refused where the stream ends inside one', async () => {
    const bytes = frame(Uint8Array.of(1, 2, 3));
    for (let end = 1; end < bytes.length; end++) {
      await expect(read(inPieces(bytes.subarray(0, end), [3]))).rejects.toThrow(/ended inside/);
    }
  });
});
