import { describe, expect, it } from 'vitest';
import { RING_QUALITY, measureRatingAttack } from '../../simulation/reputation-attacks.ts';

/** The bars of the project: seeds 1 to 20, 100 raters, 40 contractors, 4,000 outcomes. */
const MAX_MOVE = 0.05;
const MAX_RING_SCORE = 0.33;
/** Each test runs 80 markets. */
const TIMEOUT_MS = 240_000;

describe('lying raters, seeds 1 to 20', () => {
  it(
    'who bad-mouth, 30 of 100, move an honest score by at most 0.05 on average',
    () => {
      const defended = measureRatingAttack('bad-mouthing');
      const open = measureRatingAttack('bad-mouthing', { hasDefences: false });
      expect(defended.fewestRaters).toBeGreaterThanOrEqual(20);
      expect(defended.meanMove).toBeLessThanOrEqual(MAX_MOVE);
      expect(open.meanMove).toBeGreaterThan(4 * MAX_MOVE);
      expect(open.worstMove).toBeGreaterThan(2 * defended.worstMove);
    },
    TIMEOUT_MS,
  );

  it(
    'who form a ring, 30 of 100, lift a quality of 0.20 to at most 0.33 on average',
    () => {
      const defended = measureRatingAttack('ring');
      const open = measureRatingAttack('ring', { hasDefences: false });
      expect(defended.fewestRaters).toBeGreaterThanOrEqual(20);
      expect(defended.meanRingScore).toBeLessThanOrEqual(MAX_RING_SCORE);
      expect(defended.meanRingScore).toBeGreaterThan(RING_QUALITY);
      expect(open.meanRingScore).toBeGreaterThan(MAX_RING_SCORE + 0.25);
    },
    TIMEOUT_MS,
  );

  it(
    'who form a ring and mostly work honestly elsewhere gain more, and still under half',
    () => {
      const camouflaged = { ringLoyalty: 0.25 };
      const defended = measureRatingAttack('ring', camouflaged);
      expect(defended.meanRingScore).toBeGreaterThan(MAX_RING_SCORE);
      expect(defended.meanRingScore).toBeLessThan(0.4);
      const open = measureRatingAttack('ring', { ...camouflaged, hasDefences: false });
      expect(open.meanRingScore).toBeGreaterThan(defended.meanRingScore + 0.1);
    },
    TIMEOUT_MS,
  );
});
