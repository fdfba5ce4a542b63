/**
 * Checks of a program's own quantities before they enter an equation. An equation never clamps a
 * bad input in silence (equations.md, conventions): it refuses it here.
 *
 * What a peer sends is judged elsewhere and never reaches these functions unchecked.
 *
 * @module
 */

function refuse(name: string, expected: string, value: number): never {
  throw new RangeError(`"${name}" expected ${expected}, got ${value}`);
}

/** @throws {@link RangeError} unless `value` is finite and at least 0. */
export function requireNonNegative(name: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) refuse(name, 'a finite number of 0 or more', value);
}

/** @throws {@link RangeError} unless `value` is finite and more than 0. */
export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) refuse(name, 'a finite number of more than 0', value);
}

/** @throws {@link RangeError} unless `value` lies in [0, 1]. */
export function requireFraction(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) refuse(name, 'a number from 0 to 1', value);
}

/** @throws {@link RangeError} unless `value` lies in (0, 1]. */
export function requirePositiveFraction(name: string, value: number): void {
  if (!(value > 0 && value <= 1)) refuse(name, 'a number of more than 0 and at most 1', value);
}
