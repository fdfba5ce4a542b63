import { describe, expect, it } from 'vitest';
import {
  checkClock,
  checkDisk,
  checkNodeVersion,
  checkUtilisation,
} from '../../doctor/machine-checks.ts';
import { internalCost } from '../../cost/internal-cost.ts';
import { request } from '../decision/requests.ts';
import type { ClockReadings } from '../../doctor/machine-checks.ts';

const NOW_MS = 1_800_000_000_000;

describe('the check of Node.js', () => {
  it.each([
    ['v20.19.0', 'ok'],
    ['v20.20.2', 'ok'],
    ['v24.0.0', 'ok'],
    ['v21.0.0-nightly', 'ok'],
    ['v20.18.3', 'failure'],
    ['v18.20.0', 'failure'],
  ])('says of %s: %s', (running, state) => {
    expect(checkNodeVersion({ running, least: '20.19.0' })).toMatchObject({ state });
  });
});

describe('the check of the disk', () => {
  it.each([
    [5_000_000_000, 'ok'],
    [999_999_999, 'warning'],
    [99_999_999, 'failure'],
    [0, 'failure'],
  ])('says of %d free bytes: %s', (freeBytes, state) => {
    const finding = checkDisk({ value: { path: 'data', freeBytes } });
    expect(finding).toMatchObject({ check: 'disk-space', state });
    expect(finding.mend === null).toBe(state === 'ok');
  });

  it('is skipped where there is no directory', () => {
    expect(checkDisk({ missing: 'no such directory' })).toEqual({
      check: 'disk-space',
      state: 'skipped',
      found: 'no such directory',
      cause: null,
      mend: null,
    });
  });
});

describe('the check of the utilisation, Paper Eq. (2) and (4),', () => {
  it.each([
    [0.01, 'warning', 'slow here, and dear', '0.7'],
    [0.6999, 'warning', 'slow here, and dear', '0.7'],
    [0.7, 'ok', null, null],
    [0.8, 'ok', null, null],
    [0.95, 'ok', null, null],
    [0.9501, 'warning', 'fast here, and cheap', '0.95'],
    [1, 'warning', 'fast here, and cheap', '0.95'],
  ])('says of %d: %s', (utilisation, state, cause, nearest) => {
    const finding = checkUtilisation({ value: utilisation });
    expect(finding).toMatchObject({ check: 'utilisation', state });
    expect(finding.found).toContain(`hardware.utilisation is ${utilisation}`);
    if (cause === null) {
      expect([finding.cause, finding.mend]).toEqual([null, null]);
      return;
    }
    expect(finding.found).toContain('usual is 0.7 to 0.95');
    expect(finding.cause).toContain(cause);
    expect(finding.mend).toContain(`coalesce init --set hardware.utilisation=${nearest},`);
  });

  it('tells which way the cost here goes as the cost model does', () => {
    const costAt = (utilisation: number): number => {
      const { local } = request([]);
      const hardware = { ...local.hardware, utilisation };
      return internalCost({ ...local, hardware, execution: { flops: 1e15 } }).totalMicroUsd;
    };
    expect(costAt(0.6)).toBeGreaterThan(costAt(0.7));
    expect(costAt(1)).toBeLessThan(costAt(0.95));
  });

  it('is skipped where the configuration cannot be read', () => {
    expect(checkUtilisation({ missing: 'no configuration' })).toMatchObject({
      state: 'skipped',
      found: 'no configuration',
    });
  });
});

describe('the check of the clock', () => {
  const right: ClockReadings = {
    nowMs: NOW_MS,
    wallElapsedMs: 100,
    monotonicElapsedMs: 101,
    newestFile: { path: 'store/1.log', writtenMs: NOW_MS - 5 },
    newestIssueMs: NOW_MS - 86_400_000,
    head: { timeMs: NOW_MS - 3_000, isReached: true },
    peersDated: { fine: 2, future: 1, expired: 4 },
  };

  it('names whom it agrees with', () => {
    const finding = checkClock(right);
    expect(finding.state).toBe('ok');
    expect(finding.found).toContain('its own files, its certificates, the committee, 2 peers');
    const alone = { ...right, newestFile: null, newestIssueMs: null, head: null, peersDated: null };
    expect(checkClock(alone)).toMatchObject({ state: 'ok' });
    expect(checkClock(alone).found).toContain('nobody is there to compare with');
  });

  it.each<[string, Partial<ClockReadings>, string]>([
    ['that jumps forward', { wallElapsedMs: 5_000 }, 'jumped by 4.9 s'],
    ['that jumps back', { wallElapsedMs: -5_000 }, 'jumped by -5.1 s'],
    [
      'that went backwards since a file was written',
      { newestFile: { path: 'store/1.log', writtenMs: NOW_MS + 60_000 } },
      'store/1.log was written 60.0 s in the future',
    ],
    ['behind an attestor', { newestIssueMs: NOW_MS + 3_600_000 }, 'issued 3600.0 s in the future'],
    [
      'behind the peers',
      { peersDated: { fine: 1, future: 2, expired: 0 } },
      'records of 2 of 3 peers come from this clock',
    ],
    [
      'ahead of the peers',
      { peersDated: { fine: 0, future: 0, expired: 3 } },
      'all 3 peers have expired',
    ],
    [
      'behind the committee',
      { head: { timeMs: NOW_MS + 600_000, isReached: true } },
      "600.0 s behind the committee's",
    ],
    [
      'ahead of the committee',
      { head: { timeMs: NOW_MS - 600_000, isReached: true } },
      "committee's last block is 600.0 s old by this clock",
    ],
  ])('finds one %s', (_what, changes, words) => {
    const finding = checkClock({ ...right, ...changes });
    expect(finding).toMatchObject({ state: 'failure' });
    expect(finding.found).toContain(words);
    expect(finding.mend).toContain('NTP');
  });

  it('does not judge by one peer, nor by old records where others are fresh', () => {
    const one = { fine: 0, future: 1, expired: 0 };
    expect(checkClock({ ...right, peersDated: one }).state).toBe('ok');
    expect(checkClock({ ...right, peersDated: { fine: 1, future: 0, expired: 9 } }).state).toBe(
      'ok',
    );
  });

  it('does not judge by a committee that stands still', () => {
    const head = { timeMs: NOW_MS - 600_000, isReached: false };
    expect(checkClock({ ...right, head }).state).toBe('ok');
  });
});
