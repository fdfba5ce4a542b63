import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTerm } from '../../../protocols/skill-discovery/terms.ts';
import {
  MAX_ALTERNATIVES,
  MAX_PARTS,
  MAX_QUERY_CHARACTERS,
  parseQuery,
} from '../../skills/query-expression.ts';

function alternatives(text: string) {
  const parsed = parseQuery(text);
  if (!parsed.valid) throw new Error(parsed.detail);
  return parsed.alternatives;
}

function refusal(text: string): string {
  const parsed = parseQuery(text);
  if (parsed.valid) throw new Error('expected a refusal');
  return parsed.detail;
}

describe('a query', () => {
  it('may be a term, or free text of several words', () => {
    expect(alternatives('performs:nlp/sentiment')).toEqual([
      { terms: ['performs:nlp/sentiment'], texts: [] },
    ]);
    expect(alternatives('  are my customers   angry and why ')).toEqual([
      { terms: [], texts: ['are my customers angry and why'] },
    ]);
    expect(alternatives('"note: urgent"')).toEqual([{ terms: [], texts: ['note: urgent'] }]);
  });

  it('combines with AND before OR, and as parentheses say', () => {
    expect(alternatives('performs:a OR performs:b AND tone of text')).toEqual([
      { terms: ['performs:a'], texts: [] },
      { terms: ['performs:b'], texts: ['tone of text'] },
    ]);
    expect(alternatives('(performs:a OR performs:b) AND canExecute:c')).toEqual([
      { terms: ['performs:a', 'canExecute:c'], texts: [] },
      { terms: ['performs:b', 'canExecute:c'], texts: [] },
    ]);
  });

  it('says each part and each alternative once', () => {
    expect(alternatives('performs:a AND performs:a OR performs:a')).toEqual([
      { terms: ['performs:a'], texts: [] },
    ]);
  });

  it.each([
    ['', /names a term/],
    ['   ', /names a term/],
    ['performs:NLP', /segment "NLP"/],
    ['perform:nlp/sentiment', /"perform" is none of .*put free text with a colon in quotes/],
    ['performs:a performs:b', /say AND or OR before "performs:b"/],
    ['performs:a tone', /say AND or OR before "tone"/],
    ['performs:a AND', /missing at the end/],
    ['AND performs:a', /missing before AND/],
    ['performs:a OR OR performs:b', /missing before OR/],
    ['(performs:a', /"\)" is missing/],
    ['performs:a)', /"\)" without "\("/],
    ['()', /missing before "\)"/],
    ['"tone', /not closed/],
    ['""', /is empty/],
    ['performs:', /predicate alone: add what stands below it/],
    ['nlp OR hasResource:', /predicate alone/],
  ])('is refused with what is wrong: %j', (text, detail) => {
    expect(refusal(text)).toMatch(detail);
  });

  it('has limits of length, of alternatives, of parts and of depth', () => {
    const terms = (count: number) => Array.from({ length: count }, (_, i) => `performs:t${i}`);
    expect(alternatives(terms(MAX_ALTERNATIVES).join(' OR '))).toHaveLength(MAX_ALTERNATIVES);
    expect(refusal(terms(MAX_ALTERNATIVES + 1).join(' OR '))).toMatch(/more than 8 alternatives/);
    expect(alternatives(terms(MAX_PARTS).join(' AND '))[0]!.terms).toHaveLength(MAX_PARTS);
    expect(refusal(terms(MAX_PARTS + 1).join(' AND '))).toMatch(/more than 8 parts/);
    expect(refusal('x'.repeat(MAX_QUERY_CHARACTERS + 1))).toMatch(/at most 1024 characters/);
    expect(refusal(`${'('.repeat(400)}performs:a${')'.repeat(400)}`)).toMatch(/8 deep/);
    const doubling = Array(9).fill('(performs:a OR performs:b)');
    expect(alternatives(doubling.join(' AND '))).toHaveLength(3);
    const wide = terms(18).map((term, i) => `(${term} OR performs:u${i})`);
    expect(refusal(wide.join(' AND '))).toMatch(/more than 8 alternatives/);
  });

  it('never throws, and gives terms where it says terms', () => {
    const part = fc.constantFrom(
      'AND',
      'OR',
      '(',
      ')',
      '"',
      'performs:a',
      'a:b',
      'tone',
      'and',
      '',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((all) => all.join(' ')),
        ),
        (text) => {
          const parsed = parseQuery(text);
          if (!parsed.valid) {
            expect(parsed.detail.length).toBeGreaterThan(0);
            return;
          }
          for (const { terms, texts } of parsed.alternatives) {
            expect(terms.length + texts.length).toBeGreaterThan(0);
            expect(terms.every(isTerm)).toBe(true);
            expect(texts.every((one) => one.trim().length > 0)).toBe(true);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
