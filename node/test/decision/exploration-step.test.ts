import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskFactsOf } from '../../decision/task-facts.ts';
import { ExplorationLosses } from '../../decision/exploration-losses.ts';
import { DecisionMatrix } from '../../decision/decision-matrix.ts';
import { DROP_REASONS } from '../../decision/candidate-reading.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { explainDecision, replayDecision } from '../../decision/decision-record.ts';
import type { DecisionRecord, DecisionResult } from '../../decision/decision-record.ts';
import { DecisionEngine } from '../../decision/engine.ts';
import type { Decision } from '../../decision/engine.ts';
import { binomialPValue } from '../../decision/exploration/binomial-test.ts';
import {
  EXPLORATION_STRATEGIES,
  missedDraw,
  plannedRate,
  proposeExploration,
} from '../../decision/exploration/exploration-strategy.ts';
import { newLinearModel, updatedLinearModel } from '../../decision/exploration/linear-model.ts';
import { SeededRandom } from '../../decision/exploration/seeded-random.ts';
import { POLICIES, RATIONAL_POLICY } from '../../decision/policy.ts';
import type { DecisionPolicy, ExplorationPolicy } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest, ExplorationContext } from '../../decision/request.ts';
import { anyCandidates } from './any-candidates.ts';
import { factsOf, parametersOf } from './exploration/facts.ts';
import {
  candidate,
  decisionOf,
  exploring,
  newcomer,
  request,
  TASK_TYPE,
  withoutLocal,
  withTask,
} from './requests.ts';

const STRATEGIES = EXPLORATION_STRATEGIES.filter((strategy) => strategy !== 'none');

const TRAINED = updatedLinearModel(newLinearModel(), [0.2, 0.9, 0.5, 0.1], 0.8);

const PRICED_OUT = { priceMicroUsd: 50_000 };

/** An unknown one that can do the task among many others: below the skill threshold. */
const APPRENTICE: Candidate = {
  ...newcomer('apprentice', 0, 0),
  skills: [TASK_TYPE, ...Array.from({ length: 5 }, (_, i) => `performs:other/${i}`)],
  similarity: 0,
};

/** Changes of what exploring depends on. */
function withExploration(
  base: DecisionRequest,
  rules: Partial<ExplorationPolicy>,
  context: Partial<ExplorationContext> = {},
): DecisionRequest {
  const { policy } = base;
  return {
    ...base,
    policy: { ...policy, exploration: { ...policy.exploration, ...rules } },
    context: { ...base.context, exploration: { ...base.context.exploration!, ...context } },
  };
}

/** The same decision where exploring is not asked for. */
function withoutExploration(input: DecisionRequest): DecisionRequest {
  return { ...input, context: { ...input.context, exploration: null } };
}

/** Explores whoever may be explored, by chance. */
function eager(candidates: readonly Candidate[], policy = RATIONAL_POLICY): DecisionRequest {
  const base = exploring(request(candidates), policy, 'epsilon-greedy');
  return withExploration(base, { rate: 1 });
}

const situation = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  rate: fc.constantFrom(0.1, 1),
  seed: fc.maxSafeNat(),
  isForced: fc.boolean(),
  isHere: fc.boolean(),
  isLatencyHard: fc.boolean(),
  decisionIndex: fc.nat(500),
  cumulativeLocalMicroUsd: fc.constantFrom(0, 1e5, 1e7, 1e7, 1e8),
  cumulativeLossMicroUsd: fc.constantFrom(0, 0, 100, 39_950),
  linearModel: fc.constantFrom(null, TRAINED),
  valueMicroUsd: fc.constantFrom(0, 2_000, 12_000, 100_000, 1_000_000),
  queue: fc.constantFrom([], [{ valueMicroUsd: 6_000, hours: 1 }]),
});

function requestIn(
  candidates: readonly Candidate[],
  drawn: typeof situation extends fc.Arbitrary<infer Value> ? Value : never,
  policy: DecisionPolicy = RATIONAL_POLICY,
): DecisionRequest {
  const { strategy, rate, seed, isHere, isLatencyHard, valueMicroUsd, queue } = drawn;
  const { isForced, decisionIndex, linearModel } = drawn;
  const { cumulativeLocalMicroUsd, cumulativeLossMicroUsd } = drawn;
  const plain = withTask(request(candidates), { valueMicroUsd });
  const at = { ...(isHere ? plain : withoutLocal(plain)), seed };
  const busy = { ...at, local: { ...at.local, queue } };
  const account = { cumulativeLocalMicroUsd, cumulativeLossMicroUsd };
  return withExploration(
    exploring(busy, { ...policy, isLatencyHard }, strategy),
    { rate },
    { isForced, decisionIndex, linearModel, ...account },
  );
}

/** Cash that the considered contractor costs: with its handling, without its risk. */
function cashOf({ costParts }: DecisionResult): { success: number; handling: number } {
  const { external } = costParts;
  const { priceMicroUsd, latencyMicroUsd, calibrationRatio } = external!;
  const { communicationMicroUsd, verificationMicroUsd, integrationMicroUsd } = external!;
  const handling =
    calibrationRatio * (communicationMicroUsd + verificationMicroUsd + integrationMicroUsd);
  return { success: priceMicroUsd + handling + latencyMicroUsd, handling };
}

/** Checks many random decisions, and that enough of them explored. */
function everyDecision(
  check: (decision: Decision, input: DecisionRequest) => void,
  policy = RATIONAL_POLICY,
): void {
  let explored = 0;
  fc.assert(
    fc.property(anyCandidates, situation, (candidates, drawn) => {
      const input = requestIn(candidates, drawn, policy);
      const decision = decisionOf(input);
      explored += decision.isExploration ? 1 : 0;
      check(decision, input);
    }),
    { numRuns: 300 },
  );
  expect(explored).toBeGreaterThan(20);
}

describe('a decision of the default policy', () => {
  it('takes nothing that costs as much as here or more, but a marked exploration', () => {
    everyDecision(({ chosen, isExploration, ...costs }) => {
      const { costExternalMicroUsd, costInternalMicroUsd } = costs;
      if (chosen < 0 || costInternalMicroUsd === null || isExploration) return;
      expect(costExternalMicroUsd!).toBeLessThan(costInternalMicroUsd);
    });
  });

  it('explores only what can lose no more than the budget, in the worst case', () => {
    everyDecision((decision, input) => {
      const { isExploration, exploration, costInternalWithoutOpportunityMicroUsd } = decision;
      if (exploration === null || exploration.budgetMicroUsd === null) return;
      const { cumulativeLocalMicroUsd, cumulativeLossMicroUsd } = input.context.exploration!;
      const local = cumulativeLocalMicroUsd + (costInternalWithoutOpportunityMicroUsd ?? 0);
      const budget = Math.min(
        0.01 * input.task.valueMicroUsd,
        0.004 * local - cumulativeLossMicroUsd,
      );
      expect(exploration.budgetMicroUsd).toBeCloseTo(Math.max(0, budget), 9);
      if (!isExploration) return;
      const loss = exploration.lossMicroUsd!;
      expect(loss).toBeLessThanOrEqual(exploration.budgetMicroUsd);
      expect(exploration.successLossMicroUsd!).toBeLessThanOrEqual(loss);
      expect(exploration.failureLossMicroUsd!).toBeLessThanOrEqual(loss);
    });
  });

  it('counts as the loss what is spent beyond the decision without exploration', () => {
    everyDecision((decision, input) => {
      if (!decision.isExploration) return;
      const { result } = explainDecision(decision, { counterfactual: false });
      const other = explainDecision(decisionOf(withoutExploration(input))).result;
      const { success, handling } = cashOf(result);
      const greedy =
        other.choice === 'OUTSOURCE'
          ? cashOf(other).success
          : other.costInternalWithoutOpportunityMicroUsd;
      const { priceMicroUsd } = result.costParts.external!;
      const excess = greedy === null ? priceMicroUsd + handling : success - greedy;
      const { lossMicroUsd, successLossMicroUsd, failureLossMicroUsd } = decision.exploration!;
      expect(lossMicroUsd).toBeCloseTo(Math.max(handling, excess), 6);
      expect(successLossMicroUsd).toBeCloseTo(Math.max(0, excess), 6);
      expect(failureLossMicroUsd).toBeCloseTo(handling, 6);
    });
  });

  it('is otherwise the decision that is taken without exploration, and says which', () => {
    everyDecision((decision, input) => {
      const { explorationParts } = explainDecision(decision, { counterfactual: false }).result;
      const other = decisionOf(withoutExploration(input));
      const contractor = other.chosen < 0 ? null : other.table.peerIds[other.chosen]!;
      expect(explorationParts!.otherwise).toEqual({ choice: other.choice, contractor });
      expect(decision.greedy).toBe(other.chosen);
      if (decision.isExploration) return;
      expect(decision.choice).toBe(other.choice);
      expect(decision.chosen).toBe(other.chosen);
      expect(decision.score).toBe(other.score);
    });
  });

  it('explores nobody that is dropped for anything but its compatibility', () => {
    everyDecision(({ isExploration, chosen, verdicts }) => {
      if (!isExploration) return;
      const verdict = verdicts[chosen]!;
      expect(verdict >= 0 ? 'NONE' : DROP_REASONS[-verdict]).toMatch(/^(NONE|SKILL_MISMATCH)$/);
    });
  });

  it.each(Object.values(POLICIES))('replays bit for bit, explored or not: $name', (policy) => {
    everyDecision((decision) => {
      const record = explainDecision(decision, { counterfactual: true });
      const again = JSON.parse(JSON.stringify(record)) as DecisionRecord;
      expect(replayDecision(again)).toEqual({ agrees: true, differences: [] });
    }, policy);
  });
});

describe('an exploration', () => {
  it('has the score and the confidence of Listing 2, which no gate tests', () => {
    const field = ['a', 'b', 'c'].map((name) => newcomer(name, 0, 0));
    field.push(candidate('dear', { priceMicroUsd: 50_000 }));
    const decision = decisionOf(eager(field));
    expect(decision).toMatchObject({
      choice: 'OUTSOURCE',
      decidedBy: 'exploration',
      isExploration: true,
      score: 0.5,
      confidence: 0.7,
      greedy: -1,
    });
    expect(decision.verdicts[decision.chosen]).not.toBe(0.5);
    const { result } = explainDecision(decision);
    expect(result).toMatchObject({ exploration: true, score: 0.5, confidence: 0.7 });
    expect(result.explorationParts!.otherwise).toEqual({ choice: 'LOCAL', contractor: null });
    expect(result.reason).toContain('exploration');
  });

  it('may reach one below the skill threshold that has a required skill', () => {
    const { result } = explainDecision(decisionOf(eager([APPRENTICE])));
    expect(result).toMatchObject({ contractor: 'apprentice', exploration: true });
    expect(result.candidates[0]).toMatchObject({ dropped: 'SKILL_MISMATCH', explored: true });
  });

  it('is marked where it stands among all that were looked at, and nobody else is', () => {
    everyDecision((decision) => {
      const { candidates } = explainDecision(decision, { counterfactual: false }).result;
      const marked = [...candidates.keys()].filter((index) => candidates[index]!.explored);
      expect(marked).toEqual(decision.isExploration ? [decision.chosen] : []);
    });
  });

  it('says in its reason that what it may cost more is cash', () => {
    const { result } = explainDecision(decisionOf(eager([APPRENTICE])));
    const loss = result.explorationParts!.lossMicroUsd! / 1e6;
    expect(result.reason).toContain(`it costs at most $${loss} more in cash than that, with $`);
  });

  it.each(STRATEGIES)('may reach it where nobody else is there to compare with: %s', (strategy) => {
    const base = exploring(request([APPRENTICE]), RATIONAL_POLICY, strategy);
    const decision = decisionOf(withExploration(base, {}, { isForced: true }));
    expect(decision).toMatchObject({ isExploration: true, chosen: 0, features: [0, 0, 0, 0] });
  });

  it('costs what it costs beyond the contractor that it takes the task from', () => {
    const dear = newcomer('new', 0, 0);
    const field = [
      candidate('proven'),
      { ...dear, quote: { ...dear.quote, priceMicroUsd: 1_050 } },
    ];
    const forced = withExploration(eager(field), {}, { isForced: true });
    const { chosen, greedy, exploration } = decisionOf(forced);
    expect([chosen, greedy]).toEqual([1, 0]);
    // 1,050 and 57.2 of handling against 1,000 and 37.2.
    expect(exploration!.lossMicroUsd).toBeCloseTo(70, 9);
    expect(exploration!.successLossMicroUsd).toBeCloseTo(70, 9);
    expect(exploration!.failureLossMicroUsd).toBeCloseTo(57.2, 9);
  });

  it('happens at the rate epsilon over ten thousand seeds, each contractor as often', () => {
    const engine = new DecisionEngine();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const table = new CandidateTable(names.map((name) => newcomer(name, 0, 0)));
    const { candidates: _, ...query } = exploring(request([]), RATIONAL_POLICY, 'epsilon-greedy');
    const counts = names.map(() => 0);
    let explored = 0;
    for (let seed = 0; seed < 10_000; seed++) {
      const { isExploration, chosen } = engine.decide(table, { ...query, seed });
      if (!isExploration) continue;
      explored++;
      counts[chosen]!++;
    }
    expect(binomialPValue(explored, 10_000, 0.1)).toBeGreaterThan(0.001);
    for (const count of counts) expect(binomialPValue(count, explored, 0.2)).toBeGreaterThan(0.001);
  });

  it('never happens where the query forbids it, whatever the seed and the strategy', () => {
    const engine = new DecisionEngine();
    const table = new CandidateTable([newcomer('a', 0, 0), newcomer('b', 0, 0)]);
    for (const strategy of STRATEGIES) {
      const base = exploring(request([]), RATIONAL_POLICY, strategy);
      const { candidates: _, ...query } = withoutExploration(withExploration(base, { rate: 1 }));
      for (let seed = 0; seed < 100; seed++) {
        const { choice, exploration } = engine.decide(table, { ...query, seed });
        expect([choice, exploration]).toEqual(['LOCAL', null]);
      }
    }
  });

  it.each(STRATEGIES)('is sure to happen when it is forced, and takes another: %s', (strategy) => {
    const tooDear = { ...newcomer('dear', 0, 0), quote: candidate('x', PRICED_OUT).quote };
    const field = [tooDear, candidate('proven'), newcomer('a', 0, 0), newcomer('b', 0, 0)];
    const base = exploring(request(field), RATIONAL_POLICY, strategy);
    const { chosen: greedy } = decisionOf(withoutExploration(base));
    expect(greedy).toBe(1);
    for (let seed = 0; seed < 30; seed++) {
      const forced = withExploration({ ...base, seed }, { rate: 0 }, { isForced: true });
      const { isExploration, chosen, exploration } = decisionOf(forced);
      expect(isExploration).toBe(true);
      expect(chosen).toBeGreaterThan(1);
      expect(exploration).toMatchObject({ bar: null, rate: 1, isForced: true });
    }
  });

  it('is left to chance where it is not forced and the rate is 0', () => {
    const base = exploring(request([newcomer('a', 0, 0)]), RATIONAL_POLICY, 'epsilon-greedy');
    for (let seed = 0; seed < 100; seed++) {
      expect(decisionOf(withExploration({ ...base, seed }, { rate: 0 })).isExploration).toBe(false);
    }
  });
});

describe('the arms of an exploration', () => {
  const below = (name: string): Candidate => ({ ...APPRENTICE, peerId: name });

  it('are in the order of the candidates, those below the skill threshold among the others', () => {
    const mixed = [below('a'), newcomer('b', 0, 0), below('c'), newcomer('d', 0, 0), below('e')];
    const { explorationParts } = explainDecision(decisionOf(eager(mixed))).result;
    expect(explorationParts!.arms.map(({ peerId }) => peerId)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('that are equal to UCB1 are tried from the first on, also below the threshold', () => {
    const ucb1 = (field: readonly Candidate[]): number =>
      decisionOf(exploring(request(field), RATIONAL_POLICY, 'ucb1')).chosen;
    expect(ucb1([below('a'), below('b'), below('c')])).toBe(0);
    expect(ucb1([below('a'), newcomer('b', 0, 0)])).toBe(0);
    expect(ucb1([newcomer('a', 0, 0), below('b')])).toBe(0);
  });
});

describe('who could lose least', () => {
  it('is one of the rows in use, and none of the gap between them', () => {
    const table = new CandidateTable([candidate('field'), APPRENTICE]);
    const matrix = new DecisionMatrix(8);
    matrix.clear(8);
    matrix.count = 1;
    matrix.explorableFrom = 7;
    // A row of the gap stands for the first candidate with no handling, which costs less than any.
    matrix.candidateIndex.set([1], 7);
    matrix.columns.handlingMicroUsd.set([500, 0, 0, 0, 0, 0, 0, 400]);
    const facts = taskFactsOf(request([]));
    const here = { greedyRow: -1, cashLocalMicroUsd: 1e6 };
    const losses = new ExplorationLosses(table, facts, matrix, here);
    expect(losses.least()).toEqual({ row: 7, lossMicroUsd: 400 });
    expect(losses.isAnyWithin(399)).toBe(false);
    expect(losses.isAnyWithin(400)).toBe(true);
    matrix.columns.handlingMicroUsd[0] = 400;
    expect(losses.least()).toEqual({ row: 0, lossMicroUsd: 400 });
  });
});

describe('an attacker that wants to be explored', () => {
  /** Cheap and unknown: nothing but an exploration would take it. */
  const attacker = newcomer('attacker', 0, 0);

  const NO_SLOTS = { demand: 1, available: 0, total: 0 };

  /** Whether anything at all makes a node explore it. */
  function isEverExplored(input: DecisionRequest): boolean {
    return STRATEGIES.some((strategy) =>
      [true, false].some((isForced) =>
        [...Array(12).keys()].some((seed) => {
          const base = exploring({ ...input, seed }, input.policy, strategy);
          const { chosen, isExploration } = decisionOf(
            withExploration(base, { rate: 1, initialRate: 1 }, { isForced }),
          );
          return isExploration && chosen === 0;
        }),
      ),
    );
  }

  it('may be, as long as it keeps to every limit', () => {
    expect(isEverExplored(request([attacker]))).toBe(true);
    expect(isEverExplored(request([attacker, candidate('proven')]))).toBe(true);
    expect(isEverExplored(request([APPRENTICE, candidate('proven')]))).toBe(true);
  });

  const cases: readonly (readonly [
    string,
    Partial<Candidate>,
    Partial<DecisionRequest['task']>,
  ])[] = [
    ['quotes what has expired', { quote: { ...attacker.quote, expiresAtSeconds: 1_000 } }, {}],
    ['is too slow for the deadline', { quote: { ...attacker.quote, latencyMs: 60_001 } }, {}],
    ['asks more than the task may cost', {}, { maxPriceMicroUsd: 999 }],
    ['has too low a certificate level', { level: 1 }, { minLevel: 2 }],
    ['has had its share of the spending', { isOverShare: true }, {}],
    ['shares no skill, however similar it says it is', { skills: ['x'], similarity: 1 }, {}],
    ['offers no skill at all', { skills: [], similarity: 0 }, {}],
    ['wants data above the sensitivity', {}, { sensitivity: 'medium' }],
    ['wants data far above the sensitivity', {}, { sensitivity: 'high' }],
    ['wants a critical task', {}, { criticality: 'high' }],
    ['names no price', { quote: { ...attacker.quote, priceMicroUsd: null } }, {}],
    ['hides its record', { history: null as unknown as Candidate['history'] }, {}],
    ['has no capacity', { quote: { ...attacker.quote, load: NO_SLOTS } }, {}],
  ];

  it.each(cases)('is not explored if it %s', (_what, changes, task) => {
    for (const base of [attacker, APPRENTICE]) {
      const spoiled = { ...base, ...changes };
      expect(isEverExplored(withTask(request([spoiled]), task))).toBe(false);
      expect(isEverExplored(withTask(request([spoiled, candidate('proven')]), task))).toBe(false);
    }
  });

  it('is not explored again under the same name', () => {
    const twice = [{ ...attacker, quote: { ...attacker.quote, priceMicroUsd: 900 } }, attacker];
    for (let seed = 0; seed < 30; seed++) {
      const { chosen, verdicts } = decisionOf({ ...eager(twice), seed });
      expect(chosen).toBe(0);
      expect(DROP_REASONS[-verdicts[1]!]).toBe('DUPLICATE');
    }
  });

  it('is not explored at a price that can lose more than a hundredth of the value', () => {
    const local = decisionOf(request([])).costInternalMicroUsd!;
    // 120 of 12,000, of which 57.2 are the handling of a newcomer.
    const at = (priceMicroUsd: number) => ({
      ...attacker,
      quote: { ...attacker.quote, priceMicroUsd },
    });
    expect(isEverExplored(request([at(local + 120 - 57.3)]))).toBe(true);
    expect(isEverExplored(request([at(local + 120 - 57.1)]))).toBe(false);
  });

  it('is not explored once the common budget is spent', () => {
    const base = eager([attacker]);
    const at = (cumulativeLossMicroUsd: number) =>
      decisionOf(withExploration(base, {}, { cumulativeLossMicroUsd }));
    // 0.4 % of 10,000,000 and of the 9,533.3 of this task, less the handling of a newcomer.
    expect(at(40_038.1 - 57.3).isExploration).toBe(true);
    expect(at(40_038.1 - 57.1)).toMatchObject({ choice: 'LOCAL', isExploration: false });
    expect(at(1e9).exploration).toMatchObject({ bar: 'TOO_DEAR', budgetMicroUsd: 0 });
  });

  it('is explored with critical tasks and at any loss by Listing 2 to the letter', () => {
    const dear = { ...attacker, quote: { ...attacker.quote, priceMicroUsd: 1e6 } };
    const base = eager([dear], POLICIES.paper);
    expect(decisionOf(withTask(base, { criticality: 'high' })).isExploration).toBe(true);
    expect(decisionOf(base).exploration).toMatchObject({ budgetMicroUsd: null });
    expect(decisionOf(withTask(base, { sensitivity: 'medium' })).isExploration).toBe(false);
    expect(decisionOf(withTask(base, { maxPriceMicroUsd: 999_999 })).isExploration).toBe(false);
  });
});

describe('what keeps a decision from exploring', () => {
  it.each([
    ['SENSITIVE', withTask(eager([newcomer('a', 0, 0)]), { sensitivity: 'high' })],
    ['CRITICAL', withTask(eager([newcomer('a', 0, 0)]), { criticality: 'high' })],
    ['NOBODY', eager([])],
    ['NOBODY', eager([{ ...newcomer('a', 0, 0), skills: ['x'], similarity: 0 }])],
    ['TOO_DEAR', withTask(eager([newcomer('a', 0, 0)]), { valueMicroUsd: 100 })],
  ] as const)('is named in the record: %s', (bar, input) => {
    const { isExploration, exploration } = decisionOf(input);
    expect(isExploration).toBe(false);
    expect(exploration).toMatchObject({ bar, rate: 0, draw: null });
    expect(explainDecision(decisionOf(input)).result.explorationParts).toMatchObject({ bar });
  });

  it('is the draw alone where a strategy of chance says no: nothing else is counted', () => {
    const base = exploring(request([newcomer('a', 0, 0)]), RATIONAL_POLICY, 'epsilon-greedy');
    const { exploration } = decisionOf(withExploration(base, { rate: 0 }));
    expect(exploration).toMatchObject({ bar: null, rate: 0, armCount: null });
    expect(exploration!.draw).toBeGreaterThanOrEqual(0);
  });
});

describe('a draw that says no at once', () => {
  it('is the draw that the strategy would have made, for every seed', () => {
    const share = fc.nat(1_000).map((x) => x / 1_000);
    const parameters = fc.record({
      strategy: fc.constantFrom(...EXPLORATION_STRATEGIES),
      rate: share,
      initialRate: share,
      minRate: share,
    });
    const arms = fc.array(fc.record({ pulls: fc.nat(9) }), { minLength: 1, maxLength: 5 });
    let misses = 0;
    fc.assert(
      fc.property(parameters, arms, fc.nat(300), fc.maxSafeNat(), (drawn, figures, index, seed) => {
        const { strategy, ...rates } = drawn;
        const rules = parametersOf(strategy, rates);
        const facts = factsOf(figures, { decisionIndex: index });
        const missed = missedDraw(rules, index, new SeededRandom(seed));
        const proposal = proposeExploration(rules, facts, new SeededRandom(seed));
        const isByChance = strategy === 'epsilon-greedy' || strategy === 'graduated';
        if (missed !== null) {
          misses++;
          expect(isByChance).toBe(true);
          expect(proposal).toEqual({ arm: -1, ...missed });
          expect(missed.rate).toBe(plannedRate(rules, index));
        } else if (isByChance) {
          expect(proposal.arm).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(misses).toBeGreaterThan(50);
  });
});
