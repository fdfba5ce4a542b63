/**
 * Reads one candidate, which may be anything: forged, half sent, or of the wrong shape. Never
 * throws. A candidate that cannot be used gets a reason from {@link DROP_REASONS}.
 *
 * Does not compare candidates and does not price them: `candidate-table.ts` does.
 *
 * @module
 */

import { areEvidenceSources } from './evidence-source.ts';

/** Why a candidate is not judged. The index of a reason is its code; 0 means kept. */
export const DROP_REASONS = [
  'NONE',
  'UNNAMED',
  'DUPLICATE',
  'TOO_MANY_CANDIDATES',
  'BAD_SKILLS',
  'BAD_SIMILARITY',
  'NO_QUOTE',
  'BAD_PRICE',
  'BAD_LATENCY',
  'BAD_EXPIRY',
  'BAD_LOAD',
  'NO_CAPACITY',
  'BAD_LEVEL',
  'NO_HISTORY',
  'BAD_HISTORY',
  'BAD_EVIDENCE',
  'BAD_INCIDENTS',
  'BAD_LINK',
  'BAD_OVERHEADS',
  'BAD_CALIBRATION',
  'QUOTE_EXPIRED',
  'LEVEL_TOO_LOW',
  'TOO_SLOW',
  'SKILL_MISMATCH',
  'OVER_BUDGET',
  'BAD_TESTIMONY',
  'BAD_SHARE',
  'BAD_STATED',
  'OVER_SHARE',
  'BAD_SOURCES',
] as const;

/** One reason. */
export type DropReason = (typeof DROP_REASONS)[number];

const CODES: Readonly<Record<string, number>> = Object.fromEntries(
  DROP_REASONS.map((reason, code) => [reason, code]),
);

/** Code of a reason. */
export function dropCode(reason: DropReason): number {
  return CODES[reason]!;
}

/** Limits of what a peer may state. Beyond them a candidate is dropped, and no sum overflows. */
export const CANDIDATE_LIMITS = {
  maxCandidates: 131_072,
  maxPeerIdCharacters: 128,
  maxSkills: 64,
  maxSkillCharacters: 256,
  maxMicroUsd: Number.MAX_SAFE_INTEGER,
  /** A year. */
  maxLatencyMs: 31_557_600_000,
  maxSlots: 1e9,
  maxOutcomes: 1e9,
  /** A century. */
  maxMonths: 1_200,
  minBandwidthMbps: 1e-3,
  maxBandwidthMbps: 1e9,
  maxTransferMicroUsdPerGb: 1e12,
  maxCalibrationRatio: 1e3,
} as const;

/** A candidate's figures, checked. One object is reused for all candidates of a decision. */
export interface CandidateReading {
  skills: readonly string[];
  /** NaN if unknown. */
  similarity: number;
  priceMicroUsd: number;
  latencyMs: number;
  demand: number;
  available: number;
  total: number;
  /** NaN if the quote names no end. */
  expiresAtSeconds: number;
  level: number;
  evidencePassed: number;
  evidenceRun: number;
  testimonySuccesses: number;
  testimonyTotal: number;
  successes: number;
  outcomes: number;
  monthsSinceLast: number;
  utility: number;
  disputes: number;
  canaryHits: number;
  interactions: number;
  /** NaN: use the link and the overheads of the context. */
  bandwidthMbps: number;
  transferMicroUsdPerGb: number;
  sessionMicroUsd: number;
  verificationMicroUsd: number;
  integrationMicroUsd: number;
  calibrationRatio: number;
  /** 1 or 0. */
  isOverShare: number;
  /** NaN unless the candidate states its figures. */
  statedReliability: number;
  statedSecurityRisk: number;
  statedQualityRisk: number;
  statedPerformance: number;
}

/** Outcomes of one task type; `successes` is NaN if they cannot be used. */
export interface HistoryReading {
  successes: number;
  outcomes: number;
  monthsSinceLast: number;
  utility: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** A reading with every number unset. */
export function newCandidateReading(): CandidateReading {
  return {
    skills: [],
    similarity: NaN,
    priceMicroUsd: NaN,
    latencyMs: NaN,
    demand: NaN,
    available: NaN,
    total: NaN,
    expiresAtSeconds: NaN,
    level: NaN,
    evidencePassed: NaN,
    evidenceRun: NaN,
    testimonySuccesses: NaN,
    testimonyTotal: NaN,
    successes: NaN,
    outcomes: NaN,
    monthsSinceLast: NaN,
    utility: NaN,
    disputes: NaN,
    canaryHits: NaN,
    interactions: NaN,
    bandwidthMbps: NaN,
    transferMicroUsdPerGb: NaN,
    sessionMicroUsd: NaN,
    verificationMicroUsd: NaN,
    integrationMicroUsd: NaN,
    calibrationRatio: NaN,
    isOverShare: NaN,
    statedReliability: NaN,
    statedSecurityRisk: NaN,
    statedQualityRisk: NaN,
    statedPerformance: NaN,
  };
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

/** The number; NaN for anything else or beyond the limit. */
function quantity(value: unknown, max: number): number {
  return typeof value === 'number' && value >= 0 && value <= max ? value : NaN;
}

/** The same for a field that may be left out: `absent` if it is. */
function optionalQuantity(value: unknown, max: number, absent: number): number {
  return value === undefined ? absent : quantity(value, max);
}

function isPeerName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= CANDIDATE_LIMITS.maxPeerIdCharacters &&
    value.isWellFormed()
  );
}

function areSkills(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > CANDIDATE_LIMITS.maxSkills) return false;
  for (const skill of value) {
    if (typeof skill !== 'string' || skill.length > CANDIDATE_LIMITS.maxSkillCharacters) {
      return false;
    }
    // A record holds no lone surrogates: names that differ here alone would become one there.
    if (!skill.isWellFormed()) return false;
  }
  return true;
}

function readQuote(quote: Fields, out: CandidateReading): DropReason {
  out.priceMicroUsd = quantity(quote['priceMicroUsd'], CANDIDATE_LIMITS.maxMicroUsd);
  if (Number.isNaN(out.priceMicroUsd)) return 'BAD_PRICE';
  out.latencyMs = quantity(quote['latencyMs'], CANDIDATE_LIMITS.maxLatencyMs);
  if (Number.isNaN(out.latencyMs)) return 'BAD_LATENCY';
  out.expiresAtSeconds = NaN;
  if (quote['expiresAtSeconds'] !== undefined) {
    out.expiresAtSeconds = quantity(quote['expiresAtSeconds'], Number.MAX_SAFE_INTEGER);
    if (Number.isNaN(out.expiresAtSeconds)) return 'BAD_EXPIRY';
  }
  const load = asFields(quote['load']);
  if (!load) return 'BAD_LOAD';
  out.demand = quantity(load['demand'], CANDIDATE_LIMITS.maxSlots);
  out.total = quantity(load['total'], CANDIDATE_LIMITS.maxSlots);
  if (out.total === 0) return 'NO_CAPACITY';
  out.available = quantity(load['available'], out.total);
  return Number.isNaN(out.demand + out.total + out.available) ? 'BAD_LOAD' : 'NONE';
}

/** Reads outcomes into `out`; its `successes` is NaN unless they hold together. */
function readOutcomes(history: Fields, out: HistoryReading): void {
  const { maxOutcomes, maxMonths } = CANDIDATE_LIMITS;
  out.successes = quantity(history['successes'], maxOutcomes);
  out.outcomes = out.successes + quantity(history['failures'], maxOutcomes);
  out.monthsSinceLast = out.outcomes === 0 ? 0 : quantity(history['monthsSinceLast'], maxMonths);
  out.utility = optionalQuantity(history['utility'], out.outcomes, out.successes);
  if (Number.isNaN(out.outcomes + out.monthsSinceLast + out.utility)) out.successes = NaN;
}

/**
 * Reads the outcomes of one task type of a candidate that was read.
 *
 * @returns whether it has any of that type; they may be unusable.
 */
export function readOutcomesOfType(value: unknown, taskType: string, out: HistoryReading): boolean {
  const byType = asFields(asFields(asFields(value)?.['history'])?.['byType']);
  if (byType === undefined || !Object.hasOwn(byType, taskType)) return false;
  if (byType[taskType] === undefined) return false;
  const ofType = asFields(byType[taskType]);
  if (ofType) readOutcomes(ofType, out);
  else out.successes = NaN;
  return true;
}

function readEvidence(value: unknown, out: CandidateReading): DropReason {
  out.evidencePassed = 0;
  out.evidenceRun = 0;
  if (value === undefined) return 'NONE';
  const evidence = asFields(value);
  if (!evidence) return 'BAD_EVIDENCE';
  out.evidenceRun = quantity(evidence['run'], CANDIDATE_LIMITS.maxOutcomes);
  out.evidencePassed = quantity(evidence['passed'], out.evidenceRun);
  return Number.isNaN(out.evidencePassed) ? 'BAD_EVIDENCE' : 'NONE';
}

function readTestimony(value: unknown, out: CandidateReading): DropReason {
  out.testimonySuccesses = 0;
  out.testimonyTotal = 0;
  if (value === undefined) return 'NONE';
  const testimony = asFields(value);
  if (!testimony) return 'BAD_TESTIMONY';
  out.testimonyTotal = quantity(testimony['total'], CANDIDATE_LIMITS.maxOutcomes);
  out.testimonySuccesses = quantity(testimony['successes'], out.testimonyTotal);
  return Number.isNaN(out.testimonySuccesses) ? 'BAD_TESTIMONY' : 'NONE';
}

function readIncidents(value: unknown, out: CandidateReading): DropReason {
  out.disputes = 0;
  out.canaryHits = 0;
  out.interactions = 0;
  if (value === undefined) return 'NONE';
  const incidents = asFields(value);
  if (!incidents) return 'BAD_INCIDENTS';
  out.interactions = quantity(incidents['interactions'], CANDIDATE_LIMITS.maxOutcomes);
  out.disputes = quantity(incidents['disputes'], out.interactions);
  out.canaryHits = quantity(incidents['canaryHits'], out.interactions);
  return Number.isNaN(out.disputes + out.canaryHits) ? 'BAD_INCIDENTS' : 'NONE';
}

function readLink(value: unknown, out: CandidateReading): DropReason {
  out.bandwidthMbps = NaN;
  out.transferMicroUsdPerGb = NaN;
  if (value === undefined) return 'NONE';
  const link = asFields(value);
  if (!link) return 'BAD_LINK';
  out.bandwidthMbps = quantity(link['bandwidthMbps'], CANDIDATE_LIMITS.maxBandwidthMbps);
  out.transferMicroUsdPerGb = quantity(
    link['transferMicroUsdPerGb'],
    CANDIDATE_LIMITS.maxTransferMicroUsdPerGb,
  );
  const isFast = out.bandwidthMbps >= CANDIDATE_LIMITS.minBandwidthMbps;
  return isFast && !Number.isNaN(out.transferMicroUsdPerGb) ? 'NONE' : 'BAD_LINK';
}

function readOverheads(value: unknown, out: CandidateReading): DropReason {
  out.sessionMicroUsd = NaN;
  out.verificationMicroUsd = NaN;
  out.integrationMicroUsd = NaN;
  if (value === undefined) return 'NONE';
  const overheads = asFields(value);
  if (!overheads) return 'BAD_OVERHEADS';
  const { maxMicroUsd } = CANDIDATE_LIMITS;
  for (const field of ['sessionMicroUsd', 'verificationMicroUsd', 'integrationMicroUsd'] as const) {
    if (overheads[field] === undefined) continue;
    out[field] = quantity(overheads[field], maxMicroUsd);
    if (Number.isNaN(out[field])) return 'BAD_OVERHEADS';
  }
  return 'NONE';
}

function readStated(value: unknown, out: CandidateReading): DropReason {
  out.statedReliability = NaN;
  out.statedSecurityRisk = NaN;
  out.statedQualityRisk = NaN;
  out.statedPerformance = NaN;
  if (value === undefined) return 'NONE';
  const stated = asFields(value);
  if (!stated) return 'BAD_STATED';
  out.statedReliability = quantity(stated['reliability'], 1);
  out.statedSecurityRisk = quantity(stated['securityRisk'], 1);
  out.statedQualityRisk = quantity(stated['qualityRisk'], 1);
  out.statedPerformance = quantity(stated['performance'], 1);
  const sum = out.statedReliability + out.statedSecurityRisk + out.statedQualityRisk;
  return Number.isNaN(sum + out.statedPerformance) ? 'BAD_STATED' : 'NONE';
}

/**
 * Reads `value` into `out`. Unless the answer is `NONE`, `out` holds no usable candidate. Outcomes
 * by task type are read apart: `readOutcomesOfType`.
 */
export function readCandidate(value: unknown, out: CandidateReading): DropReason {
  const candidate = asFields(value);
  if (!candidate || !isPeerName(candidate['peerId'])) return 'UNNAMED';
  const { skills, similarity } = candidate;
  if (!areSkills(skills)) return 'BAD_SKILLS';
  out.skills = skills;
  out.similarity = NaN;
  if (similarity !== undefined) {
    const isCosine = typeof similarity === 'number' && similarity >= -1 && similarity <= 1;
    if (!isCosine) return 'BAD_SIMILARITY';
    out.similarity = similarity;
  }
  const quote = asFields(candidate['quote']);
  if (!quote) return 'NO_QUOTE';
  const problem = readQuote(quote, out);
  if (problem !== 'NONE') return problem;
  const level = candidate['level'];
  if (level !== 0 && level !== 1 && level !== 2 && level !== 3) return 'BAD_LEVEL';
  out.level = level;
  const history = asFields(candidate['history']);
  if (!history) return 'NO_HISTORY';
  readOutcomes(history, out);
  if (Number.isNaN(out.successes)) return 'BAD_HISTORY';
  return readOptionalParts(candidate, out);
}

function readOptionalParts(candidate: Fields, out: CandidateReading): DropReason {
  let problem = readEvidence(candidate['evidence'], out);
  if (problem !== 'NONE') return problem;
  problem = readTestimony(candidate['testimony'], out);
  if (problem !== 'NONE') return problem;
  problem = readIncidents(candidate['incidents'], out);
  if (problem !== 'NONE') return problem;
  problem = readLink(candidate['link'], out);
  if (problem !== 'NONE') return problem;
  problem = readOverheads(candidate['overheads'], out);
  if (problem !== 'NONE') return problem;
  problem = readStated(candidate['stated'], out);
  if (problem !== 'NONE') return problem;
  const { isOverShare = false, sources } = candidate;
  if (sources !== undefined && !areEvidenceSources(sources)) return 'BAD_SOURCES';
  if (typeof isOverShare !== 'boolean') return 'BAD_SHARE';
  out.isOverShare = isOverShare ? 1 : 0;
  const { maxCalibrationRatio } = CANDIDATE_LIMITS;
  out.calibrationRatio = optionalQuantity(candidate['calibrationRatio'], maxCalibrationRatio, 1);
  return out.calibrationRatio > 0 ? 'NONE' : 'BAD_CALIBRATION';
}
