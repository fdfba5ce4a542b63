/**
 * What a person asks for in `query`: skill terms and free text, combined with AND and OR, as a list
 * of alternatives (disjunctive normal form). `performs:nlp AND (canExecute:pytorch OR "tone of
 * reviews")` has two alternatives of two parts each. AND binds tighter than OR; both are upper
 * case, since "and" is a word of many a free text.
 *
 * @module
 */

import { PREDICATES, parseTerm } from '../../protocols/skill-discovery/terms.ts';

/** Longest text of a query, in characters. */
export const MAX_QUERY_CHARACTERS = 1_024;
/** Most alternatives, and most parts of one. */
export const MAX_ALTERNATIVES = 8;
export const MAX_PARTS = 8;
/** Deepest nesting of parentheses. */
const MAX_DEPTH = 8;

/** All of these at once. Each part once, in the order in which it was asked for. */
export interface QueryAlternative {
  readonly terms: readonly string[];
  readonly texts: readonly string[];
}

/** Outcome of {@link parseQuery}. */
export type ParsedQuery =
  | { readonly valid: true; readonly alternatives: readonly QueryAlternative[] }
  | { readonly valid: false; readonly detail: string };

type Token =
  | { readonly type: 'and' | 'or' | 'open' | 'close' }
  | { readonly type: 'term' | 'text'; readonly value: string };

class QuerySyntaxError extends Error {}

/** Quoted text, a parenthesis, or whatever stands between blanks and these. */
const TOKEN = /"([^"]*)"|([()])|([^\s()"]+)/gu;
/** What has the form of a term is one, or a mistake: it is not searched for as free text. */
const TERM_FORM = /^[A-Za-z]+:\S/;
const PREDICATE_ALONE = new RegExp(`^(?:${PREDICATES.join('|')}):$`);

function tokenOf(quoted: string | undefined, mark: string | undefined, word: string): Token {
  if (mark !== undefined) return { type: mark === '(' ? 'open' : 'close' };
  if (quoted !== undefined) return { type: 'text', value: quoted.trim() };
  if (word === 'AND') return { type: 'and' };
  if (word === 'OR') return { type: 'or' };
  if (PREDICATE_ALONE.test(word)) {
    throw new QuerySyntaxError(
      `"${word}" is a predicate alone: add what stands below it, such as performs:nlp`,
    );
  }
  if (!TERM_FORM.test(word)) return { type: 'text', value: word };
  const parsed = parseTerm(word);
  if (parsed.valid) return { type: 'term', value: word };
  throw new QuerySyntaxError(`${parsed.detail}; put free text with a colon in quotes`);
}

/** Tokens; words beside one another are one text. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let isAfterWord = false;
  for (const [, quoted, mark, word] of text.matchAll(TOKEN)) {
    const token = tokenOf(quoted, mark, word ?? '');
    const last = tokens.at(-1);
    const isWord = token.type === 'text' && quoted === undefined;
    if (token.type === 'text' && token.value === '') {
      throw new QuerySyntaxError('a text in quotes is empty');
    }
    if (isWord && isAfterWord && last?.type === 'text' && token.type === 'text') {
      tokens[tokens.length - 1] = { type: 'text', value: `${last.value} ${token.value}` };
    } else {
      tokens.push(token);
    }
    isAfterWord = isWord;
  }
  if ((text.split('"').length - 1) % 2 === 1) {
    throw new QuerySyntaxError('a quotation mark is not closed');
  }
  return tokens;
}

function joined(a: QueryAlternative, b: QueryAlternative): QueryAlternative {
  const terms = [...new Set([...a.terms, ...b.terms])];
  const texts = [...new Set([...a.texts, ...b.texts])];
  if (terms.length + texts.length > MAX_PARTS) {
    throw new QuerySyntaxError(`more than ${MAX_PARTS} parts are combined with AND`);
  }
  return { terms, texts };
}

function limited(alternatives: readonly QueryAlternative[]): readonly QueryAlternative[] {
  const unique = new Map<string, QueryAlternative>();
  for (const one of alternatives) {
    const key = JSON.stringify([one.terms.toSorted(), one.texts.toSorted()]);
    if (!unique.has(key)) unique.set(key, one);
  }
  if (unique.size > MAX_ALTERNATIVES) {
    throw new QuerySyntaxError(`more than ${MAX_ALTERNATIVES} alternatives; ask several times`);
  }
  return [...unique.values()];
}

/** Recursive descent: or = and (OR and)*; and = part (AND part)*; part = term | text | (or). */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): readonly QueryAlternative[] {
    const alternatives = this.#or(0);
    const left = this.#tokens[this.#next];
    if (left?.type === 'close') throw new QuerySyntaxError('")" without "("');
    if (left) throw new QuerySyntaxError(`say AND or OR before ${shown(left)}`);
    return alternatives;
  }

  #or(depth: number): readonly QueryAlternative[] {
    if (depth > MAX_DEPTH) {
      throw new QuerySyntaxError(`parentheses are more than ${MAX_DEPTH} deep`);
    }
    let alternatives = this.#and(depth);
    while (this.#take('or')) alternatives = limited([...alternatives, ...this.#and(depth)]);
    return alternatives;
  }

  #and(depth: number): readonly QueryAlternative[] {
    let alternatives = this.#part(depth);
    while (this.#take('and')) {
      const others = this.#part(depth);
      alternatives = limited(alternatives.flatMap((one) => others.map((two) => joined(one, two))));
    }
    return alternatives;
  }

  #part(depth: number): readonly QueryAlternative[] {
    const token = this.#tokens[this.#next++];
    if (token?.type === 'term') return [{ terms: [token.value], texts: [] }];
    if (token?.type === 'text') return [{ terms: [], texts: [token.value] }];
    if (token?.type !== 'open') {
      const where = token ? `before ${shown(token)}` : 'at the end';
      throw new QuerySyntaxError(`a term or a text is missing ${where}`);
    }
    const alternatives = this.#or(depth + 1);
    if (!this.#take('close')) throw new QuerySyntaxError('")" is missing');
    return alternatives;
  }

  #take(type: Token['type']): boolean {
    if (this.#tokens[this.#next]?.type !== type) return false;
    this.#next += 1;
    return true;
  }
}

function shown(token: Token): string {
  if ('value' in token) return JSON.stringify(token.value);
  return { and: 'AND', or: 'OR', open: '"("', close: '")"' }[token.type];
}

/** Parses a query. Never throws; `detail` says what is wrong and how a right one looks. */
export function parseQuery(text: string): ParsedQuery {
  if (text.length > MAX_QUERY_CHARACTERS) {
    const limit = `at most ${MAX_QUERY_CHARACTERS} characters`;
    return { valid: false, detail: `a query has ${limit}, this one ${text.length}` };
  }
  try {
    const tokens = tokensOf(text);
    if (tokens.length === 0) {
      const detail =
        'a query names a term (performs:nlp/sentiment) or says in words what is looked for';
      return { valid: false, detail };
    }
    return { valid: true, alternatives: new Parser(tokens).parse() };
  } catch (error) {
    if (error instanceof QuerySyntaxError) return { valid: false, detail: error.message };
    throw error;
  }
}
