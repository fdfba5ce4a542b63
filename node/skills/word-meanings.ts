/**
 * What words and phrases stand for, as vectors: the concepts of the vocabulary whose texts hold
 * them (explicit semantic analysis, Gabrilovich and Markovitch 2007), the groups of like words that
 * they stand in, and their stem.
 *
 * Adds, multiplies, divides and takes square roots only, which IEEE 754 fixes to the last bit: all
 * machines get the same numbers. The weights were chosen on a labelled development set.
 *
 * @module
 */

import { addFeature, FEATURE_DIMENSIONS, hash32 } from './feature-hash.ts';
import { ancestorsOf } from '../../protocols/skill-discovery/terms.ts';
import type { Concept } from './vocabulary/concept.ts';
import { CONCEPTS, conceptsByPhrase, findTerm, pathWords } from './vocabulary.ts';
import { GroupIndex, WORD_GROUPS } from './word-groups.ts';
import { stemsOf } from './word-stems.ts';

/** Weight of a concept's terms beside 1 for the concept. */
const ANCESTOR_WEIGHT = 0.1;
const RELATED_WEIGHT = 0.4;

/** How much a word of each text of a concept says about the concept. */
const NAME_WEIGHT = 2;
const DEFINITION_WEIGHT = 0.5;

/** Weights of the parts of a word's vector. */
const STEM_WEIGHT = 0.5;
/** Of a stem that the vocabulary does not hold: there is nothing else to say about it. */
const UNKNOWN_STEM_WEIGHT = 1.5;
const CONCEPTS_WEIGHT = 1.8;
const GROUPS_WEIGHT = 2;

/** Weights of a phrase of several words, beside the vectors of its words. */
const CONCEPT_PHRASE_WEIGHT = 0.3;
const GROUP_PHRASE_WEIGHT = 3;

/** Texts that hold a word, at which its weight has fallen to 1 / sqrt(2). */
const HALF_WEIGHT_TEXTS = 6;

/** Most words of a phrase that is looked up. */
export const MAX_PHRASE_WORDS = 4;

/** How much a word says, and what about. */
interface WordMeaning {
  /** In (0, 1]: less for a word that many texts of the vocabulary hold. */
  readonly weight: number;
  readonly vector: Float32Array;
}

function addScaled(into: Float64Array, vector: ArrayLike<number>, scale: number): void {
  for (let i = 0; i < FEATURE_DIMENSIONS; i++) into[i] = into[i]! + scale * vector[i]!;
}

/** A vector of length 1: the concept, and weaker its ancestors and the terms that go with it. */
function conceptVector({ term, related }: Concept): Float32Array {
  const weights = new Map([[term, 1]]);
  for (const ancestor of ancestorsOf(term)) {
    if (findTerm(ancestor) !== undefined) weights.set(ancestor, ANCESTOR_WEIGHT);
  }
  for (const other of related) weights.set(other, RELATED_WEIGHT);
  let squares = 0;
  for (const weight of weights.values()) squares += weight * weight;
  const vector = new Float64Array(FEATURE_DIMENSIONS);
  for (const [name, weight] of weights) {
    addFeature(vector, hash32(`concept ${name}`), weight / Math.sqrt(squares));
  }
  return new Float32Array(vector);
}

/** How much each stem of a concept's texts says about it. */
function stemCounts({ term, label, synonyms, definition }: Concept): Map<string, number> {
  const counts = new Map<string, number>();
  const read = (text: string, weight: number): void => {
    for (const stem of stemsOf(text)) counts.set(stem, (counts.get(stem) ?? 0) + weight);
  };
  for (const name of [label, pathWords(term), ...synonyms]) read(name, NAME_WEIGHT);
  read(definition, DEFINITION_WEIGHT);
  return counts;
}

/** Meanings of stems and phrases, made of the vocabulary and the word groups. */
export class WordMeanings {
  readonly #concepts = new Map<string, Float32Array>();
  /** Concepts whose texts hold a stem, with their counts. */
  readonly #conceptsOf = new Map<string, [term: string, count: number][]>();
  readonly #groups = new GroupIndex(WORD_GROUPS);
  /** Only of stems that the vocabulary holds, so it is bounded. */
  readonly #known = new Map<string, WordMeaning>();

  constructor() {
    for (const concept of CONCEPTS) {
      this.#concepts.set(concept.term, conceptVector(concept));
      for (const [stem, count] of stemCounts(concept)) {
        const entry: [string, number] = [concept.term, count];
        const entries = this.#conceptsOf.get(stem);
        if (entries === undefined) this.#conceptsOf.set(stem, [entry]);
        else entries.push(entry);
      }
    }
  }

  /**
   * Adds what a stem stands for; of one that the vocabulary does not hold, only the stem itself.
   *
   * @param times - How much the text says it.
   * @returns Weight of the word in this text.
   */
  addWord(into: Float64Array, stem: string, times: number): number {
    const known = this.#meaningOf(stem);
    const scale = times * (known?.weight ?? 1);
    const own = known === undefined ? UNKNOWN_STEM_WEIGHT : STEM_WEIGHT;
    addFeature(into, hash32(`stem ${stem}`), own * scale);
    if (known !== undefined) addScaled(into, known.vector, scale);
    return scale;
  }

  #meaningOf(stem: string): WordMeaning | undefined {
    const known = this.#known.get(stem);
    if (known !== undefined) return known;
    const concepts = this.#conceptsOf.get(stem) ?? [];
    const groups = this.#groups.numbersOf(stem);
    const texts = concepts.length + groups.length;
    if (texts === 0) return undefined;
    const vector = new Float64Array(FEATURE_DIMENSIONS);
    if (concepts.length > 0) this.#addConcepts(vector, concepts);
    if (groups.length > 0) this.#addGroups(vector, groups, GROUPS_WEIGHT);
    const weight = 1 / Math.sqrt(1 + texts / HALF_WEIGHT_TEXTS);
    const meaning = { weight, vector: Float32Array.from(vector) };
    this.#known.set(stem, meaning);
    return meaning;
  }

  /** Adds what a phrase of several words stands for beyond its words. */
  addPhrase(into: Float64Array, key: string): void {
    const groups = this.#groups.numbersOf(key);
    if (groups.length > 0) this.#addGroups(into, groups, GROUP_PHRASE_WEIGHT);
    const concepts = conceptsByPhrase().get(key);
    if (concepts === undefined) return;
    const scale = CONCEPT_PHRASE_WEIGHT / Math.sqrt(concepts.length);
    for (const { term } of concepts) addScaled(into, this.#concepts.get(term)!, scale);
  }

  /** All concepts of a stem together weigh the same, however many they are. */
  #addConcepts(into: Float64Array, entries: readonly (readonly [string, number])[]): void {
    let squares = 0;
    for (const [, count] of entries) squares += count * count;
    const scale = CONCEPTS_WEIGHT / Math.sqrt(squares);
    for (const [term, count] of entries) {
      addScaled(into, this.#concepts.get(term)!, scale * count);
    }
  }

  #addGroups(into: Float64Array, groups: readonly number[], weight: number): void {
    const scale = weight / Math.sqrt(groups.length);
    for (const group of groups) addScaled(into, this.#groups.vectorOf(group), scale);
  }
}
