/** Arms, facts and parameters for tests. @module */

import type { Arms, ExplorationFacts } from '../../../decision/exploration/arms.ts';
import { EXPLORATION_DEFAULTS } from '../../../decision/exploration/exploration-strategy.ts';
import type {
  ExplorationParameters,
  ExplorationStrategy,
} from '../../../decision/exploration/exploration-strategy.ts';

/** One arm. */
export interface ArmFigures {
  readonly pulls?: number;
  readonly utility?: number;
  readonly costMicroUsd?: number;
  readonly features?: readonly [number, number, number, number];
}

/** The arms as columns, each longer than the number of arms, with rubbish behind. */
export function armsOf(figures: readonly ArmFigures[]): Arms {
  const column = (read: (one: ArmFigures) => number): Float64Array =>
    Float64Array.of(...figures.map(read), Number.NaN);
  return {
    count: figures.length,
    pulls: column((one) => one.pulls ?? 0),
    utility: column((one) => one.utility ?? 0),
    costMicroUsd: column((one) => one.costMicroUsd ?? 1_000),
    features: [0, 1, 2, 3].map((i) => column((one) => one.features?.[i] ?? 0.5)),
  };
}

/** A task that runs here for 1,000 micro-USD, with these arms and these changes. */
export function factsOf(
  figures: readonly ArmFigures[],
  changes: Partial<ExplorationFacts> = {},
): ExplorationFacts {
  return {
    arms: armsOf(figures),
    greedyArm: -1,
    greedyCostMicroUsd: 1_000,
    localUtility: 0.5,
    decisionIndex: 0,
    linearModel: null,
    isForced: false,
    ...changes,
  };
}

/** The defaults with another strategy and these changes. */
export function parametersOf(
  strategy: ExplorationStrategy,
  changes: Partial<ExplorationParameters> = {},
): ExplorationParameters {
  return { ...EXPLORATION_DEFAULTS, strategy, ...changes };
}
