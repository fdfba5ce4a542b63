/**
 * Whole messages between the stream that receives them and the reader that asks for them.
 *
 * Holds at most one limit of bytes and the message that crossed it: then the stream waits.
 *
 * @module
 */

import { raceSignal } from './deadline.ts';

/** Unread message bytes at which the stream waits. */
export const MAX_INBOX_BYTES = 262_144;
/** Unread messages at which the stream waits: empty messages cost memory too. */
export const MAX_INBOX_MESSAGES = 1_024;

/** A bounded queue with an end. */
export class MessageInbox {
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #readers: (() => void)[] = [];
  readonly #onRoom: () => void;

  /** @param onRoom - Called when a full inbox has room again. */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  /** Whether the next message should wait. */
  get isFull(): boolean {
    return this.#bytes >= MAX_INBOX_BYTES || this.#messages.length >= MAX_INBOX_MESSAGES;
  }

  /** Adds a message. Dropped after the end. */
  put(message: Uint8Array): void {
    if (this.#end) return;
    this.#messages.push(message);
    this.#bytes += message.length;
    this.#readers.shift()?.();
  }

  /** Ends the queue: readers get what is left, then `undefined`, or `error` where there is one. */
  end(error?: Error): void {
    if (this.#end) return;
    this.#end = { error };
    this.#wakeAll();
  }

  /** Ends the queue at once: what is left is dropped, readers get `error`. */
  fail(error: Error): void {
    this.#end = { error };
    this.#messages = [];
    this.#bytes = 0;
    this.#wakeAll();
  }

  /**
   * The next message, or `undefined` after the end.
   *
   * @throws the error that ended the queue; or the signal's reason, and then no message is lost.
   */
  async next(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const wasFull = this.isFull;
      const message = this.#messages.shift();
      if (message) {
        this.#bytes -= message.length;
        if (wasFull && !this.isFull) this.#onRoom();
        return message;
      }
      if (this.#end) {
        if (this.#end.error) throw this.#end.error;
        return undefined;
      }
      await this.#change(signal);
    }
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    let wake: (() => void) | undefined;
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
      this.#readers.push(resolve);
    });
    try {
      await raceSignal(changed, signal);
    } catch (error) {
      const place = this.#readers.indexOf(wake!);
      if (place >= 0) this.#readers.splice(place, 1);
      else this.#readers.shift()?.(); // the wake-up was this reader's: hand it on
      throw error;
    }
  }

  #wakeAll(): void {
    for (const wake of this.#readers.splice(0)) wake();
  }
}
