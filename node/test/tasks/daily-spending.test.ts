import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../protocols/test/a2a/test-agent.ts';
import { DailySpending } from '../../tasks/daily-spending.ts';
import type { StoredDailySpending } from '../../tasks/daily-spending.ts';
import { SpendingCap } from '../../tasks/spending-cap.ts';
import type { Reservation } from '../../tasks/spending-cap.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const DAY_MS = 86_400_000;

function open(limitMicroUsd = 1_000) {
  const clock = new FakeClock();
  const settings = new MemoryJsonSection<StoredDailySpending>();
  const daily = new DailySpending({ settings, clock, limitMicroUsd });
  /** As after a kill: nothing but what is on disk. */
  const restart = async (): Promise<DailySpending> => {
    const again = new DailySpending({ settings, clock, limitMicroUsd });
    await again.load();
    return again;
  };
  return { clock, daily, restart };
}

describe("the day's limit of what a node pays", () => {
  it('lets through what fits, counts what is at work, and gives back what was not paid', async () => {
    const { daily } = open();
    const first = await daily.reserve(600);
    expect(daily.leftMicroUsd).toBe(400);
    expect(await daily.reserve(401)).toBeUndefined();
    await first!.settle(500);
    expect(daily.status()).toEqual({ spentMicroUsd: 500, limitMicroUsd: 1_000 });
    await first!.settle(0); // a second end of the same attempt changes nothing
    expect(daily.leftMicroUsd).toBe(500);
    expect(await daily.reserve(500)).toBeDefined();
    expect(await daily.reserve(1)).toBeUndefined();
  });

  it('holds over a kill at any moment: what was at work counts as paid', async () => {
    const { daily, restart } = open();
    await (await daily.reserve(300))!.settle(200);
    await daily.reserve(700);
    const again = await restart();
    expect(again.status().spentMicroUsd).toBe(900);
    expect(await again.reserve(101)).toBeUndefined();
    expect(await again.reserve(100)).toBeDefined();
  });

  it('begins anew on the next day of UTC, and not where the clock is set back', async () => {
    const { clock, daily } = open();
    const late = await daily.reserve(1_000);
    clock.ms -= 3 * DAY_MS;
    expect(daily.leftMicroUsd).toBe(0);
    clock.ms += 4 * DAY_MS;
    expect(daily.leftMicroUsd).toBe(1_000);
    // An attempt of yesterday that ends today gives today nothing back.
    await late!.settle(0);
    expect(daily.leftMicroUsd).toBe(1_000);
  });

  it('is never passed, whatever runs at the same time and is cut short (property)', async () => {
    const attempt = fc.record({
      price: fc.integer({ min: 1, max: 400 }),
      paidShare: fc.constantFrom(0, 0.5, 1),
      end: fc.constantFrom('at once', 'later', 'never'),
      isRestart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 30 }), async (attempts) => {
        const { daily, restart } = open();
        let now = daily;
        let paid = 0;
        let open_: { reservation: Reservation; amount: number }[] = [];
        for (const { price, paidShare, end, isRestart } of attempts) {
          const reservation = await now.reserve(price);
          const amount = Math.floor(price * paidShare);
          if (reservation && end === 'at once') {
            paid += amount;
            await reservation.settle(amount);
          } else if (reservation) {
            paid += amount;
            if (end === 'later') open_.push({ reservation, amount });
          }
          expect(paid).toBeLessThanOrEqual(1_000);
          if (isRestart) {
            now = await restart();
            open_ = []; // what was open before the kill is never settled
          } else if (open_.length > 3) {
            for (const one of open_.splice(0)) await one.reservation.settle(one.amount);
          }
        }
      }),
    );
  });
});

describe('a budget within a day', () => {
  it('lets through what both leave, and names the one that is short', async () => {
    const { daily } = open(100);
    const cap = new SpendingCap({ limitMicroUsd: 300, daily });
    expect(cap.leftMicroUsd).toBe(100);
    expect(cap.shortOf).toMatch(/maxPerDayUsd/);
    expect(await cap.reserve(101)).toBeUndefined();
    expect(cap.leftMicroUsd).toBe(100);
    const reservation = await cap.reserve(100);
    expect(daily.leftMicroUsd).toBe(0);
    await reservation!.settle(40);
    expect([cap.leftMicroUsd, cap.paidMicroUsd]).toEqual([60, 40]);
    const narrow = new SpendingCap({ limitMicroUsd: 10, daily });
    expect(await narrow.reserve(11)).toBeUndefined();
    expect(narrow.shortOf).toBe('the budget');
    expect(daily.leftMicroUsd).toBe(60);
  });
});
