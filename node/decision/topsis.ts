/**
 * TOPSIS: the closeness of each alternative to the best and to the worst that the field offers
 * (Hwang and Yoon 1981; paper Listing 1, lines 26-36). Columns, not rows: one array per criterion.
 *
 * Scores are relative to the field. Alone, or among equals, an alternative has no score to speak
 * of: the result says so (`isDegenerate`) and the score is 0.5.
 *
 * An alternative that is no better in any criterion never scores higher, also not by rounding:
 * every step here is monotone in floating point. That is why the closeness is 1 / (1 + D+ / D-).
 *
 * @module
 */

import { summarise } from './column-summary.ts';
import type { ColumnSummary } from './column-summary.ts';

/** More is better, or less is. */
export type CriterionType = 'benefit' | 'cost';

/** `vector` as published; `minmax` as the paper's own code. */
export type Normalisation = 'vector' | 'minmax';

/** Alternatives as columns of criteria. Arrays may be longer than `count`; the rest is not read. */
export interface TopsisInput {
  readonly columns: readonly Float64Array[];
  readonly count: number;
  readonly types: readonly CriterionType[];
  /** Used as given: they need not add up to 1. */
  readonly weights: ArrayLike<number>;
  readonly normalisation: Normalisation;
  /** Of each column, if they are known already. */
  readonly summaries?: readonly ColumnSummary[];
}

/** Normalised value of a criterion: (x - offset) / scale, and 0 where the scale is 0. */
export interface ColumnScale {
  readonly offset: number;
  readonly scale: number;
  /** Range of the field before anything is done to it. */
  readonly min: number;
  readonly max: number;
  /** Best and worst weighted value of the field. */
  readonly ideal: number;
  readonly antiIdeal: number;
}

/** Result of {@link topsis}. The arrays are those handed in, or new ones. */
export interface TopsisResult {
  readonly scores: Float64Array;
  readonly scales: readonly ColumnScale[];
  /** Whether every alternative has every weighted value in common with every other. */
  readonly isDegenerate: boolean;
}

/** Arrays that {@link topsis} writes to, of at least `count` numbers. */
export interface TopsisArrays {
  readonly scores: Float64Array;
  /** Squares of the distances to both ideals. Left out: only the scores are kept. */
  readonly squaresToIdeal?: Float64Array;
  readonly squaresToAntiIdeal?: Float64Array;
}

/** Sums of squares outside this range have lost digits or overflowed. */
const SAFE_SQUARES = { min: 1e-250, max: 1e300 } as const;

function euclideanNorm(column: Float64Array, count: number, squares: number, max: number): number {
  if (max === 0) return 0;
  if (squares > SAFE_SQUARES.min && squares < SAFE_SQUARES.max) return Math.sqrt(squares);
  let scaled = 0;
  for (let i = 0; i < count; i++) scaled += (column[i]! / max) ** 2;
  return max * Math.sqrt(scaled);
}

/** Scales outside this range: to divide by them would lose digits or overflow. */
const SAFE_SCALES = { min: 1e-280, max: 1e280 } as const;

/** A column in the form that distances are taken in: weighted value = (x - offset) * factor. */
interface WeightedColumn {
  readonly numbers: Float64Array;
  readonly offset: number;
  readonly factor: number;
  readonly ideal: number;
  readonly antiIdeal: number;
}

/** @throws {@link RangeError} for a number that is negative or not finite. */
function requireRange(column: Float64Array, count: number, { min, max, sum }: ColumnSummary): void {
  if (count === 0 || (min >= 0 && max < Infinity && sum < Infinity)) return;
  const bad = column.subarray(0, count).find((x) => !(x >= 0 && x < Infinity));
  // A sum may overflow where no number does.
  if (bad === undefined) return;
  throw new RangeError(`"columns" expected finite numbers of 0 or more, got ${bad}`);
}

function weighted(
  column: Float64Array,
  count: number,
  type: CriterionType,
  weight: number,
  range: Omit<ColumnScale, 'ideal' | 'antiIdeal'>,
): WeightedColumn {
  const isSafe = range.scale > SAFE_SCALES.min && range.scale < SAFE_SCALES.max;
  const unit = isSafe || range.scale === 0 ? 1 : range.max;
  const numbers = unit === 1 ? column : column.slice(0, count).map((x) => x / unit);
  const factor = range.scale === 0 ? 0 : weight / (range.scale / unit);
  const offset = range.offset / unit;
  const low = (range.min / unit - offset) * factor;
  const high = (range.max / unit - offset) * factor;
  return type === 'benefit'
    ? { numbers, offset, factor, ideal: high, antiIdeal: low }
    : { numbers, offset, factor, ideal: low, antiIdeal: high };
}

/** Columns that one pass takes. */
const BLOCK = 4;

/** Four columns, the last of them repeated without weight where there are fewer. */
type Block = readonly [WeightedColumn, WeightedColumn, WeightedColumn, WeightedColumn];

function blockFrom(prepared: readonly WeightedColumn[], start: number): Block {
  const first = prepared[start]!;
  const nothing = { numbers: first.numbers, offset: 0, factor: 0, ideal: 0, antiIdeal: 0 };
  const at = (c: number): WeightedColumn => prepared[start + c] ?? nothing;
  return [first, at(1), at(2), at(3)];
}

/** Sums that wait for the columns still to come, and sums that are asked for. */
interface Sums {
  readonly toIdeal: Float64Array | null;
  readonly toAntiIdeal: Float64Array | null;
}

/**
 * One pass over four columns: adds the squares of the distances to both ideals to `before`,
 * keeps them in `after`, and makes scores of them: 1 / (1 + D+ / D-), the quotient taken before its
 * root. Each step is monotone.
 *
 * @returns whether no row is nearer to an ideal than another.
 */
function scoreBlock(
  [a, b, c, d]: Block,
  count: number,
  scores: Float64Array,
  before: Sums,
  after: Sums,
): boolean {
  const { numbers: as, offset: offsetA, factor: factorA, ideal: idealA, antiIdeal: antiA } = a;
  const { numbers: bs, offset: offsetB, factor: factorB, ideal: idealB, antiIdeal: antiB } = b;
  const { numbers: cs, offset: offsetC, factor: factorC, ideal: idealC, antiIdeal: antiC } = c;
  const { numbers: ds, offset: offsetD, factor: factorD, ideal: idealD, antiIdeal: antiD } = d;
  let apart = 0;
  for (let i = 0; i < count; i++) {
    const x = (as[i]! - offsetA) * factorA;
    const y = (bs[i]! - offsetB) * factorB;
    const z = (cs[i]! - offsetC) * factorC;
    const w = (ds[i]! - offsetD) * factorD;
    let toIdeal = (x - idealA) ** 2 + (y - idealB) ** 2 + ((z - idealC) ** 2 + (w - idealD) ** 2);
    let toAnti = (x - antiA) ** 2 + (y - antiB) ** 2 + ((z - antiC) ** 2 + (w - antiD) ** 2);
    if (before.toIdeal !== null) toIdeal += before.toIdeal[i]!;
    if (before.toAntiIdeal !== null) toAnti += before.toAntiIdeal[i]!;
    if (after.toIdeal !== null) after.toIdeal[i] = toIdeal;
    if (after.toAntiIdeal !== null) after.toAntiIdeal[i] = toAnti;
    const sum = toIdeal + toAnti;
    apart += sum;
    scores[i] = sum === 0 ? 0.5 : 1 / (1 + Math.sqrt(toIdeal / toAnti));
  }
  return apart === 0;
}

const NO_SUMS: Sums = { toIdeal: null, toAntiIdeal: null };

/** Scores over any number of columns, four at a time. */
function scoreAll(
  prepared: readonly WeightedColumn[],
  count: number,
  { scores, squaresToIdeal, squaresToAntiIdeal }: TopsisArrays,
): boolean {
  let before: Sums = NO_SUMS;
  let isDegenerate = true;
  if (prepared.length === 0) scores.fill(0.5, 0, count);
  for (let c = 0; c < prepared.length; c += BLOCK) {
    const isLast = c + BLOCK >= prepared.length;
    const after: Sums = {
      toIdeal: squaresToIdeal ?? (isLast ? null : new Float64Array(count)),
      toAntiIdeal: squaresToAntiIdeal ?? (isLast ? null : new Float64Array(count)),
    };
    isDegenerate = scoreBlock(blockFrom(prepared, c), count, scores, before, after);
    before = after;
  }
  return isDegenerate;
}

/**
 * Scores in [0, 1], higher is better. Columns without spread contribute nothing.
 *
 * @throws {@link RangeError} for an entry or a weight that is negative or not finite, and
 *   {@link TypeError} if columns, types and weights differ in number.
 */
export function topsis(
  input: TopsisInput,
  arrays: TopsisArrays = { scores: new Float64Array(input.count) },
): TopsisResult {
  const { columns, count, types, weights, normalisation } = input;
  if (types.length !== columns.length || weights.length !== columns.length) {
    throw new TypeError(
      `"types" and "weights" expected ${columns.length} entries, ` +
        `got ${types.length} and ${weights.length}`,
    );
  }
  const scales: ColumnScale[] = [];
  const prepared: WeightedColumn[] = [];
  for (let c = 0; c < columns.length; c++) {
    const weight = weights[c]!;
    const column = columns[c]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`"weights" expected finite numbers of 0 or more, got ${weight}`);
    }
    const summary = input.summaries?.[c] ?? summarise(column, count);
    requireRange(column, count, summary);
    const { min, max, squares } = summary;
    const isMinMax = normalisation === 'minmax';
    const scale = isMinMax ? max - min : euclideanNorm(column, count, squares, max);
    const range = { offset: isMinMax ? min : 0, scale, min, max };
    const ready = weighted(column, count, types[c]!, weight, range);
    prepared.push(ready);
    const { offset } = range;
    scales.push({ offset, scale, min, max, ideal: ready.ideal, antiIdeal: ready.antiIdeal });
  }
  const isDegenerate = scoreAll(prepared, count, arrays);
  return { scores: arrays.scores, scales, isDegenerate };
}

/** Index of the highest score, the first of equals; -1 for none. */
export function bestIndex(scores: Float64Array, count: number): number {
  let best = -1;
  for (let i = 0; i < count; i++) if (best < 0 || scores[i]! > scores[best]!) best = i;
  return best;
}
