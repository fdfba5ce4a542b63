import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DECLARED_RATIO_LIMITS,
  ExecutionTimes,
  MAX_RUNS,
  MAX_TASK_TYPES,
  MIN_FITTED_RUNS,
} from '../../cost/execution-time.ts';
import type { ExecutionTimesJson, WorkSize } from '../../cost/execution-time.ts';
import { uniform } from '../tasks/price-tables.ts';

const TYPE = 'performs:nlp/sentiment';
/** What the executor of these tests declares: a second per megabyte. */
const declared = (bytes: number): number => 0.002 + bytes / 1e6;

function observe(times: ExecutionTimes, bytes: number, seconds: number, columns = 0): void {
  times.observe(TYPE, { bytes, columns, declaredSeconds: declared(bytes), seconds });
}

function predict(times: ExecutionTimes, bytes: number, columns: number | null = 0): number {
  const size: WorkSize = columns === null ? { bytes } : { bytes, columns };
  return times.predict(TYPE, size, declared(bytes));
}

/** Sizes from 10 kB to 1 MB, spread evenly over the orders of magnitude. */
function sizes(count: number, seed = 1): number[] {
  const next = uniform(seed);
  return Array.from({ length: count }, () => Math.round(10_000 * 100 ** next()));
}

/** 12 ms with every task and 200 ns per byte. */
const truth = (bytes: number): number => 0.012 + 2e-7 * bytes;

describe('the time of a task before enough runs', () => {
  it('is what the executor declares while there is none', () => {
    expect(predict(new ExecutionTimes(), 50_000)).toBe(declared(50_000));
  });

  it('is the declared time by the median of actual / declared', () => {
    const times = new ExecutionTimes();
    observe(times, 10_000, 3 * declared(10_000));
    expect(predict(times, 500_000)).toBeCloseTo(3 * declared(500_000), 12);
    observe(times, 20_000, 5 * declared(20_000));
    expect(times.runsOf(TYPE)).toBeLessThan(MIN_FITTED_RUNS);
    expect(predict(times, 500_000)).toBeCloseTo(4 * declared(500_000), 12);
  });

  it('is not touched by runs of another type', () => {
    const times = new ExecutionTimes();
    const run = { bytes: 1, columns: 0, declaredSeconds: 1, seconds: 9 };
    times.observe('performs:other', run);
    expect(predict(times, 50_000)).toBe(declared(50_000));
  });
});

describe('the time of a task after runs', () => {
  it('has a part that comes with every task and a part per byte', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(8)) observe(times, bytes, truth(bytes));
    for (const bytes of [1_000, 50_000, 900_000]) {
      expect(predict(times, bytes)).toBeCloseTo(truth(bytes), 5);
    }
  });

  it('has parts for the columns of a table, which bytes do not tell', () => {
    const times = new ExecutionTimes();
    const tableTime = (bytes: number, columns: number) =>
      truth(bytes) + 1e-3 * columns + 2e-7 * columns ** 3;
    const next = uniform(7);
    for (const bytes of sizes(12)) {
      const columns = 5 + Math.floor(60 * next());
      observe(times, bytes, tableTime(bytes, columns), columns);
    }
    expect(predict(times, 100_000, 60)).toBeCloseTo(tableTime(100_000, 60), 3);
    expect(predict(times, 100_000, 8)).toBeCloseTo(tableTime(100_000, 8), 3);
  });

  it('takes the usual columns where the input is not at hand', () => {
    const times = new ExecutionTimes();
    sizes(9).forEach((bytes, i) => {
      const columns = [10, 20, 30][i % 3]!;
      observe(times, bytes, truth(bytes) + 1e-2 * columns, columns);
    });
    expect(predict(times, 80_000, null)).toBe(predict(times, 80_000, 20));
    expect(predict(times, 80_000, null)).toBeCloseTo(truth(80_000) + 0.2, 3);
  });

  it('never falls with the size, also where the runs did by chance', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(8)) observe(times, bytes, 0.5 - 4e-7 * bytes);
    expect(predict(times, 5_000_000)).toBeGreaterThan(0.1);
    expect(predict(times, 5_000_000)).toBeGreaterThanOrEqual(predict(times, 10_000));
  });

  it('is never more than a thousandth or a thousandfold of the declared time', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(4)) observe(times, bytes, 1e9);
    expect(predict(times, 10_000)).toBeCloseTo(DECLARED_RATIO_LIMITS.max * declared(10_000), 9);
    const quick = new ExecutionTimes();
    for (const bytes of sizes(4)) observe(quick, bytes, 2e-6);
    expect(predict(quick, 10_000)).toBeCloseTo(DECLARED_RATIO_LIMITS.min * declared(10_000), 12);
  });

  it('is finite and not negative for any runs', () => {
    const run = fc.record({
      bytes: fc.double({ min: 0, max: 1e9, noNaN: true }),
      columns: fc.integer({ min: 0, max: 10_000 }),
      declaredSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 40 }), run, (runs, asked) => {
        const times = new ExecutionTimes();
        for (const each of runs) times.observe(TYPE, each);
        const seconds = times.predict(TYPE, asked, asked.declaredSeconds);
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThan(Infinity);
      }),
      { numRuns: 300 },
    );
  });
});

describe('odd runs', () => {
  it('hardly move the time: one of ten that took twenty times as long', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(9)) observe(times, bytes, truth(bytes));
    observe(times, 100_000, 20 * truth(100_000));
    for (const bytes of [20_000, 200_000]) {
      expect(Math.abs(predict(times, bytes) / truth(bytes) - 1)).toBeLessThan(0.05);
    }
  });

  it('do not hide the usual time while they are a third of all', () => {
    const times = new ExecutionTimes();
    sizes(30).forEach((bytes, i) => observe(times, bytes, truth(bytes) * (i % 3 === 0 ? 4 : 1)));
    for (const bytes of [20_000, 200_000]) {
      expect(Math.abs(predict(times, bytes) / truth(bytes) - 1)).toBeLessThan(0.1);
    }
  });

  it('that become usual are followed: a machine that is half as fast from now on', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(MAX_RUNS)) observe(times, bytes, truth(bytes));
    for (const bytes of sizes(12, 2)) observe(times, bytes, 2 * truth(bytes));
    expect(Math.abs(predict(times, 100_000) / (2 * truth(100_000)) - 1)).toBeLessThan(0.1);
  });

  it('become usual with the tenth in a row: each run counts for 0.9 of the next newer one', () => {
    const after = (slow: number): number => {
      const times = new ExecutionTimes();
      for (let i = 0; i < MAX_RUNS; i++) observe(times, 100_000, 1);
      for (let i = 0; i < slow; i++) observe(times, 100_000, 2);
      return predict(times, 100_000);
    };
    expect(after(9)).toBeLessThan(1.2);
    expect(after(11)).toBeGreaterThan(1.8);
  });

  it('of no time at all teach nothing: the clock did not see them', () => {
    const times = new ExecutionTimes();
    observe(times, 10_000, 0);
    observe(times, 10_000, 9e-7);
    times.observe(TYPE, { bytes: 1, columns: 0, declaredSeconds: 0, seconds: 1 });
    expect(times.runsOf(TYPE)).toBe(0);
  });
});

describe('what is remembered', () => {
  it('is bounded: the last runs of a type, and the types used last', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(MAX_RUNS + 5)) observe(times, bytes, truth(bytes));
    expect(times.runsOf(TYPE)).toBe(MAX_RUNS);
    const run = { bytes: 1, columns: 0, declaredSeconds: 1, seconds: 1 };
    for (let i = 0; i < MAX_TASK_TYPES; i++) {
      times.observe(`performs:x/${i}`, run);
      if (i === 0) observe(times, 10_000, 1);
    }
    expect(times.toJSON().types).toHaveLength(MAX_TASK_TYPES);
    expect(times.runsOf('performs:x/0')).toBe(0);
    expect(times.runsOf(TYPE)).toBe(MAX_RUNS);
  });

  it('comes back from JSON with the same predictions', () => {
    const times = new ExecutionTimes();
    for (const bytes of sizes(10)) observe(times, bytes, truth(bytes), 3);
    const json = JSON.stringify(times);
    const again = ExecutionTimes.fromJSON(JSON.parse(json) as ExecutionTimesJson);
    expect(JSON.stringify(again)).toBe(json);
    expect(predict(again, 70_000, 5)).toBe(predict(times, 70_000, 5));
    expect(ExecutionTimes.fromJSON({ types: [{ taskType: 'x', runs: [] }] }).runsOf('x')).toBe(0);
  });

  it.each([
    [[-1, 0, 1, 1], /bytes/],
    [[1, Number.NaN, 1, 1], /columns/],
    [[1, 0, 0, 1], /declaredSeconds/],
    [[1, 0, 1, Infinity], /seconds/],
  ] as const)('is refused where it is no run: %j', (run, message) => {
    const json = { types: [{ taskType: TYPE, runs: [run] }] };
    expect(() => ExecutionTimes.fromJSON(json)).toThrow(message);
  });

  it('takes and is asked only what is a size and a time', () => {
    const times = new ExecutionTimes();
    expect(() => observe(times, -1, 1)).toThrow(RangeError);
    expect(() => observe(times, 1, Number.NaN)).toThrow(/seconds/);
    expect(() => predict(times, Number.NaN)).toThrow(/bytes/);
    expect(() => times.predict(TYPE, { bytes: 1 }, -1)).toThrow(/declaredSeconds/);
  });
});
