/**
 * A plan as a person reads it: its subtasks, and why each is a candidate for outsourcing (paper
 * III-A, step 2): the skill is missing here, the work is costly here, or others could do it at the
 * same time.
 *
 * @module
 */

import type { PlanDocument } from '../../api-documents.ts';
import type { LocalMachine } from '../local-machine.ts';
import { prepared } from '../prepared-task.ts';
import type { Plan, PlannedTask } from './plan.ts';

type Reason = PlanDocument['subtasks'][number]['reasons'][number];

/** What is known of a plan before anybody is asked. */
export function planDocument(
  plan: Plan,
  machine: Pick<LocalMachine, 'costMicroUsd' | 'executor' | 'overheads'>,
): PlanDocument {
  const { title, origin, tasks, budgetMicroUsd, deadlineMs } = plan;
  const isParallel = parallelIds(tasks);
  const { sessionMicroUsd, verificationMicroUsd, integrationMicroUsd } = machine.overheads;
  const handlingMicroUsd =
    (sessionMicroUsd ?? 0) + (verificationMicroUsd ?? 0) + (integrationMicroUsd ?? 0);
  const subtasks = tasks.map(({ id, source, dependsOn, specification, parts }) => {
    const task = prepared(specification, parts);
    const costHereMicroUsd = machine.costMicroUsd(task);
    const reasons: Reason[] = [];
    if (!machine.executor(task.term)) reasons.push('skill missing here');
    // What handing it out costs by itself is what there is to gain at least.
    else if ((costHereMicroUsd ?? Infinity) > handlingMicroUsd) reasons.push('costly here');
    if (isParallel.has(id)) reasons.push('parallel');
    return {
      id,
      term: task.term,
      source,
      dependsOn,
      sensitivity: specification.constraints.sensitivity,
      inputBytes: task.inputBytes,
      valueMicroUsd: specification.valueMicroUsd,
      costHereMicroUsd,
      reasons,
    };
  });
  return { title, origin, budgetMicroUsd, deadlineMs, subtasks };
}

/** Subtasks that could run beside another: as many steps from the start. */
function parallelIds(tasks: readonly PlannedTask[]): ReadonlySet<string> {
  const depthOf = new Map<string, number>();
  const atDepth = new Map<number, string[]>();
  for (const { id, dependsOn } of tasks) {
    const depth = Math.max(0, ...dependsOn.map((other) => depthOf.get(other)! + 1));
    depthOf.set(id, depth);
    atDepth.set(depth, [...(atDepth.get(depth) ?? []), id]);
  }
  return new Set([...atDepth.values()].filter(({ length }) => length > 1).flat());
}
