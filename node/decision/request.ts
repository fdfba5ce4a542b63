/**
 * What a decision is made from: plain JSON data, all of it in the record. Money is floating
 * micro-USD, data is bytes, latency milliseconds, ages months of 30.4375 days.
 *
 * Whatever came from a peer may be anything: the engine drops a candidate that it cannot use and
 * says why. `null` stands for a number that was not finite.
 *
 * @module
 */

import type { LinkPrice, Overheads } from '../cost/presets.ts';
import type {
  ExecutionEstimate,
  HardwareProfile,
  MemoryDemand,
  QueuedTask,
} from '../cost/internal-cost.ts';
import type { AuditRule } from './audit-rule.ts';
import type { CriterionWeights } from './criteria.ts';
import type { EvidenceSource } from './evidence-source.ts';
import type { LinearModel } from './exploration/linear-model.ts';
import type { CertificateLevel, DecisionPolicy } from './policy.ts';
import type { Sensitivity } from './security-risk.ts';

/** A number of a candidate, which may have been lost or forged. */
export type CandidateNumber = number | null;

/** The task. The client's own data. */
export interface DecisionTask {
  /** Key of calibration and of outcomes, for example the first skill term. */
  readonly taskType: string;
  readonly requiredSkills: readonly string[];
  readonly valueMicroUsd: number;
  readonly sensitivity: Sensitivity;
  readonly criticality: 'normal' | 'high';
  readonly complexity: number;
  readonly inputBytes: number;
  readonly expectedOutputBytes: number;
  readonly maxLatencyMs?: number;
  /** Most that a contractor may charge. */
  readonly maxPriceMicroUsd?: number;
  readonly minLevel?: CertificateLevel;
}

/** This machine, as the one that could do the task itself. */
export interface LocalExecution {
  readonly isAvailable: boolean;
  /** Why not, as a part of a sentence: "no executor for performs:nlp/sentiment". */
  readonly unavailableReason?: string;
  /** Required while available. */
  readonly execution?: ExecutionEstimate;
  readonly hardware: HardwareProfile;
  readonly memory: MemoryDemand;
  readonly queue: readonly QueuedTask[];
  /** Paid to others where the work is done at a service; left out: nothing. */
  readonly servicesMicroUsd?: number;
}

/** A contractor's signed quote. The price is final: Eq. (7) was applied by the contractor. */
export interface CandidateQuote {
  readonly priceMicroUsd: CandidateNumber;
  readonly latencyMs: CandidateNumber;
  readonly load: {
    readonly demand: CandidateNumber;
    readonly available: CandidateNumber;
    readonly total: CandidateNumber;
  };
  readonly expiresAtSeconds?: CandidateNumber;
}

/** Outcomes of a contractor, all of them or those of one task type. */
export interface OutcomeHistory {
  readonly successes: CandidateNumber;
  readonly failures: CandidateNumber;
  /** Not read while there is no outcome. */
  readonly monthsSinceLast: CandidateNumber;
  /**
   * Sum of the utilities that the outcomes had, each in [0, 1] (Eq. 13); what bandits learn from.
   * Left out: the number of successes.
   */
  readonly utility?: CandidateNumber;
}

/**
 * Figures that are given instead of measured, for the paper's own code: it knows each contractor's
 * reliability and risks beforehand. Read by policies whose `evidence` is `stated`, only.
 */
export interface StatedFigures {
  readonly reliability: CandidateNumber;
  readonly securityRisk: CandidateNumber;
  readonly qualityRisk: CandidateNumber;
  /** The performance part of Eq. (12). */
  readonly performance: CandidateNumber;
}

/** A contractor that offers the work. */
export interface Candidate {
  readonly peerId: string;
  /** Terms of the offer that answers the task. */
  readonly skills: readonly string[];
  /** Cosine of the embeddings of task and offer; left out if one is missing. */
  readonly similarity?: CandidateNumber;
  readonly quote: CandidateQuote;
  readonly level: CandidateNumber;
  /** Attested known-answer tests; count from the policy's certificate level on. */
  readonly evidence?: { readonly passed: CandidateNumber; readonly run: CandidateNumber };
  /**
   * Outcomes that others saw, by certified history and countersigned receipts, each weighted by its
   * rater's credibility already; fractions. How many count: `learning/bootstrapping.ts`.
   */
  readonly testimony?: { readonly successes: CandidateNumber; readonly total: CandidateNumber };
  /** What level, tests, testimony and proved resources rest on. Nothing is computed from it. */
  readonly sources?: readonly EvidenceSource[];
  /** Sources beyond those, for which there is no room. Shown; nothing is computed from it. */
  readonly sourcesLeftOut?: CandidateNumber;
  readonly history: OutcomeHistory & {
    readonly byType?: Readonly<Record<string, OutcomeHistory>>;
  };
  readonly incidents?: {
    readonly disputes: CandidateNumber;
    readonly canaryHits: CandidateNumber;
    readonly interactions: CandidateNumber;
  };
  /** Left out: the link of the context. */
  readonly link?: {
    readonly bandwidthMbps: CandidateNumber;
    readonly transferMicroUsdPerGb: CandidateNumber;
  };
  /** Measured with this contractor; each replaces the one of the context. */
  readonly overheads?: {
    readonly sessionMicroUsd?: CandidateNumber;
    readonly verificationMicroUsd?: CandidateNumber;
    readonly integrationMicroUsd?: CandidateNumber;
    /**
     * What `verificationMicroUsd` was made of: the checks of every result, and the share of results
     * that are checked by doing the work again here. Shown; nothing is computed from them.
     */
    readonly checkMicroUsd?: CandidateNumber;
    readonly auditRate?: CandidateNumber;
  };
  /** Actual / modelled handling with this contractor (Eq. 10); 1 if left out. */
  readonly calibrationRatio?: CandidateNumber;
  /** Whether it has had its share of this node's spending already; not so if left out. */
  readonly isOverShare?: boolean;
  readonly stated?: StatedFigures;
}

/** What exploration depends on beside the draw: what was explored and spent before. */
export interface ExplorationContext {
  /** Decisions so far in which exploring was allowed. */
  readonly decisionIndex: number;
  /** What all tasks so far would have cost here, this one left out. */
  readonly cumulativeLocalMicroUsd: number;
  /** What explorations so far have cost more than the decision without them. */
  readonly cumulativeLossMicroUsd: number;
  /** Whether the monitor found the node stuck: then this decision explores if it may. */
  readonly isForced: boolean;
  /** State of the contextual strategy. */
  readonly linearModel: LinearModel | null;
}

/** Recent decisions, for the confidence rule of the paper's own code. */
export interface RecentDecisions {
  /** Decisions that were no exploration. */
  readonly decisions: number;
  /** Of the last 50 of them: how many, and how many were outsourced with a score above 0.7. */
  readonly recent: number;
  readonly recentHighScores: number;
}

/** What the client knows beside the task. */
export interface DecisionContext {
  readonly historicalWeights: CriterionWeights;
  readonly overheads: Overheads;
  readonly link: LinkPrice;
  /** Actual / modelled cost on this machine for this task type (Eq. 10). */
  readonly localCalibrationRatio: number;
  /** How often results are done again here; left out where no check of the task does that. */
  readonly audit?: AuditRule;
  /** Cost of a late minute where deadlines are soft. Left out: task value / deadline. */
  readonly latencyMicroUsdPerMinute?: number;
  /** Time of the decision; quotes that have expired by then are dropped. */
  readonly atSeconds?: number;
  /** Nothing to the engine; the log counts by it. Left out: a run. */
  readonly purpose?: DecisionPurpose;
  /** Nothing to the engine: contractors found that are no candidates, and why. */
  readonly leftOut?: readonly LeftOut[];
  /** Nothing to the engine: quotes that brokers hold, where this node knew no market. */
  readonly market?: readonly MarketReference[];
  /** `null`: this decision must not explore. */
  readonly exploration: ExplorationContext | null;
  /** Left out: no decision yet. */
  readonly recentDecisions?: RecentDecisions;
}

/** A contractor that was found and that gave no quote, or was not asked for one. */
export interface LeftOut {
  readonly peerId: string;
  readonly reason: string;
}

/** A quote that a contractor signed for a broker, for a task of nominal size: not binding. */
export interface MarketReference {
  readonly peerId: string;
  readonly priceMicroUsd: number;
  /** Size of the input that it is for. */
  readonly inputBytes: number;
  readonly latencyMs: number;
  readonly expiresAtSeconds: number;
  /** What the contractor sells by; left out where its record was not found. */
  readonly perUnit?: string;
}

/** What a decision is made for: a task that is run, a question, or made-up candidates. */
export type DecisionPurpose = 'run' | 'question' | 'whatIf';

/** Everything that a decision is made from, but the candidates. */
export interface DecisionQuery {
  readonly decisionId: string;
  /** Of the random draws of exploration. An unsigned integer. */
  readonly seed: number;
  readonly policy: DecisionPolicy;
  readonly task: DecisionTask;
  readonly local: LocalExecution;
  readonly context: DecisionContext;
}

/** Everything that a decision is made from. */
export interface DecisionRequest extends DecisionQuery {
  readonly candidates: readonly Candidate[];
}
