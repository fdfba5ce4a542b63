/**
 * Digamma function less the logarithm, which is what information measures need: computed as a whole
 * it keeps its digits where psi and ln nearly cancel (Abramowitz and Stegun 1964, 6.3.5, 6.3.18).
 *
 * @module
 */

/** From here on the series is exact to a double: its first omitted term is below 5e-18. */
const SERIES_FROM = 10;

/** Coefficients -B_2k / 2k of x^-2k. */
const SERIES = [-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32_760, -1 / 12];

/**
 * psi(x) - ln x: negative, rising to 0. Relative error below 1e-14.
 *
 * @throws {@link RangeError} unless `x` is finite and more than 0.
 */
export function digammaLessLog(x: number): number {
  if (!(x > 0 && x < Infinity)) {
    throw new RangeError(`"x" expected a finite number of more than 0, got ${x}`);
  }
  let shifted = x;
  let below = 0;
  for (; shifted < SERIES_FROM; shifted++) below += 1 / shifted;
  const square = 1 / (shifted * shifted);
  let series = 0;
  for (let k = SERIES.length - 1; k >= 0; k--) series = (series + SERIES[k]!) * square;
  series -= 0.5 / shifted;
  return shifted === x ? series : series + Math.log(shifted / x) - below;
}
