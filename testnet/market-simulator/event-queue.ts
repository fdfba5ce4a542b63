/**
 * Events that lie ahead, soonest first; of two at the same time the one that was added first. A
 * binary heap.
 *
 * @module
 */

interface Entry<T> {
  readonly hour: number;
  readonly order: number;
  readonly event: T;
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.hour < b.hour || (a.hour === b.hour && a.order < b.order);
}

/** A queue of events. */
export class EventQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  add(hour: number, event: T): void {
    const heap = this.#heap;
    const entry = { hour, order: this.#added++, event };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes the next event that is due; `undefined` if there is none. */
  takeDue(hour: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.hour > hour) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first.event;
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}
