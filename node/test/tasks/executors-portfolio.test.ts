import fc from 'fast-check';
import { covariance as sampleCovariance } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { definePortfolioProblem, objective } from '../../tasks/executors/mean-variance.ts';
import {
  PortfolioOptimization,
  portfolioResultSchema,
  readPortfolioInput,
} from '../../tasks/executors/portfolio-optimization.ts';
import type { PortfolioResult } from '../../tasks/executors/portfolio-optimization.ts';
import { checkOptimality } from '../../tasks/executors/portfolio-optimality.ts';
import { solvePortfolio } from '../../tasks/executors/portfolio-solver.ts';
import {
  parseCsvPrices,
  parseJsonPrices,
  PRICE_TABLE_LIMITS,
} from '../../tasks/executors/price-table.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';
import {
  csvOf,
  csvPart,
  jsonPart,
  pricesOf,
  randomReturns,
  randomTable,
  textPart,
  uniform,
  sample,
} from './price-tables.ts';

const never = new AbortController().signal;
const executor = new PortfolioOptimization();

async function optimise(...parts: ResolvedPart[]): Promise<PortfolioResult> {
  const result = await executor.execute({ parts }, { signal: never });
  expect(result.parts).toHaveLength(1);
  expect(result.parts[0]!.mediaType).toBe('application/json');
  return portfolioResultSchema.parse(result.parts[0]!.data);
}

function weightsOf({ weights }: PortfolioResult): number[] {
  return weights.map(({ weight }) => weight);
}

async function problemOf(seed: number, assets: number, parameters = {}) {
  const { table } = await readPortfolioInput([randomTable(seed, 60, assets)], never);
  return definePortfolioProblem(table, parameters, never);
}

/** Daily returns of +-size in patterns that are orthogonal: exactly uncorrelated, mean 0. */
function uncorrelatedReturns(sizes: readonly number[]): number[][] {
  const days = 64;
  return Array.from({ length: days }, (_, day) =>
    sizes.map((size, asset) => (((day >> asset) & 1) === 0 ? size : -size)),
  );
}

async function refusalOf(...parts: ResolvedPart[]) {
  const error: unknown = await executor
    .execute({ parts }, { signal: never })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'ExecutorInputError' });
  return error as { code: string; message: string; details: Record<string, unknown> };
}

describe('portfolio optimization', () => {
  it('finds the minimum variance portfolio of two assets in closed form', async () => {
    const returns = randomReturns(7, 200, 2);
    const { statistics, ...result } = await optimise(
      csvPart(csvOf(pricesOf(returns))),
      jsonPart({ targetReturn: -10, minWeight: -2, maxWeight: 2 }),
    );
    const S = sampleCovariance(returns);
    const [a, b, c] = [S.get(0, 0), S.get(1, 1), S.get(0, 1)];
    const first = (b - c) / (a + b - 2 * c);
    // The ridge of 1e-6 of the mean variance moves the weights by about as much.
    expect(weightsOf({ statistics, ...result })[0]).toBeCloseTo(first, 5);
    const variance = (a * b - c * c) / (a + b - 2 * c);
    expect(result.volatility).toBeCloseTo(Math.sqrt(252 * variance), 5);
  });

  it('gives equal weights to equal uncorrelated assets', async () => {
    const sizes = [0.01, 0.01, 0.01, 0.01, 0.01];
    const result = await optimise(csvPart(csvOf(pricesOf(uncorrelatedReturns(sizes)))));
    for (const weight of weightsOf(result)) expect(weight).toBeCloseTo(0.2, 9);
  });

  it('weighs uncorrelated assets by the inverse of their variance', async () => {
    const sizes = [0.01, 0.02, 0.04];
    const result = await optimise(csvPart(csvOf(pricesOf(uncorrelatedReturns(sizes)))));
    const inverse = sizes.map((size) => 1 / size ** 2);
    const total = inverse.reduce((sum, value) => sum + value, 0);
    weightsOf(result).forEach((weight, i) => {
      expect(weight).toBeCloseTo(inverse[i]! / total, 4);
    });
  });

  it('puts everything into the asset with the highest return when risk hardly counts', async () => {
    const result = await optimise(randomTable(3, 100, 6), jsonPart({ riskAversion: 0.001 }));
    const best = result.statistics.meanReturns.indexOf(Math.max(...result.statistics.meanReturns));
    expect(weightsOf(result)[best]).toBeCloseTo(1, 9);
  });

  it('uses sample mean and covariance of simple returns, per year', async () => {
    const returns = randomReturns(11, 50, 3);
    const year = await optimise(
      csvPart(csvOf(pricesOf(returns))),
      jsonPart({ annualisationDays: 100 }),
    );
    const mean = returns.reduce((sum, row) => sum + row[1]!, 0) / 50;
    expect(year.statistics.meanReturns[1]).toBeCloseTo(100 * mean, 9);
    const deviation = Math.sqrt(100 * sampleCovariance(returns).get(1, 1));
    expect(year.statistics.volatilities[1]).toBeCloseTo(deviation, 5);
    expect(year.statistics.observations).toBe(50);
  });

  it('reaches a target return above that of the least risky portfolio', async () => {
    const problem = await problemOf(5, 6);
    const highest = Math.max(...problem.meanReturns);
    const lowest = Math.min(...problem.meanReturns);
    const targetReturn = highest - 0.02 * (highest - lowest);
    const calm = await optimise(randomTable(5, 60, 6), jsonPart({ targetReturn: lowest }));
    const result = await optimise(randomTable(5, 60, 6), jsonPart({ targetReturn }));
    expect(calm.expectedReturn).toBeLessThan(targetReturn);
    expect(calm.multipliers.targetReturn).toBe(0);
    expect(result.expectedReturn).toBeCloseTo(targetReturn, 9);
    expect(result.volatility).toBeGreaterThan(calm.volatility);
    expect(result.multipliers.targetReturn).toBeGreaterThan(0);
  });

  it('never loses to a random feasible portfolio', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 10 }),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        async (seed, assets, riskAversion) => {
          const problem = await problemOf(seed, assets, { riskAversion });
          const best = objective(problem, solvePortfolio(problem).weights);
          const next = uniform(seed);
          for (let trial = 0; trial < 40; trial++) {
            const raw = Array.from({ length: assets }, () => (-Math.log(1 - next())) ** 3);
            const sum = raw.reduce((total, value) => total + value, 0);
            const weights = raw.map((value) => value / sum);
            expect(objective(problem, weights)).toBeGreaterThanOrEqual(best - 1e-12);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps bounds, budget and the optimality conditions for any parameters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer({ min: 0, max: 1e6 }),
          assets: fc.integer({ min: 1, max: 12 }),
          loose: fc.double({ min: 0, max: 1, noNaN: true }),
          minWeight: fc.constantFrom(-1, -0.1, 0, 0.01, undefined),
          riskAversion: fc.option(fc.double({ min: 0.01, max: 1e4, noNaN: true })),
        }),
        async ({ seed, assets, loose, minWeight, riskAversion }) => {
          const parameters = {
            maxWeight: Math.min(1, (1 + loose) / assets),
            ...(minWeight === undefined ? {} : { minWeight }),
            ...(riskAversion === null ? {} : { riskAversion }),
          };
          const problem = await problemOf(seed, assets, parameters);
          const solution = solvePortfolio(problem);
          const sum = solution.weights.reduce((total, weight) => total + weight, 0);
          expect(sum).toBeCloseTo(1, 8);
          for (const weight of solution.weights) {
            expect(weight).toBeGreaterThanOrEqual(problem.minWeight);
            expect(weight).toBeLessThanOrEqual(problem.maxWeight);
          }
          expect(checkOptimality(problem, solution)).toMatchObject({ optimal: true });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('solves tables with identical, constant and very unequal assets', async () => {
    const returns = randomReturns(1, 30, 3);
    const doubled = returns.map((row) => [...row, ...row]);
    const withCash = returns.map((row) => [...row, 0]);
    const wild = returns.map((row) => [row[0]!, row[1]! / 1e4, row[2]! * 20]);
    for (const table of [doubled, withCash, wild]) {
      const result = await optimise(csvPart(csvOf(pricesOf(table))));
      expect(weightsOf(result).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 8);
    }
  });

  it('sells no portfolio that misses its own conditions', async () => {
    // Prices over 13 orders of magnitude, for which the solver's weights add up to 1 - 3e-8.
    const next = uniform(311);
    const price = () => Math.min(1e9, Math.max(1e-6, 10 ** ((next() - 0.5) * 14)));
    const rows = Array.from({ length: 20 }, () => Array.from({ length: 7 }, price));
    const parts = [csvPart(csvOf(rows)), jsonPart({ maxWeight: (1 + 10 ** -3) / 7 })];
    await expect(executor.execute({ parts }, { signal: never })).rejects.toMatchObject({
      code: 'EXECUTOR_FAILED',
      details: { failure: 'NUMERICAL' },
    });
  });

  it('gives the same bytes for the same input', async () => {
    const part = randomTable(9, 120, 8);
    expect(JSON.stringify(await optimise(part))).toBe(JSON.stringify(await optimise(part)));
  });

  it('reads the sample table of the examples', async () => {
    const result = await optimise(
      csvPart(sample('prices.csv')),
      jsonPart({ targetReturn: 0.1, maxWeight: 0.3 }),
    );
    expect(result.weights).toHaveLength(10);
    expect(result.statistics.observations).toBe(319);
  });

  it('gives the same portfolio for CSV, CSV with CRLF and BOM, and JSON', async () => {
    const rows = pricesOf(randomReturns(2, 20, 3));
    const csv = csvOf(rows);
    const dates = csv
      .split('\n')
      .slice(1)
      .map((line) => line.slice(0, 10));
    const json = { assets: ['ASSET0', 'ASSET1', 'ASSET2'], dates, prices: rows };
    const plain = await optimise(csvPart(csv));
    expect(
      await optimise(csvPart(`\ufeff# note\r\n${csv.replaceAll('\n', '\r\n')}\r\n\r\n`)),
    ).toEqual(plain);
    expect(await optimise(jsonPart(json))).toEqual(plain);
    expect(await optimise(textPart(csv))).toEqual(plain);
  });
});

describe('bad portfolio input', () => {
  const lines = csvOf(pricesOf(randomReturns(2, 20, 3))).split('\n');
  const withLine = (index: number, line: string) =>
    csvPart(lines.map((old, i) => (i === index ? line : old)).join('\n'));

  it.each([
    ['a negative price', '2024-01-05,1,-2,3', /Line 6: the price of "ASSET1" must be a number/],
    ['a price of zero', '2024-01-05,1,0,3', /Line 6: the price of "ASSET1"/],
    ['a missing price', '2024-01-05,1,,3', /Line 6: the price of "ASSET1"/],
    ['a word for a price', '2024-01-05,1,n/a,3', /Line 6: the price of "ASSET1"/],
    ['a hexadecimal price', '2024-01-05,1,0x10,3', /Line 6: the price of "ASSET1"/],
    ['an infinite price', '2024-01-05,1,1e999,3', /Line 6: the price of "ASSET1"/],
    ['too few cells', '2024-01-05,1,2', /Line 6: expected 3 prices, got 2/],
    ['too many cells', '2024-01-05,1,2,3,4', /Line 6: expected 3 prices, got 4/],
    ['a bad date', '05.01.2024,1,2,3', /Line 6: the date must be like/],
    ['the same date again', '2024-01-04,1,2,3', /Line 6: the date must be later than 2024-01-04/],
    ['a date out of order', '2023-01-05,1,2,3', /Line 6: the date must be later than 2024-01-04/],
  ])('names the line of %s', async (_, line, message) => {
    const refusal = await refusalOf(withLine(5, line));
    expect(refusal.message).toMatch(message);
    expect(refusal).toMatchObject({ code: 'INVALID_INPUT', details: { line: 6 } });
  });

  it.each([
    ['no header', '2024-01-01,1,2,3', /Line 1: expected a header/],
    ['no asset', 'date', /names no asset/],
    ['an asset twice', 'date,A,A,B', /names the asset "A" twice/],
    ['an empty name', 'date,A,,B', /asset 2 has no usable name/],
  ])('refuses a header with %s', async (_, header, message) => {
    expect((await refusalOf(withLine(0, header))).message).toMatch(message);
  });

  it('refuses an empty table, no table and two tables', async () => {
    expect((await refusalOf(csvPart(''))).message).toMatch(/table is empty/);
    expect((await refusalOf(jsonPart({}))).message).toMatch(/There is no price table/);
    const part = csvPart(lines.join('\n'));
    expect((await refusalOf(part, part)).message).toMatch(/Part 1 is a second price table/);
    expect((await refusalOf(part, jsonPart({}), jsonPart({}))).message).toMatch(
      /Part 2 is a second object of parameters/,
    );
  });

  it('refuses too few rows, for any table and for its number of assets', async () => {
    const few = csvPart(lines.slice(0, PRICE_TABLE_LIMITS.minRows).join('\n'));
    expect((await refusalOf(few)).message).toMatch(/has 10 rows of prices; at least 11/);
    expect((await refusalOf(randomTable(1, 19, 30))).message).toMatch(
      /30 assets need at least 32 rows of prices, the table has 20/,
    );
  });

  it('refuses prices that never move', async () => {
    const flat = Array.from({ length: 12 }, () => [5, 6]);
    expect((await refusalOf(csvPart(csvOf(flat)))).message).toMatch(/No price moves/);
  });

  it.each([
    [{ maxWeight: 0.3 }, /3 assets of at most 0.3 add up to less than 1; raise maxWeight/],
    [{ minWeight: 0.4 }, /3 assets of at least 0.4 add up to more than 1; lower minWeight/],
    [{ minWeight: 0.6, maxWeight: 0.5 }, /minWeight 0.6 is above maxWeight 0.5/],
    [{ targetReturn: 90 }, /No portfolio within the limits returns 90; the highest is/],
  ])('refuses the infeasible parameters %j', async (parameters, message) => {
    const refusal = await refusalOf(csvPart(lines.join('\n')), jsonPart(parameters));
    expect(refusal.message).toMatch(message);
    expect(refusal.code).toBe('INFEASIBLE');
  });

  it.each([
    [{ riskAversion: 0 }, /riskAversion/],
    [{ riskAversion: '4' }, /riskAversion/],
    [{ leverage: 2 }, /leverage/],
    [[], /bad parameters/],
    [null, /bad parameters/],
  ])('refuses the parameters %j', async (parameters, message) => {
    const refusal = await refusalOf(csvPart(lines.join('\n')), jsonPart(parameters));
    expect(refusal.message).toMatch(message);
  });

  it('refuses bytes that are not UTF-8, and JSON that is none', async () => {
    const bytes = new Uint8Array([0xff, 0xfe, 0x00]);
    expect((await refusalOf({ mediaType: 'text/csv', bytes })).message).toMatch(
      /not text in UTF-8/,
    );
    expect((await refusalOf({ mediaType: 'application/json', bytes })).message).toMatch(/UTF-8/);
    expect(
      (await refusalOf({ mediaType: 'application/json', bytes: new Uint8Array([0x7b]) })).message,
    ).toMatch(/Part 0 is not JSON/);
  });

  it('refuses a table beyond each of its limits', async () => {
    const { maxAssets, maxRows } = PRICE_TABLE_LIMITS;
    const wide = ['date', ...Array.from({ length: maxAssets + 1 }, (_, i) => `A${i}`)].join(',');
    expect((await refusalOf(csvPart(wide))).message).toMatch(/names 101 assets, the limit is 100/);
    const day = (i: number) => new Date(i * 86_400_000).toISOString().slice(0, 10);
    const long = Array.from({ length: maxRows + 1 }, (_, i) => `${day(i)},${1 + (i % 2)}`);
    expect((await refusalOf(csvPart(['date,A', ...long].join('\n')))).message).toMatch(
      /Line 20002: the limit is 20000 rows/,
    );
    const small = new PortfolioOptimization({ maxInputBytes: 9 });
    await expect(
      small.execute({ parts: [csvPart('date,A,B,')] }, { signal: never }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(
      small.execute({ parts: [csvPart('date,A,B,C,D')] }, { signal: never }),
    ).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  });

  it.each([
    [{ assets: [], dates: [], prices: [] }],
    [{ assets: ['A'], dates: ['2024-01-01'], prices: [] }],
    [{ assets: ['A'], dates: [1], prices: [[1]] }],
    [{ assets: ['A'], dates: ['2024-01-01'], prices: [['1']] }],
    [{ assets: ['A'], dates: ['2024-01-01'], prices: [[1]], note: 1 }],
    [{ prices: null }],
  ])('refuses the JSON table %j', (json) => {
    expect(() => parseJsonPrices(json)).toThrow(/table|assets|dates/);
  });

  it('answers any text with a table or a refusal', async () => {
    const cell = fc.oneof(
      fc.constantFrom('date', '2024-01-01', '2024-01-02', '1', '2.5', 'A', '', '#', '1e9', '"x"'),
      fc.string({ maxLength: 5 }),
    );
    const line = fc.array(cell, { maxLength: 5 }).map((cells) => cells.join(','));
    const text = fc.array(line, { maxLength: 30 }).map((all) => all.join('\n'));
    await fc.assert(
      fc.asyncProperty(text, async (csv) => {
        const outcome: unknown = await parseCsvPrices(csv, never).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome.name).toBe('ExecutorInputError');
        else expect(outcome).toHaveProperty('rows');
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers any JSON with a table or a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (json) => {
        const parts = [jsonPart(json)];
        const error: unknown = await readPortfolioInput(parts, never).catch((e: unknown) => e);
        expect(error).toMatchObject({ name: 'ExecutorInputError' });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('cancelling a portfolio', () => {
  it('does nothing when the signal has fired before', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(executor.execute({ parts: [] }, { signal })).rejects.toThrow('too late');
  });

  it('stops while it still reads a long table', async () => {
    const controller = new AbortController();
    const rows = Array.from({ length: 2_000 }, (_, day) => [100 + (day % 7)]);
    const pending = parseCsvPrices(csvOf(rows), controller.signal);
    controller.abort(new Error('deadline'));
    await expect(pending).rejects.toThrow('deadline');
  });

  it('stops in the middle and lets other work run meanwhile', async () => {
    const controller = new AbortController();
    const part = randomTable(4, 3_000, 40);
    const pending = executor.execute({ parts: [part] }, { signal: controller.signal });
    let turns = 0;
    const tick = () => {
      turns += 1;
      if (turns === 3) controller.abort(new Error('deadline'));
      else setImmediate(tick);
    };
    setImmediate(tick);
    await expect(pending).rejects.toThrow('deadline');
    expect(turns).toBe(3);
  });
});
