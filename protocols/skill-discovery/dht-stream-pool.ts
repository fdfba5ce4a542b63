/**
 * Streams of the DHT that carry more than one message.
 *
 * `@libp2p/kad-dht` 16 opens a stream for each message, and each stream is negotiated and has its
 * peer written to the peer store, at both ends. A publication sends some 700 messages to peers that
 * it meets again and again. The DHT's protocol lets a stream carry any number of messages, one
 * after another, and every node reads them so; this keeps a stream for the next message to the same
 * peer.
 *
 * A stream is used by one message at a time, and again only after an answer: a peer resets the
 * stream of a message that it refuses, and of one without an answer, such as a provider's, nobody
 * knows. Nor is one used again that failed, or on which the peer spoke out of turn.
 *
 * @module
 */

import type { PeerId, Stream, StreamMessageEvent } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../components.ts';
import { withMembers } from '../with-members.ts';
import { processScheduler } from './scheduler.ts';

/** How long a stream is kept without use: half of the time after which kad-dht resets it. */
export const MAX_IDLE_MS = 5_000;
/** Streams kept of one peer. */
export const MAX_IDLE_PER_PEER = 2;

/**
 * Bytes of one answer. kad-dht reads up to 4 MiB, and makes an object of each address in them: 40
 * peers with all the addresses that an honest peer keeps, and a record, take half of this.
 */
export const MAX_ANSWER_BYTES = 131_072;

/** As libp2p's connection manager opens streams. */
export type OpenStream = (
  peer: PeerId | Multiaddr | Multiaddr[],
  protocols: string | string[],
  options?: object,
) => Promise<Stream>;

interface IdleStream {
  readonly stream: Stream;
  readonly untilMs: number;
  /** Ends its rest; the stream is open still. */
  readonly wake: () => void;
}

/** Keeps streams of one protocol. */
export class DhtStreamPool {
  readonly #protocol: string;
  readonly #open: OpenStream;
  readonly #clock: Clock;
  /** By peer, the one used last at the end. */
  readonly #idle = new Map<string, IdleStream[]>();

  /** @param open - Opens a new stream. */
  constructor(protocol: string, open: OpenStream, clock: Clock) {
    this.#protocol = protocol;
    this.#open = open;
    this.#clock = clock;
  }

  /** Number of streams that wait for a message. */
  get idleCount(): number {
    return [...this.#idle.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** A stream that was kept, else a new one; closing it gives it back. */
  readonly openStream: OpenStream = async (peer, protocols, options) => {
    const isPooled = isPeerId(peer) && [protocols].flat().join() === this.#protocol;
    if (!isPooled) return this.#open(peer, protocols, options);
    const stream = this.#take(String(peer)) ?? (await this.#open(peer, protocols, options));
    return this.#lend(String(peer), stream);
  };

  #take(peerId: string): Stream | undefined {
    for (;;) {
      const idle = this.#idle.get(peerId)?.at(-1);
      if (!idle) return undefined;
      idle.wake();
      // On a busy machine its timer may be late, and the other end's not.
      const isStale = this.#clock.monotonicMs() >= idle.untilMs;
      if (!isStale && isUsable(idle.stream)) return idle.stream;
      closeQuietly(idle.stream);
    }
  }

  /** The stream as one user sees it: with listeners that go when it is given back. */
  #lend(peerId: string, stream: Stream): Stream {
    const listeners: Parameters<Stream['addEventListener']>[] = [];
    let isLent = true;
    let isAnswered = false;
    let bytes = 0;
    const hear = ({ data }: StreamMessageEvent): void => {
      isAnswered = true;
      bytes += data.byteLength;
      if (bytes > MAX_ANSWER_BYTES) stream.abort(new Error('An answer of the DHT is too large'));
    };
    stream.addEventListener('message', hear);
    const own = {
      addEventListener: (...args: Parameters<Stream['addEventListener']>): void => {
        listeners.push(args);
        stream.addEventListener(...args);
      },
      close: (): Promise<void> => {
        if (!isLent) return Promise.resolve();
        isLent = false;
        stream.removeEventListener('message', hear);
        for (const [type, listener] of listeners) stream.removeEventListener(type, listener);
        if (isAnswered) this.#keep(peerId, stream);
        else closeQuietly(stream);
        return Promise.resolve();
      },
      abort: (error: Error): void => {
        if (isLent) stream.abort(error);
        isLent = false;
      },
    };
    return withMembers(stream, own as Partial<Stream>);
  }

  #keep(peerId: string, stream: Stream): void {
    const idle = this.#idle.get(peerId) ?? [];
    if (!isUsable(stream) || idle.length >= MAX_IDLE_PER_PEER) return closeQuietly(stream);
    const refuse = (): void => stream.abort(new Error('A peer spoke on a stream at rest'));
    const wake = (): void => {
      cancelEnd();
      stream.removeEventListener('message', refuse);
      stream.removeEventListener('close', wake);
      idle.splice(idle.indexOf(one), 1);
      if (idle.length === 0) this.#idle.delete(peerId);
    };
    const one = { stream, untilMs: this.#clock.monotonicMs() + MAX_IDLE_MS, wake };
    const cancelEnd = processScheduler.after(MAX_IDLE_MS, () => {
      wake();
      closeQuietly(stream);
    });
    stream.addEventListener('message', refuse);
    stream.addEventListener('close', wake);
    idle.push(one);
    this.#idle.set(peerId, idle);
  }
}

function isPeerId(peer: unknown): peer is PeerId {
  return typeof (peer as Partial<PeerId> | undefined)?.toCID === 'function';
}

function isUsable(stream: Stream): boolean {
  const { status, readStatus, writeStatus } = stream;
  return status === 'open' && readStatus === 'readable' && writeStatus === 'writable';
}

function closeQuietly(stream: Stream): void {
  const signal = AbortSignal.timeout(MAX_IDLE_MS);
  stream.close({ signal }).catch(() => stream.abort(new Error('A stream did not close')));
}
