/**
 * Counts by name, and who has the most of all. It is known without looking at every name: a flood
 * makes a full store ask for it at each message.
 *
 * @module
 */

/** Counts of names, the greatest at hand. */
export class EntryTally {
  readonly #counts = new Map<string, number>();
  readonly #byCount = new Map<number, Set<string>>();
  #most = 0;

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Changes the count of a name; a name without any is forgotten. */
  add(name: string, by: number): void {
    const before = this.countOf(name);
    const after = before + by;
    const old = this.#byCount.get(before);
    old?.delete(name);
    if (old?.size === 0) this.#byCount.delete(before);
    if (after === 0) this.#counts.delete(name);
    else this.#put(name, after);
    this.#most = Math.max(this.#most, after);
    while (this.#most > 0 && !this.#byCount.has(this.#most)) this.#most -= 1;
  }

  /** All names that have the most. */
  largest(): Iterable<string> {
    return this.#byCount.get(this.#most) ?? [];
  }

  get isEmpty(): boolean {
    return this.#most === 0;
  }

  #put(name: string, count: number): void {
    this.#counts.set(name, count);
    const names = this.#byCount.get(count);
    if (names) names.add(name);
    else this.#byCount.set(count, new Set([name]));
  }
}
