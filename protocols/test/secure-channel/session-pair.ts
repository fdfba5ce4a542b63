/**
 * Real libp2p nodes on 127.0.0.1 with a session manager each, for the tests of this folder.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { Libp2p } from 'libp2p';
import { Identity } from '../../../crypto/identity.ts';
import type { Clock, Logger, Random } from '../../components.ts';
import { SessionManager } from '../../secure-channel/session-manager.ts';
import type { SessionManagerInit } from '../../secure-channel/session-manager.ts';
import type { SecureStream } from '../../secure-stream.ts';

/** Cryptographic randomness. */
export const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/** A clock that runs with the process and can be put forward. */
export class FakeClock implements Clock {
  aheadMs = 0;

  nowMs(): number {
    return Math.floor(performance.timeOrigin + performance.now()) + this.aheadMs;
  }

  monotonicMs(): number {
    return performance.now() + this.aheadMs;
  }
}

/** Keeps what was logged. */
export class FakeLogger implements Logger {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[] =
    [];
  debug = (fields: object, message: string) => this.lines.push({ level: 'debug', fields, message });
  info = (fields: object, message: string) => this.lines.push({ level: 'info', fields, message });
  warn = (fields: object, message: string) => this.lines.push({ level: 'warn', fields, message });
  error = (fields: object, message: string) => this.lines.push({ level: 'error', fields, message });
}

/** One node of a test. */
export interface TestNode {
  readonly peerId: string;
  readonly identity: Identity;
  readonly libp2p: Libp2p;
  readonly manager: SessionManager;
  readonly clock: FakeClock;
  readonly logger: FakeLogger;
  stop(): Promise<void>;
}

export type NodeOptions = Partial<Omit<SessionManagerInit, 'host' | 'clock' | 'logger'>>;

/** A started manager on a libp2p node. */
export async function startManager(
  libp2p: Libp2p,
  identity: Identity,
  options: NodeOptions = {},
): Promise<Pick<TestNode, 'manager' | 'clock' | 'logger'>> {
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const manager = new SessionManager({
    host: libp2p,
    identity,
    clock,
    random,
    logger,
    ...options,
    limits: { handshakesPerMinute: Infinity, ...options.limits },
  });
  await manager.start();
  return { manager, clock, logger };
}

/** A libp2p node on 127.0.0.1 with a session manager. */
export async function createNode(options: NodeOptions = {}): Promise<TestNode> {
  const identity = options.identity ?? Identity.generate();
  const libp2p = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', identity.seed),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 1_048_576 } })],
    connectionManager: { inboundConnectionThreshold: Infinity },
    services: { identify: identify() },
  });
  const started = await startManager(libp2p, identity, options);
  return {
    peerId: identity.peerId,
    identity,
    libp2p,
    ...started,
    stop: async () => {
      await started.manager.stop();
      await libp2p.stop();
    },
  };
}

/** Two nodes that know each other's addresses. */
export async function createPair(
  a: NodeOptions = {},
  b: NodeOptions = {},
): Promise<[TestNode, TestNode]> {
  const pair = [await createNode(a), await createNode(b)] as [TestNode, TestNode];
  await introduce(...pair);
  return pair;
}

/** Puts each node's addresses into the other's peer store. */
export async function introduce(a: TestNode, b: TestNode): Promise<void> {
  await a.libp2p.peerStore.merge(b.libp2p.peerId, { multiaddrs: b.libp2p.getMultiaddrs() });
  await b.libp2p.peerStore.merge(a.libp2p.peerId, { multiaddrs: a.libp2p.getMultiaddrs() });
}

/** Sends back every message, then FINAL. */
export async function echo(stream: SecureStream): Promise<void> {
  for (;;) {
    const message = await stream.readMessage();
    if (!message) break;
    await stream.writeMessage(message);
  }
  await stream.closeWrite();
}
