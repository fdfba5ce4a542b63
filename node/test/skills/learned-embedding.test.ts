import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineSimilarity } from '../../skills/compatibility.ts';
import {
  blendedEmbedding,
  learnTask,
  MAX_LEARNED_OUTCOMES,
  mergeLearned,
  MIN_LEARNED_OUTCOMES,
  readLearned,
  storeLearned,
} from '../../skills/learned-embedding.ts';
import type { LearnedEmbedding } from '../../skills/learned-embedding.ts';

const MODEL = 'm-1';
const EAST = Float32Array.of(1, 0);
const NORTH = Float32Array.of(0, 1);

function learn(
  times: number,
  embedding: Float32Array,
  quality = 1,
  previous?: LearnedEmbedding,
): LearnedEmbedding | undefined {
  let learned = previous;
  for (let i = 0; i < times; i++) {
    learned = learnTask(learned, { modelId: MODEL, embedding, quality });
  }
  return learned;
}

describe('a learned embedding', () => {
  it('is the mean of the tasks, weighted by outcome', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            x: fc.float({ min: -1, max: 1, noNaN: true }),
            quality: fc.double({ min: 0.01, max: 1, noNaN: true }),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        (tasks) => {
          let learned: LearnedEmbedding | undefined;
          for (const { x, quality } of tasks) {
            const embedding = Float32Array.of(x);
            learned = learnTask(learned, { modelId: MODEL, embedding, quality });
          }
          const total = tasks.reduce((sum, { quality }) => sum + quality, 0);
          const mean = tasks.reduce((sum, { x, quality }) => sum + x * quality, 0) / total;
          expect(learned!.mean[0]).toBeCloseTo(mean, 4);
          expect(learned!.outcomes).toBe(tasks.length);
        },
      ),
    );
  });

  it('is used from eight outcomes, not from seven', () => {
    const seven = learn(MIN_LEARNED_OUTCOMES - 1, NORTH);
    expect(blendedEmbedding(EAST, seven, MODEL)).toEqual(EAST);
    const eight = learn(MIN_LEARNED_OUTCOMES, NORTH);
    const blended = blendedEmbedding(EAST, eight, MODEL)!;
    expect(cosineSimilarity(blended, NORTH)).toBeCloseTo(Math.SQRT1_2, 5);
    const many = learn(100, NORTH);
    expect(cosineSimilarity(blendedEmbedding(EAST, many, MODEL)!, NORTH)).toBeGreaterThan(0.98);
  });

  it('does not follow tasks that failed', () => {
    const learned = learn(20, NORTH, 0, learn(10, EAST));
    expect(learned!.mean).toEqual(EAST);
    expect(blendedEmbedding(NORTH, learn(20, EAST, 0), MODEL)).toEqual(NORTH);
  });

  it('stands in for a missing description, and is left out for another model or length', () => {
    const learned = learn(10, NORTH);
    expect(blendedEmbedding(undefined, learned, MODEL)).toEqual(NORTH);
    expect(blendedEmbedding(EAST, learned, 'other')).toEqual(EAST);
    expect(blendedEmbedding(Float32Array.of(1), learned, MODEL)).toEqual(Float32Array.of(1));
    expect(blendedEmbedding(undefined, undefined, MODEL)).toBeUndefined();
    const anew = learnTask(learned, { modelId: 'other', embedding: EAST, quality: 1 });
    expect(anew).toMatchObject({ outcomes: 1, mean: EAST });
  });

  it('forgets old work once it has seen enough, and stays bounded', () => {
    const learned = learn(3 * MAX_LEARNED_OUTCOMES, NORTH, 1, learn(MAX_LEARNED_OUTCOMES, EAST));
    expect(learned!.outcomes).toBe(MAX_LEARNED_OUTCOMES);
    expect(learned!.weight).toBeLessThanOrEqual(MAX_LEARNED_OUTCOMES);
    expect(cosineSimilarity(learned!.mean, NORTH)).toBeGreaterThan(0.99);
  });

  it('has length 1 when blended, whatever was learned', () => {
    const number = fc.float({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(number, number, number, number, (a, b, c, d) => {
        const blended = blendedEmbedding(
          Float32Array.of(a, b),
          learn(9, Float32Array.of(c, d)),
          MODEL,
        )!;
        const isUnlearned = Math.hypot(Math.fround(c), Math.fround(d)) < 1e-20;
        if (!isUnlearned) expect(Math.hypot(...blended)).toBeCloseTo(1, 4);
      }),
    );
  });

  it('of two skills is as if both were one, up to the limit, within one model and length', () => {
    const [a, b] = [learn(6, EAST)!, learn(2, NORTH)!];
    const merged = mergeLearned([a, b], MODEL)!;
    expect(merged).toMatchObject({ outcomes: 8, weight: 8 });
    expect([...merged.mean]).toEqual([0.75, 0.25]);
    const others = [{ ...b, modelId: 'other' }, learn(3, Float32Array.of(1))!];
    expect(mergeLearned([others[0]!, a, others[1]!], MODEL)).toEqual(a);
    expect(mergeLearned(others, 'third')).toBeUndefined();
    const full = learn(MAX_LEARNED_OUTCOMES, EAST)!;
    expect(mergeLearned([full, full], MODEL)).toEqual(full);
    expect(mergeLearned([learn(1, EAST, 0)!], MODEL)!.mean).toEqual(Float32Array.of(0, 0));
  });

  it('is stored as JSON and read back bit by bit', () => {
    const learned = learn(5, Float32Array.of(0.1, -0.7, 1e-30), 0.3)!;
    expect(readLearned(JSON.parse(JSON.stringify(storeLearned(learned))))).toEqual(learned);
  });

  it('reads nothing from what it did not write', () => {
    const stored = storeLearned(learn(5, EAST)!);
    const nan = storeLearned({ ...learn(5, EAST)!, mean: Float32Array.of(NaN) });
    for (const value of [
      undefined,
      {},
      { ...stored, v: 2 },
      { ...stored, outcomes: -1 },
      { ...stored, weight: Infinity },
      { ...stored, mean: '!' },
      { ...stored, mean: 'AAA' },
      nan,
    ]) {
      expect(readLearned(value)).toBeUndefined();
    }
  });

  it('takes no quality outside its range and no vector without numbers', () => {
    expect(() => learn(1, EAST, 1.1)).toThrow(RangeError);
    expect(() => learn(1, EAST, NaN)).toThrow(RangeError);
    expect(() => learn(1, Float32Array.of(NaN))).toThrow(RangeError);
  });
});
