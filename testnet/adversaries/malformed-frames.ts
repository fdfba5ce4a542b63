/**
 * Peers that send malformed frames (security.md 6): random bytes, broken copies of well-formed
 * ones, and lengths beyond every limit. Of three kinds in turn: raw streams of every protocol, PUTs
 * into the DHT among them; messages inside a proper session; and proper sessions whose bytes are
 * broken under way.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { concatBytes, utf8 } from '../../crypto/bytes.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import {
  BLOCKS_PROTOCOL,
  KAD_PROTOCOL,
  LEDGER_PROTOCOL,
  PBFT_PROTOCOL,
  SECURE_PROTOCOLS,
  SESSION_PROTOCOL,
} from '../../protocols/protocol-ids.ts';
import type { SecureProtocol } from '../../protocols/protocol-ids.ts';
import type { SecureStream } from '../../protocols/secure-stream.ts';
import { recordKey } from '../../protocols/skill-discovery/dht-keys.ts';
import { withPeers } from './wire-peer.ts';
import type { AttackInit, WirePeer } from './wire-peer.ts';

const STREAM_TIMEOUT_MS = 10_000;
const FRAMES_OF_ONE_STREAM = 16;
const MAX_FRAME_BYTES = 4_096;
/** Frames after which the event loop gets a turn: the runner does the honest work too. */
const FRAMES_PER_TURN = 4;
const RAW_PROTOCOLS = [
  KAD_PROTOCOL,
  SESSION_PROTOCOL,
  LEDGER_PROTOCOL,
  PBFT_PROTOCOL,
  BLOCKS_PROTOCOL,
  ...Object.values(SECURE_PROTOCOLS).map(({ id }) => id),
];
/** What the server of each protocol would read; broken before it is sent. */
const WELL_FORMED: Readonly<Record<keyof typeof SECURE_PROTOCOLS, readonly string[]>> = {
  negotiation: [
    '{"request":"AAAA","typ":"ask","v":1}',
    `{"contract":"${'A'.repeat(43)}","typ":"collect","v":1}`,
    `{"contract":"${'A'.repeat(43)}","typ":"verdict","v":1,"verdict":"AAAA"}`,
  ],
  a2a: [
    '{"id":1,"jsonrpc":"2.0","method":"SendMessage","params":{"message":{"messageId":"m","parts":[{"text":"x"}],"role":"ROLE_USER"}}}',
    '{"id":"q","jsonrpc":"2.0","method":"GetTask","params":{"id":"t"}}',
  ],
  card: ['{"typ":"card","v":1}', '{"list":1,"typ":"status","v":1}'],
  attest: ['{"job":"AAAA","resource":"memory-mib","typ":"offer","v":1}'],
  query: ['{"keys":["performs:nlp/sentiment"],"limit":16,"maxPrice":"","typ":"find","v":1}'],
  mailbox: [
    `{"key":"${'A'.repeat(43)}","typ":"collect","v":1}`,
    '{"letters":[{"contract":"AAAA","from":"12D3KooW","number":1}],"typ":"taken","v":1}',
  ],
};

export interface MalformedInit extends AttackInit {
  /** Sent in all, to all targets together. */
  readonly frames: number;
  readonly peers: number;
  readonly seed: number;
}

/**
 * Sends its frames and ends. Counts frames; `refused` are those of streams that were not opened or
 * were ended by the victim.
 */
export async function sendMalformedFrames(init: MalformedInit): Promise<void> {
  const { targets, peers, frames, seed, counts, signal } = init;
  await withPeers(peers, targets, async (peer, number) => {
    const random = new SeededRandom(seed * 1_000 + number);
    const broken = breakingPeer(peer, random);
    const kinds = [
      (target: string) => sendRaw(peer, target, random, init),
      (target: string) => sendMessages(peer, target, random, init),
      (target: string) => sendMessages(broken, target, random, init),
    ];
    await broken.streams.start();
    try {
      for (let at = number; counts.tried < frames && !signal.aborted; at++) {
        const { peerId } = targets[at % targets.length]!;
        await kinds[random.integer(kinds.length)]!(peerId);
      }
    } finally {
      await broken.streams.stop();
    }
  });
}

/** The same peer, in whose streams one send of eight has a bit changed. */
function breakingPeer(peer: WirePeer, random: SeededRandom): WirePeer {
  return peer.withStreams((stream) => {
    const send = stream.send.bind(stream);
    stream.send = (data) => {
      if (random.integer(8) > 0) return send(data);
      const bytes = data instanceof Uint8Array ? data.slice() : data.slice().slice();
      if (bytes.length > 0) bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
      return send(bytes);
    };
  });
}

async function sendRaw(
  { libp2p }: WirePeer,
  target: string,
  random: SeededRandom,
  { counts, signal }: MalformedInit,
): Promise<void> {
  const id = RAW_PROTOCOLS[random.integer(RAW_PROTOCOLS.length)]!;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(STREAM_TIMEOUT_MS)]);
  let stream: Stream;
  try {
    stream = await libp2p.dialProtocol(peerIdFromString(target), id, { signal: limit });
  } catch {
    counts.refused += 1; // nobody serves it there
    return;
  }
  stream.addEventListener('message', () => undefined);
  try {
    for (let sent = 0; sent < FRAMES_OF_ONE_STREAM; sent++) {
      if (stream.status !== 'open') break;
      counts.tried += 1;
      stream.send(id === KAD_PROTOCOL ? kadFrame(target, random) : noise(random));
      if (sent % FRAMES_PER_TURN === 0) await new Promise(setImmediate);
    }
    if (random.integer(2) === 0) await stream.close({ signal: limit });
  } catch {
    counts.refused += 1;
  }
  stream.abort(new Error('enough'));
}

async function sendMessages(
  { streams }: WirePeer,
  target: string,
  random: SeededRandom,
  { counts, signal }: MalformedInit,
): Promise<void> {
  const names = Object.keys(SECURE_PROTOCOLS) as (keyof typeof SECURE_PROTOCOLS)[];
  const name = names[random.integer(names.length)]!;
  const protocol: SecureProtocol = SECURE_PROTOCOLS[name];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(STREAM_TIMEOUT_MS)]);
  let stream: SecureStream | undefined;
  counts.tried += 1; // the handshake or the OPEN, where it is that which is broken
  try {
    stream = await streams.open(target, protocol, { signal: limit });
    for (let sent = 0; sent < FRAMES_OF_ONE_STREAM; sent++) {
      counts.tried += 1;
      await stream.writeMessage(brokenMessage(WELL_FORMED[name], random), { signal: limit });
    }
    await stream.closeWrite({ signal: limit });
    while ((await stream.readMessage({ signal: limit })) !== undefined);
  } catch {
    counts.refused += 1;
    stream?.abort('cancelled');
  }
}

/** Random bytes; a length of four bytes beyond every limit before half of them. */
function noise(random: SeededRandom): Uint8Array {
  const bytes = randomBytes(1 + random.integer(MAX_FRAME_BYTES), random);
  return random.integer(2) === 0 ? bytes : concatBytes(Uint8Array.of(255, 255, 255, 255), bytes);
}

function randomBytes(length: number, random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(256));
}

function brokenMessage(wellFormed: readonly string[], random: SeededRandom): Uint8Array {
  const kind = random.integer(5);
  if (kind === 0) return randomBytes(random.integer(MAX_FRAME_BYTES), random);
  if (kind === 1) return utf8('['.repeat(1 + random.integer(10_000)));
  const bytes = utf8(wellFormed[random.integer(wellFormed.length)]!).slice();
  if (kind === 2) return bytes.subarray(0, random.integer(bytes.length));
  if (kind === 3) return concatBytes(bytes, bytes);
  bytes[random.integer(bytes.length)] = random.integer(256);
  return bytes;
}

/** A PUT_VALUE of the DHT (protobuf, a varint of its length before it), broken one time of two. */
function kadFrame(target: string, random: SeededRandom): Uint8Array {
  const key = random.integer(2) === 0 ? recordKey(target) : randomBytes(40, random);
  const value = randomBytes(random.integer(MAX_FRAME_BYTES), random);
  const record = concatBytes(field(1, key), field(2, value));
  const message = concatBytes(field(2, key), field(3, record)).slice();
  if (random.integer(2) === 0) message[random.integer(message.length)] = random.integer(256);
  const length = random.integer(8) === 0 ? 2 ** 31 - 1 : message.length;
  return concatBytes(varint(length), message);
}

/** A field of bytes. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of((number << 3) | 2), varint(bytes.length), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) | 128);
    if (rest < 128) return Uint8Array.from(bytes);
  }
}
