/**
 * Where the time and the money of one run went.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import type { AttemptDocument, BargainDocument } from '../api-documents.ts';
import type { Span, SpanInit, Tracer } from '../tracing/tracer.ts';
import type { PriceSecurity } from './outsourcing.ts';

/** The trace that a run is part of. */
export interface RunTrace {
  readonly tracer: Tracer;
  readonly span: Span;
}

/** Time and money of one run, as it goes. Money is micro-USD. */
export class RunLedger {
  readonly attempts: AttemptDocument[] = [];
  paidMicroUsd = 0;
  /** Processor time of the work itself, where it was done here. */
  workHereSeconds = 0;
  isDoneHere = false;
  /** Of the attempt that comes next. */
  bargained: BargainDocument | undefined;
  /** Of the attempt under way. */
  security: PriceSecurity | undefined;
  readonly #clock: Clock;
  readonly #trace: RunTrace | undefined;
  readonly #phasesMs = new Map<string, number>();

  /** @param trace - Left out: the run is not traced. */
  constructor(clock: Clock, trace?: RunTrace) {
    this.#clock = clock;
    this.#trace = trace;
  }

  /**
   * Runs `work` and adds its time to `phase`.
   *
   * @param traced - What its span is called, if not as the phase, and what it says.
   */
  async timed<Result>(
    phase: string,
    work: (span: Span | undefined) => Promise<Result>,
    traced: Omit<SpanInit, 'parent'> & { readonly name?: string } = {},
  ): Promise<Result> {
    const startMs = this.#clock.monotonicMs();
    const { name = phase, ...init } = traced;
    const { tracer, span } = this.#trace ?? {};
    try {
      if (!tracer) return await work(undefined);
      return await tracer.during(name, { ...init, parent: span?.context }, work);
    } finally {
      const before = this.#phasesMs.get(phase) ?? 0;
      this.#phasesMs.set(phase, before + this.#clock.monotonicMs() - startMs);
    }
  }

  /** Notes an attempt that began at `startMs` of the monotonic clock. */
  note(attempt: Omit<AttemptDocument, 'wallMs'>, startMs: number): void {
    const wallMs = Math.round(this.#clock.monotonicMs() - startMs);
    const { bargained, security } = this;
    this.bargained = undefined;
    this.security = undefined;
    const settlement = security && { by: security.by, reason: security.reason };
    this.attempts.push({
      ...attempt,
      ...(bargained && { bargained }),
      ...(settlement && { settlement }),
      wallMs,
    });
  }

  /** Milliseconds per phase, to a tenth. */
  get phasesMs(): Record<string, number> {
    return Object.fromEntries(
      [...this.#phasesMs].map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]),
    );
  }
}
