/**
 * One task at a time per key, in the order of arrival: what is read, decided, stored and sent for
 * one contract is not interleaved with another message about it.
 *
 * @module
 */

/** A lock per key. Keys without a running task take no memory. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `task` once all earlier tasks of `key` have ended, well or not. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const { promise: tail, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, tail);
    try {
      await before;
      return await task();
    } finally {
      resolve();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** Keys with a running or waiting task. */
  get size(): number {
    return this.#tails.size;
  }
}
