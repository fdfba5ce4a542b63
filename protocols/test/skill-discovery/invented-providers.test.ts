/** Peers that answer lookups with providers whom nobody else knows. */

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { peerIdBytesOf } from '../../../crypto/identity.ts';
import { searchContractors } from '../../skill-discovery/find-contractors.ts';
import type { SearchResult } from '../../skill-discovery/find-contractors.ts';
import { isAtOrBelow } from '../../skill-discovery/terms.ts';
import { contentOf, createNetwork, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

const SIZE = 10;
/** A fifth of all. */
const LIARS = 2;
const KEYS = Array.from({ length: 16 }, (_, i) => `performs:many/key-${i}`);
/** Looked up last. */
const LAST = KEYS.at(-1)!;

interface Handler {
  handle(from: unknown, message: unknown): Promise<object | undefined>;
}
type Handlers = Record<'GET_PROVIDERS', Handler>;

describe('a fifth of all peers that invent providers', () => {
  let liars: readonly TestNode[];
  let honest: readonly TestNode[];
  let client: TestNode;
  const restore: (() => void)[] = [];

  beforeAll(async () => {
    const nodes = await createNetwork(SIZE);
    liars = nodes.slice(0, LIARS);
    honest = nodes.slice(LIARS);
    await honest[0]!.advertiser.publish(contentOf({ term: LAST }));
    await honest[0]!.advertiser.settled();
    // Came later: it keeps no key itself.
    client = await createNode(honest[1]!.host.addresses());
    await until('it knows all', () => client.host.routingTableSize() >= SIZE);
  }, 120_000);
  afterEach(() => {
    for (const one of restore.splice(0)) one();
  });

  function wrap(
    node: TestNode,
    answer: (own: () => Promise<object | undefined>) => Promise<object>,
  ) {
    const { handlers } = (node.host.dht as unknown as { rpc: { handlers: Handlers } }).rpc;
    const { GET_PROVIDERS } = handlers;
    restore.push(() => Object.assign(handlers, { GET_PROVIDERS }));
    handlers.GET_PROVIDERS = {
      handle: (from, message) => answer(() => GET_PROVIDERS.handle(from, message)),
    };
  }

  /** Each answer of a liar names so many others than all answers before it. */
  function lie(namesPerAnswer: number): void {
    for (const liar of liars) {
      wrap(liar, async (own) => {
        const providers = Array.from({ length: namesPerAnswer }, () => ({
          id: peerIdBytesOf(randomBytes(32)),
          multiaddrs: [],
        }));
        return { ...(await own()), providers };
      });
    }
  }

  function ask(keys: readonly string[]): Promise<SearchResult> {
    const { host, guard, clock } = client;
    const question = {
      query: 'many',
      keys,
      needs: 'many',
      matching: ({ offers }: { offers: SearchResult['hits'][number]['offer'][] }) =>
        offers.filter(({ term }) => isAtOrBelow(term, 'performs:many')),
    };
    return searchContractors({ host, guard, clock }, question);
  }

  it('hides nobody by naming thousands before the others answer', async () => {
    lie(2_500);
    for (const node of honest) {
      wrap(node, async (own) => {
        await delay(300);
        return (await own())!;
      });
    }
    const { hits, dropped } = await ask([LAST]);
    expect(hits.map(({ peerId }) => peerId)).toEqual([honest[0]!.host.peerId]);
    expect(dropped).toHaveLength(LIARS * 256);
  }, 60_000);

  it('hides nobody by naming a dozen for each of sixteen keys, the last of which is sold', async () => {
    lie(12);
    const { hits } = await ask(KEYS);
    expect(hits.map(({ peerId }) => peerId)).toEqual([honest[0]!.host.peerId]);
  }, 60_000);
});
