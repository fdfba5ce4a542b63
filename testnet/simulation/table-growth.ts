/**
 * Tables filled by real joins, to check the drawn ones against (`--grown`): one node after the
 * other looks itself up through a node that is there, then looks up one random key per bucket, and
 * whoever takes part in an answered request offers itself to the other's table. When all are in,
 * every node looks up one random key per bucket once more, as the first refresh does.
 *
 * @module
 */

import type { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { Lookups } from './lookup.ts';
import { randomKey } from './population.ts';
import type { Key, Population } from './population.ts';
import type { RoutingTables } from './routing-tables.ts';

const HIGH_BITS = 32;

/** What tables grow in. */
export interface TableGrowth {
  readonly population: Population;
  readonly tables: RoutingTables;
  readonly lookups: Lookups;
  readonly random: SeededRandom;
}

/** Lets all nodes that are there join. Yields after each lookup of a bucket's worth of nodes. */
export function* growTables(growth: TableGrowth): Generator<void, void, undefined> {
  const { population, tables, lookups, random } = growth;
  const nodes = new Int32Array(population.size);
  const count = population.shuffleLive(0, population.size, nodes);
  for (let i = 0; i < count; i++) {
    const node = nodes[i]!;
    tables.open(node);
    if (i === 0) continue;
    const key = { high: population.high[node]!, low: population.low[node]! };
    lookups.run(node, key, { start: [nodes[random.integer(i)]!], isLearning: true });
    lookUpBuckets(node, growth);
    yield;
  }
  for (let i = 0; i < count; i++) {
    lookUpBuckets(nodes[i]!, growth);
    yield;
  }
}

/** Looks up a random key of each bucket that others can be in. */
function lookUpBuckets(node: number, { population, tables, lookups, random }: TableGrowth): void {
  const { shape } = tables;
  for (let bucket = 0; bucket < shape.buckets; bucket++) {
    const bits = shape.prefixBits(bucket);
    // Deeper regions than the population reaches are empty but for the node itself.
    if (2 ** bits > population.size) break;
    const key = keyUnder(shape.prefixOf(population.high[node]!, bucket), bits, randomKey(random));
    lookups.run(node, key, { isLearning: true });
  }
}

/** The key with its first bits replaced. */
function keyUnder(prefix: number, bits: number, key: Key): Key {
  const mask = -1 << (HIGH_BITS - bits);
  return { high: (prefix & mask) | (key.high & ~mask), low: key.low };
}
