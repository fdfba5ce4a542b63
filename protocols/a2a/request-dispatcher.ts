/**
 * What the server does with one readable request, between the control stream and the SDK: A2A
 * version, method and params, contract, message log, and the words of errors.
 *
 * @module
 */

import { A2A_PROTOCOL_VERSION, Extensions } from '@a2a-js/sdk';
import { A2A_ERROR_CODE } from '@a2a-js/sdk/errors';
import { ServerCallContext } from '@a2a-js/sdk/server';
import type { JsonRpcTransportHandler } from '@a2a-js/sdk/server';
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

/** The outcome of one request and the JSON-RPC id that it goes under. Never rejects. */
export type RequestDispatcher = (
  message: A2aRequestMessage,
  remotePeer: string,
) => Promise<{ readonly id: RpcId; readonly outcome: RpcOutcome }>;

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
      const outcome = scrubOutcome(await carryOut(init, request, message, remotePeer));
      return { id: request.id, outcome };
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
  if (method !== 'SendMessage') return undefined;
  const isAllowed = await init.isAllowedWithoutContract(remotePeer);
  return isAllowed ? undefined : bindingRefusal('CONTRACT_REFUSED');
}

async function carryOut(
  init: RequestDispatcherInit,
  request: CheckedRequest,
  { contract, params }: A2aRequestMessage,
  remotePeer: string,
): Promise<RpcOutcome> {
  const callSdk = (method: string, methodParams: object): Promise<RpcOutcome> =>
    callTransport(
      init.transport,
      method,
      methodParams,
      callContext(remotePeer, contract, params['a2a-extensions']),
    );
  if (request.method !== 'SendMessage') return callSdk(request.method, request.params);
  const { message, configuration } = request.params as {
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
  return init.messageLog.run(
    { peerId: remotePeer, contract, messageId: message.messageId, contentHash },
    () => callSdk('SendMessage', request.params),
    async (taskId) => {
      const historyLength = configuration?.historyLength;
      const task = await callSdk('GetTask', {
        id: taskId,
        ...(historyLength !== undefined && { historyLength }),
      });
      return 'error' in task ? task : { result: { task: task.result } };
    },
  );
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

async function callTransport(
  transport: JsonRpcTransportHandler,
  method: string,
  params: object,
  context: ServerCallContext,
): Promise<RpcOutcome> {
  const response = await transport.handle({ jsonrpc: '2.0', id: 0, method, params }, context);
  if (Symbol.asyncIterator in response) throw new Error(`${method} streams, which is not served`);
  return response.error === undefined
    ? { result: response.result }
    : { error: response.error as RpcError };
}
