/** How the growth of a process's memory is measured. */
import { describe, expect, it } from 'vitest';
import { MemoryWatch, growthPercent } from '../../scenario-runner/memory-watch.ts';

const flat = (megabytes: number, samples: number): number[] =>
  Array.from({ length: samples }, () => megabytes);

describe('the growth of memory', () => {
  it('is that of the last third above the first, whatever single samples do', () => {
    const samples = [...flat(100, 8), 900, ...flat(104, 7), ...flat(110, 8), 20];
    expect(growthPercent(samples)).toBe(10);
  });

  it('is not measured of few samples', () => {
    expect(growthPercent(flat(100, 11))).toBeUndefined();
  });

  it('leaves out the warm-up of each process, and says what the worst of them did', () => {
    const watch = new MemoryWatch({ everyMs: 1_000, warmupMs: 12_000 });
    for (let second = 0; second < 45; second++) {
      const nowMs = 1_000 * second;
      watch.note('a/1', second < 12 ? 10 : 100, nowMs);
      watch.note('b/1', second < 30 ? 100 : 120, nowMs);
      // Started anew a short while before the end.
      if (second > 37) watch.note('b/2', 100 * second, nowMs);
    }
    expect(watch.figures()).toEqual({ memoryWatched: 2, memoryGrowthPercent: 20 });
  });

  it('has no figure where no process lived long enough', () => {
    const watch = new MemoryWatch({ everyMs: 1_000, warmupMs: 0 });
    watch.note('a/1', 100, 0);
    expect(watch.figures()).toEqual({ memoryWatched: 0 });
  });
});
