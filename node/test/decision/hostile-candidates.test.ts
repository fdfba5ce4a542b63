import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANDIDATE_LIMITS } from '../../decision/candidate-reading.ts';
import { replayDecision } from '../../decision/decision-record.ts';
import { decide } from '../../decision/decision-record.ts';
import { formatDecision } from '../../decision/explanation.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import { candidate, evaluated, request, TASK_TYPE, withoutLocal } from './requests.ts';

type Path = readonly string[];

/** A good candidate with one field replaced, or removed for `undefined`. */
function spoiled(path: Path, value: unknown): Candidate {
  const copy = structuredClone({
    ...candidate('bad'),
    evidence: { passed: 3, run: 4 },
    incidents: { disputes: 0, canaryHits: 0, interactions: 5 },
    link: { bandwidthMbps: 10, transferMicroUsdPerGb: 5 },
    overheads: { sessionMicroUsd: 1, verificationMicroUsd: 1, integrationMicroUsd: 1 },
    calibrationRatio: 1,
  }) as unknown as Record<string, unknown>;
  let parent = copy;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const last = path.at(-1)!;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy as unknown as Candidate;
}

const { maxMicroUsd, maxLatencyMs, maxSkills, maxOutcomes } = CANDIDATE_LIMITS;

const SOURCE = { kind: 'certificate', id: 'c', issuer: 'i', level: 2, shows: 'skill x' };

const CASES: readonly (readonly [string, Path, unknown, string])[] = [
  ['a price that is NaN', ['quote', 'priceMicroUsd'], NaN, 'BAD_PRICE'],
  ['a price that is infinite', ['quote', 'priceMicroUsd'], Infinity, 'BAD_PRICE'],
  ['a negative price', ['quote', 'priceMicroUsd'], -1, 'BAD_PRICE'],
  ['a price as text', ['quote', 'priceMicroUsd'], '1000', 'BAD_PRICE'],
  ['a price beyond the limit', ['quote', 'priceMicroUsd'], maxMicroUsd * 2, 'BAD_PRICE'],
  ['no price', ['quote', 'priceMicroUsd'], undefined, 'BAD_PRICE'],
  ['no quote', ['quote'], undefined, 'NO_QUOTE'],
  ['a quote that is a number', ['quote'], 5, 'NO_QUOTE'],
  ['a negative latency', ['quote', 'latencyMs'], -1, 'BAD_LATENCY'],
  ['a latency beyond the limit', ['quote', 'latencyMs'], maxLatencyMs + 1, 'BAD_LATENCY'],
  ['an unusable end of the quote', ['quote', 'expiresAtSeconds'], NaN, 'BAD_EXPIRY'],
  ['zero capacity', ['quote', 'load', 'total'], 0, 'NO_CAPACITY'],
  ['no load', ['quote', 'load'], undefined, 'BAD_LOAD'],
  ['more free slots than slots', ['quote', 'load', 'available'], 5, 'BAD_LOAD'],
  ['an infinite queue', ['quote', 'load', 'demand'], Infinity, 'BAD_LOAD'],
  ['an unknown level', ['level'], 4, 'BAD_LEVEL'],
  ['a level between two', ['level'], 1.5, 'BAD_LEVEL'],
  ['no history', ['history'], undefined, 'NO_HISTORY'],
  ['a history of null', ['history'], null, 'NO_HISTORY'],
  ['negative successes', ['history', 'successes'], -1, 'BAD_HISTORY'],
  ['outcomes beyond the limit', ['history', 'failures'], maxOutcomes * 2, 'BAD_HISTORY'],
  ['an outcome of unknown age', ['history', 'monthsSinceLast'], null, 'BAD_HISTORY'],
  ['a bad history of the task type', ['history', 'byType', TASK_TYPE], 7, 'BAD_HISTORY'],
  ['more tests passed than run', ['evidence', 'passed'], 5, 'BAD_EVIDENCE'],
  ['evidence that is no object', ['evidence'], 'all', 'BAD_EVIDENCE'],
  ['more disputes than interactions', ['incidents', 'disputes'], 6, 'BAD_INCIDENTS'],
  ['sources that are no list', ['sources'], { id: 'x' }, 'BAD_SOURCES'],
  ['a thirty-third source', ['sources'], Array(33).fill(SOURCE), 'BAD_SOURCES'],
  ['a source of no kind', ['sources'], [{ ...SOURCE, kind: 'rumour' }], 'BAD_SOURCES'],
  ['a source without an id', ['sources'], [{ ...SOURCE, id: '' }], 'BAD_SOURCES'],
  ['an id beyond the limit', ['sources'], [{ ...SOURCE, id: 'x'.repeat(65) }], 'BAD_SOURCES'],
  [
    'an issuer beyond the limit',
    ['sources'],
    [{ ...SOURCE, issuer: 'x'.repeat(129) }],
    'BAD_SOURCES',
  ],
  [
    'a source that shows too much',
    ['sources'],
    [{ ...SOURCE, shows: 'x'.repeat(257) }],
    'BAD_SOURCES',
  ],
  ['a source with half a character', ['sources'], [{ ...SOURCE, shows: '\ud800' }], 'BAD_SOURCES'],
  ['a certificate of no level', ['sources'], [{ ...SOURCE, level: 4 }], 'BAD_SOURCES'],
  ['a hole among sources', ['sources'], new Array<unknown>(1), 'BAD_SOURCES'],
  ['a link without bandwidth', ['link', 'bandwidthMbps'], 0, 'BAD_LINK'],
  ['a negative overhead', ['overheads', 'sessionMicroUsd'], -1, 'BAD_OVERHEADS'],
  ['a calibration of zero', ['calibrationRatio'], 0, 'BAD_CALIBRATION'],
  ['a calibration beyond the limit', ['calibrationRatio'], 1001, 'BAD_CALIBRATION'],
  ['a similarity above 1', ['similarity'], 1.01, 'BAD_SIMILARITY'],
  ['a similarity that is NaN', ['similarity'], NaN, 'BAD_SIMILARITY'],
  ['no skills', ['skills'], undefined, 'BAD_SKILLS'],
  ['a skill that is a number', ['skills'], [7], 'BAD_SKILLS'],
  ['too many skills', ['skills'], new Array(maxSkills + 1).fill('x'), 'BAD_SKILLS'],
  ['a skill of 257 characters', ['skills'], ['x'.repeat(257)], 'BAD_SKILLS'],
  ['no name', ['peerId'], undefined, 'UNNAMED'],
  ['an endless name', ['peerId'], 'p'.repeat(129), 'UNNAMED'],
];

describe('a hostile candidate', () => {
  it.each(CASES)('with %s is dropped and the rest is judged', (_, path, value, reason) => {
    const record = decide(request([spoiled(path, value), candidate('good')]));
    expect(record.result.candidates[0]!.dropped).toBe(reason);
    expect(record.result.contractor).toBe('good');
    expect(replayDecision(JSON.parse(JSON.stringify(record)) as typeof record).agrees).toBe(true);
  });

  it('is judged if it is only unusual: every field at its limit', () => {
    const skills = new Array<string>(maxSkills - 1).fill('x').map((x, i) => x.repeat(1 + i));
    const unusual = spoiled(['skills'], [...skills, TASK_TYPE]);
    const quote = { ...unusual.quote, priceMicroUsd: maxMicroUsd, latencyMs: 0 };
    const input = withoutLocal(request([{ ...unusual, quote }]));
    const record = decide({ ...input, policy: { ...input.policy, skillThreshold: 0 } });
    expect(record.result.choice).toBe('OUTSOURCE');
    expect(Number.isFinite(record.result.costExternalMicroUsd)).toBe(true);
  });

  it.each([[null], [undefined], [7], ['peer'], [[]], [{}]])('that is %j is dropped', (value) => {
    const { result } = decide(request([value as unknown as Candidate, candidate('good')]));
    expect(result.candidates[0]!.dropped).toBe('UNNAMED');
    expect(result.contractor).toBe('good');
  });

  it('cannot stand twice, nor keep a peer out with garbage in its name', () => {
    const garbage = { ...candidate('good'), level: 9 };
    const again = candidate('good', { priceMicroUsd: 5 });
    const { result } = decide(request([garbage, candidate('good'), again]));
    expect(result.candidates.map(({ dropped }) => dropped)).toEqual([
      'BAD_LEVEL',
      undefined,
      'DUPLICATE',
    ]);
  });

  it('cannot move the market by an endless queue more than by its share', () => {
    const field = [candidate('a'), candidate('b'), candidate('c'), candidate('d')];
    const calm = decide(request(field)).result.weightParts!.signals.cost;
    const load = { demand: 1e9, available: 0, total: 1 };
    const loud = { ...candidate('e'), quote: { ...candidate('e').quote, load } };
    const moved = decide(request([...field, loud])).result.weightParts!.signals.cost;
    expect(moved - calm).toBeLessThanOrEqual((1 - calm) / 5 + 1e-12);
  });

  it('cannot use a task type that is a name of every object', () => {
    const base = request([candidate('a')]);
    for (const taskType of ['__proto__', 'constructor', 'toString']) {
      const input = { ...base, task: { ...base.task, taskType } };
      const record = decide(input);
      expect(evaluated(input).matrix.count).toBe(1);
      expect(record.result.candidates[0]!.dropped).toBeUndefined();
      expect(replayDecision(JSON.parse(JSON.stringify(record)) as typeof record).agrees).toBe(true);
    }
  });

  it('cannot put half a character into a record', () => {
    const names = ['\ud800', 'p'.repeat(128) + '\u{1f600}'];
    const { result } = decide(request(names.map((name) => candidate(name))));
    expect(result.candidates.every(({ peerId }) => peerId.isWellFormed())).toBe(true);
  });

  it('cannot write to the terminal through its name', () => {
    const evil = '\u001b[2J\u202eevil\u0007';
    const text = formatDecision(decide(request([candidate(evil), spoiled(['level'], 9)])));
    expect(text).not.toMatch(/[\u001b\u202e\u0007]/u);
    expect(text).toContain('\\u{1b}');
  });
});

/** Anything at all where a candidate should be, often close to one. */
const anything = fc.oneof(
  fc.anything(),
  fc
    .record({
      path: fc.constantFrom(...CASES.map(([, path]) => path)),
      value: fc.oneof(
        fc.anything(),
        fc.constantFrom(-0, -1, NaN, Infinity, 5e-324, 1e308, 2 ** 53, '\ud800'),
      ),
    })
    .map(({ path, value }) => spoiled(path, value)),
);

describe('any list of candidates', () => {
  it('leads to a decision that replays bit for bit after a JSON round trip', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), fc.boolean(), (list, isHere) => {
        const input = request([...(list as unknown as Candidate[]), candidate('good')]);
        const record = decide(isHere ? input : withoutLocal(input));
        const again = JSON.parse(JSON.stringify(record)) as typeof record;
        expect(replayDecision(again)).toEqual({ agrees: true, differences: [] });
        expect(formatDecision(record)).toContain(record.result.choice);
      }),
      { numRuns: 200 },
    );
  });

  it('is decided the same by the engine and by its record', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (list) => {
        const input: DecisionRequest = request([
          ...(list as unknown as Candidate[]),
          candidate('good'),
        ]);
        const { choice, matrix } = evaluated(input);
        const { result } = decide(input);
        expect(result.choice).toBe(choice);
        expect(result.candidates.filter(({ dropped }) => dropped === undefined)).toHaveLength(
          matrix.count,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('of ten thousand is decided', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      candidate(`peer-${i}`, { priceMicroUsd: 9000 - (i % 5000), latencyMs: 100 + (i % 977) }),
    );
    const { choice, matrix } = evaluated(request(many));
    expect(matrix.count).toBe(10_000);
    expect(choice).toBe('OUTSOURCE');
    expect(decide(request(many)).result.candidates).toHaveLength(10_000);
  });

  it('is cut at its limit, and each one beyond is named', () => {
    const { maxCandidates } = CANDIDATE_LIMITS;
    const one = { level: 9 } as unknown as Candidate;
    const list = new Array<Candidate>(maxCandidates).fill(one);
    const { result } = decide(request([...list, candidate('late')]));
    expect(result.candidates.at(-1)!.dropped).toBe('TOO_MANY_CANDIDATES');
    const inTime = decide(request([...list.slice(1), candidate('last')]));
    expect(inTime.result.contractor).toBe('last');
  }, 120_000);
});
