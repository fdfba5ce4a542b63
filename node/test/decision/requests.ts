/** Requests for tests: a plain case, to be changed field by field. @module */

import fc from 'fast-check';
import { COST_PRESETS, microUsd } from '../../cost/presets.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import type { ReliabilityOverride } from '../../decision/judgement.ts';
import { DecisionEngine } from '../../decision/engine.ts';
import type { Decision } from '../../decision/engine.ts';
import { evaluate, newWorkspace } from '../../decision/evaluation.ts';
import type { Evaluation } from '../../decision/evaluation.ts';
import type { ExplorationStrategy } from '../../decision/exploration/exploration-strategy.ts';
import { INITIAL_WEIGHTS, RATIONAL_POLICY } from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';

export const TASK_TYPE = 'performs:nlp/sentiment';

/** Changes of a candidate. */
export interface CandidateChanges {
  readonly priceMicroUsd?: number;
  readonly latencyMs?: number;
  readonly successes?: number;
  readonly failures?: number;
  readonly level?: number;
  readonly similarity?: number;
}

/** A contractor with 50 good outcomes that asks 1,000 micro-USD. */
export function candidate(peerId: string, changes: CandidateChanges = {}): Candidate {
  const outcomes = {
    successes: changes.successes ?? 50,
    failures: changes.failures ?? 0,
    monthsSinceLast: 0,
  };
  return {
    peerId,
    skills: [TASK_TYPE],
    similarity: changes.similarity ?? 0.9,
    quote: {
      priceMicroUsd: changes.priceMicroUsd ?? 1000,
      latencyMs: changes.latencyMs ?? 500,
      load: { demand: 1, available: 3, total: 4 },
      expiresAtSeconds: 2_000,
    },
    level: changes.level ?? 2,
    history: { ...outcomes, byType: { [TASK_TYPE]: outcomes } },
  };
}

/** A newcomer: no outcome, perhaps attested tests. */
export function newcomer(peerId: string, passed: number, run: number, level = 2): Candidate {
  const none = { successes: 0, failures: 0, monthsSinceLast: 0 };
  return { ...candidate(peerId, { level }), history: none, evidence: { passed, run } };
}

/** A task worth 12,000 micro-USD that takes ten minutes here and costs about 9,500. */
export function request(
  candidates: readonly Candidate[],
  changes: Partial<DecisionRequest> = {},
): DecisionRequest {
  return {
    decisionId: 'decision-1',
    seed: 42,
    policy: RATIONAL_POLICY,
    task: {
      taskType: TASK_TYPE,
      requiredSkills: [TASK_TYPE],
      valueMicroUsd: 12_000,
      sensitivity: 'low',
      criticality: 'normal',
      complexity: 1,
      inputBytes: 20_000,
      expectedOutputBytes: 2_000,
      maxLatencyMs: 60_000,
    },
    local: {
      isAvailable: true,
      execution: { measuredSeconds: 600 },
      hardware: {
        ...COST_PRESETS.shipped.prices,
        peakFlopsPerSecond: 1e12,
        memoryGib: 16,
        powerWatts: 30,
      },
      memory: { modelGib: 2, kvCacheGib: 0, activationsGib: 0 },
      queue: [],
    },
    candidates,
    context: {
      historicalWeights: INITIAL_WEIGHTS,
      overheads: {
        sessionMicroUsd: 10,
        automaticVerificationMicroUsd: 20,
        manualVerificationMicroUsd: 40,
        integrationMicroUsd: 5,
      },
      link: { bandwidthMbps: 100, transferMicroUsdPerGb: microUsd(0.1) },
      localCalibrationRatio: 1,
      atSeconds: 1_000,
      exploration: null,
    },
    ...changes,
  };
}

/** Changes of the task alone. */
export function withTask(
  base: DecisionRequest,
  task: Partial<DecisionRequest['task']>,
): DecisionRequest {
  return { ...base, task: { ...base.task, ...task } };
}

/** Changes of the policy alone. */
export function withPolicy(
  base: DecisionRequest,
  policy: Partial<DecisionRequest['policy']>,
): DecisionRequest {
  return { ...base, policy: { ...base.policy, ...policy } };
}

/** The same machine with a model that does not fit it. */
export function withoutLocal(base: DecisionRequest): DecisionRequest {
  const memory = { modelGib: 64, kvCacheGib: 0, activationsGib: 0 };
  return { ...base, local: { ...base.local, memory } };
}

/** Random usable contractors, some of them newcomers, with distinct names. */
export const someCandidates = fc
  .array(
    fc.record({
      priceMicroUsd: fc.integer({ min: 0, max: 15_000 }),
      latencyMs: fc.integer({ min: 1, max: 60_000 }),
      successes: fc.integer({ min: 0, max: 60 }),
      failures: fc.integer({ min: 0, max: 10 }),
      level: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((changes, i) => candidate(`peer-${i}`, changes)));

/** The figures of a decision, without its record. */
export function evaluated(input: DecisionRequest, override?: ReliabilityOverride): Evaluation {
  const table = new CandidateTable(input.candidates);
  return evaluate(table, input, newWorkspace(), null, { override, isDetailed: true });
}

/** What an engine of its own makes of it. */
export function decisionOf(
  { candidates, ...query }: DecisionRequest,
  similarities: Float64Array | null = null,
): Decision {
  return new DecisionEngine().decide(new CandidateTable(candidates), query, similarities);
}

/** The same under another policy, with exploring allowed and some history behind it. */
export function exploring(
  base: DecisionRequest,
  policy: DecisionPolicy,
  strategy: ExplorationStrategy,
): DecisionRequest {
  return {
    ...base,
    policy: { ...policy, exploration: { ...policy.exploration, strategy } },
    context: {
      ...base.context,
      exploration: {
        decisionIndex: 10,
        cumulativeLocalMicroUsd: 1e7,
        cumulativeLossMicroUsd: 0,
        isForced: false,
        linearModel: null,
      },
    },
  };
}
