import { peerIdFromString } from '@libp2p/peer-id';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { Host } from '../../libp2p-host.ts';
import { providerCid, recordKey } from '../../skill-discovery/dht-keys.ts';
import { readBack } from '../../skill-discovery/publication.ts';
import { recordOf } from './fixtures.ts';

const self = Identity.fromSeed(new Uint8Array(32).fill(1));
const [ownId, otherId, thirdId] = [1, 2, 3].map((number) =>
  peerIdFromString(Identity.fromSeed(new Uint8Array(32).fill(number)).peerId),
);
const RECORD = recordOf(self, { seq: 2 });
/** More than are looked for at a time. */
const TERMS = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `performs:${name}`);
const NEVER = Infinity;

/** A network in which others show the record, and name its publisher, from the n-th look on. */
class FakeNetwork {
  readonly looks = new Map<string, number>();
  readonly shownFrom = new Map<string, number>();
  onLook: () => void = () => undefined;
  readonly #names = new Map([
    [toHex(recordKey(self.peerId)), 'record'],
    ...TERMS.map((term): [string, string] => [toHex(providerCid(term).multihash.bytes), term]),
  ]);

  readonly host = {
    peerId: self.peerId,
    dht: {
      queryManager: { run: (key: Uint8Array) => this.#look(this.#names.get(toHex(key))!) },
      network: { sendRequest: () => undefined },
      providers: { getProviders: () => undefined },
    },
  } as unknown as Host;

  looksFor(name: string): number {
    return this.looks.get(name) ?? 0;
  }

  async *#look(name: string) {
    const number = this.looksFor(name) + 1;
    this.looks.set(name, number);
    this.onLook();
    await Promise.resolve();
    // What the publisher itself says is no proof, nor an older record, nor another provider.
    yield answer(ownId, RECORD.envelope, ownId);
    yield answer(thirdId, recordOf(self, { seq: 1 }).envelope, thirdId);
    yield { name: 'QUERY_ERROR', from: thirdId, error: new Error('no answer') };
    if (number >= (this.shownFrom.get(name) ?? 1)) yield answer(otherId, RECORD.envelope, ownId);
  }
}

const answer = (from: unknown, value: Uint8Array, provider: unknown) => ({
  name: 'PEER_RESPONSE',
  from,
  record: { value },
  providers: [{ id: provider, multiaddrs: [] }],
});

const never = new AbortController().signal;

describe('reading back', () => {
  it('looks until another shows the record and names the publisher under every term', async () => {
    const network = new FakeNetwork();
    network.shownFrom.set('record', 3);
    for (const [i, term] of TERMS.entries()) network.shownFrom.set(term, 1 + (i % 3));
    expect(await readBack(network.host, RECORD, TERMS, never)).toBe(String(otherId));
    expect(network.looksFor('record')).toBe(3);
    expect(TERMS.map((term) => network.looksFor(term))).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it.each([...TERMS, 'record'])('does not end while nobody else shows %s', async (missing) => {
    const network = new FakeNetwork();
    network.shownFrom.set(missing, NEVER);
    const controller = new AbortController();
    network.onLook = () => {
      const isRestSeen = missing === 'record' || TERMS.every((term) => network.looksFor(term) > 0);
      if (network.looksFor(missing) >= 3 && isRestSeen) controller.abort(new Error('enough'));
    };
    await expect(readBack(network.host, RECORD, TERMS, controller.signal)).rejects.toThrow();
    expect(controller.signal.aborted).toBe(true);
  });

  it('of a record without offers looks for the record alone', async () => {
    const network = new FakeNetwork();
    expect(await readBack(network.host, RECORD, [], never)).toBe(String(otherId));
    expect([...network.looks]).toEqual([['record', 1]]);
  });
});
