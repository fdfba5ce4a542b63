/**
 * JSON-RPC requests on the control stream: which methods are served, and what is checked before
 * the SDK sees a request (JSON-RPC 2.0 s.4, A2A 1.0 s.9).
 *
 * Push notifications and the extended card belong to the HTTP edge and are refused with the codes
 * that A2A has for agents without them.
 *
 * @module
 */

import { A2A_ERROR_CODE } from '@a2a-js/sdk/errors';
import { z } from 'zod';
import { jsonRpcError } from './errors.ts';
import type { RpcError } from './errors.ts';
import {
  cancelTaskParamsSchema,
  getTaskParamsSchema,
  listTasksParamsSchema,
  sendMessageParamsSchema,
  subscribeToTaskParamsSchema,
} from './wire-types.ts';

/** Id of a JSON-RPC request. */
export type RpcId = string | number | null;

/** A request that the SDK may have. */
export interface CheckedRequest {
  readonly id: RpcId;
  readonly method: keyof typeof SERVED_METHODS;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Outcome of checking a request. */
export type CheckedRpc =
  | { readonly valid: true; readonly request: CheckedRequest }
  | { readonly valid: false; readonly id: RpcId; readonly error: RpcError };

const SERVED_METHODS = {
  SendMessage: sendMessageParamsSchema,
  SendStreamingMessage: sendMessageParamsSchema,
  SubscribeToTask: subscribeToTaskParamsSchema,
  GetTask: getTaskParamsSchema,
  CancelTask: cancelTaskParamsSchema,
  ListTasks: listTasksParamsSchema,
} as const;

const NO_PUSH_NOTIFICATIONS: RpcError = {
  code: A2A_ERROR_CODE.PUSH_NOTIFICATION_NOT_SUPPORTED,
  message: 'This interface sends no push notifications.',
};
const NO_EXTENDED_CARD: RpcError = {
  code: A2A_ERROR_CODE.EXTENDED_CARD_NOT_CONFIGURED,
  message: 'There is no extended card.',
};

const REFUSED_METHODS: ReadonlyMap<string, RpcError> = new Map([
  ['CreateTaskPushNotificationConfig', NO_PUSH_NOTIFICATIONS],
  ['GetTaskPushNotificationConfig', NO_PUSH_NOTIFICATIONS],
  ['ListTaskPushNotificationConfigs', NO_PUSH_NOTIFICATIONS],
  ['DeleteTaskPushNotificationConfig', NO_PUSH_NOTIFICATIONS],
  ['GetExtendedAgentCard', NO_EXTENDED_CARD],
]);

const idSchema = z.union([z.string().max(256), z.number().int(), z.null()]);
const envelopeSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: idSchema,
  method: z.string().min(1).max(128),
  params: z.unknown().optional(),
});

function isServed(method: string): method is keyof typeof SERVED_METHODS {
  return Object.hasOwn(SERVED_METHODS, method);
}

/**
 * Checks a JSON-RPC request and its params. A request without an id (a notification) is refused:
 * every A2A method has an answer.
 */
export function checkRpcRequest(rpc: Readonly<Record<string, unknown>>): CheckedRpc {
  const envelope = envelopeSchema.safeParse(rpc);
  if (!envelope.success) {
    const id = idSchema.safeParse(rpc['id']);
    return {
      valid: false,
      id: id.success ? id.data : null,
      error: jsonRpcError('INVALID_REQUEST'),
    };
  }
  const { id, method } = envelope.data;
  if (!isServed(method)) {
    const error = REFUSED_METHODS.get(method) ?? jsonRpcError('METHOD_NOT_FOUND');
    return { valid: false, id, error };
  }
  const params = SERVED_METHODS[method].safeParse(envelope.data.params);
  if (!params.success) {
    return { valid: false, id, error: jsonRpcError('INVALID_PARAMS', describe(params.error)) };
  }
  return { valid: true, request: { id, method, params: params.data } };
}

/** The first problem only: the peer's own text is not echoed at length. */
function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return '';
  return `${issue.path.join('.').slice(0, 128)}: ${issue.message.slice(0, 256)}`;
}
