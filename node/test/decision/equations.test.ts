import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  literalConfidence,
  pseudoOutcomes,
  smoothedConfidence,
  smoothedMean,
} from '../../decision/confidence.ts';
import {
  bargainingPriceMicroUsd,
  mixedEquilibrium,
  paretoDominant,
  pureEquilibria,
  tradeEquilibrium,
} from '../../decision/game.ts';
import {
  evidenceReliability,
  fadeOutcomes,
  literalReliability,
} from '../../decision/reliability.ts';
import { breachProbability, incidentRate, securityRisk } from '../../decision/security-risk.ts';
import { correlationMatrix } from '../../decision/correlation.ts';
import { correlationAdjusted, mixWeights, normaliseWeights } from '../../decision/weights.ts';
import { expectAllClose, expectClose, readVectors } from '../vectors/read-vectors.ts';

describe('weights', () => {
  const market = readVectors<
    { beta: number; market: readonly number[]; historical: readonly number[] },
    { raw: readonly number[]; weights: readonly number[] }
  >('listing1_weights');
  it.each(market.cases)('give the vector $id, Paper Listing 1, l.15-23', (vector) => {
    const { inputs, expected } = vector;
    const raw = mixWeights(inputs.market, inputs.historical, inputs.beta);
    expectAllClose(raw, expected.raw, market.tolerance);
    expectAllClose(normaliseWeights(raw), expected.weights, market.tolerance);
  });

  const correlated = readVectors<
    {
      matrix: readonly (readonly number[])[];
      weights: readonly number[];
      alpha: number;
    },
    {
      rho: readonly (readonly number[])[];
      rawAdjusted: readonly number[];
      weights: readonly number[];
    }
  >('eq11_correlation_weights');
  it.each(correlated.cases)('give the vector $id, Paper Eq. (11)', ({ inputs, expected }) => {
    const { matrix, weights, alpha } = inputs;
    const columns = matrix[0]!.map((_, c) => Float64Array.from(matrix, (row) => row[c]!));
    const rho = correlationMatrix(columns, matrix.length);
    expectAllClose([...rho], expected.rho.flat(), correlated.tolerance);
    const adjusted = correlationAdjusted(rho, weights, alpha);
    expectAllClose(adjusted.raw, expected.rawAdjusted, correlated.tolerance);
    expectAllClose(adjusted.weights, expected.weights, correlated.tolerance);
  });

  it('add up to 1 and are never negative after the correction', () => {
    const column = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(column, { minLength: 2, maxLength: 8 }), (lists) => {
        const columns = lists.map((list) => Float64Array.from(list));
        const rho = correlationMatrix(columns, 5);
        const base = columns.map(() => 1 / columns.length);
        const { weights } = correlationAdjusted(rho, base, 0.3);
        expect(weights.every((weight) => weight >= 0)).toBe(true);
        expectClose(
          weights.reduce((sum, weight) => sum + weight, 0),
          1,
          1e-12,
        );
      }),
    );
  });

  it('refuse lists that do not fit and negative weights', () => {
    expect(() => mixWeights([1], [1, 2])).toThrow(TypeError);
    expect(() => correlationAdjusted([1], [1, 2])).toThrow(TypeError);
    expect(() => normaliseWeights([1, -1])).toThrow(RangeError);
  });
});

describe('reliability', () => {
  const literal = readVectors<
    Record<'alpha' | 'beta' | 'successes' | 'total' | 'monthsSinceLast' | 'lambda', number>,
    { reliability: number }
  >('eq14_reliability');
  it.each(literal.cases)('gives the vector $id, Paper Eq. (14)', ({ inputs, expected }) => {
    const { successes, total, monthsSinceLast, lambda } = inputs;
    const reliability = literalReliability(successes, total, monthsSinceLast, inputs, lambda);
    expectClose(reliability, expected.reliability, literal.tolerance);
  });

  const evidence = readVectors<
    {
      alpha: number;
      beta: number;
      lambda: number;
      outcomes: readonly { success: boolean; monthsAgo: number }[];
    },
    { s: number; n: number; reliability: number }
  >('eq14b_reliability_evidence_decay');
  it.each(evidence.cases)('by evidence gives the vector $id', ({ inputs, expected }) => {
    const outcomes = inputs.outcomes.map(({ success, monthsAgo }) => ({
      isSuccess: success,
      monthsAgo,
    }));
    const faded = fadeOutcomes(outcomes, inputs.lambda);
    expectClose(faded.successes, expected.s, evidence.tolerance);
    expectClose(faded.total, expected.n, evidence.tolerance);
    const reliability = evidenceReliability(outcomes, inputs, inputs.lambda);
    expectClose(reliability, expected.reliability, evidence.tolerance);
  });

  it('does not read the age of an outcome that never was', () => {
    expect(literalReliability(0, 0, Number.NaN)).toBe(0.5);
    expect(() => literalReliability(1, 1, Number.NaN)).toThrow(RangeError);
    expect(() => literalReliability(2, 1, 0)).toThrow(/successes/);
  });
});

describe('security risk', () => {
  const vectors = readVectors<
    { pBreach: readonly number[]; dataSensitivity: number; channelExposure: number },
    { breach: number; risk: number }
  >('eq15_security_risk');
  it.each(vectors.cases)('gives the vector $id, Paper Eq. (15)', ({ inputs, expected }) => {
    const { pBreach, dataSensitivity, channelExposure } = inputs;
    expectClose(breachProbability(pBreach), expected.breach, vectors.tolerance);
    const risk = securityRisk(pBreach, dataSensitivity, channelExposure);
    expectClose(risk, expected.risk, vectors.tolerance);
  });

  it('rises with the sensitivity of the data, as the printed form does not', () => {
    expect(securityRisk([0.1], 0.9)).toBeGreaterThan(securityRisk([0.1], 0.2));
  });

  it('counts incidents from none, and refuses a channel without exposure', () => {
    expect(incidentRate(0, 0)).toBe(0);
    expect(incidentRate(1, 2)).toBe(0.25);
    expect(() => securityRisk([0.1], 0.5, 0)).toThrow(/channelExposure/);
    expect(() => securityRisk([1.5], 0.5)).toThrow(/probability/);
  });
});

describe('confidence', () => {
  const vectors = readVectors<
    Record<'successes' | 'n' | 'z', number>,
    { literal: number | null; smoothed: number; pTilde: number }
  >('eq18_confidence');
  it.each(vectors.cases)('gives the vector $id, Paper Eq. (18)', ({ inputs, expected }) => {
    const { successes, n, z } = inputs;
    const literal = literalConfidence(successes, n, z);
    if (expected.literal === null) expect(literal).toBeNull();
    else expectClose(literal!, expected.literal, vectors.tolerance);
    expectClose(smoothedConfidence(successes, n, z), expected.smoothed, vectors.tolerance);
    expectClose(smoothedMean(successes, n), expected.pTilde, vectors.tolerance);
  });

  it('passes 0.8 from eight perfect outcomes on, and not from seven', () => {
    expect(smoothedConfidence(7, 7)).toBeLessThan(0.8);
    expect(smoothedConfidence(8, 8)).toBeGreaterThan(0.8);
  });

  it('lets attested tests stand for eight outcomes at most, at their own success rate', () => {
    expect(pseudoOutcomes(0, 0)).toEqual({ successes: 0, total: 0 });
    expect(pseudoOutcomes(3, 4)).toEqual({ successes: 3, total: 4 });
    expect(pseudoOutcomes(500, 1000)).toEqual({ successes: 4, total: 8 });
    expect(() => pseudoOutcomes(2, 1)).toThrow(RangeError);
  });

  it('stays in [0, 1] for any record', () => {
    const counts = fc.tuple(fc.nat(1e6), fc.nat(1e6), fc.double({ min: 0, max: 9, noNaN: true }));
    fc.assert(
      fc.property(counts, ([successes, failures, z]) => {
        const confidence = smoothedConfidence(successes, successes + failures, z);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the trade as a game', () => {
  it('outsources only if the client saves and the contractor does not lose, Paper Eq. (16)', () => {
    const trade = {
      costInternalMicroUsd: 100,
      costExternalMicroUsd: 90,
      priceMicroUsd: 80,
      contractorCostMicroUsd: 80,
    };
    expect(tradeEquilibrium(trade)).toBe('OUTSOURCE');
    expect(tradeEquilibrium({ ...trade, costExternalMicroUsd: 100 })).toBe('LOCAL');
    expect(tradeEquilibrium({ ...trade, contractorCostMicroUsd: 81 })).toBe('LOCAL');
    expect(tradeEquilibrium({ ...trade, costInternalMicroUsd: null })).toBe('OUTSOURCE');
  });

  it('agrees with the Pareto-dominant equilibrium of the bimatrix game', () => {
    const amount = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(amount, amount, amount, amount, (internal, external, price, cost) => {
        const game = {
          rowPayoffs: [
            [0, 0],
            [internal - external, 0],
          ],
          columnPayoffs: [
            [0, 0],
            [price - cost, 0],
          ],
        };
        const gains = internal > external && price >= cost;
        const dominant = paretoDominant(pureEquilibria(game));
        const isTraded = dominant.some(({ rowPayoff }) => rowPayoff > 0);
        const outcome = tradeEquilibrium({
          costInternalMicroUsd: internal,
          costExternalMicroUsd: external,
          priceMicroUsd: price,
          contractorCostMicroUsd: cost,
        });
        expect(isTraded).toBe(gains);
        expect(outcome === 'OUTSOURCE').toBe(gains);
      }),
    );
  });

  it('finds no pure and one mixed equilibrium in matching pennies', () => {
    const game = {
      rowPayoffs: [
        [1, -1],
        [-1, 1],
      ],
      columnPayoffs: [
        [-1, 1],
        [1, -1],
      ],
    };
    expect(pureEquilibria(game)).toEqual([]);
    expect(mixedEquilibrium(game)).toEqual({ firstRow: 0.5, firstColumn: 0.5 });
  });

  it('finds both pure equilibria of the battle of the sexes, and the mixed one', () => {
    const game = {
      rowPayoffs: [
        [3, 0],
        [0, 2],
      ],
      columnPayoffs: [
        [2, 0],
        [0, 3],
      ],
    };
    expect(pureEquilibria(game).map(({ row, column }) => [row, column])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(paretoDominant(pureEquilibria(game))).toHaveLength(2);
    const mixed = mixedEquilibrium(game)!;
    expectClose(mixed.firstRow, 0.6, 1e-12);
    expectClose(mixed.firstColumn, 0.4, 1e-12);
  });

  it('has no mixed equilibrium where one action is always better', () => {
    const game = {
      rowPayoffs: [
        [2, 3],
        [1, 0],
      ],
      columnPayoffs: [
        [2, 1],
        [3, 0],
      ],
    };
    expect(mixedEquilibrium(game)).toBeNull();
    expect(pureEquilibria(game)).toHaveLength(1);
    expect(() => pureEquilibria({ ...game, columnPayoffs: [[1]] })).toThrow(RangeError);
  });

  it('splits the gain evenly, and finds no price where there is none to split', () => {
    expect(bargainingPriceMicroUsd(100, 20, 40)).toBe(60);
    expect(bargainingPriceMicroUsd(100, 20, 81)).toBeNull();
  });
});
