import fc from 'fast-check';
import { EigenvalueDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import {
  decisionStability,
  diagnoseConvergence,
  empiricalChain,
  EMPTY_CHOICE_WINDOW,
  MAX_CHAIN_STATES,
  MAX_REMEMBERED_CHOICES,
  mixingSteps,
  observeChoice,
  OTHER_CHOICE,
} from '../../../decision/learning/convergence.ts';
import { secondEigenvalueModulus } from '../../../decision/learning/spectral-radius.ts';
import { expectClose } from '../../vectors/read-vectors.ts';

function windowOf(choices: readonly string[], taskType = 'nlp') {
  return choices.reduce(
    (window, choice) => observeChoice(window, { taskType, choice }),
    EMPTY_CHOICE_WINDOW,
  );
}

/** A chain that goes round `n` states. */
function ring(n: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (__, j) => (j === (i + 1) % n ? 1 : 0)),
  );
}

describe('the second eigenvalue', () => {
  it('of a chain of two states is |1 - p - q|', () => {
    for (const [p, q] of [
      [0.1, 0.2],
      [0.5, 0.25],
      [0.9, 0.8],
      [0.3, 0.7],
    ] as const) {
      const modulus = secondEigenvalueModulus([
        [1 - p, p],
        [q, 1 - q],
      ]);
      // Where 1 - p - q is 0 both eigenvalues meet, and half the digits are lost.
      expect(Math.abs(modulus - Math.abs(1 - p - q))).toBeLessThan(1e-7);
    }
  });

  it('of a lazy ring of six states is that of a complex pair, cos(pi/6)', () => {
    // (1 + e^(i pi/3)) / 2 has the modulus cos(pi/6) = sqrt(3) / 2.
    const lazy = ring(6).map((row, i) => row.map((x, j) => (x + (i === j ? 1 : 0)) / 2));
    expectClose(secondEigenvalueModulus(lazy), Math.sqrt(3) / 2, 1e-9);
  });

  it('of a periodic chain is 1: it never settles', () => {
    for (const n of [2, 3, 5, 32]) expect(secondEigenvalueModulus(ring(n))).toBe(1);
  });

  it('of two parts that never meet is 1, and of one absorbing state what leads to it', () => {
    expect(
      secondEigenvalueModulus([
        [1, 0],
        [0, 1],
      ]),
    ).toBe(1);
    expectClose(
      secondEigenvalueModulus([
        [0.25, 0.75],
        [0, 1],
      ]),
      0.25,
      1e-9,
    );
    const ladder = [
      [0.5, 0.5, 0],
      [0, 0.7, 0.3],
      [0, 0, 1],
    ];
    expectClose(secondEigenvalueModulus(ladder), 0.7, 1e-9);
  });

  it('of independent draws is 0, and of a single state or none too', () => {
    expect(
      secondEigenvalueModulus([
        [0.2, 0.3, 0.5],
        [0.2, 0.3, 0.5],
        [0.2, 0.3, 0.5],
      ]),
    ).toBeLessThan(1e-7);
    expect(
      secondEigenvalueModulus([
        [0.5, 0.5],
        [0.5, 0.5],
      ]),
    ).toBe(0);
    expect(secondEigenvalueModulus([[1]])).toBe(0);
    expect(secondEigenvalueModulus([])).toBe(0);
  });

  it('agrees with an eigenvalue decomposition on random chains', () => {
    const entry = fc.double({ min: 0.01, max: 1, noNaN: true });
    const matrices = fc
      .integer({ min: 2, max: 12 })
      .chain((n) =>
        fc.array(fc.array(entry, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
      );
    fc.assert(
      fc.property(matrices, (weights) => {
        const matrix = weights.map((row) => {
          const sum = row.reduce((a, b) => a + b, 0);
          return row.map((x) => x / sum);
        });
        const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(matrix);
        const moduli = realEigenvalues
          .map((real, i) => Math.hypot(real, imaginaryEigenvalues[i]!))
          .sort((a, b) => b - a);
        expect(Math.abs(secondEigenvalueModulus(matrix) - moduli[1]!)).toBeLessThan(1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it('is not asked of anything but a stochastic matrix', () => {
    expect(() => secondEigenvalueModulus([[1, 0]])).toThrow(TypeError);
    expect(() => secondEigenvalueModulus([[0.5]])).toThrow(RangeError);
    expect(() =>
      secondEigenvalueModulus([
        [2, -1],
        [0, 1],
      ]),
    ).toThrow(RangeError);
    expect(() => secondEigenvalueModulus([[NaN]])).toThrow(RangeError);
  });
});

describe('the mixing bound', () => {
  it('is the first t with C * modulus^t <= gamma, Paper Corollary 1', () => {
    expect(mixingSteps(0.5, 0.05, 1)).toBe(5);
    expect(mixingSteps(0.9, 0.01, 2)).toBe(51);
    const modulus = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    const tolerance = fc.double({ min: 1e-6, max: 1, noNaN: true });
    fc.assert(
      fc.property(modulus, tolerance, (m, gamma) => {
        const t = mixingSteps(m, gamma, 2)!;
        expect(2 * m ** t).toBeLessThanOrEqual(gamma * (1 + 1e-9));
        expect(2 * m ** (t - 1)).toBeGreaterThan(gamma * (1 - 1e-9));
      }),
    );
  });

  it('is one step without memory, none where nothing is asked, and never at a modulus of 1', () => {
    expect(mixingSteps(0, 0.05, 1)).toBe(1);
    expect(mixingSteps(0.5, 1, 1)).toBe(0);
    expect(mixingSteps(1, 0.05, 1)).toBeNull();
    expect(() => mixingSteps(1.1, 0.05, 1)).toThrow(/modulus/);
  });
});

describe('the chain of decisions', () => {
  it('is read off the window, one row per choice', () => {
    const chain = empiricalChain(windowOf(['A', 'A', 'B', 'A', 'A', 'A', 'B', 'A']));
    expect(chain).toEqual({
      states: ['A', 'B'],
      matrix: [
        [3 / 5, 2 / 5],
        [1, 0],
      ],
      transitions: 7,
    });
  });

  it('gives the newest choice, which was never left, the frequencies of all', () => {
    const chain = empiricalChain(windowOf(['A', 'A', 'A', 'B']));
    expect(chain.matrix[1]).toEqual([3 / 4, 1 / 4]);
  });

  it('is followed per task type: that two kinds of task alternate is no change of mind', () => {
    let window = EMPTY_CHOICE_WINDOW;
    for (let i = 0; i < 20; i++) {
      const taskType = i % 2 === 0 ? 'nlp' : 'finance';
      window = observeChoice(window, { taskType, choice: i % 2 === 0 ? 'LOCAL' : 'A' });
    }
    expect(decisionStability(window)).toBe(1);
    expect(empiricalChain(window).matrix).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(diagnoseConvergence(window).mixingSteps).toBeNull();
  });

  it('has at most 32 states, the rest in one, and stays stochastic', () => {
    const labels = Array.from({ length: 200 }, (_, i) => `contractor ${i % 3 === 0 ? 0 : i}`);
    const { states, matrix } = empiricalChain(windowOf(labels));
    expect(states).toHaveLength(MAX_CHAIN_STATES);
    expect(states[0]).toBe('contractor 0');
    expect(states.at(-1)).toBe(OTHER_CHOICE);
    for (const row of matrix)
      expectClose(
        row.reduce((a, b) => a + b, 0),
        1,
        1e-12,
      );
  });

  it('is stable as far as consecutive decisions are equal, those in the rest told apart', () => {
    expect(decisionStability(windowOf(['A', 'A', 'B', 'B', 'B']))).toBe(3 / 4);
    const drifting = windowOf(Array.from({ length: 100 }, (_, i) => `contractor ${i}`));
    expect(decisionStability(drifting)).toBe(0);
  });

  it('remembers a bounded number of decisions', () => {
    const labels = Array.from({ length: 1_000 }, (_, i) => String(i));
    const { choices } = windowOf(labels);
    expect(choices).toHaveLength(MAX_REMEMBERED_CHOICES);
    expect(choices.at(-1)).toEqual({ taskType: 'nlp', choice: '999' });
    expect(choices[0]!.choice).toBe(String(1_000 - MAX_REMEMBERED_CHOICES));
  });

  it('is diagnosed without a claim where there is nothing to see', () => {
    const nothing = { stability: null, secondEigenvalueModulus: null, mixingSteps: null };
    expect(diagnoseConvergence(EMPTY_CHOICE_WINDOW)).toMatchObject(nothing);
    expect(diagnoseConvergence(windowOf(['A']))).toMatchObject({ ...nothing, states: ['A'] });
  });

  it('that is always the same mixes at once; that alternates never does', () => {
    expect(diagnoseConvergence(windowOf(['A', 'A', 'A']))).toEqual({
      decisions: 3,
      transitions: 2,
      states: ['A'],
      stability: 1,
      secondEigenvalueModulus: 0,
      mixingSteps: 1,
    });
    const alternating = diagnoseConvergence(windowOf(['A', 'B', 'A', 'B', 'A']));
    expect(alternating).toMatchObject({ stability: 0, secondEigenvalueModulus: 1 });
    expect(alternating.mixingSteps).toBeNull();
  });

  it('of any window has a modulus in [0, 1]', () => {
    const choice = fc.record({
      taskType: fc.constantFrom('a', 'b', '__proto__'),
      choice: fc.constantFrom('LOCAL', 'REFUSED', 'x', 'y', 'z', 'constructor'),
    });
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 60 }), (choices) => {
        const window = choices.reduce(observeChoice, EMPTY_CHOICE_WINDOW);
        const { secondEigenvalueModulus: modulus, transitions } = diagnoseConvergence(window);
        if (transitions === 0) expect(modulus).toBeNull();
        else {
          expect(modulus).toBeGreaterThanOrEqual(0);
          expect(modulus).toBeLessThanOrEqual(1);
        }
        expect(JSON.parse(JSON.stringify(window))).toEqual(window);
      }),
    );
  });
});
