import { describe, expect, it } from 'vitest';
import { marketOf } from '../../market-simulator/market-presets.ts';
import { drawWorkload, isBusinessHour, workloadOf } from '../../market-simulator/workload.ts';
import type { Workload } from '../../market-simulator/workload.ts';

const MARKET = marketOf('paper');
const SIZE = { days: 28, clients: 15, arrivalFactor: 1 };

describe('a workload', () => {
  it('counts Monday to Friday, 9 to 17 included, as hours of business', () => {
    const hours = Array.from({ length: 168 }, (_, hour) => hour);
    const business = hours.filter((hour) => isBusinessHour(hour, MARKET.arrivals));
    expect(business).toHaveLength(5 * 9);
    expect(business[0]).toBe(9);
    expect(business.at(-1)).toBe(4 * 24 + 17);
    expect(isBusinessHour(168 + 9, MARKET.arrivals)).toBe(true);
  });

  it('brings 3.4 tasks an hour in the mean of whole weeks, as the paper’s code does', () => {
    const counts = Array.from({ length: 10 }, (_, seed) => {
      const { count, hours } = drawWorkload(MARKET, SIZE, seed, 0);
      return count / hours;
    });
    const mean = counts.reduce((sum, x) => sum + x, 0) / counts.length;
    expect(mean).toBeGreaterThan(3.25);
    expect(mean).toBeLessThan(3.45);
  });

  it('draws task types in the shares of the preset', () => {
    const { type, count } = drawWorkload(MARKET, SIZE, 1, 0);
    for (const [one, { probability }] of MARKET.tasks.entries()) {
      const share = type.reduce((sum, x) => sum + (x === one ? 1 : 0), 0) / count;
      expect(Math.abs(share - probability)).toBeLessThan(0.03);
    }
  });

  it('hands the tasks of an hour to the clients in turn, one client’s in a row', () => {
    const { client, firstOfHour, hours } = drawWorkload(MARKET, { ...SIZE, clients: 2 }, 1, 0);
    for (let hour = 0; hour < hours; hour++) {
      const own = [...client.subarray(firstOfHour[hour], firstOfHour[hour + 1])];
      const ofFirst = Math.ceil(own.length / 2);
      expect(own).toEqual(own.map((_, i) => (i < ofFirst ? 0 : 1)));
    }
  });

  it('is the same for the same seed, drawn or remembered, and another for another', () => {
    const valuesOf = (workload: Workload): string => workload.valueMicroUsd.join();
    const once = valuesOf(drawWorkload(MARKET, SIZE, 7, 8));
    expect(valuesOf(workloadOf(MARKET, SIZE, 7, 8))).toBe(once);
    expect(valuesOf(workloadOf(MARKET, SIZE, 8, 8))).not.toBe(once);
    expect(valuesOf(workloadOf(MARKET, SIZE, 7, 8))).toBe(once);
  });
});
