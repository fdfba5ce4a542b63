import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixedSum, interleavedSum, oddMultiples } from '../multi-scalar.ts';
import { GROUP_ORDER, IDENTITY } from '../ristretto.ts';
import type { Element } from '../ristretto.ts';

const { BASE } = ristretto255.Point;
const EDGES = [0n, 1n, 2n, GROUP_ORDER - 1n, GROUP_ORDER - 2n, (1n << 252n) - 1n, 1n << 252n];

const scalars = fc.oneof(
  fc.bigInt({ min: 0n, max: GROUP_ORDER - 1n }),
  fc.bigInt({ min: 0n, max: 300n }),
  fc.constantFrom(...EDGES),
);
const elements = scalars.map((scalar) => BASE.multiplyUnsafe(scalar));

/** The sum by the multiplication of the library, one term after the other. */
function plainSum(terms: readonly (readonly [Element, bigint])[]): Element {
  return terms.reduce(
    (sum, [element, scalar]) => sum.add(element.multiplyUnsafe(scalar)),
    IDENTITY,
  );
}

describe('sums of multiples', () => {
  it('are what the library computes term by term, for every width of table', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(elements, scalars), { maxLength: 6 }),
        fc.integer({ min: 2, max: 10 }),
        (terms, width) => {
          const sum = interleavedSum(
            terms.map(([element, scalar]) => ({ table: oddMultiples(element, width), scalar })),
          );
          expect(sum.equals(plainSum(terms))).toBe(true);
          expect(sum.toBytes()).toEqual(plainSum(terms).toBytes());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('mix elements with tables and elements that come once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(elements, scalars), { maxLength: 3 }),
        fc.array(fc.tuple(elements, scalars), { maxLength: 3 }),
        (fixed, variable) => {
          const sum = mixedSum(
            fixed.map(([element, scalar]) => ({ table: oddMultiples(element, 9), scalar })),
            variable.map(([element, scalar]) => ({ element, scalar })),
          );
          expect(sum.equals(plainSum([...fixed, ...variable]))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('end at the identity when the terms cancel out, and for no terms', () => {
    expect(interleavedSum([]).is0()).toBe(true);
    for (const scalar of EDGES) {
      const opposite = (GROUP_ORDER - scalar) % GROUP_ORDER;
      const terms = [scalar, opposite].map((each) => ({ element: BASE, scalar: each }));
      expect(mixedSum([], terms).is0()).toBe(true);
    }
  });
});
