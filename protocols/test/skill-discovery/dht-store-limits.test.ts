import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { MemoryDatastore } from 'datastore-core';
import fc from 'fast-check';
import { Key } from 'interface-datastore';
import { describe, expect, it, vi } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { Identity, peerIdBytesOf, peerIdToText } from '../../../crypto/identity.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import {
  DHT_STORE_LIMITS,
  DhtStoreFullError,
  limitDhtStore,
} from '../../skill-discovery/dht-store-limits.ts';
import { readStoredRecord, writeStoredRecord } from '../../skill-discovery/stored-records.ts';
import { contentOf, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const bytes = new Uint8Array(1);
const own = Identity.generate().peerId;
const [ann, bob] = [Identity.generate().peerId, Identity.generate().peerId];
const entry = (cid: number, peerId: string) => new Key(`/dht/provider/cid${cid}/${peerId}`);
const limits = {
  maxProviderEntriesPerPeer: 3,
  maxProvidersPerKey: 4,
  maxProviderEntries: 5,
  maxRecords: 2,
};
const full = (limit: string) =>
  expect.objectContaining({
    code: 'DHT_STORE_FULL',
    details: expect.objectContaining({ limit }) as object,
  }) as Error;

/** A store on a slow disk. */
class SlowlyDeletingStore extends MemoryDatastore {
  override async delete(key: Key): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await super.delete(key);
  }
}

describe('limits of the DHT store', () => {
  it('keep the later of two records of a peer that come while another makes room for them', async () => {
    const networks = new Map<string, string>();
    const store = await limitDhtStore(new SlowlyDeletingStore(), {
      ownPeerId: own,
      limits: { ...DHT_STORE_LIMITS, maxRecords: 2 },
      networkOfPeer: (peerId) => networks.get(peerId),
    });
    for (const peerId of [ann, bob]) {
      networks.set(peerId, '192.0.2');
      await writeStoredRecord(store, peerId, bytes, 1);
    }
    const late = Identity.generate().peerId;
    networks.set(late, '198.51.100');
    const [older, newer] = [Uint8Array.of(1), Uint8Array.of(2)];
    await Promise.all([
      writeStoredRecord(store, late, older, 2),
      writeStoredRecord(store, late, newer, 3),
    ]);
    expect(await readStoredRecord(store, late)).toEqual(newer);
    expect(await readStoredRecord(store, ann)).toBeUndefined();
  });

  it('refuse a peer more entries than its share, and take the renewal of each', async () => {
    const store = await limitDhtStore(new MemoryDatastore(), { ownPeerId: own, limits });
    for (const cid of [1, 2, 3, 1, 2, 3]) await store.put(entry(cid, ann), bytes);
    await expect(store.put(entry(4, ann), bytes)).rejects.toEqual(
      full('maxProviderEntriesPerPeer'),
    );
    await store.delete(entry(1, ann));
    await store.delete(entry(1, ann));
    await store.put(entry(4, ann), bytes);
    await expect(store.put(entry(5, ann), bytes)).rejects.toBeInstanceOf(DhtStoreFullError);
  });

  it('refuse all peers together more than the whole, and never the node itself', async () => {
    const store = await limitDhtStore(new MemoryDatastore(), { ownPeerId: own, limits });
    for (const cid of [1, 2, 3]) await store.put(entry(cid, ann), bytes);
    for (const cid of [1, 2]) await store.put(entry(cid, bob), bytes);
    await expect(store.put(entry(3, bob), bytes)).rejects.toEqual(full('maxProviderEntries'));
    for (const cid of [1, 2, 3, 4]) await store.put(entry(cid, own), bytes);
  });

  it('refuse records beyond the limit, and never the own one', async () => {
    const store = await limitDhtStore(new MemoryDatastore(), { ownPeerId: own, limits });
    await writeStoredRecord(store, ann, bytes, 0);
    await writeStoredRecord(store, bob, bytes, 0);
    await writeStoredRecord(store, bob, new Uint8Array(2), 0);
    const third = writeStoredRecord(store, Identity.generate().peerId, bytes, 0);
    await expect(third).rejects.toEqual(full('maxRecords'));
    await writeStoredRecord(store, own, bytes, 0);
    expect(await readStoredRecord(store, own)).toEqual(bytes);
  });

  it('count what is in the store when it is opened, and leave everything else alone', async () => {
    const inner = new MemoryDatastore();
    for (const cid of [1, 2, 3]) await inner.put(entry(cid, ann), bytes);
    const store = await limitDhtStore(inner, { ownPeerId: own, limits });
    await expect(store.put(entry(4, ann), bytes)).rejects.toBeInstanceOf(DhtStoreFullError);
    for (let i = 0; i < 20; i++) await store.put(new Key(`/peers/${i}`), bytes);
    expect(await store.has(new Key('/peers/19'))).toBe(true);
  });

  it('hold against a peer that provides without end', async () => {
    const maxProviderEntriesPerPeer = 12;
    const dhtStoreLimits = { ...DHT_STORE_LIMITS, maxProviderEntriesPerPeer };
    const victim = await createNode([], { dhtStoreLimits });
    const flooder = await createNode(victim.host.addresses());
    try {
      await flooder.host.waitForPeers(1, AbortSignal.timeout(10_000));
      const entriesAt = async (): Promise<number> => {
        let count = 0;
        for await (const key of victim.host.datastore.queryKeys({ prefix: '/dht/provider/' })) {
          if (key.toString().endsWith(flooder.host.peerId)) count += 1;
        }
        return count;
      };
      const flood = async (from: number, to: number): Promise<void> => {
        for (let i = from; i < to; i++) {
          const signal = AbortSignal.timeout(5_000);
          for await (const _ of flooder.host.dht.provide(providerCid(`performs:flood-${i}`), {
            signal,
          }));
        }
      };
      await flood(0, 20);
      await until(
        'the share is full',
        async () => (await entriesAt()) === maxProviderEntriesPerPeer,
      );
      await flood(100, 105);
      expect(await entriesAt()).toBe(maxProviderEntriesPerPeer);
      const first = await storedProviders(victim.host.dht, providerCid('performs:flood-0'));
      expect(first).toEqual([flooder.host.peerId]);
    } finally {
      await Promise.all([victim.host.stop(), flooder.host.stop()]);
    }
  });
});

/** Short names in the place of PeerIds; those of proven peers start with `p`. */
const isProven = (name: string): boolean => name.startsWith('p');
const openNamed = (datastore: MemoryDatastore, maxProvidersPerKey: number) =>
  limitDhtStore(datastore, {
    ownPeerId: own,
    limits: { ...DHT_STORE_LIMITS, maxProvidersPerKey },
    isProven,
  });

async function namesUnder(store: { queryKeys: MemoryDatastore['queryKeys'] }, cid: number) {
  const names: string[] = [];
  for await (const key of store.queryKeys({ prefix: `/dht/provider/cid${cid}/` })) {
    names.push(key.toString().split('/').pop()!);
  }
  return names.sort();
}

describe('providers of one key', () => {
  it('give way to a new one beyond the limit: the unproven first, the oldest of them', async () => {
    const inner = new MemoryDatastore();
    const store = await openNamed(inner, 3);
    for (const name of ['p1', 'x1', 'x2', 'x1', 'x3']) await store.put(entry(1, name), bytes);
    // x1 was renewed, so x2 was the oldest.
    expect(await namesUnder(inner, 1)).toEqual(['p1', 'x1', 'x3']);
    await store.put(entry(2, 'x4'), bytes);
    for (const name of ['p2', 'p3']) await store.put(entry(1, name), bytes);
    expect(await namesUnder(inner, 1)).toEqual(['p1', 'p2', 'p3']);
    await expect(store.put(entry(1, 'x5'), bytes)).rejects.toEqual(full('maxProvidersPerKey'));
    await store.put(entry(1, 'p4'), bytes);
    expect(await namesUnder(inner, 1)).toEqual(['p2', 'p3', 'p4']);
    expect(await namesUnder(inner, 2)).toEqual(['x4']);
  });

  it('are taken up after a restart in the order in which they were written', async () => {
    const inner = new MemoryDatastore();
    // Varints as the module writes them; 300 has two bytes.
    await inner.put(entry(1, 'x1'), Uint8Array.of(0xac, 0x02));
    await inner.put(entry(1, 'x2'), Uint8Array.of(7));
    await inner.put(entry(1, 'x3'), Uint8Array.of(9));
    const store = await openNamed(inner, 3);
    await store.put(entry(1, 'x4'), bytes);
    expect(await namesUnder(inner, 1)).toEqual(['x1', 'x3', 'x4']);
  });

  it('stay bounded in every order, and no unproven one replaces a proven one', async () => {
    const name = fc.constantFrom(own, 'p1', 'p2', 'p3', 'p4', 'x1', 'x2', 'x3', 'x4');
    const step = fc.record({ name, cid: fc.integer({ min: 1, max: 2 }), isDelete: fc.boolean() });
    const limit = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(limit, fc.array(step, { maxLength: 40 }), async (max, steps) => {
        const inner = new MemoryDatastore();
        const store = await openNamed(inner, max);
        for (const { name, cid, isDelete } of steps) {
          const before = await namesUnder(inner, cid);
          const key = entry(cid, name);
          const change = async () => (isDelete ? store.delete(key) : store.put(key, bytes));
          const isTaken = await change().then(
            () => true,
            () => false,
          );
          const after = await namesUnder(inner, cid);
          const left = before.filter((other) => !after.includes(other) && other !== name);
          expect(after.filter((other) => other !== own).length).toBeLessThanOrEqual(max);
          expect(left.length).toBeLessThanOrEqual(isDelete || name === own ? 0 : 1);
          expect(left).not.toContain(own);
          const [gone] = left;
          if (gone !== undefined && isProven(gone)) {
            expect(isProven(name)).toBe(true);
            expect(after.filter((other) => other.startsWith('x'))).toEqual([]);
          }
          if (isDelete) continue;
          // Refused only where every place is held by proven ones.
          expect(after.includes(name)).toBe(isTaken);
          if (!isTaken) {
            expect(isProven(name) || before.includes(name)).toBe(false);
            expect(before.filter(isProven)).toHaveLength(max);
          }
        }
      }),
    );
  });
});

describe('provider flooding of the whole store', () => {
  /** Names of a crowd say their network before the dash. */
  const networkOfPeer = (name: string): string | undefined => name.split('-')[1] && name[0];
  const small = { ...DHT_STORE_LIMITS, maxProviderEntries: 2_048, maxProviderEntriesPerPeer: 16 };
  const open = (inner: MemoryDatastore, isTold = true) =>
    limitDhtStore(inner, {
      ownPeerId: own,
      limits: small,
      // The crowd has a record each, and the honest publisher's was not seen here.
      isProven: (name) => name.includes('-'),
      ...(isTold ? { networkOfPeer } : {}),
    });
  const offers = Array.from({ length: 16 }, (_, cid) => cid);
  const put = async (store: { put: MemoryDatastore['put'] }, cid: number, name: string) => {
    try {
      await store.put(entry(cid, name), bytes);
      return 'kept';
    } catch (error) {
      return (error as DhtStoreFullError).details.limit;
    }
  };
  const keptOf = async (inner: MemoryDatastore, name: string): Promise<number> => {
    let count = 0;
    for await (const key of inner.queryKeys({ prefix: '/dht/provider/' })) {
      if (key.toString().endsWith(`/${name}`)) count += 1;
    }
    return count;
  };
  const flood = async (store: { put: MemoryDatastore['put'] }): Promise<void> => {
    for (let peer = 0; peer < 128; peer++) {
      for (const offer of offers) {
        await put(store, 1_000 + peer * 16 + offer, `${'abcd'[peer % 4]}-${peer}`);
      }
    }
  };

  it.each([true, false])(
    'a crowd of 128 identities on few networks changes nothing for a publisher (known: %s)',
    async (isTold) => {
      const inner = new MemoryDatastore();
      const store = await open(inner, isTold);
      await flood(store);
      for (let cid = 0; cid < 12; cid++) expect(await put(store, cid, 'honest')).toBe('kept');
      await flood(store);
      await flood(store);
      expect(await keptOf(inner, 'honest')).toBe(12);
      let size = 0;
      for await (const _ of inner.queryKeys({ prefix: '/dht/provider/' })) size += 1;
      expect(size).toBe(2_048);
    },
  );

  it('a crowd of one network with fewer entries each drives out itself', async () => {
    const inner = new MemoryDatastore();
    const store = await open(inner);
    for (const offer of offers) await put(store, offer, 'honest');
    for (let peer = 0; peer < 4_096; peer++) await put(store, 1_000 + peer, `a-${peer}`);
    expect(await keptOf(inner, 'honest')).toBe(16);
    expect(await put(store, 1, 'b-newcomer')).toBe('kept');
    expect(await put(store, 9_999, 'a-newcomer')).toBe('maxProviderEntries');
  });

  it.each<[string, (peer: number) => string]>([
    ['one network', () => 'a'],
    ['two networks', (peer) => 'ab'[peer % 2]!],
    ['three networks', (peer) => 'abc'[peer % 3]!],
  ])('a proven crowd of %s under one key drives out itself alone', async (_, networkAt) => {
    const inner = new MemoryDatastore();
    const limits = { ...DHT_STORE_LIMITS, maxProvidersPerKey: 16 };
    // Nobody here has seen the records of the honest ones.
    const isProven = (name: string) => !name.startsWith('h');
    const store = await limitDhtStore(inner, { ownPeerId: own, limits, isProven, networkOfPeer });
    const crowd = async (from: number): Promise<void> => {
      for (let peer = from; peer < from + 100; peer++) {
        await put(store, 1, `${networkAt(peer)}-${peer}`);
      }
    };
    await store.put(entry(1, 'h-first'), bytes);
    await crowd(0);
    await store.put(entry(1, 'honest'), bytes);
    await crowd(100);
    const kept = await namesUnder(inner, 1);
    expect(kept).toHaveLength(16);
    expect(kept).toContain('h-first');
    expect(kept).toContain('honest');
    // A search takes the first few of an answer: the honest ones are among them.
    const told: string[] = [];
    for await (const { key } of store.query({ prefix: '/dht/provider/cid1/' })) {
      told.push(key.toString().split('/').pop()!);
    }
    expect(told).toHaveLength(16);
    expect(told.slice(0, 5)).toEqual(expect.arrayContaining(['h-first', 'honest']));
  });

  it('a crowd of one network that fills the records refuses nobody of another', async () => {
    const names = Array.from({ length: 40 }, () => Identity.generate().peerId);
    const [honest, fellow, stranger] = [0, 1, 2].map(() => Identity.generate().peerId);
    const networks = new Map(names.map((name) => [name, 'a']));
    networks.set(honest!, 'b').set(fellow!, 'a');
    const store = await limitDhtStore(new MemoryDatastore(), {
      ownPeerId: own,
      limits: { ...DHT_STORE_LIMITS, maxRecords: 16 },
      networkOfPeer: (peer) => networks.get(peer),
    });
    const write = async (name: string) => {
      try {
        await writeStoredRecord(store, name, bytes, 0);
        return true;
      } catch {
        return false;
      }
    };
    await write(own);
    const taken = [];
    for (const name of names) taken.push(await write(name));
    expect(taken.filter(Boolean)).toHaveLength(15);
    expect(await write(honest!)).toBe(true);
    expect(await write(fellow!)).toBe(false);
    // Passed on by another: of no network, as one of few.
    expect(await write(stranger!)).toBe(true);
    for (const name of names) await write(name);
    for (const name of [honest!, own]) expect(await readStoredRecord(store, name)).toEqual(bytes);
    let count = 0;
    for await (const _ of store.queryKeys({ prefix: '/dht/record/' })) count += 1;
    expect(count).toBe(16);
  });

  it('a peer that moves takes its entries along, and the whole keeps its limit', async () => {
    const step = fc.record({
      cid: fc.integer({ min: 1, max: 12 }),
      peer: fc.constantFrom('x', 'y', 'z', own),
      network: fc.constantFrom('n1', 'n2', undefined),
      isDelete: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const at = new Map<string, string | undefined>();
        const inner = new MemoryDatastore();
        const store = await limitDhtStore(inner, {
          ownPeerId: own,
          limits: { ...DHT_STORE_LIMITS, maxProviderEntries: 6 },
          networkOfPeer: (peer) => at.get(peer),
        });
        for (const { cid, peer, network, isDelete } of steps) {
          at.set(peer, network);
          if (isDelete) await store.delete(entry(cid, peer));
          else await put(store, cid, peer);
          const counts = await Promise.all(['x', 'y', 'z'].map((name) => keptOf(inner, name)));
          expect(Math.max(...counts)).toBeLessThanOrEqual(6);
          expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(6);
        }
      }),
    );
  });
});

describe('a flood of providers', () => {
  const FLOOD = 5_000;
  const term = 'performs:flooded';

  interface Handler {
    handle(from: unknown, message: object): Promise<unknown>;
  }

  const handlersOf = ({ host }: TestNode): Record<string, Handler> =>
    (host.dht as unknown as { rpc: { handlers: Record<string, Handler> } }).rpc.handlers;

  /** As the network would bring it: one message from each of so many invented peers. */
  async function flood(victim: TestNode, count: number): Promise<{ refused: number }> {
    const { ADD_PROVIDER } = handlersOf(victim);
    const key = providerCid(term).bytes;
    const multiaddrs = [multiaddr('/ip4/127.0.0.1/tcp/1').bytes];
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const id = peerIdBytesOf(sha256(utf8(`invented ${i}`)));
      const from = peerIdFromString(peerIdToText(id));
      const message = { key, providers: [{ id, multiaddrs }] };
      await ADD_PROVIDER!.handle(from, message).catch(() => (refused += 1));
    }
    return { refused };
  }

  it('5,000 peers under one key leave a proven provider findable', async () => {
    const victim = await createNode();
    const publisher = await createNode(victim.host.addresses());
    const client = await createNode(victim.host.addresses());
    const nodes = [victim, publisher, client];
    try {
      await Promise.all(nodes.map(({ host }) => host.waitForPeers(1, AbortSignal.timeout(10_000))));
      await publisher.advertiser.publish(contentOf({ term }));
      expect(await flood(victim, FLOOD)).toEqual({ refused: 0 });
      const stored = await storedProviders(victim.host.dht, providerCid(term));
      expect(stored).toHaveLength(DHT_STORE_LIMITS.maxProvidersPerKey);
      expect(stored[0]).toBe(publisher.host.peerId);
      // Nobody but the flooded node is left to name the publisher.
      handlersOf(publisher)['GET_PROVIDERS'] = { handle: () => Promise.reject(new Error('no')) };
      const found = await client.find(term);
      expect(found.hits.map(({ peerId }) => peerId)).toEqual([publisher.host.peerId]);
    } finally {
      await Promise.all(nodes.map(({ host }) => host.stop()));
    }
  });
});
