/**
 * Compares two JSON values, numbers to a tolerance. One of them is a peer's, already bounded in
 * size and depth.
 *
 * @module
 */

import type { JsonValue } from '../../../crypto/canonical-json.ts';

/** Differences below this are rounding, whatever the size of the numbers. */
const ABSOLUTE_FLOOR = 1e-12;

function isClose(a: number, b: number, tolerance: number): boolean {
  if (a === b) return true;
  const size = Math.max(Math.abs(a), Math.abs(b));
  return Math.abs(a - b) <= Math.max(tolerance * size, tolerance === 0 ? 0 : ABSOLUTE_FLOOR);
}

/**
 * Path of the first difference, "" for the whole value; `undefined` if there is none.
 *
 * @param tolerance - Relative difference that two numbers may have; 0: they must be equal.
 */
export function findDifference(
  expected: JsonValue | undefined,
  actual: JsonValue | undefined,
  tolerance: number,
  path = '',
): string | undefined {
  if (typeof expected === 'number' && typeof actual === 'number') {
    return isClose(expected, actual, tolerance) ? undefined : path;
  }
  if (typeof expected !== 'object' || expected === null) {
    return expected === actual ? undefined : path;
  }
  if (typeof actual !== 'object' || actual === null) return path;
  if (Array.isArray(expected) !== Array.isArray(actual)) return path;
  const left = definedEntries(expected);
  const right = definedEntries(actual);
  if (left.size !== right.size) return path;
  for (const [key, value] of left) {
    if (!right.has(key)) return `${path}/${key}`;
    const difference = findDifference(value, right.get(key), tolerance, `${path}/${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function definedEntries(value: object): Map<string, JsonValue> {
  const entries = Object.entries(value) as [string, JsonValue | undefined][];
  return new Map(entries.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}
