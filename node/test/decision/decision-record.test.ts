import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replayDecision } from '../../decision/decision-record.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { decide } from '../../decision/decision-record.ts';
import {
  candidate,
  newcomer,
  request,
  someCandidates,
  withoutLocal,
  withTask,
} from './requests.ts';

function throughJson(record: DecisionRecord): DecisionRecord {
  return JSON.parse(JSON.stringify(record)) as DecisionRecord;
}

/** Every path to a number or a text of a JSON value. */
function leavesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...path, key]));
}

/** The value with the leaf at `path` changed. */
function changed(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (typeof value === 'number') return value === 0 ? 1 : value / 2;
    if (typeof value === 'boolean') return !value;
    return typeof value === 'string' ? `${value}x` : 1;
  }
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = changed(copy[key], rest);
  return copy;
}

describe('a decision record', () => {
  it('replays bit for bit after a JSON round trip', () => {
    fc.assert(
      fc.property(someCandidates, fc.boolean(), (candidates, isHere) => {
        const input = isHere ? request(candidates) : withoutLocal(request(candidates));
        expect(replayDecision(throughJson(decide(input)))).toEqual({
          agrees: true,
          differences: [],
        });
      }),
      { numRuns: 50 },
    );
  });

  it('replays after a store that orders keys anew', () => {
    const record = decide(request([candidate('b'), candidate('a', { priceMicroUsd: 1500 })]));
    const reversed = JSON.parse(JSON.stringify(record), (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).reverse());
    }) as DecisionRecord;
    expect(replayDecision(reversed).agrees).toBe(true);
  });

  it('does not agree once any input is changed, also one that did not matter', () => {
    const field = [
      candidate('a'),
      { ...newcomer('b', 8, 8), incidents: { disputes: 0, canaryHits: 0, interactions: 3 } },
    ];
    const record = throughJson(decide(withTask(request(field), { minLevel: 1 })));
    const leaves = leavesOf(record.request);
    expect(leaves.length).toBeGreaterThan(90);
    for (const path of leaves) {
      const forged = changed(record, ['request', ...path]) as DecisionRecord;
      expect(replayDecision(forged).agrees, path.join('.')).toBe(false);
    }
  });

  it('does not agree once any part of its result is changed', () => {
    const record = throughJson(decide(request([candidate('a'), candidate('b')])));
    for (const path of leavesOf(record.result)) {
      const forged = changed(record, ['result', ...path]) as DecisionRecord;
      const replay = replayDecision(forged);
      expect(replay.agrees, path.join('.')).toBe(false);
      expect(replay.differences).toContain(`result.${path.join('.')}`);
    }
  });

  it('says so if its inputs are unusable or come from another engine', () => {
    const record = throughJson(decide(request([candidate('a')])));
    const broken = { ...record, request: { ...record.request, seed: -1 } };
    expect(replayDecision(broken).differences[0]).toMatch(/^request: "seed"/);
    expect(replayDecision({ ...record, version: 1 }).differences).toEqual(['version']);
  });

  it('shares nothing with the request that it was made from', () => {
    const input = request([candidate('a')]);
    const record = decide(input);
    (input.candidates as unknown[]).pop();
    (input.task as { valueMicroUsd: number }).valueMicroUsd = 1;
    expect(replayDecision(record).agrees).toBe(true);
  });

  it('has the fields that the command line and the API promise', () => {
    const { result } = decide(request([candidate('a')]));
    expect(Object.keys(result)).toEqual(
      expect.arrayContaining([
        'decisionId',
        'choice',
        'contractor',
        'score',
        'confidence',
        'exploration',
        'reason',
        'localInfeasible',
        'costInternalMicroUsd',
        'costExternalMicroUsd',
        'costParts',
        'weights',
        'criteria',
        'candidates',
        'runnerUp',
        'counterfactual',
        'policy',
        'seed',
      ]),
    );
    expect(result.seed).toBe(42);
    expect(result.policy).toBe('rational');
    expect(result.exploration).toBe(false);
  });

  it('is refused if the own part of the request is out of range', () => {
    const base = request([candidate('a')]);
    const task = (change: object) => () => decide({ ...base, task: { ...base.task, ...change } });
    const policy = (change: object) => () =>
      decide({ ...base, policy: { ...base.policy, ...change } });
    const context = (change: object) => () =>
      decide({ ...base, context: { ...base.context, ...change } });
    expect(() => decide({ ...base, decisionId: '' })).toThrow(/decisionId/);
    expect(() => decide({ ...base, seed: 1.5 })).toThrow(/seed/);
    expect(task({ valueMicroUsd: NaN })).toThrow(/valueMicroUsd/);
    expect(task({ valueMicroUsd: 2 ** 54 })).toThrow(RangeError);
    expect(task({ taskType: '\ud800' })).toThrow(/taskType/);
    expect(task({ sensitivity: 'secret' })).toThrow(/sensitivity/);
    expect(task({ requiredSkills: new Array(65).fill('x') })).toThrow(/requiredSkills/);
    expect(policy({ scoreThreshold: 1.1 })).toThrow(/scoreThreshold/);
    expect(policy({ name: 'greedy' })).toThrow(/policy.name/);
    expect(policy({ channelExposure: 0 })).toThrow(/channelExposure/);
    expect(context({ localCalibrationRatio: 0 })).toThrow(/localCalibrationRatio/);
    const exploration = {
      decisionIndex: 0,
      cumulativeLocalMicroUsd: -1,
      cumulativeLossMicroUsd: 0,
      isForced: false,
      linearModel: null,
    };
    expect(context({ exploration })).toThrow(/cumulativeLocalMicroUsd/);
    expect(policy({ exploration: { ...base.policy.exploration, rate: 2 } })).toThrow(/rate/);
    expect(context({ link: { bandwidthMbps: 0, transferMicroUsdPerGb: 0 } })).toThrow(/bandwidth/);
  });
});
