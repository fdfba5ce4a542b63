import { MemoryDatastore } from 'datastore-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { advertisedKeys } from '../../skill-discovery/advertise.ts';
import type { Advertiser } from '../../skill-discovery/advertise.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import { MAX_REST_TRIES, REST_RETRY_MS } from '../../skill-discovery/rest-provider.ts';
import type { Scheduler } from '../../skill-discovery/scheduler.ts';
import { readStoredRecord } from '../../skill-discovery/stored-records.ts';
import { contentOf, createNode, refuseEarlyMessages, TestClock, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

/** Timers that fire when a test says so. */
class FakeScheduler implements Scheduler {
  readonly pending = new Set<{ delayMs: number; task: () => void }>();
  after(delayMs: number, task: () => void): () => void {
    const entry = { delayMs, task };
    this.pending.add(entry);
    return () => this.pending.delete(entry);
  }
  get delaysMs(): number[] {
    return [...this.pending].map(({ delayMs }) => delayMs);
  }
  fire(): void {
    const due = [...this.pending];
    this.pending.clear();
    for (const { task } of due) task();
  }
}

type ProvideEvent =
  ReturnType<TestNode['host']['dht']['provide']> extends AsyncIterable<infer Event> ? Event : never;

/** The handlers of a node's DHT. */
type Handlers = Record<string, unknown>;

const started: TestNode[] = [];
async function start(...args: Parameters<typeof createNode>): Promise<TestNode> {
  const node = await createNode(...args);
  started.push(node);
  return node;
}
afterEach(async () => {
  for (const { advertiser } of started) advertiser.stop();
  await Promise.all(started.splice(0).map(({ host }) => host.stop()));
});

/** A publisher under test and one peer, connected. */
async function startPair(
  options: Parameters<typeof createNode>[1] = {},
): Promise<{ peer: TestNode; publisher: TestNode; advertiser: Advertiser }> {
  const peer = await start();
  const publisher = await start(peer.host.addresses(), options);
  await publisher.host.waitForPeers(1, AbortSignal.timeout(10_000));
  await peer.host.waitForPeers(1, AbortSignal.timeout(10_000));
  return { peer, publisher, advertiser: publisher.advertiser };
}

const copyAt = async (node: TestNode, of: TestNode): Promise<Uint8Array | undefined> =>
  readStoredRecord(node.host.datastore, of.host.peerId);

describe('advertiser', () => {
  it('announces every term, every ancestor and every bucket once, what is offered first', () => {
    const content = contentOf({ term: 'performs:a/b/c' }, { term: 'performs:a/b/d' });
    const embeddings = { ...content.embeddings, buckets: ['m1t0d3p', 'm1t1d7n'] };
    expect(advertisedKeys({ ...content, embeddings })).toEqual([
      'performs:a/b/c',
      'performs:a/b/d',
      'performs:a/b',
      'performs:a',
      'm1t0d3p',
      'm1t1d7n',
    ]);
  });

  it('tells of ancestors and buckets after the publication was read back', async () => {
    const { peer, publisher, advertiser } = await startPair();
    const content = contentOf({ term: 'performs:a/b' });
    const embeddings = { ...content.embeddings, buckets: ['m1t0d3p'] };
    await advertiser.publish({ ...content, embeddings });
    await advertiser.settled();
    for (const key of ['performs:a/b', 'performs:a', 'm1t0d3p']) {
      // Nobody answers ADD_PROVIDER: it may be on its way still.
      await expect
        .poll(() => storedProviders(peer.host.dht, providerCid(key)), { timeout: 5_000 })
        .toEqual([publisher.host.peerId]);
    }
  });

  it('tries ancestors and buckets again that nobody could be told of, seven times', async () => {
    const scheduler = new FakeScheduler();
    const { peer, publisher, advertiser } = await startPair({ advertiser: { scheduler } });
    const failing = new Set(['performs:a', 'm1t0d3p'].map((key) => providerCid(key).toString()));
    const tried: string[] = [];
    const { dht } = publisher.host;
    const provide = dht.provide.bind(dht);
    vi.spyOn(dht, 'provide').mockImplementation((cid, options) => {
      tried.push(cid.toString());
      if (failing.has(cid.toString())) throw new Error('the lookup failed');
      return provide(cid, options);
    });
    const content = contentOf({ term: 'performs:a/b/c' });
    const embeddings = { ...content.embeddings, buckets: ['m1t0d3p'] };
    expect(await advertiser.publish({ ...content, embeddings })).toMatchObject({ readBack: true });
    await advertiser.settled();
    // One key that fails keeps no other from being told of.
    expect(tried).toHaveLength(4);
    expect(scheduler.delaysMs).toEqual([REST_RETRY_MS]);
    tried.length = 0;
    failing.delete(providerCid('performs:a').toString());
    scheduler.fire();
    await advertiser.settled();
    expect(tried).toHaveLength(2);
    await expect
      .poll(() => storedProviders(peer.host.dht, providerCid('performs:a')), { timeout: 5_000 })
      .toEqual([publisher.host.peerId]);
    for (let number = 3; number <= MAX_REST_TRIES; number++) {
      expect(scheduler.delaysMs).toEqual([REST_RETRY_MS * 2 ** (number - 2)]);
      scheduler.fire();
      await advertiser.settled();
    }
    expect(scheduler.delaysMs).toEqual([]);
    // A new record begins anew, and a node that stops tries no more.
    await advertiser.publish({ ...content, embeddings });
    await advertiser.settled();
    expect(scheduler.delaysMs).toEqual([REST_RETRY_MS]);
    advertiser.stop();
    expect(scheduler.delaysMs).toEqual([]);
  });

  it('keeps no publication waiting for the buckets of the one before, which follow', async () => {
    const { peer, publisher, advertiser } = await startPair();
    const { dht } = publisher.host;
    const provide = dht.provide.bind(dht);
    const slow = providerCid('m1t0d1p').toString();
    let isSlow = true;
    const begun = Promise.withResolvers<void>();
    vi.spyOn(dht, 'provide').mockImplementation((cid, options) => {
      if (cid.toString() !== slow || !isSlow) return provide(cid, options);
      begun.resolve();
      // A lookup that hangs until it is called off.
      return (async function* () {
        await new Promise((_, reject) => {
          options!.signal!.addEventListener('abort', () => reject(new Error('called off')));
        });
        yield* [];
      })();
    });
    const buckets = ['m1t0d1p', 'm1t0d2p'];
    const content = (priceMicroUsd: string) => {
      const { embeddings, ...others } = contentOf({ term: 'performs:a', priceMicroUsd });
      return { ...others, embeddings: { ...embeddings, buckets } };
    };
    await advertiser.publish(content('1'));
    await begun.promise;
    isSlow = false;
    const { record } = await advertiser.publish(content('2'));
    expect(await copyAt(peer, publisher)).toEqual(record.envelope);
    await advertiser.settled();
    for (const key of buckets) {
      await expect
        .poll(() => storedProviders(peer.host.dht, providerCid(key)), { timeout: 5_000 })
        .toEqual([publisher.host.peerId]);
    }
  }, 20_000);

  it('returns after another node has shown the record', async () => {
    const { peer, publisher, advertiser } = await startPair();
    const published = await advertiser.publish(contentOf({ term: 'performs:a/b' }));
    expect(published).toMatchObject({
      readBack: true,
      readBackFrom: peer.host.peerId,
      storedBy: 1,
      providedTerms: ['performs:a/b'],
    });
    expect(published).not.toHaveProperty('reason');
    expect(await copyAt(peer, publisher)).toEqual(published.record.envelope);
    expect(publisher.guard.bestSeq(publisher.host.peerId)).toBe(published.record.body.seq);
  });

  /** Notes when the record is stored; `provide` takes the place of all telling of a term. */
  function watch(
    { host }: TestNode,
    provide: (real: () => AsyncIterable<ProvideEvent>, cid: string) => AsyncIterable<ProvideEvent>,
  ): { readonly events: string[]; readonly stored: Promise<void> } {
    const { dht } = host;
    refuseEarlyMessages(host);
    const events: string[] = [];
    const stored = Promise.withResolvers<void>();
    const [realProvide, realPut] = [dht.provide.bind(dht), dht.put.bind(dht)];
    vi.spyOn(dht, 'put').mockImplementation((...args) => {
      events.push('stored');
      stored.resolve();
      return realPut(...args);
    });
    vi.spyOn(dht, 'provide').mockImplementation(async function* (cid, options) {
      for await (const event of provide(() => realProvide(cid, options), cid.toString())) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') {
          events.push('told');
        }
        yield event;
      }
    });
    return { events, stored: stored.promise };
  }

  it('stores copies of the record only after a peer was told of a term', async () => {
    const { publisher, advertiser } = await startPair();
    const { events } = watch(publisher, async function* (real) {
      // Whatever does not wait for the telling has run by then.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      yield* real();
    });
    const published = await advertiser.publish(contentOf({ term: 'performs:a' }));
    expect(published).toMatchObject({ readBack: true, storedBy: 1 });
    expect(events).toEqual(['told', 'stored']);
  });

  it('stores copies as soon as one term was told, whatever holds up the others', async () => {
    const { publisher, advertiser } = await startPair({ advertiser: { publishTimeoutMs: 10_000 } });
    const slow = providerCid('performs:b').toString();
    const { events, stored } = watch(publisher, async function* (real, cid) {
      if (cid === slow) await stored;
      yield* real();
    });
    const content = contentOf({ term: 'performs:a' }, { term: 'performs:b' });
    expect(await advertiser.publish(content)).toMatchObject({ readBack: true, storedBy: 1 });
    expect(events).toEqual(['told', 'stored', 'told']);
  });

  it.each<[string, () => AsyncIterable<ProvideEvent>]>([
    [
      'every lookup fails',
      () => {
        throw new Error('the lookup failed');
      },
    ],
    ['nobody was told', async function* () {}],
  ])('stores copies also where %s, and says that no term is known', async (_, provide) => {
    const { peer, publisher, advertiser } = await startPair({
      advertiser: { publishTimeoutMs: 3_000 },
    });
    watch(publisher, provide);
    const terms = ['performs:a', 'performs:b'].map((term) => ({ term }));
    const published = await advertiser.publish(contentOf(...terms));
    expect(published).toMatchObject({ storedBy: 1, providedTerms: [], readBack: false });
    expect(published.reason).toBe('NOT_SEEN');
    expect(await copyAt(peer, publisher)).toEqual(published.record.envelope);
  });

  it('says NOT_SEEN when no peer names it under one of its terms', async () => {
    const { publisher, advertiser } = await startPair({ advertiser: { publishTimeoutMs: 3_000 } });
    const lost = providerCid('performs:b').toString();
    watch(publisher, async function* (real, cid) {
      if (cid !== lost) yield* real();
    });
    const content = contentOf({ term: 'performs:a' }, { term: 'performs:b' });
    const published = await advertiser.publish(content);
    expect(published).toMatchObject({ storedBy: 1, providedTerms: ['performs:a'] });
    expect(published).toMatchObject({ readBack: false, reason: 'NOT_SEEN' });
  });

  it('says NOT_STORED when every peer refuses the record, and tries again soon', async () => {
    const scheduler = new FakeScheduler();
    const { peer, advertiser } = await startPair({ advertiser: { scheduler } });
    const { handlers } = (peer.host.dht as unknown as { rpc: { handlers: Handlers } }).rpc;
    handlers['PUT_VALUE'] = { handle: () => Promise.reject(new Error('no')) };
    advertiser.start();
    const published = await advertiser.publish(contentOf({ term: 'performs:a' }));
    expect(published).toMatchObject({ readBack: false, reason: 'NOT_STORED', storedBy: 0 });
    expect(scheduler.delaysMs).toEqual([2_000]);
  });

  it('says NOT_SEEN when a peer takes the record and goes on showing the one before', async () => {
    const { peer, advertiser } = await startPair({ advertiser: { publishTimeoutMs: 3_000 } });
    const before = await advertiser.publish(contentOf({ term: 'performs:a' }));
    expect(before.readBack).toBe(true);
    const { handlers } = (peer.host.dht as unknown as { rpc: { handlers: Handlers } }).rpc;
    handlers['PUT_VALUE'] = { handle: async (_from: unknown, message: unknown) => message };
    const published = await advertiser.publish(contentOf({ term: 'performs:b' }));
    expect(published).toMatchObject({ readBack: false, reason: 'NOT_SEEN', storedBy: 1 });
  });

  it('raises the sequence number over a restart, even if the clock was set back', async () => {
    const peer = await start();
    const identity = Identity.generate();
    const datastore = new MemoryDatastore();
    const clock = new TestClock();
    clock.aheadMs = 30_000;
    const seqs: number[] = [];
    for (const aheadMs of [30_000, 30_000, 0]) {
      clock.aheadMs = aheadMs;
      const node = await start(peer.host.addresses(), { identity, datastore, clock });
      await node.host.waitForPeers(1, AbortSignal.timeout(10_000));
      const published = await node.advertiser.publish(contentOf({ term: 'performs:a' }));
      expect(published.readBack).toBe(true);
      seqs.push(published.record.body.seq);
      await node.host.stop();
    }
    expect(seqs[1]).toBeGreaterThan(seqs[0]!);
    expect(seqs[2]).toBeGreaterThan(seqs[1]!);
  });

  it('gives two publications at once a number each, and the last one stays', async () => {
    const { peer, publisher, advertiser } = await startPair();
    const [first, second] = await Promise.all([
      advertiser.publish(contentOf({ term: 'performs:a', priceMicroUsd: '1' })),
      advertiser.publish(contentOf({ term: 'performs:a', priceMicroUsd: '2' })),
    ]);
    expect(second.record.body.seq).toBeGreaterThan(first.record.body.seq);
    expect(await copyAt(peer, publisher)).toEqual(second.record.envelope);
  });

  it('keeps the last record in place when the next one cannot be made', async () => {
    const { peer, publisher, advertiser } = await startPair();
    const good = await advertiser.publish(contentOf({ term: 'performs:a' }));
    const wide = Array.from({ length: 32 }, (_, i) => ({ term: `performs:${'x'.repeat(90)}${i}` }));
    await expect(advertiser.publish(contentOf(...wide))).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    });
    expect(advertiser.record).toBe(good.record);
    expect(await copyAt(peer, publisher)).toEqual(good.record.envelope);
  });

  it('renews the record well before it expires', async () => {
    const scheduler = new FakeScheduler();
    const clock = new TestClock();
    const { peer, publisher, advertiser } = await startPair({ clock, advertiser: { scheduler } });
    advertiser.start();
    const { record } = await advertiser.publish(contentOf({ term: 'performs:a' }));
    const [delayMs] = scheduler.delaysMs;
    expect(scheduler.delaysMs).toHaveLength(1);
    expect(delayMs).toBeGreaterThanOrEqual(0.4 * 3_600_000);
    expect(delayMs).toBeLessThanOrEqual(0.5 * 3_600_000);
    clock.aheadMs = delayMs!;
    peer.clock.aheadMs = delayMs!;
    scheduler.fire();
    await until('the renewal is stored', async () => {
      const copy = await copyAt(peer, publisher);
      return copy !== undefined && !Buffer.from(record.envelope).equals(copy);
    });
    expect(advertiser.record!.body.seq).toBeGreaterThan(record.body.seq);
    expect(advertiser.record!.body.exp).toBeGreaterThan(record.body.exp + 1_000);
    await until('the next renewal is planned', () => scheduler.pending.size === 1);
    advertiser.stop();
    expect(scheduler.pending.size).toBe(0);
  });

  it('stores the same record anew when the network has grown by half', async () => {
    const scheduler = new FakeScheduler();
    const { peer, publisher, advertiser } = await startPair({ advertiser: { scheduler } });
    advertiser.start();
    const { record } = await advertiser.publish(contentOf({ term: 'performs:a' }));
    const late = await start(peer.host.addresses());
    await publisher.host.waitForPeers(2, AbortSignal.timeout(10_000));
    expect(scheduler.delaysMs).toEqual([2_000]);
    expect(await copyAt(late, publisher)).toBeUndefined();
    scheduler.fire();
    await until('the new peer keeps a copy', async () => {
      const copy = await copyAt(late, publisher);
      return copy !== undefined && Buffer.from(copy).equals(record.envelope);
    });
  });

  it('stops providing the terms that it no longer offers, over a restart as well', async () => {
    const identity = Identity.generate();
    const datastore = new MemoryDatastore();
    const { peer, publisher, advertiser } = await startPair({ identity, datastore });
    const provides = async (node: TestNode, term: string): Promise<boolean> =>
      (await storedProviders(node.host.dht, providerCid(term))).includes(identity.peerId);
    await advertiser.publish(contentOf({ term: 'performs:a/b' }, { term: 'performs:c' }));
    expect(await provides(publisher, 'performs:c')).toBe(true);
    await advertiser.publish(contentOf({ term: 'performs:a/b' }));
    expect(await provides(publisher, 'performs:c')).toBe(false);
    expect(await provides(publisher, 'performs:a')).toBe(true);
    await publisher.host.stop();

    const restarted = await start(peer.host.addresses(), { identity, datastore });
    await restarted.host.waitForPeers(1, AbortSignal.timeout(10_000));
    await restarted.advertiser.publish(contentOf({ term: 'performs:d' }));
    expect(await provides(restarted, 'performs:a')).toBe(false);
    expect(await provides(restarted, 'performs:d')).toBe(true);
    await restarted.advertiser.withdraw();
    expect(await provides(restarted, 'performs:d')).toBe(false);
  });

  it('forgets no key that it still provides when it ends in the middle of a publication', async () => {
    const identity = Identity.generate();
    const datastore = new MemoryDatastore();
    const { peer, publisher, advertiser } = await startPair({ identity, datastore });
    const provides = async (node: TestNode, term: string): Promise<boolean> =>
      (await storedProviders(node.host.dht, providerCid(term))).includes(identity.peerId);
    expect(await advertiser.hasAdvertised()).toBe(false);
    await advertiser.publish(contentOf({ term: 'performs:a' }));
    const ending = vi.spyOn(publisher.host.dht, 'cancelReprovide');
    ending.mockRejectedValue(new Error('the process ends'));
    await expect(advertiser.publish(contentOf({ term: 'performs:b' }))).rejects.toThrow('ends');
    ending.mockRestore();
    expect(await provides(publisher, 'performs:a')).toBe(true);
    await publisher.host.stop();

    const restarted = await start(peer.host.addresses(), { identity, datastore });
    await restarted.host.waitForPeers(1, AbortSignal.timeout(10_000));
    expect(await restarted.advertiser.hasAdvertised()).toBe(true);
    await restarted.advertiser.publish(contentOf());
    expect(await provides(restarted, 'performs:a')).toBe(false);
    await restarted.advertiser.withdraw();
    const { host } = restarted;
    await host.stop();
    const last = await start(peer.host.addresses(), { identity, datastore });
    expect(await last.advertiser.hasAdvertised()).toBe(false);
  });

  it('has nothing to withdraw before it has published', async () => {
    const node = await start();
    expect(await node.advertiser.withdraw()).toBeUndefined();
  });
});
