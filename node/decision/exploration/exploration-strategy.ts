/**
 * The strategies of exploration and their parameters. Paper IV-A, VI-E and VI-G.
 *
 * A strategy proposes; the engine hands it the arms that are safe and within the loss budget, and
 * decides. Nothing here looks at a threshold or at money but where the strategy is about it.
 *
 * @module
 */

import { requireFraction, requireNonNegative } from '../../cost/quantity-checks.ts';
import { NO_EXPLORATION } from './arms.ts';
import type { ArmRanking, ExplorationFacts, Proposal } from './arms.ts';
import { contextualRankings, proposeContextual } from './contextual.ts';
import { proposeEpsilonGreedy } from './epsilon-greedy.ts';
import { graduatedRate, proposeGraduated } from './graduated.ts';
import { informationGainRankings, proposeInformationGain } from './information-gain.ts';
import type { SeededRandom } from './seeded-random.ts';
import { proposeThompson, thompsonRankings } from './thompson-sampling.ts';
import { proposeUcb1, ucb1Rankings } from './ucb1.ts';

/** Names of the strategies. */
export const EXPLORATION_STRATEGIES = [
  'none',
  'epsilon-greedy',
  'graduated',
  'ucb1',
  'thompson',
  'contextual',
  'information-gain',
] as const;

/** One of them. */
export type ExplorationStrategy = (typeof EXPLORATION_STRATEGIES)[number];

/** What steers a strategy. Each one reads its own fields only. */
export interface ExplorationParameters {
  readonly strategy: ExplorationStrategy;
  /**
   * Probability of exploring. Paper symbol epsilon of Eq. (19). For strategies that have no rate of
   * their own it only says how soon a node counts as stuck.
   */
  readonly rate: number;
  /** Of the graduated strategy: first rate, factor per decision, floor. */
  readonly initialRate: number;
  readonly rateDecay: number;
  readonly minRate: number;
  /** Worth of one nat of information. Paper symbol lambda of Eq. (20). */
  readonly learningValueMicroUsd: number;
  /** Standard deviations that the contextual strategy adds. Symbol alpha of LinUCB. */
  readonly confidenceWidth: number;
}

/**
 * The rate is the paper's, the schedule that of equations.md. The rest is ours: at 1,000 micro-USD
 * per nat an unknown contractor may cost 193 micro-USD more than the decision without it.
 */
export const EXPLORATION_DEFAULTS: ExplorationParameters = {
  strategy: 'epsilon-greedy',
  rate: 0.1,
  initialRate: 0.3,
  rateDecay: 0.98,
  minRate: 0.01,
  learningValueMicroUsd: 1_000,
  confidenceWidth: 1,
};

type Propose = (
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
  random: SeededRandom,
) => Proposal;

const PROPOSE: Readonly<Record<ExplorationStrategy, Propose>> = {
  none: () => NO_EXPLORATION,
  'epsilon-greedy': proposeEpsilonGreedy,
  graduated: proposeGraduated,
  ucb1: proposeUcb1,
  thompson: proposeThompson,
  contextual: proposeContextual,
  'information-gain': proposeInformationGain,
};

/** What the strategy proposes for one decision. Without an arm nothing is drawn. */
export function proposeExploration(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
  random: SeededRandom,
): Proposal {
  return PROPOSE[parameters.strategy](parameters, facts, random);
}

type Rank = (
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
  seed: number,
) => readonly ArmRanking[];

/** Of the strategies that rank; the others leave the choice to chance. */
const RANK: Partial<Readonly<Record<ExplorationStrategy, Rank>>> = {
  ucb1: ucb1Rankings,
  thompson: thompsonRankings,
  contextual: contextualRankings,
  'information-gain': informationGainRankings,
};

/**
 * What the strategy ranks each arm by where it draws from the start of this seed; `null` for one
 * that ranks none. For explanations: {@link proposeExploration} makes none of it.
 */
export function armRankings(
  parameters: ExplorationParameters,
  facts: ExplorationFacts,
  seed: number,
): readonly ArmRanking[] | null {
  return RANK[parameters.strategy]?.(parameters, facts, seed) ?? null;
}

/** Whether the strategy explores at a rate and then whom it may be, by two draws. */
export function isByChance(strategy: ExplorationStrategy): boolean {
  return strategy === 'epsilon-greedy' || strategy === 'graduated';
}

/**
 * The draw of a strategy of chance alone, if it says not to explore; `null` otherwise, and for
 * every other strategy. What it says is what {@link proposeExploration} would say from the same
 * start of `random`, without a look at the arms.
 */
export function missedDraw(
  parameters: ExplorationParameters,
  decisionIndex: number,
  random: SeededRandom,
): { readonly rate: number; readonly draw: number } | null {
  if (!isByChance(parameters.strategy)) return null;
  const rate = plannedRate(parameters, decisionIndex);
  const draw = random.uniform();
  return draw < rate ? null : { rate, draw };
}

/**
 * Rate at which a node with these parameters is to explore, for the monitor's test of being stuck;
 * 0 for `none`.
 */
export function plannedRate(parameters: ExplorationParameters, decisionIndex: number): number {
  if (parameters.strategy === 'none') return 0;
  return parameters.strategy === 'graduated'
    ? graduatedRate(parameters, decisionIndex)
    : parameters.rate;
}

/** @throws {@link RangeError} for an unknown strategy or a parameter out of range. */
export function requireExplorationParameters(parameters: ExplorationParameters): void {
  if (!EXPLORATION_STRATEGIES.includes(parameters.strategy)) {
    throw new RangeError(
      `"strategy" expected one of ${EXPLORATION_STRATEGIES.join(', ')}, ` +
        `got ${String(parameters.strategy)}`,
    );
  }
  for (const field of ['rate', 'initialRate', 'rateDecay', 'minRate'] as const) {
    requireFraction(field, parameters[field]);
  }
  requireNonNegative('learningValueMicroUsd', parameters.learningValueMicroUsd);
  requireNonNegative('confidenceWidth', parameters.confidenceWidth);
}
