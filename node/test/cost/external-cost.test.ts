import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  communicationCostMicroUsd,
  complexityMultiplier,
  dynamicPriceMicroUsd,
  externalCost,
  latencyCostMicroUsd,
  mishapProbability,
  riskCostMicroUsd,
  transferHours,
  transferMicroUsdPerHour,
} from '../../cost/external-cost.ts';
import { COST_PRESETS, microUsd } from '../../cost/presets.ts';
import { expectClose, readVectors } from '../vectors/read-vectors.ts';

describe('external cost', () => {
  const total = readVectors<
    Record<
      | 'price'
      | 'communication'
      | 'verification'
      | 'integration'
      | 'risk'
      | 'latencyMinutes'
      | 'maxLatencyMinutes'
      | 'penaltyPerMinute',
      number
    >,
    { total: number }
  >('eq06_external_total');
  it.each(total.cases)('gives the vector $id, Paper Eq. (6)', ({ inputs, expected }) => {
    const cost = externalCost({
      priceMicroUsd: microUsd(inputs.price),
      communicationMicroUsd: microUsd(inputs.communication),
      verificationMicroUsd: microUsd(inputs.verification),
      integrationMicroUsd: microUsd(inputs.integration),
      riskMicroUsd: microUsd(inputs.risk),
      latencyMicroUsd: latencyCostMicroUsd(
        inputs.latencyMinutes,
        inputs.maxLatencyMinutes,
        microUsd(inputs.penaltyPerMinute),
      ),
    });
    expectClose(cost.totalMicroUsd, microUsd(expected.total), total.tolerance);
  });

  const price = readVectors<
    Record<'base' | 'alpha' | 'demand' | 'available' | 'total' | 'complexityMultiplier', number>,
    { price: number }
  >('eq07_dynamic_price');
  it.each(price.cases)('gives the vector $id, Paper Eq. (7)', ({ inputs, expected }) => {
    const { base, alpha } = inputs;
    const asked = dynamicPriceMicroUsd(microUsd(base), inputs, inputs.complexityMultiplier, alpha);
    expectClose(asked, microUsd(expected.price), price.tolerance);
  });

  const communication = readVectors<
    Record<
      'inputGb' | 'outputGb' | 'bandwidthMbps' | 'costPerTransferHour' | 'protocolOverhead',
      number
    >,
    { transferHours: number; cost: number }
  >('eq08_communication');
  it.each(communication.cases)('gives the vector $id, Paper Eq. (8)', ({ inputs, expected }) => {
    const gigabytes = inputs.inputGb + inputs.outputGb;
    const cost = communicationCostMicroUsd(
      gigabytes,
      inputs.bandwidthMbps,
      microUsd(inputs.costPerTransferHour),
      microUsd(inputs.protocolOverhead),
    );
    const hours = transferHours(gigabytes, inputs.bandwidthMbps);
    expectClose(hours, expected.transferHours, communication.tolerance);
    expectClose(cost, microUsd(expected.cost), communication.tolerance);
  });

  const risk = readVectors<
    Record<'value' | 'pFailure' | 'pSecurity' | 'pQuality' | 'gammaImpact', number>,
    { cost: number }
  >('eq09_risk');
  it.each(risk.cases)('gives the vector $id, Paper Eq. (9)', ({ inputs, expected }) => {
    const probabilities = {
      failure: inputs.pFailure,
      security: inputs.pSecurity,
      quality: inputs.pQuality,
    };
    const cost = riskCostMicroUsd(microUsd(inputs.value), probabilities, inputs.gammaImpact);
    expectClose(cost, microUsd(expected.cost), risk.tolerance);
  });

  const reference = readVectors<
    {
      kind: string;
      task: Record<'dataGb' | 'outputGb' | 'complexity' | 'maxLatency', number>;
      contractor: Record<'basePrice' | 'demand' | 'available' | 'reliability' | 'latency', number>;
    },
    Record<'price' | 'communication' | 'verification' | 'integration' | 'latencyPenalty', number>
  >('reference_compat');
  const externalCases = reference.cases.filter(({ inputs }) => inputs.kind === 'external');
  it.each(externalCases)('reproduces the reference code, $id, all but its risk', (vector) => {
    const { task, contractor } = vector.inputs;
    const { overheads, link, latencyMicroUsdPerMinute } = COST_PRESETS.si;
    const asked = dynamicPriceMicroUsd(
      microUsd(contractor.basePrice),
      { demand: contractor.demand, available: contractor.available, total: 1 },
      complexityMultiplier(task.complexity),
    );
    const moved = communicationCostMicroUsd(
      task.dataGb + task.outputGb,
      link.bandwidthMbps,
      transferMicroUsdPerHour(link.transferMicroUsdPerGb, link.bandwidthMbps),
      overheads.sessionMicroUsd,
    );
    const verified =
      contractor.reliability > 0.95
        ? overheads.automaticVerificationMicroUsd
        : overheads.manualVerificationMicroUsd;
    const late = latencyCostMicroUsd(contractor.latency, task.maxLatency, latencyMicroUsdPerMinute);
    const { expected } = vector;
    expectClose(asked, microUsd(expected.price), reference.tolerance);
    expectClose(moved, microUsd(expected.communication), reference.tolerance);
    expectClose(verified, microUsd(expected.verification), reference.tolerance);
    expectClose(overheads.integrationMicroUsd, microUsd(expected.integration), reference.tolerance);
    expectClose(late, microUsd(expected.latencyPenalty), reference.tolerance);
  });

  it('keeps the digits of mishaps too rare for the printed form of Eq. (9)', () => {
    const [failure, security, quality] = [1e-18, 2e-18, 3e-18];
    expect(1 - (1 - failure) * (1 - security) * (1 - quality)).toBe(0);
    expectClose(mishapProbability(failure, security, quality), 6e-18, 1e-12);
  });

  it('charges the same for a gigabyte at any bandwidth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), (bandwidthMbps) => {
        const perHour = transferMicroUsdPerHour(120_000, bandwidthMbps);
        const cost = communicationCostMicroUsd(3, bandwidthMbps, perHour, 7);
        expectClose(cost, 360_007, 1e-12);
      }),
    );
  });

  it('never asks a negative price, whatever the load', () => {
    const load = fc.record({
      demand: fc.double({ min: 0, max: 1e6, noNaN: true }),
      total: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      sensitivity: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(load, ({ demand, total: slots, share, sensitivity }) => {
        const available = Math.min(slots, share * slots);
        const state = { demand, available, total: slots };
        expect(dynamicPriceMicroUsd(1000, state, 1, sensitivity)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('refuses a load that cannot be', () => {
    const good = { demand: 1, available: 1, total: 2 };
    expect(dynamicPriceMicroUsd(1000, good, 1)).toBe(1000);
    expect(() => dynamicPriceMicroUsd(1000, { ...good, total: 0 }, 1)).toThrow(RangeError);
    expect(() => dynamicPriceMicroUsd(1000, { ...good, available: 3 }, 1)).toThrow(/available/);
    expect(() => dynamicPriceMicroUsd(1000, { ...good, demand: -1 }, 1)).toThrow(RangeError);
    expect(() => dynamicPriceMicroUsd(1000, good, 1, 1.5)).toThrow(/priceSensitivity/);
  });

  it('refuses probabilities outside [0, 1]', () => {
    const probabilities = { failure: 1.1, security: 0, quality: 0 };
    expect(() => riskCostMicroUsd(1, probabilities)).toThrow(RangeError);
    expect(() => riskCostMicroUsd(1, { ...probabilities, failure: Number.NaN })).toThrow(/failure/);
  });
});
