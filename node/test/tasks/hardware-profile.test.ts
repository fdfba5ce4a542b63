import { describe, expect, it } from 'vitest';
import { UNMEASURED_HARDWARE } from '../../config/defaults.ts';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { hardwareDocument, hardwareProfile } from '../../tasks/hardware-profile.ts';

const MEASURED = {
  peakFlopsPerSecond: 5e9,
  memoryBandwidthBytesPerSecond: 8e9,
  memoryGib: 16,
  measuredAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
};

const configOf = (hardware: ConfigFile['hardware'] = {}) =>
  loadConfig([{ origin: 'test', values: { hardware } }]);

describe('the hardware of the cost model', () => {
  it('is the measured one, with power and prices of the configuration', () => {
    const profile = hardwareProfile(configOf({ powerWatts: 200, purchaseUsd: 3 }), MEASURED);
    expect(profile).toMatchObject({
      peakFlopsPerSecond: 5e9,
      memoryBandwidthBytesPerSecond: 8e9,
      memoryGib: 16,
      powerWatts: 200,
      purchaseMicroUsd: 3_000_000,
    });
  });

  it('gives way to the configuration, each number for itself', () => {
    const profile = hardwareProfile(configOf({ peakFlops: 1e12 }), MEASURED);
    expect(profile).toMatchObject({ peakFlopsPerSecond: 1e12, memoryGib: 16 });
  });

  it('is the old default where nothing was measured', () => {
    const { peakFlops, memoryGib } = UNMEASURED_HARDWARE;
    expect(hardwareProfile(configOf(), null)).toMatchObject({
      peakFlopsPerSecond: peakFlops,
      memoryGib,
    });
  });
});

describe('the hardware in the status', () => {
  it('says what was measured and when', () => {
    expect(hardwareDocument(configOf(), MEASURED)).toEqual({
      peakFlopsPerSecond: 5e9,
      memoryBandwidthBytesPerSecond: 8e9,
      memoryGib: 16,
      source: 'measured',
      measuredAt: '2026-01-02T03:04:05.000Z',
    });
  });

  it.each([
    [{ peakFlops: 1, memoryGib: 1 }, MEASURED, 'config'],
    [{ memoryGib: 1 }, MEASURED, 'mixed'],
    [{ peakFlops: 1 }, null, 'mixed'],
    [{}, null, 'default'],
  ])('names the source of %j beside %j: %s', (hardware, measured, source) => {
    expect(hardwareDocument(configOf(hardware), measured).source).toBe(source);
  });

  it('knows no bandwidth and no time where nothing was measured', () => {
    expect(hardwareDocument(configOf(), null)).toMatchObject({
      memoryBandwidthBytesPerSecond: null,
      measuredAt: null,
    });
  });
});
