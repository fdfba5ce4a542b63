/** A node that has nothing on sale any more when it starts. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RestartableNode } from './restartable-node.ts';

const TERM = 'performs:nlp/sentiment';
const never = new AbortController().signal;
const PATIENCE = { timeout: 30_000, interval: 500 };

let nodes: RestartableNode[] = [];
let directory: string | undefined;

afterEach(async () => {
  for (const node of nodes.reverse()) await node.stop();
  nodes = [];
  if (directory) await rm(directory, { recursive: true, force: true });
});

describe('a contractor whose shelf is empty after a restart', () => {
  it('withdraws what it had on sale before, and nobody is sent to it', async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalesce-withdrawn-'));
    const [c, s] = ['client', 'seller'].map((name) => new RestartableNode(join(directory!, name)));
    nodes = [c!, s!];
    const network = { isLocalNetwork: true, listen: ['/ip4/127.0.0.1/tcp/0'] };
    const client = await c!.start({ network });
    const joined = { network: { ...network, bootstrap: [client.addresses()[0]!] } };
    const seller = await s!.start(joined);
    await expect.poll(async () => (await client.status()).routingTableSize, PATIENCE).toBe(1);
    const common = { priceMicroUsd: 100, perUnit: 'task', latencyMs: 1_000, capacity: 4 };
    const executor = { type: 'builtin' as const };
    const skills = [{ term: TERM, description: 'Sentiment', ...common, executor }];
    await seller.publishSkills({ skills }, never);
    const ask = () =>
      client.query({ query: TERM, limit: 5, minimums: [], brokers: false, trace: false }, never);
    expect((await ask()).hits).toHaveLength(1);

    await s!.stop();
    await s!.change((store) => store.section('offers').delete(TERM));
    await s!.start(joined);
    await expect.poll(async () => (await ask()).hits, PATIENCE).toEqual([]);
  }, 120_000);
});
