/**
 * The session layer between peers of one process: whole messages in order, as the real one gives
 * them, and faults where a test wants them. A lost message breaks the stream, for a real one never
 * skips a frame.
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

/** What happens to a message: sent on, lost with its stream, or changed. */
export type Fault = 'none' | 'lost' | { readonly replaceBy: Uint8Array };
export type FaultOf = (message: Uint8Array, from: string, to: string) => Fault;

export class FakeStreamError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

type Item = { readonly message: Uint8Array } | { readonly end: true } | { readonly error: Error };

/** One direction. */
class Pipe {
  readonly #items: Item[] = [];
  #wake: (() => void) | undefined;
  #broken: Error | undefined;

  push(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
  }

  break(error: Error): void {
    this.#broken ??= error;
    this.#wake?.();
  }

  async read(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#broken) throw this.#broken;
      const item = this.#items[0];
      if (item) {
        if ('end' in item) return undefined;
        this.#items.shift();
        if ('error' in item) throw item.error;
        return item.message;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

class FakeSecureStream implements SecureStream {
  readonly remotePeer: string;
  readonly sessionHash: Uint8Array;
  readonly context: Uint8Array;
  aborted: AbortReason | undefined;
  readonly #self: string;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #net: FakeNetwork;
  readonly #maxMessageBytes: number;

  constructor(init: {
    self: string;
    remotePeer: string;
    sessionHash: Uint8Array;
    context: Uint8Array;
    incoming: Pipe;
    outgoing: Pipe;
    net: FakeNetwork;
    maxMessageBytes: number;
  }) {
    this.#self = init.self;
    this.remotePeer = init.remotePeer;
    this.sessionHash = init.sessionHash;
    this.context = init.context;
    this.#incoming = init.incoming;
    this.#outgoing = init.outgoing;
    this.#net = init.net;
    this.#maxMessageBytes = init.maxMessageBytes;
  }

  readMessage(options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined> {
    return this.#incoming.read(options?.signal);
  }

  async writeMessages(messages: readonly Uint8Array[]): Promise<void> {
    for (const message of messages) await this.writeMessage(message);
  }

  writeMessage(message: Uint8Array): Promise<void> {
    if (this.aborted) return Promise.reject(new FakeStreamError('STREAM_ABORTED'));
    const fault = this.#net.faultOf(message, this.#self, this.remotePeer);
    this.#net.sent.push({ from: this.#self, to: this.remotePeer, message });
    if (fault === 'lost') this.#break('STREAM_TRUNCATED');
    else {
      const arriving = fault === 'none' ? message : fault.replaceBy;
      if (arriving.length > this.#maxMessageBytes) this.#break('MESSAGE_TOO_LARGE');
      else this.#outgoing.push({ message: arriving });
    }
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    this.#outgoing.push({ end: true });
    return Promise.resolve();
  }

  abort(reason: AbortReason): void {
    if (this.aborted) return;
    this.aborted = reason;
    this.#break('STREAM_ABORTED');
  }

  #break(code: string): void {
    this.#incoming.break(new FakeStreamError(code));
    this.#outgoing.break(new FakeStreamError(code));
  }
}

/** Joins the peers of one test. */
export class FakeNetwork {
  readonly handlers = new Map<string, SecureStreamHandler>();
  readonly sent: { from: string; to: string; message: Uint8Array }[] = [];
  readonly served: Promise<void>[] = [];
  readonly #streams: SecureStream[] = [];
  faultOf: FaultOf = () => 'none';
  /** A new value is a new session of every pair. */
  sessionNumber = 0;

  addStream(stream: SecureStream): void {
    this.#streams.push(stream);
  }

  /** The process of `peerId` dies: nobody answers there, every stream ends, and every session. */
  kill(peerId: string): void {
    for (const key of this.handlers.keys()) {
      if (key.startsWith(`${peerId} `)) this.handlers.delete(key);
    }
    for (const stream of this.#streams.splice(0)) stream.abort('cancelled');
    this.sessionNumber += 1;
  }

  sessionHash(a: string, b: string): Uint8Array {
    return sha256(utf8([a, b].sort().join('|')), utf8(String(this.sessionNumber)));
  }
}

export class FakeSecureStreams implements SecureStreams {
  readonly #self: string;
  readonly #net: FakeNetwork;

  constructor(self: string, net: FakeNetwork) {
    this.#self = self;
    this.#net = net;
  }

  open(
    peerId: string,
    protocol: SecureProtocol,
    options: { readonly context?: Uint8Array } = {},
  ): Promise<FakeSecureStream> {
    const handler = this.#net.handlers.get(`${peerId} ${protocol.id}`);
    if (!handler) return Promise.reject(new FakeStreamError('PEER_UNREACHABLE'));
    const there = new Pipe();
    const back = new Pipe();
    const common = {
      sessionHash: this.#net.sessionHash(this.#self, peerId),
      context: options.context ?? new Uint8Array(32),
      net: this.#net,
      maxMessageBytes: protocol.maxMessageBytes,
    };
    const ours = { self: this.#self, remotePeer: peerId, incoming: back, outgoing: there };
    const theirs = { self: peerId, remotePeer: this.#self, incoming: there, outgoing: back };
    const served = new FakeSecureStream({ ...common, ...theirs });
    const serving = handler(served);
    serving.catch(() => served.abort('internal')); // as the real one: it never escapes
    this.#net.served.push(serving);
    const stream = new FakeSecureStream({ ...common, ...ours });
    this.#net.addStream(stream);
    return Promise.resolve(stream);
  }

  handle(protocol: SecureProtocol, handler: SecureStreamHandler): void {
    this.#net.handlers.set(`${this.#self} ${protocol.id}`, handler);
  }
}
