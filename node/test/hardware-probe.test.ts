import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../protocols/test/negotiation/fake-world.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigFile } from '../config/schema.ts';
import { createHardwareProbe, loadHardware } from '../hardware-probe.ts';
import type { HardwareMeasure, StoredHardware } from '../hardware-probe.ts';
import { systemProcessor } from '../system-clock.ts';
import { MemoryJsonSection } from './memory-section.ts';

const FOUND: HardwareMeasure = {
  peakFlopsPerSecond: 5e9,
  memoryBandwidthBytesPerSecond: 8e9,
  memoryGib: 16,
};

let settings: MemoryJsonSection<StoredHardware>;
let clock: FakeClock;
let logger: FakeLogger;
let probes: number;

beforeEach(() => {
  settings = new MemoryJsonSection();
  clock = new FakeClock();
  logger = new FakeLogger();
  probes = 0;
});

function load(hardware: ConfigFile['hardware'] = {}, found: Partial<HardwareMeasure> = {}) {
  const config = loadConfig([{ origin: 'test', values: { hardware } }]);
  const probe = () => {
    probes += 1;
    return Promise.resolve({ ...FOUND, ...found });
  };
  return loadHardware({ config, settings, probe, clock, logger });
}

const warnings = () => logger.lines.filter(({ level }) => level === 'warn');

describe('a real probe', () => {
  it('finds plausible rates and the memory of this machine, and lets other work run', async () => {
    let turns = 0;
    const counter = setInterval(() => turns++, 0);
    const measure = await createHardwareProbe(systemProcessor)();
    clearInterval(counter);
    expect(measure.peakFlopsPerSecond).toBeGreaterThan(1e7);
    expect(measure.peakFlopsPerSecond).toBeLessThan(1e12);
    expect(measure.memoryBandwidthBytesPerSecond).toBeGreaterThan(1e7);
    expect(measure.memoryGib).toBeGreaterThan(0.1);
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it('counts 16 operations per step: a clock that stands still gives no rate', async () => {
    const measure = await createHardwareProbe({ seconds: () => 0 })();
    expect(measure.peakFlopsPerSecond).toBe(Infinity);
    expect(await load({}, measure)).toBeNull();
  });
});

describe('the hardware of a node', () => {
  it('is measured at the first start and taken from the store at later ones', async () => {
    const first = await load();
    expect(first).toEqual({ ...FOUND, measuredAtMs: clock.nowMs() });
    clock.advanceSeconds(60);
    expect(await load({}, { peakFlopsPerSecond: 9e9 })).toEqual(first);
    expect(probes).toBe(1);
  });

  it('is measured again where the configuration asks for it', async () => {
    await load();
    clock.advanceSeconds(60);
    const again = await load({ isMeasuredAtStart: true }, { peakFlopsPerSecond: 9e9 });
    expect(again).toEqual({ ...FOUND, peakFlopsPerSecond: 9e9, measuredAtMs: clock.nowMs() });
    expect(await load()).toEqual(again);
    expect(probes).toBe(2);
  });

  it('is not measured where the configuration gives rate and memory; one alone is not enough', async () => {
    expect(await load({ peakFlops: 1e9, memoryGib: 2 })).toBeNull();
    expect(probes).toBe(0);
    expect(await load({ peakFlops: 1e9 })).not.toBeNull();
    expect(probes).toBe(1);
  });

  it.each([
    ['a rate that is no number', { peakFlopsPerSecond: Number.NaN }],
    ['a rate of 0', { peakFlopsPerSecond: 0 }],
    ['an endless bandwidth', { memoryBandwidthBytesPerSecond: Infinity }],
    ['no memory', { memoryGib: 0 }],
  ])('is unknown after a probe that finds %s, with a warning and a new try', async (_what, bad) => {
    expect(await load({}, bad)).toBeNull();
    expect(warnings()).toHaveLength(1);
    expect(await load()).toMatchObject(FOUND);
    expect(probes).toBe(2);
  });

  it('is unknown after a probe that fails, and stays known where it was known', async () => {
    const config = loadConfig([{ origin: 'test', values: {} }]);
    const probe = () => Promise.reject(new Error('no clock'));
    expect(await loadHardware({ config, settings, probe, clock, logger })).toBeNull();
    expect(warnings()).toHaveLength(1);
    await load();
    const again = loadConfig([
      { origin: 'test', values: { hardware: { isMeasuredAtStart: true } } },
    ]);
    expect(await loadHardware({ config: again, settings, probe, clock, logger })).toMatchObject(
      FOUND,
    );
  });

  it('is measured again where the store holds nonsense', async () => {
    await settings.put('hardware', { ...FOUND, memoryGib: -1, measuredAtMs: 0 });
    expect(await load()).toMatchObject(FOUND);
    expect(probes).toBe(1);
  });
});
