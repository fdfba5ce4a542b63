import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { NegotiationClient } from '../../../protocols/negotiation/client.ts';
import type { SecureStream, SecureStreams } from '../../../protocols/secure-stream.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { makeChain } from '../../../protocols/test/negotiation/fixture.ts';
import { silentLogger } from '../../logger.ts';
import { LOCAL_PARTY } from '../../cost/calibration.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { ContractorFailedError, Outsourcing } from '../../tasks/outsourcing.ts';
import { RunLedger } from '../../tasks/run-ledger.ts';
import {
  decisionFor,
  PRICE_MICRO_USD,
  TERM,
  WRONG,
  never,
  openClient,
  peer,
  prospect,
  rightResult,
  task,
} from './client-fakes.ts';
import { makeAccounts } from '../ledger/made-accounts.ts';
import type { Client, Conduct } from './client-fakes.ts';

const PEER = peer(1);
const DECISION = decisionFor(PEER);
/** Outcomes after which a contractor is known and, here, not audited. */
const KNOWN = 1_000;

let client: Client;
let ledger: RunLedger;

beforeEach(async () => {
  client = await openClient();
  ledger = new RunLedger(client.clock);
});

afterEach(() => {
  vi.restoreAllMocks();
});

function attempt(conduct: Conduct = 'good', successes = 0, signal = never) {
  client.outsourcing.conduct.set(PEER, conduct);
  const work = task();
  return client.execution.at(prospect(PEER, work, successes), DECISION, work, ledger, signal);
}

const outcomes = () => client.outcomes.entriesOf(PEER);

async function receipts() {
  const entries = [];
  for await (const entry of client.receipts.entries()) entries.push(entry);
  return entries;
}

describe('a right result', () => {
  it('is paid for, remembered as a success and returned, with its receipt in the book', async () => {
    const finished = await attempt();
    expect(finished).toMatchObject({ status: 'completed', verification: { passed: true } });
    expect(finished!.parts).toEqual(await rightResult(task()));
    expect(client.outsourcing.settled).toMatchObject([{ verdict: { outcome: 'pass' } }]);
    expect(ledger.paidMicroUsd).toBe(PRICE_MICRO_USD);
    expect(outcomes()).toMatchObject([
      { taskType: TERM, successes: 1, failures: 0, paidMicroUsd: PRICE_MICRO_USD },
    ]);
    expect(ledger.attempts).toMatchObject([
      { where: PEER, outcome: 'verified', reason: null, paidMicroUsd: PRICE_MICRO_USD },
    ]);
    expect(await receipts()).toHaveLength(1);
    expect(finished!.receiptId).not.toBeNull();
  });

  it('counts as a dispute, for the next decision too, where the contractor contests the verdict', async () => {
    await attempt('contests');
    await attempt();
    const history = client.outcomes.historyOf(PEER, 0);
    expect(history.incidents).toEqual({ disputes: 1, interactions: 2 });
  });

  it('is owed for where the contractor does not sign, without a receipt', async () => {
    const finished = await attempt('unsigned');
    expect(finished).toMatchObject({ status: 'completed', receiptId: null });
    expect(ledger.paidMicroUsd).toBe(PRICE_MICRO_USD);
    expect(await receipts()).toEqual([]);
  });

  it('goes into the verdict with the checks that were carried out, and no other', async () => {
    await attempt('good', 0);
    await attempt('good', KNOWN);
    const checks = client.outsourcing.settled.map(({ verdict }) => verdict.checks);
    const wellFormed = { type: 'well-formed', passed: 1 };
    expect(checks).toEqual([[wellFormed, { type: 'recompute', passed: 1 }], [wellFormed]]);
  });
});

describe('a wrong result', () => {
  it('is not paid for, is remembered as a failure, and is not returned', async () => {
    expect(await attempt('wrong')).toBeUndefined();
    expect(client.outsourcing.settled).toMatchObject([{ verdict: { outcome: 'fail' } }]);
    expect(ledger.paidMicroUsd).toBe(0);
    expect(outcomes()).toMatchObject([{ successes: 0, failures: 1, paidMicroUsd: 0 }]);
    expect(ledger.attempts).toMatchObject([
      { where: PEER, outcome: 'failed-verification', paidMicroUsd: 0 },
    ]);
    expect(ledger.attempts[0]!.reason).toMatch(/^recompute: /);
  });
});

describe('a contractor that does not deliver', () => {
  it('has failed if it had agreed', async () => {
    expect(await attempt('breaks')).toBeUndefined();
    expect(outcomes()).toMatchObject([{ successes: 0, failures: 1, paidMicroUsd: 0 }]);
    expect(ledger.attempts).toMatchObject([{ where: PEER, outcome: 'failed', paidMicroUsd: 0 }]);
    expect(ledger.attempts[0]!.reason).toContain('it breaks');
    expect(client.outsourcing.settled).toEqual([]);
  });

  it('has not failed if it declined before it agreed', async () => {
    expect(await attempt('declines')).toBeUndefined();
    expect(outcomes()).toEqual([]);
    expect(ledger.attempts).toMatchObject([{ outcome: 'failed', paidMicroUsd: 0 }]);
  });

  it('has failed if it lets the time run out (a contractor that stalls)', async () => {
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(limit.signal);
    const done = attempt('stalls');
    limit.abort();
    expect(await done).toBeUndefined();
    // it promised 500 ms: five times that is less than the least
    expect(timeout.mock.calls[0]).toEqual([30_000]);
    expect(ledger.attempts).toMatchObject([{ reason: 'took more than 30000 ms' }]);
    expect(outcomes()).toMatchObject([{ failures: 1 }]);
  });
});

describe('a caller who hangs up', () => {
  it('before the delivery ends the attempt and blames nobody', async () => {
    const caller = new AbortController();
    const done = attempt('stalls', 0, caller.signal);
    caller.abort(new Error('hung up'));
    await expect(done).rejects.toThrow('hung up');
    expect(outcomes()).toEqual([]);
    expect(ledger.attempts).toEqual([]);
  });

  it('after the delivery does not leave the contractor unpaid', async () => {
    const caller = new AbortController();
    client.outsourcing.onDelivery = () => caller.abort(new Error('hung up'));
    const finished = await attempt('good', 0, caller.signal);
    expect(finished).toMatchObject({ status: 'completed' });
    expect(client.outsourcing.settled).toMatchObject([{ verdict: { outcome: 'pass' } }]);
    expect(outcomes()).toMatchObject([{ successes: 1 }]);
  });
});

describe('what is learned', () => {
  it('of a deal is agreement, delivery and settlement, from the second deal on', async () => {
    client.outsourcing.performSeconds = 2;
    client.outsourcing.settleSeconds = 3;
    client.random.costSeconds = 7;
    await attempt('good', KNOWN);
    expect(client.machine.overheads.sessionMicroUsd).toBeNull();
    await attempt('good', KNOWN);
    expect(client.machine.overheads.sessionMicroUsd).toBeCloseTo(5_000, 6);
    client.outsourcing.performSeconds = 12;
    await attempt('good', KNOWN);
    // once per deal: 0.8 of the mean and 0.2 of the new 15,000
    expect(client.machine.overheads.sessionMicroUsd).toBeCloseTo(7_000, 6);
  });

  it('of a check that does not repeat the work is its price', async () => {
    client.random.costSeconds = 7;
    client.outsourcing.performSeconds = 2;
    await attempt('good', KNOWN);
    expect(client.machine.overheads.verificationMicroUsd).toBeCloseTo(7_000, 6);
  });

  it('of a contractor is what its deals took over what was expected of them, Paper Eq. (10)', async () => {
    const { outsourcing, machine } = client;
    outsourcing.performSeconds = 5;
    await attempt('good', KNOWN); // cold
    await attempt('good', KNOWN); // nothing was expected yet
    expect(machine.ratio(PEER, TERM)).toBe(1);
    outsourcing.performSeconds = 15;
    await attempt('good', KNOWN);
    expect(machine.ratio(PEER, TERM)).toBeCloseTo(0.8 + 0.2 * 3, 6);
    expect(machine.ratio(peer(2), TERM)).toBe(1);
  });

  it('of a contractor does not count the work that a check repeated', async () => {
    const { outsourcing, machine } = client;
    outsourcing.performSeconds = 5;
    for (let deals = 0; deals < 2; deals++) await attempt('good', KNOWN);
    machine.workSeconds = 1_000;
    await attempt('good', 0);
    expect(machine.ratio(PEER, TERM)).toBeCloseTo(1, 6);
  });

  it('of the way from the checked parts to the end of the run is integration', async () => {
    const { machine, processor, execution, outsourcing } = client;
    outsourcing.performSeconds = 5;
    for (let deals = 0; deals < 3; deals++) {
      const work = task();
      await machine.attend(work, async () => {
        await execution.at(prospect(PEER, work, KNOWN), DECISION, work, ledger, never);
        processor.now += 0.5;
      });
    }
    expect(machine.overheads.integrationMicroUsd).toBeCloseTo(500, 6);
    expect(machine.overheads.sessionMicroUsd).toBeCloseTo(5_000, 6);
  });

  it('of results is how large they are beside their input', async () => {
    await attempt('good', KNOWN);
    const work = task();
    const [part] = await rightResult(work);
    const bytes = JSON.stringify(part!.data).length;
    expect(client.machine.expectedOutputBytes(work)).toBe(bytes);
    const wrong = await openClient();
    wrong.outsourcing.conduct.set(PEER, 'wrong');
    await wrong.execution.at(prospect(PEER, work), DECISION, work, ledger, never);
    expect(wrong.machine.expectedOutputBytes(work)).toBe(work.expectedOutputBytes);
  });

  it('of a check that repeats the work is what the work costs here', async () => {
    client.machine.workSeconds = 20; // modelled as 10
    await attempt('good', 0);
    expect(client.machine.ratio(LOCAL_PARTY, TERM)).toBe(1); // cold
    await attempt('good', 0);
    expect(client.machine.ratio(LOCAL_PARTY, TERM)).toBeGreaterThan(1);
    expect(client.machine.overheads.verificationMicroUsd).toBeNull();
  });
});

describe('what others had said of a contractor', () => {
  it.each<[Conduct, number]>([
    ['good', 1],
    ['wrong', 0],
    ['breaks', 0],
  ])('is compared with what came of its task: %s', async (conduct, successes) => {
    const observed = vi.spyOn(client.memory, 'observeOutcome');
    client.outsourcing.conduct.set(PEER, conduct);
    const work = task();
    const { contractor, quoted } = prospect(PEER, work);
    const testimony = [{ rater: peer(2), passed: 1, run: 1 }];
    const praised = { ...contractor, proved: { ...contractor.proved, testimony } };
    const praisedProspect = { contractor: praised, quoted };
    await client.execution.at(praisedProspect, DECISION, work, ledger, never);
    const heard = observed.mock.calls.map((call) => call[2]);
    expect(heard).toEqual([{ testimony, own: { successes, total: 1 } }]);
  });
});

describe('a task that is with a contractor', () => {
  it('does not wait for this machine, and does again once the contractor has failed', async () => {
    const { machine, outsourcing, execution } = client;
    const work = task();
    const waiting = () => machine.queue.beside('another').length;
    let waitingThere: number | undefined;
    outsourcing.conduct.set(PEER, 'good');
    outsourcing.onDelivery = () => {
      waitingThere = waiting();
    };
    await machine.attend(work, async () => {
      expect(waiting()).toBe(1);
      await execution.at(prospect(PEER, work, KNOWN), DECISION, work, ledger, never);
      expect(waitingThere).toBe(0);
      outsourcing.conduct.set(PEER, 'breaks');
      await execution.at(prospect(PEER, work, KNOWN), DECISION, work, ledger, never);
      expect(waiting()).toBe(1);
    });
    expect(waiting()).toBe(0);
    expect(outsourcing.performed).toHaveLength(2);
  });
});

describe('work done here', () => {
  it('is checked, returned and counted in processor time', async () => {
    client.machine.workSeconds = 4;
    const finished = await client.execution.here(task(), ledger, never);
    expect(finished).toMatchObject({ status: 'completed', receiptId: null });
    expect(finished.parts).toEqual(await rightResult(task()));
    expect(ledger).toMatchObject({ isDoneHere: true, workHereSeconds: 4, paidMicroUsd: 0 });
    expect(ledger.attempts).toMatchObject([{ where: 'local', outcome: 'verified' }]);
  });

  it('is not completed if its result does not pass', async () => {
    client.machine.wrongResult = WRONG;
    const schema = { type: 'array' };
    const checked = task({ verification: [{ type: 'json-schema', schema }] });
    const finished = await client.execution.here(checked, ledger, never);
    expect(finished).toMatchObject({ status: 'failed', verification: { passed: false } });
    expect(ledger.attempts).toMatchObject([{ where: 'local', outcome: 'failed-verification' }]);
  });

  it('that cannot be done is a failed attempt with its reason', async () => {
    const unknown = task({ skills: ['performs:nlp/none'] });
    const finished = await client.execution.here(unknown, ledger, never);
    expect(finished).toMatchObject({ status: 'failed', parts: null });
    expect(ledger.attempts).toMatchObject([{ where: 'local', outcome: 'failed' }]);
    expect(ledger.attempts[0]!.reason).toContain('performs:nlp/none');
  });

  it('ends with the call of the caller who hangs up', async () => {
    const caller = new AbortController();
    caller.abort(new Error('hung up'));
    await expect(client.execution.here(task(), ledger, caller.signal)).rejects.toThrow('hung up');
    expect(ledger.attempts).toEqual([]);
  });
});

/** Agrees to everything, and says no more on the stream of the task. */
function openFakeStallingContractor(stallsAt: 'agreement' | 'task'): Outsourcing {
  const { agreement } = makeChain();
  const contract = { agreement };
  const stall = (signal?: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      if (signal?.aborted) reject(signal.reason as Error);
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  let streams = 0;
  const stream = { closeWrite: () => Promise.resolve() } as unknown as SecureStream;
  return new Outsourcing({
    streams: {
      open: (_peerId: string, _protocol: string, options?: { signal?: AbortSignal }) =>
        streams++ === 0 ? Promise.resolve(stream) : stall(options?.signal),
    } as unknown as SecureStreams,
    negotiation: {
      agree: (_stream: unknown, _id: unknown, _terms: unknown, options: { signal: AbortSignal }) =>
        stallsAt === 'agreement'
          ? stall(options.signal)
          : Promise.resolve({ agreed: true, contract }),
      startWork: () => Promise.resolve({ agreed: true, contract }),
    } as unknown as NegotiationClient,
    random: new FakeRandom('outsourcing'),
    accounts: makeAccounts(Identity.generate()),
    logger: silentLogger,
  });
}

describe('time that runs out at a contractor', () => {
  it.each([
    ['agreement', false],
    ['task', true],
  ] as const)('in the step %s is its failure; agreed: %s', async (step, isAgreed) => {
    const outsourcing = openFakeStallingContractor(step);
    const limit = new AbortController();
    const work = task();
    const done = outsourcing.perform(prospect(PEER, work).quoted, work, limit.signal);
    setImmediate(() => limit.abort(new Error('time')));
    const error: unknown = await done.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ContractorFailedError);
    expect((error as ContractorFailedError).details).toEqual({ peerId: PEER, step, isAgreed });
    outsourcing.close();
  });
});

describe('the round of bargaining', () => {
  const result = (bargainingPriceMicroUsd: number | null, exploration = false) => {
    return { result: { bargainingPriceMicroUsd, exploration } } as DecisionRecord;
  };
  const bargain = async (opened: Client, record: DecisionRecord) => {
    const work = task();
    const of = new RunLedger(opened.clock);
    await opened.execution.bargain(prospect(PEER, work), record, of, never);
    return of.bargained;
  };

  it('offers the price that splits the gain, in whole micro-USD, and says what was agreed', async () => {
    const opened = await openClient();
    opened.outsourcing.floorMicroUsd = 10n;
    const split = PRICE_MICRO_USD - 10.5;
    expect(await bargain(opened, result(split))).toEqual({
      quotedMicroUsd: PRICE_MICRO_USD,
      offeredMicroUsd: Math.floor(split),
      agreedMicroUsd: Math.floor(split),
    });
    opened.outsourcing.floorMicroUsd = undefined;
    expect(await bargain(opened, result(split))).toMatchObject({
      agreedMicroUsd: PRICE_MICRO_USD,
    });
    expect(opened.outsourcing.offered).toHaveLength(2);
  });

  it('is left out where no lower price splits it, for a trial, and where it is configured so', async () => {
    const opened = await openClient();
    for (const record of [result(PRICE_MICRO_USD), result(null), result(1, true)]) {
      expect(await bargain(opened, record)).toBeUndefined();
    }
    const silent = await openClient({ decision: { isBargaining: false } });
    expect(await bargain(silent, result(1))).toBeUndefined();
    expect([...opened.outsourcing.offered, ...silent.outsourcing.offered]).toEqual([]);
  });
});
