/** The trace of a task across two real nodes, as a collector sees it. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { AgentNode } from '../../agent-node.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { systemClock } from '../../system-clock.ts';
import { endNodes, startNode } from '../real-nodes.ts';
import { FakeCollector } from './fake-collector.ts';
import type { ReceivedSpan } from './fake-collector.ts';

const TERM = 'performs:nlp/sentiment';
const TEXT = 'The marmalade kettle is lovely and quiet.';
const never = new AbortController().signal;

let collector: FakeCollector;

beforeEach(async () => {
  collector = await FakeCollector.start();
});

afterEach(async () => {
  await endNodes();
  await collector.close();
});

async function startPair(
  clients: ConfigFile['telemetry'],
  sellers: ConfigFile['telemetry'],
): Promise<{ readonly client: AgentNode; readonly seller: AgentNode }> {
  const [c, s] = [Identity.generate(), Identity.generate()];
  const network = { isLocalNetwork: true };
  const seller = await startNode(s, {
    network,
    trust: { known: [c.peerId] },
    telemetry: sellers,
  });
  const believed = {
    ...{ peerId: s.peerId, taskType: TERM, successes: 1_000, failures: 0 },
    ...{ lastMs: systemClock.nowMs(), paidMicroUsd: 0 },
  };
  const client = await startNode(
    c,
    {
      trust: { known: [s.peerId] },
      decision: { hasEconomicGate: false, confidenceThreshold: 0 },
      network: { ...network, bootstrap: [...seller.addresses()] },
      telemetry: clients,
    },
    [believed],
  );
  await expect.poll(async () => (await client.status()).routingTableSize).toBe(1);
  const common = { priceMicroUsd: 7_351, perUnit: 'task', latencyMs: 1_000, capacity: 4 };
  const executor = { type: 'builtin' };
  await seller.publishSkills(
    { skills: [{ term: TERM, description: 'Moods', ...common, executor }] },
    never,
  );
  return { client, seller };
}

async function run(client: AgentNode): Promise<void> {
  const task = {
    title: 'Mood of a marmalade kettle',
    skills: [TERM],
    input: { parts: [{ text: TEXT, mediaType: 'text/plain' }] },
    output: { mediaType: 'application/json' },
    verification: [],
    constraints: { sensitivity: 'low', maxPriceMicroUsd: 100_000 },
    valueMicroUsd: 1_000_000,
  } as const;
  const { status, subtasks } = await client.run({ task, files: {} }, never);
  expect(status).toBe('completed');
  expect(subtasks[0]!.attempts).toMatchObject([{ outcome: 'verified' }]);
  expect(subtasks[0]!.attempts[0]!.where).not.toBe('local');
}

/** Names from the first of the trace down to this span. */
function pathOf(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? pathOf(parent, spans) : []), span.name];
}

const named = (name: string) => collector.spans.find((span) => span.name === name);

describe('a task that is traced', () => {
  it('is one trace across both nodes, the work of the contractor a part of the dispatch', async () => {
    const telemetry = { otlpEndpoint: collector.url };
    const { client, seller } = await startPair(telemetry, telemetry);
    await run(client);
    await expect.poll(() => named('execute') && named('run'), { timeout: 10_000 }).toBeDefined();
    const { spans } = collector;
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const paths = spans.map((span) => pathOf(span, spans).join(' > '));
    for (const path of [
      'run',
      'run > task',
      'run > task > discover',
      'run > task > quote',
      'run > task > decide',
      'run > task > dispatch',
      'run > task > dispatch > execute',
      'run > task > verify',
      'run > task > settle',
    ]) {
      expect(paths).toContain(path);
    }
    const instances = new Map(spans.map(({ name, instance }) => [name, instance]));
    expect(instances.get('execute')).toBe(seller.peerId);
    expect(instances.get('dispatch')).toBe(client.peerId);
    expect(named('execute')).toMatchObject({
      kind: 2,
      attributes: { 'coalesce.skill': TERM, 'coalesce.client': client.peerId },
    });
    expect(named('dispatch')).toMatchObject({
      kind: 3,
      attributes: { 'coalesce.contractor': seller.peerId },
    });
  }, 60_000);

  it('gives away no word of the task, and no price', async () => {
    const telemetry = { otlpEndpoint: collector.url };
    const { client } = await startPair(telemetry, telemetry);
    await run(client);
    await expect.poll(() => named('execute') && named('run'), { timeout: 10_000 }).toBeDefined();
    const keys = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...keys].sort()).toEqual([
      'coalesce.choice',
      'coalesce.client',
      'coalesce.contractor',
      'coalesce.run',
      'coalesce.skill',
      'coalesce.status',
    ]);
    expect(collector.bodies.join()).not.toMatch(/marmalade|kettle|micro|price|7351/i);
  }, 60_000);

  it('is a trace of its own at a contractor whose client tells of none', async () => {
    const { client, seller } = await startPair({}, { otlpEndpoint: collector.url });
    await run(client);
    await expect.poll(() => named('execute'), { timeout: 10_000 }).toBeDefined();
    expect(named('execute')!.parentSpanId).toBeUndefined();
    expect(collector.spans.every(({ instance }) => instance === seller.peerId)).toBe(true);
  }, 60_000);

  it('is done with the collector away, and nothing is late', async () => {
    const telemetry = { otlpEndpoint: collector.url };
    await collector.close();
    const { client } = await startPair(telemetry, telemetry);
    await run(client);
    collector = await FakeCollector.start();
    expect(client.tasks({ limit: 1 }).asClient).toMatchObject([{ status: 'completed' }]);
  }, 60_000);
});
