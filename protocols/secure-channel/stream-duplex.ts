/**
 * The bytes of a libp2p stream, in and out, with back-pressure both ways.
 *
 * `messageStreamToDuplex` of @libp2p/utils has none: its source keeps whatever comes, and once the
 * stream is paused it loses the bytes that were held back when the remote side closes. This one
 * pauses the stream above a limit and ends only after the last held-back byte. `stream.onDrain` is
 * not used: its promise is made once, so that a second call does not wait (libp2p 3.3).
 *
 * @module
 */

import type { Stream } from '@libp2p/interface';
import type { Uint8ArrayList } from 'uint8arraylist';
import { ByteQueue } from './byte-queue.ts';
import { raceSignal } from './deadline.ts';

/** Unread bytes at which the stream is paused; the multiplexer's window comes on top. */
export const MAX_UNREAD_BYTES = 131_072;

/** The stream ended before the bytes that were asked for. */
export class UnexpectedEndError extends Error {
  static override readonly name = 'UnexpectedEndError';
  override readonly name = 'UnexpectedEndError';
  readonly code = 'UNEXPECTED_END';
}

/** Bytes of one stream, in and out. Make it before the first `await` after the stream is there. */
export class StreamDuplex {
  readonly stream: Stream;
  readonly #queue = new ByteQueue();
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #onActivity: (() => void) | undefined;
  #isPaused = false;
  #isResuming = false;
  #isDiscarding = false;

  constructor(stream: Stream) {
    this.stream = stream;
    stream.addEventListener('message', ({ data }) => {
      if (this.#isDiscarding) return;
      this.#queue.push(plainBytes(data));
      this.#wakeUp();
      if (this.#queue.length >= MAX_UNREAD_BYTES) this.#pause();
    });
    stream.addEventListener('remoteCloseWrite', () => {
      this.#wakeUp();
    });
    stream.addEventListener('close', (event) => {
      this.#error = event.error;
      this.#wakeUp();
    });
  }

  /**
   * Calls `onActivity` at once whenever bytes came or the remote side ended, and once now. It takes
   * them with {@link StreamDuplex.take}: what it leaves holds up the remote side.
   */
  subscribe(onActivity: () => void): void {
    this.#wake = undefined;
    this.#onActivity = onActivity;
    onActivity();
  }

  /** The next `length` bytes, or `undefined` while there are fewer. */
  take(length: number): Uint8Array | undefined {
    const bytes = this.#queue.take(length);
    if (bytes) this.#resume();
    return bytes;
  }

  /**
   * Chunks as they come, to the end of the remote side. @throws the error that closed the stream.
   */
  async *source(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.unreadBytes === 0 ? undefined : this.take(this.unreadBytes);
      if (chunk) {
        yield chunk;
      } else if (this.hasEnded) {
        if (this.#error) throw this.#error;
        return;
      } else {
        await this.#activity();
      }
    }
  }

  /** Bytes that came and were not taken. */
  get unreadBytes(): number {
    return this.#queue.length;
  }

  /** Whether the remote side has ended and every byte that came was taken or can be. */
  get hasEnded(): boolean {
    const { stream } = this;
    return stream.remoteWriteStatus !== 'writable' && stream.readBufferLength === 0;
  }

  /** What closed the stream, if it was not closed in order. */
  get error(): Error | undefined {
    return this.#error;
  }

  /**
   * Exactly `length` bytes.
   *
   * @throws {@link UnexpectedEndError} if the stream ends earlier; or the signal's reason.
   */
  async read(length: number, signal?: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      signal?.throwIfAborted();
      const bytes = this.take(length);
      if (bytes) return bytes;
      if (this.hasEnded) {
        throw new UnexpectedEndError('The stream ended early.', { cause: this.#error });
      }
      await raceSignal(this.#activity(), signal);
    }
  }

  /**
   * Sends chunks one by one, each when the transport has taken the one before.
   *
   * @throws the error that closed the stream; or the signal's reason.
   */
  async send(chunks: Iterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    for (const chunk of chunks) {
      if (this.stream.send(chunk)) continue;
      while (this.stream.writableNeedsDrain) await this.#drained(signal);
    }
  }

  /**
   * Sends what is left, closes this side and gives the peer `closeMs` to close its own; then resets
   * the stream. Never rejects.
   */
  async close(
    closeMs: number,
    reason = new Error('the peer did not close the stream'),
  ): Promise<void> {
    const { stream } = this;
    this.discard();
    const timer = setTimeout(() => {
      stream.abort(reason);
    }, closeMs).unref();
    stream.addEventListener('close', () => {
      clearTimeout(timer);
    });
    try {
      await stream.close({ signal: AbortSignal.timeout(closeMs) });
    } catch {
      stream.abort(reason);
    }
    if (stream.timeline.close !== undefined) clearTimeout(timer);
  }

  /** Drops what came and what will come, so that the remote side is not held up. */
  discard(): void {
    this.#isDiscarding = true;
    this.#queue.clear();
    this.#resume();
  }

  #pause(): void {
    if (this.#isPaused || this.#isResuming || this.stream.readStatus !== 'readable') return;
    this.#isPaused = true;
    this.stream.pause();
  }

  /**
   * `resume` delivers held-back bytes before it tells the multiplexer. A pause in between would be
   * undone by that, and the remote side would send without limit: so it comes after.
   */
  #resume(): void {
    if (!this.#isPaused || this.#queue.length >= MAX_UNREAD_BYTES) return;
    this.#isPaused = false;
    if (this.stream.readStatus !== 'paused') return;
    this.#isResuming = true;
    this.stream.resume();
    this.#isResuming = false;
    if (this.#queue.length >= MAX_UNREAD_BYTES) this.#pause();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
    this.#onActivity?.();
  }

  /** One reader at a time: the exchange that opens the stream, then the subscriber. */
  #activity(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #drained(signal: AbortSignal | undefined): Promise<void> {
    const { stream } = this;
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        stream.removeEventListener('drain', onDrain);
        stream.removeEventListener('close', onClose);
        signal?.removeEventListener('abort', onAbort);
        done();
      };
      const onDrain = () => {
        settle(resolve);
      };
      const onClose = (event: { error?: Error }) => {
        settle(() => {
          reject(event.error ?? new UnexpectedEndError('The stream closed while sending.'));
        });
      };
      const onAbort = () => {
        settle(() => {
          reject(signal?.reason as Error);
        });
      };
      stream.addEventListener('drain', onDrain);
      stream.addEventListener('close', onClose);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      else if (stream.writeStatus === 'closed') onClose({});
    });
  }
}

/** A view that is no `Buffer`, whose `slice` would share memory instead of copying. */
function plainBytes(data: Uint8Array | Uint8ArrayList): Uint8Array {
  const bytes = data instanceof Uint8Array ? data : data.subarray();
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
