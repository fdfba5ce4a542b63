import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkQuantity, checkTerm, MAX_SUGGESTIONS } from '../../skills/term-check.ts';
import { CONCEPTS, findTerm } from '../../skills/vocabulary.ts';

function didYouMean(text: string): readonly string[] {
  const check = checkTerm(text);
  return check.status === 'unknown' ? check.didYouMean : [];
}

describe('a check of a term', () => {
  it('knows every term of the vocabulary', () => {
    for (const { term, label } of CONCEPTS) {
      expect(checkTerm(term)).toEqual({ status: 'known', term, label });
    }
  });

  it.each([
    ['performs:nlp/sentimant', 'performs:nlp/sentiment'],
    ['performs:nlp/sentiments', 'performs:nlp/sentiment'],
    ['performs:sentiment', 'performs:nlp/sentiment'],
    ['performs:nlp/tone-analysis', 'performs:nlp/sentiment'],
    ['performs:translation', 'performs:nlp/translation'],
    ['perform:nlp/translation', 'performs:nlp/translation'],
    ['hasresource:gpu-memory-gib', 'hasResource:gpu-memory-gib'],
    ['hasResource:memory-gib', 'hasResource:memory-mib'],
    ['canExecute:pytorsch', 'canExecute:pytorch'],
    ['supportsProtocol:model-context-protocol', 'supportsProtocol:mcp'],
  ])('offers for %s first %s', (asked, meant) => {
    expect(didYouMean(asked)[0]).toBe(meant);
  });

  it('offers nothing for a term that resembles none: anyone may coin one', () => {
    expect(checkTerm('performs:zymurgy/quxification')).toEqual({
      status: 'unknown',
      didYouMean: [],
    });
  });

  it('offers few known terms for any text, quickly and always the same', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const offered = didYouMean(text);
        expect(offered.length).toBeLessThanOrEqual(MAX_SUGGESTIONS);
        expect(offered.every((term) => findTerm(term) !== undefined)).toBe(true);
        expect(didYouMean(text)).toEqual(offered);
      }),
      { numRuns: 50 },
    );
    expect(didYouMean('x'.repeat(1_000_000))).toEqual([]);
  });

  it('takes a slip in the whole term before a name of its last word', () => {
    expect(didYouMean('performs:zzhealth/records')[0]).toBe('performs:health/records');
  });

  it('finds the term again after one slip', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CONCEPTS.filter(({ term }) => term.length > 14)),
        fc.nat(),
        ({ term }, at) => {
          const place = term.indexOf(':') + 1 + (at % (term.length - term.indexOf(':') - 1));
          const slipped = `${term.slice(0, place)}zz${term.slice(place)}`;
          expect(didYouMean(slipped)).toContain(term);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('a check of a quantity', () => {
  it('takes the unit of the vocabulary, written or not', () => {
    expect(checkQuantity('hasResource:memory-mib', 'MiB')).toEqual({ valid: true, unit: 'MiB' });
    expect(checkQuantity('hasResource:memory-mib')).toEqual({ valid: true, unit: 'MiB' });
  });

  it.each([
    ['hasResource:memory-mib', 'GiB', 'WRONG_UNIT'],
    ['hasResource:memory-mib', 'mib', 'WRONG_UNIT'],
    ['performs:nlp/sentiment', 'MiB', 'NO_UNIT_KNOWN'],
    ['hasResource:unheard-of', undefined, 'NO_UNIT_KNOWN'],
    ['memory', 'MiB', 'BAD_TERM'],
  ])('refuses %s in %s as %s', (term, unit, reason) => {
    expect(checkQuantity(term, unit)).toMatchObject({ valid: false, reason });
  });
});
