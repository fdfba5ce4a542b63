/**
 * `session`: the encrypted session between two processes, beside plain libp2p streams of the same
 * connection in the same run. The two take turns, round by round; a row is the median of them.
 *
 * @module
 */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AgentCard } from '@a2a-js/sdk';
import { multiaddr } from '@multiformats/multiaddr';
import { peerIdFromString } from '@libp2p/peer-id';
import { Identity } from '../../crypto/identity.ts';
import { x25519KeyPair } from '../../crypto/x25519.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import {
  InitiatorHandshake,
  ResponderHandshake,
} from '../../protocols/secure-channel/handshake.ts';
import { measureReferenceUs, median, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { HELD_TASKS, clientOf, holdTasks, streamTask } from './session-tasks.ts';
import { RAW_ECHO, RAW_SINK, createBenchNode, rawBulk, rawNext } from './session-wire.ts';
import type { BenchNode } from './session-wire.ts';

const ROUNDS = 7;
const BULK_BYTES = 64 * 1_048_576;
/** Sizes of the baseline's frames: the fastest of them is the baseline. */
const RAW_CHUNKS = [49_152, 65_524];
const SESSION_CHUNK = 61_436;
const ECHOES = 500;
const OPENS = 60;
const HANDSHAKES = 100;
const TASKS = 300;
const TASKS_WARM_UP = 50;

interface Peer {
  readonly peerId: string;
  readonly address: string;
  readonly cards: { readonly http: AgentCard; readonly session: AgentCard };
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
    return [
      ...(await benchStreams(node, peer, onProgress)),
      benchHandshake(),
      ...(await benchTasks(node, peer, child, onProgress)),
    ];
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

/** Both sides of the handshake, without the network between them. */
function benchHandshake(): BenchRow {
  const [initiator, responder] = [Identity.generate(), Identity.generate()];
  const random = (length: number) => systemRandom.bytes(length);
  const valuesMs: number[] = [];
  const referencesUs: number[] = [];
  for (let i = 0; i < HANDSHAKES; i++) {
    const keys = [x25519KeyPair(random(32)), x25519KeyPair(random(32))] as const;
    const startMs = systemClock.monotonicMs();
    const here = new InitiatorHandshake({
      identity: initiator,
      remotePeer: responder.peerId,
      staticKey: keys[0],
      ephemeralKey: x25519KeyPair(random(32)),
    });
    const there = new ResponderHandshake({
      identity: responder,
      remotePeer: initiator.peerId,
      staticKey: keys[1],
      ephemeralKey: x25519KeyPair(random(32)),
    });
    const { offer, message1 } = here.start();
    const answered = there.readOffer(offer, message1);
    const read = answered.valid ? here.readMessage2(answered.message2) : answered;
    const proved = read.valid ? there.readMessage3(read.message3) : read;
    if (!proved.valid || !here.readConfirm(proved.keys.confirm).valid) {
      throw new Error('The benchmark of the handshake failed');
    }
    valuesMs.push(systemClock.monotonicMs() - startMs);
    if (i % 10 === 0) referencesUs.push(measureReferenceUs(200));
  }
  const row = { bench: 'session', case: 'handshake, both sides together', unit: 'ms', bar: 3 };
  return rowOf({ ...row, value: median(valuesMs) }, median(referencesUs));
}

async function benchTasks(
  node: BenchNode,
  { cards }: Peer,
  child: ChildProcess,
  onProgress: (text: string) => void,
): Promise<BenchRow[]> {
  onProgress('session: tasks');
  const overSession = await clientOf(node, cards.session);
  const overHttp = await clientOf(node, cards.http);
  const tasks: Round[] = [];
  for (let i = -TASKS_WARM_UP; i < TASKS; i++) {
    const rawMs = await elapsedMs(() => streamTask(overHttp, `http ${i}`));
    const sessionMs = await elapsedMs(() => streamTask(overSession, `session ${i}`));
    if (i >= 0) tasks.push({ sessionMs, rawMs });
  }
  onProgress(`session: ${HELD_TASKS} tasks at once`);
  const before = await residentBytes(child);
  const completed = await holdTasks(overSession);
  const grownMegabytes = ((await residentBytes(child)) - before) / 1e6;
  const name = 'a task by the SDK over the session; the baseline is HTTP; p50';
  const sessionMs = median(tasks.map((task) => task.sessionMs));
  const rawMs = median(tasks.map((task) => task.rawMs));
  return [
    {
      bench: 'session',
      case: name,
      value: sessionMs,
      unit: 'ms',
      baseline: rawMs,
      ratio: sessionMs / rawMs,
      bar: 0.9,
      met: sessionMs / rawMs <= 0.9,
    },
    {
      bench: 'session',
      case: `of ${HELD_TASKS} tasks in work at once, completed`,
      value: completed,
      unit: 'tasks',
      bar: HELD_TASKS,
      met: completed === HELD_TASKS,
    },
    {
      bench: 'session',
      case: 'resident memory that the contractor gained with them',
      value: grownMegabytes,
      unit: 'MB',
    },
  ];
}

async function residentBytes(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message') as Promise<[{ readonly residentBytes: number }]>;
  child.send({});
  return (await answer)[0].residentBytes;
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
