/**
 * Sends spans to an OpenTelemetry collector: OTLP over HTTP with JSON (opentelemetry.io, OTLP 1.x,
 * `ExportTraceServiceRequest`). An exporter of our own, since the official one asks for a newer
 * Node than this program does.
 *
 * A collector that is away or slow costs a queue of a fixed length and one request at a time: what
 * finds no room, or is not taken, is dropped and counted. Nothing waits for it.
 *
 * @module
 */

import type { Logger } from '../../protocols/components.ts';
import type { EndedSpan, SpanKind } from './tracer.ts';

/** Spans that wait; one beyond is dropped. */
export const MAX_QUEUED_SPANS = 2_048;
/** Spans of one request. */
export const MAX_BATCH_SPANS = 256;
const BATCH_INTERVAL_MS = 1_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** How long the last spans may take when the node stops. */
const CLOSE_TIMEOUT_MS = 1_000;

/** `SpanKind` of the protocol. */
const KIND_NUMBERS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
/** `STATUS_CODE_UNSET` and `STATUS_CODE_ERROR`. */
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;
const NANOS_PER_MICRO = 1_000n;

export interface OtlpExporterInit {
  /** Base URL of the collector; `/v1/traces` is added, as the protocol has it. */
  readonly endpoint: string;
  /** What the spans are of: `service.name` and the like. */
  readonly resource: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

/** Sends spans in batches. */
export class OtlpExporter {
  readonly #init: OtlpExporterInit;
  readonly #url: string;
  readonly #queue: EndedSpan[] = [];
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isAway = false;
  /** Spans that were not taken, for want of room or of a collector. */
  dropped = 0;

  constructor(init: OtlpExporterInit) {
    this.#init = init;
    this.#url = `${init.endpoint.replace(/\/+$/, '')}/v1/traces`;
  }

  /** Takes a span. */
  readonly add = (span: EndedSpan): void => {
    if (this.#queue.length >= MAX_QUEUED_SPANS || this.#closing.signal.aborted) this.dropped++;
    else this.#queue.push(span);
    this.#schedule();
  };

  /** Sends what waits, for a moment, and takes no more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const late = setTimeout(() => this.#closing.abort(), CLOSE_TIMEOUT_MS);
    await this.#sending;
    while (this.#queue.length > 0 && !this.#closing.signal.aborted) await this.#send();
    clearTimeout(late);
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.dropped += this.#queue.splice(0).length;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#sending || this.#queue.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#send().finally(() => {
        this.#sending = undefined;
        this.#schedule();
      });
    }, BATCH_INTERVAL_MS);
    this.#timer.unref();
  }

  /** One request. Never rejects. */
  async #send(): Promise<void> {
    const spans = this.#queue.splice(0, MAX_BATCH_SPANS);
    const { resource, logger } = this.#init;
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(exportRequest(spans, resource)),
        redirect: 'error',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the collector answers ${response.status}`);
      this.#isAway = false;
    } catch (error) {
      this.dropped += spans.length;
      if (!this.#isAway) {
        const mend = 'start a collector there, or leave telemetry.otlpEndpoint out';
        logger.warn({ url: this.#url, err: error, mend }, 'Spans are dropped.');
      }
      this.#isAway = true;
    }
  }
}

/** The document of one request. */
export function exportRequest(
  spans: readonly EndedSpan[],
  resource: Readonly<Record<string, string>>,
): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: 'coalesce' }, spans: spans.map(spanDocument) }],
      },
    ],
  };
}

function spanDocument(span: EndedSpan): object {
  const { context, parentSpanId, name, kind, startMs, durationMs, attributes, hasFailed } = span;
  return {
    ...context,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: KIND_NUMBERS[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(startMs + durationMs),
    attributes: attributesOf(attributes),
    status: { code: hasFailed ? STATUS_ERROR : STATUS_UNSET },
  };
}

/** Nanoseconds as the JSON of protobuf has 64-bit integers: in a string. */
function nanos(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * NANOS_PER_MICRO);
}

function attributesOf(values: Readonly<Record<string, string>>): object[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}
