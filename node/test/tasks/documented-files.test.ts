import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { candidatesFromJson, formProblems } from '../../tasks/candidate-file.ts';
import { parseTaskSpecification } from '../../tasks/task.ts';
import { DecisionLog } from '../../tasks/decision-log.ts';
import { Deliberation } from '../../tasks/deliberation.ts';
import { planFromRequest } from '../../tasks/planner/plan-task.ts';
import type { LocalMachine } from '../../tasks/local-machine.ts';
import { prepareTask } from '../../tasks/prepared-task.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { MemorySection } from '../memory-section.ts';
import { openClient } from './client-fakes.ts';

const page = await readFile(new URL('../../docs/tasks.md', import.meta.url), 'utf8');
const [taskText, candidatesText, planText] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => text!,
);
const task = JSON.parse(taskText!) as Record<string, unknown>;
/** Of a named plan nothing is asked of the machine. */
const machine = {} as LocalMachine;
const candidates = JSON.parse(candidatesText!) as unknown[];

describe('the page of task files', () => {
  it('shows a task that is taken as it is', () => {
    expect(parseTaskSpecification(task)).toMatchObject({ valid: true });
  });

  it('shows candidates that can all be read, and are decided on', async () => {
    expect(formProblems(candidatesFromJson(candidates))).toEqual([]);
    const client = await openClient();
    const log = new DecisionLog(new MemorySection(), client.clock, new FakeRandom('log'));
    const deliberation = new Deliberation({ ...client, log, self: 'me' });
    const prepared = prepareTask({ ...task, resources: { flops: 5e9 } }, new Map());
    const choice = { explore: 'none' } as const;
    const decision = await deliberation.onCandidates(
      prepared,
      choice,
      candidatesFromJson(candidates),
    );
    expect(decision.choice).toBe('OUTSOURCE');
    expect(decision.table.peerIds[decision.chosen]).toBe('alice');
  });

  it('shows a task of several that is planned as it is', () => {
    const plan = planFromRequest({ task: JSON.parse(planText!) as unknown, files: {} }, machine);
    expect(plan).toMatchObject({ origin: 'named', budgetMicroUsd: 20_000, deadlineMs: 60_000 });
    expect(plan.tasks.map(({ id }) => id)).toEqual(['spring', 'summer']);
  });

  it('names every key that a task may have at its top', () => {
    const refused = parseTaskSpecification({ ...task, nonsense: 1 });
    expect(refused.valid).toBe(false);
    for (const key of ['title', 'skills', 'description', 'resources', 'input', 'output']) {
      expect(page).toContain(`\`${key}`);
    }
    for (const key of [
      'verification',
      'constraints',
      'complexity',
      'criticality',
      'valueMicroUsd',
      'subtasks',
      'split',
    ]) {
      expect(page).toContain(`\`${key}`);
    }
  });
});
