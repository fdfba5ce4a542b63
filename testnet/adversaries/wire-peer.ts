/**
 * A peer that attacks on the wire: a libp2p node with sessions and nothing else. It answers nobody,
 * keeps no table and publishes nothing, so an attack costs it as little as possible.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { noise } from '@chainsafe/libp2p-noise';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { concatBytes } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { silentLogger } from '../../node/logger.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import type { SessionHost } from '../../protocols/secure-channel/dial.ts';
import { SessionManager } from '../../protocols/secure-channel/session-manager.ts';

const DIAL_TIMEOUT_MS = 20_000;

/** A node under attack. */
export interface AttackTarget {
  readonly peerId: string;
  readonly addresses: readonly string[];
}

/** What an attack has done so far, in pieces that the attack names. */
export interface AttackCounts {
  tried: number;
  /** What its victims gave it. */
  served: number;
  refused: number;
}

/** What every attack is handed. It goes on until it is done, or until the signal. */
export interface AttackInit {
  readonly targets: readonly AttackTarget[];
  readonly counts: AttackCounts;
  readonly signal: AbortSignal;
}

/** One peer of an attacker. */
export class WirePeer {
  readonly identity: Identity;
  readonly libp2p: Libp2p;
  readonly streams: SessionManager;

  private constructor(identity: Identity, libp2p: Libp2p, host: SessionHost = libp2p) {
    this.identity = identity;
    this.libp2p = libp2p;
    this.streams = new SessionManager({
      host,
      identity,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
  }

  /** Starts one and connects it to all targets. @throws libp2p's error if one is not reached. */
  static async join(targets: readonly AttackTarget[]): Promise<WirePeer> {
    const identity = Identity.generate();
    const libp2p = await createLibp2p({
      privateKey: privateKeyFromRaw(concatBytes(identity.seed, identity.publicKey)),
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() },
    });
    const peer = new WirePeer(identity, libp2p);
    await peer.streams.start();
    try {
      for (const { addresses } of targets) {
        await libp2p.dial(addresses.map(multiaddr), {
          signal: AbortSignal.timeout(DIAL_TIMEOUT_MS),
        });
      }
      return peer;
    } catch (error) {
      await peer.leave();
      throw error;
    }
  }

  /** The same peer with sessions of its own, not started yet, whose streams are changed. */
  withStreams(change: (stream: Stream) => void): WirePeer {
    const { libp2p } = this;
    return new WirePeer(this.identity, libp2p, {
      handle: () => Promise.resolve(),
      unhandle: () => Promise.resolve(),
      dialProtocol: async (...request) => {
        const stream = await libp2p.dialProtocol(...request);
        change(stream);
        return stream;
      },
    });
  }

  async leave(): Promise<void> {
    await this.streams.stop();
    await this.libp2p.stop();
  }
}

/** Has so many peers do `work` at the same time; they leave when all are done. */
export async function withPeers(
  count: number,
  targets: readonly AttackTarget[],
  work: (peer: WirePeer, number: number) => Promise<void>,
): Promise<void> {
  const peers: WirePeer[] = [];
  try {
    for (let number = 0; number < count; number++) peers.push(await WirePeer.join(targets));
    await Promise.all(peers.map(work));
  } finally {
    await Promise.all(peers.map((peer) => peer.leave()));
  }
}
