import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NAMED_CONTRACTORS, observeQuotes } from '../../../decision/portfolio/market-watch.ts';
import type { MarketAlarm } from '../../../decision/portfolio/market-watch.ts';
import {
  emptyMarketWatch,
  MAX_WATCHED_CONTRACTORS,
  MAX_WATCHED_TASK_TYPES,
} from '../../../decision/portfolio/quote-window.ts';
import type { MarketWatchState } from '../../../decision/portfolio/quote-window.ts';

const WINDOW_MS = 4_000;
const START: MarketWatchState = emptyMarketWatch(WINDOW_MS);

type Prices = Readonly<Record<string, number>>;

function survey(state: MarketWatchState, atMs: number, prices: Prices, taskType = 'nlp') {
  const quotes = Object.entries(prices).map(([contractor, unitPriceMicroUsd]) => ({
    contractor,
    unitPriceMicroUsd,
  }));
  return observeQuotes(state, { taskType, atMs, quotes });
}

/** Surveys one after the other; alarms of each. */
function surveys(...all: readonly (readonly [number, Prices])[]): (readonly MarketAlarm[])[] {
  let state = START;
  return all.map(([atMs, prices]) => {
    const seen = survey(state, atMs, prices);
    state = seen.state;
    return seen.alarms;
  });
}

function kinds(alarms: readonly MarketAlarm[] | undefined): string[] {
  return alarms!.map(({ kind }) => kind);
}

describe('coordinated moves', () => {
  const before = { a: 100, b: 200, c: 300, d: 150, e: 180 };

  it('three contractors that raise by 31 % in one window raise an alarm', () => {
    const [first, second] = surveys([0, before], [1_000, { a: 131, b: 262, c: 393 }]);
    expect(first).toEqual([]);
    expect(second).toEqual([
      {
        kind: 'COORDINATED_MOVE',
        taskType: 'nlp',
        direction: 'up',
        movers: 3,
        contractors: ['a', 'b', 'c'],
        sentence:
          '3 contractors moved their price for nlp up by more than 30 % within one quote window.',
      },
    ]);
  });

  it('three contractors that lower by 31 % in one window raise an alarm', () => {
    const [, second] = surveys([0, before], [1_000, { a: 69, b: 138, c: 207 }]);
    expect(second).toMatchObject([{ kind: 'COORDINATED_MOVE', direction: 'down', movers: 3 }]);
  });

  it('two do not', () => {
    expect(surveys([0, before], [1_000, { a: 131, b: 262, c: 300 }])[1]).toEqual([]);
  });

  it('29 % do not, and neither do exactly 30 %', () => {
    expect(surveys([0, before], [1_000, { a: 129, b: 258, c: 387 }])[1]).toEqual([]);
    expect(surveys([0, before], [1_000, { a: 130, b: 260, c: 390 }])[1]).toEqual([]);
    expect(surveys([0, before], [1_000, { a: 71, b: 142, c: 213 }])[1]).toEqual([]);
    expect(surveys([0, before], [1_000, { a: 70, b: 140, c: 210 }])[1]).toEqual([]);
  });

  it('two up and one down do not', () => {
    expect(surveys([0, before], [1_000, { a: 131, b: 262, c: 207 }])[1]).toEqual([]);
  });

  it('one after the other within the window they do, as soon as the third has moved', () => {
    const all = surveys(
      [0, before],
      [1_000, { a: 131 }],
      [2_000, { b: 262 }],
      [3_000, { c: 393 }],
      [3_500, { d: 150 }],
    );
    expect(all.map((alarms) => alarms.length)).toEqual([0, 0, 0, 1, 1]);
  });

  it('a move within the same moment is not hidden by the quarters of the window', () => {
    expect(kinds(surveys([10, before], [11, { a: 131, b: 262, c: 393 }])[1])).toEqual([
      'COORDINATED_MOVE',
    ]);
  });

  it('a dip before the rise hides nothing', () => {
    const all = surveys(
      [0, before],
      [500, { a: 80, b: 160, c: 240 }],
      [1_000, { a: 105, b: 210, c: 315 }],
    );
    expect(kinds(all[2])).toEqual(['COORDINATED_MOVE']);
  });

  it('a peak before the fall hides nothing', () => {
    const all = surveys(
      [0, before],
      [100, { a: 120, b: 240, c: 360 }],
      [200, { a: 110, b: 220, c: 330 }],
      [1_000, { a: 80, b: 160, c: 240 }],
    );
    const moves = all[3]!.filter(({ kind }) => kind === 'COORDINATED_MOVE');
    expect(moves).toMatchObject([{ direction: 'down', movers: 3 }]);
  });

  it('a slow drift over many windows raises no alarm, however far it gets', () => {
    let state = START;
    let price = 100;
    for (let i = 0; i < 40; i++) {
      const prices = { a: price, b: price * 1.1, c: price * 1.2, d: price, e: price };
      const seen = survey(state, i * WINDOW_MS, prices);
      expect(seen.alarms.filter(({ kind }) => kind === 'COORDINATED_MOVE')).toEqual([]);
      state = seen.state;
      price *= 1.1;
    }
    expect(price).toBeGreaterThan(4_000);
  });

  it('the same drift within one window does', () => {
    const step = (factor: number) => ({ a: 100 * factor, b: 110 * factor, c: 120 * factor });
    const all = surveys(
      [0, step(1)],
      [1_000, step(1.1)],
      [2_000, step(1.21)],
      [3_000, step(1.331)],
    );
    expect(all.map(kinds)).toEqual([[], [], [], ['COORDINATED_MOVE']]);
  });

  it('prices from before the window are forgotten', () => {
    expect(surveys([0, before], [2 * WINDOW_MS, { a: 131, b: 262, c: 393 }])[1]).toEqual([]);
  });

  it('a newcomer without a price before is not a mover', () => {
    const all = surveys([0, { a: 100, b: 100 }], [1_000, { a: 131, b: 131, new: 140 }]);
    expect(all[1]).toEqual([]);
  });

  it('the same contractors in other task types are other prices', () => {
    const { state } = survey(START, 0, before, 'finance');
    expect(survey(state, 1_000, { a: 131, b: 262, c: 393 }, 'nlp').alarms).toEqual([]);
  });
});

describe('price outliers', () => {
  const market = { a: 100, b: 105, c: 95, d: 102 };

  it('a price far above the others is named, with how far', () => {
    expect(survey(START, 0, { ...market, dear: 400 }).alarms).toMatchObject([
      {
        kind: 'PRICE_OUTLIER',
        contractor: 'dear',
        direction: 'high',
        unitPriceMicroUsd: 400,
        sentence: 'dear asks 3.92 times the median of 5 prices for nlp.',
      },
    ]);
  });

  it('bait: a price far below the others is named, down to a free one', () => {
    for (const price of [25, 1, 0]) {
      expect(survey(START, 0, { ...market, bait: price }).alarms).toMatchObject([
        { kind: 'PRICE_OUTLIER', contractor: 'bait', direction: 'low', unitPriceMicroUsd: price },
      ]);
    }
    const [free] = survey(START, 0, { ...market, bait: 0 }).alarms;
    expect(free!.sentence).toBe('bait asks 0.00 times the median of 5 prices for nlp.');
  });

  it('nothing is an outlier among three, or where all prices spread', () => {
    expect(survey(START, 0, { a: 100, b: 100, c: 900 }).alarms).toEqual([]);
    expect(survey(START, 0, { a: 50, b: 100, c: 200, d: 400 }).alarms).toEqual([]);
    expect(survey(START, 0, { a: 0, b: 0, c: 0, d: 0 }).alarms).toEqual([]);
  });

  it('a price among free offers is an outlier', () => {
    expect(survey(START, 0, { a: 0, b: 0, c: 0, d: 100 }).alarms).toMatchObject([
      { kind: 'PRICE_OUTLIER', contractor: 'd', direction: 'high' },
    ]);
  });

  it('a price a little off is no outlier, however equal the others are', () => {
    expect(survey(START, 0, { a: 100, b: 100, c: 100, d: 128, e: 78 }).alarms).toEqual([]);
    expect(kinds(survey(START, 0, { a: 100, b: 100, c: 100, d: 130 }).alarms)).toEqual([
      'PRICE_OUTLIER',
    ]);
  });

  it('the median holds against fewer liars than honest contractors, and not against more', () => {
    const honest = { a: 100, b: 105, c: 95 };
    const few = survey(START, 0, { ...honest, x: 900, y: 900 }).alarms;
    expect(few.map((alarm) => alarm.kind === 'PRICE_OUTLIER' && alarm.contractor)).toEqual([
      'x',
      'y',
    ]);
    const most = survey(START, 0, { a: 100, x: 900, y: 905, z: 895 }).alarms;
    expect(most).toMatchObject([{ contractor: 'a', direction: 'low' }]);
  });

  it('is judged against what others asked earlier in the window', () => {
    const all = surveys([0, market], [2_000, { dear: 400 }], [3 * WINDOW_MS, { dear: 400 }]);
    expect(all.map(kinds)).toEqual([[], ['PRICE_OUTLIER'], []]);
  });
});

describe('concentration of quotes', () => {
  it('is reported from twenty quotes on where few contractors give them', () => {
    let state = START;
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) {
      const next = survey(state, i, { a: 100, b: 100 });
      state = next.state;
      seen.push(next.alarms.length);
    }
    expect(seen).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(survey(state, 10, { a: 100 }).alarms[0]!.sentence).toBe(
      '2 contractors give all 21 quotes for nlp; concentration (HHI) 0.50, alarm above 0.25.',
    );
  });

  it('is not reported for five contractors that answer alike', () => {
    let state = START;
    for (let i = 0; i < 10; i++) {
      const next = survey(state, i, { a: 100, b: 100, c: 100, d: 100, e: 100 });
      expect(next.alarms).toEqual([]);
      state = next.state;
    }
  });
});

describe('attacks on the market watch', () => {
  it('hostile numbers are ignored, and so are hostile names', () => {
    const prices = [NaN, -1, Infinity, 1e300, '5', null, undefined] as unknown as number[];
    const quotes = prices.map((unitPriceMicroUsd, i) => ({
      contractor: `hostile ${i}`,
      unitPriceMicroUsd,
    }));
    for (const contractor of ['', 'x'.repeat(129), 7, null] as unknown as string[]) {
      quotes.push({ contractor, unitPriceMicroUsd: 100 });
    }
    const { state, alarms } = observeQuotes(START, { taskType: 'nlp', atMs: 0, quotes });
    expect(state.taskTypes).toEqual([{ taskType: 'nlp', contractors: [] }]);
    expect(alarms).toEqual([]);
    expect(() => survey(START, NaN, {})).toThrow(/atMs/);
    expect(() => emptyMarketWatch(0)).toThrow(/windowMs/);
  });

  it('several quotes of one contractor in a survey are one price, the last', () => {
    const quotes = [900, 100].map((unitPriceMicroUsd) => ({ contractor: 'a', unitPriceMicroUsd }));
    const { state } = observeQuotes(START, { taskType: 'nlp', atMs: 0, quotes });
    expect(state.taskTypes[0]!.contractors).toMatchObject([
      { lastMicroUsd: 100, quarters: [{ lowestMicroUsd: 100, quotes: 1 }] },
    ]);
  });

  it('state bounded under 100,000 distinct contractors in one survey, or 5,000 one by one', () => {
    const quotes = Array.from({ length: 100_000 }, (_, i) => ({
      contractor: `sybil ${i}`,
      unitPriceMicroUsd: i % 5 === 0 ? 100_000 : 100,
    }));
    const flooded = observeQuotes(START, { taskType: 'nlp', atMs: 0, quotes });
    expect(flooded.state.taskTypes[0]!.contractors).toHaveLength(MAX_WATCHED_CONTRACTORS);
    expect(flooded.alarms.length).toBeLessThanOrEqual(MAX_NAMED_CONTRACTORS + 3);
    let state = START;
    for (let i = 0; i < 5_000; i++) {
      ({ state } = observeQuotes(state, { taskType: 'nlp', atMs: 0, quotes: [quotes[i]!] }));
    }
    expect(state.taskTypes[0]!.contractors).toHaveLength(MAX_WATCHED_CONTRACTORS);
    expect(JSON.stringify(state).length).toBeLessThan(20_000);
  });

  it('a flood of names that quote once does not make it forget those that it knows', () => {
    const before = { a: 100, b: 200, c: 300 };
    let { state } = survey(START, 0, before);
    ({ state } = survey(state, 100, before));
    for (let i = 0; i < 1_000; i++) ({ state } = survey(state, 200, { [`sybil ${i}`]: 100 }));
    const { alarms } = survey(state, 1_000, { a: 131, b: 262, c: 393 });
    expect(kinds(alarms)).toContain('COORDINATED_MOVE');
  });

  it('a clock that jumps to and fro does not make the state grow', () => {
    let state = START;
    for (let i = 0; i < 100; i++) {
      ({ state } = survey(state, i % 2 === 0 ? 5_000 : 4_000, { a: 100 }));
    }
    expect(state.taskTypes[0]!.contractors).toMatchObject([{ quarters: [{ quotes: 100 }] }]);
  });

  it('task types are bounded, the one not quoted for longest goes first', () => {
    let state = START;
    for (let i = 0; i < 100; i++) {
      ({ state } = survey(state, i, { a: 100 }, `type ${i}`));
      ({ state } = survey(state, i, { a: 100 }, 'often'));
    }
    expect(state.taskTypes).toHaveLength(MAX_WATCHED_TASK_TYPES);
    expect(state.taskTypes.map(({ taskType }) => taskType)).toContain('often');
  });

  it('no text of a peer or of a task gets into a sentence unescaped', () => {
    const { alarms } = survey(START, 0, { a: 1, b: 1, c: 1, 'd\u202e': 100 }, 'n\u0007lp');
    expect(alarms[0]!.sentence).toContain('d\\u{202e} asks');
    expect(alarms[0]!.sentence).toContain('for n\\u{7}lp.');
  });

  const quote = fc.record({
    contractor: fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', '__proto__'), fc.string()),
    // Plus 0: JSON knows no negative zero.
    unitPriceMicroUsd: fc
      .oneof(fc.double(), fc.double({ min: 0, max: 1e6, noNaN: true }))
      .map((price) => price + 0),
  });
  const anySurvey = fc.record({
    taskType: fc.constantFrom('nlp', 'finance'),
    atMs: fc.double({ min: 0, max: 50_000, noNaN: true }),
    quotes: fc.array(quote, { maxLength: 12 }),
  });

  it('any sequence of surveys, on any clock, leaves plain bounded data', () => {
    fc.assert(
      fc.property(fc.array(anySurvey, { maxLength: 30 }), (all) => {
        let state = START;
        for (const one of all) {
          const seen = observeQuotes(state, one);
          state = seen.state;
          for (const { contractors } of state.taskTypes) {
            for (const { quarters } of contractors) {
              expect(quarters.length).toBeGreaterThan(0);
              expect(quarters.length).toBeLessThanOrEqual(5);
            }
          }
          for (const { sentence } of seen.alarms) {
            expect(sentence).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          }
        }
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
    );
  });
});
