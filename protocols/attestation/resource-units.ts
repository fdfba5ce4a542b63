/**
 * The resources that an attestor may certify as a committed quantity, each with the one unit it is
 * counted in. A leaf has no place for a unit, so both sides must know it (wire-formats.md 3.1).
 *
 * @module
 */

import { COMPUTE_RESOURCE, COMPUTE_UNIT } from './compute-challenge.ts';
import { MEMORY_RESOURCE, MEMORY_UNIT } from './memory-challenge.ts';

/**
 * Where a machine stands: the continents, and the European Union, whose law many ask for. Each is a
 * resource of which a machine has 1 or nothing, so that a region is met only by an attested leaf.
 * An attestor states what it knows: nothing here measures a place over the network.
 */
export const REGIONS: readonly string[] = [
  'africa',
  'antarctica',
  'asia',
  'eu',
  'europe',
  'north-america',
  'oceania',
  'south-america',
];
/** Unit of all regions. */
export const REGION_UNIT = 'site';

/** The resource that stands for a region. */
export function regionTerm(region: string): string {
  return `hasResource:region/${region}`;
}

/** Unit of each known resource, by its term. */
export const RESOURCE_UNITS: ReadonlyMap<string, string> = new Map([
  [COMPUTE_RESOURCE, COMPUTE_UNIT],
  [MEMORY_RESOURCE, MEMORY_UNIT],
  // No benchmark over the network exists for these: an attestor measures them at the machine.
  ['hasResource:gpu-memory-gib', 'GiB'],
  ['hasResource:gpu-count', 'GPU'],
  ['hasResource:disk-gib', 'GiB'],
  ['hasResource:cpu-cores', 'core'],
  ['hasResource:network-mbit-per-second', 'Mbit/s'],
  ['hasResource:context-window-tokens', 'token'],
  ...REGIONS.map((region) => [regionTerm(region), REGION_UNIT] as const),
]);
