import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestIndex, topsis } from '../../decision/topsis.ts';
import type { CriterionType, Normalisation } from '../../decision/topsis.ts';
import { expectAllClose, readVectors } from '../vectors/read-vectors.ts';

function columnsOf(matrix: readonly (readonly number[])[]): Float64Array[] {
  const width = matrix[0]?.length ?? 0;
  return Array.from({ length: width }, (_, c) => Float64Array.from(matrix, (row) => row[c]!));
}

const TYPES: readonly CriterionType[] = ['cost', 'benefit', 'cost', 'cost'];

function scoresOf(
  matrix: readonly (readonly number[])[],
  weights: readonly number[],
  normalisation: Normalisation,
): number[] {
  const columns = columnsOf(matrix);
  const input = { columns, count: matrix.length, types: TYPES, weights, normalisation };
  return [...topsis(input).scores];
}

const value = fc.double({ min: 0, max: 1e6, noNaN: true });
const matrices = fc.array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 15 });
const weightLists = fc.tuple(
  ...([0, 0, 0, 0] as const).map(() => fc.double({ min: 0, max: 1, noNaN: true })),
);
const modes = fc.constantFrom<Normalisation>('vector', 'minmax');

describe('TOPSIS', () => {
  const vectors = readVectors<
    {
      matrix: readonly (readonly number[])[];
      weights: readonly number[];
      types: readonly CriterionType[];
      normalization: Normalisation;
    },
    { scores: readonly number[]; best: number } & Partial<
      Record<'dPlus' | 'dMinus' | 'ideal' | 'antiIdeal', readonly number[]>
    >
  >('topsis');
  it('has all 20 vectors', () => {
    expect(vectors.cases).toHaveLength(20);
  });
  it.each(vectors.cases)('gives the vector $id, Paper Listing 1', ({ inputs, expected }) => {
    const count = inputs.matrix.length;
    const squaresToIdeal = new Float64Array(count);
    const squaresToAntiIdeal = new Float64Array(count);
    const result = topsis(
      {
        columns: columnsOf(inputs.matrix),
        count,
        types: inputs.types,
        weights: inputs.weights,
        normalisation: inputs.normalization,
      },
      { scores: new Float64Array(count), squaresToIdeal, squaresToAntiIdeal },
    );
    const { tolerance } = vectors;
    expectAllClose(result.scores, expected.scores, tolerance);
    const parts = {
      dPlus: squaresToIdeal.map(Math.sqrt),
      dMinus: squaresToAntiIdeal.map(Math.sqrt),
      ideal: result.scales.map(({ ideal }) => ideal),
      antiIdeal: result.scales.map(({ antiIdeal }) => antiIdeal),
    };
    // The files of 200 candidates give scores only.
    for (const name of ['dPlus', 'dMinus', 'ideal', 'antiIdeal'] as const) {
      if (expected[name] !== undefined) expectAllClose(parts[name], expected[name], tolerance);
    }
    expect(bestIndex(result.scores, count)).toBe(expected.best);
  });

  it('keeps every score in [0, 1]', () => {
    fc.assert(
      fc.property(matrices, weightLists, modes, (matrix, weights, mode) => {
        for (const score of scoresOf(matrix, weights, mode)) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('never scores a dominated row above the row that dominates it, not even by rounding', () => {
    const worse = fc.tuple(value, fc.double({ min: 0, max: 1, noNaN: true }), value, value);
    fc.assert(
      fc.property(matrices, worse, weightLists, modes, (matrix, loss, weights, mode) => {
        const [cost, reliability, latency, risk] = matrix[0]!;
        const dominated = [
          cost + loss[0] * 1e-9,
          reliability * loss[1],
          latency + loss[2],
          risk + loss[3] * 1e-12,
        ];
        const scores = scoresOf([...matrix, dominated], weights, mode);
        expect(scores.at(-1)).toBeLessThanOrEqual(scores[0]!);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a row one rounding step worse below its better (D- / (D+ + D-) does not)', () => {
    const matrix = [
      [1.146116778254509, 0.23910038149915636],
      [7.9858285607770085, 0.3645807078573853],
      [9.388142870739102, 0.08725967328064144],
      [1.1461167782545094, 0.23910038149915636],
    ].map((row) => [...row, 0, 0]);
    const scores = scoresOf(matrix, [0.6, 0.4, 0, 0], 'vector');
    expect(scores[3]).toBeLessThanOrEqual(scores[0]!);
  });

  it('does not depend on the units of a criterion', () => {
    const factors = fc.tuple(...TYPES.map(() => fc.double({ min: 1e-6, max: 1e6, noNaN: true })));
    const positive = fc.double({ min: 0.1, max: 1e3, noNaN: true });
    const rows = fc.array(fc.tuple(positive, positive, positive, positive), {
      minLength: 2,
      maxLength: 10,
    });
    fc.assert(
      fc.property(rows, factors, (matrix, scale) => {
        const weights = [0.4, 0.25, 0.2, 0.15];
        const scaled = matrix.map((row) => row.map((x, c) => x * scale[c]!));
        const plain = scoresOf(matrix, weights, 'vector');
        const other = scoresOf(scaled, weights, 'vector');
        // Rows that differ by rounding alone have a score that is rounding alone.
        const spread = Math.max(...matrix[0]!.map((x, c) => Math.abs(x - matrix[1]![c]!) / x));
        fc.pre(matrix.length > 2 || spread > 1e-6);
        plain.forEach((score, i) => {
          expect(Math.abs(score - other[i]!)).toBeLessThan(1e-7);
        });
      }),
    );
  });

  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(matrices, modes, (matrix, mode) => {
        const weights = [0.4, 0.25, 0.2, 0.15];
        const forward = scoresOf(matrix, weights, mode);
        const backward = scoresOf([...matrix].reverse(), weights, mode).reverse();
        forward.forEach((score, i) => {
          expect(Math.abs(score - backward[i]!)).toBeLessThan(1e-9);
        });
      }),
    );
  });

  it('does not overflow or vanish with figures at the ends of the range', () => {
    for (const size of [1e300, 1e-200]) {
      const matrix = [
        [size, 1, 1, 1],
        [3 * size, 1, 1, 1],
      ];
      expect(scoresOf(matrix, [1, 0, 0, 0], 'vector')).toEqual([1, 0]);
    }
  });

  it('says that a lone alternative, or equal ones, have no score to speak of', () => {
    const row = Float64Array.of(3, 3, 3);
    const input = { types: ['cost'] as const, weights: [1], normalisation: 'vector' as const };
    const lone = topsis({ ...input, columns: [row], count: 1 });
    const equal = topsis({ ...input, columns: [row], count: 3 });
    const unequal = topsis({ ...input, columns: [Float64Array.of(3, 4)], count: 2 });
    expect([lone.isDegenerate, equal.isDegenerate, unequal.isDegenerate]).toEqual([
      true,
      true,
      false,
    ]);
    expect([...equal.scores]).toEqual([0.5, 0.5, 0.5]);
  });

  it('refuses entries that are negative or not finite, and lists that do not fit', () => {
    const input = { types: TYPES, weights: [1, 1, 1, 1], normalisation: 'vector' as const };
    for (const bad of [-1, Number.NaN, Infinity]) {
      const columns = columnsOf([[1, bad, 1, 1]]);
      expect(() => topsis({ ...input, columns, count: 1 })).toThrow(RangeError);
    }
    const columns = columnsOf([[1, 1, 1, 1]]);
    expect(() => topsis({ ...input, weights: [1], columns, count: 1 })).toThrow(TypeError);
    expect(() => topsis({ ...input, weights: [1, 1, 1, -1], columns, count: 1 })).toThrow(
      RangeError,
    );
  });
});
