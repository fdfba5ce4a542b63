/**
 * A2A client over the session: one long-lived control stream per peer, opened when first needed and
 * once more after it broke (wire-formats.md 1.2).
 *
 * What a server answers is checked against the schemas of A2A before it is returned.
 *
 * @module
 */

import { A2A_PROTOCOL_VERSION } from '@a2a-js/sdk';
import { z } from 'zod';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStreams } from '../secure-stream.ts';
import { ControlStream } from './control-stream.ts';
import type { RpcResponse } from './control-stream.ts';
import { A2aAnswerError, A2aConnectionError, A2aRequestError } from './errors.ts';
import type { A2aRequestMessage } from './messages.ts';
import {
  listTasksResultSchema,
  sendMessageResultSchema,
  streamEventSchemaOf,
  taskSchema,
} from './wire-types.ts';
import type {
  A2aTask,
  CancelTaskParams,
  GetTaskParams,
  ListTasksParams,
  ListTasksResult,
  SendMessageParams,
  SendMessageResult,
  StreamEvent,
  SubscribeToTaskParams,
} from './wire-types.ts';

/** What a client is made of. */
export interface A2aClientInit {
  readonly streams: SecureStreams;
  /** The server's PeerId. */
  readonly peerId: string;
}

/** Options of one call. */
export interface A2aCallOptions {
  /** Contract id under which the call is made, base64url of 32 bytes. */
  readonly contract?: string;
  /** URIs of A2A extensions that the caller activates. */
  readonly extensions?: readonly string[];
  /** Ends the call; what the server has begun goes on there until `cancelTask`. */
  readonly signal?: AbortSignal;
}

/**
 * Calls to one peer. Every method throws {@link A2aRequestError} for an error of A2A,
 * {@link A2aAnswerError} for an answer that is none, {@link A2aConnectionError} if the stream broke
 * (twice, where the request may be resent), the session's own errors, or the signal's reason.
 */
export interface A2aClient {
  readonly peerId: string;
  /** Sends a message. The same messageId and contract are executed once, however often sent. */
  sendMessage(params: SendMessageParams, options?: A2aCallOptions): Promise<SendMessageResult>;
  getTask(params: GetTaskParams, options?: A2aCallOptions): Promise<A2aTask>;
  listTasks(params: ListTasksParams, options?: A2aCallOptions): Promise<ListTasksResult>;
  /** Sends a message and yields what becomes of it, until its task ends or asks for input. */
  sendMessageStream(
    params: SendMessageParams,
    options?: A2aCallOptions,
  ): AsyncGenerator<StreamEvent, void, undefined>;
  /** The task as it stands, then what becomes of it. */
  subscribeToTask(
    params: SubscribeToTaskParams,
    options?: A2aCallOptions,
  ): AsyncGenerator<StreamEvent, void, undefined>;
  /** Not resent after a broken stream: read the task to see what became of it. */
  cancelTask(params: CancelTaskParams, options?: A2aCallOptions): Promise<A2aTask>;
  /** Closes the control stream. A later call opens a new one. */
  close(): void;
}

interface StreamingCall {
  readonly method: string;
  readonly params: object;
  readonly options: A2aCallOptions;
}

interface Call extends StreamingCall {
  readonly isResendable: boolean;
}

/** A client of one peer. Opens nothing before the first call. */
export function createA2aClient(init: A2aClientInit): A2aClient {
  const connection = new Connection(init);
  const { peerId } = init;
  return {
    peerId,
    async sendMessage(params, options = {}) {
      const call = { method: 'SendMessage', params, options, isResendable: true };
      const result = parseResult(peerId, sendMessageResultSchema, await connection.call(call));
      const { taskId } = params.message;
      const isOtherTask = taskId && 'task' in result && result.task.id !== taskId;
      if (isOtherTask) throw new A2aAnswerError(peerId, 'it answered for another task');
      return result;
    },
    async getTask(params, options = {}) {
      const call = { method: 'GetTask', params, options, isResendable: true };
      return taskOf(peerId, params.id, await connection.call(call));
    },
    async listTasks(params, options = {}) {
      const call = { method: 'ListTasks', params, options, isResendable: true };
      return parseResult(peerId, listTasksResultSchema, await connection.call(call));
    },
    sendMessageStream(params, options = {}) {
      return connection.stream({ method: 'SendStreamingMessage', params, options });
    },
    subscribeToTask(params, options = {}) {
      return connection.stream({ method: 'SubscribeToTask', params, options });
    },
    async cancelTask(params, options = {}) {
      const call = { method: 'CancelTask', params, options, isResendable: false };
      return taskOf(peerId, params.id, await connection.call(call));
    },
    close: () => connection.close(),
  };
}

class Connection {
  readonly #init: A2aClientInit;
  #stream: Promise<ControlStream> | undefined;

  constructor(init: A2aClientInit) {
    this.#init = init;
  }

  /** Result of a call, not yet checked. */
  async call({ method, params, options, isResendable }: Call): Promise<unknown> {
    const { peerId } = this.#init;
    options.signal?.throwIfAborted();
    const request = requestOf(method, params, options);
    let response: RpcResponse;
    try {
      response = await this.#exchange(request, options.signal);
    } catch (error) {
      if (!isResendable || !(error instanceof A2aConnectionError)) throw error;
      response = await this.#exchange(request, options.signal);
    }
    return resultOf(peerId, method, response);
  }

  /** Events of a streaming call, checked. The message is resent if the stream breaks before one. */
  async *stream({ method, params, options }: StreamingCall): AsyncGenerator<StreamEvent> {
    const { peerId } = this.#init;
    const { signal } = options;
    signal?.throwIfAborted();
    const request = requestOf(method, params, options);
    for (let attempt = 1, hasBegun = false; ; attempt++) {
      try {
        const stream = await abortable(this.#current(), signal);
        for await (const response of stream.events(request, signal)) {
          hasBegun = true;
          const result = resultOf(peerId, method, response);
          // The server ends so a stream whose last event could not be known as such.
          if (Object.keys(result).length === 0) return;
          yield parseResult(peerId, streamEventSchemaOf(result), result);
        }
        return;
      } catch (error) {
        if (hasBegun || attempt > 1 || !(error instanceof A2aConnectionError)) throw error;
      }
    }
  }

  close(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    // A stream that could not be opened needs no closing; its callers were told.
    stream?.then(
      (opened) => opened.close(),
      () => undefined,
    );
  }

  async #exchange(
    request: Omit<A2aRequestMessage, 'id'>,
    signal: AbortSignal | undefined,
  ): Promise<RpcResponse> {
    const stream = await abortable(this.#current(), signal);
    return stream.request(request, signal);
  }

  /** The live control stream; calls that come together share one. */
  async #current(): Promise<ControlStream> {
    const known = this.#stream;
    if (known !== undefined && !(await known).isBroken) return known;
    if (this.#stream !== known && this.#stream !== undefined) return this.#current();
    const opening = this.#init.streams
      .open(this.#init.peerId, SECURE_PROTOCOLS.a2a)
      .then((stream) => new ControlStream(stream));
    this.#stream = opening;
    try {
      return await opening;
    } catch (error) {
      if (this.#stream === opening) this.#stream = undefined;
      throw error;
    }
  }
}

function requestOf(
  method: string,
  params: object,
  { contract, extensions }: A2aCallOptions,
): Omit<A2aRequestMessage, 'id'> {
  return {
    ...(contract !== undefined && { contract }),
    params: {
      'a2a-version': A2A_PROTOCOL_VERSION,
      ...(extensions?.length && { 'a2a-extensions': extensions.join(',') }),
    },
    rpc: { jsonrpc: '2.0', id: 1, method, params },
  };
}

/** `promise`, or the signal's reason if that comes first: each caller has its own deadline. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

const responseSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), id: z.literal(1), result: z.looseObject({}) }),
  z.object({
    jsonrpc: z.literal('2.0'),
    id: z.literal([1, null]),
    error: z.object({
      code: z.number().int(),
      message: z.string(),
      data: z.array(z.looseObject({})).max(16).optional().catch(undefined),
    }),
  }),
]);

function resultOf(peerId: string, method: string, response: RpcResponse): object {
  const parsed = responseSchema.safeParse(response);
  if (!parsed.success) throw new A2aAnswerError(peerId, 'a response is not one of JSON-RPC');
  if ('result' in parsed.data) return parsed.data.result;
  const { code, message, data } = parsed.data.error;
  throw new A2aRequestError(peerId, method, { code, message, ...(data && { data }) });
}

function parseResult<T>(peerId: string, schema: z.ZodType<T>, result: unknown): T {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.').slice(0, 128) ?? '';
  throw new A2aAnswerError(peerId, `the result does not have the form of A2A at "${path}"`);
}

function taskOf(peerId: string, id: string, result: unknown): A2aTask {
  const task = parseResult(peerId, taskSchema, result);
  if (task.id !== id) throw new A2aAnswerError(peerId, 'it answered for another task');
  return task;
}
