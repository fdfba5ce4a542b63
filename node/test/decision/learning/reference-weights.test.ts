import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multipliedWeights, randomWalkStep } from '../../../decision/learning/reference-weights.ts';
import { expectAllClose, expectClose } from '../../vectors/read-vectors.ts';

const BASE = [0.4, 0.25, 0.2, 0.15];
const CALM = { valueMicroUsd: 100, sensitivity: 'medium' } as const;

/** Scaled to add up to 1, by hand. */
function scaled(weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

describe('the multipliers of the paper’s own code', () => {
  it('leave a task alone that is neither tight nor urgent nor sensitive', () => {
    expectAllClose(multipliedWeights(BASE, CALM), BASE, 1e-12);
    const atLimits = { ...CALM, maxPriceMicroUsd: 30, maxLatencyMs: 1_800_000 };
    expectAllClose(multipliedWeights(BASE, atLimits), BASE, 1e-12);
  });

  it('raise cost by 1.2, latency by 1.3 and security by 1.4, then scale', () => {
    const cases = [
      { task: { ...CALM, maxPriceMicroUsd: 29 }, by: [1.2, 1, 1, 1] },
      { task: { ...CALM, maxLatencyMs: 1_799_999 }, by: [1, 1, 1.3, 1] },
      { task: { ...CALM, sensitivity: 'high' }, by: [1, 1, 1, 1.4] },
      {
        task: { valueMicroUsd: 100, sensitivity: 'high', maxPriceMicroUsd: 1, maxLatencyMs: 1 },
        by: [1.2, 1, 1.3, 1.4],
      },
    ] as const;
    for (const { task, by } of cases) {
      const expected = scaled(BASE.map((weight, i) => weight * by[i]!));
      expectAllClose(multipliedWeights(BASE, task), expected, 1e-12);
    }
  });

  it('refuse other than four weights', () => {
    expect(() => multipliedWeights([1], CALM)).toThrow(TypeError);
  });
});

describe('the random walk of the paper’s own code', () => {
  it('rests after a score above 0.8 and steps at 0.8', () => {
    expect(randomWalkStep(BASE, 0.81, [9, 9, 9, 9])).toEqual(BASE);
    expect(randomWalkStep(BASE, 0.8, [9, 0, 0, 0])).not.toEqual(BASE);
  });

  it('steps by 0.01 of a normal draw of deviation 0.1, takes the absolute value, and scales', () => {
    const walked = randomWalkStep(BASE, 0.5, [100, -100, 0, -200]);
    expectAllClose(walked, scaled([0.5, 0.15, 0.2, 0.05]), 1e-12);
  });

  it('never leaves the simplex', () => {
    const draw = fc.double({ min: -9, max: 9, noNaN: true });
    const draws = fc.array(fc.tuple(draw, draw, draw, draw), { maxLength: 200 });
    fc.assert(
      fc.property(draws, (steps) => {
        let weights: readonly number[] = BASE;
        for (const normals of steps) weights = randomWalkStep(weights, 0, normals);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
        expectClose(
          weights.reduce((a, b) => a + b, 0),
          1,
          1e-12,
        );
      }),
    );
  });

  it('refuses draws that are not four finite numbers', () => {
    expect(() => randomWalkStep(BASE, 0, [1])).toThrow(TypeError);
    expect(() => randomWalkStep(BASE, 0, [NaN, 0, 0, 0])).toThrow(RangeError);
    expect(() => randomWalkStep(BASE, NaN, [0, 0, 0, 0])).toThrow(/score/);
  });
});
