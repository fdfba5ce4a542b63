import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUCKET_LAYOUT,
  bucketsOf,
  MAX_BUCKET_DIMENSIONS,
  MAX_BUCKET_NAMES,
  probesOf,
} from '../../skill-discovery/similarity-buckets.ts';

const DIMENSIONS = 64;
const MODEL = 'model-1';

const coordinate = fc.float({ min: -1, max: 1, noNaN: true });
const vector = fc
  .array(coordinate, { minLength: DIMENSIONS, maxLength: DIMENSIONS })
  .map((numbers) => Float32Array.from(numbers))
  .filter((numbers) => numbers.some((value) => Math.abs(value) > 1e-3));

/** Numbers between -1 and 1 that look random and are always the same. */
function sampleVector(seed: number, dimensions = DIMENSIONS): Float32Array {
  let state = seed + 1;
  return Float32Array.from({ length: dimensions }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (state >> 8) / 2 ** 23;
  });
}

function shared(a: Float32Array, b: Float32Array): number {
  const names = new Set(bucketsOf(a, MODEL));
  return probesOf(b, MODEL).filter((name) => names.has(name)).length;
}

describe('similarity buckets', () => {
  it('are names that a skill record takes, each once, the same every time', () => {
    fc.assert(
      fc.property(vector, fc.string({ maxLength: 64 }), (one, modelId) => {
        const names = bucketsOf(one, modelId);
        expect(names).toHaveLength(MAX_BUCKET_NAMES);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[a-z0-9]{1,32}$/);
        expect(bucketsOf(Float32Array.from(one), modelId)).toEqual(names);
      }),
      { numRuns: 50 },
    );
  });

  it('of another layout are its own, whichever was asked for first', () => {
    const vector = sampleVector(5);
    const before = bucketsOf(vector, 'fresh-model');
    const one = bucketsOf(vector, 'fresh-model', { tables: 1, directions: 8 });
    expect(new Set(one).size).toBe(16);
    expect(one.every((name) => /t0d[0-7][pn]$/.test(name))).toBe(true);
    expect(bucketsOf(vector, 'fresh-model')).toEqual(before);
    expect(new Set(before.map((name) => name.slice(8, 10)))).toEqual(new Set(['t0', 't1']));
  });

  it('stay what they are: two peers must agree', () => {
    const names = [0, 1, 2].flatMap((seed) => bucketsOf(sampleVector(seed), MODEL)).join(' ');
    const digest = createHash('sha256').update(names).digest('hex');
    expect(digest.slice(0, 16)).toBe('63012451714794fa');
  });

  it('are asked for in the order of likelihood, the own bucket first', () => {
    fc.assert(
      fc.property(vector, fc.integer({ min: 1, max: MAX_BUCKET_NAMES }), (one, maxKeys) => {
        const probes = probesOf(one, MODEL, maxKeys);
        expect(probes).toEqual(bucketsOf(one, MODEL).slice(0, maxKeys));
        const tables = new Set(
          probes.slice(0, BUCKET_LAYOUT.tables).map((name) => name.slice(0, 10)),
        );
        if (maxKeys >= BUCKET_LAYOUT.tables) expect(tables.size).toBe(BUCKET_LAYOUT.tables);
      }),
      { numRuns: 50 },
    );
    const opposite = sampleVector(3).map((value) => -value);
    expect(shared(sampleVector(3), opposite)).toBe(0);
  });

  it('depend on the direction of a vector only', () => {
    fc.assert(
      fc.property(vector, (one) => {
        expect(
          bucketsOf(
            one.map((value) => 4 * value),
            MODEL,
          ),
        ).toEqual(bucketsOf(one, MODEL));
      }),
      { numRuns: 50 },
    );
  });

  it('bring near vectors together and keep far ones apart more often', () => {
    let near = 0;
    let far = 0;
    for (let seed = 0; seed < 100; seed++) {
      const one = sampleVector(seed);
      const noise = sampleVector(seed + 1_000);
      near += shared(
        one,
        one.map((value, i) => value + 0.3 * noise[i]!),
      );
      far += shared(one, noise);
    }
    expect(near).toBeGreaterThan(900);
    expect(far).toBeLessThan(450);
  });

  it('never meet across models or lengths of vectors', () => {
    const one = sampleVector(7);
    const names = new Set(bucketsOf(one, MODEL));
    const others = [...bucketsOf(one, 'model-2'), ...bucketsOf(one.subarray(0, 32), MODEL)];
    expect(others.filter((name) => names.has(name))).toEqual([]);
  });

  it('share the skills about evenly', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 2_000; seed++) {
      for (const name of bucketsOf(sampleVector(seed), MODEL)) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    const buckets = 2 * BUCKET_LAYOUT.tables * BUCKET_LAYOUT.directions;
    expect(counts.size).toBe(buckets);
    expect(Math.max(...counts.values())).toBeLessThan((3 * 2_000 * MAX_BUCKET_NAMES) / buckets);
  });

  it('are none for a vector that is near to nothing', () => {
    expect(bucketsOf(new Float32Array(DIMENSIONS), MODEL)).toEqual([]);
    expect(bucketsOf(Float32Array.of(1, NaN), MODEL)).toEqual([]);
    expect(bucketsOf(Float32Array.of(1, Infinity), MODEL)).toEqual([]);
    expect(bucketsOf([], MODEL)).toEqual([]);
  });

  it('are refused beyond their bounds', () => {
    const tooLong = new Float32Array(MAX_BUCKET_DIMENSIONS + 1).fill(1);
    expect(() => bucketsOf(tooLong, MODEL)).toThrow(RangeError);
    for (const maxKeys of [0, 1.5, MAX_BUCKET_NAMES + 1, NaN]) {
      expect(() => probesOf(sampleVector(0), MODEL, maxKeys)).toThrow(RangeError);
    }
    expect(bucketsOf(sampleVector(1, 1_000), MODEL)).toHaveLength(MAX_BUCKET_NAMES);
  });
});
