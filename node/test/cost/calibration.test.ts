import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Calibration,
  ewma,
  LOCAL_PARTY,
  MAX_CALIBRATION_KEYS,
  MAX_OBSERVED_STEP,
  OBSERVED_RATIO_LIMITS,
} from '../../cost/calibration.ts';
import { expectAllClose, readVectors } from '../vectors/read-vectors.ts';

function observe(calibration: Calibration, party: string, actual: number, modelled: number): void {
  const taskType = 'performs:nlp/sentiment';
  const outcome = { party, taskType, actualMicroUsd: actual, modelledMicroUsd: modelled };
  calibration.observe(outcome);
}

describe('calibration', () => {
  const vectors = readVectors<
    { initial: number | null; lambda: number; actuals: readonly number[] },
    { series: readonly number[] }
  >('eq10_ewma');
  it.each(vectors.cases)('gives the vector $id, Paper Eq. (10)', ({ inputs, expected }) => {
    let average = inputs.initial;
    const series = inputs.actuals.map((actual) => {
      average = ewma(average, actual, inputs.lambda);
      return average;
    });
    expectAllClose(series, expected.series, vectors.tolerance);
  });

  it('starts at the model and moves towards what tasks really cost', () => {
    const calibration = new Calibration(0.2);
    expect(calibration.ratio(LOCAL_PARTY, 'performs:nlp/sentiment')).toBe(1);
    observe(calibration, LOCAL_PARTY, 300, 100);
    expect(calibration.ratio(LOCAL_PARTY, 'performs:nlp/sentiment')).toBeCloseTo(1.4, 12);
  });

  it('keeps parties and task types apart, also where their names run together', () => {
    const calibration = new Calibration();
    calibration.observe({
      party: 'a","b',
      taskType: 'c',
      actualMicroUsd: 2,
      modelledMicroUsd: 1,
    });
    expect(calibration.ratio('a', 'b","c')).toBe(1);
    expect(calibration.ratio('a","b', 'c')).toBeGreaterThan(1);
  });

  it('learns nothing from a task that the model held to be free', () => {
    const calibration = new Calibration();
    observe(calibration, 'peer', 500, 0);
    expect(calibration.toJSON().ratios).toEqual([]);
  });

  it('bounds what one odd bill can teach', () => {
    const calibration = new Calibration(1);
    const ratio = () => calibration.ratio('peer', 'performs:nlp/sentiment');
    observe(calibration, 'peer', 1e12, 1);
    expect(ratio()).toBe(MAX_OBSERVED_STEP);
    observe(calibration, 'peer', 0, 1);
    expect(ratio()).toBe(1);
    for (let bills = 0; bills < 10; bills++) observe(calibration, 'peer', 1e12, 1);
    expect(ratio()).toBe(OBSERVED_RATIO_LIMITS.max);
    for (let bills = 0; bills < 10; bills++) observe(calibration, 'peer', 0, 1);
    expect(ratio()).toBe(OBSERVED_RATIO_LIMITS.min);
  });

  it('moves by 60 % at most for one odd bill at the usual rate', () => {
    const calibration = new Calibration();
    for (let bills = 0; bills < 20; bills++) observe(calibration, 'peer', 2, 1);
    const before = calibration.ratio('peer', 'performs:nlp/sentiment');
    observe(calibration, 'peer', 1e9, 1);
    expect(calibration.ratio('peer', 'performs:nlp/sentiment')).toBeCloseTo(1.6 * before, 9);
  });

  it('forgets the pair unused for longest once a flood of new peers fills it', () => {
    const calibration = new Calibration();
    observe(calibration, 'old', 2, 1);
    observe(calibration, 'used', 2, 1);
    for (let i = 0; i < MAX_CALIBRATION_KEYS; i++) {
      observe(calibration, `peer-${i}`, 2, 1);
      if (i === 0) observe(calibration, 'used', 2, 1);
    }
    expect(calibration.toJSON().ratios).toHaveLength(MAX_CALIBRATION_KEYS);
    expect(calibration.ratio('old', 'performs:nlp/sentiment')).toBe(1);
    expect(calibration.ratio('used', 'performs:nlp/sentiment')).toBeGreaterThan(1);
  });

  it('comes back from JSON with every ratio and its order', () => {
    const outcomes = fc.array(
      fc.tuple(fc.string(), fc.double({ min: 0.1, max: 10, noNaN: true })),
      {
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(outcomes, (list) => {
        const calibration = new Calibration(0.3);
        for (const [party, actual] of list) observe(calibration, party, actual, 1);
        const json = JSON.stringify(calibration);
        const again = Calibration.fromJSON(JSON.parse(json) as ReturnType<Calibration['toJSON']>);
        expect(JSON.stringify(again)).toBe(json);
      }),
    );
  });

  it('refuses a rate outside (0, 1] and costs that are not finite', () => {
    expect(() => new Calibration(0)).toThrow(RangeError);
    expect(() => new Calibration(1.1)).toThrow(/rate/);
    expect(() => ewma(1, Number.NaN, 0.2)).toThrow(/actual/);
    expect(() => {
      observe(new Calibration(), 'peer', Infinity, 1);
    }).toThrow(RangeError);
  });
});
