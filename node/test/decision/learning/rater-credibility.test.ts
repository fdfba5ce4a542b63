import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agreesWith,
  credibilityIn,
  credibilityOf,
  EMPTY_RATER_BOOK,
  MAX_COMPARISONS,
  MAX_RATERS,
  NEWCOMER_CREDIBILITY,
  observeAgreement,
  priceWeight,
} from '../../../decision/learning/rater-credibility.ts';
import type { RaterBook } from '../../../decision/learning/rater-credibility.ts';
import { expectClose } from '../../vectors/read-vectors.ts';

function compared(book: RaterBook, rater: string, ...agreements: boolean[]): RaterBook {
  return agreements.reduce(
    (before, isAgreement) => observeAgreement(before, { rater, isAgreement }),
    book,
  );
}

describe('credibility of a rater', () => {
  it('starts at 1/16 and is k / (k + 2) after k agreements, wire-formats.md 5.3', () => {
    expect(credibilityOf(0, 0)).toBe(1 / 16);
    expectClose(credibilityOf(1, 1), 1 / 3, 1e-12);
    expectClose(credibilityOf(8, 8), 0.8, 1e-12);
    expect(credibilityOf(4, 8)).toBe(1 / 16);
    expect(() => credibilityOf(2, 1)).toThrow(RangeError);
  });

  it('equals the formula of the ledger, max(c0, 2 (agr + 1) / (tot + 2) - 1)', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (agreements, disagreements) => {
        const total = agreements + disagreements;
        const ledger = Math.max(1 / 16, (2 * (agreements + 1)) / (total + 2) - 1);
        expectClose(credibilityOf(agreements, total), ledger, 1e-9);
      }),
    );
  });

  it('never falls below that of a new name, so a new name buys nothing', () => {
    const liar = compared(EMPTY_RATER_BOOK, 'liar', ...Array<boolean>(20).fill(false));
    expect(credibilityIn(liar, 'liar')).toBe(NEWCOMER_CREDIBILITY);
    expect(credibilityIn(liar, 'stranger')).toBe(NEWCOMER_CREDIBILITY);
  });

  it('of a turncoat with any record is gone after as many lies as comparisons count', () => {
    const trusted = compared(EMPTY_RATER_BOOK, 'a', ...Array<boolean>(10_000).fill(true));
    expect(credibilityIn(trusted, 'a')).toBeGreaterThan(0.9);
    expect(trusted.raters[0]!.total).toBeLessThanOrEqual(MAX_COMPARISONS);
    const turned = compared(trusted, 'a', ...Array<boolean>(MAX_COMPARISONS).fill(false));
    expect(credibilityIn(turned, 'a')).toBe(NEWCOMER_CREDIBILITY);
  });

  it('bought with dust: an agreement on a task of next to no price hardly counts', () => {
    expect(priceWeight(0)).toBe(1 / 64);
    expect(priceWeight(50_000)).toBe(0.5);
    expect(priceWeight(1e12)).toBe(1);
    const agreement = { rater: 'a', isAgreement: true, weight: priceWeight(1) };
    const book = observeAgreement(EMPTY_RATER_BOOK, agreement);
    expect(credibilityIn(book, 'a')).toBe(NEWCOMER_CREDIBILITY);
    expect(() => observeAgreement(book, { ...agreement, weight: 0 })).toThrow(/weight/);
  });
});

describe('the book of raters', () => {
  it('is bounded, and strangers push out strangers but no rater with a record', () => {
    let book = compared(EMPTY_RATER_BOOK, 'old friend', true, true);
    for (let i = 0; i < 3 * MAX_RATERS; i++) book = compared(book, `sybil ${i}`, true);
    expect(book.raters).toHaveLength(MAX_RATERS);
    expectClose(credibilityIn(book, 'old friend'), 0.5, 1e-12);
    // The newest is in: a full book is no closed shop.
    expect(credibilityIn(book, `sybil ${3 * MAX_RATERS - 1}`)).toBeGreaterThan(0.3);
    expect(JSON.parse(JSON.stringify(book))).toEqual(book);
  });

  it('always holds 0 <= agreements <= total', () => {
    const comparison = fc.record({
      rater: fc.constantFrom('a', 'b', '__proto__'),
      isAgreement: fc.boolean(),
      weight: fc.double({ min: 1e-3, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(comparison, { maxLength: 200 }), (comparisons) => {
        const book = comparisons.reduce(observeAgreement, EMPTY_RATER_BOOK);
        for (const { rater, agreements, total } of book.raters) {
          expect(agreements).toBeGreaterThanOrEqual(0);
          expect(agreements).toBeLessThanOrEqual(total);
          expect(credibilityIn(book, rater)).toBeLessThan(1);
        }
      }),
    );
  });
});

describe('agreement with own outcomes', () => {
  it('is judged only from three own outcomes and a clear opinion on', () => {
    expect(agreesWith({ successes: 2, total: 2 }, true)).toBeNull();
    expect(agreesWith({ successes: 2, total: 4 }, true)).toBeNull();
    expect(agreesWith({ successes: 3, total: 3 }, true)).toBe(true);
    expect(agreesWith({ successes: 3, total: 3 }, false)).toBe(false);
    expect(agreesWith({ successes: 0, total: 3 }, false)).toBe(true);
    expect(agreesWith({ successes: 0, total: 3 }, true)).toBe(false);
  });
});
