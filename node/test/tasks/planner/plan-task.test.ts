import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LocalMachine } from '../../../tasks/local-machine.ts';
import { planDocument } from '../../../tasks/planner/plan-document.ts';
import { planFromRequest } from '../../../tasks/planner/plan-task.ts';
import { sinksOf } from '../../../tasks/planner/plan.ts';
import { problemOf } from '../problem-of.ts';

const TERM = 'performs:nlp/sentiment';
const COST_MICRO_USD = 8_000;
const machine = {
  costMicroUsd: () => COST_MICRO_USD,
  executor: () => ({}),
  overheads: { sessionMicroUsd: 10, verificationMicroUsd: null, integrationMicroUsd: null },
} as unknown as LocalMachine;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function input(
  name: string,
  text: string,
): { name: string; mediaType: string; contentBase64: string } {
  return { name, mediaType: 'text/plain', contentBase64: base64(text) };
}

const single = (text: string, sensitivity = 'low'): object => ({
  title: 'T',
  skills: [TERM],
  input: { parts: [{ text, mediaType: 'text/plain' }] },
  output: { mediaType: 'application/json' },
  verification: [],
  constraints: { sensitivity },
  valueMicroUsd: 100,
});

describe('the plan of a skill and inputs', () => {
  it('is one task unless the input is to be cut', () => {
    const plan = planFromRequest(
      { skill: TERM, inputs: [input('a', 'x'), input('b', 'y')] },
      machine,
    );
    expect(plan).toMatchObject({ origin: 'whole', tasks: [{ id: 'task', source: null }] });
    expect(plan.tasks[0]!.parts).toHaveLength(2);
    expect(plan.tasks[0]!.specification.valueMicroUsd).toBe(1.5 * COST_MICRO_USD);
  });

  it('is one task for each document, each worth its share by size', () => {
    const inputs = [input('dir/a.txt', 'xxx'), input('dir/b.txt', 'y')];
    const plan = planFromRequest(
      { skill: TERM, inputs, split: { by: 'document' }, maxPriceMicroUsd: 70 },
      machine,
    );
    expect(plan).toMatchObject({ origin: 'rule', budgetMicroUsd: 70 });
    const whole = 1.5 * COST_MICRO_USD;
    expect(
      plan.tasks.map(({ id, source, specification }) => [id, source, specification.valueMicroUsd]),
    ).toEqual([
      ['piece-1', 'a.txt', (whole * 3) / 4],
      ['piece-2', 'b.txt', whole / 4],
    ]);
    expect(sinksOf(plan)).toHaveLength(2);
  });

  it('shows why each subtask would be handed out', () => {
    const inputs = [input('a', 'x'), input('b', 'y')];
    const split = { by: 'document' } as const;
    const plan = planFromRequest({ skill: TERM, inputs, split }, machine);
    expect(planDocument(plan, machine).subtasks[1]).toMatchObject({
      term: TERM,
      inputBytes: 1,
      costHereMicroUsd: COST_MICRO_USD,
      reasons: ['costly here', 'parallel'],
    });
    const without = { ...machine, executor: () => undefined } as unknown as LocalMachine;
    expect(planDocument(plan, without).subtasks[0]!.reasons).toEqual([
      'skill missing here',
      'parallel',
    ]);
  });
});

describe('the plan of a task file', () => {
  const named = (subtasks: readonly object[], sensitivity = 'low'): object => ({
    ...single('all', sensitivity),
    subtasks,
  });

  it('keeps the subtasks that its user named, and what they need', () => {
    const subtasks = [
      { id: 'a', specification: single('A') },
      { id: 'b', dependsOn: ['a'], specification: single('B') },
    ];
    const plan = planFromRequest({ task: named(subtasks), files: {} }, machine);
    expect(plan.tasks.map(({ id, dependsOn }) => [id, dependsOn])).toEqual([
      ['a', []],
      ['b', ['a']],
    ]);
    expect(sinksOf(plan).map(({ id }) => id)).toEqual(['b']);
  });

  it('handles nothing as less sensitive than the whole, or than what it takes results from', () => {
    const level = fc.constantFrom('low', 'medium', 'high');
    const order = ['low', 'medium', 'high'];
    fc.assert(
      fc.property(
        level,
        fc.array(level, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (all, own, n) => {
          const subtasks = own.map((sensitivity, i) => ({
            id: `s${i}`,
            dependsOn: i === 0 ? [] : [`s${n % i}`],
            specification: single('x', sensitivity),
          }));
          const { tasks } = planFromRequest({ task: named(subtasks, all), files: {} }, machine);
          const rank = new Map(
            tasks.map(({ id, specification }) => [
              id,
              order.indexOf(specification.constraints.sensitivity),
            ]),
          );
          tasks.forEach(({ id, dependsOn }, i) => {
            const least = [all, own[i]!].map((one) => order.indexOf(one));
            const needed = dependsOn.map((other) => rank.get(other)!);
            expect(rank.get(id)).toBe(Math.max(...least, ...needed));
          });
        },
      ),
    );
  });

  it('refuses a cycle, a subtask of two skills, a missing file and cutting beside subtasks', () => {
    const cycle = named([
      { id: 'a', dependsOn: ['b'], specification: single('A') },
      { id: 'b', dependsOn: ['a'], specification: single('B') },
    ]);
    const refusal = problemOf(() => planFromRequest({ task: cycle, files: {} }, machine));
    expect(refusal.problems.join()).toMatch(/"b" is not an earlier subtask/);
    const two = named([
      { id: 'a', specification: { ...single('A'), skills: [TERM, 'performs:x'] } },
    ]);
    expect(problemOf(() => planFromRequest({ task: two, files: {} }, machine)).message).toMatch(
      /one skill/,
    );
    const file = { ...single('A'), input: { parts: [{ file: 'a.txt', mediaType: 'text/plain' }] } };
    const without = named([{ id: 'a', specification: file }]);
    expect(problemOf(() => planFromRequest({ task: without, files: {} }, machine)).message).toMatch(
      /a\.txt was not handed in/,
    );
    const both = { ...named([{ id: 'a', specification: single('A') }]), split: { by: 'rows' } };
    expect(
      problemOf(() => planFromRequest({ task: both, files: {} }, machine)).problems.join(),
    ).toMatch(/split/);
  });

  it('refuses more pieces than a plan has, and names the mend', () => {
    const task = { ...single('a\n'.repeat(5_000)), split: { by: 'chunk', maxBytes: 256 } };
    expect(planFromRequest({ task, files: {} }, machine).tasks.length).toBeGreaterThan(30);
    const many = Array.from({ length: 4_097 }, (_, i) => input(`${i}`, 'x'));
    const refusal = problemOf(() =>
      planFromRequest({ skill: TERM, inputs: many, split: { by: 'document' } }, machine),
    );
    expect(refusal.problems.join()).toMatch(/4097 pieces, the most is 4096: make them larger/);
  });
});
