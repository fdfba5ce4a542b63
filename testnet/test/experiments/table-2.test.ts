import { describe, expect, it } from 'vitest';
import { validationRun } from '../../experiments/table-2.ts';

describe('the 35-task validation of Table II', () => {
  it('outsources nothing without exploration: no skill string is shared', () => {
    for (let seed = 0; seed < 20; seed++) expect(validationRun(0, seed).outsourced).toBe(0);
  });

  it('prints dollars per task that depend on the seed, around epsilon times 117.5', () => {
    const runs = Array.from({ length: 300 }, (_, seed) => validationRun(0.1, seed));
    const mean = runs.reduce((sum, { usdPerTask }) => sum + usdPerTask, 0) / runs.length;
    expect(mean).toBeGreaterThan(10);
    expect(mean).toBeLessThan(13.5);
    expect(runs.every(({ exploited }) => exploited === 0)).toBe(true);
    expect(runs.some(({ usdPerTask }) => usdPerTask <= 1.92)).toBe(true);
    expect(runs.some(({ usdPerTask }) => usdPerTask >= 20.3)).toBe(true);
  });

  it('saves another number in percent of the modelled local cost', () => {
    const all = validationRun(1, 3);
    expect(all.outsourced).toBe(35);
    expect(all.usdPerTask).toBeGreaterThan(110);
    expect(all.netSavingPercent).toBeLessThan(80);
  });
});
