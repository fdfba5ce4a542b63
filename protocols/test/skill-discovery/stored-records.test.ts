import { MemoryDatastore } from 'datastore-core';
import type { Pair, Query } from 'interface-datastore';
import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import {
  readStoredRecord,
  storedRecordKey,
  sweepStoredRecords,
  writeStoredRecord,
} from '../../skill-discovery/stored-records.ts';
import { bodyOf, recordOf } from './fixtures.ts';

const [renewed, gone, expired, alive] = [1, 2, 3, 4].map((seed) =>
  Identity.fromSeed(new Uint8Array(32).fill(seed)),
) as [Identity, Identity, Identity, Identity];
const { exp } = bodyOf(alive);
/** Those of before have expired by now. */
const NOW_SECONDS = exp + 3_600;

/** A store to which something happens while a sweep verifies what it has read. */
class BusyStore extends MemoryDatastore {
  onRead = (): Promise<void> => Promise.resolve();

  override async *query(query: Query): AsyncGenerator<Pair> {
    yield* super.query(query);
    await this.onRead();
  }
}

describe('a sweep of the stored records', () => {
  it('keeps what is renewed while it runs, and goes on past what has left', async () => {
    const store = new BusyStore();
    const fresh = { seq: 2, iat: NOW_SECONDS, exp: NOW_SECONDS + 3_600 };
    for (const identity of [renewed, gone, expired]) {
      await writeStoredRecord(store, identity.peerId, recordOf(identity).envelope, 1);
    }
    await writeStoredRecord(store, alive.peerId, recordOf(alive, fresh).envelope, 1);
    const renewal = recordOf(renewed, fresh).envelope;
    store.onRead = async () => {
      await writeStoredRecord(store, renewed.peerId, renewal, 2);
      await store.delete(storedRecordKey(gone.peerId));
    };
    await sweepStoredRecords(store, 1_000 * NOW_SECONDS);
    expect(await readStoredRecord(store, renewed.peerId)).toEqual(renewal);
    expect(await readStoredRecord(store, alive.peerId)).toBeDefined();
    expect(await readStoredRecord(store, gone.peerId)).toBeUndefined();
    expect(await readStoredRecord(store, expired.peerId)).toBeUndefined();
  });
});
