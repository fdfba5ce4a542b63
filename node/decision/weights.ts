/**
 * Weights of the criteria: what the market signals mixed with what was learned (paper Listing 1,
 * lines 15-23), then less weight for criteria that say the same as others (paper Eq. 11).
 *
 * Differs from the paper: weights never go below 0 and add up to 1 again; a correlation that is not
 * defined (fewer than three rows, a column without spread) counts as 0 (equations.md, Eq. 11).
 *
 * Does not learn: the historical weights are handed in.
 *
 * @module
 */

/** Share of the signals. Paper Listing 1, symbol beta. */
export const SIGNAL_SHARE = 0.7;

/** Paper Eq. (11), symbol alpha. */
export const CORRELATION_PENALTY = 0.3;

/** Fewest rows for which a correlation says anything. */
const MIN_CORRELATED_ROWS = 3;

/** Scaled to add up to 1; equal shares if all are zero. */
export function normaliseWeights(weights: ArrayLike<number>): number[] {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`"weights" expected finite numbers of 0 or more, got ${weight}`);
    }
    sum += weight;
  }
  const normalised: number[] = [];
  for (let i = 0; i < weights.length; i++) {
    normalised.push(sum === 0 ? 1 / weights.length : weights[i]! / sum);
  }
  return normalised;
}

/**
 * Signals and historical weights, mixed. Paper Listing 1, lines 15-23, before the normalisation.
 *
 * @param signals - Each in [0, 1], one per criterion.
 */
export function mixWeights(
  signals: ArrayLike<number>,
  historical: ArrayLike<number>,
  signalShare: number = SIGNAL_SHARE,
): number[] {
  if (signals.length !== historical.length) {
    throw new TypeError(
      `"historical" expected ${signals.length} weights, got ${historical.length}`,
    );
  }
  const mixed: number[] = [];
  for (let i = 0; i < signals.length; i++) {
    mixed.push(signalShare * signals[i]! + (1 - signalShare) * historical[i]!);
  }
  return mixed;
}

/** Pearson's coefficients of all pairs of columns; the diagonal is 1. */
export function correlationMatrix(columns: readonly Float64Array[], count: number): number[][] {
  const size = columns.length;
  const rho: number[][] = columns.map((_, i) => columns.map((__, j) => (i === j ? 1 : 0)));
  if (count < MIN_CORRELATED_ROWS) return rho;
  const means = columns.map((column) => meanUnlessConstant(column, count));
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const coefficient = pearson(columns[i]!, columns[j]!, count, means[i]!, means[j]!);
      rho[i]![j] = coefficient;
      rho[j]![i] = coefficient;
    }
  }
  return rho;
}

/** NaN for a column without spread. Its mean, rounded, could differ from each of its values. */
function meanUnlessConstant(column: Float64Array, count: number): number {
  const first = column[0]!;
  let isConstant = true;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const x = column[i]!;
    sum += x;
    if (x !== first) isConstant = false;
  }
  return isConstant ? NaN : sum / count;
}

function pearson(
  a: Float64Array,
  b: Float64Array,
  count: number,
  meanA: number,
  meanB: number,
): number {
  if (Number.isNaN(meanA) || Number.isNaN(meanB)) return 0;
  let products = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < count; i++) {
    const x = a[i]! - meanA;
    const y = b[i]! - meanB;
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const scale = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  if (!(scale > 0 && scale < Infinity)) return 0;
  return Math.max(-1, Math.min(1, products / scale));
}

/** Weights before and after the correction for correlation. */
export interface CorrelationAdjustedWeights {
  /** Before the clamp at 0; may be negative with five or more criteria. */
  readonly raw: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Less weight for criteria that repeat others. Paper Eq. (11). The weights returned add up to 1.
 */
export function correlationAdjusted(
  rho: readonly (readonly number[])[],
  weights: ArrayLike<number>,
  correlationPenalty: number = CORRELATION_PENALTY,
): CorrelationAdjustedWeights {
  if (weights.length !== rho.length) {
    throw new TypeError(`"weights" expected ${rho.length} entries, got ${weights.length}`);
  }
  const raw: number[] = [];
  let hasPositive = false;
  for (let i = 0; i < rho.length; i++) {
    let overlap = 0;
    for (let j = 0; j < rho.length; j++) if (j !== i) overlap += Math.abs(rho[i]![j]!);
    const adjusted = weights[i]! * (1 - correlationPenalty * overlap);
    if (adjusted > 0) hasPositive = true;
    raw.push(adjusted);
  }
  const usable = hasPositive ? raw.map((weight) => Math.max(0, weight)) : weights;
  return { raw, weights: normaliseWeights(usable) };
}
