/**
 * Watches whether the node explores as often as its strategy says, and whether it is stuck with one
 * choice. Paper VI-D asks for both: an alert when exploration does not happen in practice, and a
 * forced exploration out of a rut.
 *
 * Only decisions in which exploring was allowed count. The test looks at the last 500 to 1,000 of
 * them, in two blocks of which the older one is dropped when the newer is full: integer counts, so
 * that the test is exact, bounded state, and no long good past that hides a fault of today.
 *
 * The count is tested as binomial at the mean of the rates. Where rates differ, it is the sum of
 * unequal trials, and beyond one from its mean its tails are lighter than that (Hoeffding 1956), so
 * the p-value errs to the side of no alarm. Rates of 0 and 1 leave nothing to chance and are not
 * tested but checked: one decision against them is a fault. A strategy that states its own choice
 * as its rate (UCB1, Thompson sampling, contextual, information-gain) is checked this way alone,
 * and has no p-value: what the check finds is a proposal that got lost, not a rate that is off.
 *
 * Does not store itself: the state is plain JSON.
 *
 * @module
 */

import { requireFraction } from '../../cost/quantity-checks.ts';
import { binomialPValue } from './binomial-test.ts';

/** Decisions of a block. */
export const BLOCK_DECISIONS = 500;

/** Fewer decisions of chance than this give no alarm, whatever their p-value. */
export const MIN_TESTED_DECISIONS = 30;

/**
 * An alarm is given below. Measured at a rate of 0.1: a healthy node has about 40 alarms, most of
 * them of a few decisions, in a million; exploration that stops is reported after 260 more
 * decisions (median; at most 450), one that doubles after 270, one that halves after 500.
 */
export const ALARM_P_VALUE = 0.001;

/** A node that explores at its rate escapes being called stuck with this probability. */
export const STUCK_CERTAINTY = 0.999;

/** Counts of one block of decisions. */
export interface RateBlock {
  readonly allowed: number;
  readonly explored: number;
  /** Sum of the rates. */
  readonly expected: number;
  /** Of `allowed`, those with a rate of 0 or 1, and what was explored among them. */
  readonly certain: number;
  readonly certainExplored: number;
  /** Decisions that their rate rules out, and explorations that were not allowed. */
  readonly contradicted: number;
}

/** State of the monitor; plain JSON. */
export interface MonitorState {
  /** Since the beginning: decisions in which exploring was allowed, explorations, sum of rates. */
  readonly allowed: number;
  readonly explored: number;
  readonly expected: number;
  /** Decisions since the last exploration. */
  readonly sinceExplored: number;
  /** Decisions in a row with the same choice, and that choice. */
  readonly sinceChanged: number;
  readonly choice: string | null;
  readonly current: RateBlock;
  readonly previous: RateBlock;
}

/** One decision as the monitor sees it. */
export interface ObservedDecision {
  /** Whether there was an arm to explore and nothing forbade it. */
  readonly isAllowed: boolean;
  /** Of the proposal; 1 if the exploration was forced. */
  readonly rate: number;
  readonly isExploration: boolean;
  /** What was chosen: LOCAL, REFUSED, or who. Equal text is the same choice. */
  readonly choice: string;
}

/** What the monitor finds. Counts and rates are of the decisions tested, not of all time. */
export interface MonitorReport {
  readonly allowed: number;
  readonly explored: number;
  /** 0 before the first decision, as is the actual one. */
  readonly expectedRate: number;
  readonly actualRate: number;
  /**
   * Of so many explorations, or of as few, by chance; two-sided. `null` where none of the decisions
   * was left to chance: there is nothing to test then.
   */
  readonly pValue: number | null;
  /** Decisions that were left to chance, which the p-value is of. */
  readonly byChance: number;
  readonly isAlarm: boolean;
  /** The next decision is to explore, within the same limits as any. */
  readonly isStuck: boolean;
  readonly message: string;
}

const EMPTY_BLOCK: RateBlock = Object.freeze({
  allowed: 0,
  explored: 0,
  expected: 0,
  certain: 0,
  certainExplored: 0,
  contradicted: 0,
});

/** The state before the first decision. */
export function newMonitorState(): MonitorState {
  return {
    allowed: 0,
    explored: 0,
    expected: 0,
    sinceExplored: 0,
    sinceChanged: 0,
    choice: null,
    current: EMPTY_BLOCK,
    previous: EMPTY_BLOCK,
  };
}

function extended(block: RateBlock, rate: number, isExploration: boolean): RateBlock {
  const explored = isExploration ? 1 : 0;
  const isCertain = rate === 0 || rate === 1;
  return {
    allowed: block.allowed + 1,
    explored: block.explored + explored,
    expected: block.expected + rate,
    certain: block.certain + (isCertain ? 1 : 0),
    certainExplored: block.certainExplored + (isCertain ? explored : 0),
    contradicted: block.contradicted + (isCertain && explored !== rate ? 1 : 0),
  };
}

/**
 * The state after one more decision. One that was not allowed to explore leaves it as it is; if it
 * explored all the same, that is a fault and counts as one.
 *
 * @throws {@link RangeError} for a rate outside [0, 1].
 */
export function observeDecision(state: MonitorState, decision: ObservedDecision): MonitorState {
  const { rate, isExploration, choice } = decision;
  requireFraction('rate', rate);
  if (!decision.isAllowed) {
    if (!isExploration) return state;
    const { current } = state;
    return { ...state, current: { ...current, contradicted: current.contradicted + 1 } };
  }
  const isFull = state.current.allowed >= BLOCK_DECISIONS;
  return {
    allowed: state.allowed + 1,
    explored: state.explored + (isExploration ? 1 : 0),
    expected: state.expected + rate,
    sinceExplored: isExploration ? 0 : state.sinceExplored + 1,
    sinceChanged: choice === state.choice ? state.sinceChanged + 1 : 1,
    choice,
    current: extended(isFull ? EMPTY_BLOCK : state.current, rate, isExploration),
    previous: isFull ? state.current : state.previous,
  };
}

/**
 * Decisions in a row without exploration after which a node that should explore at `rate` is stuck:
 * a healthy one would have explored by then with a probability of {@link STUCK_CERTAINTY}. 66 at a
 * rate of 0.1; Infinity at 0.
 */
export function stuckAfterDecisions(rate: number): number {
  requireFraction('rate', rate);
  if (rate === 0) return Infinity;
  return Math.max(1, Math.ceil(Math.log1p(-STUCK_CERTAINTY) / Math.log1p(-rate)));
}

function merged(a: RateBlock, b: RateBlock): RateBlock {
  return {
    allowed: a.allowed + b.allowed,
    explored: a.explored + b.explored,
    expected: a.expected + b.expected,
    certain: a.certain + b.certain,
    certainExplored: a.certainExplored + b.certainExplored,
    contradicted: a.contradicted + b.contradicted,
  };
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** "p = 0.76", or why there is none. */
function testPhrase(allowed: number, tested: number, chance: number): string {
  if (allowed === 0) return 'nothing to test yet';
  if (tested === 0) return 'none of them by chance: checked one by one, there is no rate to test';
  const among = tested === allowed ? '' : ` (of the ${tested} left to chance)`;
  return `p = ${chance.toPrecision(2)}${among}`;
}

/**
 * What the state says: does the node explore at its rate, and is it stuck?
 *
 * @param rate - At which the node is to explore now (`plannedRate`); for being stuck only. What was
 *   expected of past decisions is in the state.
 */
export function monitorReport(state: MonitorState, rate: number): MonitorReport {
  const window = merged(state.previous, state.current);
  const { allowed, explored, expected, contradicted } = window;
  const tested = allowed - window.certain;
  const drawn = explored - window.certainExplored;
  // Where nothing is contradicted, as many certain explorations were expected as there were.
  const mean = tested === 0 ? 0 : (expected - window.certainExplored) / tested;
  const chance = binomialPValue(drawn, tested, Math.max(0, Math.min(1, mean)));
  const isAlarm = contradicted > 0 || (tested >= MIN_TESTED_DECISIONS && chance < ALARM_P_VALUE);
  const alike = Math.min(state.sinceExplored, state.sinceChanged);
  const isStuck = alike >= stuckAfterDecisions(rate);
  const expectedRate = allowed === 0 ? 0 : expected / allowed;
  const actualRate = allowed === 0 ? 0 : explored / allowed;
  const parts = [
    `${explored} of ${allowed} decisions explored (${percent(actualRate)}), ` +
      `${percent(expectedRate)} expected, ${testPhrase(allowed, tested, chance)}`,
  ];
  if (contradicted > 0) {
    parts.push(`${contradicted} went against what the strategy had settled`);
  } else if (isAlarm) {
    parts.push('chance does not explain the difference');
  }
  if (isStuck) parts.push(`the same choice ${alike} times: the next decision is to explore`);
  return {
    allowed,
    explored,
    expectedRate,
    actualRate,
    pValue: tested === 0 ? null : chance,
    byChance: tested,
    isAlarm,
    isStuck,
    message: parts.join('; '),
  };
}
