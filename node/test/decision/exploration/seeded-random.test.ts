import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../decision/exploration/seeded-random.ts';

const WORD = 0xffff_ffffn;
const seeds = fc.maxSafeNat();

/** xoshiro128** in big integers, written from the authors' C code; changes `state`. */
function xoshiro(state: bigint[]): bigint {
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & WORD;
  const result = (rotl((state[1]! * 5n) & WORD, 7n) * 9n) & WORD;
  const shifted = (state[1]! << 9n) & WORD;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= shifted;
  state[3] = rotl(state[3]!, 11n);
  return result;
}

/** Finaliser of MurmurHash3 in big integers. */
function finalise(word: bigint): bigint {
  let h = word & WORD;
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & WORD;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & WORD;
  return h ^ (h >> 16n);
}

/** Outputs of splitmix32 from `start`. */
function splitmix(start: bigint, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => finalise(start + 0x9e3779b9n * BigInt(i + 1)));
}

function stateOf(seed: number): bigint[] {
  const high = BigInt(seed) >> 32n;
  const first = ((BigInt(seed) & WORD) + splitmix(high, 1)[0]!) & WORD;
  const [toSecond, s0, s2] = splitmix(first, 3);
  const [s1, s3] = splitmix(high + toSecond!, 2);
  return [s0!, s1!, s2!, s3!];
}

function draws(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.uniform());
}

/** Pearson's statistic of numbers in [0, 1) over equal bins. */
function chiSquare(numbers: readonly number[], bins: number): number {
  const counts = new Array<number>(bins).fill(0);
  for (const x of numbers) counts[Math.floor(x * bins)]! += 1;
  const expected = numbers.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function moments(numbers: readonly number[]): { mean: number; variance: number } {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  return { mean, variance };
}

const KNOWN_DRAWS = {
  zero: [0.04330336676710789, 0.3564258239653947, 0.5602894993752439],
  max: [0.4979254939072326, 0.16586641912331912, 0.9020351665297118],
};

/** 99.9 % of 99 degrees of freedom lie between. */
const CHI_SQUARE_100_BINS = { min: 60, max: 149 };

describe('the generator', () => {
  it('is xoshiro128** over splitmix32, by an independent form that gives the published numbers', () => {
    const published = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034];
    const state = [1n, 2n, 3n, 4n];
    expect(published.map(() => Number(xoshiro(state)))).toEqual(published);
    expect(finalise(1n)).toBe(0x514e28b7n);
    fc.assert(
      fc.property(seeds, (seed) => {
        const words = stateOf(seed);
        const expected = Array.from({ length: 8 }, () => {
          const bits = ((xoshiro(words) >> 5n) << 26n) | (xoshiro(words) >> 6n);
          return Number(bits) / 2 ** 53;
        });
        expect(draws(seed, 8)).toEqual(expected);
      }),
    );
  });

  it('gives the same numbers for a seed on every run', () => {
    expect(draws(0, 3)).toEqual(KNOWN_DRAWS.zero);
    expect(draws(Number.MAX_SAFE_INTEGER, 3)).toEqual(KNOWN_DRAWS.max);
  });

  it('starts anew when it is reset, whatever was drawn before', () => {
    fc.assert(
      fc.property(seeds, seeds, (seed, other) => {
        const random = new SeededRandom(other);
        random.gamma(0.5);
        random.reset(seed);
        const replayed = [random.uniform(), random.uniform(), random.normal(), random.beta(2, 3)];
        random.reset(seed);
        expect([random.uniform(), random.uniform(), random.normal(), random.beta(2, 3)]).toEqual(
          replayed,
        );
      }),
    );
  });

  it('refuses seeds that are no unsigned integers of 53 bits', () => {
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN, Infinity]) {
      expect(() => new SeededRandom(seed), String(seed)).toThrow(RangeError);
    }
  });

  it('gives uniform numbers, along one seed and across the first draws of near seeds', () => {
    const across = (step: number): number[] =>
      Array.from({ length: 20_000 }, (_, i) => draws(i * step, 1)[0]!);
    for (const numbers of [draws(1, 100_000), across(1), across(2 ** 32), across(2 ** 31 + 1)]) {
      const statistic = chiSquare(numbers, 100);
      expect(statistic).toBeGreaterThan(CHI_SQUARE_100_BINS.min);
      expect(statistic).toBeLessThan(CHI_SQUARE_100_BINS.max);
    }
  });

  it('gives pairs of draws that fill the unit square evenly', () => {
    const numbers = draws(2, 100_000);
    const pairs = numbers.flatMap((x, i) =>
      i % 2 === 0 ? [(Math.floor(x * 10) + numbers[i + 1]!) / 10] : [],
    );
    const statistic = chiSquare(pairs, 100);
    expect(statistic).toBeGreaterThan(CHI_SQUARE_100_BINS.min);
    expect(statistic).toBeLessThan(CHI_SQUARE_100_BINS.max);
  });
});

describe('integers', () => {
  it('lie below the count, and every one of them is as likely', () => {
    const random = new SeededRandom(3);
    const numbers = Array.from({ length: 100_000 }, () => random.integer(100));
    expect(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 100)).toBe(true);
    const statistic = chiSquare(
      numbers.map((n) => n / 100 + 0.001),
      100,
    );
    expect(statistic).toBeGreaterThan(CHI_SQUARE_100_BINS.min);
    expect(statistic).toBeLessThan(CHI_SQUARE_100_BINS.max);
  });

  it('never reach the count, also where a product of doubles rounds', () => {
    const counts = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(counts, seeds, (count, seed) => {
        expect(Math.floor((1 - 2 ** -53) * count)).toBeLessThan(count);
        const drawn = new SeededRandom(seed).integer(count);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < count).toBe(true);
      }),
    );
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      expect(() => new SeededRandom(1).integer(count), String(count)).toThrow(/count/);
    }
  });
});

describe('normal, gamma and beta numbers', () => {
  const SAMPLES = 100_000;

  function sampled(draw: (random: SeededRandom) => number): number[] {
    const random = new SeededRandom(4);
    return Array.from({ length: SAMPLES }, () => draw(random));
  }

  /** Mean within five standard errors, variance within five of its own, kurtosis 15 allowed for. */
  function expectMoments(numbers: readonly number[], mean: number, variance: number): void {
    const actual = moments(numbers);
    expect(Math.abs(actual.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / SAMPLES));
    expect(Math.abs(actual.variance - variance)).toBeLessThan(
      5 * variance * Math.sqrt(15 / SAMPLES),
    );
  }

  it('are standard normal in mean, variance and quantiles', () => {
    const numbers = sampled((random) => random.normal());
    expectMoments(numbers, 0, 1);
    for (const [quantile, share] of [
      [-1.96, 0.025],
      [-0.6745, 0.25],
      [0.6745, 0.75],
      [1.96, 0.975],
    ] as const) {
      const below = numbers.filter((x) => x < quantile).length / SAMPLES;
      expect(Math.abs(below - share)).toBeLessThan(0.007);
    }
  });

  it.each([0.3, 1, 2.5, 50, 1e6])('have mean and variance of gamma with shape %d', (shape) => {
    expectMoments(
      sampled((random) => random.gamma(shape)),
      shape,
      shape,
    );
  });

  it.each([
    [1, 1],
    [0.5, 0.5],
    [2, 5],
    [1, 100],
    [1000, 3],
  ])('have mean and variance of beta(%d, %d)', (a, b) => {
    const variance = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expectMoments(
      sampled((random) => random.beta(a, b)),
      a / (a + b),
      variance,
    );
  });

  it('follow the distribution function of beta(2, 1) and of an exponential', () => {
    const squares = sampled((random) => random.beta(2, 1) ** 2);
    const exponentials = sampled((random) => 1 - Math.exp(-random.gamma(1)));
    for (const uniforms of [squares, exponentials]) {
      const statistic = chiSquare(uniforms, 100);
      expect(statistic).toBeGreaterThan(CHI_SQUARE_100_BINS.min);
      expect(statistic).toBeLessThan(CHI_SQUARE_100_BINS.max);
    }
  });

  it('stay in [0, 1] for any shapes, and go to the ends for shapes near 0', () => {
    const shapes = fc.double({ min: Number.MIN_VALUE, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(seeds, shapes, shapes, (seed, a, b) => {
        const drawn = new SeededRandom(seed).beta(a, b);
        expect(drawn >= 0 && drawn <= 1).toBe(true);
      }),
    );
    const ends = sampled((random) => random.beta(3e-6, 1e-6));
    expect(ends.filter((x) => x > 0 && x < 1).length).toBeLessThan(SAMPLES / 1000);
    expect(Math.abs(moments(ends).mean - 0.75)).toBeLessThan(0.01);
  });

  it('refuse shapes that are not positive', () => {
    for (const shape of [0, -1, Number.NaN, Infinity]) {
      expect(() => new SeededRandom(1).gamma(shape), String(shape)).toThrow(/shape/);
      expect(() => new SeededRandom(1).beta(1, shape), String(shape)).toThrow(/shape/);
    }
  });
});
