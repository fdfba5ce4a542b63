/**
 * The network between the replicas of a committee: for each pair one long-lived libp2p stream each
 * way, `/coalesce/pbft/1.0.0`. Who a message is from, the connection says (Noise has proved its
 * PeerId); only replicas that the genesis names are heard.
 *
 * What cannot be sent is dropped, the oldest first: consensus sends again what is still wanted. A
 * stream with bytes that are no message is closed, and nothing else happens.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { concatBytes } from '../../crypto/bytes.ts';
import type { Logger } from '../components.ts';
import { PBFT_PROTOCOL } from '../protocol-ids.ts';
import { StreamDuplex } from '../secure-channel/stream-duplex.ts';
import type { Committee } from './committee.ts';
import { frame, unframe } from './message-frames.ts';
import { decodeMessage, encodeMessage } from './messages.ts';
import type { Message } from './messages.ts';

/** Waiting bytes for one replica: eight blocks of the largest size. */
export const MAX_QUEUED_BYTES = 8_388_608;
const DIAL_TIMEOUT_MS = 5_000;
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
/** Messages that wait are sent together up to this size. */
const JOINED_BYTES = 32_768;
/** A stream that takes nothing for so long is opened anew. */
const STALLED_MS = 10_000;

/** The part of libp2p that the links use. */
export type LinkHost = Pick<
  Libp2p,
  'handle' | 'unhandle' | 'dialProtocol' | 'addEventListener' | 'removeEventListener'
>;

export interface ReplicaLinksInit {
  readonly host: LinkHost;
  readonly committee: Committee;
  /** Number of this replica. */
  readonly index: number;
  readonly onMessage: (from: number, message: Message) => void;
  readonly logger: Logger;
}

/** Streams to and from all other replicas. */
export class ReplicaLinks {
  readonly #init: ReplicaLinksInit;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #outbound: readonly (OutboundLink | undefined)[];
  readonly #inbound = new Map<number, Stream>();
  readonly #stop = new AbortController();

  constructor(init: ReplicaLinksInit) {
    const { committee, index } = init;
    this.#init = init;
    this.#numbers = new Map(committee.replicas.map((peerId, number) => [peerId, number]));
    setMaxListeners(0, this.#stop.signal);
    this.#outbound = committee.replicas.map((peerId, number) =>
      number === index ? undefined : new OutboundLink(init, peerId, this.#stop.signal),
    );
  }

  /** Takes streams of the others and dials them, until `stop`. */
  async start(): Promise<void> {
    await this.#init.host.handle(
      PBFT_PROTOCOL,
      (stream, connection) => void this.#accept(stream, connection),
      { maxInboundStreams: 2, maxOutboundStreams: 2, runOnLimitedConnection: true },
    );
    this.#init.host.addEventListener('peer:connect', this.#onConnect);
    for (const link of this.#outbound) void link?.run();
  }

  /** Sends a message when the other side takes it, or drops it. */
  send(to: number | 'others', message: Message): void {
    const bytes = frame(encodeMessage(message));
    if (to !== 'others') this.#outbound[to]?.send(bytes);
    else for (const link of this.#outbound) link?.send(bytes);
  }

  /** Replicas that messages can be sent to now. */
  get connected(): number {
    return this.#outbound.filter((link) => link?.isOpen).length;
  }

  async stop(): Promise<void> {
    const reason = new Error('the replica stops');
    this.#stop.abort(reason);
    this.#init.host.removeEventListener('peer:connect', this.#onConnect);
    for (const stream of this.#inbound.values()) stream.abort(reason);
    await this.#init.host.unhandle(PBFT_PROTOCOL);
  }

  /** A replica is there: there may be no need to look for it. */
  readonly #onConnect = ({ detail }: { readonly detail: PeerId }): void => {
    const number = this.#numbers.get(detail.toString());
    if (number !== undefined) this.#outbound[number]?.retryNow();
  };

  async #accept(stream: Stream, connection: Connection): Promise<void> {
    const { index, logger, onMessage } = this.#init;
    const peerId = connection.remotePeer.toString();
    const from = this.#numbers.get(peerId);
    if (from === undefined || from === index || this.#stop.signal.aborted) {
      stream.abort(new Error('not a replica of this ledger'));
      return;
    }
    // A replica has one stream: the latest, for it may have restarted.
    this.#inbound.get(from)?.abort(new Error('another stream took its place'));
    this.#inbound.set(from, stream);
    this.#outbound[from]?.retryNow();
    try {
      for await (const bytes of unframe(new StreamDuplex(stream).source())) {
        onMessage(from, decodeMessage(bytes));
      }
    } catch (error) {
      logger.debug({ replica: from, err: error }, 'The stream of a replica ended.');
      stream.abort(error instanceof Error ? error : new Error('bad message'));
    } finally {
      if (this.#inbound.get(from) === stream) this.#inbound.delete(from);
    }
  }
}

/** What this replica sends to one other. */
class OutboundLink {
  readonly #init: ReplicaLinksInit;
  readonly #peerId: string;
  readonly #signal: AbortSignal;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isOpen = false;
  /** Wakes the loop: something to send, or a reason to dial now. */
  #wake: (() => void) | undefined;
  #retryMs = MIN_RETRY_MS;

  constructor(init: ReplicaLinksInit, peerId: string, signal: AbortSignal) {
    this.#init = init;
    this.#peerId = peerId;
    this.#signal = signal;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    while (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.#queuedBytes -= this.#queue.shift()!.length;
    }
    if (this.#isOpen) this.#wakeUp();
  }

  /** The other side has shown that it is there. */
  retryNow(): void {
    this.#retryMs = MIN_RETRY_MS;
    if (!this.#isOpen) this.#wakeUp();
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#serve();
      } catch (error) {
        const { logger } = this.#init;
        logger.debug({ peerId: this.#peerId, err: error }, 'A replica cannot be reached.');
      }
      this.#isOpen = false;
      if (this.#signal.aborted) return;
      await this.#activity(this.#retryMs);
      this.#retryMs = Math.min(MAX_RETRY_MS, 2 * this.#retryMs);
    }
  }

  /** Opens a stream and sends until it ends. */
  async #serve(): Promise<void> {
    const { host } = this.#init;
    const stream = await host.dialProtocol(peerIdFromString(this.#peerId), PBFT_PROTOCOL, {
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]),
      maxOutboundStreams: 2,
      runOnLimitedConnection: true,
    });
    const duplex = new StreamDuplex(stream);
    duplex.discard();
    const onClose = (): void => this.#wakeUp();
    stream.addEventListener('close', onClose);
    this.#isOpen = true;
    this.#retryMs = MIN_RETRY_MS;
    let isSending = false;
    const watchdog = setTimeout(() => {
      if (isSending) stream.abort(new Error('the other side takes nothing'));
    }, STALLED_MS).unref();
    try {
      while (stream.writeStatus === 'writable' && !this.#signal.aborted) {
        const chunks = this.#take();
        isSending = chunks.length > 0;
        if (!isSending) {
          await this.#activity(Infinity);
          // What is said in this turn of the event loop goes out together.
          await new Promise((resolve) => setImmediate(resolve));
        } else {
          watchdog.refresh();
          await duplex.send(chunks);
        }
      }
    } finally {
      clearTimeout(watchdog);
      stream.removeEventListener('close', onClose);
      stream.abort(new Error('the link ends'));
    }
  }

  /** What waits; small messages together, for every chunk is encrypted and sent by itself. */
  #take(): readonly Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    let smallBytes = 0;
    const join = (): void => {
      if (small.length > 0) chunks.push(concatBytes(...small));
      small = [];
      smallBytes = 0;
    };
    for (const bytes of this.#queue) {
      if (smallBytes + bytes.length > JOINED_BYTES) join();
      small.push(bytes);
      smallBytes += bytes.length;
    }
    join();
    this.#queue = [];
    this.#queuedBytes = 0;
    return chunks;
  }

  #wakeUp(): void {
    this.#wake?.();
  }

  /** Until there is something to do, or the time is over, or the node stops. */
  #activity(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#wake = undefined;
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = timeoutMs === Infinity ? undefined : setTimeout(finish, timeoutMs).unref();
      this.#signal.addEventListener('abort', finish);
      this.#wake = finish;
    });
  }
}
