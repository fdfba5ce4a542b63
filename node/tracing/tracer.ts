/**
 * Spans of a task: what was done, when, as part of what (OpenTelemetry, trace API). Off unless the
 * configuration names a collector; then every span costs one entry of a bounded queue.
 *
 * A span says who and how long. It holds no text of a task, no price, no word of a peer: attributes
 * are names and ids that the code knows.
 *
 * @module
 */

import { toHex } from '../../crypto/bytes.ts';
import type { TraceContext } from '../../protocols/a2a/trace-context.ts';
import type { Clock, Random } from '../../protocols/components.ts';

/** Whose work a span is: of this process, asked of another, or asked by another. */
export type SpanKind = 'internal' | 'client' | 'server';

/** A span that has ended. */
export interface EndedSpan {
  readonly context: TraceContext;
  /** Of the span that it is part of; left out for the first of a trace. */
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly hasFailed: boolean;
}

/** Takes spans that have ended. Must not throw, and must not wait. */
export type SpanSink = (span: EndedSpan) => void;

/** A span that goes on. */
export interface Span {
  /** `undefined` while nothing is traced. */
  readonly context: TraceContext | undefined;
  set(name: string, value: string): void;
  /** Ends it; a second time changes nothing. */
  end(hasFailed?: boolean): void;
}

/** How a span begins. */
export interface SpanInit {
  /** What it is part of; left out: it begins a trace. */
  readonly parent?: TraceContext | undefined;
  readonly kind?: SpanKind;
  readonly attributes?: Readonly<Record<string, string>>;
}

const NO_SPAN: Span = { context: undefined, set: () => undefined, end: () => undefined };
const MAX_VALUE_CHARACTERS = 256;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

export interface TracerInit {
  readonly clock: Clock;
  readonly random: Random;
  /** Left out: nothing is traced. */
  readonly sink?: SpanSink | undefined;
}

/** Begins spans. */
export class Tracer {
  readonly #init: TracerInit;

  constructor(init: TracerInit) {
    this.#init = init;
  }

  start(name: string, { parent, kind = 'internal', attributes = {} }: SpanInit = {}): Span {
    const { clock, random, sink } = this.#init;
    if (!sink) return NO_SPAN;
    const context = {
      traceId: parent?.traceId ?? toHex(random.bytes(TRACE_ID_BYTES)),
      spanId: toHex(random.bytes(SPAN_ID_BYTES)),
    };
    const startMs = clock.nowMs();
    const beganMs = clock.monotonicMs();
    const values = new Map(Object.entries(attributes));
    let hasEnded = false;
    return {
      context,
      set: (key, value) => void values.set(key, value),
      end: (hasFailed = false) => {
        if (hasEnded) return;
        hasEnded = true;
        const cut = [...values].map(([key, value]) => [key, value.slice(0, MAX_VALUE_CHARACTERS)]);
        sink({
          ...{ context, parentSpanId: parent?.spanId, name, kind, startMs, hasFailed },
          durationMs: clock.monotonicMs() - beganMs,
          attributes: Object.fromEntries(cut) as Record<string, string>,
        });
      },
    };
  }

  /** Runs `work` within a span, which has failed where the work throws. */
  async during<Result>(
    name: string,
    init: SpanInit,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result> {
    const span = this.start(name, init);
    let hasFailed = true;
    try {
      const result = await work(span);
      hasFailed = false;
      return result;
    } finally {
      span.end(hasFailed);
    }
  }
}
