import { describe, expect, it } from 'vitest';
import { POLICIES } from '../../../node/decision/policy.ts';
import { policyOf } from '../../market-simulator/policies.ts';
import { PRESET_NAMES } from '../../market-simulator/settings.ts';
import { runSettings } from './settings-for-tests.ts';

describe('the policy of a run', () => {
  it('explores with medium data in the markets of the paper, and with low elsewhere', () => {
    const limits = PRESET_NAMES.map((preset) => {
      return policyOf(runSettings({ preset, decider: 'rational' })).exploration.maxSensitivity;
    });
    expect(limits).toEqual(['medium', 'medium', 'low']);
  });

  it('is else the one that a node ships, exploration and its loss budget included', () => {
    const { exploration, ...policy } = policyOf(runSettings({ decider: 'rational' }));
    const { exploration: shipped, ...rational } = POLICIES.rational;
    expect(policy).toEqual(rational);
    expect(exploration).toEqual({ ...shipped, maxSensitivity: 'medium' });
  });

  it('knows no limit by the listings of the paper, nor by its code', () => {
    for (const decider of ['paper', 'reference'] as const) {
      const { exploration } = policyOf(runSettings({ decider }));
      expect(exploration).toMatchObject({ maxSensitivity: 'high', lossLimits: null });
    }
  });
});
