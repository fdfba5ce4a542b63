import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  herfindahlIndex,
  normalisedHerfindahlIndex,
} from '../../../decision/portfolio/herfindahl.ts';
import {
  EMPTY_SPENDING_BOOK,
  fadedSpending,
  MAX_SPENDING_ENTRIES,
  recordSpending,
  shareOf,
  spendingAlarm,
  spendingConcentration,
  spendingTotals,
} from '../../../decision/portfolio/spending.ts';
import type { SpendingBook } from '../../../decision/portfolio/spending.ts';
import { expectClose } from '../../vectors/read-vectors.ts';

const MONTH_MS = 30.4375 * 24 * 3_600_000;

function bookOf(payments: readonly (readonly [string, number])[], atMs = 0): SpendingBook {
  return payments.reduce(
    (book, [contractor, microUsd]) => recordSpending(book, { contractor, microUsd, atMs }),
    EMPTY_SPENDING_BOOK,
  );
}

describe('the Herfindahl-Hirschman index', () => {
  it('is 1 for a monopoly, 1/n for n equals, and 0 for nothing', () => {
    expect(herfindahlIndex([5])).toBe(1);
    expectClose(herfindahlIndex([3, 3, 3, 3]), 0.25, 1e-12);
    expect(herfindahlIndex([])).toBe(0);
    expect(herfindahlIndex([0, 0])).toBe(0);
  });

  it('is 0.3 for shares of 40, 30, 20 and 10 %', () => {
    expectClose(herfindahlIndex([40, 30, 20, 10]), 0.3, 1e-12);
    expectClose(normalisedHerfindahlIndex(0.3, 4), 0.05 / 0.75, 1e-12);
  });

  it('counts many small parties in the total only', () => {
    expectClose(herfindahlIndex([50], 50), 0.25, 1e-12);
  });

  it('lies between 1/n and 1, and normalised between 0 and 1', () => {
    const amounts = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(amounts, (list) => {
        const index = herfindahlIndex(list);
        expect(index).toBeLessThanOrEqual(1);
        if (list.some((amount) => amount > 0)) {
          expect(index).toBeGreaterThanOrEqual((1 - 1e-9) / list.length);
        }
        const normalised = normalisedHerfindahlIndex(index, list.length);
        expect(normalised).toBeGreaterThanOrEqual(0);
        expect(normalised).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the book of spending', () => {
  it('knows the share of each contractor', () => {
    const book = bookOf([
      ['a', 10],
      ['b', 20],
      ['a', 10],
    ]);
    expect(shareOf(book, 'a')).toBe(0.5);
    expect(shareOf(book, 'c')).toBe(0);
    expect(shareOf(EMPTY_SPENDING_BOOK, 'a')).toBe(0);
    expect(spendingTotals(book)).toEqual({ microUsd: 40, tasks: 3 });
  });

  it('lets an amount count half after a month, and changes no share by time alone', () => {
    const book = bookOf([
      ['a', 10],
      ['b', 30],
    ]);
    const later = fadedSpending(book, MONTH_MS);
    expectClose(spendingTotals(later).microUsd, 20, 1e-12);
    expectClose(spendingTotals(later).tasks, 1, 1e-12);
    expectClose(shareOf(later, 'a'), 0.25, 1e-12);
    const paid = recordSpending(book, { contractor: 'a', microUsd: 10, atMs: MONTH_MS });
    expectClose(shareOf(paid, 'a'), 0.5, 1e-12);
  });

  it('fades nothing when the clock was set back', () => {
    const book = bookOf([['a', 10]], 5 * MONTH_MS);
    const paid = recordSpending(book, { contractor: 'b', microUsd: 10, atMs: MONTH_MS });
    expect(shareOf(paid, 'a')).toBe(0.5);
    expect(paid.atMs).toBe(5 * MONTH_MS);
  });

  it('keeps a bounded number of contractors, the largest, and the total of all', () => {
    let book = bookOf([['big', 1_000_000]]);
    for (let i = 0; i < 1_000; i++) {
      book = recordSpending(book, { contractor: `small ${i}`, microUsd: 1 + (i % 7), atMs: 0 });
    }
    expect(book.entries).toHaveLength(MAX_SPENDING_ENTRIES);
    const { microUsd, tasks } = spendingTotals(book);
    expect(tasks).toBe(1_001);
    expect(microUsd).toBe(
      1_000_000 + [...Array(1_000).keys()].reduce((s, i) => s + 1 + (i % 7), 0),
    );
    expectClose(shareOf(book, 'big'), 1_000_000 / microUsd, 1e-12);
    expect(book.entries.at(-1)!.contractor).toBe('small 999');
    expect(JSON.parse(JSON.stringify(book))).toEqual(book);
  });

  it('has shares in [0, 1] that add up to 1, whatever was paid and when', () => {
    const payment = fc.record({
      contractor: fc.constantFrom('a', 'b', 'c', '__proto__'),
      microUsd: fc.double({ min: 0, max: 1e12, noNaN: true }),
      atMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(payment, { minLength: 1, maxLength: 40 }), (payments) => {
        let book = EMPTY_SPENDING_BOOK;
        for (const one of payments) book = recordSpending(book, one);
        const shares = ['a', 'b', 'c', '__proto__'].map((name) => shareOf(book, name));
        for (const share of shares) expect(share).toBeLessThanOrEqual(1);
        const sum = shares.reduce((a, b) => a + b, 0);
        if (spendingTotals(book).microUsd > 0) expectClose(sum, 1, 1e-9);
        const { index } = spendingConcentration(book);
        expect(index).toBeGreaterThanOrEqual(0);
        expect(index).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('refuses an amount that is none', () => {
    expect(() => bookOf([['a', NaN]])).toThrow(/microUsd/);
    expect(() => bookOf([['a', -1]])).toThrow(/microUsd/);
    expect(() => bookOf([['a', 1]], NaN)).toThrow(/nowMs/);
  });
});

describe('the alarm of concentrated spending', () => {
  const twenty = (names: readonly string[]): [string, number][] =>
    Array.from({ length: 20 }, (_, i) => [names[i % names.length]!, 100]);

  it('is silent below twenty tasks, and for five equal contractors', () => {
    expect(spendingAlarm(bookOf(twenty(['a']).slice(1)))).toBeNull();
    expect(spendingAlarm(bookOf(twenty(['a', 'b', 'c', 'd', 'e'])))).toBeNull();
  });

  it('names the largest contractor and the index', () => {
    const alarm = spendingAlarm(bookOf(twenty(['a', 'a', 'a', 'b'])))!;
    expect(alarm.kind).toBe('SPENDING_CONCENTRATED');
    expect(alarm.largest).toEqual({ contractor: 'a', share: 0.75 });
    expectClose(alarm.index, 0.625, 1e-12);
    expect(alarm.sentence).toBe(
      '75 % of the spending goes to a; concentration (HHI) 0.63 over 2 contractors, alarm above 0.25.',
    );
  });

  it('prints no hidden character of a contractor’s name', () => {
    const alarm = spendingAlarm(bookOf(twenty(['a\u202eb'])))!;
    expect(alarm.sentence).toContain('a\\u{202e}b');
    expect(alarm.sentence).toContain('over 1 contractor,');
  });
});
