import { beforeEach, describe, expect, it } from 'vitest';
import { RATIONAL_POLICY } from '../../decision/policy.ts';
import { newCandidateReading, readCandidate } from '../../decision/candidate-reading.ts';
import { candidateOf, decisionQuery } from '../../tasks/decision-request.ts';
import type { DecisionInput } from '../../tasks/decision-request.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import { openClient, peer, prospect, task } from './client-fakes.ts';
import type { Client } from './client-fakes.ts';

let client: Client;

beforeEach(async () => {
  client = await openClient();
});

function inputFor(work: PreparedTask): DecisionInput {
  const { config, machine, memory, clock } = client;
  return {
    decisionId: 'd',
    seed: 1,
    task: work,
    config,
    machine,
    nowSeconds: clock.seconds,
    policy: RATIONAL_POLICY,
    memory: memory.context(RATIONAL_POLICY),
    purpose: 'run',
  };
}

const asked = (change: object) => decisionQuery(inputFor(task(change)));

describe('what the engine is asked', () => {
  it('has every limit of the task', () => {
    const constraints = {
      sensitivity: 'medium',
      level: 2,
      maxLatencyMs: 9_000,
      maxPriceMicroUsd: 77,
    } as const;
    expect(asked({ constraints }).task).toMatchObject({
      sensitivity: 'medium',
      minLevel: 2,
      maxLatencyMs: 9_000,
      maxPriceMicroUsd: 77,
    });
    expect(asked({ constraints: { sensitivity: 'low' } }).task.minLevel).toBeUndefined();
  });

  it('has the level that sensitivity and worth ask for, if the task asks for less', async () => {
    const constraints = { sensitivity: 'high', level: 1 } as const;
    expect(asked({ constraints }).task.minLevel).toBe(2);
    client = await openClient({ trust: { jointlyAttestedFromUsd: 0.02 } });
    expect(asked({ valueMicroUsd: 20_000 }).task.minLevel).toBe(3);
  });

  it('has criticality, complexity, worth and type of the task', () => {
    const change = { criticality: 'high', complexity: 3, valueMicroUsd: 123 };
    const { task: facts } = asked(change);
    expect(facts).toMatchObject({ criticality: 'high', complexity: 3, valueMicroUsd: 123 });
    expect(asked({}).task).toMatchObject({ criticality: 'normal', complexity: 1 });
  });

  it('has the overheads as measured here', async () => {
    const measure = { seconds: 2, isAlone: true };
    await client.machine.observeOverhead('verificationMicroUsd', measure);
    const { overheads } = client.machine;
    const { context } = asked({});
    expect(overheads.verificationMicroUsd).toBeCloseTo(2_000, 6);
    expect(context.overheads.automaticVerificationMicroUsd).toBe(overheads.verificationMicroUsd);
    expect(context.overheads.sessionMicroUsd).toBe(overheads.sessionMicroUsd ?? 0);
  });

  it('has what using a result costs, and the price of traffic, as measured and configured', async () => {
    const { machine } = client;
    await machine.observeOverhead('integrationMicroUsd', { seconds: 4, isAlone: true });
    expect(asked({}).context.overheads.integrationMicroUsd).toBeCloseTo(4_000, 6);
    client = await openClient({ prices: { transferUsdPerGb: 0.09, bandwidthMbps: 40 } });
    expect(asked({}).context.link).toEqual({ bandwidthMbps: 40, transferMicroUsdPerGb: 90_000 });
  });

  it('has the price of a session as it was learned from contracts', async () => {
    const deal = {
      party: peer(1),
      expected: client.machine.overheads,
      session: { seconds: 3, isAlone: true },
      verification: null,
    };
    for (let i = 0; i < 2; i++) await client.machine.observeDeal(task(), deal, null);
    expect(asked({}).context.overheads.sessionMicroUsd).toBeCloseTo(3_000, 6);
  });

  it('knows each contractor by its own correction of the handling (Eq. 10)', () => {
    const work = task();
    client.machine.ratio = (party) => (party === peer(1) ? 1.7 : 1);
    const ratios = [1, 2].map(
      (n) => candidateOf(inputFor(work), prospect(peer(n), work)).calibrationRatio,
    );
    expect(ratios).toEqual([1.7, 1]);
  });

  it('tells the engine of disputes, which raise the probability of a breach (Eq. 15)', () => {
    const work = task();
    const known = prospect(peer(1), work, 10);
    const incidents = { disputes: 2, interactions: 10 };
    const history = { ...known.contractor.history, incidents };
    const disputed = { ...known, contractor: { ...known.contractor, history } };
    expect(candidateOf(inputFor(work), known).incidents).toBeUndefined();
    const one = candidateOf(inputFor(work), disputed);
    expect(one.incidents).toEqual({ disputes: 2, canaryHits: 0, interactions: 10 });
    expect(readCandidate(one, newCandidateReading())).toBe('NONE');
  });

  it('reckons with the audits that a task asks for, if they are more than its own', () => {
    const price = (auditRate: number | undefined, successes: number) => {
      const check = { type: 'recompute', ...(auditRate === undefined ? {} : { auditRate }) };
      const work = task({ verification: [check] });
      const one = candidateOf(inputFor(work), prospect(peer(1), work, successes));
      return one.overheads!.verificationMicroUsd! / client.machine.costMicroUsd(work)!;
    };
    // Of known contractors nothing is audited in these tests, of others everything.
    expect(price(undefined, 1_000)).toBeCloseTo(0, 9);
    expect(price(0.5, 1_000)).toBeCloseTo(0.5, 9);
    expect(price(0.5, 0)).toBeCloseTo(1, 9);
  });
});
