/** Peers that tell very many addresses: of themselves as providers, and of others in answers. */

import type { Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { peerIdToBytes } from '../../../crypto/identity.ts';
import { MAX_PEER_ADDRESSES, MAX_TOLD_ADDRESSES } from '../../peer-addresses.ts';
import { KAD_PROTOCOL } from '../../protocol-ids.ts';
import { providerCid } from '../../skill-discovery/dht-keys.ts';
import { storedProviders } from '../../skill-discovery/dht-lookup.ts';
import { MAX_REQUEST_BYTES } from '../../skill-discovery/dht-request-limits.ts';
import { contentOf, createNetwork, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: without the limits each of these messages stops one for seconds.
vi.setConfig({ testTimeout: 60_000 });

const SIZE = 5;
const TERM = 'performs:flood/addresses';

const invented = (count: number, host = 1): Uint8Array[] =>
  Array.from(
    { length: count },
    (_, i) => multiaddr(`/ip4/10.${host}.${i >> 8}.${i & 255}/tcp/4001`).bytes,
  );

interface DhtParts {
  readonly network: {
    _writeMessage(stream: Stream, message: object, options: object): Promise<void>;
  };
  readonly rpc: {
    readonly handlers: Record<string, { handle(...args: unknown[]): Promise<object | undefined> }>;
  };
}

const partsOf = ({ host }: TestNode): DhtParts => host.dht as unknown as DhtParts;

async function send(from: TestNode, to: TestNode, message: object): Promise<Stream> {
  const options = { signal: AbortSignal.timeout(20_000) };
  const target = peerIdFromString(to.host.peerId);
  const stream = await from.host.libp2p.dialProtocol(target, KAD_PROTOCOL, options);
  await partsOf(from)
    .network._writeMessage(stream, message, options)
    .catch(() => undefined);
  return stream;
}

async function addressesAt(node: TestNode, peerId: string): Promise<readonly string[]> {
  const peer = await node.host.libp2p.peerStore.get(peerIdFromString(peerId));
  return peer.addresses.map((one) => one.multiaddr.toString());
}

describe('attack: a flood of addresses', () => {
  let nodes: readonly TestNode[];
  let victim: TestNode;
  let liar: TestNode;
  let seller: TestNode;
  const restore: (() => void)[] = [];

  beforeAll(async () => {
    nodes = await createNetwork(SIZE);
    [victim, liar, seller] = nodes as [TestNode, TestNode, TestNode];
    await seller.advertiser.publish(contentOf({ term: TERM }));
    await seller.advertiser.settled();
  }, 120_000);
  afterEach(() => {
    for (const one of restore.splice(0)) one();
  });
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  const provide = (term: string, count: number, host = 1) => ({
    type: 'ADD_PROVIDER',
    key: providerCid(term).multihash.bytes,
    providers: [{ id: peerIdToBytes(liar.host.peerId), multiaddrs: invented(count, host) }],
  });

  it.each([100, 3_000, 20_000])(
    'a provider that names %i addresses is refused, and its stream reset',
    async (count) => {
      const term = `${TERM}/from-${count}`;
      const stream = await send(liar, victim, provide(term, count));
      await until('the stream is reset', () => stream.status !== 'open');
      expect(await storedProviders(victim.host.dht, providerCid(term))).toEqual([]);
      expect((await addressesAt(victim, liar.host.peerId)).length).toBeLessThan(10);
    },
  );

  it('a provider that names many a few at a time has no more of them kept', async () => {
    for (let i = 0; i < 12; i++) await send(liar, victim, provide(`${TERM}/${i}`, 16, i + 1));
    const isStored = async () =>
      (await storedProviders(victim.host.dht, providerCid(`${TERM}/11`))).length > 0;
    await until('the last one is stored', isStored);
    const kept = await addressesAt(victim, liar.host.peerId);
    expect(kept.length).toBeGreaterThan(MAX_TOLD_ADDRESSES);
    expect(kept.length).toBeLessThanOrEqual(MAX_PEER_ADDRESSES);
  });

  it('a message of more bytes than any honest one resets its stream before it is read', async () => {
    const key = new Uint8Array(2 * MAX_REQUEST_BYTES);
    const stream = await send(liar, victim, { type: 'FIND_NODE', key });
    await until('the stream is reset', () => stream.status !== 'open');
    expect((await victim.find(TERM)).hits).toHaveLength(1);
  });

  it('an answer with many addresses of an honest peer hides it from nobody', async () => {
    const id = peerIdToBytes(seller.host.peerId);
    const closer = [{ id, multiaddrs: invented(1_500) }];
    const { handlers } = partsOf(liar).rpc;
    for (const type of ['GET_PROVIDERS', 'GET_VALUE', 'FIND_NODE']) {
      const { [type]: own } = handlers;
      restore.push(() => Object.assign(handlers, { [type]: own }));
      handlers[type] = {
        handle: async (...args) => ({ ...(await own!.handle(...args)), closer, providers: closer }),
      };
    }
    const client = await createNode(liar.host.addresses());
    restore.push(() => void client.host.stop());
    const found = await client.find(TERM);
    expect(found.hits.map(({ peerId }) => peerId)).toEqual([seller.host.peerId]);
    const kept = await addressesAt(client, seller.host.peerId);
    expect(kept.length).toBeLessThanOrEqual(MAX_PEER_ADDRESSES);
    await client.host.dial(seller.host.peerId, { signal: AbortSignal.timeout(20_000) });
    expect(client.host.connectedPeers()).toContain(seller.host.peerId);
  });

  it('an address that a peer has certified stays, whatever others tell of it', async () => {
    const { peerStore } = victim.host.libp2p;
    const id = peerIdFromString(seller.host.peerId);
    const certified = async () =>
      (await peerStore.get(id)).addresses.filter(({ isCertified }) => isCertified).map(String);
    const before = await certified();
    expect(before.length).toBeGreaterThan(0);
    for (let i = 0; i < 4; i++) {
      await peerStore.merge(id, { multiaddrs: invented(40, i + 1).map((one) => multiaddr(one)) });
    }
    expect(await certified()).toEqual(before);
    expect(await addressesAt(victim, seller.host.peerId)).toHaveLength(MAX_PEER_ADDRESSES);
  });
});
