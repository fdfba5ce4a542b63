/**
 * `session`: the encrypted session between two processes, beside plain libp2p streams of the same
 * connection in the same run. The two take turns, round by round; a row is the median of the rounds.
 *
 * @module
 */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { multiaddr } from '@multiformats/multiaddr';
import { peerIdFromString } from '@libp2p/peer-id';
import { systemClock } from '../../node/system-clock.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import { median } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { RAW_ECHO, RAW_SINK, createBenchNode, rawBulk, rawNext } from './session-wire.ts';
import type { BenchNode } from './session-wire.ts';

const ROUNDS = 7;
const BULK_BYTES = 64 * 1_048_576;
/** Sizes of the baseline's frames: the fastest of them is the baseline. */
const RAW_CHUNKS = [49_152, 65_524];
const SESSION_CHUNK = 61_436;
const ECHOES = 500;
const OPENS = 60;

interface Peer {
  readonly peerId: string;
  readonly address: string;
}

/** One round of a case: what it took with the session and without, in milliseconds. */
interface Round {
  readonly sessionMs: number;
  readonly rawMs: number;
}

export const benchSession: Bench = async (onProgress) => {
  const child = fork(fileURLToPath(new URL('./session-peer.js', import.meta.url)));
  const [peer] = (await once(child, 'message')) as [Peer];
  const node = await createBenchNode();
  try {
    await node.host.libp2p.dial(multiaddr(peer.address));
    return await benchStreams(node, peer, onProgress);
  } finally {
    await node.stop();
    await stopped(child);
  }
};

async function stopped(child: ChildProcess): Promise<void> {
  child.disconnect();
  if (child.exitCode === null) await once(child, 'exit');
}

async function benchStreams(
  node: BenchNode,
  peer: Peer,
  onProgress: (text: string) => void,
): Promise<BenchRow[]> {
  onProgress('session: throughput');
  const bulk = await rounds(() => bulkRound(node, peer));
  onProgress('session: round trips');
  const echo = await rounds(() => echoRound(node, peer));
  onProgress('session: opening streams');
  const opening = await rounds(() => openRound(node, peer));
  const megabytes = BULK_BYTES / 1e6;
  const ratio = median(bulk.map(({ sessionMs, rawMs }) => rawMs / sessionMs));
  return [
    {
      bench: 'session',
      case: 'bulk throughput of one stream, two processes',
      value: megabytes / (median(bulk.map(({ sessionMs }) => sessionMs)) / 1_000),
      unit: 'MB/s',
      baseline: megabytes / (median(bulk.map(({ rawMs }) => rawMs)) / 1_000),
      ratio,
      bar: 0.6,
      met: ratio >= 0.6,
    },
    ratioRow('round trip of 64 B on an open stream', 'us', echo, ECHOES / 1_000, 1.4),
    ratioRow('a stream opened, one request, one reply, closed', 'ms', opening, OPENS, 1.3),
  ];
}

/** A row of times whose bar is a ratio. */
function ratioRow(
  name: string,
  unit: string,
  measured: readonly Round[],
  perRound: number,
  bar: number,
): BenchRow {
  const ratio = median(measured.map(({ sessionMs, rawMs }) => sessionMs / rawMs));
  return {
    bench: 'session',
    case: name,
    value: median(measured.map(({ sessionMs }) => sessionMs)) / perRound,
    unit,
    baseline: median(measured.map(({ rawMs }) => rawMs)) / perRound,
    ratio,
    bar,
    met: ratio <= bar,
  };
}

/** The rounds after a first one that is not counted. */
async function rounds(one: () => Promise<Round>): Promise<Round[]> {
  await one();
  const measured: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) measured.push(await one());
  return measured;
}

async function elapsedMs(work: () => Promise<void>): Promise<number> {
  const startMs = systemClock.monotonicMs();
  await work();
  return systemClock.monotonicMs() - startMs;
}

async function bulkRound({ host, manager }: BenchNode, { peerId }: Peer): Promise<Round> {
  const raw: number[] = [];
  for (const length of RAW_CHUNKS) {
    const stream = await host.libp2p.dialProtocol(peerIdFromString(peerId), RAW_SINK);
    const chunk = new Uint8Array(length);
    raw.push(await elapsedMs(() => rawBulk(stream, chunk, Math.ceil(BULK_BYTES / length))));
  }
  const stream = await manager.open(peerId, SECURE_PROTOCOLS.query);
  const chunk = new Uint8Array(SESSION_CHUNK);
  const sessionMs = await elapsedMs(async () => {
    for (let sent = 0; sent < BULK_BYTES; sent += SESSION_CHUNK) await stream.writeMessage(chunk);
    await stream.closeWrite();
    await stream.readMessage();
  });
  return { sessionMs, rawMs: Math.min(...raw) };
}

async function echoRound({ host, manager }: BenchNode, { peerId }: Peer): Promise<Round> {
  const message = new Uint8Array(64);
  const raw = await host.libp2p.dialProtocol(peerIdFromString(peerId), RAW_ECHO);
  const rawMs = await elapsedMs(async () => {
    for (let i = 0; i < ECHOES; i++) {
      const answer = rawNext(raw);
      raw.send(message);
      await answer;
    }
  });
  await raw.close();
  const stream = await manager.open(peerId, SECURE_PROTOCOLS.card);
  const sessionMs = await elapsedMs(async () => {
    for (let i = 0; i < ECHOES; i++) {
      await stream.writeMessage(message);
      await stream.readMessage();
    }
  });
  await stream.closeWrite();
  return { sessionMs, rawMs };
}

async function openRound({ host, manager }: BenchNode, { peerId }: Peer): Promise<Round> {
  const message = new Uint8Array(64);
  const to = peerIdFromString(peerId);
  const rawMs = await elapsedMs(async () => {
    for (let i = 0; i < OPENS; i++) {
      const stream = await host.libp2p.dialProtocol(to, RAW_ECHO);
      const answer = rawNext(stream);
      stream.send(message);
      await answer;
      await stream.close();
    }
  });
  const sessionMs = await elapsedMs(async () => {
    for (let i = 0; i < OPENS; i++) {
      const stream = await manager.open(peerId, SECURE_PROTOCOLS.card);
      await stream.writeMessage(message);
      await stream.readMessage();
      await stream.closeWrite();
    }
  });
  return { sessionMs, rawMs };
}
