import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { DROP_REASONS } from '../../decision/candidate-reading.ts';
import { formatDecision } from '../../decision/explanation.ts';
import type { Candidate } from '../../decision/request.ts';
import { DecisionLog } from '../../tasks/decision-log.ts';
import type { Prospect } from '../../tasks/decision-request.ts';
import { Deliberation } from '../../tasks/deliberation.ts';
import { candidate } from '../decision/requests.ts';
import { MemorySection } from '../memory-section.ts';
import { decisionFor, openClient, peer, prospect, task } from './client-fakes.ts';
import type { Client } from './client-fakes.ts';

/** Costs 10,000 here; a contractor asks 1,500, and nothing else. */
const TASK = task({ verification: [] });
const PROVEN = 1_000;

let client: Client;
let log: DecisionLog;
let deliberation: Deliberation;

async function open(decision: ConfigFile['decision'] = {}): Promise<void> {
  client = await openClient({ decision });
  log = new DecisionLog(new MemorySection(), client.clock, new FakeRandom('log'));
  deliberation = new Deliberation({ ...client, log, self: 'me' });
}

/** An unknown contractor that asks so much. */
function asking(priceMicroUsd: number): Prospect {
  const { contractor, quoted } = prospect(peer(1), TASK, 0);
  const quote = { ...quoted.quote, price: String(priceMicroUsd) };
  return { contractor, quoted: { ...quoted, quote } };
}

/** So many passes, each at full weight. */
function endorsed(certId: string, count: number) {
  const outcomes = { passed: count, run: count };
  return { ...outcomes, endorsement: { certId, ...outcomes } };
}

/** A contractor of which others say something. */
function praised(number: number, raters: number, own = 0, tests = 7): Prospect {
  const { contractor, quoted } = prospect(peer(number), TASK, own);
  const testimony = Array.from({ length: raters }, (_, i) => ({
    rater: peer(50 + i),
    ...endorsed(`endorsement ${i}`, 10),
  }));
  const proved = { ...contractor.proved, evidence: { passed: tests, run: tests }, testimony };
  return { contractor: { ...contractor, proved }, quoted };
}

beforeEach(() => open());

describe('a deliberation', () => {
  it('counts what the ledger takes for a contract: dear fees leave a cheap quote here', async () => {
    const prospects = [prospect(peer(1), TASK, PROVEN)];
    const choiceAt = async (ledgerFeesMicroUsd?: number) => {
      const { machine, config, clock, memory } = client;
      const own = { machine, config, clock, memory, log, self: 'me', ledgerFeesMicroUsd };
      const decision = await new Deliberation(own).onProspects(TASK, {}, prospects, 'asked');
      return [decision.choice, decision.costExternalMicroUsd] as const;
    };
    const [choice, costMicroUsd] = await choiceAt();
    expect(choice).toBe('OUTSOURCE');
    expect(await choiceAt(120)).toEqual(['OUTSOURCE', costMicroUsd! + 120]);
    expect((await choiceAt(9_000))[0]).toBe('LOCAL');
  });

  it('decides on quotes and keeps the decision in the log, before it is acted on', async () => {
    const prospects = [prospect(peer(1), TASK, PROVEN), prospect(peer(2), TASK, 0)];
    const decision = await deliberation.onProspects(TASK, {}, prospects, 'asked');
    expect(decision.choice).toBe('OUTSOURCE');
    expect(decision.table.peerIds[decision.chosen]).toBe(peer(1));
    const [listed] = await log.list(10);
    expect(listed).toMatchObject({
      decisionId: decision.query.decisionId,
      contractor: peer(1),
    });
    expect((await log.replay(decision.query.decisionId)).agrees).toBe(true);
  });

  it('keeps in the log what the checking of each contractor was reckoned from', async () => {
    const audited = task({ verification: [{ type: 'recompute' }] });
    await client.machine.observeOverhead('verificationMicroUsd', { seconds: 0.001, isAlone: true });
    const prospects = [prospect(peer(1), audited, PROVEN), prospect(peer(2), audited, 0)];
    const decision = await deliberation.onProspects(audited, {}, prospects, 'asked');
    const record = await log.show(decision.query.decisionId);
    const checkMicroUsd = client.machine.overheads.verificationMicroUsd!;
    expect(checkMicroUsd).toBeGreaterThan(0);
    // New ones are checked always and known ones never; the work costs 10,000 here.
    const { candidates } = record.request;
    const overheadsOf = (peerId: string) =>
      candidates.find((one) => one.peerId === peerId)!.overheads;
    const known = { verificationMicroUsd: checkMicroUsd, checkMicroUsd, auditRate: 0 };
    expect(overheadsOf(peer(1))).toEqual(known);
    const verificationMicroUsd = 10_000 + checkMicroUsd;
    expect(overheadsOf(peer(2))).toEqual({ verificationMicroUsd, checkMicroUsd, auditRate: 1 });
    expect(formatDecision(record)).toMatch(
      /verification of \S+ = \$[\d.]+ of checks \+ 1 audited x \$0\.01 in cash here/,
    );
  });

  it('counts what a task costs here once in the budget, however often it is decided on', async () => {
    const cumulative = async () => {
      const { query } = await deliberation.onProspects(TASK, {}, [], 'asked');
      return query.context.exploration!.cumulativeLocalMicroUsd;
    };
    const before = await cumulative();
    await deliberation.onProspects(TASK, {}, [prospect(peer(1), TASK, PROVEN)], 'first');
    const once = await cumulative();
    expect(once).toBeGreaterThan(before);
    await deliberation.onProspects(TASK, {}, [], 'again');
    expect(await cumulative()).toBe(once);
  });

  it('learns nothing of a decision that was only asked for', async () => {
    const { policy } = (await deliberation.onProspects(TASK, {}, [], 'asked')).query;
    const before = client.memory.status(policy);
    await deliberation.onProspects(TASK, {}, [prospect(peer(1), TASK, PROVEN)], 'asked');
    expect(client.memory.status(policy)).toEqual(before);
  });

  it('explores at the first choice alone: the task has then had its share of trying', async () => {
    await open({ exploration: { rate: 1 } });
    const prospects = [prospect(peer(1), TASK, 0)];
    const first = await deliberation.onProspects(TASK, {}, prospects, 'asked');
    expect(first).toMatchObject({ choice: 'OUTSOURCE', isExploration: true });
    const second = await deliberation.onProspects(TASK, {}, prospects, 'again');
    expect(second).toMatchObject({ choice: 'LOCAL', isExploration: false, exploration: null });
  });

  it('lets no two tasks of the same moment spend the same loss budget', async () => {
    await open({ exploration: { rate: 1 } });
    // Costs 10,000 here: the budget is 0.4 % of all such costs, 40 more with each task.
    await deliberation.onProspects(TASK, {}, [], 'first');
    const dear = [asking(10_080)];
    const both = await Promise.all([
      deliberation.onProspects(TASK, {}, dear, 'first'),
      deliberation.onProspects(TASK, {}, dear, 'first'),
    ]);
    expect(both[0]).toMatchObject({ isExploration: true, exploration: { lossMicroUsd: 80 } });
    expect(both[1]).toMatchObject({ choice: 'LOCAL', exploration: { bar: 'TOO_DEAR' } });
    const { exploration } = client.memory.status(both[0].query.policy);
    expect(exploration).toMatchObject({ lossMicroUsd: 80, localCostMicroUsd: 30_000 });
  });

  it('keeps all losses under way within the share of local cost, however many tasks at once', async () => {
    await open({ exploration: { rate: 1 } });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 9_900, max: 10_200 }), { minLength: 1, maxLength: 20 }),
        async (prices) => {
          const made = await Promise.all(
            prices.map((price) => deliberation.onProspects(TASK, {}, [asking(price)], 'first')),
          );
          const { exploration } = client.memory.status(made[0]!.query.policy);
          const limit = 0.004 * exploration.localCostMicroUsd;
          expect(exploration.lossMicroUsd).toBeLessThanOrEqual(limit * (1 + 1e-12));
        },
      ),
      { numRuns: 20 },
    );
    const { policy } = (await deliberation.onProspects(TASK, {}, [], 'asked')).query;
    expect(client.memory.status(policy).exploration.explored).toBeGreaterThan(20);
  });

  it('gives no advantage to whoever answers first', async () => {
    const prospects = [1, 2, 3, 4].map((number) => prospect(peer(number), TASK, 0));
    const tried = async (list: readonly Prospect[]) => {
      const { table, chosen } = await deliberation.onProspects(
        TASK,
        { explore: 'ucb1' },
        list,
        'asked',
      );
      return table.peerIds[chosen];
    };
    const lowest = [1, 2, 3, 4].map(peer).sort()[0];
    expect(await tried(prospects)).toBe(lowest);
    expect(await tried(prospects.toReversed())).toBe(lowest);
  });

  it('decides by what the task asks for, policy and strategy', async () => {
    const prospects = [praised(1, 0)];
    const decide = async (choice: Parameters<Deliberation['onProspects']>[1]) =>
      (await deliberation.onProspects(TASK, choice, prospects, 'asked')).query.policy;
    expect(await decide({ policy: 'paper' })).toMatchObject({ name: 'paper' });
    expect(await decide({ explore: 'ucb1' })).toMatchObject({ exploration: { strategy: 'ucb1' } });
    // The same object again, so that the log writes it once.
    expect(await decide({ policy: 'paper' })).toBe(await decide({ policy: 'paper' }));
  });

  it('leaves out whom the share of the spending excludes', async () => {
    await open({ maxSpendingShare: 0.5 });
    for (let i = 0; i < 20; i++) {
      const outcome = { isSuccess: true, paidMicroUsd: 1_500 };
      await client.memory.observeOutcome(decisionFor(peer(1)), outcome);
    }
    const prospects = [prospect(peer(1), TASK, PROVEN), prospect(peer(2), TASK, PROVEN)];
    const both = await deliberation.onProspects(TASK, {}, prospects, 'asked');
    const { peerIds } = both.table;
    expect(peerIds[both.chosen]).toBe(peer(2));
    expect(DROP_REASONS[-both.verdicts[peerIds.indexOf(peer(1))]!]).toBe('OVER_SHARE');
    const alone = await deliberation.onProspects(TASK, {}, prospects.slice(0, 1), 'asked');
    expect(alone).toMatchObject({ choice: 'OUTSOURCE', chosen: 0 });
  });

  it('weighs what others say by what became of their word before', async () => {
    const decide = async (one: Prospect) =>
      deliberation.onProspects(TASK, { explore: 'none' }, [one], 'asked');
    const told = async (one: Prospect) =>
      ((await decide(one)).table.candidates[0] as Candidate).testimony;
    // Seven attested tests are one too few; strangers add a quarter of them at most.
    expect((await decide(praised(1, 0))).choice).toBe('LOCAL');
    expect(await told(praised(1, 0))).toBeUndefined();
    expect((await told(praised(1, 1)))!.total).toBeCloseTo(3 / 16, 12);
    const rater = peer(50);
    const heard = {
      testimony: [{ rater, passed: 10, run: 10 }],
      own: { successes: 3, total: 3 },
    };
    const outcome = { isSuccess: true, paidMicroUsd: 1_500 };
    for (let i = 0; i < 3; i++) {
      await client.memory.observeOutcome(decisionFor(peer(2)), outcome, heard);
    }
    expect((await told(praised(1, 1)))!.total).toBeCloseTo(3 * (3 / 5), 12);
    // Words are not what lets it in; beside good work for this node they are heard.
    expect((await decide(praised(1, 1))).choice).toBe('LOCAL');
    expect((await decide(praised(1, 0, 2, 5))).choice).toBe('LOCAL');
    expect((await decide(praised(1, 1, 2, 5))).choice).toBe('OUTSOURCE');
  });

  it('names the certificates and receipts that a decision was made with, and none that came to nothing', async () => {
    const certificate = (id: string, issuer: string, level: number, shows: string) =>
      ({ kind: 'certificate', id, issuer, level, shows }) as const;
    const { contractor, quoted } = praised(1, 1);
    const attested = { certId: 'attested', issuer: peer(7), level: 3 } as const;
    const joint = [{ certId: 'joint', issuer: peer(8) }];
    const heard = [
      ...contractor.proved.testimony!,
      { rater: peer(1), ...endorsed('own praise', 9) },
      { rater: 'me', ...endorsed('of this node', 9) },
      {
        rater: peer(51),
        passed: 0.25,
        run: 0.25,
        receipts: [
          { id: 'receipt', outcome: 'pass' as const, paidShare: 1, weight: 0.25 },
          { id: 'part', outcome: 'partial' as const, paidShare: 0.4, weight: 0.5 },
        ],
      },
    ];
    const proved = { ...contractor.proved, ...attested, joint, testimony: heard };
    const resource = {
      name: 'hasResource:gpu-memory-gib',
      min: 40n,
      atLeast: 80n,
      isProved: true,
      basis: 'benchmark',
      ...attested,
      certId: 'gpu',
      level: 2,
      expiresAtSeconds: 9e9,
      remarks: [],
    } as const;
    const inClear = { ...resource, name: 'hasResource:gpu-count', min: 1n, atLeast: 2n };
    const stated = { basis: 'stated', certId: 'count' } as const;
    const resources = [resource, { ...inClear, isProved: false, ...stated }];
    const known = { contractor: { ...contractor, proved, resources }, quoted };
    const decision = await deliberation.onProspects(TASK, {}, [known], 'first');
    const { decisionId } = decision.query;
    const record = await log.show(decisionId);
    const skill = 'skill performs:nlp/sentiment';
    expect(record.request.candidates[0]!.sources).toEqual([
      certificate('attested', peer(7), 3, `${skill}, 7 of 7 known-answer tasks`),
      certificate('joint', peer(8), 3, `${skill}, jointly`),
      certificate(
        'gpu',
        peer(7),
        2,
        'hasResource:gpu-memory-gib >= 80, measured, proved; 40 asked for',
      ),
      certificate('count', peer(7), 2, 'hasResource:gpu-count >= 2, stated, in clear; 1 asked for'),
      certificate(
        'endorsement 0',
        peer(50),
        0,
        `${skill}, 10 of 10 tasks endorsed, counts 10 in all, its client is believed 0.0625`,
      ),
      {
        kind: 'receipt',
        id: 'receipt',
        issuer: peer(51),
        shows: `${skill}, pass, counts 0.25 by its price, its client is believed 0.0625`,
      },
      {
        kind: 'receipt',
        id: 'part',
        issuer: peer(51),
        shows:
          `${skill}, partial, 0.4 paid, counts 0.5 by its price, ` +
          'its client is believed 0.0625',
      },
    ]);
    expect(await log.replay(decisionId)).toMatchObject({ agrees: true });
    // Without attested tests, strangers count nothing.
    const { evidence: _, ...untested } = proved;
    const unheard = { contractor: { ...contractor, proved: untested }, quoted };
    const { table } = await deliberation.onProspects(TASK, {}, [unheard], 'asked');
    const { sources, testimony } = table.candidates[0] as Candidate;
    expect(testimony).toBeUndefined();
    expect(sources!.map(({ id }) => id)).toEqual(['attested', 'joint']);
  });

  it('names who was found and gave no quote, and why, within bounds', async () => {
    const refused = Array.from({ length: 40 }, (_, n) => ({
      peerId: peer(n + 1),
      reason: n === 0 ? 'RESOURCE_NOT_PROVED: nothing shows 81' : `\ud800${'x'.repeat(500)}`,
    }));
    const one = prospect(peer(90), TASK, 0);
    const decision = await deliberation.onProspects(TASK, {}, [one], 'asked', {
      leftOut: refused,
    });
    const { decisionId } = decision.query;
    const record = await log.show(decisionId);
    const { leftOut } = record.request.context;
    expect(leftOut).toHaveLength(32);
    expect(leftOut![1]!.reason).toBe(`\ufffd${'x'.repeat(199)}`);
    const text = formatDecision(record);
    expect(text).toContain(`  ${peer(1)}: RESOURCE_NOT_PROVED: nothing shows 81`);
    expect(text).toContain('and 24 more');
    expect(await log.replay(decisionId)).toMatchObject({ agrees: true });
    const without = await deliberation.onProspects(TASK, {}, [one], 'asked');
    expect(formatDecision(await log.show(without.query.decisionId))).not.toContain('no quote was');
  });

  it('marks what others tell as not counted where tests leave it no room', async () => {
    const decision = await deliberation.onProspects(TASK, {}, [praised(1, 1, 0, 8)], 'asked');
    const { sources, testimony } = decision.table.candidates[0] as Candidate;
    expect(testimony!.total).toBeCloseTo(3 / 16, 12);
    expect(sources!.map(({ shows }) => shows)).toEqual([
      'skill performs:nlp/sentiment, 10 of 10 tasks endorsed, ' +
        'not counted: tests and policy leave it no room',
    ]);
  });

  it('names no certificates of who has none, thirty-two of who has more, and how many that leaves out', async () => {
    const decided = async (one: Prospect) => {
      const decision = await deliberation.onProspects(TASK, {}, [one], 'asked');
      return log.show(decision.query.decisionId);
    };
    const [none] = (await decided(prospect(peer(1), TASK, 0))).request.candidates;
    expect(none).not.toHaveProperty('sources');
    expect(none).not.toHaveProperty('sourcesLeftOut');
    const record = await decided(praised(1, 40));
    const [many] = record.request.candidates;
    expect(many!.sources).toHaveLength(32);
    expect(many!.sourcesLeftOut).toBe(8);
    expect(formatDecision(record)).toContain('    and 8 more, which the record has no room for');
    expect(await log.replay(record.result.decisionId)).toMatchObject({ agrees: true });
  });

  it('decides by thresholds that have given way, if they may', async () => {
    await open({ isAdaptive: true });
    const dear = [prospect(peer(1), TASK, 0)];
    const thresholds = async () =>
      (await deliberation.onProspects(TASK, { explore: 'none' }, dear, 'asked')).query.policy;
    expect((await thresholds()).confidenceThreshold).toBe(0.8);
    for (let i = 0; i < 20; i++) {
      const made = await deliberation.onProspects(TASK, { explore: 'none' }, dear, 'first');
      expect(made.choice).toBe('LOCAL');
    }
    expect((await thresholds()).confidenceThreshold).toBeCloseTo(0.78, 12);
  });

  it('takes candidates as they are where nobody is asked', async () => {
    const quote = { ...candidate('a').quote, expiresAtSeconds: client.clock.seconds + 60 };
    const decision = await deliberation.onCandidates(TASK, {}, [{ ...candidate('a'), quote }]);
    expect(decision.table.peerIds).toEqual(['a']);
    expect(await log.list(10)).toHaveLength(1);
  });
});
