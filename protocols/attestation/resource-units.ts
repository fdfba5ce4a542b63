/**
 * The resources that an attestor may certify as a committed quantity, each with the one unit it is
 * counted in. A leaf has no place for a unit, so both sides must know it (wire-formats.md 3.1).
 *
 * @module
 */

import { COMPUTE_RESOURCE, COMPUTE_UNIT } from './compute-challenge.ts';
import { MEMORY_RESOURCE, MEMORY_UNIT } from './memory-challenge.ts';

/** Unit of each known resource, by its term. */
export const RESOURCE_UNITS: ReadonlyMap<string, string> = new Map([
  [COMPUTE_RESOURCE, COMPUTE_UNIT],
  [MEMORY_RESOURCE, MEMORY_UNIT],
  // No benchmark over the network exists for these: an attestor measures them at the machine.
  ['hasResource:gpu-memory-gib', 'GiB'],
  ['hasResource:gpu-count', 'GPU'],
  ['hasResource:disk-gib', 'GiB'],
]);
