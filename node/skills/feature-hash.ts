/**
 * Feature hashing (Weinberger et al. 2009): each named feature adds to one of 256 counters, with a
 * sign, so that colliding features do not add up: their expected product is 0.
 *
 * @module
 */

/** Counters of a vector. */
export const FEATURE_DIMENSIONS = 256;

/** FNV-1a over UTF-16 code units, 32 bits, then a final mix so that low bits depend on all. */
export function hash32(text: string, start = 0, end = text.length): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Adds a feature by its {@link hash32}. */
export function addFeature(counters: Float64Array, hash: number, weight: number): void {
  const index = hash & (FEATURE_DIMENSIONS - 1);
  counters[index] = counters[index]! + (hash >>> 31 === 0 ? weight : -weight);
}
