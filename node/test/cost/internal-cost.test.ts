import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  computeCostMicroUsd,
  depreciationMicroUsd,
  energyCostMicroUsd,
  executionHours,
  internalCost,
  isUsualUtilisation,
  memoryCost,
  opportunityCostMicroUsd,
} from '../../cost/internal-cost.ts';
import type { ExecutionEstimate, HardwareProfile } from '../../cost/internal-cost.ts';
import { COST_PRESETS, microUsd, REFERENCE_HARDWARE } from '../../cost/presets.ts';
import { expectClose, readVectors } from '../vectors/read-vectors.ts';

interface ReferenceTask {
  readonly taskType: string;
  readonly documents: number;
  readonly dataGb: number;
  readonly complexity: number;
}

interface InternalTotal {
  readonly flops: number;
  readonly peakFlops: number;
  readonly utilization: number;
  readonly computeCostPerHour: number;
  readonly modelGb: number;
  readonly kvCacheGb: number;
  readonly activationsGb: number;
  readonly totalGb: number;
  readonly memoryCostPerHour: number;
  readonly tdpWatts: number;
  readonly costPerKwh: number;
  readonly purchaseCost: number;
  readonly lifeYears: number;
  readonly queue: readonly { readonly value: number; readonly hours: number }[];
  readonly tExecHours: number | null;
}

function hardwareOf(inputs: InternalTotal) {
  return {
    peakFlopsPerSecond: inputs.peakFlops,
    utilisation: inputs.utilization,
    memoryGib: inputs.totalGb,
    powerWatts: inputs.tdpWatts,
    computeMicroUsdPerHour: microUsd(inputs.computeCostPerHour),
    memoryMicroUsdPerHour: microUsd(inputs.memoryCostPerHour),
    energyMicroUsdPerKwh: microUsd(inputs.costPerKwh),
    purchaseMicroUsd: microUsd(inputs.purchaseCost),
    lifeYears: inputs.lifeYears,
  };
}

function queueOf(queue: InternalTotal['queue']) {
  return queue.map(({ value, hours }) => ({ valueMicroUsd: microUsd(value), hours }));
}

describe('internal cost', () => {
  const compute = readVectors<
    Record<'flops' | 'peakFlops' | 'utilization' | 'costPerHour', number>,
    { tExecHours: number; cost: number }
  >('eq02_compute');
  it.each(compute.cases)('gives the vector $id, Paper Eq. (2)', ({ inputs, expected }) => {
    const hours = executionHours(inputs.flops, inputs.peakFlops, inputs.utilization);
    const cost = computeCostMicroUsd(hours, microUsd(inputs.costPerHour));
    expectClose(hours, expected.tExecHours, compute.tolerance);
    expectClose(cost, microUsd(expected.cost), compute.tolerance);
  });

  const memory = readVectors<
    Record<
      'modelGb' | 'kvCacheGb' | 'activationsGb' | 'totalGb' | 'tExecHours' | 'costPerHour',
      number
    >,
    { share: number; feasible: boolean; cost: number }
  >('eq03_memory');
  it.each(memory.cases)('gives the vector $id, Paper Eq. (3)', ({ inputs, expected }) => {
    const demand = {
      modelGib: inputs.modelGb,
      kvCacheGib: inputs.kvCacheGb,
      activationsGib: inputs.activationsGb,
    };
    const price = microUsd(inputs.costPerHour);
    const result = memoryCost(demand, inputs.totalGb, inputs.tExecHours, price);
    expectClose(result.share, expected.share, memory.tolerance);
    expectClose(result.costMicroUsd, microUsd(expected.cost), memory.tolerance);
    expect(result.isFeasible).toBe(expected.feasible);
  });

  const energy = readVectors<
    Record<'tdpWatts' | 'utilization' | 'tExecHours' | 'costPerKwh', number>,
    { cost: number }
  >('eq04_energy');
  it.each(energy.cases)('gives the vector $id, Paper Eq. (4)', ({ inputs, expected }) => {
    const { tdpWatts, utilization, tExecHours, costPerKwh } = inputs;
    const cost = energyCostMicroUsd(tdpWatts, utilization, tExecHours, microUsd(costPerKwh));
    expectClose(cost, microUsd(expected.cost), energy.tolerance);
  });

  const opportunity = readVectors<
    { queue: InternalTotal['queue']; tExecHours: number },
    { cost: number }
  >('eq05_opportunity');
  it.each(opportunity.cases)('gives the vector $id, Paper Eq. (5)', ({ inputs, expected }) => {
    const cost = opportunityCostMicroUsd(queueOf(inputs.queue), inputs.tExecHours);
    expectClose(cost, microUsd(expected.cost), opportunity.tolerance);
  });

  const depreciation = readVectors<
    Record<'purchaseCost' | 'lifeYears' | 'tExecHours', number>,
    { cost: number }
  >('eq01_depreciation');
  it.each(depreciation.cases)('gives the vector $id, Paper Eq. (1)', ({ inputs, expected }) => {
    const price = microUsd(inputs.purchaseCost);
    const cost = depreciationMicroUsd(price, inputs.lifeYears, inputs.tExecHours);
    expectClose(cost, microUsd(expected.cost), depreciation.tolerance);
  });

  const total = readVectors<
    InternalTotal,
    Record<
      'tExecHours' | 'compute' | 'memory' | 'energy' | 'opportunity' | 'depreciation' | 'total',
      number
    > & { feasible: boolean }
  >('eq01_internal_total');
  it.each(total.cases)('gives the vector $id in all its parts, Paper Eq. (1)', (vector) => {
    const { inputs, expected } = vector;
    const cost = internalCost({
      execution:
        inputs.tExecHours === null
          ? { flops: inputs.flops }
          : { flops: inputs.flops, measuredSeconds: inputs.tExecHours * 3600 },
      hardware: hardwareOf(inputs),
      memory: {
        modelGib: inputs.modelGb,
        kvCacheGib: inputs.kvCacheGb,
        activationsGib: inputs.activationsGb,
      },
      queue: queueOf(inputs.queue),
    });
    expectClose(cost.executionHours, expected.tExecHours, total.tolerance);
    expectClose(cost.computeMicroUsd, microUsd(expected.compute), total.tolerance);
    expectClose(cost.memoryMicroUsd, microUsd(expected.memory), total.tolerance);
    expectClose(cost.energyMicroUsd, microUsd(expected.energy), total.tolerance);
    expectClose(cost.opportunityMicroUsd, microUsd(expected.opportunity), total.tolerance);
    expectClose(cost.depreciationMicroUsd, microUsd(expected.depreciation), total.tolerance);
    expectClose(cost.totalMicroUsd, microUsd(expected.total), total.tolerance);
    expect(cost.isFeasible).toBe(expected.feasible);
  });

  const reference = readVectors<
    {
      kind: string;
      task: ReferenceTask;
      queue: readonly (readonly [number, number])[];
    },
    Record<'hours' | 'compute' | 'memory' | 'energy' | 'opportunity' | 'total', number>
  >('reference_compat');
  const internalCases = reference.cases.filter(({ inputs }) => inputs.kind === 'internal');
  const baseFlops: Readonly<Record<string, number>> = {
    financial_rag: 2.8e15,
    risk_assessment: 1.5e15,
  };
  it.each(internalCases)('reproduces the reference code, $id, given its hours', (vector) => {
    const { task, queue } = vector.inputs;
    const flops = baseFlops[task.taskType]! * (task.dataGb / 8.2) * task.complexity;
    const hours = executionHours(flops, 29.77e12, 0.75) * 3600; // it reads seconds as hours
    const cost = internalCost({
      execution: { measuredSeconds: hours * 3600 },
      hardware: REFERENCE_HARDWARE,
      memory: {
        modelGib: 1.3,
        kvCacheGib: (task.documents / 50_000) * 4.2,
        activationsGib: 2.8 * task.complexity,
      },
      queue: queueOf(queue.map(([value, hoursEach]) => ({ value, hours: hoursEach }))),
    });
    expectClose(cost.executionHours, vector.expected.hours, reference.tolerance);
    expectClose(cost.memoryMicroUsd, microUsd(vector.expected.memory), reference.tolerance);
    expectClose(
      cost.opportunityMicroUsd,
      microUsd(vector.expected.opportunity),
      reference.tolerance,
    );
    expectClose(cost.totalMicroUsd, microUsd(vector.expected.total), reference.tolerance);
  });

  it('lets a measured time replace the estimate in every part', () => {
    const input = {
      hardware: REFERENCE_HARDWARE,
      memory: { modelGib: 1, kvCacheGib: 1, activationsGib: 1 },
      queue: [{ valueMicroUsd: 5e6, hours: 1 }],
    };
    const hour = internalCost({ ...input, execution: { flops: 1e15, measuredSeconds: 3600 } });
    const twoHours = internalCost({ ...input, execution: { measuredSeconds: 7200 } });
    expect(hour.executionHours).toBe(1);
    expectClose(twoHours.totalMicroUsd, 2 * hour.totalMicroUsd, 1e-12);
  });

  it('grows with the work and never is negative', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), (flops) => {
        const input = {
          hardware: REFERENCE_HARDWARE,
          memory: { modelGib: 1, kvCacheGib: 0, activationsGib: 0 },
          queue: [],
        };
        const cost = internalCost({ ...input, execution: { flops } });
        const more = internalCost({ ...input, execution: { flops: flops * 2 } });
        expect(cost.totalMicroUsd).toBeGreaterThanOrEqual(0);
        expect(more.totalMicroUsd).toBeGreaterThanOrEqual(cost.totalMicroUsd);
      }),
    );
  });

  it('refuses a utilisation outside (0, 1] and says whether one is usual', () => {
    expect(() => executionHours(1, 1, 0)).toThrow(RangeError);
    expect(() => executionHours(1, 1, 1.01)).toThrow(RangeError);
    expect(() => energyCostMicroUsd(1, Number.NaN, 1, 1)).toThrow(/utilisation/);
    expect([0.69, 0.7, 0.95, 0.96].map(isUsualUtilisation)).toEqual([false, true, true, false]);
  });

  it('refuses a waiting task of no length and quantities that are not finite', () => {
    expect(() => opportunityCostMicroUsd([{ valueMicroUsd: 1, hours: 0 }], 1)).toThrow(RangeError);
    expect(() => computeCostMicroUsd(Infinity, 1)).toThrow(RangeError);
    expect(() => computeCostMicroUsd(1, -1)).toThrow(RangeError);
    expect(() => depreciationMicroUsd(1, 0, 1)).toThrow(/lifeYears/);
  });

  it('refuses a task about whose length nothing is known', () => {
    const input = {
      execution: {},
      hardware: REFERENCE_HARDWARE,
      memory: { modelGib: 0, kvCacheGib: 0, activationsGib: 0 },
      queue: [],
    };
    expect(() => internalCost(input)).toThrow(/flops/);
  });
});

describe('the time of a task that names the bytes that it moves', () => {
  const hardware = {
    ...COST_PRESETS.shipped.prices,
    peakFlopsPerSecond: 1e9,
    utilisation: 0.5,
    memoryGib: 16,
    powerWatts: 30,
    memoryBandwidthBytesPerSecond: 1e10,
  };
  const memory = { modelGib: 0, kvCacheGib: 0, activationsGib: 0 };
  const secondsOf = (execution: ExecutionEstimate, machine: HardwareProfile = hardware): number =>
    internalCost({ execution, hardware: machine, memory, queue: [] }).executionHours * 3600;

  it('is that of the slower of operations and bytes', () => {
    expect(secondsOf({ flops: 1e9, memoryTrafficBytes: 1e11 })).toBeCloseTo(10, 9);
    expect(secondsOf({ flops: 1e9, memoryTrafficBytes: 1e9 })).toBeCloseTo(2, 9);
    expect(secondsOf({ flops: 1e9 })).toBeCloseTo(2, 9);
  });

  it('is that of the operations where no rate was measured, and the measured one where it is', () => {
    const { memoryBandwidthBytesPerSecond: _, ...unmeasured } = hardware;
    expect(secondsOf({ flops: 1e9, memoryTrafficBytes: 1e11 }, unmeasured)).toBeCloseTo(2, 9);
    expect(secondsOf({ measuredSeconds: 3, memoryTrafficBytes: 1e11 })).toBeCloseTo(3, 9);
  });

  it('is refused for bytes or a rate that are no quantity', () => {
    for (const memoryTrafficBytes of [-1, NaN, Infinity]) {
      expect(() => secondsOf({ flops: 1, memoryTrafficBytes })).toThrow('memoryTrafficBytes');
    }
    const still = { ...hardware, memoryBandwidthBytesPerSecond: 0 };
    expect(() => secondsOf({ flops: 1, memoryTrafficBytes: 1 }, still)).toThrow('Bandwidth');
  });
});
