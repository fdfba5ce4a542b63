/**
 * `EncryptedStream` over the in-process stream pair of @libp2p/utils, where one end can be handed
 * to an attacker who writes raw bytes.
 */

import type { Stream } from '@libp2p/interface';
import { streamPair } from '@libp2p/utils';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, u32, utf8 } from '../../../crypto/bytes.ts';
import { FrameOpener, FrameSealer } from '../../secure-channel/frames.ts';
import { FRAME_LIMITS } from '../../secure-channel/limits.ts';
import type { FrameLimits } from '../../secure-channel/limits.ts';
import { EncryptedStream } from '../../secure-channel/secure-stream.ts';
import { StreamDuplex } from '../../secure-channel/stream-duplex.ts';
import { ABORT_CODES } from '../../secure-stream.ts';
import type { AbortReason } from '../../secure-stream.ts';
import { repeat } from './example-session.ts';
import { FakeClock } from './session-pair.ts';

interface Side {
  readonly secure: EncryptedStream;
  readonly raw: Stream;
  readonly closed: Promise<void>;
}

interface Options {
  readonly maxMessageBytes?: number;
  readonly limits?: FrameLimits;
  readonly closeMs?: number;
}

const PEER = 'peer';
const EMPTY = new Uint8Array(0);

function wrap(raw: Stream, send: number, receive: number, options: Options = {}): Side {
  let onClosed!: () => void;
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  const secure = new EncryptedStream({
    duplex: new StreamDuplex(raw),
    remotePeer: PEER,
    sessionHash: repeat(0),
    context: repeat(0),
    maxMessageBytes: options.maxMessageBytes ?? 2_000_000,
    sealer: new FrameSealer(repeat(send), 0, options.limits),
    opener: new FrameOpener(repeat(receive), options.limits),
    clock: new FakeClock(),
    closeMs: options.closeMs ?? 1_000,
    onClosed,
  });
  return { secure, raw, closed };
}

async function securePair(a: Options = {}, b: Options = {}): Promise<[Side, Side]> {
  const [one, two] = await streamPair({ delay: 0 });
  return [wrap(one, 1, 2, a), wrap(two, 2, 1, b)];
}

/**
 * A victim, and the raw end of its stream with the right keys for what the attacker wants to say.
 */
async function victim(
  options: Options = {},
): Promise<{ side: Side; raw: Stream; sealer: FrameSealer }> {
  const [one, two] = await streamPair({ delay: 0 });
  return { side: wrap(one, 1, 2, options), raw: two, sealer: new FrameSealer(repeat(2), 0) };
}

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { code?: string }).code ?? error,
  );

const message = (text: string) => concatBytes(u32(text.length), utf8(text));

describe('EncryptedStream', () => {
  it('carries messages of any sizes in both directions, over many epochs', async () => {
    const limits = { ...FRAME_LIMITS, maxEpochFrames: 3, maxEpochBytes: 100_000 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 61_430, max: 61_450 })), {
          maxLength: 6,
        }),
        async (sizes) => {
          const [a, b] = await securePair({ limits }, { limits });
          const messages = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
          const received: string[] = [];
          const reading = (async () => {
            for (;;) {
              const next = await b.secure.readMessage();
              if (!next) return;
              received.push(toHex(next));
              await b.secure.writeMessage(next);
            }
          })();
          for (const next of messages) {
            await a.secure.writeMessage(next);
            expect(toHex((await a.secure.readMessage())!)).toBe(toHex(next));
          }
          await a.secure.closeWrite();
          await reading;
          await b.secure.closeWrite();
          expect(await a.secure.readMessage()).toBeUndefined();
          expect(received).toEqual(messages.map(toHex));
          await Promise.all([a.closed, b.closed]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('half close: after FINAL the other direction goes on', async () => {
    const [a, b] = await securePair();
    await a.secure.closeWrite();
    expect(await b.secure.readMessage()).toBeUndefined();
    await b.secure.writeMessage(utf8('still here'));
    expect(await a.secure.readMessage()).toEqual(utf8('still here'));
    await b.secure.closeWrite();
    expect(await a.secure.readMessage()).toBeUndefined();
    expect(await a.secure.readMessage()).toBeUndefined();
    await Promise.all([a.closed, b.closed]);
  });

  it('does not interleave messages that are written at the same time', async () => {
    const [a, b] = await securePair();
    const texts = Array.from({ length: 5 }, (_, i) => new Uint8Array(150_000).fill(i));
    const writes = Promise.all(texts.map((text) => a.secure.writeMessage(text)));
    for (const text of texts) {
      expect(Buffer.compare((await b.secure.readMessage())!, text)).toBe(0);
    }
    await writes;
  });

  it('tells the peer each reason of an abort, and ends both directions', async () => {
    for (const reason of Object.keys(ABORT_CODES) as AbortReason[]) {
      const [a, b] = await securePair();
      a.secure.abort(reason);
      a.secure.abort(reason);
      const details = { peerId: PEER, reason };
      await expect(a.secure.readMessage()).rejects.toMatchObject({
        code: 'STREAM_ABORTED',
        details: { ...details, by: 'local' },
      });
      await expect(b.secure.readMessage()).rejects.toMatchObject({
        code: 'STREAM_ABORTED',
        details: { ...details, by: 'remote' },
      });
      expect(await codeOf(a.secure.writeMessage(EMPTY))).toBe('STREAM_ABORTED');
      expect(await codeOf(b.secure.writeMessage(EMPTY))).toBe('STREAM_ABORTED');
      expect(await codeOf(b.secure.closeWrite())).toBe('STREAM_ABORTED');
      await Promise.all([a.closed, b.closed]);
    }
  });

  it('lets a writer know of the abort although it does not read', async () => {
    const [a, b] = await securePair();
    a.secure.abort('cancelled');
    await b.closed;
    expect(await codeOf(b.secure.writeMessage(utf8('x')))).toBe('STREAM_ABORTED');
  });

  it('resets the stream when it is aborted after its own FINAL', async () => {
    const [a, b] = await securePair();
    await a.secure.closeWrite();
    expect(await b.secure.readMessage()).toBeUndefined();
    a.secure.abort('cancelled');
    await Promise.all([a.closed, b.closed]);
    expect(await codeOf(b.secure.writeMessage(EMPTY))).toBe('STREAM_TRUNCATED');
    expect(b.raw.status).toBe('reset');
  });

  it('refuses to write a message above the limit, and goes on', async () => {
    const [a, b] = await securePair({ maxMessageBytes: 10 });
    await expect(a.secure.writeMessage(new Uint8Array(11))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      details: { by: 'local', messageBytes: 11, maxMessageBytes: 10 },
    });
    await a.secure.writeMessage(new Uint8Array(10));
    expect(await b.secure.readMessage()).toHaveLength(10);
  });

  it('throws for a write after closeWrite, which itself may be repeated', async () => {
    const [a] = await securePair();
    await a.secure.closeWrite();
    await a.secure.closeWrite();
    await expect(a.secure.writeMessage(EMPTY)).rejects.toBeInstanceOf(TypeError);
  });

  it('stops waiting for a message when the signal aborts, and loses none', async () => {
    const [a, b] = await securePair();
    const controller = new AbortController();
    const first = b.secure.readMessage({ signal: controller.signal });
    const second = b.secure.readMessage();
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await a.secure.writeMessage(utf8('late'));
    expect(await second).toEqual(utf8('late'));
    await expect(b.secure.readMessage({ signal: controller.signal })).rejects.toThrow('enough');
  });

  it('stops a write that waits for its turn, and the peer never sees it', async () => {
    const [a, b] = await securePair();
    const controller = new AbortController();
    const big = a.secure.writeMessage(new Uint8Array(1_000_000));
    const waiting = a.secure.writeMessage(utf8('never'), { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const after = a.secure.writeMessage(utf8('after'));
    expect(await b.secure.readMessage()).toHaveLength(1_000_000);
    expect(await b.secure.readMessage()).toEqual(utf8('after'));
    await Promise.all([big, after]);
  });

  it('delivers whole messages that came before a reset, then reports the truncation', async () => {
    const { side, raw, sealer } = await victim();
    raw.send(sealer.sealData(EMPTY, message('whole')));
    raw.send(sealer.sealData(EMPTY, message('cut').subarray(0, 5)));
    await raw.close();
    expect(await side.secure.readMessage()).toEqual(utf8('whole'));
    expect(await codeOf(side.secure.readMessage())).toBe('STREAM_TRUNCATED');
    expect(await codeOf(side.secure.writeMessage(EMPTY))).toBe('STREAM_TRUNCATED');
    await side.closed;
  });

  it('gives its slot back when the peer never closes its side', async () => {
    const { side } = await victim({ closeMs: 20 });
    side.secure.abort('deadline');
    await side.closed;
    expect(side.raw.status).toBe('aborted');
  });
});

describe('attacks on an encrypted stream', () => {
  it('forged frame: the stream is reset, nothing of it released, writers are stopped', async () => {
    const { side, raw, sealer } = await victim();
    const frame = sealer.sealData(EMPTY, message('forged'));
    frame[10]! ^= 1;
    raw.send(frame);
    await expect(side.secure.readMessage()).rejects.toMatchObject({
      code: 'STREAM_FORGED',
      details: { reason: 'TAG' },
    });
    expect(await codeOf(side.secure.writeMessage(EMPTY))).toBe('STREAM_FORGED');
    await side.closed;
    expect(side.raw.status).toBe('aborted');
  });

  it('oversize frame: refused from its length, before the frame is there', async () => {
    const { side, raw } = await victim();
    raw.send(u32(65_537));
    await expect(side.secure.readMessage()).rejects.toMatchObject({
      code: 'STREAM_FORGED',
      details: { reason: 'LENGTH' },
    });
  });

  it('oversize message: refused from its length, and the peer is told with ABORT', async () => {
    const [a, b] = await securePair({ maxMessageBytes: 100_000 }, { maxMessageBytes: 99_999 });
    a.secure.writeMessage(new Uint8Array(100_000)).catch(() => undefined);
    await expect(b.secure.readMessage()).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      details: { by: 'remote', messageBytes: 100_000, maxMessageBytes: 99_999 },
    });
    await expect(a.secure.readMessage()).rejects.toMatchObject({
      code: 'STREAM_ABORTED',
      details: { reason: 'tooLarge', by: 'remote' },
    });
  });

  it('end without FINAL: reported as truncation, never as the end', async () => {
    const { side, raw } = await victim();
    await raw.close();
    expect(await codeOf(side.secure.readMessage())).toBe('STREAM_TRUNCATED');
  });

  it('FINAL inside a message: reported as truncation', async () => {
    const { side, raw, sealer } = await victim();
    raw.send(sealer.sealData(EMPTY, message('cut').subarray(0, 5)));
    raw.send(sealer.sealFinal());
    expect(await codeOf(side.secure.readMessage())).toBe('STREAM_TRUNCATED');
  });

  it('bytes after FINAL: the stream is closed as forged', async () => {
    const { side, raw, sealer } = await victim();
    raw.send(sealer.sealFinal());
    raw.send(u32(17));
    await side.closed;
    expect(await codeOf(side.secure.writeMessage(EMPTY))).toBe('STREAM_FORGED');
  });

  it('reflection: the frames that a side sent do not open when they come back', async () => {
    const { side, raw } = await victim();
    raw.addEventListener('message', ({ data }) => {
      raw.send(data);
    });
    await side.secure.writeMessage(utf8('mirror'));
    expect(await codeOf(side.secure.readMessage())).toBe('STREAM_FORGED');
  });

  it('arbitrary bytes: always an error with a code, never a message', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const { side, raw } = await victim();
        raw.send(bytes);
        await raw.close();
        expect(await codeOf(side.secure.readMessage())).toMatch(/^STREAM_(FORGED|TRUNCATED)$/);
      }),
      { numRuns: 100 },
    );
  });
});
