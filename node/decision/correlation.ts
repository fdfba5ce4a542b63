/**
 * Pearson's correlation of all pairs of columns, for paper Eq. (11).
 *
 * A coefficient that is not defined, because there are fewer than three rows or a column has no
 * spread, counts as 0 (equations.md, Eq. 11).
 *
 * @module
 */

import { summarise } from './column-summary.ts';
import type { ColumnSummary } from './column-summary.ts';

/** Fewest rows for which a correlation says anything. */
const MIN_ROWS = 3;

/** A column and its mean. */
interface Centred {
  readonly numbers: Float64Array;
  readonly mean: number;
}

/**
 * Coefficients of all pairs, row by row; the diagonal is 1.
 *
 * @param summaries - Of the columns, if they are known already.
 * @param rho - To write to; as many numbers as there are pairs.
 */
export function correlationMatrix(
  columns: readonly Float64Array[],
  count: number,
  summaries: readonly ColumnSummary[] = columns.map((column) => summarise(column, count)),
  rho: Float64Array = new Float64Array(columns.length ** 2),
): Float64Array {
  const size = columns.length;
  rho.fill(0);
  // Two by two: with four columns, three passes over the rows see all of their products.
  for (let i = 0; i < size && count >= MIN_ROWS; i += 2) {
    for (let j = i; j < size; j += 2) {
      addMoments(columns, count, summaries, i, j, rho);
    }
  }
  for (let i = 0; i < size; i++) {
    // The mean of equal numbers, rounded, could differ from each of them.
    if (summaries[i]!.min === summaries[i]!.max) rho[i * size + i] = 0;
  }
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const scale = Math.sqrt(rho[i * size + i]!) * Math.sqrt(rho[j * size + j]!);
      const isDefined = scale > 0 && scale < Infinity;
      const coefficient = isDefined ? rho[i * size + j]! / scale : 0;
      rho[i * size + j] = Math.max(-1, Math.min(1, coefficient));
      rho[j * size + i] = rho[i * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) rho[i * size + i] = 1;
  return rho;
}

function centred(
  columns: readonly Float64Array[],
  count: number,
  summaries: readonly ColumnSummary[],
  i: number,
): Centred | null {
  const numbers = columns[i];
  return numbers === undefined ? null : { numbers, mean: summaries[i]!.sum / count };
}

/**
 * Sums over the rows of the products of distances from the means: of columns i and i + 1 with
 * columns j and j + 1. Where one is missing, another stands in, and its sums are not kept.
 */
function addMoments(
  columns: readonly Float64Array[],
  count: number,
  summaries: readonly ColumnSummary[],
  i: number,
  j: number,
  moments: Float64Array,
): void {
  const size = columns.length;
  const a = centred(columns, count, summaries, i)!;
  const b = centred(columns, count, summaries, i + 1) ?? a;
  const c = centred(columns, count, summaries, j)!;
  const d = centred(columns, count, summaries, j + 1) ?? c;
  const { numbers: as, mean: meanA } = a;
  const { numbers: bs, mean: meanB } = b;
  const { numbers: cs, mean: meanC } = c;
  const { numbers: ds, mean: meanD } = d;
  let ac = 0;
  let ad = 0;
  let bc = 0;
  let bd = 0;
  for (let row = 0; row < count; row++) {
    const x = as[row]! - meanA;
    const y = bs[row]! - meanB;
    const z = cs[row]! - meanC;
    const w = ds[row]! - meanD;
    ac += x * z;
    ad += x * w;
    bc += y * z;
    bd += y * w;
  }
  moments[i * size + j] = ac;
  if (j + 1 < size) moments[i * size + j + 1] = ad;
  if (i + 1 < size) moments[(i + 1) * size + j] = bc;
  if (i + 1 < size && j + 1 < size) moments[(i + 1) * size + j + 1] = bd;
}
