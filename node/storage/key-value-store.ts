/**
 * A section of the store in the form that the protocols ask for: writes wait for `flush`, which
 * puts all of them on disk in one step. A contract and its indexes are then either all there or not
 * at all, and cost one wait for the disk.
 *
 * @module
 */

import type { KeyValueStore } from '../../protocols/negotiation/contract-store.ts';
import type { Section } from './store.ts';

/** `section` as a {@link KeyValueStore}. Readers see what waits. */
export function keyValueStore(section: Section): KeyValueStore {
  /** Values that wait; `undefined` for a deletion. */
  let waiting = new Map<string, Uint8Array | undefined>();
  /** The flush under way and what it writes. */
  let writing = new Map<string, Uint8Array | undefined>();
  let turn: Promise<void> = Promise.resolve();

  const flush = (): Promise<void> => {
    const step = turn.then(async () => {
      if (waiting.size === 0) return;
      writing = waiting;
      waiting = new Map();
      try {
        await section.write(writing);
        writing = new Map();
      } catch (error) {
        // What could not be written waits again, unless it was changed meanwhile.
        waiting = new Map([...writing, ...waiting]);
        writing = new Map();
        throw error;
      }
    });
    turn = step.catch(() => undefined);
    return step;
  };

  return {
    get: (key) => {
      const isWaiting = [waiting, writing].find((changes) => changes.has(key));
      return isWaiting ? Promise.resolve(isWaiting.get(key)) : section.get(key);
    },
    put: (key, value) => {
      waiting.set(key, value);
      return Promise.resolve();
    },
    delete: (key) => {
      waiting.set(key, undefined);
      return Promise.resolve();
    },
    async *entries(prefix) {
      await flush();
      yield* section.entries({ prefix });
    },
    flush,
  };
}
