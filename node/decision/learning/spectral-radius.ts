/**
 * The second-largest eigenvalue modulus of a Markov chain, in a bounded number of steps.
 *
 * The eigenvalue 1 is taken out first: a row-stochastic P has 1 = (1, ..., 1) as right eigenvector
 * of it, so P - 1 v with v . 1 = 1 has the same eigenvalues but a 0 for that 1 (Brauer 1952;
 * Wielandt deflation). What is left is a spectral radius, by Gelfand's formula: the limit of the
 * k-th root of the norm of the k-th power, with k doubled by squaring. Pairs of complex
 * eigenvalues, periodic and defective matrices need no case of their own.
 *
 * Why not the eigenvalues themselves: the QR iterations at hand go on until they converge and have
 * no bound, and these matrices are made of what contractors do.
 *
 * @module
 */

/** The power of two that the matrix is raised to. Beyond, the root of the norm no longer moves. */
const SQUARINGS = 48;

/** Distance from 1 within which a modulus is 1: rounding must not make a periodic chain mix. */
const ROUNDING = 1e-9;

/** Most that a row of a stochastic matrix may differ from 1 in sum. */
const ROW_SUM_TOLERANCE = 1e-9;

type Matrix = readonly Float64Array[];

function squared(matrix: Matrix): Matrix {
  const size = matrix.length;
  return matrix.map((row) => {
    const product = new Float64Array(size);
    for (let k = 0; k < size; k++) {
      const factor = row[k]!;
      if (factor === 0) continue;
      const other = matrix[k]!;
      for (let j = 0; j < size; j++) product[j] = product[j]! + factor * other[j]!;
    }
    return product;
  });
}

/** Scales `matrix` to norm 1 in place and returns the norm (Frobenius) that it had. */
function normalise(matrix: Matrix): number {
  let squares = 0;
  for (const row of matrix) for (const x of row) squares += x * x;
  const norm = Math.sqrt(squares);
  if (norm === 0) return 0;
  for (const row of matrix) for (let j = 0; j < row.length; j++) row[j] = row[j]! / norm;
  return norm;
}

/** Largest modulus of an eigenvalue. Gelfand's formula. */
function spectralRadius(start: Matrix): number {
  let matrix = start;
  let logRadius = 0;
  let weight = 1;
  for (let i = 0; i <= SQUARINGS; i++) {
    const norm = normalise(matrix);
    if (norm === 0) return 0;
    logRadius += weight * Math.log(norm);
    weight /= 2;
    if (i < SQUARINGS) matrix = squared(matrix);
  }
  return Math.exp(logRadius);
}

function requireStochastic(matrix: readonly (readonly number[])[]): void {
  for (const row of matrix) {
    if (row.length !== matrix.length) {
      throw new TypeError(`"matrix" expected rows of ${matrix.length} entries, got ${row.length}`);
    }
    const sum = row.reduce((total, x) => total + x, 0);
    if (!(Math.abs(sum - 1) <= ROW_SUM_TOLERANCE) || row.some((x) => !(x >= 0))) {
      throw new RangeError(`"matrix" expected rows of probabilities, got a row with sum ${sum}`);
    }
  }
}

/**
 * Second-largest modulus of the eigenvalues of a row-stochastic matrix, in [0, 1]; 0 for a single
 * state, and for none. 1 if the chain is periodic, or falls into parts that never meet.
 *
 * Accurate to about 1e-9 where the eigenvalues are well conditioned, and to the square root of
 * the machine precision where equal ones share an eigenvector.
 *
 * @throws {@link TypeError} unless the matrix is square, {@link RangeError} unless it is
 * stochastic.
 */
export function secondEigenvalueModulus(matrix: readonly (readonly number[])[]): number {
  requireStochastic(matrix);
  const size = matrix.length;
  if (size < 2) return 0;
  const deflated = matrix.map((row) => Float64Array.from(row, (x) => x - 1 / size));
  const radius = spectralRadius(deflated);
  return radius > 1 - ROUNDING ? 1 : radius;
}
