import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineSimilarity } from '../../skills/compatibility.ts';
import {
  embedLocally,
  LOCAL_EMBEDDING_DIMENSIONS,
  localEmbedder,
  MAX_EMBEDDED_CHARACTERS,
} from '../../skills/embedding.ts';

function similarity(a: string, b: string): number {
  return cosineSimilarity(embedLocally(a), embedLocally(b));
}

describe('local embedder', () => {
  it('gives the same bytes for the same text, on every machine', () => {
    const vector = embedLocally('sentiment analysis of customer reviews');
    const digest = createHash('sha256').update(new Uint8Array(vector.buffer)).digest('hex');
    // A change of this number needs a new model name: peers compare vectors by it.
    expect(digest.slice(0, 16)).toBe('b5ca8c823cf8aa08');
  });

  it('gives unit vectors of 256 numbers for any text with a word, zeros for none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const vector = embedLocally(text);
        const length = Math.hypot(...vector);
        expect(vector).toHaveLength(LOCAL_EMBEDDING_DIMENSIONS);
        expect(Math.abs(length - 1) < 1e-5 || length === 0).toBe(true);
        expect(vector.some(Number.isNaN)).toBe(false);
      }),
    );
    expect(Math.hypot(...embedLocally(' -- !'))).toBe(0);
  });

  it('places related texts nearer than unrelated ones', () => {
    const task = 'classify the sentiment of customer reviews';
    expect(similarity(task, 'sentiment analysis of product reviews')).toBeGreaterThan(0.4);
    expect(similarity(task, 'value at risk of a stock portfolio')).toBeLessThan(0.25);
    expect(similarity('optimise a portfolio', 'portfolio optimization')).toBeGreaterThan(
      similarity('optimise a portfolio', 'document analysis'),
    );
  });

  it.each([
    ['is this comment kind or nasty about us', 'sentiment analysis of opinions'],
    ['boil this down to half a page', 'summarises long documents'],
    ['put my leaflet into Spanish', 'English translation service'],
    ['somebody paid with a stolen card', 'fraud detection in transactions'],
    ['what should I cook with leftovers', 'recipes and meal ideas'],
    ['my program stops with a null pointer', 'debugging of Java code'],
  ])('brings together texts that share no word: %s', (asked, offered) => {
    const others = ['weather forecasts by region', 'chess analysis', 'rents a GPU by the hour'];
    for (const other of others) {
      expect(similarity(asked, offered)).toBeGreaterThan(similarity(asked, other) + 0.1);
    }
  });

  it('sees a word that nobody wrote down, and through a slip in it', () => {
    const offer = 'a zoetrope';
    expect(similarity('zoetropes', offer)).toBeGreaterThan(0.9);
    expect(similarity('zoetroppe', offer)).toBeGreaterThan(similarity('zeppelin', offer));
  });

  it('gives a term the meaning of its path', () => {
    expect(similarity('performs:nlp/sentiment', 'sentiment analysis')).toBeGreaterThan(0.6);
  });

  it('sees through British and irregular forms', () => {
    expect(similarity('optimise colours', 'optimized color')).toBeGreaterThan(0.9);
    expect(similarity('analyses of teeth', 'analyse a tooth')).toBeGreaterThan(0.9);
  });

  it('sees through case, order and inflection', () => {
    expect(similarity('Risk Assessment', 'assessment, risk')).toBeCloseTo(1, 5);
    expect(similarity('summarise documents', 'document summarising')).toBeGreaterThan(0.4);
  });

  it('is not filled by words that say nothing', () => {
    expect(similarity('the analysis of the data', 'the price of the car')).toBeLessThan(0.25);
  });

  it('reads a bounded part of a hostile text', () => {
    const start = 'sentiment analysis '.repeat(1000).slice(0, MAX_EMBEDDED_CHARACTERS);
    const long = start + ' portfolio'.repeat(100_000);
    expect(embedLocally(long)).toEqual(embedLocally(start));
    expect(() => embedLocally('\ufdfa'.repeat(100_000))).not.toThrow();
  });

  it('embeds many texts in their order', async () => {
    const [a, b] = await localEmbedder.embed(['risk', 'sentiment']);
    expect(a).toEqual(embedLocally('risk'));
    expect(b).toEqual(embedLocally('sentiment'));
    expect(localEmbedder.dimensions).toBe(LOCAL_EMBEDDING_DIMENSIONS);
  });
});
