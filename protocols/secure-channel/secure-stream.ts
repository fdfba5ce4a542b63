/**
 * A `SecureStream` over a libp2p stream: messages to frames to bytes, and back, as two pipelines
 * (wire-formats.md 1.3 and 1.6).
 *
 * Received frames are opened as they come, so an ABORT or a forgery stops writers too. Nobody reads
 * faster than the application: each stage waits for the next.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface';
import { pipe } from 'it-pipe';
import type { Clock } from '../components.ts';
import { ABORT_CODES } from '../secure-stream.ts';
import type { AbortReason, SecureStream } from '../secure-stream.ts';
import { ByteQueue } from './byte-queue.ts';
import { raceSignal } from './deadline.ts';
import {
  MessageTooLargeError,
  StreamAbortedError,
  StreamForgedError,
  StreamTruncatedError,
} from './errors.ts';
import type { FrameRefusal } from './errors.ts';
import { FRAME_LENGTH_BYTES, readFrameLength } from './frames.ts';
import type { FrameOpener, FrameSealer } from './frames.ts';
import { MessageInbox } from './message-inbox.ts';
import { MessageAssembler, sealMessage } from './messages.ts';
import type { StreamDuplex } from './stream-duplex.ts';

/** What an encrypted stream is made of. */
export interface EncryptedStreamInit {
  readonly duplex: StreamDuplex;
  readonly remotePeer: string;
  readonly sessionHash: Uint8Array;
  readonly context: Uint8Array;
  readonly maxMessageBytes: number;
  readonly sealer: FrameSealer;
  readonly opener: FrameOpener;
  readonly clock: Clock;
  /** Time for what is left to be sent, and for the peer to end its side, when the stream closes. */
  readonly closeMs: number;
  /** Called once, when the libp2p stream is closed both ways. */
  readonly onClosed: () => void;
}

interface SignalOptions {
  readonly signal?: AbortSignal;
}

const ABORT_REASONS = new Map<number, AbortReason>(
  Object.entries(ABORT_CODES).map(([reason, code]) => [code, reason as AbortReason]),
);

/** A mistake of the caller, not of the stream. */
class WriteAfterEndError extends TypeError {
  constructor() {
    super('nothing can be written after closeWrite()');
  }
}

/** Implements `SecureStream`. Starts to receive when it is made. */
export class EncryptedStream implements SecureStream {
  readonly remotePeer: string;
  readonly sessionHash: Uint8Array;
  readonly context: Uint8Array;
  readonly #init: EncryptedStreamInit;
  readonly #stream: Stream;
  readonly #inbox = new MessageInbox();
  readonly #assembler: MessageAssembler;
  /** Resolves when the write before is done: messages are never interleaved. */
  #lastWrite: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  /** The transport closed before FINAL was sent; what came before may still be read. */
  #writeFailure: Error | undefined;
  #preparation: ReturnType<typeof setImmediate> | undefined;
  #isWriteClosed = false;
  #isClosed = false;

  constructor(init: EncryptedStreamInit) {
    this.remotePeer = init.remotePeer;
    this.sessionHash = init.sessionHash;
    this.context = init.context;
    this.#init = init;
    this.#stream = init.duplex.stream;
    this.#assembler = new MessageAssembler(init.maxMessageBytes);
    this.#stream.addEventListener('close', () => {
      this.#onClosed();
    });
    if (this.#stream.timeline.close !== undefined) {
      queueMicrotask(() => {
        this.#onClosed();
      });
    }
    void this.#receive();
  }

  /** What ended the stream early, if anything did. */
  get failure(): Error | undefined {
    return this.#failure ?? this.#writeFailure;
  }

  /** Whether the libp2p stream is closed both ways. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  async readMessage(options?: SignalOptions): Promise<Uint8Array | undefined> {
    return this.#inbox.next(options?.signal);
  }

  async writeMessage(message: Uint8Array, options?: SignalOptions): Promise<void> {
    const { maxMessageBytes, sealer, clock, duplex } = this.#init;
    if (message.length > maxMessageBytes) {
      throw new MessageTooLargeError({
        peerId: this.remotePeer,
        by: 'local',
        messageBytes: message.length,
        maxMessageBytes,
      });
    }
    await this.#inTurn(options?.signal, async (signal) => {
      const progress = { isWhole: false };
      const frames = sealMessage(sealer, message, clock.monotonicMs(), progress);
      try {
        await pipe(frames, (chunks: Iterable<Uint8Array>) => duplex.send(chunks, signal));
      } catch (error) {
        // The peer has part of a message: nothing can follow it.
        if (signal?.aborted && !progress.isWhole) this.abort('cancelled');
        throw error;
      }
      sealer.prepare(); // while the message is on its way
    });
  }

  async closeWrite(options?: SignalOptions): Promise<void> {
    if (this.#isWriteClosed && !this.#failure) return;
    await this.#inTurn(options?.signal, async (signal) => {
      const { sealer, clock, duplex } = this.#init;
      this.#isWriteClosed = true;
      const rekey = sealer.rekeyIfDue(0, clock.monotonicMs());
      await duplex.send(rekey ? [rekey, sealer.sealFinal()] : [sealer.sealFinal()], signal);
      await this.#stream.close(signal ? { signal } : {});
    });
  }

  abort(reason: AbortReason): void {
    if (this.#failure || this.#isClosed) return;
    const error = new StreamAbortedError({ peerId: this.remotePeer, by: 'local', reason });
    this.#sendAbort(ABORT_CODES[reason]);
    this.#fail(error);
  }

  /**
   * Sends FINAL if it has not gone, and drops what the peer still sends up to its FINAL.
   *
   * @throws as `readMessage` and `closeWrite`.
   */
  async finish(signal: AbortSignal): Promise<void> {
    await this.closeWrite({ signal });
    while ((await this.readMessage({ signal })) !== undefined);
  }

  /** Runs one write at a time, and none after a failure or FINAL. */
  async #inTurn(
    signal: AbortSignal | undefined,
    write: (signal: AbortSignal | undefined) => Promise<void>,
  ): Promise<void> {
    const before = this.#lastWrite;
    let done: (() => void) | undefined;
    const turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#lastWrite = before.then(() => turn);
    try {
      await raceSignal(before, signal);
      this.#assertWritable();
      await write(signal);
    } catch (error) {
      if (signal?.aborted || error instanceof WriteAfterEndError) throw error;
      throw this.failure ?? this.#failTransport(error);
    } finally {
      done?.();
    }
  }

  #assertWritable(): void {
    if (this.failure) throw this.failure;
    if (this.#isWriteClosed) throw new WriteAfterEndError();
  }

  async #receive(): Promise<void> {
    try {
      await pipe(
        this.#init.duplex.source(),
        (chunks: AsyncIterable<Uint8Array>) => this.#openFrames(chunks),
        (data: AsyncIterable<Uint8Array>) => this.#assemble(data),
        async (messages: AsyncIterable<Uint8Array>) => {
          for await (const message of messages) {
            const isTaken = this.#inbox.put(message);
            this.#prepareNextOpen();
            await isTaken;
          }
        },
      );
      if (!this.#init.opener.isEnded) {
        this.#fail(new StreamTruncatedError({ peerId: this.remotePeer }));
      }
    } catch (error) {
      if (this.#failure) return;
      if (error instanceof MessageTooLargeError) this.#sendAbort(ABORT_CODES.tooLarge);
      this.#failTransport(error);
    }
  }

  /** After the application has had its turn with the message. */
  #prepareNextOpen(): void {
    this.#preparation ??= setImmediate(() => {
      this.#preparation = undefined;
      this.#init.opener.prepare();
    });
  }

  /**
   * Plaintext of the DATA frames; ends the inbox at FINAL and goes on to refuse what follows it.
   */
  async *#openFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { opener } = this.#init;
    const queue = new ByteQueue();
    let length: number | undefined;
    for await (const chunk of chunks) {
      queue.push(chunk);
      for (;;) {
        if (this.#failure) return;
        if (opener.isEnded && queue.length > 0) throw this.#forged('AFTER_END');
        if (length === undefined) {
          const field = queue.take(FRAME_LENGTH_BYTES);
          if (!field) break;
          length = readFrameLength(field);
          if (length === undefined) throw this.#forged('LENGTH');
        }
        const frame = queue.take(length);
        if (!frame) break;
        length = undefined;
        const data = this.#openFrame(frame);
        if (data) yield data;
      }
    }
  }

  #openFrame(frame: Uint8Array): Uint8Array | undefined {
    const opened = this.#init.opener.open(frame);
    switch (opened.kind) {
      case 'data':
        return opened.bytes;
      case 'rekey':
        return undefined;
      case 'final':
        if (!this.#assembler.isBetweenMessages) {
          throw new StreamTruncatedError({ peerId: this.remotePeer });
        }
        this.#inbox.end();
        return undefined;
      case 'abort':
        throw new StreamAbortedError({
          peerId: this.remotePeer,
          by: 'remote',
          reason: ABORT_REASONS.get(opened.code),
        });
      case 'refused':
        throw this.#forged(opened.reason);
    }
  }

  async *#assemble(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { maxMessageBytes } = this.#init;
    for await (const bytes of data) {
      const assembled = this.#assembler.push(bytes);
      if (!assembled.valid) {
        throw new MessageTooLargeError({
          peerId: this.remotePeer,
          by: 'remote',
          messageBytes: assembled.messageBytes,
          maxMessageBytes,
        });
      }
      yield* assembled.messages;
    }
  }

  #forged(reason: FrameRefusal): StreamForgedError {
    return new StreamForgedError({ peerId: this.remotePeer, reason });
  }

  /** Records `error` as the failure: as it is if it is one of ours, else as truncation. */
  #failTransport(error: unknown): Error {
    const isOwn =
      error instanceof StreamAbortedError ||
      error instanceof StreamForgedError ||
      error instanceof StreamTruncatedError ||
      error instanceof MessageTooLargeError;
    return this.#fail(
      isOwn ? error : new StreamTruncatedError({ peerId: this.remotePeer }, { cause: error }),
    );
  }

  /** ABORT, if FINAL has not gone yet; what the transport says to it no longer matters. */
  #sendAbort(code: number): void {
    const { sealer } = this.#init;
    if (sealer.isEnded) return;
    try {
      this.#stream.send(sealer.sealAbort(code));
    } catch {
      this.#stream.abort(new Error('the stream could not send ABORT'));
    }
  }

  /** Ends both directions. The first failure is the one that readers and writers see. */
  #fail(error: Error): Error {
    if (this.#failure) return this.#failure;
    this.#failure = error;
    const { sealer, opener, duplex } = this.#init;
    const isLocalAbort = error instanceof StreamAbortedError && error.details.by === 'local';
    if (isLocalAbort) this.#inbox.fail(error);
    else this.#inbox.end(error);
    const wasFinalSent = this.#isWriteClosed;
    sealer.erase();
    opener.erase();
    duplex.discard();
    if (error instanceof StreamForgedError || wasFinalSent) this.#stream.abort(error);
    else void duplex.close(this.#init.closeMs, error);
    return error;
  }

  #onClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isWriteClosed) {
      this.#writeFailure = new StreamTruncatedError({ peerId: this.remotePeer });
    }
    this.#init.sealer.erase();
    this.#init.onClosed();
  }
}
