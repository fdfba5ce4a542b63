/** A real broker among real sellers, and a client that knows nobody else. */

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { AgentNode } from '../../agent-node.ts';
import { replayDecision } from '../../decision/decision-record.ts';
import { BadInputError } from '../../errors.ts';
import { queryBody, runBodyFor } from '../../http-api/routes/requests.ts';
import { endNodes, startNode } from '../real-nodes.ts';

// Real nodes, and quotes that are asked for every ten seconds.
vi.setConfig({ testTimeout: 150_000 });

const TERM = 'performs:nlp/sentiment';
const SELLERS = 4;
const never = new AbortController().signal;

let server: Server | undefined;
afterEach(async () => {
  await endNodes();
  server?.close();
  server = undefined;
});

const offerAt = (priceMicroUsd: number) => ({
  skills: [
    {
      term: TERM,
      description: 'Sentiment of a text',
      priceMicroUsd,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 2,
      executor: { type: 'builtin' },
    },
  ],
});

const CARD = {
  name: 'Outside',
  description: 'An agent of somebody else',
  version: '1.0',
  capabilities: {},
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  supportedInterfaces: [],
  skills: [{ id: 'mood', name: 'Mood', description: 'The mood of a text', tags: [TERM] }],
};

async function cardUrl(): Promise<string> {
  server = createServer((request, response) => {
    response.statusCode = request.url === '/card' ? 200 : 404;
    response.end(JSON.stringify(CARD));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = (client: AgentNode, change: object = {}) =>
  client.query(queryBody.parse({ query: TERM, ...change }), never);

describe('a real broker', () => {
  it('gives a cold client hits, a market of three, and agents outside as unverified', async () => {
    const url = await cardUrl();
    const broker = await startNode(Identity.generate(), {
      roles: ['broker'],
      broker: { agentCards: [`${url}/card`, `${url}/missing`] },
      network: { isLocalNetwork: true },
    });
    const { addresses } = await broker.status();
    const sellers: string[] = [];
    for (let i = 1; i <= SELLERS; i++) {
      const seller = await startNode(Identity.generate(), {
        network: { isLocalNetwork: true, bootstrap: [...addresses] },
      });
      await expect.poll(async () => (await seller.status()).routingTableSize).toBeGreaterThan(0);
      await seller.publishSkills(offerAt(100 * i), never);
      sellers.push(seller.peerId);
    }
    await expect
      .poll(async () => (await ask(broker)).hits.length, { timeout: 30_000, interval: 500 })
      .toBe(SELLERS);
    // No bootstrap peer: the DHT cannot be asked, and the broker is.
    const client = await startNode(Identity.generate(), {
      network: { isLocalNetwork: true, brokers: [...addresses] },
    });
    const first = await ask(client);
    expect(first.hits.map(({ peerId }) => peerId).sort()).toEqual([...sellers].sort());
    expect(first.outcome).toBe('partial');
    expect(first.brokers?.outside).toEqual([
      { url: `${url}/card`, name: 'Outside', skills: ['Mood'], verified: false },
    ]);

    const market = async () => (await ask(client, { brokers: true })).brokers?.quotes ?? [];
    await expect
      .poll(async () => (await market()).length, { timeout: 60_000, interval: 1_000 })
      .toBeGreaterThanOrEqual(3);
    const quotes = await market();
    for (const quote of quotes) {
      expect(sellers).toContain(quote.peerId);
      expect(quote).toMatchObject({ terms: [TERM], inBytes: 10_000 });
      expect(quote.priceMicroUsd).toBeGreaterThan(0);
    }
    // The first decision on a task has the market in its record, and takes quotes of its own.
    const contentBase64 = Buffer.from('A good day.').toString('base64');
    const body = { skill: TERM, inputs: [{ name: 'a', mediaType: 'text/plain', contentBase64 }] };
    const decided = await client.decide(runBodyFor(body).parse(body), undefined, never);
    const told = decided.request.context.market ?? [];
    expect(told.length).toBeGreaterThanOrEqual(3);
    for (const quote of told) {
      expect(sellers).toContain(quote.peerId);
      expect(quote).toMatchObject({ inputBytes: 10_000, perUnit: 'task' });
    }
    expect(replayDecision(decided)).toMatchObject({ agrees: true });

    // A quote runs out after a minute; the broker has another by then.
    const expiry = (of: typeof quotes) => Math.max(...of.map((one) => one.expiresAtSeconds));
    await expect
      .poll(async () => expiry(await market()), { timeout: 60_000, interval: 1_000 })
      .toBeGreaterThan(expiry(quotes));
    expect((await market()).length).toBeGreaterThanOrEqual(3);
  });

  it('is asked for by --broker only where one is configured', async () => {
    const client = await startNode(Identity.generate(), { network: { isLocalNetwork: true } });
    const asked = ask(client, { brokers: true });
    await expect(asked).rejects.toThrow(BadInputError);
    await expect(asked).rejects.toThrow(/network\.brokers/);
  });
});
