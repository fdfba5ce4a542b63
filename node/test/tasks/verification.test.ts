import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../crypto/canonical-json.ts';
import { ExecutorFailedError } from '../../tasks/executors/errors.ts';
import { definePortfolioProblem, gradient } from '../../tasks/executors/mean-variance.ts';
import {
  describePortfolio,
  PortfolioOptimization,
  readPortfolioInput,
} from '../../tasks/executors/portfolio-optimization.ts';
import type { PortfolioResult } from '../../tasks/executors/portfolio-optimization.ts';
import { checkOptimality } from '../../tasks/executors/portfolio-optimality.ts';
import type { PortfolioSolution } from '../../tasks/executors/portfolio-optimality.ts';
import { solvePortfolio } from '../../tasks/executors/portfolio-solver.ts';
import { Sentiment } from '../../tasks/executors/sentiment.ts';
import type { SkillExecutor } from '../../tasks/executors/skill-executor.ts';
import { TASK_LIMITS } from '../../tasks/task-limits.ts';
import type { ResolvedPart, ResultPart } from '../../tasks/task-parts.ts';
import type { VerificationCheck } from '../../tasks/task-verification.ts';
import type { TaskSpecification } from '../../tasks/task.ts';
import { findDifference } from '../../tasks/verification/compare-json.ts';
import { checkJsonSchema, findSchemaProblem } from '../../tasks/verification/json-schema-check.ts';
import type { JsonSchema } from '../../tasks/verification/json-schema-check.ts';
import { isSampled } from '../../tasks/verification/recompute-check.ts';
import { verifyResult } from '../../tasks/verification/verify-result.ts';
import { jsonPart, randomTable, textPart, uniform } from './price-tables.ts';

const never = new AbortController().signal;
const always = { bytes: (length: number) => new Uint8Array(length) };
const rarely = { bytes: (length: number) => new Uint8Array(length).fill(255) };

function taskWith(verification: VerificationCheck[], schema?: JsonSchema): TaskSpecification {
  return {
    title: 't',
    skills: ['performs:nlp/sentiment'],
    input: { parts: [{ file: 'a', mediaType: 'text/plain' }] },
    output: {
      mediaType: 'application/json',
      ...(schema === undefined ? {} : { schema: schema as Record<string, never> }),
    },
    verification,
    constraints: { sensitivity: 'low' },
    valueMicroUsd: 1,
  };
}

function json(data: JsonValue): ResultPart[] {
  return [{ mediaType: 'application/json', data }];
}

async function verify(
  specification: TaskSpecification,
  resultParts: readonly ResultPart[],
  options: {
    inputParts?: readonly ResolvedPart[];
    auditRate?: number;
    recompute?: SkillExecutor;
    random?: typeof always;
    signal?: AbortSignal;
  } = {},
) {
  return verifyResult({
    specification,
    inputParts: [],
    random: always,
    auditRate: 1,
    ...options,
    resultParts,
  });
}

const prices = randomTable(21, 120, 6);
const parameters = { riskAversion: 3, maxWeight: 0.5 };
const portfolioInput = [prices, jsonPart(parameters)];
const optimality = taskWith([{ type: 'optimality' }]);

async function honestPortfolio(): Promise<PortfolioResult> {
  const executor = new PortfolioOptimization();
  const { parts } = await executor.execute({ parts: portfolioInput }, { signal: never });
  return parts[0]!.data as unknown as PortfolioResult;
}

/** A result that is consistent in every figure, for weights and multipliers of one's choice. */
async function statePortfolio(
  change: (honest: PortfolioSolution) => PortfolioSolution,
): Promise<ResultPart[]> {
  const { table } = await readPortfolioInput(portfolioInput, never);
  const problem = await definePortfolioProblem(table, parameters, never);
  return json(describePortfolio(table, problem, change(solvePortfolio(problem))));
}

async function portfolioCheck(resultParts: readonly ResultPart[]) {
  const { passed, checks } = await verify(optimality, resultParts, { inputParts: portfolioInput });
  expect(checks.map(({ type }) => type)).toEqual(['well-formed', 'optimality']);
  expect(passed).toBe(checks[1]!.passed);
  return checks[1]!;
}

describe('optimality', () => {
  it('passes the portfolio of the executor', async () => {
    const check = await portfolioCheck(json(await honestPortfolio()));
    expect(check.passed).toBe(true);
    expect(check.detail).toMatch(/^optimal to within/);
  });

  it('passes a result that went over the wire', async () => {
    const wired = JSON.parse(JSON.stringify(await honestPortfolio())) as JsonValue;
    expect((await portfolioCheck(json(wired))).passed).toBe(true);
  });

  it('rejects a fabricated portfolio that satisfies the schema', async () => {
    const { weights, ...rest } = await honestPortfolio();
    const equal = weights.map(({ asset }) => ({ asset, weight: 1 / weights.length }));
    expect((await portfolioCheck(json({ ...rest, weights: equal }))).passed).toBe(false);
  });

  it('rejects a feasible but suboptimal portfolio whose figures are all true', async () => {
    const result = await statePortfolio((honest) => ({
      ...honest,
      weights: honest.weights.map(() => 1 / honest.weights.length),
    }));
    const check = await portfolioCheck(result);
    expect(check).toMatchObject({ passed: false });
    expect(check.detail).toMatch(/^STATIONARITY/);
  });

  it.each(['lower', 'upper'] as const)(
    'rejects a suboptimal portfolio whose %s multipliers were bent to make the gradient vanish',
    async (side) => {
      const { table } = await readPortfolioInput(portfolioInput, never);
      const problem = await definePortfolioProblem(table, parameters, never);
      const weights = problem.assets.map(() => 1 / problem.assets.length);
      const slopes = gradient(problem, weights);
      const none = slopes.map(() => 0);
      const budget = side === 'lower' ? Math.min(...slopes) : Math.max(...slopes);
      const forces = slopes.map((slope) => Math.abs(slope - budget));
      const multipliers = { budget, lower: none, upper: none, targetReturn: 0, [side]: forces };
      const bent = { weights, multipliers };
      const check = await portfolioCheck(json(describePortfolio(table, problem, bent)));
      expect(check.detail).toMatch(/^COMPLEMENTARY_SLACKNESS/);
    },
  );

  it('rejects multipliers of the wrong sign', async () => {
    const result = await statePortfolio(({ weights, multipliers }) => ({
      weights,
      multipliers: {
        ...multipliers,
        lower: multipliers.lower.map((value) => value - 1),
        budget: multipliers.budget + 1,
      },
    }));
    expect((await portfolioCheck(result)).detail).toMatch(/^DUAL_SIGN/);
  });

  it('rejects multipliers so large that rounding swallows the gradient', async () => {
    const huge = 1e300;
    const result = await statePortfolio(({ weights, multipliers }) => ({
      weights: weights.map(() => 1 / weights.length),
      multipliers: {
        ...multipliers,
        lower: weights.map(() => huge),
        upper: weights.map(() => huge),
      },
    }));
    expect((await portfolioCheck(result)).detail).toMatch(/^DUAL_SIGN/);
  });

  it('rejects weights that do not add up to 1, or leave their bounds', async () => {
    const doubled = await statePortfolio(({ weights, multipliers }) => ({
      weights: weights.map((weight) => weight * 1.001),
      multipliers,
    }));
    expect((await portfolioCheck(doubled)).detail).toMatch(/^BUDGET/);
    const outside = await statePortfolio(({ weights, multipliers }) => ({
      weights: [0.7, 0.3, ...weights.slice(2).map(() => 0)],
      multipliers,
    }));
    expect((await portfolioCheck(outside)).detail).toMatch(/^BOUNDS/);
  });

  it('rejects the optimal portfolio of other prices', async () => {
    const executor = new PortfolioOptimization();
    const others = [randomTable(22, 120, 6), jsonPart(parameters)];
    const { parts } = await executor.execute({ parts: others }, { signal: never });
    expect((await portfolioCheck(parts)).passed).toBe(false);
  });

  it('rejects the optimal portfolio of other parameters', async () => {
    const executor = new PortfolioOptimization();
    const easier = [prices, jsonPart({ ...parameters, riskAversion: 1 })];
    const { parts } = await executor.execute({ parts: easier }, { signal: never });
    expect((await portfolioCheck(parts)).passed).toBe(false);
  });

  it.each(['expectedReturn', 'volatility', 'objective'] as const)(
    'rejects the right weights with a wrong %s',
    async (key) => {
      const honest = await honestPortfolio();
      const check = await portfolioCheck(json({ ...honest, [key]: honest[key] + 0.001 }));
      expect(check.detail).toBe(`the figure at /${key} does not follow from the prices`);
    },
  );

  it('rejects renamed, reordered and missing assets', async () => {
    const honest = await honestPortfolio();
    const renamed = honest.weights.map(({ weight }, i) => ({ asset: `OTHER${i}`, weight }));
    for (const weights of [renamed, [...honest.weights].reverse(), honest.weights.slice(1)]) {
      const check = await portfolioCheck(json({ ...honest, weights }));
      expect(check.detail).toBe('the assets are not those of the prices');
    }
  });

  it('rejects every perturbation of the weights by a thousandth or more', async () => {
    const { table } = await readPortfolioInput(portfolioInput, never);
    const problem = await definePortfolioProblem(table, parameters, never);
    const honest = solvePortfolio(problem);
    fc.assert(
      fc.property(
        fc.nat(5),
        fc.nat(5),
        fc.double({ min: 1e-3, max: 0.3, noNaN: true }),
        (from, to, amount) => {
          fc.pre(from !== to);
          const weights = honest.weights.map((weight, i) =>
            i === from ? weight - amount : i === to ? weight + amount : weight,
          );
          const moved = { ...honest, weights };
          expect(checkOptimality(problem, moved)).toMatchObject({ optimal: false });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never passes a portfolio that is worse than the tolerance allows', async () => {
    const { table } = await readPortfolioInput(portfolioInput, never);
    const problem = await definePortfolioProblem(table, parameters, never);
    const honest = solvePortfolio(problem);
    const best = checkOptimality(problem, honest);
    const next = uniform(1);
    let passed = 0;
    for (let trial = 0; trial < 3_000; trial++) {
      const size = 10 ** -(3 + 9 * next());
      const noise = honest.weights.map(() => size * (next() - 0.5));
      const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
      const weights = honest.weights.map((weight, i) =>
        Math.min(Math.max(weight + noise[i]! - mean, 0), 0.5),
      );
      const outcome = checkOptimality(problem, { ...honest, weights });
      if (!outcome.optimal || !best.optimal) continue;
      passed += 1;
      expect(outcome.objective - best.objective).toBeLessThan(1e-6);
    }
    expect(passed).toBeGreaterThan(100);
  });

  it('rejects a result for an input that has none', async () => {
    const honest = json(await honestPortfolio());
    const { passed, checks } = await verify(optimality, honest, { inputParts: [jsonPart({})] });
    expect(passed).toBe(false);
    expect(checks[1]!.detail).toMatch(/^there is a result, yet the input has none/);
  });

  it('answers any JSON with a rejection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (data) => {
        expect((await portfolioCheck(json(data as JsonValue))).passed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('answers a portfolio with any one field replaced by a rejection', async () => {
    const honest = await honestPortfolio();
    const key = fc.constantFrom(...(Object.keys(honest) as (keyof PortfolioResult)[]));
    await fc.assert(
      fc.asyncProperty(key, fc.jsonValue(), async (name, value) => {
        fc.pre(value !== honest[name]);
        const altered = { ...honest, [name]: value } as JsonValue;
        expect((await portfolioCheck(json(altered))).passed).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('recompute', () => {
  const sentiment = new Sentiment();
  const task = taskWith([{ type: 'recompute' }]);
  const inputParts = [textPart('I love it. The lid is terrible.')];
  const options = { inputParts, recompute: sentiment };

  async function honest(parts = inputParts) {
    return (await sentiment.execute({ parts }, { signal: never })).parts;
  }

  it('passes the result of an honest executor', async () => {
    const { passed, checks } = await verify(task, await honest(), options);
    expect(passed).toBe(true);
    expect(checks[1]).not.toHaveProperty('skipped');
  });

  it('rejects a sentiment result copied from another document', async () => {
    const copied = await honest([textPart('I hate it. The lid is great.')]);
    const { passed, checks } = await verify(task, copied, options);
    expect(passed).toBe(false);
    expect(checks[1]!.detail).toMatch(/^a second run differs at \/0\/data\/documents\/0\//);
  });

  it('rejects a polarity that is off by a millionth', async () => {
    const [part] = await honest();
    const altered = structuredClone(part!.data) as { documents: { polarity: number }[] };
    altered.documents[0]!.polarity += 1e-6;
    expect((await verify(task, json(altered), options)).passed).toBe(false);
  });

  it('rejects a part too many', async () => {
    const parts = await honest();
    expect((await verify(task, [...parts, ...parts], options)).passed).toBe(false);
  });

  it('passes numbers within the tolerance of the executor', async () => {
    const portfolio = new PortfolioOptimization();
    const result = await honestPortfolio();
    const near = { ...result, volatility: result.volatility * (1 + 1e-9) };
    const far = { ...result, volatility: result.volatility * (1 + 1e-4) };
    const given = { inputParts: portfolioInput, recompute: portfolio };
    expect((await verify(task, json(near), given)).passed).toBe(true);
    expect((await verify(task, json(far), given)).passed).toBe(false);
  });

  it('skips results outside the sample and says so', async () => {
    const wrong = json({ documents: [] });
    const rare = { ...options, random: rarely, auditRate: 0.25 };
    const { passed, checks } = await verify(task, wrong, rare);
    expect(passed).toBe(true);
    expect(checks[1]).toEqual({
      type: 'recompute',
      passed: true,
      skipped: true,
      detail: 'not in the sample of 25 %',
    });
  });

  it('lets a check raise the audit rate but not lower it', async () => {
    const wrong = json({ documents: [] });
    const strict = taskWith([{ type: 'recompute', auditRate: 1 }]);
    const lax = taskWith([{ type: 'recompute', auditRate: 0 }]);
    const rare = { ...options, random: rarely };
    expect((await verify(strict, wrong, { ...rare, auditRate: 0 })).passed).toBe(false);
    expect((await verify(lax, wrong, { ...rare, auditRate: 1 })).passed).toBe(false);
    expect((await verify(lax, wrong, { ...rare, auditRate: 0 })).passed).toBe(true);
  });

  it('samples at the audit rate', () => {
    const next = uniform(5);
    const random = {
      bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
    };
    const sampled = (rate: number) =>
      Array.from({ length: 4_000 }, () => isSampled(random, rate)).filter(Boolean).length;
    expect(sampled(0)).toBe(0);
    expect(sampled(1)).toBe(4_000);
    expect(sampled(0.25)).toBeGreaterThan(900);
    expect(sampled(0.25)).toBeLessThan(1_100);
  });

  it('skips without an executor of its own that gives the same result twice', async () => {
    const fickle: SkillExecutor = {
      term: 'performs:nlp/chat',
      estimate: () => ({ seconds: 1, memoryGib: 0 }),
      execute: async () => ({ parts: [] }),
    };
    for (const recompute of [{}, { recompute: fickle }]) {
      const { checks } = await verify(task, json(1), { inputParts, ...recompute });
      expect(checks[1]).toMatchObject({ passed: true, skipped: true });
    }
  });

  it('does not blame the contractor for a failure of its own executor', async () => {
    const broken: SkillExecutor = {
      term: sentiment.term,
      recomputeTolerance: 0,
      estimate: () => ({ seconds: 1, memoryGib: 0 }),
      execute: async () => {
        throw new ExecutorFailedError('FAILED');
      },
    };
    const { checks } = await verify(task, json(1), { inputParts, recompute: broken });
    expect(checks[1]).toMatchObject({ passed: true, skipped: true });
  });

  it('ends with the reason of the signal', async () => {
    const signal = AbortSignal.abort(new Error('deadline'));
    await expect(verify(task, await honest(), { ...options, signal })).rejects.toThrow('deadline');
  });
});

describe('findDifference', () => {
  it('finds none between a value and its copy, at any tolerance', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1e-6), (value, tolerance) => {
        const copy = structuredClone(value) as JsonValue;
        expect(findDifference(value as JsonValue, copy, tolerance)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('finds one between any two values that differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        // JSON cannot tell -0 from 0.
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        const [left, right] = [a, b].map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
        const isSame = findDifference(left, right, 0) === undefined;
        if (isSame) expect(sortedJson(left)).toBe(sortedJson(right));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [{ a: 1 }, { a: 1, b: 2 }, ''],
    [{ a: 1 }, { b: 1 }, '/a'],
    [[1, 2], [1], ''],
    [[1], { 0: 1 }, ''],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, '/a/1/b'],
    [1, '1', ''],
    [null, {}, ''],
    [{}, null, ''],
  ])('tells %j from %j', (a, b, path) => {
    expect(findDifference(a, b, 1e-6)).toBe(path);
  });
});

function sortedJson(value: JsonValue | undefined): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort())
      : inner,
  );
}

describe('json-schema', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      score: { type: 'number', minimum: 0 },
      mail: { type: 'string', format: 'email' },
    },
    required: ['score'],
    additionalProperties: false,
  };

  it('takes the schema of the check before that of the output', async () => {
    const own = taskWith([{ type: 'json-schema', schema: { type: 'number' } }], schema);
    expect((await verify(own, json(1))).passed).toBe(true);
    expect((await verify(taskWith([{ type: 'json-schema' }], schema), json(1))).passed).toBe(false);
  });

  it.each([
    [{ score: 1 }, true],
    [{ score: 1, mail: 'a@b.example' }, true],
    [{ score: 1, mail: 'nobody' }, false],
    [{ score: -1 }, false],
    [{ score: '1' }, false],
    [{}, false],
    [{ score: 1, more: 1 }, false],
    [null, false],
  ])('judges %j', async (data, passed) => {
    const { checks } = await verify(taskWith([{ type: 'json-schema' }], schema), json(data));
    expect(checks[1]).toMatchObject({ type: 'json-schema', passed });
  });

  it('names the place in the result', () => {
    expect(checkJsonSchema(schema, json({ score: -1 })).detail).toBe(
      'JSON part 0: /score must be >= 0',
    );
  });

  it('rejects a result without JSON', () => {
    const text = [{ mediaType: 'text/plain', text: '{"score":1}' }];
    expect(checkJsonSchema(schema, text).passed).toBe(false);
  });

  it.each([
    [{ type: 'nubmer' }],
    [{ typ: 'number' }],
    [{ $ref: 'https://example.com/schema.json' }],
    [{ type: 'string', format: 'no-such-format' }],
    [{ type: 'string', pattern: '(' }],
    [{ type: 'array', uniqueItems: true }],
    [{ properties: { a: { type: 'array', uniqueItems: true, maxItems: 100_000 } } }],
    [{ description: 'x'.repeat(70_000) }],
  ])('refuses the schema %j when the task is read', (bad) => {
    expect(findSchemaProblem(bad)).toMatch(/not a usable JSON Schema|uniqueItems/);
  });

  it('accepts a schema that refers to itself', () => {
    const tree: JsonSchema = {
      $defs: { node: { type: 'array', items: { $ref: '#/$defs/node' } } },
      $ref: '#/$defs/node',
    };
    expect(findSchemaProblem(tree)).toBeUndefined();
    expect(checkJsonSchema(tree, json([[], [[]]])).passed).toBe(true);
    expect(checkJsonSchema(tree, json([[], [1]])).passed).toBe(false);
  });

  it('rejects a text made to exhaust a regular expression, in bounded time', () => {
    const slow: JsonSchema = { type: 'string', pattern: '^(a+)+$' };
    const outcome = checkJsonSchema(slow, json(`${'a'.repeat(40)}!`));
    expect(outcome).toEqual({ passed: false, detail: 'the schema took longer than 1000 ms' });
  });

  it('stops at maxItems before it compares items of a hostile list', () => {
    const unique: JsonSchema = { type: 'array', uniqueItems: true, maxItems: 1_000 };
    const items = Array.from({ length: 20_000 }, (_, i) => ({ i }));
    expect(checkJsonSchema(unique, json(items)).detail).toMatch(
      /must NOT have more than 1000 items/,
    );
  });
});

describe('a result that is not well-formed', () => {
  const task = taskWith([{ type: 'json-schema', schema: true }]);

  async function detailOf(resultParts: readonly ResultPart[]) {
    const { passed, checks } = await verify(task, resultParts);
    expect(passed).toBe(false);
    expect(checks).toHaveLength(1);
    return checks[0]!.detail;
  }

  it('is rejected with no part, or too many', async () => {
    expect(await detailOf([])).toBe('the result has no part');
    const many = Array.from({ length: TASK_LIMITS.maxParts + 1 }, () => json(1)[0]!);
    expect(await detailOf(many)).toMatch(/more than 64 parts/);
  });

  it('is rejected when it is larger than the limit, in one part or in several', async () => {
    const half = 'x'.repeat(TASK_LIMITS.maxPartBytes / 2 + 1);
    const part = { mediaType: 'text/plain', text: half };
    expect(await detailOf([...json(1), part, part])).toMatch(/larger than 8388608 bytes/);
    expect(await detailOf(json(half + half))).toMatch(/larger than 8388608 bytes/);
  });

  it('is rejected when it is nested too deep', async () => {
    let bomb: JsonValue = 1;
    for (let i = 0; i < 50_000; i++) bomb = [bomb];
    expect(await detailOf(json(bomb))).toMatch(/nested deeper than 32/);
  });

  it('is rejected with both contents, none, or values that JSON does not have', async () => {
    const parts = [
      { mediaType: 'application/json' },
      { mediaType: 'application/json', data: 1, text: '1' },
      { mediaType: 'application/json', text: 5 },
      { mediaType: 'application/json', data: Number.NaN },
      { mediaType: 'application/json', data: '\ud800' },
      { mediaType: 7, data: 1 },
    ] as unknown as ResultPart[];
    for (const part of parts) expect(await detailOf([part])).toMatch(/^part 0/);
  });

  it('is rejected in another media type than the task asks for', async () => {
    expect(await detailOf([{ mediaType: 'text/plain', text: 'a' }])).toBe(
      'no part has the media type application/json',
    );
    const withCharset = [{ mediaType: 'Application/JSON; charset=utf-8', data: 1 }];
    expect((await verify(task, withCharset)).passed).toBe(true);
  });
});
