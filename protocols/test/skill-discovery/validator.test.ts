import { MemoryDatastore } from 'datastore-core';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8 } from '../../../crypto/bytes.ts';
import { Identity, peerIdToBytes } from '../../../crypto/identity.ts';
import { ClockWitnesses } from '../../skill-discovery/clock-witnesses.ts';
import { peerIdOfRecordKey, providerCid, recordKey } from '../../skill-discovery/dht-keys.ts';
import {
  readStoredRecord,
  sweepStoredRecords,
  writeStoredRecord,
} from '../../skill-discovery/stored-records.ts';
import { RecordGuard, RECORDS_PER_PEER, selectRecord } from '../../skill-discovery/validator.ts';
import type { RecordRefusedError } from '../../skill-discovery/validator.ts';
import { contentOf, recordOf } from './fixtures.ts';

/** A clock that only a test moves. */
class FakeClock {
  seconds = 1_800_000_100;
  nowMs(): number {
    return this.seconds * 1_000;
  }
  monotonicMs(): number {
    return this.nowMs();
  }
}

const alice = Identity.generate();
const at = (seq: number, price = '1500') =>
  recordOf(alice, { seq, ...contentOf({ term: 'performs:a', priceMicroUsd: price }) }).envelope;

async function reasonOf(guard: RecordGuard, bytes: Uint8Array): Promise<string> {
  const verdict = await guard.accept(alice.peerId, bytes);
  return verdict.valid ? 'valid' : verdict.reason;
}

describe('record guard', () => {
  it('refuses a rollback: an older record, validly signed, after a newer one', async () => {
    const guard = new RecordGuard({ clock: new FakeClock() });
    expect(await reasonOf(guard, at(3))).toBe('valid');
    expect(await reasonOf(guard, at(5))).toBe('valid');
    expect(await reasonOf(guard, at(3))).toBe('ROLLED_BACK');
    expect(await reasonOf(guard, at(5))).toBe('valid');
    expect(guard.bestSeq(alice.peerId)).toBe(5);
  });

  it('refuses equivocation: another record with the same sequence number', async () => {
    const guard = new RecordGuard({ clock: new FakeClock() });
    expect(await reasonOf(guard, at(5, '100'))).toBe('valid');
    expect(await reasonOf(guard, at(5, '1'))).toBe('EQUIVOCATION');
    expect(await reasonOf(guard, at(6, '1'))).toBe('valid');
  });

  it('is not moved by a record that it refuses', async () => {
    const guard = new RecordGuard({ clock: new FakeClock() });
    const early = recordOf(alice, { seq: 9, iat: 1_800_000_200, exp: 1_800_000_300 }).envelope;
    expect(await reasonOf(guard, early)).toBe('NOT_YET_VALID');
    expect(guard.size).toBe(0);
    expect(await reasonOf(guard, at(1))).toBe('valid');
  });

  it('flood of records: one publisher is slowed, and nobody else', async () => {
    const clock = new FakeClock();
    const heard: number[] = [];
    const guard = new RecordGuard({ clock, onAccepted: ({ body }) => heard.push(body.seq) });
    const store = async (identity: Identity, bytes: Uint8Array): Promise<string> => {
      try {
        await guard.validate(recordKey(identity.peerId), bytes);
        return 'stored';
      } catch (error) {
        return (error as RecordRefusedError).details.reason;
      }
    };
    const last = RECORDS_PER_PEER.burst;
    for (let seq = 1; seq <= last; seq++) expect(await store(alice, at(seq))).toBe('stored');
    expect(await store(alice, at(last + 1))).toBe('TOO_OFTEN');
    expect(guard.bestSeq(alice.peerId)).toBe(last);
    expect(heard).toHaveLength(last);
    // What was seen before costs nothing: a reader, or whoever replays, takes none of her share.
    for (let i = 0; i < 200; i++) expect(await store(alice, at(last))).toBe('stored');
    const bob = Identity.generate();
    expect(await store(bob, recordOf(bob, { seq: 1 }).envelope)).toBe('stored');
    clock.seconds += 10;
    expect(await store(alice, at(last + 1))).toBe('stored');
    expect(await store(alice, at(last + 2))).toBe('TOO_OFTEN');
    // A search may show it all the same: nobody stores what it reads.
    expect(await reasonOf(guard, at(last + 2))).toBe('valid');
  });

  it('counts whose records are dated in the future of its clock, once for each peer', async () => {
    const clock = new FakeClock();
    const guard = new RecordGuard({ clock });
    const peers = Array.from({ length: 3 }, () => Identity.generate());
    const see = async () => {
      for (const peer of peers) {
        const { envelope } = recordOf(peer, { seq: 1, iat: 1_800_000_100, exp: 1_800_003_600 });
        await guard.accept(peer.peerId, envelope);
      }
    };
    await see();
    const [self] = peers;
    expect(guard.witnesses.counts('')).toEqual({ fine: 3, future: 0, expired: 0 });
    expect(guard.witnesses.counts(self!.peerId)).toEqual({ fine: 2, future: 0, expired: 0 });
    clock.seconds -= 3_600;
    await see();
    expect(guard.witnesses.counts('')).toEqual({ fine: 0, future: 3, expired: 0 });
    clock.seconds += 10 * 3_600;
    await see();
    expect(guard.witnesses.counts('')).toEqual({ fine: 0, future: 0, expired: 3 });
    // What nobody has signed says nothing.
    await guard.accept(alice.peerId, new Uint8Array(10));
    expect(guard.witnesses.counts('')).toEqual({ fine: 0, future: 0, expired: 3 });
  });

  it('remembers the dates of 64 peers, those heard of last', () => {
    const witnesses = new ClockWitnesses();
    for (let i = 0; i < 100; i++) witnesses.saw(`peer-${i}`, i < 40 ? 'future' : 'fine');
    expect(witnesses.counts('peer-99')).toEqual({ fine: 59, future: 4, expired: 0 });
  });

  it('knows the records of its own node, which kad-dht stores without asking', async () => {
    const guard = new RecordGuard({ clock: new FakeClock() });
    guard.observe(recordOf(alice, { seq: 7 }));
    expect(await reasonOf(guard, at(6))).toBe('ROLLED_BACK');
  });

  it('forgets a peer once every older record of it has expired', async () => {
    const clock = new FakeClock();
    const guard = new RecordGuard({ clock });
    await guard.accept(alice.peerId, at(1_000_000));
    clock.seconds = 1_800_000_000 + 3_600 + 60;
    expect(guard.bestSeq(alice.peerId)).toBe(1_000_000);
    clock.seconds += 1;
    expect(guard.bestSeq(alice.peerId)).toBeUndefined();
    const later = recordOf(alice, { seq: 2, iat: clock.seconds, exp: clock.seconds + 60 });
    expect(await reasonOf(guard, later.envelope)).toBe('valid');
  });

  it('keeps its memory within the limit, the oldest out first', async () => {
    const guard = new RecordGuard({ clock: new FakeClock(), maxRecords: 3 });
    const peers = Array.from({ length: 5 }, () => Identity.generate());
    for (const peer of peers) await guard.accept(peer.peerId, recordOf(peer).envelope);
    expect(guard.size).toBe(3);
    expect(peers.map(({ peerId }) => guard.bestSeq(peerId))).toEqual([
      undefined,
      undefined,
      1,
      1,
      1,
    ]);
    expect(() => new RecordGuard({ clock: new FakeClock(), maxRecords: 0 })).toThrow(RangeError);
  });

  it('refuses a rollback after a flood of other peers drove the memory of it out', async () => {
    const datastore = new MemoryDatastore();
    const guard = new RecordGuard({ clock: new FakeClock(), datastore, maxRecords: 2 });
    expect(await reasonOf(guard, at(5))).toBe('valid');
    await writeStoredRecord(datastore, alice.peerId, at(5), 0); // as kad-dht does after the verdict
    for (let i = 0; i < 3; i++) {
      const flooder = Identity.generate();
      await guard.accept(flooder.peerId, recordOf(flooder).envelope);
    }
    expect(guard.bestSeq(alice.peerId)).toBeUndefined();
    expect(await reasonOf(guard, at(3))).toBe('ROLLED_BACK');
  });

  it('refuses a rollback after a restart, from a snapshot and from the store', async () => {
    const clock = new FakeClock();
    const before = new RecordGuard({ clock });
    await before.accept(alice.peerId, at(5));
    const restored = new RecordGuard({ clock });
    restored.restore(JSON.parse(JSON.stringify(before.snapshot())) as never);
    expect(await reasonOf(restored, at(4))).toBe('ROLLED_BACK');
    restored.restore([{ peerId: alice.peerId, seq: 2, id: '', iat: 1_800_000_000 }]);
    expect(restored.bestSeq(alice.peerId)).toBe(5);

    const datastore = new MemoryDatastore();
    await writeStoredRecord(datastore, alice.peerId, at(5), 0);
    expect(await reasonOf(new RecordGuard({ clock, datastore }), at(4))).toBe('ROLLED_BACK');
  });

  it('judges two records that arrive at once as if one had come first', async () => {
    const datastore = new MemoryDatastore();
    for (const order of [
      [3, 5],
      [5, 3],
    ]) {
      const guard = new RecordGuard({ clock: new FakeClock(), datastore });
      await Promise.all(order.map((seq) => guard.accept(alice.peerId, at(seq))));
      expect(guard.bestSeq(alice.peerId)).toBe(5);
    }
  });

  it('throws a named refusal as the validator of kad-dht, for keys as well', async () => {
    const guard = new RecordGuard({ clock: new FakeClock() });
    await guard.validate(recordKey(alice.peerId), at(2));
    const refused = (reason: string) => expect.objectContaining({ details: { reason } });
    await expect(guard.validate(recordKey(alice.peerId), at(1))).rejects.toEqual(
      refused('ROLLED_BACK'),
    );
    const other = recordKey(Identity.generate().peerId);
    await expect(guard.validate(other, at(2))).rejects.toEqual(refused('WRONG_KEY'));
    for (const key of [
      utf8('/coalesce/x'),
      utf8('/coalesce/'),
      new Uint8Array(0),
      recordKey(alice.peerId).subarray(1),
      concatBytes(recordKey(alice.peerId), new Uint8Array(1)),
      concatBytes(utf8('/coalesce/'), new Uint8Array(38)),
      concatBytes(utf8('/coalesca/'), peerIdToBytes(alice.peerId)),
    ]) {
      await expect(guard.validate(key, at(2))).rejects.toEqual(refused('BAD_KEY'));
    }
  });
});

describe('record selector', () => {
  const key = recordKey(alice.peerId);
  it('takes the highest sequence number, wherever it stands', () => {
    expect(selectRecord(key, [at(3), at(9), at(4)])).toBe(1);
    expect(selectRecord(key, [utf8('junk'), at(1)])).toBe(1);
    expect(selectRecord(key, [utf8('junk')])).toBe(0);
  });

  it('takes the same of two with one sequence number in every order', () => {
    const [a, b] = [at(5, '1'), at(5, '2')];
    const chosen = [a, b][selectRecord(key, [a, b])]!;
    expect([b, a][selectRecord(key, [b, a])]).toBe(chosen);
  });
});

describe('DHT keys', () => {
  it('name a peer and are read back', () => {
    const key = recordKey(alice.peerId);
    expect(key.length).toBe(48);
    expect(peerIdOfRecordKey(key)).toBe(alice.peerId);
  });

  it('name a term by the hash of wire-formats.md 1.6', () => {
    // printf 'coalesce/skill/v1\0performs:nlp' | sha256sum
    expect(toHex(providerCid('performs:nlp').multihash.digest)).toBe(
      'f5d120527c576d9befdf0f090e0c267e90a641091d5e9b55c5fa8bdcc58d80ab',
    );
    expect(providerCid('performs:nlp').toString()).toMatch(/^bafkrei/);
  });
});

describe('stored records', () => {
  it('are read where kad-dht keeps them', async () => {
    const datastore = new MemoryDatastore();
    expect(await readStoredRecord(datastore, alice.peerId)).toBeUndefined();
    await writeStoredRecord(datastore, alice.peerId, at(1), 1_000);
    expect(await readStoredRecord(datastore, alice.peerId)).toEqual(at(1));
  });

  it('are swept of what expired, and of the oldest beyond the limit', async () => {
    const datastore = new MemoryDatastore();
    const nowMs = 1_800_000_100_000;
    const peers = Array.from({ length: 4 }, () => Identity.generate());
    for (const [i, peer] of peers.entries()) {
      await writeStoredRecord(datastore, peer.peerId, recordOf(peer).envelope, nowMs - i * 1_000);
    }
    const expired = recordOf(alice, { iat: 1_700_000_000, exp: 1_700_000_060 });
    await writeStoredRecord(datastore, alice.peerId, expired.envelope, nowMs);
    expect(await sweepStoredRecords(datastore, nowMs, 3)).toEqual({ deleted: 2, left: 3 });
    const left = await Promise.all(peers.map(({ peerId }) => readStoredRecord(datastore, peerId)));
    expect(left.map((bytes) => bytes !== undefined)).toEqual([true, true, true, false]);
    expect(await readStoredRecord(datastore, alice.peerId)).toBeUndefined();
  });
});
