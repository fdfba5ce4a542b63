import type { Identity } from '../../../crypto/identity.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BrokeredSearch } from '../../broker/brokered-search.ts';
import type { BrokerAnswer, BrokerQuestion } from '../../broker/messages.ts';
import { RecordIndex } from '../../broker/record-index.ts';
import { serveQueries } from '../../broker/server.ts';
import { SessionManager } from '../../secure-channel/session-manager.ts';
import { makeQuote, makeRequest } from '../negotiation/fixture.ts';
import {
  MAX_SEARCH_KEYS,
  questionAbout,
  searchContractors,
} from '../../skill-discovery/find-contractors.ts';
import type { SignedSkillRecord } from '../../skill-discovery/skill-record.ts';
import {
  contentOf,
  createNetwork,
  createNode,
  random,
  recordOf,
  silentLogger,
} from '../skill-discovery/fixtures.ts';
import type { TestNode } from '../skill-discovery/fixtures.ts';

// Real nodes and sessions: on a busy machine a handshake takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const TERM = 'performs:nlp/sentiment';

let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

async function talking(node: TestNode): Promise<SessionManager> {
  const { host, identity, clock } = node;
  ends.push(() => host.stop());
  const init = { host: host.libp2p, identity, clock, random, logger: silentLogger };
  const sessions = new SessionManager(init);
  ends.push(() => sessions.stop());
  return sessions;
}

/** A broker that answers so. */
async function serving(
  node: TestNode,
  answer: (question: BrokerQuestion) => BrokerAnswer,
): Promise<string> {
  const streams = await talking(node);
  serveQueries({
    scores: () => Promise.resolve([]),
    streams,
    answer,
    clock: node.clock,
    logger: silentLogger,
  });
  await streams.start();
  return node.host.addresses()[0]!;
}

async function clientOf(node: TestNode, brokers: readonly string[]): Promise<BrokeredSearch> {
  const { host, guard, clock } = node;
  const streams = await talking(node);
  await streams.start();
  const search = (...asked: Parameters<BrokeredSearch['search']>) =>
    searchContractors({ host, guard, clock }, ...asked);
  return new BrokeredSearch({ host, guard, clock, streams, search, brokers });
}

function present(node: TestNode, priceMicroUsd: string, seq: number): SignedSkillRecord {
  const iat = node.clock.nowSeconds();
  const content = contentOf({ term: TERM, priceMicroUsd });
  return recordOf(node.identity, { ...content, seq, iat, exp: iat + 600 });
}

const answerOf = (...records: readonly { peerId: string; envelope: Uint8Array }[]) => ({
  records,
  left: 0,
  outside: [],
  quotes: [],
});

/** A quote that a contractor gave to `client`, in the form that a broker passes it on. */
function quoteFor(
  client: Identity,
  contractor: Identity,
  { nowSeconds, lastsSeconds = 60 }: { nowSeconds: number; lastsSeconds?: number },
) {
  const exp = nowSeconds + lastsSeconds;
  const parties = { client: client.peerId, contractor: contractor.peerId };
  const request = makeRequest({ ...parties, exp: nowSeconds + 120 }, client);
  const quote = makeQuote(request, { exp }, contractor);
  return { request: request.envelope, quote: quote.envelope };
}

const aboutBrokers = { ...questionAbout(TERM), isForBrokers: true };
const patience = { peerWaitMs: 50 };

describe('a client of a broker', () => {
  it('falls back to it where the DHT cannot be asked, and verifies what it says', async () => {
    const [broker, seller, client] = await Promise.all([createNode(), createNode(), createNode()]);
    ends.push(() => seller.host.stop());
    const index = new RecordIndex();
    index.put(present(seller, '700', 10));
    const address = await serving(broker, () => {
      const { records, left } = index.find({ keys: [TERM], limit: 10 }, broker.clock.nowSeconds());
      return { records, left, outside: [], quotes: [] };
    });
    const { search } = await clientOf(client, [address]);
    const told: string[] = [];
    const found = await search(questionAbout(TERM), {
      ...patience,
      onHit: ({ peerId }) => told.push(peerId),
    });
    expect(found).toMatchObject({
      outcome: 'partial',
      hits: [{ peerId: seller.host.peerId, source: 'broker', offer: { priceMicroUsd: '700' } }],
    });
    expect(told).toEqual([seller.host.peerId]);
  });

  it('asks a broker in parts for more keys than a question has room for', async () => {
    const [broker, seller, client] = await Promise.all([createNode(), createNode(), createNode()]);
    ends.push(() => seller.host.stop());
    const record = present(seller, '700', 10);
    const asked: number[] = [];
    const outside = [{ url: 'https://agent.example', name: 'one', skills: [] }];
    const address = await serving(broker, ({ keys }) => {
      asked.push(keys.length);
      const { peerId } = seller.host;
      const records = keys.includes(TERM) ? [{ peerId, envelope: record.envelope }] : [];
      return { records, left: 2, outside, quotes: [] };
    });
    const { search } = await clientOf(client, [address]);
    const others = Array.from({ length: MAX_SEARCH_KEYS - 1 }, (_, i) => `b${i}`);
    const question = { ...questionAbout(TERM), keys: [...others, TERM] };
    const found = await search(question, patience);
    expect(asked).toEqual([16, 16]);
    expect(found.hits.map(({ peerId }) => peerId)).toEqual([seller.host.peerId]);
    expect(found.brokers?.outside).toEqual(outside);
  });

  it('a broker that lies is caught: nothing forged, altered or of another peer is a hit', async () => {
    const [broker, seller, client] = await Promise.all([createNode(), createNode(), createNode()]);
    ends.push(() => seller.host.stop());
    const { envelope } = present(seller, '700', 10);
    const { peerId } = seller.host;
    const altered = new Uint8Array(envelope);
    altered[altered.length - 8]! ^= 1;
    const own = present(broker, '1', 10).envelope;
    const stale = recordOf(seller.identity, { iat: 1_700_000_000, exp: 1_700_000_600 }).envelope;
    const lies = [
      { peerId, envelope: altered },
      { peerId, envelope: own },
      { peerId, envelope: stale },
      { peerId, envelope: new Uint8Array(40) },
    ];
    const { search } = await clientOf(client, [await serving(broker, () => answerOf(...lies))]);
    const found = await search(questionAbout(TERM), patience);
    expect(found.hits).toEqual([]);
    const reasons = found.dropped.map(({ reason }) => reason).sort();
    expect(reasons).toHaveLength(4);
    expect(reasons).toEqual(expect.arrayContaining(['EXPIRED', 'MALFORMED', 'WRONG_KEY']));
    expect(found.trace.filter(({ event }) => event === 'refused')).toHaveLength(4);
    expect(found.outcome).toBe('partial');
  });

  it('a broker that lies about quotes is caught: of others, run out, not asked, or by another', async () => {
    const [broker, seller, client] = await Promise.all([createNode(), createNode(), createNode()]);
    ends.push(() => seller.host.stop());
    const nowSeconds = client.clock.nowSeconds();
    const good = quoteFor(broker.identity, seller.identity, { nowSeconds });
    const other = quoteFor(broker.identity, seller.identity, { nowSeconds, lastsSeconds: 59 });
    const lies = [
      quoteFor(seller.identity, seller.identity, { nowSeconds }),
      quoteFor(broker.identity, seller.identity, { nowSeconds, lastsSeconds: -1 }),
      {
        request: other.request,
        quote: quoteFor(client.identity, seller.identity, { nowSeconds }).quote,
      },
      {
        request: good.request,
        quote: quoteFor(broker.identity, client.identity, { nowSeconds }).quote,
      },
      { request: good.request, quote: new Uint8Array(40) },
    ];
    const address = await serving(broker, () => ({ ...answerOf(), quotes: [good, ...lies] }));
    const { search } = await clientOf(client, [address]);
    const { brokers } = await search(aboutBrokers, patience);
    expect(brokers?.quotes.map(({ contractor }) => contractor)).toEqual([seller.host.peerId]);
  });

  it('a broker that tells of what was not asked for gives no hit', async () => {
    const [broker, client] = await Promise.all([createNode(), createNode()]);
    const iat = broker.clock.nowSeconds();
    const content = contentOf({ term: 'performs:other' });
    const other = recordOf(broker.identity, { ...content, iat, exp: iat + 600 });
    const answer = answerOf({ peerId: broker.host.peerId, envelope: other.envelope });
    const { search } = await clientOf(client, [await serving(broker, () => answer)]);
    expect((await search(questionAbout(TERM), patience)).hits).toEqual([]);
  });

  it('a broker that leaves out, or has old records, is made good by merging', async () => {
    const nodes = await createNetwork(4);
    const [client, broker, left, changed] = nodes as [TestNode, TestNode, TestNode, TestNode];
    ends.push(
      ...[left, changed].map(
        ({ host }) =>
          () =>
            host.stop(),
      ),
    );
    const old = await changed.advertiser.publish(contentOf({ term: TERM, priceMicroUsd: '1' }));
    await changed.advertiser.publish(contentOf({ term: TERM, priceMicroUsd: '900' }));
    await left.advertiser.publish(contentOf({ term: TERM, priceMicroUsd: '500' }));
    const { envelope } = old.record;
    const answer = answerOf({ peerId: changed.host.peerId, envelope });
    const { search } = await clientOf(client, [await serving(broker, () => answer)]);
    const found = await search(aboutBrokers, {});
    const prices = found.hits.map(({ peerId, offer }) => [peerId, offer.priceMicroUsd]);
    expect(new Map(prices as [string, string][])).toEqual(
      new Map([
        [left.host.peerId, '500'],
        [changed.host.peerId, '900'],
      ]),
    );
  });

  it('says of a hit of the network that a broker has the same record', async () => {
    const nodes = await createNetwork(3);
    const [client, broker, seller] = nodes as [TestNode, TestNode, TestNode];
    ends.push(() => seller.host.stop());
    const { record } = await seller.advertiser.publish(contentOf({ term: TERM }));
    let answer = answerOf();
    const { search } = await clientOf(client, [await serving(broker, () => answer)]);
    expect((await search(aboutBrokers, {})).hits[0]).not.toHaveProperty('isAtBroker');
    answer = answerOf({ peerId: seller.host.peerId, envelope: record.envelope });
    const [hit] = (await search(aboutBrokers, {})).hits;
    expect(hit).toMatchObject({ source: 'holder', isAtBroker: true });
  });

  it('adds what only the broker knows, and has the newer record of a peer', async () => {
    const nodes = await createNetwork(3);
    const [client, broker, seller] = nodes as [TestNode, TestNode, TestNode];
    ends.push(() => seller.host.stop());
    const published = await seller.advertiser.publish(contentOf({ term: TERM }));
    const newer = present(seller, '42', published.record.body.seq + 5);
    const own = present(broker, '43', 1);
    const answer = answerOf(
      { peerId: seller.host.peerId, envelope: newer.envelope },
      { peerId: broker.host.peerId, envelope: own.envelope },
    );
    const { search } = await clientOf(client, [await serving(broker, () => answer)]);
    const { hits } = await search(aboutBrokers, {});
    expect(hits.map(({ offer }) => offer.priceMicroUsd).sort()).toEqual(['42', '43']);
  });

  it('goes without one that does not answer', async () => {
    const client = await createNode();
    const { search } = await clientOf(client, [
      `/ip4/127.0.0.1/tcp/1/p2p/${(await gone()).peerId}`,
    ]);
    const found = await search(questionAbout(TERM), patience);
    expect(found).toMatchObject({ outcome: 'unreachable', hits: [] });
    expect(found.trace.at(-1)).toMatchObject({ event: 'no-broker' });
  });
});

describe('whether a broker is asked at all', () => {
  type Result = Awaited<ReturnType<BrokeredSearch['search']>>;
  const FOUND: Result = {
    query: TERM,
    outcome: 'complete',
    hits: [],
    asked: 5,
    answered: 5,
    elapsedMs: 1,
    lookAgeMs: 0,
    firstHitMs: null,
    trace: [],
    dropped: [],
  };
  const record = { id: new Uint8Array(32), body: { seq: 1 } };
  const hits = [{ peerId: 'somebody', record }] as unknown as Result['hits'];

  /** What came of a search, and the brokers that were dialled for it. */
  async function searched(found: Partial<Result>, isForBrokers: boolean) {
    const dialled: string[] = [];
    const dial = (address: string) => {
      dialled.push(address);
      return Promise.reject(new Error('nobody there'));
    };
    const brokers = ['/ip4/127.0.0.1/tcp/1/p2p/one', '/ip4/127.0.0.1/tcp/1/p2p/two'];
    const { search } = new BrokeredSearch({
      brokers,
      host: { dial, peerId: 'self' },
      search: () => Promise.resolve({ ...FOUND, ...found }),
    } as unknown as ConstructorParameters<typeof BrokeredSearch>[0]);
    const result = await search({ ...questionAbout(TERM), isForBrokers }, {});
    expect([[], brokers]).toContainEqual(dialled);
    return { isAsked: dialled.length > 0, result };
  }

  it.each<[string, Partial<Result>]>([
    ['has looked everywhere and found nothing', {}],
    ['has looked everywhere and found somebody', { hits }],
    ['has found somebody, and not all have answered', { outcome: 'partial', hits }],
  ])('none is where the DHT %s, unless at the wish of the caller', async (_, found) => {
    const { isAsked, result } = await searched(found, false);
    expect(isAsked).toBe(false);
    expect(result).toEqual({ ...FOUND, ...found });
    expect((await searched(found, true)).isAsked).toBe(true);
  });

  it.each<[string, Partial<Result>]>([
    ['has found nothing, and not all have answered', { outcome: 'partial' }],
    ['cannot be reached', { outcome: 'unreachable', asked: 0, answered: 0 }],
  ])('every one is where the DHT %s', async (_, found) => {
    const { isAsked, result } = await searched(found, false);
    expect(isAsked).toBe(true);
    // Neither broker was there: the word of the DHT stands.
    expect(result).toMatchObject({ outcome: found.outcome, hits: [] });
  });
});

async function gone(): Promise<{ peerId: string }> {
  const node = await createNode();
  await node.host.stop();
  return { peerId: node.host.peerId };
}
