/**
 * Groups of words of like meaning or of one topic, and how near the groups are to each other: two
 * that share many words speak of the same.
 *
 * @module
 */

import { addFeature, FEATURE_DIMENSIONS, hash32 } from './feature-hash.ts';
import { ACTION_WORDS } from './vocabulary/action-words.ts';
import { commaSeparated } from './vocabulary/concept.ts';
import { EVERYDAY_TOPIC_WORDS } from './vocabulary/everyday-topic-words.ts';
import { KIND_WORDS } from './vocabulary/kind-words.ts';
import { LAY_BUSINESS_WORDS } from './vocabulary/lay-business-words.ts';
import { LAY_LIFE_WORDS } from './vocabulary/lay-life-words.ts';
import { LAY_TOOL_WORDS } from './vocabulary/lay-tool-words.ts';
import { LAY_WORDS } from './vocabulary/lay-words.ts';
import { REQUEST_WORDS } from './vocabulary/request-words.ts';
import { SPECIAL_REQUEST_WORDS } from './vocabulary/special-request-words.ts';
import { THING_WORDS } from './vocabulary/thing-words.ts';
import { TOPIC_WORDS } from './vocabulary/topic-words.ts';
import { phraseKey } from './vocabulary.ts';
import { stemsOf } from './word-stems.ts';

/** Weight of a neighbour that shares every word, beside 1 for the group itself. */
const NEIGHBOUR_WEIGHT = 2;

/** Groups of tables, a line each. */
function groupsOf(tables: readonly string[]): readonly (readonly string[])[] {
  return tables.flatMap((lines) => {
    const groups = lines.replace(/\n +/g, ' ').split('\n').map(commaSeparated);
    return groups.filter((group) => group.length > 0);
  });
}

/** Groups of the words of lay people: one per concept that has no narrower one. */
export const LAY_GROUPS = groupsOf([LAY_WORDS, LAY_BUSINESS_WORDS, LAY_LIFE_WORDS, LAY_TOOL_WORDS]);

/** Every group: its words and phrases. */
export const WORD_GROUPS: readonly (readonly string[])[] = [
  ...groupsOf([
    ACTION_WORDS,
    THING_WORDS,
    TOPIC_WORDS,
    EVERYDAY_TOPIC_WORDS,
    REQUEST_WORDS,
    SPECIAL_REQUEST_WORDS,
    KIND_WORDS,
  ]),
  ...LAY_GROUPS,
];

/** Which groups hold a word or phrase, and the vector of each group, made when it is asked for. */
export class GroupIndex {
  /** Numbers of the groups that hold a word or phrase, by {@link phraseKey}. */
  readonly #numbersOf = new Map<string, number[]>();
  readonly #keysOf: readonly ReadonlySet<string>[];
  readonly #hashes: readonly number[];
  readonly #vectors: (Float32Array | undefined)[];

  constructor(groups: readonly (readonly string[])[]) {
    this.#hashes = groups.map((group) => hash32(`group ${group.join(',')}`));
    this.#vectors = groups.map(() => undefined);
    this.#keysOf = groups.map((group, number) => {
      const keys = new Set(group.map((item) => phraseKey(stemsOf(item))));
      keys.delete('');
      for (const key of keys) {
        const known = this.#numbersOf.get(key);
        if (known === undefined) this.#numbersOf.set(key, [number]);
        else known.push(number);
      }
      return keys;
    });
  }

  /** Numbers of the groups that hold a word or phrase. */
  numbersOf(key: string): readonly number[] {
    return this.#numbersOf.get(key) ?? [];
  }

  /** A vector of length 1: the group's own feature, and weaker those of its neighbours. */
  vectorOf(group: number): Float32Array {
    return (this.#vectors[group] ??= this.#makeVector(group));
  }

  #makeVector(group: number): Float32Array {
    const neighbours = this.#neighbourWeights(group);
    let squares = 1;
    for (const weight of neighbours.values()) squares += weight * weight;
    const scale = 1 / Math.sqrt(squares);
    const vector = new Float64Array(FEATURE_DIMENSIONS);
    addFeature(vector, this.#hashes[group]!, scale);
    for (const [other, weight] of neighbours) {
      addFeature(vector, this.#hashes[other]!, weight * scale);
    }
    return new Float32Array(vector);
  }

  /** Weights of the neighbours of a group: what they share, less for words that many share. */
  #neighbourWeights(group: number): Map<number, number> {
    const weights = new Map<number, number>();
    const keys = this.#keysOf[group]!;
    for (const key of keys) {
      const numbers = this.numbersOf(key);
      for (const other of numbers) {
        if (other !== group) weights.set(other, (weights.get(other) ?? 0) + 1 / numbers.length);
      }
    }
    for (const [other, sum] of weights) {
      const scale = Math.sqrt(Math.sqrt(keys.size * this.#keysOf[other]!.size));
      weights.set(other, (NEIGHBOUR_WEIGHT * sum) / scale);
    }
    return weights;
  }
}
