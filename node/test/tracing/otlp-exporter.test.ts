import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  FakeClock,
  FakeLogger,
  FakeRandom,
} from '../../../protocols/test/negotiation/fake-world.ts';
import { MAX_BATCH_SPANS, MAX_QUEUED_SPANS, OtlpExporter } from '../../tracing/otlp-exporter.ts';
import { Tracer } from '../../tracing/tracer.ts';
import { FakeCollector } from './fake-collector.ts';

let clock: FakeClock;
let logger: FakeLogger;
let collector: FakeCollector;
let exporter: OtlpExporter;
let tracer: Tracer;

function open(endpoint: string): void {
  const resource = { 'service.name': 'coalesce', 'service.instance.id': 'PEER' };
  exporter = new OtlpExporter({ endpoint, resource, logger });
  tracer = new Tracer({ clock, random: new FakeRandom('spans'), sink: exporter.add });
}

beforeEach(async () => {
  clock = new FakeClock();
  logger = new FakeLogger();
  collector = await FakeCollector.start();
  open(`${collector.url}/`);
});

afterEach(async () => {
  await exporter.close();
  await collector.close();
});

describe('spans on their way to a collector', () => {
  it('are sent as OTLP in JSON, with the link to their parent', async () => {
    const run = tracer.start('run', { attributes: { 'coalesce.run': 'r1' } });
    const startMs = clock.nowMs();
    clock.advanceSeconds(0.25);
    const part = tracer.start('dispatch', { parent: run.context, kind: 'client' });
    clock.advanceSeconds(1.5);
    part.end(true);
    run.end();
    await expect.poll(() => collector.spans.length, { timeout: 5_000 }).toBe(2);
    expect(collector.paths).toEqual(['POST /v1/traces application/json']);
    const [dispatch, first] = collector.spans;
    expect(first).toMatchObject({
      name: 'run',
      kind: 1,
      instance: 'PEER',
      attributes: { 'coalesce.run': 'r1' },
      status: { code: 0 },
      startTimeUnixNano: `${startMs}000000`,
      endTimeUnixNano: `${startMs + 1_750}000000`,
    });
    expect(first!.parentSpanId).toBeUndefined();
    expect(dispatch).toMatchObject({ kind: 3, status: { code: 2 }, traceId: first!.traceId });
    expect(dispatch!.parentSpanId).toBe(first!.spanId);
    expect(dispatch!.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(first!.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('are sent at the end of the node, and none after it', async () => {
    tracer.start('run').end();
    await exporter.close();
    expect(collector.spans).toHaveLength(1);
    tracer.start('late').end();
    expect(exporter.dropped).toBe(1);
  });

  it('end once, and fail where the work within them fails', async () => {
    const failed = tracer.during('run', {}, () => Promise.reject(new Error('secret words')));
    await expect(failed).rejects.toThrow('secret words');
    const span = tracer.start('twice');
    span.end();
    span.end();
    await exporter.close();
    expect(collector.spans.map(({ name, status }) => [name, status.code])).toEqual([
      ['run', 2],
      ['twice', 0],
    ]);
    expect(collector.bodies.join()).not.toContain('secret');
  });

  it('have attributes of a bounded length', async () => {
    tracer.start('run', { attributes: { long: 'x'.repeat(100_000) } }).end();
    await exporter.close();
    expect(collector.spans[0]!.attributes['long']).toHaveLength(256);
  });
});

describe('a collector that is no good', () => {
  it('costs a queue of a fixed length while it is slow, and one request at a time', async () => {
    collector.answer = () => undefined;
    for (let i = 0; i < MAX_BATCH_SPANS; i++) tracer.start('first').end();
    await expect.poll(() => collector.bodies.length, { timeout: 5_000 }).toBe(1);
    for (let i = 0; i < MAX_QUEUED_SPANS + 10; i++) tracer.start('next').end();
    expect(exporter.dropped).toBe(10);
    expect(collector.bodies).toHaveLength(1);
    const startMs = performance.now();
    await exporter.close();
    expect(performance.now() - startMs).toBeLessThan(3_000);
    expect(exporter.dropped).toBe(MAX_BATCH_SPANS + MAX_QUEUED_SPANS + 10);
  });

  it('is warned of once while it is away, and given spans again when it is back', async () => {
    collector.answer = (response) => void response.writeHead(503).end();
    tracer.start('lost').end();
    await expect.poll(() => exporter.dropped, { timeout: 5_000 }).toBe(1);
    tracer.start('lost too').end();
    await expect.poll(() => exporter.dropped, { timeout: 5_000 }).toBe(2);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    collector.answer = (response) => void response.end('{}');
    tracer.start('taken').end();
    await expect.poll(() => collector.spans.at(-1)?.name, { timeout: 5_000 }).toBe('taken');
    expect(exporter.dropped).toBe(2);
  });

  it('does not lead the spans to another address', async () => {
    const other = await FakeCollector.start();
    collector.answer = (response) =>
      void response.writeHead(307, { location: `${other.url}/v1/traces` }).end();
    tracer.start('run').end();
    await exporter.close();
    expect([other.bodies.length, exporter.dropped]).toEqual([0, 1]);
    await other.close();
  });

  it('that is not there makes nothing fail', async () => {
    await exporter.close();
    const { url } = collector;
    await collector.close();
    open(url);
    tracer.start('run').end();
    await exporter.close();
    expect(exporter.dropped).toBe(1);
    collector = await FakeCollector.start();
  });
});

describe('a tracer without a collector', () => {
  it('makes no ids and keeps nothing', () => {
    const random = { bytes: () => expect.unreachable('no id is needed') };
    const span = new Tracer({ clock, random }).start('run');
    span.set('a', 'b');
    span.end();
    expect(span.context).toBeUndefined();
  });
});
