/**
 * Paper Eq. (14) in fixed point, from the sums of a record and the hour of a block (wire-formats.md
 * 5.3). Two forms, as in `node/decision/reliability.ts`: the literal one, in which the whole score
 * decays, and the one in which the evidence does. The prior is Beta(1, 1).
 *
 * @module
 */

import { DECAY_BITS, ONE_Q32, decay, decayFactor } from './decay.ts';
import type { ScoreRecord } from './records.ts';

/** Score in Q32 as Eq. (14) is printed; one half while there is no outcome. */
export function literalScoreQ32(record: ScoreRecord, hour: number): bigint {
  const { successes, total } = record;
  if (total === 0n) return ONE_Q32 / 2n;
  const factorQ32 = decayFactor(hour - record.hour) >> (DECAY_BITS - 32n);
  return ((ONE_Q32 + successes) * factorQ32) / (2n * ONE_Q32 + total);
}

/** Score in Q32 whose evidence fades, so that it goes back to one half. */
export function evidenceScoreQ32(record: ScoreRecord, hour: number): bigint {
  const hours = hour - record.hour;
  const successes = decay(record.fadedSuccesses, hours);
  const total = decay(record.fadedTotal, hours);
  return ((ONE_Q32 + successes) * ONE_Q32) / (2n * ONE_Q32 + total);
}

/** A score in Q32 as a fraction, for people and for the decision engine. */
export function fractionOfQ32(scoreQ32: bigint): number {
  return Number(scoreQ32) / 2 ** 32;
}
