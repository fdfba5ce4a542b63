/**
 * From a task, this machine and quoted contractors to what the engine is asked: where each symbol
 * of the equations comes from in a running node (equations.md 7).
 *
 * @module
 */

import { requiredLevel } from '../certificates/trust-policy.ts';
import type { Config } from '../config/schema.ts';
import { microUsd } from '../cost/presets.ts';
import { appliedAudit, auditOutcomes } from '../decision/audit-rule.ts';
import type { AuditRule } from '../decision/audit-rule.ts';
import { newCandidateReading, readCandidate } from '../decision/candidate-reading.ts';
import { SOURCE_LIMITS } from '../decision/evidence-source.ts';
import type { CertificateLevel, DecisionPolicy } from '../decision/policy.ts';
import type {
  Candidate,
  DecisionContext,
  DecisionPurpose,
  DecisionQuery,
  DecisionTask,
  LeftOut,
  MarketReference,
} from '../decision/request.ts';
import { DEFAULT_COMPLEXITY, DEFAULT_CRITICALITY } from './task-limits.ts';
import type { SurveyedContractor } from './contractor-survey.ts';
import type { LocalMachine } from './local-machine.ts';
import type { QuotedTask } from './outsourcing.ts';
import type { PreparedTask } from './prepared-task.ts';

/** Contractors that a record names beside the candidates. */
const MAX_LEFT_OUT = 32;
const MAX_REASON_CHARACTERS = 200;

/** A contractor that gave a quote. */
export interface Prospect {
  readonly contractor: SurveyedContractor;
  readonly quoted: QuotedTask;
}

export interface DecisionInput {
  readonly decisionId: string;
  readonly seed: number;
  readonly task: PreparedTask;
  readonly config: Config;
  readonly machine: LocalMachine;
  readonly nowSeconds: number;
  readonly policy: DecisionPolicy;
  /** What earlier decisions left behind. */
  readonly memory: Pick<DecisionContext, 'historicalWeights' | 'exploration' | 'recentDecisions'>;
  readonly purpose: DecisionPurpose;
  /** What the ledger takes for one contract; left out where there is none. */
  readonly ledgerFeesMicroUsd?: number | undefined;
  /** Contractors that were found and gave no quote. */
  readonly leftOut?: readonly LeftOut[];
  /** Quotes that brokers hold, for the record. */
  readonly market?: readonly MarketReference[];
}

/**
 * Share of results of this contractor that are checked by doing them again, by this node's own
 * rule; a task may ask for more.
 */
export function auditRate({ history, proved }: SurveyedContractor, config: Config): number {
  const { evidence } = proved;
  const outcomes = auditOutcomes({ history, ...(evidence && { evidence }) });
  return appliedAudit(auditRule(config, 0), outcomes).rate;
}

function auditRule({ verification }: Config, leastRate: number): AuditRule {
  const { auditRateKnown, auditRateNew, knownFromOutcomes } = verification;
  return { newRate: auditRateNew, knownRate: auditRateKnown, knownFromOutcomes, leastRate };
}

/** The rule by which this task's results are done again; none where no check does that. */
function auditRuleOf({ task, config }: DecisionInput): AuditRule | undefined {
  let leastRate = -1;
  for (const check of task.specification.verification) {
    if (check.type === 'recompute') leastRate = Math.max(leastRate, check.auditRate ?? 0);
  }
  return leastRate < 0 ? undefined : auditRule(config, leastRate);
}

/** Expected cost of checking a result: the cheap checks, and a share of the work; its parts. */
function verificationOverheads(
  input: DecisionInput,
  contractor: Pick<Candidate, 'history' | 'evidence'>,
): NonNullable<Candidate['overheads']> {
  const { task, machine } = input;
  const rule = auditRuleOf(input);
  const rate = rule === undefined ? 0 : appliedAudit(rule, auditOutcomes(contractor)).rate;
  const again = rate * (machine.costMicroUsd(task) ?? 0);
  const checkMicroUsd = machine.overheads.verificationMicroUsd ?? 0;
  return { verificationMicroUsd: again + checkMicroUsd, checkMicroUsd, auditRate: rate };
}

/** Facts of one quoted contractor. */
export function candidateOf(
  input: DecisionInput,
  { contractor, quoted }: Prospect,
  others: {
    readonly isOverShare?: boolean;
    readonly testimony?: Candidate['testimony'] | undefined;
    readonly sources?: Candidate['sources'];
  } = {},
): Candidate {
  const { isOverShare = false, testimony, sources = [] } = others;
  const { hit, proved, similarity } = contractor;
  const { incidents, ...history } = contractor.history;
  const { price, latencyMs, load, exp } = quoted.quote;
  const { maxSources } = SOURCE_LIMITS;
  return {
    peerId: hit.peerId,
    skills: [hit.matchedTerm],
    ...(similarity === undefined ? {} : { similarity }),
    quote: { priceMicroUsd: Number(price), latencyMs, load, expiresAtSeconds: exp },
    level: proved.level,
    ...(proved.evidence ? { evidence: proved.evidence } : {}),
    ...(testimony === undefined ? {} : { testimony }),
    ...(sources.length === 0 ? {} : { sources: sources.slice(0, maxSources) }),
    ...(sources.length > maxSources ? { sourcesLeftOut: sources.length - maxSources } : {}),
    history,
    // No canary token is planted in what is handed out, so none can be found elsewhere.
    ...(incidents.disputes === 0 ? {} : { incidents: { ...incidents, canaryHits: 0 } }),
    ...(isOverShare ? { isOverShare } : {}),
    overheads: verificationOverheads(input, {
      history,
      ...(proved.evidence && { evidence: proved.evidence }),
    }),
    calibrationRatio: input.machine.ratio(hit.peerId, input.task.term),
  };
}

/**
 * A made-up candidate, whose results would be checked as those of any other. What it says of that
 * itself stands; one that cannot be read is left for the engine to drop.
 */
export function withVerification(input: DecisionInput, candidate: Candidate): Candidate {
  if (readCandidate(candidate, newCandidateReading()) !== 'NONE') return candidate;
  const { overheads } = candidate;
  return {
    ...candidate,
    overheads: { ...verificationOverheads(input, candidate), ...overheads },
  };
}

/** What a peer says of itself may be of any length and form. */
function shortened({ peerId, reason }: LeftOut): LeftOut {
  return { peerId, reason: reason.slice(0, MAX_REASON_CHARACTERS).toWellFormed() };
}

/** What the engine is asked, but for the candidates. */
export function decisionQuery(input: DecisionInput): DecisionQuery {
  const { task, config, machine } = input;
  const { prices } = config;
  const audit = auditRuleOf(input);
  return {
    decisionId: input.decisionId,
    seed: input.seed,
    policy: input.policy,
    task: decisionTask(task, config),
    local: machine.execution(task),
    context: {
      purpose: input.purpose,
      ...(input.leftOut === undefined || input.leftOut.length === 0
        ? {}
        : { leftOut: input.leftOut.slice(0, MAX_LEFT_OUT).map(shortened) }),
      ...(input.market === undefined || input.market.length === 0 ? {} : { market: input.market }),
      ...input.memory,
      overheads: {
        // Like a session, the ledger's fees come with each contract, whatever its price.
        sessionMicroUsd: (machine.overheads.sessionMicroUsd ?? 0) + (input.ledgerFeesMicroUsd ?? 0),
        automaticVerificationMicroUsd: machine.overheads.verificationMicroUsd ?? 0,
        manualVerificationMicroUsd: machine.overheads.verificationMicroUsd ?? 0,
        integrationMicroUsd: machine.overheads.integrationMicroUsd ?? 0,
      },
      link: {
        bandwidthMbps: prices.bandwidthMbps,
        transferMicroUsdPerGb: microUsd(prices.transferUsdPerGb),
      },
      localCalibrationRatio: machine.localRatio(task),
      ...(audit === undefined ? {} : { audit }),
      atSeconds: input.nowSeconds,
    },
  };
}

/** Level that a contractor's skill must have, and each resource that it is to prove. */
export function leastLevelOf(
  { constraints, valueMicroUsd }: PreparedTask['specification'],
  trust: Config['trust'],
): CertificateLevel {
  const { sensitivity, level } = constraints;
  const minLevel = (level ?? 0) as CertificateLevel;
  return requiredLevel(trust, { sensitivity, valueMicroUsd, minLevel });
}

function decisionTask(
  { specification, term, inputBytes, expectedOutputBytes }: PreparedTask,
  { trust }: Config,
): DecisionTask {
  const { constraints, valueMicroUsd } = specification;
  const { sensitivity } = constraints;
  const level = leastLevelOf(specification, trust);
  return {
    taskType: term,
    requiredSkills: specification.skills,
    valueMicroUsd,
    sensitivity,
    criticality: specification.criticality ?? DEFAULT_CRITICALITY,
    complexity: specification.complexity ?? DEFAULT_COMPLEXITY,
    inputBytes,
    expectedOutputBytes,
    ...(constraints.maxLatencyMs === undefined ? {} : { maxLatencyMs: constraints.maxLatencyMs }),
    ...(constraints.maxPriceMicroUsd === undefined
      ? {}
      : { maxPriceMicroUsd: constraints.maxPriceMicroUsd }),
    ...(level === 0 ? {} : { minLevel: level }),
  };
}
