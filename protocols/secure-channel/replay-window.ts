/**
 * The window in which an acceptor remembers the indexes of OPENs (wire-formats.md 1.2).
 *
 * Constant memory: one bit for each of the last 2,048 indexes.
 *
 * @module
 */

import { MAX_OPEN_INDEX, OPEN_WINDOW } from './limits.ts';

/** Which indexes a session has seen. Starts with none. */
export class ReplayWindow {
  readonly #bits = new Uint8Array(OPEN_WINDOW / 8);
  #highest = -1;

  /** Whether `index` may still be used: in range, not below the window, not seen. */
  isFresh(index: number): boolean {
    if (!Number.isInteger(index) || index < 0 || index > MAX_OPEN_INDEX) return false;
    if (index > this.#highest) return true;
    if (index <= this.#highest - OPEN_WINDOW) return false;
    return (this.#bits[this.#byteOf(index)]! & this.#maskOf(index)) === 0;
  }

  /** Marks a fresh index. Called only after the OPEN verified. */
  markSeen(index: number): void {
    if (index > this.#highest) {
      const first = Math.max(this.#highest + 1, index - OPEN_WINDOW + 1);
      for (let i = first; i < index; i++) this.#bits[this.#byteOf(i)]! &= ~this.#maskOf(i);
      this.#highest = index;
    }
    this.#bits[this.#byteOf(index)]! |= this.#maskOf(index);
  }

  #byteOf(index: number): number {
    return (index % OPEN_WINDOW) >> 3;
  }

  #maskOf(index: number): number {
    return 1 << (index & 7);
  }
}
