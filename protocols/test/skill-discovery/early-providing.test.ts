import type { KadDHT, QueryEvent } from '@libp2p/kad-dht';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import { tellNearest } from '../../skill-discovery/early-providing.ts';
import { contentOf, createNetwork, refuseEarlyMessages } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

const SIZE = 8;

describe('a key that is provided', () => {
  let nodes: TestNode[];
  beforeAll(async () => {
    nodes = await createNetwork(SIZE);
  }, 60_000);

  /** PeerIds of the nodes that name `publisher` as a provider. */
  async function namedBy(publisher: TestNode, term: string): Promise<string[]> {
    const naming: string[] = [];
    for (const { host } of nodes) {
      const providers = await storedProviders(host.dht, providerCid(term));
      if (host !== publisher.host && providers.includes(publisher.host.peerId)) {
        naming.push(host.peerId);
      }
    }
    return naming;
  }

  it('is told to four of the nearest peers before any lookup ends, and its ancestors too', async () => {
    const { advertiser, host } = nodes[0]!;
    const lookup = Promise.withResolvers<void>();
    const provide = vi
      .spyOn(host.dht, 'provide')
      .mockImplementation(() => lookupThatTellsNobody(lookup.promise));
    const published = advertiser.publish(contentOf({ term: 'performs:early/one' }));
    await vi.waitFor(async () => {
      expect(await namedBy(nodes[0]!, 'performs:early/one')).toHaveLength(4);
    }, 10_000);
    expect(await namedBy(nodes[0]!, 'performs:early')).toEqual([]);
    lookup.resolve();
    // A publication counts as told only what was told after a lookup.
    expect(await published).toMatchObject({ readBack: true, providedTerms: [] });
    expect(await namedBy(nodes[0]!, 'performs:early')).toHaveLength(4);
    provide.mockRestore();
  }, 60_000);

  it('is provided in full where nobody can be told early', async () => {
    const { advertiser, host } = nodes[1]!;
    const refused = refuseEarlyMessages(host);
    const term = 'performs:late';
    const published = await advertiser.publish(contentOf({ term }));
    expect(refused.count).toBe(4);
    expect(published).toMatchObject({ readBack: true, providedTerms: [term] });
    await vi.waitFor(async () => expect(await namedBy(nodes[1]!, term)).toHaveLength(SIZE - 1));
  }, 60_000);

  it('is told to nobody by another version of the DHT, and an error says so', async () => {
    const { host } = nodes[0]!;
    const dht = { network: {}, routingTable: {} } as unknown as KadDHT;
    const other = { libp2p: host.libp2p, dht } as typeof host;
    await expect(tellNearest(other, 'performs:x', AbortSignal.timeout(1_000))).rejects.toThrow(
      /expected kad-dht 16/,
    );
  });
});

async function* lookupThatTellsNobody(
  end: Promise<void>,
): AsyncGenerator<QueryEvent, void, undefined> {
  await end;
  yield* [];
}
