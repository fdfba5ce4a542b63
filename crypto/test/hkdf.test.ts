import { expand as nobleExpand, extract as nobleExtract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../bytes.ts';
import { MAX_HKDF_BYTES, expand, extract, hkdfExpand } from '../hkdf.ts';

describe('HKDF-SHA256', () => {
  it('reproduces RFC 5869 A.1', () => {
    const key = extract(fromHex('000102030405060708090a0b0c'), new Uint8Array(22).fill(0x0b));
    expect(toHex(key)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
    expect(toHex(hkdfExpand(key, fromHex('f0f1f2f3f4f5f6f7f8f9'), 42))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
  });

  it('reproduces RFC 5869 A.3, with an empty salt and an empty info', () => {
    const key = extract(new Uint8Array(0), new Uint8Array(22).fill(0x0b));
    expect(toHex(key)).toBe('19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04');
    expect(toHex(hkdfExpand(key, new Uint8Array(0), 42))).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  it('agrees with an independent implementation for any input', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 100 }),
        fc.integer({ min: 1, max: 300 }),
        (salt, inputKey, info, length) => {
          const key = extract(salt, inputKey);
          expect(toHex(key)).toBe(toHex(nobleExtract(sha256, inputKey, salt)));
          const output = hkdfExpand(key, info, length);
          expect(toHex(output)).toBe(toHex(nobleExpand(sha256, key, info, length)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('separates label and context by a zero byte and gives 32 bytes unless told', () => {
    const key = new Uint8Array(32).fill(1);
    const info = fromHex(`${toHex(utf8('label'))}00aabb`);
    expect(expand(key, 'label', fromHex('aabb'))).toEqual(hkdfExpand(key, info, 32));
    expect(expand(key, 'label', fromHex('aabb'), 16)).toEqual(hkdfExpand(key, info, 16));
  });

  it('throws for a length outside 1 to 8,160', () => {
    const key = new Uint8Array(32);
    for (const length of [0, -1, 1.5, MAX_HKDF_BYTES + 1]) {
      expect(() => hkdfExpand(key, key, length)).toThrow(RangeError);
    }
    expect(hkdfExpand(key, key, MAX_HKDF_BYTES)).toHaveLength(8_160);
  });
});
