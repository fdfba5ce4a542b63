import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COST_PRESETS, microUsd } from '../../cost/presets.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { decide, explainDecision } from '../../decision/decision-record.ts';
import type { DecisionResult } from '../../decision/decision-record.ts';
import { DecisionEngine } from '../../decision/engine.ts';
import {
  PAPER_POLICY,
  POLICIES,
  RATIONAL_POLICY,
  REFERENCE_POLICY,
} from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest, DecisionTask } from '../../decision/request.ts';
import { expectAllClose, expectClose, readVectors } from '../vectors/read-vectors.ts';
import { anyCandidates } from './any-candidates.ts';
import {
  candidate,
  decisionOf,
  exploring,
  newcomer,
  request,
  TASK_TYPE,
  withTask,
} from './requests.ts';
import type { CandidateChanges } from './requests.ts';

/** The same question to another policy. */
function under(policy: DecisionPolicy, base: DecisionRequest): DecisionRequest {
  return { ...base, policy };
}

function resultOf(input: DecisionRequest): DecisionResult {
  return decide(input).result;
}

/** A contractor with the figures of the paper's GPU specialist. */
function stating(
  peerId: string,
  changes: CandidateChanges = {},
  figures: Partial<Candidate['stated']> = {},
): Candidate {
  const stated = { reliability: 0.987, securityRisk: 0.0213, qualityRisk: 0.01065 };
  return {
    ...candidate(peerId, changes),
    stated: { ...stated, performance: 0.95, ...figures },
  };
}

/** Eleven decisions behind it, none of them with a high score: confidence 1. */
const AFTER_TEN = { decisions: 11, recent: 11, recentHighScores: 0 };

function reference(
  candidates: readonly Candidate[],
  recentDecisions: DecisionRequest['context']['recentDecisions'] = AFTER_TEN,
): DecisionRequest {
  const base = under(REFERENCE_POLICY, request(candidates));
  return { ...base, context: { ...base.context, recentDecisions: recentDecisions } };
}

describe('the policy of the paper', () => {
  it('outsources at a loss, where the default policy keeps the task', () => {
    const input = request([candidate('a', { priceMicroUsd: 9_000 })]);
    const literal = resultOf(under(PAPER_POLICY, input));
    expect(literal.choice).toBe('OUTSOURCE');
    expect(literal.costExternalMicroUsd).toBeGreaterThan(literal.costInternalMicroUsd!);
    const rational = resultOf(under(RATIONAL_POLICY, input));
    expect(rational).toMatchObject({ choice: 'LOCAL', decidedBy: 'economic' });
  });

  it('lets no attested test count, where the default policy lets eight of them do', () => {
    const input = request([newcomer('new', 8, 8)]);
    expect(resultOf(under(PAPER_POLICY, input))).toMatchObject({
      choice: 'LOCAL',
      decidedBy: 'confidence',
      confidence: 0,
    });
    expect(resultOf(under(RATIONAL_POLICY, input))).toMatchObject({
      choice: 'OUTSOURCE',
      contractor: 'new',
    });
  });

  it('asks for the same thresholds as the default policy', () => {
    const gates = (policy: DecisionPolicy) =>
      resultOf(under(policy, request([candidate('a')]))).gates.map(({ name, threshold }) => [
        name,
        threshold,
      ]);
    expect(gates(PAPER_POLICY)).toEqual(gates(RATIONAL_POLICY));
  });

  it('tries nobody after the best contractor that is not known well enough', () => {
    const blocker = candidate('blocker', { priceMicroUsd: 100, successes: 5, latencyMs: 490 });
    const dear = candidate('other', { priceMicroUsd: 9_000, latencyMs: 20_000 });
    const field = [blocker, candidate('proven', { priceMicroUsd: 900 }), dear];
    const input = withTask(request(field), { valueMicroUsd: 1_000 });
    expect(resultOf(under(PAPER_POLICY, input)).choice).toBe('LOCAL');
    expect(resultOf(under(RATIONAL_POLICY, input)).contractor).toBe('proven');
  });

  it('takes only what passes its thresholds, over random fields', () => {
    fc.assert(
      fc.property(anyCandidates, (candidates) => {
        const { chosen, score, confidence, choice, verdicts } = decisionOf(
          under(PAPER_POLICY, request(candidates)),
        );
        expect(choice).toBe(chosen < 0 ? 'LOCAL' : 'OUTSOURCE');
        if (chosen < 0) return;
        expect(confidence).toBeGreaterThan(0.8);
        const scores = verdicts.filter((verdict) => verdict >= 0);
        if (new Set(scores).size > 1) expect(score).toBeGreaterThan(0.6);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the confidence of the policy of the paper's own code", () => {
  interface Inputs {
    readonly kind: string;
    readonly successes: number;
    readonly n: number;
  }
  const { cases, tolerance } = readVectors<Inputs, { readonly confidence: number }>(
    'reference_compat',
  );
  const confidences = cases.filter(({ inputs }) => inputs.kind === 'confidence');

  it.each(confidences)('is that of the code for $id, whoever the contractor is', (vector) => {
    const { successes, n } = vector.inputs;
    const recent = { decisions: n, recent: n, recentHighScores: successes };
    const field = [stating('a'), stating('b', { successes: 0, failures: 50 })];
    const result = resultOf(reference(field, recent));
    for (const { confidence } of result.candidates) {
      expectClose(confidence!, vector.expected.confidence, tolerance);
    }
  });

  it('pins outsourcing at a third: 18 high scores of 50 pass and 19 do not', () => {
    expect(confidences.length).toBeGreaterThan(8);
    const field = [stating('a'), stating('b', { priceMicroUsd: 5_000, latencyMs: 9_000 })];
    const after = (recentHighScores: number) =>
      decisionOf(reference(field, { decisions: 400, recent: 50, recentHighScores }));
    expect(after(17)).toMatchObject({ choice: 'OUTSOURCE' });
    expect(after(18)).toMatchObject({ choice: 'OUTSOURCE' });
    expect(after(19)).toMatchObject({ choice: 'LOCAL', decidedBy: 'confidence' });
    expect(after(18).confidence).toBeCloseTo(0.8004, 4);
    expect(after(19).confidence).toBeCloseTo(0.7893, 4);
  });

  it('keeps the first ten tasks here, however good the field is', () => {
    const field = [stating('a'), stating('b', { priceMicroUsd: 5_000, latencyMs: 9_000 })];
    const choices = Array.from({ length: 11 }, (_, decisions) => {
      const recent = { decisions, recent: decisions, recentHighScores: 0 };
      return resultOf(reference(field, recent)).choice;
    });
    expect(choices).toEqual([...new Array<string>(10).fill('LOCAL'), 'OUTSOURCE']);
    const { context, ...rest } = reference(field);
    const { recentDecisions: _, ...unknown } = context;
    expect(resultOf({ ...rest, context: unknown }).choice).toBe('LOCAL');
  });
});

describe("the costs of the policy of the paper's own code", () => {
  interface Inputs {
    readonly kind: string;
    readonly task: {
      readonly dataGb: number;
      readonly outputGb: number;
      readonly value: number;
      readonly maxLatency: number;
      readonly criticality: string;
    };
    readonly contractor: {
      readonly reliability: number;
      readonly securityRisk: number;
      readonly qualityRisk: number;
      readonly latency: number;
    };
  }
  type Expected = Readonly<
    Record<
      'price' | 'communication' | 'verification' | 'integration' | 'risk' | 'latencyPenalty',
      number
    > & { total: number }
  >;
  const { cases, tolerance } = readVectors<Inputs, Expected>('reference_compat');
  const externals = cases.filter(({ inputs }) => inputs.kind === 'external');

  it.each(externals)('are those of the code for $id, in every part', ({ inputs, expected }) => {
    const { task, contractor } = inputs;
    const { overheads, link, latencyMicroUsdPerMinute } = COST_PRESETS.paper;
    const one = stating(
      'a',
      { priceMicroUsd: microUsd(expected.price), latencyMs: contractor.latency * 60_000 },
      contractor,
    );
    const base = withTask(reference([one]), {
      inputBytes: task.dataGb * 1e9,
      expectedOutputBytes: task.outputGb * 1e9,
      valueMicroUsd: microUsd(task.value),
      maxLatencyMs: task.maxLatency * 60_000,
      criticality: task.criticality === 'high' ? 'high' : 'normal',
    });
    const context = { ...base.context, overheads, link, latencyMicroUsdPerMinute };
    const { external } = resultOf({ ...base, context }).costParts;
    const parts = [
      external!.priceMicroUsd,
      external!.communicationMicroUsd,
      external!.verificationMicroUsd,
      external!.integrationMicroUsd,
      external!.riskMicroUsd,
      external!.latencyMicroUsd,
      external!.totalMicroUsd,
    ];
    const { price, communication, verification, integration, risk, latencyPenalty } = expected;
    const usd = [price, communication, verification, integration, risk, latencyPenalty];
    expectAllClose(parts, [...usd, expected.total].map(microUsd), tolerance);
  });

  it('are compared with nothing: it outsources at a loss', () => {
    expect(externals).toHaveLength(2);
    const field = [
      stating('a', { priceMicroUsd: 90_000 }),
      stating('b', { priceMicroUsd: 200_000, latencyMs: 9_000 }),
    ];
    const result = resultOf(reference(field));
    expect(result).toMatchObject({ choice: 'OUTSOURCE', contractor: 'a' });
    expect(result.costExternalMicroUsd).toBeGreaterThan(result.costInternalMicroUsd! * 9);
  });
});

describe("the policy of the paper's own code", () => {
  it('scores by min-max: distances of shares of the range, over their sum', () => {
    const field = [
      stating('a', { priceMicroUsd: 1_000, latencyMs: 30_000 }, { reliability: 0.987 }),
      stating('b', { priceMicroUsd: 3_000, latencyMs: 10_000 }, { reliability: 0.743 }),
      stating('c', { priceMicroUsd: 2_000, latencyMs: 20_000 }, { securityRisk: 0.0457 }),
    ];
    const { criteria, candidates, weights } = resultOf(reference(field));
    const names = ['cost', 'reliability', 'latency', 'security'] as const;
    const shares = criteria.map(({ raw }) =>
      names.map((name) => {
        const column = criteria.map((row) => row.raw[name]);
        const [low, high] = [Math.min(...column), Math.max(...column)];
        const x = (raw[name] - low) / (high - low);
        return weights![name] * (name === 'reliability' ? x : 1 - x);
      }),
    );
    const expected = shares.map((row) => {
      const toBest = Math.hypot(...row.map((x, i) => x - weights![names[i]!]));
      const toWorst = Math.hypot(...row);
      return toWorst / (toBest + toWorst);
    });
    expectAllClose(
      candidates.map(({ score }) => score!),
      expected,
      1e-12,
    );
    const byVector = resultOf({
      ...reference(field),
      policy: { ...REFERENCE_POLICY, normalisation: 'vector' },
    });
    expect(byVector.candidates[0]!.score).not.toBeCloseTo(expected[0]!, 3);
  });

  it('gives a lone contractor 0.5, which is too little, as it is among equals', () => {
    for (const field of [[stating('a')], [stating('a'), stating('b'), stating('c')]]) {
      const result = resultOf(reference(field));
      expect(result).toMatchObject({ choice: 'LOCAL', decidedBy: 'score', score: 0.5 });
      expect(result.confidence).toBe(1);
    }
    expect(resultOf(request([candidate('a')])).choice).toBe('OUTSOURCE');
  });

  it('excludes no late contractor and none above the budget, as the others do', () => {
    const late = stating('late', { latencyMs: 90_000 });
    const dear = stating('dear', { priceMicroUsd: 5_001 });
    const drops = (policy: DecisionPolicy) =>
      decide(
        withTask(under(policy, reference([late, dear, stating('fine')])), {
          maxPriceMicroUsd: 5_000,
        }),
      ).result.candidates.map(({ dropped }) => dropped);
    expect(drops(REFERENCE_POLICY)).toEqual([undefined, undefined, undefined]);
    expect(drops(PAPER_POLICY)).toEqual(['TOO_SLOW', 'OVER_BUDGET', undefined]);
    expect(drops(RATIONAL_POLICY)).toEqual(['TOO_SLOW', 'OVER_BUDGET', undefined]);
  });

  it('explores any candidate that can be read, also one without a fitting skill', () => {
    const stranger = { ...stating('stranger', { similarity: 0 }), skills: ['performs:other'] };
    const explored = (policy: DecisionPolicy) => {
      const base = exploring(reference([stranger]), policy, 'epsilon-greedy');
      const { exploration } = base.policy;
      const rated = { ...base.policy, exploration: { ...exploration, rate: 1 } };
      return decisionOf(withTask(under(rated, base), { sensitivity: 'high', criticality: 'high' }));
    };
    expect(explored(REFERENCE_POLICY)).toMatchObject({ isExploration: true, chosen: 0 });
    const safe = { ...REFERENCE_POLICY.exploration, scope: 'safe' as const };
    const narrow = explored({ ...REFERENCE_POLICY, exploration: safe });
    expect(narrow).toMatchObject({ isExploration: false, exploration: { bar: 'NOBODY' } });
  });

  it.each<readonly [string, Partial<DecisionTask>, readonly number[]]>([
    ['nothing', { maxPriceMicroUsd: 3_600, maxLatencyMs: 1_800_000 }, [1, 1, 1, 1]],
    ['a tight budget', { maxPriceMicroUsd: 3_599, maxLatencyMs: 1_800_000 }, [1.2, 1, 1, 1]],
    ['urgency', { maxLatencyMs: 1_799_999 }, [1, 1, 1.3, 1]],
    ['sensitive data', { maxLatencyMs: 1_800_000, sensitivity: 'high' }, [1, 1, 1, 1.4]],
    [
      'all three',
      { maxPriceMicroUsd: 1, maxLatencyMs: 1, sensitivity: 'high' },
      [1.2, 1, 1.3, 1.4],
    ],
  ])('multiplies the weights for %s, and nothing moves them besides', (_what, task, factors) => {
    const field = [
      stating('a', { priceMicroUsd: 1_000 }),
      stating('b', { priceMicroUsd: 2_000, latencyMs: 20_000 }),
      stating('c', { priceMicroUsd: 3_000, latencyMs: 40_000 }),
    ];
    const base = reference(field);
    const historical = [0.1, 0.2, 0.3, 0.4] as const;
    const [cost, reliability, latency, security] = historical;
    const historicalWeights = { cost, reliability, latency, security };
    const input = { ...base, context: { ...base.context, historicalWeights } };
    const { weights } = resultOf(withTask(input, task));
    const products = historical.map((weight, i) => weight * factors[i]!);
    const sum = products.reduce((total, product) => total + product, 0);
    const expected = products.map((product) => product / sum);
    const { cost: w0, reliability: w1, latency: w2, security: w3 } = weights!;
    expectAllClose([w0, w1, w2, w3], expected, 1e-12);
  });

  it('judges nobody that does not state its figures', () => {
    const silent = candidate('silent');
    const half = stating('half', {}, { performance: null });
    const wrong = stating('wrong', {}, { reliability: 1.1 });
    const { candidates } = resultOf(reference([silent, half, wrong, stating('open')]));
    expect(candidates.map(({ dropped }) => dropped)).toEqual([
      'BAD_STATED',
      'BAD_STATED',
      'BAD_STATED',
      undefined,
    ]);
  });
});

describe('every policy', () => {
  const many = Array.from({ length: 100_000 }, (_, i) =>
    stating(`peer-${i}`, {
      priceMicroUsd: 9_000 - (i % 5_000),
      latencyMs: 100 + (i % 977),
      successes: i % 60,
    }),
  );
  const table = new CandidateTable(many);

  it.each(Object.values(POLICIES))('decides over 100,000 candidates: $name', (policy) => {
    const { candidates: _, ...query } = under(policy, reference([]));
    const decision = new DecisionEngine().decide(table, query);
    expect(decision.choice).toBe('OUTSOURCE');
    expect(decision.verdicts).toHaveLength(100_000);
    let best = 0;
    for (const verdict of decision.verdicts) best = Math.max(best, verdict);
    expect(decision.score).toBe(best);
    expect(decision.verdicts[decision.chosen]).toBe(best);
  });

  it.each(Object.values(POLICIES))('names itself in the record: $name', (policy) => {
    const decision = decisionOf(under(policy, reference([stating('a')])));
    expect(explainDecision(decision).result.policy).toBe(policy.name);
  });

  it('is refused if it is none of the three, or out of range', () => {
    const wrong = (change: object) => () =>
      decisionOf({ ...request([]), policy: { ...RATIONAL_POLICY, ...change } });
    expect(wrong({ name: 'nonsense' })).toThrow(/policy\.name/);
    expect(wrong({ evidence: 'hearsay' })).toThrow(/policy\.evidence/);
    expect(wrong({ riskRule: 'mean' })).toThrow(/policy\.riskRule/);
    expect(wrong({ weightRule: '' })).toThrow(/policy\.weightRule/);
    expect(wrong({ confidenceRule: null })).toThrow(/policy\.confidenceRule/);
    expect(wrong({ maxPseudoOutcomes: -1 })).toThrow(/policy\.maxPseudoOutcomes/);
    const { exploration } = RATIONAL_POLICY;
    expect(wrong({ exploration: { ...exploration, scope: 'none' } })).toThrow(/scope/);
    expect(wrong({ exploration: { ...exploration, strategy: 'luck' } })).toThrow(/strategy/);
    const lossLimits = { maxShareOfValue: 2, maxShareOfLocal: 0 };
    expect(wrong({ exploration: { ...exploration, lossLimits } })).toThrow(/maxShareOfValue/);
  });

  it('knows the task type by the same name in every part of a candidate', () => {
    const typed = candidate('a', { successes: 0, failures: 40 });
    expect(Object.keys(typed.history.byType!)).toEqual([TASK_TYPE]);
    for (const policy of [RATIONAL_POLICY, PAPER_POLICY]) {
      expect(resultOf(under(policy, request([typed]))).decidedBy).toMatch(/confidence|success/);
    }
  });
});
