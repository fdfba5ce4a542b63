/**
 * Parameters of a decision: thresholds, weights and tables, all of them plain data, all of them in
 * the record. Values of the paper and of equations.md 7.
 *
 * One policy so far: `rational`, the gate C_ext < C_int on and no exploration.
 *
 * @module
 */

import { SKILL_WEIGHTS } from '../skills/compatibility.ts';
import type { SkillWeights } from '../skills/compatibility.ts';
import { MAX_PSEUDO_OUTCOMES, Z_QUANTILE } from './confidence.ts';
import type { CriterionWeights } from './criteria.ts';
import { DECAY_PER_MONTH, UNIFORM_PRIOR } from './reliability.ts';
import type { BetaPrior, ReliabilityMode } from './reliability.ts';
import { ENCRYPTED_CHANNEL_EXPOSURE, SENSITIVITY_FACTORS } from './security-risk.ts';
import type { Sensitivity } from './security-risk.ts';
import type { Normalisation } from './topsis.ts';
import { CORRELATION_PENALTY, SIGNAL_SHARE } from './weights.ts';

/** Trust level of a contractor's certificate: self, endorsed, attestor, k of m attestors. */
export type CertificateLevel = 0 | 1 | 2 | 3;

/** Everything that steers a decision and is not a fact about the task or the world. */
export interface DecisionPolicy {
  readonly name: 'rational';
  /** Least skill compatibility (>=). Paper symbol theta. */
  readonly skillThreshold: number;
  /** Least TOPSIS score (>). Paper symbol tau. */
  readonly scoreThreshold: number;
  /** Least confidence (>). Paper symbol rho_min. */
  readonly confidenceThreshold: number;
  /** Least smoothed success rate (>=), once there is an outcome. */
  readonly successThreshold: number;
  /** Share of the market signals in the weights. Paper symbol beta of Listing 1. */
  readonly signalShare: number;
  /** Loss of weight per unit of correlation. Paper symbol alpha of Eq. (11). */
  readonly correlationPenalty: number;
  readonly normalisation: Normalisation;
  readonly skillWeights: SkillWeights;
  readonly reliabilityMode: ReliabilityMode;
  readonly reliabilityPrior: BetaPrior;
  readonly decayPerMonth: number;
  readonly zQuantile: number;
  readonly maxPseudoOutcomes: number;
  /** Certificate level from which attested tests count as pseudo-outcomes. */
  readonly pseudoOutcomesFromLevel: CertificateLevel;
  /** Probability of a breach by certificate level 0 to 3. */
  readonly breachProbabilities: readonly [number, number, number, number];
  readonly sensitivityFactors: Readonly<Record<Sensitivity, number>>;
  readonly channelExposure: number;
  /** Factor on the expected loss of a task of high criticality (Eq. 9). */
  readonly highImpactMultiplier: number;
  /** Reliability above which a result is verified automatically (Eq. 6). */
  readonly automaticVerificationAbove: number;
  /** Whether a late contractor is excluded (true) or charged for each late minute (false). */
  readonly isLatencyHard: boolean;
  /** Whether OUTSOURCE needs C_ext < C_int. Off, this is the paper's listing to the letter. */
  readonly hasEconomicGate: boolean;
  /**
   * After which failed gate the next contractor by score is tried: only the economic one, or any.
   * See the header of `selection.ts`.
   */
  readonly triesNextAfter: 'economicGate' | 'anyGate';
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
  signalShare: SIGNAL_SHARE,
  correlationPenalty: CORRELATION_PENALTY,
  normalisation: 'vector',
  skillWeights: SKILL_WEIGHTS,
  reliabilityMode: 'literal',
  reliabilityPrior: UNIFORM_PRIOR,
  decayPerMonth: DECAY_PER_MONTH,
  zQuantile: Z_QUANTILE,
  maxPseudoOutcomes: MAX_PSEUDO_OUTCOMES,
  pseudoOutcomesFromLevel: 2,
  breachProbabilities: [0.1, 0.05, 0.03, 0.02],
  sensitivityFactors: SENSITIVITY_FACTORS,
  channelExposure: ENCRYPTED_CHANNEL_EXPOSURE,
  highImpactMultiplier: 1.5,
  automaticVerificationAbove: 0.95,
  isLatencyHard: true,
  hasEconomicGate: true,
  triesNextAfter: 'anyGate',
};
