/**
 * Holds a term that somebody publishes or asks for against the vocabulary. An unknown term is a
 * warning, with the terms that may be meant: anyone may coin one. A quantity in the wrong unit is
 * an error, because nobody could compare it.
 *
 * @module
 */

import { distance } from 'fastest-levenshtein';
import { RESOURCE_UNITS } from '../../protocols/attestation/resource-units.ts';
import { MAX_TERM_LENGTH, parseTerm } from '../../protocols/skill-discovery/terms.ts';
import type { Concept } from './vocabulary/concept.ts';
import { CONCEPTS, findTerm, pathWords, termsForPhrase, unitOf } from './vocabulary.ts';

/** Most terms that are offered in place of an unknown one. */
export const MAX_SUGGESTIONS = 3;

/** Changed characters per character of the text, above which a term is no likely slip. */
const MAX_RELATIVE_DISTANCE = 0.34;

/** How much further off a match of a part is than one of the whole, in changed characters. */
const SEGMENT_PENALTY = 0.5;
const SYNONYM_PENALTY = 1;

/** Outcome of {@link checkTerm}. */
export type TermCheck =
  | { readonly status: 'known'; readonly term: string; readonly label: string }
  | { readonly status: 'unknown'; readonly didYouMean: readonly string[] };

/** Changes that a name counts as which is that of the last segment alone. */
const NAMED_BY_SEGMENT = 2.5;

/** Fewest changed characters between two texts, or `undefined` if they are not alike. */
function slip(asked: string, known: string): number | undefined {
  const allowed = Math.floor(Math.max(asked.length, known.length) * MAX_RELATIVE_DISTANCE);
  if (Math.abs(asked.length - known.length) > allowed) return undefined;
  const changes = distance(asked, known);
  return changes <= allowed ? changes : undefined;
}

function lastSegment(term: string): string {
  return term.slice(Math.max(term.lastIndexOf('/'), term.indexOf(':')) + 1);
}

/** Smallest of what {@link slip} gives for the term, its last segment and its names. */
function distanceTo(concept: Concept, asked: string, askedWords: string): number | undefined {
  const candidates = [slip(asked, concept.term)];
  const bySegment = slip(lastSegment(asked), lastSegment(concept.term));
  if (bySegment !== undefined) candidates.push(bySegment + SEGMENT_PENALTY);
  for (const name of [concept.label.toLowerCase(), ...concept.synonyms]) {
    const byName = slip(askedWords, name);
    if (byName !== undefined) candidates.push(byName + SYNONYM_PENALTY);
  }
  const found = candidates.filter((changes) => changes !== undefined);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Known terms that `text` may be a slip or another name of, the likeliest first. */
function suggestionsFor(text: string): readonly string[] {
  const asked = text.slice(0, MAX_TERM_LENGTH).toLowerCase();
  const words = pathWords(asked);
  const named = new Set(termsForPhrase(words));
  const bySegment = new Set(termsForPhrase(pathWords(lastSegment(asked))));
  const near = CONCEPTS.flatMap((concept) => {
    // The last word alone names many things: a slip in the whole term is likelier.
    const byWord = bySegment.has(concept.term) ? NAMED_BY_SEGMENT : Infinity;
    const bySlip = distanceTo(concept, asked, words) ?? Infinity;
    const changes = named.has(concept.term) ? 0 : Math.min(byWord, bySlip);
    if (changes === Infinity) return [];
    const sharesPredicate = asked.startsWith(concept.term.split(':')[0]!.toLowerCase());
    return [{ term: concept.term, rank: changes + (sharesPredicate ? 0 : 0.25) }];
  });
  near.sort((a, b) => a.rank - b.rank || (a.term < b.term ? -1 : 1));
  return near.slice(0, MAX_SUGGESTIONS).map(({ term }) => term);
}

/**
 * Whether the vocabulary has a term, and which ones it may stand for if not. Never throws; reads no
 * more of `text` than the longest term has.
 */
export function checkTerm(text: string): TermCheck {
  const known = findTerm(text);
  if (known !== undefined) return { status: 'known', term: known.term, label: known.label };
  return { status: 'unknown', didYouMean: suggestionsFor(text) };
}

/** A term that the vocabulary does not have. */
export interface UnknownTerm {
  readonly term: string;
  /** Terms that may be meant, the likeliest first. */
  readonly didYouMean: readonly string[];
}

/** Those of the terms that the vocabulary does not have, each once. */
export function unknownTerms(terms: readonly string[]): readonly UnknownTerm[] {
  // Regions are no concepts, and yet what they mean is fixed.
  const asked = [...new Set(terms)].filter((term) => !RESOURCE_UNITS.has(term));
  return asked.flatMap((term) => {
    const check = checkTerm(term);
    return check.status === 'known' ? [] : [{ term, didYouMean: check.didYouMean }];
  });
}

/** Why a quantity cannot be published. */
export type QuantityRefusal = 'BAD_TERM' | 'NO_UNIT_KNOWN' | 'WRONG_UNIT';

/** Outcome of {@link checkQuantity}. */
export type QuantityCheck =
  | { readonly valid: true; readonly unit: string }
  | { readonly valid: false; readonly reason: QuantityRefusal; readonly detail: string };

/**
 * Whether a quantity of a term can be compared by others: the vocabulary must know its unit.
 *
 * @param unit - As written beside the quantity; `undefined` means the unit of the vocabulary.
 */
export function checkQuantity(term: string, unit?: string): QuantityCheck {
  const parsed = parseTerm(term);
  if (!parsed.valid) return { valid: false, reason: 'BAD_TERM', detail: parsed.detail };
  const known = unitOf(term);
  if (known === undefined) {
    const detail = `${term} is not counted: leave the quantity out`;
    return { valid: false, reason: 'NO_UNIT_KNOWN', detail };
  }
  if (unit !== undefined && unit !== known) {
    const detail = `${term} is counted in ${known}, not in ${JSON.stringify(unit.slice(0, 32))}`;
    return { valid: false, reason: 'WRONG_UNIT', detail };
  }
  return { valid: true, unit: known };
}
