import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractorsOverCap, isOverCap } from '../../../decision/portfolio/share-cap.ts';
import type { ShareCap } from '../../../decision/portfolio/share-cap.ts';
import { EMPTY_SPENDING_BOOK, recordSpending } from '../../../decision/portfolio/spending.ts';
import type { SpendingBook } from '../../../decision/portfolio/spending.ts';

const CAP: ShareCap = { maxShare: 0.4, minTasks: 20, minTotalMicroUsd: 1_000 };

function spent(amounts: Readonly<Record<string, number>>): SpendingBook {
  return Object.entries(amounts).reduce(
    (book, [contractor, microUsd]) => recordSpending(book, { contractor, microUsd, atMs: 0 }),
    EMPTY_SPENDING_BOOK,
  );
}

describe('the cap on a contractor’s share', () => {
  const book = spent({ a: 380, b: 320, c: 300 });

  it('is off by default', () => {
    expect(isOverCap(spent({ a: 1e12 }), 'a', 1e12)).toBe(false);
    expect(isOverCap(spent({ a: 1e12 }), 'a', NaN)).toBe(false);
  });

  it('is passed by what a contractor would have with the new task', () => {
    expect(isOverCap(book, 'a', 30, CAP)).toBe(false);
    expect(isOverCap(book, 'a', 40, CAP)).toBe(true);
    expect(isOverCap(book, 'c', 40, CAP)).toBe(false);
    expect(isOverCap(book, 'new', 40, CAP)).toBe(false);
  });

  it('may be reached, and not passed by a micro-USD', () => {
    const half = { ...CAP, maxShare: 0.5 };
    const even = spent({ a: 400, b: 600 });
    expect(isOverCap(even, 'a', 200, half)).toBe(false);
    expect(isOverCap(even, 'a', 201, half)).toBe(true);
  });

  it('does not apply while both the tasks and the total are small', () => {
    const cap = { ...CAP, minTotalMicroUsd: 1_001 };
    expect(isOverCap(book, 'a', 500, cap)).toBe(false);
    expect(isOverCap(book, 'a', 500, { ...cap, minTasks: 3 })).toBe(true);
  });

  it('holds a quote that makes no sense to be over it', () => {
    for (const amount of [NaN, -1, Infinity, '5' as unknown as number]) {
      expect(isOverCap(book, 'c', amount, CAP)).toBe(true);
    }
    expect(() => isOverCap(book, 'a', 1, { ...CAP, maxShare: 0 })).toThrow(/maxShare/);
  });
});

describe('the cap among several contractors', () => {
  const offers = (...names: string[]) =>
    names.map((contractor) => ({ contractor, addedMicroUsd: 100 }));

  it('excludes the one that has too much while others are there', () => {
    const book = spent({ a: 600, b: 200, c: 200 });
    expect(contractorsOverCap(book, offers('a', 'b', 'c'), CAP)).toEqual(['a']);
  });

  it('does not stop all outsourcing where there is one contractor on the market', () => {
    expect(contractorsOverCap(spent({ a: 5_000 }), offers('a'), CAP)).toEqual([]);
  });

  it('leaves the one with the least in where two contractors cannot both stay under it', () => {
    const book = spent({ a: 600, b: 400 });
    expect(contractorsOverCap(book, offers('a', 'b'), CAP)).toEqual(['a']);
    const even = spent({ a: 500, b: 500 });
    expect(contractorsOverCap(even, offers('a', 'b'), CAP)).toEqual([]);
  });

  it('does not let an offer without a price be the one that stays in', () => {
    const book = spent({ a: 5_000 });
    const bait = { contractor: 'bait', addedMicroUsd: NaN };
    expect(contractorsOverCap(book, [...offers('a'), bait], CAP)).toEqual(['bait']);
  });

  it('never leaves nobody, for any book, cap and offers with a price', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
    const amounts = fc.dictionary(name, amount);
    const asked = fc.uniqueArray(fc.record({ contractor: name, addedMicroUsd: amount }), {
      minLength: 1,
      selector: ({ contractor }) => contractor,
    });
    const share = fc.double({ min: 1e-6, max: 1, noNaN: true });
    fc.assert(
      fc.property(amounts, asked, share, (paid, candidates, maxShare) => {
        const cap = { maxShare, minTasks: 0, minTotalMicroUsd: 0 };
        const over = contractorsOverCap(spent(paid), candidates, cap);
        expect(over.length).toBeLessThan(candidates.length);
      }),
    );
  });
});
