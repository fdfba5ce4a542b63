/**
 * A `SecureStream` over a libp2p stream: messages to frames to bytes, and back (wire-formats.md 1.3
 * and 1.6).
 *
 * Received frames are opened in the event that brings their bytes, so an ABORT or a forgery stops
 * writers too. Nobody reads faster than the application: a full inbox leaves bytes in the duplex,
 * and that holds up the remote side.
 *
 * @module
 */

import type { Stream } from '@libp2p/interface';
import type { Clock } from '../components.ts';
import { ABORT_CODES } from '../secure-stream.ts';
import type { AbortReason, SecureStream } from '../secure-stream.ts';
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
import { MessageAssembler, sealBytes, sealMessages } from './messages.ts';
import type { StreamDuplex } from './stream-duplex.ts';

/** What an encrypted stream is made of. */
export interface EncryptedStreamInit {
  readonly duplex: StreamDuplex;
  readonly remotePeer: string;
  readonly sessionHash: Uint8Array;
  readonly context: Uint8Array;
  readonly maxMessageBytes: number;
  /** What follows the first message of a direction is bytes, each call or read some of them. */
  readonly hasBytesAfterFirst?: boolean;
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
  readonly #inbox = new MessageInbox(() => this.#receive());
  readonly #assembler: MessageAssembler;
  /** Length of the frame whose other bytes have not come yet. */
  #frameLength: number | undefined;
  #isReceiving = false;
  /** Resolves when the last write is done: messages are never interleaved. */
  #lastWrite: Promise<void> | undefined;
  #waitingWrites = 0;
  #failure: Error | undefined;
  /** The transport closed before FINAL was sent; what came before may still be read. */
  #writeFailure: Error | undefined;
  #preparation: ReturnType<typeof setImmediate> | undefined;
  #isFirstSent = false;
  #isWriteClosed = false;
  #isClosed = false;

  constructor(init: EncryptedStreamInit) {
    this.remotePeer = init.remotePeer;
    this.sessionHash = init.sessionHash;
    this.context = init.context;
    this.#init = init;
    this.#stream = init.duplex.stream;
    this.#assembler = new MessageAssembler(init.maxMessageBytes, init.hasBytesAfterFirst);
    this.#stream.addEventListener('close', () => {
      this.#onClosed();
    });
    if (this.#stream.timeline.close !== undefined) {
      queueMicrotask(() => {
        this.#onClosed();
      });
    }
    init.duplex.subscribe(() => this.#receive());
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

  writeMessage(message: Uint8Array, options?: SignalOptions): Promise<void> {
    return this.writeMessages([message], options);
  }

  async writeMessages(messages: readonly Uint8Array[], options?: SignalOptions): Promise<void> {
    const { maxMessageBytes, sealer, clock, duplex } = this.#init;
    // Nothing at all would be an empty frame, which there is not.
    if (this.#sendsBytes && messages.every(({ length }) => length === 0)) return;
    for (const { length: messageBytes } of messages) {
      if (messageBytes <= maxMessageBytes) continue;
      const peerId = this.remotePeer;
      throw new MessageTooLargeError({ peerId, by: 'local', messageBytes, maxMessageBytes });
    }
    await this.#inTurn(options?.signal, async (signal) => {
      const progress = { isWhole: false };
      const frames = this.#seal(messages, clock.monotonicMs(), progress);
      try {
        await duplex.send(frames, signal);
      } catch (error) {
        // The peer has part of a message: nothing can follow it.
        if (signal?.aborted && !progress.isWhole) this.abort('cancelled');
        throw error;
      }
      sealer.prepare(); // while the message is on its way
    });
  }

  /** Whether the first message has gone and bytes follow it. */
  get #sendsBytes(): boolean {
    return this.#init.hasBytesAfterFirst === true && this.#isFirstSent;
  }

  *#seal(
    messages: readonly Uint8Array[],
    nowMs: number,
    progress: { isWhole: boolean },
  ): Generator<Uint8Array, void, undefined> {
    const { sealer } = this.#init;
    if (this.#sendsBytes) {
      for (const bytes of messages) yield* sealBytes(sealer, bytes, nowMs, progress);
      return;
    }
    this.#isFirstSent = true;
    yield* sealMessages(sealer, messages, nowMs, progress);
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
    this.#lastWrite = before ? before.then(() => turn) : turn;
    this.#waitingWrites++;
    try {
      if (before) await raceSignal(before, signal);
      this.#assertWritable();
      await write(signal);
    } catch (error) {
      if (signal?.aborted || error instanceof WriteAfterEndError) throw error;
      throw this.failure ?? this.#failTransport(error);
    } finally {
      done?.();
      this.#waitingWrites--;
      if (this.#waitingWrites === 0) this.#lastWrite = undefined;
    }
  }

  #assertWritable(): void {
    if (this.failure) throw this.failure;
    if (this.#isWriteClosed) throw new WriteAfterEndError();
  }

  /**
   * Opens the frames that have come, as far as the inbox has room. Taking bytes may bring more of
   * them in the same call, which the loop then finds.
   */
  #receive(): void {
    if (this.#isReceiving) return;
    this.#isReceiving = true;
    try {
      while (!this.#failure && !this.#inbox.isFull) {
        const frame = this.#nextFrame();
        if (!frame) {
          this.#checkEnd();
          break;
        }
        const data = this.#openFrame(frame);
        if (data) this.#assemble(data);
      }
    } catch (error) {
      if (error instanceof MessageTooLargeError) this.#sendAbort(ABORT_CODES.tooLarge);
      this.#failTransport(error);
    } finally {
      this.#isReceiving = false;
    }
  }

  /** The next frame without its length field, or `undefined` while it has not come whole. */
  #nextFrame(): Uint8Array | undefined {
    const { duplex, opener } = this.#init;
    if (opener.isEnded && duplex.unreadBytes > 0) throw this.#forged('AFTER_END');
    if (this.#frameLength === undefined) {
      const field = duplex.take(FRAME_LENGTH_BYTES);
      if (!field) return undefined;
      this.#frameLength = readFrameLength(field);
      if (this.#frameLength === undefined) throw this.#forged('LENGTH');
    }
    const frame = duplex.take(this.#frameLength);
    if (frame) this.#frameLength = undefined;
    return frame;
  }

  /** The remote side must not end before its FINAL. */
  #checkEnd(): void {
    const { duplex, opener } = this.#init;
    if (!duplex.hasEnded || opener.isEnded) return;
    throw new StreamTruncatedError({ peerId: this.remotePeer }, { cause: duplex.error });
  }

  /** After the application has had its turn with the message. */
  #prepareNextOpen(): void {
    this.#preparation ??= setImmediate(() => {
      this.#preparation = undefined;
      this.#init.opener.prepare();
    });
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

  #assemble(bytes: Uint8Array): void {
    const { maxMessageBytes } = this.#init;
    const assembled = this.#assembler.push(bytes);
    if (!assembled.valid) {
      throw new MessageTooLargeError({
        peerId: this.remotePeer,
        by: 'remote',
        messageBytes: assembled.messageBytes,
        maxMessageBytes,
      });
    }
    for (const message of assembled.messages) this.#inbox.put(message);
    if (assembled.messages.length > 0) this.#prepareNextOpen();
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
