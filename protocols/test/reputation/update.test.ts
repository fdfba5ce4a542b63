import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ONE_Q32, decay } from '../../reputation/decay.ts';
import { NEW_RATER, pairKey, raterKey, scoreKey } from '../../reputation/records.ts';
import { REPUTATION_DEFAULTS, credibilityQ32, recordOutcome } from '../../reputation/update.ts';
import type { Outcome, ReputationParameters } from '../../reputation/update.ts';
import { FakeRecords } from './record-maps.ts';

const PARAMETERS: ReputationParameters = { ...REPUTATION_DEFAULTS, seeds: new Set(['seed']) };
const SUBJECT = { subject: 'bob', role: 'contractor', taskType: 'performs:nlp/sentiment' } as const;
const U = ONE_Q32;

/** Everybody is reached by the flow of trust in full. */
const REACHED = { hour: 0, flowOf: () => U };
/** Nobody but the seeds is reached. */
const UNREACHED = { hour: 0, flowOf: () => 0n };

function outcome(rater: string, isPass: boolean, change: Partial<Outcome> = {}): Outcome {
  return { rater, ...SUBJECT, isPass, baseWeight: U, priceMicroUsd: 100_000n, ...change };
}

function sums(records: FakeRecords) {
  return records.score(scoreKey(SUBJECT))!;
}

describe('an outcome', () => {
  it('of a seed counts in full, up to four per pair', () => {
    const records = new FakeRecords();
    const weights = [1, 2, 3, 4, 5].map(() =>
      recordOutcome(records, PARAMETERS, outcome('seed', true), UNREACHED),
    );
    expect(weights).toEqual([U, U, U, U, 0n]);
    expect(sums(records)).toMatchObject({ successes: 4n * U, total: 4n * U, fadedTotal: 4n * U });
    expect(sums(records).fadedNewcomers).toBe(0n);
  });

  it('of a stranger counts a sixteenth', () => {
    const records = new FakeRecords();
    expect(recordOutcome(records, PARAMETERS, outcome('eve', false), UNREACHED)).toBe(U / 16n);
    expect(sums(records)).toMatchObject({ successes: 0n, total: U / 16n, fadedNewcomers: U / 16n });
  });

  it('of any number of new names together counts two full ones', () => {
    const records = new FakeRecords();
    for (let k = 0; k < 1_000; k++) {
      recordOutcome(records, PARAMETERS, outcome(`sybil-${k}`, true), UNREACHED);
    }
    expect(sums(records).fadedTotal).toBe(2n * U);
  });

  it('counts by its price, a sixty-fourth at least', () => {
    const weightAt = (priceMicroUsd: bigint) => {
      const cheap = outcome('seed', true, { priceMicroUsd });
      return recordOutcome(new FakeRecords(), PARAMETERS, cheap, UNREACHED);
    };
    expect(weightAt(0n)).toBe(U / 64n);
    expect(weightAt(50_000n)).toBe(U / 2n);
    expect(weightAt(100_000n)).toBe(U);
    expect(weightAt(9_999_999_999_999_999_999n)).toBe(U);
  });

  it('counts by its base weight', () => {
    const quarter = outcome('seed', true, { baseWeight: U / 4n });
    expect(recordOutcome(new FakeRecords(), PARAMETERS, quarter, UNREACHED)).toBe(U / 4n);
  });

  it('of one task type and role leaves the others alone', () => {
    const records = new FakeRecords();
    recordOutcome(records, PARAMETERS, outcome('seed', true), UNREACHED);
    const other = outcome('seed', false, { taskType: 'performs:finance/risk-assessment' });
    recordOutcome(records, PARAMETERS, other, UNREACHED);
    recordOutcome(records, PARAMETERS, outcome('seed', false, { role: 'client' }), UNREACHED);
    expect(sums(records)).toMatchObject({ successes: U, total: U });
    expect(records.scores.size).toBe(3);
  });

  it('fades before the next one is added', () => {
    const records = new FakeRecords();
    recordOutcome(records, PARAMETERS, outcome('seed', true), UNREACHED);
    recordOutcome(records, PARAMETERS, outcome('seed', true), { ...UNREACHED, hour: 731 });
    expect(sums(records)).toMatchObject({
      total: 2n * U,
      fadedTotal: U + decay(U, 731),
      hour: 731,
    });
    expect(records.pair(pairKey('seed', SUBJECT))!.fadedTotal).toBe(U + decay(U, 731));
  });
});

describe('credibility of a rater', () => {
  it('falls to the least when its word differs from a clear opinion of the others', () => {
    const records = new FakeRecords();
    for (const rater of ['seed', 'ann', 'joe', 'kim', 'lee', 'mia', 'ned', 'oda', 'pia']) {
      for (let k = 0; k < 4; k++) {
        recordOutcome(records, PARAMETERS, outcome(rater, true), REACHED);
      }
    }
    for (let k = 0; k < 5; k++) {
      recordOutcome(records, PARAMETERS, outcome('liar', false), REACHED);
      recordOutcome(records, PARAMETERS, outcome('true', true), REACHED);
    }
    const credibilityOf = (rater: string) =>
      credibilityQ32(rater, records.rater(raterKey(rater))!, U, PARAMETERS);
    expect(credibilityOf('liar')).toBe(U / 16n);
    expect(credibilityOf('true')).toBe((2n * 6n * U) / 7n - U);
  });

  it('is compared with what others say, not with its own praise', () => {
    const records = new FakeRecords();
    for (let k = 0; k < 20; k++) {
      recordOutcome(records, PARAMETERS, outcome('fan', true), REACHED);
    }
    expect(records.rater(raterKey('fan'))).toMatchObject({ comparisons: 0n, agreements: 0n });
  });

  it('needs both agreement and flow, whichever is less', () => {
    const record = { ...NEW_RATER, agreements: 98n * U, comparisons: 98n * U };
    const at = (flow: bigint) => credibilityQ32('x', record, flow, PARAMETERS);
    expect(at(0n)).toBe(U / 16n);
    expect(at(U / 2n)).toBe(U / 16n);
    expect(at((3n * U) / 4n)).toBe(U / 2n);
    expect(at(U)).toBe((2n * 99n * U) / 100n - U);
  });
});

describe('the records', () => {
  it('stay non-negative, capped, and with parts no larger than wholes, whatever happens', () => {
    const step = fc.record({
      rater: fc.constantFrom('seed', 'ann', 'joe', 'eve', 'kim'),
      isPass: fc.boolean(),
      baseWeight: fc.constantFrom(0n, U / 4n, U / 2n, U),
      priceMicroUsd: fc.bigInt({ min: 0n, max: 200_000n }),
      hours: fc.integer({ min: 0, max: 2_000 }),
      flow: fc.bigInt({ min: 0n, max: U }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const records = new FakeRecords();
        let hour = 0;
        for (const { hours, flow, rater, ...rest } of steps) {
          hour += hours;
          const weight = recordOutcome(records, PARAMETERS, outcome(rater, rest.isPass, rest), {
            hour,
            flowOf: () => flow,
          });
          const score = sums(records);
          const pair = records.pair(pairKey(rater, SUBJECT))!;
          const judge = records.rater(raterKey(rater))!;
          expect(weight >= 0n && weight <= U).toBe(true);
          expect(score.successes <= score.total).toBe(true);
          expect(score.fadedSuccesses <= score.fadedTotal).toBe(true);
          expect(score.fadedNewcomers <= score.fadedTotal).toBe(true);
          expect(pair.fadedTotal <= PARAMETERS.pairCap).toBe(true);
          expect(judge.agreements <= judge.comparisons).toBe(true);
        }
      }),
    );
  });
});
