import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineSimilarity } from '../../skills/compatibility.ts';
import { EmbeddingTable } from '../../skills/embedding-table.ts';

const vector = (dimensions: number) =>
  fc
    .array(fc.float({ min: -100, max: 100, noNaN: true }), {
      minLength: dimensions,
      maxLength: dimensions,
    })
    .map((numbers) => Float32Array.from(numbers));

describe('a table of embeddings', () => {
  it('gives the cosine of the question and each vector, whatever the number of dimensions', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 19 })
          .chain((n) => fc.tuple(vector(n), fc.array(vector(n), { maxLength: 6 }))),
        ([question, vectors]) => {
          const table = new EmbeddingTable(vectors, question.length);
          const similarities = table.similarities(question);
          vectors.forEach((one, i) => {
            expect(similarities[i]).toBeCloseTo(cosineSimilarity(question, one), 9);
            expect(Math.abs(similarities[i]!)).toBeLessThanOrEqual(1);
          });
        },
      ),
    );
  });

  it('has no similarity to a vector that is missing or of another length', () => {
    const table = new EmbeddingTable(
      [undefined, Float32Array.of(1, 0, 0), Float32Array.of(1, 0)],
      2,
    );
    expect([...table.similarities(Float32Array.of(2, 0))]).toEqual([NaN, NaN, 1]);
    expect(() => table.similarities(Float32Array.of(1))).toThrow(TypeError);
  });

  it('passes on a vector that holds no numbers as having no similarity', () => {
    const table = new EmbeddingTable([Float32Array.of(NaN, 1), Float32Array.of(Infinity, 1)], 2);
    for (const similarity of table.similarities(Float32Array.of(1, 1))) {
      expect(similarity).toBeNaN();
    }
  });
});
