/**
 * Exponential decay in fixed point: exp(-0.1 * months) of whole hours, a month having 730.5 of them
 * (Paper Eq. (14); wire-formats.md 5.3). Integers only, so that every replica gets the same bits.
 *
 * @module
 */

/** One in Q32: weights, sums and scores are multiples of 2^-32. */
export const ONE_Q32 = 1n << 32n;

/** Fraction bits of a decay factor. */
export const DECAY_BITS = 62n;

/** After so many hours (30 years) nothing is left. */
const MAX_HOURS = 2 ** 18;

/** round(2^62 * exp(-2^i / 7305)) for i = 0..17: one factor per bit of the hours. */
const BIT_FACTORS: readonly bigint[] = [
  0x3ffdc1ded0bc0242n,
  0x3ffb83d1bfdb558dn,
  0x3ff707f3f67209aan,
  0x3fee1129b143c321n,
  0x3fdc2759bfae117an,
  0x3fb862c752965e97n,
  0x3f7115b0fd27c48dn,
  0x3ee36a8512be4ef9n,
  0x3dcbc67a259791cbn,
  0x3baafb2a560c192an,
  0x37a107e0393f9d9bn,
  0x305a5ab5037d7d0an,
  0x2488079f22e52648n,
  0x14da29b36c7e7447n,
  0x06cb41bc554e002an,
  0x00b8a1d896407e55n,
  0x000214a436a883c2n,
  0x0000001150ebb20an,
];

/**
 * D(h): what is left of 2^62 after `hours`.
 *
 * @throws {@link RangeError} unless `hours` is a whole number that is not negative.
 */
export function decayFactor(hours: number): bigint {
  if (!Number.isSafeInteger(hours) || hours < 0) {
    throw new RangeError(`"hours" expected a whole number of at least 0, got ${hours}`);
  }
  if (hours >= MAX_HOURS) return 0n;
  let factor = 1n << DECAY_BITS;
  for (let bit = 0; bit < BIT_FACTORS.length; bit++) {
    if ((hours >> bit) & 1) factor = (factor * BIT_FACTORS[bit]!) >> DECAY_BITS;
  }
  return factor;
}

/** `value` after `hours`, rounded down. */
export function decay(value: bigint, hours: number): bigint {
  return value === 0n || hours === 0 ? value : (value * decayFactor(hours)) >> DECAY_BITS;
}
