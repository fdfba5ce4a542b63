import { generateKey } from '@libp2p/pnet';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { createHost } from '../libp2p-host.ts';
import type { Host, HostInit } from '../libp2p-host.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { LanPeers, RelayPlaces, parseNetworkKey } from '../reachability.ts';
import type { NetworkKey } from '../reachability.ts';
import { SessionManager } from '../secure-channel/session-manager.ts';
import { random, silentLogger, TestClock, until } from './skill-discovery/fixtures.ts';

// Real nodes: on a busy machine a dial takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const started: Host[] = [];
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
afterEach(async () => {
  await Promise.all(started.splice(0).map((host) => host.stop()));
});

function newKey(): NetworkKey {
  const content = new Uint8Array(95);
  generateKey(content);
  return parseNetworkKey(content)!;
}

describe('a private network', () => {
  it('connects two nodes with its key', async () => {
    const networkKey = newKey();
    const [a, b] = await Promise.all([start({ networkKey }), start({ networkKey })]);
    await a.dial(b.addresses()[0]!);
    expect(a.connectedPeers()).toEqual([b.peerId]);
    await b.waitForPeers(1, AbortSignal.timeout(10_000));
  });

  it('refuses a node without the key, which is told what may be the matter', async () => {
    const [inside, outside] = await Promise.all([start({ networkKey: newKey() }), start()]);
    await expect(outside.dial(inside.addresses()[0]!)).rejects.toThrow(
      /it may belong to a private network.*network\.keyFile/,
    );
    expect(inside.connectedPeers()).toEqual([]);
  });

  it('refuses a node with another key, in both directions', async () => {
    const [a, b] = await Promise.all([
      start({ networkKey: newKey() }),
      start({ networkKey: newKey() }),
    ]);
    const open = await start();
    for (const [from, to] of [
      [a, b],
      [b, a],
      [a, open],
    ] as const) {
      const signal = AbortSignal.timeout(3_000);
      await expect(from.dial(to.addresses()[0]!, { signal })).rejects.toMatchObject({
        code: 'WRONG_NETWORK',
        message: expect.stringContaining('another network key or none') as string,
      });
    }
    expect([...a.connectedPeers(), ...b.connectedPeers()]).toEqual([]);
  });

  it('says so in the log of a node whose bootstrap peers are in another network', async () => {
    const inside = await start({ networkKey: newKey() });
    const told: { problems: readonly string[] }[] = [];
    const warn = (fields: object) => void told.push(fields as (typeof told)[number]);
    const logger = { ...silentLogger, warn };
    await start({ bootstrap: inside.addresses(), bootstrapTimeoutMs: 50, logger });
    await until('the node has told', () => told.length > 0);
    expect(told[0]!.problems[0]).toContain('network.keyFile');
  });
});

describe('the key file of a network', () => {
  const digits = '0123456789abcdef'.repeat(4);

  it('is read with either end of line, with or without the last', () => {
    const lines = ['/key/swarm/psk/1.0.0/', '/base16/', digits];
    const wanted = utf8(lines.join('\n'));
    for (const text of [lines.join('\n'), `${lines.join('\n')}\n`, `${lines.join('\r\n')}\r\n`]) {
      expect(parseNetworkKey(utf8(text))).toEqual(wanted);
    }
  });

  it.each([
    ['is empty', ''],
    ['has a short key', `/key/swarm/psk/1.0.0/\n/base16/\n${digits.slice(1)}`],
    ['has another version', `/key/swarm/psk/2.0.0/\n/base16/\n${digits}`],
    ['has another encoding', `/key/swarm/psk/1.0.0/\n/base64/\n${digits}`],
    ['has words after the key', `/key/swarm/psk/1.0.0/\n/base16/\n${digits} and more`],
  ])('is refused where it %s', (_, text) => {
    expect(parseNetworkKey(utf8(text))).toBeUndefined();
  });

  it('is refused where it is no text', () => {
    expect(parseNetworkKey(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
  });
});

describe('a node behind a relay', () => {
  const talkers: SessionManager[] = [];
  afterEach(async () => {
    await Promise.all(talkers.splice(0).map((sessions) => sessions.stop()));
  });

  async function talk(host: Host, identity: Identity): Promise<SessionManager> {
    const sessions = new SessionManager({
      host: host.libp2p,
      identity,
      clock: new TestClock(),
      random,
      logger: silentLogger,
    });
    talkers.push(sessions);
    return sessions;
  }

  it('is reached through it, and a secure session runs over the relayed connection', async () => {
    const [hiddenId, clientId] = [Identity.generate(), Identity.generate()];
    const relay = await start({ isRelay: true });
    const hidden = await start({
      identity: hiddenId,
      listen: [],
      relays: relay.addresses(),
      hasHolePunching: true,
      bootstrap: relay.addresses(),
    });
    await until('the relay has given a place', () => hidden.addresses().length > 0);
    expect(hidden.addresses().every((address) => address.includes('/p2p-circuit'))).toBe(true);
    const client = await start({ identity: clientId, listen: [], hasHolePunching: true });
    const [answering, asking] = await Promise.all([talk(hidden, hiddenId), talk(client, clientId)]);
    answering.handle(SECURE_PROTOCOLS.card, async (stream) => {
      const question = await stream.readMessage();
      await stream.writeMessage(question!);
      await stream.closeWrite();
    });
    await Promise.all([answering.start(), asking.start()]);
    await client.dial(hidden.addresses()[0]!);
    const [connection] = client.libp2p.getConnections(peerIdFromString(hidden.peerId));
    expect(connection?.limits).toBeDefined();
    const stream = await asking.open(hidden.peerId, SECURE_PROTOCOLS.card);
    await stream.writeMessage(utf8('through the relay'));
    expect(await stream.readMessage()).toEqual(utf8('through the relay'));
  });

  it('starts without a relay that gives no place, and says which one that is', async () => {
    const [plain, relay, gone] = await Promise.all([start(), start({ isRelay: true }), start()]);
    const [goneAt] = gone.addresses();
    await gone.stop();
    const told: { readonly relay: string }[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void told.push(fields as never) };
    const relays = [goneAt!, ...plain.addresses(), ...relay.addresses()];
    const hidden = await start({ listen: [], relays, logger });
    await until('the third has given a place', () => hidden.addresses().length > 0);
    expect(hidden.addresses()[0]).toContain(relay.peerId);
    await until('it has told of the others', () => told.length === 2);
    expect(told.map((one) => one.relay).sort()).toEqual([goneAt, ...plain.addresses()].sort());
  });

  it('has a place once its relay comes, and asks for no second one', async () => {
    const identity = Identity.generate();
    const before = await start({ identity, isRelay: true });
    const [address] = before.addresses() as [string];
    await before.stop();
    const hidden = await start({ listen: [] });
    let next: (() => void) | undefined;
    const scheduler = { after: (_: number, task: () => void) => ((next = task), () => undefined) };
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const places = new RelayPlaces([address], logger, scheduler);
    await places.start(hidden.libp2p);
    const askAgain = async (): Promise<void> => {
      const ask = next!;
      next = undefined;
      ask();
      await until('all were asked', () => next !== undefined);
    };
    await askAgain();
    expect(hidden.addresses()).toEqual([]);
    expect(warnings).toHaveLength(1);
    await start({ identity, isRelay: true, listen: [address.replace(/\/p2p\/.*$/, '')] });
    await until('the relay has given a place', async () => {
      await askAgain();
      return hidden.addresses().length > 0;
    });
    await askAgain();
    expect(hidden.addresses()).toHaveLength(1);
    places.stop();
  });
});

describe('peers heard on the LAN', () => {
  const infoOf = (host: Host) => ({
    id: peerIdFromString(host.peerId),
    multiaddrs: host.addresses().map((address) => multiaddr(address)),
  });

  it('are connected to, each once, and not this node itself', async () => {
    const [node, other] = await Promise.all([start(), start()]);
    const lan = new LanPeers(silentLogger);
    await lan.heard(infoOf(other));
    expect(node.connectedPeers()).toEqual([]);
    lan.start(node.libp2p);
    await lan.heard(infoOf(node));
    await lan.heard(infoOf(other));
    await lan.heard(infoOf(other));
    expect(node.connectedPeers()).toEqual([other.peerId]);
    expect(node.libp2p.getConnections()).toHaveLength(1);
  });

  it('flood: a crowd of invented ones costs four dials at a time', async () => {
    const node = await start();
    const lan = new LanPeers(silentLogger);
    lan.start(node.libp2p);
    const dial = vi.spyOn(node.libp2p, 'dial');
    const invented = Array.from({ length: 100 }, () => ({
      id: peerIdFromString(Identity.generate().peerId),
      multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/1')],
    }));
    await Promise.all(invented.map((info) => lan.heard(info)));
    expect(dial).toHaveBeenCalledTimes(4);
  });
});
