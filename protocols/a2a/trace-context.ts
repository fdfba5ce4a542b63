/**
 * Where a task stands in its client's trace, as it travels with the task (W3C Trace Context, s.3.2:
 * version, trace, parent span, flags). It is metadata of the A2A message under a URI of its own:
 * who does not know it leaves it alone, and nothing that is signed has it.
 *
 * It is a stranger's word. A reader takes the two ids, of fixed length, or nothing.
 *
 * @module
 */

/** Key of the metadata: an object with one field, `traceparent`. */
export const TRACE_EXTENSION_URI = 'urn:coalesce:a2a:trace:v1';

/** Ids of a trace and of the span in it that others are children of. */
export interface TraceContext {
  /** 32 lowercase hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 lowercase hexadecimal digits, not all 0. */
  readonly spanId: string;
}

/** Version 00; the last octet has flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const TRACEPARENT_CHARACTERS = 55;
/** Flag "sampled": the sender keeps its spans. */
const SAMPLED = '01';

/** Metadata for a message. */
export function traceMetadata({ traceId, spanId }: TraceContext): Record<string, unknown> {
  return { [TRACE_EXTENSION_URI]: { traceparent: `00-${traceId}-${spanId}-${SAMPLED}` } };
}

/**
 * Reads the metadata of a message. Never throws.
 *
 * @returns `undefined` where there is none, or none of version 00 that is well formed.
 */
export function readTraceMetadata(
  metadata: Readonly<Record<string, unknown>> | undefined,
): TraceContext | undefined {
  const extension = metadata?.[TRACE_EXTENSION_URI];
  if (typeof extension !== 'object' || extension === null) return undefined;
  const { traceparent } = extension as { readonly traceparent?: unknown };
  if (typeof traceparent !== 'string' || traceparent.length !== TRACEPARENT_CHARACTERS) {
    return undefined;
  }
  const [, traceId, spanId] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const isNone = /^0+$/.test(traceId) || /^0+$/.test(spanId);
  return isNone ? undefined : { traceId, spanId };
}
