/**
 * What the SDK does not check of a call (A2A 1.0 s.4.1, s.9): empty messages, roles that do not
 * exist, negative lengths, and members beyond their bounds.
 *
 * @module
 */

import type { NextFunction, Request, Response } from 'express';
import { z } from 'zod';
import { jsonRpcError } from '../../protocols/a2a/errors.ts';
import {
  A2A_OBJECT_LIMITS,
  cancelTaskParamsSchema,
  getTaskParamsSchema,
  listTasksParamsSchema,
  sendMessageParamsSchema,
} from '../../protocols/a2a/wire-types.ts';

const text = z.string().max(A2A_OBJECT_LIMITS.maxIdLength);
const historyLength = z.number().int().min(0).max(A2A_OBJECT_LIMITS.maxHistory).optional();

/** Of A2A 0.3: `message/send` and its kin. */
const oldMessageParams = z.object({
  message: z.object({
    messageId: text.min(1),
    role: z.enum(['user', 'agent']),
    parts: z
      .array(z.looseObject({ kind: z.string() }))
      .min(1)
      .max(A2A_OBJECT_LIMITS.maxParts),
  }),
  configuration: z.looseObject({ historyLength }).optional(),
});
const oldTaskParams = z.object({ id: text.min(1), historyLength });

const PARAMS: Readonly<Record<string, z.ZodType>> = {
  SendMessage: sendMessageParamsSchema,
  SendStreamingMessage: sendMessageParamsSchema,
  GetTask: getTaskParamsSchema,
  CancelTask: cancelTaskParamsSchema,
  ListTasks: listTasksParamsSchema,
  'message/send': oldMessageParams,
  'message/stream': oldMessageParams,
  'tasks/get': oldTaskParams,
  'tasks/cancel': oldTaskParams,
};

/** Methods whose params the SDK checks well enough. */
const OTHER_METHODS: ReadonlySet<string> = new Set([
  'SubscribeToTask',
  'CreateTaskPushNotificationConfig',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
  'GetExtendedAgentCard',
  'tasks/resubscribe',
  'tasks/pushNotificationConfig/set',
  'tasks/pushNotificationConfig/get',
  'tasks/pushNotificationConfig/list',
  'tasks/pushNotificationConfig/delete',
  'agent/getAuthenticatedExtendedCard',
]);

/** Refuses what is no JSON-RPC call, an unknown method, and params that are not those of it. */
export function checkRpcCall(request: Request, response: Response, next: NextFunction): void {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const error = errorOf(body);
  if (error === undefined) next();
  else response.json({ jsonrpc: '2.0', id: rpcIdOf(body['id']), error });
}

function errorOf({ jsonrpc, method, params }: Readonly<Record<string, unknown>>) {
  if (jsonrpc !== '2.0' || typeof method !== 'string') return jsonRpcError('INVALID_REQUEST');
  if (!Object.hasOwn(PARAMS, method)) {
    return OTHER_METHODS.has(method) ? undefined : jsonRpcError('METHOD_NOT_FOUND');
  }
  const problem = problemOf(method, params ?? {});
  return problem === undefined ? undefined : jsonRpcError('INVALID_PARAMS', problem);
}

/** Refuses a REST call whose message is none. */
export function checkRestCall(request: Request, response: Response, next: NextFunction): void {
  const isMessage = request.method === 'POST' && /\/message:(?:send|stream)$/.test(request.path);
  const isOld = (request.body as { message?: { content?: unknown } } | undefined)?.message?.content;
  const problem =
    isMessage && isOld === undefined ? problemOf('SendMessage', request.body ?? {}) : undefined;
  if (problem === undefined) return next();
  const message = `The parameters are not valid. ${problem}`;
  response.status(400).json({ error: { code: 400, status: 'INVALID_ARGUMENT', message } });
}

/** The first problem, in few words of the client's own text. */
function problemOf(method: string, params: unknown): string | undefined {
  const schema = Object.hasOwn(PARAMS, method) ? PARAMS[method] : undefined;
  const checked = schema?.safeParse(params);
  const issue = checked?.error?.issues[0];
  if (issue === undefined) return undefined;
  return `${issue.path.join('.').slice(0, 128)}: ${issue.message.slice(0, 256)}`;
}

/** The id of a JSON-RPC call, or null if it has none that can be answered to. */
export function rpcIdOf(id: unknown): string | number | null {
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
