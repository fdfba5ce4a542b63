import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_QUANTITY } from '../pedersen.ts';
import { RUNG_LADDER, answeredRung, fixedRung } from '../rung-ladder.ts';

const quantities = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_QUANTITY }),
  fc.bigInt({ min: 0n, max: 200n }),
);

/** Everything that asking for each of the thresholds teaches. */
function answers(rung: bigint | undefined, thresholds: readonly bigint[]): string {
  return thresholds.map((threshold) => String(answeredRung(rung, threshold))).join();
}

describe('the ladder of rungs', () => {
  it('begins as the specification says and goes on to 3*2^30', () => {
    expect(RUNG_LADDER.slice(0, 13)).toEqual(
      [1, 2, 4, 8, 16, 24, 40, 48, 80, 96, 160, 192, 320].map(BigInt),
    );
    expect(RUNG_LADDER.at(-1)).toBe(3n << 30n);
    expect(RUNG_LADDER).toHaveLength(60);
  });

  it('ascends, and no step is more than double the one before', () => {
    for (const [i, rung] of RUNG_LADDER.entries()) {
      const before = RUNG_LADDER[i - 1];
      if (before === undefined) continue;
      expect(rung > before && rung <= 2n * before).toBe(true);
    }
    expect(MAX_QUANTITY < 2n * RUNG_LADDER.at(-1)!).toBe(true);
  });

  it('has for every value the greatest rung that it reaches', () => {
    expect(fixedRung(0n)).toBeUndefined();
    expect(fixedRung(79n)).toBe(48n);
    expect(fixedRung(80n)).toBe(80n);
    fc.assert(
      fc.property(quantities, (value) => {
        const rung = fixedRung(value) ?? 0n;
        expect(rung <= value).toBe(true);
        expect(RUNG_LADDER.some((other) => other > rung && other <= value)).toBe(false);
      }),
    );
  });

  it('has no rung for what is no quantity', () => {
    expect(() => fixedRung(-1n)).toThrow(RangeError);
    expect(() => fixedRung(MAX_QUANTITY + 1n)).toThrow(RangeError);
  });
});

describe('a threshold search', () => {
  it('learns one rung and nothing more, however many thresholds are asked', () => {
    fc.assert(
      fc.property(quantities, fc.array(quantities, { maxLength: 200 }), (value, thresholds) => {
        const rung = fixedRung(value);
        const seen = new Set(thresholds.map((threshold) => answeredRung(rung, threshold)));
        for (const answer of seen) expect([undefined, rung]).toContain(answer);
        // Any other value with this rung would have given the same answers to everything.
        const lowest = fixedRung(rung ?? 0n);
        expect(answers(lowest, thresholds)).toBe(answers(rung, thresholds));
      }),
      { numRuns: 300 },
    );
  });

  it('finds the value in 32 questions where answers look at the value', () => {
    const weakAnswer = (value: bigint, threshold: bigint) => value >= threshold;
    const search = (reaches: (threshold: bigint) => boolean): bigint => {
      let [low, high] = [0n, MAX_QUANTITY];
      for (let question = 0; question < 32; question++) {
        const middle = (low + high + 1n) / 2n;
        if (reaches(middle)) low = middle;
        else high = middle - 1n;
      }
      return low;
    };
    const value = 1_234_567_891n;
    expect(search((threshold) => weakAnswer(value, threshold))).toBe(value);
    const rung = fixedRung(value);
    expect(search((threshold) => answeredRung(rung, threshold) !== undefined)).toBe(rung);
  });

  it('gets the rung even if it asks for less, and no for anything above it', () => {
    expect(answeredRung(80n, 1n)).toBe(80n);
    expect(answeredRung(80n, 80n)).toBe(80n);
    expect(answeredRung(80n, 81n)).toBeUndefined();
    expect(answeredRung(undefined, 0n)).toBeUndefined();
  });
});

describe("a holder's own limit", () => {
  it('fixes a lower rung than the value reaches: 40 of 80, and nothing above is proved', () => {
    expect(fixedRung(80n, 40n)).toBe(40n);
    expect(fixedRung(80n, 47n)).toBe(40n);
    expect(fixedRung(80n, 0n)).toBeUndefined();
    expect(fixedRung(80n, 1_000n)).toBe(80n);
    expect(answeredRung(fixedRung(80n, 40n), 48n)).toBeUndefined();
  });
});
