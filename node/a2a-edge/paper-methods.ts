/**
 * The names of the paper (III-G; A2A as of April 2025) on the JSON-RPC endpoint: `tasks/send` and
 * `tasks/sendSubscribe` become `message/send` and `message/stream` of A2A 0.3, which the SDK still
 * speaks. `tasks/get` and `tasks/cancel` have kept their names.
 *
 * The client chose the task's id then; the server does now. The id is remembered for a while, so
 * that the client can ask by it. Answers are those of 0.3: what was `sessionId` is `contextId`, and
 * a part's `type` is its `kind`; both are answered to `tasks/send`.
 *
 * @module
 */

import type { NextFunction, Request, Response } from 'express';
import { z } from 'zod';

/** Ids of clients that are remembered. */
const MAX_ALIASES = 4_096;
const RENAMED: Readonly<Record<string, string>> = {
  'tasks/send': 'message/send',
  'tasks/sendSubscribe': 'message/stream',
};
const BY_ID = new Set(['tasks/get', 'tasks/cancel', 'tasks/resubscribe']);

const paperParams = z.object({
  id: z.string().min(1).max(256),
  sessionId: z.string().max(256).optional(),
  message: z.object({
    role: z.enum(['user', 'agent']).default('user'),
    parts: z.array(z.record(z.string(), z.unknown())).min(1).max(1_024),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

/** Maps the paper's calls; everything else passes unchanged. */
export function paperMethods() {
  const aliases = new Map<string, string>();
  const remember = (alias: string, id: string): void => {
    aliases.delete(alias);
    aliases.set(alias, id);
    if (aliases.size <= MAX_ALIASES) return;
    for (const oldest of aliases.keys()) {
      aliases.delete(oldest);
      break;
    }
  };
  return (request: Request, response: Response, next: NextFunction): void => {
    const body = request.body as { method?: unknown; params?: unknown } | undefined;
    const method = typeof body?.method === 'string' ? body.method : '';
    const owner = request.headers.authorization ?? '';
    if (BY_ID.has(method) && isObject(body?.params)) {
      const { id } = body.params;
      const known = typeof id === 'string' ? aliases.get(`${owner}\n${id}`) : undefined;
      if (known !== undefined) body.params = { ...body.params, id: known };
    }
    const renamed = Object.hasOwn(RENAMED, method) ? RENAMED[method] : undefined;
    const params = renamed === undefined ? undefined : paperParams.safeParse(body?.params);
    if (renamed !== undefined && params?.success) {
      request.headers['a2a-version'] = '0.3';
      request.body = { ...body, method: renamed, params: paramsOf(params.data) };
      const send = response.json.bind(response);
      response.json = (answer: unknown) => {
        const task = isObject(answer) && isObject(answer['result']) ? answer['result'] : undefined;
        if (typeof task?.['id'] !== 'string') return send(answer);
        remember(`${owner}\n${params.data.id}`, task['id']);
        return send({ ...(answer as object), result: taskOf(task, params.data) });
      };
    }
    next();
  };
}

type PaperParams = z.output<typeof paperParams>;

function paramsOf({ id, sessionId, message, metadata }: PaperParams): object {
  const parts = message.parts.map(({ type, ...part }) => ({ kind: type, ...part }));
  const { role, metadata: ofMessage } = message;
  return {
    message: {
      kind: 'message',
      messageId: id,
      role,
      parts,
      ...(sessionId === undefined ? {} : { contextId: sessionId }),
      ...(ofMessage === undefined ? {} : { metadata: ofMessage }),
    },
    ...(metadata === undefined ? {} : { metadata }),
    configuration: { blocking: true },
  };
}

function taskOf(task: Readonly<Record<string, unknown>>, { sessionId }: PaperParams): object {
  const artifacts = Array.isArray(task['artifacts']) ? task['artifacts'] : [];
  return {
    ...task,
    sessionId: sessionId ?? task['contextId'],
    artifacts: artifacts.map((artifact: unknown) => {
      if (!isObject(artifact) || !Array.isArray(artifact['parts'])) return artifact;
      const parts = artifact['parts'].map((part: unknown) =>
        isObject(part) ? { type: part['kind'], ...part } : part,
      );
      return { ...artifact, parts };
    }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
