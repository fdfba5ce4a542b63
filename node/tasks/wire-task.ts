/**
 * A task as one A2A message, and its result as one artifact (architecture.md 3, wire-formats.md
 * 4.1).
 *
 * Part 0 is the specification on the wire, whose salted hash stands in the agreement; the input
 * parts follow in its order. The salt travels in the metadata of the economics extension: until
 * then a guessable task stays hidden behind its hash.
 *
 * @module
 */

import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../crypto/bytes.ts';
import type { JsonValue } from '../../crypto/canonical-json.ts';
import { ECONOMICS_EXTENSION_URI } from '../../protocols/a2a/agent-card.ts';
import { TRACE_EXTENSION_URI, traceMetadata } from '../../protocols/a2a/trace-context.ts';
import type { TraceContext } from '../../protocols/a2a/trace-context.ts';
import type { A2aPart, A2aTask, SendMessageParams } from '../../protocols/a2a/wire-types.ts';
import { resultManifest } from '../../protocols/negotiation/task-hash.ts';
import type { ResultManifest } from '../../protocols/negotiation/task-hash.ts';
import type { ResolvedPart, ResultPart } from './task-parts.ts';

/** Media type of part 0. */
export const TASK_MEDIA_TYPE = 'application/vnd.coalesce.task+json';

/** What a contractor takes out of a message. */
export interface ReceivedTask {
  readonly salt: Uint8Array;
  /** Canonical JSON, as received. */
  readonly specification: Uint8Array;
  readonly parts: readonly ResolvedPart[];
}

/** Text if the bytes are well-formed UTF-8, so that a reader of the message can read it too. */
function partOf({ mediaType, bytes, name }: ResolvedPart): A2aPart {
  const common = { mediaType, ...(name === undefined ? {} : { filename: name }) };
  try {
    return { text: fromUtf8(bytes), ...common };
  } catch {
    return { raw: Buffer.from(bytes).toString('base64'), ...common };
  }
}

/** The message that hands a task over. Sent twice under one contract it is executed once. */
export function taskMessage(
  task: ReceivedTask & { readonly messageId: string; readonly trace?: TraceContext | undefined },
): SendMessageParams['message'] {
  const { trace } = task;
  return {
    messageId: task.messageId,
    role: 'ROLE_USER',
    parts: [
      { text: fromUtf8(task.specification), mediaType: TASK_MEDIA_TYPE },
      ...task.parts.map(partOf),
    ],
    metadata: {
      [ECONOMICS_EXTENSION_URI]: { salt: toBase64Url(task.salt) },
      ...(trace && traceMetadata(trace)),
    },
    extensions: [ECONOMICS_EXTENSION_URI, ...(trace ? [TRACE_EXTENSION_URI] : [])],
  };
}

/** A part in the SDK's object form. */
interface ObjectPart {
  readonly content?: { readonly $case: string; readonly value: unknown } | undefined;
  readonly mediaType?: string;
  readonly filename?: string;
}

function bytesOf({ content }: ObjectPart): Uint8Array | undefined {
  if (content?.$case === 'text' && typeof content.value === 'string') return utf8(content.value);
  if (content?.$case === 'raw' && content.value instanceof Uint8Array) {
    return new Uint8Array(content.value);
  }
  return undefined;
}

/** Reads a message that {@link taskMessage} made; `undefined` if it is none. Never throws. */
export function readTaskMessage(message: {
  readonly parts: readonly ObjectPart[];
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}): ReceivedTask | undefined {
  const [first, ...rest] = message.parts;
  const specification = first?.mediaType === TASK_MEDIA_TYPE ? bytesOf(first) : undefined;
  const salt = saltOf(message.metadata?.[ECONOMICS_EXTENSION_URI]);
  if (specification === undefined || salt === undefined) return undefined;
  const parts: ResolvedPart[] = [];
  for (const part of rest) {
    const bytes = bytesOf(part);
    if (bytes === undefined || part.mediaType === undefined) return undefined;
    const name = part.filename === undefined || part.filename === '' ? {} : { name: part.filename };
    parts.push({ mediaType: part.mediaType, bytes, ...name });
  }
  return { salt, specification, parts };
}

function saltOf(extension: unknown): Uint8Array | undefined {
  if (typeof extension !== 'object' || extension === null || !('salt' in extension))
    return undefined;
  if (typeof extension.salt !== 'string' || extension.salt.length > 64) return undefined;
  try {
    return fromBase64Url(extension.salt);
  } catch {
    return undefined;
  }
}

/** Result parts of a finished task; `undefined` if a part is neither text nor data. */
export function resultPartsOf(task: A2aTask): ResultPart[] | undefined {
  const parts: ResultPart[] = [];
  for (const { text, data, mediaType } of (task.artifacts ?? []).flatMap(({ parts: own }) => own)) {
    const type = mediaType ?? (text === undefined ? 'application/json' : 'text/plain');
    if (text !== undefined) parts.push({ mediaType: type, text });
    else if (data !== undefined) parts.push({ mediaType: type, data: data as JsonValue });
    else return undefined;
  }
  return parts;
}

/** Ciphertext of a finished task whose result is sealed; `undefined` if it is anything else. */
export function sealedBytesOf({ artifacts = [] }: A2aTask): Uint8Array | undefined {
  const [part, ...others] = artifacts.flatMap(({ parts }) => parts);
  if (part?.raw === undefined || others.length > 0) return undefined;
  return new Uint8Array(Buffer.from(part.raw, 'base64'));
}

/** Manifest of a result: what the contractor signs and the client compares. */
export function manifestOf(parts: readonly ResultPart[]): ResultManifest {
  return resultManifest(
    parts.map(({ text, data }) => (text === undefined ? { data: data ?? null } : { text })),
  );
}
