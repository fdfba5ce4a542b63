import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../bytes.ts';
import {
  CanonicalJsonError,
  SIGNED_BODY_LIMITS,
  decodeDocument,
  encodeCanonicalJson,
  encodeDocument,
} from '../canonical-json.ts';
import type { DocumentValue, JsonValue } from '../canonical-json.ts';
import { textMutations } from './mutations.ts';

const LIMITS = { maxBytes: 100_000, maxDepth: 20 };
const full = (value: JsonValue): string => fromUtf8(encodeCanonicalJson(value, LIMITS));
const restricted = (value: unknown): string => fromUtf8(encodeDocument(value as DocumentValue));
const decode = (text: string): DocumentValue => decodeDocument(utf8(text));

describe('encodeCanonicalJson (RFC 8785)', () => {
  it('writes the example of section 3.2.2', () => {
    const input = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",' +
        '"literals":[null,true,false]}',
    ) as JsonValue;
    expect(full(input)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts the keys of section 3.2.3 by UTF-16 code units, not by code points', () => {
    const input = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(full(input)) as object)).toHaveLength(7);
    expect([...full(input).matchAll(/":"([A-Z])/g)].map((match) => match[1]).join('')).toBe(
      'COCLEEH',
    );
    expect(full({ '\ufb33': 0, '\ud83d\ude00': 1 })).toBe('{"\ud83d\ude00":1,"\ufb33":0}');
  });

  // RFC 8785 appendix B: the bits of the number and its text.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes %s as %s', (bits, text) => {
    expect(full(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });

  it.each([
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['undefined', undefined],
    ['a big integer', 1n],
    ['a function', () => 1],
  ])('throws for %s', (_, value) => {
    expect(() => full(value as never)).toThrow(CanonicalJsonError);
  });

  it('keeps the limits it is given', () => {
    const limits = { maxBytes: 8, maxDepth: 2 };
    expect(fromUtf8(encodeCanonicalJson([[1, 2]], limits))).toBe('[[1,2]]');
    expect(() => encodeCanonicalJson([[[]]], limits)).toThrow(/deeper than 2/);
    expect(() => encodeCanonicalJson([[1234]], limits)).not.toThrow();
    expect(() => encodeCanonicalJson([[12345]], limits)).toThrow(/larger than 8 bytes/);
  });

  it('leaves out members that are undefined', () => {
    expect(full({ b: undefined, a: 1 })).toBe('{"a":1}');
  });
});

describe('encodeDocument', () => {
  it('writes strings, integers, arrays and objects', () => {
    expect(restricted({ b: [1, 'é'], a: { z: 0, y: 2 ** 53 - 1 } })).toBe(
      '{"a":{"y":9007199254740991,"z":0},"b":[1,"é"]}',
    );
  });

  it.each([
    ['a fraction', { a: 1.5 }, 'a: expected an integer'],
    ['a negative number', { a: -1 }, 'a: expected an integer'],
    ['an integer above 2^53-1', { a: 2 ** 53 }, 'a: expected an integer'],
    ['NaN', { a: NaN }, 'a: expected an integer'],
    ['null', { a: [1, null] }, 'a[1]: must not be null'],
    ['a boolean', { a: { b: true } }, 'a.b: must not be a boolean'],
    ['a key that begins with a capital', { A: 1 }, 'A: is not a valid key'],
    ['a key with a hyphen', { 'a-b': 1 }, 'a-b: is not a valid key'],
    ['an empty key', { '': 1 }, 'is not a valid key'],
    ['__proto__', JSON.parse('{"__proto__":1}') as object, '__proto__: is not a valid key'],
    ['a lone surrogate', { a: '\ud83d' }, 'a: has a lone surrogate'],
    ['bytes', { a: new Uint8Array(1) }, 'a.0: is not a valid key'],
    ['a big integer', { a: 1n }, 'a: must not be of type bigint'],
  ])('throws for %s and says where', (_, value, message) => {
    expect(() => restricted(value)).toThrow(CanonicalJsonError);
    expect(() => restricted(value)).toThrow(message);
  });

  it('takes 5 levels and 16 KiB, and nothing more', () => {
    expect(restricted([[[[[]]]]])).toBe('[[[[[]]]]]');
    expect(() => restricted([[[[[[]]]]]])).toThrow('[0][0][0][0][0]: is nested deeper than 5');
    const largest = 'x'.repeat(SIGNED_BODY_LIMITS.maxBytes - 2);
    expect(restricted(largest)).toHaveLength(16_384);
    expect(() => restricted(`${largest}x`)).toThrow('larger than 16384 bytes');
    expect(() => restricted('é'.repeat(8_192))).toThrow('larger than 16384 bytes');
  });
});

describe('decodeDocument', () => {
  /** JSON texts of all kinds: spaces, doubled keys, forms of numbers, escapes, wrong order. */
  const space = fc.constantFrom('', '', '', ' ', '\n');
  const leaf = fc.oneof(
    fc.nat(2_000).map(String),
    fc.constantFrom('-0', '1e3', '1.0', '-1', '0.5', '9007199254740992', 'null', 'true'),
    fc.string({ maxLength: 4 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u0041"', '"\\ud800"', '"\\/"', '"\u2028é"', '"}"', '"1,"'),
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.tuple(fc.array(tie('json'), { maxLength: 3 }), space).map(([items, gap]) => {
        return `[${items.join(`,${gap}`)}]`;
      }),
      fc
        .tuple(
          fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ab', 'z', 'A', '1'), tie('json')), {
            maxLength: 3,
          }),
          space,
        )
        .map(([members, gap]) => {
          return `{${members.map(([key, value]) => `"${key}":${gap}${value}`).join(',')}}`;
        }),
    ),
  }));

  it('takes exactly the texts that encodeDocument writes', () => {
    let taken = 0;
    fc.assert(
      fc.property(json, (text) => {
        let written: string | undefined;
        try {
          written = restricted(JSON.parse(text));
        } catch {
          written = undefined;
        }
        const isCanonical = written === text;
        if (isCanonical) taken++;
        const read = (): unknown => decode(text);
        if (isCanonical) expect(read()).toEqual(JSON.parse(text));
        else expect(read).toThrow(CanonicalJsonError);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(300);
  });
});

describe('the number of values', () => {
  const array = (length: number) => `[${Array(length).fill('0').join(',')}]`;

  it('is 2,048 at most, and another where the limits say so', () => {
    expect(decode(array(2_048))).toHaveLength(2_048);
    expect(() => decode(array(2_049))).toThrow('has more than 2048 values');
    const limits = { maxBytes: 100, maxDepth: 3, maxValues: 4 };
    expect(decodeDocument(utf8('{"a":[0,1,{}]}'), limits)).toEqual({ a: [0, 1, {}] });
    for (const text of [
      '{"a":[0,1,2,3]}',
      '{"a":[0,1,{"b":1}]}',
      '{"a":{},"b":{"c":0,"d":0,"e":0}}',
    ]) {
      expect(() => decodeDocument(utf8(text), limits)).toThrow('has more than 4 values');
    }
    expect(() => encodeDocument([0, 1, 2, 3, 4], limits)).toThrow('has more than 4 values');
  });

  it('is counted before any of the values is looked at', () => {
    const bad = `{${Array.from({ length: 2_049 }, (_, i) => `"A${i}":null`).join(',')}}`;
    expect(() => decodeDocument(utf8(bad), LIMITS)).toThrow('has more than 2048 values');
    expect(() => decode(`[${Array(2_049).fill('null').join(',')}]`)).toThrow('more than 2048');
  });

  it('has no limit in the full form, where none is given', () => {
    expect(full(Array(3_000).fill(0))).toHaveLength(6_001);
    const limits = { ...LIMITS, maxValues: 2 };
    expect(() => encodeCanonicalJson([0, 0, 0], limits)).toThrow('has more than 2 values');
  });
});

describe('decodeDocument', () => {
  it('reads back what was written', () => {
    const key = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,6}$/);
    const { value } = fc.letrec<{ value: DocumentValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (document) => {
        expect(decodeDocument(encodeDocument(document))).toEqual(document);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['white space', '{"a": 1}'],
    ['white space at the end', '{"a":1}\n'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['a duplicate key', '{"a":1,"a":1}'],
    ['keys in another order', '{"b":1,"a":2}'],
    ['an escape that is not needed', '{"a":"\\u0041"}'],
    ['an escaped slash', '{"a":"\\/"}'],
    ['an escape in capitals', '{"a":"\\u001F"}'],
    ['an escaped surrogate pair', '{"a":"\\ud83d\\ude00"}'],
    ['an escaped lone surrogate', '{"a":"\\ud83d"}'],
    ['a fraction', '{"a":1.5}'],
    ['a fraction of zero', '{"a":1.0}'],
    ['an exponent', '{"a":1e2}'],
    ['minus zero', '{"a":-0}'],
    ['a negative number', '{"a":-1}'],
    ['2^53', '{"a":9007199254740992}'],
    ['2^53 + 1, which reads as 2^53', '{"a":9007199254740993}'],
    ['null', 'null'],
    ['a boolean', '{"a":true}'],
    ['a bad key', '{"A":1}'],
    ['__proto__', '{"__proto__":{"a":1}}'],
    ['an unfinished text', '{"a":1'],
    ['two documents', '{}{}'],
    ['no text', ''],
    ['6 levels', '[[[[[[]]]]]]'],
    ['a megabyte of brackets', '['.repeat(1_000_000)],
    ['more than 16 KiB', `"${'x'.repeat(16_383)}"`],
  ])('refuses %s', (_, text) => {
    expect(() => decode(text)).toThrow(CanonicalJsonError);
  });

  it('survives deep nesting within the size that it is allowed', () => {
    for (const text of ['['.repeat(16_384), '['.repeat(8_192) + ']'.repeat(8_192)]) {
      expect(() => decode(text)).toThrow(CanonicalJsonError);
    }
    const deep = utf8('['.repeat(500_000) + ']'.repeat(500_000));
    const limits = { maxBytes: 1_048_576, maxDepth: 7 };
    expect(() => decodeDocument(deep, limits)).toThrow(/deeper than 7/);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => decodeDocument(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(CanonicalJsonError);
  });

  it('throws nothing but its own error, and reads only what it would write', () => {
    const valid = '{"a":[1,20,"text \\n é"],"b":{"c":"0","d":9007199254740991}}';
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.json({ maxDepth: 3 }).map(utf8),
          textMutations(valid).map(utf8),
        ),
        (bytes) => {
          let value: DocumentValue;
          try {
            value = decodeDocument(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(CanonicalJsonError);
            return;
          }
          expect(fromUtf8(encodeDocument(value))).toBe(fromUtf8(bytes));
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
