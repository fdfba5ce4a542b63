/**
 * What a client, or all of them together, know of the contractors: the engine's tables, one per
 * task type, and what is learned from outcomes. Nothing of a contractor's true figures gets in,
 * unless a policy asks for stated ones.
 *
 * @module
 */

import { CandidateTable } from '../../node/decision/candidate-table.ts';
import type { CriterionWeights } from '../../node/decision/criteria.ts';
import { namedWeights, weightVector } from '../../node/decision/criteria.ts';
import type { LinearModel } from '../../node/decision/exploration/linear-model.ts';
import {
  newLinearModel,
  updatedLinearModel,
} from '../../node/decision/exploration/linear-model.ts';
import { learnedWeights } from '../../node/decision/learning/weight-learning.ts';
import { INITIAL_WEIGHTS } from '../../node/decision/policy.ts';
import type { Candidate, OutcomeHistory, RecentDecisions } from '../../node/decision/request.ts';
import type { Certificate } from './certificates.ts';
import type { Market } from './market.ts';
import type { Population } from './population.ts';

const HOURS_PER_MONTH = 24 * 30.4375;
const HOURS_PER_DAY = 24;
const MS_PER_MINUTE = 60_000;
/** Of the paper's own code: what it looks back at, and the score that it calls a success. */
const RECENT_DECISIONS = 50;
const HIGH_SCORE = 0.7;

/** How an outsourced task ended, as a client sees it. */
export interface SeenOutcome {
  readonly contractor: number;
  readonly type: number;
  readonly isSuccess: boolean;
  readonly utility: number;
  readonly features: readonly number[] | null;
  readonly hour: number;
}

/** What a memory starts from, and what it keeps. */
export interface MemoryOptions {
  readonly certificates: readonly Certificate[];
  /** What others say of each contractor; `null`: nothing. */
  readonly testimony: readonly { readonly successes: number; readonly total: number }[] | null;
  /** Whether the strategy that explores reads a linear model. */
  readonly hasLinearModel: boolean;
  readonly learnsWeights: boolean;
}

/** One memory. */
export class ClientMemory {
  /** By task type. */
  readonly tables: readonly CandidateTable[];
  weights: CriterionWeights = INITIAL_WEIGHTS;
  linearModel: LinearModel | null = null;
  /** Decisions in which exploring was allowed, and what they were about. */
  explorableDecisions = 0;
  localMicroUsd = 0;
  lossMicroUsd = 0;
  readonly #names: readonly string[];
  readonly #lastHour: Float64Array;
  readonly #options: MemoryOptions;
  readonly #highScores = new Uint8Array(RECENT_DECISIONS);
  #recentHighScores = 0;
  #decisions = 0;
  #agesAtDay = 0;
  #hasOutcomes = false;

  constructor(market: Market, population: Population, options: MemoryOptions) {
    this.#options = options;
    this.#names = market.tasks.map(({ name }) => name);
    this.#lastHour = new Float64Array(population.size).fill(NaN);
    this.tables = market.tasks.map(
      (_, type) => new CandidateTable(candidatesOf(market, population, options, type)),
    );
  }

  /** What the confidence rule of the paper's own code asks for. */
  get recentDecisions(): RecentDecisions {
    return {
      decisions: this.#decisions,
      recent: Math.min(RECENT_DECISIONS, this.#decisions),
      recentHighScores: this.#recentHighScores,
    };
  }

  /** Whether no decision was remembered yet. */
  get isUndecided(): boolean {
    return this.#decisions === 0;
  }

  /** Remembers a decision that was no exploration, for that rule. */
  rememberScore(score: number): void {
    const at = this.#decisions++ % RECENT_DECISIONS;
    const high = score > HIGH_SCORE ? 1 : 0;
    this.#recentHighScores += high - this.#highScores[at]!;
    this.#highScores[at] = high;
  }

  /** Learns from an outcome (Eq. 13, 14, 18). */
  learn({ contractor, type, isSuccess, utility, features, hour }: SeenOutcome): void {
    const good = isSuccess ? 1 : 0;
    this.#lastHour[contractor] = hour;
    this.#hasOutcomes = true;
    for (const [other, table] of this.tables.entries()) {
      const { history } = table;
      const histories = other === type ? [history, table.historyOf(this.#names[type]!)] : [history];
      for (const columns of histories) {
        columns.successes[contractor]! += good;
        columns.outcomes[contractor]! += 1;
        columns.utility[contractor]! += utility;
        columns.monthsSinceLast[contractor] = 0;
      }
      table.refreshEvidence(contractor);
    }
    if (features === null || !this.#options.learnsWeights) return;
    this.weights = namedWeights(learnedWeights(weightVector(this.weights), features, utility));
    if (!this.#options.hasLinearModel) return;
    this.linearModel = updatedLinearModel(this.linearModel ?? newLinearModel(), features, utility);
  }

  /** Outcomes of a contractor that are known. */
  outcomesOf(contractor: number): number {
    return this.tables[0]!.history.outcomes[contractor]!;
  }

  /** A contractor is gone, and one without a past stands in its place. */
  replace(contractor: number, { level, passed, run }: Certificate): void {
    this.#lastHour[contractor] = NaN;
    for (const [type, table] of this.tables.entries()) {
      for (const columns of [table.history, table.historyOf(this.#names[type]!)]) {
        columns.successes[contractor] = 0;
        columns.outcomes[contractor] = 0;
        columns.utility[contractor] = 0;
        columns.monthsSinceLast[contractor] = 0;
      }
      table.columns.level[contractor] = level;
      table.columns.evidenceRun[contractor] = run;
      table.columns.evidenceRatio[contractor] = run === 0 ? 0 : passed / run;
      table.forgetEvidence();
    }
  }

  /** Lets knowledge age (Eq. 14), to the day: finer, it would move a reliability by 0.3 % a day. */
  age(hour: number): void {
    const day = Math.floor(hour / HOURS_PER_DAY);
    if (day === this.#agesAtDay || !this.#hasOutcomes) return;
    this.#agesAtDay = day;
    for (const [type, table] of this.tables.entries()) {
      const typed = table.historyOf(this.#names[type]!);
      for (let one = 0; one < table.size; one++) {
        const last = this.#lastHour[one]!;
        if (Number.isNaN(last)) continue;
        const months = Math.max(0, hour - last) / HOURS_PER_MONTH;
        table.history.monthsSinceLast[one] = months;
        typed.monthsSinceLast[one] = months;
      }
      table.forgetEvidence();
    }
  }
}

const NO_OUTCOMES: OutcomeHistory = {
  successes: 0,
  failures: 0,
  monthsSinceLast: 0,
  utility: 0,
};

/** Names by number; made once, since every run has the same. */
const names: string[] = [];

function nameOf(one: number): string {
  for (let next = names.length; next <= one; next++) {
    names.push(`contractor-${String(next).padStart(5, '0')}`);
  }
  return names[one]!;
}

/** Contractors as the engine reads them, for one task type. What is equal is shared. */
function candidatesOf(
  market: Market,
  population: Population,
  { certificates, testimony }: MemoryOptions,
  type: number,
): Candidate[] {
  const { total, latencyMinutes } = population;
  const load = { demand: 0, available: total, total };
  const history = { ...NO_OUTCOMES, byType: { [market.tasks[type]!.name]: NO_OUTCOMES } };
  const kinds = market.contractors.map((own) => ({
    skills: own.skills,
    similarity: own.similarities[type]!,
    stated: {
      reliability: own.reliability,
      securityRisk: own.securityRisk,
      qualityRisk: own.qualityRisk,
      performance: own.performance[type]!,
    },
  }));
  const candidates: Candidate[] = [];
  for (let one = 0; one < population.size; one++) {
    const { skills, similarity, stated } = kinds[population.type[one]!]!;
    const candidate: Candidate = {
      peerId: nameOf(one),
      skills,
      similarity,
      // Price and load are written before each decision.
      quote: { priceMicroUsd: 0, latencyMs: latencyMinutes[one]! * MS_PER_MINUTE, load },
      level: certificates[one]!.level,
      evidence: certificates[one]!,
      history,
      stated,
    };
    candidates.push(testimony === null ? candidate : { ...candidate, testimony: testimony[one]! });
  }
  return candidates;
}
