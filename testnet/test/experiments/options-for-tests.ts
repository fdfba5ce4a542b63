/** What a user asks for who asks for nothing. */
import type { ExperimentOptions } from '../../experiments/experiment.ts';

export function experimentOptions(changes: Partial<ExperimentOptions> = {}): ExperimentOptions {
  return {
    preset: undefined,
    policy: undefined,
    explore: undefined,
    seeds: undefined,
    seed: 1,
    history: 'shared',
    failures: undefined,
    hasCertificates: true,
    hasSecurityBudget: true,
    days: undefined,
    clients: undefined,
    contractors: undefined,
    ...changes,
  };
}
