import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTerm } from '../../../protocols/skill-discovery/terms.ts';
import { embedLocally } from '../../skills/embedding.ts';
import {
  MAX_CLUSTERS,
  MAX_EXAMPLE_CHARACTERS,
  MAX_EXAMPLES,
  TaskClusters,
} from '../../skills/task-clusters.ts';
import { FITTING_SIMILARITY, nearestTerm, TermSuggestions } from '../../skills/term-suggestions.ts';

/** @param chosen - What the user took for them: the next best. */
function observed(texts: readonly string[], chosen = 'performs:finance/portfolio-optimization') {
  const suggestions = new TermSuggestions();
  for (const text of texts) suggestions.observe(text, embedLocally(text), chosen);
  return suggestions;
}

const MODEL = 'm-1';
const HERALDRY = [
  'blazon the heraldry on this shield',
  'explain the heraldry of a shield',
  'heraldry shield with a blue lion',
];

describe('clusters of tasks', () => {
  it('gather what is alike and keep apart what is not', () => {
    const clusters = new TaskClusters();
    for (const text of [...HERALDRY, 'tune the engine of my motorcycle']) {
      clusters.observe(text, embedLocally(text));
    }
    const [largest] = clusters.recurring(1);
    expect(largest).toMatchObject({ tasks: 3, examples: HERALDRY });
    expect(clusters.recurring(2)).toHaveLength(1);
  });

  it('stay bounded whatever comes, and keep the kind that recurs', () => {
    const clusters = new TaskClusters();
    for (let i = 0; i < 10; i++) clusters.observe(`${i} ${'x'.repeat(9_999)}`, unit(0));
    for (let i = 0; i < 3 * MAX_CLUSTERS; i++) clusters.observe(`task ${i}`, unit(1 + i));
    const kept = clusters.recurring(1);
    expect(kept).toHaveLength(MAX_CLUSTERS);
    expect(kept[0]).toMatchObject({ tasks: 10 });
    expect(kept[0]!.examples).toHaveLength(MAX_EXAMPLES);
    expect(kept[0]!.examples.every(({ length }) => length <= MAX_EXAMPLE_CHARACTERS)).toBe(true);
  });

  it('are stored as JSON and go on after it as if nothing had been', () => {
    const gather = (texts: readonly string[], isRestarted: boolean): unknown => {
      let clusters = new TaskClusters();
      for (const text of texts) {
        clusters.observe(text, embedLocally(text));
        if (!isRestarted) continue;
        const json = JSON.stringify(clusters.store(MODEL));
        clusters = TaskClusters.restore(JSON.parse(json), MODEL);
      }
      return [clusters.recurring(1), clusters.store(MODEL)];
    };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...HERALDRY, 'tune a motor', 'bake bread')), (texts) => {
        expect(gather(texts, true)).toEqual(gather(texts, false));
      }),
      { numRuns: 20 },
    );
  });

  it('begin empty for another model, and from what they did not store', () => {
    const clusters = new TaskClusters();
    for (const text of HERALDRY) clusters.observe(text, embedLocally(text));
    const stored = clusters.store(MODEL);
    const [cluster] = stored.clusters;
    const broken = [
      undefined,
      { ...stored, v: 2 },
      { ...stored, modelId: 'another-model' },
      { ...stored, clusters: [{ ...cluster, leader: '!' }] },
      { ...stored, clusters: [{ ...cluster, tasks: -1 }] },
      { ...stored, clusters: [{ ...cluster, examples: Array(9).fill('x') }] },
      { ...stored, clusters: [{ ...cluster, examples: ['x'.repeat(201)] }] },
      { ...stored, clusters: Array(MAX_CLUSTERS + 1).fill(cluster) },
    ];
    expect(TaskClusters.restore(stored, MODEL).recurring(1)).toHaveLength(1);
    for (const value of broken) {
      expect(TaskClusters.restore(value, MODEL).recurring(1)).toEqual([]);
    }
  });

  it('pass over a task that says nothing', () => {
    const clusters = new TaskClusters();
    clusters.observe('', unit(0));
    clusters.observe('words', new Float32Array(300));
    expect(clusters.recurring(0)).toEqual([]);
  });
});

function unit(axis: number): Float32Array {
  const vector = new Float32Array(300);
  vector[axis] = 1;
  return vector;
}

describe('suggestions of terms', () => {
  it('offer a term for work that came again, named by its words, with examples', () => {
    const [suggestion, ...others] = observed(HERALDRY).suggestions();
    expect(suggestion!.term).toMatch(/^performs:.+\/heraldry-shield$/);
    expect(suggestion).toMatchObject({ tasks: 3, examples: HERALDRY });
    expect(others).toEqual([]);
  });

  it('offer nothing for work that came twice, or that a known term fits', () => {
    expect(observed(HERALDRY.slice(0, 2)).suggestions()).toEqual([]);
    const fitted = ['sentiment of reviews', 'review sentiment', 'sentiment in a review'];
    expect(observed(fitted).suggestions(1)).toEqual([]);
    expect(nearestTerm('sentiment of reviews').term).toBe('performs:nlp/sentiment');
  });

  it.each([
    [
      'cheese',
      ['Rate goat cheese for its rind', 'Rate sheep cheese', 'Rate a cheese by its smell'],
    ],
    [
      'beehive',
      ['Check a beehive for mites', 'Check beehives for mites', 'Are mites in a beehive'],
    ],
    ['violin', ['Restore an antique violin', 'Restore a violin bridge', 'Glue a violin']],
  ])('offer a term for %s, of which no known term is near', (word, texts) => {
    const [suggestion] = observed(texts).suggestions();
    expect(suggestion).toMatchObject({ tasks: 3 });
    expect(suggestion!.term).toContain(word);
  });

  it('offer nothing for work that the chosen term fits, though in other words', () => {
    const texts = ['are customers angry with us', 'how angry are customers', 'angry customers?'];
    const { similarity } = nearestTerm(texts[0]!);
    expect(similarity).toBeLessThan(FITTING_SIMILARITY);
    expect(observed(texts, 'performs:nlp/sentiment').suggestions()).toEqual([]);
    expect(observed(texts).suggestions()).toHaveLength(1);
  });

  it('offer only terms that can be published, each once, the same for the same tasks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 20 }),
        (texts) => {
          const offered = observed(texts).suggestions(1);
          const terms = offered.map(({ term }) => term);
          expect(terms.filter((term) => !isTerm(term))).toEqual([]);
          expect(new Set(terms).size).toBe(terms.length);
          expect(observed(texts).suggestions(1)).toEqual(offered);
        },
      ),
      { numRuns: 50 },
    );
  });
});
