/**
 * Vectors of texts: the interface that every embedder has, and the built-in one that needs no model
 * file, no key and no network.
 *
 * The built-in one adds the vectors of the words of a text (`word-meanings.ts`): concepts of the
 * vocabulary and groups of like words, so that texts without a common word come close; and hashes
 * character 3- and 4-grams (subwords, Bojanowski et al. 2017), so that slips and new words do too.
 * It knows English words that somebody wrote down; a model-backed embedder knows more.
 *
 * Two peers compare vectors only if both name the same model; any change of the vocabulary, the
 * stemmer or this file that changes a vector needs a new {@link LOCAL_EMBEDDING_MODEL}.
 *
 * @module
 */

import { addFeature, FEATURE_DIMENSIONS, hash32 } from './feature-hash.ts';
import { phraseKey } from './vocabulary.ts';
import { MAX_PHRASE_WORDS, WordMeanings } from './word-meanings.ts';
import { isCommonWord, MAX_READ_CHARACTERS, stemOf, wordsOf } from './word-stems.ts';

/** Turns texts into vectors of length 1. */
export interface Embedder {
  /** Names the model and its version: vectors of different models are never compared. */
  readonly modelId: string;
  readonly dimensions: number;
  /** One L2-normalised vector per text, in the same order; the zero vector for an empty text. */
  embed(
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<Float32Array[]>;
}

/** Name of the built-in model. */
export const LOCAL_EMBEDDING_MODEL = 'coalesce-subword-hash-v3';

/** Length of its vectors. */
export const LOCAL_EMBEDDING_DIMENSIONS = FEATURE_DIMENSIONS;

/** Characters of a text that are read; the rest is ignored. */
export const MAX_EMBEDDED_CHARACTERS = MAX_READ_CHARACTERS;

const MIN_GRAM = 3;
const MAX_GRAM = 4;

/** Length of the vector of all subwords of a word, beside the vector of the word. */
const SUBWORD_WEIGHT = 0.2;

/** Made at first use: it takes some tens of milliseconds, and a node may never embed. */
let meanings: WordMeanings | undefined;

function addSubwords(counters: Float64Array, word: string, weight: number): void {
  const marked = `<${word}>`;
  let grams = 0;
  for (let size = MIN_GRAM; size <= MAX_GRAM; size++) {
    grams += Math.max(0, marked.length - size + 1);
  }
  const gramWeight = (SUBWORD_WEIGHT * weight) / Math.sqrt(Math.max(1, grams));
  for (let size = MIN_GRAM; size <= MAX_GRAM; size++) {
    for (let start = 0; start + size <= marked.length; start++) {
      addFeature(counters, hash32(marked, start, start + size), gramWeight);
    }
  }
}

function addWord(counters: Float64Array, word: string, count: number, known: WordMeanings): void {
  // A word said nine times says three times as much as one said once.
  addSubwords(counters, word, known.addWord(counters, stemOf(word), Math.sqrt(count)));
}

/** Vector of one text by the built-in model: 256 numbers of length 1, or zeros for no word. */
export function embedLocally(text: string): Float32Array {
  const known = (meanings ??= new WordMeanings());
  const counters = new Float64Array(FEATURE_DIMENSIONS);
  const all = wordsOf(text);
  const telling = all.filter((word) => !isCommonWord(word));
  // A text of nothing but common words still has a vector of its own.
  const words = telling.length > 0 ? telling : all;
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const [word, count] of counts) addWord(counters, word, count, known);
  const stems = words.map(stemOf);
  for (let size = 2; size <= MAX_PHRASE_WORDS; size++) {
    for (let start = 0; start + size <= stems.length; start++) {
      known.addPhrase(counters, phraseKey(stems.slice(start, start + size)));
    }
  }
  return normalised(counters);
}

/** The same direction at length 1; zeros for zeros. */
function normalised(counters: Float64Array): Float32Array {
  let squares = 0;
  for (const counter of counters) squares += counter * counter;
  const vector = new Float32Array(counters.length);
  if (squares === 0) return vector;
  const length = Math.sqrt(squares);
  for (let i = 0; i < counters.length; i++) vector[i] = counters[i]! / length;
  return vector;
}

/** The built-in embedder. Deterministic: the same text gives the same bytes on every machine. */
export const localEmbedder: Embedder = {
  modelId: LOCAL_EMBEDDING_MODEL,
  dimensions: LOCAL_EMBEDDING_DIMENSIONS,
  embed: (texts) => Promise.resolve(texts.map(embedLocally)),
};
