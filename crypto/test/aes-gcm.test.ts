import { gcm } from '@noble/ciphers/aes.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterNonce, openAesGcm, sealAesGcm } from '../aes-gcm.ts';
import { concatBytes, fromHex, toHex } from '../bytes.ts';

const KEY = new Uint8Array(32).fill(7);
const EMPTY = new Uint8Array(0);

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

describe('AES-256-GCM', () => {
  it('seals as an independent implementation does, for any input', () => {
    fc.assert(
      fc.property(
        bytesOf(32),
        bytesOf(12),
        fc.uint8Array({ maxLength: 80 }),
        fc.uint8Array({ maxLength: 300 }),
        (key, nonce, associatedData, plaintext) => {
          const sealed = sealAesGcm(key, nonce, associatedData, plaintext);
          expect(toHex(sealed)).toBe(toHex(gcm(key, nonce, associatedData).encrypt(plaintext)));
          const opened = openAesGcm(key, nonce, associatedData, sealed);
          expect(toHex(opened!)).toBe(toHex(plaintext));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('releases nothing when any one bit of the ciphertext, tag or associated data is changed', () => {
    const nonce = counterNonce(1);
    const associatedData = fromHex('0102');
    const sealed = sealAesGcm(KEY, nonce, associatedData, fromHex('68656c6c6f'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(openAesGcm(KEY, nonce, associatedData, changed)).toBeUndefined();
    }
    expect(openAesGcm(KEY, nonce, fromHex('0103'), sealed)).toBeUndefined();
    expect(openAesGcm(KEY, counterNonce(2), associatedData, sealed)).toBeUndefined();
  });

  it('refuses every input that is shorter than a tag', () => {
    const sealed = sealAesGcm(KEY, counterNonce(0), EMPTY, EMPTY);
    for (let length = 0; length < 16; length++) {
      expect(openAesGcm(KEY, counterNonce(0), EMPTY, sealed.subarray(0, length))).toBeUndefined();
    }
    expect(openAesGcm(KEY, counterNonce(0), EMPTY, sealed)).toEqual(EMPTY);
  });

  it('does not change the bytes it is given and reads views into larger buffers', () => {
    const buffer = concatBytes(fromHex('ffff'), fromHex('68656c6c6f'), fromHex('ffff'));
    const sealed = sealAesGcm(KEY, counterNonce(0), EMPTY, buffer.subarray(2, 7));
    const before = sealed.slice();
    expect(toHex(openAesGcm(KEY, counterNonce(0), EMPTY, sealed)!)).toBe('68656c6c6f');
    expect(sealed).toEqual(before);
    expect(toHex(buffer)).toBe('ffff68656c6c6fffff');
  });

  it('throws for a key or a nonce of another length', () => {
    const nonce = counterNonce(0);
    expect(() => sealAesGcm(KEY.subarray(16), nonce, EMPTY, EMPTY)).toThrow(TypeError);
    expect(() => openAesGcm(KEY, nonce.subarray(1), EMPTY, EMPTY)).toThrow(TypeError);
  });
});

describe('counterNonce', () => {
  it('is four zero bytes and the counter in eight, big-endian', () => {
    expect(toHex(counterNonce(0))).toBe('000000000000000000000000');
    expect(toHex(counterNonce(0x0102030405))).toBe('000000000000000102030405');
    expect(toHex(counterNonce(2 ** 53 - 1))).toBe('00000000001fffffffffffff');
  });

  it('throws for anything that is not a counter', () => {
    for (const counter of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => counterNonce(counter)).toThrow(RangeError);
    }
  });

  it('never repeats within the counters that a stream uses', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.nat({ max: 2 ** 31 - 1 }), (a, b) => {
        expect(toHex(counterNonce(a)) === toHex(counterNonce(b))).toBe(a === b);
      }),
    );
  });
});
