/** How far and how finely is looked for what would have turned a decision. */

import { describe, expect, it } from 'vitest';
import { counterfactualTargets } from '../../decision/counterfactual.ts';
import { decide } from '../../decision/decision-record.ts';
import type { DecisionRequest } from '../../decision/request.ts';
import { candidate, evaluated, newcomer, request, withPolicy } from './requests.ts';

/** Confidence of a contractor without a failure. */
function confidenceAfter(successes: number): number {
  const rate = (successes + 1) / (successes + 2);
  return 1 - 1.96 * Math.sqrt((rate * (1 - rate)) / (successes + 2));
}

/** A newcomer at whose price and reliability nothing turns: it lacks so many successes. */
function lacking(successes: number): DecisionRequest {
  const between = (confidenceAfter(successes - 1) + confidenceAfter(successes)) / 2;
  return withPolicy(request([newcomer('new', 0, 0)]), { confidenceThreshold: between });
}

describe('the contractors at whom a change is looked for', () => {
  const field = (size: number, priceMicroUsd: number): DecisionRequest =>
    request(
      Array.from({ length: size }, (_, i) =>
        candidate(`peer-${i}`, { priceMicroUsd: priceMicroUsd + i, latencyMs: 500 + i }),
      ),
    );

  it('are all in a field of 64', () => {
    const input = field(64, 1_000);
    expect(counterfactualTargets(input, evaluated(input))).toHaveLength(64);
    const { counterfactual } = decide(input).result;
    expect(counterfactual!.sentence).not.toContain('looked for at');
  });

  it('are the considered one in a larger field, and the cheapest where nobody is hired', () => {
    const hired = field(65, 1_000);
    expect(counterfactualTargets(hired, evaluated(hired))).toEqual([0]);
    const { counterfactual } = decide(hired).result;
    expect(counterfactual!.sentence).toContain(' (looked for at 1 of 65)');
    // Too dear, and the cheapest is so late that it does not score best.
    const dear = field(65, 12_000);
    const late = candidate('late', { priceMicroUsd: 11_000, latencyMs: 59_000 });
    const kept = { ...dear, candidates: [...dear.candidates, late] };
    const evaluation = evaluated(kept);
    expect(evaluation.choice).toBe('LOCAL');
    const considered = evaluation.matrix.candidateIndex[evaluation.selection.consideredRow]!;
    expect(considered).not.toBe(65);
    expect(counterfactualTargets(kept, evaluation)).toEqual([considered, 65]);
  });
});

describe('the successes that a contractor lacks', () => {
  it.each([1, 2, 8, 511, 512, 513, 1_023, 1_024])('are found to be %d', (successes) => {
    expect(decide(lacking(successes)).result.counterfactual).toMatchObject({
      change: 'SUCCESSES',
      from: 0,
      to: successes,
      choice: 'OUTSOURCE',
    });
  });

  it.each([1_025, 2_000])('are not looked for as far as %d', (successes) => {
    expect(decide(lacking(successes)).result.counterfactual).toBeNull();
  });
});

describe('the reliability that would have turned a decision', () => {
  /** Whether the decision is another one at so much more, or less, of one reliability. */
  function isTurnedAt(input: DecisionRequest, candidateIndex: number, reliability: number) {
    const outcome = (evaluation: ReturnType<typeof evaluated>): unknown[] => {
      const { choice, chosenRow, matrix } = evaluation;
      return [choice, chosenRow < 0 ? -1 : matrix.candidateIndex[chosenRow]];
    };
    const changed = outcome(evaluated(input, { candidateIndex, reliability }));
    return JSON.stringify(changed) !== JSON.stringify(outcome(evaluated(input)));
  }

  it('is looked for at a thousandth and its doubles: no turn on that way is nearer', () => {
    // With peer-2 more reliable by 0.064 another one is hired; by a little less or more it is not.
    const field = [
      candidate('peer-0', {
        priceMicroUsd: 7_422,
        latencyMs: 39_273,
        ...{ successes: 59, failures: 8, level: 0 },
      }),
      candidate('peer-1', {
        priceMicroUsd: 6_643,
        latencyMs: 45_782,
        ...{ successes: 20, failures: 4, level: 3 },
      }),
      candidate('peer-2', {
        priceMicroUsd: 3_928,
        latencyMs: 57_700,
        ...{ successes: 25, failures: 9, level: 2 },
      }),
    ];
    const input = request(field);
    const { counterfactual } = decide(input).result;
    const share = Math.abs(counterfactual!.to / counterfactual!.from - 1);
    const { matrix } = evaluated(input);
    const reliabilities = [...matrix.columns.reliability.subarray(0, matrix.count)];
    let turned = 0;
    for (const [row, from] of reliabilities.entries()) {
      const index = matrix.candidateIndex[row]!;
      for (const [sign, reach] of [
        [1, 1 - from],
        [-1, from],
      ] as const) {
        for (let distance = 1e-3; distance < reach; distance *= 2) {
          if (!isTurnedAt(input, index, from + sign * distance)) continue;
          turned++;
          expect(distance / from).toBeGreaterThanOrEqual(share - 1e-9);
        }
      }
    }
    expect(turned).toBeGreaterThan(0);
    expect(isTurnedAt(input, 2, reliabilities[2]! + 0.064)).toBe(true);
    expect(isTurnedAt(input, 2, reliabilities[2]! + 0.08)).toBe(false);
  });

  it('is exact to a millionth', () => {
    const input = request([
      candidate('first', {
        priceMicroUsd: 4_658,
        latencyMs: 16,
        successes: 55,
        failures: 3,
        level: 1,
      }),
      candidate('second', { priceMicroUsd: 4, latencyMs: 4, successes: 60, failures: 5, level: 0 }),
      candidate('third', {
        priceMicroUsd: 4_935,
        latencyMs: 38_259,
        ...{ successes: 23, failures: 1, level: 2 },
      }),
    ]);
    const found = decide(input).result.counterfactual!;
    expect(found).toMatchObject({ change: 'RELIABILITY', peerId: 'third' });
    const nearer = found.to + 1e-6 * Math.sign(found.from - found.to);
    expect(isTurnedAt(input, 2, found.to)).toBe(true);
    expect(isTurnedAt(input, 2, nearer)).toBe(false);
  });
});
