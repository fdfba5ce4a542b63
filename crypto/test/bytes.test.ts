import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concatBytes,
  equalBytes,
  fromBase64Url,
  fromHex,
  fromUtf8,
  lp16,
  toBase64Url,
  toHex,
  u16,
  u32,
  u64,
  u8,
  utf8,
} from '../bytes.ts';
import { docId } from '../identity.ts';
import { DOCUMENT_TYPES } from '../domain-tags.ts';
import { sha256 } from '../hash.ts';

describe('integers', () => {
  it('are big-endian and of fixed width', () => {
    expect([...u8(0xfe)]).toEqual([0xfe]);
    expect([...u16(0x0102)]).toEqual([1, 2]);
    expect([...u32(0x01020304)]).toEqual([1, 2, 3, 4]);
    expect([...u64(0x0102030405060708n)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...u64(2 ** 53 - 1)]).toEqual([0, 0x1f, 255, 255, 255, 255, 255, 255]);
    expect([...u64(2n ** 64n - 1n)]).toEqual(new Array(8).fill(255));
  });

  it.each([
    ['u8', () => u8(256)],
    ['u8', () => u8(-1)],
    ['u8', () => u8(0.5)],
    ['u16', () => u16(65_536)],
    ['u32', () => u32(2 ** 32)],
    ['u64', () => u64(1n << 64n)],
    ['u64', () => u64(-1n)],
    ['u64', () => u64(NaN)],
  ])('throw outside the range of %s', (_, write) => {
    expect(write).toThrow(RangeError);
  });

  it('lead lp16 by the length', () => {
    expect(toHex(lp16(utf8('ab')))).toBe('00026162');
    expect(toHex(lp16(new Uint8Array(0)))).toBe('0000');
    expect(lp16(new Uint8Array(65_535))).toHaveLength(65_537);
    expect(() => lp16(new Uint8Array(65_536))).toThrow(RangeError);
  });
});

describe('base64url', () => {
  // RFC 4648 section 10, without the padding.
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %j', (text, encoded) => {
    expect(toBase64Url(utf8(text))).toBe(encoded);
    expect(fromUtf8(fromBase64Url(encoded))).toBe(text);
  });

  it.each([
    ['padding', 'Zg=='],
    ['the characters of plain base64', '+/+/'],
    ['non-zero trailing bits', 'Zh'],
    ['a length that no bytes have', 'Zm9vY'],
    ['white space', 'Zm9v '],
    ['a line break', 'Zm9v\n'],
    ['other characters', 'Zm9v!'],
  ])('refuses %s', (_, text) => {
    expect(() => fromBase64Url(text)).toThrow(TypeError);
  });

  it('reads only what it would write, for any text', () => {
    const characters = fc.constantFrom(...'AZaz09-_+/= \n');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
        let bytes: Uint8Array;
        try {
          bytes = fromBase64Url(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          return;
        }
        expect(toBase64Url(bytes)).toBe(text);
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads back any bytes, views into larger buffers included', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(5), (bytes, offset) => {
        const view = concatBytes(new Uint8Array(offset), bytes).subarray(offset);
        expect(fromBase64Url(toBase64Url(view))).toEqual(bytes);
        expect(fromHex(toHex(view))).toEqual(bytes);
      }),
    );
  });
});

describe('hexadecimal', () => {
  it('is written in lower case and read in both', () => {
    expect(toHex(Uint8Array.of(0, 0xab, 0xff))).toBe('00abff');
    expect([...fromHex('00ABff')]).toEqual([0, 0xab, 0xff]);
  });

  it.each(['0', 'abc', '0g', '0x00', ' 00', '00\n'])('refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(TypeError);
  });
});

describe('UTF-8', () => {
  it('reads back any well-formed text, a byte order mark included', () => {
    for (const text of ['', 'é', '€', '😀', '\ufeffx']) expect(fromUtf8(utf8(text))).toBe(text);
  });

  it.each(['c328', 'ff', 'eda080', 'c080', 'f4908080', 'e282'])('refuses %s', (hex) => {
    expect(() => fromUtf8(fromHex(hex))).toThrow(TypeError);
  });
});

describe('equalBytes', () => {
  it('compares contents and lengths', () => {
    expect(equalBytes(fromHex('0102'), fromHex('0102'))).toBe(true);
    expect(equalBytes(fromHex('0102'), fromHex('0103'))).toBe(false);
    expect(equalBytes(fromHex('0102'), fromHex('010200'))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });
});

describe('sha256', () => {
  // FIPS 180-4 examples; the empty message.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j', (text, hash) => {
    expect(toHex(sha256(utf8(text)))).toBe(hash);
  });

  it('of several parts is that of their concatenation', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (parts) => {
        expect(toHex(sha256(...parts))).toBe(toHex(sha256(concatBytes(...parts))));
      }),
    );
  });
});

describe('docId', () => {
  it('is SHA-256 of the type string, a zero byte and the body', () => {
    const expected = sha256(utf8('coalesce/cert/v1'), Uint8Array.of(0), utf8('body'));
    expect(toHex(docId('cert', utf8('body')))).toBe(toHex(expected));
    expect(toHex(docId('cert', utf8('bo'), utf8('dy')))).toBe(toHex(expected));
  });

  it('differs for each of the types', () => {
    const kinds = Object.keys(DOCUMENT_TYPES) as (keyof typeof DOCUMENT_TYPES)[];
    const ids = kinds.map((kind) => toHex(docId(kind, utf8('{}'))));
    expect(new Set(ids).size).toBe(kinds.length);
  });
});
