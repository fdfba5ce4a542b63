import { describe, expect, it } from 'vitest';
import {
  checkDayOne,
  checkOutsourcing,
  checkPrices,
  checkScores,
  checkSpread,
} from '../../doctor/market-checks.ts';
import type { DecisionReadings, PriceReadings } from '../../doctor/market-checks.ts';

const HOUR_MS = 3_600_000;
const TERM = 'performs:nlp/sentiment';

describe('the check of prices', () => {
  const prices = {
    computeUsdPerHour: 0.05,
    memoryUsdPerHour: 0,
    energyUsdPerKwh: 0.3,
    powerWatts: 65,
  };
  const judge = (changes: Partial<PriceReadings['prices']>, priceMicroUsd = 20) =>
    checkPrices({
      value: {
        prices: { ...prices, ...changes },
        skills: [{ term: TERM, priceMicroUsd, perUnit: 'task' }],
      },
    });

  it.each([
    ['sane ones', judge({}), 'ok', '1 skill on sale'],
    ['energy alone', judge({ computeUsdPerHour: 0 }), 'ok', 'costs $0'],
    [
      'an hour for nothing',
      judge({ computeUsdPerHour: 0, powerWatts: 0 }),
      'warning',
      'an hour of this machine costs nothing',
    ],
    ['an absurd hour', judge({ computeUsdPerHour: 60_000 }), 'warning', '$60000'],
    ['work for nothing', judge({}, 0), 'warning', `${TERM} is sold for nothing`],
    ['an absurd price', judge({}, 2e9), 'warning', `${TERM} costs $2000 a task`],
    ['no daemon', checkPrices({ missing: 'x' }), 'skipped', 'x'],
  ])('says of %s', (_what, finding, state, words) => {
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
  });
});

type Decided = DecisionReadings['decisions'][number];

/** A decision among contractors with these scores; costs are 100, 110, ... unless flat. */
function decided(choice: Decided['choice'], scores: (number | null)[], isFlat = false): Decided {
  return {
    choice,
    costExternalMicroUsd: 100,
    candidates: scores.map((score, i) => {
      const peerId = `peer-${i}`;
      if (score === null) return { peerId, score, dropped: 'NO_QUOTE' };
      return { peerId, score, costExternalMicroUsd: isFlat ? 100 : 100 + 10 * i };
    }),
  };
}

const many = (n: number, ...one: Parameters<typeof decided>): Decided[] =>
  Array.from({ length: n }, () => decided(...one));

function seen(decisions: Decided[], gate = 'confidence', uptimeMs = HOUR_MS) {
  const rows = [{ decidedBy: gate, count: decisions.length, sharePercent: 100 }];
  return { value: { decisions, summary: { rows }, uptimeMs } };
}

describe('the signature of a node that hands nothing out', () => {
  it('is seen below 10 % with contractors at hand, with the gate and what opens it', () => {
    const local = many(18, 'LOCAL', [0.9, 0.4]);
    const finding = checkOutsourcing(seen([...local, ...many(2, 'OUTSOURCE', [0.9])], 'economic'));
    expect(finding.state).toBe('ok');
    const worse = checkOutsourcing(
      seen([...many(20, 'LOCAL', [0.9]), decided('OUTSOURCE', [0.9])], 'economic'),
    );
    expect(worse).toMatchObject({
      state: 'warning',
      found: '1 of 21 tasks with contractors at hand were outsourced',
    });
    expect(worse.cause).toContain('(gate economic, 21 times)');
    expect(worse.mend).toContain('prices.computeUsdPerHour');
  });

  it('is not seen where nobody was at hand, nor in a few decisions', () => {
    expect(checkOutsourcing(seen(many(50, 'LOCAL', [null]))).state).toBe('ok');
    expect(checkOutsourcing(seen(many(19, 'LOCAL', [0.9]))).state).toBe('ok');
    expect(checkOutsourcing({ missing: 'x' }).state).toBe('skipped');
  });

  it.each(['economic', 'confidence', 'score', 'success', 'nobody'])('has a mend for %s', (gate) => {
    const finding = checkOutsourcing(seen(many(20, 'LOCAL', [0.9]), gate));
    expect(finding.state).toBe('warning');
    expect(finding.mend!.length).toBeGreaterThan(20);
  });
});

describe('the signature of the first day', () => {
  it('is seen when no task went out and somebody was there', () => {
    const finding = checkDayOne(seen(many(3, 'LOCAL', [0.9])));
    expect(finding.state).toBe('warning');
    expect(finding.mend).toContain('--trust');
  });

  it('is not seen later, nor once something went out, nor in two tasks', () => {
    expect(checkDayOne(seen(many(3, 'LOCAL', [0.9]), 'score', 25 * HOUR_MS)).state).toBe('ok');
    const one = [...many(3, 'LOCAL', [0.9]), decided('OUTSOURCE', [0.9])];
    expect(checkDayOne(seen(one)).state).toBe('ok');
    expect(checkDayOne(seen(many(2, 'LOCAL', [0.9]))).state).toBe('ok');
  });
});

describe('the signature of contractors that are alike', () => {
  it('is seen when every score is about 0.5', () => {
    const finding = checkScores(seen(many(10, 'LOCAL', [0.5, 0.51])));
    expect(finding).toMatchObject({ state: 'warning' });
    expect(checkScores(seen(many(10, 'LOCAL', [0.5, 0.6]))).state).toBe('ok');
  });

  it('is not seen in one contractor alone, which scores 0.5 by definition', () => {
    expect(checkScores(seen(many(50, 'OUTSOURCE', [0.5])))).toMatchObject({ state: 'ok' });
  });

  it('is seen when no quote differs from another', () => {
    expect(checkSpread(seen(many(10, 'LOCAL', [0.5, 0.5], true))).state).toBe('warning');
    expect(checkSpread(seen(many(10, 'LOCAL', [0.5, 0.5]))).state).toBe('ok');
    expect(checkSpread(seen(many(9, 'LOCAL', [0.5, 0.5], true))).state).toBe('ok');
    expect(checkSpread({ missing: 'x' }).state).toBe('skipped');
  });
});
