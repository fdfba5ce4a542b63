/**
 * How long a task takes on this machine, learned from its runs there: the measured t_exec that
 * replaces the estimate in paper Eq. (2)-(5).
 *
 * Per task type: seconds = a + b bytes + c columns + d columns^3, no coefficient below 0. The first
 * part comes with every task, the second with its size. The others are for tables, whose bytes do
 * not tell their width: a simulation draws a number per column, a solver of linear equations takes
 * the cube. The coefficients are those of least absolute relative deviation over the last runs,
 * found by iteratively reweighted least squares (Schlossmacher 1973).
 *
 * Differs from the paper, whose Eq. (10) is a moving average: an average of seconds per byte mixes
 * sizes, and one run during which the machine collected garbage moves it for a dozen runs. The
 * deviations here are absolute and not squared, so that half of the runs may be odd. What is
 * predicted is therefore the usual run, not the mean of the usual and the odd ones.
 *
 * Does not see what a parameter asks for, such as a number of simulations.
 *
 * Does not measure, and does not store itself; {@link ExecutionTimes.toJSON} is what a store keeps.
 *
 * @module
 */

import { requireNonNegative, requirePositive } from './quantity-checks.ts';

/** Runs that are remembered per task type. */
export const MAX_RUNS = 32;

/** Task types that are remembered; the one used longest ago goes first. */
export const MAX_TASK_TYPES = 64;

/** Runs from which on the coefficients are fitted; before, the declared time is scaled. */
export const MIN_FITTED_RUNS = 3;

/** Bounds of predicted / declared: a size far beyond all runs must not give an absurd time. */
export const DECLARED_RATIO_LIMITS = { min: 0.001, max: 1_000 } as const;

/** Resolution of a process clock: a shorter time, measured or declared, is none. */
export const MIN_SECONDS = 1e-6;

/** Weight of a run beside the next newer one: an older machine state counts for less. */
const RECENCY = 0.9;
const FIT_ROUNDS = 12;
/** Deviations below are taken for equal: it keeps the weights finite. */
const MIN_DEVIATION = 0.1;
const MAX_SOLVER_SWEEPS = 200;
const SOLVER_TOLERANCE = 1e-9;

/** Size of a task's input. */
export interface WorkSize {
  readonly bytes: number;
  /** Columns of its widest table, 0 without one. Left out where the input is not at hand. */
  readonly columns?: number;
}

/** One run. */
export interface ExecutionRun {
  readonly bytes: number;
  readonly columns: number;
  /** What the executor declares for this size, before anything was measured. */
  readonly declaredSeconds: number;
  readonly seconds: number;
}

/** Serial form of {@link ExecutionTimes}, least recently used first; runs oldest first. */
export interface ExecutionTimesJson {
  readonly types: readonly {
    readonly taskType: string;
    /** Bytes, columns, declared seconds, seconds. */
    readonly runs: readonly (readonly [number, number, number, number])[];
  }[];
}

/** What is known of one task type. */
interface TypeRecord {
  readonly runs: readonly ExecutionRun[];
  /** Coefficients of {@link featuresOf}; `null` while there are too few runs. */
  readonly coefficients: readonly number[] | null;
}

/** Units of the parts that keep them of about one size. */
function featuresOf(bytes: number, columns: number): readonly number[] {
  return [1, bytes / 1e5, columns / 10, (columns / 10) ** 3];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Minimum of x'Ax/2 - b'x over x >= 0 by coordinate descent. A is positive semidefinite. */
function solveNonNegative(
  A: readonly (readonly number[])[],
  b: readonly number[],
  start: readonly number[],
): number[] {
  const x = [...start];
  for (let sweep = 0; sweep < MAX_SOLVER_SWEEPS; sweep++) {
    let change = 0;
    for (const [i, row] of A.entries()) {
      const own = row[i]!;
      if (own === 0) continue;
      const next = Math.max(0, x[i]! + (b[i]! - dot(row, x)) / own);
      change = Math.max(change, Math.abs(next - x[i]!));
      x[i] = next;
    }
    if (change <= SOLVER_TOLERANCE) break;
  }
  return x;
}

/** Non-negative coefficients of least absolute relative deviation. */
function fit(runs: readonly ExecutionRun[]): readonly number[] {
  const raw = runs.map(({ bytes, columns }) => featuresOf(bytes, columns));
  const scale = raw[0]!.map((_, k) => {
    const mean = raw.reduce((sum, features) => sum + features[k]!, 0) / runs.length;
    return mean > 0 ? mean : 1;
  });
  // Each row divided by its seconds: the deviation from 1 is the relative error.
  const rows = raw.map((features, i) =>
    features.map((value, k) => value / scale[k]! / runs[i]!.seconds),
  );
  const recency = runs.map((_, i) => RECENCY ** (runs.length - 1 - i));
  let weights = recency;
  let coefficients = scale.map(() => 0);
  for (let round = 0; round < FIT_ROUNDS; round++) {
    const A = scale.map((_, k) =>
      scale.map((__, l) => rows.reduce((sum, row, i) => sum + weights[i]! * row[k]! * row[l]!, 0)),
    );
    const b = scale.map((_, k) => rows.reduce((sum, row, i) => sum + weights[i]! * row[k]!, 0));
    coefficients = solveNonNegative(A, b, coefficients);
    weights = rows.map((row, i) => {
      const deviation = Math.abs(dot(row, coefficients) - 1);
      return recency[i]! / Math.max(deviation, MIN_DEVIATION);
    });
  }
  return coefficients.map((value, k) => value / scale[k]!);
}

/** Execution times of this machine, per task type. */
export class ExecutionTimes {
  readonly #types = new Map<string, TypeRecord>();

  /** @throws {@link RangeError} for a time or a size out of range. */
  static fromJSON(json: ExecutionTimesJson): ExecutionTimes {
    const times = new ExecutionTimes();
    for (const { taskType, runs } of json.types) {
      const read = runs.map(([bytes, columns, declaredSeconds, seconds]): ExecutionRun => {
        requireNonNegative('bytes', bytes);
        requireNonNegative('columns', columns);
        requirePositive('declaredSeconds', declaredSeconds);
        requirePositive('seconds', seconds);
        return { bytes, columns, declaredSeconds, seconds };
      });
      for (const run of read) times.#remember(taskType, run);
      times.#fit(taskType);
    }
    return times;
  }

  /** Runs of a type that are remembered. */
  runsOf(taskType: string): number {
    return this.#types.get(taskType)?.runs.length ?? 0;
  }

  /**
   * Seconds that a task will usually take: the declared time until a run was measured, then what
   * the runs say.
   *
   * @throws {@link RangeError} for a size or a declared time out of range.
   */
  predict(taskType: string, size: WorkSize, declaredSeconds: number): number {
    requireNonNegative('bytes', size.bytes);
    requireNonNegative('columns', size.columns ?? 0);
    requireNonNegative('declaredSeconds', declaredSeconds);
    const known = this.#types.get(taskType);
    if (!known || declaredSeconds === 0) return declaredSeconds;
    const { runs, coefficients } = known;
    if (coefficients === null) {
      return declaredSeconds * medianOf(runs.map((run) => run.seconds / run.declaredSeconds));
    }
    const columns = size.columns ?? medianOf(runs.map((run) => run.columns));
    const seconds = dot(featuresOf(size.bytes, columns), coefficients);
    const { min, max } = DECLARED_RATIO_LIMITS;
    return Math.min(max * declaredSeconds, Math.max(min * declaredSeconds, seconds));
  }

  /** Learns from one run. A time below {@link MIN_SECONDS} is no measure. */
  observe(taskType: string, run: ExecutionRun): void {
    requireNonNegative('bytes', run.bytes);
    requireNonNegative('columns', run.columns);
    requireNonNegative('declaredSeconds', run.declaredSeconds);
    requireNonNegative('seconds', run.seconds);
    this.#remember(taskType, run);
    this.#fit(taskType);
  }

  toJSON(): ExecutionTimesJson {
    return {
      types: [...this.#types].map(([taskType, { runs }]) => ({
        taskType,
        runs: runs.map((run) => [run.bytes, run.columns, run.declaredSeconds, run.seconds]),
      })),
    };
  }

  #remember(taskType: string, run: ExecutionRun): void {
    const { bytes, columns, declaredSeconds, seconds } = run;
    if (Math.min(seconds, declaredSeconds) < MIN_SECONDS) return;
    const before = this.#types.get(taskType)?.runs ?? [];
    const runs = [...before, { bytes, columns, declaredSeconds, seconds }].slice(-MAX_RUNS);
    this.#types.delete(taskType);
    this.#types.set(taskType, { runs, coefficients: null });
    if (this.#types.size <= MAX_TASK_TYPES) return;
    for (const oldest of this.#types.keys()) {
      this.#types.delete(oldest);
      break;
    }
  }

  #fit(taskType: string): void {
    const runs = this.#types.get(taskType)?.runs ?? [];
    if (runs.length < MIN_FITTED_RUNS) return;
    this.#types.set(taskType, { runs, coefficients: fit(runs) });
  }
}
