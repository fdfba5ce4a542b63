/**
 * Means with their intervals, correlation, and analysis of variance.
 *
 * @module
 */

import jstat from 'jstat';

const { studentt, centralF } = jstat.jStat;
const TWO_SIDED_95 = 0.975;

/** A figure over several runs. */
export interface Estimate {
  readonly mean: number;
  /** Standard deviation of the runs; 0 for a single one. */
  readonly sigma: number;
  /** Half of the 95 % interval of the mean, by Student's distribution. */
  readonly halfWidth: number;
  readonly runs: number;
}

/** Mean of a list; 0 for none. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** The figure that independent runs give. */
export function estimateOf(values: readonly number[]): Estimate {
  const runs = values.length;
  const mean = meanOf(values);
  if (runs < 2) return { mean, sigma: 0, halfWidth: 0, runs };
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const sigma = Math.sqrt(squares / (runs - 1));
  const halfWidth = (studentt.inv(TWO_SIDED_95, runs - 1) * sigma) / Math.sqrt(runs);
  return { mean, sigma, halfWidth, runs };
}

/** Value below which this share of the list lies, by linear interpolation; 0 for an empty list. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return 0;
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const rest = at - below;
  return sorted[below]! + rest * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
}

/** Pearson's coefficient; 0 where one of the lists does not vary. */
export function correlationOf(x: readonly number[], y: readonly number[]): number {
  const meanX = meanOf(x);
  const meanY = meanOf(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (const [i, value] of x.entries()) {
    xy += (value - meanX) * (y[i]! - meanY);
    xx += (value - meanX) ** 2;
    yy += (y[i]! - meanY) ** 2;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** One source of variance. */
export interface VarianceSource {
  readonly source: string;
  readonly degreesOfFreedom: number;
  readonly sumOfSquares: number;
  /** `null` where nothing is left to compare with. */
  readonly f: number | null;
  readonly p: number | null;
}

/**
 * Two-way analysis of variance with interaction, equally many runs in every cell (Fisher 1925).
 *
 * @param cells - By level of the first factor, then of the second: the runs.
 */
export function twoWayAnova(
  names: readonly [string, string],
  cells: readonly (readonly (readonly number[])[])[],
): VarianceSource[] {
  const rows = cells.length;
  const columns = cells[0]!.length;
  const repeats = cells[0]![0]!.length;
  const cellMeans = cells.map((row) => row.map(meanOf));
  const rowMeans = cellMeans.map(meanOf);
  const columnMeans = cells[0]!.map((_, j) => meanOf(cellMeans.map((row) => row[j]!)));
  const grand = meanOf(rowMeans);
  const squares = (values: readonly number[], centre: number): number =>
    values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  const ofRows = columns * repeats * squares(rowMeans, grand);
  const ofColumns = rows * repeats * squares(columnMeans, grand);
  let ofBoth = 0;
  let within = 0;
  for (const [i, row] of cells.entries()) {
    for (const [j, runs] of row.entries()) {
      const mean = cellMeans[i]![j]!;
      ofBoth += repeats * (mean - rowMeans[i]! - columnMeans[j]! + grand) ** 2;
      within += squares(runs, mean);
    }
  }
  const withinDf = rows * columns * (repeats - 1);
  const source = (name: string, sumOfSquares: number, df: number): VarianceSource => {
    const f = within === 0 || withinDf === 0 ? null : sumOfSquares / df / (within / withinDf);
    const p = f === null ? null : 1 - centralF.cdf(f, df, withinDf);
    return { source: name, degreesOfFreedom: df, sumOfSquares, f, p };
  };
  return [
    source(names[0], ofRows, rows - 1),
    source(names[1], ofColumns, columns - 1),
    source(`${names[0]} x ${names[1]}`, ofBoth, (rows - 1) * (columns - 1)),
    { source: 'within', degreesOfFreedom: withinDf, sumOfSquares: within, f: null, p: null },
  ];
}
