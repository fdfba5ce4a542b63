import type { Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { peerIdToBytes } from '../../../crypto/identity.ts';
import { KAD_PROTOCOL } from '../../protocol-ids.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import { STORING_LIMITS } from '../../skill-discovery/dht-request-limits.ts';
import { DHT_STORE_LIMITS } from '../../skill-discovery/dht-store-limits.ts';
import { contentOf, createNetwork, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes, and five thousand messages between two of them.
vi.setConfig({ testTimeout: 120_000 });

const FLOOD = 5_000;
const AT_ONCE = 8;

interface DhtMessage {
  readonly key: Uint8Array;
  readonly type?: string;
}

interface DhtParts {
  readonly rpc: {
    readonly handlers: Record<
      string,
      { handle(from: unknown, message: DhtMessage): Promise<unknown> }
    >;
  };
  readonly network: {
    _writeMessage(stream: Stream, message: object, options: object): Promise<void>;
  };
}

/** Sends a provider message for each term. */
type Flood = (from: TestNode, to: TestNode, terms: readonly string[]) => Promise<void>;

const partsOf = ({ host }: TestNode): DhtParts => host.dht as unknown as DhtParts;

let nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.map(({ host }) => host.stop()));
  nodes = [];
});

/** Counts the messages with a provider that reach the node from `peerId`, and those it refuses. */
function countArriving(node: TestNode, peerId: string): { arrived: number; refused: number } {
  const counts = { arrived: 0, refused: 0 };
  const { handlers } = partsOf(node).rpc;
  const { ADD_PROVIDER } = handlers;
  handlers['ADD_PROVIDER'] = {
    async handle(from, message) {
      if (String(from) !== peerId) return ADD_PROVIDER!.handle(from, message);
      counts.arrived += 1;
      try {
        return await ADD_PROVIDER!.handle(from, message);
      } catch (error) {
        counts.refused += 1;
        throw error;
      }
    },
  };
  return counts;
}

function messagesOf({ host }: TestNode, terms: readonly string[]): readonly object[] {
  const multiaddrs = host.addresses().map((address) => multiaddr(address).bytes);
  const providers = [{ id: peerIdToBytes(host.peerId), multiaddrs }];
  return terms.map((term) => ({ type: 'ADD_PROVIDER', key: providerCid(term).bytes, providers }));
}

async function sendOverOneStream(
  from: TestNode,
  to: TestNode,
  messages: readonly object[],
): Promise<void> {
  const options = { signal: AbortSignal.timeout(60_000) };
  const target = peerIdFromString(to.host.peerId);
  const stream = await from.host.libp2p.dialProtocol(target, KAD_PROTOCOL, options);
  const { network } = partsOf(from);
  for (const message of messages) await network._writeMessage(stream, message, options);
  await stream.close(options);
}

const overOneStream: Flood = (from, to, terms) =>
  // The stream is reset before all is sent.
  sendOverOneStream(from, to, messagesOf(from, terms)).catch(() => undefined);

/** A refusal resets the stream: with one for each message all of them are heard. */
const overManyStreams: Flood = async (from, to, terms) => {
  const rest = messagesOf(from, terms).values();
  const sendNext = async (): Promise<void> => {
    for (const message of rest) {
      // The reset may come before the stream is closed.
      await sendOverOneStream(from, to, [message]).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
};

async function entriesOf({ host }: TestNode, peerId: string): Promise<number> {
  let count = 0;
  for await (const key of host.datastore.queryKeys({ prefix: '/dht/provider/' })) {
    if (key.toString().endsWith(peerId)) count += 1;
  }
  return count;
}

/** From now on the node names no provider: what is found is found at another. */
function nameNobody(node: TestNode): void {
  partsOf(node).rpc.handlers['GET_PROVIDERS'] = { handle: () => Promise.reject(new Error('no')) };
}

/** Who is found by a node that comes now, and keeps nothing itself. */
async function foundByNewcomer(at: TestNode, term: string): Promise<readonly string[]> {
  const client = await createNode(at.host.addresses());
  nodes.push(client);
  await until('the client has met all', () => client.host.routingTableSize() >= 3);
  return (await client.find(term)).hits.map(({ peerId }) => peerId);
}

describe('attack: provider flooding', () => {
  it.each<[string, Flood, (i: number) => string, number, number]>([
    [
      '5,000 keys, each on a stream,',
      overManyStreams,
      (i) => `performs:flood-${i}`,
      DHT_STORE_LIMITS.maxProviderEntriesPerPeer,
      STORING_LIMITS.burst,
    ],
    // The stream is reset at 64 KiB without an answer: some 500 of them.
    ['one key, 5,000 times on a stream,', overOneStream, () => 'performs:before', 1, 100],
  ])('%s from one peer change nothing for others', async (_, flood, termOf, kept, arriving) => {
    nodes = await createNetwork(3);
    const [victim, flooder, publisher] = nodes as [TestNode, TestNode, TestNode];
    await publisher.advertiser.publish(contentOf({ term: 'performs:before' }));
    const before = await storedProviders(victim.host.dht, providerCid('performs:before'));
    expect(before).toEqual([publisher.host.peerId]);

    const counts = countArriving(victim, flooder.host.peerId);
    await flood(
      flooder,
      victim,
      Array.from({ length: FLOOD }, (_, i) => termOf(i)),
    );
    // What is beyond the peer's rate reaches no store; what is within it is refused there.
    await until('what is let through has arrived', () => counts.arrived >= arriving, 60_000);
    expect(counts.arrived).toBeLessThan(FLOOD / 2);
    expect(counts.refused).toBe(kept === 1 ? 0 : counts.arrived - kept);
    expect(await entriesOf(victim, flooder.host.peerId)).toBe(kept);

    // Nobody but the flooded node is left to name anyone.
    for (const node of [flooder, publisher]) nameNobody(node);
    const { peerId } = publisher.host;
    expect(await foundByNewcomer(victim, 'performs:before')).toEqual([peerId]);
    // What comes after the flood is taken as well.
    const after = contentOf({ term: 'performs:before' }, { term: 'performs:after' });
    expect(await publisher.advertiser.publish(after)).toMatchObject({ readBack: true });
    expect(await storedProviders(victim.host.dht, providerCid('performs:after'))).toEqual([peerId]);
  });
});
