import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP_REASONS } from '../../decision/candidate-reading.ts';
import type { DropReason } from '../../decision/candidate-reading.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { explainDecision, replayDecision } from '../../decision/decision-record.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { DecisionEngine } from '../../decision/engine.ts';
import type { Decision } from '../../decision/engine.ts';
import { EXPLORATION_STRATEGIES } from '../../decision/exploration/exploration-strategy.ts';
import { POLICIES, RATIONAL_POLICY } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest, OutcomeHistory } from '../../decision/request.ts';
import { anyCandidates } from './any-candidates.ts';
import {
  candidate,
  decisionOf,
  exploring,
  newcomer,
  request,
  TASK_TYPE,
  withoutLocal,
  withPolicy,
} from './requests.ts';

/** Why a candidate of a decision was dropped; `NONE` if it has a score. */
function dropOf({ verdicts }: Decision, index: number): DropReason {
  const verdict = verdicts[index]!;
  return verdict < 0 ? DROP_REASONS[-verdict]! : 'NONE';
}

function priced(priceMicroUsd: unknown): object {
  return { quote: { ...candidate('x').quote, priceMicroUsd } };
}

function quoted(changes: object): object {
  return { quote: { ...candidate('x').quote, ...changes } };
}

function loaded(demand: unknown, available: unknown, total: unknown): object {
  return quoted({ load: { demand, available, total } });
}

function recorded(successes: unknown, failures: unknown, monthsSinceLast: unknown = 0): object {
  return { history: { successes, failures, monthsSinceLast } };
}

const NO_OUTCOMES = { successes: 0, failures: 0, monthsSinceLast: 0 };

const BAD_NUMBERS = [NaN, Infinity, -Infinity, -1, -1e-300, 1e300, null, '7', {}, [7], true];

describe('a table with bad candidates', () => {
  it.each<readonly [string, readonly object[], DropReason]>([
    ['a price that is no amount', BAD_NUMBERS.map(priced), 'BAD_PRICE'],
    ['no price', [priced(undefined)], 'BAD_PRICE'],
    [
      'a time that is no time',
      BAD_NUMBERS.map((latencyMs) => quoted({ latencyMs })),
      'BAD_LATENCY',
    ],
    [
      'an end of the quote that is no time',
      BAD_NUMBERS.map((expiresAtSeconds) => quoted({ expiresAtSeconds })),
      'BAD_EXPIRY',
    ],
    ['zero capacity', [loaded(0, 0, 0), loaded(5, 0, 0), loaded(0, 0, -0)], 'NO_CAPACITY'],
    ['a bad demand', BAD_NUMBERS.map((bad) => loaded(bad, 1, 2)), 'BAD_LOAD'],
    ['a bad availability', BAD_NUMBERS.map((bad) => loaded(1, bad, 2)), 'BAD_LOAD'],
    ['a bad capacity', BAD_NUMBERS.map((bad) => loaded(1, 0, bad)), 'BAD_LOAD'],
    ['more free slots than slots', [loaded(1, 3, 2)], 'BAD_LOAD'],
    ['no history', [{ history: undefined }, { history: null }, { history: 7 }], 'NO_HISTORY'],
    ['bad successes', BAD_NUMBERS.map((bad) => recorded(bad, 1)), 'BAD_HISTORY'],
    ['bad failures', BAD_NUMBERS.map((bad) => recorded(1, bad)), 'BAD_HISTORY'],
    ['outcomes of no age', BAD_NUMBERS.map((bad) => recorded(1, 0, bad)), 'BAD_HISTORY'],
    [
      'a bad record of the task type',
      [7, null, 'x', [], { successes: 1 }, { successes: -1, failures: 1, monthsSinceLast: 0 }].map(
        (ofType) => ({ history: { ...NO_OUTCOMES, byType: { [TASK_TYPE]: ofType } } }),
      ),
      'BAD_HISTORY',
    ],
    ['a level that is none', [-1, 0.5, 4, NaN, '2'].map((level) => ({ level })), 'BAD_LEVEL'],
    [
      'a similarity that is no cosine',
      [NaN, 5, -7, Infinity, -Infinity, null, '1'].map((similarity) => ({ similarity })),
      'BAD_SIMILARITY',
    ],
    [
      'a calibration that is no ratio',
      [0, ...BAD_NUMBERS].map((calibrationRatio) => ({ calibrationRatio })),
      'BAD_CALIBRATION',
    ],
    ['a mark that is none', [null, 'yes', 1].map((isOverShare) => ({ isOverShare })), 'BAD_SHARE'],
    [
      'bad testimony',
      [
        { successes: 3, total: 2 },
        { successes: -1, total: 2 },
        { successes: 1, total: Infinity },
        { successes: NaN, total: 2 },
        7,
        null,
      ].map((testimony) => ({ testimony })),
      'BAD_TESTIMONY',
    ],
    ['a bad link', [0, -1, NaN, 1e10].map((mbps) => ({ link: linkOf(mbps, 1) })), 'BAD_LINK'],
    ['a bad price of traffic', BAD_NUMBERS.map((x) => ({ link: linkOf(1, x) })), 'BAD_LINK'],
    [
      'a bad overhead',
      BAD_NUMBERS.map((sessionMicroUsd) => ({ overheads: { sessionMicroUsd } })),
      'BAD_OVERHEADS',
    ],
  ])('gives a verdict on each, and judges the rest: %s', (_what, changes, reason) => {
    const bad = changes.map((change, i) => ({ ...candidate(`bad-${i}`), ...change }));
    for (const input of [request(bad), withoutLocal(request(bad))]) {
      const decision = decisionOf({ ...input, candidates: [...bad, candidate('good')] });
      expect(bad.map((_, i) => dropOf(decision, i))).toEqual(bad.map(() => reason));
      expect(dropOf(decision, bad.length)).toBe('NONE');
      expect(decision).toMatchObject({ choice: 'OUTSOURCE', chosen: bad.length });
      const alone = decisionOf(input);
      expect(alone.choice).toBe(input.local.memory.modelGib > 16 ? 'REFUSED' : 'LOCAL');
      expect(alone).toMatchObject({ decidedBy: 'nobody', considered: -1, chosen: -1, score: null });
    }
  });

  it('judges the rest as it would without them, but for their place', () => {
    const rubbish = [null, 7, {}, priced(NaN)] as unknown as Candidate[];
    fc.assert(
      fc.property(anyCandidates, (candidates) => {
        const clean = decisionOf(request(candidates));
        const mixed = decisionOf(request([...rubbish, ...candidates, ...rubbish]));
        const verdicts = mixed.verdicts.slice(4, 4 + candidates.length);
        expect(verdicts).toEqual(clean.verdicts);
        expect(mixed.chosen).toBe(clean.chosen < 0 ? -1 : clean.chosen + 4);
        expect(mixed.score).toBe(clean.score);
        expect(mixed.weights).toEqual(clean.weights);
      }),
    );
  });
});

function linkOf(bandwidthMbps: number, transferMicroUsdPerGb: unknown): object {
  return { bandwidthMbps, transferMicroUsdPerGb };
}

describe('a field', () => {
  it('of nobody leaves the task here, or refused', () => {
    const here = decisionOf(request([]));
    expect(here).toMatchObject({ choice: 'LOCAL', decidedBy: 'nobody', weights: null });
    expect(here.verdicts).toEqual([]);
    expect(decisionOf(withoutLocal(request([])))).toMatchObject({ choice: 'REFUSED' });
  });

  it('of one has no score to speak of, and is decided by what it costs', () => {
    expect(decisionOf(request([candidate('a')]))).toMatchObject({
      choice: 'OUTSOURCE',
      score: 0.5,
      runnerUp: -1,
    });
    const dear = decisionOf(request([candidate('a', { priceMicroUsd: 9_500 })]));
    expect(dear).toMatchObject({ choice: 'LOCAL', decidedBy: 'economic', considered: 0 });
  });

  it.each([2, 3, 4, 100])('of %i equal ones has the first by name, and no NaN', (count) => {
    const field = Array.from({ length: count }, (_, i) =>
      candidate(`peer-${String(count - i).padStart(3, '0')}`),
    );
    const decision = decisionOf(request(field));
    expect(decision).toMatchObject({ choice: 'OUTSOURCE', chosen: count - 1, score: 0.5 });
    expect(decision.verdicts.every((verdict) => verdict === 0.5)).toBe(true);
    expect(decision.features).toEqual([0, 0, 0, 0]);
    expect(decision.weights!.adjusted.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  it('of free and instant ones without any history is decided without a NaN', () => {
    const field = ['a', 'b', 'c'].map((name) => ({
      ...newcomer(name, 0, 0),
      ...quoted({ priceMicroUsd: 0, latencyMs: 0 }),
    }));
    const decision = decisionOf(withPolicy(request(field), { zQuantile: 0, decayPerMonth: 0 }));
    const numbers = JSON.stringify({ ...decision, table: null, query: null });
    expect(numbers).not.toContain('null,null');
    expect(decision.verdicts).toEqual([0.5, 0.5, 0.5]);
  });

  it('of extremes that can be read has scores in [0, 1] and finite costs', () => {
    const { MAX_SAFE_INTEGER } = Number;
    const field = [
      candidate('cheap', { priceMicroUsd: 0, latencyMs: 1 }),
      candidate('dear', { priceMicroUsd: MAX_SAFE_INTEGER, latencyMs: 1 }),
      candidate('tiny', { priceMicroUsd: Number.MIN_VALUE, latencyMs: 1 }),
      candidate('known', { successes: 1e9, failures: 0 }),
      candidate('failing', { successes: 0, failures: 1e9 }),
      { ...candidate('busy'), ...loaded(1e9, 0, 1e-9) },
      { ...candidate('long ago'), history: { successes: 1, failures: 0, monthsSinceLast: 1_200 } },
      { ...candidate('odd'), calibrationRatio: 1e-300, link: linkOf(1e-3, 1e12) as never },
    ];
    const { verdicts, costExternalMicroUsd, choice } = decisionOf(
      withPolicy(request(field), { skillThreshold: 0 }),
    );
    expect(verdicts.every((verdict) => verdict >= 0 && verdict <= 1)).toBe(true);
    expect(Number.isFinite(costExternalMicroUsd)).toBe(true);
    expect(choice).toBe('OUTSOURCE');
  });

  it('of 100,000, half of them broken, is decided and every one has a verdict', () => {
    const many = Array.from({ length: 100_000 }, (_, i) =>
      i % 2 === 0
        ? { ...candidate(`peer-${i}`), ...priced(-i - 1) }
        : candidate(`peer-${i}`, { priceMicroUsd: 1_000 + (i % 4_999), latencyMs: 100 + (i % 97) }),
    );
    const { verdicts, chosen, choice } = decisionOf(request(many));
    expect(verdicts).toHaveLength(100_000);
    const dropped = verdicts.filter((verdict) => verdict === -DROP_REASONS.indexOf('BAD_PRICE'));
    expect(dropped).toHaveLength(50_000);
    expect(choice).toBe('OUTSOURCE');
    expect(chosen % 2).toBe(1);
  });
});

describe('similarities that are handed in', () => {
  const field = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => candidate(name));

  it('may be unknown, and are else a cosine: all others are dropped, the rest is judged', () => {
    const similarities = Float64Array.of(NaN, 5, -7, Infinity, -Infinity, 0.9);
    const decision = decisionOf(request(field), similarities);
    const drops = field.map((_, i) => dropOf(decision, i));
    const bad = 'BAD_SIMILARITY';
    expect(drops).toEqual(['NONE', bad, bad, bad, bad, 'NONE']);
    expect(decision.choice).toBe('OUTSOURCE');
    const { result } = explainDecision(decision);
    expect(result.candidates.map(({ dropped = 'NONE' }) => dropped)).toEqual(drops);
    // Without a similarity the parts that are known decide alone.
    expect(result.candidates[0]!.compatibility).toBeCloseTo((0.3 + (0.2 * 51) / 52) / 0.5, 12);
  });

  it('may lie anywhere in [-1, 1], ends included', () => {
    const similarities = Float64Array.of(1, -1, -0, 0, Number.MIN_VALUE, -0.5);
    const decision = decisionOf(withPolicy(request(field), { skillThreshold: 0 }), similarities);
    expect(field.map((_, i) => dropOf(decision, i))).toEqual(field.map(() => 'NONE'));
  });

  it('take the place of what candidates say, and are copied', () => {
    const similarities = new Float64Array(field.length).fill(-1);
    const decision = decisionOf(request(field), similarities);
    expect(field.map((_, i) => dropOf(decision, i))).toEqual(field.map(() => 'SKILL_MISMATCH'));
    similarities.fill(0.9);
    expect(decision.similarities).toEqual(field.map(() => -1));
    const { request: kept } = explainDecision(decision);
    expect(kept.candidates.map(({ similarity }) => similarity)).toEqual(field.map(() => -1));
  });

  it('do not help a candidate that cannot be read', () => {
    const broken = { ...candidate('a'), ...priced(NaN) };
    const decision = decisionOf(request([broken]), Float64Array.of(1));
    expect(dropOf(decision, 0)).toBe('BAD_PRICE');
  });

  it('do not make usable what says something unusable itself, nor does the record', () => {
    const silly = { ...candidate('silly'), similarity: 7 };
    for (const similarity of [NaN, 0.9]) {
      const similarities = Float64Array.of(similarity, 0.9);
      const decision = decisionOf(request([silly, candidate('z')]), similarities);
      expect(dropOf(decision, 0)).toBe('BAD_SIMILARITY');
      const { result } = explainDecision(decision);
      expect(result.candidates[0]!.dropped).toBe('BAD_SIMILARITY');
      expect(result.contractor).toBe('z');
    }
  });

  it('must be as many as there are candidates: anything else is a mistake of the program', () => {
    for (const length of [0, 5, 7]) {
      expect(() => decisionOf(request(field), new Float64Array(length))).toThrow(TypeError);
    }
  });
});

describe('outcomes by task type', () => {
  const outcomes = (successes: number) => ({ successes, failures: 1, monthsSinceLast: 2 });

  it('attack: of very many types take no memory, but for the types that are asked for', () => {
    const CANDIDATES = 200;
    const TYPES_OF_EACH = 50;
    const field = Array.from({ length: CANDIDATES }, (_, i) => {
      const types = Array.from({ length: TYPES_OF_EACH }, (__, k) => [`t/${i}/${k}`, outcomes(k)]);
      const byType = Object.fromEntries(types) as Record<string, OutcomeHistory>;
      return { ...candidate(`peer-${i}`), history: { ...outcomes(9), byType } };
    });
    const before = process.memoryUsage().arrayBuffers;
    const table = new CandidateTable(field);
    const read = table.historyOf('t/7/3');
    const grown = process.memoryUsage().arrayBuffers - before;
    // Four columns of doubles of each type would be 64 MB.
    expect(grown).toBeLessThan(1_000_000);
    expect([read.successes[7], read.outcomes[7], read.monthsSinceLast[7]]).toEqual([3, 4, 2]);
    expect(read.outcomes.reduce((sum, one) => sum + one, 0)).toBe(4);
  });

  it('are those of the type, in whatever order types are asked for, and the same each time', () => {
    const types = ['a', 'b', '__proto__', 'constructor', 'length'];
    const lists = fc.array(fc.dictionary(fc.constantFrom(...types), fc.nat(9)), { maxLength: 4 });
    const asked = fc.shuffledSubarray(types, { minLength: types.length });
    fc.assert(
      fc.property(lists, asked, (list, order) => {
        const field = list.map((counts, i) => {
          const entries = Object.entries(counts).map(([type, good]) => [type, outcomes(good)]);
          const byType = Object.fromEntries(entries) as Record<string, OutcomeHistory>;
          return { ...candidate(`peer-${i}`), history: { ...outcomes(9), byType } };
        });
        const table = new CandidateTable(field);
        for (const type of order) {
          const history = table.historyOf(type);
          expect(table.historyOf(type)).toBe(history);
          const expected = list.map((counts) =>
            Object.hasOwn(counts, type) ? counts[type]! + 1 : 0,
          );
          expect([...history.outcomes]).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of a candidate that was dropped are not read', () => {
    const byType = { t: outcomes(3) };
    const history = { ...outcomes(3), byType };
    const dropped = { ...candidate('bad'), history, level: 7 };
    const table = new CandidateTable([dropped, { ...candidate('good'), history }]);
    expect([...table.historyOf('t').outcomes]).toEqual([0, 4]);
  });
});

/** Anything, and often nearly a candidate. */
const anything = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
  fc
    .record({ field: fc.constantFrom(...Object.keys(candidate('x'))), value: fc.anything() })
    .map(({ field, value }) => ({ ...candidate('x'), [field]: value })),
  fc.record({ rest: fc.dictionary(fc.string(), fc.anything()) }).map(({ rest }) => ({
    ...candidate('y'),
    history: { successes: 1, failures: 0, monthsSinceLast: 0, byType: rest },
  })),
);

const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, 5, -7, Infinity, -Infinity, -0, 1, -1, 0.9),
);

describe('the engine', () => {
  it('never throws on a candidate or a similarity, under any policy and strategy', () => {
    const engine = new DecisionEngine(1);
    fc.assert(
      fc.property(
        fc.array(fc.record({ candidate: anything, similarity: anyNumber }), { maxLength: 8 }),
        fc.constantFrom(...Object.values(POLICIES)),
        fc.constantFrom(...EXPLORATION_STRATEGIES),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (list, policy, strategy, isHere, hasOwn, seed) => {
          const base = exploring(
            isHere ? request([]) : withoutLocal(request([])),
            policy,
            strategy,
          );
          const { candidates: _, ...query } = { ...base, seed };
          const table = new CandidateTable([...list.map((one) => one.candidate), candidate('z')]);
          const similarities = hasOwn
            ? Float64Array.from([...list.map(({ similarity }) => similarity), 0.9])
            : null;
          const decision = engine.decide(table, query, similarities);
          expect(['LOCAL', 'OUTSOURCE', 'REFUSED']).toContain(decision.choice);
          expect(decision.verdicts).toHaveLength(list.length + 1);
          for (const verdict of decision.verdicts) {
            const isScore = verdict >= 0 && verdict <= 1;
            expect(isScore || DROP_REASONS[-verdict] !== undefined).toBe(true);
          }
          expect(decision.chosen >= 0).toBe(decision.choice === 'OUTSOURCE');
          const record = explainDecision(decision);
          const again = JSON.parse(JSON.stringify(record)) as DecisionRecord;
          expect(replayDecision(again)).toEqual({ agrees: true, differences: [] });
          expect(record.result.choice).toBe(decision.choice);
          expect(record.result.contractor).toBe(
            decision.chosen < 0 ? null : table.peerIds[decision.chosen],
          );
        },
      ),
      { numRuns: 250 },
    );
  });

  it('decides the same as its record says, figure by figure', () => {
    fc.assert(
      fc.property(anyCandidates, fc.constantFrom(...Object.values(POLICIES)), (list, policy) => {
        const input: DecisionRequest = { ...request(list), policy };
        const decision = decisionOf(input);
        const { result } = explainDecision(decision, { counterfactual: false });
        const { choice, decidedBy, score, confidence, costExternalMicroUsd } = decision;
        expect(result).toMatchObject({
          choice,
          decidedBy,
          score,
          confidence,
          costExternalMicroUsd,
          costInternalMicroUsd: decision.costInternalMicroUsd,
          exploration: decision.isExploration,
        });
        result.candidates.forEach((one, i) => {
          expect(one.score).toBe(decision.verdicts[i]! < 0 ? null : decision.verdicts[i]);
          expect(one.dropped ?? 'NONE').toBe(dropOf(decision, i));
        });
      }),
    );
  });

  it('throws for what is its own, and goes on after it', () => {
    const engine = new DecisionEngine();
    const { candidates, ...query } = request([candidate('a')]);
    const table = new CandidateTable(candidates);
    const spoiled = { ...query, task: { ...query.task, valueMicroUsd: -1 } };
    expect(() => engine.decide(table, spoiled)).toThrow(/valueMicroUsd/);
    expect(() => engine.decide(table, { ...query, seed: -1 })).toThrow(/seed/);
    expect(engine.decide(table, query).choice).toBe('OUTSOURCE');
  });

  it('keeps what it has given out when it decides again in the same memory', () => {
    const engine = new DecisionEngine(1);
    const { candidates, ...query } = request([candidate('a'), candidate('b', { level: 0 })]);
    const first = engine.decide(new CandidateTable(candidates), query);
    const before = JSON.stringify(first);
    const many = Array.from({ length: 50 }, (_, i) =>
      candidate(`peer-${i}`, { priceMicroUsd: i, latencyMs: 1 + i }),
    );
    engine.decide(new CandidateTable(many), { ...query, policy: { ...RATIONAL_POLICY } });
    expect(JSON.stringify(first)).toBe(before);
    expect(first.query.task.taskType).toBe(TASK_TYPE);
  });
});
