/**
 * Both ends of the `session` benchmark on the wire: what the two processes say to each other, over
 * plain libp2p streams (the baseline) and over the session.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface';
import { Identity } from '../../crypto/identity.ts';
import { silentLogger } from '../../node/logger.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { createHost } from '../../protocols/libp2p-host.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import { SessionManager } from '../../protocols/secure-channel/session-manager.ts';
import type { SecureStream } from '../../protocols/secure-stream.ts';

/** Plain libp2p protocols of the baseline: each message comes back; or is counted. */
export const RAW_ECHO = '/coalesce-bench/echo/1.0.0';
export const RAW_SINK = '/coalesce-bench/sink/1.0.0';

/** A libp2p node with sessions, and nothing else. */
export interface BenchNode {
  readonly host: Host;
  readonly manager: SessionManager;
  stop(): Promise<void>;
}

/** Starts a node on 127.0.0.1 that others may hand-shake with as often as they like. */
export async function createBenchNode(): Promise<BenchNode> {
  const identity = Identity.generate();
  const logger = silentLogger;
  const host = await createHost({
    clock: systemClock,
    identity,
    logger,
    isLocalNetwork: true,
    bootstrapTimeoutMs: 0,
    validators: {},
    selectors: {},
  });
  const manager = new SessionManager({
    host: host.libp2p,
    identity,
    clock: systemClock,
    random: systemRandom,
    logger,
    isParty: () => true,
    limits: { handshakesPerMinute: Infinity, handshakeBurst: Infinity },
  });
  await manager.start();
  return {
    host,
    manager,
    stop: async () => {
      await manager.stop();
      await host.stop();
    },
  };
}

/** Sends back whatever comes, at once. */
export function rawEcho(stream: Stream): void {
  stream.addEventListener('message', ({ data }) => void stream.send(data));
  stream.addEventListener('remoteCloseWrite', () => void stream.close().catch(() => undefined));
}

/** Counts bytes; sends the count's last byte when all have come. */
export function rawSink(stream: Stream): void {
  let bytes = 0;
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
  });
  stream.addEventListener('remoteCloseWrite', () => {
    stream.send(Uint8Array.of(bytes & 0xff));
    void stream.close().catch(() => undefined);
  });
}

/** Resolves with the next bytes of a plain stream. */
export function rawNext(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = () => {
      stream.removeEventListener('close', onClose);
      resolve();
    };
    const onClose = ({ error }: { error?: Error }) => {
      stream.removeEventListener('message', onMessage);
      reject(error ?? new Error('the stream closed'));
    };
    stream.addEventListener('message', onMessage, { once: true });
    stream.addEventListener('close', onClose, { once: true });
  });
}

/** Sends `count` times the same bytes over a plain stream, and waits until all were taken. */
export async function rawBulk(stream: Stream, chunk: Uint8Array, count: number): Promise<void> {
  const taken = rawNext(stream);
  for (let i = 0; i < count; i++) {
    if (stream.send(chunk)) continue;
    await new Promise((resolve) => {
      stream.addEventListener('drain', resolve, { once: true });
    });
  }
  await stream.close();
  await taken;
}

/** Sends back every message, then FINAL. */
export async function sessionEcho(stream: SecureStream): Promise<void> {
  for (;;) {
    const message = await stream.readMessage();
    if (!message) break;
    await stream.writeMessage(message);
  }
}

/** Reads everything, then answers with an empty message. */
export async function sessionSink(stream: SecureStream): Promise<void> {
  while ((await stream.readMessage()) !== undefined);
  await stream.writeMessage(new Uint8Array(1));
}
