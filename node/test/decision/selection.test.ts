import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { DecisionMatrix } from '../../decision/decision-matrix.ts';
import { decide } from '../../decision/decision-record.ts';
import type { DecisionResult } from '../../decision/decision-record.ts';
import type { Evaluation } from '../../decision/evaluation.ts';
import { PAPER_POLICY, RATIONAL_POLICY } from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import type { DecisionRequest } from '../../decision/request.ts';
import { failedGate, ranksBefore } from '../../decision/selection.ts';
import {
  candidate,
  evaluated,
  request,
  someCandidates,
  withoutLocal,
  withPolicy,
  withTask,
} from './requests.ts';

describe('the selection', () => {
  it('has a runner-up that is another than the considered one, the best by score of the rest', () => {
    let others = 0;
    fc.assert(
      fc.property(someCandidates, (list) => {
        const { considered, runnerUp, candidates } = decide(request(list)).result;
        const rest = candidates.filter(
          ({ peerId, score }) => peerId !== considered && score !== null,
        );
        if (considered === null || rest.length === 0) {
          expect(runnerUp).toBeNull();
          return;
        }
        const best = candidates.find(({ peerId }) => peerId === considered)!;
        if (rest.some(({ score }) => score! > best.score!)) others++;
        expect(runnerUp!.peerId).not.toBe(considered);
        expect(runnerUp!.score).toBe(Math.max(...rest.map(({ score }) => score!)));
      }),
      { numRuns: 150 },
    );
    // The best by score failed a gate in some of them.
    expect(others).toBeGreaterThan(2);
  });

  it('lets a score pass that is above the threshold, and not one that is on it', () => {
    const field = request([candidate('a'), candidate('b', { priceMicroUsd: 2_000, failures: 2 })]);
    const { score } = decide(field).result.candidates[0]!;
    const gateAt = (scoreThreshold: number): string | undefined =>
      decide(withPolicy(field, { scoreThreshold })).result.candidates[0]!.failedGate;
    expect(gateAt(score!)).toBe('score');
    expect(gateAt(score! - 1e-9)).toBeUndefined();
  });
});

/** Columns of two rows that are equal but for what is named. */
function tieBroken(
  changes: Partial<Record<keyof DecisionMatrix['columns'], readonly [number, number]>>,
  names: readonly [string, string] = ['b', 'a'],
): boolean {
  const table = new CandidateTable(names.map((name) => candidate(name)));
  const matrix = new DecisionMatrix(2);
  matrix.candidateIndex.set([0, 1]);
  for (const [name, values] of Object.entries(changes)) {
    matrix.columns[name as keyof typeof changes].set(values);
  }
  return ranksBefore(table, matrix, 0, 1);
}

describe('of two with equal scores', () => {
  it('the higher score would go first, whatever the rest', () => {
    expect(tieBroken({ scores: [0.9, 0.8], costMicroUsd: [2, 1] })).toBe(true);
    expect(tieBroken({ scores: [0.8, 0.9], costMicroUsd: [1, 2] })).toBe(false);
  });

  it.each([
    ['the lower cost', 'costMicroUsd', [1, 2], { reliability: [0.1, 0.9] }],
    ['the higher reliability', 'reliability', [0.9, 0.1], { latencyMinutes: [2, 1] }],
    ['the lower latency', 'latencyMinutes', [1, 2], { securityRisk: [0.9, 0.1] }],
    ['the lower security risk', 'securityRisk', [0.1, 0.9], {}],
  ] as const)('%s goes first, before what comes after it', (_what, column, values, later) => {
    const [better, worse] = values;
    const equal = { scores: [0.5, 0.5] } as const;
    expect(tieBroken({ ...equal, ...later, [column]: [better, worse] })).toBe(true);
    const reversed = Object.fromEntries(
      Object.entries(later).map(([name, [a, b]]) => [name, [b, a] as const]),
    );
    expect(tieBroken({ ...equal, ...reversed, [column]: [worse, better] })).toBe(false);
  });

  it('the first by PeerId goes first where all is equal', () => {
    expect(tieBroken({}, ['a', 'b'])).toBe(true);
    expect(tieBroken({}, ['b', 'a'])).toBe(false);
  });
});

const entryOf = ({ candidates }: DecisionResult, peerId: string) =>
  candidates.find((one) => one.peerId === peerId)!;
const failedGateOf = (result: DecisionResult, peerId: string) => entryOf(result, peerId).failedGate;
const scoreOf = (result: DecisionResult, peerId: string): number => entryOf(result, peerId).score!;

/** The choice by walking down the ranking, which `select` makes in one pass without a sort. */
function chosenByHand(
  input: DecisionRequest,
  { matrix, gateFacts }: Evaluation,
): { readonly row: number; readonly isBlocked: boolean } {
  const table = new CandidateTable(input.candidates);
  const rows = Array.from({ length: matrix.count }, (_, row) => row);
  rows.sort((a, b) => (ranksBefore(table, matrix, a, b) ? -1 : 1));
  const isLocalPossible = gateFacts.costInternalMicroUsd !== null;
  const stops = isLocalPossible && gateFacts.policy.triesNextAfter === 'economicGate';
  const passing = rows.findIndex((row) => failedGate(matrix, gateFacts, row) === null);
  const blocking = rows.findIndex((row) => {
    const gate = failedGate(matrix, gateFacts, row);
    return gate !== null && gate !== 'economic';
  });
  const isBlocked = stops && passing >= 0 && blocking >= 0 && blocking < passing;
  return { row: passing < 0 || isBlocked ? -1 : rows[passing]!, isBlocked };
}

/** The same with a cost here at such a quantile of what the contractors cost. */
function asDearAs(input: DecisionRequest, quantile: number): DecisionRequest {
  const { matrix, local } = evaluated(input);
  const costs = [...matrix.columns.costMicroUsd.subarray(0, matrix.count)].sort((a, b) => a - b);
  const localCalibrationRatio =
    costs[Math.floor(quantile * (costs.length - 1))]! / local.costMicroUsd!;
  return { ...input, context: { ...input.context, localCalibrationRatio } };
}

const GATED_PAPER: DecisionPolicy = { ...PAPER_POLICY, hasEconomicGate: true };

describe('the one that blocks', () => {
  const half = { priceMicroUsd: 100, latencyMs: 490 };
  /** Blocks, and is the best; blocks, and is the worst; passes, and is between them. */
  const best = candidate('best', { ...half, successes: 5 });
  const worst = candidate('worst', { priceMicroUsd: 9_000, latencyMs: 50_000, successes: 5 });
  const proven = candidate('proven', { priceMicroUsd: 900 });
  const other = candidate('other', { priceMicroUsd: 9_000, latencyMs: 20_000 });

  it.each([
    ['after one that blocks nobody', [worst, best, proven, other]],
    ['before one that blocks nobody', [best, worst, proven, other]],
    ['after the one that it blocks', [proven, worst, best, other]],
    ['between those, the worst last', [best, proven, other, worst]],
  ])('is the best of those that fail another gate than the economic one: %s', (_what, field) => {
    const base = withTask(request(field), { valueMicroUsd: 1_000 });
    const { result } = decide(withPolicy(base, PAPER_POLICY));
    const order = [...result.candidates].sort((a, b) => b.score! - a.score!);
    expect(order[0]).toMatchObject({ peerId: 'best', failedGate: 'confidence' });
    expect(order[1]).toMatchObject({ peerId: 'proven' });
    expect(order[1]!.failedGate).toBeUndefined();
    expect(order.at(-1)).toMatchObject({ peerId: 'worst' });
    expect(result).toMatchObject({
      choice: 'LOCAL',
      considered: 'best',
      decidedBy: 'confidence',
    });
    // The worst one alone blocks nobody that ranks before it.
    const without = base.candidates.filter(({ peerId }) => peerId !== 'best');
    const { contractor } = decide(
      withPolicy({ ...base, candidates: without }, PAPER_POLICY),
    ).result;
    expect(contractor).toBe('proven');
  });

  it('blocks nobody where the task cannot run here: there is nowhere to keep it', () => {
    const failing = candidate('failing', { ...half, successes: 10, failures: 15 });
    const slow = candidate('proven', { priceMicroUsd: 90_000, latencyMs: 50_000, successes: 20 });
    const input = withPolicy(request([failing, slow]), PAPER_POLICY);
    const order = decide(withoutLocal(input)).result;
    expect(failedGateOf(order, 'failing')).toBe('success');
    expect(scoreOf(order, 'failing')).toBeGreaterThan(scoreOf(order, 'proven'));
    expect(order).toMatchObject({ choice: 'OUTSOURCE', contractor: 'proven' });
    // Where it can, the first that fails keeps it here.
    expect(decide(input).result.choice).toBe('LOCAL');
  });

  it('is found in one pass as by walking down the ranking, over random fields', () => {
    const counts = { blocked: 0, chosen: 0, none: 0, afterOneTooDear: 0 };
    const someField = fc.tuple(someCandidates, fc.nat(20)).map(([list, successes]) => [
      ...list,
      // Half-known ones make blockers likely.
      ...[300, 600, 5_000].map((priceMicroUsd, i) =>
        candidate(`half-${i}`, { priceMicroUsd, successes, latencyMs: 1 + 3_000 * i }),
      ),
    ]);
    const shuffled = someField.chain((list) =>
      fc.shuffledSubarray(list, { minLength: list.length }),
    );
    const policies = fc.oneof(
      { weight: 3, arbitrary: fc.constant(GATED_PAPER) },
      { weight: 1, arbitrary: fc.constantFrom(PAPER_POLICY, RATIONAL_POLICY) },
    );
    fc.assert(
      fc.property(shuffled, policies, fc.nat(100), (field, policy, percent) => {
        // Weights that favour safety: the best is often too dear.
        const task = { valueMicroUsd: 2_000, sensitivity: 'high' } as const;
        const base = withTask(request(field), task);
        const input = asDearAs(withPolicy(base, { ...policy, scoreThreshold: 0.1 }), percent / 100);
        const evaluation = evaluated(input);
        const { row, isBlocked } = chosenByHand(input, evaluation);
        counts[isBlocked ? 'blocked' : row < 0 ? 'none' : 'chosen']++;
        expect(evaluation.selection.chosenRow).toBe(row);
        const { matrix, gateFacts, selection } = evaluation;
        if (row < 0 || policy === RATIONAL_POLICY) return;
        const best = row === selection.consideredRow ? selection.runnerUpRow : -1;
        const isPassedOver =
          best >= 0 && matrix.columns.scores[best]! > matrix.columns.scores[row]!;
        if (isPassedOver && failedGate(matrix, gateFacts, best) === 'economic') {
          counts.afterOneTooDear++;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(counts.blocked).toBeGreaterThan(20);
    expect(counts.chosen).toBeGreaterThan(50);
    expect(counts.afterOneTooDear).toBeGreaterThan(0);
  });
});

describe('the change that would have turned a decision', () => {
  it('is the smallest of all changes of one price by a hundredth of it, up to its half', () => {
    let compared = 0;
    fc.assert(
      fc.property(someCandidates, (list) => {
        const input = request(list.slice(0, 5));
        const { result } = decide(input);
        const { counterfactual, choice, contractor, exploration } = result;
        if (exploration) return;
        const share =
          counterfactual === null || counterfactual.from === 0
            ? 0.5
            : Math.abs(counterfactual.to - counterfactual.from) / counterfactual.from;
        if (counterfactual?.change === 'SUCCESSES') return;
        input.candidates.forEach((one, place) => {
          for (let percent = 1; percent / 100 < Math.min(0.5, share) - 0.001; percent++) {
            for (const sign of [1, -1]) {
              const from = one.quote.priceMicroUsd!;
              const priceMicroUsd = Math.round(from * (1 + (sign * percent) / 100));
              const quote = { ...one.quote, priceMicroUsd };
              const candidates = input.candidates.with(place, { ...one, quote });
              const other = evaluated({ ...input, candidates });
              const index = other.matrix.candidateIndex[other.chosenRow];
              const who = other.chosenRow < 0 ? null : candidates[index!]!.peerId;
              const isSame = other.choice === choice && who === contractor;
              if (!isSame && Math.abs(priceMicroUsd - from) / from < share) missed.add(list);
              compared++;
            }
          }
        });
      }),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(500);
    // Steps double: a turn and its return between two of them are missed, seldom.
    expect(missed.size).toBeLessThanOrEqual(1);
  });
  const missed = new Set<unknown>();
});
