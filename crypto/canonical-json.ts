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

/** Text that stands in JSON as it is: most of what is written, and quicker told than escaped. */
const PLAIN_TEXT = /^[ !#-[\]-~]{0,128}$/;

function writeString(text: string, where: string): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) fail(where, 'has a lone surrogate');
  return JSON.stringify(text);
}

/** Values of a document that were met so far. */
interface Counted {
  values: number;
}

/** One document on its way to text. */
interface Writing extends Counted {
  readonly maxDepth: number;
  readonly maxValues: number;
  readonly isRestricted: boolean;
  /** Whether big integers are written, as decimal strings. */
  readonly hasBigIntegers: boolean;
}

function writeDocument(
  value: unknown,
  limits: DocumentLimits,
  isRestricted: boolean,
  hasBigIntegers = false,
): string {
  const { maxDepth, maxValues = isRestricted ? DEFAULT_MAX_VALUES : Infinity } = limits;
  return write(value, '', 0, { maxDepth, maxValues, isRestricted, hasBigIntegers, values: 0 });
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
    case 'bigint':
      if (writing.hasBigIntegers) return `"${value}"`;
      return fail(where, 'must not be of type bigint');
    default:
      return fail(where, `must not be of type ${typeof value}`);
  }
}

/** Counts before anything is done with the values. */
function count(values: number, where: string, writing: Writing): void {
  writing.values += values;
  if (writing.values > writing.maxValues) fail(where, `has more than ${writing.maxValues} values`);
}

function isAscending(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
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
  let members = '';
  // RFC 8785 s.3.2.3: keys in the order of their UTF-16 code units, which is sort()'s order.
  if (!isAscending(keys)) keys.sort();
  for (const key of keys) {
    const member = record[key];
    if (member === undefined) continue;
    const path = where === '' ? key : `${where}.${key}`;
    if (writing.isRestricted && !DOCUMENT_KEY.test(key)) fail(path, 'is not a valid key');
    const name = writing.isRestricted ? `"${key}"` : writeString(key, path);
    const text = write(member, path, depth + 1, writing);
    members = members === '' ? `${name}:${text}` : `${members},${name}:${text}`;
  }
  return `{${members}}`;
}

/**
 * Canonical text of a record: of a document in whose place of decimal strings stand big integers.
 *
 * @throws {@link CanonicalJsonError} as {@link encodeDocument}.
 */
export function recordText(value: object, limits: DocumentLimits): string {
  const text = writeDocument(value, limits, true, true);
  if (Buffer.byteLength(text) > limits.maxBytes) {
    fail('', `is larger than ${limits.maxBytes} bytes`);
  }
  return text;
}

/** A text that is read along with the value that was parsed from it. */
interface Reading extends Counted {
  readonly text: string;
  readonly maxDepth: number;
  readonly maxValues: number;
}

const NOT_CANONICAL = -1;

/** Where `wanted` ends if it stands in the text from `at` on. A slice is compared as memory is. */
function after(wanted: string, text: string, at: number): number {
  const end = at + wanted.length;
  return text.slice(at, end) === wanted ? end : NOT_CANONICAL;
}

/**
 * Where the canonical form of `value` ends if it stands in the text from `at` on, and `value` may
 * stand in a document; else {@link NOT_CANONICAL}. For a text without a backslash: no string in it
 * has a character that is escaped, and none has a lone surrogate.
 */
function readAlong(value: unknown, at: number, depth: number, reading: Reading): number {
  const { text } = reading;
  if (typeof value === 'string') {
    const end = after(value, text, at + 1);
    return end >= 0 && text[at] === '"' && text[end] === '"' ? end + 1 : NOT_CANONICAL;
  }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 ? after(`${value}`, text, at) : NOT_CANONICAL;
  }
  if (typeof value !== 'object' || value === null) return NOT_CANONICAL;
  if (depth >= reading.maxDepth) return NOT_CANONICAL;
  return Array.isArray(value)
    ? readItems(value, at, depth + 1, reading)
    : readMembers(value as Record<string, unknown>, at, depth + 1, reading);
}

function readItems(items: readonly unknown[], at: number, depth: number, reading: Reading): number {
  const { text } = reading;
  reading.values += items.length;
  if (reading.values > reading.maxValues || text[at] !== '[') return NOT_CANONICAL;
  let place = at + 1;
  for (const [i, item] of items.entries()) {
    if (i > 0 && text[place++] !== ',') return NOT_CANONICAL;
    place = readAlong(item, place, depth, reading);
    if (place < 0) return NOT_CANONICAL;
  }
  return text[place] === ']' ? place + 1 : NOT_CANONICAL;
}

function readMembers(
  record: Record<string, unknown>,
  at: number,
  depth: number,
  reading: Reading,
): number {
  const { text } = reading;
  if (text[at] !== '{') return NOT_CANONICAL;
  let place = at + 1;
  let previous = '';
  for (const key of Object.keys(record)) {
    if (++reading.values > reading.maxValues) return NOT_CANONICAL;
    if (previous !== '' && text[place++] !== ',') return NOT_CANONICAL;
    if (key <= previous || !DOCUMENT_KEY.test(key)) return NOT_CANONICAL;
    place = after(`"${key}":`, text, place);
    if (place < 0) return NOT_CANONICAL;
    place = readAlong(record[key], place, depth, reading);
    if (place < 0) return NOT_CANONICAL;
    previous = key;
  }
  return text[place] === '}' ? place + 1 : NOT_CANONICAL;
}

/**
 * Whether `text` is the canonical form of `value`, which was parsed from it: the quick answer,
 * without writing the value out. `false` where {@link writeDocument} has to tell.
 */
function isCanonicalText(text: string, value: unknown, limits: DocumentLimits): boolean {
  if (text.includes('\\')) return false;
  const { maxDepth, maxValues = DEFAULT_MAX_VALUES } = limits;
  return readAlong(value, 0, 0, { text, maxDepth, maxValues, values: 0 }) === text.length;
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
  if (isCanonicalText(text, value, limits)) return value as DocumentValue;
  // Says what is wrong, and where.
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
