import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../../protocols/test/a2a/test-agent.ts';
import { AttestorTasks, testedTerms } from '../../tasks/attestor-tasks.ts';
import { MeasuredTime } from '../../tasks/measured-time.ts';
import type { StoredMeasuredTime, TestedTerm } from '../../tasks/measured-time.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Written out, and not imported: 2 %, and for life a minute for each and five minutes for all. */
const START_MS = 300_000;
const START_OF_ONE_MS = 60_000;
const MEMORY = { attestor: 'attestor-1', term: 'hasResource:memory-mib' };
const SENTIMENT = 'performs:nlp/sentiment';

function open() {
  const clock = new FakeClock();
  const settings = new MemoryJsonSection<StoredMeasuredTime>();
  const account = new MeasuredTime({ settings, clock });
  const restart = async () => {
    const again = new MeasuredTime({ settings, clock });
    await again.load();
    return again;
  };
  return { clock, settings, account, restart };
}

/** A test that took so long, whatever was reserved for it. */
function spend(account: MeasuredTime, tested: TestedTerm, spentMs: number): Promise<void> {
  return account.reserve(tested, 1)!.settle(spentMs);
}

/** Whether there is time for a test of so many milliseconds, wherever it is taken from. */
function mayBeTested(account: MeasuredTime, tested: TestedTerm, durationMs: number): boolean {
  return account.purseFor(tested, durationMs) !== undefined;
}

/** An account of a node that has this certificate already. */
function openCertified() {
  const opened = open();
  opened.account.onCertified(MEMORY.attestor, [MEMORY.term]);
  return opened;
}

describe('the first attestation', () => {
  it('of a newcomer without work is on a start budget for life, and never on a new day', async () => {
    const { account, clock } = open();
    expect(mayBeTested(account, MEMORY, START_OF_ONE_MS)).toBe(true);
    expect(mayBeTested(account, MEMORY, START_OF_ONE_MS + 1)).toBe(false);
    await spend(account, MEMORY, 50_000);
    expect(mayBeTested(account, MEMORY, 10_000)).toBe(true);
    for (const waitMs of [0, DAY_MS, 365 * DAY_MS]) {
      clock.ms += waitMs;
      expect(mayBeTested(account, MEMORY, 10_001)).toBe(false);
    }
    expect(account.status()).toEqual({
      spentMs: 0,
      allowedMs: 0,
      busyMs: 0,
      sharePercent: null,
      startSpentMs: 50_000,
      startAllowedMs: START_MS,
      startAllowedOfOneMs: START_OF_ONE_MS,
    });
  });

  it('by one attestor leaves the start budget to the others, also after a restart', async () => {
    const { account, restart } = open();
    await spend(account, MEMORY, START_OF_ONE_MS);
    const again = await restart();
    expect(mayBeTested(again, { ...MEMORY, term: 'hasResource:cpu-mflops' }, 1)).toBe(false);
    for (const attestor of ['attestor-2', 'attestor-3', 'attestor-4', 'attestor-5']) {
      expect(mayBeTested(again, { ...MEMORY, attestor }, START_OF_ONE_MS)).toBe(true);
      await spend(again, { ...MEMORY, attestor }, START_OF_ONE_MS);
    }
    expect(mayBeTested(again, { ...MEMORY, attestor: 'attestor-6' }, 1)).toBe(false);
  });

  it('is remembered only of what can be tested, whatever a certificate names', () => {
    const made = Array.from({ length: 1_000 }, (_, i) => ({ name: `performs:made-up/${i}` }));
    const claims = [...made, { name: MEMORY.term }, { name: SENTIMENT }, { name: '' }];
    expect(testedTerms(claims)).toEqual([MEMORY.term, SENTIMENT]);
  });

  it('is one of each attestor for each term, until its certificate is there', () => {
    const { account } = openCertified();
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
    expect(mayBeTested(account, { ...MEMORY, attestor: 'attestor-2' }, 1)).toBe(true);
    expect(mayBeTested(account, { ...MEMORY, term: 'hasResource:cpu-mflops' }, 1)).toBe(true);
  });

  it('is a re-attestation also after a restart, and of a certificate that has ended', async () => {
    const { account, clock, restart } = openCertified();
    await account.save();
    clock.ms += 365 * DAY_MS;
    expect(mayBeTested(await restart(), MEMORY, 1)).toBe(false);
  });

  it('beyond the start budget has to fit into 2 % of the work as any other', async () => {
    const { account } = open();
    await spend(account, MEMORY, START_OF_ONE_MS);
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
    account.onWorked(1_000);
    expect(mayBeTested(account, MEMORY, 20)).toBe(true);
    await spend(account, MEMORY, 20);
    expect(account.status()).toMatchObject({ spentMs: 20, startSpentMs: START_OF_ONE_MS });
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
  });
});

describe('re-attestation', () => {
  it('of a node without work is declined, however short it is', () => {
    const { account } = openCertified();
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
  });

  it('takes 2 % of the work for others and not a millisecond more', async () => {
    const { account } = openCertified();
    account.onWorked(2 * HOUR_MS);
    expect(mayBeTested(account, MEMORY, 144_000)).toBe(true);
    expect(mayBeTested(account, MEMORY, 144_001)).toBe(false);
    await spend(account, MEMORY, 72_000);
    expect(account.status()).toMatchObject({
      spentMs: 72_000,
      allowedMs: 144_000,
      sharePercent: 1,
    });
    expect(mayBeTested(account, MEMORY, 72_000)).toBe(true);
    expect(mayBeTested(account, MEMORY, 72_001)).toBe(false);
  });

  it('counts the last seven days, so that nothing is saved up over an idle year', async () => {
    const { account, clock } = openCertified();
    account.onWorked(10 * HOUR_MS);
    await spend(account, MEMORY, 1_000);
    clock.ms += 6 * DAY_MS;
    expect(account.status()).toMatchObject({ spentMs: 1_000, busyMs: 10 * HOUR_MS });
    clock.ms += DAY_MS;
    expect(account.status()).toMatchObject({ spentMs: 0, busyMs: 0, allowedMs: 0 });
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
  });

  it('does not gain by a clock that was set back', () => {
    const { account, clock } = openCertified();
    account.onWorked(10 * HOUR_MS);
    clock.ms -= 365 * DAY_MS;
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
  });
});

describe('tests side by side', () => {
  it('cannot take the same time twice, and what was not used is there again', async () => {
    const { account } = openCertified();
    account.onWorked(HOUR_MS);
    const first = account.reserve(MEMORY, 50_000)!;
    expect(account.reserve(MEMORY, 22_001)).toBeUndefined();
    const second = account.reserve(MEMORY, 22_000)!;
    expect(mayBeTested(account, MEMORY, 1)).toBe(false);
    await first.settle(1_000);
    expect(second.extend(49_001)).toBe(false);
    expect(second.extend(49_000)).toBe(true);
    expect(second.reservedMs).toBe(71_000);
    await second.settle(71_000);
    await second.settle(71_000);
    account.onWorked(HOUR_MS);
    expect(second.extend(1)).toBe(false);
    account.onWorked(-HOUR_MS);
    expect(account.status()).toMatchObject({ spentMs: 72_000, allowedMs: 72_000 });
  });

  it('of first attestations cannot either, of one attestor or of several', () => {
    const { account } = open();
    account.reserve(MEMORY, START_OF_ONE_MS);
    expect(mayBeTested(account, { ...MEMORY, term: 'hasResource:cpu-mflops' }, 1)).toBe(false);
    for (const attestor of ['2', '3', '4', '5']) {
      expect(account.reserve({ ...MEMORY, attestor }, START_OF_ONE_MS)).toBeDefined();
    }
    expect(account.reserve({ ...MEMORY, attestor: '6' }, 1)).toBeUndefined();
  });
});

describe('tasks of attestors', () => {
  let contracts = 0;

  function openTasks() {
    const opened = openCertified();
    const { account, clock } = opened;
    account.onCertified('attestor-1', [SENTIMENT]);
    const attestors = new Set(['attestor-1']);
    const logger = new FakeLogger();
    const tasks = new AttestorTasks({ measuredTime: account, attestors, clock, logger });
    const agreed = (client: string, term = SENTIMENT, latencyMs = 1_000) => {
      contracts += 1;
      return { contractId: `contract-${contracts}`, client, term, latencyMs };
    };
    const work = (durationMs: number, client: string, term = SENTIMENT) => {
      const timed = tasks.begin(agreed(client, term), () => undefined);
      if (timed) clock.ms += durationMs;
      timed?.end(durationMs);
      return timed !== undefined;
    };
    return { ...opened, tasks, agreed, work };
  }

  it('are on the spent side and are no work, which would raise what attestors may take', () => {
    const { account, work } = openTasks();
    work(1_000_000, 'client');
    work(1, 'client');
    work(5_000, 'attestor-1');
    expect(account.status()).toMatchObject({
      busyMs: 1_000_001,
      spentMs: 5_000,
      sharePercent: expect.closeTo(0.5, 5) as number,
    });
  });

  it('of the first attestation are on the start budget', () => {
    const { account, work } = openTasks();
    work(5_000, 'attestor-1', 'performs:finance/risk-assessment');
    expect(account.status()).toMatchObject({ busyMs: 0, spentMs: 0, startSpentMs: 5_000 });
  });

  it('are declined until a round of eight has room in 2 % of the work, and then all eight pass', () => {
    const { tasks, work, clock } = openTasks();
    const mayTake = () => tasks.mayTake({ client: 'attestor-1', term: SENTIMENT }, 1_000);
    for (let done = 0; done < 799; done++) work(1_000, 'client');
    expect(mayTake()).toBe(false);
    work(1_000, 'client');
    for (let task = 0; task < 8; task++) {
      expect(mayTake()).toBe(true);
      expect(work(1_000, 'attestor-1')).toBe(true);
    }
    // A longer round goes on while there is time, and ends there.
    for (let task = 8; task < 15; task++) expect(work(1_000, 'attestor-1')).toBe(true);
    expect(work(1_000, 'attestor-1')).toBe(false);
    clock.ms += HOUR_MS;
    expect(mayTake()).toBe(false);
  });

  it('are declined at the agreement when quotes were taken side by side', () => {
    const { tasks, work, agreed } = openTasks();
    for (let done = 0; done < 800; done++) work(1_000, 'client');
    const quoted = Array.from({ length: 20 }, () => agreed('attestor-1'));
    expect(quoted.every((task) => tasks.mayTake(task, 1_000))).toBe(true);
    const taken = quoted.filter((task) => tasks.reserve(task));
    expect(taken).toHaveLength(8);
    taken.forEach(({ contractId }) => tasks.release(contractId));
    expect(tasks.reserve(quoted[19]!)).toBe(true);
  });

  it('reserve what the offer states while no task has shown what they take, ten seconds at most', () => {
    const { tasks, account, agreed } = openTasks();
    account.onWorked(400_000);
    expect(tasks.reserve(agreed('attestor-1', SENTIMENT, 1_001))).toBe(false);
    expect(tasks.reserve(agreed('attestor-1', SENTIMENT, 1_000))).toBe(true);
    account.onWorked(4_000_000);
    const other = openTasks();
    other.account.onWorked(4_000_000);
    expect(other.tasks.reserve(other.agreed('attestor-1', SENTIMENT, 600_000))).toBe(true);
  });

  it('of a newcomer are taken one by one, however long its offer says that they take', () => {
    const { tasks, work } = openTasks();
    const term = 'performs:finance/risk-assessment';
    expect(tasks.mayTake({ client: 'attestor-1', term }, 600_000)).toBe(true);
    for (let task = 0; task < 8; task++) expect(work(7_000, 'attestor-1', term)).toBe(true);
    expect(work(7_000, 'attestor-1', term)).toBe(false);
  });

  it('of a newcomer beyond the start budget wait for a whole round, or none would ever be done', () => {
    const { tasks, account, agreed, clock, work } = openTasks();
    const term = 'performs:finance/risk-assessment';
    const test = (): boolean => {
      const task = agreed('attestor-1', term, 2_500);
      if (!tasks.reserve(task)) return false;
      const timed = tasks.begin(task, () => undefined);
      clock.ms += 2_500;
      timed?.end(2_500);
      return timed !== undefined;
    };
    const round = (): number => {
      let taken = 0;
      while (taken < 8 && test()) taken += 1;
      return taken;
    };
    expect([round(), round(), round()]).toEqual([8, 8, 7]); // the minute is used up
    const rounds: number[] = [];
    for (let tries = 0; tries < 60; tries++) {
      for (let done = 0; done < 96; done++) work(2_500, 'client');
      clock.ms += 4 * HOUR_MS;
      rounds.push(round());
    }
    expect(rounds).toContain(8);
    expect(new Set(rounds)).toEqual(new Set([0, 8]));
    expect(account.status().sharePercent).toBeLessThanOrEqual(2);
  });

  it('are not put off by one slow task of a stranger', () => {
    const { tasks, work } = openTasks();
    for (let done = 0; done < 1_000; done++) work(100, 'client');
    work(5_000, 'client');
    expect(tasks.mayTake({ client: 'attestor-1', term: SENTIMENT }, 100)).toBe(true);
  });

  it('cancelled while at work cost what they took, however often that is tried', () => {
    const { tasks, account, agreed } = openTasks();
    account.onWorked(1_000_000);
    let taken = 0;
    for (let tries = 0; tries < 50; tries++) {
      const task = agreed('attestor-1');
      if (!tasks.reserve(task)) continue;
      taken += 1;
      const timed = tasks.begin(task, () => undefined);
      tasks.release(task.contractId);
      timed?.end(1_000);
    }
    expect(account.status().spentMs).toBe(1_000 * taken);
    expect(taken).toBeLessThanOrEqual(20);
  });

  it('agreed before a restart are done after it, in the middle of their round', () => {
    const { tasks, account, agreed } = openTasks();
    account.onWorked(100_000);
    const task = agreed('attestor-1');
    expect(tasks.mayTake(task, 1_000)).toBe(false);
    const timed = tasks.begin(task, () => undefined);
    expect(timed).toBeDefined();
    expect(tasks.begin(task, () => undefined)).toBeUndefined();
    timed?.end(100);
    expect(account.status().spentMs).toBe(100);
    // One that failed may be sent again.
    expect(tasks.begin(task, () => undefined)).toBeDefined();
  });

  it('that have ended are not stopped later, nor is more reserved for them', async () => {
    const { tasks, account, agreed } = openTasks();
    account.onWorked(1_000_000);
    let stopped = 0;
    const timed = tasks.begin(agreed('attestor-1', SENTIMENT, 5), () => {
      stopped += 1;
    });
    timed?.end(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stopped).toBe(0);
    expect(mayBeTested(account, MEMORY, 19_999)).toBe(true);
  });

  it('are a new round after ten minutes, which needs room for eight again', () => {
    const { tasks, work, clock } = openTasks();
    for (let done = 0; done < 805; done++) work(1_000, 'client');
    expect(work(1_000, 'attestor-1')).toBe(true);
    const task = { client: 'attestor-1', term: SENTIMENT };
    clock.ms += 590_000;
    expect(tasks.mayTake(task, 1_000)).toBe(true);
    clock.ms += 10_000;
    expect(tasks.mayTake(task, 1_000)).toBe(false);
  });

  it('do not gain by work side by side: the time of this node is counted once', () => {
    const { tasks, account, agreed, clock } = openTasks();
    const begin = () => tasks.begin(agreed('client'), () => undefined)!;
    const four = [begin(), begin(), begin(), begin()];
    clock.ms += 4_000;
    four.forEach((timed) => timed.end(4_000));
    expect(account.status().busyMs).toBe(4_000);
    const first = begin();
    clock.ms += 1_000;
    const second = begin();
    clock.ms += 1_000;
    first.end(2_000);
    clock.ms += 1_000;
    second.end(2_000);
    clock.ms += 50_000;
    begin().end(0);
    expect(account.status().busyMs).toBe(7_000);
  });

  it('a long one after short ones is stopped when 2 % are used up', async () => {
    const { tasks, account, work, agreed } = openTasks();
    account.onWorked(20_000);
    work(1, 'client');
    const stopped = await new Promise<boolean>((resolve) => {
      const startMs = performance.now();
      const timed = tasks.begin(agreed('attestor-1'), () => {
        timed?.end(performance.now() - startMs);
        resolve(true);
      });
    });
    expect(stopped).toBe(true);
    const { spentMs } = account.status();
    // 2 + 2 + ... of 400 ms; a timer may come late, never early.
    expect(spentMs).toBeGreaterThan(390);
    expect(mayBeTested(account, MEMORY, 4)).toBe(false);
  });

  it('of other clients are never declined for that, and skills that cannot be tested are not', () => {
    const { account, tasks, work } = openTasks();
    const untestable = 'performs:vision/caption';
    expect(tasks.mayTake({ client: 'client', term: SENTIMENT }, 1_000)).toBe(true);
    account.onCertified('attestor-1', [untestable]);
    expect(tasks.mayTake({ client: 'attestor-1', term: untestable }, 1_000)).toBe(true);
    work(1_000, 'attestor-1', untestable);
    expect(account.status()).toMatchObject({ busyMs: 0, spentMs: 0, startSpentMs: 0 });
  });
});

describe('the account of being tested', () => {
  it('is on disk as soon as time was spent; work is once it is saved', async () => {
    const { account, restart } = openCertified();
    account.onWorked(HOUR_MS);
    await spend(account, MEMORY, 5_000);
    account.onWorked(HOUR_MS);
    expect((await restart()).status()).toMatchObject({ spentMs: 5_000, busyMs: HOUR_MS });
    await account.save();
    expect((await restart()).status()).toMatchObject({ spentMs: 5_000, busyMs: 2 * HOUR_MS });
  });

  it('begins anew over an account of an older form', async () => {
    const { settings, restart } = open();
    const older = { startMs: 1, spentMs: 2, busyMs: 3 } as unknown as StoredMeasuredTime;
    await settings.put('measured-time', older);
    expect((await restart()).status()).toMatchObject({ spentMs: 0, busyMs: 0, startSpentMs: 0 });
  });

  it('is written again after a write that failed, and not if nothing has changed', async () => {
    const { account, settings, restart } = openCertified();
    account.onWorked(HOUR_MS);
    const put = settings.put.bind(settings);
    settings.put = () => Promise.reject(new Error('disk full'));
    await expect(spend(account, MEMORY, 5_000)).rejects.toThrow('disk full');
    let writes = 0;
    settings.put = (key, value) => {
      writes += 1;
      return put(key, value);
    };
    await account.save();
    await account.save();
    expect(writes).toBe(1);
    expect((await restart()).status().spentMs).toBe(5_000);
  });

  it('never spends more than 2 % of all work on re-attestation, whatever comes in which order', async () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('work'), ms: fc.integer({ min: HOUR_MS, max: 4 * HOUR_MS }) }),
      fc.record({ kind: fc.constant('benchmark'), ms: fc.integer({ min: 1, max: 60_000 }) }),
      fc.record({ kind: fc.constant('wait'), ms: fc.nat(DAY_MS) }),
      fc.record({ kind: fc.constant('restart'), ms: fc.constant(0) }),
    );
    let refused = 0;
    let measured = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.nat(20), async (events, overrun) => {
        const { account: first, restart, clock } = openCertified();
        await first.save();
        let account = first;
        let [spentMs, busyMs, count] = [0, 0, 0];
        for (const { kind, ms } of events) {
          if (kind === 'restart') account = await restart();
          if (kind === 'wait') clock.ms += ms;
          if (kind === 'work') {
            account.onWorked(ms);
            busyMs += ms;
          }
          if (kind !== 'benchmark') continue;
          if (!mayBeTested(account, MEMORY, ms)) {
            refused += 1;
            continue;
          }
          measured += 1;
          count += 1;
          // A worker that is ended may be ended a little late.
          await spend(account, MEMORY, ms + overrun);
          spentMs += ms + overrun;
          expect(spentMs).toBeLessThanOrEqual(0.02 * busyMs + count * overrun);
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(measured).toBeGreaterThan(100);
  });
});
