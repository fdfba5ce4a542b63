import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { explainDecision, replayDecision } from '../../decision/decision-record.ts';
import { DecisionEngine } from '../../decision/engine.ts';
import type { Decision } from '../../decision/engine.ts';
import { POLICIES } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import { NothingFoundError } from '../../errors.ts';
import { DecisionLog, seedsFrom, shortDecision } from '../../tasks/decision-log.ts';
import { readableEntry } from '../../tasks/stored-decision.ts';
import type { StoredDecision } from '../../tasks/stored-decision.ts';
import { candidate, exploring, newcomer, request, someCandidates } from '../decision/requests.ts';
import { MemorySection } from '../memory-section.ts';

function open(section = new MemorySection(), seed = 'log') {
  const clock = new FakeClock();
  return { section, clock, log: new DecisionLog(section, clock, new FakeRandom(seed)) };
}

function decisionOn(
  { candidates, ...query }: DecisionRequest,
  similarities: Float64Array | null = null,
): Decision {
  return new DecisionEngine().decide(new CandidateTable(candidates), query, similarities);
}

function decided(decisionId: string): Decision {
  return decisionOn({ ...request([candidate('bob'), newcomer('carol', 7, 8)]), decisionId });
}

/** Changes one stored text. */
function change(section: MemorySection, prefix: string, edit: (text: string) => string): void {
  for (const [key, bytes] of section.values) {
    if (key.startsWith(prefix)) section.values.set(key, utf8(edit(fromUtf8(bytes))));
  }
}

describe('DecisionLog', () => {
  it('gives ids that sort by time and differ within one millisecond', () => {
    const { log, clock } = open();
    const ids: string[] = [];
    for (let i = 0; i < 50; i++) {
      ids.push(log.newId());
      clock.advanceSeconds(1 + i * 1_000);
    }
    expect([...ids].sort()).toEqual(ids);
    const same = Array.from({ length: 50 }, () => log.newId());
    expect(new Set(same).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{9}-[0-9a-f]{8}$/);
  });

  it('gives seeds that are unsigned 32-bit integers and differ', () => {
    const { log } = open();
    const seeds = Array.from({ length: 50 }, () => log.newSeed());
    expect(new Set(seeds).size).toBe(50);
    for (const seed of seeds) {
      expect(Number.isInteger(seed)).toBe(true);
      expect(seed).toBeGreaterThanOrEqual(0);
      expect(seed).toBeLessThan(2 ** 32);
    }
  });

  it('gives the same seeds again where one seed fixes them', () => {
    const draw = (seed: number) => {
      const log = new DecisionLog(
        new MemorySection(),
        new FakeClock(),
        new FakeRandom('other'),
        seedsFrom(seed),
      );
      return Array.from({ length: 20 }, () => log.newSeed());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((seed) => Number.isInteger(seed) && seed < 2 ** 32)).toBe(true);
  });

  it('lists the newest decisions first, as many as asked for', async () => {
    const { log, clock } = open();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(log.newId());
      await log.append(decided(ids.at(-1)!));
      clock.advanceSeconds(1);
    }
    const listed = await log.list(3);
    expect(listed.map(({ decisionId }) => decisionId)).toEqual(ids.slice(2).reverse());
    expect(await log.list(100)).toHaveLength(5);
  });

  it('shows a decision whole and replays it bit for bit, after a restart too', async () => {
    const { log, section } = open();
    const decision = decided('a');
    await log.append(decision);
    const again = open(section).log;
    const record = await again.show('a');
    expect(record).toEqual({
      ...explainDecision(decision),
      log: { agrees: true, differences: [] },
    });
    expect(replayDecision(record).agrees).toBe(true);
    expect(await again.replay('a')).toEqual({ decisionId: 'a', agrees: true, differences: [] });
  });

  it('has each figure as the engine gave it, and not only the same one twice', async () => {
    const { log, section } = open();
    await fc.assert(
      fc.asyncProperty(
        someCandidates,
        fc.constantFrom('epsilon-greedy', 'ucb1', 'contextual'),
        fc.nat(),
        async (candidates, strategy, seed) => {
          const asked = exploring(request(candidates), POLICIES.rational, strategy);
          const decision = decisionOn({ ...asked, decisionId: 'one', seed });
          section.values.clear();
          await log.append(decision);
          const [stored] = [...section.values].filter(([key]) => key.includes('one'));
          const entry = JSON.parse(fromUtf8(stored![1])) as StoredDecision;
          const { result } = readableEntry(entry) as { result: Record<string, number | null> };
          const { exploration, weights, features, verdicts } = decision;
          const lists = { ...weights, features };
          const figure = (value: number | null | undefined) =>
            value === undefined || value === null || Number.isNaN(value) ? null : value;
          const expected: Record<string, number | null> = {
            score: figure(decision.score),
            confidence: figure(decision.confidence),
            costExternalMicroUsd: figure(decision.costExternalMicroUsd),
            costInternalMicroUsd: figure(decision.costInternalMicroUsd),
            costInternalWithoutOpportunityMicroUsd: figure(
              decision.costInternalWithoutOpportunityMicroUsd,
            ),
            isExploration: decision.isExploration ? 1 : 0,
            'exploration.isForced': exploration ? Number(exploration.isForced) : null,
            'exploration.armCount': figure(exploration?.armCount),
            'exploration.rate': figure(exploration?.rate),
            'exploration.draw': figure(exploration?.draw),
            'exploration.budgetMicroUsd': figure(exploration?.budgetMicroUsd),
            'exploration.lossMicroUsd': figure(exploration?.lossMicroUsd),
            'exploration.successLossMicroUsd': figure(exploration?.successLossMicroUsd),
            'exploration.failureLossMicroUsd': figure(exploration?.failureLossMicroUsd),
          };
          for (const list of ['signals', 'mixed', 'adjusted', 'features'] as const) {
            ['cost', 'reliability', 'latency', 'security'].forEach((criterion, i) => {
              expected[`${list}.${criterion}`] = figure(lists[list]?.[i]);
            });
          }
          verdicts.forEach((verdict, i) => (expected[`candidates.${i}`] = figure(verdict)));
          expect(result).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('replays whatever was decided: any policy, any strategy, similarities of its own', async () => {
    const { log } = open();
    const strategies = ['none', 'epsilon-greedy', 'ucb1', 'thompson', 'contextual'] as const;
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        someCandidates,
        fc.constantFrom(...Object.values(POLICIES)),
        fc.constantFrom(...strategies),
        fc.nat(),
        fc.boolean(),
        async (candidates, policy, strategy, seed, hasSimilarities) => {
          const base = exploring(request(candidates), policy, strategy);
          const similarities = Float64Array.from(candidates, (_, i) => (i % 3 ? i / 20 : NaN));
          const decisionId = `decision-${count++}`;
          const decision = decisionOn(
            { ...base, decisionId, seed },
            hasSimilarities ? similarities : null,
          );
          await log.append(decision);
          expect((await log.replay(decisionId)).differences).toEqual([]);
          const record = await log.show(decisionId);
          expect(replayDecision(record).differences).toEqual([]);
          expect(record.result.choice).toBe(decision.choice);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps one table and one policy for all decisions made from them', async () => {
    const { log, section } = open();
    const engine = new DecisionEngine();
    const { candidates, ...query } = request([candidate('bob'), candidate('carol')]);
    const table = new CandidateTable(candidates);
    const ids = Array.from({ length: 20 }, (_, i) => `decision-${i}`);
    await Promise.all(
      ids.map((decisionId) => log.append(engine.decide(table, { ...query, decisionId }))),
    );
    const keys = [...section.values.keys()];
    expect(keys.filter((key) => key.startsWith('table/'))).toHaveLength(1);
    expect(keys.filter((key) => key.startsWith('policy/'))).toHaveLength(1);
    for (const id of ids) expect((await log.replay(id)).agrees).toBe(true);
  });

  it('says that an entry which was changed on disk does not replay', async () => {
    const paths = ['candidates.0', 'query.task.inputBytes', 'query.seed'];
    for (const path of paths) {
      const { log, section } = open();
      await log.append(decided('a'));
      change(section, 'decision/', (text) => {
        const entry = JSON.parse(text) as StoredDecision;
        const names = path.split('.');
        const last = names.pop()!;
        const parent = names.reduce<Record<string, unknown>>(
          (value, name) => value[name] as Record<string, unknown>,
          entry as unknown as Record<string, unknown>,
        );
        parent[last] = (parent[last] as number) + 1;
        return JSON.stringify(entry);
      });
      const { agrees, differences } = await log.replay('a');
      expect(agrees, path).toBe(false);
      expect(differences.length, path).toBeGreaterThan(0);
    }
  });

  it('says that an entry of another version of the engine does not replay as it is', async () => {
    const { log, section } = open();
    await log.append(decided('a'));
    change(section, 'decision/', (text) => {
      const entry = JSON.parse(text) as StoredDecision;
      return JSON.stringify({ ...entry, version: entry.version - 1 });
    });
    const { agrees, differences } = await log.replay('a');
    expect(agrees).toBe(false);
    expect(differences).toContain('version');
  });

  it('names the figures that differ', async () => {
    const { log, section } = open();
    await log.append(decided('a'));
    change(section, 'decision/', (text) => {
      const entry = JSON.parse(text) as StoredDecision;
      const bytes = Buffer.from(entry.figures, 'base64');
      bytes.writeDoubleLE(bytes.readDoubleLE(24) + 1, 24); // the fourth figure
      bytes.writeDoubleLE(0.25, bytes.length - 8); // the last candidate's score
      return JSON.stringify({ ...entry, figures: bytes.toString('base64') });
    });
    expect((await log.replay('a')).differences).toEqual([
      'result.costInternalMicroUsd',
      'result.candidates.1',
    ]);
  });

  it('says that candidates, a policy or a machine which were changed on disk are not those decided on', async () => {
    const edits = [
      ['table/', (text: string) => text.replace('"priceMicroUsd":1000', '"priceMicroUsd":1001')],
      ['policy/', (text: string) => text.replace('"scoreThreshold":0.6', '"scoreThreshold":0.5')],
      ['hardware/', (text: string) => text.replace('"powerWatts":30', '"powerWatts":31')],
    ] as const;
    for (const [prefix, edit] of edits) {
      const { log, section } = open();
      await log.append(decided('a'));
      change(section, prefix, edit);
      const { agrees, differences } = await log.replay('a');
      expect(agrees).toBe(false);
      expect(differences[0]).toContain(prefix);
    }
  });

  it('keeps hostile candidates with their reasons', async () => {
    const { log } = open();
    const field = [{ peerId: 'evil', quote: NaN }, candidate('bob'), null];
    const base = request(field as unknown as Candidate[]);
    await log.append(decisionOn({ ...base, decisionId: 'a' }));
    expect((await log.replay('a')).agrees).toBe(true);
    const { result } = await log.show('a');
    expect(result.candidates.map(({ dropped }) => dropped)).toEqual([
      'BAD_SKILLS',
      undefined,
      'UNNAMED',
    ]);
  });

  it('names an id that is not in the log', async () => {
    const { log } = open();
    await expect(log.show('none')).rejects.toThrow(NothingFoundError);
    await expect(log.replay('none')).rejects.toThrow('No decision none is in the log');
    expect(await log.list(10)).toEqual([]);
  });

  it('counts what settled its decisions', async () => {
    const { log } = open();
    expect(await log.summary()).toEqual({ decisions: 0, choices: {}, rows: [], notActedOn: 0 });
    const dear = request([candidate('bob', { priceMicroUsd: 9_400 })]);
    await log.append(decided('a'));
    await log.append({ ...decided('b'), query: { ...decided('b').query, decisionId: 'b' } });
    await log.append(decisionOn({ ...dear, decisionId: 'c' }));
    await log.append(decisionOn({ ...request([]), decisionId: 'd' }));
    const asked = { ...request([]), decisionId: 'e' };
    const context = { ...asked.context, purpose: 'whatIf' } as const;
    await log.append(decisionOn({ ...asked, context }));
    const { decisions, choices, rows, notActedOn } = await log.summary();
    expect(decisions).toBe(4);
    expect(notActedOn).toBe(1);
    expect((await log.list(1))[0]).toMatchObject({ decisionId: 'e', purpose: 'whatIf' });
    expect(choices).toEqual({ OUTSOURCE: 2, LOCAL: 2 });
    expect(rows[0]).toEqual({ decidedBy: 'allGates', count: 2, sharePercent: 50 });
    expect(rows.slice(1).map(({ decidedBy }) => decidedBy)).toEqual(
      expect.arrayContaining(['economic', 'nobody']),
    );
  });

  it('says where an entry is not what its inputs give, and lists what was logged', async () => {
    const { log, section } = open();
    await log.append(decided('a'));
    const [key] = [...section.values.keys()].filter((name) => name.startsWith('decision/'));
    const changed = fromUtf8(section.values.get(key!)!).replace('"OUTSOURCE"', '"LOCAL"');
    section.values.set(key!, utf8(changed));
    expect((await log.show('a')).log).toEqual({ agrees: false, differences: ['choice'] });
    expect((await log.list(1))[0]).toMatchObject({ choice: 'LOCAL', contractor: null });
    expect((await log.list(1))[0]!.reason).toContain('the log says LOCAL');
    expect((await log.summary()).choices).toEqual({ LOCAL: 1 });
  });

  it('lists what it cannot explain any more beside what it can', async () => {
    const { log, section } = open();
    await log.append(decided('a'));
    await log.append(decisionOn({ ...request([candidate('other')]), decisionId: 'b' }));
    const [table] = [...section.values.keys()].filter((name) => name.startsWith('table/'));
    section.values.delete(table!);
    const rows = await log.list(10);
    expect(rows.map(({ decisionId }) => decisionId)).toEqual(['b', 'a']);
    expect(rows.filter(({ reason }) => reason.startsWith('cannot be shown'))).toHaveLength(1);
  });

  it('lists a decision among very many as it was logged, without deciding it again', async () => {
    const { log } = open();
    const many = Array.from({ length: 4_000 }, (_, i) => candidate(`contractor-${i}`));
    await log.append(decisionOn({ ...request(many), decisionId: 'many' }));
    await log.append(decided('few'));
    const [many1, few] = (await log.list(2)).sort((a, b) => (a.decisionId < b.decisionId ? 1 : -1));
    expect(many1).toMatchObject({ decisionId: 'many', choice: 'OUTSOURCE', candidates: [] });
    expect(many1!.reason).toContain('decisions show');
    expect(few!.candidates.length).toBeGreaterThan(0);
    expect((await log.show('many')).result.candidates).toHaveLength(4_000);
  });

  it('keeps in a short decision who was looked at and why who was dropped', () => {
    const record = explainDecision(decided('a'));
    const short = shortDecision(record);
    expect(short).toMatchObject({
      decisionId: 'a',
      choice: record.result.choice,
      contractor: record.result.contractor,
      costInternalMicroUsd: record.result.costInternalMicroUsd,
      costExternalMicroUsd: record.result.costExternalMicroUsd,
      reason: record.result.reason,
    });
    expect(short.candidates).toHaveLength(record.result.candidates.length);
    for (const [i, { peerId, score, dropped }] of record.result.candidates.entries()) {
      expect(short.candidates[i]).toMatchObject({
        peerId,
        score,
        ...(dropped === undefined ? {} : { dropped }),
      });
    }
  });
});
