/**
 * Sentences of a text at their places, and the few of them that say most. A sentence ranks by how
 * central it is (after Radev et al. 2004, "Centroid-based summarization"): the sum of its words'
 * frequencies over the square root of their number, one comparison with the whole text instead of
 * one with every other sentence, so time grows with the length of the text and no faster.
 *
 * @module
 */

import { insertRanked } from './document-analysis-terms.ts';
import type { WordTally } from './document-analysis-terms.ts';
import { MAX_WORD_CHARACTERS, splitIntoBlocks } from './english-sentiment.ts';
import type { EnglishSentiment } from './english-sentiment.ts';
import { yieldToEventLoop } from './time-limit.ts';

/** A sentence; `offset` is `undefined` where the reader has altered its characters. */
export interface Sentence {
  readonly text: string;
  readonly offset: number | undefined;
}

/** Key sentences are within these lengths: what is longer is seldom a sentence. */
export const KEY_SENTENCE_CHARACTERS = { min: 30, max: 300 } as const;
/** A key sentence has as many different content words. */
const MIN_WORDS = 4;
/** Best sentences among which similar ones are left out. */
const MAX_RANKED = 64;
/** How much a sentence with a figure counts more, and one without a full stop less. */
const FIGURE_FACTOR = 1.25;
const FRAGMENT_FACTOR = 0.5;
const SENTENCES_PER_SLICE = 20_000;
const OVERLONG_WORD = new RegExp(`\\S{${MAX_WORD_CHARACTERS + 1},}`, 'g');
const FULL_STOP = /[.!?]["'”’)\]]*$/;

/** `text` with white space for words that are too long to be words; every place stays the same. */
export function blankOverlongWords(text: string): string {
  return text.replace(OVERLONG_WORD, (word) => ' '.repeat(word.length));
}

/**
 * The sentences of each block of a text whose overlong words are blank.
 *
 * @throws the signal's reason; ComputationTimeoutError if a block takes seconds.
 */
export async function* findSentences(
  text: string,
  english: EnglishSentiment,
  signal: AbortSignal,
): AsyncGenerator<readonly Sentence[]> {
  let blockStart = 0;
  for (const block of splitIntoBlocks(text)) {
    await yieldToEventLoop(signal);
    let searched = 0;
    const start = blockStart;
    yield english.score(block).map(({ text: sentence }) => {
      const place = block.indexOf(sentence, searched);
      if (place === -1) return { text: sentence, offset: undefined };
      searched = place + sentence.length;
      return { text: sentence, offset: start + place };
    });
    blockStart += block.length;
  }
}

/** Collects sentences with their words; ranks them when all words have been counted. */
export class SentenceRanking {
  readonly #offsets: number[] = [];
  readonly #ends: number[] = [];
  /** Words of all sentences one after the other, and where those of each sentence end. */
  readonly #words: number[] = [];
  readonly #wordEnds: number[] = [];
  readonly #factors: number[] = [];

  /** Takes up a sentence unless it is too short or too long to be a key sentence. */
  add(sentence: string, offset: number, words: readonly number[], hasFigure: boolean): void {
    const { min, max } = KEY_SENTENCE_CHARACTERS;
    if (sentence.length < min || sentence.length > max || words.length < MIN_WORDS) return;
    this.#offsets.push(offset);
    this.#ends.push(offset + sentence.length);
    this.#words.push(...words);
    this.#wordEnds.push(this.#words.length);
    const fragment = FULL_STOP.test(sentence) ? 1 : FRAGMENT_FACTOR;
    this.#factors.push(fragment * (hasFigure ? FIGURE_FACTOR : 1));
  }

  /**
   * Where the best sentences stand, the most central first. Of two that share more than half of
   * their words the better one is taken.
   *
   * @throws the signal's reason.
   */
  async best(
    size: number,
    tally: WordTally,
    signal: AbortSignal,
  ): Promise<{ readonly start: number; readonly end: number }[]> {
    const scores = new Float64Array(this.#offsets.length);
    const ranked: number[] = [];
    for (let i = 0; i < scores.length; i++) {
      if (i % SENTENCES_PER_SLICE === 0) await yieldToEventLoop(signal);
      const words = this.#wordsOf(i);
      const total = words.reduce((sum, word) => sum + tally.occurrences(word), 0);
      scores[i] = ((this.#factors[i] ?? 1) * total) / Math.sqrt(words.length);
      insertRanked(ranked, i, MAX_RANKED, (entry) => scores[entry] ?? 0);
    }
    const taken: number[] = [];
    for (const candidate of ranked) {
      if (taken.length === size) break;
      if (!taken.some((other) => this.#areSimilar(candidate, other))) taken.push(candidate);
    }
    return taken.map((i) => ({ start: this.#offsets[i] ?? 0, end: this.#ends[i] ?? 0 }));
  }

  #wordsOf(sentence: number): readonly number[] {
    const start = sentence === 0 ? 0 : this.#wordEnds[sentence - 1];
    return this.#words.slice(start, this.#wordEnds[sentence]);
  }

  #areSimilar(a: number, b: number): boolean {
    const words = new Set(this.#wordsOf(a));
    const others = this.#wordsOf(b);
    const shared = others.filter((word) => words.has(word)).length;
    return 2 * shared > Math.min(words.size, others.length);
  }
}
