/**
 * Monte Carlo simulation of a portfolio's losses: daily returns are drawn from the normal
 * distribution with the sample's mean m and covariance S, S = LL' by Cholesky. Returns of different
 * days are independent, so those of a horizon of h days have mean hm and covariance hS.
 *
 * The return of a portfolio is linear in the normal numbers z of a draw, w'(hm + sqrt(h) L z), so a
 * draw costs as many steps as there are assets. What each asset adds to the expected shortfall
 * (Euler's allocation) needs the mean of z over the tail only: its draws are made again.
 *
 * Everything is a fixed sequence of IEEE 754 operations: same table and seed, same numbers.
 *
 * @module
 */

import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { ExecutorFailedError } from './errors.ts';
import { NormalDraws } from './normal-draws.ts';
import type { PriceTable } from './price-table.ts';
import { yieldToEventLoop } from './time-limit.ts';
import { tailRisk, tailSize } from './value-at-risk.ts';
import type { TailRisk } from './value-at-risk.ts';

/** Mean and covariance of daily returns. */
export interface ReturnModel {
  readonly mean: readonly number[];
  /** Standard deviations. */
  readonly deviations: readonly number[];
  /** L: lower triangular, LL' is the covariance. */
  readonly factor: Matrix;
}

/** What is simulated. */
export interface SimulationRequest {
  readonly model: ReturnModel;
  readonly weights: readonly number[];
  readonly horizonDays: number;
  readonly draws: number;
  /** Any text; it determines every draw. */
  readonly seed: string;
  readonly confidenceLevels: readonly number[];
}

/** Risk at one level of confidence, and whose it is. */
export interface SimulatedRisk extends TailRisk {
  /** What each asset adds to the expected shortfall; they add up to it. */
  readonly contributions: number[];
}

/**
 * Added to the diagonal of the correlations, so that assets that move alike, or do not move, leave
 * them positive definite. It raises no variance by more than a ten-millionth of a percent.
 */
const RIDGE = 1e-9;
const PRODUCTS_PER_SLICE = 2_000_000;
const NORMALS_PER_SLICE = 200_000;
const WORDS_PER_STATE = 4;

/**
 * Sample mean and covariance of the simple daily returns of a table, factored.
 *
 * @throws the signal's reason; {@link ExecutorFailedError} if rounding leaves no factor.
 */
export async function fitReturns(table: PriceTable, signal: AbortSignal): Promise<ReturnModel> {
  const assets = table.assets.length;
  const returns = new Matrix(
    table.rows.slice(1).map((row, day) => {
      const before = table.rows[day] ?? [];
      return row.map((price, asset) => price / (before[asset] ?? price) - 1);
    }),
  );
  await yieldToEventLoop(signal);
  const mean = returns.mean('column');
  returns.subRowVector(mean);
  const covariance = Matrix.zeros(assets, assets);
  const rowsPerSlice = Math.ceil(PRODUCTS_PER_SLICE / (assets * assets));
  for (let first = 0; first < returns.rows; first += rowsPerSlice) {
    await yieldToEventLoop(signal);
    const last = Math.min(first + rowsPerSlice, returns.rows) - 1;
    const block = returns.subMatrix(first, last, 0, assets - 1);
    covariance.add(block.transpose().mmul(block));
  }
  covariance.mul(1 / (returns.rows - 1));
  const deviations = covariance.diagonal().map(Math.sqrt);
  return { mean, deviations, factor: factorise(covariance, deviations) };
}

/** L of a covariance. The correlations are factored, where all assets have the same scale. */
function factorise(covariance: Matrix, deviations: readonly number[]): Matrix {
  const correlation = Matrix.eye(covariance.rows, covariance.rows, 1 + RIDGE);
  for (let i = 0; i < covariance.rows; i++) {
    for (let j = 0; j < i; j++) {
      const product = (deviations[i] ?? 0) * (deviations[j] ?? 0);
      const value = product > 0 ? covariance.get(i, j) / product : 0;
      correlation.set(i, j, value);
      correlation.set(j, i, value);
    }
  }
  const cholesky = new CholeskyDecomposition(correlation);
  if (!cholesky.isPositiveDefinite()) {
    throw new ExecutorFailedError('NUMERICAL', {
      cause: new Error('the correlations are not positive definite'),
    });
  }
  return cholesky.lowerTriangularMatrix.clone().mulColumnVector([...deviations]);
}

/**
 * Simulated risk at each level, in the order of the levels.
 *
 * @throws the signal's reason.
 */
export async function simulateRisk(
  request: SimulationRequest,
  signal: AbortSignal,
): Promise<SimulatedRisk[]> {
  const { model, weights, horizonDays, draws, seed, confidenceLevels } = request;
  const rootHorizon = Math.sqrt(horizonDays);
  const drift = horizonDays * dot(model.mean, weights);
  // sqrt(h) L'w: what one unit of each normal number is worth.
  const exposures = model.factor
    .transpose()
    .mmul(Matrix.columnVector([...weights]))
    .mul(rootHorizon)
    .to1DArray();
  const generator = NormalDraws.fromSeed(seed);
  const normals = new Float64Array(weights.length);
  const states = new Uint32Array(WORDS_PER_STATE * draws);
  const losses = new Float64Array(draws);
  const drawsPerSlice = Math.ceil(NORMALS_PER_SLICE / weights.length);
  for (let draw = 0; draw < draws; draw++) {
    if (draw % drawsPerSlice === 0) await yieldToEventLoop(signal);
    states.set(generator.state, WORDS_PER_STATE * draw);
    generator.fill(normals);
    losses[draw] = 0 - (drift + dot(exposures, normals));
  }
  await yieldToEventLoop(signal);
  const sorted = losses.toSorted();
  const risks = confidenceLevels.map((confidence) => tailRisk(sorted, confidence));
  const tails = risks.map((risk) => new TailMean(sorted, risk, weights.length));
  for (let draw = 0; draw < draws; draw++) {
    if (draw % drawsPerSlice === 0) await yieldToEventLoop(signal);
    const loss = losses[draw] ?? 0;
    const hit = tails.filter(({ border }) => loss >= border);
    if (hit.length === 0) continue;
    generator.state.set(states.subarray(WORDS_PER_STATE * draw, WORDS_PER_STATE * (draw + 1)));
    generator.fill(normals);
    for (const tail of hit) tail.add(loss, normals);
  }
  return risks.map((risk, i) => {
    const normal = Matrix.columnVector(tails[i]?.mean() ?? []);
    const moves = model.factor.mmul(normal).mul(rootHorizon).to1DArray();
    const contributions = weights.map((weight, asset) => {
      const expected = horizonDays * (model.mean[asset] ?? 0) + (moves[asset] ?? 0);
      return 0 - weight * expected;
    });
    return { ...risk, contributions };
  });
}

/** Mean of the normal numbers of the draws in a tail. */
class TailMean {
  /** Smallest loss in the tail. */
  readonly border: number;
  readonly #sums: Float64Array;
  readonly #size: number;
  /** Weight of a draw whose loss is the border itself. */
  readonly #borderWeight: number;

  /** @param sorted - All losses, ascending. */
  constructor(sorted: Float64Array, { confidence, valueAtRisk }: TailRisk, dimensions: number) {
    this.border = valueAtRisk;
    this.#sums = new Float64Array(dimensions);
    this.#size = tailSize(sorted.length, confidence);
    const above = sorted.length - 1 - sorted.findLastIndex((loss) => loss <= valueAtRisk);
    const equal = sorted.length - above - sorted.findIndex((loss) => loss >= valueAtRisk);
    this.#borderWeight = Math.max(0, this.#size - above) / equal;
  }

  add(loss: number, normals: Float64Array): void {
    const weight = loss > this.border ? 1 : this.#borderWeight;
    for (let i = 0; i < normals.length; i++) {
      this.#sums[i] = (this.#sums[i] ?? 0) + weight * (normals[i] ?? 0);
    }
  }

  mean(): number[] {
    return Array.from(this.#sums, (sum) => sum / this.#size);
  }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
