/**
 * What the server does with one readable request, between the control stream and the SDK: A2A
 * version, method and params, contract, message log, and the words of errors.
 *
 * @module
 */

import { A2A_PROTOCOL_VERSION, Extensions } from '@a2a-js/sdk';
import { A2A_ERROR_CODE } from '@a2a-js/sdk/errors';
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { CanonicalJsonError, encodeCanonicalJson } from '../../crypto/canonical-json.ts';
import type { JsonValue } from '../../crypto/canonical-json.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { Logger } from '../components.ts';
import { scrubOutcome } from './error-scrubbing.ts';
import { INTERNAL_ERROR, bindingRefusal, jsonRpcError } from './errors.ts';
import type { RpcError } from './errors.ts';
import { checkRpcRequest } from './json-rpc.ts';
import type { CheckedRequest, RpcId } from './json-rpc.ts';
import type { MessageLog, RpcOutcome } from './message-log.ts';
import { A2A_LIMITS } from './messages.ts';
import type { A2aRequestMessage } from './messages.ts';
import { endsStream } from './wire-types.ts';
import type { StreamEvent } from './wire-types.ts';

const CONTRACT_STATE_KEY = 'coalesce.contract';
const MAX_REQUESTED_EXTENSIONS = 16;

/** The contract under which a call was made, base64url; for executors. */
export function contractOf(context: ServerCallContext): string | undefined {
  const contract = context.state.get(CONTRACT_STATE_KEY);
  return typeof contract === 'string' ? contract : undefined;
}

/** What the dispatcher is handed. */
export interface RequestDispatcherInit {
  readonly transport: JsonRpcTransportHandler;
  readonly messageLog: MessageLog;
  readonly logger: Logger;
  isParty(contractId: string, peerId: string): Promise<boolean>;
  isAllowedWithoutContract(peerId: string): Promise<boolean>;
}

/** The outcome of a request, or the outcomes that a streaming one yields, and its JSON-RPC id. */
export type Dispatched = { readonly id: RpcId } & (
  | { readonly outcome: RpcOutcome }
  | { readonly outcomes: AsyncGenerator<RpcOutcome, void, undefined> }
);

/** Carries out one request. Never rejects, nor does what it yields. */
export type RequestDispatcher = (
  message: A2aRequestMessage,
  remotePeer: string,
) => Promise<Dispatched>;

/** A function that carries out requests. */
export function createRequestDispatcher(init: RequestDispatcherInit): RequestDispatcher {
  return async (message, remotePeer) => {
    const checked = checkRpcRequest(message.rpc);
    if (!checked.valid) return { id: checked.id, outcome: { error: checked.error } };
    const { request } = checked;
    try {
      const refusal =
        versionRefusal(message.params['a2a-version']) ??
        (await contractRefusal(init, request, message.contract, remotePeer));
      if (refusal !== undefined) return { id: request.id, outcome: { error: refusal } };
      const call = new Call(init, request, message, remotePeer);
      if (request.method === 'SendStreamingMessage' || request.method === 'SubscribeToTask') {
        return { id: request.id, outcomes: call.outcomes() };
      }
      return { id: request.id, outcome: scrubOutcome(await call.outcome()) };
    } catch (error) {
      init.logger.error({ remotePeer, method: request.method, err: error }, 'A2A request failed.');
      return { id: request.id, outcome: { error: INTERNAL_ERROR } };
    }
  };
}

/** An absent version means 0.3, and patch numbers do not count (A2A 1.0 s.3.6). */
function versionRefusal(version: string): RpcError | undefined {
  if (/^1\.0(?:\.[0-9]{1,4})?$/.test(version)) return undefined;
  return {
    code: A2A_ERROR_CODE.VERSION_NOT_SUPPORTED,
    message: `This interface speaks A2A ${A2A_PROTOCOL_VERSION}.`,
  };
}

async function contractRefusal(
  init: RequestDispatcherInit,
  { method }: CheckedRequest,
  contract: string | undefined,
  remotePeer: string,
): Promise<RpcError | undefined> {
  if (contract !== undefined) {
    const isParty = await init.isParty(contract, remotePeer);
    return isParty ? undefined : bindingRefusal('CONTRACT_REFUSED');
  }
  // Reading and cancelling need no contract: tasks are scoped to their peer.
  if (method !== 'SendMessage' && method !== 'SendStreamingMessage') return undefined;
  const isAllowed = await init.isAllowedWithoutContract(remotePeer);
  return isAllowed ? undefined : bindingRefusal('CONTRACT_REFUSED');
}

/** One checked and authorised request. */
class Call {
  readonly #init: RequestDispatcherInit;
  readonly #request: CheckedRequest;
  readonly #message: A2aRequestMessage;
  readonly #remotePeer: string;

  constructor(
    init: RequestDispatcherInit,
    request: CheckedRequest,
    message: A2aRequestMessage,
    remotePeer: string,
  ) {
    this.#init = init;
    this.#request = request;
    this.#message = message;
    this.#remotePeer = remotePeer;
  }

  /** Outcome of a method that does not stream. */
  async outcome(): Promise<RpcOutcome> {
    const { method, params } = this.#request;
    if (method !== 'SendMessage') return this.#callSdk(method, params);
    return this.#once(() => this.#callSdk(method, params));
  }

  /** Outcomes of a method that streams. Ends when the task or the interest in it does. */
  async *outcomes(): AsyncGenerator<RpcOutcome, void, undefined> {
    try {
      const { method, params } = this.#request;
      const outcomes =
        method === 'SubscribeToTask' ? this.#events(method, params) : this.#messageEvents();
      for await (const outcome of outcomes) yield scrubOutcome(outcome);
    } catch (error) {
      const { logger } = this.#init;
      logger.error({ remotePeer: this.#remotePeer, err: error }, 'A2A stream failed.');
      yield { error: INTERNAL_ERROR };
    }
  }

  /**
   * Events of a message that is sent: the first time all of them, every other time the task as it
   * stands and what is still to come.
   */
  async *#messageEvents(): AsyncGenerator<RpcOutcome, void, undefined> {
    let rest: AsyncGenerator<RpcOutcome, void, undefined> | undefined;
    const first = await this.#once(async () => {
      const events = this.#events('SendStreamingMessage', this.#request.params);
      const one = await events.next();
      rest = events;
      return one.done === true ? { error: INTERNAL_ERROR } : one.value;
    });
    if (rest !== undefined) {
      yield first;
      yield* toTheEnd(rest);
      return;
    }
    const taskId = openTaskId(first);
    if (taskId === undefined) yield first;
    else yield* this.#events('SubscribeToTask', { id: taskId });
  }

  /** Runs `execute` unless the same message was carried out before. */
  async #once(execute: () => Promise<RpcOutcome>): Promise<RpcOutcome> {
    const { message, configuration } = this.#request.params as {
      readonly message: { readonly messageId: string };
      readonly configuration?: { readonly historyLength?: number };
    };
    let contentHash: Uint8Array;
    try {
      contentHash = hashOf(message);
    } catch (error) {
      if (!(error instanceof CanonicalJsonError)) throw error;
      return { error: jsonRpcError('INVALID_PARAMS', 'message: has text that is not Unicode') };
    }
    const { contract } = this.#message;
    return this.#init.messageLog.run(
      { peerId: this.#remotePeer, contract, messageId: message.messageId, contentHash },
      execute,
      async (taskId) => {
        const historyLength = configuration?.historyLength;
        const task = await this.#callSdk('GetTask', {
          id: taskId,
          ...(historyLength !== undefined && { historyLength }),
        });
        return 'error' in task ? task : { result: { task: task.result } };
      },
    );
  }

  async #callSdk(method: string, params: object): Promise<RpcOutcome> {
    const response = await this.#handle(method, params);
    if (Symbol.asyncIterator in response) throw new Error(`${method} is not expected to stream`);
    return response.error === undefined
      ? { result: response.result }
      : { error: response.error as RpcError };
  }

  async *#events(method: string, params: object): AsyncGenerator<RpcOutcome, void, undefined> {
    const response = await this.#handle(method, params);
    if (!(Symbol.asyncIterator in response)) {
      yield response.error === undefined
        ? { result: response.result }
        : { error: response.error as RpcError };
      return;
    }
    try {
      for await (const { result } of response) yield { result };
    } catch (error) {
      yield { error: JsonRpcTransportHandler.mapToJSONRPCError(error) };
    }
  }

  #handle(method: string, params: object): ReturnType<JsonRpcTransportHandler['handle']> {
    const { contract, params: parameters } = this.#message;
    return this.#init.transport.handle(
      { jsonrpc: '2.0', id: 0, method, params },
      callContext(this.#remotePeer, contract, parameters['a2a-extensions']),
    );
  }
}

/**
 * The outcomes, which are taken to their end also when nobody wants them any more: the SDK stores
 * what becomes of a task only while somebody takes its events.
 */
async function* toTheEnd(
  outcomes: AsyncGenerator<RpcOutcome, void, undefined>,
): AsyncGenerator<RpcOutcome, void, undefined> {
  let next = outcomes.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = outcomes.next();
      yield value;
    }
  } finally {
    void (async () => {
      while ((await next).done !== true) next = outcomes.next();
    })();
  }
}

/** Id of the task of an outcome, if it may still change. */
function openTaskId(outcome: RpcOutcome): string | undefined {
  if ('error' in outcome) return undefined;
  const event = outcome.result as StreamEvent;
  return 'task' in event && !endsStream(event) ? event.task.id : undefined;
}

function hashOf(message: object): Uint8Array {
  const limits = { maxBytes: 2 * A2A_LIMITS.maxMessageBytes, maxDepth: A2A_LIMITS.maxDepth };
  return sha256(encodeCanonicalJson(message as Record<string, JsonValue>, limits));
}

/** The peer is the user: the session proved who it is, and the SDK scopes tasks to the user. */
function callContext(
  remotePeer: string,
  contract: string | undefined,
  extensions: string | undefined,
): ServerCallContext {
  return new ServerCallContext({
    user: { isAuthenticated: true, userName: remotePeer },
    requestedVersion: A2A_PROTOCOL_VERSION,
    requestedExtensions: Extensions.parseServiceParameter(extensions).slice(
      0,
      MAX_REQUESTED_EXTENSIONS,
    ),
    state: new Map(contract === undefined ? [] : [[CONTRACT_STATE_KEY, contract]]),
  });
}
