/**
 * Canonical JSON (RFC 8785): the restricted form of signed documents, and the full form for task
 * specifications (wire-formats.md 0 and 4.1).
 *
 * @module
 */

import { fromUtf8, utf8 } from './bytes.ts';

/** A value of a signed document: no floats, no null, no booleans, no negatives. */
export type DocumentValue =
  | string
  | number
  | readonly DocumentValue[]
  | { readonly [key: string]: DocumentValue | undefined };

/** Any JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** Size and depth of a document. The outermost container has depth 1. */
export interface DocumentLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /**
   * Most values inside: members of objects and items of arrays, all together. Default: 2,048 for
   * the restricted form, more than any message has; no limit for the full form.
   */
  readonly maxValues?: number;
}

/** Limits of a signed body. */
export const SIGNED_BODY_LIMITS: DocumentLimits = { maxBytes: 16_384, maxDepth: 5 };

/** A schema that refuses thousands of members one by one takes longer than all checks before it. */
const DEFAULT_MAX_VALUES = 2_048;

const DOCUMENT_KEY = /^[a-z][a-zA-Z0-9]*$/;

/** Bytes that are not the canonical form of an acceptable value. */
export class CanonicalJsonError extends Error {
  static override readonly name = 'CanonicalJsonError';
  override readonly name = 'CanonicalJsonError';
  readonly code = 'CANONICAL_JSON';
}

function fail(where: string, problem: string): never {
  throw new CanonicalJsonError(`${where === '' ? 'document' : where}: ${problem}`);
}

function writeString(text: string, where: string): string {
  if (!text.isWellFormed()) fail(where, 'has a lone surrogate');
  return JSON.stringify(text);
}

/** One document on its way to text. */
interface Writing {
  readonly maxDepth: number;
  readonly maxValues: number;
  readonly isRestricted: boolean;
  /** Values that were met so far. */
  values: number;
}

function writeDocument(value: unknown, limits: DocumentLimits, isRestricted: boolean): string {
  const { maxDepth, maxValues = isRestricted ? DEFAULT_MAX_VALUES : Infinity } = limits;
  return write(value, '', 0, { maxDepth, maxValues, isRestricted, values: 0 });
}

function write(value: unknown, where: string, depth: number, writing: Writing): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, where);
    case 'number':
      if (writing.isRestricted && !(Number.isSafeInteger(value) && value >= 0)) {
        fail(where, `expected an integer from 0 to 2^53-1, got ${value}`);
      }
      if (!Number.isFinite(value)) fail(where, `expected a finite number, got ${value}`);
      return JSON.stringify(value);
    case 'boolean':
      if (writing.isRestricted) fail(where, 'must not be a boolean');
      return value ? 'true' : 'false';
    case 'object':
      return writeContainer(value, where, depth, writing);
    default:
      return fail(where, `must not be of type ${typeof value}`);
  }
}

/** Counts before anything is done with the values. */
function count(values: number, where: string, writing: Writing): void {
  writing.values += values;
  if (writing.values > writing.maxValues) fail(where, `has more than ${writing.maxValues} values`);
}

function writeContainer(
  value: object | null,
  where: string,
  depth: number,
  writing: Writing,
): string {
  if (value === null) {
    if (writing.isRestricted) fail(where, 'must not be null');
    return 'null';
  }
  if (depth >= writing.maxDepth) fail(where, `is nested deeper than ${writing.maxDepth}`);
  if (Array.isArray(value)) {
    count(value.length, where, writing);
    const items = value.map((item, i) => write(item, `${where}[${i}]`, depth + 1, writing));
    return `[${items.join(',')}]`;
  }
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  count(keys.length, where, writing);
  const members: string[] = [];
  // RFC 8785 s.3.2.3: keys in the order of their UTF-16 code units, which is sort()'s order.
  for (const key of keys.sort()) {
    const member = record[key];
    if (member === undefined) continue;
    const path = where === '' ? key : `${where}.${key}`;
    if (writing.isRestricted && !DOCUMENT_KEY.test(key)) fail(path, 'is not a valid key');
    members.push(`${writeString(key, path)}:${write(member, path, depth + 1, writing)}`);
  }
  return `{${members.join(',')}}`;
}

/**
 * Canonical bytes of a document.
 *
 * @throws {@link CanonicalJsonError} for a value that restricted JCS does not allow, or one beyond
 *   the limits.
 */
export function encodeDocument(
  value: DocumentValue,
  limits: DocumentLimits = SIGNED_BODY_LIMITS,
): Uint8Array {
  const bytes = utf8(writeDocument(value, limits, true));
  if (bytes.length > limits.maxBytes) fail('', `is larger than ${limits.maxBytes} bytes`);
  return bytes;
}

/**
 * Value of canonical bytes. They must be exactly what {@link encodeDocument} would write.
 *
 * @throws {@link CanonicalJsonError} otherwise.
 */
export function decodeDocument(
  bytes: Uint8Array,
  limits: DocumentLimits = SIGNED_BODY_LIMITS,
): DocumentValue {
  if (bytes.length > limits.maxBytes) fail('', `is larger than ${limits.maxBytes} bytes`);
  let text: string;
  let value: unknown;
  try {
    text = fromUtf8(bytes);
    value = JSON.parse(text);
  } catch {
    return fail('', 'is not JSON in UTF-8');
  }
  const canonical = writeDocument(value, limits, true);
  if (canonical !== text) fail('', 'is not in canonical form');
  return value as DocumentValue;
}

/**
 * Canonical bytes of any JSON value (full RFC 8785, fractions allowed).
 *
 * @throws {@link CanonicalJsonError} for a value that JSON cannot hold, or one beyond the limits.
 */
export function encodeCanonicalJson(value: JsonValue, limits: DocumentLimits): Uint8Array {
  const bytes = utf8(writeDocument(value, limits, false));
  if (bytes.length > limits.maxBytes) fail('', `is larger than ${limits.maxBytes} bytes`);
  return bytes;
}
