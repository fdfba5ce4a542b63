import { describe, expect, it } from 'vitest';
import { MAX_MEANS, RunningMeans } from '../../cost/running-means.ts';

describe('running means', () => {
  it('start at the first value and then follow Paper Eq. (10)', () => {
    const means = new RunningMeans();
    expect(means.mean('a')).toBeUndefined();
    means.observe('a', 10);
    expect(means.mean('a')).toBe(10);
    means.observe('a', 20);
    expect(means.mean('a')).toBeCloseTo(12, 12);
    expect(means.mean('b')).toBeUndefined();
  });

  it('forget the key used longest ago beyond their bound', () => {
    const means = new RunningMeans();
    means.observe('old', 1);
    means.observe('used', 1);
    for (let i = 0; i < MAX_MEANS; i++) {
      means.observe(`key ${i}`, 1);
      if (i === 0) means.observe('used', 1);
    }
    expect(means.toJSON()).toHaveLength(MAX_MEANS);
    expect(means.mean('old')).toBeUndefined();
    expect(means.mean('key 0')).toBeUndefined();
    expect(means.mean('used')).toBe(1);
  });

  it('come back from JSON, and refuse what is no mean', () => {
    const means = new RunningMeans();
    means.observe('a', 3);
    means.observe('b', 4);
    expect(new RunningMeans(means.toJSON()).toJSON()).toEqual(means.toJSON());
    expect(() => new RunningMeans([['a', -1]])).toThrow(RangeError);
    expect(() => {
      means.observe('a', Number.NaN);
    }).toThrow(/value/);
  });
});
