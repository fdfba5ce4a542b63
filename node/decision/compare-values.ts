/**
 * Where two JSON values differ: what a replay answers with.
 *
 * @module
 */

/** Most differences that are listed. */
export const MAX_DIFFERENCES = 20;

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Adds the paths at which `a` and `b` differ, such as `result.score`, to `differences`. */
export function compareValues(a: unknown, b: unknown, path: string, differences: string[]): void {
  if (differences.length >= MAX_DIFFERENCES) return;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    // === holds 0 and -0 equal, as JSON does; no number here is NaN.
    if (a !== b) differences.push(path);
    return;
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    compareValues(a[key], b[key], path === '' ? key : `${path}.${key}`, differences);
  }
}
