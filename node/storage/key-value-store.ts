/**
 * A section of the store in the form that the protocols ask for. Every write of a section is on
 * disk when it resolves, so there is nothing left to flush.
 *
 * @module
 */

import type { KeyValueStore } from '../../protocols/negotiation/contract-store.ts';
import type { Section } from './store.ts';

/** `section` as a {@link KeyValueStore}. */
export function keyValueStore(section: Section): KeyValueStore {
  return {
    get: (key) => section.get(key),
    put: (key, value) => section.put(key, value),
    delete: (key) => section.delete(key),
    entries: (prefix) => section.entries({ prefix }),
    flush: () => Promise.resolve(),
  };
}
