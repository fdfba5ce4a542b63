import { describe, expect, it } from 'vitest';
import { growthExponent, meanRegret, playBernoulli, playLinear } from './bandits.ts';
import type { Player, RegretCurve } from './bandits.ts';

const MEANS = [0.6, 0.5, 0.3, 0.9, 0.45, 0.2, 0.55, 0.4, 0.1, 0.35];
const BEST = 0.9;
const STEPS = 10_000;
const SEEDS = Array.from({ length: 20 }, (_, i) => i);
/** Below it the regret counts as sublinear; a logarithm lies well below, no learning at 1. */
const SUBLINEAR = 0.75;

const worse = MEANS.filter((mean) => mean < BEST);

/** Auer, Cesa-Bianchi and Fischer 2002, Theorem 1: holds for UCB1 at every number of steps. */
function ucb1Bound(steps: number): number {
  const gaps = worse.map((mean) => BEST - mean);
  const byLogarithm = gaps.reduce((sum, gap) => sum + (8 * Math.log(steps)) / gap, 0);
  return byLogarithm + (1 + Math.PI ** 2 / 3) * gaps.reduce((sum, gap) => sum + gap, 0);
}

function divergence(p: number, q: number): number {
  return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
}

/**
 * Kaufmann, Korda and Munos 2012, for Thompson sampling of Bernoulli arms with a uniform
 * prior: (1 + epsilon) * sum gap (ln n + ln ln n) / KL + a constant that depends on epsilon and the
 * arms. Here epsilon is 1 and the constant is left out, which only makes the check stricter. The
 * sum is the lower bound of Lai and Robbins 1985 but for the ln ln n.
 */
function thompsonBound(steps: number): number {
  const logarithm = Math.log(steps) + Math.log(Math.log(steps));
  return (
    2 * worse.reduce((sum, mean) => sum + ((BEST - mean) * logarithm) / divergence(mean, BEST), 0)
  );
}

function bernoulliCurves(player: Player): RegretCurve[] {
  return SEEDS.map((seed) => playBernoulli(player, MEANS, STEPS, seed));
}

/** Whether the regret is within the bound at several horizons and grows sublinearly. */
function passes(curves: readonly RegretCurve[], bound: (steps: number) => number): boolean {
  const isBounded = [1_000, 3_000, STEPS].every((n) => meanRegret(curves, n) < bound(n));
  return isBounded && growthExponent(curves, STEPS) < SUBLINEAR;
}

describe('the regret on ten stationary arms, over 20 seeds', () => {
  it('of UCB1 grows sublinearly and stays below the bound of its theorem', () => {
    expect(passes(bernoulliCurves('ucb1'), ucb1Bound)).toBe(true);
  });

  it('of Thompson sampling grows sublinearly and stays near the lower bound for any strategy', () => {
    expect(passes(bernoulliCurves('thompson'), thompsonBound)).toBe(true);
  });

  it('of a uniform choice passes neither bound and does not grow sublinearly', () => {
    const curves = bernoulliCurves('uniform');
    expect(meanRegret(curves, STEPS)).toBeGreaterThan(ucb1Bound(STEPS));
    expect(meanRegret(curves, STEPS)).toBeGreaterThan(thompsonBound(STEPS));
    expect(growthExponent(curves, STEPS)).toBeGreaterThan(0.95);
    expect(passes(curves, ucb1Bound)).toBe(false);
    expect(passes(curves, thompsonBound)).toBe(false);
  });
});

describe('the regret on linear rewards, over 20 seeds', () => {
  const COEFFICIENTS = [0.05, 0.5, 0.05, 0.3, 0.1];
  const LINEAR_STEPS = 3_000;
  const curvesOf = (player: 'contextual' | 'uniform'): RegretCurve[] =>
    SEEDS.map((seed) => playLinear(player, COEFFICIENTS, LINEAR_STEPS, seed));

  it('of LinUCB grows sublinearly, though it never meets a contractor twice', () => {
    expect(growthExponent(curvesOf('contextual'), LINEAR_STEPS)).toBeLessThan(SUBLINEAR);
  });

  it('of a uniform choice does not, and is several times as high', () => {
    const uniform = curvesOf('uniform');
    expect(growthExponent(uniform, LINEAR_STEPS)).toBeGreaterThan(0.95);
    const learned = meanRegret(curvesOf('contextual'), LINEAR_STEPS);
    expect(meanRegret(uniform, LINEAR_STEPS)).toBeGreaterThan(5 * learned);
  });
});
