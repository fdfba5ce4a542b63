/** The simulated lookup in small networks, beside what was measured of the real one. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { KAD_DHT_RULE, Lookups } from '../../simulation/lookup.ts';
import type { LookupRule } from '../../simulation/lookup.ts';
import { Population, randomKey } from '../../simulation/population.ts';
import { RoutingTables } from '../../simulation/routing-tables.ts';
import { K, tableShape } from '../../simulation/table-shape.ts';

function world(nodes: number, rule: Partial<LookupRule> = {}) {
  const random = new SeededRandom(7);
  const init = { nodes, churnPerHour: 0, hours: 0, adversaryShare: 0, publishers: 0 };
  const population = new Population(init, random);
  const tables = new RoutingTables(population, tableShape('kad-dht', nodes), nodes);
  for (let node = 0; node < nodes; node++) {
    tables.open(node);
    tables.refresh(node);
  }
  const lookups = new Lookups(population, tables, random, { ...KAD_DHT_RULE, ...rule });
  return { random, population, tables, lookups };
}

describe('a simulated lookup', () => {
  it.each([25, 50])('asks 20 of %i nodes in one hop, as real nodes were measured to', (nodes) => {
    const { random, population, lookups } = world(nodes);
    for (let i = 0; i < 100; i++) {
      const key = randomKey(random);
      const outcome = lookups.run(population.randomHonest(), key);
      expect(outcome.requests).toBe(20);
      expect(outcome.depth).toBe(1);
    }
  });

  it('finds the true closest nodes, but for the asker itself', () => {
    const { random, population, lookups } = world(300);
    for (let i = 0; i < 100; i++) {
      const key = randomKey(random);
      const asker = population.randomHonest();
      const others = population.closestLive(key, K + 1).filter((node) => node !== asker);
      expect(lookups.run(asker, key).closest).toEqual(others.slice(0, K));
    }
  });

  it('asks no node twice, on all its paths together', () => {
    const { random, population, lookups } = world(1_000);
    for (let i = 0; i < 50; i++) {
      const asked: number[] = [];
      const isHolder = (node: number): boolean => {
        asked.push(node);
        return false;
      };
      const { requests } = lookups.run(population.randomHonest(), randomKey(random), { isHolder });
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked).toHaveLength(requests);
    }
  });

  it('waits for the time-out of each dead node it asks, and finds the live ones all the same', () => {
    const { random, population, lookups } = world(300);
    const key = randomKey(random);
    const dead = population.closestLive(key, 5);
    for (const node of dead) population.isLive[node] = 0;
    const outcome = lookups.run(population.randomHonest(), key);
    expect(outcome.timeOuts).toBe(5);
    expect(outcome.rounds).toBe(KAD_DHT_RULE.timeOutRounds);
    expect(outcome.closest.filter((node) => dead.includes(node))).toEqual([]);
  });

  it('stops where it is when nobody answers', () => {
    const { random, population, lookups } = world(100);
    const asker = population.randomHonest();
    population.isLive.fill(0);
    const outcome = lookups.run(asker, randomKey(random));
    expect(outcome).toMatchObject({ closest: [], depth: 0, hit: undefined });
    expect(outcome.timeOuts).toBe(outcome.requests);
  });

  it('reports the first holder that answered, and what had been asked by then', () => {
    const { random, population, lookups } = world(1_000, { paths: 1, alpha: 1 });
    const key = randomKey(random);
    const [closest] = population.closestLive(key, 1);
    const asker = (closest! + 1) % 1_000;
    const { hit, requests } = lookups.run(asker, key, { isHolder: (node) => node === closest });
    expect(hit?.requests).toBeGreaterThanOrEqual(1);
    expect(hit?.requests).toBeLessThan(requests);
  });
});
