/**
 * Messages of the A2A control stream (wire-formats.md 1.6): a request names its contract and has
 * one JSON-RPC request; an answer carries one JSON-RPC response. JSON of RFC 8259, not canonical.
 *
 * Parsers never throw on received bytes. They do not look into the JSON-RPC method or its params.
 *
 * @module
 */

import { z } from 'zod';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { fields } from '../../crypto/envelope.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { jsonRpcError } from './errors.ts';
import type { RpcError } from './errors.ts';

/** Limits of one control stream. */
export const A2A_LIMITS = {
  maxMessageBytes: SECURE_PROTOCOLS.a2a.maxMessageBytes,
  /** Requests of one stream that are not answered yet. */
  maxInFlight: 64,
  /** Containers inside one another, in any message. */
  maxDepth: 64,
  /** Messages without a readable id before the server closes the stream. */
  maxUnreadableMessages: 16,
} as const;

/** Service parameters of A2A (A2A 1.0 s.3.2.6), spelled as their headers. */
export interface ServiceParameters {
  readonly 'a2a-version': string;
  /** Extension URIs, separated by commas. */
  readonly 'a2a-extensions'?: string | undefined;
}

/** Request of the stream's opener. */
export interface A2aRequestMessage {
  /** Counter of the opener, from 1. */
  readonly id: number;
  /** Contract id, base64url of 32 bytes. */
  readonly contract?: string | undefined;
  readonly params: ServiceParameters;
  /** JSON-RPC request, not yet checked. */
  readonly rpc: Readonly<Record<string, unknown>>;
}

/** The opener no longer wants the answer of `id`. */
export interface A2aCancelMessage {
  readonly id: number;
  readonly cancel: 1;
}

/** Answer of the acceptor. With `more` it is an event of a streaming call and others follow. */
export interface A2aAnswerMessage {
  /** Id of the request; 0 answers a message whose id could not be read. */
  readonly id: number;
  readonly rpc: Readonly<Record<string, unknown>>;
  readonly more?: 1 | undefined;
}

/** Keys of a message, and of its `params`; the schemas know four at most. */
const MAX_MESSAGE_KEYS = 16;

const id = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const jsonObject = z.record(z.string(), z.unknown());

const requestSchema = z.strictObject({
  id,
  contract: fields.bytes(32).optional(),
  params: z.strictObject({
    'a2a-version': z.string().max(16),
    'a2a-extensions': z.string().max(2_048).optional(),
  }),
  rpc: jsonObject,
});
const cancelSchema = z.strictObject({ id, cancel: z.literal(1) });
const answerSchema = z.strictObject({
  id: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  rpc: jsonObject,
  more: z.literal(1).optional(),
});

/** Outcome of reading a message of the opener. */
export type ParsedOpenerMessage =
  | { readonly kind: 'request'; readonly message: A2aRequestMessage }
  | { readonly kind: 'cancel'; readonly message: A2aCancelMessage }
  /** Not usable. `id` is 0 if it could not be read. */
  | { readonly kind: 'invalid'; readonly id: number; readonly error: RpcError };

/** Reads a message of the opener: a request or a cancellation. */
export function parseOpenerMessage(bytes: Uint8Array): ParsedOpenerMessage {
  const json = parseJson(bytes);
  if (json === undefined) return { kind: 'invalid', id: 0, error: jsonRpcError('PARSE_ERROR') };
  const { value } = json;
  const cancel = cancelSchema.safeParse(value);
  if (cancel.success) return { kind: 'cancel', message: cancel.data };
  const request = requestSchema.safeParse(value);
  if (request.success) return { kind: 'request', message: request.data };
  return { kind: 'invalid', id: readableId(value), error: jsonRpcError('INVALID_REQUEST') };
}

/** Reads an answer; `undefined` if it is none. */
export function parseAnswerMessage(bytes: Uint8Array): A2aAnswerMessage | undefined {
  const answer = answerSchema.safeParse(parseJson(bytes)?.value);
  return answer.success ? answer.data : undefined;
}

/** Bytes of a control message. The caller compares their length with the stream's limit. */
export function encodeControlMessage(
  message: A2aRequestMessage | A2aCancelMessage | A2aAnswerMessage,
): Uint8Array {
  return utf8(JSON.stringify(message));
}

function readableId(value: unknown): number {
  const read = z.looseObject({ id }).safeParse(value);
  return read.success ? read.data.id : 0;
}

/** The value of JSON bytes; its `value` is undefined where it is too deep or wide to be touched. */
function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  if (bytes.length > A2A_LIMITS.maxMessageBytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
  // Recursive code behind this parser (cloning, serialising) would overflow on deeper values.
  const isReadable = hasFewKeys(value) && !isDeeperThan(value, A2A_LIMITS.maxDepth);
  return { value: isReadable ? value : undefined };
}

/**
 * Whether a message and its `params` have few enough keys to be looked at: a schema names each key
 * that it does not know, and 100,000 of them fit a message.
 */
function hasFewKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const { params } = value as { readonly params?: unknown };
  const isFew = (one: object) => Object.keys(one).length <= MAX_MESSAGE_KEYS;
  return isFew(value) && (typeof params !== 'object' || params === null || isFew(params));
}

/** Whether `value` has more than `maxDepth` containers inside one another. */
export function isDeeperThan(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (maxDepth === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, maxDepth - 1));
}
