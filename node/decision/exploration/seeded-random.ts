/**
 * Random numbers that a seed determines: xoshiro128** (Blackman and Vigna 2018), its state filled
 * by splitmix32 (Steele, Lea and Flood 2014, with the finaliser of MurmurHash3) from both halves of
 * the seed. Different seeds give different states. A reset costs as much as a few draws, so that
 * every decision can have a seed of its own.
 *
 * Uniform numbers and integers are the same on every machine. The others also take a logarithm, an
 * exponential and a square root, but no sine or power, which engines compute in different ways.
 *
 * Not for secrets: a few draws betray all that follow, and so does the seed.
 *
 * @module
 */

const GOLDEN_RATIO = 0x9e3779b9;
const UNIFORM_STEP = 2 ** -53;
const TWO_TO_26 = 2 ** 26;
const TWO_TO_32 = 2 ** 32;

/**
 * Most attempts of a rejection loop. All of them fail with a probability of about 1e-43 for a
 * normal number, and of less than 1e-80 for a gamma number.
 */
const MAX_ATTEMPTS = 64;

/** Finaliser of MurmurHash3, a bijection of 32 bits. */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** A generator with a seed. */
export class SeededRandom {
  // Signed words: on 64-bit machines V8 keeps them without a heap number each.
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;

  /** @throws {@link RangeError} as {@link reset} does. */
  constructor(seed: number) {
    this.reset(seed);
  }

  /**
   * Begins anew.
   *
   * @param seed - Unsigned integer of at most 2^53 - 1.
   * @throws {@link RangeError} for anything else.
   */
  reset(seed: number): void {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`"seed" expected an unsigned integer of at most 2^53 - 1, got ${seed}`);
    }
    // Two streams of splitmix32. Each half steers both, so that near seeds have nothing in common.
    const high = Math.floor(seed / TWO_TO_32) | 0;
    const first = ((seed | 0) + mix(high + GOLDEN_RATIO)) | 0;
    const second = (high + mix(first + GOLDEN_RATIO)) | 0;
    // Two outputs of one stream differ, so the state is never all zero, where it would stay.
    this.#s0 = mix(first + 2 * GOLDEN_RATIO);
    this.#s1 = mix(second + GOLDEN_RATIO);
    this.#s2 = mix(first + 3 * GOLDEN_RATIO);
    this.#s3 = mix(second + 2 * GOLDEN_RATIO);
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    const high = this.#nextWord() >>> 5;
    const low = this.#nextWord() >>> 6;
    return (high * TWO_TO_26 + low) * UNIFORM_STEP;
  }

  /**
   * Uniform integer from 0 to `count` - 1. The probabilities differ by at most 2^-53.
   *
   * @throws {@link RangeError} unless `count` is a positive safe integer.
   */
  integer(count: number): number {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(`"count" expected a positive safe integer, got ${count}`);
    }
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal (Marsaglia's polar method); 0 after {@link MAX_ATTEMPTS} rejections. */
  normal(): number {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square < 1 && square > 0) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
    return 0;
  }

  /**
   * Gamma with scale 1 (Marsaglia and Tsang 2000); the mean after {@link MAX_ATTEMPTS} rejections.
   *
   * @throws {@link RangeError} unless `shape` is finite and more than 0.
   */
  gamma(shape: number): number {
    if (!(shape > 0 && shape < Infinity)) {
      throw new RangeError(`"shape" expected a finite number of more than 0, got ${shape}`);
    }
    if (shape >= 1) return this.#gammaFromOne(shape);
    const larger = this.#gammaFromOne(shape + 1);
    return larger * Math.exp(Math.log(this.uniform()) / shape);
  }

  /**
   * Beta on [0, 1], of two gamma numbers.
   *
   * @throws {@link RangeError} unless both shapes are finite and more than 0.
   */
  beta(alpha: number, beta: number): number {
    const x = this.gamma(alpha);
    const y = this.gamma(beta);
    // Shapes near 0 can leave two zeros; the distribution then has all its mass at 0 and 1.
    if (x + y === 0) return this.uniform() < alpha / (alpha + beta) ? 1 : 0;
    return x / (x + y);
  }

  #gammaFromOne(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = this.uniform();
      const square = x * x;
      if (u < 1 - 0.0331 * square * square) return d * v;
      if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
    }
    return shape;
  }

  #nextWord(): number {
    const scrambled = Math.imul(this.#s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }
}

/** A generator that counts its uniform numbers, which all others are made of. */
export class CountingRandom extends SeededRandom {
  /** Uniform numbers since the beginning. */
  drawn = 0;

  override uniform(): number {
    this.drawn++;
    return super.uniform();
  }
}
