/** Reputation records in plain maps, as a unit test wants them. */

import type {
  PairRecord,
  RaterRecord,
  ReputationRecords,
  ScoreRecord,
} from '../../reputation/records.ts';

export class FakeRecords implements ReputationRecords {
  readonly scores = new Map<string, ScoreRecord>();
  readonly pairs = new Map<string, PairRecord>();
  readonly raters = new Map<string, RaterRecord>();

  score(key: string): ScoreRecord | undefined {
    return this.scores.get(key);
  }

  pair(key: string): PairRecord | undefined {
    return this.pairs.get(key);
  }

  rater(key: string): RaterRecord | undefined {
    return this.raters.get(key);
  }

  putScore(key: string, record: ScoreRecord): void {
    this.scores.set(key, record);
  }

  putPair(key: string, record: PairRecord): void {
    this.pairs.set(key, record);
  }

  putRater(key: string, record: RaterRecord): void {
    this.raters.set(key, record);
  }
}
