import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESOURCE_UNITS } from '../../../protocols/attestation/resource-units.ts';
import { ancestorsOf, isTerm, PREDICATES } from '../../../protocols/skill-discovery/terms.ts';
import {
  ancestorLabels,
  CONCEPTS,
  findTerm,
  namesOf,
  termsForPhrase,
  unitOf,
} from '../../skills/vocabulary.ts';
import { BUILTIN_TERMS } from '../../tasks/executors/executor-registry.ts';

describe('the vocabulary', () => {
  it('has about as many terms as it claims, each once, under all predicates', () => {
    const terms = CONCEPTS.map(({ term }) => term);
    expect(terms.length).toBeGreaterThanOrEqual(150);
    expect(new Set(terms).size).toBe(terms.length);
    expect(terms.filter((term) => !isTerm(term))).toEqual([]);
    for (const predicate of PREDICATES) {
      expect(terms.some((term) => term.startsWith(`${predicate}:`))).toBe(true);
    }
  });

  it('gives each term a name of its own within its predicate, a sentence, and synonyms', () => {
    const labels = CONCEPTS.map(({ term, label }) => `${term.split(':')[0]} ${label}`);
    expect(new Set(labels).size).toBe(labels.length);
    for (const { term, label, definition, synonyms } of CONCEPTS) {
      expect(definition, term).toMatch(/^[A-Z].*\.$/);
      expect(label, term).not.toBe('');
      expect(synonyms.length, term).toBeGreaterThanOrEqual(2);
      expect(new Set(synonyms).size, term).toBe(synonyms.length);
      expect(synonyms.filter((name) => name !== name.toLowerCase())).toEqual([]);
    }
  });

  it('links only to terms that it has, and none to itself', () => {
    const broken = CONCEPTS.flatMap(({ term, related }) =>
      related.filter((other) => other === term || findTerm(other) === undefined),
    );
    expect(broken).toEqual([]);
  });

  it('knows every resource that is attested, in the unit of the attestors, and counts no other', () => {
    expect(RESOURCE_UNITS.size).toBeGreaterThan(0);
    for (const [term, unit] of RESOURCE_UNITS) expect(unitOf(term)).toBe(unit);
    const counted = CONCEPTS.filter(
      ({ term, unit }) => term.startsWith('hasResource:') && unit !== undefined,
    );
    expect(counted.filter(({ term }) => !RESOURCE_UNITS.has(term))).toEqual([]);
    expect(unitOf('performs:nlp/sentiment')).toBeUndefined();
    expect(unitOf('hasResource:unheard-of')).toBeUndefined();
  });

  it('knows every skill that the node can run, and those that the README shows', () => {
    const shown = ['performs:text/upper', 'hasResource:memory-mib', 'performs:nlp/sentiment'];
    const unknown = [...BUILTIN_TERMS, ...shown].filter((term) => findTerm(term) === undefined);
    expect(unknown).toEqual([]);
  });

  it('finds a term by each of its names, whatever the order and inflection', () => {
    expect(termsForPhrase('tone analysis')).toContain('performs:nlp/sentiment');
    expect(termsForPhrase('analysing of Tones')).toContain('performs:nlp/sentiment');
    expect(termsForPhrase('')).toEqual([]);
    for (const concept of CONCEPTS) {
      for (const name of namesOf(concept)) expect(termsForPhrase(name)).toContain(concept.term);
    }
  });

  it('finds nothing but its own terms for any phrase', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (phrase) => {
        for (const term of termsForPhrase(phrase)) expect(findTerm(term)).toBeDefined();
      }),
    );
  });

  it('names the ancestors of a term, known or coined', () => {
    expect(ancestorLabels('performs:nlp/sentiment')).toEqual(['Language processing']);
    expect(ancestorLabels('performs:nlp/sentiment/sarcasm')).toEqual([
      'Sentiment analysis',
      'Language processing',
    ]);
    expect(ancestorLabels('no term')).toEqual([]);
    const depths = CONCEPTS.map(({ term }) => ancestorsOf(term).length);
    expect(Math.max(...depths)).toBeGreaterThan(0);
  });
});
