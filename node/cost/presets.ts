/**
 * Named sets of prices. `shipped` is what a running node starts with; `si` and `paper` hold the
 * constants of the paper's own code (reference-results.md b), for its experiments only.
 *
 * `paper` differs from `si` in one number: that code reads seconds as hours (equations.md, Eq. 2).
 *
 * @module
 */

import type { HardwareProfile } from './internal-cost.ts';

const MICRO_USD_PER_USD = 1_000_000;

/** Floating micro-USD of an amount in USD. */
export function microUsd(usd: number): number {
  return usd * MICRO_USD_PER_USD;
}

/** Costs that come with every task that is handed out. */
export interface Overheads {
  /** Session and protocol. Paper Eq. (8), C_overhead. */
  readonly sessionMicroUsd: number;
  /** Check of a result of a contractor whose reliability is above the policy's bound. */
  readonly automaticVerificationMicroUsd: number;
  /** The same for every other contractor. */
  readonly manualVerificationMicroUsd: number;
  readonly integrationMicroUsd: number;
}

/** A link to a contractor. */
export interface LinkPrice {
  readonly bandwidthMbps: number;
  readonly transferMicroUsdPerGb: number;
}

/** Prices of a machine: a {@link HardwareProfile} without what a probe measures. */
export type HardwarePrices = Pick<
  HardwareProfile,
  | 'utilisation'
  | 'computeMicroUsdPerHour'
  | 'memoryMicroUsdPerHour'
  | 'energyMicroUsdPerKwh'
  | 'purchaseMicroUsd'
  | 'lifeYears'
>;

/** One named set. */
export interface CostPreset {
  readonly prices: HardwarePrices;
  readonly overheads: Overheads;
  readonly link: LinkPrice;
  /** Factor on the execution time: 1, or 3600 where seconds are read as hours. */
  readonly executionTimeFactor: number;
  /** Cost of a late minute where the deadline is soft. `null`: task value / deadline. */
  readonly latencyMicroUsdPerMinute: number | null;
}

const REFERENCE_PRICES: HardwarePrices = {
  utilisation: 0.75,
  computeMicroUsdPerHour: microUsd(0.45),
  memoryMicroUsdPerHour: microUsd(0.15),
  energyMicroUsdPerKwh: microUsd(0.08),
  purchaseMicroUsd: microUsd(12_000),
  lifeYears: 3,
};

/** The one client machine of the paper's code: an RTX 3080 with 10 GB beside 64 GB of RAM. */
export const REFERENCE_HARDWARE: HardwareProfile = {
  ...REFERENCE_PRICES,
  peakFlopsPerSecond: 29.77e12,
  memoryGib: 74,
  powerWatts: 320,
};

const SI = {
  prices: REFERENCE_PRICES,
  overheads: {
    sessionMicroUsd: microUsd(0.5),
    automaticVerificationMicroUsd: microUsd(2.5),
    manualVerificationMicroUsd: microUsd(3.8),
    integrationMicroUsd: microUsd(1.2),
  },
  link: { bandwidthMbps: 1000, transferMicroUsdPerGb: microUsd(0.12) },
  executionTimeFactor: 1,
  latencyMicroUsdPerMinute: microUsd(0.25),
} as const satisfies CostPreset;

/** The presets by name. */
export const COST_PRESETS = {
  shipped: {
    prices: {
      utilisation: 0.8,
      computeMicroUsdPerHour: microUsd(0.05),
      memoryMicroUsdPerHour: 0,
      energyMicroUsdPerKwh: microUsd(0.3),
      purchaseMicroUsd: 0,
      lifeYears: 3,
    },
    overheads: {
      sessionMicroUsd: 0,
      automaticVerificationMicroUsd: 0,
      manualVerificationMicroUsd: 0,
      integrationMicroUsd: 0,
    },
    link: { bandwidthMbps: 100, transferMicroUsdPerGb: 0 },
    executionTimeFactor: 1,
    latencyMicroUsdPerMinute: null,
  },
  si: SI,
  paper: { ...SI, executionTimeFactor: 3600 },
} as const satisfies Record<string, CostPreset>;
