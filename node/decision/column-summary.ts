/**
 * Range, sum and sum of squares of one column: what weights and scores both start from, taken in
 * one pass.
 *
 * @module
 */

/** Figures of the first `count` numbers of a column. With none, the range is empty. */
export interface ColumnSummary {
  min: number;
  max: number;
  sum: number;
  squares: number;
}

/** A summary of nothing. */
export function newColumnSummary(): ColumnSummary {
  return { min: Infinity, max: -Infinity, sum: 0, squares: 0 };
}

/** Summarises the first `count` numbers of `column` in `into`. A NaN shows in the sums. */
export function summarise(
  column: Float64Array,
  count: number,
  into: ColumnSummary = newColumnSummary(),
): ColumnSummary {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const x = column[i]!;
    min = x < min ? x : min;
    max = x > max ? x : max;
    sum += x;
    squares += x * x;
  }
  into.min = min;
  into.max = max;
  into.sum = sum;
  into.squares = squares;
  return into;
}
