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
import { REQUEST_WORDS } from './vocabulary/request-words.ts';
import { SPECIAL_REQUEST_WORDS } from './vocabulary/special-request-words.ts';
import { THING_WORDS } from './vocabulary/thing-words.ts';
import { TOPIC_WORDS } from './vocabulary/topic-words.ts';
import { phraseKey } from './vocabulary.ts';
import { stemsOf } from './word-stems.ts';

/** Weight of a neighbour that shares every word, beside 1 for the group itself. */
const NEIGHBOUR_WEIGHT = 2;

/** Every group: its words and phrases. */
export const WORD_GROUPS: readonly (readonly string[])[] = [
  ACTION_WORDS,
  THING_WORDS,
  TOPIC_WORDS,
  EVERYDAY_TOPIC_WORDS,
  REQUEST_WORDS,
  SPECIAL_REQUEST_WORDS,
  KIND_WORDS,
].flatMap((lines) => {
  const groups = lines.replace(/\n +/g, ' ').split('\n').map(commaSeparated);
  return groups.filter((group) => group.length > 0);
});

/** Which groups hold a word or phrase, by {@link phraseKey}. */
export type GroupIndex = ReadonlyMap<string, readonly number[]>;

/** Indexes the groups. */
export function indexGroups(groups: readonly (readonly string[])[]): GroupIndex {
  const index = new Map<string, number[]>();
  groups.forEach((group, number) => {
    const keys = new Set(group.map((item) => phraseKey(stemsOf(item))));
    keys.delete('');
    for (const key of keys) {
      const known = index.get(key);
      if (known === undefined) index.set(key, [number]);
      else known.push(number);
    }
  });
  return index;
}

/** Weights of the neighbours of each group: what they share, less for words that many share. */
function neighbourWeights(groupCount: number, index: GroupIndex): Map<number, number>[] {
  const sizes = new Array<number>(groupCount).fill(0);
  const shared = Array.from({ length: groupCount }, () => new Map<number, number>());
  for (const numbers of index.values()) {
    for (const one of numbers) {
      sizes[one] = sizes[one]! + 1;
      const weights = shared[one]!;
      for (const other of numbers) {
        if (other !== one) weights.set(other, (weights.get(other) ?? 0) + 1 / numbers.length);
      }
    }
  }
  shared.forEach((weights, one) => {
    for (const [other, sum] of weights) {
      const scale = Math.sqrt(Math.sqrt(sizes[one]! * sizes[other]!));
      weights.set(other, (NEIGHBOUR_WEIGHT * sum) / scale);
    }
  });
  return shared;
}

/** A vector of length 1 per group: its own feature, and weaker those of its neighbours. */
export function groupVectors(
  groups: readonly (readonly string[])[],
  index: GroupIndex,
): readonly Float64Array[] {
  const hashes = groups.map((group) => hash32(`group ${group.join(',')}`));
  return neighbourWeights(groups.length, index).map((neighbours, one) => {
    let squares = 1;
    for (const weight of neighbours.values()) squares += weight * weight;
    const scale = 1 / Math.sqrt(squares);
    const vector = new Float64Array(FEATURE_DIMENSIONS);
    addFeature(vector, hashes[one]!, scale);
    for (const [other, weight] of neighbours) addFeature(vector, hashes[other]!, weight * scale);
    return vector;
  });
}
