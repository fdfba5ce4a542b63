/**
 * Processor time of one piece of work. The clock is that of the whole process, so a measure is the
 * work's own only if nothing else that is measured ran at the same time; each measure says so.
 *
 * Work is computing (a task, a check) or waiting (a session with a contractor). What waits takes
 * next to nothing from what computes; what computes spoils every other measure.
 *
 * Does not see the rest of the node: discovery, and sessions that others open.
 *
 * @module
 */

import type { Processor } from '../system-clock.ts';

/** Whether a piece of work keeps the processor busy. */
export type WorkKind = 'computes' | 'waits';

/** How long a piece of work took. */
export interface Measure {
  /** Processor time. */
  readonly seconds: number;
  /** Whether it is the work's own: nothing else was measured at the same time. */
  readonly isAlone: boolean;
}

/** A piece of work in progress. */
export interface OpenMeasure {
  /** Ends it; a second call gives the same answer again. */
  end(): Measure;
}

interface Span {
  readonly kind: WorkKind;
  isAlone: boolean;
}

/** Measures pieces of work. */
export class WorkMeter {
  readonly #processor: Processor;
  readonly #open = new Set<Span>();

  constructor(processor: Processor) {
    this.#processor = processor;
  }

  begin(kind: WorkKind): OpenMeasure {
    const span: Span = { kind, isAlone: true };
    for (const other of this.#open) {
      if (disturbs(other, span)) span.isAlone = false;
      if (disturbs(span, other)) other.isAlone = false;
    }
    this.#open.add(span);
    const start = this.#processor.seconds();
    let measure: Measure | undefined;
    return {
      end: () => {
        if (measure) return measure;
        const seconds = this.#processor.seconds() - start;
        this.#open.delete(span);
        measure = { seconds, isAlone: span.isAlone };
        return measure;
      },
    };
  }

  /** Runs `work` and measures it; if it throws there is no measure. */
  async time<Result>(
    kind: WorkKind,
    work: () => Promise<Result>,
  ): Promise<Measure & { readonly result: Result }> {
    const open = this.begin(kind);
    try {
      const result = await work();
      return { ...open.end(), result };
    } finally {
      open.end();
    }
  }
}

function disturbs(one: Span, other: Span): boolean {
  return one.kind === 'computes' || other.kind === 'waits';
}
