/**
 * What the benchmarks share: rows, medians, and the same-run reference that absolute times are
 * scaled by (architecture.md 9).
 *
 * @module
 */

import { sha256 } from '../../crypto/hash.ts';
import { systemClock } from '../../node/system-clock.ts';

/** One row of the answer. */
export interface BenchRow {
  readonly bench: string;
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  /** The same figure of the baseline, measured in the same run. */
  readonly baseline?: number;
  readonly ratio?: number;
  readonly bar?: number;
  readonly met?: boolean;
}

/** One benchmark. */
export type Bench = (onProgress: (text: string) => void) => Promise<readonly BenchRow[]>;

/** Median of the numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Smallest of the values that `percent` of them do not exceed; NaN for none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Nominal time of the reference on the machine that the bars were set on. */
export const REFERENCE_NOMINAL_US = 31.4;
const REFERENCE_ROUNDS = 2_000;

/** Native SHA-256 of 64 KiB, in microseconds, now and here. */
export function measureReferenceUs(rounds: number = REFERENCE_ROUNDS): number {
  const bytes = new Uint8Array(65_536);
  const samples: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const startMs = systemClock.monotonicMs();
    sha256(bytes);
    samples.push((systemClock.monotonicMs() - startMs) * 1_000);
  }
  return median(samples);
}

/**
 * A row with its bar, scaled by the reference that was measured between the runs (architecture.md
 * 9).
 *
 * @param row - `bar` is that of the nominal machine, in the unit of the value.
 */
export function rowOf(row: BenchRow & { readonly bar: number }, referenceUs: number): BenchRow {
  const bar = (row.bar * referenceUs) / REFERENCE_NOMINAL_US;
  return { ...row, bar, met: row.value <= bar };
}
