/**
 * The exploring part of a decision (paper Listing 2, equations.md 4): which contractors may be
 * tried at all, what a try may cost, and which one the strategy proposes.
 *
 * Soft thresholds (theta, tau, rho_min, the economic gate) are bypassed on purpose; hard limits of
 * the task, the sensitivity of its data and the loss budget are not.
 *
 * @module
 */

import type { CandidateTable } from './candidate-table.ts';
import { benefitShare, CRITERION_TYPES } from './criteria.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import { ExplorationLosses } from './exploration-losses.ts';
import type { LeastLoss } from './exploration-losses.ts';
import type { ArmRanking, Arms, ExplorationFacts } from './exploration/arms.ts';
import { uniformSelection } from './exploration/epsilon-greedy.ts';
import type { UniformSelection } from './exploration/epsilon-greedy.ts';
import {
  armRankings,
  isByChance,
  missedDraw,
  proposeExploration,
} from './exploration/exploration-strategy.ts';
import { lossBudgetMicroUsd } from './exploration/loss-budget.ts';
import { SeededRandom } from './exploration/seeded-random.ts';
import type { DecisionQuery, ExplorationContext } from './request.ts';
import { SENSITIVITY_FACTORS } from './security-risk.ts';
import type { TaskFacts } from './task-facts.ts';

/** Score and confidence that Listing 2 gives an exploration. No gate tests them. */
export const EXPLORATION_SCORE = 0.5;
export const EXPLORATION_CONFIDENCE = 0.7;

/** Utility of doing a task here: it costs what it costs here (Eq. 13). */
const LOCAL_UTILITY = 0.5;

/** Why a decision could not explore. */
export type ExplorationBar = 'SENSITIVE' | 'CRITICAL' | 'NOBODY' | 'TOO_DEAR';

/** Why a strategy explores whom it does: what only an explanation reads. */
export interface ExplorationDetails {
  /** What each arm, in the order of the draw, is about: its row, and what it can lose. */
  readonly rows: readonly number[];
  readonly lossesMicroUsd: readonly number[];
  /** One per arm; `null` where the strategy leaves the choice to chance. */
  readonly rankings: readonly ArmRanking[] | null;
  /** How chance chose; `null` where it did not. */
  readonly selection: UniformSelection | null;
  /** Arm that gets the task without exploration; -1 for none. */
  readonly greedyArm: number;
  /** What the arms are held against: see `ExplorationFacts`. */
  readonly localUtility: number | null;
  readonly greedyCostMicroUsd: number | null;
  /** Where no arm is within the budget: who is nearest to it. */
  readonly least: LeastLoss | null;
}

/** What came of the exploring part. */
export interface ExplorationOutcome {
  /** `null`: exploring was allowed, and the strategy was asked. */
  readonly bar: ExplorationBar | null;
  /** Row that is explored; -1 for none. */
  readonly row: number;
  /** Contractors that might have been; `null` where the draw left nothing to count for. */
  readonly armCount: number | null;
  /** Probability with which this decision explored. */
  readonly rate: number;
  readonly draw: number | null;
  readonly isForced: boolean;
  /** `null`: not limited. */
  readonly budgetMicroUsd: number | null;
  /**
   * What the explored contractor can cost beyond the decision without it, at most, and if it
   * delivers and if it fails; `null` for none.
   */
  readonly lossMicroUsd: number | null;
  readonly successLossMicroUsd: number | null;
  readonly failureLossMicroUsd: number | null;
  /** `null` unless they were asked for. */
  readonly details: ExplorationDetails | null;
}

/** The decision without exploration. */
export interface GreedyDecision {
  /** -1: it stays here, or is refused. */
  readonly greedyRow: number;
  /** Here, with and without Eq. (5), which is no money spent; `null` if it cannot run here. */
  readonly costLocalMicroUsd: number | null;
  readonly cashLocalMicroUsd: number | null;
}

const NO_ARMS: Omit<ExplorationDetails, 'least'> = Object.freeze({
  rows: [],
  lossesMicroUsd: [],
  rankings: null,
  selection: null,
  greedyArm: -1,
  localUtility: null,
  greedyCostMicroUsd: null,
});

/** An outcome without an exploration. */
function unexplored(
  bar: ExplorationBar | null,
  isForced: boolean,
  budgetMicroUsd: number | null,
  rate: number,
  draw: number | null,
  details: ExplorationDetails | null = null,
): ExplorationOutcome {
  return {
    bar,
    row: -1,
    armCount: bar === null ? null : 0,
    rate,
    draw,
    isForced,
    budgetMicroUsd,
    lossMicroUsd: null,
    successLossMicroUsd: null,
    failureLossMicroUsd: null,
    details,
  };
}

/** Explores, in memory that is used again for the next decision. */
export class Exploration {
  readonly #random = new SeededRandom(0);
  #rows = new Int32Array(64);
  #pulls = new Float64Array(64);
  #utility = new Float64Array(64);
  #costMicroUsd = new Float64Array(64);
  #features: Float64Array[] = [];

  /**
   * @param isDetailed - Whether the outcome says why.
   * @returns `null` where the policy does not explore, or the query says that it must not.
   */
  explore(
    table: CandidateTable,
    query: DecisionQuery,
    facts: TaskFacts,
    matrix: DecisionMatrix,
    greedy: GreedyDecision,
    isDetailed: boolean,
  ): ExplorationOutcome | null {
    const { policy, task, context } = query;
    const { exploration: rules } = policy;
    if (rules.strategy === 'none' || context.exploration === null) return null;
    const { isForced, decisionIndex } = context.exploration;
    const isSensitive =
      SENSITIVITY_FACTORS[task.sensitivity] > SENSITIVITY_FACTORS[rules.maxSensitivity];
    if (isSensitive) return unexplored('SENSITIVE', isForced, null, 0, null);
    if (task.criticality === 'high' && !rules.allowsCritical) {
      return unexplored('CRITICAL', isForced, null, 0, null);
    }
    const budgetMicroUsd = budgetOf(query, greedy.cashLocalMicroUsd);
    const explorable = matrix.capacity - matrix.explorableFrom;
    if (matrix.count + explorable === 0)
      return unexplored('NOBODY', isForced, budgetMicroUsd, 0, null);
    const losses = new ExplorationLosses(table, facts, matrix, greedy);
    const limitMicroUsd = budgetMicroUsd ?? Infinity;
    if (!losses.isAnyWithin(limitMicroUsd)) {
      const details = isDetailed ? { ...NO_ARMS, least: losses.least() } : null;
      return unexplored('TOO_DEAR', isForced, budgetMicroUsd, 0, null, details);
    }
    this.#random.reset(query.seed);
    const missed = isForced ? null : missedDraw(rules, decisionIndex, this.#random);
    if (missed !== null && !isDetailed) {
      return unexplored(null, false, budgetMicroUsd, missed.rate, missed.draw);
    }
    const count = this.#collect(matrix, losses, limitMicroUsd);
    const arms = this.#arms(table, query, matrix, count);
    const situation = this.#situation(context.exploration, matrix, greedy, arms);
    const details = isDetailed ? this.#details(query, situation, losses, missed === null) : null;
    if (missed !== null) {
      return unexplored(null, false, budgetMicroUsd, missed.rate, missed.draw, details);
    }
    this.#random.reset(query.seed);
    const proposal = proposeExploration(rules, situation, this.#random);
    const exploredRow = proposal.arm < 0 ? -1 : this.#rows[proposal.arm]!;
    return {
      bar: null,
      row: exploredRow,
      armCount: count,
      rate: proposal.rate,
      draw: proposal.draw,
      isForced,
      budgetMicroUsd,
      ...losses.of(exploredRow),
      details,
    };
  }

  #situation(
    { decisionIndex, linearModel, isForced }: ExplorationContext,
    { columns }: DecisionMatrix,
    { greedyRow: row, costLocalMicroUsd }: GreedyDecision,
    arms: Arms,
  ): ExplorationFacts {
    return {
      arms,
      greedyArm: row < 0 ? -1 : this.#rows.subarray(0, arms.count).indexOf(row),
      greedyCostMicroUsd: row >= 0 ? columns.costMicroUsd[row]! : costLocalMicroUsd,
      localUtility: costLocalMicroUsd === null ? null : LOCAL_UTILITY,
      decisionIndex,
      linearModel,
      isForced,
    };
  }

  /** @param isDrawn - Whether the first draw did not say no already. */
  #details(
    { policy, seed }: DecisionQuery,
    facts: ExplorationFacts,
    losses: ExplorationLosses,
    isDrawn: boolean,
  ): ExplorationDetails {
    const { exploration: rules } = policy;
    const rows = Array.from(this.#rows.subarray(0, facts.arms.count));
    const hasSelection = isDrawn && isByChance(rules.strategy);
    return {
      rows,
      lossesMicroUsd: rows.map((row) => losses.most(row)),
      rankings: armRankings(rules, facts, seed),
      selection: hasSelection ? uniformSelection(facts, seed) : null,
      greedyArm: facts.greedyArm,
      localUtility: facts.localUtility,
      greedyCostMicroUsd: facts.greedyCostMicroUsd,
      least: null,
    };
  }

  /**
   * Rows that the budget allows, in the order of the candidates, so that of equals the first in the
   * request wins. Those below the skill threshold stand at the end of the matrix, the last first.
   */
  #collect(matrix: DecisionMatrix, losses: ExplorationLosses, limitMicroUsd: number): number {
    const { capacity, count, explorableFrom, candidateIndex } = matrix;
    if (this.#rows.length < capacity) this.#rows = new Int32Array(capacity);
    let arms = 0;
    let row = 0;
    let below = capacity - 1;
    while (row < count || below >= explorableFrom) {
      const isBelowNext =
        row >= count || (below >= explorableFrom && candidateIndex[below]! < candidateIndex[row]!);
      const next = isBelowNext ? below-- : row++;
      if (losses.most(next) <= limitMicroUsd) this.#rows[arms++] = next;
    }
    return arms;
  }

  /** What strategies know of the rows collected. Chance alone needs none of it. */
  #arms(
    table: CandidateTable,
    { policy, task }: DecisionQuery,
    matrix: DecisionMatrix,
    count: number,
  ): Arms {
    const { strategy } = policy.exploration;
    if (!isByChance(strategy)) {
      this.#grow(count);
      const { outcomes, utility } = table.historyOf(task.taskType);
      for (let arm = 0; arm < count; arm++) {
        const row = this.#rows[arm]!;
        const index = matrix.candidateIndex[row]!;
        this.#pulls[arm] = outcomes[index]!;
        this.#utility[arm] = utility[index]!;
        this.#costMicroUsd[arm] = matrix.columns.costMicroUsd[row]!;
      }
      if (strategy === 'contextual') this.#setFeatures(matrix, count);
    }
    return {
      count,
      pulls: this.#pulls,
      utility: this.#utility,
      costMicroUsd: this.#costMicroUsd,
      features: this.#features,
    };
  }

  #grow(count: number): void {
    if (this.#pulls.length >= count) return;
    this.#pulls = new Float64Array(count);
    this.#utility = new Float64Array(count);
    this.#costMicroUsd = new Float64Array(count);
  }

  /** The criteria of the arms as the model learned them: within the field (Eq. 13). */
  #setFeatures({ criteria, summaries }: DecisionMatrix, count: number): void {
    if ((this.#features[0]?.length ?? 0) < count) {
      this.#features = criteria.map(() => new Float64Array(this.#rows.length));
    }
    criteria.forEach((column, criterion) => {
      const { min, max } = summaries[criterion]!;
      const type = CRITERION_TYPES[criterion]!;
      const feature = this.#features[criterion]!;
      for (let arm = 0; arm < count; arm++) {
        feature[arm] = min > max ? 0 : benefitShare(column[this.#rows[arm]!]!, min, max, type);
      }
    });
  }
}

/** What this decision may lose by exploring; `null`: no limit. A refused task adds nothing here. */
function budgetOf({ policy, task, context }: DecisionQuery, hereMicroUsd: number | null) {
  const { lossLimits } = policy.exploration;
  if (lossLimits === null || context.exploration === null) return null;
  return lossBudgetMicroUsd(
    {
      valueMicroUsd: task.valueMicroUsd,
      cumulativeLocalMicroUsd: context.exploration.cumulativeLocalMicroUsd + (hereMicroUsd ?? 0),
      cumulativeLossMicroUsd: context.exploration.cumulativeLossMicroUsd,
    },
    lossLimits,
  );
}
