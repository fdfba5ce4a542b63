import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { questionAbout, searchContractors } from '../../skill-discovery/find-contractors.ts';
import type { SearchResult } from '../../skill-discovery/find-contractors.ts';
import { writeStoredRecord } from '../../skill-discovery/stored-records.ts';
import { contentOf, createNetwork, createNode, recordOf } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

type Handlers = Record<string, { handle(): Promise<never> }>;

function handlersOf({ host }: TestNode): Handlers {
  return (host.dht as unknown as { rpc: { handlers: Handlers } }).rpc.handlers;
}

const NEVER = (): Promise<never> => new Promise<never>(() => undefined);

/** Runs `step` while these nodes answer no lookup. */
async function whileSilent<T>(
  nodes: readonly TestNode[],
  step: () => Promise<T>,
  handle: () => Promise<never> = () => Promise.reject(new Error('silent')),
): Promise<T> {
  const before = nodes.map((node) => ({ node, handlers: { ...handlersOf(node) } }));
  for (const node of nodes) {
    Object.assign(handlersOf(node), { GET_PROVIDERS: { handle }, GET_VALUE: { handle } });
  }
  try {
    return await step();
  } finally {
    for (const { node, handlers } of before) Object.assign(handlersOf(node), handlers);
  }
}

let records = 0;

/** A peer has a record, and tells nobody what it offers. */
async function recordUntold(node: TestNode, term: string): Promise<void> {
  const iat = node.clock.nowSeconds();
  const addresses = [...node.host.addresses()];
  const seq = iat + ++records;
  const dates = { seq, iat, exp: iat + 3_600, addresses };
  const { envelope } = recordOf(node.identity, { ...contentOf({ term }), ...dates });
  const { datastore, peerId } = node.host;
  await writeStoredRecord(datastore, peerId, envelope, node.clock.nowMs());
}

describe('the outcome of a search among five real nodes', () => {
  let nodes: TestNode[];
  let client: TestNode;
  beforeAll(async () => {
    nodes = await createNetwork(5);
    client = nodes[4]!;
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  const askFor = (term: string, known: readonly string[] = []): Promise<SearchResult> =>
    searchContractors(client, { ...questionAbout(term), known });

  it('is complete without a hit while three of four answer, and partial while two do', async () => {
    const one = await whileSilent(nodes.slice(0, 1), () => askFor('performs:unheard-of'));
    expect(one).toMatchObject({ asked: 4, answered: 3, outcome: 'complete', hits: [] });
    const two = await whileSilent(nodes.slice(0, 2), () => askFor('performs:unheard-of'));
    expect(two).toMatchObject({ asked: 4, answered: 2, outcome: 'partial', hits: [] });
  });

  it('is complete with a hit while half of them answer, and partial while fewer do', async () => {
    await nodes[3]!.advertiser.publish(contentOf({ term: 'performs:nlp/sentiment' }));
    const two = await whileSilent(nodes.slice(0, 2), () => askFor('performs:nlp/sentiment'));
    expect(two).toMatchObject({ answered: 2, outcome: 'complete' });
    expect(two.hits).toHaveLength(1);
    const three = await whileSilent(nodes.slice(0, 3), () => askFor('performs:nlp/sentiment'));
    expect(three).toMatchObject({ answered: 1, outcome: 'partial' });
    expect(three.hits).toHaveLength(1);
  });

  it('finds a peer that is known to have offered it, though nobody names it', async () => {
    const seller = nodes[1]!;
    await recordUntold(seller, 'performs:untold/first');
    expect(await askFor('performs:untold')).toMatchObject({ outcome: 'complete', hits: [] });
    const { peerId } = seller.host;
    const found = await askFor('performs:untold', [peerId, client.host.peerId, 'no peer']);
    expect(found).toMatchObject({ outcome: 'complete', dropped: [] });
    expect(found.hits).toMatchObject([{ peerId, source: 'holder' }]);
    const probed = found.trace.filter(({ event }) => event === 'known');
    expect(probed.map((entry) => entry.peerId)).toEqual([peerId]);
  });

  it('finds such a peer also where no lookup is answered, and calls that partial', async () => {
    const seller = nodes[1]!;
    await recordUntold(seller, 'performs:untold/second');
    const others = nodes.filter((node) => node !== seller && node !== client);
    const { peerId } = seller.host;
    const handle = (): Promise<never> => Promise.reject(new Error('silent'));
    const { GET_PROVIDERS } = handlersOf(seller);
    Object.assign(handlersOf(seller), { GET_PROVIDERS: { handle } });
    const found = await whileSilent(others, () => askFor('performs:untold', [peerId]));
    Object.assign(handlersOf(seller), { GET_PROVIDERS });
    expect(found).toMatchObject({ outcome: 'partial', hits: [{ peerId }] });
  });

  it('is the same with known peers that are gone or offer something else', async () => {
    await recordUntold(nodes[2]!, 'performs:something-else');
    const late = await createNode(nodes[0]!.host.addresses());
    await client.host.dial(late.host.addresses()[0]!);
    await late.host.stop();
    const known = [nodes[2]!.host.peerId, late.host.peerId, Identity.generate().peerId];
    const found = await askFor('performs:unheard-of', known);
    expect(found).toMatchObject({ hits: [], dropped: [] });
    const without = await askFor('performs:unheard-of');
    expect(found.outcome).toBe(without.outcome);
  });

  it('waits a second at most for a known peer that is mute and that nobody names', async () => {
    const mute = nodes[1]!;
    const { peerId } = mute.host;
    const ask = (): Promise<SearchResult> => askFor('performs:unheard-of', [peerId]);
    const handlers = handlersOf(mute);
    const { GET_VALUE } = handlers;
    Object.assign(handlers, { GET_VALUE: { handle: NEVER } });
    const found = await ask();
    Object.assign(handlers, { GET_VALUE });
    expect(found).toMatchObject({ outcome: 'complete', hits: [], knownNoMore: [peerId] });
    expect(found.elapsedMs).toBeLessThan(1_900); // a holder that others name has two seconds
    expect(await ask()).toMatchObject({ knownNoMore: [peerId] }); // it answers, and sells nothing
  });

  it('looks again where a lookup named nobody, also with a known peer that answered', async () => {
    const [refusing, other] = nodes as [TestNode, TestNode];
    await recordUntold(other, 'performs:something-else');
    const ask = (): Promise<SearchResult> => askFor('performs:unheard-of', [other.host.peerId]);
    const { trace } = await whileSilent([refusing], ask);
    expect(trace.filter(({ event }) => event === 'retry')).toHaveLength(1);
  });

  it('tells in its trace who was silent when the time ran out', async () => {
    const mute = nodes.slice(0, 2);
    const ask = (): Promise<SearchResult> =>
      searchContractors(client, questionAbout('performs:unheard-of'), { timeoutMs: 800 });
    const { trace, outcome } = await whileSilent(mute, ask, NEVER);
    expect(outcome).toBe('partial');
    const silent = trace.filter(({ event }) => event === 'no-answer').map(({ peerId }) => peerId);
    expect([...new Set(silent)].sort()).toEqual(mute.map(({ host }) => host.peerId).sort());
  });

  it('says of a known peer that others name too why it is left out', async () => {
    const seller = nodes[3]!;
    await seller.advertiser.publish(contentOf({ term: 'performs:first-offer' }));
    await seller.advertiser.publish(contentOf({ term: 'performs:other-offer' }));
    const { peerId } = seller.host;
    const found = await askFor('performs:first-offer', [peerId]);
    expect(found.dropped).toEqual([{ peerId, reason: 'NO_MATCHING_OFFER' }]);
  });
});
