import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../protocols/test/a2a/test-agent.ts';
import { MeasuredTime } from '../../tasks/measured-time.ts';
import type { StoredMeasuredTime } from '../../tasks/measured-time.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const HOUR_MS = 3_600_000;
const FLOOR_MS = 30_000;

function open() {
  const clock = new FakeClock();
  const settings = new MemoryJsonSection<StoredMeasuredTime>();
  const account = new MeasuredTime({ settings, clock });
  const restart = async () => {
    const again = new MeasuredTime({ settings, clock });
    await again.load();
    return again;
  };
  return { clock, settings, account, restart };
}

describe('the account of being measured', () => {
  it('lets a new contractor be measured for half a minute, and no longer', async () => {
    const { account } = open();
    expect(account.mayBeMeasured(FLOOR_MS)).toBe(true);
    expect(account.mayBeMeasured(FLOOR_MS + 1)).toBe(false);
    await account.onSpent(10_000);
    expect(account.mayBeMeasured(20_000)).toBe(true);
    expect(account.mayBeMeasured(20_001)).toBe(false);
    expect(account.status()).toEqual({
      spentMs: 10_000,
      allowedMs: FLOOR_MS,
      busyMs: 0,
      sharePercent: null,
    });
  });

  it('allows 2 % of the work for others, once that is more', async () => {
    const { account } = open();
    account.onWorked(2 * HOUR_MS);
    expect(account.mayBeMeasured(144_000)).toBe(true);
    expect(account.mayBeMeasured(144_001)).toBe(false);
    await account.onSpent(72_000);
    expect(account.status()).toMatchObject({ allowedMs: 144_000, sharePercent: 1 });
  });

  it('is one of a day: the next begins anew and nothing is saved up', async () => {
    const { account, clock } = open();
    account.onWorked(10 * HOUR_MS);
    await account.onSpent(FLOOR_MS);
    clock.ms += 24 * HOUR_MS - 1;
    expect(account.status().spentMs).toBe(FLOOR_MS);
    clock.ms += 1;
    expect(account.status()).toMatchObject({ spentMs: 0, busyMs: 0, allowedMs: FLOOR_MS });
    clock.ms += 365 * 24 * HOUR_MS;
    expect(account.mayBeMeasured(FLOOR_MS + 1)).toBe(false);
  });

  it('does not end a day later because the clock was set back', async () => {
    const { account, clock } = open();
    await account.onSpent(FLOOR_MS);
    clock.ms -= 365 * 24 * HOUR_MS;
    expect(account.mayBeMeasured(FLOOR_MS)).toBe(true);
  });

  it('is on disk as soon as time was spent; work is once it is saved', async () => {
    const { account, restart } = open();
    await account.onSpent(5_000);
    account.onWorked(HOUR_MS);
    expect((await restart()).status()).toMatchObject({ spentMs: 5_000, busyMs: 0 });
    await account.save();
    expect((await restart()).status()).toMatchObject({ spentMs: 5_000, busyMs: HOUR_MS });
  });

  it('is written again after a write that failed, and not if nothing has changed', async () => {
    const { account, settings, restart } = open();
    const put = settings.put.bind(settings);
    settings.put = () => Promise.reject(new Error('disk full'));
    await expect(account.onSpent(5_000)).rejects.toThrow('disk full');
    let writes = 0;
    settings.put = (key, value) => {
      writes += 1;
      return put(key, value);
    };
    await account.save();
    await account.save();
    expect(writes).toBe(1);
    expect((await restart()).status().spentMs).toBe(5_000);
  });

  it('never spends more than its limit and one benchmark, whatever comes in which order', async () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('work'), ms: fc.nat(4 * HOUR_MS) }),
      fc.record({ kind: fc.constant('benchmark'), ms: fc.nat(60_000) }),
      fc.record({ kind: fc.constant('restart'), ms: fc.constant(0) }),
    );
    let refused = 0;
    let measured = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.nat(20), async (events, overrun) => {
        const { account: first, restart } = open();
        let account = first;
        let [spentMs, busyMs, longestMs] = [0, 0, 0];
        for (const { kind, ms } of events) {
          if (kind === 'restart') account = await restart();
          if (kind === 'work') {
            account.onWorked(ms);
            busyMs += ms;
          }
          if (kind !== 'benchmark') continue;
          if (!account.mayBeMeasured(ms)) {
            refused += 1;
            continue;
          }
          measured += 1;
          // A worker that is ended may be ended a little late.
          const tookMs = ms + overrun;
          await account.onSpent(tookMs);
          spentMs += tookMs;
          longestMs = Math.max(longestMs, tookMs);
          expect(spentMs).toBeLessThanOrEqual(Math.max(FLOOR_MS, 0.02 * busyMs) + longestMs);
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(measured).toBeGreaterThan(100);
  });
});
