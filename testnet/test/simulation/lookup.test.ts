/** The simulated lookup in small networks, beside what was measured of the real one. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { KAD_DHT_RULE, Lookups } from '../../simulation/lookup.ts';
import type { LookupRule } from '../../simulation/lookup.ts';
import { Population, randomKey } from '../../simulation/population.ts';
import { RoutingTables } from '../../simulation/routing-tables.ts';
import { K, tableShape } from '../../simulation/table-shape.ts';

/** Nodes with empty tables, the closest to a key first, and who was asked. */
function wiredByHand(rule: Partial<LookupRule>) {
  const random = new SeededRandom(7);
  const init = { nodes: 100, churnPerHour: 0, hours: 0, adversaryShare: 0, publishers: 0 };
  const population = new Population(init, random);
  const tables = new RoutingTables(population, tableShape('kad-dht', 100), 100);
  for (let node = 0; node < 100; node++) tables.open(node);
  const lookups = new Lookups(population, tables, random, { ...KAD_DHT_RULE, ...rule });
  const key = randomKey(random);
  const nodes = population.closestLive(key, 100);
  const asker = nodes[99]!;
  const asked = (): number[] => {
    const ranks: number[] = [];
    const isHolder = (node: number): boolean => {
      ranks.push(nodes.indexOf(node));
      return false;
    };
    lookups.run(asker, key, { isHolder });
    return ranks;
  };
  const know = (rank: number, ...others: number[]): void => {
    for (const other of others) tables.add(nodes[rank]!, nodes[other]!);
  };
  return { know, asked };
}

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

  it('follows only nodes that are closer than the one that named them', () => {
    const { know, asked } = wiredByHand({});
    know(99, 50);
    know(50, 20, 70);
    know(20, 3, 30);
    know(70, 1);
    expect(asked()).toEqual([50, 20, 3]);
  });

  it('ends when nobody is left that is closer than the list of those that answered', () => {
    const { know, asked } = wiredByHand({ paths: 1, alpha: 1, listSize: 1 });
    know(99, 10, 40, 60);
    know(10, 5);
    know(40, 2);
    expect(asked()).toEqual([10, 5]);
  });

  it('hears of adversaries alone from a colluder, and of nobody from a silent one', () => {
    const requests = (['collude', 'silent'] as const).map((behaviour) => {
      const { population, tables, lookups, random } = world(300, { behaviour });
      const key = randomKey(random);
      const nodes = population.closestLive(key, 300);
      const asker = nodes[299]!;
      const adversaries = nodes.slice(0, 40).filter((_, rank) => rank % 2 === 0);
      for (const node of adversaries) population.isAdversary[node] = 1;
      tables.close(asker);
      tables.open(asker);
      tables.add(asker, adversaries[19]!);
      const outcome = lookups.run(asker, key);
      expect(outcome.closest.filter((node) => !adversaries.includes(node))).toEqual([]);
      return outcome.requests;
    });
    expect(requests).toEqual([20, 1]);
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
