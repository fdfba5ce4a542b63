import fc from 'fast-check';
import { covariance as sampleCovariance } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../crypto/canonical-json.ts';
import { NormalDraws, normalQuantile } from '../../tasks/executors/normal-draws.ts';
import { PortfolioOptimization } from '../../tasks/executors/portfolio-optimization.ts';
import { parseCsvPrices } from '../../tasks/executors/price-table.ts';
import {
  RISK_TERM,
  RiskAssessment,
  riskResultSchema,
} from '../../tasks/executors/risk-assessment.ts';
import type { RiskResult } from '../../tasks/executors/risk-assessment.ts';
import { RISK_LIMITS } from '../../tasks/executors/risk-assessment-input.ts';
import {
  historicalLosses,
  maximumDrawdown,
  tailRisk,
} from '../../tasks/executors/value-at-risk.ts';
import { fitReturns, simulateRisk } from '../../tasks/executors/value-at-risk-simulation.ts';
import { checksForSkill, taskForSkill } from '../../tasks/task-for-skill.ts';
import { encodeResultPart } from '../../tasks/task-parts.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';
import { verifyResult } from '../../tasks/verification/verify-result.ts';
import {
  csvOf,
  csvPart,
  jsonPart,
  pricesOf,
  randomReturns,
  randomTable,
  sample,
} from './price-tables.ts';

const never = new AbortController().signal;
const executor = new RiskAssessment();

async function assess(...parts: ResolvedPart[]): Promise<RiskResult> {
  const result = await executor.execute({ parts }, { signal: never });
  expect(result.parts).toHaveLength(1);
  expect(result.parts[0]!.mediaType).toBe('application/json');
  return riskResultSchema.parse(result.parts[0]!.data);
}

async function refusalOf(...parts: ResolvedPart[]) {
  const error: unknown = await executor
    .execute({ parts }, { signal: never })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'ExecutorInputError' });
  return error as { code: string; message: string; details: Record<string, unknown> };
}

/** Losses 1, 2, ..., count, each as likely as the others. */
function losses(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => i + 1);
}

/** Mean and deviation of a portfolio's daily return, by the textbook's formulas. */
function momentsOf(returns: readonly (readonly number[])[], weights: readonly number[]) {
  const S = sampleCovariance(returns.map((row) => [...row]));
  let variance = 0;
  let mean = 0;
  weights.forEach((weight, i) => {
    mean += (weight * returns.reduce((sum, row) => sum + row[i]!, 0)) / returns.length;
    weights.forEach((other, j) => (variance += weight * other * S.get(i, j)));
  });
  const marginal = weights.map((_, i) =>
    weights.reduce((sum, weight, j) => sum + weight * S.get(i, j), 0),
  );
  return { mean, deviation: Math.sqrt(variance), marginal };
}

/** Level, quantile z, and density at z of the standard normal distribution, from tables. */
const NORMAL = [
  { confidence: 0.9, z: 1.2815515655, density: 0.1754983319 },
  { confidence: 0.95, z: 1.644853627, density: 0.1031356404 },
  { confidence: 0.99, z: 2.326347874, density: 0.0266521422 },
] as const;

describe('value at risk and expected shortfall of a sample', () => {
  it.each([
    // Of 1 to 100: 95 is the smallest loss that 95 % do not exceed; beyond are 96 to 100.
    [100, 0.95, 95, 98],
    [100, 0.99, 99, 100],
    [100, 0.55, 55, 78],
    // The tail holds 1.4 losses: 20 and two fifths of 19.
    [20, 0.93, 19, (20 + 0.4 * 19) / 1.4],
    // The tail is smaller than one loss.
    [10, 0.95, 10, 10],
    [1, 0.5, 1, 1],
    [2, 0.5, 1, 2],
  ])('of %d equally likely losses at %d', (count, confidence, valueAtRisk, shortfall) => {
    const risk = tailRisk(losses(count), confidence);
    expect(risk.valueAtRisk).toBe(valueAtRisk);
    expect(risk.expectedShortfall).toBeCloseTo(shortfall, 9);
  });

  it('gives a gain as a negative loss', () => {
    expect(tailRisk(Float64Array.of(-3, -2, -1), 0.5)).toMatchObject({ valueAtRisk: -2 });
  });

  it('is the mean of the quantiles beyond the level, for any losses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 199 }),
        (values, level) => {
          const sorted = Float64Array.from(values).toSorted();
          const confidence = level / 200;
          const { valueAtRisk, expectedShortfall } = tailRisk(sorted, confidence);
          const steps = 20_000;
          let total = 0;
          for (let i = 0; i < steps; i++) {
            const u = confidence + ((i + 0.5) / steps) * (1 - confidence);
            total += sorted[Math.ceil(u * sorted.length) - 1]!;
          }
          expect(Math.abs(expectedShortfall - total / steps)).toBeLessThan(0.2);
          const notExceeded = values.filter((value) => value <= valueAtRisk).length;
          expect(notExceeded / values.length).toBeGreaterThanOrEqual(confidence - 1e-9);
          expect(expectedShortfall).toBeGreaterThanOrEqual(valueAtRisk);
          expect(tailRisk(sorted, confidence / 2).valueAtRisk).toBeLessThanOrEqual(valueAtRisk);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('losses of the past', () => {
  const table = async (rows: number[][]) => parseCsvPrices(csvOf(rows), never);
  const steady = Array.from({ length: 12 }, (_, day) => [100 + day, 50]);

  it('are those of the weights held today over each period of the table', async () => {
    const rows = [...steady];
    rows[3] = [80, 60];
    const one = await historicalLosses(await table(rows), [0.5, 0.25], 1, never);
    expect(one).toHaveLength(11);
    expect(one[2]).toBeCloseTo(-(0.5 * (80 / 102 - 1) + 0.25 * (60 / 50 - 1)), 12);
    const two = await historicalLosses(await table(rows), [0.5, 0.25], 2, never);
    expect(two).toHaveLength(10);
    expect(two[1]).toBeCloseTo(-(0.5 * (80 / 101 - 1) + 0.25 * (60 / 50 - 1)), 12);
    expect(two[2]).toBeCloseTo(-0.5 * (104 / 102 - 1), 12);
  });

  it('give the value at risk of a distribution that is known', async () => {
    // 100 daily returns of -1 % to -100/100 %, in mixed order.
    const returns = Array.from({ length: 100 }, (_, i) => [-(((i * 37) % 100) + 1) / 1_000]);
    const levels = { confidenceLevels: [0.9, 0.95, 0.99] };
    const { historical } = await assess(csvPart(csvOf(pricesOf(returns))), jsonPart(levels));
    expect(historical.periods).toBe(100);
    const expected = [0.09, 0.0955, 0.095, 0.098, 0.099, 0.1];
    const found = historical.levels.flatMap((level) => [
      level.valueAtRisk,
      level.expectedShortfall,
    ]);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 9));
  });

  it('give the drawdown from a peak to the lowest value after it', () => {
    const dates = ['a', 'b', 'c', 'd', 'e', 'f'];
    // 100, 120, 90, 60, 150, 140
    const values = [1 - 120 / 100, 1 - 90 / 120, 1 - 60 / 90, 1 - 150 / 60, 1 - 140 / 150];
    const drawdown = maximumDrawdown(Float64Array.from(values), dates);
    expect(drawdown.loss).toBeCloseTo(0.5, 12);
    expect(drawdown).toMatchObject({ peakDate: 'b', troughDate: 'd' });
    const rising = maximumDrawdown(Float64Array.of(-0.1, -0.2), dates);
    expect(rising).toEqual({ loss: 0, peakDate: 'a', troughDate: 'a' });
  });

  it('give a drawdown of everything to who has lost more than everything', () => {
    const drawdown = maximumDrawdown(Float64Array.of(0.1, 1.5, -9), ['a', 'b', 'c', 'd']);
    expect(drawdown).toEqual({ loss: 1, peakDate: 'a', troughDate: 'c' });
  });

  it('give the volatility of the portfolio per year', async () => {
    const returns = randomReturns(3, 80, 2);
    const weights = [
      { asset: 'ASSET0', weight: 0.3 },
      { asset: 'ASSET1', weight: 0.7 },
    ];
    const { volatility, statistics } = await assess(
      csvPart(csvOf(pricesOf(returns))),
      jsonPart({ weights, annualisationDays: 100 }),
    );
    expect(volatility).toBeCloseTo(10 * momentsOf(returns, [0.3, 0.7]).deviation, 9);
    expect(statistics.volatilities[1]).toBeCloseTo(10 * momentsOf(returns, [0, 1]).deviation, 9);
    expect(statistics.meanReturns[0]).toBeCloseTo(100 * momentsOf(returns, [1, 0]).mean, 9);
    expect(statistics).toMatchObject({ observations: 80, firstDate: '2024-01-01' });
  });
});

describe('Monte Carlo losses', () => {
  const returns = randomReturns(17, 400, 4);
  const prices = csvPart(csvOf(pricesOf(returns)));
  const shares = [0.4, 0.3, 0.5, -0.2];
  const weights = shares.map((weight, i) => ({ asset: `ASSET${i}`, weight }));
  const confidenceLevels = NORMAL.map(({ confidence }) => confidence);

  it.each([1, 10])(
    'have the value at risk of the normal distribution over %d days, within their error',
    async (horizonDays) => {
      const { mean, deviation } = momentsOf(returns, shares);
      const [mu, sigma] = [mean * horizonDays, deviation * Math.sqrt(horizonDays)];
      const draws = 100_000;
      for (const seed of [1, 2, 3]) {
        const { monteCarlo } = await assess(
          prices,
          jsonPart({ weights, horizonDays, draws, seed, confidenceLevels }),
        );
        monteCarlo.levels.forEach((level, i) => {
          const { confidence, z, density } = NORMAL[i]!;
          const tail = 1 - confidence;
          const error = (sigma * Math.sqrt((confidence * tail) / draws)) / density;
          expect(Math.abs(level.valueAtRisk - (z * sigma - mu))).toBeLessThan(4 * error);
          const shortfall = (sigma * density) / tail - mu;
          expect(Math.abs(level.expectedShortfall - shortfall)).toBeLessThan(4 * error);
        });
      }
    },
  );

  it('come from assets that move as they did in the table', async () => {
    // Euler: asset i adds w_i ((Sw)_i / sigma * density / (1 - level) - m_i).
    const { deviation, marginal } = momentsOf(returns, shares);
    const { monteCarlo } = await assess(
      prices,
      jsonPart({ weights, draws: 100_000, confidenceLevels }),
    );
    monteCarlo.levels.forEach(({ contributions, expectedShortfall }, i) => {
      const { confidence, density } = NORMAL[i]!;
      shares.forEach((weight, asset) => {
        const mean = returns.reduce((sum, row) => sum + row[asset]!, 0) / returns.length;
        const slope = (marginal[asset]! / deviation) * (density / (1 - confidence));
        expect(contributions[asset]).toBeCloseTo(weight * (slope - mean), 3);
      });
      const sum = contributions.reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(expectedShortfall, 12);
    });
  });

  it('vanish where a position is hedged by its like', async () => {
    const twins = returns.map(([first]) => [first!, first!]);
    const hedge = [
      { asset: 'ASSET0', weight: 1 },
      { asset: 'ASSET1', weight: -1 },
    ];
    const { monteCarlo, volatility } = await assess(
      csvPart(csvOf(pricesOf(twins))),
      jsonPart({ weights: hedge }),
    );
    expect(volatility).toBeLessThan(1e-12);
    for (const { valueAtRisk } of monteCarlo.levels) expect(valueAtRisk).toBeLessThan(2e-6);
  });

  it('bear tables with identical, constant and very unequal assets', async () => {
    const small = randomReturns(1, 30, 3);
    const doubled = small.map((row) => [...row, ...row, ...row]);
    const withCash = small.map((row) => [...row, 0]);
    const wild = small.map((row) => [row[0]!, row[1]! / 1e4, row[2]! * 20]);
    for (const table of [doubled, withCash, wild]) {
      const { monteCarlo, volatility } = await assess(csvPart(csvOf(pricesOf(table))));
      const [level] = monteCarlo.levels;
      expect(level!.valueAtRisk / (volatility / Math.sqrt(252))).toBeGreaterThan(1);
    }
    const flat = await assess(csvPart(csvOf(Array.from({ length: 12 }, () => [5, 6]))));
    expect(flat.volatility).toBe(0);
    expect(flat.monteCarlo.levels[0]).toMatchObject({ valueAtRisk: 0, expectedShortfall: 0 });
  });

  it('bear a hundred assets over few days', async () => {
    const result = await assess(randomTable(5, 10, 100), jsonPart({ draws: 1_000 }));
    expect(result.monteCarlo.levels[0]!.contributions).toHaveLength(100);
    expect(result.monteCarlo.levels[0]!.valueAtRisk).toBeGreaterThan(0);
  });

  it('share a loss that several draws have in common', async () => {
    // Without any risk all draws are alike, and each is in the tail by its share.
    const table = await parseCsvPrices(
      csvOf(pricesOf(Array.from({ length: 12 }, () => [0.5, -0.25]))),
      never,
    );
    const model = await fitReturns(table, never);
    const [risk] = await simulateRisk(
      { model, weights: [1, 1], horizonDays: 1, draws: 1_000, seed: 's', confidenceLevels: [0.9] },
      never,
    );
    expect(risk!.valueAtRisk).toBeCloseTo(-0.25, 12);
    expect(risk!.expectedShortfall).toBeCloseTo(-0.25, 12);
    expect(risk!.contributions[0]).toBeCloseTo(-0.5, 12);
    expect(risk!.contributions[1]).toBeCloseTo(0.25, 12);
  });
});

describe('normal draws', () => {
  it('come from xoshiro128**, as its authors give it', () => {
    const generator = new NormalDraws([1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, () => generator.nextWord())).toEqual([
      11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492, 1_287_239_034, 3_734_860_849,
      3_729_100_597, 4_258_142_804,
    ]);
  });

  it.each([
    [0.5, 0],
    [0.975, 1.9599639845400545],
    [0.99, 2.3263478740408408],
    [0.999, 3.090232306167813],
    [0.05, -1.6448536269514722],
    [0.075, -1.4395314709384559],
    [1e-6, -4.753424308822899],
    [1e-10, -6.361340902404056],
  ])('turn a probability of %d into %d', (probability, quantile) => {
    expect(normalQuantile(probability)).toBeCloseTo(quantile, 14);
  });

  it('have the moments of the normal distribution', () => {
    const values = new Float64Array(400_000);
    NormalDraws.fromSeed('moments').fill(values);
    const moment = (power: number) =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    [0, 1, 0, 3, 0, 15].forEach((expected, i) => {
      expect(Math.abs(moment(i + 1) - expected)).toBeLessThan(0.05 * (1 + 2 * expected));
    });
  });

  it('repeat from a stored state and differ between seeds', () => {
    const generator = NormalDraws.fromSeed('a');
    const stored = [...generator.state];
    const [first, again, other] = [0, 0, 0].map(() => new Float64Array(5));
    generator.fill(first!);
    generator.state.set(stored);
    generator.fill(again!);
    NormalDraws.fromSeed('b').fill(other!);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it.each([[[]], [[0, 0, 0, 0]], [[1, 2, 3]]])('refuse the state %j', (state) => {
    expect(() => new NormalDraws(state)).toThrow(RangeError);
  });
});

describe('risk assessment', () => {
  const prices = csvPart(sample('prices.csv'));

  async function bytesOf(parts: ResolvedPart[], run = executor): Promise<Uint8Array> {
    const result = await run.execute({ parts }, { signal: never });
    return encodeResultPart(result.parts[0]!);
  }

  it('gives the same bytes for the same input', async () => {
    const parts = [prices, jsonPart({ horizonDays: 5 })];
    expect(await bytesOf(parts)).toEqual(await bytesOf(parts, new RiskAssessment()));
  });

  it('gives the same numbers on every machine', async () => {
    const { historical, monteCarlo } = await assess(prices, jsonPart({ seed: 7, draws: 1_000 }));
    expect(historical.levels[0]!.valueAtRisk).toBe(0.010776184205397945);
    // An independent program (SHA-256 for the seed, the published generator, the same quantile,
    // no ridge) gives 0.01031123345 and 0.01652074565.
    expect(monteCarlo.levels[0]!.valueAtRisk).toBe(0.010311233452335223);
    expect(monteCarlo.levels[1]!.expectedShortfall).toBe(0.016520745649702386);
  });

  it('takes its seed from the input where none is given, and states it', async () => {
    const [first, again, other] = [
      await assess(prices),
      await assess(prices),
      await assess(prices, jsonPart({ horizonDays: 2 })),
    ];
    expect(first.monteCarlo.seed).toMatch(/^[0-9a-f]{64}$/);
    expect(again.monteCarlo.seed).toBe(first.monteCarlo.seed);
    expect(other.monteCarlo.seed).not.toBe(first.monteCarlo.seed);
    const restated = await assess(prices, jsonPart({ seed: first.monteCarlo.seed }));
    expect(restated.monteCarlo).toEqual(first.monteCarlo);
  });

  it('draws other numbers for another seed and as many as asked for', async () => {
    const one = await assess(prices, jsonPart({ seed: 1, draws: 1_000 }));
    const two = await assess(prices, jsonPart({ seed: '2', draws: 1_000 }));
    expect(one.monteCarlo).toMatchObject({ draws: 1_000, seed: '1' });
    expect(one.historical).toEqual(two.historical);
    expect(one.monteCarlo.levels).not.toEqual(two.monteCarlo.levels);
  });

  it('weighs all assets alike where no weights are given', async () => {
    const { weights } = await assess(prices);
    expect(weights).toHaveLength(10);
    for (const { weight } of weights) expect(weight).toBe(0.1);
  });

  it('finds weights by the name of the asset and keeps the rest in cash', async () => {
    const table = randomTable(4, 60, 3);
    const half = [{ asset: 'ASSET2', weight: 0.5 }];
    const whole = [{ asset: 'ASSET2', weight: 1 }];
    const some = await assess(table, jsonPart({ weights: half, seed: 1 }));
    const all = await assess(table, jsonPart({ weights: whole, seed: 1 }));
    expect(some.weights.map(({ weight }) => weight)).toEqual([0, 0, 0.5]);
    expect(all.volatility).toBeCloseTo(2 * some.volatility, 12);
    expect(all.historical.levels[0]!.valueAtRisk).toBeCloseTo(
      2 * some.historical.levels[0]!.valueAtRisk,
      12,
    );
  });

  it('assesses the portfolio that an optimization has found', async () => {
    const optimised = await new PortfolioOptimization().execute(
      { parts: [prices] },
      { signal: never },
    );
    const portfolio = optimised.parts[0]!.data as { weights: JsonValue; volatility: number };
    const assessed = await assess(prices, jsonPart(portfolio));
    expect(assessed.weights).toEqual(portfolio.weights);
    // The optimizer adds a ridge of 1e-6 to the variances.
    expect(assessed.volatility).toBeCloseTo(portfolio.volatility, 5);
  });

  it('gives the same for CSV and JSON prices', async () => {
    const rows = pricesOf(randomReturns(2, 20, 2));
    const dates = csvOf(rows)
      .split('\n')
      .slice(1)
      .map((line) => line.slice(0, 10));
    const json = jsonPart({ assets: ['ASSET0', 'ASSET1'], dates, prices: rows });
    const seed = jsonPart({ seed: 's' });
    expect(await assess(json, seed)).toEqual(await assess(csvPart(csvOf(rows)), seed));
  });

  it('estimates more for a larger table', () => {
    const small = executor.estimate({ inputBytes: 1_000 });
    const large = executor.estimate({ inputBytes: 5_000_000 });
    expect(large.seconds).toBeGreaterThan(10 * small.seconds);
    expect(large.memoryGib).toBeGreaterThan(small.memoryGib);
  });
});

describe('checking a risk assessment', () => {
  const parts = [randomTable(8, 90, 5), jsonPart({ horizonDays: 3 })];
  const specification = taskForSkill({
    term: RISK_TERM,
    inputs: [{ file: 'prices.csv', mediaType: 'text/csv' }],
    valueMicroUsd: 1_000,
  });

  async function passes(data: JsonValue): Promise<boolean> {
    const verification = await verifyResult({
      specification,
      inputParts: parts,
      resultParts: [{ mediaType: 'application/json', data }],
      random: { bytes: (length) => new Uint8Array(length) },
      auditRate: 1,
      recompute: executor,
    });
    return verification.passed;
  }

  it('means to do it again', () => {
    expect(checksForSkill(RISK_TERM)).toEqual([{ type: 'recompute' }]);
  });

  it('passes the honest result and no figure that differs by a millionth', async () => {
    const honest = JSON.parse(JSON.stringify(await assess(...parts))) as RiskResult;
    expect(await passes(honest)).toBe(true);
    const { monteCarlo, historical } = honest;
    const [level] = monteCarlo.levels;
    const moved = { ...level!, valueAtRisk: level!.valueAtRisk * (1 + 1e-6) };
    const levels = [moved, ...monteCarlo.levels.slice(1)];
    expect(await passes({ ...honest, monteCarlo: { ...monteCarlo, levels } })).toBe(false);
    const volatility = honest.volatility * (1 - 1e-6);
    expect(await passes({ ...honest, volatility })).toBe(false);
    expect(await passes({ ...honest, historical: { ...historical, periods: 1 } })).toBe(false);
  });

  it('rejects the honest result of another seed', async () => {
    const other = await assess(parts[0]!, jsonPart({ horizonDays: 3, seed: 1 }));
    expect(await passes(other)).toBe(false);
  });
});

describe('bad risk input', () => {
  const lines = csvOf(pricesOf(randomReturns(2, 20, 3))).split('\n');
  const prices = csvPart(lines.join('\n'));
  const withLine = (index: number, line: string) =>
    csvPart(lines.map((old, i) => (i === index ? line : old)).join('\n'));

  it.each([
    ['a negative price', '2024-01-05,1,-2,3', /Line 6: the price of "ASSET1" must be a number/],
    ['too few cells', '2024-01-05,1,2', /Line 6: expected 3 prices, got 2/],
    ['a date out of order', '2023-01-05,1,2,3', /Line 6: the date must be later than 2024-01-04/],
  ])('names the line of %s', async (_, line, message) => {
    const refusal = await refusalOf(withLine(5, line));
    expect(refusal.message).toMatch(message);
    expect(refusal).toMatchObject({ code: 'INVALID_INPUT', details: { line: 6 } });
  });

  it('refuses no table, two tables, two objects of parameters and two portfolios', async () => {
    expect((await refusalOf(jsonPart({}))).message).toMatch(/There is no price table; give a part/);
    expect((await refusalOf()).message).toMatch(/There is no price table/);
    expect((await refusalOf(prices, prices)).message).toMatch(/Part 1 is a second price table/);
    expect((await refusalOf(prices, jsonPart({}), jsonPart({}))).message).toMatch(
      /Part 2 is a second object of parameters; give one/,
    );
    const optimised = await new PortfolioOptimization().execute(
      { parts: [prices] },
      { signal: never },
    );
    const portfolio = jsonPart(optimised.parts[0]!.data);
    expect((await refusalOf(prices, portfolio, portfolio)).message).toMatch(
      /Part 2 is a second portfolio; give one/,
    );
    const weights = jsonPart({ weights: [{ asset: 'ASSET0', weight: 1 }] });
    expect((await refusalOf(prices, portfolio, weights)).message).toMatch(/give one of them/);
  });

  it.each([
    [{ draws: 999 }, /Part 1 has bad parameters: draws/],
    [{ draws: 100_001 }, /draws/],
    [{ draws: 1_000.5 }, /draws/],
    [{ horizonDays: 0 }, /horizonDays/],
    [{ horizonDays: 61 }, /horizonDays/],
    [{ horizonDays: 12 }, /12 days needs at least 22 rows of prices, the table has 21; shorten it/],
    [{ confidenceLevels: [] }, /confidenceLevels/],
    [{ confidenceLevels: [0.4] }, /confidenceLevels/],
    [{ confidenceLevels: [1] }, /confidenceLevels/],
    [{ confidenceLevels: [0.95, 0.9] }, /expected ascending levels/],
    [{ confidenceLevels: [0.95, 0.95] }, /expected ascending levels/],
    [{ confidenceLevels: [0.5, 0.6, 0.7, 0.8, 0.9, 0.95] }, /confidenceLevels/],
    [{ seed: '' }, /seed/],
    [{ seed: -1 }, /seed/],
    [{ seed: 'x'.repeat(129) }, /seed/],
    [{ weights: [] }, /weights/],
    [{ weights: [{ asset: 'ASSET0', weight: 60 }] }, /weights.0.weight/],
    [{ weights: [{ asset: 'ASSET0' }] }, /weights.0.weight/],
    [{ weights: [{ asset: 'GOLD', weight: 1 }] }, /name "GOLD", the price table has only ASSET0/],
    [{ weights: [{ asset: 'ASSET0', weight: 0 }] }, /All weights are 0/],
    [
      {
        weights: [
          { asset: 'ASSET0', weight: 1 },
          { asset: 'ASSET0', weight: 1 },
        ],
      },
      /name "ASSET0" twice/,
    ],
    [{ leverage: 2 }, /leverage/],
    [{ multipliers: 1 }, /Part 1 has a bad portfolio/],
    [[], /bad parameters/],
    [null, /bad parameters/],
  ])('refuses the parameters %j', async (parameters, message) => {
    const refusal = await refusalOf(prices, jsonPart(parameters));
    expect(refusal.message).toMatch(message);
    expect(refusal.code).toBe('INVALID_INPUT');
  });

  it('takes parameters at their limits', async () => {
    const { minDraws, maxSeedCharacters, maxWeight } = RISK_LIMITS;
    const result = await assess(
      prices,
      jsonPart({
        draws: minDraws,
        seed: 'x'.repeat(maxSeedCharacters),
        horizonDays: 11,
        confidenceLevels: [0.5, 0.9, 0.95, 0.99, 0.999],
        weights: [{ asset: 'ASSET0', weight: -maxWeight }],
      }),
    );
    expect(result.historical.periods).toBe(10);
    expect(result.monteCarlo.levels).toHaveLength(5);
  });

  it('refuses bytes that are not UTF-8, JSON that is none, and too many bytes', async () => {
    const bytes = new Uint8Array([0xff, 0xfe, 0x00]);
    expect((await refusalOf({ mediaType: 'text/csv', bytes })).message).toMatch(/UTF-8/);
    const broken = { mediaType: 'application/json', bytes: new Uint8Array([0x7b]) };
    expect((await refusalOf(broken)).message).toMatch(/Part 0 is not JSON/);
    const small = new RiskAssessment({ maxInputBytes: 9 });
    await expect(small.execute({ parts: [prices] }, { signal: never })).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
  });

  it('answers any JSON beside the prices with a result or a refusal', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(1, 0.95, [0.9], 'ASSET0', -1));
    const key = fc.constantFrom(
      ...['weights', 'seed', 'draws', 'horizonDays', 'confidenceLevels', 'prices', 'multipliers'],
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, value), async (json) => {
        const outcome: unknown = await executor
          .execute({ parts: [prices, jsonPart(json)] }, { signal: never })
          .catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome.name).toBe('ExecutorInputError');
        else expect(outcome).toHaveProperty('parts');
      }),
      { numRuns: 300 },
    );
  });
});

describe('cancelling a risk assessment', () => {
  it('does nothing when the signal has fired before', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(executor.execute({ parts: [] }, { signal })).rejects.toThrow('too late');
  });

  it('stops in the middle of the draws and lets other work run meanwhile', async () => {
    const controller = new AbortController();
    const parts = [randomTable(4, 60, 50), jsonPart({ draws: 100_000 })];
    const pending = executor.execute({ parts }, { signal: controller.signal });
    let turns = 0;
    const tick = () => {
      turns += 1;
      if (turns === 15) controller.abort(new Error('deadline'));
      else setImmediate(tick);
    };
    setImmediate(tick);
    await expect(pending).rejects.toThrow('deadline');
    expect(turns).toBe(15);
  });
});
