/**
 * The virtual clock: events in order of time, those of one time in order of arrival. A binary heap.
 *
 * @module
 */

interface Entry<Event> {
  readonly atMs: number;
  readonly order: number;
  readonly event: Event;
}

export class EventQueue<Event> {
  /** Time of the event that was taken last. */
  nowMs = 0;
  readonly #heap: Entry<Event>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Adds an event; one in the past happens now. */
  add(atMs: number, event: Event): void {
    const heap = this.#heap;
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, event };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  /** Takes the next event and moves the clock to it. */
  take(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (!first) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
        if (!isBefore(heap[child]!, last)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = last;
    }
    this.nowMs = first.atMs;
    return first.event;
  }
}

function isBefore(a: { atMs: number; order: number }, b: { atMs: number; order: number }): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
