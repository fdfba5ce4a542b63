/**
 * Normal random numbers that a seed determines, the same on every machine: the generator
 * xoshiro128** (Blackman and Vigna 2021) and the inverse of the normal distribution by Wichura's
 * rational functions (algorithm AS 241, 1988). Both use only what IEEE 754 fixes to the last bit:
 * + - * / and the square root. `Math.log` is left to the engine, whose next version may round its
 * last bit otherwise.
 *
 * Not for secrets: whoever sees some numbers can compute the rest.
 *
 * @module
 */

import { SeededSequence } from '../seeded-sequence.ts';

const TWO_TO_32 = 2 ** 32;
/** As close to a probability of 1/2 as this, no logarithm is needed. */
const CENTRAL = 0.425;
const CENTRAL_SQUARE = 0.180625;
const TAIL_SHIFT = 1.6;
/** Series of the logarithm, the highest power first; the term left out is below 1e-18. */
const LOGARITHM_SERIES = [21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1].map((odd) => 1 / odd);

/** Coefficients of AS 241, the highest power first: numerator, denominator. */
const CENTRAL_RATIO: readonly (readonly number[])[] = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
    1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
    687.1870074920579, 42.31333070160091, 1,
  ],
];
const TAIL_RATIO: readonly (readonly number[])[] = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
  ],
];

/** An endless sequence of standard normal numbers. */
export class NormalDraws {
  /** Four words; whoever puts them back draws the same numbers again. */
  readonly state: Uint32Array;

  /** @param state - Four words, not all 0. */
  constructor(state: readonly number[]) {
    if (state.length !== 4 || state.every((word) => word === 0)) {
      throw new RangeError('"state" expected 4 words that are not all 0');
    }
    this.state = Uint32Array.from(state);
  }

  /** @param seed - Any text. */
  static fromSeed(seed: string): NormalDraws {
    const sequence = new SeededSequence(seed);
    const words = Array.from({ length: 4 }, () => sequence.integer(0, TWO_TO_32 - 1));
    return new NormalDraws(words.some((word) => word !== 0) ? words : [1, 0, 0, 0]);
  }

  /** The next 32 bits. */
  nextWord(): number {
    const { state } = this;
    const b = state[1] ?? 0;
    const product = Math.imul(b, 5);
    const word = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const x = (state[2] ?? 0) ^ (state[0] ?? 0);
    const y = (state[3] ?? 0) ^ b;
    state[1] = b ^ x;
    state[0] = (state[0] ?? 0) ^ y;
    state[2] = x ^ (b << 9);
    state[3] = (y << 11) | (y >>> 21);
    return word;
  }

  /** Puts the next standard normal numbers into `values`. */
  fill(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      values[i] = normalQuantile((this.nextWord() + 0.5) / TWO_TO_32);
    }
  }
}

/**
 * The number below which a standard normal number lies with `probability`, to about 15 digits.
 *
 * @param probability - From 1e-10 to 1 - 1e-10: AS 241 has further functions beyond, not needed for
 *   draws of 32 bits.
 */
export function normalQuantile(probability: number): number {
  const q = probability - 0.5;
  if (Math.abs(q) <= CENTRAL) return q * ratio(CENTRAL_RATIO, CENTRAL_SQUARE - q * q);
  const tail = q < 0 ? probability : 1 - probability;
  const distance = ratio(TAIL_RATIO, Math.sqrt(-logarithm(tail)) - TAIL_SHIFT);
  return q < 0 ? -distance : distance;
}

function ratio([numerator = [], denominator = []]: readonly (readonly number[])[], x: number) {
  return polynomial(numerator, x) / polynomial(denominator, x);
}

/** Value of a polynomial, the coefficient of the highest power first (Horner). */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (let i = 0; i < coefficients.length; i++) value = value * x + (coefficients[i] ?? 0);
  return value;
}

/** Natural logarithm of a positive number, by the series of the inverse hyperbolic tangent. */
function logarithm(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * Math.LN2 + 2 * s * polynomial(LOGARITHM_SERIES, s * s);
}
