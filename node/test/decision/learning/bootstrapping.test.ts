import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothedConfidence, smoothedMean } from '../../../decision/confidence.ts';
import {
  countedTestimony,
  pseudoOutcomesOf,
  weighedTestimony,
} from '../../../decision/learning/bootstrapping.ts';
import type { BootstrappingEvidence, Testimony } from '../../../decision/learning/bootstrapping.ts';
import {
  credibilityOf,
  NEWCOMER_CREDIBILITY,
} from '../../../decision/learning/rater-credibility.ts';
import { RATIONAL_POLICY } from '../../../decision/policy.ts';
import { betaMean } from '../../../decision/reliability.ts';
import { expectClose } from '../../vectors/read-vectors.ts';

const NOTHING: BootstrappingEvidence = {
  subject: 'contractor',
  observer: 'this node',
  attested: null,
  testimony: [],
};

function said(rater: string, successes: number, failures: number, credibility = 1): Testimony {
  return { rater, successes, failures, credibility };
}

function crowd(count: number, successes: number, failures: number, credibility: number) {
  return Array.from({ length: count }, (_, i) =>
    said(`rater ${i} of ${credibility}`, successes, failures, credibility),
  );
}

function outcomesOf(change: Partial<BootstrappingEvidence>) {
  return pseudoOutcomesOf({ ...NOTHING, ...change }, RATIONAL_POLICY);
}

/** Beta mean of the evidence, as it enters Eq. (14). */
function scoreOf(change: Partial<BootstrappingEvidence>): number {
  const { successes, total } = outcomesOf(change);
  return betaMean(successes, total);
}

describe('bootstrapping', () => {
  it('knows nothing from nothing', () => {
    expect(outcomesOf({})).toEqual({ successes: 0, total: 0 });
    expect(outcomesOf({ attested: { passed: 0, run: 0 } })).toEqual({ successes: 0, total: 0 });
  });

  it('takes a newcomer past the confidence gate by eight attested tests, without chance', () => {
    const { successes, total } = outcomesOf({ attested: { passed: 20, run: 20 } });
    expect({ successes, total }).toEqual({ successes: 8, total: 8 });
    expect(smoothedConfidence(successes, total)).toBeGreaterThan(0.8);
    expect(smoothedMean(successes, total)).toBeGreaterThan(0.5);
  });

  it('counts attested tests first, and fills what is left with testimony', () => {
    const testimony = [said('a', 0, 9), said('b', 0, 9)];
    expect(outcomesOf({ attested: { passed: 8, run: 8 }, testimony }).successes).toBe(8);
    expect(outcomesOf({ attested: { passed: 4, run: 5 }, testimony })).toEqual({
      successes: 4,
      total: 8,
    });
    expect(outcomesOf({ testimony })).toEqual({ successes: 0, total: 6 });
  });

  it('keeps the proportions of what it caps', () => {
    const { successes, total } = outcomesOf({
      attested: { passed: 3, run: 4 },
      testimony: [said('a', 30, 0), said('b', 0, 30), said('c', 1, 1)],
    });
    // Of the testimony 3 + 0 + 1 of 8 succeeded; four outcomes of it have room.
    expectClose(total, 8, 1e-12);
    expectClose(successes, 3 + (4 / 8) * 4, 1e-12);
  });

  it('weighs a rater by its credibility', () => {
    const { successes, total } = outcomesOf({ testimony: [said('a', 2, 1, 0.5)] });
    expectClose(successes, 1, 1e-12);
    expectClose(total, 1.5, 1e-12);
  });

  it('gives the engine testimony that leads to the same outcomes', () => {
    const evidence = {
      ...NOTHING,
      attested: { passed: 3, run: 4 },
      testimony: [...crowd(9, 5, 2, 0.7), ...crowd(30, 0, 3, NEWCOMER_CREDIBILITY)],
    };
    const told = weighedTestimony(evidence);
    const room = Math.min(told.total, 8 - 4);
    const both = pseudoOutcomesOf(evidence, RATIONAL_POLICY);
    expectClose(both.total, 4 + room, 1e-12);
    expectClose(both.successes, 3 + (told.successes / told.total) * room, 1e-12);
  });

  const anyNumber = fc.oneof(
    fc.double(),
    fc.double({ min: 0, max: 9, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  const anyTestimony = fc.array(
    fc.record({
      rater: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('contractor', '__proto__')),
      successes: anyNumber,
      failures: anyNumber,
      credibility: anyNumber,
    }),
    { maxLength: 40 },
  );
  const anyAttested = fc.option(fc.record({ passed: anyNumber, run: anyNumber }));

  it('stays within 0 <= successes <= total <= 8 for any input', () => {
    fc.assert(
      fc.property(anyAttested, anyTestimony, (attested, testimony) => {
        const told = weighedTestimony({ ...NOTHING, attested, testimony });
        expect(told.successes).toBeGreaterThanOrEqual(0);
        expect(told.successes).toBeLessThanOrEqual(told.total);
        const { successes, total } = outcomesOf({ attested, testimony });
        expect(successes).toBeGreaterThanOrEqual(0);
        expect(successes).toBeLessThanOrEqual(total);
        expect(total).toBeLessThanOrEqual(8);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of the testimony', () => {
    const testimony = [...crowd(3, 2, 0, 0.4), ...crowd(5, 0, 2, 0.05), ...crowd(2, 7, 1, 0.9)];
    const there = outcomesOf({ testimony });
    const back = outcomesOf({ testimony: testimony.toReversed() });
    expectClose(there.successes, back.successes, 1e-12);
    expectClose(there.total, back.total, 1e-12);
  });
});

describe('attacks on bootstrapping', () => {
  it('ballot stuffing by unknown raters alone moves a contractor by nothing', () => {
    const testimony = crowd(10_000, 1_000, 0, NEWCOMER_CREDIBILITY);
    expect(outcomesOf({ testimony })).toEqual({ successes: 0, total: 0 });
  });

  it('ballot stuffing by unknown raters moves a contractor with evidence by at most 0.15', () => {
    const stuffing = crowd(1_000, 1_000, 0, NEWCOMER_CREDIBILITY);
    let most = 0;
    for (let run = 1; run <= 8; run++) {
      for (let passed = 0; passed <= run; passed++) {
        const attested = { passed, run };
        const gain = scoreOf({ attested, testimony: stuffing }) - scoreOf({ attested });
        most = Math.max(most, gain);
      }
    }
    expect(most).toBeLessThanOrEqual(0.15);
    expect(most).toBeGreaterThan(0.1);
  });

  it('ballot stuffing by unknown raters takes nobody past the gate, however many tests were passed', () => {
    const testimony = crowd(10_000, 9, 0, NEWCOMER_CREDIBILITY);
    for (let run = 0; run < 8; run++) {
      const { successes, total } = outcomesOf({ attested: { passed: run, run }, testimony });
      expect(smoothedConfidence(successes, total)).toBeLessThan(0.8);
    }
  });

  it('bad-mouthing by unknown raters moves a contractor with full evidence by nothing', () => {
    const attested = { passed: 8, run: 8 };
    const testimony = crowd(10_000, 0, 1_000, NEWCOMER_CREDIBILITY);
    expect(scoreOf({ attested, testimony })).toBe(scoreOf({ attested }));
  });

  it('bad-mouthing by unknown raters moves a contractor with evidence by at most 0.15', () => {
    const testimony = crowd(1_000, 0, 1_000, NEWCOMER_CREDIBILITY);
    for (let run = 1; run <= 8; run++) {
      const attested = { passed: run, run };
      expect(scoreOf({ attested }) - scoreOf({ attested, testimony })).toBeLessThanOrEqual(0.15);
    }
  });

  it('bad-mouthing by unknown raters cannot keep a newcomer out where home is no choice', () => {
    // There only the smoothed success rate counts: it must not fall below 0.5.
    const { successes, total } = outcomesOf({
      testimony: crowd(10_000, 0, 9, NEWCOMER_CREDIBILITY),
    });
    expect(smoothedMean(successes, total)).toBe(0.5);
  });

  it('bad-mouthing by 30 of 100 raters that were found out moves an honest score by at most 0.05', () => {
    const honest = crowd(70, 9, 1, credibilityOf(6, 6));
    const liars = crowd(30, 0, 10, credibilityOf(0, 6));
    const moved = scoreOf({ testimony: honest }) - scoreOf({ testimony: [...honest, ...liars] });
    expect(moved).toBeLessThanOrEqual(0.05);
    expect(moved).toBeGreaterThan(0);
  });

  it('farmed agreement takes nobody past the confidence gate, however many raters are believed', () => {
    const testimony = crowd(50, 9, 0, credibilityOf(20, 20));
    for (let run = 0; run < 8; run++) {
      const { successes, total } = outcomesOf({ attested: { passed: run, run }, testimony });
      expect(smoothedConfidence(successes, total)).toBeLessThan(0.8);
      expect(smoothedConfidence(successes, total)).toBeGreaterThan(0.799);
    }
    // One good outcome of this node's own is enough then.
    const { successes, total } = outcomesOf({ testimony });
    expect(total).toBeGreaterThan(7);
    expect(smoothedConfidence(successes + 1, total + 1)).toBeGreaterThan(0.8);
  });

  it('farmed agreement takes nobody past a gate of any threshold that tests do not pass', () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(12),
        fc.nat(12),
        fc.record({ total: fc.double({ min: 0, max: 1e9, noNaN: true }), share: fraction }),
        (confidenceThreshold, passed, failed, { total: told, share }) => {
          const rules = { ...RATIONAL_POLICY, confidenceThreshold };
          const run = Math.min(passed + failed, 8);
          const ofTests = passed + failed === 0 ? 0 : (passed / (passed + failed)) * run;
          const counted = countedTestimony({ successes: ofTests, total: run }, told, rules);
          const isPassed = (successes: number, total: number): boolean =>
            smoothedConfidence(successes, total) > confidenceThreshold &&
            smoothedMean(successes, total) >= 0.5;
          expect(counted).toBeGreaterThanOrEqual(0);
          expect(counted).toBeLessThanOrEqual(Math.min(told, 8 - run));
          const isHelped = isPassed(ofTests + share * counted, run + counted);
          if (!isPassed(ofTests, run)) expect(isHelped).toBe(false);
          else expect(counted).toBe(Math.min(told, 8 - run));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('one rater with a thousand receipts counts no more than one with three', () => {
    const three = outcomesOf({ testimony: [said('a', 3, 0, 0.8)] });
    const one = outcomesOf({ testimony: [said('a', 1_000, 0, 0.8)] });
    const many = outcomesOf({
      testimony: Array.from({ length: 1_000 }, () => said('a', 1, 0, 0.8)),
    });
    expect(one).toEqual(three);
    expect(many.total).toBeCloseTo(three.total, 12);
    expect(many.successes).toBeCloseTo(three.successes, 12);
  });

  it('one rater under two credibilities counts by the lower one', () => {
    const testimony = [said('a', 3, 0, 1), said('a', 3, 0, 0.5)];
    expectClose(outcomesOf({ testimony }).total, 1.5, 1e-12);
  });

  it('self-promotion: a rater that is the subject counts nothing', () => {
    const testimony = [said('contractor', 1_000, 0)];
    expect(outcomesOf({ testimony })).toEqual({ successes: 0, total: 0 });
  });

  it('own receipts count nothing here, since they stand in the own history', () => {
    expect(outcomesOf({ testimony: [said('this node', 3, 0)] }).total).toBe(0);
  });

  const honest = said('honest', 2, 1);
  const hostile = [NaN, -1, Infinity, 1e10, '3', null, undefined] as unknown as number[];
  it.each(hostile)('hostile number %s: its entry counts nothing, and the others do', (value) => {
    const alone = outcomesOf({ testimony: [honest] });
    const entry = said('hostile', 1, 1);
    for (const field of ['successes', 'failures', 'credibility', 'rater']) {
      const broken = { ...entry, [field]: field === 'rater' && value !== null ? '' : value };
      expect(outcomesOf({ testimony: [broken, honest, broken] })).toEqual(alone);
    }
    expect(outcomesOf({ attested: { passed: 1, run: value }, testimony: [honest] })).toEqual(alone);
    expect(outcomesOf({ attested: { passed: value, run: 4 } }).total).toBe(0);
  });

  it('hostile fractions: more passed than run, and credibility above 1, count nothing', () => {
    expect(outcomesOf({ attested: { passed: 5, run: 4 } }).total).toBe(0);
    expect(outcomesOf({ testimony: [said('x', 1, 1, 1.5)] }).total).toBe(0);
  });
});
