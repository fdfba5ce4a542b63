/**
 * Terms of English text: the words that say what it is about, and the names in it. Words are
 * counted in lower case without plural and possessive endings; a name is a run of capitalised words
 * inside a sentence.
 *
 * @module
 */

import { LETTERS, MONTHS, WORD } from './document-analysis-grammar.ts';

/** A term, quoted where it stands first. */
export interface Term {
  readonly quote: string;
  readonly offset: number;
  readonly occurrences: number;
}

/** Different terms that are counted; text that has more is no text. */
export const MAX_VOCABULARY = 100_000;
const MIN_WORD_CHARACTERS = 3;
const CAPITALS = 'A-Z\\u00c0-\\u00d6\\u00d8-\\u00de';

const STOP_WORDS = new Set(
  (
    'a about above across after again against all almost along already also although always ' +
    'among an and another any are around as at be because been before being below between both ' +
    'but by can cannot could did do does doing down during each either else even ever every few ' +
    'first for from further had has have having he her here hers him his how however i if in ' +
    'into is it its itself just last less let like made make many may me might more most much ' +
    'must my near never new next no nor not now of off often on once one only or other others ' +
    'our ours out over own per quite rather said same say shall she should since so some still ' +
    'such than that the their them then there these they this those though through thus to too ' +
    'two under until up upon us use used using very was we well were what when where whether ' +
    'which while who whom whose why will with within without would yet you your yours'
  ).split(' '),
);
const CALENDAR = new RegExp(`^(?:(?:${MONTHS.join('|')})[a-z]*|[A-Z][a-z]+day|Q[1-4]|FY)$`);

/** Entries in order of first appearance, with counts, up to a limit. */
class Tally {
  readonly counts: number[] = [];
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #ids = new Map<string, number>();

  /** Number of the entry; `undefined` once there are too many. */
  add(key: string, offset: number, length: number): number | undefined {
    const known = this.#ids.get(key);
    if (known !== undefined) {
      this.counts[known] = (this.counts[known] ?? 0) + 1;
      return known;
    }
    if (this.counts.length === MAX_VOCABULARY) return undefined;
    const id = this.counts.length;
    this.#ids.set(key, id);
    this.counts.push(1);
    this.#offsets.push(offset);
    this.#lengths.push(length);
    return id;
  }

  /** The entries counted most, at least `minimum` times; of two equals the earlier one. */
  top(text: string, size: number, minimum: number): Term[] {
    const best: number[] = [];
    this.counts.forEach((count, id) => {
      if (count < minimum) return;
      insertRanked(best, id, size, (entry) => this.counts[entry] ?? 0);
    });
    return best.map((id) => {
      const offset = this.#offsets[id] ?? 0;
      const quote = text.slice(offset, offset + (this.#lengths[id] ?? 0));
      return { quote, offset, occurrences: this.counts[id] ?? 0 };
    });
  }
}

/** Puts `entry` into `ranked`, best first, behind its equals, and keeps at most `size`. */
export function insertRanked(
  ranked: number[],
  entry: number,
  size: number,
  scoreOf: (entry: number) => number,
): void {
  const score = scoreOf(entry);
  let place = ranked.length;
  while (place > 0 && scoreOf(ranked[place - 1] ?? 0) < score) place -= 1;
  if (place >= size) return;
  ranked.splice(place, 0, entry);
  if (ranked.length > size) ranked.pop();
}

/** Counts the content words of a text. */
export class WordTally {
  readonly #tally = new Tally();
  readonly #word = new RegExp(
    `(?<![${WORD}])[${LETTERS}][${LETTERS}0-9'’-]{0,63}(?![${WORD}])`,
    'g',
  );

  /** Counts the words of a sentence. @returns their numbers, each once. */
  add(sentence: string, offset: number): number[] {
    const ids = new Set<number>();
    for (const { 0: word, index } of sentence.matchAll(this.#word)) {
      const key = foldWord(word);
      if (key.length < MIN_WORD_CHARACTERS || STOP_WORDS.has(key)) continue;
      const id = this.#tally.add(key, offset + index, word.length);
      if (id !== undefined) ids.add(id);
    }
    return [...ids];
  }

  /** How often a word was counted. */
  occurrences(id: number): number {
    return this.#tally.counts[id] ?? 0;
  }

  /** The most frequent words that stand there more than once. */
  top(text: string, size: number): Term[] {
    return this.#tally.top(text, size, 2);
  }
}

/** `Companies` and `company’s` are `company`; no more than that is folded. */
function foldWord(word: string): string {
  const lower = word.toLowerCase().replace(/(?:['’]s?|-)+$/, '');
  if (lower.length < 5 || !lower.endsWith('s') || /(?:ss|us|is)$/.test(lower)) return lower;
  return lower.endsWith('ies') ? `${lower.slice(0, -3)}y` : lower.slice(0, -1);
}

/** Counts the names in a text. */
export class NameTally {
  readonly #tally = new Tally();
  readonly #name = nameRun();

  /** Counts the names of a sentence. */
  add(sentence: string, offset: number): void {
    for (const { 0: run, index } of sentence.matchAll(this.#name)) {
      const isOpening = /(?:^|\n)[^A-Za-z]*$/.test(sentence.slice(Math.max(0, index - 8), index));
      const name = trimName(run, isOpening);
      if (name === undefined) continue;
      this.#tally.add(name.quote, offset + index + name.skipped, name.quote.length);
    }
  }

  /** The most frequent names. */
  top(text: string, size: number): Term[] {
    return this.#tally.top(text, size, 1);
  }
}

function nameRun(): RegExp {
  const word = `[${CAPITALS}][${LETTERS}0-9'’&-]{1,39}`;
  const joined = `(?: (?:(?:of|for|de|von|van|&) )?${word})`;
  return new RegExp(`(?<![${WORD}'’-])${word}${joined}{0,4}(?![${WORD}])`, 'g');
}

/**
 * A run without the words at its front that are no part of a name, and without possessive ending.
 * The single word that opens a sentence is capitalised anyhow, so it counts only as an acronym.
 */
function trimName(
  run: string,
  isOpening: boolean,
): { readonly quote: string; readonly skipped: number } | undefined {
  let skipped = 0;
  for (;;) {
    const space = run.indexOf(' ', skipped);
    const word = run.slice(skipped, space === -1 ? undefined : space);
    if (!STOP_WORDS.has(word.toLowerCase())) break;
    if (space === -1) return undefined;
    skipped = space + 1;
  }
  const quote = run.slice(skipped).replace(/(?:['’]s?|[-&])+$/, '');
  const isSingle = !quote.includes(' ');
  const isAcronym = /^[A-Z]{2,}[0-9]*$/.test(quote);
  if (isSingle && (quote.length < 2 || CALENDAR.test(quote))) return undefined;
  if (isSingle && isOpening && skipped === 0 && !isAcronym) return undefined;
  return { quote, skipped };
}
