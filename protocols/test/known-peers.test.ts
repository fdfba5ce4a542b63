import { MemoryDatastore } from 'datastore-core';
import { Key } from 'interface-datastore';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { KnownPeers, MAX_DIALLED_PEERS, MAX_KNOWN_PEERS } from '../known-peers.ts';
import type { KnownPeer } from '../known-peers.ts';
import { createHost } from '../libp2p-host.ts';
import type { Host, HostInit } from '../libp2p-host.ts';
import { silentLogger, TestClock, until } from './skill-discovery/fixtures.ts';

const HOUR_MS = 3_600_000;

function peersOf(count: number, isDialled: boolean): KnownPeer[] {
  return Array.from({ length: count }, (_, i) => {
    const { peerId } = Identity.generate();
    return { peerId, addresses: [`/ip4/127.0.0.1/tcp/${i + 1}/p2p/${peerId}`], isDialled };
  });
}

describe('known peers', () => {
  it('are there again after a restart, in the order in which they were met', async () => {
    const datastore = new MemoryDatastore();
    const before = new KnownPeers(datastore);
    const [first, second] = [peersOf(2, true), peersOf(2, false)];
    await before.note(first);
    await before.note(second);
    const after = new KnownPeers(datastore);
    await after.load();
    expect(after.all()).toEqual([...first, ...second]);
  });

  it('keep what is known when nobody is connected', async () => {
    const known = new KnownPeers(new MemoryDatastore());
    const peers = peersOf(3, true);
    await known.note(peers);
    await known.note([]);
    expect(known.all()).toEqual(peers);
  });

  it('keep the newest address of a peer first, a few of them, and that it was dialled', async () => {
    const known = new KnownPeers(new MemoryDatastore());
    const { peerId } = Identity.generate();
    for (let port = 1; port <= 6; port++) {
      const addresses = [`/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`];
      await known.note([{ peerId, addresses, isDialled: port === 1 }]);
    }
    const [peer] = known.all();
    expect(peer!.addresses.map((address) => address.split('/')[4])).toEqual(['6', '5', '4', '3']);
    expect(peer!.isDialled).toBe(true);
  });

  it('crowding: 300 that connect drive out none that was dialled', async () => {
    const known = new KnownPeers(new MemoryDatastore());
    const dialled = peersOf(MAX_DIALLED_PEERS, true);
    await known.note(dialled);
    const crowd = peersOf(300, false);
    await known.note(crowd);
    expect(known.all()).toEqual([
      ...dialled,
      ...crowd.slice(0, MAX_KNOWN_PEERS - MAX_DIALLED_PEERS),
    ]);
  });

  it('replace those that are gone, not those that are connected', async () => {
    const known = new KnownPeers(new MemoryDatastore());
    const gone = peersOf(MAX_DIALLED_PEERS / 2, true);
    const here = peersOf(MAX_DIALLED_PEERS / 2, true);
    await known.note([...gone, ...here]);
    const [met] = peersOf(1, true);
    await known.note([...here, met!]);
    expect(known.all()).toEqual([...gone.slice(0, -1), ...here, met]);
  });

  it.each([
    ['no JSON', '{'],
    ['no list', '{"peerId":"x"}'],
    ['entries of another form', '[null,1,{"peerId":"x","addresses":[],"isDialled":true}]'],
  ])('count a stored state that is %s as none', async (_, text) => {
    const datastore = new MemoryDatastore();
    await datastore.put(new Key('/coalesce/known-peers'), utf8(text));
    const known = new KnownPeers(datastore);
    await known.load();
    expect(known.all()).toEqual([]);
  });
});

describe('a node without bootstrap peers', () => {
  const started: Host[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(started.splice(0).map((host) => host.stop()));
  });

  async function start(init: Partial<HostInit> = {}): Promise<Host> {
    const host = await createHost({
      clock: new TestClock(),
      identity: Identity.generate(),
      logger: silentLogger,
      validators: {},
      selectors: {},
      isLocalNetwork: true,
      ...init,
    });
    started.push(host);
    return host;
  }

  async function stop(host: Host): Promise<void> {
    started.splice(started.indexOf(host), 1);
    await host.stop();
  }

  /** A host that met two others once, by dialling or by being dialled, and has stopped. */
  async function startOnce(isDialled: boolean) {
    const own = { identity: Identity.generate(), datastore: new MemoryDatastore() };
    const others = [await start(), await start()] as const;
    const host = await start({
      ...own,
      bootstrap: isDialled ? others.flatMap((other) => other.addresses()) : [],
    });
    if (!isDialled) await Promise.all(others.map((other) => other.dial(host.addresses()[0]!)));
    await until('they have met', async () => {
      // Where it was dialled, it learns the addresses of the others as they identify themselves.
      const peers = await host.libp2p.peerStore.all();
      return peers.filter(({ addresses }) => addresses.length > 0).length === 2;
    });
    await stop(host);
    return { own, others };
  }

  it.each([
    ['dialled', true],
    ['was dialled by', false],
  ])('finds the peers again that it %s, a day after it stopped', async (_, isDialled) => {
    const { own, others } = await startOnce(isDialled);
    // By then the peer store has forgotten every address.
    const { now } = Date;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 24 * HOUR_MS);
    const again = await start(own);
    await until('it has joined', () => again.connectedPeers().length === 2);
    expect([...again.connectedPeers()].sort()).toEqual(others.map(({ peerId }) => peerId).sort());
    await until('its table is filled', () => again.routingTableSize() === 2);
  });

  it('starts alone where all known peers are down, and joins when one comes up', async () => {
    const identity = Identity.generate();
    const own = { identity: Identity.generate(), datastore: new MemoryDatastore() };
    const before = await start({ identity });
    const [address] = before.addresses();
    const host = await start({ ...own, bootstrap: [address!] });
    await until('they have met', () => before.routingTableSize() === 1);
    await stop(host);
    await stop(before);

    const told: string[] = [];
    const logger = { ...silentLogger, info: (_: object, text: string) => void told.push(text) };
    const again = await start({ ...own, logger });
    expect(again.connectedPeers()).toEqual([]);
    // The peer store alone tries once.
    await until('two rounds have failed', () => told.length === 2);
    expect(told[0]).toMatch(/alone/);
    await start({ identity, listen: [address!.split('/p2p/')[0]!] });
    await until('the node has joined', () => again.connectedPeers().length === 1);
  });
});
