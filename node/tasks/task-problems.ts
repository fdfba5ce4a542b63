/**
 * Problems of a document that a user wrote: what is wrong, where, and the mend. Every problem is
 * listed at once, so that one look suffices.
 *
 * @module
 */

import { z } from 'zod';
import { CanonicalJsonError, encodeCanonicalJson } from '../../crypto/canonical-json.ts';
import type { DocumentLimits, JsonValue } from '../../crypto/canonical-json.ts';

/** One thing to mend. */
export interface Problem {
  /** Place in the document, `input.parts[0].mediaType`; "" is the document itself. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** A value that keeps its schema, or everything that is wrong with it. */
export type Parsed<Value> =
  | { readonly valid: true; readonly value: Value }
  | { readonly valid: false; readonly problems: readonly Problem[] };

/** Most problems that are listed; the rest are counted. */
export const MAX_PROBLEMS = 50;
const MAX_QUOTED_CHARACTERS = 60;

/** An object with exactly these keys. An unknown key is named together with the known ones. */
export function exactObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no key ${issue.keys.map(quote).join(', ')}: remove it or use one of ${known}`
        : undefined,
  });
}

/**
 * Checks `json` against `schema`. Never throws: depth, size and characters that JSON cannot carry
 * are checked before the schema looks at the value.
 */
export function parseWith<Value>(
  schema: z.ZodType<Value>,
  json: unknown,
  limits: DocumentLimits,
): Parsed<Value> {
  try {
    encodeCanonicalJson(json as JsonValue, limits);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    return { valid: false, problems: [{ path: '', message: error.message }] };
  }
  const result = schema.safeParse(json, { reportInput: true });
  if (result.success) return { valid: true, value: result.data };
  const issues = result.error.issues;
  const problems = issues.slice(0, MAX_PROBLEMS).map((issue) => ({
    path: formatPath(issue.path),
    message: describeIssue(issue),
  }));
  if (issues.length > MAX_PROBLEMS) {
    problems.push({ path: '', message: `has ${issues.length - MAX_PROBLEMS} more problems` });
  }
  return { valid: false, problems };
}

/** The problems as lines for a person. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('\n');
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}

/** What is wrong and what belongs there. @param issue - Of a parse with `reportInput`. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `is missing: give ${article(issue.expected)}`;
      return `expected ${article(issue.expected)}, got ${quote(issue.input)}`;
    case 'too_big':
      return outOfBounds(issue.inclusive === false ? 'less than' : 'at most', issue.maximum, issue);
    case 'too_small':
      return outOfBounds(
        issue.inclusive === false ? 'more than' : 'at least',
        issue.minimum,
        issue,
      );
    case 'invalid_value':
      return `expected one of ${issue.values.map(quote).join(', ')}, got ${quote(issue.input)}`;
    default:
      return issue.message;
  }
}

function article(type: string): string {
  if (type === 'boolean') return 'true or false';
  const named = type === 'int' ? 'whole number' : type === 'record' ? 'object' : type;
  return /^[aeiou]/.test(named) ? `an ${named}` : `a ${named}`;
}

/** The bound that a number, or the size of something, does not keep, and what it is. */
function outOfBounds(
  relation: string,
  bound: number | bigint,
  { origin, input }: { readonly origin: string; readonly input?: unknown },
): string {
  const size = sizeOf(input);
  const got = size === undefined ? quote(input) : String(size);
  return `expected ${relation} ${bound}${unitOf(origin)}, got ${got}`;
}

/** Characters, items or keys; `undefined` for a number. */
function sizeOf(input: unknown): number | undefined {
  if (typeof input === 'string' || Array.isArray(input)) return input.length;
  return typeof input === 'object' && input !== null ? Object.keys(input).length : undefined;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  if (origin === 'array' || origin === 'set') return ' items';
  if (origin === 'record' || origin === 'object') return ' keys';
  return '';
}

/** A value as it is shown in a message: short, and on one line. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= MAX_QUOTED_CHARACTERS ? text : `${text.slice(0, MAX_QUOTED_CHARACTERS)}...`;
}
