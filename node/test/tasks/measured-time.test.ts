import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../../protocols/test/a2a/test-agent.ts';
import { AttestorTasks } from '../../tasks/attestor-tasks.ts';
import { MeasuredTime } from '../../tasks/measured-time.ts';
import type { StoredMeasuredTime } from '../../tasks/measured-time.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Written out, and not imported: what is promised is 2 %, and five minutes for life. */
const START_MS = 300_000;
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

/** An account of a node that has this certificate already. */
function openCertified() {
  const opened = open();
  opened.account.onCertified(MEMORY.attestor, [MEMORY.term]);
  return opened;
}

describe('the first attestation', () => {
  it('of a newcomer without work is on a start budget for life, and never on a new day', async () => {
    const { account, clock } = open();
    expect(account.mayBeMeasured(MEMORY, START_MS)).toBe(true);
    expect(account.mayBeMeasured(MEMORY, START_MS + 1)).toBe(false);
    await account.onSpent(MEMORY, 290_000);
    expect(account.mayBeMeasured(MEMORY, 10_000)).toBe(true);
    for (const waitMs of [0, DAY_MS, 365 * DAY_MS]) {
      clock.ms += waitMs;
      expect(account.mayBeMeasured(MEMORY, 10_001)).toBe(false);
    }
    expect(account.status()).toEqual({
      spentMs: 0,
      allowedMs: 0,
      busyMs: 0,
      sharePercent: null,
      startSpentMs: 290_000,
      startAllowedMs: START_MS,
    });
  });

  it('is one of each attestor for each term, until its certificate is there', () => {
    const { account } = openCertified();
    expect(account.mayBeMeasured(MEMORY, 1)).toBe(false);
    expect(account.mayBeMeasured({ ...MEMORY, attestor: 'attestor-2' }, 1)).toBe(true);
    expect(account.mayBeMeasured({ ...MEMORY, term: 'hasResource:cpu-mflops' }, 1)).toBe(true);
  });

  it('is a re-attestation also after a restart, and of a certificate that has ended', async () => {
    const { account, clock, restart } = openCertified();
    await account.save();
    clock.ms += 365 * DAY_MS;
    expect((await restart()).mayBeMeasured(MEMORY, 1)).toBe(false);
  });

  it('beyond the start budget has to fit into 2 % of the work as any other', async () => {
    const { account } = open();
    await account.onSpent(MEMORY, START_MS);
    expect(account.mayBeMeasured(MEMORY, 1)).toBe(false);
    account.onWorked(1_000);
    expect(account.mayBeMeasured(MEMORY, 20)).toBe(true);
    await account.onSpent(MEMORY, 20);
    expect(account.status()).toMatchObject({ spentMs: 20, startSpentMs: START_MS });
    expect(account.mayBeMeasured(MEMORY, 1)).toBe(false);
  });
});

describe('re-attestation', () => {
  it('of a node without work is declined, however short it is', () => {
    const { account } = openCertified();
    expect(account.mayBeMeasured(MEMORY, 1)).toBe(false);
    expect(account.mayBeTasked({ attestor: 'attestor-1', term: MEMORY.term })).toBe(false);
  });

  it('takes 2 % of the work for others and not a millisecond more', async () => {
    const { account } = openCertified();
    account.onWorked(2 * HOUR_MS);
    expect(account.mayBeMeasured(MEMORY, 144_000)).toBe(true);
    expect(account.mayBeMeasured(MEMORY, 144_001)).toBe(false);
    await account.onSpent(MEMORY, 72_000);
    expect(account.status()).toMatchObject({
      spentMs: 72_000,
      allowedMs: 144_000,
      sharePercent: 1,
    });
    expect(account.mayBeMeasured(MEMORY, 72_000)).toBe(true);
    expect(account.mayBeMeasured(MEMORY, 72_001)).toBe(false);
  });

  it('counts the last seven days, so that nothing is saved up over an idle year', async () => {
    const { account, clock } = openCertified();
    account.onWorked(10 * HOUR_MS);
    await account.onSpent(MEMORY, 1_000);
    clock.ms += 6 * DAY_MS;
    expect(account.status()).toMatchObject({ spentMs: 1_000, busyMs: 10 * HOUR_MS });
    clock.ms += DAY_MS;
    expect(account.status()).toMatchObject({ spentMs: 0, busyMs: 0, allowedMs: 0 });
    expect(account.mayBeMeasured(MEMORY, 1)).toBe(false);
  });

  it('does not gain by a clock that was set back', () => {
    const { account, clock } = openCertified();
    account.onWorked(10 * HOUR_MS);
    clock.ms -= 365 * DAY_MS;
    expect(account.mayBeMeasured(MEMORY, 1)).toBe(false);
  });
});

describe('tasks of attestors', () => {
  function openTasks() {
    const opened = openCertified();
    const { account } = opened;
    account.onCertified('attestor-1', [SENTIMENT]);
    const attestors = new Set(['attestor-1']);
    const tasks = new AttestorTasks({ measuredTime: account, attestors, logger: new FakeLogger() });
    return { ...opened, tasks };
  }

  it('are on the spent side and are no work, which would raise what attestors may take', () => {
    const { account, tasks } = openTasks();
    tasks.onWorked(1_000_000, { client: 'client', term: SENTIMENT });
    tasks.onWorked(5_000, { client: 'attestor-1', term: SENTIMENT });
    expect(account.status()).toMatchObject({
      busyMs: 1_000_000,
      spentMs: 5_000,
      sharePercent: 0.5,
    });
  });

  it('of the first attestation are on the start budget', () => {
    const { account, tasks } = openTasks();
    const term = 'performs:finance/risk-assessment';
    expect(tasks.mayTake('attestor-1', term)).toBe(true);
    tasks.onWorked(5_000, { client: 'attestor-1', term });
    expect(account.status()).toMatchObject({ busyMs: 0, spentMs: 0, startSpentMs: 5_000 });
  });

  it('are declined until a round of eight fits into 2 % of the work, and then all eight pass', () => {
    const { tasks, clock } = openTasks();
    const client = { client: 'client', term: SENTIMENT };
    tasks.onWorked(1_000, client);
    expect(tasks.mayTake('attestor-1', SENTIMENT)).toBe(false);
    for (let done = 1; done < 400; done++) tasks.onWorked(1_000, client);
    for (let task = 0; task < 8; task++) {
      expect(tasks.mayTake('attestor-1', SENTIMENT)).toBe(true);
      tasks.onWorked(1_000, { client: 'attestor-1', term: SENTIMENT });
    }
    expect(tasks.mayTake('attestor-1', SENTIMENT)).toBe(false);
    clock.ms += HOUR_MS;
    for (let done = 0; done < 399; done++) tasks.onWorked(1_000, client);
    expect(tasks.mayTake('attestor-1', SENTIMENT)).toBe(false);
    tasks.onWorked(1_000, client);
    expect(tasks.mayTake('attestor-1', SENTIMENT)).toBe(true);
  });

  it('of other clients are never declined for that, and skills that cannot be tested are not', () => {
    const { account, tasks } = openTasks();
    expect(tasks.mayTake('client', SENTIMENT)).toBe(true);
    account.onCertified('attestor-1', ['performs:vision/caption']);
    expect(tasks.mayTake('attestor-1', 'performs:vision/caption')).toBe(true);
    tasks.onWorked(1_000, { client: 'attestor-1', term: 'performs:vision/caption' });
    expect(account.status()).toMatchObject({ busyMs: 0, spentMs: 0, startSpentMs: 0 });
  });
});

describe('the account of being tested', () => {
  it('is on disk as soon as time was spent; work is once it is saved', async () => {
    const { account, restart } = openCertified();
    await account.onSpent(MEMORY, 5_000);
    account.onWorked(HOUR_MS);
    expect((await restart()).status()).toMatchObject({ spentMs: 5_000, busyMs: 0 });
    await account.save();
    expect((await restart()).status()).toMatchObject({ spentMs: 5_000, busyMs: HOUR_MS });
  });

  it('begins anew over an account of an older form', async () => {
    const { settings, restart } = open();
    const older = { startMs: 1, spentMs: 2, busyMs: 3 } as unknown as StoredMeasuredTime;
    await settings.put('measured-time', older);
    expect((await restart()).status()).toMatchObject({ spentMs: 0, busyMs: 0, startSpentMs: 0 });
  });

  it('is written again after a write that failed, and not if nothing has changed', async () => {
    const { account, settings, restart } = openCertified();
    const put = settings.put.bind(settings);
    settings.put = () => Promise.reject(new Error('disk full'));
    await expect(account.onSpent(MEMORY, 5_000)).rejects.toThrow('disk full');
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
          if (!account.mayBeMeasured(MEMORY, ms)) {
            refused += 1;
            continue;
          }
          measured += 1;
          count += 1;
          // A worker that is ended may be ended a little late.
          await account.onSpent(MEMORY, ms + overrun);
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
