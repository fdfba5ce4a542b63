/**
 * The machine as the cost model takes it, put together from the configuration and the probe, and
 * the same for `status`.
 *
 * @module
 */

import type { StatusDocument } from '../api-documents.ts';
import { UNMEASURED_HARDWARE } from '../config/defaults.ts';
import type { Config } from '../config/schema.ts';
import type { HardwareProfile } from '../cost/internal-cost.ts';
import { COST_PRESETS, microUsd } from '../cost/presets.ts';
import type { StoredHardware } from '../hardware-probe.ts';

/** What the configuration says, else what was measured, else the default. */
export function hardwareProfile(
  { hardware, prices }: Config,
  measured: StoredHardware | null,
): HardwareProfile {
  const { peakFlops, memoryGib } = hardware;
  return {
    peakFlopsPerSecond: peakFlops ?? measured?.peakFlopsPerSecond ?? UNMEASURED_HARDWARE.peakFlops,
    ...(measured && { memoryBandwidthBytesPerSecond: measured.memoryBandwidthBytesPerSecond }),
    utilisation: hardware.utilisation,
    memoryGib: memoryGib ?? measured?.memoryGib ?? UNMEASURED_HARDWARE.memoryGib,
    powerWatts: hardware.powerWatts,
    purchaseMicroUsd: microUsd(hardware.purchaseUsd),
    lifeYears: COST_PRESETS.shipped.prices.lifeYears,
    computeMicroUsdPerHour: microUsd(prices.computeUsdPerHour),
    memoryMicroUsdPerHour: microUsd(prices.memoryUsdPerHour),
    energyMicroUsdPerKwh: microUsd(prices.energyUsdPerKwh),
  };
}

/** The machine as `status` shows it. */
export function hardwareDocument(
  config: Config,
  measured: StoredHardware | null,
): StatusDocument['hardware'] {
  const { peakFlopsPerSecond, memoryGib } = hardwareProfile(config, measured);
  const configured = [config.hardware.peakFlops, config.hardware.memoryGib];
  const given = configured.filter((value) => value !== undefined).length;
  const other = measured ? 'measured' : 'default';
  return {
    peakFlopsPerSecond,
    memoryBandwidthBytesPerSecond: measured?.memoryBandwidthBytesPerSecond ?? null,
    memoryGib,
    source: given === configured.length ? 'config' : given === 0 ? other : 'mixed',
    measuredAt: measured ? new Date(measured.measuredAtMs).toISOString() : null,
  };
}
