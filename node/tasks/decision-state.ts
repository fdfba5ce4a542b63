/**
 * What a node remembers between decisions, and how `status` shows it.
 *
 * @module
 */

import type { MarketDocument } from '../activity-documents.ts';
import type { DecisionStatusDocument } from '../api-documents.ts';
import type { CriterionWeights } from '../decision/criteria.ts';
import { monitorReport, newMonitorState } from '../decision/exploration/exploration-monitor.ts';
import type { MonitorState } from '../decision/exploration/exploration-monitor.ts';
import { plannedRate } from '../decision/exploration/exploration-strategy.ts';
import type { LinearModel } from '../decision/exploration/linear-model.ts';
import { INITIAL_THRESHOLD_STATE } from '../decision/learning/adaptive-thresholds.ts';
import type { AdaptiveThresholdState } from '../decision/learning/adaptive-thresholds.ts';
import { diagnoseConvergence, EMPTY_CHOICE_WINDOW } from '../decision/learning/convergence.ts';
import type { ChoiceWindow } from '../decision/learning/convergence.ts';
import { EMPTY_RATER_BOOK } from '../decision/learning/rater-credibility.ts';
import type { RaterBook } from '../decision/learning/rater-credibility.ts';
import type { DecisionPolicy, PolicyName } from '../decision/policy.ts';
import { herfindahlIndex } from '../decision/portfolio/herfindahl.ts';
import { emptyMarketWatch, quotesOf } from '../decision/portfolio/quote-window.ts';
import type { MarketWatchState } from '../decision/portfolio/quote-window.ts';
import {
  EMPTY_SPENDING_BOOK,
  fadedSpending,
  spendingConcentration,
  spendingTotals,
} from '../decision/portfolio/spending.ts';
import type { SpendingBook } from '../decision/portfolio/spending.ts';

/** Something that a person should look at. */
export interface Alarm {
  readonly kind: string;
  /** What it is about; left out by versions before. */
  readonly subject?: string;
  readonly atMs: number;
  readonly sentence: string;
}

/** Everything that is remembered. */
export interface DecisionMemoryState {
  readonly version: 1;
  /** Learned weights, per policy: each learns in its own way. */
  readonly weights: Readonly<Partial<Record<PolicyName, readonly number[]>>>;
  readonly thresholds: AdaptiveThresholdState;
  readonly monitor: MonitorState;
  /** Of all tasks decided on. */
  readonly cumulativeLocalMicroUsd: number;
  /** Of all explorations; those without an outcome yet count with the most they can lose. */
  readonly cumulativeLossMicroUsd: number;
  readonly linearModel: LinearModel | null;
  /** Decisions that were no exploration, and of the last 50: was the score high? */
  readonly decisions: number;
  readonly recentHighScores: readonly boolean[];
  readonly choices: ChoiceWindow;
  readonly spending: SpendingBook;
  readonly market: MarketWatchState;
  /** How far those who endorse contractors agreed with what happened here. */
  readonly raters: RaterBook;
  readonly alarms: readonly Alarm[];
}

/** Nothing decided yet. */
export const INITIAL_STATE: DecisionMemoryState = {
  version: 1,
  weights: {},
  thresholds: INITIAL_THRESHOLD_STATE,
  monitor: newMonitorState(),
  cumulativeLocalMicroUsd: 0,
  cumulativeLossMicroUsd: 0,
  linearModel: null,
  decisions: 0,
  recentHighScores: [],
  choices: EMPTY_CHOICE_WINDOW,
  spending: EMPTY_SPENDING_BOOK,
  market: emptyMarketWatch(),
  raters: EMPTY_RATER_BOOK,
  alarms: [],
};

/** The state as `status` shows it. */
export function decisionStatus(
  state: DecisionMemoryState,
  policy: DecisionPolicy,
  weights: CriterionWeights,
  nowMs: number,
): DecisionStatusDocument {
  const { monitor, spending, choices, alarms } = state;
  const { allowed, explored, expectedRate, actualRate, isAlarm, isStuck, message, ...tested } =
    monitorReport(monitor, plannedRate(policy.exploration, monitor.allowed));
  const book = fadedSpending(spending, nowMs);
  const { index, contractors } = spendingConcentration(book);
  const { stability, secondEigenvalueModulus, mixingSteps, decisions } =
    diagnoseConvergence(choices);
  return {
    policy: policy.name,
    weights,
    thresholds: {
      skill: policy.skillThreshold,
      score: policy.scoreThreshold,
      confidence: policy.confidenceThreshold,
    },
    exploration: {
      strategy: policy.exploration.strategy,
      allowedDecisions: allowed,
      explored,
      expectedRate,
      actualRate,
      pValue: tested.pValue,
      byChanceDecisions: tested.byChance,
      isAlarm,
      isForced: isStuck,
      message,
      lossMicroUsd: state.cumulativeLossMicroUsd,
      localCostMicroUsd: state.cumulativeLocalMicroUsd,
    },
    spending: { microUsd: spendingTotals(book).microUsd, contractors, concentrationHhi: index },
    convergence: { decisions, stability, secondEigenvalueModulus, mixingSteps },
    alarms: alarms.map(({ kind, atMs, sentence }) => ({ kind, atMs, sentence })),
  };
}

/** Alarms about the market; others are about this node itself. */
const MARKET_ALARMS: ReadonlySet<string> = new Set([
  'QUOTES_CONCENTRATED',
  'PRICE_OUTLIER',
  'COORDINATED_MOVE',
  'SPENDING_CONCENTRATED',
]);

/** What contractors asked within the last quote window. */
export function marketDocument(state: DecisionMemoryState, nowMs: number): MarketDocument {
  const book = fadedSpending(state.spending, nowMs);
  const { index, contractors } = spendingConcentration(book);
  return {
    windowMs: state.market.windowMs,
    taskTypes: state.market.taskTypes.toReversed().map((watched) => {
      const counts = watched.contractors.map(quotesOf);
      return {
        taskType: watched.taskType,
        quotes: counts.reduce((a, b) => a + b, 0),
        concentrationHhi: herfindahlIndex(counts),
        prices: watched.contractors.map((one, i) => ({
          peerId: one.contractor,
          lastMicroUsd: one.lastMicroUsd,
          lowestMicroUsd: Math.min(...one.quarters.map(({ lowestMicroUsd }) => lowestMicroUsd)),
          highestMicroUsd: Math.max(...one.quarters.map(({ highestMicroUsd }) => highestMicroUsd)),
          quotes: counts[i] ?? 0,
        })),
      };
    }),
    spending: { microUsd: spendingTotals(book).microUsd, contractors, concentrationHhi: index },
    alarms: state.alarms
      .filter(({ kind }) => MARKET_ALARMS.has(kind))
      .map(({ kind, atMs, sentence }) => ({ kind, atMs, sentence })),
  };
}
