/**
 * The client's end of one control stream: ids, answers in any order, at most 64 requests in flight
 * (the others wait here), and what a broken or lying server leads to.
 *
 * It lives as long as its stream; `client.ts` opens the next one.
 *
 * @module
 */

import type { SecureStream } from '../secure-stream.ts';
import { A2aAnswerError, A2aConnectionError } from './errors.ts';
import { A2A_LIMITS, encodeControlMessage, parseAnswerMessage } from './messages.ts';
import type { A2aRequestMessage } from './messages.ts';

/** A request without its id, which the stream gives it. */
type Request = Omit<A2aRequestMessage, 'id'>;

/** JSON-RPC response as received, not yet checked. */
export type RpcResponse = Readonly<Record<string, unknown>>;

interface Pending {
  /** Takes an answer; a text says what is wrong with it. */
  readonly take: (response: RpcResponse, hasMore: boolean) => string | undefined;
  readonly reject: (error: unknown) => void;
}

/** Events of one streaming call that its caller has not taken: beyond it the call is given up. */
const MAX_UNREAD_EVENTS = 1_024;

/** One open control stream. */
export class ControlStream {
  readonly #stream: SecureStream;
  readonly #pending = new Map<number, Pending>();
  /** Requests that wait for a place in flight, first come first served. */
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  #lastId = 0;
  /** Keeps ids in the order of their requests on the wire. */
  #lastWrite: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(stream: SecureStream) {
    this.#stream = stream;
    this.#readAnswers().catch((error: unknown) => {
      this.#fail(new A2aConnectionError(stream.remotePeer, error));
    });
  }

  /** Whether the stream can no longer be used. */
  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Sends a request and waits for its response.
   *
   * @throws {@link A2aConnectionError} if the stream breaks first, {@link A2aAnswerError} if the
   *   server breaks the rules, or the signal's reason.
   */
  async request(request: Request, signal: AbortSignal | undefined): Promise<RpcResponse> {
    for await (const response of this.#responses(request, signal, false)) return response;
    throw new A2aAnswerError(this.#stream.remotePeer, 'it gave no answer');
  }

  /** Sends a streaming request. @throws as {@link ControlStream.request}. */
  events(
    request: Request,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RpcResponse, void, undefined> {
    return this.#responses(request, signal, true);
  }

  async *#responses(
    request: Request,
    signal: AbortSignal | undefined,
    isStreaming: boolean,
  ): AsyncGenerator<RpcResponse, void, undefined> {
    await this.#takePlace(signal);
    try {
      yield* this.#exchange(request, signal, isStreaming);
    } finally {
      this.#inFlight -= 1;
      const [next] = this.#waiting;
      if (next !== undefined) {
        this.#waiting.delete(next);
        next();
      }
    }
  }

  /** Ends the stream; what is in flight fails with {@link A2aConnectionError}. */
  close(): void {
    this.#fail(new A2aConnectionError(this.#stream.remotePeer, new Error('closed by this node')));
    this.#stream.abort('cancelled');
  }

  async #takePlace(signal: AbortSignal | undefined): Promise<void> {
    while (this.#inFlight >= A2A_LIMITS.maxInFlight && this.#failure === undefined) {
      await new Promise<void>((resolve, reject) => {
        const proceed = (): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = (): void => {
          this.#waiting.delete(proceed);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        this.#waiting.add(proceed);
      });
    }
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#inFlight += 1;
  }

  async *#exchange(
    request: Request,
    signal: AbortSignal | undefined,
    isStreaming: boolean,
  ): AsyncGenerator<RpcResponse, void, undefined> {
    const id = this.#lastId + 1;
    const bytes = encodeControlMessage({ id, ...request });
    if (bytes.length > A2A_LIMITS.maxMessageBytes) {
      throw new RangeError(
        `"params" expected a request of at most ${A2A_LIMITS.maxMessageBytes} bytes, ` +
          `got ${bytes.length}`,
      );
    }
    this.#lastId = id;
    const received: RpcResponse[] = [];
    let failure: { readonly error: unknown } | undefined;
    let isComplete = false;
    let wake: (() => void) | undefined;
    const reject = (error: unknown): void => {
      failure ??= { error };
      wake?.();
    };
    const giveUp = (): void => reject(signal?.reason);
    this.#pending.set(id, {
      take: (response, hasMore) => {
        if (hasMore && !isStreaming) return 'an answer announces more, but nothing streams';
        isComplete = !hasMore;
        received.push(response);
        if (received.length > MAX_UNREAD_EVENTS) {
          reject(new A2aAnswerError(this.#stream.remotePeer, 'it streams faster than it is read'));
        }
        wake?.();
        return undefined;
      },
      reject,
    });
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#send(bytes);
    try {
      for (;;) {
        if (failure !== undefined) throw failure.error;
        const response = received.shift();
        if (response !== undefined) yield response;
        else if (isComplete) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', giveUp);
      if (this.#pending.delete(id) && !isComplete) {
        this.#send(encodeControlMessage({ id, cancel: 1 }));
      }
    }
  }

  #send(bytes: Uint8Array): void {
    this.#lastWrite = this.#lastWrite
      .then(() => (this.#failure === undefined ? this.#stream.writeMessage(bytes) : undefined))
      .catch((error: unknown) => {
        this.#fail(new A2aConnectionError(this.#stream.remotePeer, error));
      });
  }

  async #readAnswers(): Promise<void> {
    for (;;) {
      const bytes = await this.#stream.readMessage();
      if (bytes === undefined) throw new Error('the server ended the stream');
      const problem = this.#take(bytes);
      if (problem !== undefined) {
        this.#stream.abort('badMessage');
        this.#fail(new A2aAnswerError(this.#stream.remotePeer, problem));
        return;
      }
    }
  }

  /** Hands an answer to its request; a text says what is wrong with it. */
  #take(bytes: Uint8Array): string | undefined {
    const answer = parseAnswerMessage(bytes);
    if (answer === undefined) return 'a message is not an answer';
    if (answer.id === 0) return 'it could not read a request';
    if (answer.id > this.#lastId)
      return `an answer is for request ${answer.id}, which was not sent`;
    const pending = this.#pending.get(answer.id);
    // The request was cancelled here while its answer was on the way.
    if (pending === undefined) return undefined;
    const hasMore = answer.more !== undefined;
    if (!hasMore) this.#pending.delete(answer.id);
    return pending.take(answer.rpc, hasMore);
  }

  #fail(error: A2aConnectionError | A2aAnswerError): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const proceed of waiting) proceed();
  }
}
