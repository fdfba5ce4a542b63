/**
 * Which records of reputation name a peer, so that a rotation finds those of one key without a look
 * at all the others. Stands beside the state, and can always be made again from its keys.
 *
 * @module
 */

import { peersOfKey } from '../reputation/records.ts';

const NONE: ReadonlySet<string> = new Set();

/** Keys of scores, pairs and raters by peer. */
export class PeerIndex {
  readonly #keys = new Map<string, Set<string>>();

  /** In no particular order. */
  keysNaming(peerId: string): ReadonlySet<string> {
    return this.#keys.get(peerId) ?? NONE;
  }

  /** Takes a key of the state in; one that names nobody is left out. */
  add(key: string): void {
    for (const peerId of peersOfKey(key)) {
      const keys = this.#keys.get(peerId);
      if (keys) keys.add(key);
      else this.#keys.set(peerId, new Set([key]));
    }
  }

  remove(key: string): void {
    for (const peerId of peersOfKey(key)) {
      const keys = this.#keys.get(peerId);
      if (keys?.delete(key) && keys.size === 0) this.#keys.delete(peerId);
    }
  }
}
