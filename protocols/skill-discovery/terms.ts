/**
 * Skill terms: `<predicate>:<path>` (architecture.md 5, Paper III-A's predicates). Grammar, limits
 * and the order "at or below". Which terms exist is the ontology's business, not this file's.
 *
 * @module
 */

/** What a peer can state about itself. */
export const PREDICATES = [
  'hasResource',
  'hasAccessTo',
  'canExecute',
  'hasKnowledgeBase',
  'supportsProtocol',
  'performs',
] as const;

/** One of {@link PREDICATES}. */
export type Predicate = (typeof PREDICATES)[number];

/** Longest term, in characters (all of them ASCII). */
export const MAX_TERM_LENGTH = 128;
/** Most path segments of a term. */
export const MAX_TERM_DEPTH = 8;

/** Lower case; may hold `. _ + -` inside, and may end in `+` (`c++`). */
const SEGMENT = /^[a-z0-9](?:[a-z0-9._+-]*[a-z0-9+])?$/;

/** A parsed term. */
export interface Term {
  readonly predicate: Predicate;
  readonly path: readonly string[];
}

/** Why a text is no term. */
export type TermRefusal =
  'TOO_LONG' | 'NO_PREDICATE' | 'UNKNOWN_PREDICATE' | 'BAD_SEGMENT' | 'TOO_DEEP';

/** Outcome of {@link parseTerm}. */
export type ParsedTerm =
  | { readonly valid: true; readonly term: Term }
  | { readonly valid: false; readonly reason: TermRefusal; readonly detail: string };

function isPredicate(text: string): text is Predicate {
  return (PREDICATES as readonly string[]).includes(text);
}

/** Parses a term. Never throws; `detail` says what is wrong and how a right one looks. */
export function parseTerm(text: string): ParsedTerm {
  if (text.length > MAX_TERM_LENGTH) {
    const detail = `a term has at most ${MAX_TERM_LENGTH} characters, this one ${text.length}`;
    return { valid: false, reason: 'TOO_LONG', detail };
  }
  const colon = text.indexOf(':');
  if (colon < 0) {
    const detail = `${JSON.stringify(text)} has no predicate, as in "performs:nlp/sentiment"`;
    return { valid: false, reason: 'NO_PREDICATE', detail };
  }
  const predicate = text.slice(0, colon);
  if (!isPredicate(predicate)) {
    const detail = `${JSON.stringify(predicate)} is none of ${PREDICATES.join(', ')}`;
    return { valid: false, reason: 'UNKNOWN_PREDICATE', detail };
  }
  const path = text.slice(colon + 1).split('/');
  if (path.length > MAX_TERM_DEPTH) {
    const detail = `a path has at most ${MAX_TERM_DEPTH} segments, this one ${path.length}`;
    return { valid: false, reason: 'TOO_DEEP', detail };
  }
  const bad = path.find((segment) => !SEGMENT.test(segment));
  if (bad !== undefined) {
    const detail = `segment ${JSON.stringify(bad)} is not lower-case letters, digits and ._+-`;
    return { valid: false, reason: 'BAD_SEGMENT', detail };
  }
  return { valid: true, term: { predicate, path } };
}

/** Whether `text` is a term. */
export function isTerm(text: string): boolean {
  return parseTerm(text).valid;
}

/** Text of a term. The inverse of {@link parseTerm}. */
export function formatTerm(term: Term): string {
  return `${term.predicate}:${term.path.join('/')}`;
}

/**
 * Ancestors of a term, nearest first: of `p:a/b/c` these are `p:a/b` and `p:a`, not the bare
 * predicate (wire-formats.md 1.6).
 *
 * @throws {@link TypeError} if `text` is no term.
 */
export function ancestorsOf(text: string): readonly string[] {
  const parsed = parseTerm(text);
  if (!parsed.valid) throw new TypeError(`"text" expected a skill term: ${parsed.detail}`);
  const { predicate, path } = parsed.term;
  const ancestors: string[] = [];
  for (let depth = path.length - 1; depth >= 1; depth--) {
    ancestors.push(formatTerm({ predicate, path: path.slice(0, depth) }));
  }
  return ancestors;
}

/** Whether `term` is `asked` itself or one of its descendants. */
export function isAtOrBelow(term: string, asked: string): boolean {
  return term === asked || term.startsWith(`${asked}/`);
}
