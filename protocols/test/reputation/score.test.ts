import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ONE_Q32, decay, decayFactor } from '../../reputation/decay.ts';
import { NO_SCORE } from '../../reputation/records.ts';
import type { ScoreRecord } from '../../reputation/records.ts';
import { evidenceScoreQ32, fractionOfQ32, literalScoreQ32 } from '../../reputation/score.ts';

const HOURS_PER_MONTH = 730.5;
const TOLERANCE = 2 ** -30;

function record(successes: number, total: number, hour = 0): ScoreRecord {
  const s = BigInt(successes) * ONE_Q32;
  const n = BigInt(total) * ONE_Q32;
  return { ...NO_SCORE, successes: s, total: n, fadedSuccesses: s, fadedTotal: n, hour };
}

describe('decay in fixed point', () => {
  it.each<[number, bigint]>([
    [1, 0x3ffdc1ded0bc0242n],
    [731, 0x39e7d772295d58fan],
    [2_191, 0x2f6a6582ce1fcc0bn],
    [8_766, 0x1346c4167a12de46n],
  ])('of %i hours is the published factor', (hours, factor) => {
    expect(decayFactor(hours)).toBe(factor);
  });

  it('keeps everything after no time and nothing after thirty years', () => {
    expect(decayFactor(0)).toBe(1n << 62n);
    expect(decayFactor(2 ** 18)).toBe(0n);
    expect(decayFactor(Number.MAX_SAFE_INTEGER)).toBe(0n);
    expect(decay(5n, 0)).toBe(5n);
  });

  it('refuses what is not a whole number of hours', () => {
    for (const hours of [-1, 0.5, Number.NaN, Infinity]) {
      expect(() => decayFactor(hours)).toThrow(RangeError);
    }
  });

  it('never grows with time, and is exp(-h / 7305) within 2^-50', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 18 - 1 }), (hours) => {
        const factor = decayFactor(hours);
        expect(decayFactor(hours + 1) <= factor).toBe(true);
        expect(Math.abs(Number(factor) / 2 ** 62 - Math.exp(-hours / 7_305))).toBeLessThan(
          2 ** -50,
        );
      }),
    );
  });
});

describe('a score in fixed point', () => {
  it('is the worked example of the specification in both forms', () => {
    expect(literalScoreQ32(record(95, 100), 2_191)).toBe(2_994_830_888n);
    expect(evidenceScoreQ32(record(95, 100), 2_191)).toBe(4_029_415_561n);
  });

  it('is one half without outcomes, whenever it is read', () => {
    expect(literalScoreQ32(NO_SCORE, 900_000)).toBe(ONE_Q32 / 2n);
    expect(evidenceScoreQ32(NO_SCORE, 900_000)).toBe(ONE_Q32 / 2n);
  });

  it('is the float formula within 2^-30 at whole hours. Paper Eq. (14)', () => {
    const outcomes = fc
      .integer({ min: 1, max: 1_000_000 })
      .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)));
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 0, max: 100_000 }), ([successes, total], hours) => {
        const mean = (1 + successes) / (2 + total);
        const kept = Math.exp((-0.1 * hours) / HOURS_PER_MONTH);
        const literal = fractionOfQ32(literalScoreQ32(record(successes, total, 500), 500 + hours));
        expect(Math.abs(literal - mean * kept)).toBeLessThan(TOLERANCE);
        const faded = (1 + successes * kept) / (2 + total * kept);
        const evidence = evidenceScoreQ32(record(successes, total, 500), 500 + hours);
        expect(Math.abs(fractionOfQ32(evidence) - faded)).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 2_000 },
    );
  });
});

interface ReliabilityCase {
  readonly id: string;
  readonly inputs: {
    readonly alpha: number;
    readonly beta: number;
    readonly successes: number;
    readonly total: number;
    readonly monthsSinceLast: number;
    readonly lambda: number;
  };
  readonly expected: { readonly reliability: number };
}

describe('the shared vectors of Eq. (14)', () => {
  const file = new URL('../../../node/test/vectors/eq14_reliability.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: ReliabilityCase[] };
  const fixedPoint = cases.filter(
    ({ inputs }) =>
      inputs.alpha === 1 &&
      inputs.beta === 1 &&
      inputs.lambda === 0.1 &&
      Number.isInteger(inputs.successes) &&
      Number.isInteger(inputs.total),
  );

  it('have cases that fixed point can express', () => {
    expect(fixedPoint.length).toBeGreaterThan(2);
  });

  it.each(fixedPoint)('$id holds at the nearest whole hour', ({ inputs, expected }) => {
    const hours = inputs.monthsSinceLast * HOURS_PER_MONTH;
    const score = literalScoreQ32(record(inputs.successes, inputs.total), Math.round(hours));
    const rounding = Math.exp((0.1 * Math.abs(hours - Math.round(hours))) / HOURS_PER_MONTH) - 1;
    const error = Math.abs(fractionOfQ32(score) - expected.reliability);
    expect(error).toBeLessThan(TOLERANCE + rounding);
  });
});
