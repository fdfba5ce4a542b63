import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, u16, u32, utf8 } from '../bytes.ts';
import {
  MAX_LEAF_BYTES,
  MIN_LEAF_BYTES,
  checkLeafParts,
  decodeLeaf,
  encodeClaim,
  encodeLeafParts,
  encodePadding,
  isResourceClaim,
} from '../certificate-leaf.ts';
import type { CertificateClaim } from '../certificate-leaf.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import { mutations } from './mutations.ts';

const salt = Uint8Array.from({ length: 16 }, (_, i) => i);

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => text.isWellFormed() && utf8(text).length <= 256);
const u32Value = fc.integer({ min: 0, max: 0xffffffff });
/** An element of ristretto255: a multiple of the base point. */
function elementOf(factor: number): Uint8Array {
  return ristretto255.Point.BASE.multiply(BigInt(factor)).toBytes();
}

const claimArbitrary: fc.Arbitrary<CertificateClaim> = fc.oneof(
  name.map((text) => ({ kind: 'skill' as const, name: text })),
  fc
    .tuple(name, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }))
    .map(([text, value]) => ({ kind: 'quantity' as const, name: text, value })),
  fc
    .tuple(name, fc.integer({ min: 1, max: 1_000 }).map(elementOf))
    .map(([text, commitment]) => ({ kind: 'committedQuantity' as const, name: text, commitment })),
  fc.tuple(name, u32Value, u32Value).map(([text, a, b]) => ({
    kind: 'canaryScore' as const,
    name: text,
    passed: Math.min(a, b),
    run: Math.max(a, b),
  })),
  fc
    .tuple(name, fc.string({ unit: 'grapheme', maxLength: 60 }))
    .filter(([, text]) => text.isWellFormed() && utf8(text).length <= 256)
    .map(([text, value]) => ({ kind: 'text' as const, name: text, text: value })),
);

/** Leaf bytes with every part free: what an attacker can write. */
function rawLeaf(part: {
  tag?: string;
  salt?: Uint8Array;
  kind?: number;
  nameLength?: number;
  name?: Uint8Array;
  valueLength?: number;
  value?: Uint8Array;
}): Uint8Array {
  const nameBytes = part.name ?? utf8('performs:a');
  const value = part.value ?? new Uint8Array(0);
  return concatBytes(
    utf8(part.tag ?? 'coalesce/leaf/v1\0'),
    part.salt ?? salt,
    Uint8Array.of(part.kind ?? 1),
    u16(part.nameLength ?? nameBytes.length),
    nameBytes,
    u32(part.valueLength ?? value.length),
    value,
  );
}

describe('leaf encoding', () => {
  it('reads back every claim and the salt', () => {
    fc.assert(
      fc.property(claimArbitrary, (claim) => {
        const bytes = encodeClaim(claim, salt);
        const leaf = decodeLeaf(bytes);
        expect(leaf).toMatchObject({ valid: true, claim, parts: { salt } });
        if (leaf.valid) expect(toHex(encodeLeafParts(leaf.parts))).toBe(toHex(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('never gives two claims the same bytes', () => {
    fc.assert(
      fc.property(claimArbitrary, claimArbitrary, (a, b) => {
        fc.pre(JSON.stringify(a, big) !== JSON.stringify(b, big));
        expect(toHex(encodeClaim(a, salt))).not.toBe(toHex(encodeClaim(b, salt)));
      }),
      { numRuns: 500 },
    );
    function big(_: string, value: unknown): unknown {
      return typeof value === 'bigint' ? value.toString() : value;
    }
  });

  it('reads padding as a leaf without a claim', () => {
    const leaf = decodeLeaf(encodePadding(salt));
    expect(leaf).toMatchObject({ valid: true, parts: { kind: 0, name: '' } });
    expect(leaf.valid && leaf.claim).toBeUndefined();
    expect(encodePadding(salt)).toHaveLength(MIN_LEAF_BYTES);
  });

  it('counts quantities, committed or not, as resources, and nothing else', () => {
    expect(isResourceClaim({ kind: 'quantity', name: 'a', value: 1n })).toBe(true);
    expect(
      isResourceClaim({ kind: 'committedQuantity', name: 'a', commitment: new Uint8Array(32) }),
    ).toBe(true);
    expect(isResourceClaim({ kind: 'skill', name: 'a' })).toBe(false);
    expect(isResourceClaim({ kind: 'canaryScore', name: 'a', passed: 1, run: 1 })).toBe(false);
    expect(isResourceClaim({ kind: 'text', name: 'a', text: '' })).toBe(false);
  });

  it.each<[string, CertificateClaim]>([
    ['an empty name', { kind: 'skill', name: '' }],
    ['a name of 257 bytes', { kind: 'skill', name: 'a'.repeat(257) }],
    ['a name with a lone surrogate', { kind: 'skill', name: 'a\ud800' }],
    ['a quantity of 2^64', { kind: 'quantity', name: 'a', value: 1n << 64n }],
    ['a negative quantity', { kind: 'quantity', name: 'a', value: -1n }],
    [
      'a commitment of 31 bytes',
      { kind: 'committedQuantity', name: 'a', commitment: new Uint8Array(31) },
    ],
    ['more canaries passed than run', { kind: 'canaryScore', name: 'a', passed: 2, run: 1 }],
    ['a text of 257 bytes', { kind: 'text', name: 'a', text: 'x'.repeat(257) }],
    ['a text with a lone surrogate', { kind: 'text', name: 'a', text: '\udc00' }],
  ])('throws for %s', (_, claim) => {
    expect(() => encodeClaim(claim, salt)).toThrow();
  });

  it('takes the longest name and text', () => {
    const claim = { kind: 'text', name: 'a'.repeat(256), text: 'é'.repeat(128) } as const;
    const bytes = encodeClaim(claim, salt);
    expect(bytes).toHaveLength(MAX_LEAF_BYTES);
    expect(decodeLeaf(bytes)).toMatchObject({ valid: true, claim });
  });

  it('throws for a salt that does not have 16 bytes', () => {
    expect(() => encodePadding(salt.slice(1))).toThrow(/expected 16 bytes, got 15/);
    expect(() => encodeClaim({ kind: 'skill', name: 'a' }, new Uint8Array(17))).toThrow(/BAD_SALT/);
  });
});

describe('decodeLeaf', () => {
  it.each([
    ['no bytes', new Uint8Array(0), 'BAD_LENGTH'],
    ['one byte less than the smallest', encodePadding(salt).slice(0, -1), 'BAD_LENGTH'],
    ['one byte more than the largest', new Uint8Array(MAX_LEAF_BYTES + 1), 'BAD_LENGTH'],
    ['another tag', rawLeaf({ tag: 'coalesce/leaf/v2\0' }), 'BAD_TAG'],
    ['another byte after the tag', rawLeaf({ tag: 'coalesce/leaf/v1\u0001' }), 'BAD_TAG'],
    ['kind 6', rawLeaf({ kind: 6 }), 'UNKNOWN_KIND'],
    ['kind 255', rawLeaf({ kind: 255 }), 'UNKNOWN_KIND'],
    ['a name that ends after the leaf', rawLeaf({ nameLength: 11 }), 'BAD_LENGTH'],
    ['a name of 65,535 bytes that are not there', rawLeaf({ nameLength: 65_535 }), 'BAD_LENGTH'],
    ['a value that ends after the leaf', rawLeaf({ valueLength: 1 }), 'BAD_LENGTH'],
    ['a value of 2^32-1 bytes', rawLeaf({ valueLength: 0xffffffff }), 'BAD_LENGTH'],
    ['a byte after the value', concatBytes(rawLeaf({}), Uint8Array.of(0)), 'BAD_LENGTH'],
    ['a name that is not UTF-8', rawLeaf({ name: Uint8Array.of(0xc3, 0x28) }), 'BAD_NAME'],
    ['an empty name', rawLeaf({ name: new Uint8Array(0) }), 'BAD_NAME'],
    ['a name of 257 bytes', rawLeaf({ name: new Uint8Array(257).fill(97) }), 'BAD_NAME'],
    ['padding with a name', rawLeaf({ kind: 0 }), 'BAD_NAME'],
    [
      'padding with a value',
      rawLeaf({ kind: 0, name: new Uint8Array(0), value: new Uint8Array(1) }),
      'BAD_VALUE',
    ],
    ['a skill with a value', rawLeaf({ value: new Uint8Array(1) }), 'BAD_VALUE'],
    ['a quantity of 7 bytes', rawLeaf({ kind: 2, value: new Uint8Array(7) }), 'BAD_VALUE'],
    ['a quantity of 9 bytes', rawLeaf({ kind: 2, value: new Uint8Array(9) }), 'BAD_VALUE'],
    ['a commitment of 33 bytes', rawLeaf({ kind: 3, value: new Uint8Array(33) }), 'BAD_VALUE'],
    ['a score of 4 bytes', rawLeaf({ kind: 4, value: u32(1) }), 'BAD_VALUE'],
    [
      'more canaries passed than run',
      rawLeaf({ kind: 4, value: concatBytes(u32(2), u32(1)) }),
      'BAD_VALUE',
    ],
    ['a text that is not UTF-8', rawLeaf({ kind: 5, value: Uint8Array.of(0xff) }), 'BAD_VALUE'],
    ['a text of 257 bytes', rawLeaf({ kind: 5, value: new Uint8Array(257).fill(97) }), 'BAD_VALUE'],
  ])('refuses %s', (_, bytes, reason) => {
    expect(decodeLeaf(bytes)).toEqual({ valid: false, reason });
  });

  it('accepts the raw form that the refusals above start from', () => {
    expect(decodeLeaf(rawLeaf({}))).toMatchObject({
      valid: true,
      claim: { kind: 'skill', name: 'performs:a' },
    });
  });

  it('reads a leaf that is a view into a larger buffer', () => {
    const bytes = encodeClaim({ kind: 'quantity', name: 'a', value: 0x0102030405060708n }, salt);
    const view = concatBytes(new Uint8Array(3).fill(9), bytes).subarray(3);
    expect(decodeLeaf(view)).toMatchObject({ claim: { value: 0x0102030405060708n } });
  });

  it(
    'never throws, and accepts only bytes that encode back to themselves',
    () => {
      const valid = encodeClaim({ kind: 'text', name: 'attribute', text: 'some text' }, salt);
      fuzz(
        fc.oneof(
          fc.uint8Array({ maxLength: MAX_LEAF_BYTES + 2 }),
          fc
            .uint8Array({ maxLength: 80 })
            .map((rest) => concatBytes(utf8('coalesce/leaf/v1\0'), rest)),
          mutations(valid),
        ),
        (bytes) => {
          const leaf = decodeLeaf(bytes);
          if (leaf.valid) expect(toHex(encodeLeafParts(leaf.parts))).toBe(toHex(bytes));
          else expect(leaf.reason).toMatch(/^[A-Z_]+$/);
        },
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('checkLeafParts', () => {
  const parts = { salt, kind: 1, name: 'performs:a', value: new Uint8Array(0) };

  it.each([-1, 6, 0.5, NaN])('refuses kind %s', (kind) => {
    expect(checkLeafParts({ ...parts, kind })).toEqual({ valid: false, reason: 'UNKNOWN_KIND' });
  });

  it('refuses a name that UTF-8 cannot hold, instead of replacing it', () => {
    const reason = 'BAD_NAME';
    expect(checkLeafParts({ ...parts, name: '\ud800' })).toEqual({ valid: false, reason });
  });
});
