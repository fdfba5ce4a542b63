import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ONE_Q32 } from '../../reputation/decay.ts';
import { flowFromSeeds, trustEdges } from '../../reputation/flow.ts';

const U = ONE_Q32;
const SEEDS = new Set(['seed']);

function link(from: string, to: string, weight = U) {
  return [from, to, weight] as const;
}

describe('edges of trust', () => {
  it('add both directions and all task types up, to a cap', () => {
    const directed = [link('b', 'a'), link('a', 'b', 2n * U), link('a', 'b', 9n * U)];
    expect(trustEdges(directed, 4n * U)).toEqual([{ a: 'a', b: 'b', weight: 4n * U }]);
    expect(trustEdges(directed.slice(0, 2), 4n * U)).toEqual([{ a: 'a', b: 'b', weight: 3n * U }]);
  });

  it('leave out pairs without satisfied work', () => {
    expect(trustEdges([link('a', 'b', 0n)], 4n * U)).toEqual([]);
  });
});

describe('flow from the seeds', () => {
  it('never reaches a ring that nobody else works with', () => {
    const edges = trustEdges(
      [link('seed', 'ann'), link('ann', 'joe'), link('eve', 'mal'), link('mal', 'ned')],
      4n * U,
    );
    const flow = flowFromSeeds(edges, SEEDS);
    expect(['eve', 'mal', 'ned'].map((peer) => flow.get(peer))).toEqual([0n, 0n, 0n]);
    expect(flow.get('joe')).toBeGreaterThan(0n);
  });

  it('reaches who works with everybody about evenly', () => {
    const peers = ['seed', ...Array.from({ length: 20 }, (_, k) => `peer-${k}`)];
    const directed = peers.flatMap((a) => peers.filter((b) => a < b).map((b) => link(a, b)));
    const flow = flowFromSeeds(trustEdges(directed, 4n * U), SEEDS);
    for (const peer of peers) expect(Number(flow.get(peer)!) / 2 ** 32).toBeGreaterThan(0.9);
  });

  it('does not depend on the order in which the pairs come', () => {
    const names = fc.constantFrom('seed', 'a', 'b', 'c', 'd', 'e');
    const pair = fc.tuple(names, names, fc.bigInt({ min: 0n, max: 5n * U }));
    const pairs = fc.array(pair, { maxLength: 30 });
    fc.assert(
      fc.property(pairs, (directed) => {
        const proper = directed.filter(([a, b]) => a !== b);
        const forward = flowFromSeeds(trustEdges(proper, 4n * U), SEEDS);
        const backward = flowFromSeeds(trustEdges([...proper].reverse(), 4n * U), SEEDS);
        expect(new Map([...backward].sort())).toEqual(new Map([...forward].sort()));
        for (const amount of forward.values()) expect(amount >= 0n && amount <= U).toBe(true);
      }),
    );
  });

  it('is nothing where there are no seeds', () => {
    expect(flowFromSeeds(trustEdges([link('a', 'b')], U), new Set()).get('a')).toBe(0n);
  });
});
