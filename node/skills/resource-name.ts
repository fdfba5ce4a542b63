/**
 * Names of resources as a user writes them: `memory-mib` is short for `hasResource:memory-mib`. A
 * short name must be one of the vocabulary, because it is more likely a slip than a word of one's
 * own. With the predicate any is taken, but no attestor certifies an amount of it.
 *
 * @module
 */

import { REGIONS, RESOURCE_UNITS, regionTerm } from '../../protocols/attestation/resource-units.ts';
import { RESOURCE_CONCEPTS } from './vocabulary/resources.ts';

const PREDICATE = 'hasResource:';
const KNOWN: ReadonlySet<string> = new Set([
  ...RESOURCE_CONCEPTS.map(({ term }) => term),
  ...REGIONS.map(regionTerm),
]);
/** Those that are counted. */
const COUNTED = RESOURCE_CONCEPTS.filter(({ unit }) => unit !== undefined)
  .map(({ term }) => term.slice(PREDICATE.length))
  .join(', ');

/** The term of a name, with its predicate. */
export function resourceTerm(name: string): string {
  return name.includes(':') ? name : `${PREDICATE}${name}`;
}

/** What is wrong with a name that is short and unknown; `undefined` for any other. */
export function resourceNameProblem(name: string): string | undefined {
  if (name.includes(':') || KNOWN.has(resourceTerm(name))) return undefined;
  return `"${name}" is no known resource: use one of ${COUNTED}`;
}

/** Whether nobody can prove an amount of it, since no attestor counts it. */
export function isNeverProved(term: string): boolean {
  return term.startsWith(PREDICATE) && !RESOURCE_UNITS.has(term);
}
