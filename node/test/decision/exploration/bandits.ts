/** Bandits of known rewards, and the regret of a strategy that plays them. @module */

import { proposeExploration } from '../../../decision/exploration/exploration-strategy.ts';
import type { ExplorationStrategy } from '../../../decision/exploration/exploration-strategy.ts';
import { newLinearModel, updatedLinearModel } from '../../../decision/exploration/linear-model.ts';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';
import { factsOf, parametersOf } from './facts.ts';

/** A shipped strategy, or the uniform choice that learns nothing. */
export type Player = ExplorationStrategy | 'uniform';

/** Sum of what was missed against the best arm, after each step. */
export type RegretCurve = Float64Array;

/** Plays `means.length` Bernoulli arms for `steps`. The strategy always has to take an arm. */
export function playBernoulli(
  player: Player,
  means: readonly number[],
  steps: number,
  seed: number,
): RegretCurve {
  const random = new SeededRandom(seed);
  const world = new SeededRandom(seed + 2 ** 40);
  const best = Math.max(...means);
  const facts = factsOf(
    means.map(() => ({})),
    { localUtility: null, greedyCostMicroUsd: null },
  );
  const { pulls, utility } = facts.arms;
  const regret = new Float64Array(steps);
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const arm =
      player === 'uniform'
        ? random.integer(means.length)
        : proposeExploration(parametersOf(player), facts, random).arm;
    pulls[arm]! += 1;
    if (world.uniform() < means[arm]!) utility[arm]! += 1;
    sum += best - means[arm]!;
    regret[step] = sum;
  }
  return regret;
}

/** Five new contractors a step; their reward is Bernoulli, linear in four random features. */
export function playLinear(
  player: 'contextual' | 'uniform',
  coefficients: readonly number[],
  steps: number,
  seed: number,
): RegretCurve {
  const random = new SeededRandom(seed);
  const world = new SeededRandom(seed + 2 ** 40);
  const parameters = parametersOf('contextual');
  let model = newLinearModel();
  const regret = new Float64Array(steps);
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const features = Array.from({ length: 5 }, (): [number, number, number, number] => [
      world.uniform(),
      world.uniform(),
      world.uniform(),
      world.uniform(),
    ]);
    const means = features.map((x) =>
      x.reduce((mean, value, i) => mean + value * coefficients[i + 1]!, coefficients[0]!),
    );
    const facts = factsOf(
      features.map((x) => ({ features: x })),
      { localUtility: null, linearModel: model },
    );
    const arm =
      player === 'uniform' ? random.integer(5) : proposeExploration(parameters, facts, random).arm;
    model = updatedLinearModel(model, features[arm]!, world.uniform() < means[arm]! ? 1 : 0);
    sum += Math.max(...means) - means[arm]!;
    regret[step] = sum;
  }
  return regret;
}

/** Mean of the curves of `seeds` runs, at the given step. */
export function meanRegret(curves: readonly RegretCurve[], step: number): number {
  return curves.reduce((sum, curve) => sum + curve[step - 1]!, 0) / curves.length;
}

/**
 * Exponent by which the regret grows over the last nine tenths of the steps: 1 for whoever learns
 * nothing, about 0 for a logarithm, 1/2 for a square root.
 */
export function growthExponent(curves: readonly RegretCurve[], steps: number): number {
  return Math.log10(meanRegret(curves, steps) / meanRegret(curves, steps / 10));
}
