/**
 * Entries of the state that end by themselves, by the time at which they do: a binary heap beside
 * the state, from which it can always be made again. An entry whose time was changed stands in it
 * twice; the record says which time counts.
 *
 * @module
 */

import type { StateRecord } from './records.ts';

/** Time at which a record ends, if it has one. */
export function dueMsOf(record: StateRecord): number | undefined {
  return 'dueMs' in record ? record.dueMs : undefined;
}

interface Deadline {
  readonly key: string;
  readonly dueMs: number;
}

/** When which entry ends. */
export class Deadlines {
  readonly #heap: Deadline[] = [];

  /** Adds a deadline. */
  add(key: string, dueMs: number): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push({ key, dueMs });
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.dueMs <= dueMs) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = { key, dueMs };
  }

  /** Keys of all deadlines up to `timeMs`, once each, ascending. Nothing is removed. */
  dueBy(timeMs: number): string[] {
    const keys = new Set<string>();
    const open = [0];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const deadline = this.#heap[place];
      if (!deadline || deadline.dueMs > timeMs) continue;
      keys.add(deadline.key);
      open.push(2 * place + 1, 2 * place + 2);
    }
    return [...keys].sort((a, b) => (a < b ? -1 : 1));
  }

  /** Removes all deadlines up to `timeMs`. */
  dropUntil(timeMs: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.dueMs <= timeMs) this.#removeFirst();
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child += 1;
      if (heap[child]!.dueMs >= last.dueMs) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}
