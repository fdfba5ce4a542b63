/**
 * Vectors of texts: the interface that every embedder has, and the built-in one that needs no model
 * file, no key and no network.
 *
 * The built-in one hashes each word and its character 3- and 4-grams into 256 signed counters
 * (feature hashing, Weinberger et al. 2009; subwords, Bojanowski et al. 2017). Texts that share
 * words or word parts come out close. It knows no synonyms: a model-backed embedder does.
 *
 * Two peers compare vectors only if both name the same model; any change of this file that changes
 * a vector needs a new {@link LOCAL_EMBEDDING_MODEL}.
 *
 * @module
 */

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
export const LOCAL_EMBEDDING_MODEL = 'coalesce-subword-hash-v1';

/** Length of its vectors. */
export const LOCAL_EMBEDDING_DIMENSIONS = 256;

/** Characters of a text that are read; the rest is ignored. */
export const MAX_EMBEDDED_CHARACTERS = 16_384;

/** Characters of a word that are read. Longer runs are no words. */
const MAX_WORD_CHARACTERS = 40;

const MIN_GRAM = 3;
const MAX_GRAM = 4;

/** Weight of all subwords of a word together, beside 1 for the word itself: inflections agree. */
const SUBWORD_WEIGHT = 2;

/** Words that say nothing about a skill, the term predicates among them, and their weight. */
const COMMON_WORD_WEIGHT = 0.1;
const COMMON_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and any are as at be by can for from has have in into is it its of on or that the ' +
    'their this to using was which will with performs canexecute hasresource hasaccessto ' +
    'hasknowledgebase supportsprotocol'
  ).split(' '),
);

/** FNV-1a over UTF-16 code units, 32 bits, then a final mix so that low bits depend on all. */
function hash32(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function addFeature(counters: Float64Array, hash: number, weight: number): void {
  const index = hash & (LOCAL_EMBEDDING_DIMENSIONS - 1);
  // The sign keeps colliding features from adding up: their expected product is 0.
  counters[index] = counters[index]! + (hash >>> 31 === 0 ? weight : -weight);
}

/** Words of a text and how often each occurs, in order of first occurrence. */
function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const folded = text.slice(0, MAX_EMBEDDED_CHARACTERS).normalize('NFKC').toLowerCase();
  for (const [match] of folded.matchAll(/[\p{L}\p{N}]+/gu)) {
    const word = match.slice(0, MAX_WORD_CHARACTERS);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function addWord(counters: Float64Array, word: string, count: number): void {
  // A word said nine times says three times as much as one said once.
  const weight = Math.sqrt(count) * (COMMON_WORDS.has(word) ? COMMON_WORD_WEIGHT : 1);
  const marked = `<${word}>`;
  addFeature(counters, hash32(marked, 0, marked.length), weight);
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

/** Vector of one text by the built-in model: 256 numbers of length 1, or zeros for no word. */
export function embedLocally(text: string): Float32Array {
  const counters = new Float64Array(LOCAL_EMBEDDING_DIMENSIONS);
  for (const [word, count] of countWords(text)) addWord(counters, word, count);
  let squares = 0;
  for (const counter of counters) squares += counter * counter;
  const vector = new Float32Array(LOCAL_EMBEDDING_DIMENSIONS);
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
