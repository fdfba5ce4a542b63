/**
 * What is the same for all candidates of a task, taken from the query once.
 *
 * @module
 */

import type { DecisionQuery } from './request.ts';

const BYTES_PER_GB = 1e9;
const MS_PER_MINUTE = 60_000;

/** Limits are infinite where the task sets none. */
export interface TaskFacts {
  readonly gigabytes: number;
  /** Value of the task times the impact of its loss (Eq. 9). */
  readonly impactMicroUsd: number;
  readonly securityFactor: number;
  readonly maxLatencyMs: number;
  readonly maxPriceMicroUsd: number;
  readonly minLevel: number;
  readonly latencyMicroUsdPerMinute: number;
  readonly atSeconds: number;
}

/** The facts of a query. */
export function taskFactsOf({ task, policy, context }: DecisionQuery): TaskFacts {
  const deadlineMinutes = (task.maxLatencyMs ?? 0) / MS_PER_MINUTE;
  const impact = task.criticality === 'high' ? policy.highImpactMultiplier : 1;
  return {
    gigabytes: (task.inputBytes + task.expectedOutputBytes) / BYTES_PER_GB,
    impactMicroUsd: task.valueMicroUsd * impact,
    securityFactor: policy.sensitivityFactors[task.sensitivity] * policy.channelExposure,
    maxLatencyMs: task.maxLatencyMs ?? Infinity,
    maxPriceMicroUsd: task.maxPriceMicroUsd ?? Infinity,
    minLevel: task.minLevel ?? 0,
    latencyMicroUsdPerMinute:
      context.latencyMicroUsdPerMinute ??
      (deadlineMinutes > 0 ? task.valueMicroUsd / deadlineMinutes : 0),
    atSeconds: context.atSeconds ?? -Infinity,
  };
}
