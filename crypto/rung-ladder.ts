/**
 * The public ladder of thresholds, which makes the threshold search of wire-formats.md 3.3
 * worthless: the holder fixes one rung for a leaf when it gets the certificate and never proves
 * anything else, so that all verifiers together learn that rung and no more.
 *
 * The ladder is 1, 2, 4, 8, 16 and from there 3*2^k and 5*2^k in turn, k = 3, 4, 5, ...: 24, 40,
 * 48, 80, 96, 160, 192, ... to 3*2^30, the last one below 2^32. The specification stops at 80 with
 * dots; this rule gives its steps and goes on as they began.
 *
 * @module
 */

import { MAX_QUANTITY, isQuantity } from './pedersen.ts';

function ladder(): bigint[] {
  const rungs = [1n, 2n, 4n, 8n, 16n];
  for (let power = 8n; 3n * power <= MAX_QUANTITY; power *= 2n) rungs.push(3n * power, 5n * power);
  return rungs.filter((rung) => rung <= MAX_QUANTITY);
}

/** All rungs, ascending. */
export const RUNG_LADDER: readonly bigint[] = ladder();

/**
 * The greatest rung that a value reaches. The holder asks once, when it gets the certificate, and
 * keeps the answer beside the leaf.
 *
 * @param highest - The holder's own limit: one with 80 that never says more than 40.
 * @returns `undefined` for 0, of which nothing is ever proved.
 * @throws {@link RangeError} for a value that is no quantity.
 */
export function fixedRung(value: bigint, highest: bigint = MAX_QUANTITY): bigint | undefined {
  if (!isQuantity(value)) {
    throw new RangeError(`"value" expected 0 to ${MAX_QUANTITY}, got ${value}`);
  }
  return RUNG_LADDER.findLast((rung) => rung <= value && rung <= highest);
}

/**
 * What the holder proves to one who asks for a minimum: its rung if that is enough, else nothing.
 * The value is not an argument, so no answer can depend on it.
 *
 * @param rung - From {@link fixedRung}, kept since.
 * @param minimum - As asked for, any whole number.
 */
export function answeredRung(rung: bigint | undefined, minimum: bigint): bigint | undefined {
  return rung !== undefined && minimum <= rung ? rung : undefined;
}
