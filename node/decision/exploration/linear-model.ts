/**
 * Utility as a linear function of the four criteria, learned by ridge regression: the model of
 * LinUCB (Li, Chu, Langford and Schapire 2010), one for all arms. Plain data, so that a store can
 * keep it and a record can hold it.
 *
 * Does not forget: old outcomes count as much as new ones.
 *
 * @module
 */

import { requireFraction } from '../../cost/quantity-checks.ts';
import { FEATURE_COUNT } from './arms.ts';

/** Length of a feature vector: a constant 1, then the criteria. */
export const MODEL_SIZE = FEATURE_COUNT + 1;

/** Ridge regression after some outcomes. */
export interface LinearModel {
  /** Unit matrix plus the sum of x x', row by row: 25 numbers. */
  readonly a: readonly number[];
  /** Sum of utility * x: 5 numbers. */
  readonly b: readonly number[];
}

/** A fitted model, ready to score any number of arms. */
export interface LinearFit {
  /** Coefficients: the constant, then the criteria. Symbol theta. */
  readonly coefficients: Float64Array;
  /** Lower triangular factor of `a`, row by row. */
  readonly factor: Float64Array;
}

/** The model before any outcome: it expects nothing and is sure of nothing. */
export function newLinearModel(): LinearModel {
  const a = Array.from({ length: MODEL_SIZE * MODEL_SIZE }, (_, i) =>
    i % (MODEL_SIZE + 1) === 0 ? 1 : 0,
  );
  return { a, b: new Array<number>(MODEL_SIZE).fill(0) };
}

/**
 * The model after one more outcome. A model that cannot be used is begun anew.
 *
 * @param features - The four criteria of the contractor, in [0, 1], more is better.
 * @param utility - Of the outcome, in [0, 1].
 * @throws {@link RangeError} for a feature or a utility out of range.
 */
export function updatedLinearModel(
  model: LinearModel,
  features: readonly number[],
  utility: number,
): LinearModel {
  if (features.length !== FEATURE_COUNT) {
    throw new RangeError(`"features" expected ${FEATURE_COUNT} numbers, got ${features.length}`);
  }
  for (const feature of features) requireFraction('features', feature);
  requireFraction('utility', utility);
  const x = [1, ...features];
  const { a, b } = factorOf(model) === null ? newLinearModel() : model;
  return {
    a: a.map((value, i) => value + x[Math.floor(i / MODEL_SIZE)]! * x[i % MODEL_SIZE]!),
    b: b.map((value, i) => value + utility * x[i]!),
  };
}

/** Cholesky factor of `a`; `null` if the model is no model: a stored file may hold anything. */
function factorOf({ a, b }: LinearModel): Float64Array | null {
  if (a.length !== MODEL_SIZE * MODEL_SIZE || b.length !== MODEL_SIZE) return null;
  if (!a.every(Number.isFinite) || !b.every(Number.isFinite)) return null;
  const factor = new Float64Array(MODEL_SIZE * MODEL_SIZE);
  for (let row = 0; row < MODEL_SIZE; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = a[row * MODEL_SIZE + column]!;
      for (let k = 0; k < column; k++) {
        rest -= factor[row * MODEL_SIZE + k]! * factor[column * MODEL_SIZE + k]!;
      }
      if (row === column && !(rest > 0)) return null;
      const pivot = row === column ? Math.sqrt(rest) : factor[column * MODEL_SIZE + column]!;
      factor[row * MODEL_SIZE + column] = row === column ? pivot : rest / pivot;
    }
  }
  return factor;
}

/** Solves factor * z = x in place. */
function solveLower(factor: Float64Array, x: Float64Array): void {
  for (let row = 0; row < MODEL_SIZE; row++) {
    let rest = x[row]!;
    for (let k = 0; k < row; k++) rest -= factor[row * MODEL_SIZE + k]! * x[k]!;
    x[row] = rest / factor[row * MODEL_SIZE + row]!;
  }
}

/** Solves factor' * z = x in place. */
function solveUpper(factor: Float64Array, x: Float64Array): void {
  for (let row = MODEL_SIZE - 1; row >= 0; row--) {
    let rest = x[row]!;
    for (let k = row + 1; k < MODEL_SIZE; k++) rest -= factor[k * MODEL_SIZE + row]! * x[k]!;
    x[row] = rest / factor[row * MODEL_SIZE + row]!;
  }
}

/** The model; a new one if there is none or it cannot be used. */
export function usableLinearModel(model: LinearModel | null): LinearModel {
  return model === null || factorOf(model) === null ? newLinearModel() : model;
}

/** Coefficients of the model; those of a new one if there is none or it cannot be used. */
export function fitLinearModel(model: LinearModel | null): LinearFit {
  const own = model === null ? null : factorOf(model);
  const { a, b } = model === null || own === null ? newLinearModel() : model;
  const factor = own ?? Float64Array.from(a);
  const coefficients = Float64Array.from(b);
  solveLower(factor, coefficients);
  solveUpper(factor, coefficients);
  return { coefficients, factor };
}

/**
 * Upper confidence bound of the utility at `x`: theta . x + width * sqrt(x' A^-1 x).
 *
 * @param x - The constant 1, then the criteria. It is overwritten.
 */
export function upperBound(fit: LinearFit, x: Float64Array, width: number): number {
  const mean = expectedUtility(fit, x);
  return mean + width * deviation(fit, x);
}

/** Utility that the model expects at `x`: theta . x. */
export function expectedUtility({ coefficients }: LinearFit, x: Float64Array): number {
  let mean = 0;
  for (let i = 0; i < MODEL_SIZE; i++) mean += coefficients[i]! * x[i]!;
  return mean;
}

/**
 * How unsure the model is of that: sqrt(x' A^-1 x).
 *
 * @param x - It is overwritten.
 */
export function deviation({ factor }: LinearFit, x: Float64Array): number {
  solveLower(factor, x);
  let variance = 0;
  for (let i = 0; i < MODEL_SIZE; i++) variance += x[i]! * x[i]!;
  return Math.sqrt(variance);
}
