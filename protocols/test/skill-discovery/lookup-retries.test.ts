import { afterEach, describe, expect, it, vi } from 'vitest';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import type { SearchResult } from '../../skill-discovery/find-contractors.ts';
import { contentOf, createNetwork, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const TERM = 'performs:retried';

type Handle = (from: unknown, message: { key: Uint8Array }) => Promise<unknown>;

interface DhtParts {
  readonly rpc: { readonly handlers: Record<string, { handle: Handle }> };
  readonly queryManager: { run(key: Uint8Array, ...rest: unknown[]): AsyncIterable<unknown> };
}

const partsOf = ({ host }: TestNode): DhtParts => host.dht as unknown as DhtParts;

/** `times` answers of the node to who asks for providers are `instead`, and then its own. */
function answerInstead(node: TestNode, times: number, instead: Handle): void {
  const { handlers } = partsOf(node).rpc;
  const { GET_PROVIDERS } = handlers;
  let left = times;
  handlers['GET_PROVIDERS'] = {
    handle: (from, message) =>
      left-- > 0 ? instead(from, message) : GET_PROVIDERS!.handle(from, message),
  };
}

const refuse: Handle = () => Promise.reject(new Error('no'));
const nameNobody: Handle = (_, message) =>
  Promise.resolve({ ...message, closer: [], providers: [] });

/** `times` lookups of the node for providers break off before anybody is asked. */
function breakOff(node: TestNode, times: number): void {
  const { queryManager } = partsOf(node);
  const run = queryManager.run.bind(queryManager);
  const { bytes } = providerCid(TERM).multihash;
  let left = times;
  vi.spyOn(queryManager, 'run').mockImplementation((key, ...rest) => {
    if (Buffer.from(key).equals(bytes) && left-- > 0) throw new Error('the lookup broke off');
    return run(key, ...rest);
  });
}

let nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.map(({ host }) => host.stop()));
  nodes = [];
});

/** A publisher, another that keeps its entry, and a client that came after and keeps none. */
async function startThree(): Promise<{ publisher: TestNode; other: TestNode; client: TestNode }> {
  nodes = await createNetwork(2);
  const [publisher, other] = nodes as [TestNode, TestNode];
  await publisher.advertiser.publish(contentOf({ term: TERM }));
  const client = await createNode(publisher.host.addresses());
  nodes.push(client);
  await until('the client has met both', () => client.host.routingTableSize() === 2);
  return { publisher, other, client };
}

/** How often the term was looked up. */
function lookupsIn({ trace }: SearchResult): number {
  return trace.filter(({ event, key }) => event === 'key' && key === TERM).length;
}

type Three = Awaited<ReturnType<typeof startThree>>;

/** What makes so many lookups in a row fail. */
const FAILURES: [string, (three: Three, times: number) => void][] = [
  ['breaks off', ({ client }, times) => breakOff(client, times)],
  [
    'is answered by nobody',
    ({ publisher, other }, times) => {
      for (const node of [publisher, other]) answerInstead(node, times, refuse);
    },
  ],
  [
    'is answered by some alone, who name nobody',
    ({ publisher, other }, times) => {
      answerInstead(publisher, times, refuse);
      answerInstead(other, times, nameNobody);
    },
  ],
];

describe('a lookup of a term', () => {
  it.each(FAILURES)('that %s once is tried again, and finds the skill', async (_, fail) => {
    const three = await startThree();
    fail(three, 1);
    const found = await three.client.find(TERM);
    expect(found.hits.map(({ peerId }) => peerId)).toEqual([three.publisher.host.peerId]);
    expect(found.outcome).toBe('complete');
    expect(lookupsIn(found)).toBe(2);
    expect(found.trace.filter(({ event }) => event === 'retry')).toMatchObject([{ key: TERM }]);
  });

  it.each(FAILURES)('that %s twice is tried no third time', async (_, fail) => {
    const three = await startThree();
    fail(three, 2);
    const found = await three.client.find(TERM);
    expect(found.hits).toEqual([]);
    expect(found.outcome === 'unreachable').toBe(found.answered === 0);
    expect(lookupsIn(found)).toBe(2);
    // The next search is another one.
    expect((await three.client.find(TERM)).hits).toHaveLength(1);
  });

  it('that all have answered is not tried again, whatever it found', async () => {
    const { client } = await startThree();
    expect(lookupsIn(await client.find(TERM))).toBe(1);
    const { trace } = await client.find('performs:nobody-does');
    expect(trace.filter(({ event }) => event === 'key')).toHaveLength(1);
  });
});
