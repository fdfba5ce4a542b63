import { describe, expect, it } from 'vitest';
import {
  DROP_REASONS,
  newCandidateReading,
  readCandidate,
} from '../../decision/candidate-reading.ts';
import { decide } from '../../decision/decision-record.ts';
import { BadInputError } from '../../errors.ts';
import { candidatesFromJson, formProblems } from '../../tasks/candidate-file.ts';
import { candidate, request } from '../decision/requests.ts';

function refusal(json: unknown): BadInputError {
  try {
    candidatesFromJson(json);
  } catch (error) {
    expect(error).toBeInstanceOf(BadInputError);
    return error as BadInputError;
  }
  throw new Error('expected a refusal');
}

describe('candidates of a file', () => {
  it('are a list, which may be empty', () => {
    expect(candidatesFromJson([])).toEqual([]);
    expect(candidatesFromJson([candidate('a')])).toEqual([candidate('a')]);
    expect(candidatesFromJson({ candidates: [candidate('a')] })).toEqual([candidate('a')]);
  });

  it('may be those of a whole decision record, whose quotes have run out by now', () => {
    const record = decide(request([candidate('a'), candidate('b')]));
    const taken = candidatesFromJson(JSON.parse(JSON.stringify(record)));
    expect(taken.map(({ peerId }) => peerId)).toEqual(['a', 'b']);
    expect(taken.every(({ quote }) => !('expiresAtSeconds' in quote))).toBe(true);
    expect(taken[0]!.quote.priceMicroUsd).toBe(1_000);
  });

  it('may be what decide --json prints, in which results stand beside them', () => {
    const { result, request: asked } = decide(request([candidate('a'), candidate('b')]));
    const printed = JSON.stringify({ ...result, request: { candidates: asked.candidates } });
    const taken = candidatesFromJson(JSON.parse(printed));
    expect(taken.map(({ peerId }) => peerId)).toEqual(['a', 'b']);
    const again = decide(request(taken)).result;
    expect({ ...again, inputDigest: 0 }).toEqual({ ...result, inputDigest: 0 });
  });

  it.each([undefined, null, {}, 'x', 3, { candidates: 1 }, { request: {} }])(
    'are refused if they are %j',
    (json) => {
      expect(refusal(json).message).toContain('expected a list');
    },
  );

  it('are 100,000 at most', () => {
    const one = candidate('a');
    expect(candidatesFromJson(Array(100_000).fill(one))).toHaveLength(100_000);
    expect(refusal(Array(100_001).fill(one)).message).toContain('got 100001');
  });

  it('have outcomes of 1,000 task types at most, each', () => {
    const none = { successes: 0, failures: 0, monthsSinceLast: 0 };
    const of = (types: number) => {
      const names = Array.from({ length: types }, (_, i) => [`performs:x/${i}`, none]);
      const history = { ...none, byType: Object.fromEntries(names) as Record<string, typeof none> };
      return { ...candidate('a'), history };
    };
    expect(candidatesFromJson([of(1_000), of(1_000)])).toHaveLength(2);
    const { message, problems } = refusal([of(1), of(1_001)]);
    expect(message).toContain('too many task types');
    expect(problems).toEqual([
      '1.history.byType: 1001 task types, expected at most 1000; ' +
        'leave out those that the task does not ask for',
    ]);
    expect(refusal(Array(30).fill(of(1_001))).problems).toHaveLength(20);
  });

  it.each([
    ['peerId', {}],
    ['skills', { skills: 'performs:x' }],
    ['quote', { quote: undefined }],
    ['quote.priceMicroUsd', { quote: { ...candidate('a').quote, priceMicroUsd: -1 } }],
    ['quote.latencyMs', { quote: { ...candidate('a').quote, latencyMs: null } }],
    ['quote.load', { quote: { ...candidate('a').quote, load: { demand: 1 } } }],
    ['level', { level: 'attested' }],
    ['history', { history: undefined }],
    ['evidence', { evidence: 8 }],
  ])('are refused with the key that is wrong and what belongs there: %s', (key, change) => {
    const bad = key === 'peerId' ? {} : { ...candidate('a'), ...change };
    const { problems } = refusal([bad]);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.startsWith(`0.${key}: `)).toBe(true);
  });

  it.each([
    ['0: no key "simliarity"', { simliarity: 0.9 }],
    ['0.quote: no key "price"', { quote: { ...candidate('a').quote, price: 3 } }],
    [
      '0.quote.load: no key "free"',
      { quote: { ...candidate('a').quote, load: { demand: 0, available: 1, total: 1, free: 1 } } },
    ],
    ['0.history: no key "wins"', { history: { ...candidate('a').history, wins: 3 } }],
    [
      '0.history.byType.performs:x: no key "wins"',
      {
        history: { ...candidate('a').history, byType: { 'performs:x': { successes: 1, wins: 1 } } },
      },
    ],
    [
      '0.sources.0: no key "isuer"',
      { sources: [{ kind: 'receipt', id: 'r', issuer: 'c', shows: 's', isuer: 'd' }] },
    ],
    ['0.testimony: no key "run"', { testimony: { successes: 1, total: 1, run: 1 } }],
    ['0.overheads: no key "auditMicroUsd"', { overheads: { auditMicroUsd: 1 } }],
  ])('are refused with a key that no candidate has: %s', (problem, change) => {
    const { problems } = refusal([{ ...candidate('a'), ...change }]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${problem}; known: `);
  });

  it('list twenty unknown keys at most, each cut to forty characters', () => {
    const keys = Array.from({ length: 30 }, (_, i) => [`${i}${'x'.repeat(1_000)}`, 1]);
    const { problems } = refusal([{ ...candidate('a'), ...Object.fromEntries(keys) }]);
    expect(problems).toHaveLength(20);
    expect(problems.every((problem) => problem.length < 300)).toBe(true);
  });

  it('of a record hold no key that a file may not', () => {
    const full = {
      ...candidate('a'),
      similarity: 0.5,
      evidence: { passed: 1, run: 1 },
      testimony: { successes: 1, total: 1 },
      sources: [
        { kind: 'certificate', id: 'c', issuer: 'i', level: 2, shows: 's' },
        { kind: 'receipt', id: 'r', issuer: 'i', shows: 's' },
      ] as const,
      sourcesLeftOut: 3,
      incidents: { disputes: 0, canaryHits: 0, interactions: 1 },
      link: { bandwidthMbps: 1, transferMicroUsdPerGb: 1 },
      overheads: { sessionMicroUsd: 1, checkMicroUsd: 1, auditRate: 0.5 },
      calibrationRatio: 1,
      isOverShare: false,
      stated: { reliability: 1, securityRisk: 0, qualityRisk: 0, performance: 1 },
      history: {
        successes: 1,
        failures: 0,
        monthsSinceLast: 1,
        utility: 1,
        byType: { any: { successes: 1, failures: 0, monthsSinceLast: 1 } },
      },
    };
    const record: unknown = JSON.parse(JSON.stringify(decide(request([full]))));
    expect(candidatesFromJson(record)).toHaveLength(1);
  });

  it('are judged if one of them can be, and the others are named', () => {
    const list = [{}, candidate('a'), { ...candidate('b'), level: 9 }];
    expect(candidatesFromJson(list)).toHaveLength(3);
    expect(formProblems(list)).toEqual([
      '0.peerId: a text of 1 to 128 characters',
      '2.level: 0, 1, 2 or 3',
    ]);
  });

  it('have a word for every reason that a reading can give', () => {
    const reasons = new Set(
      [
        {},
        { ...candidate('a'), skills: 1 },
        { ...candidate('a'), similarity: 2 },
        { ...candidate('a'), overheads: 1 },
        { ...candidate('a'), link: 1 },
        { ...candidate('a'), incidents: 1 },
        { ...candidate('a'), testimony: 1 },
        { ...candidate('a'), stated: 1 },
        { ...candidate('a'), sources: [{ kind: 'certificate' }] },
        { ...candidate('a'), isOverShare: 1 },
        { ...candidate('a'), calibrationRatio: 0 },
      ].map((bad) => {
        expect(formProblems([bad])).toHaveLength(1);
        return readCandidate(bad, newCandidateReading());
      }),
    );
    expect(reasons.size).toBe(11);
    expect(DROP_REASONS).toEqual(expect.arrayContaining([...reasons]));
  });

  it('do not overflow the stack, however deep the JSON', () => {
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = { candidates: deep };
    expect(refusal(deep).message).toContain('expected a list');
  });
});
