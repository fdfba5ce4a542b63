/**
 * Serves A2A on the control streams of other peers: one pipeline per stream, from its messages over
 * the handlers to its answers (wire-formats.md 1.2 and 1.6, binding.md in this folder).
 *
 * What each request goes through, in order: size, reading budget, form, requests in flight, method
 * and params, A2A version, contract, message log, the SDK. Artifact streams (a context that is not
 * zero) are not served here.
 *
 * @module
 */

import { pipe } from 'it-pipe';
import { JsonRpcTransportHandler } from '@a2a-js/sdk/server';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { toBase64Url } from '../../crypto/bytes.ts';
import type { Clock, Logger } from '../components.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { AnswerQueue } from './answer-queue.ts';
import { A2aPeerError, bindingRefusal } from './errors.ts';
import { MessageLog } from './message-log.ts';
import type { RpcOutcome } from './message-log.ts';
import { A2A_LIMITS, encodeControlMessage, parseOpenerMessage } from './messages.ts';
import type { A2aRequestMessage } from './messages.ts';
import type { RpcId } from './json-rpc.ts';
import { ReadingBudget } from './reading-budget.ts';
import { createRequestDispatcher } from './request-dispatcher.ts';
import type { Dispatched, RequestDispatcher } from './request-dispatcher.ts';
import { endsStream } from './wire-types.ts';
import type { StreamEvent } from './wire-types.ts';

/** Limits of the server that a node may change. */
export interface A2aServerLimits {
  /** Requests of one stream that are not answered yet. */
  readonly maxInFlight: number;
  /** Requests of one peer that still run, over all its streams, broken ones included. */
  readonly maxRunningPerPeer: number;
  readonly maxUnreadableMessages: number;
  /** Longest time that one answer may wait for the peer to take it. */
  readonly writeTimeoutMs: number;
}

/** Default limits. */
export const A2A_SERVER_LIMITS: A2aServerLimits = {
  maxInFlight: A2A_LIMITS.maxInFlight,
  maxRunningPerPeer: 128,
  maxUnreadableMessages: A2A_LIMITS.maxUnreadableMessages,
  writeTimeoutMs: 30_000,
};

/** What the server is handed. */
export interface A2aServerInit {
  readonly streams: SecureStreams;
  /** The SDK's handler. Give it an executor from `guardExecutor`. */
  readonly requestHandler: A2ARequestHandler;
  /** Whether this node and `peerId` are the parties of the contract (base64url of 32 bytes). */
  isParty(contractId: string, peerId: string): Promise<boolean>;
  /** Takes the stream of an artifact. Default: none is taken. */
  receiveArtifact?(stream: SecureStream): Promise<void>;
  /** Whether `peerId` may send a message without a contract. Default: nobody may. */
  isAllowedWithoutContract?(peerId: string): Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<A2aServerLimits>;
}

/** A running server. */
export interface A2aServer {
  /** Requests that run now. */
  readonly runningRequests: number;
  /** Closes every control stream. Executions go on; their tasks can be read later. */
  close(): void;
}

/** Registers the server with the session layer and serves from then on. */
export function createA2aServer(init: A2aServerInit): A2aServer {
  const server = new ControlStreamServer(init);
  init.streams.handle(SECURE_PROTOCOLS.a2a, (stream) => server.serve(stream));
  return server;
}

/** One control stream while it is served. */
interface Connection {
  readonly stream: SecureStream;
  readonly answers: AnswerQueue;
  /** Ids in flight, and the way to say that the peer no longer wants one. */
  readonly inFlight: Map<number, AbortController>;
  lastId: number;
  unreadableMessages: number;
}

class ControlStreamServer implements A2aServer {
  readonly #limits: A2aServerLimits;
  readonly #dispatcher: RequestDispatcher;
  readonly #receive: ((stream: SecureStream) => Promise<void>) | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By peer and session: at most one control stream each. */
  readonly #live = new Map<string, SecureStream>();
  readonly #runningByPeer = new Map<string, number>();
  readonly #readingBudget: ReadingBudget;
  #isClosed = false;

  constructor(init: A2aServerInit) {
    this.#limits = { ...A2A_SERVER_LIMITS, ...init.limits };
    this.#dispatcher = createRequestDispatcher({
      ...init,
      transport: new JsonRpcTransportHandler(init.requestHandler),
      messageLog: new MessageLog(),
      isParty: (contractId, peerId) => init.isParty(contractId, peerId),
      isAllowedWithoutContract: async (peerId) =>
        (await init.isAllowedWithoutContract?.(peerId)) ?? false,
    });
    this.#receive = init.receiveArtifact && ((stream) => init.receiveArtifact!(stream));
    this.#readingBudget = new ReadingBudget(init.clock);
    this.#clock = init.clock;
    this.#logger = init.logger;
  }

  get runningRequests(): number {
    let running = 0;
    for (const count of this.#runningByPeer.values()) running += count;
    return running;
  }

  close(): void {
    this.#isClosed = true;
    for (const stream of this.#live.values()) stream.abort('cancelled');
    this.#live.clear();
  }

  async serve(stream: SecureStream): Promise<void> {
    if (this.#isClosed) return stream.abort('cancelled');
    if (stream.context.some((byte) => byte !== 0)) return this.#receiveArtifact(stream);
    const key = `${stream.remotePeer}/${toBase64Url(stream.sessionHash)}`;
    // The peer opens a second one when it has lost the first: the newer one is the live one.
    this.#live.get(key)?.abort('cancelled');
    this.#live.set(key, stream);
    const connection: Connection = {
      stream,
      answers: new AnswerQueue(),
      inFlight: new Map(),
      lastId: 0,
      unreadableMessages: 0,
    };
    try {
      await pipe(
        () => messagesOf(stream),
        (messages: AsyncIterable<Uint8Array>) => this.#answersTo(messages, connection),
        (answers: AsyncIterable<readonly Uint8Array[]>) => this.#write(answers, stream),
      );
    } catch (error) {
      stream.abort(error instanceof A2aPeerError ? 'badMessage' : 'internal');
      throw error;
    } finally {
      if (this.#live.get(key) === stream) this.#live.delete(key);
      for (const controller of connection.inFlight.values()) controller.abort();
    }
  }

  async #receiveArtifact(stream: SecureStream): Promise<void> {
    const receive = this.#receive;
    if (!receive) return stream.abort('badMessage');
    await receive(stream);
  }

  async #write(answers: AsyncIterable<readonly Uint8Array[]>, stream: SecureStream): Promise<void> {
    for await (const ready of answers) {
      const signal = AbortSignal.timeout(this.#limits.writeTimeoutMs);
      await stream.writeMessages(ready, { signal });
    }
    await stream.closeWrite({ signal: AbortSignal.timeout(this.#limits.writeTimeoutMs) });
  }

  /** The transform: requests run beside one another, answers come in the order they are ready. */
  async *#answersTo(
    messages: AsyncIterable<Uint8Array>,
    connection: Connection,
  ): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    let failure: { readonly error: unknown } | undefined;
    const reading = this.#readAll(messages, connection).catch((error: unknown) => {
      failure = { error };
      connection.answers.end();
    });
    yield* connection.answers;
    await reading;
    if (failure !== undefined) throw failure.error;
  }

  async #readAll(messages: AsyncIterable<Uint8Array>, connection: Connection): Promise<void> {
    const { answers, stream } = connection;
    const running = new Set<Promise<void>>();
    const isWanted = () => !this.#isClosed && !answers.isEnded;
    for await (const bytes of messages) {
      await this.#readingBudget.spend(stream.remotePeer, bytes.length, isWanted);
      const request = this.#accept(bytes, connection);
      if (request !== undefined) {
        const answered = this.#answer(request, connection).finally(() => running.delete(answered));
        running.add(answered);
      }
      // A peer that does not read its answers is not read either.
      await answers.whenBelow(this.#limits.maxInFlight);
    }
    await Promise.all(running);
    answers.end();
  }

  /** The request to run, if the message is one; everything else is dealt with here. */
  #accept(bytes: Uint8Array, connection: Connection): A2aRequestMessage | undefined {
    const parsed = parseOpenerMessage(bytes);
    if (parsed.kind === 'cancel') {
      connection.inFlight.get(parsed.message.id)?.abort();
      return undefined;
    }
    if (parsed.kind === 'invalid') {
      connection.unreadableMessages += 1;
      if (connection.unreadableMessages > this.#limits.maxUnreadableMessages) {
        throw new A2aPeerError(connection.stream.remotePeer, 'too many unreadable messages');
      }
      connection.lastId = Math.max(connection.lastId, parsed.id);
      push(connection, parsed.id, null, { error: parsed.error });
      return undefined;
    }
    const { message } = parsed;
    if (message.id <= connection.lastId) {
      throw new A2aPeerError(connection.stream.remotePeer, `request id ${message.id} is not new`);
    }
    connection.lastId = message.id;
    const isBusy =
      connection.inFlight.size >= this.#limits.maxInFlight ||
      this.#runningOf(connection.stream.remotePeer) >= this.#limits.maxRunningPerPeer;
    if (!isBusy) return message;
    push(connection, message.id, rpcIdOf(message), { error: bindingRefusal('TOO_MANY_REQUESTS') });
    return undefined;
  }

  async #answer(message: A2aRequestMessage, connection: Connection): Promise<void> {
    const { remotePeer } = connection.stream;
    const startedMs = this.#clock.monotonicMs();
    const controller = new AbortController();
    connection.inFlight.set(message.id, controller);
    this.#runningByPeer.set(remotePeer, this.#runningOf(remotePeer) + 1);
    const dispatched = await this.#dispatcher(message, remotePeer);
    const answerCount =
      'outcome' in dispatched
        ? this.#pushOne(connection, message.id, dispatched, controller.signal)
        : await this.#pushAll(connection, message.id, dispatched, controller.signal);
    const left = this.#runningOf(remotePeer) - 1;
    if (left === 0) this.#runningByPeer.delete(remotePeer);
    else this.#runningByPeer.set(remotePeer, left);
    connection.inFlight.delete(message.id);
    const elapsedMs = this.#clock.monotonicMs() - startedMs;
    this.#logger.debug({ remotePeer, elapsedMs, answerCount }, 'Answered an A2A request.');
  }

  #pushOne(
    connection: Connection,
    id: number,
    { id: rpcId, outcome }: Dispatched & { readonly outcome: RpcOutcome },
    signal: AbortSignal,
  ): number {
    if (signal.aborted) return 0;
    push(connection, id, rpcId, outcome);
    return 1;
  }

  /** Each event as it comes; the last one, or an empty result after it, says that none follows. */
  async #pushAll(
    connection: Connection,
    id: number,
    { id: rpcId, outcomes }: Extract<Dispatched, { readonly outcomes: unknown }>,
    signal: AbortSignal,
  ): Promise<number> {
    const unwanted = once(signal);
    let count = 0;
    for (;;) {
      const next = await Promise.race([outcomes.next(), unwanted]);
      if (next === undefined) {
        void outcomes.return();
        return count;
      }
      const outcome = next.done === true ? { result: {} } : next.value;
      const isLast = next.done === true || isLastOutcome(outcome);
      push(connection, id, rpcId, outcome, isLast);
      count += 1;
      if (isLast) {
        void outcomes.return();
        return count;
      }
      await connection.answers.whenBelow(this.#limits.maxInFlight);
    }
  }

  #runningOf(peerId: string): number {
    return this.#runningByPeer.get(peerId) ?? 0;
  }
}

async function* messagesOf(stream: SecureStream): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const message = await stream.readMessage();
    if (message === undefined) return;
    yield message;
  }
}

function rpcIdOf({ rpc }: A2aRequestMessage): RpcId {
  const id = rpc['id'];
  return typeof id === 'string' || Number.isInteger(id) ? (id as RpcId) : null;
}

/** Resolves when the signal is aborted. */
function once(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    if (signal.aborted) resolve(undefined);
  });
}

function isLastOutcome(outcome: RpcOutcome): boolean {
  if ('error' in outcome) return true;
  return endsStream(outcome.result as StreamEvent);
}

function push(
  connection: Connection,
  id: number,
  rpcId: RpcId,
  outcome: RpcOutcome,
  isLast = true,
): void {
  connection.answers.push(encodeAnswer(id, rpcId, outcome, isLast));
}

/** Answer bytes that fit the stream: the history goes first, then the whole result. */
function encodeAnswer(id: number, rpcId: RpcId, outcome: RpcOutcome, isLast: boolean): Uint8Array {
  const attempts: (() => RpcOutcome)[] = [
    () => outcome,
    () => withoutHistory(outcome),
    () => ({ error: bindingRefusal('RESULT_TOO_LARGE') }),
  ];
  let bytes = new Uint8Array();
  for (const attempt of attempts) {
    const rpc = { jsonrpc: '2.0', id: rpcId, ...attempt() };
    bytes = new Uint8Array(encodeControlMessage({ id, rpc, ...(!isLast && { more: 1 }) }));
    if (bytes.length <= SECURE_PROTOCOLS.a2a.maxMessageBytes) break;
  }
  return bytes;
}

/** A2A lets a server return less history than there is (A2A 1.0 s.3.2.4). */
function withoutHistory(outcome: RpcOutcome): RpcOutcome {
  if ('error' in outcome) return outcome;
  const { history: _own, ...result } = outcome.result as { history?: unknown; task?: object };
  if (result.task === undefined) return { result };
  const { history: _nested, ...task } = result.task as { history?: unknown };
  return { result: { ...result, task } };
}
