import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterNonce, sealAesGcm } from '../../../crypto/aes-gcm.ts';
import { concatBytes, fromHex, toHex, u32, u64 } from '../../../crypto/bytes.ts';
import { ByteQueue } from '../../secure-channel/byte-queue.ts';
import {
  FRAME_TYPES,
  FrameOpener,
  FrameSealer,
  MAX_FRAME_DATA_BYTES,
  readFrameLength,
} from '../../secure-channel/frames.ts';
import { FRAME_LIMITS } from '../../secure-channel/limits.ts';
import type { FrameLimits } from '../../secure-channel/limits.ts';
import { StreamKeyChain } from '../../secure-channel/stream-keys.ts';
import { repeat } from './example-session.ts';

const EMPTY = new Uint8Array(0);
const SMALL: FrameLimits = { maxEpochFrames: 4, maxEpochBytes: 50, maxEpochMs: 100, maxEpoch: 3 };

const sealerOf = (limits?: FrameLimits) => new FrameSealer(repeat(1), 0, limits);
const openerOf = (limits?: FrameLimits) => new FrameOpener(repeat(1), limits);
const open = (opener: FrameOpener, frame: Uint8Array) => opener.open(frame.subarray(4));

/** Frames of these parts, with every REKEY that falls due, and FINAL. */
function sealAll(parts: readonly Uint8Array[], limits?: FrameLimits): Uint8Array[] {
  const sealer = sealerOf(limits);
  const frames: Uint8Array[] = [];
  for (const part of parts) {
    const rekey = sealer.rekeyIfDue(part.length, 0);
    if (rekey) frames.push(rekey);
    frames.push(sealer.sealData(EMPTY, part));
  }
  const rekey = sealer.rekeyIfDue(0, 0);
  if (rekey) frames.push(rekey);
  frames.push(sealer.sealFinal());
  return frames;
}

interface Received {
  readonly data: string;
  readonly isComplete: boolean;
  readonly refusal: string | undefined;
}

/** What a receiver makes of these bytes: the plaintext it released and how it ended. */
function receive(bytes: Uint8Array, opener = openerOf()): Received {
  const queue = new ByteQueue();
  queue.push(bytes);
  let data = '';
  for (;;) {
    if (opener.isEnded && queue.length > 0) return { data, isComplete: false, refusal: 'AFTER' };
    const field = queue.take(4);
    if (!field) return { data, isComplete: opener.isEnded, refusal: undefined };
    const length = readFrameLength(field);
    if (length === undefined) return { data, isComplete: false, refusal: 'LENGTH' };
    const frame = queue.take(length);
    if (!frame) return { data, isComplete: false, refusal: undefined };
    const opened = opener.open(frame);
    if (opened.kind === 'refused') return { data, isComplete: false, refusal: opened.reason };
    if (opened.kind === 'data') data += toHex(opened.bytes);
  }
}

/** First frame of the stream, without its length, by a peer that has the keys and no manners. */
function sealedByHand(type: number, plaintext: Uint8Array): Uint8Array {
  const length = u32(plaintext.length + 17);
  const associated = concatBytes(fromHex('66'), Uint8Array.of(type), u32(0), u64(0), length);
  const { key } = new StreamKeyChain(repeat(1));
  const sealed = sealAesGcm(key, counterNonce(0), associated, plaintext);
  return concatBytes(Uint8Array.of(type), sealed);
}

const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), {
  minLength: 2,
  maxLength: 8,
});

/** A fault on the way: frames in, bytes out. `at` and `n` choose where. */
type Fault = (frames: readonly Uint8Array[], at: number, n: number) => Uint8Array;

const FAULTS: Readonly<Record<string, Fault>> = {
  drop: (frames, at) => concatBytes(...frames.filter((_, i) => i !== at)),
  duplicate: (frames, at) =>
    concatBytes(...frames.flatMap((frame, i) => (i === at ? [frame, frame] : [frame]))),
  reorder: (frames, at) => {
    const next = (at + 1) % frames.length;
    const swapped = [...frames];
    [swapped[at], swapped[next]] = [frames[next]!, frames[at]!];
    return concatBytes(...swapped);
  },
  flip: (frames, at, n) => {
    const changed = frames.map((frame) => frame.slice());
    const frame = changed[at]!;
    frame[n % frame.length]! ^= 1 << (n & 7);
    return concatBytes(...changed);
  },
  truncate: (frames, _, n) => {
    const bytes = concatBytes(...frames);
    return bytes.subarray(0, n % bytes.length);
  },
  inject: (frames, at, n) => {
    const forged = concatBytes(u32(17 + (n % 30)), Uint8Array.of(FRAME_TYPES.data));
    const filled = concatBytes(forged, new Uint8Array(16 + (n % 30)).fill(n));
    return concatBytes(...frames.slice(0, at), filled, ...frames.slice(at));
  },
  relabel: (frames, at, n) => {
    const changed = frames.map((frame) => frame.slice());
    const others = Object.values(FRAME_TYPES).filter((type) => type !== changed[at]![4]);
    changed[at]![4] = others[n % others.length]!;
    return concatBytes(...changed);
  },
  append: (frames, _, n) => concatBytes(...frames, new Uint8Array(1 + (n % 40)).fill(n)),
};

describe('frames', () => {
  it('carry any data whole and complete, over any number of epochs', () => {
    fc.assert(
      fc.property(parts, (data) => {
        const frames = sealAll(data, { ...SMALL, maxEpoch: 100 });
        const opener = openerOf({ ...SMALL, maxEpoch: 100 });
        expect(receive(concatBytes(...frames), opener)).toEqual({
          data: toHex(concatBytes(...data)),
          isComplete: true,
          refusal: undefined,
        });
      }),
    );
  });

  it('never use one key and nonce twice: equal plaintext gives different frames', () => {
    const sealer = sealerOf({ ...SMALL, maxEpoch: 100 });
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const rekey = sealer.rekeyIfDue(5, 0);
      if (rekey) seen.add(toHex(rekey));
      seen.add(toHex(sealer.sealData(EMPTY, repeat(9, 5))));
    }
    expect(seen.size).toBe(60 + 19);
  });

  it('hold 1 to 65,519 bytes of data', () => {
    const sealer = sealerOf();
    expect(() => sealer.sealData(EMPTY, EMPTY)).toThrow(RangeError);
    expect(() => sealer.sealData(EMPTY, new Uint8Array(MAX_FRAME_DATA_BYTES + 1))).toThrow(
      RangeError,
    );
    const frame = sealer.sealData(EMPTY, new Uint8Array(MAX_FRAME_DATA_BYTES));
    expect(frame).toHaveLength(4 + 65_536);
    expect(open(openerOf(), frame).kind).toBe('data');
  });

  it('are not sealed after FINAL, after ABORT or after the keys were overwritten', () => {
    for (const end of ['sealFinal', 'erase'] as const) {
      const sealer = sealerOf();
      sealer[end]();
      expect(sealer.isEnded).toBe(true);
      expect(() => sealer.sealData(EMPTY, repeat(1))).toThrow(TypeError);
    }
    const aborted = sealerOf();
    aborted.sealAbort(1);
    expect(() => aborted.sealFinal()).toThrow(TypeError);
  });
});

describe('prepared frames', () => {
  it('are byte for byte what they are without preparation, also across epochs and the end', () => {
    const limits = { ...SMALL, maxEpoch: 100 };
    const [plain, prepared] = [sealerOf(limits), sealerOf(limits)];
    const [reader, preparedReader] = [openerOf(limits), openerOf(limits)];
    const next = (sealer: FrameSealer) =>
      sealer.rekeyIfDue(5, 0) ?? sealer.sealData(EMPTY, repeat(9, 5));
    for (let i = 0; i < 20; i++) {
      prepared.prepare();
      prepared.prepare();
      preparedReader.prepare();
      const frame = next(plain);
      expect(toHex(next(prepared))).toBe(toHex(frame));
      expect(open(preparedReader, frame)).toEqual(open(reader, frame));
    }
    prepared.prepare();
    preparedReader.prepare();
    const final = plain.sealFinal();
    expect(toHex(prepared.sealFinal())).toBe(toHex(final));
    expect(open(preparedReader, final).kind).toBe('final');
    prepared.prepare();
    preparedReader.prepare();
    expect(open(preparedReader, final)).toEqual({ kind: 'refused', reason: 'AFTER_END' });
  });
});

describe('rekeying', () => {
  it('comes as the last frame that the epoch has a counter for', () => {
    const sealer = sealerOf(SMALL);
    for (let i = 0; i < 3; i++) {
      expect(sealer.rekeyIfDue(1, 0)).toBeUndefined();
      sealer.sealData(EMPTY, repeat(1, 1));
    }
    expect(sealer.rekeyIfDue(1, 0)).toBeDefined();
    expect(sealer.rekeyIfDue(1, 0)).toBeUndefined();
  });

  it('comes before the byte that would cross the limit of the epoch', () => {
    const sealer = sealerOf(SMALL);
    sealer.sealData(EMPTY, repeat(1, 40));
    expect(sealer.rekeyIfDue(10, 0)).toBeUndefined();
    expect(sealer.rekeyIfDue(11, 0)).toBeDefined();
  });

  it('comes when the epoch is as old as it may be', () => {
    const sealer = sealerOf(SMALL);
    expect(sealer.rekeyIfDue(1, 99)).toBeUndefined();
    expect(sealer.rekeyIfDue(1, 100)).toBeDefined();
    expect(sealer.rekeyIfDue(1, 199)).toBeUndefined();
    expect(sealer.rekeyIfDue(1, 200)).toBeDefined();
  });

  it('throws in the last epoch, for there is no counter left', () => {
    const sealer = sealerOf({ ...SMALL, maxEpoch: 0, maxEpochFrames: 2 });
    sealer.sealData(EMPTY, repeat(1));
    expect(() => sealer.rekeyIfDue(1, 0)).toThrow(RangeError);
  });

  it('has the limits of 2^20 frames, 2^34 bytes and one hour unless told', () => {
    expect(FRAME_LIMITS).toEqual({
      maxEpochFrames: 1_048_576,
      maxEpochBytes: 17_179_869_184,
      maxEpochMs: 3_600_000,
      maxEpoch: 65_535,
    });
  });
});

describe('attacks on frames', () => {
  for (const [name, fault] of Object.entries(FAULTS)) {
    it(`${name}: the stream never completes and only a prefix of the data is released`, () => {
      fc.assert(
        fc.property(parts, fc.nat(), fc.nat({ max: 65_535 }), (data, position, n) => {
          const frames = sealAll(data, { ...SMALL, maxEpoch: 100 });
          const bytes = fault(frames, position % frames.length, n);
          fc.pre(toHex(bytes) !== toHex(concatBytes(...frames)));
          const received = receive(bytes, openerOf({ ...SMALL, maxEpoch: 100 }));
          expect(received.isComplete).toBe(false);
          expect(toHex(concatBytes(...data)).startsWith(received.data)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });
  }

  it('reflect: frames of one direction do not open in the other', () => {
    const frame = sealerOf().sealData(EMPTY, repeat(1));
    const other = new FrameOpener(repeat(2));
    expect(open(other, frame)).toEqual({ kind: 'refused', reason: 'TAG' });
  });

  it('oversize: a length above 65,536 or below 17 is refused from its four bytes', () => {
    for (const length of [0, 1, 16, 65_537, 2 ** 31, 2 ** 32 - 1]) {
      expect(readFrameLength(u32(length)), String(length)).toBeUndefined();
    }
    expect(readFrameLength(u32(17))).toBe(17);
    expect(readFrameLength(u32(65_536))).toBe(65_536);
  });

  it('a sender that ignores the counter limit is refused at the first frame beyond it', () => {
    const sealer = sealerOf({ ...SMALL, maxEpochFrames: 100 });
    const opener = openerOf(SMALL);
    for (let i = 0; i < 4; i++) {
      expect(open(opener, sealer.sealData(EMPTY, repeat(1, 1))).kind).toBe('data');
    }
    expect(open(opener, sealer.sealData(EMPTY, repeat(1, 1)))).toEqual({
      kind: 'refused',
      reason: 'COUNTER_LIMIT',
    });
  });

  it('a sender that ignores the byte limit is refused, and the bytes are not released', () => {
    const sealer = sealerOf({ ...SMALL, maxEpochBytes: 1_000 });
    const opener = openerOf(SMALL);
    expect(open(opener, sealer.sealData(EMPTY, repeat(1, 50))).kind).toBe('data');
    expect(open(opener, sealer.sealData(EMPTY, repeat(1, 1)))).toEqual({
      kind: 'refused',
      reason: 'BYTE_LIMIT',
    });
  });

  it('a REKEY in the last epoch is refused', () => {
    const sealer = sealerOf({ ...SMALL, maxEpochFrames: 1, maxEpoch: 9 });
    const opener = openerOf({ ...SMALL, maxEpoch: 1 });
    expect(open(opener, sealer.rekeyIfDue(0, 0)!).kind).toBe('rekey');
    expect(open(opener, sealer.rekeyIfDue(0, 0)!)).toEqual({
      kind: 'refused',
      reason: 'EPOCH_LIMIT',
    });
  });

  it('a FINAL whose total is not the bytes that came is refused', () => {
    const sealer = sealerOf();
    const longer = sealerOf();
    const opener = openerOf();
    open(opener, sealer.sealData(EMPTY, repeat(1, 5)));
    longer.sealData(EMPTY, repeat(1, 6));
    expect(open(opener, longer.sealFinal())).toEqual({ kind: 'refused', reason: 'TOTAL' });
  });

  it('content of the wrong size is refused in every type of frame', () => {
    const { data, final, rekey, abort } = FRAME_TYPES;
    for (const [type, size] of [
      [data, 0],
      [final, 7],
      [final, 9],
      [rekey, 1],
      [abort, 1],
      [abort, 3],
    ] as const) {
      const outcome = openerOf().open(sealedByHand(type, new Uint8Array(size)));
      expect(outcome, `${type} ${size}`).toEqual({ kind: 'refused', reason: 'CONTENT' });
    }
    expect(openerOf().open(sealedByHand(final, new Uint8Array(8))).kind).toBe('final');
  });

  it('an unknown type and an impossible length are refused before anything is decrypted', () => {
    expect(openerOf().open(sealedByHand(0x14, repeat(1)))).toEqual({
      kind: 'refused',
      reason: 'TYPE',
    });
    expect(openerOf().open(fromHex('10'))).toEqual({ kind: 'refused', reason: 'LENGTH' });
  });

  it('after a refusal every further frame is refused, also a good one', () => {
    const sealer = sealerOf();
    const opener = openerOf();
    const good = sealer.sealData(EMPTY, repeat(1));
    expect(open(opener, repeat(0x10, 40)).kind).toBe('refused');
    expect(open(opener, good)).toEqual({ kind: 'refused', reason: 'AFTER_END' });
    expect(opener.isEnded).toBe(true);
  });

  it('arbitrary bytes never throw and never open', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(openerOf().open(bytes).kind).toBe('refused');
        expect(receive(bytes).isComplete).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
