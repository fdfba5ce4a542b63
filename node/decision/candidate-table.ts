/**
 * The candidates of decisions as columns of facts: read once, when quotes and outcomes arrive, and
 * judged as often as there are tasks. A candidate that cannot be read keeps its place and its
 * reason; nothing that a peer supplies makes this throw.
 *
 * Columns instead of objects: a decision walks them in a few passes and makes nothing on the way.
 *
 * Does not judge: that takes a task and a policy, and happens in `decision-matrix.ts`.
 *
 * @module
 */

import {
  CANDIDATE_LIMITS,
  dropCode,
  newCandidateReading,
  readCandidate,
  readOutcomesOfType,
} from './candidate-reading.ts';
import { candidateEvidence, findEvidence } from './candidate-evidence.ts';
import type { CandidateEvidence } from './candidate-evidence.ts';
import type { HistoryReading } from './candidate-reading.ts';
import { countedTestimony } from './learning/bootstrapping.ts';
import type { TestimonyRules } from './learning/bootstrapping.ts';
import type { DecisionPolicy } from './policy.ts';
import { jaccardIndex } from '../skills/compatibility.ts';
import { incidentRate } from './security-risk.ts';

const MS_PER_MINUTE = 60_000;
/** Policies and task types whose evidence is kept. */
const MAX_EVIDENCE = 8;

/** One array per fact. A literal: objects filled name by name are slow to read. */
function newFacts(size: number) {
  return {
    similarity: new Float64Array(size),
    priceMicroUsd: new Float64Array(size),
    latencyMs: new Float64Array(size),
    latencyMinutes: new Float64Array(size),
    expiresAtSeconds: new Float64Array(size),
    level: new Float64Array(size),
    marketPressure: new Float64Array(size),
    evidenceRun: new Float64Array(size),
    evidenceRatio: new Float64Array(size),
    testimonyTotal: new Float64Array(size),
    testimonyRatio: new Float64Array(size),
    incidentRate: new Float64Array(size),
    transferMicroUsdPerGb: new Float64Array(size),
    sessionMicroUsd: new Float64Array(size),
    verificationMicroUsd: new Float64Array(size),
    integrationMicroUsd: new Float64Array(size),
    calibrationRatio: new Float64Array(size),
    isOverShare: new Float64Array(size),
    statedReliability: new Float64Array(size),
    statedSecurityRisk: new Float64Array(size),
    statedQualityRisk: new Float64Array(size),
    statedPerformance: new Float64Array(size),
  };
}

/** Columns of facts, one number per candidate. NaN where the candidate says nothing. */
export type FactColumns = Readonly<ReturnType<typeof newFacts>>;

/** Outcomes of all candidates, of all task types together or of one. */
export class HistoryColumns {
  /** NaN where the outcomes cannot be used. */
  readonly successes: Float64Array;
  readonly outcomes: Float64Array;
  readonly utility: Float64Array;
  readonly monthsSinceLast: Float64Array;

  constructor(size: number) {
    this.successes = new Float64Array(size);
    this.outcomes = new Float64Array(size);
    this.utility = new Float64Array(size);
    this.monthsSinceLast = new Float64Array(size);
  }

  set(index: number, reading: HistoryReading): void {
    this.successes[index] = reading.successes;
    this.outcomes[index] = reading.outcomes;
    this.utility[index] = reading.utility;
    this.monthsSinceLast[index] = reading.monthsSinceLast;
  }
}

/** Outcomes by index in the table that others vouch for; fractions. */
export interface PseudoOutcomes {
  readonly total: Float64Array;
  readonly successes: Float64Array;
  /** The part of the total that is testimony. */
  readonly told: Float64Array;
}

/** How the terms of one list fit what each candidate offers. */
export interface TermFit {
  readonly required: readonly string[];
  /** Jaccard index per candidate; 1 where nothing is required (Eq. 12, S_ont). */
  readonly jaccard: Float64Array;
  /** 1 for a candidate with a required term, or where none is required; else 0. */
  readonly isRelated: Uint8Array;
}

/**
 * Facts of the candidates of one or many decisions. Does not change, but in the hands of an owner
 * that keeps no decision: a simulation writes into the columns and then says so
 * ({@link CandidateTable.refreshEvidence}, {@link CandidateTable.forgetEvidence}).
 */
export class CandidateTable {
  readonly size: number;
  /** What it was made from. Must not be changed. */
  readonly candidates: readonly unknown[];
  readonly columns: FactColumns;
  /** Outcomes of all task types. */
  readonly history: HistoryColumns;
  /** Why a candidate cannot be judged for any task, as a code of `DROP_REASONS`; 0: it can. */
  readonly dropCodes: Uint8Array;
  /** PeerIds; empty for a candidate that has none. */
  readonly peerIds: readonly string[];
  /** Number of each PeerId; equal names have equal numbers. Empty if no name stands twice. */
  readonly nameNumbers: Int32Array;
  readonly #skills: (readonly string[])[] = [];
  #termFit: TermFit | null = null;
  readonly #evidence: CandidateEvidence[] = [];
  readonly #histories = new Map<string, HistoryColumns>();
  readonly #noHistory: HistoryColumns;

  /** @param candidates - Anything; what is no candidate is dropped with its reason. */
  constructor(candidates: readonly unknown[]) {
    this.candidates = candidates;
    this.size = candidates.length;
    this.columns = newFacts(this.size);
    this.history = new HistoryColumns(this.size);
    this.#noHistory = new HistoryColumns(this.size);
    this.dropCodes = new Uint8Array(this.size);
    const names = new Map<string, number>();
    const nameNumbers = new Int32Array(this.size);
    const reading = newCandidateReading();
    const peerIds: string[] = [];
    for (let index = 0; index < this.size; index++) {
      const value = candidates[index];
      const isBeyond = index >= CANDIDATE_LIMITS.maxCandidates;
      const problem = isBeyond ? 'TOO_MANY_CANDIDATES' : readCandidate(value, reading);
      this.dropCodes[index] = problem === 'NONE' ? 0 : dropCode(problem);
      peerIds.push(peerIdOf(value));
      this.#skills.push(problem === 'NONE' ? reading.skills : []);
      nameNumbers[index] = -1;
      if (problem !== 'NONE') continue;
      const { peerId } = value as { readonly peerId: string };
      if (!names.has(peerId)) names.set(peerId, names.size);
      nameNumbers[index] = names.get(peerId)!;
      this.#setFacts(index, reading);
      this.history.set(index, reading);
    }
    this.peerIds = peerIds;
    const usable = nameNumbers.reduce((count, number) => count + (number < 0 ? 0 : 1), 0);
    this.nameNumbers = names.size === usable ? new Int32Array(0) : nameNumbers;
  }

  /**
   * Outcomes of one task type; zeros if there are none. Read when they are first asked for: columns
   * of every type that a candidate names would take memory by candidates times types.
   */
  historyOf(taskType: string): HistoryColumns {
    const known = this.#histories.get(taskType);
    if (known !== undefined) return known;
    const history = this.#readHistory(taskType);
    this.#histories.set(taskType, history);
    return history;
  }

  /**
   * Outcomes that attested tests and testimony stand for (`learning/bootstrapping.ts`): tests of
   * certificates from the policy's level on count first, then testimony as far as it may.
   */
  pseudoOutcomes(
    policy: TestimonyRules & Pick<DecisionPolicy, 'pseudoOutcomesFromLevel'>,
  ): PseudoOutcomes {
    const total = new Float64Array(this.size);
    const successes = new Float64Array(this.size);
    const told = new Float64Array(this.size);
    const { maxPseudoOutcomes: most, pseudoOutcomesFromLevel: fromLevel } = policy;
    const { level, evidenceRun, evidenceRatio, testimonyTotal, testimonyRatio } = this.columns;
    for (let index = 0; index < this.size; index++) {
      const tests = level[index]! >= fromLevel ? Math.min(evidenceRun[index]!, most) : 0;
      const passed = tests * evidenceRatio[index]!;
      const heard = testimonyTotal[index]!;
      if (heard > 0) {
        told[index] = countedTestimony({ successes: passed, total: tests }, heard, policy);
      }
      total[index] = tests + told[index]!;
      successes[index] = passed + told[index]! * testimonyRatio[index]!;
    }
    return { total, successes, told };
  }

  /** What is known of the candidates; the last answers are kept. */
  evidence(policy: DecisionPolicy, taskType: string): CandidateEvidence {
    const known = this.#evidence.find((one) => one.policy === policy && one.taskType === taskType);
    if (known) return known;
    const evidence = candidateEvidence(this, policy, taskType);
    this.#evidence.unshift(evidence);
    this.#evidence.length = Math.min(this.#evidence.length, MAX_EVIDENCE);
    return evidence;
  }

  /** For the owner that has written into any columns: evidence is found anew. */
  forgetEvidence(): void {
    this.#evidence.length = 0;
  }

  /** For the owner that has written outcomes of one candidate: its evidence is found anew. */
  refreshEvidence(index: number): void {
    for (const evidence of this.#evidence) findEvidence(this, evidence, index, index + 1);
  }

  /** How well each candidate's terms fit the required ones; the last answer is kept. */
  termFit(required: readonly string[]): TermFit {
    const last = this.#termFit;
    if (last !== null && areSame(last.required, required)) return last;
    const jaccard = new Float64Array(this.size);
    const isRelated = new Uint8Array(this.size);
    for (let index = 0; index < this.size; index++) {
      const share = jaccardIndex(required, this.#skills[index]!);
      jaccard[index] = share;
      isRelated[index] = share > 0 ? 1 : 0;
    }
    this.#termFit = { required: [...required], jaccard, isRelated };
    return this.#termFit;
  }

  #readHistory(taskType: string): HistoryColumns {
    const ofType: HistoryReading = { successes: 0, outcomes: 0, monthsSinceLast: 0, utility: 0 };
    let history = this.#noHistory;
    for (let index = 0; index < this.size; index++) {
      if (this.dropCodes[index] !== 0) continue;
      if (!readOutcomesOfType(this.candidates[index], taskType, ofType)) continue;
      if (history === this.#noHistory) history = new HistoryColumns(this.size);
      history.set(index, ofType);
    }
    return history;
  }

  #setFacts(index: number, reading: ReturnType<typeof newCandidateReading>): void {
    const { columns } = this;
    for (const fact of READ_AS_THEY_ARE) columns[fact][index] = reading[fact];
    const { evidenceRun, evidencePassed, testimonyTotal, testimonySuccesses } = reading;
    columns.latencyMinutes[index] = reading.latencyMs / MS_PER_MINUTE;
    const pressure = 0.5 + (0.5 * (reading.demand - reading.available)) / reading.total;
    columns.marketPressure[index] = Math.max(0, Math.min(1, pressure));
    columns.evidenceRatio[index] = evidenceRun === 0 ? 0 : evidencePassed / evidenceRun;
    columns.testimonyRatio[index] = testimonyTotal === 0 ? 0 : testimonySuccesses / testimonyTotal;
    const dispute = incidentRate(reading.disputes, reading.interactions);
    const canary = incidentRate(reading.canaryHits, reading.interactions);
    columns.incidentRate[index] = dispute + (1 - dispute) * canary;
  }
}

const READ_AS_THEY_ARE = [
  'similarity',
  'priceMicroUsd',
  'latencyMs',
  'expiresAtSeconds',
  'level',
  'evidenceRun',
  'testimonyTotal',
  'transferMicroUsdPerGb',
  'sessionMicroUsd',
  'verificationMicroUsd',
  'integrationMicroUsd',
  'calibrationRatio',
  'isOverShare',
  'statedReliability',
  'statedSecurityRisk',
  'statedQualityRisk',
  'statedPerformance',
] as const;

function peerIdOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { peerId } = value as { readonly peerId?: unknown };
  return typeof peerId === 'string' ? peerId : '';
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
