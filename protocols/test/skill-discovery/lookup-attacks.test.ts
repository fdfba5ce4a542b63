import type { Connection, Stream } from '@libp2p/interface';
import { Record as DhtRecord } from '@libp2p/kad-dht';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { multiaddr } from '@multiformats/multiaddr';
import { sha256 } from '../../../crypto/hash.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { Identity, peerIdToBytes } from '../../../crypto/identity.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { KAD_PROTOCOL } from '../../protocol-ids.ts';
import { DEFAULT_SEARCH_TIMEOUT_MS } from '../../skill-discovery/find-contractors.ts';
import { contentOf, createNetwork, createNode, TestClock, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

interface Handler {
  handle(from: unknown, message: { key: Uint8Array }): Promise<unknown>;
}

/** The handlers of a node's DHT, which its owner can replace as it likes. */
function handlersOf({ host }: TestNode): Record<string, Handler> {
  return (host.dht as unknown as { rpc: { handlers: Record<string, Handler> } }).rpc.handlers;
}

/** Answers every request for a value with `value`. */
function serveOnly(node: TestNode, value: Uint8Array): void {
  const handlers = handlersOf(node);
  const { GET_VALUE } = handlers;
  handlers['GET_VALUE'] = {
    async handle(from, message) {
      const response = (await GET_VALUE!.handle(from, message)) as { record?: Uint8Array };
      response.record = new DhtRecord(message.key, value, new Date()).serialize();
      return response;
    },
  };
}

/** What a hostile peer does with a stream of the DHT. */
type Answer = (stream: Stream) => void | Promise<void>;

/** Bytes that are no message: the length before them is right, or claims 16 MiB. */
const GARBAGE: Answer = (stream) => {
  const noise = Uint8Array.from({ length: 127 }, (_, i) => sha256(utf8(`noise ${i}`))[0]!);
  stream.send(Uint8Array.of(noise.length));
  stream.send(noise);
  stream.send(Uint8Array.of(0x80, 0x80, 0x80, 0x08));
};

const NEVER: Answer = () => undefined;

/** A message of which a byte comes every half second. */
const SLOWLY: Answer = async (stream) => {
  stream.send(Uint8Array.of(100));
  for (let sent = 0; sent < 100 && stream.status === 'open'; sent++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (stream.status === 'open') stream.send(Uint8Array.of(0x08));
  }
};

/** Makes the peer hostile: whatever the DHT asks of it gets `answer`. Returns the way back. */
async function takeOver(
  { host }: TestNode,
  answer: Answer,
  others: readonly TestNode[],
): Promise<() => number> {
  let streams = 0;
  await host.libp2p.unhandle(KAD_PROTOCOL);
  await host.libp2p.handle(KAD_PROTOCOL, (stream) => {
    streams += 1;
    // The asker resets the stream when it has had enough.
    void Promise.resolve(answer(stream)).catch(() => undefined);
  });
  // Those that others keep were opened while it was honest.
  for (const stream of host.libp2p.getConnections().flatMap(dhtStreams)) {
    stream.abort(new Error('taken over'));
  }
  const ends = others.flatMap((other) =>
    other.host.libp2p.getConnections(host.libp2p.peerId).flatMap(dhtStreams),
  );
  await until('they have noticed', () => ends.every(({ status }) => status !== 'open'));
  return () => streams;
}

function dhtStreams({ streams }: Connection): readonly Stream[] {
  return streams.filter(({ protocol }) => protocol === KAD_PROTOCOL);
}

describe('two of five peers', () => {
  it.each<[string, Answer]>([
    ['with garbage', GARBAGE],
    ['slowly', SLOWLY],
    ['never', NEVER],
  ])('that answer a lookup %s keep no search from the skill', async (_, answer) => {
    const nodes = await createNetwork(5);
    const [client, publisher, honest, ...hostile] = nodes as [TestNode, TestNode, TestNode];
    const term = 'performs:besieged';
    try {
      await publisher.advertiser.publish(contentOf({ term }));
      const asked = await Promise.all(
        (hostile as TestNode[]).map((node) => takeOver(node, answer, nodes)),
      );
      const found = await client.find(term);
      expect(found.hits.map(({ peerId }) => peerId)).toEqual([publisher.host.peerId]);
      expect(found.elapsedMs).toBeLessThan(DEFAULT_SEARCH_TIMEOUT_MS);
      expect(found.answered).toBeLessThan(found.asked);
      // Every one of them was met: a search that avoids them by luck shows nothing.
      for (const streams of asked) expect(streams()).toBeGreaterThan(0);
      // Nor from one whose holder is gone: the record is then with the others.
      await publisher.host.stop();
      const newcomer = await createNode(honest.host.addresses());
      nodes.push(newcomer);
      await until('the newcomer has met all', () => newcomer.host.routingTableSize() >= 2);
      const late = await newcomer.find(term);
      expect(late.hits).toMatchObject([{ peerId: publisher.host.peerId, source: 'dht' }]);
    } finally {
      await Promise.all(nodes.map(({ host }) => host.stop()));
    }
  });
});

const INVENTED = Array.from({ length: 400 }, () => ({
  id: peerIdToBytes(Identity.generate().peerId),
  multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/1').bytes],
}));

/**
 * Names twenty providers and twenty closer peers, none of which exists, and no record. It lies to
 * the victim alone: all nodes share this process, and the others would use it up.
 */
function lie(node: TestNode, victim: string): void {
  const handlers = handlersOf(node);
  let answers = 0;
  for (const name of ['GET_PROVIDERS', 'GET_VALUE', 'FIND_NODE']) {
    const honest = handlers[name]!;
    handlers[name] = {
      handle: (from, message) => {
        if (String(from) !== victim) return honest.handle(from, message);
        const first = (answers++ * 20) % INVENTED.length;
        const invented = INVENTED.slice(first, first + 20);
        const { key } = message;
        const answer = { type: name, key, clusterLevel: 0, closer: invented, providers: invented };
        return Promise.resolve(answer);
      },
    };
  }
}

/** An honest peer that is farther away than a liar. */
function answerLater(node: TestNode, delayMs: number): void {
  const handlers = handlersOf(node);
  const { GET_PROVIDERS } = handlers;
  handlers['GET_PROVIDERS'] = {
    async handle(from, message) {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return GET_PROVIDERS!.handle(from, message);
    },
  };
}

/** The library's own lookup, which is content with the first twenty that anybody names. */
async function namedByLibrary({ host }: TestNode, term: string): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  const signal = AbortSignal.timeout(DEFAULT_SEARCH_TIMEOUT_MS);
  for await (const event of host.dht.findProviders(providerCid(term), { signal })) {
    if (event.name !== 'PROVIDER' && event.name !== 'PEER_RESPONSE') continue;
    for (const { id } of event.providers) named.add(id.toString());
    if (named.size >= 20) break;
  }
  return named;
}

/** Nine nodes share this process: on a busy machine ten seconds are not enough. */
const PATIENCE_MS = 30_000;
const AT_ONCE = 5;

describe('three of eight peers on every lookup path', () => {
  it('that send garbage, lies or nothing end a plain lookup, 95 % of ours find', async () => {
    const nodes = await createNetwork(8);
    const [garbage, mute, liar, ...honest] = [nodes[0]!, nodes[1]!, nodes[2]!, ...nodes.slice(3)];
    const publishers = honest.slice(0, 2);
    const terms = publishers.map((_, i) =>
      Array.from({ length: 10 }, (_, n) => `performs:path-${i}-${n}`),
    );
    try {
      // One after the other: on a busy machine a publication that others hold up is not read back.
      for (const [i, { advertiser }] of publishers.entries()) {
        const content = contentOf(...terms[i]!.map((term) => ({ term })));
        expect(await advertiser.publish(content)).toMatchObject({ readBack: true });
        await advertiser.settled();
      }
      await takeOver(garbage, GARBAGE, honest);
      await takeOver(mute, NEVER, honest);
      for (const node of honest) answerLater(node, 200);
      // Came after the publications: it keeps none of them, and must ask for all.
      const client = await createNode(honest[0]!.host.addresses());
      nodes.push(client);
      lie(liar, client.host.peerId);
      await until('the client has met them', () => client.host.routingTableSize() >= 7, 60_000);
      let ours = 0;
      let library = 0;
      const sought = publishers.flatMap(({ host: { peerId } }, i) =>
        terms[i]!.map((term) => ({ peerId, term })),
      );
      for (let from = 0; from < sought.length; from += AT_ONCE) {
        const some = sought.slice(from, from + AT_ONCE);
        const isFound = async ({ peerId, term }: (typeof some)[number]): Promise<boolean> => {
          const { hits } = await client.find(term, { timeoutMs: PATIENCE_MS });
          return hits.some((hit) => hit.peerId === peerId);
        };
        const isNamed = async ({ peerId, term }: (typeof some)[number]): Promise<boolean> =>
          (await namedByLibrary(client, term)).has(peerId);
        ours += (await Promise.all(some.map(isFound))).filter(Boolean).length;
        library += (await Promise.all(some.map(isNamed))).filter(Boolean).length;
      }
      expect(ours).toBeGreaterThanOrEqual(0.95 * 20);
      expect(library).toBeLessThan(0.95 * 20);
    } finally {
      await Promise.all(nodes.map(({ host }) => host.stop()));
    }
  }, 240_000);
});

describe('a record that every other peer serves an older copy of', () => {
  let nodes: TestNode[];
  beforeAll(async () => {
    nodes = await createNetwork(5);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  it('never rolls back for a node that saw the newer one, nor after its restart', async () => {
    const [publisher, ...others] = nodes as [TestNode, ...TestNode[]];
    const term = 'performs:rolled-back';
    const clock = new TestClock();
    const older = await publisher.advertiser.publish(contentOf({ term, priceMicroUsd: '100' }));
    await publisher.advertiser.publish(contentOf({ term, priceMicroUsd: '900' }));
    // Came after the publication: it keeps no copy, and nothing but its memory can help it.
    const client = await createNode(others[0]!.host.addresses(), { clock });
    nodes.push(client);
    await until('the client has met all', () => client.host.routingTableSize() === 5);
    expect((await client.find(term)).hits).toMatchObject([{ offer: { priceMicroUsd: '900' } }]);

    for (const other of others) serveOnly(other, older.record.envelope);
    await publisher.host.stop();
    const after = await client.find(term);
    expect(after.hits).toEqual([]);
    expect(after.dropped).toEqual([{ peerId: publisher.host.peerId, reason: 'ROLLED_BACK' }]);

    await client.host.stop();
    const restarted = await createNode(others[0]!.host.addresses(), {
      identity: client.identity,
      datastore: client.host.datastore,
    });
    nodes.push(restarted);
    restarted.guard.restore(client.guard.snapshot());
    await until('the restarted one has met all', () => restarted.host.routingTableSize() >= 4);
    const again = await restarted.find(term);
    expect(again.hits).toEqual([]);
    expect(again.dropped).toEqual([{ peerId: publisher.host.peerId, reason: 'ROLLED_BACK' }]);
  });
});
