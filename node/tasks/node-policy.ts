/**
 * The policy that this node decides by: one of the three, with what the configuration and the
 * single task change of it.
 *
 * @module
 */

import type { Config } from '../config/schema.ts';
import { microUsd } from '../cost/presets.ts';
import type { ExplorationStrategy } from '../decision/exploration/exploration-strategy.ts';
import type { Thresholds } from '../decision/learning/adaptive-thresholds.ts';
import { POLICIES } from '../decision/policy.ts';
import type { DecisionPolicy, PolicyName } from '../decision/policy.ts';

/** What a task may ask for instead of the node's own. */
export interface PolicyChoice {
  readonly policy?: PolicyName | undefined;
  readonly explore?: ExplorationStrategy | undefined;
}

/** Thresholds as they are configured. They go for every policy. */
export function configuredThresholds({ decision }: Config): Thresholds {
  const { skillThreshold, scoreThreshold, confidenceThreshold } = decision;
  return { skillThreshold, scoreThreshold, confidenceThreshold };
}

/**
 * The policy for one task.
 *
 * Thresholds, rate, sensitivity and loss limits are those of the configuration for every policy,
 * the paper's own too: on a real node data and money are real.
 */
export function nodePolicy(
  { decision }: Config,
  thresholds: Thresholds,
  { policy = decision.policy, explore }: PolicyChoice = {},
): DecisionPolicy {
  const base = POLICIES[policy];
  const { exploration } = decision;
  const { isBootstrapped } = decision;
  return {
    ...base,
    ...thresholds,
    hasEconomicGate: decision.hasEconomicGate ?? base.hasEconomicGate,
    maxPseudoOutcomes:
      isBootstrapped === undefined
        ? base.maxPseudoOutcomes
        : isBootstrapped
          ? POLICIES.rational.maxPseudoOutcomes
          : 0,
    exploration: {
      ...base.exploration,
      strategy: explore ?? exploration.strategy,
      rate: exploration.rate,
      learningValueMicroUsd: microUsd(exploration.learningValueUsd),
      maxSensitivity: exploration.maxSensitivity,
      lossLimits: {
        maxShareOfValue: exploration.maxLossShareOfValue,
        maxShareOfLocal: exploration.maxLossShareOfLocal,
      },
    },
  };
}

/** Policies made once and used again: the engine checks each, and the log keeps each, only once. */
export class PolicyShelf {
  readonly #config: Config;
  readonly #made = new Map<string, DecisionPolicy>();

  constructor(config: Config) {
    this.#config = config;
  }

  policy(thresholds: Thresholds, choice: PolicyChoice = {}): DecisionPolicy {
    const key = JSON.stringify([thresholds, choice.policy, choice.explore]);
    const known = this.#made.get(key);
    if (known) return known;
    const policy = nodePolicy(this.#config, thresholds, choice);
    // Thresholds move in steps, so there are few; a change of the code must not make them many.
    if (this.#made.size > 256) this.#made.clear();
    this.#made.set(key, policy);
    return policy;
  }
}
