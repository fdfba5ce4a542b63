import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binomialPValue,
  binomialTail,
  MAX_TRIALS,
} from '../../../decision/exploration/binomial-test.ts';
import { expectClose } from '../../vectors/read-vectors.ts';

/** Count, trials, probability, and the tail computed with 40 digits (mpmath). */
const LARGE_TAILS: readonly (readonly [number, number, number, number])[] = [
  [96850, 1000000, 0.1, 2.60694537220659e-26],
  [9999900, 10000000, 0.99999, 0.513298997567151],
  [4995000, 10000000, 0.5, 0.0007835509528476992],
  [1002000, 10000000, 0.1, 0.017551217319607567],
  [29, 10000000, 1e-6, 7.644532393032815e-7],
  [520, 1000, 0.4, 1.1963706227514508e-14],
];

/** The tail of Binomial(n, share / 1000) in whole numbers, as a double. */
function exactTail(k: number, n: number, perMille: number): number {
  const isLower = 1000 * k <= n * perMille;
  const p = BigInt(perMille);
  const q = 1000n - p;
  let sum = 0n;
  let choose = 1n;
  for (let i = 0; i <= n; i++) {
    if (isLower ? i <= k : i >= k) sum += choose * p ** BigInt(i) * q ** BigInt(n - i);
    choose = (choose * BigInt(n - i)) / BigInt(i + 1);
  }
  const scale = 10n ** 40n;
  return Number((sum * scale) / 1000n ** BigInt(n)) / 1e40;
}

describe('the binomial test', () => {
  it('gives the values that a coin gives by counting', () => {
    expectClose(binomialPValue(0, 10, 0.5), 2 / 1024, 1e-13);
    expectClose(binomialPValue(2, 10, 0.5), 112 / 1024, 1e-13);
    expectClose(binomialPValue(9, 10, 0.5), 22 / 1024, 1e-13);
    expect(binomialPValue(5, 10, 0.5)).toBe(1);
    expectClose(binomialPValue(0, 66, 0.1), 2 * 0.9 ** 66, 1e-13);
    expectClose(binomialPValue(4, 4, 0.1), 2e-4, 1e-13);
  });

  it('gives the tail that exact arithmetic gives', () => {
    const cases = fc
      .tuple(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 999 }), fc.nat(1000))
      .map(([n, perMille, place]) => ({ n, perMille, k: Math.round((place / 1000) * n) }));
    fc.assert(
      fc.property(cases, ({ n, perMille, k }) => {
        const exact = exactTail(k, n, perMille);
        fc.pre(exact > 1e-25);
        expectClose(binomialTail(k, n, perMille / 1000), exact, 1e-12);
      }),
    );
  });

  it('takes a count at the mean as such, though the product is rounded below it', () => {
    expect(100 * 0.29).toBeLessThan(29);
    expectClose(binomialTail(29, 100, 0.29), exactTail(29, 100, 290), 1e-12);
  });

  it('gives the tails of a 40-digit computation for very many trials', () => {
    for (const [k, n, p, tail] of LARGE_TAILS) expectClose(binomialTail(k, n, p), tail, 1e-10);
  });

  it('comes near the normal distribution for ten million trials', () => {
    const n = MAX_TRIALS;
    const deviation = Math.sqrt(n * 0.1 * 0.9);
    const low = binomialPValue(Math.round(n * 0.1 - 1.959964 * deviation), n, 0.1);
    const high = binomialPValue(Math.round(n * 0.1 + 1.959964 * deviation), n, 0.1);
    expect(Math.abs(low - 0.05)).toBeLessThan(1e-3);
    expect(Math.abs(high - 0.05)).toBeLessThan(1e-3);
  });

  it('is a probability, and never rises as the count moves away from its mean', () => {
    const sizes = fc.integer({ min: 1, max: 100_000 });
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(sizes, shares, shares, (n, p, place) => {
        const k = Math.min(n - 1, Math.floor(place * n));
        const [near, far] = k + 1 <= n * p ? [k + 1, k] : [k, k + 1];
        const pValue = binomialPValue(near, n, p);
        expect(pValue >= 0 && pValue <= 1).toBe(true);
        const isSameSide = near <= n * p === far <= n * p;
        if (isSameSide) expect(binomialPValue(far, n, p)).toBeLessThanOrEqual(pValue);
      }),
    );
  });

  it('is sure where the probability leaves no choice', () => {
    expect(binomialPValue(0, 50, 0)).toBe(1);
    expect(binomialPValue(1, 50, 0)).toBe(0);
    expect(binomialPValue(50, 50, 1)).toBe(1);
    expect(binomialPValue(49, 50, 1)).toBe(0);
    expect(binomialPValue(0, 0, 0.3)).toBe(1);
  });

  it('refuses counts that are no counts', () => {
    expect(() => binomialPValue(2, 1, 0.5)).toThrow(/successes/);
    expect(() => binomialPValue(0.5, 1, 0.5)).toThrow(/successes/);
    expect(() => binomialPValue(1, MAX_TRIALS + 1, 0.5)).toThrow(/trials/);
    expect(() => binomialPValue(1, 2, 1.5)).toThrow(/probability/);
  });
});
