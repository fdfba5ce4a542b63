import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  credibilityIn,
  credibilityOf,
  EMPTY_RATER_BOOK,
  MAX_COMPARISONS,
  MAX_RATERS,
  NEWCOMER_CREDIBILITY,
  observeAgreement,
  ownJudgement,
  priceWeight,
} from '../../../decision/learning/rater-credibility.ts';
import type { RaterBook } from '../../../decision/learning/rater-credibility.ts';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';
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

describe('the judgement of an own outcome', () => {
  const good = (total: number) => ownJudgement({ successes: total, total }, true);

  it('says nothing before the third good outcome, and then counts once in full', () => {
    expect([1, 2, 3].map(good)).toEqual([null, null, { isGood: true, weight: 1 }]);
    expect(ownJudgement({ successes: 2, total: 3 }, true)).toBeNull();
    expect(() => ownJudgement({ successes: 2, total: 1 }, true)).toThrow(RangeError);
  });

  it('counts a first failure up to the third outcome as a quarter, and a second not', () => {
    for (const successes of [0, 1, 2]) {
      const own = { successes, total: successes + 1 };
      expect(ownJudgement(own, false)).toEqual({ isGood: false, weight: 0.25 });
    }
    expect(ownJudgement({ successes: 0, total: 2 }, false)).toBeNull();
  });

  it('later counts an outcome as its share of all, and a failure twice', () => {
    expect(good(10)).toEqual({ isGood: true, weight: 0.1 });
    const failed = ownJudgement({ successes: 9, total: 10 }, false);
    expect(failed).toEqual({ isGood: false, weight: 0.2 });
  });
});

/** Contractors that one rater praises, one after the other, in the simulations. */
const PRAISED = 60;
/** A contractor is hired so often at most. */
const MOST_TASKS = 30;

/** Credibility of a rater of which every contractor has these outcomes, until the first failure. */
function credibilityAfter(outcomesOf: (contractor: number) => readonly boolean[]): number {
  let book = EMPTY_RATER_BOOK;
  for (let contractor = 0; contractor < PRAISED; contractor++) {
    let successes = 0;
    for (const [i, isSuccess] of outcomesOf(contractor).entries()) {
      if (isSuccess) successes += 1;
      const judgement = ownJudgement({ successes, total: i + 1 }, isSuccess);
      if (judgement === null) continue;
      const { isGood: isAgreement, weight } = judgement;
      book = observeAgreement(book, { rater: 'r', isAgreement, weight });
    }
  }
  return credibilityIn(book, 'r');
}

describe('credibility of those who praise', () => {
  const RATERS = 200;
  /** Mean over many raters whose contractors succeed at this rate. */
  function meanAt(rate: number, isHiredAgain: boolean): number {
    let sum = 0;
    for (let seed = 1; seed <= RATERS; seed++) {
      const random = new SeededRandom(seed);
      sum += credibilityAfter(() => {
        const outcomes: boolean[] = [];
        while (outcomes.length < MOST_TASKS) {
          outcomes.push(random.uniform() < rate);
          if (!outcomes.at(-1) && !isHiredAgain) break;
        }
        return outcomes;
      });
    }
    return sum / RATERS;
  }

  it.each([
    [0.99, 0.85, 0.94],
    [0.95, 0.72, 0.85],
    [0.9, 0.6, 0.75],
  ])('stays high for honest raters of contractors that succeed at %s', (rate, least, most) => {
    for (const isHiredAgain of [false, true]) {
      const mean = meanAt(rate, isHiredAgain);
      expect(mean).toBeGreaterThan(least);
      expect(mean).toBeLessThan(most);
    }
  });

  it('is next to nothing for raters of contractors that succeed half of the time', () => {
    expect(meanAt(0.5, false)).toBeLessThan(0.1);
  });

  it.each([
    [0, 1 / 16],
    [1, 1 / 16],
    [2, 1 / 16],
    [3, 1 / 3],
    [5, 0.65],
  ])(
    'is lost in proportion by who praises cheats that do %i tasks well and then fail',
    (before, most) => {
      const outcomes = [...Array<boolean>(before).fill(true), false];
      expect(credibilityAfter(() => outcomes)).toBeLessThanOrEqual(most);
    },
  );

  it('falls for a believed rater with the first contractors that turn, the earlier the more', () => {
    const turning = (before: number, turned: number) =>
      credibilityAfter((contractor) => {
        const isHonest = contractor < PRAISED - turned;
        return Array.from({ length: 8 }, (_, i) => isHonest || i < before);
      });
    const believed = turning(2, 0);
    expect(believed).toBeGreaterThan(0.9);
    const after = [2, 4, 6].map((before) => turning(before, 5));
    for (const credibility of after) expect(credibility).toBeLessThan(believed - 0.05);
    expect(after).toEqual(after.toSorted((a, b) => a - b));
  });
});
