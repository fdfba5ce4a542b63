/**
 * The decision matrix of one task: a row per candidate that can be judged, a column per figure. The
 * first four columns are the criteria that are compared; the others are what they were made of and
 * what the gates ask.
 *
 * Rows from 0 are the field. Rows from the end hold candidates that miss the skill threshold alone:
 * no hard limit forbids to explore them.
 *
 * Memory only: `admission.ts` and `judgement.ts` fill it, again and again.
 *
 * @module
 */

import { newColumnSummary } from './column-summary.ts';
import { CRITERIA } from './criteria.ts';

/** One array per column. A literal: objects filled name by name are slow to read. */
function newColumns(capacity: number) {
  return {
    costMicroUsd: new Float64Array(capacity),
    reliability: new Float64Array(capacity),
    latencyMinutes: new Float64Array(capacity),
    securityRisk: new Float64Array(capacity),
    /** Probability of any mishap: the bracket of Eq. (9). */
    mishap: new Float64Array(capacity),
    /** Communication, verification and integration, calibrated: spent whatever comes of it. */
    handlingMicroUsd: new Float64Array(capacity),
    /** Smoothed success rate; NaN without an outcome. */
    successMean: new Float64Array(capacity),
    confidence: new Float64Array(capacity),
    scores: new Float64Array(capacity),
  };
}

/** Columns that only an explanation reads. */
function newDetails(capacity: number) {
  return {
    compatibility: new Float64Array(capacity),
    breach: new Float64Array(capacity),
    poorQuality: new Float64Array(capacity),
    communicationMicroUsd: new Float64Array(capacity),
    verificationMicroUsd: new Float64Array(capacity),
    integrationMicroUsd: new Float64Array(capacity),
    riskMicroUsd: new Float64Array(capacity),
    latencyMicroUsd: new Float64Array(capacity),
  };
}

/** Columns of a matrix, one number per row. */
export type MatrixColumns = Readonly<ReturnType<typeof newColumns>>;

/** The same for what is filled on request. */
export type MatrixDetails = Readonly<ReturnType<typeof newDetails>>;

/** Rows of one decision, in memory that is used again for the next. */
export class DecisionMatrix {
  /** Rows of the field, from 0. */
  count = 0;
  /** First of the rows, up to the capacity, that miss the skill threshold alone. */
  explorableFrom = 0;
  capacity = 0;
  columns!: MatrixColumns;
  details!: MatrixDetails;
  /** The four criteria in the order of `CRITERIA`. */
  criteria!: readonly Float64Array[];
  /** Row -> index in the table. */
  candidateIndex!: Int32Array;
  /** Index in the table -> code in `DROP_REASONS`. */
  dropCodes!: Uint8Array;
  /** Range, sum and sum of squares of each criterion over the field. */
  readonly summaries = CRITERIA.map(newColumnSummary);
  /** Correlations of the criteria, row by row. */
  readonly rho = new Float64Array(CRITERIA.length ** 2);
  /** Sum of the field's scarcities (Listing 1), each in [0, 1]. */
  marketPressure = 0;

  constructor(capacity = 64) {
    this.#allocate(capacity);
  }

  /** Makes room, and forgets what stood here. */
  clear(capacity: number): void {
    if (this.capacity < capacity) this.#allocate(capacity);
    this.count = 0;
    this.explorableFrom = this.capacity;
    this.marketPressure = 0;
  }

  #allocate(capacity: number): void {
    this.capacity = capacity;
    this.columns = newColumns(capacity);
    this.details = newDetails(capacity);
    const { costMicroUsd, reliability, latencyMinutes, securityRisk } = this.columns;
    this.criteria = [costMicroUsd, reliability, latencyMinutes, securityRisk];
    this.candidateIndex = new Int32Array(capacity);
    this.dropCodes = new Uint8Array(capacity);
  }
}
