import { describe, expect, it } from 'vitest';
import { CandidateTable } from '../../../node/decision/candidate-table.ts';
import { RATIONAL_POLICY } from '../../../node/decision/policy.ts';
import { Adversaries } from '../../market-simulator/adversaries.ts';
import { noCertificates } from '../../market-simulator/certificates.ts';
import { ClientMemory } from '../../market-simulator/client-memory.ts';
import { marketOf } from '../../market-simulator/market-presets.ts';
import { Population } from '../../market-simulator/population.ts';
import { testimonyOf } from '../../market-simulator/testimony.ts';

const MARKET = marketOf('paper');
const TYPE = MARKET.tasks[0]!.name;

function newMemory(population: Population): ClientMemory {
  return new ClientMemory(MARKET, population, {
    certificates: noCertificates(population),
    testimony: null,
    hasLinearModel: false,
    learnsWeights: true,
  });
}

function outcome(contractor: number, isSuccess: boolean) {
  const utility = isSuccess ? 0.8 : 0;
  return { contractor, type: 0, isSuccess, utility, features: [1, 0.5, 0, 1], hour: 1 };
}

describe('a client’s memory', () => {
  it('holds after outcomes what a table made from these outcomes holds', () => {
    const memory = newMemory(new Population(MARKET, 3, 1, true));
    const table = memory.tables[0]!;
    table.evidence(RATIONAL_POLICY, TYPE);
    for (const isSuccess of [true, true, false, true]) memory.learn(outcome(1, isSuccess));
    const learned = table.evidence(RATIONAL_POLICY, TYPE);
    const history = { successes: 3, failures: 1, monthsSinceLast: 0, utility: 2.4 };
    const fresh = new CandidateTable(
      table.candidates.map((one, i) =>
        i === 1
          ? { ...(one as object), history: { ...history, byType: { [TYPE]: history } } }
          : one,
      ),
    ).evidence(RATIONAL_POLICY, TYPE);
    for (const column of ['reliability', 'confidence', 'poorQuality', 'mishap'] as const) {
      expect([...learned[column]]).toEqual([...fresh[column]]);
    }
  });

  it('keeps the true reliability of a contractor out of what a client believes', () => {
    const population = new Population(MARKET, 30, 1, true);
    const { reliability } = newMemory(population).tables[0]!.evidence(RATIONAL_POLICY, TYPE);
    expect(new Set(reliability).size).toBe(1);
    expect(new Set(population.reliability).size).toBeGreaterThan(3);
  });

  it('forgets a contractor that is gone', () => {
    const memory = newMemory(new Population(MARKET, 2, 1, true));
    for (let i = 0; i < 5; i++) memory.learn(outcome(0, false));
    expect(memory.outcomesOf(0)).toBe(5);
    memory.replace(0, { level: 0, passed: 0, run: 0 });
    expect(memory.outcomesOf(0)).toBe(0);
    const { reliability } = memory.tables[0]!.evidence(RATIONAL_POLICY, TYPE);
    expect(reliability[0]).toBe(reliability[1]);
  });

  it('counts the ring’s testimony in full only if it is gullible', () => {
    const ring = new Adversaries('collusion', 50, 0.3, 1);
    const mate = ring.isMalicious.indexOf(1);
    const believed = testimonyOf(ring, true)![mate]!;
    const weighed = testimonyOf(ring, false)![mate]!;
    expect(believed.total).toBeGreaterThan(20);
    expect(weighed.total).toBeLessThanOrEqual(2);
    expect(testimonyOf(new Adversaries('fabrication', 50, 0.3, 1), true)).toBeNull();
  });
});
