/**
 * Every default of the configuration, in one place. Help texts and documentation read them here.
 *
 * @module
 */

export const DEFAULTS = {
  name: 'coalesce node',
  logLevel: 'info',
  network: {
    listen: ['/ip4/127.0.0.1/tcp/0'] as string[],
    isLocalNetwork: false,
    hasMdns: false,
    isRelay: false,
    hasHolePunching: false,
    queryTimeoutMs: 10_000,
  },
  committee: { withoutLedger: 'refuse', patienceMs: 15_000, sealedFromMicroUsd: 10_000 },
  http: { host: '127.0.0.1', port: 0 },
  a2a: {
    isServed: true,
    host: '127.0.0.1',
    port: 0,
    unpaidWork: 'none',
    isPrivatePushAllowed: false,
  },
  trust: { jointGroups: 2, isMeasuredOnly: false, leastLevel: { low: 0, medium: 0, high: 2 } },
  disclosure: { isShowingReceipts: true },
  accept: {
    maxInBytes: 700_000,
    newcomerSlots: 1,
    maxMeasuredMib: 128,
    creditPerPeerMicroUsd: 10_000_000,
    newcomerCreditMicroUsd: 100_000,
  },
  attestation: { isRenewing: false },
  hardware: {
    isMeasuredAtStart: false,
    utilisation: 0.8,
    powerWatts: 65,
    purchaseUsd: 0,
  },
  prices: {
    computeUsdPerHour: 0.05,
    memoryUsdPerHour: 0,
    energyUsdPerKwh: 0.3,
    transferUsdPerGb: 0,
    bandwidthMbps: 100,
  },
  decision: {
    policy: 'rational',
    isAdaptive: false,
    maxSpendingShare: 1,
    exploration: {
      strategy: 'epsilon-greedy',
      rate: 0.1,
      maxSensitivity: 'low',
      maxLossShareOfValue: 0.01,
      maxLossShareOfLocal: 0.004,
      learningValueUsd: 0.001,
    },
    skillThreshold: 0.7,
    scoreThreshold: 0.6,
    confidenceThreshold: 0.8,
    isBargaining: true,
    maxCandidates: 8,
    quoteTimeoutMs: 5_000,
  },
  planner: { maxParallel: 8 },
  embedding: { provider: 'local' },
  verification: { auditRateNew: 0.8, auditRateKnown: 0.25, knownFromOutcomes: 8 },
} as const;

/** The machine where it cannot be measured and the configuration does not say. */
export const UNMEASURED_HARDWARE = { peakFlops: 100e9, memoryGib: 4 } as const;
