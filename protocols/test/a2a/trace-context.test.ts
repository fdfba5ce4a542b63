import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TRACE_EXTENSION_URI, readTraceMetadata, traceMetadata } from '../../a2a/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const read = (traceparent: unknown) =>
  readTraceMetadata({ [TRACE_EXTENSION_URI]: { traceparent } });

describe('the trace context of a task', () => {
  it('is read as it was written, in the form of W3C Trace Context', () => {
    const context = { traceId: TRACE, spanId: SPAN };
    const metadata = traceMetadata(context);
    expect(metadata).toEqual({
      'urn:coalesce:a2a:trace:v1': { traceparent: `00-${TRACE}-${SPAN}-01` },
    });
    expect(readTraceMetadata(metadata)).toEqual(context);
  });

  it.each([
    ['another version', `01-${TRACE}-${SPAN}-01`],
    ['capital digits', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['something behind it', `00-${TRACE}-${SPAN}-01-x`],
    ['a line break behind it', `00-${TRACE}-${SPAN}-01\n`],
    ['a line break in the place of a digit', `00-${TRACE}-${SPAN}-0\n`],
    ['a long text', '0'.repeat(1_000_000)],
    ['a number', 7],
    ['nothing', undefined],
  ])('is none where there is %s', (_what, traceparent) => {
    expect(read(traceparent)).toBeUndefined();
  });

  it('is none where the metadata is anything else', () => {
    for (const extension of [null, [], 'x', 0]) {
      expect(readTraceMetadata({ [TRACE_EXTENSION_URI]: extension })).toBeUndefined();
    }
    expect(readTraceMetadata(undefined)).toBeUndefined();
    expect(readTraceMetadata({})).toBeUndefined();
  });

  it('is two ids of fixed length or nothing, whatever a peer sends', () => {
    const near = fc
      .tuple(fc.nat(54), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
      .map(([at, one]) => {
        const text = `00-${TRACE}-${SPAN}-01`;
        return `${text.slice(0, at)}${one}${text.slice(at + 1)}`;
      });
    fc.assert(
      fc.property(fc.oneof(near, fc.string(), fc.anything()), (traceparent) => {
        const context = read(traceparent);
        if (context === undefined) return;
        expect(context.traceId).toMatch(/^[0-9a-f]{32}$/);
        expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), (metadata) => {
        readTraceMetadata({ ...metadata, [TRACE_EXTENSION_URI]: metadata });
      }),
    );
  });
});
