/**
 * A connection whose two directions run through a {@link DelayLine} each. It lies between TCP and
 * libp2p's encryption, at the side that dialled, so it delays and holds back bytes and can neither
 * read nor change them.
 *
 * A close is told after the bytes before it; a reset at once, also through a cut.
 *
 * @module
 */

import type { AbortOptions, MultiaddrConnection } from '@libp2p/interface';
import { AbstractMultiaddrConnection } from '@libp2p/utils';
import type { Uint8ArrayList } from 'uint8arraylist';
import { DelayLine } from './delay-line.ts';
import type { DelayLineInit } from './delay-line.ts';

/** Bytes that wait in one direction before its sender is told to stop. */
const MAX_WAITING_BYTES = 1_048_576;

/** The two directions. */
export interface FaultyConnectionInit {
  readonly out: Omit<DelayLineInit, 'deliver'>;
  readonly in: Omit<DelayLineInit, 'deliver'>;
}

/** A connection with faults. */
export class FaultyConnection extends AbstractMultiaddrConnection {
  readonly #inner: MultiaddrConnection;
  readonly #out: DelayLine;
  readonly #in: DelayLine;
  #isPaused = false;
  #isInnerPaused = false;
  #isFull = false;

  constructor(inner: MultiaddrConnection, init: FaultyConnectionInit) {
    const { remoteAddr, direction, log } = inner;
    super({ remoteAddr, direction, log });
    this.#inner = inner;
    this.#out = new DelayLine({ ...init.out, deliver: (bytes) => this.#sendOn(bytes) });
    this.#in = new DelayLine({ ...init.in, deliver: (bytes) => this.#receive(bytes) });
    inner.addEventListener('message', ({ data }) => {
      this.#in.push(data.slice());
      this.#steer();
    });
    inner.addEventListener('drain', () => this.#tellDrained());
    inner.addEventListener('close', (event) => {
      if (event.error !== undefined) this.#close(event.error);
      else void this.#in.empty().then(() => this.#close());
    });
  }

  /** The link's state has changed. */
  update(): void {
    this.#out.update();
    this.#in.update();
    this.#steer();
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength;
    this.#out.push(data.slice());
    const canSendMore = this.#canSend();
    this.#isFull ||= !canSendMore;
    return { sentBytes, canSendMore };
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (options?.signal?.aborted) resolve();
      options?.signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#out.empty(), aborted]);
    this.#out.clear();
    await this.#inner.close(options);
  }

  sendReset(error: Error): void {
    this.#out.clear();
    this.#in.clear();
    this.#inner.abort(error);
  }

  sendPause(): void {
    this.#isPaused = true;
    this.#steer();
  }

  sendResume(): void {
    this.#isPaused = false;
    this.#steer();
  }

  #canSend(): boolean {
    return this.#out.waiting < MAX_WAITING_BYTES && !this.#inner.writableNeedsDrain;
  }

  #sendOn(bytes: Uint8Array): void {
    if (this.#inner.status !== 'open') return;
    this.#inner.send(bytes);
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (!this.#isFull || !this.#canSend()) return;
    this.#isFull = false;
    // Not before `sendData` has said that it is full.
    queueMicrotask(() => this.safeDispatchEvent('drain'));
  }

  #receive(bytes: Uint8Array): void {
    this.onData(bytes);
    this.#steer();
  }

  #close(error?: Error): void {
    this.#out.clear();
    this.#in.clear();
    this.onTransportClosed(error);
  }

  /** Whoever fills this side is told to wait, and to go on. */
  #steer(): void {
    if (this.#inner.status !== 'open') return;
    const isToPause = this.#isPaused || this.#in.waiting > MAX_WAITING_BYTES;
    if (isToPause === this.#isInnerPaused) return;
    this.#isInnerPaused = isToPause;
    if (isToPause) this.#inner.pause();
    else this.#inner.resume();
  }
}
