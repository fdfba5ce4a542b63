/**
 * The exploring part of a decision as its record shows it: names instead of rows, and everything
 * that the choice of the explored contractor can be redone from.
 *
 * @module
 */

import type { Choice, Evaluation } from './evaluation.ts';
import type { ExplorationBar } from './exploration-step.ts';
import type { ArmRanking } from './exploration/arms.ts';
import type { UniformSelection } from './exploration/epsilon-greedy.ts';
import type { ExplorationStrategy } from './exploration/exploration-strategy.ts';
import type { DecisionRequest } from './request.ts';

/** A contractor and the most that exploring it can lose. */
interface PossibleLoss {
  readonly peerId: string;
  readonly lossMicroUsd: number;
}

/** A contractor that might be explored, with what the strategy ranked it by. */
export interface ExplorationArm extends PossibleLoss, ArmRanking {}

/** What exploring had to do with it. */
export interface ExplorationParts {
  readonly strategy: ExplorationStrategy;
  /** Why this decision could not explore; `null` if it could. */
  readonly bar: ExplorationBar | null;
  /** Contractors within the budget. */
  readonly contractors: number;
  /** The same, in the order of the draw: their places are the numbers that chance draws. */
  readonly arms: readonly ExplorationArm[];
  /** Place of the explored one in `arms`, and of who gets the task otherwise; `null` for none. */
  readonly exploredArm: number | null;
  readonly otherwiseArm: number | null;
  /** Probability with which it explored, and the number drawn against it: the first of the seed. */
  readonly rate: number;
  readonly draw: number | null;
  /** The second number of the seed, which chose; `null` where chance did not choose. */
  readonly selection: UniformSelection | null;
  readonly isForced: boolean;
  /** Worth of the arm LOCAL; `null` if the task cannot run here. */
  readonly localUtility: number | null;
  /** Cost in all of what is done otherwise; `null` for a task that would be refused. */
  readonly otherwiseCostMicroUsd: number | null;
  /** What it might lose, `null` for no limit; and what the explored contractor can cost it. */
  readonly budgetMicroUsd: number | null;
  readonly lossMicroUsd: number | null;
  /** The same if it delivers, and if it fails. */
  readonly successLossMicroUsd: number | null;
  readonly failureLossMicroUsd: number | null;
  /** Where nobody is within the budget: who could lose least. */
  readonly least: PossibleLoss | null;
  /** What would have been done without exploration. */
  readonly otherwise: { readonly choice: Choice; readonly contractor: string | null };
}

/** @returns `null` where exploring was not asked for. */
export function explorationPartsOf(
  request: DecisionRequest,
  { exploration, selection, matrix, local }: Evaluation,
): ExplorationParts | null {
  if (exploration === null) return null;
  const { row, armCount, details, ...figures } = exploration;
  const peerAt = (one: number): string => request.candidates[matrix.candidateIndex[one]!]!.peerId;
  const contractor = selection.chosenRow < 0 ? null : peerAt(selection.chosenRow);
  const fallback = local.isInfeasible ? 'REFUSED' : 'LOCAL';
  const rows = details?.rows ?? [];
  const least = details?.least ?? null;
  return {
    strategy: request.policy.exploration.strategy,
    contractors: details === null ? (armCount ?? 0) : rows.length,
    ...figures,
    arms: rows.map((one, arm) => ({
      peerId: peerAt(one),
      lossMicroUsd: details!.lossesMicroUsd[arm]!,
      ...details!.rankings?.[arm],
    })),
    exploredArm: placeOrNull(rows.indexOf(row)),
    otherwiseArm: placeOrNull(details?.greedyArm ?? -1),
    selection: details?.selection ?? null,
    localUtility: details?.localUtility ?? null,
    otherwiseCostMicroUsd: details?.greedyCostMicroUsd ?? null,
    least: least === null ? null : { peerId: peerAt(least.row), lossMicroUsd: least.lossMicroUsd },
    otherwise: { choice: contractor === null ? fallback : 'OUTSOURCE', contractor },
  };
}

function placeOrNull(place: number): number | null {
  return place < 0 ? null : place;
}
