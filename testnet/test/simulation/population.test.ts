/** Who is in a simulated network, checked against going through everybody. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { ID_BITS, Population, randomKey } from '../../simulation/population.ts';

const STILL = { churnPerHour: 0, hours: 0, adversaryShare: 0, publishers: 0 };

function everybody(population: Population): number[] {
  return Array.from({ length: population.size }, (_, node) => node);
}

describe('a simulated population', () => {
  it('finds the nodes under a prefix wherever the search begins', () => {
    const population = new Population({ ...STILL, nodes: 500 }, new SeededRandom(1));
    const property = fc.property(
      fc.integer({ min: 0, max: 499 }),
      fc.integer({ min: 0, max: 499 }),
      fc.integer({ min: 0, max: 20 }),
      (owner, near, bits) => {
        const prefix = population.high[owner]!;
        const sharesPrefix = (node: number): boolean =>
          bits === 0 || (population.high[node]! ^ prefix) >>> (32 - bits) === 0;
        const { from, to } = population.range(prefix, bits, near);
        const found = everybody(population).slice(from, to);
        expect(found).toEqual(everybody(population).filter(sharesPrefix));
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('names the closest live nodes in order, and the closest adversaries', () => {
    const init = { nodes: 400, churnPerHour: 1, hours: 1, adversaryShare: 0.3, publishers: 0 };
    const population = new Population(init, new SeededRandom(2));
    population.leaveUntil(0.5);
    const random = new SeededRandom(3);
    for (let i = 0; i < 50; i++) {
      const key = randomKey(random);
      const far = (node: number): number => population.distance(node, key.high, key.low);
      const live = everybody(population)
        .filter((node) => population.isLive[node] === 1)
        .sort((a, b) => far(a) - far(b));
      expect(population.closestLive(key, 20)).toEqual(live.slice(0, 20));
      const adversaries = live.filter((node) => population.isAdversary[node] === 1);
      expect(population.closestLive(key, 20, true)).toEqual(adversaries.slice(0, 20));
    }
  });

  it('measures distance by XOR, exactly', () => {
    const population = new Population({ ...STILL, nodes: 100 }, new SeededRandom(4));
    const idOf = (node: number): bigint =>
      (BigInt(population.high[node]! >>> 0) << 21n) | BigInt(population.low[node]!);
    const key = randomKey(new SeededRandom(5));
    const keyId = (BigInt(key.high >>> 0) << 21n) | BigInt(key.low);
    for (const node of everybody(population)) {
      const distance = BigInt(population.distance(node, key.high, key.low));
      expect(distance).toBe(idOf(node) ^ keyId);
      expect(distance < 1n << BigInt(ID_BITS)).toBe(true);
    }
  });

  it('loses the stated share per hour, replaces it, and keeps publishers', () => {
    const init = { nodes: 5_000, churnPerHour: 0.2, hours: 1, adversaryShare: 0, publishers: 50 };
    const population = new Population(init, new SeededRandom(6));
    let left = 0;
    for (let minute = 1; minute <= 60; minute++) {
      left += population.leaveUntil(minute / 60).length;
      for (const node of population.joinersUntil(minute / 60)) population.enter(node);
    }
    expect(left / init.nodes).toBeGreaterThan(0.18);
    expect(left / init.nodes).toBeLessThan(0.22);
    const live = population.countLive(0, population.size);
    expect(Math.abs(live - init.nodes)).toBeLessThan(0.03 * init.nodes);
    expect(population.publishers.filter((node) => population.isLive[node] === 0)).toEqual([]);
    expect(new Set(population.publishers).size).toBe(50);
  });
});
