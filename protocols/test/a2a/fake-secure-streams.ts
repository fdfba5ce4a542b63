/**
 * The session layer in memory, for tests of the protocols that run over it: whole messages, in
 * order, with back-pressure and the errors of `secure-stream.ts`. No cryptography.
 */

import { sha256 } from '../../../crypto/hash.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import type { SecureProtocol } from '../../protocol-ids.ts';
import type {
  AbortReason,
  SecureStream,
  SecureStreamHandler,
  SecureStreams,
} from '../../secure-stream.ts';

const HIGH_WATER_MESSAGES = 16;

class FakeStreamError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** One direction of a stream. */
class FakeDirection {
  readonly #messages: Uint8Array[] = [];
  #isEnded = false;
  #failure: FakeStreamError | undefined;
  #changed = Promise.withResolvers<void>();

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure;
      const message = this.#messages.shift();
      if (message) {
        this.#wake();
        return message;
      }
      if (this.#isEnded) return undefined;
      await this.#change(signal);
    }
  }

  async write(message: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure;
      if (this.#isEnded) throw new FakeStreamError('STREAM_ENDED');
      if (this.#messages.length < HIGH_WATER_MESSAGES) break;
      await this.#change(signal);
    }
    this.#messages.push(message);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  fail(code: string): void {
    this.#failure ??= new FakeStreamError(code);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #change(signal?: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const wake = (): void => aborted.resolve();
    signal?.addEventListener('abort', wake);
    await Promise.race([this.#changed.promise, aborted.promise]);
    signal?.removeEventListener('abort', wake);
  }
}

/** One end of a stream. */
export class FakeSecureStream implements SecureStream {
  readonly remotePeer: string;
  readonly sessionHash: Uint8Array;
  readonly context: Uint8Array;
  /** What this end aborted with, if it did. */
  abortedWith: AbortReason | undefined;
  readonly #incoming: FakeDirection;
  readonly #outgoing: FakeDirection;
  readonly #maxMessageBytes: number;

  constructor(
    remotePeer: string,
    sessionHash: Uint8Array,
    context: Uint8Array,
    directions: readonly [FakeDirection, FakeDirection],
    maxMessageBytes: number,
  ) {
    this.remotePeer = remotePeer;
    this.sessionHash = sessionHash;
    this.context = context;
    [this.#incoming, this.#outgoing] = directions;
    this.#maxMessageBytes = maxMessageBytes;
  }

  async readMessage(options: { readonly signal?: AbortSignal } = {}) {
    const message = await this.#incoming.read(options.signal);
    if (message && message.length > this.#maxMessageBytes) {
      this.abort('tooLarge');
      throw new FakeStreamError('MESSAGE_TOO_LARGE');
    }
    return message;
  }

  async writeMessages(messages: readonly Uint8Array[], options = {}) {
    for (const message of messages) await this.writeMessage(message, options);
  }

  async writeMessage(message: Uint8Array, options: { readonly signal?: AbortSignal } = {}) {
    await this.#outgoing.write(new Uint8Array(message), options.signal);
  }

  async closeWrite(): Promise<void> {
    this.#outgoing.end();
    return Promise.resolve();
  }

  abort(reason: AbortReason): void {
    this.abortedWith ??= reason;
    this.#fail('STREAM_ABORTED');
  }

  /** The connection is lost: both ends see a truncated stream. */
  break(): void {
    this.#fail('STREAM_TRUNCATED');
  }

  #fail(code: string): void {
    this.#incoming.fail(code);
    this.#outgoing.fail(code);
  }
}

/** Peers that can reach one another. */
export class FakeNetwork {
  readonly #peers = new Map<string, FakeSecureStreams>();
  /** Number of the session between any two peers; raise it for a new session. */
  session = 0;

  /** The session layer of `peerId`. */
  join(peerId: string): FakeSecureStreams {
    const streams = new FakeSecureStreams(this, peerId);
    this.#peers.set(peerId, streams);
    return streams;
  }

  find(peerId: string): FakeSecureStreams | undefined {
    return this.#peers.get(peerId);
  }
}

/** The session layer of one peer. */
export class FakeSecureStreams implements SecureStreams {
  readonly #network: FakeNetwork;
  readonly #peerId: string;
  readonly #handlers = new Map<number, SecureStreamHandler>();
  /** Streams this peer opened, oldest first. */
  readonly opened: FakeSecureStream[] = [];
  /** Streams this peer accepted, oldest first. */
  readonly accepted: FakeSecureStream[] = [];

  constructor(network: FakeNetwork, peerId: string) {
    this.#network = network;
    this.#peerId = peerId;
  }

  handle(protocol: SecureProtocol, handler: SecureStreamHandler): void {
    this.#handlers.set(protocol.purpose, handler);
  }

  async open(
    peerId: string,
    protocol: SecureProtocol,
    options: { readonly context?: Uint8Array; readonly signal?: AbortSignal } = {},
  ): Promise<FakeSecureStream> {
    options.signal?.throwIfAborted();
    await Promise.resolve();
    const remote = this.#network.find(peerId);
    const handler = remote?.handlerOf(protocol);
    if (!remote || !handler) throw new FakeStreamError('PEER_UNREACHABLE');
    const there = new FakeDirection();
    const back = new FakeDirection();
    const pair = [this.#peerId, peerId].sort().join('/');
    const sessionHash = sha256(utf8(`${pair}/${this.#network.session}`));
    const context = options.context ?? new Uint8Array(32);
    const { maxMessageBytes: max } = protocol;
    const near = new FakeSecureStream(peerId, sessionHash, context, [back, there], max);
    const far = new FakeSecureStream(this.#peerId, sessionHash, context, [there, back], max);
    this.opened.push(near);
    remote.accepted.push(far);
    handler(far).catch(() => far.abort('internal'));
    return near;
  }

  handlerOf(protocol: SecureProtocol): SecureStreamHandler | undefined {
    return this.#handlers.get(protocol.purpose);
  }
}
