import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { decide } from '../../decision/decision-record.ts';
import type { Decision } from '../../decision/engine.ts';
import { PAPER_POLICY, RATIONAL_POLICY, REFERENCE_POLICY } from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import type { ExplorationContext } from '../../decision/request.ts';
import { newLinearModel } from '../../decision/exploration/linear-model.ts';
import { DecisionMemory, utilityOf } from '../../tasks/decision-memory.ts';
import type { DecisionMemoryState } from '../../tasks/decision-state.ts';
import { candidate, decisionOf, exploring, newcomer, request } from '../decision/requests.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const THRESHOLDS = { skillThreshold: 0.7, scoreThreshold: 0.6, confidenceThreshold: 0.8 };
const GOOD = { isSuccess: true, paidMicroUsd: 1_000 };
const BAD = { isSuccess: false, paidMicroUsd: 0 };
/** What a task of the tests costs here without Eq. (5). */
const LOCAL_MICRO_USD = decide(request([])).result.costInternalWithoutOpportunityMicroUsd!;

let settings: MemoryJsonSection<DecisionMemoryState>;
let clock: FakeClock;
let logger: FakeLogger;
let memory: DecisionMemory;

function open(change: { isAdaptive?: boolean; maxSpendingShare?: number } = {}): DecisionMemory {
  const rules = { isAdaptive: false, maxSpendingShare: 1, ...change };
  return new DecisionMemory({ settings, clock, logger, ...rules });
}

beforeEach(() => {
  settings = new MemoryJsonSection();
  clock = new FakeClock();
  logger = new FakeLogger();
  memory = open();
});

/** A decision that explores a newcomer that asks so much. */
function exploration(priceMicroUsd: number): Decision {
  const one = newcomer('new', 0, 0);
  const quote = { ...one.quote, priceMicroUsd };
  const base = exploring(request([{ ...one, quote }]), RATIONAL_POLICY, 'epsilon-greedy');
  const forced = { ...base.context.exploration!, isForced: true };
  const decision = decisionOf({ ...base, context: { ...base.context, exploration: forced } });
  expect(decision.isExploration).toBe(true);
  return decision;
}

function outsourced(peerId = 'a', policy: DecisionPolicy = RATIONAL_POLICY): Decision {
  const decision = decisionOf({
    ...request([candidate(peerId), candidate('z', { priceMicroUsd: 3_000, latencyMs: 900 })]),
    policy,
  });
  expect(decision.choice).toBe('OUTSOURCE');
  return decision;
}

function context(policy: DecisionPolicy = RATIONAL_POLICY): ExplorationContext {
  return memory.context(policy).exploration!;
}

describe('the loss account', () => {
  it('is charged with the worst case at once, before anything is on disk', () => {
    const decision = exploration(9_550);
    const { lossMicroUsd } = decision.exploration!;
    expect(lossMicroUsd).toBeGreaterThan(20);
    void memory.observeDecision(decision, THRESHOLDS, true);
    expect(context().cumulativeLossMicroUsd).toBe(lossMicroUsd);
    expect(context().cumulativeLocalMicroUsd).toBe(LOCAL_MICRO_USD);
    expect(settings.bytes.values.size).toBe(0);
  });

  it.each([
    ['succeeds', 'successLossMicroUsd', GOOD],
    ['fails', 'failureLossMicroUsd', BAD],
  ] as const)('keeps what an exploration that %s has really lost', async (_, kept, outcome) => {
    const decision = exploration(9_000);
    await memory.observeDecision(decision, THRESHOLDS, true);
    await memory.observeOutcome(decision, outcome);
    expect(context().cumulativeLossMicroUsd).toBeCloseTo(decision.exploration![kept]!, 9);
  });

  it('keeps no more of an exploration that is declined than of one that fails', async () => {
    const decision = exploration(9_550);
    const { lossMicroUsd, failureLossMicroUsd } = decision.exploration!;
    await memory.observeDecision(decision, THRESHOLDS, true);
    await memory.observeDeclined(decision);
    expect(context().cumulativeLossMicroUsd).toBeCloseTo(failureLossMicroUsd!, 9);
    expect(failureLossMicroUsd).toBeLessThan(lossMicroUsd!);
    expect(memory.status(RATIONAL_POLICY).spending.contractors).toBe(0);
  });

  it('is not touched by a contractor that declines what was no exploration', async () => {
    await memory.observeDecision(exploration(9_550), THRESHOLDS, true);
    const before = context().cumulativeLossMicroUsd;
    await memory.observeDeclined(outsourced());
    expect(context().cumulativeLossMicroUsd).toBe(before);
  });

  it('counts what a task costs here once, however often it is decided on', async () => {
    await memory.observeDecision(outsourced(), THRESHOLDS, true);
    await memory.observeDecision(outsourced('b'), THRESHOLDS, false);
    expect(context().cumulativeLocalMicroUsd).toBe(LOCAL_MICRO_USD);
  });
});

describe('Eq. 5, which is no cash', () => {
  /** A task that waits here makes doing another one here dearer, but not in cash. */
  const busy = () => {
    const base = request([candidate('a'), candidate('z', { priceMicroUsd: 3_000 })]);
    const local = { ...base.local, queue: [{ valueMicroUsd: 5_000, hours: 1 }] };
    return decisionOf({ ...base, local });
  };

  it('is left out of what all tasks would have cost here', async () => {
    expect(busy().costInternalMicroUsd).toBeGreaterThan(LOCAL_MICRO_USD + 500);
    await memory.observeDecision(busy(), THRESHOLDS, true);
    expect(context().cumulativeLocalMicroUsd).toBe(LOCAL_MICRO_USD);
  });

  it('is left out of the utility of an outcome', () => {
    expect(utilityOf(busy(), GOOD)).toBe(utilityOf(outsourced(), GOOD));
  });
});

describe('handling that takes more than was reckoned', () => {
  it('is charged to the loss account when the outcome is known (an audited exploration)', async () => {
    const decision = exploration(9_000);
    const { failureLossMicroUsd, successLossMicroUsd } = decision.exploration!;
    await memory.observeDecision(decision, THRESHOLDS, true);
    const handlingMicroUsd = failureLossMicroUsd! + 700;
    await memory.observeOutcome(decision, { ...GOOD, handlingMicroUsd });
    expect(context().cumulativeLossMicroUsd).toBeCloseTo(successLossMicroUsd! + 700, 9);
  });

  it('is not charged where nothing was explored, and less than reckoned earns nothing', async () => {
    await memory.observeOutcome(outsourced(), { ...GOOD, handlingMicroUsd: 5_000 });
    expect(context().cumulativeLossMicroUsd).toBe(0);
    const decision = exploration(9_000);
    await memory.observeDecision(decision, THRESHOLDS, true);
    await memory.observeOutcome(decision, { ...BAD, handlingMicroUsd: 0 });
    const { failureLossMicroUsd } = decision.exploration!;
    expect(context().cumulativeLossMicroUsd).toBeCloseTo(failureLossMicroUsd!, 9);
  });
});

describe('the memory of decisions', () => {
  it('goes on after a restart where it was', async () => {
    await memory.observeDecision(exploration(9_550), THRESHOLDS, true);
    await memory.observeOutcome(outsourced(), GOOD);
    const again = open();
    expect(again.context(RATIONAL_POLICY)).not.toEqual(memory.context(RATIONAL_POLICY));
    await again.load();
    expect(again.context(RATIONAL_POLICY)).toEqual(memory.context(RATIONAL_POLICY));
    expect(again.status(RATIONAL_POLICY)).toEqual(memory.status(RATIONAL_POLICY));
  });

  it('begins anew if what is stored is of another version', async () => {
    await memory.observeDecision(outsourced(), THRESHOLDS, true);
    const [key] = [...settings.bytes.values.keys()] as [string];
    const stored = (await settings.get(key))!;
    await settings.put(key, { ...stored, version: 99 as 1 });
    const again = open();
    await again.load();
    expect(again.context(RATIONAL_POLICY)).toEqual(open().context(RATIONAL_POLICY));
  });

  it('writes changes of one moment once', async () => {
    let writes = 0;
    const put = settings.put.bind(settings);
    settings.put = (key, value) => {
      writes++;
      return put(key, value);
    };
    await Promise.all([1, 2, 3].map(() => memory.observeDecision(outsourced(), THRESHOLDS, true)));
    expect(writes).toBe(1);
  });
});

describe('learned weights', () => {
  it('move with each outcome, per policy, and still add up to 1', async () => {
    const before = memory.context(RATIONAL_POLICY).historicalWeights;
    await memory.observeOutcome(outsourced(), GOOD);
    const { historicalWeights } = memory.context(RATIONAL_POLICY);
    expect(historicalWeights).not.toEqual(before);
    expect(Object.values(historicalWeights).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
    expect(memory.context(PAPER_POLICY).historicalWeights).toEqual(before);
  });

  it('of the reference policy walk at random with its decisions, not with outcomes', async () => {
    const stated = { reliability: 0.99, securityRisk: 0.01, qualityRisk: 0.01, performance: 0.9 };
    const decision = decisionOf({
      ...request([{ ...candidate('a'), stated }]),
      policy: REFERENCE_POLICY,
    });
    const weights = () => memory.context(REFERENCE_POLICY).historicalWeights;
    const before = weights();
    await memory.observeOutcome({ ...decision, chosen: 0 }, GOOD);
    expect(weights()).toEqual(before);
    await memory.observeDecision(decision, THRESHOLDS, true);
    await memory.observeDecision(decision, THRESHOLDS, true);
    expect(weights()).not.toEqual(before);
  });

  it('of the reference policy look back on decisions that were no explorations', async () => {
    const recent = () => memory.context(REFERENCE_POLICY).recentDecisions!;
    await memory.observeDecision(outsourced(), THRESHOLDS, true);
    expect(recent()).toEqual({ decisions: 1, recent: 1, recentHighScores: 1 });
    await memory.observeDecision(exploration(9_000), THRESHOLDS, true);
    expect(recent()).toEqual({ decisions: 1, recent: 1, recentHighScores: 1 });
  });

  it.each([
    [0.7, 0],
    [0.700001, 1],
  ])('of the reference policy take a score of %d for high: %d', async (score, high) => {
    await memory.observeDecision({ ...outsourced(), score }, THRESHOLDS, true);
    const recent = memory.context(REFERENCE_POLICY).recentDecisions!;
    expect(recent.recentHighScores).toBe(high);
  });

  it('are joined by a linear model, which only the contextual strategy reads', async () => {
    await memory.observeOutcome(outsourced(), GOOD);
    const { exploration: rules } = RATIONAL_POLICY;
    const contextual = { ...RATIONAL_POLICY, exploration: { ...rules, strategy: 'contextual' } };
    expect(context().linearModel).toBeNull();
    const model = () => context(contextual as DecisionPolicy).linearModel;
    const once = model();
    expect(once).not.toEqual(newLinearModel());
    await memory.observeOutcome(outsourced(), BAD);
    expect(model()).not.toEqual(once);
  });
});

describe('thresholds', () => {
  const local = () => decisionOf(request([newcomer('new', 0, 0)]));

  it('give way after twenty decisions without outsourcing, if they may', async () => {
    memory = open({ isAdaptive: true });
    for (let i = 0; i < 20; i++) await memory.observeDecision(local(), THRESHOLDS, true);
    expect(memory.thresholds(THRESHOLDS).scoreThreshold).toBeCloseTo(0.58, 12);
  });

  it('come back up when what is outsourced fails', async () => {
    memory = open({ isAdaptive: true });
    for (let i = 0; i < 20; i++) await memory.observeDecision(local(), THRESHOLDS, true);
    for (let i = 0; i < 20; i++) {
      const made = i < 10 ? outsourced() : local();
      await memory.observeDecision(made, THRESHOLDS, true);
      if (i < 10) await memory.observeOutcome(made, BAD);
    }
    expect(memory.thresholds(THRESHOLDS).scoreThreshold).toBeCloseTo(0.6, 12);
  });

  it('stay as they are configured otherwise', async () => {
    for (let i = 0; i < 40; i++) await memory.observeDecision(local(), THRESHOLDS, true);
    expect(memory.thresholds(THRESHOLDS)).toBe(THRESHOLDS);
  });
});

describe('the watch over exploration', () => {
  it('forces an exploration after a long row of equal choices, and says so once', async () => {
    const base = exploring(request([candidate('a')]), RATIONAL_POLICY, 'epsilon-greedy');
    let i = 0;
    while (!context().isForced && i < 200) {
      const decision = decisionOf({ ...base, seed: i++ });
      // Exploring was allowed, and is kept from happening.
      await memory.observeDecision({ ...decision, isExploration: false }, THRESHOLDS, true);
    }
    expect(i).toBe(66);
    const { alarms, exploration: shown } = memory.status(RATIONAL_POLICY);
    expect(shown.isForced).toBe(true);
    expect(alarms.filter(({ kind }) => kind === 'EXPLORATION_STUCK')).toHaveLength(1);
  });

  it('raises an alarm where it explores far more often than it is set to', async () => {
    const base = exploring(request([candidate('a')]), RATIONAL_POLICY, 'epsilon-greedy');
    for (let seed = 0; seed < 40; seed++) {
      const decision = decisionOf({ ...base, seed });
      await memory.observeDecision({ ...decision, isExploration: true }, THRESHOLDS, true);
    }
    const { alarms, exploration: shown } = memory.status(RATIONAL_POLICY);
    expect(shown.isAlarm).toBe(true);
    expect(alarms.filter(({ kind }) => kind === 'EXPLORATION_RATE')).toHaveLength(1);
    expect(logger.lines.filter(({ level }) => level === 'warn')).not.toHaveLength(0);
  });

  it('does not count decisions in which exploring was barred', async () => {
    const base = exploring(request([candidate('a')]), RATIONAL_POLICY, 'epsilon-greedy');
    const sensitive = { ...base, task: { ...base.task, sensitivity: 'high' as const } };
    const decision = decisionOf(sensitive);
    expect(decision.exploration!.bar).toBe('SENSITIVE');
    for (let i = 0; i < 100; i++) await memory.observeDecision(decision, THRESHOLDS, true);
    expect(context()).toMatchObject({ decisionIndex: 0, isForced: false });
    expect(memory.status(RATIONAL_POLICY).exploration.allowedDecisions).toBe(0);
  });

  it('never forces where the strategy is not to explore', () => {
    const { exploration: rules } = RATIONAL_POLICY;
    const none = { ...RATIONAL_POLICY, exploration: { ...rules, strategy: 'none' } };
    expect(context(none as DecisionPolicy).isForced).toBe(false);
  });
});

describe('the portfolio', () => {
  it('raises the alarm of concentration once in ten minutes, and in the log', async () => {
    for (let i = 0; i < 30; i++) await memory.observeOutcome(outsourced(), GOOD);
    const kinds = () => memory.status(RATIONAL_POLICY).alarms.map(({ kind }) => kind);
    expect(kinds()).toHaveLength(1);
    clock.advanceSeconds(601);
    await memory.observeOutcome(outsourced(), GOOD);
    expect(kinds()).toHaveLength(2);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });

  it('bait: a lasting alarm about one contractor hides none about another, or another skill', () => {
    const usual = ['a', 'b', 'c', 'd', 'e'].map((contractor) => ({
      contractor,
      unitPriceMicroUsd: 1_000,
    }));
    const survey = (taskType: string, contractor: string, unitPriceMicroUsd: number) =>
      memory.observeQuotes(taskType, [...usual, { contractor, unitPriceMicroUsd }]);
    const told = () =>
      memory
        .status(RATIONAL_POLICY)
        .alarms.filter(({ kind }) => kind === 'PRICE_OUTLIER')
        .map(({ sentence }) => sentence);
    survey('performs:a/x', 'bait', 1);
    survey('performs:a/x', 'bait', 1);
    expect(told()).toHaveLength(1);
    survey('performs:a/x', 'evil', 90_000);
    survey('performs:b/y', 'evil', 90_000);
    expect(told()).toHaveLength(3);
  });

  it('names nobody over their share where there is no cap', async () => {
    for (let i = 0; i < 30; i++) await memory.observeOutcome(outsourced(), GOOD);
    const offers = ['a', 'b'].map((contractor) => ({ contractor, addedMicroUsd: 1_000 }));
    expect(memory.overShare(offers).size).toBe(0);
    const capped = open({ maxSpendingShare: 0.5 });
    await capped.load();
    expect([...capped.overShare(offers)]).toEqual(['a']);
  });

  it('sees prices that several contractors move together', () => {
    const quotes = (price: number) =>
      ['a', 'b', 'c', 'd'].map((contractor) => ({ contractor, unitPriceMicroUsd: price }));
    memory.observeQuotes('performs:x/y', quotes(1_000));
    clock.advanceSeconds(3_600);
    memory.observeQuotes('performs:x/y', quotes(1_500));
    const kinds = memory.status(RATIONAL_POLICY).alarms.map(({ kind }) => kind);
    expect(kinds).toContain('COORDINATED_MOVE');
  });
});

describe('the word of others', () => {
  const testimony = [{ rater: 'r', passed: 10, run: 10 }];
  const weight = () => memory.weigh('new', 'me', { testimony, evidence: { passed: 8, run: 8 } });

  /** The contractor that was praised has these outcomes here, the newest last. */
  async function learn(heard: typeof testimony, ...outcomes: readonly boolean[]): Promise<void> {
    let successes = 0;
    for (const [i, isSuccess] of outcomes.entries()) {
      if (isSuccess) successes += 1;
      const own = { successes, total: i + 1 };
      await memory.observeOutcome(outsourced(), isSuccess ? GOOD : BAD, { testimony: heard, own });
    }
  }

  it('counts for nothing before the third good outcome, and for more then', async () => {
    const before = weight()!.total;
    await learn(testimony, true, true);
    expect(weight()!.total).toBe(before);
    await learn(testimony, true, true, true);
    expect(weight()!.total).toBeGreaterThan(before);
  });

  it('is found out at the first failure of whom it praised, who will not be hired again', async () => {
    for (let i = 0; i < 3; i++) await learn(testimony, true, true, true);
    expect(memory.credibility('r')).toBeCloseTo(3 / 5, 9);
    await learn(testimony, false, false, false);
    // A quarter of a comparison: a good contractor fails now and then.
    expect(memory.credibility('r')).toBeCloseTo((2 * 3 - 3.25) / (3.25 + 2), 9);
    // A warning was right.
    await learn([{ rater: 'w', passed: 0, run: 10 }], false);
    expect(memory.credibility('w')).toBeCloseTo(0.25 / 2.25, 9);
  });

  it('costs who praised a contractor that does two tasks well and then cheats', async () => {
    for (let i = 0; i < 3; i++) await learn(testimony, true, true, true);
    const believed = memory.credibility('r');
    await learn(testimony, true, true, false);
    const after = memory.credibility('r');
    expect(after).toBeCloseTo((2 * 3 - 3.25) / (3.25 + 2), 9);
    expect(after).toBeLessThan(believed);
  });

  it('costs who praised a contractor that cheats later, in proportion', async () => {
    await learn(testimony, true, true, true, true, false);
    // Agreement 1 + 1/4, disagreement 2/5.
    expect(memory.credibility('r')).toBeCloseTo((1.25 - 0.4) / (1.65 + 2), 9);
  });

  it('teaches less of its rater the less was paid for it', async () => {
    const gain = async (paid: number): Promise<number> => {
      memory = open();
      const receipts = [{ rater: 'r', passed: paid, run: paid }];
      const before = weight()!.total;
      await learn(receipts, true, true, true);
      return weight()!.total - before;
    };
    const full = await gain(1);
    expect(await gain(8)).toBe(full);
    // Agreement worth a sixty-fourth of an outcome leaves the rater what it was: a stranger.
    expect(await gain(1 / 64)).toBe(0);
    expect(full).toBeGreaterThan(0);
  });

  it('of a rater that this node trusts is heard of a contractor without tests', async () => {
    const receipts = [{ rater: 'r', passed: 2, run: 2 }];
    expect(memory.weigh('new', 'me', { testimony: receipts })).toBeUndefined();
    for (let i = 0; i < 4; i++) await learn(testimony, true, true, true);
    const heard = memory.weigh('new', 'me', { testimony: receipts })!;
    expect(heard.total).toBeCloseTo(2 * (4 / 6), 9);
    expect(heard.successes).toBe(heard.total);
  });

  it('comes to nothing where there is none', () => {
    expect(memory.weigh('new', 'me', { evidence: { passed: 8, run: 8 } })).toBeUndefined();
  });
});
