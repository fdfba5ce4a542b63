import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExplorationFacts } from '../../../decision/exploration/arms.ts';
import {
  EXPLORATION_DEFAULTS,
  EXPLORATION_STRATEGIES,
  missedDraw,
  plannedRate,
  proposeExploration,
  requireExplorationParameters,
} from '../../../decision/exploration/exploration-strategy.ts';
import type { ExplorationStrategy } from '../../../decision/exploration/exploration-strategy.ts';
import { graduatedRate } from '../../../decision/exploration/graduated.ts';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';
import { expectClose } from '../../vectors/read-vectors.ts';
import { factsOf, parametersOf } from './facts.ts';
import type { ArmFigures } from './facts.ts';

/** Indices of `count` decisions that explore, with one generator for all of them. */
function exploredIndices(strategy: ExplorationStrategy, seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  const parameters = parametersOf(strategy);
  const figures = [
    { pulls: 9, utility: 4 },
    { pulls: 4, utility: 1.5 },
    { pulls: 30, utility: 14 },
  ];
  return Array.from({ length: count }, (_, i) => i).filter((decisionIndex) => {
    const facts = factsOf(figures, { decisionIndex });
    return proposeExploration(parameters, facts, random).arm >= 0;
  });
}

const armFigures: fc.Arbitrary<ArmFigures> = fc
  .record({
    pulls: fc.double({ min: 0, max: 1e6, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    costMicroUsd: fc.double({ min: 0, max: 1e9, noNaN: true }),
    features: fc.tuple(
      ...([0, 1, 2, 3].map(() => fc.double({ min: 0, max: 1, noNaN: true })) as [
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
      ]),
    ),
  })
  .map(({ share, ...rest }) => ({ ...rest, utility: share * rest.pulls }));

const anyFacts: fc.Arbitrary<ExplorationFacts> = fc
  .record({
    figures: fc.array(armFigures, { maxLength: 8 }),
    greedyPlace: fc.integer({ min: -1, max: 7 }),
    greedyCostMicroUsd: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    isLocalPossible: fc.boolean(),
    decisionIndex: fc.nat(1e7),
    isForced: fc.boolean(),
  })
  .map(({ figures, greedyPlace, isLocalPossible, ...rest }) =>
    factsOf(figures, {
      ...rest,
      greedyArm: greedyPlace < figures.length ? greedyPlace : -1,
      localUtility: isLocalPossible ? 0.5 : null,
    }),
  );

describe('a draw that is the rate', () => {
  it('does not explore, and one that is less does: in [0, 1) the rate is a probability', () => {
    const facts = factsOf([{ pulls: 1, utility: 1 }]);
    for (let seed = 0; seed < 50; seed++) {
      const draw = new SeededRandom(seed).uniform();
      const isExploredAt = (rate: number): boolean => {
        const parameters = parametersOf('epsilon-greedy', { rate });
        const proposal = proposeExploration(parameters, facts, new SeededRandom(seed));
        const missed = missedDraw(parameters, 0, new SeededRandom(seed));
        expect(missed === null).toBe(proposal.arm >= 0);
        return proposal.arm >= 0;
      };
      expect(isExploredAt(draw), String(seed)).toBe(false);
      expect(isExploredAt(draw + 2 ** -53), String(seed)).toBe(true);
    }
  });
});

describe('every strategy', () => {
  it.each(EXPLORATION_STRATEGIES)('%s proposes an arm that there is, or none', (strategy) => {
    fc.assert(
      fc.property(anyFacts, fc.maxSafeNat(), (facts, seed) => {
        const random = new SeededRandom(seed);
        const { arm, rate, draw } = proposeExploration(parametersOf(strategy), facts, random);
        expect(Number.isInteger(arm) && arm >= -1 && arm < facts.arms.count).toBe(true);
        expect(rate >= 0 && rate <= 1).toBe(true);
        expect(draw === null || (draw >= 0 && draw < 1)).toBe(true);
        const isByChance = strategy === 'epsilon-greedy' || strategy === 'graduated';
        if (!isByChance) expect([draw, rate]).toEqual([null, arm < 0 ? 0 : 1]);
      }),
    );
  });

  it.each(EXPLORATION_STRATEGIES)(
    '%s explores when forced, if there is another arm',
    (strategy) => {
      fc.assert(
        fc.property(anyFacts, fc.maxSafeNat(), (facts, seed) => {
          const forced = { ...facts, isForced: true };
          const random = new SeededRandom(seed);
          const { arm, rate } = proposeExploration(parametersOf(strategy), forced, random);
          const others = facts.arms.count - (facts.greedyArm >= 0 ? 1 : 0);
          if (strategy === 'none') expect([arm, rate]).toEqual([-1, 0]);
          else if (others > 0) expect(arm >= 0 && arm !== facts.greedyArm && rate === 1).toBe(true);
        }),
      );
    },
  );

  it.each(EXPLORATION_STRATEGIES)('%s replays with its seed', (strategy) => {
    fc.assert(
      fc.property(anyFacts, fc.maxSafeNat(), (facts, seed) => {
        const propose = () =>
          proposeExploration(parametersOf(strategy), facts, new SeededRandom(seed));
        expect(propose()).toEqual(propose());
      }),
    );
  });

  it('is none without arms, and then nothing is drawn', () => {
    for (const strategy of EXPLORATION_STRATEGIES) {
      const random = new SeededRandom(1);
      const proposal = proposeExploration(parametersOf(strategy), factsOf([]), random);
      expect(proposal).toEqual({ arm: -1, rate: 0, draw: null });
      expect(random.uniform()).toBe(new SeededRandom(1).uniform());
    }
  });

  it('by chance explores other decisions with another seed, and the same with the same', () => {
    const strategies = fc.constantFrom('epsilon-greedy' as const, 'graduated', 'thompson');
    fc.assert(
      fc.property(strategies, fc.maxSafeNat(), fc.maxSafeNat(), (strategy, seed, other) => {
        fc.pre(seed !== other);
        const explored = exploredIndices(strategy, seed, 400);
        expect(exploredIndices(strategy, seed, 400)).toEqual(explored);
        expect(exploredIndices(strategy, other, 400)).not.toEqual(explored);
      }),
    );
  });
});

describe('epsilon-greedy', () => {
  it('explores a tenth of the decisions, each arm as often, Paper Eq. (19)', () => {
    const random = new SeededRandom(1);
    const facts = factsOf([{}, {}, {}, {}], { greedyArm: 2 });
    const counts = [0, 0, 0, 0];
    let mistaken = 0;
    for (let i = 0; i < 40_000; i++) {
      const { arm, rate, draw } = proposeExploration(parametersOf('epsilon-greedy'), facts, random);
      if (rate !== 0.1 || arm >= 0 !== draw! < 0.1) mistaken += 1;
      if (arm >= 0) counts[arm]! += 1;
    }
    expect(mistaken).toBe(0);
    // The greedy arm is one of them, as in Listing 2. Five standard deviations.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });

  it('never explores at a rate of 0 and always at 1', () => {
    const random = new SeededRandom(1);
    for (let i = 0; i < 1_000; i++) {
      const never = parametersOf('epsilon-greedy', { rate: 0 });
      const always = parametersOf('epsilon-greedy', { rate: 1 });
      expect(proposeExploration(never, factsOf([{}]), random).arm).toBe(-1);
      expect(proposeExploration(always, factsOf([{}]), random).arm).toBe(0);
    }
  });

  it('spreads a forced exploration over all arms but the greedy one', () => {
    const random = new SeededRandom(1);
    const facts = factsOf([{}, {}, {}, {}], { greedyArm: 1, isForced: true });
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 3_000; i++) {
      counts[proposeExploration(parametersOf('epsilon-greedy'), facts, random).arm]! += 1;
    }
    expect(counts[1]).toBe(0);
    for (const arm of [0, 2, 3]) expect(Math.abs(counts[arm]! - 1000)).toBeLessThan(130);
  });
});

describe('graduated exploration', () => {
  it('begins at 0.3, falls by 2 % a decision and ends at 0.01, Paper s.VI-G', () => {
    expect(graduatedRate(EXPLORATION_DEFAULTS, 0)).toBe(0.3);
    expectClose(graduatedRate(EXPLORATION_DEFAULTS, 1), 0.294, 1e-14);
    expectClose(graduatedRate(EXPLORATION_DEFAULTS, 100), 0.3 * 0.98 ** 100, 1e-12);
    expect(graduatedRate(EXPLORATION_DEFAULTS, 168)).toBeGreaterThan(0.01);
    expect(graduatedRate(EXPLORATION_DEFAULTS, 169)).toBe(0.01);
    expect(graduatedRate(EXPLORATION_DEFAULTS, 1e9)).toBe(0.01);
  });

  it('explores at that rate', () => {
    const random = new SeededRandom(1);
    const share = (decisionIndex: number): number => {
      let explored = 0;
      for (let i = 0; i < 20_000; i++) {
        const facts = factsOf([{}], { decisionIndex });
        const { arm, rate } = proposeExploration(parametersOf('graduated'), facts, random);
        if (rate === graduatedRate(EXPLORATION_DEFAULTS, decisionIndex) && arm >= 0) explored += 1;
      }
      return explored / 20_000;
    };
    expect(Math.abs(share(0) - 0.3)).toBeLessThan(0.017);
    expect(Math.abs(share(1_000) - 0.01)).toBeLessThan(0.004);
  });
});

describe('the parameters of exploration', () => {
  it('plan the rate that the strategy explores at', () => {
    expect(plannedRate(EXPLORATION_DEFAULTS, 5)).toBe(0.1);
    expect(plannedRate(parametersOf('none'), 5)).toBe(0);
    expect(plannedRate(parametersOf('ucb1'), 5)).toBe(0.1);
    expect(plannedRate(parametersOf('graduated'), 0)).toBe(0.3);
  });

  it('are refused where they are out of range', () => {
    const check = (changes: object) => () =>
      requireExplorationParameters({ ...EXPLORATION_DEFAULTS, ...changes });
    expect(check({})).not.toThrow();
    expect(check({ strategy: 'greedy' })).toThrow(/strategy/);
    expect(check({ rate: 1.1 })).toThrow(/rate/);
    expect(check({ rateDecay: Number.NaN })).toThrow(/rateDecay/);
    expect(check({ learningValueMicroUsd: -1 })).toThrow(/learningValueMicroUsd/);
    expect(check({ confidenceWidth: Infinity })).toThrow(/confidenceWidth/);
  });
});
