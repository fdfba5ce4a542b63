import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_COUNTERFACTUAL_CANDIDATES } from '../../decision/counterfactual.ts';
import type { Counterfactual } from '../../decision/counterfactual.ts';
import { decide } from '../../decision/decision-record.ts';
import { formatDecision } from '../../decision/explanation.ts';
import { formatUsd, formatUsdPair, printable, shortPeerId } from '../../decision/plain-text.ts';
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

const PEER = '12D3KooWGRUaEZ7TjMEKkwMNMgwrBZ9V5VYpHJ4cVfZTzabc';

function reasonOf(input: DecisionRequest): string {
  return decide(input).result.reason;
}

/** The request with a price counterfactual applied to it. */
function withPrice(input: DecisionRequest, peerId: string, priceMicroUsd: number): DecisionRequest {
  const candidates = input.candidates.map((one) =>
    one.peerId === peerId ? { ...one, quote: { ...one.quote, priceMicroUsd } } : one,
  );
  return { ...input, candidates };
}

function expectTurned(before: Counterfactual, after: DecisionRequest): void {
  const { choice, contractor } = decide(after).result;
  expect({ choice, contractor }).toEqual({
    choice: before.choice,
    contractor: before.contractor,
  });
}

describe('the reason', () => {
  it('names contractor, costs, score and confidence of what is outsourced', () => {
    expect(reasonOf(request([candidate(PEER)]))).toBe(
      'OUTSOURCE to 12D3…zabc: it costs $0.001841 in all against $0.009533 here ' +
        '(score 0.50, confidence 0.96)',
    );
  });

  it('names the dearer cost of what stays here', () => {
    expect(reasonOf(request([candidate(PEER, { priceMicroUsd: 9000 })]))).toBe(
      'LOCAL: the best contractor, 12D3…zabc, would cost $0.009841 in all, ' +
        'more than $0.009533 here',
    );
  });

  it('names the gate that keeps a task here', () => {
    const lowValue = { valueMicroUsd: 100 };
    const unknown = withTask(request([newcomer(PEER, 3, 3)]), lowValue);
    expect(reasonOf(unknown)).toContain('too little is known about the best contractor');
    const failing = candidate(PEER, { successes: 10, failures: 90 });
    expect(reasonOf(withTask(request([failing]), lowValue))).toContain('fails too often');
    const even = [candidate('a'), candidate('b', { priceMicroUsd: 3000, latencyMs: 1 })];
    const strict = withPolicy(request(even), { scoreThreshold: 1 });
    expect(reasonOf(strict)).toMatch(/scores 0\.\d+ and needs more than 1\.00/);
  });

  it('says what is wrong with every contractor if none qualifies', () => {
    expect(reasonOf(request([]))).toContain('no contractor offered the work');
    const dear = ['a', 'b'].map((id) => candidate(id, { priceMicroUsd: 50 }));
    const slow = candidate('c', { latencyMs: 61_000 });
    const input = withTask(request([...dear, slow]), { maxPriceMicroUsd: 10 });
    expect(reasonOf(input)).toContain(
      'none of 3 contractors qualifies (2 over the price limit, 1 too slow for the deadline)',
    );
    expect(reasonOf(withoutLocal(input))).toMatch(/^REFUSED: .*it needs 64.0 GiB of 16 GiB; none/);
  });

  it('shows two costs that differ as different', () => {
    expect(formatUsdPair(1_000_000, 1_000_001)).toEqual(['$1.000000', '$1.000001']);
    expect(formatUsdPair(5, 5)).toEqual(['$0.000005', '$0.000005']);
    expect([1.5e6, 0, 20_000, 1200].map(formatUsd)).toEqual([
      '$1.50',
      '$0.00',
      '$0.0200',
      '$0.001200',
    ]);
  });
});

describe('the counterfactual', () => {
  it('of a price is where the decision turns, to the micro-USD', () => {
    const input = request([candidate('a', { priceMicroUsd: 9000 })]);
    const found = decide(input).result.counterfactual!;
    expect(found.change).toBe('PRICE');
    expectTurned(found, withPrice(input, 'a', found.to));
    expect(decide(withPrice(input, 'a', found.to + 1)).result.choice).toBe('LOCAL');
  });

  it('of a price limit is the limit', () => {
    const input = withoutLocal(
      withTask(request([candidate('a', { priceMicroUsd: 9000 })]), { maxPriceMicroUsd: 100 }),
    );
    const found = decide(input).result.counterfactual!;
    expect(found).toMatchObject({ peerId: 'a', change: 'PRICE', from: 9000, to: 100 });
    expectTurned(found, withPrice(input, 'a', 100));
  });

  it('of a reliability turns the decision, and a little less of it does not', () => {
    const rival = candidate('b', { priceMicroUsd: 1100, successes: 40 });
    const input = request([candidate('a'), rival]);
    const { result } = decide(input);
    const index = 0;
    expect(result.contractor).toBe('a');
    const found = result.counterfactual!;
    if (found.change === 'RELIABILITY') {
      const at = (reliability: number) => evaluated(input, { candidateIndex: index, reliability });
      expect(at(found.to).selection.chosenRow).not.toBe(0);
      expect(at(found.to + 2e-6).selection.chosenRow).toBe(0);
    } else {
      expectTurned(found, withPrice(input, 'a', found.to));
    }
  });

  it('of a newcomer is the number of successes that it lacks', () => {
    const input = withTask(request([newcomer('new', 3, 3)]), { valueMicroUsd: 100 });
    const found = decide(input).result.counterfactual!;
    expect(found).toMatchObject({ change: 'SUCCESSES', from: 0, to: 5, choice: 'OUTSOURCE' });
    const after = (successes: number): DecisionRequest => {
      const record = { successes, failures: 0, monthsSinceLast: 0 };
      const history = { ...record, byType: { [TASK_TYPE]: record } };
      return { ...input, candidates: [{ ...newcomer('new', 3, 3), history }] };
    };
    expectTurned(found, after(5));
    expect(decide(after(4)).result.choice).toBe('LOCAL');
  });

  it('always turns the decision when it is applied, and is never the decision itself', () => {
    let found = 0;
    fc.assert(
      fc.property(someCandidates, fc.boolean(), (candidates, isHere) => {
        const input = isHere ? request(candidates) : withoutLocal(request(candidates));
        const { result } = decide(input);
        const change = result.counterfactual;
        if (change === null) return;
        found++;
        const same = change.choice === result.choice && change.contractor === result.contractor;
        expect(same).toBe(false);
        if (change.change === 'PRICE') {
          expectTurned(change, withPrice(input, change.peerId, change.to));
        } else if (change.change === 'RELIABILITY') {
          const index = candidates.findIndex(({ peerId }) => peerId === change.peerId);
          const override = { candidateIndex: index, reliability: change.to };
          expect(evaluated(input, override).choice).toBe(change.choice);
        }
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(20);
  });

  it('is not looked for in a field too large for it', () => {
    const many = Array.from({ length: MAX_COUNTERFACTUAL_CANDIDATES + 1 }, (_, i) =>
      candidate(`peer-${i}`),
    );
    expect(decide(request(many)).result.counterfactual).toBeNull();
  });
});

describe('the printed decision', () => {
  it('shows reason, gates, costs, criteria, weights, runner-up and what was dropped', () => {
    const field = [
      candidate(PEER),
      candidate('runner', { priceMicroUsd: 2500 }),
      candidate('late', { latencyMs: 1e9 }),
    ];
    const text = formatDecision(decide(request(field)));
    for (const part of [
      'OUTSOURCE to 12D3…zabc',
      'Gates of 12D3…zabc',
      'confidence above 0.8 ',
      'Cost here',
      'waiting tasks',
      'Cost at the contractor',
      'verification',
      'weight',
      'cost in all',
      'security risk',
      'Runner-up: runner',
      'too slow for the deadline',
      'seed 42',
    ]) {
      expect(text).toContain(part);
    }
    expect(text.split('\n').every((line) => line === line.trimEnd())).toBe(true);
  });

  it('counts the contractors that it does not show', () => {
    const many = Array.from({ length: 30 }, (_, i) => candidate(`peer-${i}`));
    expect(formatDecision(decide(request(many)))).toContain('and 10 more');
  });

  it('escapes every character that is not plainly visible', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 0, max: 0x10ffff }))
          .map((points) => String.fromCodePoint(...points)),
        (text) => {
          expect(printable(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          expect(shortPeerId(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        },
      ),
    );
    expect(printable('a'.repeat(100))).toHaveLength(81);
  });
});
