import { describe, expect, it } from 'vitest';
import { localEmbedder } from '../../node/skills/embedding.ts';
import type { Embedder } from '../../node/skills/embedding.ts';
import { bucketRecallAt, recallAt } from '../benchmarks/discovery-recall.ts';
import type { LabelledSet } from '../benchmarks/discovery-recall.ts';
import { readProjectFile } from './source-tree.ts';

/** A fake embedder: a text points where its first digit says. */
const fakeEmbedder: Embedder = {
  modelId: 'fake',
  dimensions: 8,
  embed: (texts) =>
    Promise.resolve(
      texts.map((text) => {
        const vector = new Float32Array(8);
        const [axis] = /\d/.exec(text) ?? [];
        if (axis !== undefined) vector[Number(axis)] = 1;
        return vector;
      }),
    ),
};

const skills = [0, 1, 2].map((n) => {
  return { id: `s${n}`, term: `performs:x/${n}`, name: 'name', description: 'text' };
});

function queryOf(id: string, text: string, skill: string, noSharedStem: boolean) {
  return { id, text, skill, half: 'development', noSharedStem } as const;
}

const set: LabelledSet = {
  skills,
  queries: [
    queryOf('q0', 'find 0', 's0', false),
    queryOf('q1', 'find 2', 's1', true),
    { ...queryOf('q2', 'find 1', 's1', false), half: 'held-out' },
  ],
};

describe('recall over a labelled set', () => {
  it('counts ranks of one half, and of the queries without a common stem', async () => {
    const { overall, noSharedStem } = await recallAt(set, fakeEmbedder, 1, 'development');
    expect(overall).toMatchObject({ queries: 2, recallAtK: 0.5, recallAt1: 0.5 });
    expect(overall.meanReciprocalRank).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(noSharedStem).toMatchObject({ queries: 1, recallAtK: 0 });
    const heldOut = await recallAt(set, fakeEmbedder, 1, 'held-out');
    expect(heldOut.overall).toMatchObject({ queries: 1, recallAt1: 1 });
  });

  it('counts a tie, and an answer without numbers, against the embedder', async () => {
    const blind: Embedder = {
      ...fakeEmbedder,
      embed: (texts) => Promise.resolve(texts.map(() => new Float32Array(8))),
    };
    const { overall } = await recallAt(set, blind, 1, 'development');
    expect(overall.recallAtK).toBe(0);
    const broken: Embedder = {
      ...fakeEmbedder,
      embed: (texts) => Promise.resolve(texts.map(() => new Float32Array(8).fill(NaN))),
    };
    expect((await recallAt(set, broken, 2, 'development')).overall.recallAtK).toBe(0);
  });

  it('measures what buckets keep of an exhaustive search', async () => {
    const found = await bucketRecallAt(set, fakeEmbedder, 1, 'development', 16);
    expect(found.recallAtK).toBe(1);
    expect(found.shareSeen).toBeGreaterThan(0);
    expect(found.largestBucketShare).toBeLessThanOrEqual(1);
  });

  it.each(['development', 'held-out'] as const)(
    'keeps 95 %% of the first ten through 12 bucket keys, on the half %s of the real set',
    async (half) => {
      const text = readProjectFile('testnet/benchmarks/data/skill-queries.json');
      const real = JSON.parse(text) as LabelledSet;
      const { recallAtK } = await bucketRecallAt(real, localEmbedder, 10, half, 12);
      expect(recallAtK).toBeGreaterThanOrEqual(0.95);
    },
  );

  it('refuses a set whose query has no skill', async () => {
    const wrong = { ...set, queries: [queryOf('q', 'find 0', 'nobody', false)] };
    await expect(recallAt(wrong, fakeEmbedder, 1, 'development')).rejects.toThrow(TypeError);
  });
});
