/**
 * What the task costs here, each part with the figures that it is made of (paper Eq. 1-5, 10).
 *
 * @module
 */

import type { ExecutionEstimate } from '../cost/internal-cost.ts';
import type { InternalCostParts } from './decision-record.ts';
import type { DecisionRecord } from './decision-record.ts';
import { dollars, figure, table } from './explanation-text.ts';
import type { DecisionRequest } from './request.ts';

/** "600 s / 3600": where the hours come from. */
function hoursOf({ execution, hardware }: DecisionRequest['local']): string {
  if (execution?.measuredSeconds !== undefined) {
    return `${figure(execution.measuredSeconds)} s / 3600${sourceOf(execution)}`;
  }
  const peak = powerOfTen(hardware.peakFlopsPerSecond);
  const rate = `(${peak} a second x ${figure(hardware.utilisation)})`;
  const computing = `${powerOfTen(execution?.flops ?? 0)} operations / ${rate}`;
  const { memoryBandwidthBytesPerSecond: bandwidth } = hardware;
  const bytes = execution?.memoryTrafficBytes ?? 0;
  if (bytes === 0 || bandwidth === undefined) return `${computing} / 3600; the task says how many`;
  const moving = `${powerOfTen(bytes)} bytes moved / ${powerOfTen(bandwidth)} a second`;
  return `max(${computing}, ${moving}) / 3600; the task says how many of both`;
}

/** Where the seconds come from; nothing for a record that does not say. */
function sourceOf({ measuredRuns: runs }: ExecutionEstimate): string {
  if (runs === undefined) return '';
  if (runs === 0) return ', as its executor declares: no run was measured';
  return `, by ${runs} measured ${runs === 1 ? 'run' : 'runs'} of this task type`;
}

/** "4.8e14", for numbers of operations. */
function powerOfTen(value: number): string {
  return Number(figure(value)).toExponential().replace('+', '');
}

/** The waiting task that would pay best. */
function waitingOf({ queue }: DecisionRequest['local']): string {
  if (queue.length === 0) return 'none';
  let best = queue[0]!;
  for (const one of queue) {
    if (one.valueMicroUsd / one.hours > best.valueMicroUsd / best.hours) best = one;
  }
  const rate = `${dollars(best.valueMicroUsd)} / ${figure(best.hours)} h`;
  return `hours x ${rate}, best of ${queue.length}`;
}

function partRows(local: DecisionRequest['local'], parts: InternalCostParts): string[][] {
  const { hardware, memory } = local;
  const gib = memory.modelGib + memory.kvCacheGib + memory.activationsGib;
  const share = `${figure(gib)} of ${figure(hardware.memoryGib)} GiB`;
  const power = `${figure(hardware.powerWatts)} W / 1000 x ${figure(hardware.utilisation)}`;
  const purchase = dollars(hardware.purchaseMicroUsd);
  return [
    ['hours', figure(parts.executionHours), hoursOf(local)],
    [
      'compute',
      dollars(parts.computeMicroUsd),
      `hours x ${dollars(hardware.computeMicroUsdPerHour)}`,
    ],
    [
      'memory',
      dollars(parts.memoryMicroUsd),
      `${share} x hours x ${dollars(hardware.memoryMicroUsdPerHour)}`,
    ],
    [
      'energy',
      dollars(parts.energyMicroUsd),
      `${power} x hours x ${dollars(hardware.energyMicroUsdPerKwh)}`,
    ],
    ['waiting tasks', dollars(parts.opportunityMicroUsd), waitingOf(local)],
    [
      'wear',
      dollars(parts.depreciationMicroUsd),
      `${purchase} / (${figure(hardware.lifeYears)} x 8760 h) x hours`,
    ],
    ...(parts.servicesMicroUsd === undefined
      ? []
      : [['services', dollars(parts.servicesMicroUsd), 'paid to others for the work']]),
  ];
}

/** The lines; none while nothing is known about the task here. */
export function localCostLines({ request, result }: DecisionRecord): string[] {
  const parts = result.costParts.internal;
  if (parts === null) return [];
  const ratio = parts.calibrationRatio;
  const cashMicroUsd = (parts.totalMicroUsd - parts.opportunityMicroUsd) * ratio;
  return [
    '',
    result.localInfeasible ? 'Cost here, if it could run here' : 'Cost here',
    ...table([
      ...partRows(request.local, parts),
      ['correction', `x ${figure(ratio)}`, 'actual / modelled cost so far'],
      ['in all', dollars(parts.totalMicroUsd * ratio), 'correction x the sum'],
      [
        'in cash',
        dollars(result.costInternalWithoutOpportunityMicroUsd ?? cashMicroUsd),
        'the same without waiting tasks',
      ],
    ]),
  ];
}
