/**
 * A bound on how many run at a time.
 *
 * @module
 */

/** Lets so many run at a time, in the order in which they came. */
export class Turns {
  readonly #max: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  async run<T>(step: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running += 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await step();
    } finally {
      const next = this.#queue.shift();
      // Whoever waits takes over the place.
      if (next) next();
      else this.#running -= 1;
    }
  }
}
