import { randomBytes } from 'node:crypto';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import type { Multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht';
import { Identity, peerIdBytesOf, peerIdToText } from '../../../crypto/identity.ts';
import { FakeClock } from '../negotiation/fake-world.ts';
import {
  hearOnce,
  MAX_TAKEN_UP_OF_ANSWER,
  thriftyComponents,
  withKeptPeers,
} from '../../skill-discovery/dht-components.ts';

const peerId = peerIdFromString(Identity.fromSeed(new Uint8Array(32).fill(1)).peerId);
const at = (port: number) => [multiaddr(`/ip4/192.0.2.1/tcp/${port}`)];

const clock = new FakeClock();

function passMinute(): void {
  clock.advanceSeconds(60);
}

describe('the peers that the DHT reads', () => {
  function storeUnderTest() {
    const events = new EventTarget();
    let port: number | undefined = 4001;
    let reads = 0;
    const fakeStore = {
      get: (id: typeof peerId) => {
        reads += 1;
        if (port === undefined) return Promise.reject(new Error('NotFound'));
        return Promise.resolve({ id, addresses: at(port).map((multiaddr) => ({ multiaddr })) });
      },
      merge: () => Promise.resolve('merged'),
    };
    const store = withKeptPeers(
      fakeStore as unknown as KadDHTComponents['peerStore'],
      events as unknown as KadDHTComponents['events'],
      clock,
    );
    return {
      store,
      reads: () => reads,
      move(to: number | undefined, isTold = true) {
        port = to;
        const detail = { peer: { id: peerId } };
        if (isTold) events.dispatchEvent(new CustomEvent('peer:update', { detail }));
      },
    };
  }

  it('are read once until one changes, and then anew', async () => {
    const { store, reads, move } = storeUnderTest();
    for (let i = 0; i < 3; i++) {
      expect(await store.getInfo(peerId)).toEqual({ id: peerId, multiaddrs: at(4001) });
    }
    await store.get(peerId);
    expect(reads()).toBe(1);
    move(4002);
    expect(await store.getInfo(peerId)).toEqual({ id: peerId, multiaddrs: at(4002) });
    expect(reads()).toBe(2);
  });

  it('are not kept as they were read while they changed', async () => {
    const { store, move } = storeUnderTest();
    const reading = store.getInfo(peerId);
    move(4009);
    await reading;
    expect(await store.getInfo(peerId)).toEqual({ id: peerId, multiaddrs: at(4009) });
  });

  it('are read again after a minute: addresses run out without a word', async () => {
    const { store, move } = storeUnderTest();
    await store.getInfo(peerId);
    move(undefined, false);
    await store.getInfo(peerId);
    passMinute();
    await expect(store.getInfo(peerId)).rejects.toThrow('NotFound');
  });

  it('are looked for again where there was none', async () => {
    const { store, move } = storeUnderTest();
    move(undefined);
    await expect(store.getInfo(peerId)).rejects.toThrow('NotFound');
    move(4003, false);
    expect(await store.getInfo(peerId)).toEqual({ id: peerId, multiaddrs: at(4003) });
  });

  it('are written as before', async () => {
    const { store } = storeUnderTest();
    expect(await store.merge(peerId, {})).toBe('merged');
  });
});

describe('a node', () => {
  it('hands its DHT kept streams and a peer store that reads a peer once', async () => {
    const events = new EventTarget();
    let reads = 0;
    let opened = 0;
    const peerStore = {
      get: (id: typeof peerId) => {
        reads += 1;
        return Promise.resolve({ id, addresses: [] });
      },
    };
    const openStream = () => {
      opened += 1;
      return Promise.resolve(new EventTarget());
    };
    const components = { connectionManager: { openStream }, peerStore, events, other: 7 };
    const thrifty = thriftyComponents(components as never, '/kad', clock);
    await thrifty.peerStore.get(peerId);
    await thrifty.peerStore.getInfo(peerId);
    expect(reads).toBe(1);
    await thrifty.connectionManager.openStream(peerId, '/kad');
    expect(opened).toBe(1);
    expect((thrifty as unknown as typeof components).other).toBe(7);
  });
});

describe('the peers that answers name', () => {
  function hearing() {
    const told: string[] = [];
    const network = {
      safeDispatchEvent: (type: string, init?: { detail?: { multiaddrs: Multiaddr[] } }) => {
        told.push(`${type} ${init?.detail?.multiaddrs.map(String).join() ?? ''}`);
        return true;
      },
    };
    hearOnce({ network } as unknown as KadDHT, clock);
    const hear = (...ports: number[]) =>
      network.safeDispatchEvent('peer', {
        detail: { id: peerId, multiaddrs: ports.flatMap(at) } as never,
      });
    return { told, hear, network };
  }

  it('are taken up from a later answer where the first named too many before them', () => {
    const { network, told } = hearing();
    const invented = Array.from({ length: MAX_TAKEN_UP_OF_ANSWER }, () =>
      peerIdFromString(peerIdToText(peerIdBytesOf(randomBytes(32)))),
    );
    const name = (id: typeof peerId, ports: readonly number[]) =>
      network.safeDispatchEvent('peer', {
        detail: { id, multiaddrs: ports.flatMap(at) } as never,
      });
    for (const id of invented) name(id, [1]);
    name(peerId, [4001]);
    expect(told).toHaveLength(MAX_TAKEN_UP_OF_ANSWER);
    return Promise.resolve().then(() => {
      name(peerId, [4001]);
      expect(told.at(-1)).toBe('peer /ip4/192.0.2.1/tcp/4001');
    });
  });

  it('are taken up with sixteen addresses, however many an answer has', () => {
    const { hear, told } = hearing();
    hear(...Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(told[0]!.split(',')).toHaveLength(16);
  });

  it('are taken up once a minute, and at once under new addresses', () => {
    const { told, hear } = hearing();
    hear(1);
    hear(1);
    hear(1, 2);
    hear(2, 1);
    hear(1);
    expect(told).toHaveLength(3);
    passMinute();
    hear(1);
    expect(told).toHaveLength(4);
  });

  it('are taken up to a number of each answer: who invents thousands loses its own', async () => {
    const { told, network } = hearing();
    const answer = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const id = peerIdFromString(peerIdToText(peerIdBytesOf(randomBytes(32))));
        network.safeDispatchEvent('peer', { detail: { id, multiaddrs: [] } as never });
      }
    };
    answer(2_000);
    expect(told).toHaveLength(MAX_TAKEN_UP_OF_ANSWER);
    await Promise.resolve();
    answer(40);
    expect(told).toHaveLength(MAX_TAKEN_UP_OF_ANSWER + 40);
  });

  it('hold up no other event', () => {
    const { told, network } = hearing();
    const detail = { id: peerId, multiaddrs: at(1) } as never;
    network.safeDispatchEvent('other', { detail });
    network.safeDispatchEvent('other', { detail });
    network.safeDispatchEvent('other');
    expect(told.filter((one) => one.startsWith('other'))).toHaveLength(3);
  });

  it('are told by a version of the module that is known, or by none', () => {
    expect(() => hearOnce({ network: {} } as unknown as KadDHT, clock)).toThrow(TypeError);
  });
});
