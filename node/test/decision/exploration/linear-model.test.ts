import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitLinearModel,
  newLinearModel,
  updatedLinearModel,
  upperBound,
} from '../../../decision/exploration/linear-model.ts';
import type { LinearModel } from '../../../decision/exploration/linear-model.ts';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';
import { expectAllClose, expectClose } from '../../vectors/read-vectors.ts';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const outcomes = fc.array(fc.tuple(fraction, fraction, fraction, fraction, fraction), {
  maxLength: 40,
});

function modelOf(rows: readonly (readonly number[])[]): LinearModel {
  return rows.reduce<LinearModel>(
    (model, [utility, ...features]) => updatedLinearModel(model, features, utility!),
    newLinearModel(),
  );
}

function times(a: readonly number[], x: ArrayLike<number>): number[] {
  return [0, 1, 2, 3, 4].map((row) =>
    [0, 1, 2, 3, 4].reduce((sum, column) => sum + a[5 * row + column]! * x[column]!, 0),
  );
}

describe('the linear model', () => {
  it('expects nothing at first, and is as unsure as the point is long', () => {
    const fit = fitLinearModel(newLinearModel());
    expect([...fit.coefficients]).toEqual([0, 0, 0, 0, 0]);
    expectClose(upperBound(fit, Float64Array.of(1, 1, 1, 1, 0), 3), 6, 1e-12);
  });

  it('solves its normal equations, whatever it has seen', () => {
    fc.assert(
      fc.property(outcomes, (rows) => {
        const model = modelOf(rows);
        const { coefficients } = fitLinearModel(model);
        const solved = times(model.a, coefficients);
        model.b.forEach((value, i) => {
          expect(Math.abs(solved[i]! - value)).toBeLessThan(1e-10);
        });
      }),
    );
  });

  it('bounds by x . A^-1 x, found by another way of solving', () => {
    fc.assert(
      fc.property(outcomes, fc.tuple(fraction, fraction, fraction, fraction), (rows, point) => {
        const model = modelOf(rows);
        const x = [1, ...point];
        // Conjugate gradients on A y = x: exact after five steps, a few more for rounding.
        let y = [0, 0, 0, 0, 0];
        let residual = x;
        let direction = x;
        const dot = (a: readonly number[], b: readonly number[]): number =>
          a.reduce((sum, value, i) => sum + value * b[i]!, 0);
        for (let step = 0; step < 12 && dot(residual, residual) > 1e-26; step++) {
          const image = times(model.a, direction);
          const length = dot(residual, residual) / dot(direction, image);
          y = y.map((value, i) => value + length * direction[i]!);
          const next = residual.map((value, i) => value - length * image[i]!);
          const turn = dot(next, next) / dot(residual, residual);
          direction = next.map((value, i) => value + turn * direction[i]!);
          residual = next;
        }
        const fit = fitLinearModel(model);
        const bound = upperBound(fit, Float64Array.from(x), 2);
        const expected = dot([...fit.coefficients], x) + 2 * Math.sqrt(dot(x, y));
        expect(Math.abs(bound - expected)).toBeLessThan(1e-8);
      }),
    );
  });

  it('finds the coefficients behind noisy outcomes', () => {
    const random = new SeededRandom(5);
    const truth = [0.1, 0.4, 0.2, 0.1, 0.15];
    const rows = Array.from({ length: 20_000 }, () => {
      const features = [1, 2, 3, 4].map(() => random.uniform());
      const mean = features.reduce((sum, x, i) => sum + truth[i + 1]! * x, truth[0]!);
      return [random.uniform() < mean ? 1 : 0, ...features];
    });
    const { coefficients } = fitLinearModel(modelOf(rows));
    truth.forEach((value, i) => {
      expect(Math.abs(coefficients[i]! - value)).toBeLessThan(0.05);
    });
  });

  it('is new again where a stored one cannot be used', () => {
    const fresh = fitLinearModel(null);
    const good = modelOf([[1, 0.5, 0.5, 0.5, 0.5]]);
    const broken: LinearModel[] = [
      { a: good.a.map(() => Number.NaN), b: good.b },
      { a: good.a, b: [...good.b.slice(1), Infinity] },
      { a: good.a.slice(1), b: good.b },
      { a: good.a, b: [] },
      { a: good.a.map((value) => -value), b: good.b },
    ];
    for (const model of broken) {
      expectAllClose(fitLinearModel(model).coefficients, [...fresh.coefficients], 0);
      expect(updatedLinearModel(model, [0.5, 0.5, 0.5, 0.5], 1)).toEqual(good);
    }
  });

  it('survives being stored as JSON, and leaves the model that it was given as it was', () => {
    const model = modelOf([[0.7, 0.1, 0.2, 0.3, 0.4]]);
    const stored = JSON.stringify(model);
    updatedLinearModel(model, [1, 1, 1, 1], 1);
    expect(JSON.stringify(model)).toBe(stored);
    expect(JSON.parse(stored)).toEqual(model);
  });

  it('refuses features and utilities out of range', () => {
    const model = newLinearModel();
    expect(() => updatedLinearModel(model, [0, 0, 0], 1)).toThrow(/features/);
    expect(() => updatedLinearModel(model, [0, 0, 0, 1.5], 1)).toThrow(/features/);
    expect(() => updatedLinearModel(model, [0, 0, 0, 1], Number.NaN)).toThrow(/utility/);
  });
});
