/** Recomputes each figure of printed decisions from the others: `printed-decision.ts`. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COST_PRESETS, microUsd } from '../../cost/presets.ts';
import { decide, replayDecision } from '../../decision/decision-record.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { NO_LIMITS } from '../../decision/explanation-text.ts';
import { formatDecision } from '../../decision/explanation.ts';
import { EXPLORATION_STRATEGIES } from '../../decision/exploration/exploration-strategy.ts';
import { newLinearModel, updatedLinearModel } from '../../decision/exploration/linear-model.ts';
import { PAPER_POLICY, RATIONAL_POLICY, REFERENCE_POLICY } from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import {
  CONTRACTORS,
  near,
  numberOf,
  ratioOf,
  recomputeChancesAndCosts,
  recomputeScores,
  rowsOf,
  section,
} from './printed-decision.ts';
import { ARMS, recomputeExploration } from './printed-exploration.ts';
import {
  candidate,
  exploring,
  newcomer,
  request,
  someCandidates,
  TASK_TYPE,
  withoutLocal,
  withPolicy,
  withTask,
} from './requests.ts';

const MAX_COLUMNS = 120;

const HISTORY = { successes: 30, failures: 2, monthsSinceLast: 1.5 };

/** Different in everything that a figure is made of. */
const FIELD: readonly Candidate[] = [
  {
    ...candidate('proven', { successes: 47, failures: 3, latencyMs: 4000 }),
    incidents: { disputes: 1, canaryHits: 2, interactions: 30 },
    calibrationRatio: 1.25,
  },
  {
    ...candidate('elsewhere', { priceMicroUsd: 1400, level: 1, latencyMs: 900, similarity: 0.8 }),
    history: HISTORY,
    overheads: { verificationMicroUsd: 33 },
  },
  {
    ...newcomer('tested', 5, 6),
    testimony: { successes: 2.5, total: 3.5 },
    quote: {
      priceMicroUsd: 1700,
      latencyMs: 2000,
      load: { demand: 5, available: 0, total: 4 },
      expiresAtSeconds: 2_000,
    },
  },
];

const someMicroUsd = fc.nat(1_000_000_000).map((thousandths) => thousandths / 1_000);

/** Links and sessions of contractors, of some of them. */
const someOwnCosts = fc.array(
  fc.record(
    {
      link: fc.record({
        bandwidthMbps: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
        transferMicroUsdPerGb: someMicroUsd,
      }),
      overheads: fc.record({ sessionMicroUsd: someMicroUsd }),
    },
    { requiredKeys: [] },
  ),
);

function rich(): DecisionRequest {
  const base = withTask(request(FIELD), { sensitivity: 'medium' });
  const { local } = base;
  return {
    ...base,
    local: {
      ...local,
      execution: { flops: 4.8e14 },
      hardware: {
        ...COST_PRESETS.si.prices,
        peakFlopsPerSecond: 1e12,
        memoryGib: 16,
        powerWatts: 30,
      },
      queue: [
        { valueMicroUsd: 500, hours: 4 },
        { valueMicroUsd: 400, hours: 2 },
      ],
    },
    context: { ...base.context, localCalibrationRatio: 0.9 },
  };
}

function linesAfterTheReason(text: string): string[] {
  return text.split('\n').slice(1);
}

describe('a printed decision, redone by hand,', () => {
  it('has chances and costs that follow from what is known of each contractor', () => {
    expect(recomputeChancesAndCosts(formatDecision(decide(rich())), rich())).toBe(3);
  });

  it('names link and session of each contractor that has its own, and of no other', () => {
    const link = { bandwidthMbps: 20, transferMicroUsdPerGb: microUsd(7.25) };
    const [first, second, third] = FIELD as [Candidate, Candidate, Candidate];
    const field = [
      { ...first, link },
      { ...second, overheads: { sessionMicroUsd: 377 } },
      { ...third, link, overheads: { sessionMicroUsd: 0 } },
      candidate('as-all-are'),
    ];
    const input = { ...rich(), candidates: field };
    const text = formatDecision(decide(input));
    const bytes = input.task.inputBytes + input.task.expectedOutputBytes;
    const costs = rowsOf(text, 'Cost at the contractors');
    const printed = [...costs].map(([name, cost]) => [name, numberOf(cost['communication'])]);
    // Of the link that the contractor has, else of the context's, and the session likewise.
    const expected: Readonly<Record<string, number>> = {
      proven: (bytes / 1e9) * 7.25 + 0.00001,
      elsewhere: (bytes / 1e9) * 0.1 + 0.000377,
      tested: (bytes / 1e9) * 7.25,
      'as-all-are': (bytes / 1e9) * 0.1 + 0.00001,
    };
    expect(printed).toHaveLength(4);
    for (const [name, cost] of printed) near(cost as number, expected[name!]!, String(name));
    expect(recomputeChancesAndCosts(text, input)).toBe(4);
    const named = [...text.matchAll(/communication of (\S+) = \d+ bytes x (.*)$/gm)];
    expect(Object.fromEntries(named.map(([, name, rest]) => [name, rest]))).toEqual({
      proven: '$7.25 a GB by its own link + session $0.00001',
      elsewhere: '$0.1 a GB + session $0.000377 as measured with it',
      tested: '$7.25 a GB by its own link + session $0 as measured with it',
    });
  });

  it('has a fit that follows from terms, cosine and outcomes of the task type', () => {
    const known = rowsOf(formatDecision(decide(rich())), 'What is known of them');
    expect([...known.keys()]).toHaveLength(3);
    for (const [name, row] of known) {
      const [good, all] = name === 'proven' ? ratioOf(row['outcomes']) : [0, 0];
      const done = all === 0 ? [0, 0] : [(0.2 * (1 + good)) / (2 + all), 0.2];
      const sum = 0.3 * numberOf(row['terms']) + 0.5 * numberOf(row['cosine']) + done[0]!;
      near(numberOf(row['fit']), sum / (0.8 + done[1]!), `${name} fit`);
    }
  });

  it('has weights and scores that follow from criteria, load and deadline', () => {
    recomputeScores(formatDecision(decide(rich())), 60_000, 0.5);
  });

  it('has a cost here that follows from hours and prices', () => {
    const text = formatDecision(decide(rich()));
    const rows = new Map(
      section(text, 'Cost here').map((line) => {
        const [name = '', figure = ''] = line.trim().split(/ {2,}/);
        return [name, numberOf(figure)];
      }),
    );
    const at = (name: string): number => rows.get(name)!;
    expect(text).toContain('4.8e14 operations / (1e12 a second x 0.75) / 3600');
    const hours = 4.8e14 / (1e12 * 0.75) / 3600;
    near(at('hours'), hours, 'hours');
    near(at('compute'), hours * 0.45, 'compute');
    near(at('memory'), (2 / 16) * hours * 0.15, 'memory');
    near(at('energy'), (30 / 1000) * 0.75 * hours * 0.08, 'energy');
    near(at('waiting tasks'), (hours * 0.0004) / 2, 'waiting tasks');
    near(at('wear'), (12_000 / (3 * 8760)) * hours, 'wear');
    const cash = at('compute') + at('memory') + at('energy') + at('wear');
    near(at('in all'), at('correction') * (cash + at('waiting tasks')), 'in all');
    near(at('in cash'), at('correction') * cash, 'in cash');
    near(at('correction'), 0.9, 'correction');
  });

  it('has a verification that follows from checks, audit rate and the cost here', () => {
    const base = rich();
    const cash = decide(base).result.costInternalWithoutOpportunityMicroUsd!;
    const audited = (auditRate: number) => ({
      verificationMicroUsd: 7 + auditRate * cash,
      checkMicroUsd: 7,
      auditRate,
    });
    const [first, second, third] = FIELD as [Candidate, Candidate, Candidate];
    const field = [
      { ...first, overheads: audited(0.05) },
      { ...second, overheads: audited(1) },
      { ...third, overheads: audited(0) },
    ];
    const text = formatDecision(decide({ ...base, candidates: field }));
    const costs = rowsOf(text, 'Cost at the contractors');
    const formula =
      /verification of (\S+) = \$([\d.]+) of checks \+ ([\d.]+) audited x \$([\d.]+) in/g;
    const derived = [...text.matchAll(formula)];
    expect(derived.map(([, name]) => name)).toEqual(
      expect.arrayContaining(['proven', 'elsewhere']),
    );
    for (const [, name, ...figures] of derived) {
      const [checks, rate, here] = figures.map(Number);
      near(numberOf(costs.get(name!)!['verification']), checks! + rate! * here!, name!);
      expect(text).toMatch(new RegExp(`in cash +\\$${here} `));
    }
    expect(text).toContain(
      'verification of tested = $0.000007 of checks, and nothing is done again',
    );
    expect(recomputeChancesAndCosts(text, base)).toBe(3);
  });

  it('has no derivation of a verification whose stated parts do not come to it', () => {
    const base = rich();
    const plain = formatDecision(decide({ ...base, candidates: FIELD }));
    const stated = [NaN, Infinity, -1, null, '7', {}, 1e308, 2 ** 53, 0.5] as readonly number[];
    for (const checkMicroUsd of stated) {
      for (const auditRate of stated) {
        const [first, ...others] = FIELD as [Candidate, ...Candidate[]];
        const overheads = { verificationMicroUsd: 33, checkMicroUsd, auditRate };
        const record = decide({ ...base, candidates: [{ ...first, overheads }, ...others] });
        expect(record.result.candidates[0]!.dropped).toBeUndefined();
        expect(replayDecision(JSON.parse(JSON.stringify(record)) as DecisionRecord).agrees).toBe(
          true,
        );
        expect(formatDecision(record)).not.toMatch(/verification[^;]* of checks/);
      }
    }
    expect(plain).not.toContain('of checks');
  });

  type FourNumbers = [number, number, number, number];

  /** The price that would split the gain with `dear`, and the lowest price it was made of. */
  function bargainWith(other: Candidate): { price: number; lowest: number } {
    const field = [candidate('dear', { priceMicroUsd: 7_000, latencyMs: 100 }), other];
    const record = decide(withPolicy(request(field), { scoreThreshold: 0.2 }));
    const text = formatDecision(record);
    const recorded = record.result.bargainingPriceMicroUsd! / 1e6;
    const sum =
      String.raw`\(\$(\S+) here - \$(\S+) beside` +
      String.raw`[^$]*\$(\S+), the lowest price that passes\) / 2`;
    const offered = new RegExp(String.raw`evenly with dear at \$(\S+): ${sum}, at most`).exec(text);
    if (offered) {
      const [price, here, beside, lowest] = offered.slice(1).map(Number) as FourNumbers;
      near(price, (here - beside + lowest) / 2, 'bargaining price');
      near(recorded, price, 'bargaining price of the record');
      return { price, lowest };
    }
    const asked = new RegExp(
      String.raw`An even split of the gain with dear: ${sum} = \$(\S+)\. It asks \$(\S+): no offer`,
    ).exec(text)!;
    const [here, beside, lowest, even, price] = asked.slice(1).map(Number) as [
      ...FourNumbers,
      number,
    ];
    near(even, (here - beside + lowest) / 2, 'even split');
    expect(even).toBeGreaterThanOrEqual(price);
    near(recorded, price, 'bargaining price of the record');
    return { price, lowest };
  }

  it('has a bargaining price that follows from the costs', () => {
    const worse = { priceMicroUsd: 4_000, latencyMs: 20_000, failures: 5 };
    const { price, lowest } = bargainWith(candidate('worse', worse));
    expect(lowest).toBe(0.004);
    expect(price).toBeLessThan(0.007);
  });

  it('shill: a low price of one whom nobody would hire lowers no offer', () => {
    const shill = candidate('shill', { priceMicroUsd: 100, successes: 10, failures: 40 });
    expect(bargainWith(shill)).toEqual({ price: 0.007, lowest: 0.007 });
  });

  it('holds every contractor with --all, and each can be redone', () => {
    const field = Array.from({ length: 45 }, (_, i) => ({
      ...candidate(`peer-${i}`, {
        successes: 5 + i,
        failures: i % 7,
        priceMicroUsd: 1_000 + 9 * i,
      }),
      quote: { ...FIELD[2]!.quote, priceMicroUsd: 1_000 + 9 * i, latencyMs: 500 + 20 * i },
    }));
    const input = request(field);
    const usual = formatDecision(decide(input));
    expect(recomputeChancesAndCosts(usual, input)).toBe(8);
    expect(usual.match(/and (25|37) more; --all shows them/g)).toHaveLength(2);
    const whole = formatDecision(decide(input), NO_LIMITS);
    expect(recomputeChancesAndCosts(whole, input)).toBe(45);
    recomputeScores(whole, 60_000, 0.2);
    expect(whole).not.toContain('--all');
  });

  it('agrees for any field of contractors, in lines of 120 columns', () => {
    let rows = 0;
    const sensitivities = fc.constantFrom('low', 'medium', 'high');
    fc.assert(
      fc.property(someCandidates, someOwnCosts, sensitivities, (list, own, sensitivity) => {
        const field = list.map((one, i) => ({ ...one, ...own[i] }));
        const input = withTask(request(field), { sensitivity });
        const text = formatDecision(decide(input));
        rows += recomputeChancesAndCosts(text, input);
        for (const line of linesAfterTheReason(text)) {
          expect(line.length, line).toBeLessThanOrEqual(MAX_COLUMNS);
        }
      }),
      { numRuns: 100 },
    );
    expect(rows).toBeGreaterThan(200);
  });
});

/** An exploration of a task worth enough to lose something. */
function explorationOf(
  changes: Partial<NonNullable<DecisionRequest['context']['exploration']>>,
  policy: DecisionPolicy = RATIONAL_POLICY,
): DecisionRequest {
  const field = [candidate('greedy'), newcomer('first', 2, 2), candidate('b', { latencyMs: 9 })];
  const base = withTask(request(field), { valueMicroUsd: 20_000 });
  const input = exploring(base, policy, 'epsilon-greedy');
  const { context } = input;
  return {
    ...input,
    context: { ...context, exploration: { ...context.exploration!, ...changes } },
  };
}

describe('the printed exploration', () => {
  const part = (input: DecisionRequest): string =>
    section(formatDecision(decide(input)), 'Exploration by').join('\n');

  it('says what was drawn, against which rate, and what it would have been otherwise', () => {
    const text = part(explorationOf({}));
    const [, draw, rate] = /drew ([\d.]+), explores below ([\d.]+)/.exec(text)!.map(Number);
    expect(rate).toBe(0.1);
    expect(text).toMatch(draw! < 0.1 ? /outcome +explored/ : /outcome +not explored/);
    expect(text).toMatch(/otherwise +OUTSOURCE to b, \$0\.0010372 in cash/);
  });

  it('has a budget and a loss that can be redone by hand', () => {
    const input = explorationOf({ isForced: true, cumulativeLossMicroUsd: 39_000 });
    const record = decide({
      ...input,
      context: {
        ...input.context,
        exploration: { ...input.context.exploration!, cumulativeLossMicroUsd: 39_900 },
      },
    });
    const text = formatDecision(record);
    const [, budget, share, value] = /may lose +\$([\d.]+): the lesser of ([\d.]+) x \$([\d.]+)/
      .exec(text)!
      .map(Number);
    const [, ofLocal, before, here, lost] =
      /([\d.]+) x \(\$([\d.]+) \+ \$([\d.]+)\), what all .* - \$([\d.]+) lost/
        .exec(text)!
        .map(Number);
    expect([share, ofLocal]).toEqual([0.01, 0.004]);
    near(budget!, Math.min(share! * value!, ofLocal! * (before! + here!) - lost!), 'budget');
    const [, most] = /can lose +\$([\d.]+)/.exec(text)!.map(Number);
    const cost = rowsOf(text, 'Cost at the contractors').get(record.result.contractor!)!;
    const parts = ['communication', 'verification', 'integration'];
    const handling =
      numberOf(cost['correction']) * parts.reduce((sum, one) => sum + numberOf(cost[one]), 0);
    const [, cash] = /otherwise .*, \$([\d.]+) in cash/.exec(text)!.map(Number);
    near(most!, handling + Math.max(0, numberOf(cost['price']) - cash!), 'loss');
    expect(text).toContain('forced, the node was stuck');
    expect(text).toContain('which an exploration bypasses');
  });

  it('says why there was none', () => {
    const base = explorationOf({});
    expect(part(withTask(base, { sensitivity: 'medium' }))).toContain(
      'no: the data is more sensitive than low',
    );
    expect(part(withTask(base, { criticality: 'high' }))).toContain('of high criticality');
    expect(part(withTask(base, { valueMicroUsd: 100 }))).toContain('could lose more than that');
    expect(part(withTask(base, { maxLatencyMs: 1 }))).toContain('no contractor within the hard');
    expect(part(explorationOf({}, PAPER_POLICY))).toMatch(/may lose +without a limit/);
  });

  it('is left out where exploring was not asked for', () => {
    expect(formatDecision(decide(rich()))).not.toContain('Exploration');
  });
});

/** A model of three outcomes. */
const TRAINED = [
  [0.2, 0.9, 0.5, 0.1, 0.8],
  [1, 0.1, 0, 0.7, 0.3],
  [0.4, 0.4, 1, 0.2, 0.55],
].reduce((model, [a, b, c, d, utility]) => {
  return updatedLinearModel(model, [a!, b!, c!, d!], utility!);
}, newLinearModel());

const someNewcomers = fc
  .array(fc.record({ priceMicroUsd: fc.integer({ min: 0, max: 9_500 }), level: fc.nat(3) }), {
    maxLength: 5,
  })
  .map((list) =>
    list.map(({ priceMicroUsd, level }, i): Candidate => {
      const { quote, ...rest } = newcomer(`new-${i}`, 2, 2, level);
      return { ...rest, quote: { ...quote, priceMicroUsd } };
    }),
  );

const STRATEGIES = EXPLORATION_STRATEGIES.filter((strategy) => strategy !== 'none');

describe('the printed exploration, redone by hand,', () => {
  it.each(STRATEGIES)('explores whom its figures and draws say: %s', (strategy) => {
    let [explored, kept] = [0, 0];
    const situation = fc.record({
      seed: fc.nat(2 ** 32 - 1),
      isForced: fc.boolean(),
      isHere: fc.boolean(),
      rate: fc.constantFrom(0.1, 0.5, 1),
      decisionIndex: fc.nat(100),
      linearModel: fc.constantFrom(null, TRAINED),
      valueMicroUsd: fc.constantFrom(12_000, 30_000, 1_000_000),
      learningValueMicroUsd: fc.constantFrom(1_000, 100_000),
    });
    fc.assert(
      fc.property(someCandidates, someNewcomers, situation, (field, newcomers, drawn) => {
        const { seed, isHere, rate, valueMicroUsd, learningValueMicroUsd, ...context } = drawn;
        const plain = withTask(request([...field, ...newcomers]), { valueMicroUsd });
        const at = { ...(isHere ? plain : withoutLocal(plain)), seed };
        const base = exploring(at, RATIONAL_POLICY, strategy);
        const exploration = { ...base.policy.exploration, rate, learningValueMicroUsd };
        const { result } = decideAndRedo({
          ...base,
          policy: { ...base.policy, exploration },
          context: { ...base.context, exploration: { ...base.context.exploration!, ...context } },
        });
        if (result.explorationParts!.bar !== null) return;
        if (result.exploration) explored++;
        else kept++;
      }),
      { numRuns: 120 },
    );
    expect(explored).toBeGreaterThan(10);
    expect(kept).toBeGreaterThan(5);
  });

  it('keeps its columns where bounds differ in their last digits only', () => {
    const failed = { successes: 0, failures: 3 };
    const field = [
      candidate('peer-0', { ...failed, priceMicroUsd: 0, latencyMs: 1, level: 1 }),
      candidate('peer-1', { ...failed, priceMicroUsd: 1, latencyMs: 1, level: 1 }),
      candidate('peer-2', { successes: 12, failures: 0, priceMicroUsd: 0, latencyMs: 1, level: 0 }),
    ];
    const at = withoutLocal(withTask(request(field), { valueMicroUsd: 1_000_000 }));
    const base = exploring(at, RATIONAL_POLICY, 'contextual');
    const { exploration } = base.context;
    const { result } = decideAndRedo({
      ...base,
      context: { ...base.context, exploration: { ...exploration!, linearModel: null } },
    });
    const bounds = result.explorationParts!.arms.map((arm) => arm.upperBound!);
    expect(new Set(bounds.map((bound) => bound.toPrecision(9))).size).toBeLessThan(bounds.length);
  });

  it('lists all that it might have been in the record, and the ones that matter in the text', () => {
    const many = Array.from({ length: 40 }, (_, i) => newcomer(`new-${i}`, 2, 2));
    const base = exploring(
      withTask(request(many), { valueMicroUsd: 30_000 }),
      RATIONAL_POLICY,
      'ucb1',
    );
    const last = { ...candidate('known', { successes: 1 }), peerId: 'known' };
    const input = { ...base, candidates: [last, ...many], seed: 3 };
    const { arms } = decide(input).result.explorationParts!;
    expect(arms.map(({ peerId }) => peerId)).toEqual(['known', ...many.map((one) => one.peerId)]);
    expect(arms[0]).toMatchObject({ pulls: 1, meanUtility: 1, index: 1 });
    const chance = exploring(input, RATIONAL_POLICY, 'epsilon-greedy');
    const forced = { ...chance.context.exploration!, isForced: true };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const texts = seeds.map((seed) =>
      formatDecision(
        decide({ ...chance, seed, context: { ...chance.context, exploration: forced } }),
      ),
    );
    for (const text of texts) {
      const places = section(text, ARMS).filter((line) => / explored$/.test(line));
      expect(places).toHaveLength(1);
      expect(text).toMatch(/and (20|21) more; --all shows them/);
    }
    const whole = formatDecision(decide({ ...base, candidates: input.candidates }), NO_LIMITS);
    expect(section(whole, ARMS).filter((line) => / new-\d+ /.test(line))).toHaveLength(40);
    recomputeExploration(whole);
    expect(texts.some((text) => / +(2|3)\d +new-\d+ .* explored$/m.test(text))).toBe(true);
  });

  it('names who could lose least where nobody is within the budget', () => {
    const text = formatDecision(decide(withTask(explorationOf({}), { valueMicroUsd: 100 })));
    expect(text).toMatch(/can lose +\$0\.0000372 in cash = handling .*: greedy, the least/);
  });

  it('never says that a strategy that draws draws nothing', () => {
    const base = explorationOf({});
    const text = formatDecision(decide(exploring(base, RATIONAL_POLICY, 'thompson')));
    expect(text).not.toMatch(/draws no/);
    expect(text).toContain('xoshiro128** in [0, 1) from seed 42');
  });
});

/** Decides, redoes the printed exploration, and checks the width of its lines. */
function decideAndRedo(input: DecisionRequest): DecisionRecord {
  const record = decide(input);
  const text = formatDecision(record);
  const isExplored = recomputeExploration(text);
  expect(isExplored ?? false).toBe(record.result.exploration);
  for (const line of linesAfterTheReason(text)) {
    expect(line.length, line).toBeLessThanOrEqual(MAX_COLUMNS);
  }
  return record;
}

describe('the printed decision of another policy', () => {
  const stated = { reliability: 0.9, securityRisk: 0.1, qualityRisk: 0.05, performance: 0.8 };

  it('shows stated figures and the rules of the paper’s own code', () => {
    const field = FIELD.map((one) => ({ ...one, stated }));
    const base = withPolicy(request(field), REFERENCE_POLICY);
    const input = withTask(base, { maxLatencyMs: 1_000 });
    const text = formatDecision(decide(input));
    const known = rowsOf(text, 'What is known of them').get('proven')!;
    expect(known).toMatchObject({ performance: '0.8', reliability: '0.9', breach: '0.1' });
    const chance = rowsOf(text, 'What that comes to').get('proven')!;
    near(numberOf(chance['mishap']), 0.1 + 0.1 + 0.05, 'mishap');
    expect(text).toContain('weight = learned x what the task asks for');
    expect(text).toContain('(value - least) / (greatest - least)');
    const cost = rowsOf(text, 'Cost at the contractors').get('proven')!;
    near(numberOf(cost['lateness']), (3_000 / 60_000) * (0.012 * 60), 'lateness');
    for (const line of linesAfterTheReason(text)) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('leaves out what this engine would compute if another engine decided', () => {
    const record = { ...decide(rich()), version: 1 };
    const text = formatDecision(record);
    expect(text).toContain('Decided by engine 1');
    expect(text).not.toContain('What is known of them');
    expect(text).toContain(CONTRACTORS);
  });

  it('names the task type and cannot be led astray by one that is a name of every object', () => {
    const base = request([candidate('a')]);
    const input = { ...base, task: { ...base.task, taskType: '__proto__' } };
    expect(formatDecision(decide(input))).toContain('Task __proto__');
    expect(formatDecision(decide(withTask(base, {})))).toContain(`Task ${TASK_TYPE}`);
  });
});

describe('the hours of a task that names the bytes that it moves', () => {
  it('are printed with both times, and the slower one is what they are', () => {
    const base = request([]);
    const hardware = { ...base.local.hardware, memoryBandwidthBytesPerSecond: 1e10 };
    const execution = { flops: 1e12, memoryTrafficBytes: 7.2e13 };
    const record = decide({ ...base, local: { ...base.local, hardware, execution } });
    expect(record.result.costParts.internal!.executionHours).toBeCloseTo(2, 9);
    const text = formatDecision(record);
    expect(text).toMatch(/max\(1e12 operations \/ \(1e12 a second x [\d.]+\), /);
    expect(text).toContain('7.2e13 bytes moved / 1e10 a second) / 3600; the task says how many');
    expect(replayDecision(JSON.parse(JSON.stringify(record)) as DecisionRecord).agrees).toBe(true);
  });
});
