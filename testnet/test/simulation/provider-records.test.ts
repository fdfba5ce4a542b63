/** Simulated provider records: where they are stored, and for how long. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { Lookups } from '../../simulation/lookup.ts';
import { Population } from '../../simulation/population.ts';
import { ProviderRecords } from '../../simulation/provider-records.ts';
import { RoutingTables } from '../../simulation/routing-tables.ts';
import { K, tableShape } from '../../simulation/table-shape.ts';

function world(adversaryShare = 0) {
  const random = new SeededRandom(1);
  const nodes = 300;
  const init = { nodes, churnPerHour: 0, hours: 0, adversaryShare, publishers: 5 };
  const population = new Population(init, random);
  const tables = new RoutingTables(population, tableShape('kad-dht', nodes), nodes);
  for (let node = 0; node < nodes; node++) {
    tables.open(node);
    tables.refresh(node);
  }
  const lookups = new Lookups(population, tables, random);
  const times = { validityHours: 2, republishHours: 1.5 };
  const records = new ProviderRecords(population, random, times, 0);
  return { population, lookups, records };
}

describe('simulated provider records', () => {
  it('are stored on the nodes closest to their key, the publisher left out', () => {
    const { population, lookups, records } = world();
    records.publishUntil(0, lookups);
    for (const entry of records.keys) {
      const others = population
        .closestLive(entry.key, K + 1)
        .filter((node) => node !== entry.publisher);
      expect(records.holders(entry, 0)).toEqual(new Set(others.slice(0, K)));
    }
  });

  it('are gone after their validity unless published again, which happens when it is due', () => {
    const { lookups, records } = world();
    const [entry] = records.keys;
    records.publishUntil(0, lookups);
    records.publishUntil(1, lookups);
    expect(entry!.publications).toHaveLength(1);
    expect(records.holders(entry!, 1.9).size).toBe(K);
    expect(records.holders(entry!, 2.1).size).toBe(0);
    records.publishUntil(1.5, lookups);
    expect(records.holders(entry!, 2.1).size).toBe(K);
    expect(records.holders(entry!, 3.6).size).toBe(0);
  });

  it('are not kept by adversaries, who take them all the same', () => {
    const { population, lookups, records } = world(0.5);
    records.publishUntil(0, lookups);
    for (const entry of records.keys) {
      const holders = [...records.holders(entry, 0)];
      expect(holders.length).toBeLessThan(K);
      expect(holders.filter((node) => population.isAdversary[node] === 1)).toEqual([]);
    }
  });
});
