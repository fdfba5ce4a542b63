import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../bytes.ts';
import { GROUP_ORDER, decodeScalar, encodeScalar, isCommitmentElement } from '../ristretto.ts';
import { littleEndian } from './proof-fixtures.ts';

describe('elements of ristretto255', () => {
  it('accepts the multiples of the base point', () => {
    for (let factor = 1n; factor <= 16n; factor++) {
      const bytes = ristretto255.Point.BASE.multiply(factor).toBytes();
      expect(isCommitmentElement(bytes)).toBe(true);
    }
  });

  it('refuses the identity, which hides nothing', () => {
    expect(isCommitmentElement(new Uint8Array(32))).toBe(false);
  });

  it('refuses the encodings that RFC 9496 A.2 calls bad', () => {
    for (const bad of [
      '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', // not canonical
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // not canonical
      '0100000000000000000000000000000000000000000000000000000000000000', // negative
      '26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371', // not a square
    ]) {
      expect(isCommitmentElement(fromHex(bad)), bad).toBe(false);
    }
  });

  it('never throws, whatever the bytes and their number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof isCommitmentElement(bytes)).toBe('boolean');
      }),
      { numRuns: 300 },
    );
  });
});

describe('scalars', () => {
  it('end at L - 1: L itself, which is another form of 0, is refused, and all above it', () => {
    expect(decodeScalar(encodeScalar(GROUP_ORDER - 1n))).toBe(GROUP_ORDER - 1n);
    expect(decodeScalar(new Uint8Array(32))).toBe(0n);
    // L = 2^252 + 27742317777372353535851937790883648493, written out.
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    expect(littleEndian(GROUP_ORDER)).toEqual(order);
    expect(decodeScalar(order)).toBeUndefined();
    for (const above of [GROUP_ORDER + 1n, 2n * GROUP_ORDER, (1n << 256n) - 1n]) {
      expect(decodeScalar(littleEndian(above))).toBeUndefined();
    }
  });
});
