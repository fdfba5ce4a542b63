/** Faults between real libp2p nodes, over real sockets. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { silentLogger } from '../../../node/logger.ts';
import { systemClock } from '../../../node/system-clock.ts';
import { createHost } from '../../../protocols/libp2p-host.ts';
import type { Host } from '../../../protocols/libp2p-host.ts';
import type { LinkFault } from '../../faults/fault-rules.ts';
import { FaultyLinks } from '../../faults/faulty-transport.ts';

const ECHO = '/test/count/1.0.0';
let hosts: Host[] = [];

afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  hosts = [];
});

/** Counts the bytes that reach it. */
async function hostWithFaults() {
  const identity = Identity.generate();
  const links = new FaultyLinks(identity.peerId, systemClock);
  const host = await createHost({
    clock: systemClock,
    identity,
    logger: silentLogger,
    validators: {},
    selectors: {},
    isLocalNetwork: true,
    transport: links.transport(),
  });
  hosts.push(host);
  const got = { bytes: 0 };
  await host.libp2p.handle(ECHO, (stream) => {
    stream.addEventListener('message', ({ data }) => (got.bytes += data.byteLength));
  });
  let revision = 0;
  const apply = (...faults: Partial<LinkFault>[]): void =>
    links.apply({
      v: 1,
      revision: ++revision,
      seed: 1,
      faults: faults.map((fault, at) => ({
        ...{ id: `f${at}`, from: 'all', to: 'all', isBothWays: true },
        ...fault,
      })),
    });
  return { host, links, got, apply, peerId: host.peerId };
}

async function connect(from: Host, to: Host, timeoutMs = 5_000): Promise<Connection> {
  const address = to.addresses()[0]!;
  return from.libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(timeoutMs) });
}

describe('a link between two nodes', () => {
  it('carries megabytes both ways under latency, without losing a byte', async () => {
    const [a, b] = [await hostWithFaults(), await hostWithFaults()];
    a.apply({ latencyMs: 5, jitterMs: 5 });
    const connection = await connect(a.host, b.host);
    const there = await connection.newStream(ECHO);
    const [back] = b.host.libp2p.getConnections();
    const return_ = await back!.newStream(ECHO);
    const piece = new Uint8Array(65_536);
    for (let i = 0; i < 64; i++) {
      for (const stream of [there, return_]) {
        if (!stream.send(piece)) await stream.onDrain();
      }
    }
    const size = 64 * piece.length;
    await expect.poll(() => b.got.bytes, { timeout: 20_000 }).toBe(size);
    await expect.poll(() => a.got.bytes, { timeout: 20_000 }).toBe(size);
  });

  it('lets one direction pass while the other one is cut', async () => {
    const [a, b] = [await hostWithFaults(), await hostWithFaults()];
    const connection = await connect(a.host, b.host);
    const there = await connection.newStream(ECHO);
    const return_ = await b.host.libp2p.getConnections()[0]!.newStream(ECHO);
    await expect.poll(() => return_.status).toBe('open');
    // Only the one who dialled has to know: it tells the directions apart.
    a.apply({ from: [a.peerId], to: [b.peerId], isBothWays: false, isCut: true });
    there.send(new Uint8Array(1_000));
    return_.send(new Uint8Array(1_000));
    await expect.poll(() => a.got.bytes).toBe(1_000);
    await delay(200);
    expect(b.got.bytes).toBe(0);
    a.apply();
    await expect.poll(() => b.got.bytes).toBe(1_000);
  });

  it('makes no connection through a partition, and makes it once that is healed', async () => {
    const [a, b] = [await hostWithFaults(), await hostWithFaults()];
    a.apply({ isCut: true });
    await expect(connect(a.host, b.host, 400)).rejects.toThrow();
    expect(a.links.counts.dialsHeld).toBeGreaterThan(0);
    const dialling = connect(a.host, b.host, 20_000);
    await delay(100);
    a.apply();
    expect((await dialling).status).toBe('open');
  });

  it('resets open connections, and lets new ones fail', async () => {
    const [a, b] = [await hostWithFaults(), await hostWithFaults()];
    const connection = await connect(a.host, b.host);
    a.apply({ resetEveryMs: 50, lossPercent: 100 });
    await expect.poll(() => connection.status, { timeout: 10_000 }).not.toBe('open');
    expect(a.links.counts.resets).toBe(1);
    await expect(connect(a.host, b.host, 2_000)).rejects.toThrow();
    expect(a.links.counts.dialsLost).toBeGreaterThan(0);
  });

  it('leaves links alone that a fault does not name', async () => {
    const [a, b, c] = [await hostWithFaults(), await hostWithFaults(), await hostWithFaults()];
    a.apply({ from: [a.peerId], to: [b.peerId], isCut: true });
    await expect(connect(a.host, b.host, 300)).rejects.toThrow();
    expect((await connect(a.host, c.host)).status).toBe('open');
  });
});
