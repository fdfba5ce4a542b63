/**
 * The vocabulary: which terms are known, what they mean, and which term a phrase stands for
 * (architecture.md 5). Anyone may coin a term that is not in it.
 *
 * The tables under `vocabulary/` are its source, so that the compiler reads them and a start parses
 * no file; `ontology.ts` makes the machine-readable form of them.
 *
 * @module
 */

import { RESOURCE_UNITS } from '../../protocols/attestation/resource-units.ts';
import { ancestorsOf, isTerm } from '../../protocols/skill-discovery/terms.ts';
import { ACCESS_CONCEPTS } from './vocabulary/access.ts';
import { BUSINESS_CONCEPTS } from './vocabulary/business-activities.ts';
import type { Concept } from './vocabulary/concept.ts';
import { DATA_CONCEPTS } from './vocabulary/data-activities.ts';
import { KNOWLEDGE_CONCEPTS } from './vocabulary/knowledge.ts';
import { LANGUAGE_CONCEPTS } from './vocabulary/language-activities.ts';
import { LIFE_CONCEPTS } from './vocabulary/life-activities.ts';
import { MEDIA_CONCEPTS } from './vocabulary/media-activities.ts';
import { RESOURCE_CONCEPTS } from './vocabulary/resources.ts';
import { SOFTWARE_ACTIVITY_CONCEPTS } from './vocabulary/software-activities.ts';
import { SOFTWARE_CONCEPTS } from './vocabulary/software.ts';
import { PROTOCOL_CONCEPTS } from './vocabulary/wire-protocols.ts';
import { stemsOf } from './word-stems.ts';

/** Every term of the vocabulary. */
export const CONCEPTS: readonly Concept[] = [
  ...RESOURCE_CONCEPTS,
  ...ACCESS_CONCEPTS,
  ...SOFTWARE_CONCEPTS,
  ...KNOWLEDGE_CONCEPTS,
  ...PROTOCOL_CONCEPTS,
  ...LANGUAGE_CONCEPTS,
  ...SOFTWARE_ACTIVITY_CONCEPTS,
  ...DATA_CONCEPTS,
  ...BUSINESS_CONCEPTS,
  ...MEDIA_CONCEPTS,
  ...LIFE_CONCEPTS,
];

const byTerm: ReadonlyMap<string, Concept> = new Map(
  CONCEPTS.map((concept) => [concept.term, concept]),
);

/** The concept of a term; `undefined` if the vocabulary does not have it. */
export function findTerm(term: string): Concept | undefined {
  return byTerm.get(term);
}

/** Words of the path of a term: `nlp sentiment` of `performs:nlp/sentiment`. */
export function pathWords(term: string): string {
  return term.slice(term.indexOf(':') + 1).replace(/[/_-]/g, ' ');
}

/** Stems of a phrase in a fixed order: "analysis of sentiment" and "sentiment analysis" agree. */
export function phraseKey(stems: readonly string[]): string {
  return stems.length === 1 ? stems[0]! : [...stems].sort().join(' ');
}

/** All names of a concept: label, synonyms, and its path. */
export function namesOf({ term, label, synonyms }: Concept): readonly string[] {
  return [label, ...synonyms, pathWords(term)];
}

let phrases: ReadonlyMap<string, readonly Concept[]> | undefined;

/** Concepts by the {@link phraseKey} of each of their names. Made when it is first asked for. */
export function conceptsByPhrase(): ReadonlyMap<string, readonly Concept[]> {
  if (phrases !== undefined) return phrases;
  const index = new Map<string, Concept[]>();
  for (const concept of CONCEPTS) {
    const keys = new Set(namesOf(concept).map((name) => phraseKey(stemsOf(name))));
    for (const key of keys) {
      if (key === '') continue;
      const known = index.get(key);
      if (known === undefined) index.set(key, [concept]);
      else known.push(concept);
    }
  }
  return (phrases = index);
}

/**
 * Terms that a phrase is a name of, whatever its order and inflection: `tone analysis` gives
 * `performs:nlp/sentiment`.
 */
export function termsForPhrase(phrase: string): readonly string[] {
  const found = conceptsByPhrase().get(phraseKey(stemsOf(phrase))) ?? [];
  return found.map(({ term }) => term);
}

/** Labels of the ancestors of a term that are in the vocabulary, nearest first. */
export function ancestorLabels(term: string): readonly string[] {
  if (!isTerm(term)) return [];
  return ancestorsOf(term).flatMap((ancestor) => findTerm(ancestor)?.label ?? []);
}

/** Unit in which a term is counted; `undefined` if it is never counted, or is unknown. */
export function unitOf(term: string): string | undefined {
  return findTerm(term)?.unit ?? RESOURCE_UNITS.get(term);
}
