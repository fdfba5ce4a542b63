import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../crypto/identity.ts';
import { createHost } from '../libp2p-host.ts';
import type { Host, HostInit } from '../libp2p-host.ts';
import { KAD_PROTOCOL } from '../protocol-ids.ts';
import { silentLogger, TestClock, until } from './skill-discovery/fixtures.ts';

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

describe('libp2p host', () => {
  it('has the PeerId of its identity and serves only the DHT of this network', async () => {
    const identity = Identity.generate();
    const host = await start({ identity });
    expect(host.peerId).toBe(identity.peerId);
    expect(host.addresses()[0]).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW/);
    expect(host.libp2p.getProtocols()).toContain(KAD_PROTOCOL);
    expect(host.libp2p.getProtocols().filter((id) => id.includes('kad'))).toEqual([KAD_PROTOCOL]);
    expect(host.dht.k).toBe(20);
    expect(host.dht.getMode()).toBe('server');
  });

  it('joins through a bootstrap peer and fills its table', async () => {
    const first = await start();
    const second = await start({ bootstrap: first.addresses() });
    expect(second.connectedPeers()).toEqual([first.peerId]);
    await Promise.all([first, second].map((h) => h.waitForPeers(1, AbortSignal.timeout(10_000))));
    expect(first.routingTableSize()).toBe(1);
    expect(second.routingTableSize()).toBe(1);
  });

  it('starts alone when no bootstrap peer answers, and joins when one comes up', async () => {
    const identity = Identity.generate();
    const before = await start({ identity });
    const [address] = before.addresses();
    await before.stop();
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => void warnings.push(text) };
    const startMs = performance.now();
    const lone = await start({ bootstrap: [address!], bootstrapTimeoutMs: 50, logger });
    expect(performance.now() - startMs).toBeLessThan(3_000);
    expect(lone.connectedPeers()).toEqual([]);
    await start({ identity, listen: [address!.split('/p2p/')[0]!] });
    await until('the lone node has joined', () => lone.connectedPeers().length === 1);
    expect(warnings[0]).toMatch(/alone/);
  });

  it('dials its bootstrap peers again after it has lost everybody', async () => {
    const identity = Identity.generate();
    const before = await start({ identity });
    const [address] = before.addresses();
    const other = await start({ bootstrap: [address!] });
    await before.stop();
    await until('the connection is lost', () => other.connectedPeers().length === 0);
    await start({ identity, listen: [address!.split('/p2p/')[0]!] });
    await until('the node has joined again', () => other.connectedPeers().length === 1);
  });

  it('leaves itself out of its bootstrap peers and refuses an address that is none', async () => {
    const identity = Identity.generate();
    const startMs = performance.now();
    await start({ identity, bootstrap: [`/ip4/127.0.0.1/tcp/1/p2p/${identity.peerId}`] });
    expect(performance.now() - startMs).toBeLessThan(3_000);
    await expect(start({ bootstrap: ['localhost:4001'] })).rejects.toThrow();
  });

  it('dials by address and by PeerId, and honours the signal', async () => {
    const [a, b, c] = await Promise.all([start(), start(), start()]);
    await a.dial(b.addresses()[0]!);
    expect(a.connectedPeers()).toEqual([b.peerId]);
    await a.libp2p.peerStore.merge(c.libp2p.peerId, { multiaddrs: c.libp2p.getMultiaddrs() });
    await a.dial(c.peerId);
    expect([...a.connectedPeers()].sort()).toEqual([b.peerId, c.peerId].sort());
    const signal = AbortSignal.timeout(200);
    await expect(a.dial(Identity.generate().peerId, { signal })).rejects.toThrow();
    await expect(a.dial('not a peer')).rejects.toThrow();
  });

  it('ends a wait for peers with the reason of its signal', async () => {
    const host = await start();
    const reason = new Error('enough');
    const controller = new AbortController();
    const wait = host.waitForPeers(1, controller.signal);
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
    await expect(host.waitForPeers(1, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it.each([
    [true, 'all'],
    [false, 'not all'],
  ])('with isLocalNetwork %s lets %s of twelve dialers of one address in', async (local) => {
    const host = await start({ isLocalNetwork: local });
    const dialers = await Promise.all(Array.from({ length: 12 }, () => start()));
    const dials = await Promise.allSettled(dialers.map((d) => d.dial(host.addresses()[0]!)));
    const refused = dials.flatMap((dial) => (dial.status === 'rejected' ? [dial.reason] : []));
    if (local) expect(refused).toEqual([]);
    else expect(refused).not.toEqual([]);
  });

  it('stops without a warning while many streams wait for a peer that does not read', async () => {
    const [asking, answering] = await Promise.all([start(), start()]);
    await answering.libp2p.handle('/test/mute/1.0.0', (stream) => stream.pause());
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const peer = answering.libp2p.getMultiaddrs();
      for (let i = 0; i < 20; i++) {
        const stream = await asking.libp2p.dialProtocol(peer, '/test/mute/1.0.0');
        stream.send(new Uint8Array(1_048_576));
      }
      await asking.stop();
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', onWarning);
    }
    expect(warnings).toEqual([]);
  });

  it('refuses connections beyond half as many again as its limit', async () => {
    const host = await start({ maxConnections: 2 });
    const dialers = await Promise.all(Array.from({ length: 8 }, () => start()));
    let most = 0;
    host.libp2p.addEventListener('connection:open', () => {
      most = Math.max(most, host.libp2p.getConnections().length);
    });
    await Promise.allSettled(dialers.map((d) => d.dial(host.addresses()[0]!)));
    await until('connections were made', () => most > 0);
    expect(most).toBeLessThanOrEqual(3);
  });
});
