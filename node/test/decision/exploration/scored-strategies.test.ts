import { describe, expect, it } from 'vitest';
import type { ExplorationFacts } from '../../../decision/exploration/arms.ts';
import { proposeExploration } from '../../../decision/exploration/exploration-strategy.ts';
import { newLinearModel, updatedLinearModel } from '../../../decision/exploration/linear-model.ts';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';
import { ucb1Index } from '../../../decision/exploration/ucb1.ts';
import { expectClose, readVectors } from '../../vectors/read-vectors.ts';
import { factsOf, parametersOf } from './facts.ts';
import type { ArmFigures } from './facts.ts';

describe('UCB1', () => {
  const vectors = readVectors<
    { means: readonly number[]; counts: readonly number[]; t: number },
    { index: readonly (number | 'Infinity')[]; best: number }
  >('ucb1');
  it.each(vectors.cases)('gives the vector $id', ({ inputs, expected }) => {
    const { means, counts, t } = inputs;
    expected.index.forEach((index, arm) => {
      const actual = ucb1Index(means[arm]!, counts[arm]!, t);
      if (index === 'Infinity') expect(actual).toBe(Infinity);
      else expectClose(actual, index, vectors.tolerance);
    });
    const figures = means.map((mean, arm) => ({
      pulls: counts[arm]!,
      utility: mean * counts[arm]!,
    }));
    const facts = factsOf(figures, { localUtility: null });
    expect(proposeExploration(parametersOf('ucb1'), facts, new SeededRandom(1)).arm).toBe(
      expected.best,
    );
  });

  const propose = (facts: ExplorationFacts) =>
    proposeExploration(parametersOf('ucb1'), facts, new SeededRandom(1));

  it('does not explore where the highest index is the greedy arm', () => {
    const figures = [
      { pulls: 100, utility: 90 },
      { pulls: 100, utility: 20 },
    ];
    expect(propose(factsOf(figures, { greedyArm: 0 })).arm).toBe(-1);
    expect(propose(factsOf(figures, { greedyArm: 1 }))).toEqual({ arm: 0, rate: 1, draw: null });
    expect(propose(factsOf(figures, { greedyArm: 0, isForced: true })).arm).toBe(1);
  });

  it('stays with LOCAL, which needs no bonus, once no arm can be better', () => {
    const figures = [{ pulls: 1_000, utility: 300 }];
    expect(propose(factsOf(figures)).arm).toBe(-1);
    expect(propose(factsOf(figures, { localUtility: null })).arm).toBe(0);
    expect(propose(factsOf(figures, { isForced: true })).arm).toBe(0);
  });

  it('takes the first of arms that nobody tried, and of equal arms', () => {
    expect(propose(factsOf([{ pulls: 5, utility: 5 }, {}, {}])).arm).toBe(1);
    const equal = { pulls: 5, utility: 4 };
    expect(propose(factsOf([equal, equal])).arm).toBe(0);
  });

  it('reads fractions of a pull, also where all of them are less than one', () => {
    const figures = [
      { pulls: 0.2, utility: 0.1 },
      { pulls: 0.3, utility: 0.27 },
    ];
    expect(propose(factsOf(figures)).arm).toBe(1);
    expect(ucb1Index(0.9, 0.3, 0.5)).toBe(0.9);
  });
});

describe('Thompson sampling', () => {
  it('explores an arm as often as it is likely to beat LOCAL', () => {
    // P(Beta(2, 1) > 0.5) = 3/4.
    const random = new SeededRandom(1);
    const facts = factsOf([{ pulls: 1, utility: 1 }]);
    let explored = 0;
    for (let i = 0; i < 20_000; i++) {
      if (proposeExploration(parametersOf('thompson'), facts, random).arm === 0) explored += 1;
    }
    expect(Math.abs(explored / 20_000 - 0.75)).toBeLessThan(0.016);
  });

  it('leaves an arm alone that has long been worse than LOCAL', () => {
    const random = new SeededRandom(1);
    const facts = factsOf([{ pulls: 1_000, utility: 300 }]);
    for (let i = 0; i < 1_000; i++) {
      expect(proposeExploration(parametersOf('thompson'), facts, random).arm).toBe(-1);
    }
  });
});

describe('the contextual strategy', () => {
  it('prefers the kind of contractor that did well, also one that it never tried', () => {
    let model = newLinearModel();
    for (let i = 0; i < 200; i++) {
      model = updatedLinearModel(model, [1, 0.5, 0, 0.5], 0.9);
      model = updatedLinearModel(model, [0, 0.5, 1, 0.5], 0.1);
    }
    const figures: ArmFigures[] = [
      { features: [0.1, 0.5, 0.9, 0.5] },
      { features: [0.9, 0.5, 0.1, 0.5] },
    ];
    const propose = (changes: Partial<ExplorationFacts>) =>
      proposeExploration(
        parametersOf('contextual'),
        factsOf(figures, { linearModel: model, ...changes }),
        new SeededRandom(1),
      ).arm;
    expect(propose({})).toBe(1);
    expect(propose({ greedyArm: 1 })).toBe(-1);
    expect(propose({ greedyArm: 1, isForced: true })).toBe(0);
    expect(propose({ localUtility: 1.2 })).toBe(-1);
  });

  it('prefers what it knows less of, and more so with a greater width', () => {
    let model = newLinearModel();
    for (let i = 0; i < 500; i++) model = updatedLinearModel(model, [0.5, 0, 0, 0], 0.6);
    const figures: ArmFigures[] = [{ features: [0.5, 0, 0, 0] }, { features: [0, 0, 0, 1] }];
    const facts = factsOf(figures, { linearModel: model });
    const propose = (confidenceWidth: number) =>
      proposeExploration(
        parametersOf('contextual', { confidenceWidth }),
        facts,
        new SeededRandom(1),
      ).arm;
    expect(propose(0)).toBe(0);
    expect(propose(1)).toBe(1);
  });
});

describe('exploration by information', () => {
  const propose = (facts: ExplorationFacts, learningValueMicroUsd = 1_000) =>
    proposeExploration(
      parametersOf('information-gain', { learningValueMicroUsd }),
      facts,
      new SeededRandom(1),
    ).arm;

  it('pays for what an outcome teaches and no more, Paper Eq. (20)', () => {
    // An unknown arm teaches 0.19315 nats, worth 193 micro-USD.
    expect(propose(factsOf([{ costMicroUsd: 1_193 }]))).toBe(0);
    expect(propose(factsOf([{ costMicroUsd: 1_194 }]))).toBe(-1);
    expect(propose(factsOf([{ costMicroUsd: 1_193 }]), 999)).toBe(-1);
  });

  it('prefers the unknown of two that cost the same', () => {
    const known = { pulls: 50, utility: 25, costMicroUsd: 900 };
    expect(propose(factsOf([known, { costMicroUsd: 900 }]))).toBe(1);
    expect(propose(factsOf([known, { costMicroUsd: 900 }]), 0)).toBe(0);
  });

  it('explores at any cost where the task would be refused', () => {
    expect(propose(factsOf([{ costMicroUsd: 1e9 }], { greedyCostMicroUsd: null }))).toBe(0);
  });

  it('does not explore where the greedy arm is the best, but when forced', () => {
    const figures = [{ costMicroUsd: 100 }, { costMicroUsd: 2_000 }];
    const facts = factsOf(figures, { greedyArm: 0, greedyCostMicroUsd: 100 });
    expect(propose(facts)).toBe(-1);
    expect(propose({ ...facts, isForced: true })).toBe(1);
  });
});
