import { describe, expect, it } from 'vitest';
import { internalCost } from '../../../node/cost/internal-cost.ts';
import { COST_PRESETS, microUsd, REFERENCE_HARDWARE } from '../../../node/cost/presets.ts';
import { figuresOf } from '../../market-simulator/metrics.ts';
import { referenceDemand } from '../../market-simulator/reference-market.ts';
import { PLAIN_WORLD } from '../../market-simulator/settings.ts';
import { simulate } from '../../market-simulator/simulator.ts';
import { runSettings } from './settings-for-tests.ts';

describe('a simulated market', () => {
  it('gives the same sums for the same settings, whatever was run in between', () => {
    const first = simulate(runSettings({ decider: 'reference' }));
    simulate(runSettings({ seed: 2 }));
    expect(simulate(runSettings({ decider: 'reference' }))).toEqual(first);
  });

  it('charges 118.21 dollars for the base task where seconds are read as hours', () => {
    const { operations, memoryGib } = referenceDemand(2.8e15, 50_000, 8.2, 1);
    const costOf = (preset: 'paper' | 'si'): number =>
      internalCost({
        execution: { flops: operations * COST_PRESETS[preset].executionTimeFactor },
        hardware: REFERENCE_HARDWARE,
        memory: { modelGib: memoryGib, kvCacheGib: 0, activationsGib: 0 },
        queue: [],
      }).totalMicroUsd;
    expect(costOf('paper') / microUsd(1)).toBeCloseTo(118.21, 2);
    expect(costOf('si') / microUsd(1)).toBeCloseTo(0.0328, 4);
  });

  it('does everything at home in the right units, where there is nothing to gain', () => {
    for (const seed of [1, 2, 3]) {
      const sums = simulate(runSettings({ preset: 'si', seed }));
      expect(sums.outsourced).toBe(0);
      expect(figuresOf(sums).netSavingPercent).toBe(0);
    }
  });

  it('outsources nothing without certificates and without exploring', () => {
    const settings = runSettings({ hasCertificates: false, changes: { strategy: 'none' } });
    expect(simulate(settings).outsourced).toBe(0);
  });

  it('saves no more by any policy than the oracle, and more than a random choice', () => {
    const netOf = (decider: 'rational' | 'oracle' | 'reference' | 'random-eligible'): number =>
      figuresOf(simulate(runSettings({ decider, days: 7 }))).netSavingPercent!;
    expect(netOf('oracle')).toBeGreaterThan(netOf('rational'));
    expect(netOf('rational')).toBeGreaterThan(netOf('random-eligible'));
    expect(netOf('random-eligible')).toBeGreaterThan(netOf('reference'));
  });

  it('hides losses in the paper’s metric, and shows them in net saving', () => {
    const random = figuresOf(simulate(runSettings({ decider: 'random-eligible', preset: 'si' })));
    expect(random.paperMetricPercent).toBe(0);
    expect(random.netSavingPercent).toBeLessThan(-1_000);
    expect(random.atALossPercent).toBe(100);
  });

  it('counts Eq. (5) in the decision only if it is asked to', () => {
    const busy = runSettings({ clients: 2, decider: 'oracle' });
    const withOpportunity = simulate(busy);
    const without = simulate({ ...busy, hasOpportunityCost: false });
    expect(withOpportunity.localWithOpportunity).toBeGreaterThan(2 * withOpportunity.local);
    expect(without.localWithOpportunity).toBe(without.local);
    expect(without.local).toBe(withOpportunity.local);
  });

  it('pays nothing to a contractor that fails, and does the task again', () => {
    const drawn = runSettings({ failures: 'drawn', decider: 'random-eligible', days: 7 });
    const sums = simulate(drawn);
    expect(sums.lost).toBeGreaterThan(20);
    expect(sums.unnoticed).toBe(0);
    const blind = simulate({ ...drawn, world: { ...PLAIN_WORLD, audits: 'none' } });
    expect(blind.unnoticed).toBeGreaterThan(0);
    expect(blind.lost).toBe(sums.lost);
  });

  it('teaches a client of its own history less than one that shares it', () => {
    const settings = runSettings({ failures: 'taught', days: 7 });
    expect(simulate({ ...settings, history: 'own' })).not.toEqual(simulate(settings));
  });

  it('refuses no task that fits the card, and hands out those that do not', () => {
    const sums = simulate(runSettings({ preset: 'llm-2026', failures: 'drawn' }));
    expect(sums.infeasible).toBeGreaterThan(50);
    expect(sums.refused).toBe(0);
    expect(sums.outsourced).toBeGreaterThanOrEqual(sums.infeasible);
  });

  it('ends after as many tasks as it is asked to', () => {
    const sums = simulate(runSettings({ world: { ...PLAIN_WORLD, maxTasks: 100 } }));
    expect(sums.tasks).toBe(100);
  });
});
