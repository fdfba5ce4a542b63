/**
 * What one outcome does to the records (wire-formats.md 5.3): it counts by how far its rater is
 * believed and by its price, a pair and all newcomers together have caps, and a rater whose word
 * differs from everybody else's loses credibility.
 *
 * @module
 */

import { ONE_Q32, decay } from './decay.ts';
import { NEW_RATER, NO_PAIR, NO_SCORE, pairKey, raterKey, scoreKey } from './records.ts';
import type { PairRecord, RaterRecord, ReputationRecords, ScoreRecord } from './records.ts';
import type { ScoreSubject } from './records.ts';

/** Parameters of the genesis. Weights in Q32. */
export interface ReputationParameters {
  /** c0: credibility of a newcomer, and the least there is. */
  readonly newcomerCredibility: bigint;
  /** capPair: most faded weight of one pair. */
  readonly pairCap: bigint;
  /** capNew: most faded weight of all newcomers together, beside a quarter of the others'. */
  readonly newcomerCap: bigint;
  /** pFull: price from which an outcome counts in full. */
  readonly fullPriceMicroUsd: bigint;
  /** Raters that are believed in any case: where the flow of trust starts. */
  readonly seeds: ReadonlySet<string>;
}

/** The values of wire-formats.md 5.3, without seeds. */
export const REPUTATION_DEFAULTS: ReputationParameters = {
  newcomerCredibility: ONE_Q32 / 16n,
  pairCap: 4n * ONE_Q32,
  newcomerCap: 2n * ONE_Q32,
  fullPriceMicroUsd: 100_000n,
  seeds: new Set(),
};

/** What one side of a contract found of the other. */
export interface Outcome extends ScoreSubject {
  readonly rater: string;
  readonly isPass: boolean;
  /** b, in Q32. */
  readonly baseWeight: bigint;
  readonly priceMicroUsd: bigint;
}

/** When, and how far the flow of trust reaches the rater. */
export interface OutcomeContext {
  /** Hour of the block. */
  readonly hour: number;
  /** F of a rater that is in force. */
  readonly flowOf: (record: RaterRecord) => bigint;
}

/** Others' evidence below which there is nothing to compare with. */
const MIN_OTHERS = 3n * ONE_Q32;
const CLEARLY_GOOD = (5n * ONE_Q32) / 8n;
const CLEARLY_BAD = (3n * ONE_Q32) / 8n;
const LEAST_PRICE_WEIGHT = ONE_Q32 / 64n;

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** cred of a rater in Q32, its comparisons being those of now. */
export function credibilityQ32(
  rater: string,
  record: RaterRecord,
  flow: bigint,
  { seeds, newcomerCredibility }: ReputationParameters,
): bigint {
  if (seeds.has(rater)) return ONE_Q32;
  const { agreements, comparisons } = record;
  const share = (2n * (agreements + ONE_Q32) * ONE_Q32) / (comparisons + 2n * ONE_Q32);
  const agreement = larger(0n, share - ONE_Q32);
  const reached = larger(0n, 2n * flow - ONE_Q32);
  return larger(newcomerCredibility, smaller(agreement, reached));
}

function fadedScore(record: ScoreRecord, hour: number): ScoreRecord {
  const hours = hour - record.hour;
  return {
    ...record,
    fadedSuccesses: decay(record.fadedSuccesses, hours),
    fadedTotal: decay(record.fadedTotal, hours),
    fadedNewcomers: decay(record.fadedNewcomers, hours),
    hour,
  };
}

/** A pair's sums at `hour`. */
export function fadedPair(record: PairRecord, hour: number): PairRecord {
  const hours = hour - record.hour;
  return {
    fadedSuccesses: decay(record.fadedSuccesses, hours),
    fadedTotal: decay(record.fadedTotal, hours),
    hour,
  };
}

/** A rater's comparisons at `hour`. */
export function fadedRater(record: RaterRecord, hour: number): RaterRecord {
  const hours = hour - record.hour;
  return {
    ...record,
    agreements: decay(record.agreements, hours),
    comparisons: decay(record.comparisons, hours),
    hour,
  };
}

/** Weight of an outcome before the caps, in Q32. */
function uncappedWeight(
  { baseWeight, priceMicroUsd }: Outcome,
  credibility: bigint,
  { fullPriceMicroUsd }: ReputationParameters,
): bigint {
  const byPrice = (priceMicroUsd * ONE_Q32) / fullPriceMicroUsd;
  const priceWeight = smaller(ONE_Q32, larger(LEAST_PRICE_WEIGHT, byPrice));
  return (((baseWeight * credibility) >> 32n) * priceWeight) >> 32n;
}

/** The rater's record after its word was held against a clear opinion of the others. */
function compared(
  rater: RaterRecord,
  score: ScoreRecord,
  pair: PairRecord,
  isPass: boolean,
): RaterRecord {
  const total = larger(0n, score.fadedTotal - pair.fadedTotal);
  const successes = larger(0n, score.fadedSuccesses - pair.fadedSuccesses);
  if (total < MIN_OTHERS) return rater;
  const opinion = ((successes + ONE_Q32) * ONE_Q32) / (total + 2n * ONE_Q32);
  if (opinion > CLEARLY_BAD && opinion < CLEARLY_GOOD) return rater;
  const agrees = opinion > ONE_Q32 / 2n === isPass;
  return {
    ...rater,
    comparisons: rater.comparisons + ONE_Q32,
    agreements: rater.agreements + (agrees ? ONE_Q32 : 0n),
  };
}

/**
 * Adds one outcome to the records.
 *
 * @returns The weight it got, in Q32; 0 when a cap was reached. It still counts as a comparison.
 */
export function recordOutcome(
  records: ReputationRecords,
  parameters: ReputationParameters,
  outcome: Outcome,
  { hour, flowOf }: OutcomeContext,
): bigint {
  const keys = { score: scoreKey(outcome), pair: pairKey(outcome.rater, outcome) };
  const keyOfRater = raterKey(outcome.rater);
  const score = fadedScore(records.score(keys.score) ?? { ...NO_SCORE, hour }, hour);
  const pair = fadedPair(records.pair(keys.pair) ?? { ...NO_PAIR, hour }, hour);
  const rater = fadedRater(records.rater(keyOfRater) ?? { ...NEW_RATER, hour }, hour);

  const isSeed = parameters.seeds.has(outcome.rater);
  const credibility = credibilityQ32(outcome.rater, rater, flowOf(rater), parameters);
  const isNewcomer = !isSeed && credibility === parameters.newcomerCredibility;
  let weight = uncappedWeight(outcome, credibility, parameters);
  weight = smaller(weight, larger(0n, parameters.pairCap - pair.fadedTotal));
  if (isNewcomer) {
    const { fadedTotal, fadedNewcomers } = score;
    const room = parameters.newcomerCap + (fadedTotal - fadedNewcomers) / 4n - fadedNewcomers;
    weight = smaller(weight, larger(0n, room));
  }
  const passed = outcome.isPass ? weight : 0n;
  records.putRater(keyOfRater, compared(rater, score, pair, outcome.isPass));
  records.putScore(keys.score, {
    successes: score.successes + passed,
    total: score.total + weight,
    fadedSuccesses: score.fadedSuccesses + passed,
    fadedTotal: score.fadedTotal + weight,
    fadedNewcomers: score.fadedNewcomers + (isNewcomer ? weight : 0n),
    hour,
  });
  records.putPair(keys.pair, {
    fadedSuccesses: pair.fadedSuccesses + passed,
    fadedTotal: pair.fadedTotal + weight,
    hour,
  });
  return weight;
}
