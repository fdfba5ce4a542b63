import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_COUNTERFACTUAL_CANDIDATES } from '../../decision/counterfactual.ts';
import type { Counterfactual } from '../../decision/counterfactual.ts';
import { decide } from '../../decision/decision-record.ts';
import { formatDecision } from '../../decision/explanation.ts';
import {
  formatFractionBeside,
  formatUsd,
  formatUsdPair,
  printable,
  roundedTurns,
  shortPeerId,
  shortPeerIds,
} from '../../decision/plain-text.ts';
import type { DecisionRequest } from '../../decision/request.ts';
import { section } from './printed-decision.ts';
import {
  candidate,
  evaluated,
  exploring,
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
    const asked = request([]);
    const leftOut = [
      { peerId: 'a', reason: 'proves no memory-mib>=40' },
      { peerId: 'b', reason: 'BUSY' },
    ];
    const reasonWith = (some: typeof leftOut) =>
      reasonOf({ ...asked, context: { ...asked.context, leftOut: some } });
    expect(reasonWith(leftOut)).toContain(
      'all 2 contractors found are left out (of the first: proves no memory-mib>=40)',
    );
    expect(reasonWith(leftOut.slice(1))).toContain('the only contractor found is left out (BUSY)');
    const dear = ['a', 'b'].map((id) => candidate(id, { priceMicroUsd: 50 }));
    const slow = candidate('c', { latencyMs: 61_000 });
    const input = withTask(request([...dear, slow]), { maxPriceMicroUsd: 10 });
    expect(reasonOf(input)).toContain(
      'none of 3 contractors qualifies (2 over the price limit, 1 too slow for the deadline)',
    );
    expect(reasonOf(withoutLocal(input))).toMatch(/^REFUSED: .*it needs 64 GiB of 16 GiB; none/);
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
    expect(found.change).toBe('RELIABILITY');
    const at = (reliability: number) => evaluated(input, { candidateIndex: index, reliability });
    expect(at(found.to).selection.chosenRow).not.toBe(0);
    expect(at(found.to + 2e-6).selection.chosenRow).toBe(0);
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

  it('turns the decision at the value that is printed, whatever else is printed', () => {
    const counts = { PRICE: 0, RELIABILITY: 0 };
    const worths = fc.constantFrom(100, 3_000, 12_000);
    fc.assert(
      fc.property(someCandidates, fc.boolean(), worths, (candidates, isHere, valueMicroUsd) => {
        const base = withTask(request(candidates), { valueMicroUsd });
        const input = isHere ? base : withoutLocal(base);
        const found = decide(input).result.counterfactual;
        if (found === null || found.change === 'SUCCESSES') return;
        counts[found.change]++;
        const [, to, from] = /(?:asked|been) \$?([\d.]+) instead of \$?([\d.]+),/
          .exec(found.sentence)!
          .map(Number);
        expect(to).not.toBe(from);
        if (found.change === 'PRICE') {
          const printed = Math.round(to! * 1e6);
          expect((printed - found.to) * (found.to - found.from)).toBeGreaterThanOrEqual(0);
          expectTurned(found, withPrice(input, found.peerId, printed));
        } else {
          expect((to! - found.to) * (found.to - found.from)).toBeGreaterThanOrEqual(0);
          const candidateIndex = candidates.findIndex(({ peerId }) => peerId === found.peerId);
          const { choice, chosenRow, matrix } = evaluated(input, {
            candidateIndex,
            reliability: to!,
          });
          const row = chosenRow < 0 ? -1 : matrix.candidateIndex[chosenRow]!;
          const contractor = candidates[row]?.peerId ?? null;
          expect({ choice, contractor }).toEqual({
            choice: found.choice,
            contractor: found.contractor,
          });
        }
      }),
      { numRuns: 150 },
    );
    expect(counts.PRICE).toBeGreaterThan(10);
    expect(counts.RELIABILITY).toBeGreaterThan(5);
  });

  it('is rounded away from where it was, with no more digits than that takes', () => {
    const shown = (from: number, to: number, kind: 'USD' | 'FRACTION'): string => {
      for (const turn of roundedTurns(from, to, kind)) return `${turn.to} instead of ${turn.from}`;
      return '';
    };
    expect(shown(0.92, 0.8968756, 'FRACTION')).toBe('0.89 instead of 0.92');
    expect(shown(0.8968756, 0.92, 'FRACTION')).toBe('0.92 instead of 0.90');
    expect(shown(0.9012, 0.9003, 'FRACTION')).toBe('0.900 instead of 0.901');
    expect(shown(1_500_000, 1_234_567, 'USD')).toBe('$1.23 instead of $1.50');
    expect(shown(1_500_000, 1_834_567, 'USD')).toBe('$1.84 instead of $1.50');
    expect(shown(9_000, 8_691, 'USD')).toBe('$0.008691 instead of $0.009000');
  });

  it('says what stays as it is, and that it would not explore', () => {
    const input = request([candidate('a', { priceMicroUsd: 9000 })]);
    const dear = decide(input).result.counterfactual!;
    expect(dear.sentence).toMatch(/, with all other quotes and all records as they are, the task/);
    const open = exploring(withTask(input, { valueMicroUsd: 1_000 }), input.policy, 'ucb1');
    const { sentence } = decide(open).result.counterfactual!;
    expect(sentence).toContain('as they are, and without exploring, the task would');
    const rival = candidate('b', { priceMicroUsd: 1_010, successes: 40 });
    const close = decide(request([candidate('a'), rival])).result.counterfactual!;
    expect(close.change).toBe('RELIABILITY');
    expect(close.sentence).toContain('success rate, confidence');
  });

  it('is said to be none where no price and no reliability would do', () => {
    const shown = (input: DecisionRequest): string =>
      formatDecision(decide(input)).replace('\n', ' ');
    const unknown = withTask(request([newcomer('new', 0, 0)]), { valueMicroUsd: 100 });
    expect(shown(unknown)).toContain(
      'No lower price and no higher reliability of new alone would have turned the decision.',
    );
    expect(shown(unknown)).toMatch(/After \d+ further verified successes of new, with all quotes/);
    expect(shown(request([]))).toContain('No price and no reliability would have turned');
    expect(shown(request([]))).toContain('Runner-up: no contractor was judged');
    const cheap = { priceMicroUsd: 1 };
    const alone = withoutLocal(request([candidate('only', cheap)]));
    expect(shown(alone)).toContain(
      'No higher price and no lower reliability of only alone would have turned the decision.',
    );
    const many = Array.from({ length: MAX_COUNTERFACTUAL_CANDIDATES + 1 }, (_, i) =>
      candidate(`peer-${i}`),
    );
    expect(shown(request(many))).toContain('not looked for among more than 1000 contractors');
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
    expect(formatDecision(decide(request(many)))).toContain('and 10 more; --all shows them');
  });

  it('names the runner-up also of a task that stays here, and says where there is no other', () => {
    const dear = { priceMicroUsd: 9_000 };
    const two = [candidate('best', dear), candidate('next', { ...dear, latencyMs: 900 })];
    const text = formatDecision(decide(request(two)));
    expect(text).toMatch(/^LOCAL/);
    expect(text).toContain('Runner-up: next, score 0, ');
    const lone = formatDecision(decide(request(two.slice(0, 1))));
    expect(lone).toContain('Runner-up: no other contractor was judged');
  });

  it('prints integers as they are, however large', () => {
    const text = formatDecision(
      decide(
        withTask(request([candidate('a', { priceMicroUsd: 1_234_567 })]), {
          inputBytes: 1_599_886,
          expectedOutputBytes: 1_000_001,
        }),
      ),
    );
    expect(text).toContain('communication = 2599887 bytes x');
    expect(text).toContain('1599886 bytes in and 1000001 out');
    expect(text).toContain('$1.234567');
  });

  it('shows on which side of its threshold a figure is', () => {
    const field = [candidate('a'), candidate('b', { priceMicroUsd: 900, latencyMs: 900 })];
    const { score } = decide(request(field)).result;
    for (const scoreThreshold of [score! - 1e-9, score! + 1e-9]) {
      const input = withPolicy(request(field), { scoreThreshold });
      const text = formatDecision(decide(input));
      const [, inTable] = /^ {2}a +([\d.]+) +\$/m.exec(
        section(text, 'Contractors by score').join('\n'),
      )!;
      expect(Number(inTable) > scoreThreshold).toBe(score! > scoreThreshold);
      const [, inGate] = /score above [\d.]+ +([\d.]+) +(?:passed|FAILED)/.exec(text)!;
      expect(Number(inGate) > scoreThreshold).toBe(score! > scoreThreshold);
      const [, inReason] = /(?:score|scores) ([\d.]+)/.exec(text.split('\n')[0]!)!;
      expect(Number(inReason) > scoreThreshold).toBe(score! > scoreThreshold);
    }
    expect(formatFractionBeside(0.6 + 2 ** -50, 0.6)).toBe(String(0.6 + 2 ** -50));
    expect(formatFractionBeside(0.6, 0.6)).toBe('0.60');
  });

  it('says where the seconds of a task here come from, if the record knows', () => {
    const base = request([candidate('a')]);
    const hours = (execution: NonNullable<DecisionRequest['local']['execution']>): string =>
      / {2}hours +\S+ +(.*)/.exec(
        formatDecision(decide({ ...base, local: { ...base.local, execution } })),
      )![1]!;
    expect(hours({ measuredSeconds: 600 })).toBe('600 s / 3600');
    expect(hours({ measuredSeconds: 600, measuredRuns: 1 })).toContain('by 1 measured run of this');
    expect(hours({ measuredSeconds: 600, measuredRuns: 32 })).toContain('by 32 measured runs');
    expect(hours({ measuredSeconds: 600, measuredRuns: 0 })).toContain('as its executor declares');
    expect(hours({ flops: 1e12 })).toContain('the task says how many');
  });

  it('shows what the work here pays to a service, and counts it as cash', () => {
    const base = request([candidate('a')]);
    const without = decide(base);
    const paid = decide({ ...base, local: { ...base.local, servicesMicroUsd: 250_000 } });
    expect(formatDecision(without)).not.toMatch(/ {2}services /);
    expect(formatDecision(paid)).toMatch(/ {2}services +\$0\.25 +paid to others for the work/);
    for (const key of ['costInternalMicroUsd', 'costInternalWithoutOpportunityMicroUsd'] as const) {
      expect(paid.result[key]! - without.result[key]!).toBeCloseTo(250_000, 6);
    }
    expect(() => decide({ ...base, local: { ...base.local, servicesMicroUsd: -1 } })).toThrow(
      /servicesMicroUsd/,
    );
  });

  it('shows a contractor that is chosen whatever its place', () => {
    const field = Array.from({ length: 30 }, (_, i) => newcomer(`new-${i}`, 2, 2));
    const last = candidate('proven', { priceMicroUsd: 7_000, latencyMs: 59_000 });
    const text = formatDecision(
      decide(withPolicy(request([...field, last]), { scoreThreshold: 0 })),
    );
    expect(text).toMatch(/^OUTSOURCE to proven/);
    const headings = ['What is known', 'What that', 'Cost at', 'Contractors by score'];
    for (const heading of headings) {
      expect(section(text, heading).filter((line) => / proven /.test(line))).toHaveLength(1);
    }
  });

  it('names two contractors apart whose PeerIds look alike, an attacker that copies one too', () => {
    const twin = `${PEER.slice(0, 20)}X${PEER.slice(21)}`;
    const text = formatDecision(decide(request([candidate(PEER), candidate(twin)])));
    const names = section(text, 'What is known').flatMap(
      (line) => /^ {2}(12D3\S+) /.exec(line)?.[1] ?? [],
    );
    expect(new Set(names).size).toBe(2);
    expect(text.split('\n')[0]).toContain(`OUTSOURCE to ${twin}:`);
    expect(text).not.toContain('12D3…zabc');
  });

  it('gives different short names to different PeerIds, and short ones where they suffice', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.uniqueArray(letters, { maxLength: 40 }), (peerIds) => {
        const names = shortPeerIds(peerIds);
        expect(new Set(names.values()).size).toBe(peerIds.length);
      }),
    );
    expect([...shortPeerIds([PEER, 'short']).values()]).toEqual([shortPeerId(PEER), 'short']);
    const wide = ['x', 'y'].map((middle) => 'a'.repeat(63) + middle + 'a'.repeat(64));
    expect(new Set(shortPeerIds(wide).values()).size).toBe(2);
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
