/**
 * The session as a transport of the A2A SDK's client, which then works over libp2p as it works over
 * HTTP (binding.md in this folder).
 *
 * The SDK has its objects in the form of protobuf and the wire in JSON: this file goes between.
 * Push notifications and the extended card belong to HTTP and are refused here as by the server.
 *
 * @module
 */

import {
  A2A_PROTOCOL_VERSION,
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
} from '@a2a-js/sdk';
import type { SendMessageResult } from '@a2a-js/sdk';
import type { RequestOptions, Transport, TransportFactory } from '@a2a-js/sdk/client';
import {
  ExtendedAgentCardNotConfiguredError,
  PushNotificationNotSupportedError,
  fromJsonRpcErrorResponse,
} from '@a2a-js/sdk/errors';
import type { SecureStreams } from '../secure-stream.ts';
import { LIBP2P_BINDING_URI } from './agent-card.ts';
import { createA2aClient } from './client.ts';
import type { A2aCallOptions, A2aClient } from './client.ts';
import { A2aRequestError } from './errors.ts';
import type {
  CancelTaskParams,
  GetTaskParams,
  ListTasksParams,
  SendMessageParams,
  SubscribeToTaskParams,
} from './wire-types.ts';

/** Service parameter that names the contract of a call, base64url. Not sent as a header. */
export const CONTRACT_PARAMETER = 'coalesce-contract';

/**
 * Makes transports for the interfaces of agent cards with the libp2p binding: hand it to the SDK's
 * `ClientFactory` beside its own. It keeps one control stream per peer.
 */
export class SessionTransportFactory implements TransportFactory {
  readonly protocolName = LIBP2P_BINDING_URI;
  readonly #streams: SecureStreams;
  readonly #clients = new Map<string, A2aClient>();

  constructor(streams: SecureStreams) {
    this.#streams = streams;
  }

  /**
   * @param url - Multiaddr that ends with `/p2p/` and the PeerId. Reaching the peer is the session
   *   layer's business: the other parts of the address are not used.
   * @throws {@link TypeError} for another URL.
   */
  create(url: string): Promise<Transport> {
    const peerId = /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/.exec(url)?.[1];
    if (peerId === undefined) {
      throw new TypeError(`"url" expected a multiaddr that ends with /p2p/<PeerId>, got ${url}`);
    }
    let client = this.#clients.get(peerId);
    if (!client) {
      client = createA2aClient({ streams: this.#streams, peerId });
      this.#clients.set(peerId, client);
    }
    return Promise.resolve(new SessionTransport(client));
  }

  /** Closes the control streams. A later call opens new ones. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}

class SessionTransport implements Transport {
  readonly protocolName = LIBP2P_BINDING_URI;
  readonly protocolVersion = A2A_PROTOCOL_VERSION;
  readonly #client: A2aClient;

  constructor(client: A2aClient) {
    this.#client = client;
  }

  async sendMessage(
    request: SendMessageRequest,
    options?: RequestOptions,
  ): Promise<SendMessageResult> {
    const params = SendMessageRequest.toJSON(request) as SendMessageParams;
    const result = await this.#call(() => this.#client.sendMessage(params, callOptions(options)));
    return SendMessageResponse.fromJSON(result).payload!.value;
  }

  async *sendMessageStream(
    request: SendMessageRequest,
    options?: RequestOptions,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    const params = SendMessageRequest.toJSON(request) as SendMessageParams;
    yield* this.#stream(this.#client.sendMessageStream(params, callOptions(options)));
  }

  async *resubscribeTask(
    request: SubscribeToTaskRequest,
    options?: RequestOptions,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    const params = SubscribeToTaskRequest.toJSON(request) as SubscribeToTaskParams;
    yield* this.#stream(this.#client.subscribeToTask(params, callOptions(options)));
  }

  async getTask(request: GetTaskRequest, options?: RequestOptions): Promise<Task> {
    const params = GetTaskRequest.toJSON(request) as GetTaskParams;
    return Task.fromJSON(
      await this.#call(() => this.#client.getTask(params, callOptions(options))),
    );
  }

  async cancelTask(request: CancelTaskRequest, options?: RequestOptions): Promise<Task> {
    const params = CancelTaskRequest.toJSON(request) as CancelTaskParams;
    return Task.fromJSON(
      await this.#call(() => this.#client.cancelTask(params, callOptions(options))),
    );
  }

  async listTasks(request: ListTasksRequest, options?: RequestOptions): Promise<ListTasksResponse> {
    const params = ListTasksRequest.toJSON(request) as ListTasksParams;
    return ListTasksResponse.fromJSON(
      await this.#call(() => this.#client.listTasks(params, callOptions(options))),
    );
  }

  getExtendedAgentCard = (): Promise<never> =>
    Promise.reject(new ExtendedAgentCardNotConfiguredError());
  createTaskPushNotificationConfig = refusePush;
  getTaskPushNotificationConfig = refusePush;
  listTaskPushNotificationConfig = refusePush;
  deleteTaskPushNotificationConfig = refusePush;

  async #call<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw sdkError(error);
    }
  }

  async *#stream(events: AsyncIterable<object>): AsyncGenerator<StreamResponse, void, undefined> {
    try {
      for await (const event of events) yield StreamResponse.fromJSON(event);
    } catch (error) {
      throw sdkError(error);
    }
  }
}

function refusePush(): Promise<never> {
  return Promise.reject(new PushNotificationNotSupportedError());
}

function callOptions(options: RequestOptions = {}): A2aCallOptions {
  const { signal, serviceParameters = {} } = options;
  const contract = serviceParameters[CONTRACT_PARAMETER];
  const extensions = serviceParameters['A2A-Extensions']?.split(',').map((uri) => uri.trim());
  return {
    ...(signal && { signal }),
    ...(contract !== undefined && { contract }),
    ...(extensions && { extensions }),
  };
}

/** The SDK's own class for an error of A2A; any other error as it is. */
function sdkError(error: unknown): unknown {
  if (!(error instanceof A2aRequestError)) return error;
  const { rpcCode: code, serverMessage: message } = error.details;
  return fromJsonRpcErrorResponse({ jsonrpc: '2.0', id: null, error: { code, message } });
}
