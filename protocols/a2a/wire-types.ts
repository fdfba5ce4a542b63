/**
 * A2A 1.0 in wire JSON (ProtoJSON of `lf.a2a.v1`): the schemas by which the server checks what a
 * client sends and the client checks what a server answers. They state the required fields of the
 * specification and bounds; members they do not name are dropped, as ProtoJSON readers may.
 *
 * The SDK does not check these itself: it takes empty `parts`, an unknown `role` and a negative
 * `historyLength`.
 *
 * @module
 */

import { z } from 'zod';

/** Bounds on what one A2A object holds. */
export const A2A_OBJECT_LIMITS = {
  maxIdLength: 256,
  maxParts: 1_024,
  maxArtifacts: 1_024,
  maxHistory: 4_096,
  maxListEntries: 64,
} as const;

const LIMITS = A2A_OBJECT_LIMITS;
const id = z.string().min(1).max(LIMITS.maxIdLength);
const optionalId = z.string().max(LIMITS.maxIdLength).optional();
const metadata = z.record(z.string(), z.unknown()).optional();
const shortStrings = z.array(z.string().max(2_048)).max(LIMITS.maxListEntries).optional();

const partSchema = z
  .object({
    text: z.string().optional(),
    raw: z.base64().optional(),
    url: z.url().max(2_048).optional(),
    data: z.unknown().optional(),
    metadata,
    filename: z.string().max(1_024).optional(),
    mediaType: z.string().max(256).optional(),
  })
  .refine(
    ({ text, raw, url, data }) =>
      [text, raw, url, data].filter((v) => v !== undefined).length === 1,
    'expected exactly one of text, raw, url and data',
  );

const messageFields = {
  messageId: id,
  contextId: optionalId,
  taskId: optionalId,
  parts: z.array(partSchema).min(1).max(LIMITS.maxParts),
  metadata,
  extensions: shortStrings,
  referenceTaskIds: z.array(id).max(LIMITS.maxListEntries).optional(),
};

/** A message of either side. */
export const messageSchema = z.object({
  ...messageFields,
  role: z.enum(['ROLE_USER', 'ROLE_AGENT']),
});

/** A message of the client. */
const userMessageSchema = z.object({ ...messageFields, role: z.literal('ROLE_USER') });

const artifactSchema = z.object({
  artifactId: id,
  name: z.string().max(1_024).optional(),
  description: z.string().max(16_384).optional(),
  parts: z.array(partSchema).min(1).max(LIMITS.maxParts),
  metadata,
  extensions: shortStrings,
});

/** States of a task, by their names in ProtoJSON. */
export const TASK_STATES = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED',
] as const;

const statusSchema = z.object({
  state: z.enum(TASK_STATES),
  message: messageSchema.optional(),
  timestamp: z.string().max(64).optional(),
});

/** A task as a server answers it. */
export const taskSchema = z.object({
  id,
  contextId: optionalId,
  status: statusSchema,
  artifacts: z.array(artifactSchema).max(LIMITS.maxArtifacts).optional(),
  history: z.array(messageSchema).max(LIMITS.maxHistory).optional(),
  metadata,
});

/** Result of SendMessage: exactly one of a task and a message. */
export const sendMessageResultSchema = z.union([
  z.strictObject({ task: taskSchema }),
  z.strictObject({ message: messageSchema }),
]);

/** Result of ListTasks. */
export const listTasksResultSchema = z.object({
  tasks: z.array(taskSchema).max(100).default([]),
  nextPageToken: z.string().max(1_024).default(''),
  pageSize: z.number().int().min(0).optional(),
  totalSize: z.number().int().min(0).optional(),
});

/** One event of SendStreamingMessage or SubscribeToTask: exactly one of four. */
const streamEventSchemas = {
  task: z.strictObject({ task: taskSchema }),
  message: z.strictObject({ message: messageSchema }),
  statusUpdate: z.strictObject({
    statusUpdate: z.object({ taskId: id, contextId: optionalId, status: statusSchema, metadata }),
  }),
  artifactUpdate: z.strictObject({
    artifactUpdate: z.object({
      taskId: id,
      contextId: optionalId,
      artifact: artifactSchema,
      append: z.boolean().optional(),
      lastChunk: z.boolean().optional(),
      metadata,
    }),
  }),
};

/** The schema of an event with this member; of a task, which refuses it, where it has another. */
export function streamEventSchemaOf(event: object): z.ZodType<StreamEvent> {
  const kind = Object.keys(event)[0] ?? 'task';
  const isKnown = Object.hasOwn(streamEventSchemas, kind);
  return streamEventSchemas[isKnown ? (kind as keyof typeof streamEventSchemas) : 'task'];
}

const historyLength = z.number().int().min(0).max(LIMITS.maxHistory).optional();
/** The binding has no tenants: the field may be there, but must be empty. */
const tenant = z.literal('').optional();

/** Params of SendMessage. */
export const sendMessageParamsSchema = z.object({
  tenant,
  message: userMessageSchema,
  configuration: z
    .object({
      acceptedOutputModes: shortStrings,
      historyLength,
      returnImmediately: z.boolean().optional(),
    })
    .optional(),
  metadata,
});

/** Params of GetTask. */
export const getTaskParamsSchema = z.object({ tenant, id, historyLength });

/** Params of SubscribeToTask. */
export const subscribeToTaskParamsSchema = z.object({ tenant, id });

/** Params of CancelTask. */
export const cancelTaskParamsSchema = z.object({ tenant, id, metadata });

/** Params of ListTasks. */
export const listTasksParamsSchema = z.object({
  tenant,
  contextId: optionalId,
  status: z.enum(TASK_STATES).optional(),
  pageSize: z.number().int().min(1).max(100).optional(),
  pageToken: z.string().max(1_024).optional(),
  historyLength,
  statusTimestampAfter: z.string().max(64).optional(),
  includeArtifacts: z.boolean().optional(),
});

/** Content with what describes it; exactly one of text, raw (base64), url and data. */
export type A2aPart = z.infer<typeof partSchema>;
/** One turn of a conversation. */
export type A2aMessage = z.infer<typeof messageSchema>;
/** A result of a task. */
export type A2aArtifact = z.infer<typeof artifactSchema>;
/** State of a task, e.g. `TASK_STATE_COMPLETED`. */
export type A2aTaskState = (typeof TASK_STATES)[number];
/** A unit of work with its state, history and artifacts. */
export type A2aTask = z.infer<typeof taskSchema>;
/** What SendMessage takes. */
export type SendMessageParams = z.input<typeof sendMessageParamsSchema>;
/** What SendMessage answers. */
export type SendMessageResult = z.infer<typeof sendMessageResultSchema>;
/** What a streaming call yields. */
export type StreamEvent = {
  [Kind in keyof typeof streamEventSchemas]: z.infer<(typeof streamEventSchemas)[Kind]>;
}[keyof typeof streamEventSchemas];
/** What ListTasks answers. */
export type ListTasksResult = z.infer<typeof listTasksResultSchema>;
/** What ListTasks takes. */
export type ListTasksParams = z.input<typeof listTasksParamsSchema>;
/** What SubscribeToTask takes. */
export type SubscribeToTaskParams = z.input<typeof subscribeToTaskParamsSchema>;
/** What GetTask takes. */
export type GetTaskParams = z.input<typeof getTaskParamsSchema>;
/** What CancelTask takes. */
export type CancelTaskParams = z.input<typeof cancelTaskParamsSchema>;

/** After these a task does not change any more. */
export const TERMINAL_TASK_STATES: ReadonlySet<A2aTaskState> = new Set([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
]);

/** Whether nothing follows `event` in its stream: a message, or the end or a question of a task. */
export function endsStream(event: StreamEvent): boolean {
  if ('message' in event) return true;
  const state =
    'statusUpdate' in event
      ? event.statusUpdate.status.state
      : 'task' in event
        ? event.task.status.state
        : undefined;
  if (state === undefined) return false;
  // A task may be shown while it waits for input; only the update that says so ends the stream.
  const isQuestion = 'statusUpdate' in event && state === 'TASK_STATE_INPUT_REQUIRED';
  return isQuestion || TERMINAL_TASK_STATES.has(state);
}
