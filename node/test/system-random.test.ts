import { describe, expect, it } from 'vitest';
import { systemRandom } from '../system-clock.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe("the system's random source", () => {
  it('gives as many bytes as are asked for, and never the same twice', () => {
    const seen = new Set<string>();
    // More than several draws of the pool, of sizes that do not divide it.
    for (let i = 0; i < 3_000; i++) {
      const length = 16 + (i % 70);
      const bytes = systemRandom.bytes(length);
      expect(bytes).toHaveLength(length);
      seen.add(hex(bytes.subarray(0, 16)));
    }
    expect(seen.size).toBe(3_000);
    expect(systemRandom.bytes(0)).toHaveLength(0);
  });

  it('gives bytes that are not shared with anybody', () => {
    const first = systemRandom.bytes(32);
    const copy = hex(first);
    for (let i = 0; i < 500; i++) systemRandom.bytes(32).fill(0);
    expect(hex(first)).toBe(copy);
    expect(first.buffer.byteLength).toBe(32);
  });

  it('gives bytes of which each value is about as likely as any other', () => {
    const counts = new Float64Array(256);
    for (let i = 0; i < 4_096; i++) for (const byte of systemRandom.bytes(64)) counts[byte]!++;
    // 1,024 of each on average; a standard deviation is 32.
    expect(Math.min(...counts)).toBeGreaterThan(1_024 - 8 * 32);
    expect(Math.max(...counts)).toBeLessThan(1_024 + 8 * 32);
  });
});
