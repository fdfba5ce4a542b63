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

/** Weights before and after the correction for correlation. */
export interface CorrelationAdjustedWeights {
  /** Before the clamp at 0; may be negative with five or more criteria. */
  readonly raw: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Less weight for criteria that repeat others. Paper Eq. (11). The weights returned add up to 1.
 *
 * @param rho - Coefficients of all pairs, row by row: `correlationMatrix`.
 */
export function correlationAdjusted(
  rho: ArrayLike<number>,
  weights: ArrayLike<number>,
  correlationPenalty: number = CORRELATION_PENALTY,
): CorrelationAdjustedWeights {
  const size = weights.length;
  if (rho.length !== size * size) {
    throw new TypeError(`"rho" expected ${size * size} coefficients, got ${rho.length}`);
  }
  const raw: number[] = [];
  const usable: number[] = [];
  let hasPositive = false;
  for (let i = 0; i < size; i++) {
    let overlap = 0;
    for (let j = 0; j < size; j++) if (j !== i) overlap += Math.abs(rho[i * size + j]!);
    const adjusted = weights[i]! * (1 - correlationPenalty * overlap);
    if (adjusted > 0) hasPositive = true;
    raw.push(adjusted);
    usable.push(adjusted > 0 ? adjusted : 0);
  }
  return { raw, weights: normaliseWeights(hasPositive ? usable : weights) };
}
