import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cosineSimilarity,
  isCompatible,
  jaccardIndex,
  skillCompatibility,
} from '../../skills/compatibility.ts';
import { expectClose, readVectors } from '../vectors/read-vectors.ts';

describe('skill compatibility', () => {
  const vectors = readVectors<
    {
      required: readonly string[];
      agent: readonly string[];
      taskEmbedding: readonly number[] | null;
      agentEmbedding: readonly number[] | null;
      performance: number | null;
    },
    { jaccard: number; embedding: number | null; compatibility: number }
  >('eq12_skill');
  it.each(vectors.cases)('gives the vector $id, Paper Eq. (12)', ({ inputs, expected }) => {
    const jaccard = jaccardIndex(inputs.required, inputs.agent);
    const { taskEmbedding, agentEmbedding } = inputs;
    const similarity =
      taskEmbedding === null || agentEmbedding === null
        ? undefined
        : cosineSimilarity(taskEmbedding, agentEmbedding);
    const performance = inputs.performance ?? undefined;
    const compatibility = skillCompatibility(jaccard, similarity, performance);
    expectClose(jaccard, expected.jaccard, vectors.tolerance);
    if (expected.embedding !== null) {
      expectClose(Math.max(0, similarity!), expected.embedding, vectors.tolerance);
    }
    expectClose(compatibility, expected.compatibility, vectors.tolerance);
  });

  it('passes a contractor that reaches the threshold exactly, whatever the rounding', () => {
    expect(isCompatible(skillCompatibility(0, 1, 1), 0.7)).toBe(true);
    expect(isCompatible(0.7 - 1e-9, 0.7)).toBe(false);
  });

  it('counts a repeated term once', () => {
    expect(jaccardIndex(['a', 'a', 'b'], ['b', 'b', 'c'])).toBe(1 / 3);
  });

  it('agrees with the definition over sets', () => {
    const terms = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 8 });
    fc.assert(
      fc.property(terms, terms, (required, offered) => {
        const r = new Set(required);
        const o = new Set(offered);
        const shared = [...r].filter((term) => o.has(term)).length;
        const union = new Set([...r, ...o]).size;
        expect(jaccardIndex(required, offered)).toBe(r.size === 0 ? 1 : shared / union);
      }),
    );
  });

  it('stays in [0, 1] for every mix of known and unknown parts', () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    const cosine = fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: undefined });
    const record = fc.option(fraction, { nil: undefined });
    fc.assert(
      fc.property(fraction, cosine, record, (ontology, similarity, performance) => {
        const compatibility = skillCompatibility(ontology, similarity, performance);
        expect(compatibility).toBeGreaterThanOrEqual(0);
        expect(compatibility).toBeLessThanOrEqual(1 + 1e-15);
      }),
    );
  });

  it('refuses to compare embeddings of different lengths', () => {
    expect(() => cosineSimilarity([1, 0], [1, 0, 0])).toThrow(TypeError);
  });
});
