import { MemoryDatastore } from 'datastore-core';
import { Key } from 'interface-datastore';
import { describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import {
  DHT_STORE_LIMITS,
  DhtStoreFullError,
  limitDhtStore,
} from '../../skill-discovery/dht-store-limits.ts';
import { readStoredRecord, writeStoredRecord } from '../../skill-discovery/stored-records.ts';
import { createNode, until } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const bytes = new Uint8Array(1);
const own = Identity.generate().peerId;
const [ann, bob] = [Identity.generate().peerId, Identity.generate().peerId];
const entry = (cid: number, peerId: string) => new Key(`/dht/provider/cid${cid}/${peerId}`);
const limits = { maxProviderEntriesPerPeer: 3, maxProviderEntries: 5, maxRecords: 2 };
const full = (limit: string) =>
  expect.objectContaining({
    code: 'DHT_STORE_FULL',
    details: expect.objectContaining({ limit }) as object,
  }) as Error;

describe('limits of the DHT store', () => {
  it('refuse a peer more entries than its share, and take the renewal of each', async () => {
    const store = await limitDhtStore(new MemoryDatastore(), own, limits);
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
    const store = await limitDhtStore(new MemoryDatastore(), own, limits);
    for (const cid of [1, 2, 3]) await store.put(entry(cid, ann), bytes);
    for (const cid of [1, 2]) await store.put(entry(cid, bob), bytes);
    await expect(store.put(entry(3, bob), bytes)).rejects.toEqual(full('maxProviderEntries'));
    for (const cid of [1, 2, 3, 4]) await store.put(entry(cid, own), bytes);
  });

  it('refuse records beyond the limit, and never the own one', async () => {
    const store = await limitDhtStore(new MemoryDatastore(), own, limits);
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
    const store = await limitDhtStore(inner, own, limits);
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
