import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Record as DhtRecord } from '@libp2p/kad-dht';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { encodeDocument } from '../../../crypto/canonical-json.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import { Identity, peerIdToBytes } from '../../../crypto/identity.ts';
import { providerCid, recordKey } from '../../skill-discovery/dht-keys.ts';
import { skillRecordDefinition } from '../../skill-discovery/skill-record.ts';
import type { SkillRecord } from '../../skill-discovery/skill-record.ts';
import {
  bodyOf,
  contentOf,
  createNetwork,
  createNode,
  recordOf,
  replay,
  until,
} from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

interface Handler {
  handle(from: unknown, message: { key: Uint8Array }): Promise<unknown>;
}

/** The handlers of a node's DHT, which its owner can replace as it likes. */
function handlersOf(node: TestNode): Record<string, Handler> {
  return (node.host.dht as unknown as { rpc: { handlers: Record<string, Handler> } }).rpc.handlers;
}

/** Answers every request for a value with `value`, and refuses every correction. */
function serveOnly(node: TestNode, value: Uint8Array): () => void {
  const handlers = handlersOf(node);
  const { GET_VALUE, PUT_VALUE } = handlers;
  handlers['GET_VALUE'] = {
    async handle(from, message) {
      const response = (await GET_VALUE!.handle(from, message)) as { record?: Uint8Array };
      response.record = new DhtRecord(message.key, value, new Date()).serialize();
      return response;
    },
  };
  handlers['PUT_VALUE'] = { handle: () => Promise.reject(new Error('no')) };
  return () => Object.assign(handlers, { GET_VALUE, PUT_VALUE });
}

async function provide(node: TestNode, term: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  for await (const _ of node.host.dht.provide(providerCid(term), { signal }));
}

describe('attacks on discovery, six real nodes', () => {
  let nodes: TestNode[];
  let client: TestNode;
  let attacker: TestNode;
  let victim: TestNode;
  beforeAll(async () => {
    nodes = await createNetwork(6);
    [client, attacker, victim] = nodes as [TestNode, TestNode, TestNode];
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  /** An overpriced present and a cheap past of the victim. */
  async function publishTwice(term: string): Promise<{ older: Uint8Array; newer: Uint8Array }> {
    const past = await victim.advertiser.publish(contentOf({ term, priceMicroUsd: '100' }));
    const now = await victim.advertiser.publish(contentOf({ term, priceMicroUsd: '900' }));
    return { older: past.record.envelope, newer: now.record.envelope };
  }

  const pricesOf = async (term: string): Promise<string[]> =>
    (await client.find(term)).hits.map(({ offer }) => offer.priceMicroUsd);

  it('rollback by replay: no node takes the older record, not even its own publisher', async () => {
    const { older } = await publishTwice('performs:rollback');
    expect(await replay(attacker, victim.host.peerId, older)).toEqual({ taken: 0, refused: 5 });
    expect(await pricesOf('performs:rollback')).toEqual(['900']);
  });

  it.each<[string, () => Uint8Array]>([
    ['forged', () => forged(victim.identity.peerId)],
    ['oversize', () => oversize(victim.identity)],
    ['expired', () => past(victim.identity)],
    ['of another peer', () => recordOf(attacker.identity, present()).envelope],
  ])('poisoning: no node stores a record that is %s', async (_, make) => {
    await victim.advertiser.publish(contentOf({ term: 'performs:poison' }));
    expect(await replay(attacker, victim.host.peerId, make())).toEqual({ taken: 0, refused: 5 });
    expect(await pricesOf('performs:poison')).toEqual(['1500']);
  });

  it.each<[string, (self: Identity) => Uint8Array, string]>([
    ['forged', (self) => forged(self.peerId), 'BAD_SIGNATURE'],
    ['oversize', oversize, 'OVERSIZE'],
    ['expired', past, 'EXPIRED'],
    ['of another peer', () => recordOf(victim.identity, present()).envelope, 'WRONG_KEY'],
    ['no document', () => new Uint8Array(64), 'MALFORMED'],
  ])('a provider whose record is %s gives no hit', async (kind, make, reason) => {
    const term = `performs:bad-${kind.replaceAll(' ', '-')}`;
    await provide(attacker, term);
    const restore = serveOnly(attacker, make(attacker.identity));
    try {
      await until(
        'the attacker is named',
        async () => (await client.find(term)).dropped.length > 0,
      );
      const found = await client.find(term);
      expect(found.hits).toEqual([]);
      expect(found.dropped).toEqual([{ peerId: attacker.host.peerId, reason }]);
    } finally {
      restore();
    }
  });

  it('invented providers crowd nobody out', async () => {
    const term = 'performs:crowded';
    await victim.advertiser.publish(contentOf({ term }));
    const invented = Array.from({ length: 400 }, () => ({
      id: peerIdToBytes(Identity.generate().peerId),
      multiaddrs: [],
    }));
    const handlers = handlersOf(attacker);
    const { GET_PROVIDERS } = handlers;
    handlers['GET_PROVIDERS'] = {
      async handle(from, message) {
        const response = (await GET_PROVIDERS!.handle(from, message)) as { providers: object[] };
        return { ...response, providers: invented };
      },
    };
    const { dht } = client.host;
    const { findPeer } = dht;
    let lookupsForAddresses = 0;
    dht.findPeer = (...args) => {
      lookupsForAddresses += 1;
      return findPeer(...args);
    };
    try {
      const found = await client.find(term);
      expect(lookupsForAddresses).toBe(0);
      expect(found.hits.map(({ peerId }) => peerId)).toEqual([victim.host.peerId]);
      const reasons = new Set(found.dropped.map(({ reason }) => reason));
      expect([...reasons].sort()).toEqual(['NOT_FETCHED', 'NO_RECORD']);
      // Of those that it alone named, the DHT is searched for four.
      expect(found.dropped.filter(({ reason }) => reason === 'NO_RECORD')).toHaveLength(4);
      expect(found.outcome).toBe('partial');
    } finally {
      Object.assign(handlers, { GET_PROVIDERS });
      Object.assign(dht, { findPeer });
    }
  });

  it('a mute peer delays a search and does not spoil it', async () => {
    const handlers = handlersOf(attacker);
    const kept = { ...handlers };
    await victim.advertiser.publish(contentOf({ term: 'performs:mute' }));
    for (const name of Object.keys(handlers)) {
      handlers[name] = { handle: () => new Promise(() => undefined) };
    }
    try {
      const found = await client.find('performs:mute');
      expect(found).toMatchObject({ outcome: 'complete' });
      expect(found.hits.map(({ peerId }) => peerId)).toEqual([victim.host.peerId]);
      expect(found.answered).toBe(found.asked - 1);
    } finally {
      Object.assign(handlers, kept);
    }
  });

  it('a stale peer that refuses correction breaks dht.get and not a search', async () => {
    const { older } = await publishTwice('performs:stale');
    const restore = serveOnly(attacker, older);
    await victim.host.stop();
    const key = recordKey(victim.host.peerId);
    // Neither has heard of the victim: nothing but the answers can help them.
    const [naive, unguarded] = await Promise.all([
      join(),
      join({ validate: async () => undefined }),
    ]);
    try {
      await expect(drain(unguarded.host.dht.get(key))).rejects.toThrow('Could not send correction');
      const found = await naive.find('performs:stale');
      expect(found.hits).toMatchObject([{ offer: { priceMicroUsd: '900' }, source: 'dht' }]);
    } finally {
      restore();
      await Promise.all([naive.host.stop(), unguarded.host.stop()]);
    }
  });

  it('rollback by a majority: one honest peer among liars is enough', async () => {
    const [publisher, honest] = [nodes[5]!, nodes[3]!];
    const { older, newer } = twoRecords(publisher.identity);
    await provide(publisher, 'performs:minority');
    await replay(publisher, publisher.host.peerId, newer);
    const liars = nodes.filter((node) => ![honest, publisher, victim].includes(node));
    const restores = liars.map((node) => serveOnly(node, older));
    const naive = await join();
    await publisher.host.stop();
    try {
      const found = await naive.find('performs:minority');
      expect(found.hits).toMatchObject([{ offer: { priceMicroUsd: '900' }, source: 'dht' }]);
    } finally {
      for (const restore of restores) restore();
      await naive.host.stop();
    }
  });

  /** A node that joins now. */
  async function join(guard?: { validate: () => Promise<undefined> }): Promise<TestNode> {
    const node = await createNode(
      client.host.addresses(),
      guard ? { validate: guard.validate } : {},
    );
    await until('the new node knows the network', () => node.host.routingTableSize() >= 4);
    return node;
  }
});

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

function present(): Partial<SkillRecord> {
  const iat = Math.floor((performance.timeOrigin + performance.now()) / 1_000);
  return { seq: iat + 50, iat, exp: iat + 600 };
}

function past(identity: Identity): Uint8Array {
  return recordOf(identity, { iat: 1_700_000_000, exp: 1_700_000_600, seq: 2_000_000_000 })
    .envelope;
}

function forged(peerId: string): Uint8Array {
  const thief = Identity.generate();
  const body = encodeDocument(bodyOf(thief, { ...present(), peerId, addresses: [] }));
  const s = [{ k: peerId, s: toBase64Url(thief.signDocument(new Uint8Array(32))) }];
  return encodeDocument({ b: toBase64Url(body), s });
}

function oversize(identity: Identity): Uint8Array {
  const terms = Array.from({ length: 32 }, (_, i) => ({ term: `performs:${'x'.repeat(90)}${i}` }));
  const body = bodyOf(identity, { ...present(), ...contentOf(...terms) });
  return signDocument(skillRecordDefinition, body, identity).envelope;
}

function twoRecords(identity: Identity): { older: Uint8Array; newer: Uint8Array } {
  const time = present();
  const term = 'performs:minority';
  const make = (seq: number, priceMicroUsd: string): Uint8Array =>
    recordOf(identity, { ...time, seq, ...contentOf({ term, priceMicroUsd }) }).envelope;
  return { older: make(10, '100'), newer: make(11, '900') };
}
