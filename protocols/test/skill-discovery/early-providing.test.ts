import type { KadDHT } from '@libp2p/kad-dht';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import { tellNearest } from '../../skill-discovery/early-providing.ts';
import { contentOf, createNetwork, refuseEarlyMessages } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

const SIZE = 8;

/** PeerIds of the four nodes nearest to a key, by XOR (Maymounkov and Mazieres 2002). */
function nearestTo(term: string, nodes: readonly TestNode[]): string[] {
  const target = sha256(providerCid(term).multihash.bytes);
  const distances = nodes.map(({ host: { libp2p, peerId } }) => {
    const id = sha256(libp2p.peerId.toMultihash().bytes);
    return { peerId, distance: toHex(id.map((byte, i) => byte ^ target[i]!)) };
  });
  distances.sort((a, b) => (a.distance < b.distance ? -1 : 1));
  return distances.slice(0, 4).map(({ peerId }) => peerId);
}

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
    const provide = host.dht.provide.bind(host.dht);
    vi.spyOn(host.dht, 'provide').mockImplementation(async function* (cid, options) {
      await lookup.promise;
      // That of the ancestor tells nobody.
      if (cid.equals(providerCid('performs:early/one'))) yield* provide(cid, options);
    });
    const published = advertiser.publish(contentOf({ term: 'performs:early/one' }));
    await vi.waitFor(async () => {
      expect(await namedBy(nodes[0]!, 'performs:early/one')).toHaveLength(4);
    }, 10_000);
    const named = await namedBy(nodes[0]!, 'performs:early/one');
    expect(named.sort()).toEqual(nearestTo('performs:early/one', nodes.slice(1)).sort());
    expect(await namedBy(nodes[0]!, 'performs:early')).toEqual([]);
    lookup.resolve();
    expect(await published).toMatchObject({ readBack: true });
    await vi.waitFor(async () => {
      expect(await namedBy(nodes[0]!, 'performs:early')).toHaveLength(4);
    }, 10_000);
  }, 60_000);

  it('is not published where nobody was told but early: who needs it may ask others', async () => {
    const { advertiser, host } = nodes[2]!;
    const provide = vi.spyOn(host.dht, 'provide').mockImplementation(async function* () {});
    const content = contentOf({ term: 'performs:told-twice' });
    const failed = await advertiser.publish(content);
    expect(failed).toMatchObject({ readBack: false, reason: 'NOT_SEEN', providedTerms: [] });
    provide.mockRestore();
    // And those told once are not told early again: each message costs one of a bounded number.
    const early = refuseEarlyMessages(host);
    expect(await advertiser.publish(content)).toMatchObject({ readBack: true });
    expect(early.count).toBe(0);
  }, 60_000);

  it('is published as soon as others have it, whatever a mute peer does', async () => {
    const { advertiser, host } = nodes[3]!;
    const { promise: neverYet, resolve: release } = Promise.withResolvers<void>();
    const early = refuseEarlyMessages(host, neverYet);
    const published = await advertiser.publish(contentOf({ term: 'performs:early/of/mute' }));
    expect(published).toMatchObject({ readBack: true });
    // Of the term and, since the term is known, of its two ancestors.
    expect(early.count).toBe(12);
    release();
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
      /expected kad-dht 16 with routingTable.closestPeers/,
    );
  });
});
