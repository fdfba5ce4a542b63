/** The limits of a query among real nodes, and where each hit is from. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../crypto/identity.ts';
import { queryBody } from '../http-api/routes/requests.ts';
import { endNodes, startNode } from './real-nodes.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 120_000 });

const TERM = 'performs:nlp/sentiment';
const never = new AbortController().signal;

afterEach(endNodes);

const offerWith = (latencyMs: number) => ({
  skills: [
    {
      term: TERM,
      description: 'Sentiment of a text',
      priceMicroUsd: 100,
      perUnit: 'task',
      latencyMs,
      capacity: 2,
      executor: { type: 'builtin' },
    },
  ],
});

describe('a query with --max-latency-ms', () => {
  it('has the hits that promise to be as fast, and names the others as too slow', async () => {
    const client = await startNode(Identity.generate(), { network: { isLocalNetwork: true } });
    const bootstrap = [...(await client.status()).addresses];
    const sellers: string[] = [];
    for (const latencyMs of [400, 60_000]) {
      const network = { isLocalNetwork: true, bootstrap };
      const seller = await startNode(Identity.generate(), { network });
      await expect.poll(async () => (await seller.status()).routingTableSize).toBeGreaterThan(0);
      await seller.publishSkills(offerWith(latencyMs), never);
      sellers.push(seller.peerId);
    }
    const ask = (change: object = {}) =>
      client.query(queryBody.parse({ query: TERM, ...change }), never);
    await expect
      .poll(async () => (await ask()).hits.length, { timeout: 30_000, interval: 500 })
      .toBe(2);
    const firstHits: string[] = [];
    const request = queryBody.parse({ query: TERM, maxLatencyMs: 1_000 });
    const found = await client.query(request, never, ({ peerId }) => firstHits.push(peerId));
    expect(found.hits).toMatchObject([{ peerId: sellers[0], latencyMs: 400 }]);
    expect(found.dropped).toEqual([{ peerId: sellers[1], term: TERM, reason: 'TOO_SLOW' }]);
    expect(firstHits).toEqual([sellers[0]]);
    expect(found.hits[0]!.sources[0]).toBe('holder');
    const again = await ask();
    if (again.lookAgeMs > 0) expect(again.hits[0]!.sources).toContain('cache');
  });
});
