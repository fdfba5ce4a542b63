import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ancestorsOf,
  formatTerm,
  isAtOrBelow,
  isTerm,
  MAX_TERM_DEPTH,
  MAX_TERM_LENGTH,
  parseTerm,
  PREDICATES,
} from '../../skill-discovery/terms.ts';

const segment = fc.stringMatching(/^[a-z0-9](?:[a-z0-9._+-]{0,6}[a-z0-9+])?$/);
const term = fc
  .tuple(fc.constantFrom(...PREDICATES), fc.array(segment, { minLength: 1, maxLength: 8 }))
  .map(([predicate, path]) => ({ predicate, path }));

describe('skill terms', () => {
  it.each([
    'performs:nlp/sentiment',
    'performs:finance/portfolio-optimization',
    'hasResource:gpu/nvidia-a100-80gb',
    'hasResource:gpu-memory-gib',
    'canExecute:pytorch',
    'canExecute:c++',
    'supportsProtocol:a2a/1.0',
  ])('takes %s', (text) => {
    const parsed = parseTerm(text);
    expect(parsed.valid && formatTerm(parsed.term)).toBe(text);
  });

  it.each([
    ['sentiment', 'NO_PREDICATE'],
    ['', 'NO_PREDICATE'],
    ['Performs:nlp', 'UNKNOWN_PREDICATE'],
    ['toString:nlp', 'UNKNOWN_PREDICATE'],
    [':nlp', 'UNKNOWN_PREDICATE'],
    ['performs:', 'BAD_SEGMENT'],
    ['performs:NLP', 'BAD_SEGMENT'],
    ['performs:nlp/', 'BAD_SEGMENT'],
    ['performs:/nlp', 'BAD_SEGMENT'],
    ['performs:nlp//x', 'BAD_SEGMENT'],
    ['performs:nlp sentiment', 'BAD_SEGMENT'],
    ['performs:nlp/sentiment\n', 'BAD_SEGMENT'],
    ['performs:-nlp', 'BAD_SEGMENT'],
    ['performs:nlp:x', 'BAD_SEGMENT'],
    ['performs:nlpé', 'BAD_SEGMENT'],
    ['performs:..', 'BAD_SEGMENT'],
  ])('refuses %j as %s', (text, reason) => {
    expect(parseTerm(text)).toMatchObject({ valid: false, reason });
  });

  it('takes the greatest length and depth, and not one more', () => {
    const longest = `performs:${'a'.repeat(MAX_TERM_LENGTH - 'performs:'.length)}`;
    expect(isTerm(longest)).toBe(true);
    expect(parseTerm(`${longest}a`)).toMatchObject({ valid: false, reason: 'TOO_LONG' });
    const deepest = `performs:${Array(MAX_TERM_DEPTH).fill('a').join('/')}`;
    expect(isTerm(deepest)).toBe(true);
    expect(parseTerm(`${deepest}/a`)).toMatchObject({ valid: false, reason: 'TOO_DEEP' });
  });

  it('lists the ancestors nearest first and leaves the bare predicate out', () => {
    expect(ancestorsOf('performs:a/b/c')).toEqual(['performs:a/b', 'performs:a']);
    expect(ancestorsOf('performs:a')).toEqual([]);
    expect(() => ancestorsOf('performs')).toThrow(TypeError);
  });

  it('does not take a longer word for a descendant', () => {
    expect(isAtOrBelow('performs:finance/risk', 'performs:finance')).toBe(true);
    expect(isAtOrBelow('performs:finance', 'performs:finance')).toBe(true);
    expect(isAtOrBelow('performs:financed/risk', 'performs:finance')).toBe(false);
    expect(isAtOrBelow('performs:finance', 'performs:finance/risk')).toBe(false);
  });

  it('parses what it formats, and each term is below each of its ancestors', () => {
    fc.assert(
      fc.property(term, (given) => {
        const text = formatTerm(given);
        expect(parseTerm(text)).toEqual({ valid: true, term: given });
        const ancestors = ancestorsOf(text);
        expect(ancestors).toHaveLength(given.path.length - 1);
        for (const ancestor of ancestors) expect(isAtOrBelow(text, ancestor)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws, and what it takes is what it formats', () => {
    const nearTerm = fc.stringMatching(/^(performs|hasResource)?:?[a-zA-Z0-9/._+: -]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearTerm), (text) => {
        const parsed = parseTerm(text);
        if (parsed.valid) expect(formatTerm(parsed.term)).toBe(text);
      }),
      { numRuns: 10_000 },
    );
  });
});
