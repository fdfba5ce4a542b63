/**
 * The candidates of one decision as columns of numbers: what each would cost (paper Eq. 6-9), how
 * reliable, fast and safe it is (Eq. 14, 15), and how sure that is (Eq. 18). One row per candidate
 * that can be judged; the others carry the reason why not.
 *
 * Columns instead of objects: the engine walks each a few times and makes nothing on the way.
 *
 * @module
 */

import { communicationCostMicroUsd, mishapProbability } from '../cost/external-cost.ts';
import { transferMicroUsdPerHour } from '../cost/external-cost.ts';
import { isCompatible, jaccardIndex, skillCompatibility } from '../skills/compatibility.ts';
import { CANDIDATE_LIMITS, dropCode, newCandidateReading } from './candidate-reading.ts';
import { readCandidate } from './candidate-reading.ts';
import type { CandidateReading, DropReason } from './candidate-reading.ts';
import { smoothedConfidence, smoothedMean } from './confidence.ts';
import { betaMean } from './reliability.ts';
import type { DecisionRequest } from './request.ts';
import { incidentRate } from './security-risk.ts';

const BYTES_PER_GB = 1e9;
const MS_PER_MINUTE = 60_000;

/** A what-if: one candidate's reliability (Eq. 14) taken as given. For counterfactuals. */
export interface ReliabilityOverride {
  readonly candidateIndex: number;
  readonly reliability: number;
}

/** What is the same for all candidates of a request. */
interface TaskFacts {
  readonly gigabytes: number;
  readonly impactMultiplier: number;
  readonly securityFactor: number;
  readonly maxLatencyMs: number;
  readonly maxPriceMicroUsd: number;
  readonly minLevel: number;
  readonly latencyMicroUsdPerMinute: number;
}

const NAMES = [
  'costMicroUsd',
  'reliability',
  'latencyMinutes',
  'securityRisk',
  'priceMicroUsd',
  'communicationMicroUsd',
  'verificationMicroUsd',
  'integrationMicroUsd',
  'riskMicroUsd',
  'latencyMicroUsd',
  'calibrationRatio',
  'compatibility',
  'outcomes',
  'successMean',
  'confidence',
  'marketPressure',
  'scores',
  'distancesToIdeal',
  'distancesToAntiIdeal',
] as const;

type ColumnName = (typeof NAMES)[number];

function newColumns(capacity: number): Record<ColumnName, Float64Array> {
  const columns = {} as Record<ColumnName, Float64Array>;
  for (const name of NAMES) columns[name] = new Float64Array(capacity);
  return columns;
}

function factsOf({ task, policy, context }: DecisionRequest): TaskFacts {
  const deadlineMinutes = (task.maxLatencyMs ?? 0) / MS_PER_MINUTE;
  return {
    gigabytes: (task.inputBytes + task.expectedOutputBytes) / BYTES_PER_GB,
    impactMultiplier: task.criticality === 'high' ? policy.highImpactMultiplier : 1,
    securityFactor: policy.sensitivityFactors[task.sensitivity] * policy.channelExposure,
    maxLatencyMs: task.maxLatencyMs ?? Infinity,
    maxPriceMicroUsd: task.maxPriceMicroUsd ?? Infinity,
    minLevel: task.minLevel ?? 0,
    latencyMicroUsdPerMinute:
      context.latencyMicroUsdPerMinute ??
      (deadlineMinutes > 0 ? task.valueMicroUsd / deadlineMinutes : 0),
  };
}

/** Columns of the candidates that are judged, and the reasons of the others. Reusable. */
export class CandidateTable {
  /** Rows in use. */
  count = 0;
  columns: Readonly<Record<ColumnName, Float64Array>>;
  /** The four criteria in the order of `CRITERIA`. */
  criteria: readonly Float64Array[];
  /** Row -> index in the request. */
  candidateIndex: Int32Array;
  /** Index in the request -> code in `DROP_REASONS`. */
  dropCodes: Uint8Array;
  readonly #reading: CandidateReading = newCandidateReading();
  readonly #names = new Set<string>();

  constructor(capacity = 64) {
    this.columns = newColumns(capacity);
    this.criteria = this.#criteria();
    this.candidateIndex = new Int32Array(capacity);
    this.dropCodes = new Uint8Array(capacity);
  }

  /** Fills the table from a request. What stood in it before is gone. */
  load(request: DecisionRequest, override?: ReliabilityOverride): void {
    const { candidates } = request;
    if (this.dropCodes.length < candidates.length) this.#grow(candidates.length);
    this.count = 0;
    this.#names.clear();
    const facts = factsOf(request);
    for (let index = 0; index < candidates.length; index++) {
      const given = override?.candidateIndex === index ? override.reliability : NaN;
      const reason = this.#add(request, facts, index, given);
      this.dropCodes[index] = reason === 'NONE' ? 0 : dropCode(reason);
    }
  }

  #criteria(): Float64Array[] {
    const { costMicroUsd, reliability, latencyMinutes, securityRisk } = this.columns;
    return [costMicroUsd, reliability, latencyMinutes, securityRisk];
  }

  #grow(capacity: number): void {
    this.columns = newColumns(capacity);
    this.criteria = this.#criteria();
    this.candidateIndex = new Int32Array(capacity);
    this.dropCodes = new Uint8Array(capacity);
  }

  #add(request: DecisionRequest, facts: TaskFacts, index: number, given: number): DropReason {
    if (index >= CANDIDATE_LIMITS.maxCandidates) return 'TOO_MANY_CANDIDATES';
    const candidate = request.candidates[index]!;
    const reading = this.#reading;
    const problem = readCandidate(candidate, request.task.taskType, reading);
    if (problem !== 'NONE') return problem;
    const compatibility = this.#compatibility(request);
    const refusal = refusalOf(request, facts, reading, compatibility);
    if (refusal !== 'NONE') return refusal;
    // Only usable rows count: garbage in an honest peer's name must not keep that peer out.
    const named = this.#names.size;
    if (this.#names.add(candidate.peerId).size === named) return 'DUPLICATE';
    const row = this.count++;
    this.candidateIndex[row] = index;
    this.columns.compatibility[row] = compatibility;
    this.#judge(request, facts, row, given);
    return 'NONE';
  }

  #compatibility({ task, policy }: DecisionRequest): number {
    const { skills, similarity, typeSuccesses, typeOutcomes } = this.#reading;
    return skillCompatibility(
      jaccardIndex(task.requiredSkills, skills),
      Number.isNaN(similarity) ? undefined : similarity,
      typeOutcomes === 0
        ? undefined
        : betaMean(typeSuccesses, typeOutcomes, policy.reliabilityPrior),
      policy.skillWeights,
    );
  }

  /** Reliability, confidence, breach and quality of the reading; then its cost. */
  #judge(request: DecisionRequest, facts: TaskFacts, row: number, given: number): void {
    const { policy } = request;
    const reading = this.#reading;
    const { columns } = this;
    const isTyped = reading.typeOutcomes > 0;
    const successes = isTyped ? reading.typeSuccesses : reading.successes;
    const outcomes = isTyped ? reading.typeOutcomes : reading.outcomes;
    const months = isTyped ? reading.typeMonthsSinceLast : reading.monthsSinceLast;
    const isAttested = reading.level >= policy.pseudoOutcomesFromLevel;
    const pseudo = isAttested ? Math.min(reading.evidenceRun, policy.maxPseudoOutcomes) : 0;
    const pseudoSuccesses =
      pseudo === 0 ? 0 : (reading.evidencePassed / reading.evidenceRun) * pseudo;
    const prior = policy.reliabilityPrior;
    const fade = outcomes === 0 ? 1 : Math.exp(-policy.decayPerMonth * months);
    const modelled =
      policy.reliabilityMode === 'literal'
        ? betaMean(successes + pseudoSuccesses, outcomes + pseudo, prior) * fade
        : betaMean(successes * fade + pseudoSuccesses, outcomes * fade + pseudo, prior);
    const reliability = Number.isNaN(given) ? modelled : given;
    const known = outcomes + pseudo;
    const breach = breachOf(reading, policy.breachProbabilities[reading.level]!);
    const quality = betaMean(
      reading.typeSuccesses + pseudoSuccesses,
      reading.typeOutcomes + pseudo,
      prior,
    );
    columns.reliability[row] = reliability;
    columns.outcomes[row] = known;
    columns.successMean[row] = smoothedMean(successes + pseudoSuccesses, known);
    columns.confidence[row] = smoothedConfidence(
      successes + pseudoSuccesses,
      known,
      policy.zQuantile,
    );
    columns.securityRisk[row] = breach * facts.securityFactor;
    columns.latencyMinutes[row] = reading.latencyMs / MS_PER_MINUTE;
    const pressure = 0.5 + (0.5 * (reading.demand - reading.available)) / reading.total;
    columns.marketPressure[row] = Math.max(0, Math.min(1, pressure));
    this.#price(request, facts, row, mishapProbability(1 - reliability, breach, 1 - quality));
  }

  /** The parts of Eq. (6) and their sum. */
  #price(
    { task, policy, context }: DecisionRequest,
    facts: TaskFacts,
    row: number,
    mishap: number,
  ) {
    const reading = this.#reading;
    const { columns } = this;
    const hasLink = !Number.isNaN(reading.bandwidthMbps);
    const bandwidth = hasLink ? reading.bandwidthMbps : context.link.bandwidthMbps;
    const perGb = hasLink ? reading.transferMicroUsdPerGb : context.link.transferMicroUsdPerGb;
    const { overheads } = context;
    const communication = communicationCostMicroUsd(
      facts.gigabytes,
      bandwidth,
      transferMicroUsdPerHour(perGb, bandwidth),
      either(reading.sessionMicroUsd, overheads.sessionMicroUsd),
    );
    const isAutomatic = columns.reliability[row]! > policy.automaticVerificationAbove;
    const verification = either(
      reading.verificationMicroUsd,
      isAutomatic ? overheads.automaticVerificationMicroUsd : overheads.manualVerificationMicroUsd,
    );
    const integration = either(reading.integrationMicroUsd, overheads.integrationMicroUsd);
    const risk = task.valueMicroUsd * mishap * facts.impactMultiplier;
    const lateMs = Math.max(0, reading.latencyMs - facts.maxLatencyMs);
    const lateness = (lateMs / MS_PER_MINUTE) * facts.latencyMicroUsdPerMinute;
    columns.priceMicroUsd[row] = reading.priceMicroUsd;
    columns.communicationMicroUsd[row] = communication;
    columns.verificationMicroUsd[row] = verification;
    columns.integrationMicroUsd[row] = integration;
    columns.riskMicroUsd[row] = risk;
    columns.latencyMicroUsd[row] = lateness;
    columns.calibrationRatio[row] = reading.calibrationRatio;
    // The price is no model: it is what will be invoiced. Only the other parts are corrected.
    columns.costMicroUsd[row] =
      reading.priceMicroUsd +
      reading.calibrationRatio * (communication + verification + integration + risk + lateness);
  }
}

function either(own: number, common: number): number {
  return Number.isNaN(own) ? common : own;
}

/** Probability that at least one of three breaches happens: by certificate, disputes, canaries. */
function breachOf(reading: CandidateReading, byLevel: number): number {
  const disputes = incidentRate(reading.disputes, reading.interactions);
  const canaries = incidentRate(reading.canaryHits, reading.interactions);
  return mishapProbability(byLevel, disputes, canaries);
}

/** Hard limits of the task, then the skill threshold. The budget is last: see counterfactuals. */
function refusalOf(
  { policy, context }: DecisionRequest,
  facts: TaskFacts,
  reading: CandidateReading,
  compatibility: number,
): DropReason {
  if (context.atSeconds !== undefined && reading.expiresAtSeconds <= context.atSeconds) {
    return 'QUOTE_EXPIRED';
  }
  if (reading.level < facts.minLevel) return 'LEVEL_TOO_LOW';
  if (policy.isLatencyHard && reading.latencyMs > facts.maxLatencyMs) return 'TOO_SLOW';
  if (!isCompatible(compatibility, policy.skillThreshold)) return 'SKILL_MISMATCH';
  if (reading.priceMicroUsd > facts.maxPriceMicroUsd) return 'OVER_BUDGET';
  return 'NONE';
}
