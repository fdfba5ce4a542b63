/**
 * What one simulated run is: everything that its result depends on, as plain JSON. Equal settings
 * give equal results, bit for bit on one major version of Node.
 *
 * @module
 */

import type { ExplorationStrategy } from '../../node/decision/exploration/exploration-strategy.ts';
import type { CertificateLevel, PolicyName } from '../../node/decision/policy.ts';
import type { Attack } from './adversaries.ts';
import type { Conduct } from './market-power.ts';

/** Names of the markets. */
export const PRESET_NAMES = ['paper', 'si', 'llm-2026'] as const;

/** One of them. */
export type PresetName = (typeof PRESET_NAMES)[number];

/**
 * Who decides: a policy of the shipped engine, or a yardstick. `oracle`: the cheapest eligible
 * contractor by the true figures, if it costs less than doing the task here. `random-eligible`:
 * any eligible contractor, whatever it costs.
 */
export type DeciderName = PolicyName | 'oracle' | 'random-eligible';

/**
 * What the risk of a contractor does. `premium`: nothing ever fails, and the expected loss of
 * Eq. (9) is charged, as in the paper's code. `taught`: the same charge; whether a task failed is
 * drawn and learned from. `drawn`: what fails is not paid for and done again here.
 */
export type FailureRule = 'premium' | 'taught' | 'drawn';

/** Changes to a policy. Left out: as the policy has it. */
export interface PolicyChanges {
  readonly skillThreshold?: number;
  readonly scoreThreshold?: number;
  readonly confidenceThreshold?: number;
  readonly signalShare?: number;
  readonly correlationPenalty?: number;
  readonly successThreshold?: number;
  readonly decayPerMonth?: number;
  readonly maxPseudoOutcomes?: number;
  readonly pseudoOutcomesFromLevel?: CertificateLevel;
  readonly isLatencyHard?: boolean;
  readonly hasEconomicGate?: boolean;
  readonly explorationRate?: number;
  readonly strategy?: ExplorationStrategy;
  /** Whether what an exploration may lose, and which data it may hand out, is limited. */
  readonly hasSecurityBudget?: boolean;
}

/** What the world around the deciders is like. */
export interface World {
  /** `null`: everybody is honest. */
  readonly attack: Attack | null;
  readonly maliciousShare: number;
  /** Who checks results, where failures are drawn: every one, a sample at shipped rates, nobody. */
  readonly audits: 'all' | 'sampled' | 'none';
  /** Whether what attackers say of others, and certificates of one's own, are believed. */
  readonly isGullible: boolean;
  readonly sensitivity: 'low' | 'medium';
  /** `null`: prices follow Eq. (7). */
  readonly conduct: Conduct | null;
  /** Whether prices react to load (Eq. 7). */
  readonly hasDynamicPrices: boolean;
  /** Whether weights are learned (Eq. 13). */
  readonly learnsWeights: boolean;
  /** The run ends after so many tasks; `null`: after its days. */
  readonly maxTasks: number | null;
}

/** Nothing out of the ordinary. */
export const PLAIN_WORLD: World = {
  attack: null,
  maliciousShare: 0,
  audits: 'all',
  isGullible: false,
  sensitivity: 'medium',
  conduct: null,
  hasDynamicPrices: true,
  learnsWeights: true,
  maxTasks: null,
};

/** One run. */
export interface RunSettings {
  readonly preset: PresetName;
  readonly days: number;
  readonly clients: number;
  readonly contractors: number;
  /** Factor on the arrivals of the preset; 1: all clients together bring what the preset says. */
  readonly arrivalFactor: number;
  readonly seed: number;
  readonly decider: DeciderName;
  readonly changes: PolicyChanges;
  /** Whether all clients learn from one history, as in the paper's code, or each from its own. */
  readonly history: 'shared' | 'own';
  /** Whether contractors hold certificates of an attestor. */
  readonly hasCertificates: boolean;
  /** Whether Eq. (5) counts in the decision. */
  readonly hasOpportunityCost: boolean;
  readonly failures: FailureRule;
  readonly world: World;
}
