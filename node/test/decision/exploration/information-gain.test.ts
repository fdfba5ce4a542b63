import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digammaLessLog } from '../../../decision/exploration/digamma.ts';
import {
  explorationValueMicroUsd,
  informationGainNats,
} from '../../../decision/exploration/information-gain.ts';
import { expectClose, readVectors } from '../../vectors/read-vectors.ts';

const EULER_GAMMA = 0.5772156649015329;

describe('the information of an outcome', () => {
  const vectors = readVectors<
    Record<'externalCost' | 'lambdaUsdPerNat' | 'a' | 'b', number>,
    { information: number; effectiveCost: number }
  >('eq20_exploration_value');
  it.each(vectors.cases)('gives the vector $id, Paper Eq. (20)', ({ inputs, expected }) => {
    const nats = informationGainNats(inputs.a, inputs.b);
    expectClose(nats, expected.information, vectors.tolerance);
    const value = explorationValueMicroUsd(inputs.externalCost, inputs.lambdaUsdPerNat, nats);
    expectClose(value, expected.effectiveCost, vectors.tolerance);
  });

  it('is ln 2 - 1/2 where nothing is known', () => {
    expectClose(informationGainNats(1, 1), Math.LN2 - 0.5, 1e-14);
  });

  it('is ln 2 at most, symmetric, and less after every further outcome in equal parts', () => {
    const shape = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const nats = informationGainNats(a, b);
        expect(nats).toBeGreaterThan(0);
        expect(nats).toBeLessThan(Math.LN2);
        expectClose(informationGainNats(b, a), nats, 1e-12);
        expect(informationGainNats(2 * a, 2 * b)).toBeLessThan(nats);
      }),
    );
  });

  it('keeps its digits after very many outcomes, where the entropies nearly cancel', () => {
    // I = 1/(2s) + (1 - 1/m - 1/(1-m))/(12 s^2) + ... for Beta(ms, (1-m)s).
    for (const s of [1e4, 1e8, 1e12]) {
      expectClose(informationGainNats(s / 4, (3 * s) / 4), 1 / (2 * s) - 13 / 36 / s ** 2, 1e-9);
    }
  });
});

describe('psi less the logarithm', () => {
  it('agrees with the closed forms of psi', () => {
    expectClose(digammaLessLog(1), -EULER_GAMMA, 1e-14);
    expectClose(digammaLessLog(0.5), -EULER_GAMMA - Math.LN2, 1e-14);
    expectClose(digammaLessLog(2), 1 - EULER_GAMMA - Math.LN2, 1e-14);
    let harmonic = 0;
    for (let n = 1; n < 100; n++) harmonic += 1 / n;
    expectClose(digammaLessLog(100), harmonic - EULER_GAMMA - Math.log(100), 1e-12);
  });

  it('meets the recurrence psi(x + 1) = psi(x) + 1/x on both sides of where its series begins', () => {
    const points = fc.double({ min: 0.01, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(points, (x) => {
        const step = digammaLessLog(x + 1) - digammaLessLog(x);
        expect(Math.abs(step - (1 / x - Math.log1p(1 / x)))).toBeLessThan(1e-13 * (1 + 1 / x));
      }),
    );
  });

  it('refuses numbers that are not positive', () => {
    for (const x of [0, -1, Number.NaN, Infinity]) {
      expect(() => digammaLessLog(x), String(x)).toThrow(RangeError);
    }
  });
});
