import { describe, expect, it } from 'vitest';
import {
  correlationOf,
  estimateOf,
  quantileOf,
  twoWayAnova,
} from '../../experiments/statistics.ts';

describe('the statistics of a report', () => {
  it('takes the interval of a mean from Student’s distribution', () => {
    // Quantile 2.776 at four degrees of freedom.
    const { mean, sigma, halfWidth } = estimateOf([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(sigma).toBeCloseTo(1.581_139, 6);
    expect(halfWidth).toBeCloseTo((2.776_445 * 1.581_139) / Math.sqrt(5), 5);
  });

  it('gives no interval for a single run', () => {
    expect(estimateOf([7])).toEqual({ mean: 7, sigma: 0, halfWidth: 0, runs: 1 });
  });

  it('interpolates quantiles between the values that lie around them', () => {
    expect(quantileOf([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantileOf([4, 1, 3, 2], 1)).toBe(4);
    expect(quantileOf([], 0.5)).toBe(0);
  });

  it('finds correlations of 1, -1 and none', () => {
    expect(correlationOf([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
    expect(correlationOf([1, 2, 3], [6, 4, 2])).toBeCloseTo(-1, 12);
    expect(correlationOf([1, 2, 3], [5, 5, 5])).toBe(0);
  });

  it('splits variance by two factors and their interaction as worked by hand', () => {
    // Cell means 2, 6 / 4, 12; grand mean 6; rows 4 and 8, columns 3 and 9.
    const [rows, columns, both, within] = twoWayAnova(
      ['a', 'b'],
      [
        [
          [1, 3],
          [5, 7],
        ],
        [
          [3, 5],
          [11, 13],
        ],
      ],
    );
    expect([rows!.sumOfSquares, columns!.sumOfSquares]).toEqual([32, 72]);
    expect([both!.sumOfSquares, within!.sumOfSquares]).toEqual([8, 8]);
    expect([rows!.f, columns!.f, both!.f]).toEqual([16, 36, 4]);
    // F(1, 4) = 16 is the square of t(4) = 4: p = 0.01613.
    expect(rows!.p).toBeCloseTo(0.016_13, 5);
  });
});
