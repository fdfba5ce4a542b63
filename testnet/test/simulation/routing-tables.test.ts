/** Simulated routing tables: what is in a bucket, what is read of it, and what ends an entry. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { Population, randomKey } from '../../simulation/population.ts';
import { RoutingTables } from '../../simulation/routing-tables.ts';
import { K, TABLE_NAMES, tableShape } from '../../simulation/table-shape.ts';
import type { TableName } from '../../simulation/table-shape.ts';

const NODES = 1_000;

function world(name: TableName) {
  const init = { nodes: NODES, churnPerHour: 0, hours: 0, adversaryShare: 0, publishers: 0 };
  const population = new Population(init, new SeededRandom(1));
  const tables = new RoutingTables(population, tableShape(name, NODES), NODES);
  return { population, tables };
}

/** A node and more others than a bucket holds, all of one bucket of that node's. */
function crowd(name: TableName) {
  const { population, tables } = world(name);
  const owner = 0;
  tables.open(owner);
  const { shape } = tables;
  const ownerHigh = population.high[owner]!;
  // Bucket 0 of the paper is half the network; a leaf of the trie holds some 16 of 1,000 nodes.
  const bucketOf = (node: number): number => shape.bucketOf(ownerHigh, population.high[node]!);
  const sizes = new Map<number, number[]>();
  for (let node = 1; node < NODES; node++) {
    sizes.set(bucketOf(node), [...(sizes.get(bucketOf(node)) ?? []), node]);
  }
  const [bucket, others] = [...sizes].sort(([, a], [, b]) => b.length - a.length)[0]!;
  const entries = (): number[] => tables.buckets(owner)[bucket]!;
  return { population, tables, owner, others, entries };
}

describe.each(TABLE_NAMES)('a routing table of the shape %s', (name) => {
  it('is drawn with every entry in its bucket, none twice, none the owner', () => {
    const { population, tables } = world(name);
    for (let owner = 0; owner < NODES; owner += 50) {
      tables.open(owner);
      tables.refresh(owner);
      tables.buckets(owner).forEach((entries, bucket) => {
        expect(entries.length).toBeLessThanOrEqual(K);
        expect(new Set(entries).size).toBe(entries.length);
        expect(entries).not.toContain(owner);
        const { high } = population;
        for (const entry of entries) {
          expect(tables.shape.bucketOf(high[owner]!, high[entry]!)).toBe(bucket);
        }
      });
    }
  });

  it('answers with the twenty entries closest to any key, the asker left out', () => {
    const { population, tables } = world(name);
    const random = new SeededRandom(2);
    const out = new Int32Array(K);
    for (let owner = 0; owner < NODES; owner += 10) {
      tables.open(owner);
      tables.refresh(owner);
      const known = tables.buckets(owner).flat();
      const asker = known[random.integer(known.length)]!;
      const key = randomKey(random);
      const count = tables.closest(owner, key.high, key.low, asker, out);
      const far = (node: number): number => population.distance(node, key.high, key.low);
      const expected = known.filter((node) => node !== asker).sort((a, b) => far(a) - far(b));
      expect(new Set(out.subarray(0, count))).toEqual(new Set(expected.slice(0, K)));
    }
  });

  it('keeps live entries when a newcomer meets a full bucket', () => {
    const { tables, owner, others, entries } = crowd(name);
    for (const node of others) tables.add(owner, node);
    expect(entries()).toEqual(others.slice(0, K));
  });
});

describe('what ends an entry of a routing table', () => {
  it('is a request that times out, in the table of the paper', () => {
    const { tables, owner, others, entries } = crowd('kademlia');
    for (const node of others.slice(0, K)) tables.add(owner, node);
    tables.timedOut(owner, others[7]!);
    expect(entries()).toEqual(others.slice(0, K).filter((node) => node !== others[7]));
  });

  it('is the refresh, which replaces the dead with live nodes', () => {
    const { population, tables, owner, others, entries } = crowd('kademlia');
    for (const node of others.slice(0, K)) tables.add(owner, node);
    for (const node of others.slice(5, 12)) population.isLive[node] = 0;
    tables.refresh(owner);
    expect(entries()).toHaveLength(K);
    expect(entries().filter((node) => population.isLive[node] === 0)).toEqual([]);
  });

  it('is in kad-dht neither a time-out nor a refresh, unless it is one of the three oldest', () => {
    const { population, tables, owner, others, entries } = crowd('kad-dht');
    expect(others.length).toBeGreaterThan(K);
    for (const node of others.slice(0, K)) tables.add(owner, node);
    const [oldest, middle] = [others[1]!, others[9]!];
    population.isLive[oldest] = 0;
    population.isLive[middle] = 0;
    tables.timedOut(owner, middle);
    tables.refresh(owner);
    expect(entries()).not.toContain(oldest);
    expect(entries()).toContain(middle);
  });

  it('frees the row of a table for the next node', () => {
    const { tables, owner, others, entries } = crowd('kademlia');
    for (const node of others.slice(0, K)) tables.add(owner, node);
    tables.close(owner);
    tables.close(owner);
    tables.open(owner);
    expect(entries()).toEqual([]);
  });
});
