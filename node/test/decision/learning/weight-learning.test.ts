import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benefitShare } from '../../../decision/criteria.ts';
import { learnedWeights, realisedUtility } from '../../../decision/learning/weight-learning.ts';
import { expectAllClose, expectClose, readVectors } from '../../vectors/read-vectors.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const four = fc.tuple(share, share, share, share);

describe('learned weights', () => {
  const vectors = readVectors<
    {
      weights: readonly number[];
      phi: readonly number[];
      reward: number;
      eta: number;
      floor: number;
    },
    { raw: readonly number[]; weights: readonly number[] }
  >('eq13_weight_update');
  it('has all four vectors', () => {
    expect(vectors.cases).toHaveLength(4);
  });
  it.each(vectors.cases)('give the vector $id, Paper Eq. (13)', ({ inputs, expected }) => {
    const { weights, phi, reward, eta, floor } = inputs;
    const learned = learnedWeights(weights, phi, reward, { rate: eta, floor });
    expectAllClose(learned, expected.weights, vectors.tolerance);
  });

  it('add up to 1 and keep every criterion, whatever was seen', () => {
    fc.assert(
      fc.property(four, four, share, share, (weights, features, utility, rate) => {
        const learned = learnedWeights(weights, features, utility, { rate });
        expectClose(
          learned.reduce((a, b) => a + b, 0),
          1,
          1e-12,
        );
        // The floor holds before the scaling; each weight was at most 1, a step adds at most 1.
        expect(Math.min(...learned)).toBeGreaterThanOrEqual(0.01 / 8);
      }),
    );
  });

  it('come to predict a utility that is linear in the features', () => {
    const truth = [0.1, 0.6, 0.2, 0.1];
    const lessons = Array.from({ length: 4_000 }, (_, i) =>
      truth.map((_weight, c) => ((i * (c + 3) * 7_919) % 101) / 100),
    );
    let weights = [0.4, 0.25, 0.2, 0.15];
    for (const features of lessons) {
      const utility = features.reduce((sum, x, c) => sum + x * truth[c]!, 0);
      weights = learnedWeights(weights, features, utility, { rate: 0.1 });
    }
    weights.forEach((weight, c) => {
      expect(Math.abs(weight - truth[c]!)).toBeLessThan(0.02);
    });
  });

  it('refuse lists that differ and numbers out of range', () => {
    expect(() => learnedWeights([1], [1, 1], 0)).toThrow(TypeError);
    expect(() => learnedWeights([1], [1.1], 0)).toThrow(/features/);
    expect(() => learnedWeights([1], [1], 1.1)).toThrow(/utility/);
    expect(() => learnedWeights([-1], [1], 1)).toThrow(/weights/);
    expect(() => learnedWeights([1], [1], 1, { rate: 2 })).toThrow(/rate/);
    expect(() => learnedWeights([1], [1], 1, { floor: 0 })).toThrow(/floor/);
  });
});

describe('the benefit share', () => {
  it('is 1 for the best and 0 for the worst of the field, cheap or reliable alike', () => {
    expect([2, 3, 4].map((x) => benefitShare(x, 2, 4, 'benefit'))).toEqual([0, 0.5, 1]);
    expect([2, 3, 4].map((x) => benefitShare(x, 2, 4, 'cost'))).toEqual([1, 0.5, 0]);
  });

  it('is 0 where all are equal, so that an outcome moves no weight that had no part in it', () => {
    expect(benefitShare(7, 7, 7, 'benefit')).toBe(0);
    expect(benefitShare(7, 7, 7, 'cost')).toBe(0);
  });

  it('stays in [0, 1] for an explored contractor outside of the field', () => {
    expect(benefitShare(1, 2, 4, 'cost')).toBe(1);
    expect(benefitShare(9, 2, 4, 'cost')).toBe(0);
    expect(benefitShare(9, 2, 4, 'benefit')).toBe(1);
  });
});

describe('realised utility', () => {
  const trade = { isSuccess: true, costInternalMicroUsd: 100, paidMicroUsd: 40 };

  it('is 0 for a failure, a half for no saving, and more the more was saved', () => {
    expect(realisedUtility(trade)).toBe(0.8);
    expect(realisedUtility({ ...trade, paidMicroUsd: 100 })).toBe(0.5);
    expect(realisedUtility({ ...trade, paidMicroUsd: 0 })).toBe(1);
    expect(realisedUtility({ ...trade, paidMicroUsd: 1_000 })).toBe(0);
    expect(realisedUtility({ ...trade, isSuccess: false })).toBe(0);
  });

  it('is 1 for a success that home could not have, and defined where home is free', () => {
    expect(realisedUtility({ ...trade, costInternalMicroUsd: null })).toBe(1);
    expect(realisedUtility({ ...trade, costInternalMicroUsd: 0 })).toBe(0);
    expect(realisedUtility({ ...trade, costInternalMicroUsd: 0, paidMicroUsd: 0 })).toBe(0.5);
    expect(() => realisedUtility({ ...trade, paidMicroUsd: NaN })).toThrow(RangeError);
  });
});
