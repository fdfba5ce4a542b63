/**
 * Parameters of a decision: thresholds, weights, tables and rules, all of them plain data, all of
 * them in the record. One engine reads them; the policies differ in nothing else.
 *
 * - `rational`, the default: the gate C_ext < C_int, evidence from attested tests, exploration
 *   within a loss budget.
 * - `paper`: Listings 1 and 2 to the letter, with the resolutions of equations.md: no economic
 *   gate, nothing but own outcomes, exploration without a loss budget.
 * - `reference`: what the paper's own code does (reference-results.md a), for reproduction only.
 *
 * @module
 */

import { SKILL_WEIGHTS } from '../skills/compatibility.ts';
import type { SkillWeights } from '../skills/compatibility.ts';
import { MAX_PSEUDO_OUTCOMES, Z_QUANTILE } from './confidence.ts';
import type { CriterionWeights } from './criteria.ts';
import { EXPLORATION_DEFAULTS } from './exploration/exploration-strategy.ts';
import type { ExplorationParameters } from './exploration/exploration-strategy.ts';
import { DEFAULT_LOSS_LIMITS } from './exploration/loss-budget.ts';
import type { LossLimits } from './exploration/loss-budget.ts';
import { DECAY_PER_MONTH, UNIFORM_PRIOR } from './reliability.ts';
import type { BetaPrior, ReliabilityMode } from './reliability.ts';
import { ENCRYPTED_CHANNEL_EXPOSURE, SENSITIVITY_FACTORS } from './security-risk.ts';
import type { Sensitivity } from './security-risk.ts';
import type { Normalisation } from './topsis.ts';
import { CORRELATION_PENALTY, SIGNAL_SHARE } from './weights.ts';

/** Trust level of a contractor's certificate: self, endorsed, attestor, k of m attestors. */
export type CertificateLevel = 0 | 1 | 2 | 3;

/** Names of the policies. */
export const POLICY_NAMES = ['rational', 'paper', 'reference'] as const;

/** One of them. */
export type PolicyName = (typeof POLICY_NAMES)[number];

/** Exploration as a policy sets it. */
export interface ExplorationPolicy extends ExplorationParameters {
  /** Most sensitive data that an exploration may hand out. */
  readonly maxSensitivity: Sensitivity;
  /** Whether tasks of high criticality may be explored with. */
  readonly allowsCritical: boolean;
  /** `null`: what an exploration may lose is not limited. */
  readonly lossLimits: LossLimits | null;
  /** `safe`: hard limits hold and a skill is shared. `all`: any candidate that can be read. */
  readonly scope: 'safe' | 'all';
}

/** Everything that steers a decision and is not a fact about the task or the world. */
export interface DecisionPolicy {
  readonly name: PolicyName;
  /** Least skill compatibility (>=). Paper symbol theta. */
  readonly skillThreshold: number;
  /** Least TOPSIS score (>). Paper symbol tau. */
  readonly scoreThreshold: number;
  /** Least confidence (>). Paper symbol rho_min. */
  readonly confidenceThreshold: number;
  /** Least smoothed success rate (>=), once there is an outcome. */
  readonly successThreshold: number;
  /**
   * Weights of the criteria: `signals` as in Listing 1, lines 15-23, with Eq. (11); `multipliers`
   * as in the paper's own code.
   */
  readonly weightRule: 'signals' | 'multipliers';
  /** Share of the market signals in the weights. Paper symbol beta of Listing 1. */
  readonly signalShare: number;
  /** Loss of weight per unit of correlation. Paper symbol alpha of Eq. (11). */
  readonly correlationPenalty: number;
  readonly normalisation: Normalisation;
  /** Whether the score must pass its threshold where it says nothing: alone, or among equals. */
  readonly isLoneScoreTested: boolean;
  readonly skillWeights: SkillWeights;
  /** `outcomes`: by Eq. (14), (15), (18). `stated`: by the candidates' stated figures. */
  readonly evidence: 'outcomes' | 'stated';
  /** `outcomes` of the contractor (Eq. 18), or `recentScores`: the rule of the paper's own code. */
  readonly confidenceRule: 'outcomes' | 'recentScores';
  readonly reliabilityMode: ReliabilityMode;
  readonly reliabilityPrior: BetaPrior;
  readonly decayPerMonth: number;
  readonly zQuantile: number;
  /** Most outcomes that tests and testimony stand for; 0: knowledge is not bootstrapped. */
  readonly maxPseudoOutcomes: number;
  /** Certificate level from which attested tests count as pseudo-outcomes. */
  readonly pseudoOutcomesFromLevel: CertificateLevel;
  /** Probability of a breach by certificate level 0 to 3. */
  readonly breachProbabilities: readonly [number, number, number, number];
  readonly sensitivityFactors: Readonly<Record<Sensitivity, number>>;
  readonly channelExposure: number;
  /** Eq. (9): `product` of the probabilities as printed, or their `sum` as in the paper's code. */
  readonly riskRule: 'product' | 'sum';
  /** Factor on the expected loss of a task of high criticality (Eq. 9). */
  readonly highImpactMultiplier: number;
  /** Reliability above which a result is verified automatically (Eq. 6). */
  readonly automaticVerificationAbove: number;
  /** Whether a late contractor is excluded (true) or charged for each late minute (false). */
  readonly isLatencyHard: boolean;
  /** Whether a price above the task's limit excludes a contractor. */
  readonly isPriceLimitHard: boolean;
  /** Whether OUTSOURCE needs C_ext < C_int. Off, this is the paper's listing to the letter. */
  readonly hasEconomicGate: boolean;
  /**
   * After which failed gate the next contractor by score is tried: only the economic one, or any.
   * See the header of `selection.ts`.
   */
  readonly triesNextAfter: 'economicGate' | 'anyGate';
  readonly exploration: ExplorationPolicy;
}

/** Base weights of the criteria before anything is learned (equations.md, Listing 1). */
export const INITIAL_WEIGHTS: CriterionWeights = {
  cost: 0.4,
  reliability: 0.25,
  latency: 0.2,
  security: 0.15,
};

/** The default policy of a node. */
export const RATIONAL_POLICY: DecisionPolicy = {
  name: 'rational',
  skillThreshold: 0.7,
  scoreThreshold: 0.6,
  confidenceThreshold: 0.8,
  successThreshold: 0.5,
  weightRule: 'signals',
  signalShare: SIGNAL_SHARE,
  correlationPenalty: CORRELATION_PENALTY,
  normalisation: 'vector',
  isLoneScoreTested: false,
  skillWeights: SKILL_WEIGHTS,
  evidence: 'outcomes',
  confidenceRule: 'outcomes',
  reliabilityMode: 'literal',
  reliabilityPrior: UNIFORM_PRIOR,
  decayPerMonth: DECAY_PER_MONTH,
  zQuantile: Z_QUANTILE,
  maxPseudoOutcomes: MAX_PSEUDO_OUTCOMES,
  pseudoOutcomesFromLevel: 2,
  breachProbabilities: [0.1, 0.05, 0.03, 0.02],
  sensitivityFactors: SENSITIVITY_FACTORS,
  channelExposure: ENCRYPTED_CHANNEL_EXPOSURE,
  riskRule: 'product',
  highImpactMultiplier: 1.5,
  automaticVerificationAbove: 0.95,
  isLatencyHard: true,
  isPriceLimitHard: true,
  hasEconomicGate: true,
  triesNextAfter: 'anyGate',
  exploration: {
    ...EXPLORATION_DEFAULTS,
    maxSensitivity: 'low',
    allowsCritical: false,
    lossLimits: DEFAULT_LOSS_LIMITS,
    scope: 'safe',
  },
};

/** Listings 1 and 2 of the paper. */
export const PAPER_POLICY: DecisionPolicy = {
  ...RATIONAL_POLICY,
  name: 'paper',
  maxPseudoOutcomes: 0,
  hasEconomicGate: false,
  triesNextAfter: 'economicGate',
  exploration: { ...RATIONAL_POLICY.exploration, allowsCritical: true, lossLimits: null },
};

/** The paper's own code. Its candidates state their figures, and its weights are a random walk. */
export const REFERENCE_POLICY: DecisionPolicy = {
  ...PAPER_POLICY,
  name: 'reference',
  weightRule: 'multipliers',
  normalisation: 'minmax',
  isLoneScoreTested: true,
  evidence: 'stated',
  confidenceRule: 'recentScores',
  successThreshold: 0,
  riskRule: 'sum',
  isLatencyHard: false,
  isPriceLimitHard: false,
  exploration: { ...PAPER_POLICY.exploration, maxSensitivity: 'high', scope: 'all' },
};

/** The policies by name. */
export const POLICIES: Readonly<Record<PolicyName, DecisionPolicy>> = {
  rational: RATIONAL_POLICY,
  paper: PAPER_POLICY,
  reference: REFERENCE_POLICY,
};
