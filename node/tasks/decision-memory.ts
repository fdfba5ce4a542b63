/**
 * What one decision leaves behind for the next: learned weights, thresholds in force, the loss
 * account and the monitor of exploration, where the money went, what the market did. Plain JSON in
 * the node's store; a node that restarts goes on where it was.
 *
 * Every number that the engine reads of it stands in the decision's record (`DecisionContext`), so
 * a replay needs none of this.
 *
 * @module
 */

import type { Clock, Logger } from '../../protocols/components.ts';
import type { MarketDocument } from '../activity-documents.ts';
import type { DecisionStatusDocument } from '../api-documents.ts';
import type { ProvedSkill, SkillTestimony } from '../certificates/trust.ts';
import { namedWeights, weightVector } from '../decision/criteria.ts';
import type { Decision } from '../decision/engine.ts';
import {
  monitorReport,
  observeDecision as observeExploration,
} from '../decision/exploration/exploration-monitor.ts';
import { plannedRate } from '../decision/exploration/exploration-strategy.ts';
import { newLinearModel, updatedLinearModel } from '../decision/exploration/linear-model.ts';
import { SeededRandom } from '../decision/exploration/seeded-random.ts';
import {
  observeDecision as observeThresholds,
  observeOutcome as observeThresholdOutcome,
  thresholdsInForce,
} from '../decision/learning/adaptive-thresholds.ts';
import type { Thresholds } from '../decision/learning/adaptive-thresholds.ts';
import { observeChoice } from '../decision/learning/convergence.ts';
import { weighedTestimony } from '../decision/learning/bootstrapping.ts';
import {
  credibilityIn,
  observeAgreement,
  ownJudgement,
} from '../decision/learning/rater-credibility.ts';
import { randomWalkStep } from '../decision/learning/reference-weights.ts';
import { learnedWeights, realisedUtility } from '../decision/learning/weight-learning.ts';
import { INITIAL_WEIGHTS } from '../decision/policy.ts';
import type { DecisionPolicy, PolicyName } from '../decision/policy.ts';
import type { UnitQuote } from '../decision/portfolio/quote-window.ts';
import { observeQuotes } from '../decision/portfolio/market-watch.ts';
import type { MarketAlarm } from '../decision/portfolio/market-watch.ts';
import { contractorsOverCap, DEFAULT_SHARE_CAP } from '../decision/portfolio/share-cap.ts';
import type { SpendingOffer } from '../decision/portfolio/share-cap.ts';
import { fadedSpending, recordSpending, spendingAlarm } from '../decision/portfolio/spending.ts';
import type { DecisionContext } from '../decision/request.ts';
import type { JsonSection } from '../storage/store.ts';
import { decisionStatus, INITIAL_STATE, marketDocument } from './decision-state.ts';
import type { DecisionMemoryState } from './decision-state.ts';

const SETTINGS_KEY = 'decision-memory';
/** Decisions that the confidence of the paper's own code looks back on, and its high score. */
const RECENT_DECISIONS = 50;
const HIGH_SCORE = 0.7;
/** Alarms that are kept to be shown. */
const MAX_ALARMS = 20;
/** The same alarm is not raised again for so long. */
const ALARM_PAUSE_MS = 600_000;

/** How a task that was handed out ended. */
export interface DecisionOutcome {
  readonly isSuccess: boolean;
  readonly paidMicroUsd: number;
  /** What handling really took: session, checks, audits. Left out where it was not measured. */
  readonly handlingMicroUsd?: number;
}

/** What others had said of the contractor, beside what this node has seen of it by now. */
export interface HeardTestimony {
  readonly testimony: readonly SkillTestimony[];
  /** Own outcomes of the task type. */
  readonly own: { readonly successes: number; readonly total: number };
}

export interface DecisionMemoryInit {
  readonly settings: JsonSection<DecisionMemoryState>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether thresholds give way and come back (paper VI-G). */
  readonly isAdaptive: boolean;
  readonly maxSpendingShare: number;
}

/** The memory of one node. */
export class DecisionMemory {
  readonly #init: DecisionMemoryInit;
  #state: DecisionMemoryState = INITIAL_STATE;
  #saving: Promise<void> | undefined;

  constructor(init: DecisionMemoryInit) {
    this.#init = init;
  }

  /** Takes up what was learned before the restart. */
  async load(): Promise<void> {
    const stored = await this.#init.settings.get(SETTINGS_KEY);
    if (stored?.version === INITIAL_STATE.version) this.#state = { ...INITIAL_STATE, ...stored };
  }

  /** What the next decision reads, for its record. */
  context({
    name,
    exploration,
  }: DecisionPolicy): Pick<
    DecisionContext,
    'historicalWeights' | 'exploration' | 'recentDecisions'
  > {
    const { monitor, recentHighScores } = this.#state;
    const isForced =
      exploration.strategy !== 'none' &&
      monitorReport(monitor, plannedRate(exploration, monitor.allowed)).isStuck;
    return {
      historicalWeights: namedWeights(this.#state.weights[name] ?? weightVector(INITIAL_WEIGHTS)),
      exploration: {
        decisionIndex: monitor.allowed,
        cumulativeLocalMicroUsd: this.#state.cumulativeLocalMicroUsd,
        cumulativeLossMicroUsd: this.#state.cumulativeLossMicroUsd,
        isForced,
        linearModel: exploration.strategy === 'contextual' ? this.#state.linearModel : null,
      },
      recentDecisions: {
        decisions: this.#state.decisions,
        recent: recentHighScores.length,
        recentHighScores: recentHighScores.filter((isHigh) => isHigh).length,
      },
    };
  }

  /** The thresholds to decide by. */
  thresholds(configured: Thresholds): Thresholds {
    return this.#init.isAdaptive
      ? thresholdsInForce(this.#state.thresholds, configured)
      : configured;
  }

  /** Contractors that have had their share of the spending. */
  overShare(offers: readonly SpendingOffer[]): ReadonlySet<string> {
    const { maxSpendingShare, clock } = this.#init;
    if (maxSpendingShare === 1) return new Set();
    const book = fadedSpending(this.#state.spending, clock.nowMs());
    const cap = { ...DEFAULT_SHARE_CAP, maxShare: maxSpendingShare };
    return new Set(contractorsOverCap(book, offers, cap));
  }

  /** Whether there are quotes for a task of this kind from any time. */
  knowsMarket(taskType: string): boolean {
    return this.#state.market.taskTypes.some((watched) => watched.taskType === taskType);
  }

  /** Learns what was asked for a task, and raises an alarm if the market looks managed. */
  observeQuotes(taskType: string, quotes: readonly UnitQuote[]): void {
    const atMs = this.#init.clock.nowMs();
    const { state, alarms } = observeQuotes(this.#state.market, { taskType, atMs, quotes });
    this.#state = { ...this.#state, market: state };
    for (const alarm of alarms) this.#alarm(alarm.kind, alarm.sentence, subjectOf(alarm));
  }

  /**
   * Learns from a decision that is acted on.
   *
   * @param configured - Thresholds of the policy, not those in force.
   * @param isFirst - Whether it is the first one on this task, not a second choice after a failure.
   */
  async observeDecision(
    decision: Decision,
    configured: Thresholds,
    isFirst: boolean,
  ): Promise<void> {
    const { query, exploration, isExploration, choice } = decision;
    const label = choice === 'OUTSOURCE' ? decision.table.peerIds[decision.chosen]! : choice;
    if (isFirst) {
      const local = decision.costInternalWithoutOpportunityMicroUsd ?? 0;
      this.#state = {
        ...this.#state,
        cumulativeLocalMicroUsd: this.#state.cumulativeLocalMicroUsd + local,
        choices: observeChoice(this.#state.choices, {
          taskType: query.task.taskType,
          choice: label,
        }),
        thresholds: observeThresholds(
          this.#state.thresholds,
          { isOutsourced: choice === 'OUTSOURCE', hasCandidates: decision.considered >= 0 },
          configured,
        ),
      };
    }
    if (exploration !== null) this.#observeExploration(decision, label);
    if (!isExploration) this.#observeScore(decision);
    await this.#save();
  }

  /** How far a client is believed now. */
  credibility(rater: string): number {
    return credibilityIn(this.#state.raters, rater);
  }

  /** Weighs what others say of a contractor; `undefined` if it comes to nothing. */
  weigh(
    subject: string,
    observer: string,
    { evidence, testimony = [] }: Pick<ProvedSkill, 'evidence' | 'testimony'>,
  ): { readonly successes: number; readonly total: number } | undefined {
    if (testimony.length === 0) return undefined;
    const weighed = weighedTestimony({
      subject,
      observer,
      attested: evidence ?? null,
      testimony: testimony.map(({ rater, passed, run }) => ({
        rater,
        successes: passed,
        failures: run - passed,
        credibility: this.credibility(rater),
      })),
    });
    return weighed.total === 0 ? undefined : weighed;
  }

  /** Learns how a task ended that a decision had handed out. */
  async observeOutcome(
    decision: Decision,
    outcome: DecisionOutcome,
    heard: HeardTestimony = { testimony: [], own: { successes: 0, total: 0 } },
  ): Promise<void> {
    const { query, features } = decision;
    const { isSuccess, paidMicroUsd } = outcome;
    this.#compare(heard, isSuccess);
    const { name } = query.policy;
    const contractor = decision.table.peerIds[decision.chosen]!;
    const atMs = this.#init.clock.nowMs();
    const utility = utilityOf(decision, outcome);
    const spending = recordSpending(this.#state.spending, {
      contractor,
      microUsd: paidMicroUsd,
      atMs,
    });
    const before = this.#state.weights[name] ?? weightVector(INITIAL_WEIGHTS);
    const isLearning = name !== 'reference' && features !== null;
    const weights = isLearning ? learnedWeights(before, features, utility) : before;
    const model = this.#state.linearModel ?? newLinearModel();
    this.#state = {
      ...this.#state,
      spending,
      weights: { ...this.#state.weights, [name]: weights },
      linearModel: features === null ? model : updatedLinearModel(model, features, utility),
      thresholds: observeThresholdOutcome(this.#state.thresholds, isSuccess),
      cumulativeLossMicroUsd: this.#lossWithout(
        releasedMicroUsd(decision, isSuccess) - overrunMicroUsd(decision, outcome),
      ),
    };
    const alarm = spendingAlarm(fadedSpending(spending, atMs));
    if (alarm) this.#alarm(alarm.kind, alarm.sentence);
    await this.#save();
  }

  /**
   * Learns that a chosen contractor declined. That is no outcome; an exploration has lost no more
   * than the handling of one that fails.
   */
  async observeDeclined(decision: Decision): Promise<void> {
    const releasable = releasedMicroUsd(decision, false);
    if (releasable === 0) return;
    this.#state = { ...this.#state, cumulativeLossMicroUsd: this.#lossWithout(releasable) };
    await this.#save();
  }

  /** Prices that were asked lately, per task type. */
  market(): MarketDocument {
    return marketDocument(this.#state, this.#init.clock.nowMs());
  }

  /** What `status` shows. */
  status(policy: DecisionPolicy): DecisionStatusDocument {
    const weights = this.context(policy).historicalWeights;
    return decisionStatus(this.#state, policy, weights, this.#init.clock.nowMs());
  }

  /** Learns of an outcome how far those are right who had told of the contractor. */
  #compare({ testimony, own }: HeardTestimony, isSuccess: boolean): void {
    const judgement = ownJudgement(own, isSuccess);
    if (judgement === null) return;
    for (const { rater, passed, run } of testimony) {
      if (run === 0) continue;
      const isPraise = passed * 2 >= run;
      const comparison = {
        rater,
        isAgreement: isPraise === judgement.isGood,
        weight: Math.min(1, run) * judgement.weight,
      };
      const raters = observeAgreement(this.#state.raters, comparison);
      this.#state = { ...this.#state, raters };
    }
  }

  #observeExploration(decision: Decision, label: string): void {
    const { exploration, isExploration, query } = decision;
    if (exploration === null) return;
    const { exploration: rules } = query.policy;
    const monitor = observeExploration(this.#state.monitor, {
      isAllowed: exploration.bar === null,
      rate: exploration.rate,
      isExploration,
      choice: label,
    });
    const loss = isExploration ? (exploration.lossMicroUsd ?? 0) : 0;
    this.#state = {
      ...this.#state,
      monitor,
      cumulativeLossMicroUsd: this.#state.cumulativeLossMicroUsd + loss,
    };
    const { isAlarm, isStuck, message } = monitorReport(
      monitor,
      plannedRate(rules, monitor.allowed),
    );
    if (isAlarm) this.#alarm('EXPLORATION_RATE', message);
    if (isStuck) this.#alarm('EXPLORATION_STUCK', message);
  }

  /** The state that only the policy of the paper's own code reads. */
  #observeScore({ query, choice, score }: Decision): void {
    const isHigh = choice === 'OUTSOURCE' && (score ?? 0) > HIGH_SCORE;
    const { weights, decisions, recentHighScores } = this.#state;
    const walked = walkedWeights(query.policy.name, weights, choice, score, query.seed, decisions);
    this.#state = {
      ...this.#state,
      decisions: decisions + 1,
      recentHighScores: [...recentHighScores, isHigh].slice(-RECENT_DECISIONS),
      weights: walked,
    };
  }

  #lossWithout(releasedMicroUsd: number): number {
    return Math.max(0, this.#state.cumulativeLossMicroUsd - releasedMicroUsd);
  }

  /** @param subject - What it is about: the same about the same is told once in a while. */
  #alarm(kind: string, sentence: string, subject = ''): void {
    const { clock, logger } = this.#init;
    const atMs = clock.nowMs();
    const last = this.#state.alarms.findLast(
      (alarm) => alarm.kind === kind && (alarm.subject ?? '') === subject,
    );
    if (last && atMs - last.atMs < ALARM_PAUSE_MS) return;
    logger.warn({ kind }, sentence);
    const alarms = [...this.#state.alarms, { kind, subject, atMs, sentence }].slice(-MAX_ALARMS);
    this.#state = { ...this.#state, alarms };
  }

  /** Several changes at once are written once; resolves when they are on disk. */
  #save(): Promise<void> {
    this.#saving ??= Promise.resolve().then(() => {
      this.#saving = undefined;
      return this.#init.settings.put(SETTINGS_KEY, this.#state);
    });
    return this.#saving;
  }
}

/** Skill, contractor and direction: an alarm about one hides none about another. */
function subjectOf(alarm: MarketAlarm): string {
  const contractor = 'contractor' in alarm ? alarm.contractor : '';
  const direction = 'direction' in alarm ? alarm.direction : '';
  return [alarm.taskType, contractor, direction].join(' ');
}

/** Utility of an outcome in [0, 1] (Eq. 13). */
export function utilityOf(decision: Decision, outcome: DecisionOutcome): number {
  return realisedUtility({
    isSuccess: outcome.isSuccess,
    costInternalMicroUsd: decision.costInternalWithoutOpportunityMicroUsd,
    paidMicroUsd: outcome.paidMicroUsd,
  });
}

/** What an exploration has not lost, of the most that it could; 0 for any other decision. */
function releasedMicroUsd({ exploration }: Decision, isSuccess: boolean): number {
  if (exploration === null || exploration.lossMicroUsd === null) return 0;
  const { lossMicroUsd, successLossMicroUsd, failureLossMicroUsd } = exploration;
  const lost = (isSuccess ? successLossMicroUsd : failureLossMicroUsd) ?? lossMicroUsd;
  return lossMicroUsd - lost;
}

/** What handling an exploration took beyond what it was reckoned with; 0 for any other decision. */
function overrunMicroUsd({ exploration }: Decision, { handlingMicroUsd = 0 }: DecisionOutcome) {
  // A failure loses the handling and nothing else.
  const expected = exploration?.failureLossMicroUsd ?? null;
  return expected === null ? 0 : Math.max(0, handlingMicroUsd - expected);
}

function walkedWeights(
  name: PolicyName,
  weights: DecisionMemoryState['weights'],
  choice: Decision['choice'],
  score: number | null,
  seed: number,
  decisions: number,
): DecisionMemoryState['weights'] {
  if (name !== 'reference' || decisions === 0) return weights;
  const random = new SeededRandom(seed);
  const normals = [random.normal(), random.normal(), random.normal(), random.normal()];
  const before = weights[name] ?? weightVector(INITIAL_WEIGHTS);
  const own = choice === 'OUTSOURCE' ? (score ?? 0) : 0;
  return { ...weights, [name]: randomWalkStep(before, own, normals) };
}
