import { describe, expect, it } from 'vitest';
import { dynamicPriceMicroUsd } from '../../../node/cost/external-cost.ts';
import { marketOf } from '../../market-simulator/market-presets.ts';
import { Population } from '../../market-simulator/population.ts';

describe('a population of contractors', () => {
  it('asks for what Eq. (7) says at its load. Paper Eq. (7)', () => {
    const population = new Population(marketOf('paper'), 40, 3, true);
    population.startHour(0, 1.6);
    for (let one = 0; one < population.size; one++) {
      const load = { demand: population.demand[one]!, available: population.available[one]! };
      const expected = dynamicPriceMicroUsd(1, { ...load, total: 1 }, 1);
      expect(population.priceFactor[one]).toBe(expected);
    }
  });

  it('loses capacity for good with every task, in the market of the paper’s code', () => {
    const population = new Population(marketOf('paper'), 1, 3, true);
    for (let task = 0; task < 12; task++) population.take(0, task, 10);
    expect(population.available[0]).toBe(0.1);
    population.startHour(1_000, 0.5);
    expect(population.available[0]).toBe(0.1);
  });

  it('lets tasks wait where slots are full, and is free again after them', () => {
    const population = new Population(marketOf('llm-2026'), 1, 3, true);
    const slots = population.total;
    for (let task = 0; task < slots; task++) expect(population.take(0, 0, 60)).toBe(1);
    expect(population.available[0]).toBe(0);
    expect(population.waitMinutes[0]).toBe(60);
    expect(population.take(0, 0, 60)).toBe(2);
    population.startHour(3, 1);
    expect(population.available[0]).toBe(slots);
    expect(population.waitMinutes[0]).toBe(0);
  });

  it('keeps prices where they are if they do not react to load', () => {
    const population = new Population(marketOf('paper'), 5, 3, false);
    population.startHour(0, 2);
    expect([...population.priceFactor]).toEqual([1, 1, 1, 1, 1]);
  });

  it('draws the types of contractors in the shares of the preset', () => {
    const market = marketOf('paper');
    const { type, size } = new Population(market, 20_000, 5, true);
    for (const [one, { share }] of market.contractors.entries()) {
      const drawn = type.reduce((sum, x) => sum + (x === one ? 1 : 0), 0) / size;
      expect(Math.abs(drawn - share)).toBeLessThan(0.01);
    }
  });
});
