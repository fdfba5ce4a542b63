/**
 * Polarity of English sentences with wink-nlp's lexicon model, hardened for text that a peer sent.
 *
 * wink-nlp 2.4 needs the hardening: a word of 16,000 characters keeps it busy for 95 s, and every
 * new word stays in its vocabulary. So words beyond 48 characters are left out, text is read in
 * blocks of 8,192 characters (some 35 ms at worst), and an instance is replaced after 4 MiB.
 *
 * @module
 */

import { createRequire } from 'node:module';
import type sharedModel from 'wink-eng-lite-web-model';
import winkNLP from 'wink-nlp';
import type { ItsFunction, WinkMethods } from 'wink-nlp';
import { MAX_SLICE_MS, runWithin } from './time-limit.ts';

/** Longest run of characters without white space that is read; longer ones carry no polarity. */
export const MAX_WORD_CHARACTERS = 48;
/** Characters that are analysed in one go. */
export const MAX_BLOCK_CHARACTERS = 8_192;
const MAX_INSTANCE_CHARACTERS = 4 * 1024 * 1024;
const OVERLONG_WORD = new RegExp(`\\S{${MAX_WORD_CHARACTERS + 1},}`, 'gu');
/** Places where a block may end, best first. */
const BLOCK_ENDS = [/\n\s*\n/g, /[.!?]["')\]]*\s/g, /\s/g] as const;

const requireModel = createRequire(import.meta.url);

/**
 * wink-nlp writes into the model that it is given: each further instance on it takes longer than
 * the one before (measured: 75 ms for the first, 290 ms for the 18th, then it fails). So each gets
 * a model of its own.
 */
function freshModel(): typeof sharedModel {
  for (const path of Object.keys(requireModel.cache)) {
    if (/[/\\]wink-eng-lite-web-model[/\\]/.test(path)) delete requireModel.cache[path];
  }
  return requireModel('wink-eng-lite-web-model') as typeof sharedModel;
}

/** A sentence and its polarity in [-1, 1]. */
export interface ScoredSentence {
  readonly text: string;
  readonly polarity: number;
}

/** Reads blocks of text one after the other. Not to be used after it threw. */
export class EnglishSentiment {
  readonly #maxInstanceCharacters: number;
  #wink: WinkMethods | undefined;
  #charactersRead = 0;
  #instances = 0;

  constructor(init: { readonly maxInstanceCharacters?: number } = {}) {
    this.#maxInstanceCharacters = init.maxInstanceCharacters ?? MAX_INSTANCE_CHARACTERS;
  }

  /** How many instances of wink-nlp were made so far. */
  get instances(): number {
    return this.#instances;
  }

  /**
   * Sentences of one block, at most {@link MAX_BLOCK_CHARACTERS} characters. The answer depends on
   * the block alone.
   *
   * @throws ComputationTimeoutError if the block takes seconds.
   */
  score(block: string): ScoredSentence[] {
    if (block.length > MAX_BLOCK_CHARACTERS) {
      throw new RangeError(`"block" expected <= ${MAX_BLOCK_CHARACTERS} characters`);
    }
    if (this.#wink === undefined || this.#charactersRead > this.#maxInstanceCharacters) {
      this.#wink = winkNLP(freshModel(), ['sbd', 'negation', 'sentiment']);
      this.#charactersRead = 0;
      this.#instances += 1;
    }
    const wink = this.#wink;
    // wink-nlp compares the function itself, so it must not be wrapped.
    const its: { readonly sentiment: ItsFunction<number> } = wink.its;
    // A run that is cut short leaves the instance half changed, so it is set back only at the end.
    this.#wink = undefined;
    const sentences = runWithin(MAX_SLICE_MS, () => {
      const document = wink.readDoc(block);
      const polarities = document.sentences().out(its.sentiment) as number[];
      return document
        .sentences()
        .out()
        .map((text, i) => ({ text, polarity: clampPolarity(polarities[i]) }));
    });
    this.#wink = wink;
    this.#charactersRead += block.length;
    return sentences.filter(({ text }) => text !== '');
  }
}

function clampPolarity(value: number | undefined): number {
  return Math.min(Math.max(value ?? 0, -1), 1);
}

/** `text` without its overlong words, and how many those were. */
export function dropOverlongWords(text: string): { text: string; dropped: number } {
  let dropped = 0;
  const kept = text.replace(OVERLONG_WORD, () => {
    dropped += 1;
    return '';
  });
  return { text: kept, dropped };
}

/** `text` in blocks of at most {@link MAX_BLOCK_CHARACTERS}, cut between sentences if it can. */
export function* splitIntoBlocks(text: string): Generator<string> {
  let start = 0;
  while (text.length - start > MAX_BLOCK_CHARACTERS) {
    const window = text.slice(start, start + MAX_BLOCK_CHARACTERS);
    const length = lastBlockEnd(window);
    yield window.slice(0, length);
    start += length;
  }
  if (start < text.length) yield text.slice(start);
}

/** End of the best cut in the second half of the window; the window's own end if there is none. */
function lastBlockEnd(window: string): number {
  for (const end of BLOCK_ENDS) {
    let last = 0;
    for (const match of window.matchAll(end)) last = match.index + match[0].length;
    if (last > window.length / 2) return last;
  }
  return window.length;
}
