/**
 * Runs of the routing simulation at small sizes: what must hold in a network at rest, what churn
 * and adversaries do, and that a seed determines all of it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulateRouting } from '../../simulation/routing-simulation.ts';
import type { RoutingSettings } from '../../simulation/routing-simulation.ts';
import { TABLE_NAMES } from '../../simulation/table-shape.ts';

const NEVER_AGAIN = { validityHours: Infinity, republishHours: Infinity };
const GREEDY = { listSize: 1, alpha: 1 };

function run(settings: Partial<RoutingSettings>) {
  return simulateRouting({
    nodes: 1_000,
    churnPercentPerHour: 0,
    adversariesPercent: 0,
    table: 'kademlia',
    lookups: 300,
    seed: 1,
    ...settings,
  });
}

describe('a network at rest', () => {
  it('finds every record and nearly all of the truly closest, whatever the seed', () => {
    const property = fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: 100, max: 500 }),
      fc.constantFrom(...TABLE_NAMES),
      (seed, nodes, table) => {
        const result = run({ seed, nodes, table, lookups: 50 });
        expect(result.successPercent).toBe(100);
        // An asker that is itself among the closest does not find itself: 20 of n do so.
        expect(result.closestFoundPercent).toBeGreaterThan(98);
        expect(result.timeOuts.p95).toBe(0);
      },
    );
    fc.assert(property, { numRuns: 8 });
  });

  it('needs about as many hops more for each fourfold of the nodes', () => {
    const hops = [256, 1_024, 4_096].map((nodes) => run({ nodes, lookups: 100 }).hopsToEnd.mean);
    const steps = hops.slice(1).map((mean, i) => mean - hops[i]!);
    // A hop gains some four to five bits with k = 20, so two bits cost less than half a hop.
    for (const step of steps) {
      expect(step).toBeGreaterThan(0.1);
      expect(step).toBeLessThan(0.8);
    }
  });

  it('has the same hops with tables of real joins as with drawn ones, and fewer requests', () => {
    const drawn = run({});
    const grown = run({ hasGrownTables: true });
    expect(grown.successPercent).toBe(100);
    expect(grown.closestFoundPercent).toBeGreaterThan(99);
    expect(Math.abs(grown.entriesPerTable - drawn.entriesPerTable)).toBeLessThan(3);
    expect(Math.abs(grown.hopsToRecord.mean - drawn.hopsToRecord.mean)).toBeLessThan(0.5);
    // Early nodes are in most tables, so ten paths hear the same names.
    expect(grown.requestsToEnd.median).toBeLessThan(drawn.requestsToEnd.median);
  });
});

describe('a network under churn', () => {
  it('finds more than 99 % of the records at 20 % per hour', () => {
    const result = run({ churnPercentPerHour: 20 });
    expect(result.successPercent).toBeGreaterThanOrEqual(99);
    expect(result.timeOuts.mean).toBeGreaterThan(0);
  });

  it('loses records that nobody publishes again, and keeps those that somebody does', () => {
    const churn = { churnPercentPerHour: 300, nodes: 600 };
    const once = run({ ...churn, records: NEVER_AGAIN });
    const often = run({ ...churn, records: { validityHours: 2, republishHours: 0.25 } });
    expect(once.successPercent).toBeLessThan(90);
    expect(often.successPercent).toBeGreaterThan(99);
  });

  it('leaves few dead entries where time-outs evict, and many where only the oldest are tested', () => {
    const paper = run({ churnPercentPerHour: 20 });
    const library = run({ churnPercentPerHour: 20, table: 'kad-dht' });
    expect(paper.deadEntriesPercent).toBeLessThan(2);
    expect(library.deadEntriesPercent).toBeGreaterThan(10);
    expect(library.timeOuts.mean).toBeGreaterThan(paper.timeOuts.mean);
  });
});

describe('20 % uniformly placed adversaries that name only each other', () => {
  const adversariesPercent = 20;

  it('do not keep ten disjoint paths from a record, with lists of twenty or of one', () => {
    for (const rule of [{ paths: 10 }, { paths: 10, ...GREEDY }]) {
      expect(run({ adversariesPercent, rule }).successPercent).toBeGreaterThanOrEqual(95);
    }
  });

  it('end a lookup that is one greedy walk: the defences off', () => {
    const result = run({ adversariesPercent, rule: { paths: 1, ...GREEDY } });
    expect(result.successPercent).toBeLessThan(80);
  });

  it('do not end one path of kad-dht either: its list of twenty is a defence of its own', () => {
    const result = run({ adversariesPercent, rule: { paths: 1 } });
    expect(result.successPercent).toBeGreaterThanOrEqual(95);
  });

  it('do not keep ten paths from a record by silence', () => {
    const result = run({ adversariesPercent, rule: { behaviour: 'silent' } });
    expect(result.successPercent).toBeGreaterThanOrEqual(95);
  });

  it('end a lookup that is content with twenty false providers, not one that reads on', () => {
    const flood = { behaviour: 'flood' } as const;
    const stopping = run({ adversariesPercent, rule: { ...flood, stopsAtTwentyProviders: true } });
    const reading = run({ adversariesPercent, rule: flood });
    expect(stopping.successPercent).toBeLessThan(80);
    expect(reading.successPercent).toBeGreaterThanOrEqual(95);
  });
});

describe('a seed', () => {
  const settings = { churnPercentPerHour: 50, adversariesPercent: 10, nodes: 300, lookups: 100 };

  it('determines every figure of a run', () => {
    for (const table of TABLE_NAMES) {
      const [first, second] = [run({ ...settings, table }), run({ ...settings, table })];
      expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    }
  });

  it('changes the figures when it changes', () => {
    const { seed: _, ...first } = run(settings);
    const { seed: __, ...second } = run({ ...settings, seed: 2 });
    expect(JSON.stringify(second)).not.toBe(JSON.stringify(first));
  });
});

describe('the limits of a simulation', () => {
  it('refuse sizes that are out of range and tables that would not fit', () => {
    expect(() => run({ nodes: 99 })).toThrow('"nodes" expected 100 to 1000000, got 99');
    expect(() => run({ nodes: 1_000_001 })).toThrow(RangeError);
    expect(() => run({ nodes: 1_000_000, table: 'kad-dht' })).toThrow(/at most 4 GB, got 5\.7 GB/);
    expect(() => run({ lookups: 0 })).toThrow('"lookups" expected at least 1, got 0');
  });
});
