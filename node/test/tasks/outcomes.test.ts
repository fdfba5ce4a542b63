import { describe, expect, it } from 'vitest';
import { OutcomeBook } from '../../tasks/outcomes.ts';
import type { OutcomeEntry } from '../../tasks/outcomes.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const MONTH_MS = 30.4375 * 24 * 3_600_000;
const TYPE = 'performs:nlp/sentiment';

function outcome(change: Partial<Parameters<OutcomeBook['record']>[0]> = {}) {
  return {
    peerId: 'bob',
    taskType: TYPE,
    isSuccess: true,
    paidMicroUsd: 10,
    utility: 0.75,
    atMs: MONTH_MS,
    ...change,
  };
}

function book(section = new MemoryJsonSection<OutcomeEntry>()): Promise<OutcomeBook> {
  return OutcomeBook.load(section);
}

describe('OutcomeBook', () => {
  it('knows nothing of a contractor that never worked', async () => {
    const history = (await book()).historyOf('bob', 0);
    expect(history).toEqual({
      successes: 0,
      failures: 0,
      monthsSinceLast: 0,
      utility: 0,
      byType: {},
      incidents: { disputes: 0, interactions: 0 },
    });
  });

  it('counts verdicts that a contractor did not accept, over all task types and a restart', async () => {
    const section = new MemoryJsonSection<OutcomeEntry>();
    const outcomes = await book(section);
    await outcomes.record(outcome({ isDisputed: true }));
    await outcomes.record(outcome({ taskType: 'performs:x', isDisputed: true }));
    await outcomes.record(outcome({ taskType: 'performs:x' }));
    await outcomes.record(outcome({ peerId: 'carol', isDisputed: true }));
    const expected = { disputes: 2, interactions: 3 };
    expect(outcomes.historyOf('bob', 0).incidents).toEqual(expected);
    expect((await book(section)).historyOf('bob', 0).incidents).toEqual(expected);
  });

  it('counts successes and failures of all task types and of each', async () => {
    const outcomes = await book();
    await outcomes.record(outcome());
    await outcomes.record(outcome({ isSuccess: false, paidMicroUsd: 0, utility: 0 }));
    await outcomes.record(outcome({ taskType: 'performs:x', atMs: 2 * MONTH_MS }));
    await outcomes.record(outcome({ peerId: 'carol' }));
    const history = outcomes.historyOf('bob', 3 * MONTH_MS);
    expect(history).toMatchObject({ successes: 2, failures: 1, monthsSinceLast: 1 });
    expect(history.byType[TYPE]).toEqual({
      successes: 1,
      failures: 1,
      monthsSinceLast: 2,
      utility: 0.75,
    });
    expect(outcomes.entriesOf('bob').map(({ paidMicroUsd }) => paidMicroUsd)).toEqual([10, 10]);
  });

  it('takes the successes for the utility of an entry that was made before there was one', async () => {
    const section = new MemoryJsonSection<OutcomeEntry>();
    const old = { peerId: 'bob', taskType: TYPE, successes: 3, failures: 1, lastMs: 1 };
    await section.put(`bob/${TYPE}`, { ...old, paidMicroUsd: 0 });
    const outcomes = await book(section);
    expect(outcomes.historyOf('bob', 1).utility).toBe(3);
    await outcomes.record(outcome());
    expect(outcomes.historyOf('bob', 1).utility).toBe(3.75);
  });

  it('counts no negative months when the clock was set back', async () => {
    const outcomes = await book();
    await outcomes.record(outcome({ atMs: 2 * MONTH_MS }));
    expect(outcomes.historyOf('bob', MONTH_MS).monthsSinceLast).toBe(0);
  });

  it('keeps its counts over a restart and goes on counting', async () => {
    const section = new MemoryJsonSection<OutcomeEntry>();
    await (await book(section)).record(outcome());
    const again = await book(section);
    await again.record(outcome({ isSuccess: false, paidMicroUsd: 5, utility: 0 }));
    expect((await book(section)).all()).toEqual([
      {
        peerId: 'bob',
        taskType: TYPE,
        successes: 1,
        failures: 1,
        lastMs: MONTH_MS,
        paidMicroUsd: 15,
        utility: 0.75,
      },
    ]);
  });

  it('remembers 20,000 entries, after a restart too, and forgets the one used longest ago', async () => {
    const section = new MemoryJsonSection<OutcomeEntry>();
    for (let i = 0; i < 20_000; i++) {
      // Keys ascend while times descend: the last key is the oldest entry.
      const peerId = `peer-${String(i).padStart(5, '0')}`;
      const entry = { peerId, taskType: TYPE, successes: 1, failures: 0, paidMicroUsd: 0 };
      await section.put(`${peerId}/${TYPE}`, { ...entry, lastMs: 20_000 - i });
    }
    const outcomes = await book(section);
    await outcomes.record(outcome({ peerId: 'new' }));
    expect(outcomes.all()).toHaveLength(20_000);
    expect(section.bytes.values.size).toBe(20_000);
    expect(outcomes.entriesOf('peer-19999')).toEqual([]);
    expect(outcomes.entriesOf('peer-00000')).toHaveLength(1);
    expect(outcomes.entriesOf('new')).toHaveLength(1);
  });
});
