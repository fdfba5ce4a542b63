import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import {
  MAX_SEARCH_KEYS,
  questionAbout,
} from '../../../protocols/skill-discovery/find-contractors.ts';
import type { ContractorHit } from '../../../protocols/skill-discovery/find-contractors.ts';
import { probesOf } from '../../../protocols/skill-discovery/similarity-buckets.ts';
import { contentOf, recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import { embedLocally, LOCAL_EMBEDDING_MODEL, localEmbedder } from '../../skills/embedding.ts';
import { BadInputError } from '../../errors.ts';
import { parseQuery } from '../../skills/query-expression.ts';
import { MIN_TEXT_SIMILARITY, planQuery } from '../../tasks/query-plan.ts';
import { never } from './client-fakes.ts';

async function plan(text: string) {
  const parsed = parseQuery(text);
  if (!parsed.valid) throw new Error(parsed.detail);
  return planQuery(text, parsed.alternatives, localEmbedder, never);
}

const identity = Identity.fromSeed(new Uint8Array(32).fill(9));

/** A record of one peer that offers these terms; of those after "0 " there is nothing to buy. */
function record(...terms: string[]) {
  const content = contentOf(...terms.map((term) => ({ term: term.replace('0 ', '') })));
  const offers = content.offers.map((offer, i) =>
    terms[i]!.startsWith('0 ') ? { ...offer, capacity: 0 } : offer,
  );
  return recordOf(identity, { ...content, offers });
}

function hits(of: ReturnType<typeof record>, terms: readonly string[]): ContractorHit[] {
  return of.body.offers
    .filter(({ term }) => terms.includes(term))
    .map((offer) => ({
      peerId: identity.peerId,
      record: of,
      offer,
      matchedTerm: offer.term,
      recordAgeSeconds: 0,
      source: 'holder' as const,
    }));
}

describe('the plan of a query', () => {
  it('looks a term up by its own key alone', async () => {
    const { search } = await plan('performs:nlp');
    expect(search).toMatchObject({ query: 'performs:nlp', keys: ['performs:nlp'] });
  });

  it('looks terms combined with AND up by the most specific one', async () => {
    const { search } = await plan('canExecute:pytorch AND performs:nlp/sentiment');
    expect(search.keys).toEqual(['performs:nlp/sentiment']);
    const both = record('performs:nlp/sentiment', 'canExecute:pytorch');
    expect(search.matching(both.body)).toHaveLength(2);
    expect(search.matching(record('performs:nlp/sentiment').body)).toEqual([]);
  });

  it('looks free text up by near terms of the vocabulary and by the buckets of its vector', async () => {
    const { search } = await plan('find out whether customers are happy or angry in reviews');
    expect(search.keys).toHaveLength(16);
    const terms = search.keys.filter((key) => key.includes(':'));
    expect(terms).toHaveLength(4);
    expect(terms).toContain('performs:nlp/sentiment');
    const vector = embedLocally('find out whether customers are happy or angry in reviews');
    const probes = probesOf(vector, LOCAL_EMBEDDING_MODEL);
    expect(search.keys.filter((key) => !key.includes(':'))).toEqual(probes.slice(0, 12));
  });

  it.each(['.', '🙂', '" ,;! "', "'", '! OR ...', 'performs:nlp AND "."', 'reviews OR "?"'])(
    'refuses %s, in which a text has no word',
    async (text) => {
      await expect(plan(text)).rejects.toThrow(BadInputError);
      await expect(plan(text)).rejects.toThrow(/no word that could be looked for/);
    },
  );

  it('lets the one vector of a contractor speak for none of several known skills', async () => {
    const text = 'turn my words into capital letters';
    const planned = await plan(text);
    const vector = embedLocally(text);
    const skills = ['performs:finance/portfolio-optimization', 'performs:shout/loud'];
    const [known, coined] = hits(record(...skills), skills);
    const [alone] = hits(record(skills[0]!), skills);
    const similarityOf = (hit: ContractorHit): number =>
      planned.fits(hit, vector)[0]?.similarity ?? 0;
    expect(similarityOf(known!)).toBeLessThan(0.5);
    expect(similarityOf(coined!)).toBeCloseTo(1, 6);
    expect(similarityOf(alone!)).toBeCloseTo(1, 6);
  });

  it('looks each text of an OR up by a bucket of its own, within the bound of keys', async () => {
    const texts = [
      'tone of reviews',
      'translate a manual',
      'draw a logo',
      'balance my books',
      'weld a pipe',
      'sequence a genome',
      'plan a garden',
    ];
    for (let count = 1; count <= texts.length; count++) {
      const asked = texts.slice(0, count);
      const { search } = await plan(`${asked.join(' OR ')} OR performs:nlp/sentiment`);
      expect(search.keys.length).toBeLessThanOrEqual(Math.min(16 * count + 1, MAX_SEARCH_KEYS));
      expect(search.keys).toContain('performs:nlp/sentiment');
      for (const text of asked) {
        const probes = probesOf(embedLocally(text), LOCAL_EMBEDDING_MODEL);
        expect(search.keys).toContain(probes[0]);
      }
    }
  });

  it('needs something else than a task of the same term does', async () => {
    const { search } = await plan('performs:nlp');
    const { query, keys, needs } = questionAbout('performs:nlp');
    expect(search).toMatchObject({ query, keys });
    expect(search.needs).not.toBe(needs);
    const sold = record('performs:nlp/a', '0 performs:nlp/b').body;
    expect(search.matching(sold)).toHaveLength(1);
    expect(questionAbout('performs:nlp').matching(sold)).toHaveLength(2);
  });

  it('takes offers that can be bought before attested resources', async () => {
    const { search } = await plan('performs:nlp/sentiment AND hasResource:gpu-count');
    const body = record('performs:nlp/sentiment', '0 hasResource:gpu-count').body;
    expect(search.matching(body).map(({ term }) => term)).toEqual(['performs:nlp/sentiment']);
    const resource = await plan('hasResource:gpu-count');
    expect(resource.search.matching(body).map(({ term }) => term)).toEqual([
      'hasResource:gpu-count',
    ]);
  });

  it('considers three offers of one contractor for a text, the nearest', async () => {
    const of = record(
      'performs:nlp/sentiment',
      'performs:finance/audit',
      'performs:biology/sequencing',
      'performs:nlp/summarization',
      'canExecute:ffmpeg',
    );
    const asked = await plan('customer sentiment in reviews');
    const found = hits(
      of,
      of.body.offers.map(({ term }) => term),
    );
    await asked.prepare(found, never);
    const chosen = asked.shortlist(found).map(({ matchedTerm }) => matchedTerm);
    expect(chosen).toHaveLength(3);
    expect(chosen[0]).toBe('performs:nlp/sentiment');
    const byTerm = await plan('performs:nlp/sentiment');
    expect(byTerm.shortlist(found)).toHaveLength(5);
  });

  it('chooses them by their likeness to the text, in whatever order they are offered', async () => {
    const terms = [
      'performs:nlp/sentiment',
      'performs:nlp/summarization',
      'performs:nlp/translation',
      'performs:finance/audit',
      'performs:biology/sequencing',
      'canExecute:ffmpeg',
    ];
    const asked = await plan('customer sentiment in reviews');
    const likenessOf = (hit: ContractorHit) => asked.fits(hit, undefined)[0]?.similarity ?? 0;
    const order = fc.shuffledSubarray(terms, { minLength: 4 });
    await fc.assert(
      fc.asyncProperty(order, async (offered) => {
        const found = hits(record(...offered), offered);
        await asked.prepare(found, never);
        const chosen = asked.shortlist(found);
        const left = found.filter((hit) => !chosen.includes(hit));
        expect(chosen).toHaveLength(3);
        expect(chosen.map(likenessOf)).toEqual(chosen.map(likenessOf).toSorted((a, b) => b - a));
        expect(Math.max(...left.map(likenessOf))).toBeLessThanOrEqual(likenessOf(chosen[2]!));
        if (offered.includes(terms[0]!)) expect(chosen[0]!.matchedTerm).toBe(terms[0]);
      }),
    );
  });

  it('embeds 256 terms that peers coined and no more, however many hits there are', async () => {
    const embedded: string[] = [];
    const counting = {
      ...localEmbedder,
      embed: (texts: readonly string[]) => {
        embedded.push(...texts);
        return localEmbedder.embed(texts);
      },
    };
    const alternatives = [{ terms: [], texts: ['weld a pipe'] }];
    const asked = await planQuery('weld a pipe', alternatives, counting, never);
    embedded.length = 0;
    const [hit] = hits(record('performs:nlp/sentiment'), ['performs:nlp/sentiment']);
    const many = Array.from({ length: 8_192 }, (_, i) => ({
      ...hit!,
      matchedTerm: `performs:coined-${i}`,
    }));
    await asked.prepare([hit!, ...many], never);
    expect(embedded).toHaveLength(256);
  });

  it('attack: many terms that a few peers coin take no room from the one of another', async () => {
    const text = 'repair of antique grandfather clocks';
    const wanted = 'performs:repair/antique-grandfather-clocks';
    const junk = Array.from({ length: 12 }, (_, peer) => {
      const terms = Array.from({ length: 32 }, (_, i) => `performs:junk-${peer}/term-${i}`);
      return hits(record(...terms), terms).map((hit) => ({ ...hit, peerId: `junk-${peer}` }));
    }).flat();
    const [honest] = hits(record(wanted), [wanted]);
    const asked = await plan(text);
    await asked.prepare([...junk, honest!], never);
    expect(asked.fits(honest!, undefined)[0]!.similarity).toBeGreaterThan(0.9);
  });

  it('keeps every offer of a term that is asked for beside a text', async () => {
    const terms = [
      'performs:coding/review',
      'performs:image/classification',
      'performs:nlp/translation',
      'performs:speech/transcription',
      'performs:text/upper',
    ];
    const found = hits(record(...terms), terms);
    for (const query of [
      'performs:coding OR photo classification',
      'photo classification OR performs:coding',
    ]) {
      const kept = (await plan(query)).shortlist(found).map(({ matchedTerm }) => matchedTerm);
      expect(kept).toHaveLength(4);
      expect(kept).toContain('performs:coding/review');
      expect(kept).toContain('performs:image/classification');
    }
  });

  it('lets the vector of a contractor speak for no coined offer where another answers', async () => {
    const text = 'moods of customers in reviews';
    const asked = await plan(text);
    const vector = embedLocally(text);
    const terms = ['performs:nlp/sentiment', 'performs:text/uper'];
    const [sentiment, uper] = hits(record(...terms), terms) as [ContractorHit, ContractorHit];
    await asked.prepare([sentiment, uper], never);
    expect(asked.fits(sentiment, vector)[0]!.similarity).toBeGreaterThan(0.3);
    expect(asked.fits(uper, vector)).toEqual(asked.fits(uper, undefined));
    // Where no other offer answers, the vector may well speak of this one.
    const others = ['performs:finance/risk-assessment', 'performs:text/uper'];
    const [, alone] = hits(record(...others), others) as [ContractorHit, ContractorHit];
    expect(asked.fits(alone, vector)[0]!.similarity).toBeCloseTo(1, 5);
  });

  it('rates a term by the Jaccard index, a text by the cosine, and both where both are asked', async () => {
    const of = record('performs:nlp/sentiment');
    const [hit] = hits(of, ['performs:nlp/sentiment']) as [ContractorHit];
    const fits = async (text: string, vector?: Float32Array) => {
      const asked = await plan(text);
      await asked.prepare([hit], never);
      return asked.fits(hit, vector);
    };
    expect(await fits('performs:nlp/sentiment')).toEqual([{ ontology: 1, similarity: undefined }]);
    // It shares what stands above it.
    expect(await fits('performs:nlp')).toEqual([{ ontology: 0.5, similarity: undefined }]);
    const [byText] = await fits('sentiment analysis');
    expect(byText!.ontology).toBeUndefined();
    expect(byText!.similarity).toBeGreaterThan(MIN_TEXT_SIMILARITY);
    const [both] = await fits('performs:nlp AND sentiment analysis');
    expect(both).toEqual({ ontology: 0.5, similarity: byText!.similarity });
    expect(await fits('weld a steel pipe')).toEqual([]);
    // The contractor's own vector may say more than its term does.
    const vector = embedLocally('weld a steel pipe');
    expect((await fits('weld a steel pipe', vector))[0]!.similarity).toBeCloseTo(1, 5);
    // Of another length it says nothing.
    expect(await fits('weld a steel pipe', new Float32Array(3).fill(1))).toEqual([]);
  });
});
