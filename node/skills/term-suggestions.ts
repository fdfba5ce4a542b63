/**
 * New terms for work that no known term fits: which kinds of tasks came again, with examples, and a
 * name made of their own words. A person decides; nothing is published by itself.
 *
 * @module
 */

import { isTerm } from '../../protocols/skill-discovery/terms.ts';
import { embedLocally } from './embedding.ts';
import { EmbeddingTable } from './embedding-table.ts';
import { TaskClusters } from './task-clusters.ts';
import type { TaskCluster } from './task-clusters.ts';
import { CONCEPTS, findTerm, pathWords } from './vocabulary.ts';
import { isCommonWord, stemOf, wordsOf } from './word-stems.ts';

/** Tasks of a kind from which a term is offered. */
export const MIN_RECURRENCES = 3;
/** Terms that are offered at most. */
export const MAX_OFFERED_TERMS = 16;
/**
 * Cosine from which a known term fits a task. Of 36 paraphrases of skills of the vocabulary the
 * nearest term was the right one for 14 of 19 above it, and for 3 of 17 below.
 */
export const FITTING_SIMILARITY = 0.6;
/** The same of the term that the user chose for the task: two say so, the user and the cosine. */
export const CHOSEN_SIMILARITY = 0.4;

/** Share of the examples that must hold a word for it to name them. */
const NAMING_SHARE = 0.5;
const MAX_NAMING_WORDS = 2;

/** A term of the vocabulary and how near it is. */
export interface NearestTerm {
  readonly term: string;
  /** Cosine. */
  readonly similarity: number;
}

/** A kind of work without a term. */
export interface TermSuggestion {
  /** A term that could be coined: `performs:` and words of the tasks. */
  readonly term: string;
  readonly tasks: number;
  readonly examples: readonly string[];
  /** The known term that comes nearest, not near enough. */
  readonly nearest: NearestTerm;
}

const ACTIVITIES = CONCEPTS.filter(({ term }) => term.startsWith('performs:'));
let activities: EmbeddingTable | undefined;

/** How near the activities are to a text, in the order of {@link ACTIVITIES}. */
function similaritiesTo(text: string): Float64Array {
  activities ??= new EmbeddingTable(
    ACTIVITIES.map(({ term, label, synonyms }) =>
      embedLocally(`${pathWords(term)} ${label} ${synonyms.join(' ')}`),
    ),
    embedLocally('').length,
  );
  return activities.similarities(embedLocally(text));
}

/** The activity of the vocabulary that is nearest to a text, by the built-in embedder. */
export function nearestTerm(text: string): NearestTerm {
  const similarities = similaritiesTo(text);
  let best = 0;
  similarities.forEach((similarity, i) => {
    if (similarity > similarities[best]!) best = i;
  });
  return { term: ACTIVITIES[best]!.term, similarity: similarities[best]! };
}

/**
 * Whether a term of the vocabulary fits a task: one that is near, or the chosen one if it is not
 * far.
 */
export function isFittedBy(text: string, chosen: string): boolean {
  const similarities = similaritiesTo(text);
  return ACTIVITIES.some(({ term }, i) => {
    return similarities[i]! >= (term === chosen ? CHOSEN_SIMILARITY : FITTING_SIMILARITY);
  });
}

/** Words that many of the examples hold, most first, one of each stem. */
function namingWords(examples: readonly string[]): string[] {
  const counts = new Map<string, { word: string; examples: number }>();
  for (const example of examples) {
    const seen = new Set<string>();
    for (const word of wordsOf(example)) {
      const stem = stemOf(word);
      if (isCommonWord(word) || seen.has(stem) || !isTerm(`performs:${word}`)) continue;
      seen.add(stem);
      const known = counts.get(stem);
      if (known === undefined) counts.set(stem, { word, examples: 1 });
      else known.examples++;
    }
  }
  const common = [...counts.values()].filter(
    (one) => one.examples >= NAMING_SHARE * examples.length,
  );
  common.sort((a, b) => b.examples - a.examples);
  return common.slice(0, MAX_NAMING_WORDS).map(({ word }) => word);
}

function suggestionOf({ tasks, examples }: TaskCluster): TermSuggestion | undefined {
  const words = namingWords(examples);
  if (words.length === 0) return undefined;
  const nearest = nearestTerm(examples.join('. '));
  const field = nearest.term.slice(nearest.term.indexOf(':') + 1).split('/')[0]!;
  const parts = words.filter((word) => word !== field);
  const term = `performs:${field}/${parts.join('-')}`;
  if (parts.length === 0 || !isTerm(term) || findTerm(term) !== undefined) return undefined;
  return { term, tasks, examples, nearest };
}

/** Watches the tasks of a node for kinds of work that no term fits. */
export class TermSuggestions {
  readonly #clusters: TaskClusters;

  /** @param clusters - What was gathered before. */
  constructor(clusters: TaskClusters = new TaskClusters()) {
    this.#clusters = clusters;
  }

  /**
   * Adds a task that was asked for or wished for.
   *
   * @param embedding - By the node's own embedder, whichever that is.
   * @param chosen - The term that the user took for it.
   */
  observe(text: string, embedding: Float32Array, chosen: string): void {
    if (!isFittedBy(text, chosen)) this.#clusters.observe(text, embedding);
  }

  /** Terms to coin, the most wanted first; no term twice. */
  suggestions(minTasks: number = MIN_RECURRENCES): readonly TermSuggestion[] {
    const byTerm = new Map<string, TermSuggestion>();
    for (const cluster of this.#clusters.recurring(minTasks)) {
      const suggestion = suggestionOf(cluster);
      if (suggestion !== undefined && !byTerm.has(suggestion.term)) {
        byTerm.set(suggestion.term, suggestion);
      }
    }
    return [...byTerm.values()].slice(0, MAX_OFFERED_TERMS);
  }
}
