/** A small run of the paper's market, to be changed by a test. */
import { PLAIN_WORLD } from '../../market-simulator/settings.ts';
import type { RunSettings } from '../../market-simulator/settings.ts';

export function runSettings(changes: Partial<RunSettings> = {}): RunSettings {
  return {
    preset: 'paper',
    days: 3,
    clients: 15,
    contractors: 30,
    arrivalFactor: 1,
    seed: 1,
    decider: 'rational',
    changes: {},
    history: 'shared',
    hasCertificates: true,
    hasOpportunityCost: true,
    failures: 'premium',
    world: PLAIN_WORLD,
    ...changes,
  };
}
