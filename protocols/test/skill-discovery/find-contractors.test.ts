import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { searchContractors } from '../../skill-discovery/find-contractors.ts';
import { findCopy } from '../../skill-discovery/publication.ts';
import type { SkillRecord } from '../../skill-discovery/skill-record.ts';
import { contentOf, createNetwork, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

describe('finding contractors among six real nodes', () => {
  let nodes: TestNode[];
  let client: TestNode;
  beforeAll(async () => {
    nodes = await createNetwork(6);
    client = nodes[5]!;
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  it('finds a skill by its exact term, with the signed record and its age', async () => {
    const [, contractor] = nodes as [TestNode, TestNode];
    const published = await contractor.advertiser.publish(
      contentOf({ term: 'performs:nlp/sentiment', priceMicroUsd: '700' }),
    );
    expect(published).toMatchObject({ readBack: true, storedBy: 5 });
    expect(published.readBackFrom).not.toBe(contractor.host.peerId);

    const found = await client.find('performs:nlp/sentiment');
    expect(found).toMatchObject({
      outcome: 'complete',
      query: 'performs:nlp/sentiment',
      dropped: [],
    });
    expect(found.hits).toHaveLength(1);
    const [hit] = found.hits;
    expect(hit).toMatchObject({
      peerId: contractor.host.peerId,
      matchedTerm: 'performs:nlp/sentiment',
      offer: { priceMicroUsd: '700' },
    });
    expect(hit!.record.envelope).toEqual(published.record.envelope);
    expect(hit!.record.body.addresses).toEqual(contractor.host.addresses());
    expect(hit!.recordAgeSeconds).toBeLessThan(30);
    await until('the holder answers in time', async () => {
      const [again] = (await client.find('performs:nlp/sentiment')).hits;
      return again?.source === 'holder';
    });
    expect(found.asked).toBe(5);
    expect(found.answered).toBe(5);
    expect(found.trace.at(0)).toMatchObject({ event: 'search' });
    expect(found.trace.at(-1)).toMatchObject({ event: 'end', detail: 'complete' });
  });

  it('finds specific skills by an ancestor, and only the offers at or below it', async () => {
    const [, , first, second] = nodes as [TestNode, TestNode, TestNode, TestNode];
    await Promise.all([
      first.advertiser.publish(
        contentOf(
          { term: 'performs:finance/risk-assessment' },
          { term: 'performs:finance/portfolio-optimization' },
          { term: 'canExecute:pytorch' },
        ),
      ),
      second.advertiser.publish(contentOf({ term: 'performs:finance/risk-assessment' })),
    ]);
    await Promise.all([first.advertiser.settled(), second.advertiser.settled()]);
    const found = await client.find('performs:finance');
    const hits = found.hits.map(({ peerId, matchedTerm }) => `${peerId} ${matchedTerm}`);
    expect(hits.sort()).toEqual(
      [
        `${first.host.peerId} performs:finance/portfolio-optimization`,
        `${first.host.peerId} performs:finance/risk-assessment`,
        `${second.host.peerId} performs:finance/risk-assessment`,
      ].sort(),
    );
    expect((await client.find('performs:finance/risk-assessment')).hits).toHaveLength(2);
    expect((await client.find('performs:finance/risk')).hits).toEqual([]);
  });

  it('searches under several keys at once, each hit once, and tells of it when it is verified', async () => {
    const hits: string[] = [];
    const question = {
      query: 'either',
      keys: ['performs:finance/risk-assessment', 'canExecute:pytorch', 'performs:nothing-here'],
      matching: ({ offers }: SkillRecord) =>
        offers.filter(({ term }) => term !== 'performs:finance/portfolio-optimization'),
      needs: 'no portfolio',
    };
    const found = await searchContractors(client, question, {
      onHit: ({ peerId, matchedTerm }) => hits.push(`${peerId} ${matchedTerm}`),
    });
    const [, , first, second] = nodes as [TestNode, TestNode, TestNode, TestNode];
    expect(found).toMatchObject({ query: 'either', outcome: 'complete' });
    const expected = [
      `${first.host.peerId} performs:finance/risk-assessment`,
      `${first.host.peerId} canExecute:pytorch`,
      `${second.host.peerId} performs:finance/risk-assessment`,
    ].sort();
    expect(found.hits.map((hit) => `${hit.peerId} ${hit.matchedTerm}`).sort()).toEqual(expected);
    expect(hits.sort()).toEqual(expected);
    expect(found.firstHitMs).toBeLessThanOrEqual(found.elapsedMs);
    const keys = found.trace.flatMap(({ event, key }) => (event === 'key' ? key : []));
    expect(keys.sort()).toEqual([...question.keys].sort());
  });

  it('takes 32 keys at most, and at least one', async () => {
    const matching = () => [];
    const ask = (count: number) =>
      searchContractors(client, {
        query: 'many',
        keys: Array.from({ length: count }, (_, i) => `performs:k${i}`),
        matching,
        needs: 'nothing',
      });
    await expect(ask(0)).rejects.toThrow(RangeError);
    await expect(ask(33)).rejects.toThrow(/expected 1 to 32, got 33/);
  });

  it('shows a changed price to the next query', async () => {
    const contractor = nodes[4]!;
    const term = 'performs:translation/fr';
    for (const priceMicroUsd of ['900', '400', '1300']) {
      await contractor.advertiser.publish(contentOf({ term, priceMicroUsd }));
      const found = await client.find(term);
      expect(found.hits.map(({ offer }) => offer.priceMicroUsd)).toEqual([priceMicroUsd]);
    }
  });

  it('gives no hit for a peer that has withdrawn, and says so', async () => {
    const contractor = nodes[4]!;
    await contractor.advertiser.publish(contentOf({ term: 'performs:ocr/receipts' }));
    await contractor.advertiser.settled(); // the ancestor is told after the term
    expect((await client.find('performs:ocr')).hits).toHaveLength(1);
    const withdrawn = await contractor.advertiser.withdraw();
    expect(withdrawn).toMatchObject({ readBack: true, providedTerms: [] });
    const found = await client.find('performs:ocr');
    expect(found.hits).toEqual([]);
    expect(found.dropped).toEqual([{ peerId: contractor.host.peerId, reason: 'WITHDRAWN' }]);
  });

  it('drops a peer that no longer offers what it is still named for', async () => {
    const contractor = nodes[4]!;
    await contractor.advertiser.publish(contentOf({ term: 'performs:ocr/receipts' }));
    await contractor.advertiser.publish(contentOf({ term: 'performs:ocr/tables' }));
    const found = await client.find('performs:ocr/receipts');
    expect(found.hits).toEqual([]);
    expect(found.dropped).toEqual([
      { peerId: contractor.host.peerId, reason: 'NO_MATCHING_OFFER' },
    ]);
  });

  it('drops a provider that has no record', async () => {
    const provider = nodes[0]!;
    const signal = AbortSignal.timeout(10_000);
    for await (const _ of provider.host.dht.provide(providerCid('performs:nothing'), { signal }));
    await until('the provider is named', async () => {
      const { dropped } = await client.find('performs:nothing');
      return dropped.length > 0;
    });
    const found = await client.find('performs:nothing');
    expect(found).toMatchObject({ outcome: 'complete', hits: [] });
    expect(found.dropped).toEqual([{ peerId: provider.host.peerId, reason: 'NO_RECORD' }]);
  });

  it('does not find itself', async () => {
    await client.advertiser.publish(contentOf({ term: 'performs:chess' }));
    expect(await client.find('performs:chess')).toMatchObject({ hits: [], dropped: [] });
    expect((await nodes[0]!.find('performs:chess')).hits).toHaveLength(1);
  });

  it('calls a look that found nothing complete', async () => {
    const found = await client.find('performs:unheard-of');
    expect(found).toMatchObject({ outcome: 'complete', hits: [], dropped: [], answered: 5 });
  });

  it('ends in time and calls the outcome partial when the time runs out', async () => {
    const found = await client.find('performs:finance', { timeoutMs: 1 });
    expect(['partial', 'unreachable']).toContain(found.outcome);
    const aborted = await client.find('performs:finance', { signal: AbortSignal.abort() });
    expect(aborted.outcome).not.toBe('complete');
  });

  it('fetches no more providers than the limit, and says which it left out', async () => {
    const found = await client.find('performs:finance', { maxProviders: 1 });
    expect(found.outcome).toBe('partial');
    expect(new Set(found.hits.map(({ peerId }) => peerId)).size).toBe(1);
    expect(found.dropped).toMatchObject([{ reason: 'NOT_FETCHED' }]);
    await expect(client.find('performs:finance', { maxProviders: 257 })).rejects.toThrow(
      RangeError,
    );
    await expect(client.find('finance')).rejects.toThrow(TypeError);
  });

  it('keeps the record of a killed peer as a hit until it expires, with its age', async () => {
    const contractor = nodes[1]!;
    await contractor.host.stop();
    const found = await client.find('performs:nlp/sentiment');
    expect(found.hits).toMatchObject([{ peerId: contractor.host.peerId, source: 'dht' }]);
    const { exp } = found.hits[0]!.record.body;
    client.clock.aheadMs = 1_000 * (exp + 10 - client.clock.nowSeconds());
    const [late] = (await client.find('performs:nlp/sentiment')).hits;
    expect(late!.recordAgeSeconds).toBeGreaterThan(3_600);
    client.clock.aheadMs += 120_000;
    const gone = await client.find('performs:nlp/sentiment');
    client.clock.aheadMs = 0;
    expect(gone.hits).toEqual([]);
    expect(gone.dropped).toEqual([{ peerId: contractor.host.peerId, reason: 'EXPIRED' }]);
  });
});

describe('a pair of nodes', () => {
  it('finds what only the asking node itself keeps', async () => {
    const keeper = await createNode();
    const contractor = await createNode(keeper.host.addresses());
    try {
      await contractor.host.waitForPeers(1, AbortSignal.timeout(20_000));
      const { readBack } = await contractor.advertiser.publish(contentOf({ term: 'performs:nlp' }));
      expect(readBack).toBe(true);
      const { rpc } = contractor.host.dht as unknown as { rpc: { handlers: object } };
      const nothing = async (_: unknown, message: object): Promise<object> => ({
        ...message,
        closer: [],
        providers: [],
      });
      Object.assign(rpc.handlers, {
        GET_PROVIDERS: { handle: nothing },
        GET_VALUE: { handle: nothing },
      });
      await keeper.host.waitForPeers(1, AbortSignal.timeout(20_000));
      const found = await keeper.find('performs:nlp');
      expect(found.hits).toMatchObject([{ peerId: contractor.host.peerId, source: 'dht' }]);
    } finally {
      await Promise.all([keeper.host.stop(), contractor.host.stop()]);
    }
  });
});

describe('a lone node', () => {
  it('finds the network unreachable at once, and publishes without failing', async () => {
    const node = await createNode();
    try {
      const found = await node.find('performs:nlp', { peerWaitMs: 20 });
      expect(found).toMatchObject({ outcome: 'unreachable', hits: [], asked: 0, answered: 0 });
      expect(found.elapsedMs).toBeLessThan(2_000);
      const published = await node.advertiser.publish(contentOf({ term: 'performs:nlp' }));
      expect(published).toMatchObject({ readBack: false, reason: 'NO_PEERS', storedBy: 0 });
    } finally {
      await node.host.stop();
    }
  });

  it('publishes by itself what waited, once a first peer comes', async () => {
    const node = await createNode();
    node.advertiser.start();
    const { record } = await node.advertiser.publish(contentOf({ term: 'performs:nlp' }));
    const other = await createNode(node.host.addresses());
    try {
      await until('the record reached the new peer', async () => {
        const copy = await findCopy(node.host, record, AbortSignal.timeout(1_000)).catch(() => 0);
        return copy === other.host.peerId;
      });
      expect((await other.find('performs:nlp')).hits).toHaveLength(1);
    } finally {
      node.advertiser.stop();
      await Promise.all([node.host.stop(), other.host.stop()]);
    }
  });
});
