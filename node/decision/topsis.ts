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
}

/** Normalised value of a criterion: (x - offset) / scale, and 0 where the scale is 0. */
export interface ColumnScale {
  readonly offset: number;
  readonly scale: number;
  /** Best and worst weighted value of the field. */
  readonly ideal: number;
  readonly antiIdeal: number;
}

/** Result of {@link topsis}. The arrays are those handed in, or new ones. */
export interface TopsisResult {
  readonly scores: Float64Array;
  readonly distancesToIdeal: Float64Array;
  readonly distancesToAntiIdeal: Float64Array;
  readonly scales: readonly ColumnScale[];
  /** Whether every alternative has every weighted value in common with every other. */
  readonly isDegenerate: boolean;
}

/** Arrays that {@link topsis} may write to, of at least `count` numbers. */
export interface TopsisArrays {
  readonly scores: Float64Array;
  readonly distancesToIdeal: Float64Array;
  readonly distancesToAntiIdeal: Float64Array;
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

/** Normalised and weighted value; what all of this file compares. */
function weigh(x: number, offset: number, scale: number, weight: number): number {
  return scale === 0 ? 0 : ((x - offset) / scale) * weight;
}

function scaleOf(
  column: Float64Array,
  count: number,
  type: CriterionType,
  weight: number,
  normalisation: Normalisation,
): ColumnScale {
  let min = Infinity;
  let max = -Infinity;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const x = column[i]!;
    if (!(x >= 0 && x < Infinity)) {
      throw new RangeError(`"columns" expected finite numbers of 0 or more, got ${x}`);
    }
    if (x < min) min = x;
    if (x > max) max = x;
    squares += x * x;
  }
  const offset = normalisation === 'minmax' ? min : 0;
  const scale = normalisation === 'minmax' ? max - min : euclideanNorm(column, count, squares, max);
  const low = weigh(min, offset, scale, weight);
  const high = weigh(max, offset, scale, weight);
  return type === 'benefit'
    ? { offset, scale, ideal: high, antiIdeal: low }
    : { offset, scale, ideal: low, antiIdeal: high };
}

function newArrays(count: number): TopsisArrays {
  return {
    scores: new Float64Array(count),
    distancesToIdeal: new Float64Array(count),
    distancesToAntiIdeal: new Float64Array(count),
  };
}

/** Squares of the distance of each value to both ideals, added to what stands there. */
function addSquares(
  column: Float64Array,
  count: number,
  { offset, scale, ideal, antiIdeal }: ColumnScale,
  weight: number,
  { distancesToIdeal, distancesToAntiIdeal }: TopsisArrays,
): void {
  if (scale === 0) return;
  for (let i = 0; i < count; i++) {
    const weighted = ((column[i]! - offset) / scale) * weight;
    const toIdeal = weighted - ideal;
    const toAntiIdeal = weighted - antiIdeal;
    distancesToIdeal[i] = distancesToIdeal[i]! + toIdeal * toIdeal;
    distancesToAntiIdeal[i] = distancesToAntiIdeal[i]! + toAntiIdeal * toAntiIdeal;
  }
}

/**
 * Scores in [0, 1], higher is better. Columns without spread contribute nothing.
 *
 * @throws {@link RangeError} for an entry or a weight that is negative or not finite, and
 *   {@link TypeError} if columns, types and weights differ in number.
 */
export function topsis(input: TopsisInput, arrays = newArrays(input.count)): TopsisResult {
  const { columns, count, types, weights, normalisation } = input;
  if (types.length !== columns.length || weights.length !== columns.length) {
    throw new TypeError(
      `"types" and "weights" expected ${columns.length} entries, ` +
        `got ${types.length} and ${weights.length}`,
    );
  }
  const { scores, distancesToIdeal, distancesToAntiIdeal } = arrays;
  distancesToIdeal.fill(0, 0, count);
  distancesToAntiIdeal.fill(0, 0, count);
  const scales: ColumnScale[] = [];
  for (let c = 0; c < columns.length; c++) {
    const weight = weights[c]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`"weights" expected finite numbers of 0 or more, got ${weight}`);
    }
    const scale = scaleOf(columns[c]!, count, types[c]!, weight, normalisation);
    scales.push(scale);
    addSquares(columns[c]!, count, scale, weight, arrays);
  }
  let isDegenerate = true;
  for (let i = 0; i < count; i++) {
    const toIdeal = Math.sqrt(distancesToIdeal[i]!);
    const toAntiIdeal = Math.sqrt(distancesToAntiIdeal[i]!);
    distancesToIdeal[i] = toIdeal;
    distancesToAntiIdeal[i] = toAntiIdeal;
    if (toIdeal + toAntiIdeal === 0) {
      scores[i] = 0.5;
    } else {
      isDegenerate = false;
      scores[i] = 1 / (1 + toIdeal / toAntiIdeal);
    }
  }
  return { scores, distancesToIdeal, distancesToAntiIdeal, scales, isDegenerate };
}

/** Index of the highest score, the first of equals; -1 for none. */
export function bestIndex(scores: Float64Array, count: number): number {
  let best = -1;
  for (let i = 0; i < count; i++) if (best < 0 || scores[i]! > scores[best]!) best = i;
  return best;
}
