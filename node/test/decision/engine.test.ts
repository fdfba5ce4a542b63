import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../decision/decision-record.ts';
import type { DecisionResult } from '../../decision/decision-record.ts';
import type { DecisionRequest } from '../../decision/request.ts';
import {
  candidate,
  evaluated,
  newcomer,
  request,
  someCandidates,
  TASK_TYPE,
  withoutLocal,
  withPolicy,
  withTask,
} from './requests.ts';

function resultOf(input: DecisionRequest): DecisionResult {
  return decide(input).result;
}

function failedGateOf(result: DecisionResult, peerId: string): string | undefined {
  return result.candidates.find((one) => one.peerId === peerId)?.failedGate;
}

function dropOf(result: DecisionResult, peerId: string): string | undefined {
  return result.candidates.find((one) => one.peerId === peerId)?.dropped;
}

describe('decide', () => {
  it('outsources to a proven contractor that costs less in all than this machine', () => {
    const result = resultOf(request([candidate('a'), candidate('b', { priceMicroUsd: 4000 })]));
    expect(result.choice).toBe('OUTSOURCE');
    expect(result.contractor).toBe('a');
    expect(result.costExternalMicroUsd).toBeLessThan(result.costInternalMicroUsd!);
    expect(result.runnerUp?.peerId).toBe('b');
    expect(result.gates.every(({ passed }) => passed)).toBe(true);
  });

  it('keeps the task if the only contractor costs more in all, though its price is lower', () => {
    const result = resultOf(request([candidate('a', { priceMicroUsd: 9000 })]));
    expect(result.choice).toBe('LOCAL');
    expect(result.contractor).toBeNull();
    expect(result.considered).toBe('a');
    expect(failedGateOf(result, 'a')).toBe('economic');
  });

  it('adds up to the costs that it shows', () => {
    const base = request([candidate('a')]);
    const context = { ...base.context, localCalibrationRatio: 1.5 };
    const local = { ...base.local, queue: [{ valueMicroUsd: 6000, hours: 1 }] };
    const calibrated = { ...candidate('a'), calibrationRatio: 2 };
    const result = resultOf({ ...base, context, local, candidates: [calibrated] });
    const { internal, external } = result.costParts;
    const handling =
      external!.communicationMicroUsd +
      external!.verificationMicroUsd +
      external!.integrationMicroUsd;
    expect(result.costExternalMicroUsd).toBeCloseTo(
      1000 + 2 * handling + external!.riskMicroUsd + external!.latencyMicroUsd,
      9,
    );
    expect(result.costInternalMicroUsd).toBeCloseTo(1.5 * internal!.totalMicroUsd, 9);
    expect(internal!.opportunityMicroUsd).toBe(1000);
    expect(result.costInternalWithoutOpportunityMicroUsd).toBeCloseTo(
      result.costInternalMicroUsd! - 1500,
      9,
    );
    expect(external!.riskMicroUsd).toBeCloseTo(12_000 * (1 - (51 / 52) * 0.97 * (51 / 52)), 6);
  });

  it('takes a lone contractor by the economic gate, since its score says nothing', () => {
    const result = resultOf(request([candidate('a')]));
    expect(result.score).toBe(0.5);
    expect(result.choice).toBe('OUTSOURCE');
    expect(result.gates.find(({ name }) => name === 'score')?.applies).toBe(false);
  });

  it('tries the next by score if the best one costs too much', () => {
    // Very safe and very dear, in a market whose weights favour safety.
    const dear = candidate('dear', { priceMicroUsd: 9400, level: 3, latencyMs: 10 });
    const field = [dear, candidate('fair', { priceMicroUsd: 8000, level: 0, latencyMs: 900 })];
    const base = withPolicy(withTask(request(field), { sensitivity: 'high' }), {
      scoreThreshold: 0,
      triesNextAfter: 'economicGate',
    });
    const result = resultOf(base);
    expect(result.candidates[0]!.score).toBeGreaterThan(result.candidates[1]!.score!);
    expect(failedGateOf(result, 'dear')).toBe('economic');
    const ungated = resultOf(withPolicy(base, { hasEconomicGate: false }));
    expect(ungated.contractor).toBe('dear');
    const cheapEnough = candidate('fair', { priceMicroUsd: 6000, level: 0, latencyMs: 900 });
    expect(resultOf({ ...base, candidates: [dear, cheapEnough] }).contractor).toBe('fair');
  });

  it('is not denied a proven contractor by a cheap half-known one (attack: blocking bid)', () => {
    const bid = candidate('blocker', { priceMicroUsd: 100, successes: 5, latencyMs: 490 });
    const other = candidate('other', { priceMicroUsd: 9000, latencyMs: 20_000 });
    const field = [bid, candidate('proven', { priceMicroUsd: 900 }), other];
    const input = withTask(request(field), { valueMicroUsd: 1000 });
    const result = resultOf(input);
    expect(result.candidates[0]!.score).toBeGreaterThan(result.candidates[1]!.score!);
    expect(failedGateOf(result, 'blocker')).toBe('confidence');
    expect(result.contractor).toBe('proven');
    expect(resultOf(withPolicy(input, { triesNextAfter: 'economicGate' })).choice).toBe('LOCAL');
  });

  it('gives nothing to a newcomer without attested tests', () => {
    const result = resultOf(withTask(request([newcomer('new', 0, 0)]), { valueMicroUsd: 100 }));
    expect(result.choice).toBe('LOCAL');
    expect(failedGateOf(result, 'new')).toBe('confidence');
  });

  it('lets a newcomer in by eight attested tests, not by seven nor by claims of its own', () => {
    expect(resultOf(request([newcomer('new', 8, 8)])).choice).toBe('OUTSOURCE');
    expect(resultOf(request([newcomer('new', 7, 7)])).choice).toBe('LOCAL');
    expect(resultOf(request([newcomer('new', 800, 800, 0)])).choice).toBe('LOCAL');
  });

  it('lets real failures outweigh attested tests', () => {
    const failing = {
      ...candidate('a', { successes: 1, failures: 12 }),
      evidence: { passed: 8, run: 8 },
    };
    const result = resultOf(withTask(request([failing]), { valueMicroUsd: 100 }));
    expect(failedGateOf(result, 'a')).toMatch(/confidence|success/);
    const many = { ...failing, history: candidate('a', { successes: 10, failures: 90 }).history };
    expect(failedGateOf(resultOf(withTask(request([many]), { valueMicroUsd: 100 })), 'a')).toBe(
      'success',
    );
  });

  it('reads the outcomes of the task type first, and all of them if there are none', () => {
    const good = { successes: 50, failures: 0, monthsSinceLast: 0 };
    const bad = { successes: 0, failures: 50, monthsSinceLast: 0 };
    const specialist = { ...candidate('a'), history: { ...good, byType: { [TASK_TYPE]: bad } } };
    const generalist = { ...candidate('a'), history: { ...good, byType: { other: bad } } };
    const lowValue = { valueMicroUsd: 100 };
    expect(failedGateOf(resultOf(withTask(request([specialist]), lowValue)), 'a')).toBe('success');
    expect(resultOf(withTask(request([generalist]), lowValue)).choice).toBe('OUTSOURCE');
  });

  it('lets a long silence count against a contractor, or fade to the prior, as asked', () => {
    const silent = candidate('a');
    const history = { ...silent.history, monthsSinceLast: 24, byType: {} };
    const input = request([{ ...silent, history }]);
    const literal = resultOf(input).criteria[0]!.raw.reliability;
    const evidence = resultOf(withPolicy(input, { reliabilityMode: 'evidence' })).criteria[0]!.raw
      .reliability;
    expect(literal).toBeCloseTo((51 / 52) * Math.exp(-2.4), 12);
    const faded = 50 * Math.exp(-2.4);
    expect(evidence).toBeCloseTo((1 + faded) / (2 + faded), 12);
  });

  it('charges more for the risk of a critical task', () => {
    const risk = (criticality: 'normal' | 'high'): number =>
      resultOf(withTask(request([candidate('a')]), { criticality })).costParts.external!
        .riskMicroUsd;
    expect(risk('high')).toBeCloseTo(1.5 * risk('normal'), 9);
  });

  it('excludes or charges a late contractor, as the policy says', () => {
    const input = withTask(request([candidate('a', { latencyMs: 90_000 })]), {
      maxLatencyMs: 60_000,
    });
    expect(dropOf(resultOf(input), 'a')).toBe('TOO_SLOW');
    const soft = resultOf(withPolicy(input, { isLatencyHard: false }));
    expect(soft.costParts.external!.latencyMicroUsd).toBeCloseTo(0.5 * 12_000, 9);
  });

  it('drops what breaks a hard limit, each for its reason', () => {
    const input = withTask(
      request([
        candidate('dear', { priceMicroUsd: 2001 }),
        candidate('unproven', { level: 1 }),
        { ...candidate('foreign', { similarity: 0 }), skills: ['performs:other'] },
        { ...candidate('expired'), quote: { ...candidate('x').quote, expiresAtSeconds: 1000 } },
        candidate('fine', { priceMicroUsd: 2000 }),
      ]),
      { maxPriceMicroUsd: 2000, minLevel: 2 },
    );
    const result = resultOf(input);
    expect(result.candidates.map(({ dropped }) => dropped)).toEqual([
      'OVER_BUDGET',
      'LEVEL_TOO_LOW',
      'SKILL_MISMATCH',
      'QUOTE_EXPIRED',
      undefined,
    ]);
    expect(result.contractor).toBe('fine');
  });
});

describe('decide, when the task cannot run here', () => {
  it('takes what passes the hard limits, whatever it costs and however little is known', () => {
    const dear = newcomer('new', 0, 0);
    const quote = { ...dear.quote, priceMicroUsd: 1e9 };
    const result = resultOf(withoutLocal(request([{ ...dear, quote }])));
    expect(result.choice).toBe('OUTSOURCE');
    expect(result.localInfeasible).toBe(true);
    expect(result.costInternalMicroUsd).toBeNull();
    expect(result.costParts.internal!.memoryShare).toBe(4);
  });

  it('passes over a contractor that mostly fails, however well it scores', () => {
    const failing = candidate('failing', { priceMicroUsd: 1, successes: 10, failures: 40 });
    const result = resultOf(withoutLocal(request([failing, candidate('fair')])));
    expect(result.contractor).toBe('fair');
    const alone = resultOf(withoutLocal(request([failing])));
    expect(alone.choice).toBe('REFUSED');
    expect(failedGateOf(alone, 'failing')).toBe('success');
  });

  it('asks for a success rate only once there is an outcome', () => {
    const strict = { successThreshold: 0.6 };
    const unknown = withPolicy(withoutLocal(request([newcomer('new', 0, 0)])), strict);
    const half = withPolicy(withoutLocal(request([newcomer('half', 2, 4)])), strict);
    expect(resultOf(unknown).choice).toBe('OUTSOURCE');
    expect(resultOf(half).choice).toBe('REFUSED');
  });

  it('refuses with a reason per candidate if none is left', () => {
    const input = withTask(request([candidate('a', { priceMicroUsd: 2000 })]), {
      maxPriceMicroUsd: 10,
    });
    const result = resultOf(withoutLocal(input));
    expect(result.choice).toBe('REFUSED');
    expect(dropOf(result, 'a')).toBe('OVER_BUDGET');
    expect(resultOf(withoutLocal(request([]))).choice).toBe('REFUSED');
  });

  it('needs no estimate where there is no executor', () => {
    const base = request([candidate('a')]);
    const { execution: _, ...rest } = base.local;
    const local = { ...rest, isAvailable: false, unavailableReason: 'no executor for it' };
    const result = resultOf({ ...base, local });
    expect(result.choice).toBe('OUTSOURCE');
    expect(result.reason).toContain('no executor for it');
    expect(result.costParts.internal).toBeNull();
    expect(() => decide({ ...base, local: { ...local, isAvailable: true } })).toThrow(RangeError);
  });
});

describe('every decision', () => {
  it('outsources only what costs strictly less in all than here', () => {
    fc.assert(
      fc.property(someCandidates, (candidates) => {
        const result = evaluated(request(candidates));
        const row = result.selection.chosenRow;
        if (row < 0) return;
        expect(result.matrix.columns.costMicroUsd[row]).toBeLessThan(result.local.costMicroUsd!);
      }),
      { numRuns: 200 },
    );
    const tie = resultOf(request([candidate('a')]));
    const exact = tie.costInternalMicroUsd! - (tie.costExternalMicroUsd! - 1000);
    const equal = resultOf(request([candidate('a', { priceMicroUsd: exact })]));
    expect(equal.costExternalMicroUsd).toBe(equal.costInternalMicroUsd);
    expect(equal.choice).toBe('LOCAL');
  });

  it('never takes a contractor that another one, passing the same gates, dominates', () => {
    fc.assert(
      fc.property(someCandidates, fc.boolean(), (candidates, isHere) => {
        const base = isHere ? request(candidates) : withoutLocal(request(candidates));
        const { result } = decide(base);
        if (result.contractor === null) return;
        const rows = new Map(result.criteria.map((row) => [row.peerId, row.raw]));
        const chosen = rows.get(result.contractor)!;
        for (const { peerId, dropped, failedGate } of result.candidates) {
          if (dropped !== undefined || failedGate !== undefined) continue;
          const other = rows.get(peerId)!;
          const isNoWorse =
            other.cost <= chosen.cost &&
            other.reliability >= chosen.reliability &&
            other.latency <= chosen.latency &&
            other.security <= chosen.security;
          const isSame = JSON.stringify(other) === JSON.stringify(chosen);
          expect(isNoWorse && !isSame).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('never prefers the dearer of two contractors that are otherwise equal', () => {
    const prices = fc.tuple(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 1, max: 3000 }));
    fc.assert(
      fc.property(someCandidates, prices, fc.nat(60), (others, [price, more], successes) => {
        const cheap = candidate('z-cheap', { priceMicroUsd: price, successes });
        const dear = candidate('a-dear', { priceMicroUsd: price + more, successes });
        const { choice, selection, matrix } = evaluated(request([dear, ...others, cheap]));
        if (choice !== 'OUTSOURCE') return;
        expect(matrix.candidateIndex[selection.chosenRow]).not.toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order in which candidates came', () => {
    fc.assert(
      fc.property(someCandidates, (candidates) => {
        const forward = resultOf(request(candidates));
        const backward = resultOf(request([...candidates].reverse()));
        const tied = new Set(forward.candidates.map(({ score }) => score)).size;
        fc.pre(tied === forward.candidates.length);
        expect(backward.contractor).toBe(forward.contractor);
      }),
      { numRuns: 40 },
    );
  });

  it('breaks a tie by cost where cost has no weight', () => {
    const base = request([candidate('a', { priceMicroUsd: 2000 }), candidate('b')]);
    const historicalWeights = { cost: 0, reliability: 1, latency: 1, security: 1 };
    const input = { ...base, context: { ...base.context, historicalWeights } };
    const result = resultOf(withPolicy(input, { signalShare: 0 }));
    expect(result.candidates.map(({ score }) => score)).toEqual([0.5, 0.5]);
    expect(result.contractor).toBe('b');
  });

  it('breaks a tie by PeerId', () => {
    const result = resultOf(request([candidate('b'), candidate('a'), candidate('c')]));
    expect(result.contractor).toBe('a');
    expect(result.runnerUp?.peerId).toBe('b');
  });

  it('reads the market as Listing 1 does: scarcity, failures, urgency, risk', () => {
    const slow = candidate('b', { latencyMs: 30_000, successes: 18 });
    const { weightParts } = resultOf(request([candidate('a', { latencyMs: 15_000 }), slow]));
    expect(weightParts!.signals.cost).toBe(0.25);
    expect(weightParts!.signals.reliability).toBeCloseTo(1 - (51 / 52 + 0.95) / 2, 12);
    expect(weightParts!.signals.latency).toBe(0.25);
    expect(weightParts!.signals.security).toBe(0.2);
  });

  it('has scores and weights in [0, 1] and weights that add up to 1', () => {
    fc.assert(
      fc.property(someCandidates, (candidates) => {
        const { topsis, matrix, weights } = evaluated(request(candidates));
        if (topsis === null || weights === null) return;
        for (let row = 0; row < matrix.count; row++) {
          expect(matrix.columns.scores[row]).toBeGreaterThanOrEqual(0);
          expect(matrix.columns.scores[row]).toBeLessThanOrEqual(1);
        }
        expect(weights.signals.every((signal) => signal >= 0 && signal <= 1)).toBe(true);
        const sum = weights.adjusted.reduce((total, weight) => total + weight, 0);
        expect(sum).toBeCloseTo(1, 12);
      }),
    );
  });
});
